"""One file: what it is, whose it is, and whether it can be used."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from daemon.inbox import FoundFile
from daemon.store import FileRecord, FileState
from daemon.utc import utc_text
from retrieval import gnss
from retrieval.chain import SAME_STATION_M
from retrieval.errors import UnreadableFileError
from retrieval.rinex import read_file
from retrieval.rinex.navigation import read_navigation
from retrieval.rinex.records import ObservationFile
from retrieval.rinex.sp3 import read_sp3
from retrieval.rinex.text import FileKind, Text, file_kind, read_text
from retrieval.station import Station, distance_m

__all__ = ["FUTURE_TOLERANCE", "ORBIT_KINDS", "Intake", "parse_position", "take_in"]

ORBIT_KINDS = (FileKind.NAVIGATION.value, FileKind.SP3.value)

# Receivers and computers disagree by seconds; data further ahead than this are from the future.
FUTURE_TOLERANCE = pd.Timedelta(minutes=5)

_NO_SNR = (
    "no SNR observable (S1C, S2X, S1 ...) has a value; switch on signal strength (C/N0) in the "
    "receiver's or converter's RINEX options"
)


@dataclass(frozen=True)
class Intake:
    """A file's record and, where it can be used, its observations."""

    record: FileRecord
    file: ObservationFile | None = None


def take_in(found: FoundFile, station: Station, now: pd.Timestamp) -> Intake:
    """Read a file and judge it.

    Parameters
    ----------
    found : FoundFile
        The file.
    station : Station
        Whose files these should be.
    now : Timestamp
        UTC; epochs later than this (and a tolerance) are from the future.

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
            return Intake(_orbit_record(found, kind, text, now))
        file = read_file(text)
    except UnreadableFileError as error:
        where = f"line {error.line}: " if error.line is not None else ""
        return Intake(_record(found, kind, FileState.UNREADABLE, now, reason=where + error.problem))
    except OSError as error:
        reason = f"cannot be read ({error.strerror}); check its owner and permissions"
        return Intake(_record(found, kind, FileState.UNREADABLE, now, reason=reason))
    state, reason = _judged(file, station, now)
    record = _observation_record(found, kind, file, state, reason, now)
    return Intake(record, file if state == FileState.INGESTED else None)


def parse_position(text: str) -> NDArray[np.float64]:
    """Return the ECEF position of a record's `position_m`, (3,) metres."""
    return np.array([float(part) for part in text.split()])


def _judged(file: ObservationFile, station: Station, now: pd.Timestamp) -> tuple[FileState, str]:
    """Return state and reason of an observation file that could be read."""
    position_m = file.header.position_m
    if position_m is not None:
        apart_m = distance_m(position_m, station.ecef_m)
        if apart_m > SAME_STATION_M:
            return (
                FileState.OTHER_STATION,
                f"its header places the antenna {apart_m:.0f} m from station {station.name} "
                f"(marker {file.header.marker or 'none'}); more than {SAME_STATION_M:.0f} m is "
                "another station: correct [station], or take the file out of the inbox",
            )
    if len(file.epochs) == 0:
        return FileState.UNREADABLE, "no whole epoch in it"
    last = _utc(file.epochs.max())
    if last > now + FUTURE_TOLERANCE:
        return (
            FileState.FROM_FUTURE,
            f"its last epoch {utc_text(last, 's')} lies ahead of this computer's clock; check the "
            "clock and the file's date: it is tried again once the clock has passed",
        )
    if len(file.snr) == 0:
        return FileState.UNREADABLE, _NO_SNR
    return FileState.INGESTED, "; ".join(file.report.notes)


def _utc(gps: np.datetime64) -> pd.Timestamp:
    """Convert a GPS time to a UTC Timestamp."""
    return pd.Timestamp(gnss.gps_to_utc(np.array([gps]))[0]).tz_localize("UTC")


def _observation_record(
    found: FoundFile,
    kind: FileKind,
    file: ObservationFile,
    state: FileState,
    reason: str,
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
        position_m=None if position_m is None else " ".join(f"{x:.4f}" for x in position_m),
    )


def _orbit_record(found: FoundFile, kind: FileKind, text: Text, now: pd.Timestamp) -> FileRecord:
    """Make the record of a navigation or SP3 file, with the span of its ephemerides."""
    if kind == FileKind.NAVIGATION:
        navigation = read_navigation(text)
        times = np.concatenate([navigation.kepler.toe, navigation.glonass.reference])
        n_damage = sum(len(lines) for lines in navigation.damage.values())
    else:
        ephemeris = read_sp3(text)
        times, n_damage = ephemeris.time, len(ephemeris.damage)
    times = times[~np.isnat(times)]
    if len(times) == 0:
        return _record(
            found, kind, FileState.UNREADABLE, now, reason="no ephemeris in it", n_damage=n_damage
        )
    return _record(
        found,
        kind,
        FileState.INGESTED,
        now,
        n_epochs=len(np.unique(times)),
        n_damage=n_damage,
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
    position_m: str | None = None,
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
        position_m=position_m,
        ingested_at=utc_text(now),
    )
