"""The part of the store that knows files, and the settings that their arcs were made with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

import pandas as pd

from daemon.store.base import Database
from daemon.store.records import FileRecord, FileState
from daemon.store.rows import file_record
from daemon.utc import parse_utc

__all__ = ["Files"]


class Files(Database):
    """Tables ``files`` and ``arc_settings``."""

    def files(self, station: str) -> dict[str, FileRecord]:
        """Return the station's files by path."""
        rows = self._query("SELECT * FROM files WHERE station = ? ORDER BY path", (station,))
        return {row["path"]: file_record(row) for row in rows}

    def stations(self) -> list[str]:
        """Return the names of the stations that the store has files of."""
        return [row[0] for row in self._query("SELECT DISTINCT station FROM files ORDER BY 1")]

    def last_epoch(self, station: str, site: str) -> pd.Timestamp | None:
        """Return the last epoch of the ingested observation files of a site, UTC."""
        rows = self._query(
            "SELECT MAX(last_time) FROM files WHERE station = ? AND site = ? AND state = ?",
            (station, site, FileState.INGESTED.value),
        )
        return None if rows[0][0] is None else parse_utc([rows[0][0]])[0]

    def file_states(self, station: str) -> dict[str, int]:
        """Return the number of the station's files in each state."""
        sql = "SELECT state, COUNT(*) FROM files WHERE station = ? GROUP BY state ORDER BY state"
        return {row[0]: row[1] for row in self._query(sql, (station,))}

    def last_ephemeris(self, station: str) -> pd.Timestamp | None:
        """Return the last time of the ephemerides that were taken in, UTC."""
        rows = self._query(
            "SELECT MAX(last_time) FROM files WHERE station = ? AND state = ? "
            "AND kind IN ('navigation', 'sp3')",
            (station, FileState.INGESTED.value),
        )
        return None if rows[0][0] is None else parse_utc([rows[0][0]])[0]

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
        """Give a file's record another path; its arcs and observations stay linked to it."""
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
