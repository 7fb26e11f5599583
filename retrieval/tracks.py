"""Tracks: arcs that come back to the same place of the sky.

A track is satellite + signal + direction + a sector of azimuth in which that satellite's arcs lie.
The sectors follow from the arcs of a window of time alone, whatever came before it:

- arcs with pauses of no more than `GAP_DEG` of azimuth between neighbours make one group, so a
  track that drifts (GPS, by a few degrees in a year) stays whole;
- a group wider than `WIDEST_DEG`, as of satellites that do not repeat daily, is cut into equal
  parts no wider than that. A group without any pause has 18 parts that begin at north.

Neither the order of the arcs nor that of the files matters.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["GAP_DEG", "WIDEST_DEG", "Tracks", "find_tracks"]

# Different passes of one GPS satellite at one station stand tens of degrees apart; one pass moves
# by a degree or two when its lowest part is missing.
GAP_DEG = 5.0
WIDEST_DEG = 20.0


@dataclass(frozen=True)
class Tracks:
    """Sectors of azimuth of k tracks, by identity and azimuth.

    Attributes
    ----------
    identity : (k,) intp
        Number of the satellite, signal and direction; ascending.
    first_deg : (k,) float64
        Azimuth where the sector begins, clockwise, in [0, 360); ascending inside an identity.
    width_deg : (k,) float64
        Extent of the sector.
    """

    identity: NDArray[np.intp]
    first_deg: NDArray[np.float64]
    width_deg: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.identity)

    def place(
        self, identity: NDArray[np.intp], azimuth_deg: NDArray[np.float64]
    ) -> NDArray[np.intp]:
        """Return the track that each arc belongs to.

        Parameters
        ----------
        identity : (n,) intp
            As in `find_tracks`.
        azimuth_deg : (n,) float64
            Azimuths of the arcs.

        Returns
        -------
        (n,) intp
            The nearest track of the identity, -1 where none is within `GAP_DEG`.

        Examples
        --------
        >>> tracks = find_tracks(np.array([0, 0, 0]), np.array([359.0, 2.0, 120.0]))
        >>> tracks.place(np.array([0, 0, 0, 1]), np.array([0.5, 124.0, 130.0, 0.5])).tolist()
        [1, 0, -1, -1]
        """
        if len(self) == 0:
            return np.full(len(identity), -1, dtype=np.intp)
        azimuth_deg = np.mod(azimuth_deg, 360.0)
        begin = np.searchsorted(self.identity, identity, side="left")
        end = np.searchsorted(self.identity, identity, side="right")
        known = end > begin
        # 512 is more than a turn, so identities do not mix. The sector before the first one of an
        # identity is its last one, round the circle.
        keys = self.identity * 512.0 + self.first_deg
        after = np.searchsorted(keys, identity * 512.0 + azimuth_deg, side="right")
        before = np.where(known, np.where(after > begin, after, end) - 1, 0)
        after = np.where(known, np.where(after < end, after, begin), 0)
        past_deg = np.mod(azimuth_deg - self.first_deg[before], 360.0) - self.width_deg[before]
        short_deg = np.mod(self.first_deg[after] - azimuth_deg, 360.0)
        nearest = np.where(past_deg <= short_deg, before, after)
        return np.where(known & (np.minimum(past_deg, short_deg) <= GAP_DEG), nearest, -1)


def find_tracks(identity: NDArray[np.intp], azimuth_deg: NDArray[np.float64]) -> Tracks:
    """Find the tracks of the arcs of a window of time.

    Parameters
    ----------
    identity : (n,) intp
        Number of the arc's satellite, signal and direction, in any order.
    azimuth_deg : (n,) float64
        Azimuths of the arcs. Give accepted arcs only, so that rejected ones open no tracks.

    Examples
    --------
    >>> tracks = find_tracks(np.array([3, 3, 3]), np.array([121.5, 359.0, 120.0]))
    >>> tracks.first_deg.tolist(), tracks.width_deg.tolist()
    ([120.0, 359.0], [1.5, 0.0])
    """
    order = np.lexsort((np.mod(azimuth_deg, 360.0), identity))
    identity = identity[order]
    azimuth_deg = np.mod(azimuth_deg[order], 360.0)
    n = len(order)
    if n == 0:
        return Tracks(np.empty(0, dtype=np.intp), np.empty(0), np.empty(0))
    turn = np.flatnonzero(np.diff(identity, prepend=-1))  # first arc of each identity
    turn_end = np.append(turn[1:], n) - 1
    pause_deg = np.diff(azimuth_deg, prepend=0.0)
    pause_deg[turn] = azimuth_deg[turn] + 360.0 - azimuth_deg[turn_end]
    begins = pause_deg > GAP_DEG
    whole = turn[~np.logical_or.reduceat(begins, turn)]  # no pause all round the circle
    # A group ends before the next one of its identity begins; the last one before the first.
    first = np.flatnonzero(begins)
    same = np.append(np.diff(identity[first]) == 0, [False])
    opening = np.searchsorted(identity[first], identity[first], side="left")
    following = np.where(same, np.arange(len(first)) + 1, opening)
    start_deg = azimuth_deg[first]
    reach_deg = np.mod(start_deg[following] - pause_deg[first[following]] - start_deg, 360.0)
    # A group of one arc reaches 0 degrees, which rounding may turn into a whole circle.
    width_deg = np.where(reach_deg > 360.0 - 0.5 * GAP_DEG, 0.0, reach_deg)

    owner = np.concatenate([identity[first], identity[whole]])
    start_deg = np.concatenate([start_deg, np.zeros(len(whole))])
    width_deg = np.concatenate([width_deg, np.full(len(whole), 360.0)])
    parts = np.maximum(np.ceil(width_deg / WIDEST_DEG), 1.0).astype(np.intp)
    group = np.repeat(np.arange(len(owner)), parts)
    part = np.arange(len(group)) - np.repeat(np.cumsum(parts) - parts, parts)
    width_deg = (width_deg / parts)[group]
    first_deg = np.mod(start_deg[group] + part * width_deg, 360.0)
    order = np.lexsort((first_deg, owner[group]))
    return Tracks(owner[group][order], first_deg[order], width_deg[order])
