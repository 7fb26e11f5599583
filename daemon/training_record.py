"""What models of a station are trained and judged on: its arcs with a reference beside them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from daemon.plural import plural
from daemon.weather import given_temperatures
from retrieval.errors import InputError
from retrieval.fusion.columns import Floats
from retrieval.fusion.features import day_of_arcs, of_latest_equipment
from retrieval.fusion.frost import Temperatures
from retrieval.fusion.given_weather import daily_weather
from retrieval.fusion.reference import DailyReference, daily_reference
from retrieval.fusion.trained import FlagRules
from retrieval.fusion.weather_features import Weather
from retrieval.given_series import GivenSeries, read_series

__all__ = ["Record", "record_of"]

# Training needs as many days; what is judged on fewer says nothing.
_FEWEST_DAYS = 30
_DAY = np.timedelta64(1, "D")


@dataclass(frozen=True)
class Record:
    """Arcs of a station with the reference beside them, day by day.

    Attributes
    ----------
    station : str
        Its name.
    arcs : DataFrame
        Arc table of the station: of the receiver and antenna that heard last in the days asked for.
    reference : DailyReference
        Of the days that have such arcs and were not frozen.
    weather : Weather or None
        If it shall take part.
    temperature_c : Series or None
        Degrees C by UTC time, for frost.
    sources : dict
        Hashes of what was read, by name.
    days_of_others : int
        Days with a reference on which another receiver or antenna heard, which do not count.
    rain : tuple of (m,) datetime64[D] and (m,) float64, or None
        UTC days and their rain, mm, to be shown: of the weather, else of the reference's file; all
        days for which it is known from the reference's first to its last.
    days_without_reference, days_frozen : int
        Days asked for that have arcs but no reference, and days with both that were frozen.
    """

    station: str
    arcs: pd.DataFrame
    reference: DailyReference
    weather: Weather | None
    temperature_c: pd.Series[float] | None
    sources: dict[str, str]
    days_of_others: int = 0
    rain: tuple[NDArray[np.datetime64], Floats] | None = None
    days_without_reference: int = 0
    days_frozen: int = 0


def record_of(
    station: str,
    arcs: pd.DataFrame,
    reference: Path,
    weather: Path | None = None,
    temperature_c: pd.Series[float] | None = None,
    since: date | None = None,
    until: date | None = None,
) -> Record:
    """Lay a reference series beside a station's arcs.

    Parameters
    ----------
    station : str
        Its name.
    arcs : DataFrame
        Arc table of one station.
    reference : Path
        CSV with time and vwc, ISMN ``.stm`` or PBO H2O.
    weather : Path, optional
        Series with rain and temperature, to be columns of the model.
    temperature_c : Series, optional
        For frost; the weather's by default.
    since, until : date, optional
        First and last UTC day.

    Raises
    ------
    InputError
        A file cannot be read, or fewer than 30 thawed days have both arcs and a reference.
    """
    series = read_series(reference)
    daily = daily_reference(series)
    heard = _days_heard(arcs)
    kept = np.isin(daily.day, heard)
    if since is not None:
        kept &= daily.day >= np.datetime64(since, "D")
    if until is not None:
        kept &= daily.day <= np.datetime64(until, "D")
    asked = _span(since, until)
    if not kept.any():
        span = f"{heard[0]} to {heard[-1]}" if len(heard) else "no day at all"
        raise InputError(
            f"{reference}: its days, {daily.day[0]} to {daily.day[-1]}, have no arcs{asked} (arcs: "
            f"{span}); give the reference of the same time"
            + (", or other --since and --until" if asked else "")
        )
    asked_for = np.ones(len(heard), np.bool_)
    if since is not None:
        asked_for &= heard >= np.datetime64(since, "D")
    if until is not None:
        asked_for &= heard <= np.datetime64(until, "D")
    n_without = int(np.sum(asked_for & ~np.isin(heard, daily.day)))
    sources = {"reference": _file_hash(reference), "arcs": _table_hash(arcs)}
    arcs, n_all = of_latest_equipment(arcs, daily.day[kept]), int(kept.sum())
    kept &= np.isin(daily.day, _days_heard(arcs))
    of_others = n_all - int(kept.sum())
    daily = DailyReference(daily.day[kept], daily.vwc[kept], daily.n_values[kept], daily.kind)
    beside: Weather | None = None
    if weather is not None:
        given = read_series(weather)
        beside = daily_weather(given)
        sources["weather"] = _file_hash(weather)
        if temperature_c is None:
            temperature_c = given_temperatures(given)
    n_both = len(daily)
    daily = _thawed(daily, temperature_c)
    if len(daily) < _FEWEST_DAYS:
        raise InputError(
            f"{reference}: {plural(len(daily), 'day')} with arcs, a reference and thawed ground"
            f"{asked}, expected {_FEWEST_DAYS} or more; give a longer record"
            + (of_others > 0)
            * (
                f" ({plural(of_others, 'day')} of another receiver or antenna do not count; "
                "--until the day before the change makes a model of that one)"
            )
        )
    rain = _rain(beside, series, daily)
    return Record(
        station,
        arcs,
        daily,
        beside,
        temperature_c,
        sources,
        of_others,
        rain,
        n_without,
        n_both - len(daily),
    )


def _rain(
    weather: Weather | None, series: GivenSeries, daily: DailyReference
) -> tuple[NDArray[np.datetime64], Floats] | None:
    """Return the days of known rain from the reference's first to its last; None without any."""
    if weather is None and not len(series.known("rain_mm")[0]):
        return None
    given = daily_weather(series) if weather is None else weather
    # What a day's weather is stands at its end.
    day = given.time.astype("datetime64[D]") - _DAY
    shown = np.isfinite(given.rain_mm) & (day >= daily.day[0]) & (day <= daily.day[-1])
    return (day[shown], given.rain_mm[shown]) if shown.any() else None


def _days_heard(arcs: pd.DataFrame) -> NDArray[np.datetime64]:
    """Return the UTC days in which accepted arcs have their middle, ascending."""
    return np.unique(day_of_arcs(arcs[arcs["accepted"]]))


def _span(since: date | None, until: date | None) -> str:
    """Say which days were asked for; empty where all were."""
    since_text = "" if since is None else f" from {since}"
    return since_text + ("" if until is None else f" up to {until}")


def _thawed(daily: DailyReference, temperature_c: pd.Series[float] | None) -> DailyReference:
    """Return the days that were not frozen: of the others a station estimates nothing."""
    ends_ms = (daily.day + _DAY).astype("datetime64[ms]").astype(np.int64)
    limit_c = FlagRules().frozen_below_c
    kept = ~Temperatures.of(temperature_c).frozen(ends_ms, limit_c)
    return DailyReference(daily.day[kept], daily.vwc[kept], daily.n_values[kept], daily.kind)


def _file_hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _table_hash(arcs: pd.DataFrame) -> str:
    """Return a hash of what an arc table says, whatever file it came from."""
    return hashlib.sha256(arcs.to_csv(index=False).encode()).hexdigest()
