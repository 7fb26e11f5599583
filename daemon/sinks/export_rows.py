"""Rows of an export file, CSV or Parquet by its ending.

A file that cannot be read is set aside under a name that says so: what comes next must not be
held up by it, and nobody's data are thrown away.
"""

from __future__ import annotations

import csv
import logging
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from daemon.estimates import ESTIMATE_FIELDS

__all__ = ["read_rows", "write_rows"]

_LOG = logging.getLogger(__name__)

Row = Mapping[str, Any]

_UTC = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")
_WHOLE = ("window_s", "n_arcs", "n_tracks_expected", "revision", "latency_s")
_TEXT = (*("station", "product", "time", "effective_time", "flag", "model_id", "software_version"),)


class _DamagedError(Exception):
    """A file is not what we write."""


def read_rows(path: Path) -> list[Row]:
    """Return the rows of a file, none when it is not there or had to be set aside.

    Raises
    ------
    OSError
        The computer refuses.
    """
    if not path.exists():
        return []
    try:
        rows = _csv_rows(path) if path.suffix == ".csv" else _parquet_rows(path)
        if not all(_UTC.fullmatch(str(row.get("time"))) for row in rows):
            raise _DamagedError("a row has no time")
    except _DamagedError as error:
        aside = _set_aside(path)
        _LOG.warning("%s: cannot be read (%s); set aside as %s", path, error, aside.name)
        return []
    return rows


def write_rows(path: Path, rows: Sequence[Row]) -> None:
    """Write rows, with the columns of an estimate first and others that a file had after them.

    Raises
    ------
    OSError
        The computer refuses, such as for want of room.
    """
    others = {name: None for row in rows for name in row if name not in ESTIMATE_FIELDS}
    columns = (*ESTIMATE_FIELDS, *others)
    if path.suffix == ".csv":
        # Of the csv module: None becomes empty, and a float its shortest text that is the same.
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows([row.get(name) for name in columns] for row in rows)
    else:
        _write_parquet(path, rows, columns)


def _csv_rows(path: Path) -> list[Row]:
    """Read CSV; values stay the text that they are."""
    try:
        text = path.read_bytes().decode("utf-8")
        lines = list(csv.reader(text.splitlines(keepends=True), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise _DamagedError(str(error)) from error
    if not text.endswith("\n"):
        raise _DamagedError("its last line has no end")
    header, *rows = lines or [[]]
    if not {"station", "product", "time"} <= set(header) or len(set(header)) != len(header):
        raise _DamagedError("its first line does not name the columns")
    for number, row in enumerate(rows, start=2):
        if len(row) != len(header):
            raise _DamagedError(f"row {number} has {len(row)} values for {len(header)} columns")
    return [dict(zip(header, row, strict=True)) for row in rows]


def _parquet_rows(path: Path) -> list[Row]:
    """Read Parquet."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path, partitioning=None)
        rows: list[Row] = table.to_pylist()
        for name in table.column_names:  # whatever somebody's script has made of it
            pa.array([row[name] for row in rows], _type(name, pa))
    except pa.ArrowException as error:
        raise _DamagedError(str(error).partition("\n")[0]) from error
    except OSError as error:
        # Of the library too, which says so of content that cannot be; the computer numbers its.
        if error.errno is not None:
            raise
        raise _DamagedError(str(error).partition("\n")[0]) from error
    return rows


def _write_parquet(path: Path, rows: Sequence[Row], columns: Sequence[str]) -> None:
    """Write Parquet with the same types whatever is null."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    arrays = {name: pa.array([row.get(name) for row in rows], _type(name, pa)) for name in columns}
    pq.write_table(pa.table(arrays), path)


def _type(name: str, pa: Any) -> Any:
    """Return the type of a column; one that we do not know finds its own."""
    if name in _TEXT:
        return pa.string()
    if name in _WHOLE:
        return pa.int64()
    return pa.float64() if name in ESTIMATE_FIELDS else None


def _set_aside(path: Path) -> Path:
    """Rename a damaged file, never over another."""
    number = 0
    while True:
        number += 1
        more = "" if number == 1 else f"-{number}"
        aside = path.with_name(f"{path.stem}.damaged{more}{path.suffix}")
        if not aside.exists():
            path.rename(aside)
            return aside
