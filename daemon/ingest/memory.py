"""What the service remembers of the files of the inbox, from one look to the next."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from daemon.growth import GROWING_KINDS, read_more
from daemon.inbox import FoundFile, fingerprint
from daemon.ingest.placing import Followed
from retrieval.rinex.crinex import is_crinex
from retrieval.rinex.text import file_kind

__all__ = ["InboxMemory", "may_be_growing"]

# A file system tells times in steps: what changes twice inside one looks as if it had not.
_STEP_S = 2.0
# Files whose beginning is remembered: what a receiver writes to, and what it has just finished.
_FOLLOWED = 8
# Reading and analysing a growing file may take this part of the time.
_SHARE = 0.05
# A file that has grown is let alone until it has not for longer than receivers pause.
_PAUSE_S = 600.0
_PAUSES = 3.0


@dataclass(frozen=True)
class _Stamp:
    """What tells that a file is as it was."""

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    device: int

    @classmethod
    def of(cls, stat: os.stat_result) -> _Stamp:
        return cls(stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino, stat.st_dev)


@dataclass
class _Seen:
    """A file as it was seen last; times are of the steady clock, seconds."""

    stamp: _Stamp
    since_s: float
    busy_since_s: float
    found: FoundFile | None = None


@dataclass
class _Growing:
    """A file that is followed."""

    followed: Followed
    grew_s: float
    next_s: float = 0.0
    longest_pause_s: float = 0.0
    n_times: int = 0


class InboxMemory:
    """Files as they were when they were looked at, and how far growing ones were read.

    The service holds one for each station and gives it to every look; a file that is as it was is
    not read again. It holds nothing that the files and the store do not tell: without it a look
    takes longer and brings the same.

    Parameters
    ----------
    wall, steady : callable
        Clocks, seconds: that of the file system's times, and one that is never set.
    """

    def __init__(
        self,
        wall: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wall = wall
        self._steady = steady
        self._seen: dict[str, _Seen] = {}
        self._growing: dict[str, _Growing] = {}
        self._waits_s: list[float] = []

    @property
    def next_settled_s(self) -> float | None:
        """In how many seconds the first of the files that wait can be read; None for none."""
        return min(self._waits_s, default=None)

    def begin(self) -> None:
        """Begin a look."""
        self._waits_s = []

    def look(self, path: Path, name: str, settle_s: float, every_s: float) -> FoundFile | None:
        """Return a file with its SHA-256, or None while somebody writes to it.

        One that is as it was is not read again. Of one that has grown behind a beginning that is
        known, what follows that is read along.

        Parameters
        ----------
        path : Path
            Where it lies.
        name : str
            What the store calls it.
        settle_s : float
            It is left alone until it has not been written to for so long.
        every_s : float
            One that is written to for longer than this and grows is read so often meanwhile.

        Raises
        ------
        OSError
            It cannot be read.
        """
        stamp, now_s = _Stamp.of(path.stat()), self._steady()
        seen = self._seen.get(name)
        if seen is None or seen.stamp != stamp:
            busy = seen is not None and self._rests_s(seen, now_s) < settle_s
            since_s = seen.busy_since_s if seen is not None and busy else now_s
            seen = self._seen[name] = _Seen(stamp, now_s, since_s)
        if seen.found is not None:
            return seen.found
        rests_s = self._rests_s(seen, now_s)
        wait_s = settle_s - rests_s
        if wait_s > 0:
            wait_s = min(wait_s, self._next_reading_s(path, name, seen, every_s) - now_s)
            if wait_s > 0:
                self._waits_s.append(wait_s)
                return None
        found = self._read(path, name)
        # What has changed meanwhile, or just before, is read again the next time.
        if rests_s >= _STEP_S and _Stamp.of(path.stat()) == stamp:
            seen.found = FoundFile(found.name, found.path, found.sha256, found.size)
        return found

    def rests_s(self, name: str) -> float:
        """Return for how many seconds nobody has written to a file; 0 for one never seen."""
        seen = self._seen.get(name)
        return 0.0 if seen is None else self._rests_s(seen, self._steady())

    def followed(self, name: str, sha256: str) -> Followed | None:
        """Return how far a file was read when its content had a SHA-256."""
        growing = self._growing.get(name)
        if growing is None or growing.followed.growth.sha256 != sha256:
            return None
        return growing.followed

    def follow(self, name: str, followed: Followed | None) -> None:
        """Note how far a file has been read, once the store has it; None: as far as nowhere."""
        before, now_s = self._growing.pop(name, None), self._steady()
        if followed is None:
            return
        if before is None:
            growing = _Growing(followed, now_s)
        else:
            pause_s = max(before.longest_pause_s, now_s - before.grew_s)
            growing = _Growing(followed, now_s, before.next_s, pause_s, before.n_times + 1)
        self._growing[name] = growing
        for oldest in list(self._growing)[:-_FOLLOWED]:
            del self._growing[oldest]

    def rest(self, names: Iterable[str], took_s: float, every_s: float) -> None:
        """Let files that were read go unread for a while: the longer, the longer it took."""
        for name in names:
            if (growing := self._growing.get(name)) is not None:
                growing.next_s = self._steady() + max(every_s, took_s / _SHARE)

    def still_growing(self) -> set[str]:
        """Return the names of files that have grown, and may have paused only."""
        now_s = self._steady()
        return {
            name
            for name, growing in self._growing.items()
            if growing.n_times
            and now_s - growing.grew_s < max(_PAUSE_S, _PAUSES * growing.longest_pause_s)
        }

    def keep(self, names: Collection[str]) -> None:
        """Forget all files but those that lie there."""
        for known in (self._seen, self._growing):
            for name in set(known) - set(names):
                del known[name]

    def _rests_s(self, seen: _Seen, now_s: float) -> float:
        # A sender can set mtime, but not ctime. The clock of a file server may be wrong.
        return max(self._wall() - seen.stamp.ctime_ns / 1e9, now_s - seen.since_s)

    def _next_reading_s(self, path: Path, name: str, seen: _Seen, every_s: float) -> float:
        """Return when, on the steady clock, a file may be read although it is written to."""
        growing = self._growing.get(name)
        if growing is not None:
            return growing.next_s
        due_s = seen.busy_since_s + every_s
        if due_s <= self._steady() and not may_be_growing(path):
            return float("inf")
        return due_s

    def _read(self, path: Path, name: str) -> FoundFile:
        growing = self._growing.get(name)
        if growing is None:
            return fingerprint(path, name)
        sha256, size, more = read_more(path, growing.followed.growth)
        return FoundFile(name, path, sha256, size, more)


def may_be_growing(path: Path) -> bool:
    """Whether a file is plain text of a kind that receivers append to."""
    with path.open("rb") as file:
        begin = file.read(1 << 14)
    return not is_crinex(begin) and file_kind(begin, path.name) in GROWING_KINDS
