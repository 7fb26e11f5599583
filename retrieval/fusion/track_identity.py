"""Names of tracks: of one satellite where it repeats daily, else of its constellation.

Where receiver and antenna are known, the token of their text stands behind the name: what another
equipment hears are other tracks, and an old equipment that comes back finds its own again.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retrieval.equipment import equipment_tokens, with_token
from retrieval.fusion.columns import Floats
from retrieval.gnss import CONSTELLATIONS, repeats_daily

__all__ = [
    "SECTOR_DEG",
    "Names",
    "arc_identities",
    "identity_epochs",
    "is_shared",
    "sector_first_deg",
]

Names = NDArray[np.object_]

# Tracks that satellites share are fixed sectors of azimuth of this width.
SECTOR_DEG = 10.0
# Satellite, signal, direction; a fourth part is the equipment's.
_PARTS_OF_PLACE = 3


def is_shared(identity: NDArray[Any]) -> NDArray[np.bool_]:
    """Return which identities are of constellations whose satellites share tracks, (n,)."""
    return np.array([name.split("-")[0] in CONSTELLATIONS for name in identity], dtype=np.bool_)


def identity_epochs(identity: NDArray[Any]) -> Names:
    """Return the token of the equipment of each identity, empty where it is not known, (n,).

    Examples
    --------
    >>> identity_epochs(np.array(["G05-S2X-rising-1a2b3c", "E-S1C-setting"])).tolist()
    ['1a2b3c', '']
    """
    parts = [name.split("-") for name in identity]
    tokens = [part[_PARTS_OF_PLACE] if len(part) > _PARTS_OF_PLACE else "" for part in parts]
    return np.array(tokens, dtype=object)


def sector_first_deg(azimuth_deg: Floats) -> Floats:
    """Return where the fixed sector of each azimuth begins, degrees in [0, 360)."""
    return np.floor(np.mod(azimuth_deg, 360.0) / SECTOR_DEG) % (360.0 / SECTOR_DEG) * SECTOR_DEG


def arc_identities(arcs: pd.DataFrame, *, epochs: bool = True) -> tuple[Names, Names]:
    """Return the satellite of each arc and the identity of its tracks, (n,) each.

    Parameters
    ----------
    arcs : DataFrame
        n rows with `satellite`, `signal`, `direction` and, where it is known, `equipment`.
    epochs : bool
        Tell the arcs of one equipment from those of another.
    """
    satellite = arcs["satellite"].to_numpy().astype(object)
    owner = {
        name: name if repeats_daily(name) else name[0] for name in np.unique(satellite.astype(str))
    }
    first = pd.Series(satellite, dtype=object).map(owner)
    place = "-" + arcs["signal"].astype(object) + "-" + arcs["direction"].astype(object)
    identity = (first.to_numpy() + place.to_numpy()).astype(object)
    if epochs:
        tokens = equipment_tokens(arcs)
        behind = {token: with_token("", token) for token in set(tokens.tolist())}
        identity = (identity + np.array([behind[t] for t in tokens], dtype=object)).astype(object)
    return satellite, identity
