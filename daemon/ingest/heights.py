"""A-priori heights: learnt from the first arcs of a signal or sector, then frozen."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from daemon.store import Store
from retrieval.apriori import sector_key

__all__ = ["LearntHeight", "learnt_heights"]

# Accepted arcs before the a-priori height of a signal, or of a sector of it, is frozen.
_ARCS_FOR_A_HEIGHT = 10
# Heights further than this from the configured antenna height belong to other reflectors.
_NEAR_ANTENNA_M = 0.5


@dataclass(frozen=True)
class LearntHeight:
    """A height, and the number of arcs it is the median of."""

    height_m: float
    n_arcs: int


def learnt_heights(
    store: Store,
    station: str,
    new: pd.DataFrame,
    obsolete: Collection[int],
    known: Mapping[str, float],
    antenna_height_m: float | None,
) -> dict[str, LearntHeight]:
    """Return the heights that have arcs enough once a batch is written, and are not known yet.

    Parameters
    ----------
    store : Store
        As it was before the batch.
    station : str
        Its name.
    new : DataFrame
        Arcs that are to be written.
    obsolete : collection of int
        Numbers of the stored arcs that are to go.
    known : mapping
        Frozen heights by key.
    antenna_height_m : float or None
        Of the configuration.
    """
    good = new[new["accepted"]]
    selection = good["satellite"].str[0] + good["signal"]
    learnt: dict[str, LearntHeight] = {}
    for signal, arcs in good.groupby(selection):
        heights_m: dict[str, list[float]] = {}
        seen = [
            (azimuth_deg, height_m)
            for number, azimuth_deg, height_m in store.reflector_heights(station, str(signal))
            if number not in obsolete
        ]
        seen += zip(arcs["azimuth_deg"], arcs["reflector_height_m"], strict=True)
        for azimuth_deg, height_m in seen:
            if antenna_height_m is None or abs(height_m - antenna_height_m) <= _NEAR_ANTENNA_M:
                heights_m.setdefault(str(signal), []).append(height_m)
                heights_m.setdefault(sector_key(str(signal), azimuth_deg), []).append(height_m)
        learnt |= {
            key: LearntHeight(round(float(np.median(values)), 4), len(values))
            for key, values in sorted(heights_m.items())
            if key not in known and len(values) >= _ARCS_FOR_A_HEIGHT
        }
    return learnt
