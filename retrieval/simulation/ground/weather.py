"""Made weather: storms, and a temperature with its year, its day and its unrest."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from retrieval.simulation.scenario_sections import WeatherSection
from retrieval.simulation.streams import normal, uniform

__all__ = ["made_rain_mm", "made_temperature_c"]

Floats = NDArray[np.float64]

_DAYS_PER_YEAR = 365.25
_WARMEST_HOUR = 15.0
# How much of a day's unrest is left on the next: weather systems pass within days.
_UNREST_KEPT = 0.6


def made_rain_mm(time: NDArray[np.datetime64], weather: WeatherSection, seed: int) -> Floats:
    """Return rain of the hour before, (n,) mm.

    Storms come independently of each other (a Poisson process), with exponentially distributed
    depths and durations: the rectangular pulses of Rodriguez-Iturbe, Cox & Isham (1987),
    Proceedings of the Royal Society A 410, 269-288, without their clusters.

    Parameters
    ----------
    time : (n,) datetime64[ns]
        Full hours.
    weather : WeatherSection
        ``storm_every_days``, ``storm_mm`` and ``storm_hours`` are the means.
    seed : int
        Of the scenario.
    """
    hours = len(time)
    # Three times the storms that are expected and some more: the rest falls after the end.
    count = int(3 * hours / 24 / weather.storm_every_days) + 20
    waits, depths, lengths = (
        -np.log(uniform(seed, ("storms", what), count)) for what in ("wait", "depth", "length")
    )
    begin = np.cumsum(waits * weather.storm_every_days * 24)
    length = np.maximum(lengths * weather.storm_hours, 0.25)
    depth = depths * weather.storm_mm
    rain = np.zeros(hours)
    for start, lasts, brings in zip(begin, length, depth, strict=True):
        end = min(int(np.ceil(start + lasts)), hours - 1)
        touched = np.arange(int(start), end + 1)
        rain[touched[1:]] += brings * np.diff(np.clip((touched - start) / lasts, 0.0, 1.0))
    return rain


def made_temperature_c(
    time: NDArray[np.datetime64],
    weather: WeatherSection,
    latitude_deg: float,
    longitude_deg: float,
    seed: int,
) -> Floats:
    """Return air temperature, (n,) degrees Celsius.

    Parameters
    ----------
    time : (n,) datetime64[ns]
        UTC, full hours.
    weather : WeatherSection
        Mean, ranges from lowest to highest, unrest from day to day, and the warmest day.
    latitude_deg, longitude_deg : float
        Of the station: which half of the year is warm, unless stated, and when it is noon.
    seed : int
        Of the scenario.
    """
    warmest = weather.warmest_doy
    if warmest is None:
        warmest = 200 if latitude_deg >= 0 else 20
    year = time.astype("datetime64[Y]").astype("datetime64[ns]")
    day = (time - year) / np.timedelta64(1, "D") + 1.0
    midnight = time.astype("datetime64[D]").astype("datetime64[ns]")
    hour = (time - midnight) / np.timedelta64(1, "h") + longitude_deg / 15.0
    annual = np.cos(2 * np.pi * (day - warmest) / _DAYS_PER_YEAR)
    daily = np.cos(2 * np.pi * (hour - _WARMEST_HOUR) / 24.0)
    days = np.arange(len(time)) / 24.0
    count = int(days[-1]) + 3 if len(days) else 0
    draws = normal(seed, ("temperature",), count)
    unrest = draws.copy()
    for index in range(1, count):  # each day remembers the one before
        fresh = np.sqrt(1.0 - _UNREST_KEPT**2) * draws[index]
        unrest[index] = _UNREST_KEPT * unrest[index - 1] + fresh
    return np.asarray(
        weather.mean_c
        + 0.5 * weather.annual_range_c * annual
        + 0.5 * weather.daily_range_c * daily
        + weather.unrest_c * np.interp(days, np.arange(count), unrest)
    )
