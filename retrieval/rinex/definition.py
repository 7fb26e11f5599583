"""What decides how observation lines are read: header records, and what they define.

Columns and labels are those of RINEX 2.11 (Gurtner & Estey 2007, table A1), 3.05 (IGS/RTCM 2020,
table A2) and 4.00 to 4.02 (IGS/RTCM, table A2): 4.00 added DOI, LICENSE OF USE and
STATION INFORMATION, and made SYS / PHASE SHIFT and GLONASS COD/PHS/BIS optional.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from retrieval.equipment import equipment_text
from retrieval.gnss import CONSTELLATIONS

__all__ = [
    "ANTENNA_LABEL",
    "APPROX_POSITION",
    "LABELS",
    "RECEIVER_LABEL",
    "SCALE_LABEL",
    "STATION_LABELS",
    "TIME_OF_FIRST_OBS",
    "VERSION_LABEL",
    "Definition",
    "Record",
    "RecordError",
    "first_definition",
    "has_label",
    "looks_like_types",
    "read_number",
    "redefine",
    "types_label",
]

_LABEL = slice(60, 80)
LABELS = frozenset(
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
SCALE_LABEL = "SYS / SCALE FACTOR"
APPROX_POSITION, TIME_OF_FIRST_OBS = "APPROX POSITION XYZ", "TIME OF FIRST OBS"
VERSION_LABEL = "RINEX VERSION / TYPE"
RECEIVER_LABEL, ANTENNA_LABEL = "REC # / TYPE / VERS", "ANT # / TYPE"
STATION_LABELS = ("MARKER NAME", RECEIVER_LABEL, ANTENNA_LABEL, "ANTENNA: DELTA H/E/N")
_CODE_2 = re.compile(r"[CPLDST][1-9A-D]")
_CODE_3 = re.compile(r"[A-Z]\d[A-Z]?")
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d*)?(?:[EeDd][-+]?\d+)?|[-+]?\.\d+")
# The value of a record of observation codes, whatever has become of its label.
_TYPES_LIKE = re.compile(rb"(?:[A-Z]  [ \d]{2}\d|[ \d]{6})(?: {1,4}[A-Z]\d[A-Z]?)+ *")
_TIME_SYSTEMS = ("GPS", "GLO", "GAL", "QZS", "BDT", "IRN")
_TIME_SYSTEM = slice(43, 60)  # columns 49 to 51; some writers miss them by a column
_LETTERS = re.compile(r"[A-Z]+")
# RINEX 3.05, table A2: what a blank time system means in files of one constellation.
_DEFAULT_TIME_SYSTEM = {"R": "GLO", "E": "GAL", "C": "BDT", "J": "QZS", "I": "IRN"}
_SCALES = (1, 10, 100, 1000)
# Receivers work out their approximate position anew, and differ by metres; another site is farther.
_SAME_SITE_M = 100.0
_CELL = 20


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

    def cells(self, count: int) -> tuple[str, ...]:
        """Return the first cells of 20 characters, as of receiver (3A20) and antenna (2A20)."""
        return tuple(self.value[_CELL * i : _CELL * (i + 1)] for i in range(count))


class RecordError(Exception):
    """A record that decides how observations are read is damaged."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(problem)
        self.line = line
        self.problem = problem


@dataclass(frozen=True)
class Definition:
    """What decides how observation lines are read, until a header block in the body changes it.

    And what they were heard with, which may change there too.

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
    position_m : (x, y, z) or None
        APPROX POSITION XYZ, metres; a later one only where it is another site.
    broken : str or None
        Why nothing can be read with it.
    receiver : (number, type, version)
        Cells of REC # / TYPE / VERS, blank where there is none.
    antenna : (number, type)
        Cells of ANT # / TYPE.
    """

    version: float
    system: str
    observables: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    scale: Mapping[tuple[str, str], int] = field(default_factory=dict)
    time_system: str = "GPS"
    position_m: tuple[float, float, float] | None = None
    broken: str | None = None
    receiver: tuple[str, ...] = ("", "", "")
    antenna: tuple[str, ...] = ("", "")

    @property
    def equipment(self) -> str:
        """Receiver and antenna, as `retrieval.equipment` writes them."""
        return equipment_text(*self.receiver, *self.antenna)

    @property
    def n_codes(self) -> int:
        """Observations per satellite in RINEX 2."""
        return max((len(codes) for codes in self.observables.values()), default=0)

    @property
    def default_letter(self) -> str:
        """Constellation of a RINEX 2 satellite id without a letter."""
        return "G" if self.system == "M" else self.system

    def site_distance_m(self, position_m: tuple[float, float, float] | None) -> float:
        """Distance to a position; 0 for the same site, and where either is not known."""
        if position_m is None or self.position_m is None:
            return 0.0
        distance = math.dist(self.position_m, position_m)
        return distance if distance > _SAME_SITE_M else 0.0

    def unreadable(self, reason: str) -> Definition:
        """Return the definition after records were lost: nothing is read until codes come again.

        In RINEX 3, where they come by constellation, those of the others are not known either.
        """
        observables = self.observables if self.version < 3 else {}
        return replace(self, observables=observables, broken=reason)


def has_label(text: bytes) -> bool:
    """Return whether a line carries a label of the standard in columns 61 to 80."""
    return len(text) > 60 and text[_LABEL].strip().upper().decode("latin-1") in LABELS


def looks_like_types(text: bytes) -> bool:
    """Return whether a line without a label holds observation codes like a record of them."""
    return bool(_TYPES_LIKE.fullmatch(text[:60]))


def types_label(version: float) -> str:
    """Return the label of the observation codes in a RINEX version."""
    return _TYPES_2 if version < 3 else _TYPES_3


def first_definition(records: Sequence[Record]) -> Definition:
    """Return what the first record of a header says: the definition before its other records.

    Raises
    ------
    RecordError
        There is no such record, or it is damaged.
    """
    first = next((record for record in records if record.label == VERSION_LABEL), None)
    if first is None:
        raise RecordError(1, f"expected {VERSION_LABEL} in the first line")
    version = read_number(first.value[:9])
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
    generation = int(definition.version)
    for record in records:
        version = definition.version
        if record.label == VERSION_LABEL:
            version = read_number(record.value[:9]) or 0.0
        if not generation <= version < generation + 1:
            raise RecordError(
                record.line,
                f"expected RINEX {generation} as at the top of the file, found version "
                f"{record.value[:9].strip()!r}",
            )
        if record.label == TIME_OF_FIRST_OBS:
            definition = replace(definition, time_system=_time_system(definition, record))
        if record.label == APPROX_POSITION:
            definition = _at_position(definition, _position(record))
        if record.label == RECEIVER_LABEL:
            definition = replace(definition, receiver=record.cells(3))
        if record.label == ANTENNA_LABEL:
            definition = replace(definition, antenna=record.cells(2))
    types = [r for r in records if r.label == types_label(definition.version)]
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
    scales = [record for record in records if record.label == SCALE_LABEL]
    if scales:
        definition = replace(definition, scale={**definition.scale, **_scales(definition, scales)})
    return definition


def _time_system(definition: Definition, record: Record) -> str:
    found = _LETTERS.search(record.value[_TIME_SYSTEM].upper())
    if not found:
        return _DEFAULT_TIME_SYSTEM.get(definition.system, "GPS")
    name = "GLO" if found.group() == "UTC" else found.group()
    if name not in _TIME_SYSTEMS:
        raise RecordError(
            record.line,
            f"expected a time system ({', '.join(_TIME_SYSTEMS)}) in columns 49-51, found {name!r}",
        )
    return name


def _position(record: Record) -> tuple[float, float, float] | None:
    """Parse ``APPROX POSITION XYZ``, 3F14.4; None where it is damaged or all zero."""
    x, y, z = (read_number(record.value[at : at + 14]) for at in (0, 14, 28))
    if x is None or y is None or z is None or not (x or y or z):
        return None
    return x, y, z


def _at_position(
    definition: Definition, position_m: tuple[float, float, float] | None
) -> Definition:
    """Return a definition at a position: its own, unless that is another site."""
    if position_m is None:
        return definition
    if definition.position_m is None or definition.site_distance_m(position_m):
        return replace(definition, position_m=position_m)
    return definition


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
    if not codes:
        raise RecordError(head.line, "expected observation codes, found none")
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


def read_number(text: str) -> float | None:
    """Return the number in a field of a header; None where there is none."""
    text = text.strip()
    return float(text.replace("D", "E").replace("d", "e")) if _NUMBER.fullmatch(text) else None
