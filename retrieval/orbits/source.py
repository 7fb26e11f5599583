"""What every source of satellite positions offers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["OrbitFix", "OrbitSource"]


@dataclass(frozen=True)
class OrbitFix:
    """Satellite positions.

    Attributes
    ----------
    position_m : (n, 3) float64
        Earth-fixed at the time asked for (the frame is not turned for the signal's flight); NaN
        where the source has nothing.
    age_h : (n,) float64
        Distance of the ephemeris' reference time from the time asked for, >= 0; NaN where there is
        no position, and for precise orbits.
    """

    position_m: NDArray[np.float64]
    age_h: NDArray[np.float64]


class OrbitSource(Protocol):
    """A source of satellite positions."""

    @property
    def name(self) -> str:
        """Name as it goes into the arc table: ``broadcast`` or ``sp3``."""

    @property
    def satellites(self) -> tuple[str, ...]:
        """Names of the satellites that the source knows, sorted."""

    @property
    def span(self) -> tuple[np.datetime64, np.datetime64] | None:
        """First and last reference time, GPS time; None for an empty source."""

    @property
    def glonass_channels(self) -> Mapping[int, int]:
        """GLONASS slot -> FDMA channel, as far as the source tells."""

    def locate(self, satellite: NDArray[np.int32], time: NDArray[np.datetime64]) -> OrbitFix:
        """Return positions of satellites at times.

        Parameters
        ----------
        satellite : (n,) int32
            Satellite codes of `retrieval.gnss.satellite_code`.
        time : (n,) datetime64[ns]
            GPS time.
        """
