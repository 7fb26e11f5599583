"""New files of the inbox -> arcs in the store.

What belongs together (the files' records, the arcs, the heights learnt from them) is written in one
transaction; a process killed in between has done whole batches and nothing else.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from daemon.batch import (
    arcs_of_batch,
    covering_orbits,
    judge_orbits,
    read_orbits,
    unused_signals_note,
    zones,
)
from daemon.config import Config
from daemon.inbox import FoundFile, find_files, find_orbit_files, fingerprint, tidy
from daemon.intake import FUTURE_TOLERANCE, ORBIT_KINDS, Intake, parse_position, take_in
from daemon.store import FileRecord, FileState, Store
from daemon.superseding import arc_changes
from daemon.utc import parse_utc, utc_text
from retrieval.apriori import sector_key
from retrieval.chain import SAME_STATION_M
from retrieval.orbits import OrbitSource
from retrieval.station import distance_m

__all__ = ["IngestReport", "ingest"]

# SNR rows taken through the chain at once: bounds the memory of a back-fill.
_BATCH_ROWS = 1_500_000
# Accepted arcs before the a-priori height of a signal, or of a sector of it, is frozen.
_ARCS_FOR_A_HEIGHT = 10
# Heights further than this from the configured antenna height belong to other reflectors.
_NEAR_ANTENNA_M = 0.5

# Names that orbit files usually have. It only decides the order of reading: content tells the kind.
_ORBIT_NAME = re.compile(r"\.\d\d[nglpq]\b|[GRECJIM]N\.rnx|\.nav\b|\.sp3\b|\.eph\b", re.IGNORECASE)


@dataclass
class IngestReport:
    """What one look at the inbox brought.

    Attributes
    ----------
    files : Counter
        State -> files that were read and noted now.
    known : int
        Files that were known already, and copies of such.
    arcs_new, arcs_superseded : int
        Arcs written, and arcs taken out because these stand for them.
    problems : dict
        File -> why it could not be used.
    """

    files: Counter[str] = field(default_factory=Counter)
    known: int = 0
    arcs_new: int = 0
    arcs_superseded: int = 0
    problems: dict[str, str] = field(default_factory=dict)


def ingest(
    config: Config, store: Store, now: pd.Timestamp, tell: Callable[[str], None]
) -> IngestReport:
    """Take what is new in the inbox into the store.

    Parameters
    ----------
    config : Config
        The station's configuration.
    store : Store
        Open for writing.
    now : Timestamp
        UTC.
    tell : callable
        Gets a short message before each longer step.

    Raises
    ------
    ConfigError
        The inbox does not exist.
    """
    look = _Look(config, store, now, tell)
    look.at_orbits()
    look.at_inbox()
    return look.report


class _Look:
    """One look at the inbox: what the store knows of files, and what this look adds."""

    def __init__(
        self, config: Config, store: Store, now: pd.Timestamp, tell: Callable[[str], None]
    ) -> None:
        self.config = config
        self.store = store
        self.now = now
        self.tell = tell
        self.station = config.receiver()
        self.known = store.files(self.station.name)
        self.contents = {record.sha256 for record in self.known.values()}
        self.report = IngestReport()
        self._orbit_names: tuple[str, ...] = ()
        self._orbits: list[OrbitSource] = []

    def at_orbits(self) -> None:
        """Note the navigation and SP3 files named under [orbits]."""
        section = self.config.orbits
        for path in find_orbit_files((*section.nav, *section.sp3)):
            found = self._fingerprint(path, str(path))
            if found is None or not self._is_fresh(found):
                continue
            record = take_in(found, self.station, self.now).record
            if record.kind not in ORBIT_KINDS and record.state != FileState.UNREADABLE:
                reason = "named under [orbits], but it is no RINEX navigation or SP3 file"
                record = replace(record, state=FileState.UNREADABLE, reason=reason)
            self._note([record])

    def at_inbox(self) -> None:
        """Read what is new, then what no longer has to wait, then tidy up."""
        inbox = self.config.inbox
        found = [
            one
            for path in find_files(inbox.path, inbox.patterns)
            if (one := self._fingerprint(path, path.name)) is not None
        ]
        found.sort(key=lambda one: (_ORBIT_NAME.search(one.name) is None, one.name))
        fresh = [one for one in found if self._is_fresh(one)]
        self._read(fresh)
        # Navigation may have come now, or stood behind those that needed it.
        self._read([one for one in found if self._may_go_on(one)])
        self.report.known = len(found) - len(fresh)
        for one in found:
            record = self.known.get(one.name)
            if record is None or record.sha256 != one.sha256:
                continue
            if record.state == FileState.INGESTED and record.kind not in ORBIT_KINDS:
                tidy(one, inbox.path, inbox.keep)

    def _fingerprint(self, path: Path, name: str) -> FoundFile | None:
        """Hash a file; one that cannot be opened is reported and left for the next time."""
        try:
            return fingerprint(path, name)
        except OSError as error:
            reason = f"cannot be read ({error.strerror}); check its owner and permissions"
            self.report.problems[name] = reason
            return None

    def _is_fresh(self, found: FoundFile) -> bool:
        """Whether a file is new or changed, or a reason against it has gone."""
        record = self.known.get(found.name)
        if record is None or record.sha256 != found.sha256:
            return found.sha256 not in self.contents
        if record.state == FileState.FROM_FUTURE and record.last_time is not None:
            return bool(parse_utc([record.last_time])[0] <= self.now + FUTURE_TOLERANCE)
        if record.state == FileState.OTHER_STATION and record.position_m is not None:
            position_m = parse_position(record.position_m)
            return distance_m(position_m, self.station.ecef_m) <= SAME_STATION_M
        return False

    def _may_go_on(self, found: FoundFile) -> bool:
        """Whether a file waits for orbits that may now be there."""
        record = self.known.get(found.name)
        return (
            record is not None
            and record.sha256 == found.sha256
            and record.state == FileState.WAITING_ORBITS
            and bool(covering_orbits(record, self.known))
        )

    def _read(self, files: Sequence[FoundFile]) -> None:
        """Read files in the order given, and take them through the chain in batches."""
        batch: list[Intake] = []
        rows = 0
        for k, found in enumerate(files):
            self.tell(f"reading {found.name} ({k + 1} of {len(files)})")
            intake = take_in(found, self.station, self.now)
            if intake.file is None:
                self._note([intake.record])
                continue
            batch.append(intake)
            rows += len(intake.file.snr)
            if rows >= _BATCH_ROWS:
                self._take_through(batch)
                batch, rows = [], 0
        if batch:
            self._take_through(batch)

    def _take_through(self, batch: Sequence[Intake]) -> None:
        """Take a batch through the chain and write everything that it changes."""
        orbits = self._orbits_for(batch)
        judged = [judge_orbits(self.config, intake, orbits) for intake in batch]
        waiting = [intake.record for intake in judged if intake.file is None]
        ready = [self._with_note(intake) for intake in judged if intake.file is not None]
        if not ready:
            self._note(waiting)
            return
        self.tell(f"analysing {len(ready)} files")
        name = self.station.name
        heights = self.store.apriori_heights(name)
        computed = arcs_of_batch(self.config, ready, self.known, orbits, heights)
        changed = [i.record.path for i in ready if i.record.path in self.known]
        spans = zones(ready, self.known)
        stored = self.store.arcs(
            name, since=min(span[0] for span in spans), until=max(span[1] for span in spans)
        )
        changes = arc_changes(stored, computed, self.store.arcs_of_files(name, changed))
        with self.store.transaction():
            for record in (*waiting, *(intake.record for intake in ready)):
                self._write(record)
            self.store.delete_arcs(changes.obsolete)
            self.store.insert_arcs(name, changes.new)
            self._learn_heights(changes.new, heights)
        self.report.arcs_new += len(changes.new)
        self.report.arcs_superseded += len(changes.obsolete)

    def _orbits_for(self, batch: Sequence[Intake]) -> list[OrbitSource]:
        """Read the orbit files that a batch needs, unless they are at hand."""
        names = {
            name
            for intake in batch
            if intake.file is not None and not intake.file.snr.has_angles
            for name in covering_orbits(intake.record, self.known)
        }
        ordered = tuple(sorted(names))
        if ordered != self._orbit_names:
            self.tell(f"reading {len(ordered)} orbit files")
            self._orbits = read_orbits(self.config, ordered)
            self._orbit_names = ordered
        return self._orbits

    def _with_note(self, intake: Intake) -> Intake:
        """Add to a file's record that it has none of the selected signals."""
        if intake.file is None:
            return intake
        note = unused_signals_note(intake.file, self.config.selected_signals())
        reason = "; ".join(part for part in (intake.record.reason, note) if part)
        return replace(intake, record=replace(intake.record, reason=reason))

    def _learn_heights(self, arcs: pd.DataFrame, known: dict[str, float]) -> None:
        """Freeze the height of each signal, and of each of its sectors, with arcs enough."""
        good = arcs[arcs["accepted"]]
        antenna_m = self.config.station.antenna_height_m
        for signal in sorted(set(good["satellite"].str[0] + good["signal"])):
            heights_m: dict[str, list[float]] = {}
            for azimuth_deg, height_m in self.store.reflector_heights(self.station.name, signal):
                if antenna_m is None or abs(height_m - antenna_m) <= _NEAR_ANTENNA_M:
                    heights_m.setdefault(signal, []).append(height_m)
                    heights_m.setdefault(sector_key(signal, azimuth_deg), []).append(height_m)
            for key, values in sorted(heights_m.items()):
                if key not in known and len(values) >= _ARCS_FOR_A_HEIGHT:
                    self.store.put_apriori_height(
                        self.station.name,
                        key,
                        round(float(np.median(values)), 4),
                        len(values),
                        utc_text(self.now),
                    )

    def _note(self, records: Sequence[FileRecord]) -> None:
        """Write records of files that brought no arcs."""
        with self.store.transaction():
            for record in records:
                self._write(record)

    def _write(self, record: FileRecord) -> None:
        """Write a record unless the store holds the same already."""
        before = self.known.get(record.path)
        if before is None or replace(before, ingested_at=record.ingested_at) != record:
            self.store.put_file(self.station.name, record)
            self.report.files[record.state.value] += 1
        if record.state != FileState.INGESTED:
            self.report.problems[record.path] = record.reason
        self.known[record.path] = record
        self.contents.add(record.sha256)
