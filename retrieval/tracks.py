"""Tracks: the stable identity of arcs that come back to the same place of the sky.

A track is satellite + signal + direction + azimuth cluster. Clusters are opened in the order of
time: an arc joins the nearest cluster of its satellite, signal and direction whose *first* arc is
within `CLUSTER_RADIUS_DEG`, else it opens a new one there. So

- an arc's track depends on earlier arcs only, never on what comes later;
- the order in which files arrived does not matter, since arcs are taken by their start;
- a late arc can change the tracks of later ones only by moving a cluster's centre, which for ground
  tracks that repeat (GPS, BeiDou IGSO) is a matter of a degree or two and leaves the groups as
  they are.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["CLUSTER_RADIUS_DEG", "assign_tracks", "azimuth_clusters"]

# GPS ground tracks wander by a few degrees of azimuth over a year; different passes of one
# satellite that rise or set at one station stand tens of degrees apart.
CLUSTER_RADIUS_DEG = 10.0


def azimuth_clusters(azimuth_deg: Sequence[float] | NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the azimuth of the cluster that each arc belongs to.

    Parameters
    ----------
    azimuth_deg : (n,) array_like
        Azimuths of the arcs of one satellite, signal and direction in the order of time, degrees.

    Returns
    -------
    (n,) ndarray
        Azimuth of the first arc of the cluster, degrees.

    Examples
    --------
    >>> azimuth_clusters([359.0, 120.0, 2.0, 121.5]).tolist()
    [359.0, 120.0, 359.0, 120.0]
    """
    azimuths = np.asarray(azimuth_deg, dtype=np.float64)
    centres = np.empty(0)
    found = np.empty_like(azimuths)
    # A loop, because each arc's cluster depends on the clusters that earlier arcs have opened.
    for k, azimuth in enumerate(azimuths):
        distance = np.abs(np.mod(centres - azimuth + 180.0, 360.0) - 180.0)
        if len(centres) == 0 or distance.min() > CLUSTER_RADIUS_DEG:
            centres = np.append(centres, azimuth)
            found[k] = azimuth
        else:
            found[k] = centres[int(distance.argmin())]
    return found


def assign_tracks(arcs: pd.DataFrame) -> pd.Series[str]:
    """Return the name of the track of each arc.

    Parameters
    ----------
    arcs : DataFrame
        Arc table of one station (any order, any index): `satellite`, `signal`, `direction`,
        `start` and `azimuth_deg` are used. Give accepted arcs only, so that the noise of rejected
        ones opens no tracks.

    Returns
    -------
    Series
        Names such as ``G27-S2X-rising-120`` on the index of `arcs`; the number is the azimuth of
        the track's first arc in whole degrees.

    Examples
    --------
    >>> table = pd.DataFrame({
    ...     "satellite": "G27", "signal": "S2X", "direction": "rising",
    ...     "start": pd.to_datetime(["2025-01-02", "2025-01-01"], utc=True),
    ...     "azimuth_deg": [121.0, 119.6],
    ... })
    >>> assign_tracks(table).tolist()
    ['G27-S2X-rising-120', 'G27-S2X-rising-120']
    """
    # Equal starts cannot happen on one satellite, signal and direction; azimuth makes it total.
    order = np.lexsort((arcs["azimuth_deg"].to_numpy(), arcs["start"].to_numpy()))
    ordered = arcs.iloc[order]
    azimuth_deg = ordered["azimuth_deg"].to_numpy()
    names = np.empty(len(arcs), dtype=object)
    identity = ordered["satellite"] + "-" + ordered["signal"] + "-" + ordered["direction"]
    for name, rows in ordered.groupby(identity.to_numpy(), sort=False).indices.items():
        centres = azimuth_clusters(azimuth_deg[rows])
        names[order[rows]] = [f"{name}-{round(centre) % 360:03d}" for centre in centres]
    return pd.Series(names, index=arcs.index, dtype="str", name="track")
