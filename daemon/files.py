"""Writing files so that nobody ever sees half of one."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from daemon.errors import OutputError, UsageError

__all__ = ["PARTIAL_PREFIX", "check_folder", "check_target", "flushed", "locked", "written_whole"]

# Names of files that are being written begin so.
PARTIAL_PREFIX = ".soilglint-"


def check_target(option: str, path: Path, read: Iterable[Path] = ()) -> None:
    """Refuse a file that could not or must not be written, before the work for it is done.

    Parameters
    ----------
    option : str
        What names the file.
    path : Path
        The file to write.
    read : iterable of Path
        Files that are read for it; those that are not there do not matter.

    Raises
    ------
    OutputError
        Its folder does not exist or may not be written, or the path is a folder.
    UsageError
        It is one of the files that are read, by this name or another.
    """
    folder = path.resolve().parent
    if path.is_dir():
        raise OutputError(f"{option} {path}: is a folder; name the file to write in it")
    if not folder.is_dir():
        raise OutputError(
            f"{option} {path}: the folder {path.parent} does not exist; make it first"
        )
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError(
            f"{option} {path}: this user may not write to the folder {path.parent}; name another"
        )
    if any(_same_file(path, other) for other in read):
        raise UsageError(f"{option} {path}: is a file that is read; name another")


def _same_file(path: Path, other: Path) -> bool:
    """Whether two paths lead to one file that is there."""
    try:
        return path.samefile(other)
    except OSError:
        return False


def check_folder(option: str, path: Path) -> None:
    """Refuse a folder that could not be made or written to, before the work for it is done.

    Raises
    ------
    OutputError
        It is a file, or it or the folder above may not be written.
    """
    there = next(place for place in (path.resolve(), *path.resolve().parents) if place.exists())
    if not there.is_dir():
        raise OutputError(f"{option} {path}: {there} is a file; name a folder")
    if not os.access(there, os.W_OK | os.X_OK):
        raise OutputError(f"{option} {path}: this user may not write to {there}; name another")


@contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold a lock that dies with its process; the file stays, it is the lock that counts.

    Parameters
    ----------
    path : Path
        File to lock; made where it is not there.
    wait : bool
        Wait until whoever holds it lets go.

    Raises
    ------
    BlockingIOError
        Another process holds it, and `wait` is False.
    OSError
        The file can neither be made nor opened.
    """
    import fcntl  # local: POSIX only

    if not path.exists():
        path.touch()
    with path.open("rb") as lock:  # reading suffices, should another user have made it
        fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield


def flushed(folder: Path) -> None:
    """See that a folder of files is on disk before anything refers to it: power cuts."""
    for path in (*(one for one in folder.iterdir() if one.is_file()), folder):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Give a temporary name in the destination folder, renamed to `path` when all went well.

    The temporary file has the permissions that a new file of this user would have, and the same
    ending, since writers judge by it.

    Raises
    ------
    OSError
        The disk is full, or another refusal of the computer; it names `path`.
    """
    target = path.resolve()
    partial: Path | None = None
    try:
        handle, name = tempfile.mkstemp(
            prefix=PARTIAL_PREFIX, suffix=path.suffix, dir=target.parent
        )
        os.close(handle)
        partial = Path(name)
        yield partial
        mask = os.umask(0)
        os.umask(mask)
        partial.chmod(0o666 & ~mask)
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        partial.replace(target)
    except OSError as error:
        # The user knows the name he gave, not ours.
        raise OSError(error.errno, error.strerror or str(error), str(path)) from error
    finally:
        if partial is not None:
            partial.unlink(missing_ok=True)
