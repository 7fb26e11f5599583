"""A scenario's ground, hour by hour: given series where there are some, made ones elsewhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import InputError
from retrieval.given_series import GivenSeries, read_series
from retrieval.simulation.ground.series import (
    GroundSeries,
    hours_between,
    lagged,
    season_share,
    seconds,
)
from retrieval.simulation.ground.soil_water import frozen_share, made_moisture, snow_and_melt
from retrieval.simulation.ground.weather import made_rain_mm, made_temperature_c
from retrieval.simulation.scenario import Scenario

__all__ = ["ground_series"]

Floats = NDArray[np.float64]

_MARGIN = np.timedelta64(1, "D")
# A daily value at noon speaks for its whole day, and no series need reach beyond the scenario.
_HELD = np.timedelta64(36, "h")


def ground_series(scenario: Scenario) -> GroundSeries:
    """Return the ground from a day before the scenario to a day after it.

    Raises
    ------
    InputError
        A given series cannot be read or does not cover the scenario.
    """
    time = hours_between(scenario.start - _MARGIN, scenario.end + _MARGIN)
    station, soil, seed = scenario.station, scenario.moisture, scenario.seed
    given = _read(scenario.moisture.path)
    weather = given if scenario.weather.path is None else _read(scenario.weather.path)

    temperature_c = _given(weather, "temperature_c", time, scenario)
    if temperature_c is None:
        temperature_c = made_temperature_c(
            time, scenario.weather, station.latitude_deg, station.longitude_deg, seed
        )
    rain_mm = None if weather is None else _given_rain(weather, time, scenario)
    if rain_mm is None:
        # Made rain beside a moisture that it did not cause would mislead whoever uses both.
        made = given is None
        rain_mm = made_rain_mm(time, scenario.weather, seed) if made else np.full(len(time), np.nan)
    snow = snow_and_melt(np.nan_to_num(rain_mm), temperature_c)
    frozen = frozen_share(temperature_c)
    if given is None:
        moisture = made_moisture(snow.water_mm, temperature_c, frozen, soil, scenario.soil.limits)
        interpolated = np.zeros(len(time), np.bool_)
    else:
        known = _given(given, "moisture", time, scenario)
        if known is None:
            raise InputError(
                f"{given.path}: holds no moisture; moisture.path wants a column vwc (m3 m-3)"
            )
        moisture, interpolated = known, _far_from_values(given, time)
    depth = None if weather is None else _given_snow(weather, time, scenario)
    share = season_share(time, scenario.vegetation.season, scenario.vegetation.winter_share)
    return GroundSeries(
        time,
        moisture,
        lagged(moisture, soil.deep_days),
        interpolated,
        temperature_c,
        rain_mm,
        frozen,
        snow.snow_depth_m if depth is None else depth,
        scenario.vegetation.water_content_kg_m2 * share,
        scenario.vegetation.height_m * share,
    )


def _read(path: Path | None) -> GivenSeries | None:
    return None if path is None else read_series(path)


def _given(
    series: GivenSeries | None, name: str, time: NDArray[np.datetime64], scenario: Scenario
) -> Floats | None:
    """Return a column at full hours, interpolated; None where there is none."""
    if series is None:
        return None
    known, values = series.known(name)
    if not len(known):
        return None
    _check_covers(series, name, known, scenario, _HELD)
    return np.asarray(np.interp(seconds(time), seconds(known), values))


def _check_covers(
    series: GivenSeries,
    name: str,
    known: NDArray[np.datetime64],
    scenario: Scenario,
    held: np.timedelta64,
) -> None:
    """Refuse a column that leaves more than `held` of the scenario's beginning or end out."""
    if known[0] > scenario.start + held or known[-1] < scenario.end - held:
        first, last = (str(one.astype("datetime64[D]")) for one in (known[0], known[-1]))
        raise InputError(
            f"{series.path}: {name} is known from {first} to {last}, and the scenario runs from "
            f"{scenario.time.start} for {scenario.time.days} days; change time.start and time.days"
        )


def _given_rain(
    series: GivenSeries, time: NDArray[np.datetime64], scenario: Scenario
) -> Floats | None:
    """Return the rain of each hour, a row's rain spread evenly over the time before it.

    NaN where no row speaks for any of the hour.
    """
    known, values = series.known("rain_mm")
    if not len(known):
        return None
    # Rows may be those of rain alone, so that nothing need stand at the ends.
    _check_covers(series, "rain_mm", known, scenario, scenario.end - scenario.start)
    at = seconds(known)
    interval = float(np.median(np.diff(at))) if len(at) > 1 else 3600.0
    begin = np.concatenate([[at[0] - interval], at[:-1]])
    begin = np.maximum(begin, at - interval)  # a gap in the rows is not rain
    if interval >= 86_400.0:
        # The sum of a day stands at its noon.
        begin, at = begin + interval / 2, at + interval / 2
    edges = np.concatenate([[seconds(time)[0] - 3600.0], seconds(time)])
    nodes = np.column_stack([begin, at]).ravel()

    def of_hours(of_rows: Floats) -> Floats:
        upto = np.cumsum(of_rows)
        return np.diff(np.interp(edges, nodes, np.column_stack([upto - of_rows, upto]).ravel()))

    return np.where(of_hours(at - begin) > 0, of_hours(values), np.nan)


def _given_snow(
    series: GivenSeries, time: NDArray[np.datetime64], scenario: Scenario
) -> Floats | None:
    """Return snow depth; days without a value have none, for only snow is reported."""
    if not np.isfinite(series.snow_depth_m).any():
        return None
    _check_covers(series, "snow_depth_m", series.time, scenario, scenario.end - scenario.start)
    depth = np.nan_to_num(series.snow_depth_m)
    return np.asarray(np.interp(seconds(time), seconds(series.time), depth))


def _far_from_values(series: GivenSeries, time: NDArray[np.datetime64]) -> NDArray[np.bool_]:
    """Return which hours have no value of the series near: within its usual interval."""
    known, _ = series.known("moisture")
    at, hours = seconds(known), seconds(time)
    usual = float(np.median(np.diff(at))) if len(at) > 1 else 86_400.0
    index = np.clip(np.searchsorted(at, hours), 1, max(len(at) - 1, 1))
    distance = np.minimum(
        np.abs(hours - at[index - 1]), np.abs(hours - at[np.minimum(index, len(at) - 1)])
    )
    return np.asarray(distance > max(usual / 2, 3600.0))
