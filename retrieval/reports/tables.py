"""The tables of a report; those of Jiang et al. 2024 (Remote Sensing 16, 3428) on own data.

Numbers stay numbers here, moisture in m3 m-3; whoever shows them rounds.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from retrieval.reports.azimuths import BAD_R, SECTOR_DEG
from retrieval.reports.signals import signal_words
from retrieval.validation import scores as scores_of

if TYPE_CHECKING:
    from retrieval.reports.study import Study

__all__ = [
    "OCTANTS",
    "accuracy_table",
    "azimuth_table",
    "forest_rmse",
    "forests_table",
    "sector_table",
    "signal_table",
    "signals_of_tracks",
]

_ERRORS = ["n", "r", "rmse", "mae", "bias", "ubrmse"]
_SCORES = [*_ERRORS, "coverage", "width"]
# Centred on the points of the compass.
OCTANTS = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")
_OCTANT_DEG = 45.0


def accuracy_table(scores: pd.DataFrame) -> pd.DataFrame:
    """Return table 2 (theirs too): the scores of each model on all test days.

    Parameters
    ----------
    scores : DataFrame
        Of `retrieval.fusion.evaluation.score_runs`.

    Returns
    -------
    DataFrame
        One row per model, ranked ones first, each by RMSE: mean over seeds of the scores
        (`retrieval.validation.Scores`), ``seeds``, ``rmse_spread`` (largest less smallest RMSE of
        the seeds), ``ranked``.
    """
    whole = scores[scores["fold"] == "all"]
    groups = whole.groupby("model", sort=False)
    table = groups[_SCORES].mean()
    table["seeds"] = groups.size()
    table["rmse_spread"] = groups["rmse"].max() - groups["rmse"].min()
    table["ranked"] = groups["ranked"].all()
    order = np.lexsort([table["rmse"].to_numpy(), ~table["ranked"].to_numpy(np.bool_)])
    return table.iloc[order]


def forests_table(study: Study) -> pd.DataFrame:
    """Return table 3 (theirs too): the forest of squared errors beside that of absolute errors.

    One forest of each, of one size and seed, on the test days of the first fold.

    Returns
    -------
    DataFrame
        Rows "rf-mdi" and "rf-mda", with the scores of `retrieval.validation.Scores` that need no
        interval.
    """
    reference = study.reference[study.folds[0].test]
    found = {
        name: dataclasses.asdict(scores_of(reference, said))
        for name, said in study.forests.said.items()
    }
    return pd.DataFrame(found).T[_ERRORS].astype({"n": int}).rename_axis("model")


def forest_rmse(study: Study) -> float:
    """Return the RMSE of the study's rf-mdi on the test days of its fold, m3 m-3."""
    return float(forests_table(study)["rmse"]["rf-mdi"])


def azimuth_table(study: Study) -> pd.DataFrame:
    """Return table 5 (their table 4): R of phases with the reference by satellite and azimuth.

    The paper shows four satellites in three sectors; here all stand in the eight points of the
    compass, each 45 degrees wide and centred on its point.

    Returns
    -------
    DataFrame
        Rows are satellites (constellations, where satellites share tracks), then "all"; columns
        `OCTANTS`: the mean over the tracks there of |R| on the training days of the first fold,
        NaN where there is none.
    """
    forests = study.forests
    known = np.isfinite(forests.abs_r)
    octant = np.floor(np.mod(forests.azimuth_deg + 0.5 * _OCTANT_DEG, 360.0) / _OCTANT_DEG)
    tracks = pd.DataFrame(
        {
            "satellite": [name.split("-")[0] for name in forests.features.table.identity],
            "octant": octant.astype(int),
            "abs_r": forests.abs_r,
        }
    )[known]
    table = tracks.pivot_table(index="satellite", columns="octant", values="abs_r", aggfunc="mean")
    table = table.reindex(columns=range(len(OCTANTS)))
    table.loc["all"] = tracks.groupby("octant")["abs_r"].mean()
    return table.set_axis(list(OCTANTS), axis=1).rename_axis("satellite")


def signals_of_tracks(study: Study) -> list[str]:
    """Return the signal of each track with its constellation, such as "GS2X"."""
    parts = [name.split("-") for name in study.forests.features.table.identity]
    return [one[0][0] + one[1] for one in parts]


def signal_table(study: Study) -> pd.DataFrame:
    """Return table 1: what each signal is and how well its phases follow the reference.

    Returns
    -------
    DataFrame
        Rows by signal, such as "GS2X"; columns ``words``, ``n_arcs`` (accepted), ``n_tracks``,
        ``n_bad`` (|R| below `retrieval.reports.azimuths.BAD_R`), ``abs_r`` and ``weight`` (means
        over the tracks, of training days; NaN where there is none).
    """
    forests = study.forests
    tracks = pd.DataFrame(
        {
            "signal": signals_of_tracks(study),
            "n_bad": forests.abs_r < BAD_R,
            "abs_r": forests.abs_r,
            "weight": forests.mdi.weights_,
        }
    )
    groups = tracks.groupby("signal")
    arcs = study.heard.signals
    table = pd.DataFrame(
        {"words": [signal_words(name) for name in arcs], "n_arcs": list(arcs.values())},
        index=pd.Index(list(arcs), name="signal"),
    )
    for name, found in (("n_tracks", groups.size()), ("n_bad", groups["n_bad"].sum())):
        table[name] = found.reindex(table.index, fill_value=0).astype(int)
    return table.join(groups[["abs_r", "weight"]].mean())


def sector_table(study: Study) -> pd.DataFrame:
    """Return table 4: what is known of each sector of azimuth that holds tracks.

    Returns
    -------
    DataFrame
        Rows by where a sector begins, degrees; columns ``to_deg``, ``n_tracks``, ``n_bad``,
        ``abs_r`` (mean), ``weight`` (mean), ``rmse`` and ``spread`` of `rf-mdi` on test days
        with the sector shuffled (mean and standard deviation over shuffles, m3 m-3),
        ``horizon_deg`` (highest in the sector; only with terrain) and ``verdict``.
    """
    sectors = study.forests.sectors
    rmse = np.sqrt(np.maximum(forest_rmse(study) ** 2 + sectors.rise, 0.0))
    columns = {
        "to_deg": sectors.first_deg + SECTOR_DEG,
        "n_tracks": sectors.n_tracks,
        "n_bad": sectors.n_bad,
        "abs_r": sectors.abs_r,
        "weight": sectors.weight,
        "rmse": rmse,
        # Of a square root, where the spread is small beside it.
        "spread": np.divide(
            0.5 * sectors.spread, rmse, out=np.full(len(rmse), np.nan), where=rmse > 0
        ),
    }
    if study.horizon_deg is not None:
        place = np.arange(len(study.horizon_deg)) * 360.0 / len(study.horizon_deg)
        columns["horizon_deg"] = np.array(
            [
                study.horizon_deg[(place >= first) & (place < first + SECTOR_DEG)].max()
                for first in sectors.first_deg
            ]
        )
    table = pd.DataFrame(columns, index=pd.Index(sectors.first_deg, name="from_deg"))
    return table.assign(verdict=list(sectors.verdict))
