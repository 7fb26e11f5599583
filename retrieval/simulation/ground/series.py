"""The state of the ground hour by hour: what is retrieved, and what gets in its way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["HOUR_NS", "GroundSeries", "hours_between", "lagged", "season_share", "seconds"]

HOUR_NS = 3_600_000_000_000
_DAYS_PER_YEAR = 365.25

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class GroundSeries:
    """The ground at full hours.

    Attributes
    ----------
    time : (n,) datetime64[ns]
        UTC, every hour.
    moisture : (n,) float64
        Soil moisture at the surface, m3 m-3: the truth.
    deep_moisture : (n,) float64
        Soil moisture below, m3 m-3.
    interpolated : (n,) bool
        Whether the moisture stands in for a value that the given series lacks.
    temperature_c : (n,) float64
        Of the air, degrees Celsius.
    rain_mm : (n,) float64
        Rain and snow in the hour before, mm of water; NaN where it is not known.
    frozen : (n,) float64
        Share of the surface soil's water that could freeze and has, 0 to 1.
    snow_depth_m : (n,) float64
        Depth of the snow.
    vegetation_water_kg_m2 : (n,) float64
        Water content of the vegetation.
    vegetation_height_m : (n,) float64
        Its height.
    """

    time: NDArray[np.datetime64]
    moisture: Floats
    deep_moisture: Floats
    interpolated: NDArray[np.bool_]
    temperature_c: Floats
    rain_mm: Floats
    frozen: Floats
    snow_depth_m: Floats
    vegetation_water_kg_m2: Floats
    vegetation_height_m: Floats

    def __len__(self) -> int:
        return len(self.time)

    def between(self, first: np.datetime64, last: np.datetime64) -> GroundSeries:
        """Return the hours around an interval, the hour before and the hour after included."""
        begin = max(int(np.searchsorted(self.time, first, side="right")) - 1, 0)
        end = int(np.searchsorted(self.time, last, side="left")) + 1
        return GroundSeries(*(getattr(self, name)[begin:end] for name in self.__annotations__))


def hours_between(start: np.datetime64, end: np.datetime64) -> NDArray[np.datetime64]:
    """Return the full hours from `start` to `end`, both included, ``datetime64[ns]``."""
    first = start.astype("datetime64[h]")
    return np.arange(first, end.astype("datetime64[h]") + 1).astype("datetime64[ns]")


def seconds(time: NDArray[np.datetime64]) -> Floats:
    """Return seconds since 1970 in the scale of the times, (n,) float64."""
    return np.asarray(time.astype("datetime64[ns]").astype(np.float64) * 1e-9)


def lagged(values: Floats, days: float) -> Floats:
    """Return hourly values seen through a store that fills and empties exponentially.

    The exponential filter by which Wagner, Lemoine & Rott (1999), Remote Sensing of Environment
    70, 191-207, tell the moisture of a deeper layer from that of the surface, on a regular grid.

    Parameters
    ----------
    values : (n,) float64
        One per hour.
    days : float
        Characteristic time.
    """
    from scipy.signal import lfilter  # local: 0.2 s that commands without it need not pay

    if not len(values):
        return values.copy()
    keep = float(np.exp(-1.0 / (24.0 * days)))
    filtered, _ = lfilter([1.0 - keep], [1.0, -keep], values, zi=[keep * values[0]])
    return np.asarray(filtered, dtype=np.float64)


def season_share(
    time: NDArray[np.datetime64], season: tuple[int, int, int], winter_share: float
) -> Floats:
    """Return how much of the vegetation there is, (n,), from `winter_share` to 1.

    A cosine that rises from the first day of year in `season` to the second and falls to the third;
    the year is a circle, so that a southern season may pass the new year.

    Examples
    --------
    >>> days = np.array(["2023-01-01", "2023-06-19"], dtype="datetime64[ns]")
    >>> season_share(days, (90, 170, 290), 0.1).round(3).tolist()
    [0.1, 1.0]
    """
    green, full, withered = season
    year = time.astype("datetime64[Y]")
    day = (time - year.astype("datetime64[ns]")) / np.timedelta64(1, "D") + 1.0
    since = np.mod(day - green, _DAYS_PER_YEAR)
    rise = np.mod(full - green, _DAYS_PER_YEAR)
    fall = np.mod(withered - full, _DAYS_PER_YEAR)
    position = np.where(since < rise, since / rise, 1.0 + (since - rise) / fall)
    grown = np.where(position < 2.0, 0.5 - 0.5 * np.cos(np.pi * position), 0.0)
    return np.asarray(winter_share + (1.0 - winter_share) * grown)
