"""Tables with commas: our own CSV, with a header that names its columns, and that of PBO H2O."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from retrieval.errors import UnreadableFileError
from retrieval.given_series.series import GivenSeries, Lines, read_number, read_time, series_of

__all__ = ["PBO_MARK", "read_csv", "read_pbo"]

PBO_MARK = "PBO H2O"
_PBO_HEAD = "# Date"
# Column of PBO H2O, as its header begins -> ours.
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
_GOOD_FLAGS = ("", "good", "G")


def read_pbo(path: Path, lines: Sequence[str]) -> GivenSeries:
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

    def read_row(line: str) -> tuple[np.datetime64, Mapping[str, float]]:
        return _row(_fields(line), 0, columns)

    series = series_of(path, PBO_MARK, _rows(lines), read_row)
    snow_m = series.snow_depth_m
    return replace(series, snow_depth_m=np.where(snow_m < _LEAST_PBO_SNOW_M, 0.0, snow_m))


def read_csv(path: Path, lines: Sequence[str]) -> GivenSeries:
    """Read a CSV file with a header; rows with a flag other than empty, good or G are left out."""
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
    time_at = names.index("time")
    flag_at = names.index("flag") if "flag" in names else None

    def read_row(line: str) -> tuple[np.datetime64, Mapping[str, float]] | None:
        fields = _fields(line)
        if len(fields) > len(names):
            raise ValueError(
                f"expected {len(names)} values as in the header, found {len(fields)}; a decimal "
                "comma must be a point"
            )
        # First of all, as a flagged row may hold a number that stands for none.
        flag = "" if flag_at is None or flag_at >= len(fields) else fields[flag_at]
        if flag.strip() not in _GOOD_FLAGS:
            return None
        return _row(fields, time_at, columns)

    return series_of(path, "CSV", rows[1:], read_row)


def _rows(lines: Sequence[str]) -> Lines:
    """Return the lines that count, with their numbers from 1."""
    return [
        (number, line)
        for number, line in enumerate(lines, 1)
        if line.strip() and not line.startswith("#")
    ]


def _fields(line: str) -> list[str]:
    """Split a row at its commas."""
    try:
        return next(csv.reader([line]))
    except csv.Error as error:
        raise ValueError(str(error)) from error


def _row(
    fields: Sequence[str], time_at: int, columns: Mapping[str, int]
) -> tuple[np.datetime64, Mapping[str, float]]:
    """Read the time and the values of a row."""
    try:
        time = read_time(fields[time_at])
        return time, {name: read_number(name, fields[at]) for name, at in columns.items()}
    except IndexError as error:
        raise ValueError(
            f"expected a value for each column of the header, found {len(fields)} fields; a "
            "missing value keeps its comma"
        ) from error
