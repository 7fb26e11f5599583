"""Rows of the store <-> arc tables and records."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from daemon.store.records import FileRecord, FileState
from daemon.store.schema import ARC_SQL_COLUMNS
from daemon.utc import parse_utc, utc_texts
from retrieval.arc_table import ARC_COLUMNS, arc_table, empty_arc_table
from retrieval.equipment import UNKNOWN
from retrieval.fusion import MODEL_COLUMNS

__all__ = ["arc_rows", "arcs_of_rows", "file_record", "model_arcs_of_rows"]

_TIMES = frozenset(name for name, dtype in ARC_COLUMNS.items() if dtype.startswith("datetime"))


def arc_rows(arcs: pd.DataFrame) -> list[tuple[Any, ...]]:
    """Return arcs as the values that are stored, with `revision` last if it is there."""
    columns: list[list[Any]] = []
    for name in (*ARC_SQL_COLUMNS, "revision"):
        if name not in arcs:
            continue
        if name in _TIMES:
            columns.append(utc_texts(arcs[name]))
        elif ARC_SQL_COLUMNS.get(name, "").startswith("REAL"):
            columns.append([None if value != value else value for value in arcs[name].tolist()])
        elif name in ("accepted", "n_obs", "revision"):
            columns.append([int(value) for value in arcs[name].tolist()])
        else:
            columns.append([str(value) for value in arcs[name].tolist()])
    return list(zip(*columns, strict=True))


def arcs_of_rows(rows: Sequence[sqlite3.Row]) -> pd.DataFrame:
    """Return rows with all columns of arcs as an arc table with `revision`, by number.

    They must stand in the arc table's own order, so that numbers and arcs stay together.
    """
    if not rows:
        return empty_arc_table().assign(revision=pd.Series(dtype="int64"))
    columns: dict[str, Any] = dict(zip(rows[0].keys(), zip(*rows, strict=True), strict=True))
    for name, dtype in ARC_COLUMNS.items():
        if name in _TIMES:
            columns[name] = parse_utc(list(columns[name])).tz_localize(None).to_numpy()
        elif dtype == "float64":
            columns[name] = np.array(columns[name], dtype=np.float64)
        elif name == "equipment":
            columns[name] = _known(columns[name])
    table = arc_table(columns).assign(revision=np.array(columns["revision"]))
    return table.set_index(pd.Index(columns["id"], name="id"))


def model_arcs_of_rows(rows: Sequence[sqlite3.Row]) -> pd.DataFrame:
    """Return rows with the `MODEL_COLUMNS` of accepted arcs as the models take them."""
    columns = dict(zip(MODEL_COLUMNS, zip(*rows, strict=True), strict=False)) if rows else {}
    values: dict[str, Any] = {}
    for name in MODEL_COLUMNS:
        column = list(columns.get(name, ()))
        if name in _TIMES:
            values[name] = parse_utc(column)
        elif ARC_COLUMNS[name] == "float64":
            values[name] = np.array(column, dtype=np.float64)
        elif name == "equipment":
            values[name] = pd.array(_known(column), dtype="str")
        else:
            values[name] = pd.array(column, dtype=ARC_COLUMNS[name])  # type: ignore[call-overload]
    return pd.DataFrame(values)


def _known(equipment: Iterable[str | None]) -> list[str]:
    """Return equipment as the arc table has it: what an older version wrote knows none."""
    return [UNKNOWN if text is None else text for text in equipment]


def file_record(row: sqlite3.Row) -> FileRecord:
    """Make a record of a row of ``files``."""
    names = FileRecord.__dataclass_fields__
    record = FileRecord(**{name: row[name] for name in names})
    return replace(record, state=FileState(row["state"]), cut=bool(row["cut"]))
