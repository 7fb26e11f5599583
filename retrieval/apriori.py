"""The fixed height a phase refers to: configured, frozen by a station, or learnt from arcs.

Ground slopes and roofs end, so heights are kept by signal and by sector of 45 degrees. The key of a
height says what it is the median of: ``GS2X@090`` a signal in a sector, ``@090`` all signals in the
sector, ``GS2X`` the signal everywhere, and the empty key everything. An arc takes the first that is
known, in this order.

Another receiver or antenna sees its reflectors from another height: what is learnt is learnt for
each equipment. Where an arc's is known, its token stands behind the key: ``GS2X@090#1a2b3c``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retrieval.equipment import with_token

__all__ = [
    "LearntHeight",
    "apriori_heights",
    "epoch_key",
    "height_at",
    "heights_of_epoch",
    "learn_apriori_heights",
    "sector_key",
]

_ARCS_FOR_A_HEIGHT = 5
_SECTOR_DEG = 45


@dataclass(frozen=True)
class LearntHeight:
    """A height in metres, and the number of arcs it is the median of."""

    height_m: float
    n_arcs: int


def sector_key(selection: str, azimuth_deg: float) -> str:
    """Return the key of a signal in a 45 degree sector, such as ``GS2X@090``.

    Examples
    --------
    >>> sector_key("GS2X", 100.3)
    'GS2X@090'
    """
    return f"{selection}@{int(azimuth_deg % 360 // _SECTOR_DEG) * _SECTOR_DEG:03d}"


def epoch_key(key: str, epoch: str) -> str:
    """Return the key of a height of one equipment, by its token.

    Examples
    --------
    >>> epoch_key("GS2X@090", "1a2b3c"), epoch_key("GS2X@090", "")
    ('GS2X@090#1a2b3c', 'GS2X@090')
    """
    return with_token(key, epoch, "#")


def heights_of_epoch(heights: Mapping[str, float], epoch: str) -> dict[str, float]:
    """Return the heights of one equipment by keys without its token.

    Examples
    --------
    >>> heights_of_epoch({"GS2X": 1.8, "GS2X@090#1a2b3c": 1.7}, "1a2b3c")
    {'GS2X@090': 1.7}
    """
    parts = {key: key.partition("#") for key in heights}
    return {name: heights[key] for key, (name, _, token) in parts.items() if token == epoch}


def height_at(heights: Mapping[str, float], selection: str, azimuth_deg: float) -> float:
    """Return the height of a signal in a direction, NaN where none is known.

    Examples
    --------
    >>> height_at({"GS2X": 1.8, "@090": 1.7}, "GS2X", 100.0)
    1.7
    """
    keys = (sector_key(selection, azimuth_deg), sector_key("", azimuth_deg), selection, "")
    return next((heights[key] for key in keys if key in heights), np.nan)


def learn_apriori_heights(
    arcs: pd.DataFrame, least: int = _ARCS_FOR_A_HEIGHT
) -> dict[str, LearntHeight]:
    """Learn fixed heights from arcs.

    Parameters
    ----------
    arcs : DataFrame
        Accepted arcs: ``selection`` (``GS2X``), ``azimuth_deg`` and ``reflector_height_m``.
    least : int
        Arcs that a height needs; that of the empty key needs one.

    Returns
    -------
    dict
        Medians by key, rounded to .1 mm; empty without arcs.
    """
    if arcs.empty:
        return {}
    sector = np.array([sector_key("", azimuth) for azimuth in arcs["azimuth_deg"]], dtype=object)
    selection = arcs["selection"].to_numpy(dtype=object)
    heights = arcs["reflector_height_m"].reset_index(drop=True)
    learnt: dict[str, LearntHeight] = {}
    for keys in (selection + sector, sector, selection, np.full(len(arcs), "", dtype=object)):
        medians = heights.groupby(keys).agg(["median", "size"])
        for key, row in medians.iterrows():
            if row["size"] >= least or key == "":
                learnt[str(key)] = LearntHeight(round(float(row["median"]), 4), int(row["size"]))
    return learnt


def apriori_heights(
    given: Mapping[str, float] | float | None,
    selections: NDArray[np.object_],
    azimuth_deg: NDArray[np.float64],
    height_m: NDArray[np.float64],
    accepted: NDArray[np.bool_],
    epoch: NDArray[np.object_] | None = None,
) -> tuple[NDArray[np.float64], dict[str, float]]:
    """Return the height that each arc's phase is to refer to.

    Parameters
    ----------
    given : float, mapping or None
        Configured or frozen heights by key; what they say of an arc wins over what is learnt.
    selections : (m,) object
        Signal selection of each arc.
    azimuth_deg, height_m : (m,) float64
        Azimuth and reflector height of each arc.
    accepted : (m,) bool
        Arcs to learn from.
    epoch : (m,) object, optional
        Token of each arc's equipment (`retrieval.equipment`). By default none is known.

    Returns
    -------
    height_m : (m,) float64
        NaN where nothing is given and nothing can be learnt.
    by_key : dict
        All heights by key.
    """
    if isinstance(given, int | float):
        return np.full(len(selections), float(given)), {"": float(given)}
    good = pd.DataFrame(
        {"selection": selections, "azimuth_deg": azimuth_deg, "reflector_height_m": height_m}
    )
    epoch = np.full(len(selections), "", dtype=object) if epoch is None else epoch
    given = given or {}
    fixed_m = np.full(len(selections), np.nan)
    by_key: dict[str, float] = {}
    for one in sorted(set(epoch.tolist())):
        of_epoch = epoch == one
        learnt = {
            key: known.height_m
            for key, known in learn_apriori_heights(good[of_epoch & accepted]).items()
        }
        for arc in np.flatnonzero(of_epoch):
            name, azimuth = selections[arc], azimuth_deg[arc]
            height = height_at(given, name, azimuth)
            fixed_m[arc] = height_at(learnt, name, azimuth) if np.isnan(height) else height
        by_key |= {epoch_key(key, one): height for key, height in learnt.items()}
    return fixed_m, {**by_key, **given}
