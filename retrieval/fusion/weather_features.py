"""Columns of weather beside those of the tracks.

Rain of the days before, what of it the soil may still hold, and temperature. Each value is made of
what was measured by the time of its row. The day of the year is left out on purpose: with a season
or two of training it is the climatology in disguise, which a forest would follow wherever tracks
are weak.

Missing values: a window counts what is known in it. A rain sum is the known rain times the number
of steps expected over the number known, a mean the mean of the known. Where less than half of the
steps of a window are known, the result is NaN; for the antecedent precipitation index the last 30
days must be known by half, and a missing step adds no rain. `MedianFill` then puts the median of
the training rows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import InputError
from retrieval.fusion.columns import Floats, column_median
from retrieval.fusion.prediction import Stamps

__all__ = [
    "WEATHER_COLUMNS",
    "MedianFill",
    "Weather",
    "weather_features",
]

_DAY = np.timedelta64(1, "D")
_RAIN_DAYS = (1, 3, 7, 30)
_TEMPERATURE_DAYS = (1, 7)
_INDEX_DAYS = 30
_KNOWN_SHARE = 0.5

WEATHER_COLUMNS = (
    *(f"rain_{days}d_mm" for days in _RAIN_DAYS),
    "api_mm",
    *(f"temperature_{days}d_c" for days in _TEMPERATURE_DAYS),
)


@dataclass(frozen=True)
class Weather:
    """Rain and temperature in regular steps.

    Attributes
    ----------
    time : (n,) datetime64
        End of each step, UTC, strictly increasing; steps may be missing. A daily sum that is dated
        at noon must be moved to the end of its day first, else noon knows the afternoon.
    rain_mm : (n,) float64
        Of the step; NaN where missing.
    temperature_c : (n,) float64
        Mean of the step, degrees C; NaN where missing.
    step : timedelta64
        Length of a step: an hour or a day.
    """

    time: Stamps
    rain_mm: Floats
    temperature_c: Floats
    step: np.timedelta64

    def __post_init__(self) -> None:
        n = len(self.time)
        if self.rain_mm.shape != (n,) or self.temperature_c.shape != (n,):
            raise InputError(
                f"weather: {n} times, rain of shape {self.rain_mm.shape}, temperature "
                f"{self.temperature_c.shape}; expected one length"
            )
        if not np.timedelta64(0, "s") < self.step <= _DAY:
            raise InputError(f"weather: steps of {self.step}, expected up to a day")
        if np.any(np.diff(self.time) < self.step):
            raise InputError(
                f"weather: times nearer than one step of {self.step}, expected an increasing "
                "series; sort it and keep one row per step"
            )
        if np.any(self.rain_mm < 0):
            raise InputError("weather: rain below 0 mm; give missing values as NaN")


def weather_features(weather: Weather, times: Stamps, keep_per_day: float = 0.9) -> Floats:
    """Return the columns `WEATHER_COLUMNS` of rows, from what was measured by their times.

    Parameters
    ----------
    weather : Weather
        As far back as the longest window before the first row; it may go on after the last.
    times : (m,) datetime64
        UTC, in any order.
    keep_per_day : float
        Share of the antecedent precipitation index that is left a day later, k of
        ``API_t = k API_(t-1) + P_t`` (Kohler & Linsley 1951); 0 to 1, both excluded.

    Returns
    -------
    (m, 7) float64
        Rain sums of 1, 3, 7 and 30 days (mm), the index at the row's time (mm), mean temperatures
        of 1 and 7 days (degrees C); NaN by the rule of the module. A window of d days holds the
        steps that ended in (t - d, t].

    Raises
    ------
    InputError
        `keep_per_day` is not between 0 and 1.
    """
    if not 0 < keep_per_day < 1:
        raise InputError(f"weather: keep_per_day {keep_per_day:g}, expected between 0 and 1")
    columns = []
    for days in _RAIN_DAYS:
        mean, steps = _window_mean(weather, weather.rain_mm, times, days)
        columns.append(mean * steps)
    columns.append(_precipitation_index(weather, times, keep_per_day))
    columns += [
        _window_mean(weather, weather.temperature_c, times, days)[0] for days in _TEMPERATURE_DAYS
    ]
    return np.column_stack(columns)


@dataclass(eq=False)
class MedianFill:
    """Puts the training median of a column where a value is missing.

    Attributes
    ----------
    median_ : (f,) float64
        0 for columns without any training value, which so tell nothing.
    """

    median_: Floats = field(init=False, repr=False)

    def fit(self, columns: Floats) -> Self:
        """Learn from (n, f) training rows."""
        median = column_median(columns)
        self.median_ = np.where(np.isnan(median), 0.0, median)
        return self

    def transform(self, columns: Floats) -> Floats:
        """Return (m, f) rows without gaps."""
        return np.where(np.isnan(columns), self.median_, columns)


def _window_mean(weather: Weather, values: Floats, times: Stamps, days: int) -> tuple[Floats, int]:
    """Return the mean per step of the windows that end at times, (m,), and the steps of a window.

    Windows are summed one by one in C: differences of one running sum would carry the rounding of
    older values.
    """
    steps = int(days * _DAY / weather.step)
    start = np.searchsorted(weather.time, times - days * _DAY, side="right")
    stop = np.searchsorted(weather.time, times, side="right")
    known = np.isfinite(values)

    def sums(summed: NDArray[np.float64]) -> Floats:
        # A value beyond the end, as a window may begin there; an empty window gives its first one.
        padded = np.append(summed, 0.0)
        found = np.add.reduceat(padded, np.column_stack([start, stop]).ravel())[::2]
        return np.where(stop > start, found, 0.0)

    count = sums(known.astype(np.float64))
    enough = count >= _KNOWN_SHARE * steps
    total = sums(np.where(known, values, 0.0))
    return np.divide(total, count, out=np.full(len(times), np.nan), where=enough), steps


def _precipitation_index(weather: Weather, times: Stamps, keep_per_day: float) -> Floats:
    """Return the antecedent precipitation index at times, (m,) mm."""
    recent, _ = _window_mean(weather, weather.rain_mm, times, _INDEX_DAYS)
    since = np.diff(weather.time, prepend=weather.time[:1]) / _DAY
    kept = keep_per_day**since
    rain = np.where(np.isnan(weather.rain_mm), 0.0, weather.rain_mm)
    index = np.zeros(len(rain) + 1)
    # A recursion: each value needs the one before it.
    for k in range(len(rain)):
        index[k + 1] = kept[k] * index[k] + rain[k]
    last = np.searchsorted(weather.time, times, side="right")
    known = ~np.isnan(recent)
    found = np.full(len(times), np.nan)
    age = (times[known] - weather.time[last[known] - 1]) / _DAY
    found[known] = index[last[known]] * keep_per_day**age
    return found
