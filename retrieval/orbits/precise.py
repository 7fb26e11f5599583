"""Satellite positions from precise orbits (SP3)."""

from __future__ import annotations

from collections.abc import Mapping
from math import factorial

import numpy as np
from numpy.typing import NDArray

from retrieval import gnss
from retrieval.orbits.keys import key_satellite, satellite_time_key
from retrieval.orbits.source import OrbitFix
from retrieval.rinex.sp3 import PreciseEphemeris

__all__ = ["EXTRAPOLATION_S", "PreciseOrbits"]

# Positions are given this far beyond the first and last epoch: enough for the time that the first
# epoch's signals were under way and for a receiver's clock error; nothing is lost in accuracy.
EXTRAPOLATION_S = 1.0

_DEGREE = 10
_NODES = _DEGREE + 1
_EARTH_RATE_RAD_S = 7.2921151467e-5
_CHUNK = 8192
# Lagrange's denominators for nodes 0 to 10: the product of (j - m) over m other than j.
_DENOMINATORS = [
    (-1.0) ** (_DEGREE - j) * factorial(j) * factorial(_DEGREE - j) for j in range(_NODES)
]


class PreciseOrbits:
    """Positions interpolated between the epochs of SP3 files.

    Polynomials of degree 10 through eleven epochs, in a frame that does not turn with the Earth:
    there the orbit is smoother than in the Earth-fixed frame, which matters towards the ends of
    the file, where the window is one-sided. Orbits are used over stretches of equal intervals
    without a gap; a stretch of fewer than eleven epochs gives nothing.

    Parameters
    ----------
    ephemeris : PreciseEphemeris
        One file, or several joined by `merge_precise`.
    """

    def __init__(self, ephemeris: PreciseEphemeris) -> None:
        satellite, time = ephemeris.satellite, ephemeris.time
        step = np.diff(time).astype(np.int64)
        first = _stretch_starts(np.diff(satellite) == 0, step)[: len(time)]
        length = np.diff(np.append(first, len(time)))
        self._satellites = np.unique(satellite)
        self._key = satellite_time_key(satellite, time)
        self._time = time
        self._stretch = np.repeat(np.arange(len(first)), length)
        self._first, self._length = first, length
        self._interval_s: NDArray[np.float64] = np.ones(len(first))
        long = np.flatnonzero(length > 1)
        self._interval_s[long] = step[first[long]] * 1e-9
        self._origin = time.min() if len(time) else np.datetime64(0, "ns")
        self._node_m = _turn(ephemeris.position_m, self._angle(time))

    @property
    def name(self) -> str:
        """``sp3``."""
        return "sp3"

    @property
    def satellites(self) -> tuple[str, ...]:
        """Names of the satellites that have a position, sorted."""
        return tuple(gnss.satellite_name(int(code)) for code in self._satellites)

    @property
    def glonass_channels(self) -> Mapping[int, int]:
        """Nothing: SP3 does not tell channels."""
        return {}

    @property
    def span(self) -> tuple[np.datetime64, np.datetime64] | None:
        """First and last epoch, GPS time; None without positions."""
        return (self._time.min(), self._time.max()) if len(self._time) else None

    def _angle(self, time: NDArray[np.datetime64]) -> NDArray[np.float64]:
        elapsed_s = (time - self._origin).astype(np.int64).astype(np.float64) * 1e-9
        return elapsed_s * _EARTH_RATE_RAD_S

    def locate(self, satellite: NDArray[np.int32], time: NDArray[np.datetime64]) -> OrbitFix:
        """Return positions of satellites at times.

        Parameters
        ----------
        satellite : (n,) int32
            Satellite codes.
        time : (n,) datetime64[ns]
            GPS time; more than `EXTRAPOLATION_S` outside a stretch the position is NaN.
        """
        position = np.full((len(satellite), 3), np.nan)
        if len(self._key):
            for begin in range(0, len(satellite), _CHUNK):
                part = slice(begin, begin + _CHUNK)
                position[part] = self._positions(satellite[part], time[part])
        return OrbitFix(position, np.full(len(satellite), np.nan))

    def _positions(
        self, satellite: NDArray[np.int32], time: NDArray[np.datetime64]
    ) -> NDArray[np.float64]:
        margin = np.timedelta64(int(EXTRAPOLATION_S * 1e9), "ns")
        asked = satellite_time_key(satellite, time + margin)
        node = np.maximum(np.searchsorted(self._key, asked, side="right") - 1, 0)
        stretch = self._stretch[node]
        first, length = self._first[stretch], self._length[stretch]
        usable = (key_satellite(self._key[node]) == satellite) & (length >= _NODES)
        usable &= time >= self._time[first] - margin
        usable &= time <= self._time[first + length - 1] + margin
        found = np.flatnonzero(usable)
        position = np.full((len(satellite), 3), np.nan)
        if not len(found):
            return position
        first, length = first[found], length[found]
        window = np.clip(node[found] - _DEGREE // 2, first, first + length - _NODES)
        x = (time[found] - self._time[window]).astype(np.int64) * 1e-9
        weights = _lagrange_weights(x / self._interval_s[stretch[found]])
        fixed = np.zeros((len(found), 3))
        for j in range(_NODES):
            fixed += weights[j][:, None] * self._node_m[window + j]
        position[found] = _turn(fixed, -self._angle(time[found]))
        return position


def _stretch_starts(same_satellite: NDArray[np.bool_], step: NDArray[np.int64]) -> NDArray[np.intp]:
    """Return the first node of each stretch of one satellite at one interval.

    Parameters
    ----------
    same_satellite : (n - 1,) bool
        Whether the nodes before and after each step are of one satellite.
    step : (n - 1,) int64
        Time from each node to the next.
    """
    # A step like its neighbour is part of a stretch; a lone longer one is a gap.
    like_last = np.zeros(len(step), np.bool_)
    like_last[1:] = same_satellite[1:] & same_satellite[:-1] & (step[1:] == step[:-1])
    regular = like_last.copy()
    regular[:-1] |= like_last[1:]
    ends = ~regular
    # Between two stretches of different intervals, the first step of the second ends the first.
    ends[1:] |= regular[:-1] & ~like_last[1:]
    return np.concatenate([[0], np.flatnonzero(ends) + 1])


def _turn(position_m: NDArray[np.float64], angle_rad: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn positions about the Earth's axis, eastwards."""
    x, y, z = position_m.T
    cos_angle, sin_angle = np.cos(angle_rad), np.sin(angle_rad)
    return np.stack([x * cos_angle - y * sin_angle, x * sin_angle + y * cos_angle, z], axis=1)


def _lagrange_weights(x: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Return the weight of each node 0 to 10 at x, exact at the nodes themselves."""
    before = [np.ones_like(x)]
    for m in range(_DEGREE):
        before.append(before[-1] * (x - m))
    weights = []
    after = np.ones_like(x)
    for j in range(_DEGREE, -1, -1):
        weights.append(before[j] * after / _DENOMINATORS[j])
        after = after * (x - j)
    return weights[::-1]
