"""`Store`: the one place where SQL is spoken."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import pandas as pd

from daemon.errors import NotThereError, StoreError, StoreVersionError
from daemon.estimates import ESTIMATE_FIELDS, Estimate
from daemon.store.lock import acquire
from daemon.store.opening import connect, migrate, schema_version, sqlite_errors, transaction
from daemon.store.records import FileRecord, FileState
from daemon.store.rows import arc_rows, arcs_of_rows, file_record
from daemon.store.schema import ARC_SQL_COLUMNS, SCHEMA_VERSION
from daemon.utc import parse_utc, utc_texts

__all__ = ["Store"]

_ARC_NAMES = ", ".join(f'"{name}"' for name in ARC_SQL_COLUMNS)


class Store:
    """The store of one or more stations.

    Use it as a context manager; `writing` and `reading` open it. Changes happen inside
    `transaction` only, so that a process killed at any point leaves whole steps behind.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection, lock: IO[bytes] | None) -> None:
        self.path = path
        self._connection = connection
        self._lock = lock

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

    @classmethod
    def reading(cls, path: Path) -> Store:
        """Open a store for reading, also while another process writes to it.

        Raises
        ------
        NotThereError
            There is no store yet.
        StoreVersionError
            It was written by another version of soilglint.
        StoreError
            It is no store, or cannot be opened.
        """
        if not path.exists():
            raise NotThereError(
                f"{path}: there is no store yet; run `soilglint run --config FILE --once` first"
            )
        connection = connect(f"{path.absolute().as_uri()}?mode=ro", path)
        version = schema_version(connection, path)
        if version < SCHEMA_VERSION:
            raise StoreVersionError(
                f"{path}: store version {version}, this soilglint reads {SCHEMA_VERSION}; "
                "`soilglint run` brings it up to date"
            )
        return cls(path, connection, None)

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

    def _query(self, sql: str, values: tuple[Any, ...]) -> list[sqlite3.Row]:
        """Return the rows of a question."""
        with sqlite_errors(self.path):
            return self._connection.execute(sql, values).fetchall()

    def files(self, station: str) -> dict[str, FileRecord]:
        """Return the station's files by path."""
        rows = self._query("SELECT * FROM files WHERE station = ? ORDER BY path", (station,))
        return {row["path"]: file_record(row) for row in rows}

    def put_file(self, station: str, record: FileRecord) -> None:
        """Write a file's record, in place of an earlier one of the same path."""
        values = {"station": station, **asdict(record)}
        names = ", ".join(values)
        marks = ", ".join(f":{name}" for name in values)
        updates = ", ".join(f"{name} = excluded.{name}" for name in values)
        self._connection.execute(
            f"INSERT INTO files ({names}) VALUES ({marks}) "  # noqa: S608 - our own column names
            f"ON CONFLICT (station, path) DO UPDATE SET {updates}",
            values,
        )

    def rename_file(self, station: str, path: str, new: str) -> None:
        """Give a file's record another path; its arcs stay linked to it."""
        self._connection.execute(
            "UPDATE files SET path = ? WHERE station = ? AND path = ?", (new, station, path)
        )

    def forget_file(self, station: str, path: str) -> None:
        """Take a file's record out."""
        self._connection.execute(
            "DELETE FROM files WHERE station = ? AND path = ?", (station, path)
        )

    def arc_settings(self, station: str) -> dict[str, str]:
        """Return the settings that the station's arcs were made with; empty before the first."""
        rows = self._query("SELECT name, value FROM arc_settings WHERE station = ?", (station,))
        return {row["name"]: row["value"] for row in rows}

    def put_arc_settings(self, station: str, settings: Mapping[str, str]) -> None:
        """Write the settings that arcs are made with from now on."""
        self._connection.executemany(
            "INSERT OR REPLACE INTO arc_settings VALUES (?, ?, ?)",
            [(station, name, value) for name, value in settings.items()],
        )

    def arcs(
        self,
        station: str,
        *,
        since: pd.Timestamp | None = None,
        until: pd.Timestamp | None = None,
    ) -> pd.DataFrame:
        """Return the arcs that overlap a span of time, UTC, as an arc table.

        The index is the arc's number in the store; column `revision` follows the table's own.
        """
        low = "" if since is None else utc_texts(pd.DatetimeIndex([since]))[0]
        high = "9999" if until is None else utc_texts(pd.DatetimeIndex([until]))[0]
        rows = self._query(
            f"SELECT {_ARC_NAMES}, id, revision FROM arcs "  # noqa: S608 - our own column names
            'WHERE station = ? AND "end" >= ? AND start <= ? '
            # The arc table's own order, so that numbers and rows stay together.
            "ORDER BY start, satellite, signal, direction",
            (station, low, high),
        )
        return arcs_of_rows(rows)

    def arcs_of_files(self, station: str, paths: Iterable[str]) -> set[int]:
        """Return the numbers of the arcs that may have points of the given files."""
        found: set[int] = set()
        for path in paths:
            rows = self._query(
                "SELECT arc_id FROM arc_files JOIN files ON files.id = file_id "
                "WHERE station = ? AND path = ?",
                (station, path),
            )
            found.update(row["arc_id"] for row in rows)
        return found

    def delete_arcs(self, numbers: Iterable[int]) -> None:
        """Take arcs out that others have superseded."""
        self._connection.executemany(
            "DELETE FROM arcs WHERE id = ?", [(int(number),) for number in numbers]
        )

    def insert_arcs(self, station: str, arcs: pd.DataFrame) -> None:
        """Write arcs: an arc table with a column `revision`.

        Each is linked to the ingested observation files whose time it overlaps.
        """
        marks = ", ".join("?" for _ in (*ARC_SQL_COLUMNS, "revision"))
        insert = (
            f"INSERT INTO arcs ({_ARC_NAMES}, revision) "  # noqa: S608 - our own column names
            f"VALUES ({marks})"
        )
        link = (
            "INSERT INTO arc_files SELECT ?, id FROM files WHERE station = ? AND state = ? "
            "AND kind IN ('observation', 'snr66') AND first_time <= ? AND last_time >= ?"
        )
        place = list(ARC_SQL_COLUMNS).index("start")
        for row in arc_rows(arcs):
            number = self._connection.execute(insert, row).lastrowid
            start, end = row[place], row[place + 1]
            self._connection.execute(link, (number, station, FileState.INGESTED, end, start))

    def reflector_heights(self, station: str) -> pd.DataFrame:
        """Return `selection`, `azimuth_deg`, `reflector_height_m` of accepted arcs, by number."""
        rows = self._query(
            "SELECT id, substr(satellite, 1, 1) || signal, azimuth_deg, reflector_height_m "
            "FROM arcs WHERE station = ? AND accepted ORDER BY id",
            (station,),
        )
        names = ["number", "selection", "azimuth_deg", "reflector_height_m"]
        table = pd.DataFrame([tuple(row) for row in rows], columns=names)
        return table.astype({"azimuth_deg": "float64", "reflector_height_m": "float64"}).set_index(
            "number"
        )

    def first_arc_closed(self, station: str) -> pd.Timestamp | None:
        """Return when the first accepted arc was closed, UTC; None before there is one."""
        sql = "SELECT MIN(closed) FROM arcs WHERE station = ? AND accepted"
        text = self._query(sql, (station,))[0][0]
        return None if text is None else parse_utc([text])[0]

    def apriori_heights(self, station: str) -> dict[str, float]:
        """Return the newest a-priori height by key (``GS2X``, ``GS2X@090``), metres."""
        rows = self._query(
            "SELECT signal, height_m FROM apriori_heights WHERE station = ? ORDER BY version",
            (station,),
        )
        return {row["signal"]: row["height_m"] for row in rows}

    def put_apriori_height(
        self, station: str, signal: str, height_m: float, n_arcs: int, learnt_at: str
    ) -> None:
        """Write the height of a signal, or of a signal and sector, as its next version."""
        self._connection.execute(
            "INSERT INTO apriori_heights SELECT ?, ?, COALESCE(MAX(version), 0) + 1, ?, ?, ? "
            "FROM apriori_heights WHERE station = ? AND signal = ?",
            (station, signal, height_m, n_arcs, learnt_at, station, signal),
        )

    def estimate_times(self, station: str, product: str) -> set[str]:
        """Return the times that have an estimate, UTC text to the second."""
        rows = self._query(
            "SELECT time FROM estimates WHERE station = ? AND product = ?", (station, product)
        )
        return {row["time"] for row in rows}

    def insert_estimates(self, estimates: Sequence[Estimate]) -> None:
        """Write estimates; one that is there already is an error, for they are never revised."""
        marks = ", ".join(f":{name}" for name in ESTIMATE_FIELDS)
        self._connection.executemany(
            f"INSERT INTO estimates ({', '.join(ESTIMATE_FIELDS)}) "  # noqa: S608
            f"VALUES ({marks})",
            estimates,
        )

    def estimates(self, station: str, product: str, last: int | None = None) -> list[Estimate]:
        """Return estimates in order of time, or the last few of them."""
        rows = self._query(
            "SELECT * FROM estimates WHERE station = ? AND product = ? ORDER BY time DESC LIMIT ?",
            (station, product, -1 if last is None else last),
        )
        return [{name: row[name] for name in ESTIMATE_FIELDS} for row in reversed(rows)]

    def arc_counts(self, station: str) -> list[Mapping[str, Any]]:
        """Return signal, reject_reason (empty: accepted), number and last end of arcs."""
        rows = self._query(
            "SELECT substr(satellite, 1, 1) || signal AS signal, reject_reason, "
            'COUNT(*) AS number, MAX("end") AS last_end FROM arcs WHERE station = ? '
            "GROUP BY 1, 2 ORDER BY 1, 2",
            (station,),
        )
        return [dict(row) for row in rows]

    def days_with_arcs(self, station: str) -> int:
        """Return the number of UTC days on which accepted arcs ended."""
        rows = self._query(
            'SELECT COUNT(DISTINCT substr("end", 1, 10)) FROM arcs WHERE station = ? AND accepted',
            (station,),
        )
        return int(rows[0][0])
