"""One writer at a time: an advisory lock beside the store that dies with its process."""

from __future__ import annotations

from pathlib import Path
from typing import IO

from daemon.errors import StoreBusyError

__all__ = ["acquire"]


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

    lock = store.with_name(store.name + ".lock").open("ab")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise StoreBusyError(
            f"{store}: another soilglint is writing to this store; wait until it has finished, or "
            "stop the station's service first"
        ) from error
    return lock
