"""What the observation files of a receiver tell about their station."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from daemon.utc import utc_text
from retrieval import gnss
from retrieval.chain import SAME_STATION_M
from retrieval.errors import InputError, NoSnrError, PositionMissingError, UnreadableFileError
from retrieval.rinex import FileKind, Text, file_kind, read_file, read_text
from retrieval.rinex.nmea import COARSE_NOTE
from retrieval.rinex.records import ObservationFile, SnrTable
from retrieval.station import Station, distance_m, geodetic_to_ecef

__all__ = ["SignalFacts", "StationFacts", "name_from_marker", "position_for", "station_facts"]

# A signal with fewer values than this share of the richest one's brings hardly any arcs.
_FEW = 0.05

# RINEX 3 station names: site, monument, receiver, country (ESBC00DNK).
_LONG_MARKER = re.compile(r"[A-Z0-9]{4}\d\d[A-Z]{3}", re.IGNORECASE)
# esbc1770.20o and ESBC00DNK_R_2020...: what the name of a file calls the station.
_FILE_NAME = re.compile(r"(?P<short>\w{4})\d{3}[0-9a-x]\d{0,2}\.\d\d|(?P<long>[^_.]+)")
_NAME_LENGTH = 64


@dataclass(frozen=True)
class SignalFacts:
    """One signal of the files.

    Attributes
    ----------
    name : str
        Such as ``GS2X``.
    n_values, n_satellites : int
        SNR values, and satellites that have some.
    against : str
        Why it should not be used; empty when it should.
    """

    name: str
    n_values: int
    n_satellites: int
    against: str = ""


@dataclass(frozen=True)
class StationFacts:
    """What files tell about their station.

    Attributes
    ----------
    files : tuple of str
        Names of the observation files, without folders, in order of time.
    orbit_files : tuple of str
        Names of the navigation and SP3 files that were among them.
    marker : str
        MARKER NAME, or what the name of an SNR66 file says; may be empty.
    name : str
        The marker (else the file's own name) made fit to be `station.name`; may be empty.
    position : (latitude, longitude, height) or None
        Degrees north and east, ellipsoidal metres; None where no header has it.
    position_of_fixes : bool
        Whether it is the median of the fixes in NMEA text, which has no header.
    marker_to_antenna_m : float or None
        ANTENNA: DELTA H, which is above the marker and not above the ground.
    interval_s : float or None
        Median step of the epochs.
    receiver, antenna : str
        As they stand in the header.
    first, last : str
        Times of the first and last epoch, UTC.
    signals : tuple of SignalFacts
        All signals with SNR, in order of name.
    needs_orbits : bool
        Whether directions must be computed: only SNR66 text brings its own.
    notes : tuple of str
        What the readers say of the files.
    """

    files: tuple[str, ...]
    orbit_files: tuple[str, ...]
    marker: str
    name: str
    position: tuple[float, float, float] | None
    position_of_fixes: bool
    marker_to_antenna_m: float | None
    interval_s: float | None
    receiver: str
    antenna: str
    first: str
    last: str
    signals: tuple[SignalFacts, ...]
    needs_orbits: bool
    notes: tuple[str, ...]


def station_facts(paths: Sequence[Path]) -> StationFacts:
    """Read observation files of one station and say what they tell about it.

    Navigation and SP3 files among them are recognised and named.

    Raises
    ------
    UnreadableFileError
        A file cannot be read.
    NoSnrError
        None of them holds an SNR value.
    InputError
        There is no observation file among them, or they are of different stations.
    """
    files: list[ObservationFile] = []
    orbit_files: list[str] = []
    for path in paths:
        text = read_text(path)
        if file_kind(text.content, path.name) in (FileKind.NAVIGATION, FileKind.SP3):
            orbit_files.append(path.name)
        else:
            files.append(_read(text))
    named = ", ".join(str(path) for path in paths)
    if not files:
        raise InputError(f"{named}: no observation file among them; give one of the receiver")
    files = [file for file in files if len(file.epochs)]
    snr = SnrTable.concatenate([file.snr for file in files])
    if len(snr) == 0:
        raise NoSnrError(
            f"{named}: no SNR observable (S1C, S2X, S1 ...) has a value in a whole epoch; switch "
            "on signal strength (C/N0) in the receiver's or converter's RINEX options"
        )
    files.sort(key=lambda file: file.epochs.min())
    _require_one_station(files)
    source = next((file for file in files if file.header.position_m is not None), files[0])
    header = source.header
    epochs = np.unique(np.concatenate([file.epochs for file in files]))
    utc = gnss.gps_to_utc(epochs[[0, -1]])
    return StationFacts(
        files=tuple(Path(file.path).name for file in files),
        orbit_files=tuple(orbit_files),
        marker=header.marker,
        name=name_from_marker(header.marker) or _name_from_file(Path(files[0].path).name),
        position=None if header.position_m is None else _geodetic(header.position_m),
        position_of_fixes=header.position_m is not None and COARSE_NOTE in source.report.notes,
        marker_to_antenna_m=header.antenna_height_m,
        interval_s=_interval_s(files) or header.interval_s,
        receiver=header.receiver,
        antenna=header.antenna,
        first=utc_text(utc[0], "s"),
        last=utc_text(utc[1], "s"),
        signals=_signals(snr),
        needs_orbits=any(not file.snr.has_angles for file in files),
        notes=tuple(dict.fromkeys(note for file in files for note in file.report.notes)),
    )


def position_for(
    facts: StationFacts, given: tuple[float, float, float] | None
) -> tuple[float, float, float]:
    """Return the position of the station: the one given, else that of the header.

    Raises
    ------
    PositionMissingError
        There is neither.
    InputError
        They lie so far apart that the files would count as another station's.
    """
    position = given or facts.position
    if position is None:
        raise PositionMissingError(
            f"{', '.join(facts.files)}: holds no position; give --position LATITUDE LONGITUDE "
            "HEIGHT (degrees north and east, ellipsoidal metres)"
        )
    if given is None or facts.position is None:
        return position
    apart_m = distance_m(geodetic_to_ecef(*given), geodetic_to_ecef(*facts.position))
    if apart_m > SAME_STATION_M:
        raise InputError(
            f"--position lies {apart_m:.0f} m from the position in the header of "
            f"{', '.join(facts.files)}; files more than {SAME_STATION_M:.0f} m away are taken for "
            "another station's: correct --position, or leave it out"
        )
    return given


def _read(text: Text) -> ObservationFile:
    """Read an observation file; what is said of a missing date must fit this command."""
    try:
        return read_file(text)
    except UnreadableFileError as error:
        if "--date" not in error.problem:
            raise
        raise UnreadableFileError(
            text.path,
            "its name does not tell its day, without which it cannot be used at a station either; "
            "rename it to station, day of year, 0 and year, such as mchl0100.25.snr66",
        ) from error


def name_from_marker(marker: str) -> str:
    """Make a station name of a marker: lower case, the first four of a RINEX 3 station name.

    Examples
    --------
    >>> name_from_marker("ESBC00DNK"), name_from_marker("Farm Nord 2"), name_from_marker("  ")
    ('esbc', 'farm-nord-2', '')
    """
    if _LONG_MARKER.fullmatch(marker.strip()):
        marker = marker.strip()[:4]
    return re.sub(r"[^a-z0-9_-]+", "-", marker.lower()).strip("-_")[:_NAME_LENGTH]


def _name_from_file(name: str) -> str:
    """Make a station name of a file's name, for headers without a marker."""
    found = _FILE_NAME.match(name)
    return name_from_marker(found["short"] or found["long"]) if found else ""


def _require_one_station(files: Sequence[ObservationFile]) -> None:
    """Refuse files of stations that lie apart."""
    placed = [(f, f.header.position_m) for f in files if f.header.position_m is not None]
    for file, position_m in placed[1:]:
        apart_m = distance_m(position_m, placed[0][1])
        if apart_m > SAME_STATION_M:
            raise InputError(
                f"{file.path}: its header places the antenna {apart_m / 1000:.1f} km from that of "
                f"{placed[0][0].path}; a configuration is of one station: give files of one"
            )


def _geodetic(position_m: tuple[float, float, float]) -> tuple[float, float, float]:
    """Return latitude and longitude to a millimetre (1e-8 degrees) and height to another."""
    station = Station.from_ecef("header", position_m)
    return (
        round(station.latitude_deg, 8),
        round(station.longitude_deg, 8),
        round(station.height_m, 3),
    )


def _interval_s(files: Sequence[ObservationFile]) -> float | None:
    """Return the median step of the epochs, inside files only; None for single epochs."""
    steps = np.concatenate([np.diff(np.unique(file.epochs)) for file in files])
    if len(steps) == 0:
        return None
    return float(np.median(steps.astype(np.int64))) / 1e9


def _signals(snr: SnrTable) -> tuple[SignalFacts, ...]:
    """Count the values of each signal, and say which should not be used."""
    codes, counts = np.unique(snr.signal, return_counts=True)
    most = counts.max()
    found = []
    for code, count in zip(codes, counts, strict=True):
        name = gnss.signal_name(int(code))
        n_satellites = len(np.unique(snr.satellite[snr.signal == code]))
        found.append(SignalFacts(name, int(count), n_satellites, _against(name, count / most)))
    return tuple(found)


def _against(signal: str, share: float) -> str:
    """Say why a signal should not be used; empty when it should."""
    if signal[0] == "G" and signal[3:] in ("W", "N"):
        return "tracked without the code (docs/arcs.md)"
    if signal[0] == "S":
        return "geostationary satellites draw no arcs"
    if share < _FEW:
        return "few values"
    return ""
