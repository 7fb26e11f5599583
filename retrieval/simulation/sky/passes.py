"""Passes of satellites over the station, cut into rises and sets.

What differs from arc to arc, its scatter and the spot of ground it looks at, hangs on the rise or
set as a whole. A rise or set is therefore named by the instant of its highest point, which does not
depend on which day is being simulated, nor on the receiver's interval or gaps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.orbits import OrbitSource, look_angles

__all__ = ["STEP_S", "HalfPasses", "half_passes"]

STEP_S = 120
# The azimuth of a rise or set is that at its lowest point above this.
_LOWEST_DEG = 5.0

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class HalfPasses:
    """Rises and sets, sorted by satellite and time.

    Attributes
    ----------
    satellite : (n,) int32
        Satellite codes.
    rising : (n,) bool
        Rise, or set.
    start, end : (n,) datetime64[ns]
        GPS time of the first and last step above the horizon.
    highest : (n,) datetime64[ns]
        When it stands highest, the end of a rise and the start of a set.
    azimuth_deg : (n,) float64
        At the lowest point above 5 degrees, or above the horizon when it stays below.
    """

    satellite: NDArray[np.int32]
    rising: NDArray[np.bool_]
    start: NDArray[np.datetime64]
    end: NDArray[np.datetime64]
    highest: NDArray[np.datetime64]
    azimuth_deg: Floats

    def __len__(self) -> int:
        return len(self.satellite)

    def of(self, satellite: NDArray[np.int32], time: NDArray[np.datetime64]) -> NDArray[np.intp]:
        """Return the rise or set that satellites at times belong to, (n,) intp, -1 for none.

        Between the steps on either side of the horizon or of the highest point, it is the nearer
        one in time.
        """
        result = np.full(len(satellite), -1, np.intp)
        for code in np.unique(satellite):
            rows = np.flatnonzero(satellite == code)
            own = np.flatnonzero(self.satellite == code)
            if not len(own):
                continue
            middle = self.start[own[1:]] + (self.end[own[:-1]] - self.start[own[1:]]) // 2
            result[rows] = own[np.searchsorted(middle, time[rows], side="right")]
        return result


def half_passes(
    sources: Sequence[OrbitSource],
    station_ecef_m: NDArray[np.float64],
    satellites: NDArray[np.int32],
    start: np.datetime64,
    end: np.datetime64,
) -> HalfPasses:
    """Find the rises and sets of satellites.

    Parameters
    ----------
    sources : sequence of OrbitSource
        Orbits.
    station_ecef_m : (3,) float64
        The antenna.
    satellites : (m,) int32
        Satellite codes.
    start, end : datetime64
        GPS time; what goes on at either is cut off there, so leave a day of margin.
    """
    time = np.arange(start, end, np.timedelta64(STEP_S, "s")).astype("datetime64[ns]")
    m, n = len(satellites), len(time)
    angles = look_angles(sources, station_ecef_m, np.repeat(satellites, n), np.tile(time, m))
    elevation = angles.elevation_deg.reshape(m, n)
    azimuth = angles.azimuth_deg.reshape(m, n)
    # Steps from one instant to the next, each a piece of a rise, of a set, or of neither.
    known = np.isfinite(elevation)
    level = np.where(known, elevation, -90.0)
    up = level > 0
    seen = (up[:, 1:] & known[:, :-1]) | (up[:, :-1] & known[:, 1:])
    kind = np.where(seen, np.where(np.diff(level, axis=1) > 0, 1, 2), 0)
    change = np.ones((m, n), np.bool_)
    change[:, 1:-1] = kind[:, 1:] != kind[:, :-1]
    row, begin = np.nonzero(change[:, :-1])
    stop = np.append(begin[1:], n - 1)
    stop = np.where(stop <= begin, n - 1, stop)
    of_kind = kind[row, begin]
    row, begin, stop, of_kind = (one[of_kind > 0] for one in (row, begin, stop, of_kind))
    rising = of_kind == 1
    lowest = _lowest(level, row, begin, stop, rising)
    return HalfPasses(
        satellites[row],
        rising,
        time[begin],
        time[stop],
        np.where(rising, time[stop], time[begin]),
        azimuth[row, lowest],
    )


def _lowest(
    level: Floats,
    row: NDArray[np.intp],
    begin: NDArray[np.intp],
    stop: NDArray[np.intp],
    rising: NDArray[np.bool_],
) -> NDArray[np.intp]:
    """Return the step at which each rise or set is lowest above 5 degrees, else above nothing."""
    result = np.where(rising, begin, stop)
    for index, (satellite, first, last, rises) in enumerate(
        zip(row, begin, stop, rising, strict=True)
    ):
        high = np.flatnonzero(level[satellite, first : last + 1] >= _LOWEST_DEG)
        if len(high):
            result[index] = first + (high[0] if rises else high[-1])
    return result
