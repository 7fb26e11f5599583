"""Opening a store: what is ours is told from what is not before anything is written to it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from daemon.errors import StoreError, StoreVersionError
from daemon.store.schema import APPLICATION_ID, MIGRATIONS, SCHEMA_VERSION

__all__ = ["connect", "migrate", "schema_version", "sqlite_errors", "transaction"]


@contextmanager
def transaction(connection: sqlite3.Connection, path: Path) -> Iterator[None]:
    """Make everything inside happen together, or not at all."""
    with sqlite_errors(path):
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            connection.execute("COMMIT")
        except BaseException:
            # A full disk makes SQLite roll back by itself.
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def schema_version(connection: sqlite3.Connection, path: Path) -> int:
    """Return a store's version, 0 for an empty file; refuse what is newer, and what is not ours."""
    with sqlite_errors(path):
        version, application, tables = (
            int(connection.execute(question).fetchone()[0])
            for question in (
                "PRAGMA user_version",
                "PRAGMA application_id",
                "SELECT COUNT(*) FROM sqlite_master",
            )
        )
    if application != APPLICATION_ID and (version or application or tables):
        raise StoreError(
            f"{path}: a database, but no soilglint store; it is left as it is: give [store] path a "
            "file of its own"
        )
    if version > SCHEMA_VERSION:
        raise StoreVersionError(
            f"{path}: store version {version}, this soilglint knows up to {SCHEMA_VERSION}; a "
            "newer soilglint has written it: upgrade this one"
        )
    return version


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Take a store to the newest version, one whole step at a time."""
    # A table that others refer to is made anew without taking their rows with it.
    connection.execute("PRAGMA foreign_keys = OFF")
    for version in range(schema_version(connection, path), SCHEMA_VERSION):
        with transaction(connection, path):
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            for statement in MIGRATIONS[version]:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {version + 1}")
    connection.execute("PRAGMA foreign_keys = ON")


def connect(uri: str, path: Path) -> sqlite3.Connection:
    """Open a database file in autocommit mode: transactions are ours to begin.

    Raises
    ------
    StoreError
        It cannot be opened, or is no regular file (opening a pipe would wait for ever).
    """
    if path.exists() and not path.is_file():
        raise StoreError(f"{path}: the store cannot be used; {_remedy(path)}")
    with sqlite_errors(path):
        connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=10.0)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA foreign_keys = ON")
        return connection


@contextmanager
def sqlite_errors(path: Path) -> Iterator[None]:
    """Say which store it is that SQLite has trouble with."""
    try:
        yield
    except sqlite3.IntegrityError:
        raise  # a broken rule of ours, not the user's: internal
    except sqlite3.DatabaseError as error:
        raise StoreError(f"{path}: the store cannot be used ({error}); {_remedy(path)}") from error


def _remedy(path: Path) -> str:
    """Say what to look at when SQLite refuses a store."""
    if path.is_dir():
        return "it is a folder: give [store] path a file in it"
    if path.exists() and not path.is_file():
        return "it is no regular file: give [store] path one"
    return "see whether its disk is full or broken, and that [store] path names a soilglint store"
