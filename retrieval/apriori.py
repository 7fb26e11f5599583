"""The fixed height a phase refers to: configured, frozen by a station, or learnt from arcs.

Heights have keys: a signal selection (``GS2X``), or a selection in a sector of 45 degrees
(``GS2X@090``), because ground slopes and roofs end.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["apriori_heights", "learn_apriori_heights", "sector_key"]

_ARCS_FOR_A_HEIGHT = 5
_SECTOR_DEG = 45


def sector_key(selection: str, azimuth_deg: float) -> str:
    """Return the key of a signal in a 45 degree sector, such as ``GS2X@090``.

    Examples
    --------
    >>> sector_key("GS2X", 100.3)
    'GS2X@090'
    """
    return f"{selection}@{int(azimuth_deg % 360 // _SECTOR_DEG) * _SECTOR_DEG:03d}"


def learn_apriori_heights(table: pd.DataFrame) -> dict[str, float]:
    """Learn fixed heights from the accepted arcs of an arc table.

    A height is the median over the accepted arcs of a signal in a sector, or, where these are fewer
    than five, of all signals in the sector, else of the signal, else of all arcs.

    Parameters
    ----------
    table : DataFrame
        ``satellite``, ``signal``, ``azimuth_deg``, ``reflector_height_m`` and ``accepted``.

    Returns
    -------
    dict
        Metres, for each signal and sector seen (``GS2X@090``) and each signal (``GS2X``, for
        sectors not seen). Empty where no arc is accepted.
    """
    selection = table["satellite"].str[0] + table["signal"]
    sector = [sector_key("", azimuth) for azimuth in table["azimuth_deg"]]
    arcs = pd.DataFrame(
        {"selection": selection, "sector": sector, "key": selection + sector}, index=table.index
    )
    good = arcs.assign(height=table["reflector_height_m"])[table["accepted"].to_numpy(dtype=bool)]
    if good.empty:
        return {}
    overall = float(good["height"].median())
    known: dict[str, float] = {}
    for column in ("key", "sector", "selection"):
        medians = good.groupby(column)["height"].agg(["median", "size"])
        enough = medians[medians["size"] >= _ARCS_FOR_A_HEIGHT]["median"]
        known.update({str(name): float(height) for name, height in enough.items()})
    seen = arcs.drop_duplicates("key").sort_values("key")
    heights = {
        str(row.key): known.get(
            str(row.key),
            known.get(str(row.sector), known.get(str(row.selection), overall)),
        )
        for row in seen.itertuples()
    }
    heights |= {name: known.get(name, overall) for name in sorted(set(selection))}
    return {name: round(height, 4) for name, height in heights.items()}


def apriori_heights(
    given: Mapping[str, float] | float | None,
    selections: NDArray[np.object_],
    azimuth_deg: NDArray[np.float64],
    height_m: NDArray[np.float64],
    accepted: NDArray[np.bool_],
) -> tuple[NDArray[np.float64], dict[str, float]]:
    """Return the height that each arc's phase is to refer to.

    Parameters
    ----------
    given : float, mapping or None
        Configured or frozen heights, see `retrieval.arcs.ArcSettings`; they win over learnt ones.
    selections : (m,) object
        Signal selection of each arc.
    azimuth_deg, height_m : (m,) float64
        Azimuth and reflector height of each arc.
    accepted : (m,) bool
        Arcs to learn from.

    Returns
    -------
    height_m : (m,) float64
        NaN where nothing is given and nothing can be learnt.
    by_key : dict
        All heights by key.
    """
    if isinstance(given, int | float):
        names = sorted(set(selections.tolist()))
        return np.full(len(selections), float(given)), dict.fromkeys(names, float(given))
    learnt = learn_apriori_heights(
        pd.DataFrame(
            {
                "satellite": [name[0] for name in selections],
                "signal": [name[1:] for name in selections],
                "azimuth_deg": azimuth_deg,
                "reflector_height_m": height_m,
                "accepted": accepted,
            }
        )
    )
    given = given or {}
    fixed_m = np.full(len(selections), np.nan)
    for arc, (name, azimuth) in enumerate(zip(selections, azimuth_deg, strict=True)):
        key = sector_key(name, azimuth)
        for heights in (given, learnt):
            if key in heights or name in heights:
                fixed_m[arc] = heights.get(key, heights.get(name, np.nan))
                break
    return fixed_m, {**learnt, **given}
