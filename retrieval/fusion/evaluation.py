"""Scores of models on rows that did not train them, and a check that nothing leaks.

A split by time tells what a station would see that was trained once; blocked cross-validation uses
all rows, each predicted by a model that saw none near it; years left out is the hardest and the
most honest where there are several. Predictions of all folds are scored together, since a block of
a season is too short for a correlation of its own.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import InputError
from retrieval.fusion.columns import Floats
from retrieval.fusion.conformal import to_gap
from retrieval.fusion.prediction import (
    FilledRows,
    MoistureModel,
    Prediction,
    Stamps,
    for_tracks,
)
from retrieval.validation import scores, split_by_time, time_blocks, years_left_out

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "SPLITS",
    "FillRows",
    "Fold",
    "Run",
    "evaluate",
    "make_folds",
    "permuted_r",
    "predict_folds",
    "run_models",
    "score_runs",
]

Indices = NDArray[np.intp]

# Takes training rows and their reference; returns all rows, filled by what these teach.
FillRows = Callable[[Indices, Floats], FilledRows]

SPLITS = ("time", "blocks", "years")


@dataclass(frozen=True)
class Fold:
    """Rows that train and rows that test.

    Attributes
    ----------
    name : str
        ``test`` of a split by time, the number of a block, or a year.
    train, test : (k,), (m,) intp
    """

    name: str
    train: Indices
    test: Indices


@dataclass(frozen=True, eq=False)
class Run:
    """What one model, trained with one seed, said of the rows that folds test.

    Attributes
    ----------
    model : str
        The name to print.
    seed : int
        -1 for a model that draws nothing.
    ranked : bool
        False for one fed by the reference of the test.
    said : Prediction
        n rows, NaN for those that no fold tests.
    fitted : MoistureModel
        As it was trained for the first fold.
    """

    model: str
    seed: int
    ranked: bool
    said: Prediction
    fitted: MoistureModel


def make_folds(
    times: Stamps, split: str, train_share: float = 0.7, blocks: int = 5, gap_days: float = 5.0
) -> list[Fold]:
    """Return the folds of a split.

    Parameters
    ----------
    times : (n,) datetime64
        UTC, in any order.
    split : str
        One of `SPLITS`.
    train_share : float
        Of "time": the share of rows that come first.
    blocks, gap_days : int, float
        Of "blocks".

    Raises
    ------
    InputError
        Another name, or times that cannot be split so.
    """
    if split == "time":
        return [Fold("test", *split_by_time(times, train_share))]
    if split == "blocks":
        found = time_blocks(times, blocks, to_gap(gap_days))
        return [Fold(str(k), train, test) for k, (train, test) in enumerate(found, start=1)]
    if split == "years":
        return [Fold(str(year), train, test) for year, train, test in years_left_out(times)]
    raise InputError(f"split {split!r}, expected one of {', '.join(SPLITS)}")


def predict_folds(
    model: MoistureModel,
    features: Floats | FillRows,
    vwc: Floats,
    times: Stamps,
    folds: Sequence[Fold],
    dropped: Floats | None = None,
) -> Prediction:
    """Return what a model says of each row that a fold tests, trained anew for each fold.

    Parameters
    ----------
    model : MoistureModel
        A dataclass; it is copied, not trained.
    features : (n, p) float64 or callable
        Rows, or what fills them by the training rows of a fold (`FillRows`). Give the callable
        wherever filling, references or norms are learnt: else they have seen the test rows.
    vwc, times : (n,) float64, (n,) datetime64
        Reference, m3 m-3, and time of each row.
    folds : sequence of Fold
        That do not test a row twice.
    dropped : (n, p) float64, optional
        Copies with dropped tracks; a callable gives its own.

    Returns
    -------
    Prediction
        n rows, NaN for those that no fold tests.
    """
    return _train_folds(model, features, vwc, times, folds, dropped)[0]


def _train_folds(
    model: MoistureModel,
    features: Floats | FillRows,
    vwc: Floats,
    times: Stamps,
    folds: Sequence[Fold],
    dropped: Floats | None,
) -> tuple[Prediction, list[MoistureModel]]:
    """Return what `predict_folds` does, and the model as each fold trained it."""
    found = np.full((3, len(vwc)), np.nan)
    trained = []
    for fold in folds:
        train, test = fold.train, fold.test
        if callable(features):
            filled = features(train, vwc[train])
        else:
            filled = FilledRows(features, dropped)
        rows, copies = filled.features, filled.dropped
        fitted = for_tracks(model, filled.order, filled.n_evidence).fit(
            rows[train], vwc[train], times[train], None if copies is None else copies[train]
        )
        said = fitted.predict(rows[test], times[test])
        found[:, test] = said.vwc, said.lower, said.upper
        trained.append(fitted)
    return Prediction(*found), trained


def evaluate(
    models: Mapping[str, MoistureModel],
    features: Floats | FillRows,
    vwc: Floats,
    times: Stamps,
    folds: Sequence[Fold],
    seeds: Sequence[int] = (0,),
    dropped: Floats | None = None,
) -> pd.DataFrame:
    """Score models under the same folds: `run_models`, then `score_runs`."""
    return score_runs(run_models(models, features, vwc, times, folds, seeds, dropped), vwc, folds)


def run_models(
    models: Mapping[str, MoistureModel],
    features: Floats | FillRows,
    vwc: Floats,
    times: Stamps,
    folds: Sequence[Fold],
    seeds: Sequence[int] = (0,),
    dropped: Floats | None = None,
) -> list[Run]:
    """Train models with each seed under the same folds.

    Parameters
    ----------
    models : mapping of str to MoistureModel
        By the name to print.
    features, vwc, times, folds, dropped
        As in `predict_folds`.
    seeds : sequence of int
        A model that draws is trained once with each, another once only.

    Raises
    ------
    InputError
        No model, fold or seed.
    """
    if not models or not folds or not seeds:
        raise InputError(
            f"evaluation: {len(models)} models, {len(folds)} folds and {len(seeds)} seeds, "
            "expected 1 or more of each"
        )
    runs = []
    for name, model in models.items():
        draws = hasattr(model, "seed")
        for seed in seeds if draws else (-1,):
            one = _seeded(model, seed) if draws else model
            said, trained = _train_folds(one, features, vwc, times, folds, dropped)
            runs.append(Run(name, seed, not model.uses_reference_of_test_, said, trained[0]))
    return runs


def score_runs(runs: Sequence[Run], vwc: Floats, folds: Sequence[Fold]) -> pd.DataFrame:
    """Score what models said.

    Parameters
    ----------
    runs : sequence of Run
        Of n rows.
    vwc : (n,) float64
        Reference, m3 m-3.
    folds : sequence of Fold
        Those of the runs.

    Returns
    -------
    DataFrame
        One row per run and fold, with the scores of `retrieval.validation.Scores`; fold ``all``
        scores the test rows of all folds together and comes first.
    """
    import pandas as pd

    parts = [("all", np.concatenate([fold.test for fold in folds]))]
    parts += [(fold.name, fold.test) for fold in folds if len(folds) > 1]
    records: list[dict[str, Any]] = []
    for run in runs:
        said = run.said
        for part, rows in parts:
            found = scores(vwc[rows], said.vwc[rows], said.lower[rows], said.upper[rows])
            told = {"model": run.model, "seed": run.seed, "fold": part, "ranked": run.ranked}
            records.append(told | dataclasses.asdict(found))
    return pd.DataFrame(records)


def permuted_r(
    model: MoistureModel,
    features: Floats | FillRows,
    vwc: Floats,
    times: Stamps,
    fold: Fold,
    permutations: int = 40,
    seed: int = 0,
    dropped: Floats | None = None,
) -> Floats:
    """Return a model's correlation on test rows when the reference is shuffled in time.

    What a model knows of the test rows by rights is then worth nothing: the mean over permutations
    lies near 0 unless the reference of the test rows leaks into the features or the training. Use a
    split by time: pooled over blocks, a training mean that rises where the test block is low pulls
    R below 0 by itself. Not for models that are fed by the reference.

    Parameters
    ----------
    model, features, vwc, times, dropped
        As in `predict_folds`.
    fold : Fold
        Rows that train and test.
    permutations, seed : int
        How often, and the seed of the draws.

    Returns
    -------
    (permutations,) float64
        NaN where the estimates do not vary.

    Raises
    ------
    InputError
        The model is fed by the reference of the test.
    """
    if model.uses_reference_of_test_:
        raise InputError("leakage check: the model is fed by the reference; give one that is not")
    draws = np.random.default_rng(seed)
    found = np.empty(permutations)
    for k in range(permutations):
        shuffled = vwc[draws.permutation(len(vwc))]
        said = predict_folds(model, features, shuffled, times, [fold], dropped)
        found[k] = scores(shuffled[fold.test], said.vwc[fold.test]).r
    return found


def _seeded(model: MoistureModel, seed: int) -> MoistureModel:
    """Return an untrained copy of a model with another seed."""
    copied: MoistureModel = dataclasses.replace(model, seed=seed)  # type: ignore[type-var]
    return copied
