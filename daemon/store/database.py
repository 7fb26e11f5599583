"""`Store`: the parts of the store together, and the two ways to open it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from daemon.errors import NotThereError, StoreError, StoreOutdatedError
from daemon.store.arcs import Arcs
from daemon.store.estimates import Estimates
from daemon.store.files import Files
from daemon.store.lock import acquire
from daemon.store.models import Models
from daemon.store.opening import connect, migrate, schema_version, sqlite_errors
from daemon.store.points import Points
from daemon.store.retention import Retention
from daemon.store.schema import SCHEMA_VERSION
from daemon.store.shadows import Shadows

__all__ = ["Store"]


class Store(Files, Arcs, Points, Estimates, Models, Shadows, Retention):
    """The store of one or more stations.

    Use it as a context manager; `writing` and `reading` open it. Changes happen inside
    `transaction` only, so that a process killed at any point leaves whole steps behind.
    """

    @classmethod
    def writing(cls, path: Path, *, make_folder: bool = False) -> Store:
        """Open a store for writing, make it if it is not there, and bring it up to date.

        Parameters
        ----------
        path : Path
            The database file.
        make_folder : bool
            Make its folder too. Not by default: where a disk is not mounted, an empty store must
            not start in the place of the one that lies on it.

        Raises
        ------
        StoreBusyError
            Another process writes to it.
        StoreVersionError
            It was written by a newer soilglint.
        StoreError
            It is no store, or cannot be opened.
        """
        if make_folder:
            with suppress(OSError):  # what is wrong shows when the lock is made there
                path.parent.mkdir(parents=True, exist_ok=True)
        elif not path.parent.exists():
            raise StoreError(
                f"{path}: there is no folder {path.parent}; make it, or see why it is missing (a "
                "disk that is not mounted?)"
            )
        try:
            lock = acquire(path)
        except OSError as error:
            raise StoreError(
                f"{path}: the store cannot be made there ({error.strerror}); give [store] path a "
                "place where this user may write"
            ) from error
        try:
            connection = connect(f"{path.absolute().as_uri()}?mode=rwc", path)
            schema_version(connection, path)  # before the first change, for it may not be ours
            with sqlite_errors(path):
                connection.execute("PRAGMA journal_mode = WAL")
                # Power cuts: a commit is on disk before it counts.
                connection.execute("PRAGMA synchronous = FULL")
            migrate(connection, path)
        except StoreError:
            lock.close()
            raise
        return cls(path, connection, lock)

    def beside(self) -> Store:
        """Open the store once more, for another thread of the process that holds the lock.

        SQLite lets one transaction in at a time and makes others wait for it.
        """
        connection = connect(f"{self.path.absolute().as_uri()}?mode=rw", self.path)
        with sqlite_errors(self.path):
            connection.execute("PRAGMA synchronous = FULL")
        return type(self)(self.path, connection, None)

    @classmethod
    def asking(cls, path: Path) -> Store:
        """Open a store to put something into its outbox, also while a service writes to it.

        For one short transaction that rests on nothing that the service may be about to change.

        Raises
        ------
        StoreError
            As `reading` does.
        """
        cls.reading(path).close()
        return cls(path, connect(f"{path.absolute().as_uri()}?mode=rw", path), None)

    @classmethod
    def reading(cls, path: Path) -> Store:
        """Open a store for reading, also while another process writes to it.

        Nothing is written beside it. Reading a database in WAL mode makes two files unless a writer
        has them, and those of a user that only looks (root) would shut the service's user out; so
        where no writer has them, SQLite is told that all is in the one file.

        Raises
        ------
        NotThereError
            There is no store yet.
        StoreOutdatedError
            It was written by an older soilglint.
        StoreVersionError
            It was written by a newer one.
        StoreError
            It is no store, or cannot be opened.
        """
        if not path.exists():
            raise NotThereError(
                f"{path}: there is no store yet; run `soilglint run --config FILE --once` first"
            )
        quiet = "" if path.with_name(f"{path.name}-wal").exists() else "&immutable=1"
        connection = connect(f"{path.absolute().as_uri()}?mode=ro{quiet}", path)
        try:
            version = schema_version(connection, path)
            if version < SCHEMA_VERSION:
                raise StoreOutdatedError(
                    f"{path}: store version {version}, this soilglint reads {SCHEMA_VERSION}; "
                    "`soilglint run` brings it up to date"
                )
        except StoreError:
            connection.close()
            raise
        return cls(path, connection, None)
