"""The account of files: what the store knows of each, and what this look adds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from daemon.inbox import FoundFile
from daemon.ingest.names import put_aside_name, replaces
from daemon.ingest.report import IngestReport
from daemon.intake import ORBIT_KINDS
from daemon.store import FileRecord, FileState, Store

__all__ = ["Account"]


class Account:
    """The files of a station, kept in step with the store.

    Attributes
    ----------
    known : dict
        Name -> record.
    """

    def __init__(self, store: Store, station: str, report: IngestReport) -> None:
        self.known = store.files(station)
        self._store = store
        self._station = station
        self._report = report
        self._lying: set[tuple[str, str]] = set()
        self._names: defaultdict[str, set[str]] = defaultdict(set)  # content -> names it had
        for record in self.known.values():
            self._names[record.sha256].add(record.path)

    @property
    def orbits(self) -> list[FileRecord]:
        """Usable orbit files that lie where they should, in order of name."""
        return [
            record
            for _, record in sorted(self.known.items())
            if record.kind in ORBIT_KINDS
            and record.state == FileState.INGESTED
            and (record.path, record.sha256) in self._lying
        ]

    def see(self, found: Iterable[FoundFile]) -> None:
        """Note that files lie where they were found."""
        self._lying |= {(one.name, one.sha256) for one in found}

    def is_copy(self, found: FoundFile) -> bool:
        """Whether the same content is known by another name that speaks for it."""
        in_inbox = not Path(found.name).is_absolute()
        twins = [
            record
            for name in self._names[found.sha256] - {found.name}
            if (record := self.known.get(name)) is not None
            and record.sha256 == found.sha256
            and in_inbox != Path(name).is_absolute()
        ]
        return any(
            # Of orbits the store holds no more than where they lie.
            (twin.state == FileState.INGESTED and twin.kind not in ORBIT_KINDS)
            # A name can be what is wrong with a file (SNR66 text), so another one is looked at.
            or (twin.state != FileState.UNREADABLE and (twin.path, twin.sha256) in self._lying)
            for twin in twins
        )

    def note(self, records: Sequence[FileRecord]) -> None:
        """Write records of files that brought no arcs."""
        if not records:
            return
        with self._store.transaction():
            for record in records:
                self.write(record)

    def write(self, record: FileRecord) -> None:
        """Write a record unless the store holds the same already."""
        before = self.known.get(record.path)
        if before is not None and self._is_kept_for(record, before):
            if record.sha256 != before.sha256:
                self._report.problems[record.path] = record.reason
                return
            record = replace(before, orbits=record.orbits)
        if before is not None and self._is_another(record, before):
            aside = replace(before, path=put_aside_name(before))
            self._store.rename_file(self._station, before.path, aside.path)
            self.known[aside.path] = aside
            self._names[aside.sha256].add(aside.path)
            before = None
        if before is None or replace(before, ingested_at=record.ingested_at) != record:
            self._store.put_file(self._station, record)
            self._report.files[record.state.value] += 1
        if record.state != FileState.INGESTED:
            self._report.problems[record.path] = record.reason
        elif record.reason:
            self._report.notes[record.path] = record.reason
        self.known[record.path] = record
        self._names[record.sha256].add(record.path)

    def forget(self, names: Collection[str]) -> None:
        """Forget files that brought nothing and are not among the names that lie there now."""
        gone = [
            path
            for path, record in self.known.items()
            if record.state not in (FileState.INGESTED, FileState.QUARANTINED) and path not in names
        ]
        if not gone:
            return
        with self._store.transaction():
            for path in gone:
                self._store.forget_file(self._station, path)
                del self.known[path]
        self._report.forgotten += len(gone)

    def _is_kept_for(self, record: FileRecord, before: FileRecord) -> bool:
        """Whether a record stays, for what stands for it now has to wait: it is read again then."""
        return (
            before.state == FileState.INGESTED
            and before.kind not in ORBIT_KINDS
            and record.state in (FileState.WAITING_ORBITS, FileState.FROM_FUTURE)
            and replaces(record, before)
        )

    def _is_another(self, record: FileRecord, before: FileRecord) -> bool:
        """Whether a path holds another observation file now, and the old one has made arcs."""
        return (
            before.state == FileState.INGESTED
            and before.kind not in ORBIT_KINDS
            and before.sha256 != record.sha256
            and not replaces(record, before)
        )
