"""RINEX observation files to SNR columns."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from retrieval.equipment import equipment_code
from retrieval.errors import UnreadableFileError
from retrieval.rinex.body import Body, read_body
from retrieval.rinex.columns import join_columns, read_columns
from retrieval.rinex.epochs import Dialect
from retrieval.rinex.epochs2 import Rinex2
from retrieval.rinex.epochs3 import Rinex3
from retrieval.rinex.fields import Lines
from retrieval.rinex.header import Header, read_header
from retrieval.rinex.order import increasing
from retrieval.rinex.records import (
    Damage,
    Event,
    ObservationFile,
    ObservationHeader,
    ReadReport,
    Resume,
)
from retrieval.rinex.report import bounded
from retrieval.rinex.text import FileKind, Text, file_kind, read_text
from retrieval.rinex.timescale import to_gps

__all__ = [
    "ANY_EPOCH",
    "parse_observations",
    "read_observations",
    "require_observations",
]

_KINDS = ("C", "D", "L", "S")
ANY_EPOCH = re.compile(
    b"|".join(b"(?:" + dialect.epoch_pattern.pattern + b")" for dialect in (Rinex2(), Rinex3()))
)


def read_observations(path: str | Path, kind: str = "S") -> ObservationFile:
    """Read one kind of observable from a RINEX 2.1x, 3.0x or 4.0x observation file.

    Every value is exactly ``float`` of the text in its own columns (divided by its SYS / SCALE
    FACTOR, if there is one). What is not whole is dropped and reported; see
    `retrieval.rinex.body` for the rules. An epoch with a field of the wanted kind that is neither
    blank nor a number is dropped as a whole.

    Parameters
    ----------
    path : str or Path
        Plain, Compact, and packed files.
    kind : {"S", "C", "D", "L"}
        First letter of the observables. The values of other kinds than ``S`` (SNR, dB-Hz) stand in
        the same column in their own unit (m, Hz, cycles), under the signal of the same band and
        attribute.

    Returns
    -------
    ObservationFile
        Rows are grouped by signal and in order of time in each; without such observables there are
        no rows. Times are GPS time.

    Raises
    ------
    UnreadableFileError
        The file is no RINEX observation file, or its header is damaged beyond use.
    """
    return parse_observations(read_text(path), kind)


def parse_observations(text: Text, kind: str = "S") -> ObservationFile:
    """Read one kind of observable from the text of a RINEX file; see `read_observations`."""
    if kind not in _KINDS:
        raise ValueError(f"kind {kind!r}: expected one of {', '.join(_KINDS)}")
    require_observations(text)
    header = read_header(text.path, text.content, ANY_EPOCH)
    lines = Lines.split(text.path, text.content, header.body_offset, header.body_line)
    dialect: Dialect = Rinex2() if _is_2(header) else Rinex3()
    body = read_body(lines, header, dialect)
    columns, damaged, notes = read_columns(body, dialect, kind)

    keep = np.ones(len(body.time_ns), np.bool_)
    damage = [*header.damage, *body.damage]
    for epoch, line in sorted(damaged.items()):
        keep[epoch] = False
        damage.append(
            Damage(
                int(body.lines.number[body.epoch_line[epoch]]),
                f"epoch dropped: line {body.lines.number[line]} holds no number in columns of a "
                "number",
            )
        )
    time = _gps_time(body)
    in_order, reasons = increasing(time[keep])
    for index, reason in reasons.items():
        epoch = np.flatnonzero(keep)[index]
        damage.append(Damage(int(body.lines.number[body.epoch_line[epoch]]), reason))
    keep[np.flatnonzero(keep)[~in_order]] = False

    heard_with = [definition.equipment for definition in body.definitions]
    code = np.array([equipment_code(text) for text in heard_with], np.int64)[body.definition]
    table, more_notes = join_columns(columns, time, keep, kind, code)
    report = ReadReport(
        n_epochs=int(keep.sum()),
        events=tuple(
            Event(event.line, event.flag, _event_time(event.time_ns, event.time_system))
            for event in body.events
        ),
        damage=bounded(damage),
        cut=_cut(text, body),
        complete_bytes=body.complete_bytes,
        notes=(*header.notes, *text.notes, *body.notes, *notes, *more_notes),
        resume=_resume(header, body, keep) if in_order.all() else None,
    )
    equipment = tuple(dict.fromkeys(heard_with))
    return ObservationFile(text.path, _header(header, body), table, time[keep], report, equipment)


def _is_2(header: Header) -> bool:
    return header.definition.version < 3


def require_observations(text: Text) -> None:
    """Raise `UnreadableFileError` for a text that is no RINEX observation file."""
    kind = file_kind(text.content, Path(text.path).name)
    if kind is FileKind.OBSERVATION:
        return
    remedy = {
        FileKind.NAVIGATION: "a navigation file; give it with --nav, beside an observation file",
        FileKind.SP3: "precise orbits (SP3); give them with --nav, beside an observation file",
        FileKind.NMEA: "NMEA text; read it with read_nmea or read_file",
        FileKind.SNR66: "an SNR table; read it with read_snr66 or read_file",
        FileKind.UNKNOWN: "of no known format; give RINEX observations (2.1x, 3.0x, 4.0x), Compact "
        "RINEX, SNR66 text or NMEA text",
    }[kind]
    raise UnreadableFileError(text.path, f"expected RINEX observations; this is {remedy}")


def _gps_time(body: Body) -> NDArray[np.datetime64]:
    time = body.time_ns.astype("datetime64[ns]")
    for number, definition in enumerate(body.definitions):
        of_definition = body.definition == number
        time[of_definition] = to_gps(time[of_definition], definition.time_system)
    return time


def _event_time(time_ns: int | None, time_system: str) -> np.datetime64 | None:
    if time_ns is None:
        return None
    time = np.array([time_ns]).astype("datetime64[ns]")
    result: np.datetime64 = to_gps(time, time_system)[0]
    return result


def _header(header: Header, body: Body) -> ObservationHeader:
    """Return the header; in RINEX 2, which has one list of codes, for the satellites seen."""
    content = header.content
    if not _is_2(header):
        return content
    seen = {chr(letter) for letter in np.unique(body.satellite >> 8)}
    if header.definition.system != "M":
        seen.add(header.definition.system)
    return replace(
        content,
        observables={
            letter: codes for letter, codes in content.observables.items() if letter in seen
        },
    )


def _resume(header: Header, body: Body, keep: NDArray[np.bool_]) -> Resume | None:
    """Return where to read on: the last whole epoch, for only it may still turn out otherwise."""
    headless = any(damage.line >= header.body_line for damage in header.damage)
    if not keep.any() or not body.by_itself or headless:
        return None
    epoch = int(np.flatnonzero(keep)[-1])
    line = int(body.epoch_line[epoch])
    offset = int(body.lines.start[line])
    if body.lines.content[offset - 1 : offset] != b"\n":
        return None
    return Resume(
        header_bytes=header.body_offset,
        header_lines=header.body_line - 1,
        offset=offset,
        line=int(body.lines.number[line]),
        epoch=int(keep.sum()) - 1,
    )


def _cut(text: Text, body: Body) -> Damage | None:
    if text.cut is None:
        return body.cut
    if body.cut is None:
        return Damage(body.last_line, text.cut)
    return Damage(body.cut.line, f"{body.cut.reason}; {text.cut}")
