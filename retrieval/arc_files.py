"""Arc tables out of files: what others wrote is checked before a model trusts it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retrieval.arc_table import ARC_COLUMNS, arc_table
from retrieval.equipment import EQUIPMENT_PATTERN
from retrieval.errors import UnknownSignalError, UnreadableFileError
from retrieval.gnss import CONSTELLATIONS, signal_code
from retrieval.special_files import special_kind

__all__ = ["read_arc_table"]

_REMEDY = "write the table anew with `soilglint arcs`"

# What text must look like, and how that is said.
_PATTERNS: Mapping[str, tuple[str, str]] = {
    "station": (r".+", "a name"),
    "satellite": (rf"[{''.join(CONSTELLATIONS)}]\d\d", "a satellite such as G27"),
    "signal": (r"S[1-9][A-Z]?", "an observation code such as S2X"),
    "direction": (r"rising|setting", "rising or setting"),
    "height_mode": (r"fixed|free", "fixed or free"),
    "orbit_source": (r"broadcast|sp3|file", "broadcast, sp3 or file"),
    "equipment": (EQUIPMENT_PATTERN.pattern, "five parts with | between them, or nothing"),
}
# What tables of before the column are taken to say of it.
_CAME_LATER = {"equipment": ""}
# Lowest and highest value; columns that are not named cannot be negative.
_HEIGHT_M = (0.0, 200.0)
_AMPLITUDE = (0.0, 1e6)  # volts/volts; no SNR gives more than some thousand
_RANGES: Mapping[str, tuple[float, float]] = {
    "reflector_height_m": _HEIGHT_M,
    "apriori_height_m": _HEIGHT_M,
    "height_sigma_m": _HEIGHT_M,
    "peak_amplitude": _AMPLITUDE,
    "amplitude": _AMPLITUDE,
    "azimuth_deg": (0.0, 360.0),
    "elevation_min_deg": (-90.0, 90.0),
    "elevation_max_deg": (-90.0, 90.0),
    "phase_deg": (-180.0, 180.0),
    "dphase_dheight_deg_per_mm": (-100.0, 100.0),
    "phase_height_correlation": (-1.0, 1.0),
}
# What no accepted arc lacks; other values are NaN where they were not measured.
_OF_ACCEPTED = (
    "azimuth_deg",
    "reflector_height_m",
    "amplitude",
    "phase_deg",
    "apriori_height_m",
    "dphase_dheight_deg_per_mm",
)
_FIRST_YEAR, _LAST_YEAR = 1980, 2200  # GPS time begins in 1980
_NAMED_COLUMNS = 3
_UNEVEN_ROW = re.compile(r"Expected (\d+) fields in line (\d+), saw (\d+)")  # pandas' words
_TRUTH = {"true": True, "1": True, "false": False, "0": False}


def read_arc_table(path: Path) -> pd.DataFrame:
    """Read an arc table from Parquet or CSV and check that it is one.

    Parameters
    ----------
    path : Path
        A file whose name ends in ``.parquet`` or ``.csv``, with the columns `ARC_COLUMNS` in any
        order; other columns are left out. Times are UTC, also without ``Z``. Tables from before
        there was `equipment` are taken to know none.

    Returns
    -------
    DataFrame
        As `arc_table` makes it.

    Raises
    ------
    UnreadableFileError
        There is no such file, it is neither Parquet nor CSV, a column is missing, or a value is of
        another type or out of range; the message names the column and the row.
    """
    raw = _read(path)
    for name, value in _CAME_LATER.items():
        # Where tables of before and after were joined, it is null in the rows of before.
        raw[name] = raw[name].fillna(value) if name in raw else value
    missing = [name for name in ARC_COLUMNS if name not in raw]
    if missing:
        raise _no_arc_table(path, missing)
    file = _Columns(path, raw)
    columns = {name: file.read(name, dtype) for name, dtype in ARC_COLUMNS.items()}
    file.refuse("signal", _unknown_bands(columns), "a signal of a band that the satellite has")
    file.refuse("end", columns["end"] < columns["start"], "a time after start")
    file.refuse("closed", columns["closed"] < columns["end"], "a time after end")
    for name in _OF_ACCEPTED:
        lacking = columns["accepted"] & np.isnan(columns[name])
        file.refuse(name, lacking, "a value, since the arc is accepted")
    return arc_table(columns)


def _read(path: Path) -> pd.DataFrame:
    """Return a file's columns as they stand, of CSV as text."""
    ending = path.suffix.lower()
    if ending not in (".parquet", ".csv"):
        raise UnreadableFileError(str(path), "expected an arc table that ends in .parquet or .csv")
    special = special_kind(path)
    if special:
        raise UnreadableFileError(str(path), f"is {special}, expected a file; {_REMEDY}")
    try:
        if ending == ".parquet":
            return pd.read_parquet(path)
        return pd.read_csv(path, dtype=str, keep_default_na=False)
    except FileNotFoundError as error:
        raise UnreadableFileError(
            str(path), "there is no such file; make it with `soilglint arcs`"
        ) from error
    except OSError as error:
        # pyarrow calls a file that is no Parquet an OSError too, without a number.
        problem = error.strerror or f"is no {ending[1:]} file ({error})"
        raise UnreadableFileError(str(path), f"{problem}; {_REMEDY}") from error
    except pd.errors.EmptyDataError as error:
        raise UnreadableFileError(str(path), f"is empty; {_REMEDY}") from error
    except pd.errors.ParserError as error:
        raise _uneven(path, str(error)) from error
    except UnicodeDecodeError as error:
        raise UnreadableFileError(
            str(path), f"is no csv file: expected UTF-8 text; {_REMEDY}"
        ) from error
    except ValueError as error:  # pandas' and pyarrow's own are ValueErrors
        raise UnreadableFileError(
            str(path), f"is no {ending[1:]} file ({error}); {_REMEDY}"
        ) from error


def _no_arc_table(path: Path, missing: Sequence[str]) -> UnreadableFileError:
    """Word that a table is one of something else."""
    named, others = ", ".join(missing[:_NAMED_COLUMNS]), len(missing) - _NAMED_COLUMNS
    more = f" and {others} more column{'s' if others > 1 else ''}" if others > 0 else ""
    hint = _separator_hint(path)
    return UnreadableFileError(
        str(path), f"is no arc table: it lacks {named}{more}{hint}; {_REMEDY}"
    )


def _uneven(path: Path, pandas_message: str) -> UnreadableFileError:
    """Word that lines of CSV cannot be split into values."""
    uneven = _UNEVEN_ROW.search(pandas_message)
    problem = "its lines cannot be split into values (a quotation mark without its pair?)"
    if uneven:
        expected, line, found = uneven.groups()
        problem = f"line {line} has {found} values, and the first has {expected}"
    return UnreadableFileError(
        str(path), f"is no arc table: {problem}{_separator_hint(path)}; {_REMEDY}"
    )


def _separator_hint(path: Path) -> str:
    """Ask about semicolons where a file's first line has some and no comma."""
    if path.suffix.lower() != ".csv":
        return ""
    with path.open(encoding="utf-8", errors="replace") as file:
        first = file.readline()
    return " (separated by semicolons?)" if ";" in first and "," not in first else ""


def _unknown_bands(columns: Mapping[str, NDArray[Any]]) -> NDArray[np.bool_]:
    """Tell rows whose signal is of a band that the satellite's constellation does not have."""
    names = pd.Series(columns["satellite"]).str[0] + pd.Series(columns["signal"])
    unknown = [name for name in names.unique() if not _is_signal(name)]
    return names.isin(unknown).to_numpy(dtype=np.bool_)


def _is_signal(name: str) -> bool:
    try:
        signal_code(name)
    except UnknownSignalError:
        return False
    return True


class _Columns:
    """The columns of a file on their way to the arc table."""

    def __init__(self, path: Path, raw: pd.DataFrame) -> None:
        self.path = path
        self.raw = raw.reset_index(drop=True)

    def read(self, name: str, dtype: str) -> NDArray[Any]:
        """Return a column in the contract's type, its values in range."""
        if dtype.startswith("datetime"):
            return self._times(name)
        if dtype == "bool":
            return self._truths(name)
        if dtype == "str":
            return self._texts(name)
        return self._numbers(name, whole=dtype == "int64")

    def refuse(self, name: str, bad: NDArray[np.bool_] | pd.Series[bool], expected: str) -> None:
        """Refuse the file if a row of a column is bad."""
        rows = np.flatnonzero(bad)
        if len(rows) == 0:
            return
        row = int(rows[0])
        # The header is line 1 of CSV.
        where = f"line {row + 2}" if self.path.suffix.lower() == ".csv" else f"row {row + 1}"
        more = f" (and {len(rows) - 1} more)" if len(rows) > 1 else ""
        raise UnreadableFileError(
            str(self.path),
            f"{where}, column {name}: expected {expected}, found {self.raw[name].iloc[row]!r}"
            f"{more}; {_REMEDY}",
        )

    def _texts(self, name: str) -> NDArray[Any]:
        texts = self.raw[name].astype(str)
        if name in _PATTERNS:
            pattern, expected = _PATTERNS[name]
            self.refuse(name, ~texts.str.fullmatch(pattern), expected)
        return texts.to_numpy(dtype=object)

    def _truths(self, name: str) -> NDArray[np.bool_]:
        truths = self.raw[name].astype(str).str.lower().map(_TRUTH)
        self.refuse(name, truths.isna(), "True or False")
        return truths.to_numpy(dtype=np.bool_)

    def _times(self, name: str) -> NDArray[np.datetime64]:
        values = self.raw[name]
        if pd.api.types.is_numeric_dtype(values):  # a count since whenever
            self.refuse(name, np.ones(len(values), dtype=np.bool_), "a time, not a number")
        times = pd.to_datetime(values, utc=True, errors="coerce", format="ISO8601")
        self.refuse(name, times.isna(), "UTC such as 2025-01-10T06:00:00Z")
        years = times.dt.year
        out = (years < _FIRST_YEAR) | (years > _LAST_YEAR)
        self.refuse(name, out, f"a year from {_FIRST_YEAR} to {_LAST_YEAR}")
        return times.dt.tz_localize(None).to_numpy(dtype="datetime64[ns]")

    def _numbers(self, name: str, *, whole: bool) -> NDArray[Any]:
        values = self.raw[name]
        numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64)
        empty = values.isna() | values.astype(str).str.strip().str.lower().isin(("", "nan"))
        low, high = _RANGES.get(name, (0.0, np.inf))
        self.refuse(name, np.isnan(numbers) & ~empty, "a number")
        out = (numbers < low) | (numbers > high) | np.isinf(numbers)
        bounds = f"{low:g} to {high:g}" if np.isfinite(high) else f"a finite number from {low:g} on"
        self.refuse(name, out, bounds)
        if whole:
            self.refuse(name, ~(numbers == np.round(numbers)), "a whole number")
            return numbers.astype(np.int64)
        return numbers
