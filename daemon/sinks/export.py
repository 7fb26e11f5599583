"""Estimates as files on this computer: one per station, product and UTC day.

Each file is merged with what it holds and replaced as a whole, so that a reader never sees half of
one, and a replay changes nothing.
"""

from __future__ import annotations

import errno
import os
import re
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from daemon.files import written_whole
from daemon.sections import ExportSection
from daemon.sinks.export_rows import read_rows, write_rows
from daemon.sinks.interface import Message
from daemon.sinks.outcomes import Delivered, Outcome, Rejected, RetryLater, Unauthorised

__all__ = ["ExportSink", "file_day"]

_FULL = (errno.ENOSPC, errno.EDQUOT)
_SHUT = (errno.EACCES, errno.EPERM, errno.EROFS)
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_TIME = "%Y-%m-%dT%H:%M:%SZ"
# What a killed process left behind; younger ones may be another station's at work.
_LEFT_BEHIND = ".soilglint-*"
_LEFT_BEHIND_S = 3600.0


def file_day(product: str, time: str) -> str:
    """Return the UTC day that an estimate is filed under.

    A daily estimate has the time of its day's end, which is the next day's beginning.

    Raises
    ------
    ValueError
        The time is no UTC text.

    Examples
    --------
    >>> file_day("live", "2026-11-25T00:00:00Z"), file_day("daily", "2026-11-25T00:00:00Z")
    ('2026-11-25', '2026-11-24')
    """
    moment = datetime.strptime(time, _TIME)
    if product == "daily":
        moment -= timedelta(seconds=1)
    return moment.date().isoformat()


class ExportSink:
    """A folder of files.

    Parameters
    ----------
    section : ExportSection
        Which folder, and which form.
    """

    name = "export"
    batch = 500
    wants_arcs = False

    def __init__(self, section: ExportSection) -> None:
        self._folder = section.path
        self._format = section.format

    def start(self) -> None:
        """Take away what a process that was killed left unfinished."""
        for path in self._folder.glob(_LEFT_BEHIND):
            try:
                if time.time() - path.stat().st_mtime > _LEFT_BEHIND_S:
                    path.unlink()
            except OSError:
                continue  # another service on the folder was first

    def deliver(self, messages: Sequence[Message]) -> list[Outcome]:
        """Write messages into their files, each file once."""
        outcomes: dict[int, Outcome] = {}
        files: dict[Path, list[int]] = {}
        for at, message in enumerate(messages):
            try:
                files.setdefault(self._file(message), []).append(at)
            except ValueError as error:
                outcomes[at] = Rejected(f"{message.product} of {message.time}: {error}")
        for path, places in files.items():
            outcome = self._merge(path, [messages[at] for at in places])
            outcomes |= dict.fromkeys(places, outcome)
            if not isinstance(outcome, Delivered | Rejected):
                break
        # Up to the first that has to be given again; writing one twice changes nothing.
        told: list[Outcome] = []
        for at in range(len(messages)):
            if at not in outcomes:
                break
            told.append(outcomes[at])
            if isinstance(outcomes[at], RetryLater | Unauthorised):
                break
        return told

    def reach(self, timeout_s: float) -> str | None:
        """Return why no file could be written to the folder, None when one could."""
        folder = next(p for p in (self._folder, *self._folder.parents) if p.exists())
        try:
            with tempfile.NamedTemporaryFile(prefix=".soilglint-", dir=folder) as file:
                file.write(b"\n" * 4096)
                file.flush()
        except OSError as error:
            return self._of(error).reason
        return None

    def stop(self, timeout_s: float) -> None:
        """Let nothing go: between calls no file is open."""

    def _file(self, message: Message) -> Path:
        """Return the file of a message."""
        if message.product not in ("live", "daily"):
            raise ValueError("files hold live and daily estimates only")
        if not _NAME.fullmatch(message.station):
            raise ValueError(f"station {message.station!r} cannot stand in the name of a file")
        day = file_day(message.product, message.time)
        return self._folder / f"{message.station}_{message.product}_{day}.{self._format}"

    def _merge(self, path: Path, messages: Sequence[Message]) -> Outcome:
        """Put messages into a file, in place of those of the same times."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            rows = {str(row["time"]): row for row in read_rows(path)}
            rows |= {message.time: dict(message.record) for message in messages}
            with written_whole(path) as partial:
                write_rows(partial, [rows[time] for time in sorted(rows)])
            _sync_folder(path.parent)
        except OSError as error:
            return self._of(error)
        return Delivered()

    def _of(self, error: OSError) -> RetryLater | Unauthorised:
        """Return what the computer's refusal means."""
        where = f"export.path {self._folder}"
        if error.errno in _FULL:
            return RetryLater(f"{where}: the disk is full; make room")
        if error.errno in _SHUT:
            return Unauthorised(
                f"{where}: {error.strerror}; let the user that runs soilglint write there"
            )
        return RetryLater(f"{where}: {error.strerror or error}")


def _sync_folder(folder: Path) -> None:
    """See that a new name outlives a loss of power."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
