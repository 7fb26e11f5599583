"""Fixed heights as an unattended station learns them: each arc's from arcs that closed before it.

The keys and their order are those of `retrieval.apriori`; only the learning differs. A key's height
is the median of the first `ARCS_FOR_A_HEIGHT` accepted arcs that closed under it, and it holds from
the moment when the last of these closed. So it follows from the order of the data and not from that
of the files, and no later arc changes it. Each equipment learns its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retrieval.apriori import epoch_key, sector_key

__all__ = ["ARCS_FOR_A_HEIGHT", "FrozenHeight", "freeze_heights", "heights_at_close"]

ARCS_FOR_A_HEIGHT = 10
# The rest of the order in which arcs count that close at one instant.
_IN_ORDER = ["closed", "selection", "azimuth_deg", "reflector_height_m"]


@dataclass(frozen=True)
class FrozenHeight:
    """A height that no longer changes.

    Attributes
    ----------
    height_m : float
        Rounded to .1 mm.
    n_arcs : int
        Arcs it is the median of.
    since : Timestamp
        UTC; arcs that close then or later refer to it.
    """

    height_m: float
    n_arcs: int
    since: pd.Timestamp


def freeze_heights(arcs: pd.DataFrame) -> dict[str, FrozenHeight]:
    """Return the heights that arcs suffice for, by key.

    Parameters
    ----------
    arcs : DataFrame
        Accepted arcs: ``selection`` (``GS2X``), ``azimuth_deg``, ``reflector_height_m``,
        ``closed`` (UTC) and ``epoch``, the token of their equipment (`retrieval.equipment`). The
        first ten of each selection, sector and epoch are enough.

    Examples
    --------
    >>> closed = pd.date_range("2025-01-10", periods=12, freq="1h", tz="UTC")
    >>> arcs = pd.DataFrame({"selection": "GS2X", "azimuth_deg": 100.0, "closed": closed})
    >>> arcs["reflector_height_m"], arcs["epoch"] = 1.8, ""
    >>> sorted(freeze_heights(arcs)), freeze_heights(arcs)["GS2X"].since.hour
    (['@090', 'GS2X', 'GS2X@090'], 9)
    """
    if arcs.empty:
        return {}
    ordered = arcs.sort_values(_IN_ORDER, kind="stable", ignore_index=True)
    sector = np.array([sector_key("", azimuth) for azimuth in ordered["azimuth_deg"]], dtype=object)
    selection = ordered["selection"].to_numpy(dtype=object)
    epoch = ordered["epoch"].to_numpy(dtype=object)
    frozen: dict[str, FrozenHeight] = {}
    for keys in (selection + sector, sector, selection):
        for (key, token), group in ordered.groupby([keys, epoch]):
            if len(group) < ARCS_FOR_A_HEIGHT:
                continue
            first = group.iloc[:ARCS_FOR_A_HEIGHT]
            frozen[epoch_key(str(key), str(token))] = FrozenHeight(
                round(float(first["reflector_height_m"].median()), 4),
                ARCS_FOR_A_HEIGHT,
                first["closed"].iloc[-1],
            )
    return frozen


def heights_at_close(
    frozen: Mapping[str, FrozenHeight],
    selection: NDArray[np.object_],
    azimuth_deg: NDArray[np.float64],
    closed: pd.DatetimeIndex,
    otherwise_m: NDArray[np.float64],
    epoch: NDArray[np.object_],
) -> NDArray[np.float64]:
    """Return the height that each arc's phase refers to, (m,) metres.

    Parameters
    ----------
    frozen : mapping
        Heights by key.
    selection, azimuth_deg, closed : (m,)
        Signal (``GS2X``), azimuth and time of closing (UTC) of each arc.
    otherwise_m : (m,) float64
        What to take where no height was known when the arc closed: the antenna's height, or the
        arc's own.
    epoch : (m,) object
        Token of each arc's equipment.
    """
    height_m = otherwise_m.copy()
    rows = zip(selection, azimuth_deg, closed, epoch, strict=True)
    for arc, (name, azimuth, time, token) in enumerate(rows):
        for key in (sector_key(name, azimuth), sector_key("", azimuth), name):
            known = frozen.get(epoch_key(key, token))
            if known is not None and known.since <= time:
                height_m[arc] = known.height_m
                break
    return height_m
