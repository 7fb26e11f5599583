"""Headers of RINEX 3.04 and 2.11 observation files that hold SNR only.

Columns and labels: RINEX 3.04 (IGS/RTCM 2018), table A2; RINEX 2.11 (Gurtner and Estey 2007),
table A1. What such a file must have and we cannot know (the offset of GLONASS code and phase, where
there is no code and no phase) is left blank, as the standard has it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from retrieval.equipment import equipment_text
from retrieval.errors import InputError
from retrieval.gnss import CONSTELLATIONS, GLONASS_CHANNELS

__all__ = ["VERSIONS", "ObservationHeader", "header_lines"]

VERSIONS = ("3.04", "2.11")

_VALUE_WIDTH = 60
_CODES_PER_LINE = {"3.04": 13, "2.11": 9}
_SLOTS_PER_LINE = 8

# Numbers of receiver and antenna, and the receiver's firmware.
_NUMBER, _FIRMWARE = "0", "1"

_T = TypeVar("_T")


@dataclass(frozen=True)
class ObservationHeader:
    """What a header says besides signals and times.

    Attributes
    ----------
    version : {"3.04", "2.11"}
        RINEX version.
    marker : str
        MARKER NAME.
    ecef_m : (x, y, z)
        APPROX POSITION XYZ of the antenna, metres. The offset of the antenna from the marker is
        written as zero.
    interval_s : float
        Seconds between epochs.
    created : datetime64
        Date of the file, UTC; given, not read from a clock, so that a rebuild gives the same bytes.
    program, run_by, observer, agency : str
        Who made the file, 20 characters each (agency 40).
    receiver, antenna : str
        Types, 20 characters.
    comments : tuple of str
        Lines of 60 characters at most.
    glonass_channels : mapping
        Slot -> frequency channel, for the satellites that may occur.
    strength_digit : bool
        Whether each value carries RINEX's signal strength digit, min(max(dB-Hz / 6, 1), 9), as
        converters of Trimble and Septentrio files write it.

    Raises
    ------
    InputError
        The version is another one.
    """

    version: str
    marker: str
    ecef_m: tuple[float, float, float]
    interval_s: float
    created: np.datetime64
    program: str = "soilglint"
    run_by: str = "simulated"
    observer: str = "simulated"
    agency: str = "soilglint"
    receiver: str = "SIMULATED"
    antenna: str = "SIMULATED       NONE"
    comments: tuple[str, ...] = ()
    glonass_channels: Mapping[int, int] = field(default_factory=lambda: dict(GLONASS_CHANNELS))
    strength_digit: bool = False

    def __post_init__(self) -> None:
        if self.version not in VERSIONS:
            raise InputError(
                f"RINEX version {self.version!r}: expected one of {', '.join(VERSIONS)}"
            )

    @property
    def equipment(self) -> str:
        """Receiver and antenna, as a reader of the header names them."""
        return equipment_text(_NUMBER, self.receiver, _FIRMWARE, _NUMBER, self.antenna)


def header_lines(
    header: ObservationHeader,
    observables: Mapping[str, Sequence[str]],
    glonass_slots: Sequence[int],
    first: np.datetime64,
    last: np.datetime64,
) -> list[str]:
    """Return the header, up to and with END OF HEADER, as lines of 61 to 80 characters.

    Parameters
    ----------
    header : ObservationHeader
        What the caller decides.
    observables : mapping
        Constellation letter -> observation codes in file order. In RINEX 2 all have the same.
    glonass_slots : sequence of int
        GLONASS satellites in the file.
    first, last : datetime64
        First and last epoch, GPS time.

    Raises
    ------
    InputError
        A text does not fit its field or is not plain ASCII, or a GLONASS satellite has no channel.
    """
    return [
        _line(value, label) for value, label in _records(header, observables, glonass_slots)
    ] + [
        _line(value, label)
        for value, label in (
            (f"{header.interval_s:10.3f}", "INTERVAL"),
            (_time(first), "TIME OF FIRST OBS"),
            (_time(last), "TIME OF LAST OBS"),
            ("", "END OF HEADER"),
        )
    ]


def _records(
    header: ObservationHeader,
    observables: Mapping[str, Sequence[str]],
    glonass_slots: Sequence[int],
) -> Iterator[tuple[str, str]]:
    is_3 = header.version == "3.04"
    letters = list(observables)
    system = f"{letters[0]}: {CONSTELLATIONS[letters[0]]}" if len(letters) == 1 else "M: MIXED"
    created = str(header.created.astype("datetime64[s]")).replace("-", "").replace(":", "")
    x, y, z = header.ecef_m
    yield f"{header.version:>9}{'':11}{'OBSERVATION DATA':<20}{system}", "RINEX VERSION / TYPE"
    yield (
        _text("program", header.program, 20)
        + _text("run_by", header.run_by, 20)
        + f"{created.replace('T', ' ')} UTC",
        "PGM / RUN BY / DATE",
    )
    for comment in header.comments:
        yield _text("comment", comment, _VALUE_WIDTH), "COMMENT"
    yield _text("marker", header.marker, _VALUE_WIDTH), "MARKER NAME"
    if is_3:
        yield "GEODETIC", "MARKER TYPE"
    yield (
        _text("observer", header.observer, 20) + _text("agency", header.agency, 40),
        "OBSERVER / AGENCY",
    )
    receiver, antenna = (
        _text(what, text, 20)
        for what, text in (("receiver", header.receiver), ("antenna", header.antenna))
    )
    yield f"{_NUMBER:<20}{receiver}{_FIRMWARE:<20}", "REC # / TYPE / VERS"
    yield f"{_NUMBER:<20}{antenna}", "ANT # / TYPE"
    yield f"{x:14.4f}{y:14.4f}{z:14.4f}", "APPROX POSITION XYZ"
    yield f"{0:14.4f}{0:14.4f}{0:14.4f}", "ANTENNA: DELTA H/E/N"
    if not is_3:
        yield f"{1:6d}{1:6d}", "WAVELENGTH FACT L1/2"
        yield from _types_2(observables[letters[0]])
        return
    for letter, codes in observables.items():
        yield from _types_3(letter, codes)
    yield "DBHZ", "SIGNAL STRENGTH UNIT"
    if glonass_slots:
        yield from _slots(glonass_slots, header.glonass_channels)
        yield "", "GLONASS COD/PHS/BIS"


def _types_2(codes: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield I6, 9(4X,A2) records, continued with a blank count."""
    for start, part in _parts(codes, _CODES_PER_LINE["2.11"]):
        count = "" if start else len(codes)
        yield f"{count:>6}" + "".join(f"{code:>6}" for code in part), "# / TYPES OF OBSERV"


def _types_3(letter: str, codes: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield A1,2X,I3,13(1X,A3) records, continued with a blank letter and count."""
    for start, part in _parts(codes, _CODES_PER_LINE["3.04"]):
        head = "" if start else f"{letter}  {len(codes):3d}"
        yield f"{head:<6}" + "".join(f" {code}" for code in part), "SYS / # / OBS TYPES"


def _slots(slots: Sequence[int], channels: Mapping[int, int]) -> Iterator[tuple[str, str]]:
    """Yield I3,1X,8(A1,I2.2,1X,I2,1X) records."""
    missing = [f"R{slot:02d}" for slot in slots if slot not in channels]
    if missing:
        raise InputError(
            f"GLONASS satellite {', '.join(missing)}: expected a frequency channel for each "
            "satellite in the file; add it to glonass_channels"
        )
    for start, part in _parts(slots, _SLOTS_PER_LINE):
        count = "" if start else len(slots)
        pairs = "".join(f"R{slot:02d} {channels[slot]:2d} " for slot in part)
        yield f"{count:>3} {pairs}", "GLONASS SLOT / FRQ #"


def _parts(items: Sequence[_T], size: int) -> Iterator[tuple[int, Sequence[_T]]]:
    for start in range(0, len(items), size):
        yield start, items[start : start + size]


def _time(time: np.datetime64) -> str:
    """Return 5I6,F13.7,5X,A3 in GPS time."""
    ns = int(time.astype("datetime64[ns]").astype(np.int64))
    minute, rest = np.datetime64(ns // 1_000_000_000 // 60, "m"), ns % 60_000_000_000
    numbers = str(minute).replace("T", "-").replace(":", "-").split("-")
    return "".join(f"{int(x):6d}" for x in numbers) + f"{rest / 1e9:13.7f}     GPS"


def _text(what: str, text: str, width: int) -> str:
    if len(text) > width or not (text.isascii() and text.isprintable()):
        raise InputError(
            f"{what} {text!r}: expected at most {width} plain ASCII characters; shorten it"
        )
    return text.ljust(width)


def _line(value: str, label: str) -> str:
    if len(value.rstrip()) > _VALUE_WIDTH:
        raise InputError(
            f"{label}: {value.rstrip()!r} is longer than the {_VALUE_WIDTH} columns of a header "
            "record; shorten it"
        )
    return f"{value.rstrip():<{_VALUE_WIDTH}}{label}"
