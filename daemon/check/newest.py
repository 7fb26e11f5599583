"""A look into the newest observation file of the inbox."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from daemon.check.finding import Finding, Level
from daemon.check.inbox import ORBITS, kind_by_name
from daemon.config import Config
from daemon.inbox import fingerprint, stored_name
from daemon.intake import ORBIT_KINDS, parse_position, take_in, unopened
from daemon.plural import plural
from daemon.store import FileRecord, FileState
from daemon.utc import parse_utc, utc_text
from retrieval import gnss
from retrieval.rinex.records import ObservationFile
from retrieval.rinex.text import FileKind
from retrieval.station import distance_m

__all__ = ["NewestFile", "duration", "newest_findings", "newest_observation"]

# So many files are opened to find one that holds observations: names may lie, archives are large.
_OPENED = 5
_KEY = "newest file"
_WORDS: Mapping[str, str] = {FileKind.SNR66: "SNR66", FileKind.NMEA: "NMEA"}


@dataclass(frozen=True)
class NewestFile:
    """The newest observation file.

    Attributes
    ----------
    name : str
        As it is shown.
    record : FileRecord
        What the service would note of it.
    file : ObservationFile or None
        Its observations; None when the service would not use it.
    """

    name: str
    record: FileRecord
    file: ObservationFile | None = None

    @property
    def span(self) -> tuple[pd.Timestamp, pd.Timestamp]:
        """First and last epoch of a file that has some, UTC."""
        first, last = parse_utc([self.record.first_time or "", self.record.last_time or ""])
        return first, last


def newest_observation(
    files: Sequence[Path], config: Config, now: pd.Timestamp
) -> NewestFile | None:
    """Read the newest file that is no navigation; None when there is none.

    Newest is what was written last, and of files written at one time the last by name.
    """
    candidates = [path for path in files if kind_by_name(path.name) != ORBITS]
    for path in itertools.islice(_newest_first(candidates), _OPENED):
        name = stored_name(path.name)
        try:
            intake = take_in(fingerprint(path, name), config.receiver(), now)
        except OSError as error:
            return NewestFile(name, unopened(name, error, now))
        if intake.record.kind not in ORBIT_KINDS:
            return NewestFile(name, intake.record, intake.file)
    return None


def newest_findings(newest: NewestFile | None, config: Config, now: pd.Timestamp) -> list[Finding]:
    """Say what the newest file holds, and whether the station can use it."""
    if newest is None:
        return []
    record, file = newest.record, newest.file
    if file is None:
        # One damaged file is no fault of the station; one without SNR, of elsewhere or ahead of
        # the clock speaks of what the next ones will be like.
        broken = record.state == FileState.UNREADABLE and record.n_epochs == 0
        state = record.state.value.replace("_", " ")
        level = Level.NOTE if broken else Level.FAULT
        return [Finding(level, _KEY, f"{newest.name}: {state}: {record.reason}")]
    note = f"; {record.reason}" if record.reason else ""
    last = newest.span[1]
    text = (
        f"{newest.name}: {_WORDS.get(record.kind, record.kind)}, "
        f"{plural(record.n_epochs, 'epoch')}{_interval(file)}, "
        f"ends {utc_text(last, 's')} ({duration(now - last)} ago)"
    )
    level = Level.NOTE if record.cut or record.n_damage else Level.OK
    return [
        Finding(level, _KEY, text + note),
        _position(newest, config),
        _signals(newest.name, file, config.signals.use),
    ]


def _newest_first(paths: Iterable[Path]) -> list[Path]:
    """Sort by time of writing, then name; what has gone meanwhile comes last."""

    def key(path: Path) -> tuple[float, str]:
        try:
            return path.stat().st_mtime, path.name
        except OSError:
            return 0.0, path.name

    return sorted(paths, key=key, reverse=True)


def _interval(file: ObservationFile) -> str:
    """Say how far the epochs lie apart."""
    steps = np.diff(np.unique(file.epochs)).astype(np.int64)
    return f" of {np.median(steps) / 1e9:g} s" if len(steps) else ""


def duration(span: pd.Timedelta) -> str:
    """Write a span of time in its largest unit.

    Examples
    --------
    >>> duration(pd.Timedelta(hours=30)), duration(pd.Timedelta(minutes=50))
    ('30 h', '50 min')
    """
    hours = span / pd.Timedelta(hours=1)
    if hours >= 48:
        return f"{hours / 24:.0f} days"
    return f"{hours:.0f} h" if hours >= 2 else f"{max(hours, 0) * 60:.0f} min"


def _position(newest: NewestFile, config: Config) -> Finding:
    """Say how far the header lies from the station; further off, it would not be ingested."""
    text = newest.record.position_m
    if text is None:
        return Finding(
            Level.OK, "position", f"{newest.name} holds none: that of [station] is taken on trust"
        )
    apart_m = distance_m(parse_position(text), config.receiver().ecef_m)
    return Finding(Level.OK, "position", f"its header lies {apart_m:.1f} m from [station]")


def _signals(name: str, file: ObservationFile, use: Sequence[str]) -> Finding:
    """Say which of the selected signals are in a file."""
    present = sorted(gnss.signal_names(np.unique(file.snr.signal)).tolist())
    if not use:
        return Finding(Level.OK, "signals", f"it holds {', '.join(present)}")
    there = [signal for signal in use if signal in present]
    absent = [signal for signal in use if signal not in present]
    if not there:
        return Finding(
            Level.FAULT,
            "signals",
            f"none of signals.use is in {name}, which holds {', '.join(present)}: name some of "
            "these",
        )
    if absent:
        return Finding(
            Level.NOTE,
            "signals",
            f"{len(there)} of the {len(use)} selected {_verb(there)} in it; {', '.join(absent)} "
            f"{_verb(absent)} not",
        )
    text = f"all {len(use)} selected are in it" if len(use) > 1 else f"{use[0]} is in it"
    return Finding(Level.OK, "signals", text)


def _verb(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"
