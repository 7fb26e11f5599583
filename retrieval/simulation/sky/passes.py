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
# Refraction lifts what stands here over the horizon.
_HORIZON_DEG = -0.7
_STEPS_APART = 5
_FAR_DEG = -10.0
# The azimuth of a rise or set is that where it passes this elevation.
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
        GPS time of the first and last step above the horizon, refraction allowed for.
    highest : (n,) datetime64[ns]
        When it stands highest, the end of a rise and the start of a set.
    azimuth_deg : (n,) float64
        Where it passes 5 degrees of elevation, or at its lowest point when it does not.
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
    elevation, azimuth = np.full((m, n), np.nan), np.full((m, n), np.nan)
    near = _near_the_sky(sources, station_ecef_m, satellites, time)
    row, step = np.nonzero(near)
    angles = look_angles(sources, station_ecef_m, satellites[row], time[step])
    elevation[near], azimuth[near] = angles.elevation_deg, angles.azimuth_deg
    # Steps from one instant to the next, each a piece of a rise, of a set, or of neither.
    known = np.isfinite(elevation)
    level = np.where(known, elevation, -90.0)
    up = level > _HORIZON_DEG
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
    return HalfPasses(
        satellites[row],
        rising,
        time[begin],
        time[stop],
        np.where(rising, time[stop], time[begin]),
        _lowest_azimuth(level, azimuth, row, begin, stop, rising),
    )


def _near_the_sky(
    sources: Sequence[OrbitSource],
    station_ecef_m: NDArray[np.float64],
    satellites: NDArray[np.int32],
    time: NDArray[np.datetime64],
) -> NDArray[np.bool_]:
    """Return at which steps satellites may be up, (m, n): more than half the time they are far.

    No satellite climbs by ten degrees between two of the times that are looked at here.
    """
    few = time[::_STEPS_APART]
    m = len(satellites)
    angles = look_angles(sources, station_ecef_m, np.repeat(satellites, len(few)), np.tile(few, m))
    near = ~(angles.elevation_deg < _FAR_DEG).reshape(m, len(few))
    # The steps that follow each of them lie between two.
    near[:, :-1] |= near[:, 1:]
    return np.repeat(near, _STEPS_APART, axis=1)[:, : len(time)]


def _lowest_azimuth(
    level: Floats,
    azimuth_deg: Floats,
    row: NDArray[np.intp],
    begin: NDArray[np.intp],
    stop: NDArray[np.intp],
    rising: NDArray[np.bool_],
) -> Floats:
    """Return the azimuth of each rise or set, between steps by the elevation, (n,) degrees.

    At the step itself it would jump by a degree from day to day, and the ground with it.
    """
    result = np.empty(len(row))
    bounds = zip(row, begin, stop, rising, strict=True)
    for index, (satellite, first, last, rises) in enumerate(bounds):
        steps = np.arange(first, last + 1) if rises else np.arange(last, first - 1, -1)
        heights, azimuths = level[satellite, steps], azimuth_deg[satellite, steps]
        above = int(np.argmax(heights >= _LOWEST_DEG))
        result[index] = azimuths[0]
        if above > 0:
            low, high = heights[above - 1 : above + 1]
            turn = np.mod(azimuths[above] - azimuths[above - 1] + 180.0, 360.0) - 180.0
            share = (_LOWEST_DEG - low) / (high - low)
            result[index] = np.mod(azimuths[above - 1] + share * turn, 360.0)
    return result
