"""Series that are given: moisture, rain, temperature and snow out of other people's files.

Two forms are recognised by their first lines: our own CSV, with a header that names its columns,
and the daily CSV of PBO H2O.
"""

from __future__ import annotations

import csv
import gzip
import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import UnreadableFileError
from retrieval.special_files import special_kind

__all__ = ["GivenSeries", "read_series"]

Floats = NDArray[np.float64]

_PBO_MARK = "PBO H2O"
_PBO_HEAD = "# Date"
# Column of PBO H2O, as its header begins -> ours, and what it is multiplied with.
_PBO_COLUMNS = {
    "volumetric_soil_moisture": "moisture",
    "NLDAS_temp_avg": "temperature_c",
    "NLDAS_precip": "rain_mm",
    "snow_depth(": "snow_depth_m",
}
# Below it the product tells wet soil as snow: of P041's days with .03 or .04 m in 2012, two thirds
# are warmer than 5 degrees Celsius and their moisture is .39 on average, .15 on all others.
_LEAST_PBO_SNOW_M = 0.05
_CSV_COLUMNS = {
    "vwc": "moisture",
    "temperature_c": "temperature_c",
    "rain_mm": "rain_mm",
    "snow_depth_m": "snow_depth_m",
}
_RANGES = {
    "moisture": (0.0, 0.6, "m3 m-3; percent must be divided by 100"),
    "temperature_c": (-90.0, 60.0, "degrees Celsius"),
    "rain_mm": (0.0, 2000.0, "mm since the row before"),
    "snow_depth_m": (0.0, 20.0, "m"),
}
_FIRST_YEAR, _LAST_YEAR = 1980, 2261  # from before GPS to the end of nanosecond times


@dataclass(frozen=True)
class GivenSeries:
    """Columns of a file against time; NaN where a value is missing.

    Attributes
    ----------
    path : Path
        Where they come from.
    time : (n,) datetime64[ns]
        UTC, increasing.
    moisture, temperature_c, rain_mm, snow_depth_m : (n,) float64
        All NaN where the file has no such column.
    """

    path: Path
    time: NDArray[np.datetime64]
    moisture: Floats
    temperature_c: Floats
    rain_mm: Floats
    snow_depth_m: Floats

    def known(self, name: str) -> tuple[NDArray[np.datetime64], Floats]:
        """Return the times and values that a column has."""
        values: Floats = getattr(self, name)
        there = np.isfinite(values)
        return self.time[there], values[there]


def read_series(path: Path) -> GivenSeries:
    """Read a file of moisture or weather.

    Parameters
    ----------
    path : Path
        CSV with a header that holds ``time`` (ISO 8601, UTC) and some of ``vwc`` (m3 m-3),
        ``temperature_c``, ``rain_mm``, ``snow_depth_m``, other columns are passed over; or the
        daily CSV of PBO H2O, of which the moisture product, the NLDAS weather and the snow depth
        are read. Packed with gzip or not.

    Raises
    ------
    UnreadableFileError
        The file is missing or none of these, or a row cannot be read; the message names the line.
    """
    lines = _text(path).splitlines()
    if lines and _PBO_MARK in lines[0]:
        return _pbo(path, lines)
    return _csv(path, lines)


def _text(path: Path) -> str:
    """Return the text of a file."""
    special = special_kind(path)
    if special:
        raise UnreadableFileError(str(path), f"is {special}; give a CSV file")
    try:
        content = path.read_bytes()
        if content[:2] == b"\x1f\x8b":
            content = gzip.decompress(content)
        return content.decode("utf-8-sig")
    except FileNotFoundError as error:
        raise UnreadableFileError(
            str(path), "there is no such file; correct the path, or leave it out for a made series"
        ) from error
    except UnicodeDecodeError as error:
        raise UnreadableFileError(
            str(path), "expected UTF-8 text, found other bytes; give a CSV file"
        ) from error
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableFileError(str(path), f"cannot be read ({error})") from error


def _pbo(path: Path, lines: Sequence[str]) -> GivenSeries:
    """Read the daily CSV of PBO H2O."""
    head = next((line for line in lines if line.startswith(_PBO_HEAD)), None)
    if head is None:
        raise UnreadableFileError(
            str(path), f"expected a line that begins with {_PBO_HEAD!r} and names the columns"
        )
    names = [name.strip() for name in head.removeprefix("#").split(",")]
    columns: dict[str, int] = {}
    for begins, ours in _PBO_COLUMNS.items():
        found = [index for index, name in enumerate(names) if name.startswith(begins)]
        if not found:
            raise UnreadableFileError(
                str(path), f"expected a column {begins!r} as PBO H2O has it, found none"
            )
        columns[ours] = found[0]
    series = _series(path, _rows(lines), None, 0, columns)
    snow_m = series.snow_depth_m
    return replace(series, snow_depth_m=np.where(snow_m < _LEAST_PBO_SNOW_M, 0.0, snow_m))


def _csv(path: Path, lines: Sequence[str]) -> GivenSeries:
    """Read a CSV file with a header."""
    rows = _rows(lines)
    wanted = f"expected a header such as time,vwc (known: {', '.join(_CSV_COLUMNS)})"
    if not rows:
        raise UnreadableFileError(str(path), f"is empty; {wanted}")
    number, head = rows[0]
    names = [name.strip() for name in next(csv.reader([head]))]
    columns = {
        ours: names.index(theirs) for theirs, ours in _CSV_COLUMNS.items() if theirs in names
    }
    if "time" not in names or not columns:
        raise UnreadableFileError(str(path), f"{wanted}, found {head.strip()[:60]!r}", number)
    return _series(path, rows[1:], len(names), names.index("time"), columns)


def _rows(lines: Sequence[str]) -> list[tuple[int, str]]:
    """Return the lines that count, with their numbers from 1."""
    return [
        (number, line)
        for number, line in enumerate(lines, 1)
        if line.strip() and not line.startswith("#")
    ]


def _series(
    path: Path,
    rows: Sequence[tuple[int, str]],
    width: int | None,
    time_at: int,
    columns: dict[str, int],
) -> GivenSeries:
    """Read rows into columns, sorted by time; of rows of one time the last counts."""
    if not rows:
        raise UnreadableFileError(str(path), "has a header and no rows")
    times = np.empty(len(rows), "datetime64[ns]")
    values = {name: np.full(len(rows), np.nan) for name in _RANGES}
    for index, (number, line) in enumerate(rows):
        try:
            fields = next(csv.reader([line]))
            if width is not None and len(fields) > width:
                raise ValueError(
                    f"expected {width} values as in the header, found {len(fields)}; a decimal "
                    "comma must be a point"
                )
            times[index] = _time(fields[time_at])
            for name, at in columns.items():
                values[name][index] = _number(name, fields[at])
        except IndexError as error:
            raise UnreadableFileError(
                str(path),
                f"expected a value for each column of the header, found {len(fields)} fields; a "
                "missing value keeps its comma",
                number,
            ) from error
        except (ValueError, csv.Error) as error:
            raise UnreadableFileError(str(path), str(error), number) from error
    order = np.argsort(times, kind="stable")
    last = np.append(np.diff(times[order]) > np.timedelta64(0), True)
    order = order[last]
    return GivenSeries(
        path, times[order], **{name: column[order] for name, column in values.items()}
    )


def _time(text: str) -> np.datetime64:
    """Read a time as UTC."""
    try:
        time = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise ValueError(
            f"time {text!r}: expected ISO 8601 such as 2012-03-01T12:00:00Z"
        ) from error
    if not _FIRST_YEAR <= time.year <= _LAST_YEAR:
        raise ValueError(f"time {text!r}: expected a year from {_FIRST_YEAR} to {_LAST_YEAR}")
    if time.tzinfo is not None:
        time = time.astimezone(UTC).replace(tzinfo=None)
    return np.datetime64(time, "ns")


def _number(name: str, text: str) -> float:
    """Read a value; empty is missing."""
    if not text.strip():
        return math.nan
    low, high, unit = _RANGES[name]
    name = "vwc" if name == "moisture" else name  # as our header calls it
    try:
        value = float(text)
    except ValueError as error:
        raise ValueError(f"{name} {text!r}: expected a number, or nothing") from error
    if not (math.isnan(value) or low <= value <= high):
        raise ValueError(f"{name} {text.strip()}: expected {low:g} to {high:g} {unit}")
    return value
