"""All numbers of an evaluation report, gathered once; tables and figures only show them.

What the evaluation said of the test rows is taken as it is, and with it the forest `rf-mdi` where
it was judged. What is added (the other forest, the error out of the bag, correlations of tracks)
is learnt from the training rows of the first fold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retrieval.errors import InputError
from retrieval.fusion.auto_model import Auto
from retrieval.fusion.columns import Floats
from retrieval.fusion.evaluation import Fold, Run
from retrieval.fusion.forest import RfMdi
from retrieval.fusion.prediction import Prediction, Stamps
from retrieval.fusion.weather_features import Weather
from retrieval.reports.comparison import (
    PRACTICAL_SHARE,
    Difference,
    block_of,
    differences,
    rmse_range,
)
from retrieval.reports.forests import ForestStudy, study_forests
from retrieval.reports.heard import Heard, heard_of
from retrieval.station import Station
from retrieval.validation import Interval

__all__ = ["Study", "make_study", "mean_prediction", "nothing_follows"]


@dataclass(frozen=True, eq=False)
class Study:
    """An evaluation of models at a station over n days.

    Attributes
    ----------
    station : str
    heard : Heard
        The arcs.
    days : (n,) datetime64[D]
        UTC days with a reference.
    reference : (n,) float64
        Their moisture, m3 m-3.
    reference_kind : str
        What it is.
    rain : tuple of (m,) datetime64[D] and (m,) float64, or None
        Days and their rain, mm; not of those with a reference alone.
    split : str
        Of `retrieval.fusion.evaluation.SPLITS`.
    folds : tuple of Fold
    said : dict of str to Prediction
        Mean over the seeds of each model, n rows; NaN for days that no fold tests. Ranked models
        come first, each by RMSE, as in all tables and figures.
    ranked : dict of str to bool
        By model, in the order in which they were named: False for those that use reference values
        of the test period.
    scores : DataFrame
        Of `retrieval.fusion.evaluation.score_runs`, with ``ranked`` as here.
    rmse_range : dict of str to Interval
        RMSE of each model (mean over seeds) with its 90 % range over resampled blocks of
        `block_days` test days.
    best : str
        The ranked model of the least RMSE, or the best of all where none is ranked.
    behind : dict of str to Difference
        Of every other model to the best.
    shares : dict of str to float
        Weights of the models that `auto` is made of, with the first seed on the first fold; empty
        without it.
    preset : str or None
        Size of the forests that was fixed beforehand.
    forests : ForestStudy
        Of the first fold.
    horizon_deg : (m,) float64 or None
        Elevation of the terrain's horizon seen from the antenna, at m azimuths 360/m degrees apart,
        the first north.
    place : Station or None
        Where the station stands.
    """

    station: str
    heard: Heard
    days: Stamps
    reference: Floats
    reference_kind: str
    rain: tuple[Stamps, Floats] | None
    split: str
    folds: tuple[Fold, ...]
    said: dict[str, Prediction]
    ranked: dict[str, bool]
    scores: pd.DataFrame
    rmse_range: dict[str, Interval]
    best: str
    behind: dict[str, Difference]
    shares: dict[str, float]
    preset: str | None
    forests: ForestStudy
    horizon_deg: Floats | None = None
    place: Station | None = None

    @property
    def leading(self) -> str:
        """The first model named that is ranked, else the first: chosen before any test."""
        return next(
            (name for name, ranked in self.ranked.items() if ranked), next(iter(self.ranked))
        )

    @property
    def equals(self) -> list[str]:
        """The best model and the ranked ones that the test days do not tell apart from it."""
        return [self.best] + [
            name
            for name, found in self.behind.items()
            if self.ranked[name] and not found.told_apart
        ]

    @property
    def slight(self) -> list[str]:
        """Ranked models that lie behind the best by less than is of practical weight."""
        limit = PRACTICAL_SHARE * self.rmse_range[self.best].value
        return [
            name
            for name, found in self.behind.items()
            if self.ranked[name] and found.rmse.value < limit
        ]

    @property
    def alike(self) -> list[str]:
        """The best model and the ranked ones that are as good for all that is known."""
        return [self.best] + [
            name for name in self.behind if name in self.equals or name in self.slight
        ]

    @property
    def block_days(self) -> int:
        """Test days of a block behind the ranges: `BLOCK_DAYS`, fewer on short records."""
        return block_of(int(self.tested.sum()))

    @property
    def tested(self) -> NDArray[np.bool_]:
        """Which days some fold tests, (n,)."""
        found = np.zeros(len(self.days), np.bool_)
        found[np.concatenate([fold.test for fold in self.folds])] = True
        return found


def make_study(
    arcs: pd.DataFrame,
    days: Stamps,
    vwc: Floats,
    folds: Sequence[Fold],
    runs: Sequence[Run],
    scores: pd.DataFrame,
    *,
    station: str,
    reference_kind: str,
    split: str,
    preset: str | None = None,
    vegetation: bool = True,
    weather: Weather | None = None,
    rain: tuple[Stamps, Floats] | None = None,
    horizon_deg: Floats | None = None,
    place: Station | None = None,
    **forest_settings: Any,
) -> Study:
    """Gather the numbers of a report.

    Parameters
    ----------
    arcs : DataFrame
        Arc table of the station, of one receiver and antenna.
    days, vwc : (n,) datetime64, (n,) float64
        UTC days and their reference, m3 m-3.
    folds, runs, scores
        Of `retrieval.fusion.evaluation`.
    station, reference_kind, split, rain, horizon_deg, place
        As in `Study`.
    preset, vegetation, weather
        As they were in the evaluation.
    **forest_settings
        Of `retrieval.reports.forests.study_forests`.

    Raises
    ------
    InputError
        There is no run or no fold.
    """
    if not runs or not folds:
        raise InputError(
            f"report: {len(runs)} runs of models and {len(folds)} folds, expected 1 or more of each"
        )
    days = np.asarray(days, "datetime64[D]")
    seeds = [run.seed for run in runs if run.seed >= 0]
    judged = [one for run in runs if type(one := run.fitted) is RfMdi]
    forests = study_forests(
        arcs,
        days,
        vwc,
        folds[0],
        judged=min(judged, key=lambda forest: forest.seed, default=None),
        preset=preset,
        seed=min(seeds, default=0),
        weather=weather,
        vegetation=vegetation,
        **forest_settings,
    )
    by_model: dict[str, list[Run]] = {}
    for run in runs:
        by_model.setdefault(run.model, []).append(run)
    tested = np.sort(np.concatenate([fold.test for fold in folds]))
    ranked = {name: some[0].ranked for name, some in by_model.items()}
    if "time-interpolation" in ranked and nothing_follows(days, folds):
        ranked["time-interpolation"] = True
    spans = {name: rmse_range(some, vwc, tested) for name, some in by_model.items()}

    def order(name: str) -> tuple[bool, float]:
        # What is not known comes last.
        return not ranked[name], float(np.nan_to_num(spans[name].value, nan=np.inf))

    by_model = {name: by_model[name] for name in sorted(by_model, key=order)}
    best = next(iter(by_model))
    return Study(
        station,
        heard_of(arcs),
        days,
        np.asarray(vwc, np.float64),
        reference_kind,
        rain,
        split,
        tuple(folds),
        {name: mean_prediction([run.said for run in some]) for name, some in by_model.items()},
        ranked,
        scores.assign(ranked=scores["model"].map(ranked)),
        {name: spans[name] for name in by_model},
        best,
        differences(by_model, best, vwc, tested),
        next((dict(run.fitted.share_) for run in runs if isinstance(run.fitted, Auto)), {}),
        preset,
        forests,
        horizon_deg,
        place,
    )


def nothing_follows(days: Stamps, folds: Sequence[Fold]) -> bool:
    """Return whether no part has a training day behind its first test day.

    A line in time between training values then is the last of them carried on, and uses no
    reference value of the test period.

    Parameters
    ----------
    days : (n,) datetime64
    folds : sequence of Fold
    """
    return all(days[fold.train].max() < days[fold.test].min() for fold in folds)


def mean_prediction(said: Sequence[Prediction]) -> Prediction:
    """Return the mean over seeds of estimates and of their bounds; NaN where one is."""
    return Prediction.around(
        np.mean([one.vwc for one in said], axis=0),
        np.mean([one.lower for one in said], axis=0),
        np.mean([one.upper for one in said], axis=0),
    )
