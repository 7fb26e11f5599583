"""One writer at a time: an advisory lock beside the store that dies with its process."""

from __future__ import annotations

from pathlib import Path
from typing import IO

from daemon.errors import StoreBusyError

__all__ = ["acquire", "is_held"]


def acquire(store: Path) -> IO[bytes]:
    """Lock a store for writing until the returned file is closed.

    SQLite's own lock lasts for a transaction only; between two of them another writer could slip
    in. The lock file stays behind when the lock is gone; it is the lock that counts, not the file.

    Raises
    ------
    StoreBusyError
        Another process holds it.
    """
    import fcntl  # local: POSIX only, and reading a store needs no lock

    lock = _lock_path(store).open("ab")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise StoreBusyError(
            f"{store}: another soilglint is writing to this store; wait until it has finished, or "
            "stop the station's service first"
        ) from error
    return lock


def is_held(store: Path) -> bool:
    """Whether a process is writing to a store."""
    import fcntl

    try:
        with _lock_path(store).open("rb") as lock:
            # Shared and let go at once: a writer that begins at this very moment is not held up.
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False  # none yet, or not ours to read
    return False


def _lock_path(store: Path) -> Path:
    """Return where the lock of a store lies."""
    return store.with_name(f"{store.name}.lock")
