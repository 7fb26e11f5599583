"""Names of tracks: of one satellite where it repeats daily, else of its constellation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retrieval.fusion.columns import Floats
from retrieval.gnss import CONSTELLATIONS, repeats_daily

__all__ = ["SECTOR_DEG", "Names", "arc_identities", "is_shared", "sector_first_deg"]

Names = NDArray[np.object_]

# Tracks that satellites share are fixed sectors of azimuth of this width.
SECTOR_DEG = 10.0


def is_shared(identity: NDArray[Any]) -> NDArray[np.bool_]:
    """Return which identities are of constellations whose satellites share tracks, (n,)."""
    return np.array([name.split("-")[0] in CONSTELLATIONS for name in identity], dtype=np.bool_)


def sector_first_deg(azimuth_deg: Floats) -> Floats:
    """Return where the fixed sector of each azimuth begins, degrees in [0, 360)."""
    return np.floor(np.mod(azimuth_deg, 360.0) / SECTOR_DEG) % (360.0 / SECTOR_DEG) * SECTOR_DEG


def arc_identities(arcs: pd.DataFrame) -> tuple[Names, Names]:
    """Return the satellite of each arc and the identity of its tracks, (n,) each.

    Parameters
    ----------
    arcs : DataFrame
        n rows with `satellite`, `signal` and `direction`.
    """
    satellite = arcs["satellite"].to_numpy().astype(object)
    owner = {
        name: name if repeats_daily(name) else name[0] for name in np.unique(satellite.astype(str))
    }
    first = pd.Series(satellite, dtype=object).map(owner)
    place = "-" + arcs["signal"].astype(object) + "-" + arcs["direction"].astype(object)
    return satellite, (first.to_numpy() + place.to_numpy()).astype(object)
