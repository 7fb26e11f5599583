"""Headers of RINEX observation files, at the top of a file and again in its body.

Columns and labels are those of RINEX 2.11 (Gurtner & Estey 2007, table A1), 3.05 (IGS/RTCM 2020,
table A2) and 4.00 (IGS/RTCM 2021, table A2).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from retrieval.errors import UnreadableFileError
from retrieval.gnss import CONSTELLATIONS
from retrieval.rinex.records import Damage, ObservationHeader

__all__ = [
    "STATION_LABELS",
    "Definition",
    "Header",
    "Record",
    "RecordError",
    "has_label",
    "read_header",
    "redefine",
]

_LABEL = slice(60, 80)
_LABELS = frozenset(
    """RINEX VERSION / TYPE|PGM / RUN BY / DATE|COMMENT|MARKER NAME|MARKER NUMBER|MARKER TYPE
|OBSERVER / AGENCY|REC # / TYPE / VERS|ANT # / TYPE|APPROX POSITION XYZ|ANTENNA: DELTA H/E/N
|ANTENNA: DELTA X/Y/Z|ANTENNA: PHASECENTER|ANTENNA: B.SIGHT XYZ|ANTENNA: ZERODIR AZI
|ANTENNA: ZERODIR XYZ|CENTER OF MASS: XYZ|# / TYPES OF OBSERV|SYS / # / OBS TYPES
|SIGNAL STRENGTH UNIT|INTERVAL|TIME OF FIRST OBS|TIME OF LAST OBS|RCV CLOCK OFFS APPL
|SYS / DCBS APPLIED|SYS / PCVS APPLIED|SYS / SCALE FACTOR|SYS / PHASE SHIFT|SYS / PHASE SHIFTS
|GLONASS SLOT / FRQ #|GLONASS COD/PHS/BIS|GLONASS COD/PHS/BIS#|LEAP SECONDS|# OF SATELLITES
|PRN / # OF OBS|WAVELENGTH FACT L1/2|DOI|LICENSE OF USE|STATION INFORMATION
|END OF HEADER""".replace("\n", "").split("|")
)
_TYPES_2, _TYPES_3 = "# / TYPES OF OBSERV", "SYS / # / OBS TYPES"
_SCALE, _FIRST, _VERSION = "SYS / SCALE FACTOR", "TIME OF FIRST OBS", "RINEX VERSION / TYPE"
STATION_LABELS = ("MARKER NAME", "REC # / TYPE / VERS", "ANT # / TYPE", "ANTENNA: DELTA H/E/N")
_CODE_2 = re.compile(r"[CPLDST][1-9A-D]")
_CODE_3 = re.compile(r"[A-Z]\d[A-Z]?")
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d*)?(?:[EeDd][-+]?\d+)?|[-+]?\.\d+")
_SLOT = re.compile(r"R([ \d]\d) {1,2}(-?\d{1,2})(?!\d)")
_TIME_SYSTEMS = ("GPS", "GLO", "GAL", "QZS", "BDT", "IRN")
# RINEX 3.05, table A2: what a blank time system means in files of one constellation.
_DEFAULT_TIME_SYSTEM = {"R": "GLO", "E": "GAL", "C": "BDT", "J": "QZS", "I": "IRN"}
_SCALES = (1, 10, 100, 1000)


@dataclass(frozen=True)
class Record:
    """One header line: its number in the text, its label and its 60 characters of value."""

    line: int
    label: str
    value: str

    @classmethod
    def parse(cls, line: int, text: bytes) -> Record:
        """Split a header line; bytes beyond ASCII stay as Latin-1 characters."""
        decoded = text.decode("latin-1")
        return cls(line, decoded[_LABEL].strip().upper(), decoded[:60].ljust(60))

    @property
    def text(self) -> str:
        """The value with single blanks."""
        return " ".join(self.value.split())


class RecordError(Exception):
    """A record that decides how observations are read is damaged."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(problem)
        self.line = line
        self.problem = problem


@dataclass(frozen=True)
class Definition:
    """What decides how observation lines are read, until a header block in the body changes it.

    Attributes
    ----------
    version : float
        RINEX version.
    system : str
        Constellation of the file, ``M`` for mixed.
    observables : mapping
        Constellation letter -> codes in file order. In RINEX 2 every letter has the same codes.
    scale : mapping
        (letter, code) -> divisor of the stored values (SYS / SCALE FACTOR).
    time_system : str
        Of the epochs.
    broken : str or None
        Why nothing can be read with it: its records are damaged.
    """

    version: float
    system: str
    observables: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    scale: Mapping[tuple[str, str], int] = field(default_factory=dict)
    time_system: str = "GPS"
    broken: str | None = None

    @property
    def n_codes(self) -> int:
        """Observations per satellite in RINEX 2."""
        return max((len(codes) for codes in self.observables.values()), default=0)


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


def has_label(text: bytes) -> bool:
    """Return whether a line carries a label of the standard in columns 61 to 80."""
    return len(text) > 60 and text[_LABEL].strip().upper().decode("latin-1") in _LABELS


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
        if text.strip() and record.label not in _LABELS:
            damage.append(Damage(number, "header line without a label of the standard: not used"))
        records.append(record)
    try:
        definition = redefine(_initial_definition(records), records)
        if not definition.observables:
            raise RecordError(
                number, f"the header has no {_TYPES_2 if definition.version < 3 else _TYPES_3}"
            )
    except RecordError as error:
        raise UnreadableFileError(
            path, f"{error.problem}; repair this header line or fetch the file again", error.line
        ) from None
    header, notes = _content(definition, records)
    station = {
        record.label: record.text for record in reversed(records) if record.label in STATION_LABELS
    }
    return Header(header, definition, station, offset, number + 1, tuple(damage), notes)


def _initial_definition(records: Sequence[Record]) -> Definition:
    first = next((record for record in records if record.label == _VERSION), None)
    if first is None:
        raise RecordError(1, f"expected {_VERSION} in the first line")
    version = _number(first.value[:9])
    if version is None or not 2 <= version < 5:
        raise RecordError(
            first.line,
            f"expected a RINEX version from 2.00 to 4.99, found {first.value[:9].strip()!r}",
        )
    system = first.value[40].upper()
    if system == " " and version < 3:
        system = "G"
    if system not in CONSTELLATIONS and system != "M":
        raise RecordError(
            first.line, f"expected a constellation letter or M in column 41, found {system!r}"
        )
    return Definition(version, system, time_system=_DEFAULT_TIME_SYSTEM.get(system, "GPS"))


def redefine(definition: Definition, records: Iterable[Record]) -> Definition:
    """Return the definition that holds after some header records.

    Raises
    ------
    RecordError
        A record that decides how observations are read is damaged.
    """
    records = tuple(records)
    for record in records:
        version = _number(record.value[:9]) if record.label == _VERSION else definition.version
        if version is None or int(version) != int(definition.version):
            raise RecordError(
                record.line,
                f"expected RINEX {int(definition.version)} as at the top of the file, found "
                f"version {record.value[:9].strip()!r}",
            )
        if record.label == _FIRST:
            definition = replace(definition, time_system=_time_system(definition, record))
    types = [r for r in records if r.label == (_TYPES_2 if definition.version < 3 else _TYPES_3)]
    # A line that stands twice in a row says nothing new, and is no continuation of itself.
    types = [r for i, r in enumerate(types) if i == 0 or r.value != types[i - 1].value]
    if types and definition.version < 3:
        codes = _types_2(types)
        definition = replace(
            definition, observables=dict.fromkeys(CONSTELLATIONS, codes), broken=None
        )
    elif types:
        observables = {**definition.observables, **_types_3(types)}
        definition = replace(definition, observables=observables, broken=None)
    scales = [record for record in records if record.label == _SCALE]
    if scales:
        definition = replace(definition, scale={**definition.scale, **_scales(definition, scales)})
    return definition


def _time_system(definition: Definition, record: Record) -> str:
    name = record.value[48:51].strip().upper()
    if not name:
        return _DEFAULT_TIME_SYSTEM.get(definition.system, "GPS")
    if name not in _TIME_SYSTEMS:
        raise RecordError(
            record.line,
            f"expected a time system ({', '.join(_TIME_SYSTEMS)}) in columns 49-51, found {name!r}",
        )
    return name


def _codes(record: Record, first: int, width: int, pattern: re.Pattern[str]) -> list[str]:
    """Return the observation codes of one record, in cells of equal width."""
    cells = [record.value[at : at + width].strip().upper() for at in range(first, 60, width)]
    while cells and not cells[-1]:
        cells.pop()
    for cell in cells:
        if not pattern.fullmatch(cell):
            raise RecordError(record.line, f"expected an observation code, found {cell!r}")
    return cells


def _count(record: Record, text: str) -> int:
    text = text.strip()
    if not text.isdecimal():
        raise RecordError(record.line, f"expected a number of observation codes, found {text!r}")
    return int(text)


def _check_count(record: Record, announced: int, codes: Sequence[str]) -> None:
    if announced != len(codes):
        raise RecordError(
            record.line, f"{announced} observation codes are announced, {len(codes)} are listed"
        )
    if len(set(codes)) != len(codes):
        raise RecordError(record.line, "an observation code is listed twice")


def _types_2(records: Sequence[Record]) -> tuple[str, ...]:
    """Parse ``# / TYPES OF OBSERV``: I6, 9(4X,A2), continued with a blank count."""
    announced, codes, head = 0, list[str](), records[0]
    for record in records:
        if record.value[:6].strip():
            # A spliced header may say the same again, or a header in the body something new.
            announced, codes, head = _count(record, record.value[:6]), [], record
        codes += _codes(record, 6, 6, _CODE_2)
    _check_count(head, announced, codes)
    return tuple(codes)


def _types_3(records: Sequence[Record]) -> dict[str, tuple[str, ...]]:
    """Parse ``SYS / # / OBS TYPES``: A1,2X,I3,13(1X,A3), continued with a blank letter."""
    groups: dict[str, tuple[Record, int, list[str]]] = {}
    letter = ""
    for record in records:
        if record.value[0] != " ":
            letter = record.value[0].upper()
            if letter not in CONSTELLATIONS:
                raise RecordError(
                    record.line, f"expected a constellation letter, found {record.value[0]!r}"
                )
            groups[letter] = (record, _count(record, record.value[3:6]), [])
        elif not letter:
            raise RecordError(record.line, "a continuation without a constellation before it")
        groups[letter][2].extend(_codes(record, 6, 4, _CODE_3))
    for record, announced, codes in groups.values():
        _check_count(record, announced, codes)
    return {letter: tuple(codes) for letter, (_, _, codes) in groups.items()}


def _scales(definition: Definition, records: Sequence[Record]) -> dict[tuple[str, str], int]:
    """Parse ``SYS / SCALE FACTOR``: A1,1X,I4,2X,I2,12(1X,A3); no codes means all of them."""
    groups: list[tuple[Record, str, int, int, list[str]]] = []
    for record in records:
        if record.value[0] != " ":
            letter, factor = record.value[0].upper(), record.value[2:6].strip()
            if not factor.isdecimal() or int(factor) not in _SCALES:
                raise RecordError(
                    record.line, f"expected a factor of 1, 10, 100 or 1000, found {factor!r}"
                )
            announced = record.value[8:10].strip()
            groups.append(
                (record, letter, int(factor), _count(record, announced) if announced else 0, [])
            )
        elif not groups:
            raise RecordError(record.line, "a continuation without a scale factor before it")
        groups[-1][4].extend(_codes(record, 10, 4, _CODE_3))
    scale: dict[tuple[str, str], int] = {}
    for head, system, divisor, announced_codes, codes in groups:
        if announced_codes:
            _check_count(head, announced_codes, codes)
        for code in codes or definition.observables.get(system, ()):
            scale[system, code] = divisor
    return scale


def _number(text: str) -> float | None:
    text = text.strip()
    return float(text.replace("D", "E").replace("d", "e")) if _NUMBER.fullmatch(text) else None


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
        values = [_number(cell) for cell in cells if cell.strip()]
        if not values and not any(cell.strip() for cell in cells):
            return None
        if len(values) != count or None in values:
            notes.append(f"line {record.line}: {label} is damaged and not used")
            return None
        return [value for value in values if value is not None]

    position = numbers("APPROX POSITION XYZ", 14, 3)
    antenna_height = numbers("ANTENNA: DELTA H/E/N", 14, 1)
    interval = numbers("INTERVAL", 10, 1)
    unit = text("SIGNAL STRENGTH UNIT").upper()
    if unit not in ("", "DBHZ"):
        notes.append(f"SIGNAL STRENGTH UNIT is {unit!r}, not DBHZ: the SNR is not in dB-Hz")
    if _FIRST not in by_label:
        notes.append(f"{_FIRST} is missing: {definition.time_system} time is assumed")
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
        receiver=text("REC # / TYPE / VERS"),
        antenna=text("ANT # / TYPE"),
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
