"""Tables 2, 3 and 4 of Jiang et al. 2024 (Remote Sensing 16, 3428), on own data.

Numbers stay numbers here, moisture in m3 m-3; whoever shows them rounds.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from retrieval.reports.azimuths import SECTOR_DEG
from retrieval.validation import scores as scores_of

if TYPE_CHECKING:
    from retrieval.reports.study import Study

__all__ = ["OCTANTS", "accuracy_table", "azimuth_table", "forests_table", "sector_table"]

_ERRORS = ["n", "r", "rmse", "mae", "bias", "ubrmse"]
_SCORES = [*_ERRORS, "coverage", "width"]
# Centred on the points of the compass.
OCTANTS = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")
_OCTANT_DEG = 45.0


def accuracy_table(scores: pd.DataFrame) -> pd.DataFrame:
    """Return table 2: the scores of each model on all test days.

    Parameters
    ----------
    scores : DataFrame
        Of `retrieval.fusion.evaluation.score_runs`.

    Returns
    -------
    DataFrame
        One row per model, in the order given: mean over seeds of the scores
        (`retrieval.validation.Scores`), ``seeds``, ``rmse_spread`` (largest less smallest RMSE of
        the seeds), ``ranked``.
    """
    whole = scores[scores["fold"] == "all"]
    groups = whole.groupby("model", sort=False)
    table = groups[_SCORES].mean()
    table["seeds"] = groups.size()
    table["rmse_spread"] = groups["rmse"].max() - groups["rmse"].min()
    table["ranked"] = groups["ranked"].all()
    return table


def forests_table(study: Study) -> pd.DataFrame:
    """Return table 3: the forest of squared errors beside that of absolute errors.

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


def azimuth_table(study: Study) -> pd.DataFrame:
    """Return table 4: R of the phases of each satellite with the reference, by azimuth.

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


def sector_table(study: Study) -> pd.DataFrame:
    """Return what is known of each sector of azimuth that holds tracks.

    Returns
    -------
    DataFrame
        Rows by where a sector begins, degrees; columns ``to_deg``, ``n_tracks``, ``n_bad``,
        ``abs_r`` (mean), ``weight`` (mean), ``rise``, ``spread`` ((m3 m-3)^2),
        ``horizon_deg`` (highest in the sector; only with terrain) and ``verdict``.
    """
    sectors = study.forests.sectors
    columns = {
        "to_deg": sectors.first_deg + SECTOR_DEG,
        "n_tracks": sectors.n_tracks,
        "n_bad": sectors.n_bad,
        "abs_r": sectors.abs_r,
        "weight": sectors.weight,
        "rise": sectors.rise,
        "spread": sectors.spread,
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
