"""The part of the store that forgets what nobody needs any more, and gives its space back."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from daemon.store.base import Database
from daemon.store.opening import sqlite_errors
from daemon.utc import parse_utc, utc_text

__all__ = ["Dropped", "Retention", "StoreSize"]


@dataclass(frozen=True)
class Dropped:
    """Rows that were taken out.

    Attributes
    ----------
    arcs, estimates, weather : int
        Of each table.
    """

    arcs: int = 0
    estimates: int = 0
    weather: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.arcs + self.estimates + self.weather


@dataclass(frozen=True)
class StoreSize:
    """Bytes of the database file, and those of them that hold nothing."""

    total: int
    free: int


class Retention(Database):
    """Deleting by age, and shrinking the file."""

    def drop_old(
        self,
        station: str,
        before: pd.Timestamp,
        needed: pd.Timestamp,
        *,
        accepted: bool,
        sinks: tuple[str, ...],
    ) -> Dropped:
        """Take out rejected arcs and estimates of before a time, and weather that nothing needs.

        Parameters
        ----------
        station : str
            Whose.
        before : Timestamp
            UTC. Estimates that one of the `sinks` has still to take stay.
        needed : Timestamp
            From here on trainings and models look back on weather and accepted arcs, UTC.
        accepted : bool
            Take out accepted arcs of before that, too.
        sinks : tuple of str
            Those in use.
        """
        low, needed_text = utc_text(before), utc_text(min(before, needed))
        execute = self._connection.execute
        arcs = execute('DELETE FROM arcs WHERE NOT accepted AND "end" < ?', (low,)).rowcount
        if accepted:
            arcs += execute('DELETE FROM arcs WHERE "end" < ?', (needed_text,)).rowcount
        waiting = (
            "AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.station = estimates.station "
            "AND outbox.product = estimates.product AND outbox.time = estimates.time)"
            if sinks
            else ""
        )
        estimates = execute(
            f"DELETE FROM estimates WHERE time < ? {waiting}",  # noqa: S608 - text of ours
            (utc_text(before, "s"),),
        ).rowcount
        weather = execute("DELETE FROM weather WHERE time < ?", (needed_text,)).rowcount
        execute(
            "INSERT INTO forgotten VALUES (?, ?) "
            "ON CONFLICT (station) DO UPDATE SET before = max(before, excluded.before)",
            (station, utc_text(before, "s")),
        )
        execute("DELETE FROM outbox_rejected WHERE rejected_at < ?", (low,))
        return Dropped(arcs, estimates, weather)

    def forgotten_before(self, station: str) -> pd.Timestamp | None:
        """Return the time, UTC, of before which estimates are not made again."""
        rows = self._query("SELECT before FROM forgotten WHERE station = ?", (station,))
        return parse_utc([rows[0]["before"]])[0] if rows else None

    def size(self) -> StoreSize:
        """Return how large the file is, without its journal."""
        pages, free, size = (
            int(self._query(f"PRAGMA {name}")[0][0])
            for name in ("page_count", "freelist_count", "page_size")
        )
        return StoreSize(pages * size, free * size)

    def shrink(self) -> None:
        """Give the space that holds nothing back to the disk; needs the file's size once more."""
        with sqlite_errors(self.path):
            self._connection.execute("VACUUM")

    def fold_journal(self) -> None:
        """Bring what stands in the journal into the file, as far as readers let us."""
        with sqlite_errors(self.path):
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            self._connection.execute("PRAGMA optimize")
