"""The columns of one kind of observable, from the lines of whole epochs to a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import UnknownSignalError
from retrieval.gnss import signal_code
from retrieval.rinex.body import Body
from retrieval.rinex.definition import Definition
from retrieval.rinex.epochs import Dialect
from retrieval.rinex.fields import F14_WIDTH, read_f14_3
from retrieval.rinex.records import SnrTable

__all__ = ["Column", "join_columns", "read_columns", "signal_of"]

_NO_SNR_DBHZ = 100.0  # receivers report up to 65 dB-Hz; a pseudorange in their column is 2e7


@dataclass(frozen=True)
class Column:
    """Values of one signal: epoch index, satellite code and value of each row."""

    signal: int
    epoch: NDArray[np.int64]
    satellite: NDArray[np.int32]
    value: NDArray[np.float64]


@dataclass(frozen=True)
class _Field:
    """One observation code of one constellation: all its satellites and their field."""

    definition: Definition
    system: str
    code: str
    index: int
    rows: NDArray[np.intp]


def read_columns(
    body: Body, dialect: Dialect, kind: str
) -> tuple[list[Column], dict[int, int], list[str]]:
    """Read all columns of a kind.

    Parameters
    ----------
    body : Body
        Whole epochs.
    dialect : Dialect
        Where the fields stand.
    kind : str
        First letter of the observation codes.

    Returns
    -------
    columns : list of Column
        One per definition, constellation and code that has values.
    damaged : dict
        Epoch index -> index of a line in which a field is neither blank nor a number.
    notes : list of str
        What is to be said about the signals.
    """
    columns: list[Column] = []
    damaged: dict[int, int] = {}
    notes: dict[str, None] = {}
    for field in _fields(body, kind):
        offset, at = dialect.field_place(field.index)
        line = body.satellite_line[field.rows] + offset
        epoch = body.satellite_epoch[field.rows]
        room = body.lines.end[line] - body.lines.start[line] - at
        full = room >= F14_WIDTH
        for place in np.flatnonzero((room > 0) & ~full):
            if body.lines[line[place]][at:].strip():
                damaged.setdefault(int(epoch[place]), int(line[place]))
        value, valid = read_f14_3(body.lines.octets, body.lines.start[line[full]] + at)
        for place in np.flatnonzero(~valid):
            damaged.setdefault(int(epoch[full][place]), int(line[full][place]))
        there = value != 0
        if not there.any():
            continue
        codes = field.definition.observables[field.system]
        signal, note = signal_of(field.definition.version, field.system, field.code, codes)
        if note:
            notes[note] = None
        if signal is None:
            continue
        scale = field.definition.scale.get((field.system, field.code), 1)
        columns.append(
            Column(
                signal,
                epoch[full][there],
                body.satellite[field.rows][full][there],
                value[there] / scale if scale != 1 else value[there],
            )
        )
    return columns, damaged, list(notes)


def _fields(body: Body, kind: str) -> Iterator[_Field]:
    letters = body.satellite >> 8
    definition_of_satellite = body.definition[body.satellite_epoch]
    for number, definition in enumerate(body.definitions):
        for system, codes in definition.observables.items():
            rows = np.flatnonzero((letters == ord(system)) & (definition_of_satellite == number))
            if not len(rows):
                continue
            for index, code in enumerate(codes):
                if code.startswith(kind):
                    yield _Field(definition, system, code, index, rows)


def signal_of(
    version: float, system: str, code: str, codes: Sequence[str]
) -> tuple[int | None, str]:
    """Return the signal of an observation code, and what is to be said about it.

    Parameters
    ----------
    version : float
        RINEX version.
    system, code : str
        Constellation letter and observation code.
    codes : sequence of str
        All codes of the constellation.

    Returns
    -------
    signal : int or None
        Signal code; None when there is no such signal.
    note : str
        Empty when nothing is to be said.
    """
    name = "S" + code[1:]
    note = ""
    # RINEX 3.02 wrote 1 for B1-2 (1561.098 MHz); since 3.03 that is 2, and 1 is B1C. The I and Q
    # channels exist on B1-2 only. A file of 3.02 that has a band 2 follows the later standard.
    is_302 = round(version * 100) == 302 and not any(each[1:2] == "2" for each in codes)
    if system == "C" and code == f"{code[0]}1" and version < 3:
        note = (
            f"RINEX 2: {code} of BeiDou does not tell B1I (1561.098 MHz) from B1C (1575.42 MHz); "
            "the signal is CS1, B1C"
        )
    elif system == "C" and code[1:2] == "1" and code[2:] in ("IQX" if is_302 else "IQ"):
        if f"{code[0]}2{code[2:]}" in codes:
            return None, f"BeiDou {code} is B1-2 again, beside {code[0]}2{code[2:]}: left out"
        name = "S2" + code[2:]
        note = f"BeiDou {code} is the band B1-2 (1561.098 MHz): its signal is C{name}"
    try:
        return signal_code(system + name), note
    except UnknownSignalError:
        return None, f"{system} {code}: no such signal is known; its values are left out"


def join_columns(
    columns: Sequence[Column],
    time: NDArray[np.datetime64],
    keep: NDArray[np.bool_],
    kind: str,
    equipment: NDArray[np.int64],
) -> tuple[SnrTable, list[str]]:
    """Join the columns of one signal after the other, without the rows of dropped epochs.

    `time`, `keep` and `equipment` (codes of `retrieval.equipment`) are of the epochs.
    """
    if not columns:
        return SnrTable.empty(), []
    columns = sorted(columns, key=lambda column: column.signal)
    epoch = np.concatenate([column.epoch for column in columns])
    value = np.concatenate([column.value for column in columns])
    n_rows = [len(column.value) for column in columns]
    table = SnrTable(
        time[epoch],
        np.concatenate([column.satellite for column in columns]),
        np.repeat(np.array([column.signal for column in columns], np.int64), n_rows),
        value,
        equipment=_of_rows(equipment, epoch),
    )
    wanted = keep[epoch]
    notes = []
    if kind == "S":
        for impossible, what in (
            (value < 0, "negative SNR values"),
            (value >= _NO_SNR_DBHZ, f"SNR values of {_NO_SNR_DBHZ:g} dB-Hz or more"),
        ):
            n_impossible = int((keep[epoch] & impossible).sum())
            if n_impossible:
                wanted = wanted & ~impossible
                notes.append(f"{n_impossible} {what} left out")
    if not wanted.all():
        table = table.where(wanted)
    return table, notes


def _of_rows(equipment: NDArray[np.int64], epoch: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the equipment of rows; where it is one throughout, without memory for each."""
    if (equipment == equipment[0]).all():
        return np.broadcast_to(equipment[0], len(epoch))
    return equipment[epoch]
