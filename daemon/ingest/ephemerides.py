"""Which orbit files serve which observations, and what waits for others to come."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import replace

from daemon.config import Config
from daemon.inbox import path_of_name
from daemon.intake import ORBIT_KINDS, Intake
from daemon.store import FileRecord, FileState
from daemon.utc import moved_text
from retrieval.chain import load_orbits
from retrieval.orbits import OrbitSource
from retrieval.rinex.text import FileKind

__all__ = ["covering_orbits", "digits", "is_worse", "let_wait", "may_go_on", "read_orbits"]

# How old an ephemeris may be (retrieval.orbits); orbit files further away are not read.
_EPHEMERIS_REACH = datetime.timedelta(hours=24)
_KIND_OF = {"broadcast": FileKind.NAVIGATION.value, "sp3": FileKind.SP3.value}
_DIGITS = 16

_WAITING = (
    "no ephemeris covers it; put the RINEX navigation file (or SP3) of its day into the inbox, or "
    "name it under [orbits]; it is tried again then"
)


def covering_orbits(
    record: FileRecord, orbits: Sequence[FileRecord], prefer: Sequence[str]
) -> list[FileRecord]:
    """Return the orbit files of the preferred kinds that may serve an observation file."""
    if record.first_time is None or record.last_time is None:
        return []
    # As text, which sorts as time does: an archive has many files of both sorts.
    since = moved_text(record.first_time, -_EPHEMERIS_REACH)
    until = moved_text(record.last_time, _EPHEMERIS_REACH)
    kinds = {_KIND_OF[name] for name in prefer}
    return [
        orbit
        for orbit in orbits
        if orbit.kind in kinds
        and (orbit.first_time or "") <= until
        and since <= (orbit.last_time or "")
    ]


def may_go_on(record: FileRecord, orbits: Sequence[FileRecord], prefer: Sequence[str]) -> bool:
    """Whether a file lacks ephemerides or has old ones, and orbit files are new to it."""
    waits = record.state == FileState.WAITING_ORBITS
    lacks = set(record.satellites.split())
    partly = record.state == FileState.INGESTED and record.kind not in ORBIT_KINDS and bool(lacks)
    if not waits and not partly:
        return False
    tried = set(record.orbits.split())
    return any(
        waits or lacks & set(orbit.satellites.split())
        for orbit in covering_orbits(record, orbits, prefer)
        if orbit.sha256[:_DIGITS] not in tried
    )


def is_worse(record: FileRecord, before: FileRecord) -> bool:
    """Whether a file taken again lacks ephemerides it had: a navigation file has gone since."""
    return (
        before.state == FileState.INGESTED
        and before.sha256 == record.sha256
        and not set(record.satellites.split()) <= set(before.satellites.split())
    )


def read_orbits(config: Config, names: Sequence[str]) -> list[OrbitSource]:
    """Read orbit files, by their names in the store, into the configured order of preference."""
    # A whole path stays what it is.
    paths = [path_of_name(config.inbox.path, name) for name in names]
    prefer = config.orbits.prefer
    sources = load_orbits([path for path in paths if path.exists()])
    return sorted(sources, key=lambda source: prefer.index(source.name))


def let_wait(
    intake: Intake, orbits: Sequence[FileRecord], prefer: Sequence[str], faults: str
) -> FileRecord:
    """Return the record of a file that must wait for orbits.

    Parameters
    ----------
    intake : Intake
        The file.
    orbits : sequence of FileRecord
        The orbit files that are there.
    prefer : sequence of str
        Kinds of orbits that are used.
    faults : str
        What is wrong with the keys that name orbit files.
    """
    record = intake.record
    # What is to be known of the file itself, such as why its own angles will not do, comes last.
    own = f"The file: {record.reason}" if record.reason else ""
    parts = (_WAITING, _excluded_note(record, orbits, prefer), faults, own)
    return replace(
        record,
        state=FileState.WAITING_ORBITS,
        reason=". ".join(part for part in parts if part),
        orbits=digits(covering_orbits(record, orbits, prefer)),
    )


def _excluded_note(record: FileRecord, orbits: Sequence[FileRecord], prefer: Sequence[str]) -> str:
    """Say when orbits.prefer leaves out orbit files that would cover a file."""
    others = [name for name in _KIND_OF if name not in prefer]
    excluded = covering_orbits(record, orbits, others)
    if not excluded:
        return ""
    return (
        f"Orbit files ({' and '.join(others)}) that may cover it are there, such as "
        f"{excluded[0].path}, but orbits.prefer does not name that kind"
    )


def digits(orbits: Sequence[FileRecord]) -> str:
    """Name orbit files by their content."""
    return " ".join(sorted(orbit.sha256[:_DIGITS] for orbit in orbits))
