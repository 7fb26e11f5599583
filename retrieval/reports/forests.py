"""The two forests of the paper on the training part of one fold, and what they make of tracks.

Figures 7, 14, 15 and 19 and table 3 of Jiang et al. 2024 (Remote Sensing 16, 3428). Test rows are
judged, and learnt from never.
"""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from retrieval.fusion.columns import Floats
from retrieval.fusion.evaluation import Fold
from retrieval.fusion.features import Features, day_of_arcs, learn_features
from retrieval.fusion.forest import ForestSize, RfMdi
from retrieval.fusion.importance import permutation_importance
from retrieval.fusion.out_of_bag import out_of_bag_rmse
from retrieval.fusion.prediction import Stamps
from retrieval.fusion.rf_mda import RfMda
from retrieval.fusion.rows import daily_rows
from retrieval.fusion.weather_features import Weather
from retrieval.reports.azimuths import Sectors, phase_correlations, sectors_of

__all__ = ["TREE_COUNTS", "ForestStudy", "study_forests"]

TREE_COUNTS = (1, 2, 3, 5, 7, 10, 15, 20, 30, 40, 50, 75, *range(100, 501, 25))
_DAY = np.timedelta64(1, "D")


@dataclass(frozen=True, eq=False)
class ForestStudy:
    """What two forests make of k tracks.

    Attributes
    ----------
    features : Features
        Tracks and imputation, learnt from the training days.
    mdi : RfMdi
        Fitted; `weights_` are the weights of the tracks.
    mda : RfMda
        Fitted with the same size and seed.
    said : dict of str to (m,) float64
        Estimates of "rf-mdi" and "rf-mda" for the test rows of the fold, m3 m-3.
    azimuth_deg : (k,) float64
        Middle of each track.
    elevation_deg : (k, 2) float64
        Median of the first and last elevation of the training arcs, in time; NaN where the arcs do
        not tell.
    abs_r : (k,) float64
        |R| of phase and reference on training days, NaN where too few.
    sectors : Sectors
        Tracks by azimuth, with what shuffling costs on test rows.
    n_trees : (t,) int64
    oob_rmse : dict of int to (t,) float64
        Error out of the bag by number of trees, m3 m-3, for each smallest leaf.
    filled : tuple of float
        Share of the phases that were not heard, of the training and of the test days, 0 to 1.
    """

    features: Features
    mdi: RfMdi
    mda: RfMda
    said: dict[str, Floats]
    azimuth_deg: Floats
    elevation_deg: Floats
    abs_r: Floats
    sectors: Sectors
    n_trees: NDArray[np.int64]
    oob_rmse: dict[int, Floats]
    filled: tuple[float, float]


def study_forests(
    arcs: pd.DataFrame,
    days: Stamps,
    vwc: Floats,
    fold: Fold,
    *,
    judged: RfMdi | None = None,
    preset: str | None = None,
    seed: int = 0,
    weather: Weather | None = None,
    vegetation: bool = True,
    tree_counts: tuple[int, ...] = TREE_COUNTS,
) -> ForestStudy:
    """Look at the tracks of both forests on the training days of a fold.

    Parameters
    ----------
    arcs : DataFrame
        Arc table of the station.
    days, vwc : (n,) datetime64, (n,) float64
        UTC days and their reference, m3 m-3.
    fold : Fold
        Which of them train and test.
    judged : RfMdi, optional
        As an evaluation trained it on this fold (with `daily_fill`), else it is trained here. The
        other forest takes over its size and seed.
    preset : str, optional
        Size of a forest that is trained here; by default the best of the grid of `RfMdi`.
    seed : int
        Of its draws.
    weather, vegetation
        As in `retrieval.fusion.features.daily_fill`.
    tree_counts : tuple of int
        At which the error out of the bag is told.
    """
    train, test = fold.train, fold.test
    with threadpool_limits(limits=1, user_api="blas"):
        features = learn_features(arcs, days[train], vwc[train] if vegetation else None, weather)
    rows = daily_rows(features.table, arcs, days)
    columns = features.columns(rows, weather)
    # The seed of `daily_fill`: a forest then is the one that the evaluation judged.
    copies = features.dropped(rows, columns, 0)
    stamps = (np.asarray(days, "datetime64[D]") + _DAY).astype("datetime64[ns]")
    given = (columns[train], vwc[train], stamps[train], copies[train])
    k, jobs = len(features.table), os.cpu_count() or 1
    mdi = judged or RfMdi(preset=preset, n_tracks=k, seed=seed, n_jobs=jobs).fit(*given)
    trees, leaf = mdi.size_
    # Its intervals are not shown: two blocks calibrate them in a third of the time of five.
    mda = RfMda(trees=trees, min_leaf=leaf, blocks=2, n_tracks=k, seed=seed, n_jobs=jobs).fit(
        *given
    )

    azimuth_deg = np.mod(features.table.first_deg + 0.5 * features.table.width_deg, 360.0)
    abs_r = phase_correlations(rows.anomaly_deg[train], vwc[train])
    sectors, groups = sectors_of(azimuth_deg, abs_r, mdi.weights_)
    if len(test) > 1:
        cost = permutation_importance(mdi, columns[test], vwc[test], stamps[test], groups)
        sectors = dataclasses.replace(sectors, rise=cost.rise, spread=cost.spread)

    counts = np.array(tree_counts)
    oob, grower = {}, RfMdi(seed=mdi.seed, n_jobs=jobs)
    for one in sorted({*grower.grid_min_leaf, leaf}):
        forest = grower.grow(ForestSize(int(counts.max()), one), given[0], given[1], given[3])
        oob[one] = out_of_bag_rmse(forest, given[0], given[1], tree_counts)
    said = {
        name: model.predict(columns[test]).vwc for name, model in (("rf-mdi", mdi), ("rf-mda", mda))
    }
    elevation_deg = _elevations(features, arcs, days[train])
    unheard = np.isnan(rows.anomaly_deg)
    filled = (float(unheard[train].mean()), float(unheard[test].mean()))
    return ForestStudy(
        features, mdi, mda, said, azimuth_deg, elevation_deg, abs_r, sectors, counts, oob, filled
    )


def _elevations(features: Features, arcs: pd.DataFrame, days: Stamps) -> Floats:
    """Return the median first and last elevation of each track's arcs of given days, (k, 2)."""
    names = ["elevation_min_deg", "elevation_max_deg"]
    found = np.full((len(features.table), 2), np.nan)
    if not set(names) <= set(arcs.columns):
        return found
    placed = features.table.place(arcs)
    on = np.isin(day_of_arcs(arcs)[placed.row], np.asarray(days, "datetime64[D]"))
    inside = (placed.track >= 0) & on
    table = arcs[names].iloc[placed.row[inside]].groupby(placed.track[inside]).median()
    found[table.index.to_numpy()] = table.to_numpy()
    setting = np.array(["-setting" in one for one in features.table.identity], np.bool_)
    found[setting] = found[setting, ::-1]
    return found
