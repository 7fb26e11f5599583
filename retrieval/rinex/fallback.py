"""Observation files through georinex: slow, and independent of our own reader.

For files that our reader refuses, and for anyone who wants to check its numbers.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from retrieval.equipment import UNKNOWN, equipment_code
from retrieval.errors import UnreadableFileError
from retrieval.rinex.columns import Column, join_columns, signal_of
from retrieval.rinex.definition import SCALE_LABEL
from retrieval.rinex.header import read_header
from retrieval.rinex.observations import ANY_EPOCH, require_observations
from retrieval.rinex.records import Damage, ObservationFile, ObservationHeader, ReadReport
from retrieval.rinex.text import Text, read_text
from retrieval.rinex.timescale import to_gps

__all__ = ["read_with_georinex"]


def read_with_georinex(path: str | Path, kind: str = "S") -> ObservationFile:
    """Read one kind of observable through georinex.

    It tells nothing about damage, and takes minutes where `read_observations` takes a tenth of a
    second.

    Parameters
    ----------
    path : str or Path
        As for `read_observations`, as is `kind`.

    Raises
    ------
    UnreadableFileError
        georinex is not installed or cannot read the file.
    """
    text = read_text(path)
    require_observations(text)
    try:
        import georinex
    except ImportError:
        raise UnreadableFileError(
            text.path,
            "reading it with georinex needs that package: pip install 'soilglint[fallback]'",
        ) from None
    stream = io.StringIO(text.content.decode("latin-1").replace("\r\n", "\n"))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of its own use of xarray
            fields = georinex.rinexheader(stream)["fields"]
            stream.seek(0)
            by_system = fields if isinstance(fields, dict) else {"": fields}
            wanted = sorted({c for codes in by_system.values() for c in codes if c[0] == kind})
            dataset = georinex.rinexobs(stream, meas=wanted) if wanted else None
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, EOFError) as error:
        raise UnreadableFileError(
            text.path, f"georinex cannot read it either ({error}); fetch the file again"
        ) from None
    version = float(dataset.attrs["version"]) if dataset is not None else 0.0
    time_system = str(dataset.attrs["time_system"]) if dataset is not None else "GPS"
    header, scale, heard_with = _header(text, version, time_system, by_system)
    if dataset is None:
        time = np.empty(0, "datetime64[ns]")
        columns, notes = list[Column](), list[str]()
    else:
        time = to_gps(dataset.time.values.astype("datetime64[ns]"), time_system)
        columns, notes = _columns(dataset, version, by_system, scale)
    code = np.full(len(time), equipment_code(heard_with), np.int64)
    table, more_notes = join_columns(columns, time, np.ones(len(time), np.bool_), kind, code)
    report = ReadReport(
        n_epochs=len(time),
        cut=Damage(max(text.content.count(b"\n"), 1), text.cut) if text.cut else None,
        complete_bytes=len(text.content),
        notes=("read by georinex, which does not report damage", *notes, *more_notes),
    )
    return ObservationFile(text.path, header, table, time, report, (heard_with,))


def _columns(
    dataset: Any,
    version: float,
    by_system: dict[str, list[str]],
    scale: Mapping[tuple[str, str], int],
) -> tuple[list[Column], list[str]]:
    names = dataset.sv.values.astype(str)
    satellite = np.array([ord(name[0]) * 256 + int(name[1:]) for name in names], np.int32)
    letters = np.array([name[0] for name in names])
    columns: list[Column] = []
    notes: dict[str, None] = {}
    for code in map(str, dataset.data_vars):
        values = np.asarray(dataset[code].transpose("time", "sv").values, np.float64)
        for system in sorted(set(letters)):
            of_system = np.flatnonzero(letters == system)
            epoch, place = np.nonzero(np.nan_to_num(values[:, of_system]))
            if not len(epoch):
                continue
            codes = by_system.get(system, by_system.get("", []))
            signal, note = signal_of(version, system, code, codes)
            if note:
                notes[note] = None
            if signal is not None:
                column = of_system[place]
                value = values[epoch, column] / scale.get((system, code), 1)
                columns.append(Column(signal, epoch, satellite[column], value))
    return columns, list(notes)


def _header(
    text: Text,
    version: float,
    time_system: str,
    by_system: dict[str, list[str]],
) -> tuple[ObservationHeader, Mapping[tuple[str, str], int], str]:
    """Return the header, its scale factors, which georinex does not take out, and the equipment.

    A change of equipment inside the file is not seen.
    """
    try:
        header = read_header(text.path, text.content, ANY_EPOCH)
    except UnreadableFileError as error:
        # A header that our reader refuses is a reason to be here.
        _refuse_scale(text, 0, error.problem)
        observables = {system or "G": tuple(codes) for system, codes in by_system.items()}
        name = Path(text.path).name
        content = ObservationHeader(
            version, name, None, None, None, "", "", time_system, observables
        )
        return content, {}, UNKNOWN
    _refuse_scale(text, header.body_offset, "they change inside the file")
    definition = header.definition
    return header.content, definition.scale, definition.equipment


def _refuse_scale(text: Text, offset: int, problem: str) -> None:
    if text.content.find(SCALE_LABEL.encode(), offset) >= 0:
        raise UnreadableFileError(
            text.path,
            f"has scale factors ({SCALE_LABEL}), which georinex does not take out, and they cannot "
            f"be read here ({problem}); repair the header or fetch the file again",
        )
