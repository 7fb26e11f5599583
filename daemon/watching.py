"""Being told when something in a folder changes, without looking at it all the time.

The computer tells of changes where it can (inotify). Where it cannot (a network file system, which
tells only of what this computer does; too many watches) the folder's entries are compared every few
seconds. Either way this only makes a look come early: who watches looks now and then all the same.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from watchdog.observers.api import BaseObserver

__all__ = ["Watch", "watch"]

_LOG = logging.getLogger(__name__)

# A change is told once nothing more has come for so long, and no later than after the second.
_QUIET_S = 0.1
_LATEST_S = 1.0
# How often entries are compared, and how often a folder that has gone is looked for.
_POLL_S = 5.0
_STOP_S = 1.0
_TOLD = ("closed", "created", "moved")
# What mounts of other computers' folders are called in /proc/mounts.
_NETWORK = frozenset(
    ["nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "9p", "afs", "ceph", "glusterfs"]
)

_Entries = frozenset[tuple[str, int, int]]


class Watch:
    """A folder that is watched by a thread of its own; `watch` begins it.

    Parameters
    ----------
    path : Path
        The folder. It need not be there, and may go and come back.
    on_change : callable
        Called, without arguments and never twice at once, after files have come or were written.
        What it raises is logged.
    poll_s : float
        How often the folder is looked at where the computer does not tell of changes.
    """

    def __init__(self, path: Path, on_change: Callable[[], None], poll_s: float = _POLL_S) -> None:
        self._path = path
        self._on_change = on_change
        self._poll_s = poll_s
        self._changed = threading.Event()
        self._stopping = threading.Event()
        self._fault = ""
        self._observer: BaseObserver | None = None
        self._folder: tuple[int, int] | None = None
        self._entries: _Entries = frozenset()
        self._thread = threading.Thread(target=self._run, name="watch inbox", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._attach()
        self._thread.start()

    def stop(self) -> None:
        """Stop watching; no call comes after this has returned.

        A folder of another computer that does not answer is not waited for.
        """
        self._stopping.set()
        self._changed.set()
        if self._thread is not threading.current_thread():
            self._thread.join(_STOP_S)
        if not self._thread.is_alive():
            self._detach()

    def fault(self) -> str:
        """Say why changes are not told at once, or not at all; empty when they are."""
        return self._fault

    def _run(self) -> None:
        while not self._stopping.is_set():
            told = self._changed.wait(self._poll_s)
            if self._stopping.is_set():
                return
            if told:
                self._let_settle()
                if self._stopping.is_set():
                    return
            came_back = self._see_folder()
            if told or came_back or self._has_changed():
                self._call()

    def _let_settle(self) -> None:
        """Wait until changes pause: a transfer of many files is one change."""
        latest = time.monotonic() + _LATEST_S
        while time.monotonic() < latest and not self._stopping.is_set():
            self._changed.clear()
            if not self._changed.wait(_QUIET_S):
                break
        self._changed.clear()

    def _call(self) -> None:
        try:
            self._on_change()
        except Exception:  # noqa: BLE001 - the border of a thread: one look must not end the watch
            _LOG.exception("looking at %s after a change failed", self._path)

    def _see_folder(self) -> bool:
        """Follow the folder when it goes and comes back; return whether it is another one now."""
        here = _identity(self._path)
        if here == self._folder:
            return False
        self._detach()
        self._attach()
        return self._folder is not None

    def _attach(self) -> None:
        self._folder = _identity(self._path)
        if self._folder is None:
            self._tell(f"{self._path}: the folder is not there (a disk that is not mounted?)")
            return
        self._entries = _entries_of(self._path)
        kind = _file_system(self._path)
        if kind in _NETWORK:
            self._tell(
                f"{self._path}: lies on a network file system ({kind}), which does not tell of "
                f"changes; it is looked at every {self._poll_s:g} s"
            )
            return
        try:
            self._observer = _observe(self._path, self._note)
        except (OSError, ImportError) as error:
            self._tell(
                f"{self._path}: the computer does not tell of changes ({error}); it is looked at "
                f"every {self._poll_s:g} s; raise fs.inotify.max_user_watches or max_user_instances"
            )
            return
        self._tell("")

    def _detach(self) -> None:
        observer, self._observer = self._observer, None
        if observer is not None:
            observer.stop()
            observer.join()

    def _note(self) -> None:
        self._changed.set()

    def _has_changed(self) -> bool:
        """Whether entries differ from before, where nobody else tells."""
        if self._observer is not None or self._folder is None:
            return False
        entries = _entries_of(self._path)
        if entries == self._entries:
            return False
        self._entries = entries
        return True

    def _tell(self, fault: str) -> None:
        if fault and fault != self._fault:
            _LOG.warning("%s", fault)
        elif self._fault and not fault:
            _LOG.info("%s: changes are told again", self._path)
        self._fault = fault


def watch(path: Path, on_change: Callable[[], None], poll_s: float = _POLL_S) -> Watch:
    """Watch a folder until `Watch.stop`; see `Watch`."""
    watching = Watch(path, on_change, poll_s)
    watching.start()
    return watching


def _observe(path: Path, note: Callable[[], None]) -> BaseObserver:
    """Let the computer tell of files that are created, moved in, or closed after writing."""
    from watchdog.events import FileSystemEvent, FileSystemEventHandler
    from watchdog.observers.inotify import InotifyObserver

    class Handler(FileSystemEventHandler):
        def on_any_event(self, event: FileSystemEvent) -> None:
            # A folder that is listed, as every look does, tells of it too.
            if event.event_type in _TOLD:
                note()

    observer: Any = InotifyObserver()
    observer.schedule(Handler(), str(path), recursive=False)
    observer.start()
    result: BaseObserver = observer
    return result


def _identity(path: Path) -> tuple[int, int] | None:
    """Return what tells one folder from another of the same path; None where there is none."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return (stat.st_dev, stat.st_ino) if path.is_dir() else None


def _entries_of(path: Path) -> _Entries:
    """Return names, sizes and times of what lies in a folder."""
    found = set()
    try:
        with os.scandir(path) as entries:
            for entry in entries:
                try:
                    stat = entry.stat()
                except OSError:
                    continue  # it has gone meanwhile, or is a link to nothing
                found.add((entry.name, stat.st_size, stat.st_mtime_ns))
    except OSError:
        return frozenset()
    return frozenset(found)


def _file_system(path: Path, mounts: Path = Path("/proc/mounts")) -> str:
    """Return the kind of file system that a folder lies on; empty where it is not known."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return ""
    place, kind = "", ""
    real = os.path.realpath(path)
    for line in lines:
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        # Blanks in names are written as \040.
        point = fields[1].replace("\\040", " ").replace("\\011", "\t")
        inside = real == point or real.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(place):
            place, kind = point, fields[2]
    return kind
