"""What every part of the store stands on: a connection, its lock, transactions and questions."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from daemon.store.opening import sqlite_errors, transaction

__all__ = ["Database"]


class Database:
    """An open database file; the parts of `daemon.store.Store` derive from it."""

    def __init__(self, path: Path, connection: sqlite3.Connection, lock: IO[bytes] | None) -> None:
        self.path = path
        self._connection = connection
        self._lock = lock

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the store and let the next writer in."""
        self._connection.close()
        if self._lock is not None:
            self._lock.close()

    def transaction(self) -> AbstractContextManager[None]:
        """Make everything inside happen together, or not at all."""
        return transaction(self._connection, self.path)

    def _query(self, sql: str, values: Iterable[Any] = ()) -> list[sqlite3.Row]:
        """Return the rows of a question."""
        with sqlite_errors(self.path):
            return self._connection.execute(sql, tuple(values)).fetchall()
