"""The header at the top of an observation file."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from retrieval.errors import UnreadableFileError
from retrieval.rinex.definition import (
    ANTENNA_LABEL,
    APPROX_POSITION,
    LABELS,
    RECEIVER_LABEL,
    STATION_LABELS,
    TIME_OF_FIRST_OBS,
    Definition,
    Record,
    RecordError,
    first_definition,
    has_label,
    read_number,
    redefine,
    types_label,
)
from retrieval.rinex.records import Damage, ObservationHeader

__all__ = ["Header", "read_header"]

_SLOT = re.compile(r"R([ \d]\d) {1,3}([-+]?\d{1,2})(?!\d)")


@dataclass(frozen=True)
class Header:
    """A parsed header: its content, how to read the body, and where the body begins.

    ``station_records`` maps the labels of what stands at the station to their text; a header in
    the body may change them.
    """

    content: ObservationHeader
    definition: Definition
    station_records: Mapping[str, str]
    body_offset: int
    body_line: int
    damage: tuple[Damage, ...]
    notes: tuple[str, ...]


def read_header(path: str, content: bytes, looks_like_epoch: re.Pattern[bytes]) -> Header:
    """Parse the header at the top of an observation file.

    Parameters
    ----------
    path : str
        For messages.
    content : bytes
        The whole text.
    looks_like_epoch : pattern
        Matches an epoch line: a header whose last line is damaged ends before the first of them.

    Raises
    ------
    UnreadableFileError
        The header is unfinished, or a record without which nothing can be read is damaged.
    """
    damage: list[Damage] = []
    records: list[Record] = []
    offset, number = 0, 0
    while True:
        end = content.find(b"\n", offset)
        if end < 0:
            raise UnreadableFileError(
                path,
                "the text ends inside the header (no END OF HEADER); wait for the rest of the "
                "file or fetch it again",
                line=number + 1,
            )
        text = content[offset:end].rstrip(b"\r")
        if looks_like_epoch.match(text) and not has_label(text):
            damage.append(Damage(number + 1, "END OF HEADER is missing before the first epoch"))
            break
        number += 1
        offset = end + 1
        record = Record.parse(number, text)
        if record.label == "END OF HEADER":
            break
        if text.strip() and record.label not in LABELS:
            damage.append(Damage(number, "header line without a label of the standard: not used"))
        records.append(record)
    try:
        definition = redefine(first_definition(records), records)
        if not definition.observables:
            raise RecordError(number, f"the header has no {types_label(definition.version)}")
    except RecordError as error:
        raise UnreadableFileError(
            path, f"{error.problem}; repair this header line or fetch the file again", error.line
        ) from None
    header, notes = _content(definition, records)
    # The first record of a label counts.
    station = {record.label: record for record in reversed(records)}
    station = {label: record for label, record in station.items() if label in STATION_LABELS}
    definition = replace(definition, position_m=header.position_m)
    if RECEIVER_LABEL in station:
        definition = replace(definition, receiver=station[RECEIVER_LABEL].cells(3))
    if ANTENNA_LABEL in station:
        definition = replace(definition, antenna=station[ANTENNA_LABEL].cells(2))
    texts = {label: record.text for label, record in station.items()}
    return Header(header, definition, texts, offset, number + 1, tuple(damage), notes)


def _content(
    definition: Definition, records: Sequence[Record]
) -> tuple[ObservationHeader, tuple[str, ...]]:
    """Return what a header says beside the definition; the first record of a label counts."""
    notes: list[str] = []
    by_label: dict[str, Record] = {}
    for record in records:
        by_label.setdefault(record.label, record)

    def text(label: str) -> str:
        return by_label[label].text if label in by_label else ""

    def numbers(label: str, width: int, count: int) -> list[float] | None:
        if label not in by_label:
            return None
        record = by_label[label]
        cells = [record.value[width * i : width * (i + 1)] for i in range(count)]
        values = [read_number(cell) for cell in cells if cell.strip()]
        if not values and not any(cell.strip() for cell in cells):
            return None
        if len(values) != count or None in values:
            notes.append(f"line {record.line}: {label} is damaged and not used")
            return None
        return [value for value in values if value is not None]

    position = numbers(APPROX_POSITION, 14, 3)
    antenna_height = numbers("ANTENNA: DELTA H/E/N", 14, 1)
    interval = numbers("INTERVAL", 10, 1)
    unit = text("SIGNAL STRENGTH UNIT").upper()
    if unit not in ("", "DBHZ"):
        notes.append(f"SIGNAL STRENGTH UNIT is {unit!r}, not DBHZ: the SNR is not in dB-Hz")
    if TIME_OF_FIRST_OBS not in by_label:
        notes.append(f"{TIME_OF_FIRST_OBS} is missing: {definition.time_system} time is assumed")
    if definition.version < 3:
        notes.append(
            "RINEX 2: S2 of GPS is SNR on L2 and does not tell P(Y) from L2C; the signal is GS2"
        )
    header = ObservationHeader(
        version=definition.version,
        marker=text("MARKER NAME"),
        position_m=(position[0], position[1], position[2]) if position and any(position) else None,
        antenna_height_m=antenna_height[0] if antenna_height else None,
        interval_s=interval[0] if interval and interval[0] > 0 else None,
        receiver=text(RECEIVER_LABEL),
        antenna=text(ANTENNA_LABEL),
        time_system=definition.time_system,
        observables=definition.observables,
        glonass_channels=_glonass_channels(records),
    )
    return header, tuple(notes)


def _glonass_channels(records: Sequence[Record]) -> dict[int, int]:
    """Parse ``GLONASS SLOT / FRQ #``: I3,1X,8(A1,I2.2,1X,I2,1X)."""
    channels: dict[int, int] = {}
    for record in records:
        if record.label == "GLONASS SLOT / FRQ #":
            for slot, channel in _SLOT.findall(record.value[4:]):
                # -7 to 6 today, 0 to 13 before 2005.
                if int(slot) > 0 and -7 <= int(channel) <= 13:
                    channels[int(slot)] = int(channel)
    return channels
