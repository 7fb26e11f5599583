"""One look at the inbox: what is new in it goes into the store."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import numpy as np
import pandas as pd

from daemon.config import Config
from daemon.horizon import KEPT
from daemon.inbox import FoundFile, find_files, find_orbit_files, stored_name
from daemon.ingest.account import Account
from daemon.ingest.arcs import arc_update
from daemon.ingest.ephemerides import (
    covering_orbits,
    is_worse,
    let_wait,
    may_go_on,
    read_orbits,
)
from daemon.ingest.lacks import Lacks
from daemon.ingest.memory import InboxMemory, may_be_growing
from daemon.ingest.names import replaces
from daemon.ingest.placing import PlacedFile, place
from daemon.ingest.quarantine import put_in_quarantine
from daemon.ingest.reader import FileReader
from daemon.ingest.report import IngestReport
from daemon.ingest.settings import require_same_settings, setting_notes
from daemon.ingest.tidying import tidy_up
from daemon.ingest.weather_rows import ingest_weather
from daemon.intake import (
    FUTURE_TOLERANCE,
    ORBIT_KINDS,
    Intake,
    parse_position,
    take_in,
    unopened,
)
from daemon.store import FileRecord, FileState, Store, hour_of
from daemon.utc import parse_utc
from retrieval.chain import SAME_STATION_M
from retrieval.equipment import UNKNOWN
from retrieval.orbits import OrbitSource
from retrieval.station import distance_m

__all__ = ["ingest"]

# SNR rows taken through the chain at once: bounds the memory of a back-fill.
_BATCH_ROWS = 300_000

# Names that orbit files usually have, and how names tell the time: year, day of year and hour, in
# RINEX's long and short form. They only decide the order of reading: content tells what a file is.
_ORBIT_NAME = re.compile(r"\.\d\d[nglpq]\b|[GRECJIM]N\.rnx|\.nav\b|\.sp3\b|\.eph\b", re.IGNORECASE)
_LONG_NAME = re.compile(r"_(\d{4})(\d{3})(\d{4})_")
_SHORT_NAME = re.compile(r"^\w{4}(\d{3})([0-9a-x]\d{0,2})\.(\d\d)", re.IGNORECASE)


def ingest(
    config: Config,
    store: Store,
    now: pd.Timestamp,
    tell: Callable[[str], None],
    *,
    any_station: bool = False,
    memory: InboxMemory | None = None,
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
    any_station : bool
        Let files of other stations in; their arcs go under the names of their own headers.
    memory : InboxMemory, optional
        Of the looks before, by who looks more than once: files that are as they were are not read
        again, those that are being written to are left until they have settled, and growing ones
        are read on from where they were. Without it everything is read as it lies there.

    Raises
    ------
    ConfigError
        The inbox does not exist.
    SettingsChangedError
        The store's arcs were made with other settings.
    """
    require_same_settings(config, store)
    inbox = find_files(config.inbox.path, config.inbox.patterns, config.own_files())
    look = _Look(config, store, now, tell, any_station, memory)
    # First, for what is late is late behind the observations of before.
    ingest_weather(config, store, look.report)
    look.at_orbits(inbox)
    look.at_inbox(inbox)
    return look.report


class _Look:
    """One look at the files named under [orbits] and at the inbox."""

    def __init__(
        self,
        config: Config,
        store: Store,
        now: pd.Timestamp,
        tell: Callable[[str], None],
        any_station: bool,
        memory: InboxMemory | None,
    ) -> None:
        self.follows = memory is not None
        self.memory = memory or InboxMemory()
        self.memory.begin()
        self.config = config
        self.store = store
        self.now = now
        self.tell = tell
        self.any_station = any_station
        self.station = config.receiver()
        self.notes = setting_notes(config)
        self.report = IngestReport(notes=dict(self.notes))
        self.files = Account(store, self.station.name, self.report)
        self._reader = FileReader(
            config,
            store,
            self.files,
            now,
            any_station=any_station,
            follow=self.follows,
        )
        self._names: set[str] = set()  # of all files that lie there
        self._orbit_names: tuple[str, ...] = ()
        self._orbits: list[OrbitSource] = []

    def at_orbits(self, inbox: Collection[Path]) -> None:
        """Note the navigation and SP3 files named under [orbits], but those of the inbox."""
        in_inbox = set(inbox)
        found = [
            one
            for path in find_orbit_files(self.config.orbit_patterns())
            if path.resolve() not in in_inbox
            and (one := self._fingerprint(path, stored_name(str(path)))) is not None
        ]
        self.files.see(found)
        for one in found:
            if not self._is_fresh(one):
                continue
            record = take_in(one, self.station, self.now).record
            if record.kind not in ORBIT_KINDS and record.state != FileState.UNREADABLE:
                reason = "named under [orbits], but it is no RINEX navigation or SP3 file"
                record = replace(record, state=FileState.UNREADABLE, reason=reason)
            self.files.note([record])

    def at_inbox(self, inbox: Sequence[Path]) -> None:
        """Read what is new, then what no longer has to wait, then tidy up."""
        found = [
            one
            for path in inbox
            if (one := self._fingerprint(path, stored_name(path.name))) is not None
        ]
        found.sort(key=lambda one: _reading_order(one.name))
        self.files.see(found)
        fresh = [one for one in found if self._is_fresh(one)]
        self._read(fresh)
        # Navigation may have come now, or stood behind those that needed it.
        self._read(self._may_go_on(found))
        self.report.known = len(found) - len(fresh)
        # Where a name holds what is known by another one, what it held in between has gone.
        gone = {
            one.name
            for one in found
            if (record := self.files.known.get(one.name)) is not None
            and record.sha256 != one.sha256
            and self.files.is_copy(one)
        }
        self.files.forget(self._names - gone)
        growing = self._growing(found)
        finished = [one for one in found if one.name not in growing]
        fault = tidy_up(
            self.config.inbox, finished, self.files.known, self.now, self.memory.rests_s
        )
        if fault:
            self.report.problems["inbox.keep"] = fault
        if self.config.inbox.quarantine is not None:
            fault = put_in_quarantine(
                self.config.inbox.quarantine, found, self.files, self.now, self.memory.rests_s
            )
            if fault:
                self.report.problems["inbox.quarantine"] = fault
        self.memory.keep(self._names)
        self.report.next_settled_s = self.memory.next_settled_s

    def _fingerprint(self, path: Path, name: str) -> FoundFile | None:
        """Hash a file; one that cannot be read, or not yet, is left for the next time."""
        self._names.add(name)
        settle_s = self.config.inbox.settle_s if self.follows else 0.0
        try:
            return self.memory.look(path, name, settle_s, self.config.schedule.ingest_s)
        except FileNotFoundError:
            self._names.discard(name)  # it was taken away a moment ago
            return None
        except OSError as error:
            record = unopened(name, error, self.now)
            before = self.files.known.get(name)
            if before is None or before.state != FileState.INGESTED:
                self.files.note([record])
            self.report.problems[name] = record.reason
            return None

    def _growing(self, found: Sequence[FoundFile]) -> set[str]:
        """Return the names of files that the receiver may still write to."""
        if not self.follows or self.config.inbox.keep == "leave":
            return set()
        growing = self.memory.still_growing()
        records = [
            (record.last_time or "", one)
            for one in found
            if (record := self.files.known.get(one.name)) is not None
            and record.kind not in ORBIT_KINDS
        ]
        # Nothing tells of the newest one whether more will come.
        if records:
            newest = max(records, key=lambda each: each[0])[1]
            with suppress(OSError):
                growing |= {newest.name} if may_be_growing(newest.path) else set()
        return growing

    def _is_fresh(self, found: FoundFile) -> bool:
        """Whether a file is new or changed, or a reason against it has gone."""
        record = self.files.known.get(found.name)
        if record is None or record.sha256 != found.sha256:
            return not self.files.is_copy(found)
        if record.state == FileState.QUARANTINED:
            return True  # somebody has put it back
        if record.state == FileState.FROM_FUTURE and record.last_time is not None:
            return bool(parse_utc([record.last_time])[0] <= self.now + FUTURE_TOLERANCE)
        if record.state == FileState.OTHER_STATION and record.position_m is not None:
            if self.any_station:
                return True
            position_m = parse_position(record.position_m)
            return distance_m(position_m, self.station.ecef_m) <= SAME_STATION_M
        return False

    def _may_go_on(self, found: Sequence[FoundFile]) -> list[FoundFile]:
        """Return the files that lack ephemerides which may now be there."""
        orbits, prefer = self.files.orbits, self.config.orbits.prefer
        return [
            one
            for one in found
            if (record := self.files.known.get(one.name)) is not None
            and record.sha256 == one.sha256
            and may_go_on(record, orbits, prefer)
        ]

    def _read(self, files: Sequence[FoundFile]) -> None:
        """Read files in the order given, and take them through the chain in batches."""
        batch: list[Intake] = []
        rows = 0
        begun_s = time.monotonic()
        for k, found in enumerate(files):
            twin = any(intake.record.sha256 == found.sha256 for intake in batch)
            if twin or self.files.is_copy(found):
                continue  # read a moment ago by its other name
            self.tell(f"reading {found.name} ({k + 1} of {len(files)})")
            intake = self._reader.read(found)
            if intake.file is None:
                self.files.note([intake.record])
                continue
            batch.append(intake)
            rows += len(intake.file.snr)
            if rows >= _BATCH_ROWS:
                self._take_through(batch)
                batch, rows = [], 0
        if batch:
            self._take_through(batch)
        took_s = time.monotonic() - begun_s
        self.memory.rest((one.name for one in files), took_s, self.config.schedule.ingest_s)

    def _take_through(self, intakes: Sequence[Intake]) -> None:
        """Take files through to arcs and write everything that they change."""
        orbits = self._orbits_for(intakes)
        prefer, at_hand = self.config.orbits.prefer, self.files.orbits
        waiting: list[Intake] = []
        placed: list[PlacedFile] = []
        for intake in intakes:
            tried = covering_orbits(intake.record, at_hand, prefer)
            before = self.files.known.get(intake.record.path)
            lacks = self._lacks(before) if before is not None and intake.goes_on else Lacks()
            file = place(intake, self.config, orbits, tried, lacks)
            if file is None:
                waiting.append(intake)
            elif before is not None and is_worse(file.record, before):
                self.files.note([replace(before, orbits=file.record.orbits)])
            else:
                placed.append(file)
        placed.sort(key=lambda file: file.record.site)
        for site, files in groupby(placed, key=lambda file: file.record.site):
            self._write_arcs(site, list(files))
        faults = "; ".join(
            f"{key}: {note}" for key, note in self.notes.items() if key.startswith("orbits.")
        )
        self.files.note([let_wait(i, at_hand, prefer, faults) for i in waiting])

    def _lacks(self, before: FileRecord) -> Lacks:
        """Return what the beginning of a file lacks that is read on."""
        followed = self.memory.followed(before.path, before.sha256)
        return Lacks() if followed is None else followed.lacks

    def _write_arcs(self, site: str, files: Sequence[PlacedFile]) -> None:
        """Write records, observations, arcs and heights of one antenna's files."""
        self.tell(f"analysing {len(files)} files")
        name, store = self.station.name, self.store
        replaced = {
            file.record.path
            for file in files
            if not file.goes_on
            and (before := self.files.known.get(file.record.path)) is not None
            and before.state == FileState.INGESTED
            and replaces(file.record, before)
        }
        first = min(files, key=lambda file: (file.record.first_time or "", file.record.path))
        with store.transaction():
            store.adopt_equipment(site, first.equipment[0] if first.equipment else UNKNOWN)
        update = arc_update(store, self.config, site, files, replaced)
        with store.transaction():
            for file in files:
                self.files.write(file.record)
            newest = store.last_epoch(name, site) or files[0].record.span[1]
            kept = _hour(newest - KEPT)
            for file in files:
                store.put_points(
                    site,
                    name,
                    file.record.path,
                    file.points,
                    file.glonass_channels,
                    kept,
                    file.equipment,
                    begin=file.first if file.goes_on else None,
                )
            store.drop_points(site, kept)
            store.put_arc_settings(name, self.config.arc_values())
            store.delete_arcs(update.obsolete)
            numbers = store.insert_arcs(name, update.new)
            store.put_apriori_heights(site, update.heights)
            if site == name and self.config.sends_arcs():
                store.queue_arcs(name, numbers, self.now)
            if site == name:
                store.put_estimates_due(name, newest if update.since is None else update.since)
        for file in files:
            self.memory.follow(file.record.path, file.follow)
        self.report.arcs_new += len(update.new)
        self.report.arcs_superseded += len(update.obsolete)

    def _orbits_for(self, intakes: Sequence[Intake]) -> list[OrbitSource]:
        """Read the orbit files that files and their neighbours need, unless they are at hand."""
        prefer, at_hand = self.config.orbits.prefer, self.files.orbits
        names = {
            orbit.path
            for intake in intakes
            for orbit in covering_orbits(intake.record, at_hand, prefer)
        }
        ordered = tuple(sorted(names))
        if ordered != self._orbit_names:
            self.tell(f"reading {len(ordered)} orbit files")
            self._orbits = read_orbits(self.config, ordered)
            self._orbit_names = ordered
        return self._orbits


def _reading_order(name: str) -> tuple[bool, str, str]:
    """Return the key that files are read by: orbits first, then by the time that names tell."""
    time = ""
    if (long := _LONG_NAME.search(name)) is not None:
        time = "".join(long.groups())
    elif (short := _SHORT_NAME.match(name)) is not None:
        day, session, year = short.groups()
        # Session 0 is the whole day, a to x are its hours, which minutes may follow.
        time = f"{'19' if year >= '80' else '20'}{year}{day}{session}"
    return _ORBIT_NAME.search(name) is None, time, name


def _hour(time: pd.Timestamp) -> int:
    """Return the hour since 1970 that a UTC time lies in, on GPS time's count."""
    return int(hour_of(np.array([time.tz_localize(None).to_datetime64()]))[0])
