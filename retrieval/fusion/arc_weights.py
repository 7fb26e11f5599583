"""What a trained model makes of single arcs: the track of each, and how much that track counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from retrieval.fusion.trained import TrainedModel

__all__ = ["weigh_arcs"]


def weigh_arcs(trained: TrainedModel, arcs: pd.DataFrame) -> pd.DataFrame:
    """Return arcs with the track that a model places each on, and the weight of that track.

    Parameters
    ----------
    trained : TrainedModel
        Of the arcs' station.
    arcs : DataFrame
        n rows of an arc table, in any order; the columns `MODEL_COLUMNS` suffice.

    Returns
    -------
    DataFrame
        The same rows with the same index, and after their columns `track` (as in
        `Features.names`, such as "G05-S2X-rising-120"; empty for none) and `track_weight` (as in
        `TrainedModel.weights`, 0 to 1; NaN for none). An arc has no track where it was not
        accepted, where its place on the sky was not heard in training, or where its phase refers
        to a height too far from the track's (`TrackTable.place`).
    """
    table = trained.features.table
    placed = table.place(arcs)
    inside = placed.track >= 0
    rows, number = placed.row[inside], placed.track[inside]
    track = np.full(len(arcs), "", dtype=object)
    weight = np.full(len(arcs), np.nan)
    if len(rows):
        # Weather's columns have names too, after those of the tracks.
        track[rows] = np.array(trained.features.names[: len(table)], dtype=object)[number]
        weight[rows] = trained.weights[number]
    return arcs.assign(track=pd.array(track, dtype="str"), track_weight=weight)
