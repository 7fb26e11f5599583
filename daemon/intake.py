"""One file: what it is, whose it is, and whether it can be used."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from daemon.growth import Growth, More, grown, growth_of, read_on
from daemon.inbox import FoundFile
from daemon.store import FileRecord, FileState
from daemon.utc import utc_text
from retrieval import gnss
from retrieval.chain import SAME_STATION_M
from retrieval.errors import PositionMissingError, UnreadableFileError
from retrieval.orbits import BroadcastOrbits, OrbitSource, PreciseOrbits
from retrieval.rinex import read_file
from retrieval.rinex.navigation import read_navigation
from retrieval.rinex.records import Damage, ObservationFile
from retrieval.rinex.report import DAMAGE_LIMIT
from retrieval.rinex.sp3 import read_sp3
from retrieval.rinex.text import FileKind, Text, file_kind, read_text
from retrieval.station import Station, distance_m

__all__ = [
    "FUTURE_TOLERANCE",
    "ORBIT_KINDS",
    "Intake",
    "away",
    "parse_position",
    "take_in",
    "take_on",
    "unopened",
]

ORBIT_KINDS = (FileKind.NAVIGATION.value, FileKind.SP3.value)

# Receivers and computers disagree by seconds; data further ahead than this are from the future.
FUTURE_TOLERANCE = pd.Timedelta(minutes=5)

_NO_NAME = re.compile(r"[^A-Za-z0-9_-]+")
_NO_SNR = (
    "no SNR observable (S1C, S2X, S1 ...) has a value; switch on signal strength (C/N0) in the "
    "receiver's or converter's RINEX options"
)
_UNDATED = (
    "SNR66 text does not hold its date, and its name does not tell it (or tells a day that does "
    "not exist); rename it to station, day of year, 0 and year, such as mchl0100.25.snr66"
)


@dataclass(frozen=True)
class Intake:
    """A file's record and, where it can be used, its observations.

    Attributes
    ----------
    record : FileRecord
        What is known of the file.
    station : Station
        Whose antenna it is of: the configured one, or another one's that was let in.
    file : ObservationFile or None
        None where it cannot be used.
    growth : Growth or None
        How far it was read, where it can be read on from there.
    goes_on : bool
        Whether only what followed a beginning was read (`take_on`).
    """

    record: FileRecord
    station: Station
    file: ObservationFile | None = None
    growth: Growth | None = None
    goes_on: bool = False

    @property
    def observations(self) -> ObservationFile:
        """The file, where it is known to be usable."""
        if self.file is None:
            raise ValueError(f"{self.record.path}: has no usable observations")
        return self.file


def take_in(
    found: FoundFile,
    station: Station,
    now: pd.Timestamp,
    *,
    any_station: bool = False,
    follow: bool = False,
) -> Intake:
    """Read a file and judge it.

    Parameters
    ----------
    found : FoundFile
        The file.
    station : Station
        Whose files these should be.
    now : Timestamp
        UTC; epochs later than this (and a tolerance) are from the future.
    any_station : bool
        Let files of other stations in, each with the name and position of its own header.
    follow : bool
        Note how far it was read, so that it can be read on once it has grown.

    Returns
    -------
    Intake
        With observations only when the record's state is ``ingested``. Observation files that need
        orbits may still have to wait for them; that is for the caller to see.
    """
    kind = FileKind.UNKNOWN
    try:
        text = read_text(found.path)
        kind = file_kind(text.content, text.path)
        if kind.value in ORBIT_KINDS:
            return Intake(_orbit_record(found, kind, text, now), station)
        file = read_file(text)
    except UnreadableFileError as error:
        where = f"line {error.line}: " if error.line is not None else ""
        # The readers serve `soilglint arcs` too, whose option is of no use here.
        undated = kind == FileKind.SNR66 and "--date" in error.problem
        reason = _UNDATED if undated else where + error.problem
        return Intake(_record(found, kind, FileState.UNREADABLE, now, reason=reason), station)
    apart_m = _distance_m(file, station)
    elsewhere = apart_m > SAME_STATION_M
    try:
        site = _own_station(file, station) if elsewhere and any_station else station
    except PositionMissingError as error:  # anything may stand in a header
        reason = f"its header's position is none on Earth: {error}"
        return Intake(_record(found, kind, FileState.UNREADABLE, now, reason=reason), station)
    if elsewhere and not any_station:
        state, reason = FileState.OTHER_STATION, _elsewhere_note(file, station, apart_m)
    else:
        state, reason = _judged(file, kind, site, now, len(file.snr))
    if elsewhere and state == FileState.INGESTED:
        let_in = f"of another station, {away(apart_m)} away, and let in as {site.name}"
        reason = "; ".join(part for part in (let_in, reason) if part)
    record = _observation_record(found, kind, file, state, reason, site.name, now)
    if state != FileState.INGESTED:
        return Intake(record, site)
    # Of a packed file the text is longer than what lies there.
    plain = follow and not elsewhere and len(text.content) == found.size
    return Intake(record, site, file, growth_of(text, file, found.sha256) if plain else None)


def take_on(
    found: FoundFile, more: More, before: FileRecord, station: Station, now: pd.Timestamp
) -> Intake | None:
    """Read what was appended to a file; None where it has to be read whole.

    Parameters
    ----------
    found : FoundFile
        The file.
    more : More
        What follows the beginning that is known.
    before : FileRecord
        The file's record.
    station : Station
        Whose file it is.
    now : Timestamp
        UTC.

    Returns
    -------
    Intake or None
        Its record is that of the whole file; its observations begin with the last epoch that was
        read before.
    """
    file = read_on(found.path, more)
    if file is None:
        return None
    kind, n_snr = FileKind(before.kind), more.growth.n_snr + len(file.snr)
    state, reason = _judged(file, kind, station, now, n_snr)
    record = replace(
        _observation_record(found, kind, file, state, reason, before.site, now),
        n_epochs=file.report.n_epochs,
        n_snr=n_snr,
        first_time=before.first_time,
        position_m=before.position_m,
    )
    if state != FileState.INGESTED:
        return Intake(record, station)
    further = grown(found.path, more, file, found.sha256)
    return Intake(record, station, file, further, goes_on=True)


def unopened(name: str, error: OSError, now: pd.Timestamp) -> FileRecord:
    """Make the record of a file that cannot be opened, of which only the name is known."""
    reason = f"cannot be opened ({error.strerror}); check its owner and permissions"
    nothing = FoundFile(name, Path(name), "", 0)
    return _record(nothing, FileKind.UNKNOWN, FileState.UNREADABLE, now, reason=reason)


def parse_position(text: str) -> NDArray[np.float64]:
    """Return the ECEF position of a record's `position_m`, (3,) metres."""
    return np.array([float(part) for part in text.split()])


def _distance_m(file: ObservationFile, station: Station) -> float:
    """Return how far from a station a file's header places the antenna; 0 where it does not say."""
    position_m = file.header.position_m
    return 0.0 if position_m is None else distance_m(position_m, station.ecef_m)


def away(distance_m: float) -> str:
    """Write a distance, in kilometres where metres say no more."""
    return f"{distance_m:.0f} m" if distance_m < 10_000 else f"{distance_m / 1000:,.0f} km"


def _elsewhere_note(file: ObservationFile, station: Station, apart_m: float) -> str:
    """Say that a file is of another station."""
    return (
        f"its header places the antenna {away(apart_m)} from station {station.name} (marker "
        f"{file.header.marker or 'none'}); more than {SAME_STATION_M:.0f} m is another station: "
        "correct [station], or take the file out of the inbox"
    )


def _own_station(file: ObservationFile, station: Station) -> Station:
    """Return the station that a file's own header describes."""
    marker = file.header.marker or Path(file.path).name.split(".")[0]
    name = _NO_NAME.sub("-", marker).strip("-")[:60] or "unnamed"
    if name.lower() == station.name.lower():
        name += "-elsewhere"  # the same marker at another place
    position_m = file.header.position_m
    if position_m is None:
        raise ValueError(f"{file.path}: a file without position belongs to the station itself")
    return Station.from_ecef(name, position_m)


def _judged(
    file: ObservationFile, kind: FileKind, station: Station, now: pd.Timestamp, n_snr: int
) -> tuple[FileState, str]:
    """Return state and reason of an observation file of a station, with so many SNR values."""
    if len(file.epochs) == 0:
        return FileState.UNREADABLE, "; ".join(["no whole epoch in it", *_not_whole(file)])
    last = _utc(file.epochs.max())
    if last > now + FUTURE_TOLERANCE:
        return (
            FileState.FROM_FUTURE,
            f"its last epoch {utc_text(last, 's')} lies ahead of this computer's clock; check the "
            "clock and the file's date: it is tried again once the clock has passed",
        )
    if n_snr == 0:
        return FileState.UNREADABLE, _NO_SNR
    return FileState.INGESTED, "; ".join(
        [*file.report.notes, *_not_whole(file), *_other_marker(file, kind, station)]
    )


def _not_whole(file: ObservationFile) -> list[str]:
    """Say where an observation file is not whole."""
    cut = file.report.cut
    ends = [] if cut is None else [f"it ends early: line {cut.line}: {cut.reason}"]
    return ends + _dropped(file.report.damage)


def _dropped(damage: Sequence[Damage]) -> list[str]:
    """Say how much of a file was dropped, and where that began."""
    if not damage:
        return []
    first = f"line {damage[0].line}: {damage[0].reason}"
    if len(damage) == 1:
        return [first]
    number = f"more than {DAMAGE_LIMIT}" if len(damage) > DAMAGE_LIMIT else str(len(damage))
    return [f"{number} places were not whole, the first at {first}"]


def _other_marker(file: ObservationFile, kind: FileKind, station: Station) -> list[str]:
    """Say when the name of an SNR66 file speaks of another station: it holds no position."""
    marker = file.header.marker
    if kind != FileKind.SNR66 or marker[:4].lower() == station.name[:4].lower():
        return []
    return [
        f"its name says station {marker[:4]}, this one is {station.name}, and SNR66 text holds no "
        "position to tell; if it is another station's, take it out and begin a new store"
    ]


def _utc(gps: np.datetime64) -> pd.Timestamp:
    """Convert a GPS time to a UTC Timestamp."""
    return pd.Timestamp(gnss.gps_to_utc(np.array([gps]))[0]).tz_localize("UTC")


def _observation_record(
    found: FoundFile,
    kind: FileKind,
    file: ObservationFile,
    state: FileState,
    reason: str,
    site: str,
    now: pd.Timestamp,
) -> FileRecord:
    """Make the record of an observation file."""
    position_m = file.header.position_m
    some = len(file.epochs) > 0
    return _record(
        found,
        kind,
        state,
        now,
        reason=reason,
        n_epochs=len(file.epochs),
        n_snr=len(file.snr),
        n_damage=len(file.report.damage) + (file.report.cut is not None),
        first=_utc(file.epochs.min()) if some else None,
        last=_utc(file.epochs.max()) if some else None,
        cut=file.report.cut is not None,
        position_m=None if position_m is None else " ".join(f"{x:.4f}" for x in position_m),
        site=site,
    )


def _orbit_record(found: FoundFile, kind: FileKind, text: Text, now: pd.Timestamp) -> FileRecord:
    """Make the record of a navigation or SP3 file, with the span of its ephemerides."""
    source: OrbitSource
    if kind == FileKind.NAVIGATION:
        navigation = read_navigation(text)
        source = BroadcastOrbits(navigation)
        times = np.concatenate([navigation.kepler.toe, navigation.glonass.reference])
        damage = [place for places in navigation.damage.values() for place in places]
    else:
        ephemeris = read_sp3(text)
        source = PreciseOrbits(ephemeris)
        times = ephemeris.time
        damage = list(ephemeris.damage)
    times = times[~np.isnat(times)]
    notes = _dropped(damage)
    if len(times) == 0:
        reason = "; ".join(["no ephemeris in it", *notes])
        return _record(found, kind, FileState.UNREADABLE, now, reason=reason, n_damage=len(damage))
    return _record(
        found,
        kind,
        FileState.INGESTED,
        now,
        reason="; ".join(notes),
        n_epochs=len(np.unique(times)),
        n_damage=len(damage),
        cut=text.cut is not None,
        satellites=" ".join(source.satellites),
        first=_utc(times.min()),
        last=_utc(times.max()),
    )


def _record(
    found: FoundFile,
    kind: FileKind,
    state: FileState,
    now: pd.Timestamp,
    *,
    reason: str = "",
    n_epochs: int = 0,
    n_snr: int = 0,
    n_damage: int = 0,
    first: pd.Timestamp | None = None,
    last: pd.Timestamp | None = None,
    cut: bool = False,
    position_m: str | None = None,
    satellites: str = "",
    site: str = "",
) -> FileRecord:
    return FileRecord(
        path=found.name,
        sha256=found.sha256,
        size=found.size,
        kind=kind.value,
        state=state,
        reason=reason,
        n_epochs=n_epochs,
        n_snr=n_snr,
        n_damage=n_damage,
        first_time=None if first is None else utc_text(first),
        last_time=None if last is None else utc_text(last),
        cut=cut,
        position_m=position_m,
        satellites=satellites,
        site=site,
        ingested_at=utc_text(now),
    )
