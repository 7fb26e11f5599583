"""A clock that runs faster than time does."""

from __future__ import annotations

import time

import pandas as pd

__all__ = ["FastClock"]


class FastClock:
    """Simulated time, UTC.

    Parameters
    ----------
    start : Timestamp
        What it shows first.
    speed : float
        Simulated seconds in a second.
    """

    def __init__(self, start: pd.Timestamp, speed: float) -> None:
        self._start = start
        self._speed = speed
        self._began = time.monotonic()

    def now(self) -> pd.Timestamp:
        """Return what it shows."""
        passed_s = (time.monotonic() - self._began) * self._speed
        return self._start + pd.Timedelta(seconds=passed_s)

    def until_s(self, moment: pd.Timestamp) -> float:
        """Return in how many real seconds it will show a moment; less than 0 if it has."""
        return float((moment - self.now()).total_seconds()) / self._speed
