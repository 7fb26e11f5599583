"""What every form of file becomes: columns against time, and how its numbers and times are read."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import UnreadableFileError

__all__ = ["COLUMNS", "GivenSeries", "Lines", "read_number", "read_time", "series_of"]

Floats = NDArray[np.float64]

# Numbers of lines, from 1, and the lines.
Lines = Sequence[tuple[int, str]]

_RANGES = {
    "moisture": (0.0, 0.6, "m3 m-3; percent must be divided by 100"),
    "temperature_c": (-90.0, 60.0, "degrees Celsius"),
    "rain_mm": (0.0, 2000.0, "mm since the row before"),
    "snow_depth_m": (0.0, 20.0, "m"),
}
COLUMNS = tuple(_RANGES)
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
    kind : str
        Form of the file: "CSV", "PBO H2O", "ISMN" or "probes".
    dropped : int
        Rows left out because a flag speaks against them.
    """

    path: Path
    time: NDArray[np.datetime64]
    moisture: Floats
    temperature_c: Floats
    rain_mm: Floats
    snow_depth_m: Floats
    kind: str = "CSV"
    dropped: int = 0

    def known(self, name: str) -> tuple[NDArray[np.datetime64], Floats]:
        """Return the times and values that a column has."""
        values: Floats = getattr(self, name)
        there = np.isfinite(values)
        return self.time[there], values[there]


def series_of(
    path: Path,
    kind: str,
    lines: Lines,
    read_row: Callable[[str], tuple[np.datetime64, Mapping[str, float]] | None],
) -> GivenSeries:
    """Read rows into columns, sorted by time; of rows of one time the last counts.

    Parameters
    ----------
    path, kind : Path, str
        As in `GivenSeries`.
    lines : Lines
        The rows.
    read_row : callable
        Gives a row's time and values by column; None for one that a flag speaks against. Raises
        ValueError, saying what is wrong, for one that cannot be read.

    Raises
    ------
    UnreadableFileError
        No rows, none left, or one that cannot be read; the message names its line.
    """
    if not lines:
        raise UnreadableFileError(str(path), "has a header and no rows")
    times = np.empty(len(lines), "datetime64[ns]")
    values = {name: np.full(len(lines), np.nan) for name in COLUMNS}
    n = 0
    for number, line in lines:
        try:
            row = read_row(line)
        except ValueError as error:
            raise UnreadableFileError(str(path), str(error), number) from error
        if row is None:
            continue
        times[n] = row[0]
        for name, value in row[1].items():
            values[name][n] = value
        n += 1
    if not n:
        raise UnreadableFileError(
            str(path),
            f"flags speak against all {len(lines)} rows; take a file with good ones, or mend the "
            "flags (of our own CSV: empty, good or G)",
        )
    order = np.argsort(times[:n], kind="stable")
    order = order[np.append(np.diff(times[order]) > np.timedelta64(0), True)]
    columns = {name: column[order] for name, column in values.items()}
    return GivenSeries(path, times[order], **columns, kind=kind, dropped=len(lines) - n)


def read_time(text: str) -> np.datetime64:
    """Read an ISO 8601 time as UTC; ValueError where it is none."""
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


def read_number(name: str, text: str) -> float:
    """Read a value of a column; empty and NaN are missing; ValueError outside its range."""
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
