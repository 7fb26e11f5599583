"""Temperature and rain beside the station, read from a CSV file that others write."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from daemon.errors import WeatherError
from retrieval.fusion.given_weather import daily_weather
from retrieval.fusion.weather_features import Weather
from retrieval.given_series import GivenSeries
from retrieval.special_files import special_kind

__all__ = [
    "WEATHER_COLUMNS",
    "daily_weather_of",
    "given_temperatures",
    "read_weather",
    "temperature_series",
]

WEATHER_COLUMNS = ("time", "temperature_c", "rain_mm")

# Column -> lowest and highest value, and what a value outside them may have been meant as.
_RANGES = {
    "temperature_c": (-90.0, 60.0, "degrees C; is it in Kelvin or Fahrenheit?"),
    "rain_mm": (0.0, 2000.0, "mm since the row before; take fill values such as -999 out"),
}
_FIRST_YEAR, _LAST_YEAR = 1980, 2261  # from before GPS to the end of nanosecond times

_Row = tuple[datetime, float, float]


def read_weather(path: Path) -> pd.DataFrame:
    """Read a weather file: CSV with a header that names its columns, in any order.

    ``time`` is ISO 8601: with ``Z`` or an offset it is converted to UTC, without either it counts
    as UTC. ``temperature_c`` (degrees C, air or soil, -90 to 60) must be there, ``rain_mm`` (0 or
    more) may be; an empty value is a missing one. Other columns, blank lines and lines that begin
    with ``#`` are passed over. A last line without an end that cannot be read is still being
    written, and is left out.

    Parameters
    ----------
    path : Path
        The file, UTF-8.

    Returns
    -------
    DataFrame
        Columns `WEATHER_COLUMNS`, sorted by time (UTC); of rows with one time the last in the
        file. NaN where a value is missing; empty when the file has a header only.

    Raises
    ------
    WeatherError
        The file is missing, is not UTF-8, lacks a column, or holds a row that cannot be read; the
        message names the line.
    """
    text = _text(path)
    lines = _lines(text)
    names = _header(path, next(lines, None))
    rows: list[_Row] = []
    fault: WeatherError | None = None
    for number, line in lines:
        if fault is not None:
            raise fault
        try:
            rows.append(_row(line, names))
        except (ValueError, csv.Error) as error:
            fault = WeatherError(f"{path}, line {number}: {error}")
    if fault is not None and text.endswith(("\n", "\r")):
        raise fault
    table = pd.DataFrame(rows, columns=list(WEATHER_COLUMNS)).astype(
        {"time": "datetime64[ns, UTC]", "temperature_c": "float64", "rain_mm": "float64"}
    )
    # A stable sort, so that of equal times the last one in the file comes last.
    table = table.sort_values("time", kind="stable")
    return table.drop_duplicates("time", keep="last", ignore_index=True)


def temperature_series(weather: pd.DataFrame) -> pd.Series[float]:
    """Return the temperatures of `read_weather` as the models take them, indexed by UTC time."""
    return weather.set_index("time")["temperature_c"]


def daily_weather_of(weather: pd.DataFrame) -> Weather:
    """Return rows of `read_weather` by UTC day, as models are trained with them.

    Without any value it is a `Weather` of no days.
    """
    times = weather["time"].dt.tz_localize(None).to_numpy("datetime64[ns]")
    rain_mm, temperature_c = (weather[name].to_numpy() for name in ("rain_mm", "temperature_c"))
    if np.isnan(rain_mm).all() and np.isnan(temperature_c).all():
        none = np.empty(0)
        return Weather(np.empty(0, "datetime64[ns]"), none, none, np.timedelta64(1, "D"))
    unknown = np.full(len(times), np.nan)
    path = Path("weather.path")  # nothing there can be wrong
    return daily_weather(GivenSeries(path, times, unknown, temperature_c, rain_mm, unknown))


def given_temperatures(series: GivenSeries) -> pd.Series[float] | None:
    """Return the temperatures of a given series likewise; None where it has none."""
    times, values = series.known("temperature_c")
    if not len(times):
        return None
    return pd.Series(values, index=pd.DatetimeIndex(times).tz_localize("UTC"))


def _text(path: Path) -> str:
    """Return the file's text."""
    special = special_kind(path)
    if special:
        raise WeatherError(f"{path}: is {special}; [weather] path names a CSV file")
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as error:
        raise WeatherError(
            f"{path}: there is no such file; correct [weather] path, or take the section out"
        ) from error
    except UnicodeDecodeError as error:
        raise WeatherError(
            f"{path}: expected UTF-8 text, found byte {error.object[error.start]:#x} at position "
            f"{error.start}; save the file as UTF-8"
        ) from error
    except OSError as error:
        raise WeatherError(
            f"{path}: cannot be read ({error.strerror}); [weather] path names a CSV file that this "
            "user may read"
        ) from error


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines that count, with their numbers from 1."""
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            yield number, line


def _header(path: Path, first: tuple[int, str] | None) -> list[str]:
    """Return the names of the columns."""
    wanted = "expected a header such as time,temperature_c,rain_mm"
    if first is None:
        raise WeatherError(f"{path}: is empty; {wanted}, and rows below it")
    number, line = first
    names = [name.strip() for name in next(csv.reader([line]))]
    missing = [name for name in WEATHER_COLUMNS[:2] if name not in names]
    if missing:
        raise WeatherError(
            f"{path}, line {number}: {wanted}, separated by commas; {' and '.join(missing)} "
            f"missing from {line.strip()[:80]!r}"
        )
    twice = [name for name in WEATHER_COLUMNS if names.count(name) > 1]
    if twice:
        raise WeatherError(f"{path}, line {number}: {twice[0]} stands twice; name one of them else")
    return names


def _row(line: str, names: list[str]) -> _Row:
    """Read a row; ValueError says what is wrong and what would be right."""
    fields = next(csv.reader([line]))
    if len(fields) != len(names):
        raise ValueError(
            f"expected {len(names)} values as in the header, found {len(fields)}; a decimal comma "
            "must be a point, and a missing value keeps its comma"
        )
    row = dict(zip(names, fields, strict=True))
    return (
        _time(row["time"]),
        _number("temperature_c", row["temperature_c"]),
        _number("rain_mm", row.get("rain_mm", "")),
    )


def _time(text: str) -> datetime:
    """Read a time as UTC."""
    try:
        time = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise ValueError(
            f"time {text!r}: expected ISO 8601 such as 2025-01-10T06:00:00Z; write it so"
        ) from error
    if not _FIRST_YEAR <= time.year <= _LAST_YEAR:
        raise ValueError(
            f"time {text!r}: expected a year from {_FIRST_YEAR} on; set the logger's clock or take "
            "the row out"
        )
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def _number(name: str, text: str) -> float:
    """Read a value; empty is missing."""
    if not text.strip():
        return math.nan
    low, high, hint = _RANGES[name]
    try:
        value = float(text)
    except ValueError as error:
        raise ValueError(f"{name} {text!r}: expected a number, or nothing") from error
    if math.isnan(value):
        return math.nan
    if not low <= value <= high:
        raise ValueError(f"{name} {text.strip()}: expected {low:g} to {high:g} {hint}")
    return value
