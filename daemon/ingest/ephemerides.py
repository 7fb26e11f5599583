"""Which orbit files serve which observations, and what waits for others to come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from daemon.batch import span_of
from daemon.config import Config
from daemon.inbox import path_of_name
from daemon.intake import ORBIT_KINDS, Intake
from daemon.store import FileRecord, FileState
from daemon.utc import utc_texts
from retrieval import gnss
from retrieval.chain import load_orbits
from retrieval.orbits import OrbitSource, look_angles, orbit_coverage
from retrieval.rinex.records import SnrTable
from retrieval.rinex.text import FileKind

__all__ = [
    "covering_orbits",
    "let_wait",
    "may_go_on",
    "read_orbits",
    "waiting_for_orbits",
    "with_orbits_account",
]

# How old an ephemeris may be (retrieval.orbits); orbit files further away are not read.
_EPHEMERIS_REACH = pd.Timedelta(hours=24)
_KIND_OF = {"broadcast": FileKind.NAVIGATION.value, "sp3": FileKind.SP3.value}
# Directions are computed for this many rows of a file, spread over its time, to see whether any
# orbit covers it; and for the first row of each of its satellites.
_SAMPLE_ROWS = 500
_DIGITS = 16
_NAMED = 12

_WAITING = (
    "no ephemeris covers it; put the RINEX navigation file (or SP3) of its day into the inbox, or "
    "name it under [orbits]; it is tried again then"
)


def covering_orbits(
    record: FileRecord, orbits: Sequence[FileRecord], prefer: Sequence[str]
) -> list[FileRecord]:
    """Return the orbit files of the preferred kinds that may serve an observation file."""
    first, last = span_of(record)
    # As text, which sorts as time does: an archive has many files of both sorts.
    since, until = utc_texts(pd.DatetimeIndex([first - _EPHEMERIS_REACH, last + _EPHEMERIS_REACH]))
    kinds = {_KIND_OF[name] for name in prefer}
    return [
        orbit
        for orbit in orbits
        if orbit.kind in kinds
        and (orbit.first_time or "") <= until
        and since <= (orbit.last_time or "")
    ]


def may_go_on(record: FileRecord, orbits: Sequence[FileRecord], prefer: Sequence[str]) -> bool:
    """Whether a file lacks ephemerides, and orbit files that may have them are new to it."""
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


def read_orbits(config: Config, names: Sequence[str]) -> list[OrbitSource]:
    """Read orbit files, by their names in the store, into the configured order of preference."""
    # A whole path stays what it is.
    paths = [path_of_name(config.inbox.path, name) for name in names]
    prefer = config.orbits.prefer
    sources = load_orbits([path for path in paths if path.exists()])
    return sorted(sources, key=lambda source: prefer.index(source.name))


def waiting_for_orbits(intake: Intake, config: Config, orbits: Sequence[OrbitSource]) -> bool:
    """Whether no orbit covers any of the satellites of a file that needs them."""
    if intake.file is None or intake.file.snr.has_angles:
        return False
    snr = _selected(intake.file.snr, config.selected_signals())
    if len(snr) == 0:
        return False
    spread = np.unique(np.linspace(0, len(snr) - 1, _SAMPLE_ROWS).astype(np.intp))
    firsts = np.unique(snr.satellite, return_index=True)[1]
    sample = snr.where(np.union1d(spread, firsts))
    missing = _missing(sample, config, orbits)
    return sum(missing.values()) == len(sample)


def with_orbits_account(
    intake: Intake,
    config: Config,
    orbits: Sequence[OrbitSource],
    tried: Sequence[FileRecord],
    missing: Mapping[str, int],
) -> Intake:
    """Note in a file's record which of its satellites were left out, and what was tried.

    Parameters
    ----------
    intake : Intake
        The file.
    config : Config
        The station's configuration.
    orbits : sequence of OrbitSource
        That its batch was analysed with.
    tried : sequence of FileRecord
        The orbit files that may serve it.
    missing : mapping
        Satellites of the whole batch that lack ephemerides; most often there is none.
    """
    if intake.file is None or intake.file.snr.has_angles:
        return intake
    record = replace(intake.record, orbits=_digits(tried))
    if not missing:
        return replace(intake, record=record)
    snr = _selected(intake.file.snr, config.selected_signals())
    codes = [gnss.satellite_code(name) for name in missing]
    lacking = _missing(snr.where(np.isin(snr.satellite, codes)), config, orbits)
    if not lacking:
        return replace(intake, record=record)
    names = list(lacking)
    shown = ", ".join(names[:_NAMED]) + (" ..." if len(names) > _NAMED else "")
    note = (
        f"no ephemeris for {shown}: {sum(lacking.values())} of {len(snr)} SNR values left out; "
        "it is taken again when navigation that has them arrives"
    )
    reason = "; ".join(part for part in (record.reason, note) if part)
    return replace(intake, record=replace(record, satellites=" ".join(names), reason=reason))


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
    parts = (_WAITING, _excluded_note(record, orbits, prefer), faults)
    return replace(
        record,
        state=FileState.WAITING_ORBITS,
        reason=". ".join(part for part in parts if part),
        orbits=_digits(covering_orbits(record, orbits, prefer)),
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


def _digits(orbits: Sequence[FileRecord]) -> str:
    """Name orbit files by their content."""
    return " ".join(sorted(orbit.sha256[:_DIGITS] for orbit in orbits))


def _selected(snr: SnrTable, signals: Sequence[str] | None) -> SnrTable:
    """Keep the selected signals."""
    if signals is None:
        return snr
    return snr.where(np.isin(snr.signal, [gnss.signal_code(name) for name in signals]))


def _missing(snr: SnrTable, config: Config, orbits: Sequence[OrbitSource]) -> Mapping[str, int]:
    """Return satellite -> rows that no orbit covers."""
    angles = look_angles(orbits, config.receiver().ecef_m, snr.satellite, snr.time)
    return orbit_coverage(orbits, angles, snr.satellite, snr.time).missing
