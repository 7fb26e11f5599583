"""Satellite and time as one sortable integer, so that one binary search serves all satellites."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["MS_PER_H", "key_satellite", "satellite_time_key", "time_ms"]

MS_PER_H = 3_600_000

_TIME_BITS = 43  # milliseconds from 1970 to 2248
_LATEST = (1 << _TIME_BITS) - 1


def time_ms(time: NDArray[np.datetime64]) -> NDArray[np.int64]:
    """Return milliseconds since 1970 of ``datetime64[ns]``, rounded down; 0 for NaT."""
    ms: NDArray[np.int64] = np.clip(time.astype(np.int64) // 1_000_000, 0, _LATEST)
    return ms


def satellite_time_key(
    satellite: NDArray[np.int32], time: NDArray[np.datetime64]
) -> NDArray[np.int64]:
    """Return integers that sort by satellite, then by time to the millisecond.

    Within a satellite, differences of keys are milliseconds; between satellites they are decades.
    """
    return (satellite.astype(np.int64) << _TIME_BITS) + time_ms(time)


def key_satellite(key: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the satellite codes of keys."""
    return key >> _TIME_BITS
