"""The part of the store that knows what is to be sent, and how far each sink has got with it.

The outbox refers to estimates and arcs and does not copy them: what is sent is what holds then. An
estimate that is made again moves to the end. Each sink has a cursor of its own and takes rows in
order; what it will never take is set aside with the reason, so that the rest goes on.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from daemon.estimates import ESTIMATE_FIELDS
from daemon.store.base import Database
from daemon.store.schema import ARC_SQL_COLUMNS
from daemon.utc import parse_utc, utc_text

__all__ = ["ARC", "OUTBOX_AGE", "OUTBOX_ROWS", "Outbox", "OutboxRow", "SinkState"]

ARC = "arc"
# A year of estimates every quarter of an hour, and as many arcs; beyond that the oldest are not
# sent any more, nor what has waited for longer than a year.
OUTBOX_ROWS = 35_136
OUTBOX_AGE = pd.Timedelta(days=366)

_ARC_FIELDS = tuple(name for name in ARC_SQL_COLUMNS if name not in ("accepted", "reject_reason"))


@dataclass(frozen=True)
class OutboxRow:
    """One thing to be sent.

    Attributes
    ----------
    number : int
        Its place in the queue.
    station, product, time : str
        Of the estimate; of an arc product is ``arc`` and the time that when it closed, UTC.
    record : mapping
        What holds now. Empty where there is nothing to send any more: the arc was superseded.
    """

    number: int
    station: str
    product: str
    time: str
    record: Mapping[str, Any]


@dataclass(frozen=True)
class SinkState:
    """How far a sink has got.

    Attributes
    ----------
    waiting : int
        Rows that it has not taken.
    oldest : Timestamp or None
        When the first of them was queued, UTC.
    delivered, rejected : int
        Rows in all.
    delivered_at : Timestamp or None
        When it last took any, UTC.
    """

    waiting: int
    oldest: pd.Timestamp | None
    delivered: int
    rejected: int
    delivered_at: pd.Timestamp | None


class Outbox(Database):
    """Tables ``outbox``, ``outbox_rejected``, ``sinks`` and ``sink_newest``."""

    def queue_estimates(
        self, keys: Iterable[tuple[str, str, str]], queued_at: pd.Timestamp
    ) -> None:
        """Put estimates at the end of the queue: station, product and time of each."""
        self._queue(((*key, 0) for key in keys), queued_at)

    def queue_arcs(self, station: str, numbers: Iterable[int], queued_at: pd.Timestamp) -> None:
        """Put those of the arcs with these numbers that are accepted at the end of the queue."""
        sql = "SELECT closed FROM arcs WHERE id = ? AND accepted"
        self._queue(
            [
                (station, ARC, row["closed"], int(number))
                for number in numbers
                for row in self._query(sql, (int(number),))
            ],
            queued_at,
        )

    def _queue(self, keys: Iterable[tuple[str, str, str, int]], queued_at: pd.Timestamp) -> None:
        """Put rows at the end, and drop and count what has waited for too long."""
        at = utc_text(queued_at)
        self._connection.executemany(
            "INSERT OR REPLACE INTO outbox (station, product, time, arc, queued_at) "
            "VALUES (?, ?, ?, ?, ?)",
            [(*key, at) for key in keys],
        )
        dropped = sum(
            self._connection.execute(
                f"DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE (arc > 0) = {kind} "  # noqa: S608
                "ORDER BY id DESC LIMIT -1 OFFSET ?)",
                (OUTBOX_ROWS,),
            ).rowcount
            for kind in (0, 1)
        )
        dropped += self._connection.execute(
            "DELETE FROM outbox WHERE queued_at < ?", (utc_text(queued_at - OUTBOX_AGE),)
        ).rowcount
        if dropped:
            self.count("outbox_dropped", dropped)

    def outbox(self, station: str) -> list[tuple[int, str, str]]:
        """Return number, product and time of what is to be sent, in the order of its making."""
        rows = self._query(
            "SELECT id, product, time FROM outbox WHERE station = ? ORDER BY id", (station,)
        )
        return [(row["id"], row["product"], row["time"]) for row in rows]

    def outbox_size(self, station: str) -> int:
        """Return how many rows there are, for whatever sink."""
        sql = "SELECT COUNT(*) FROM outbox WHERE station = ?"
        return int(self._query(sql, (station,))[0][0])

    def add_sinks(self, names: Iterable[str]) -> None:
        """Note sinks that are new; they get all that the outbox holds."""
        self._connection.executemany(
            "INSERT OR IGNORE INTO sinks VALUES (?, 0, 0, NULL)", [(name,) for name in names]
        )

    def waiting(self, sink: str, limit: int, *, arcs: bool) -> list[OutboxRow]:
        """Return the first rows that a sink has not taken; those of arcs where it wants them."""
        rows = self._query(
            "SELECT outbox.id, station, product, time, arc FROM outbox "
            "WHERE id > (SELECT cursor FROM sinks WHERE name = ?) AND (arc = 0 OR ?) "
            "ORDER BY id LIMIT ?",
            (sink, arcs, limit),
        )
        return [
            OutboxRow(
                row["id"],
                row["station"],
                row["product"],
                row["time"],
                self._arc_record(row["arc"])
                if row["arc"]
                else self._estimate_record(row["station"], row["product"], row["time"]),
            )
            for row in rows
        ]

    def newest_delivered(self, sink: str) -> dict[tuple[str, str], str]:
        """Return the newest time that a sink has taken of each station and product."""
        rows = self._query("SELECT * FROM sink_newest WHERE sink = ?", (sink,))
        return {(row["station"], row["product"]): row["time"] for row in rows}

    def take_as_done(
        self,
        sink: str,
        last: int,
        delivered: Sequence[OutboxRow],
        rejected: Sequence[tuple[OutboxRow, str]],
        now: pd.Timestamp,
    ) -> None:
        """Note that a sink has done with all rows up to a number.

        Parameters
        ----------
        sink : str
            Its name.
        last : int
            Number of the last row.
        delivered, rejected : sequences
            Those of them that it has taken, and those that it will never take, with the reasons.
        now : Timestamp
            UTC.
        """
        self._connection.execute(
            "UPDATE sinks SET cursor = max(cursor, ?), delivered = delivered + ?, "
            "delivered_at = CASE WHEN ? THEN ? ELSE delivered_at END WHERE name = ?",
            (last, len(delivered), bool(delivered), utc_text(now), sink),
        )
        self._connection.executemany(
            "INSERT INTO sink_newest VALUES (?, ?, ?, ?) "
            "ON CONFLICT (sink, station, product) DO UPDATE SET time = max(time, excluded.time)",
            [(sink, row.station, row.product, row.time) for row in delivered],
        )
        self._connection.executemany(
            "INSERT INTO outbox_rejected (sink, station, product, time, arc, reason, rejected_at) "
            "SELECT ?, station, product, time, arc, ?, ? FROM outbox WHERE id = ?",
            [(sink, reason, utc_text(now), row.number) for row, reason in rejected],
        )

    def drop_delivered(self, sinks: Collection[str]) -> int:
        """Drop the rows that all of these sinks have taken; return their number."""
        if not sinks:
            return 0
        cursors = {
            row["name"]: row["cursor"] for row in self._query("SELECT name, cursor FROM sinks")
        }
        last = min(cursors.get(name, 0) for name in sinks)
        return self._connection.execute("DELETE FROM outbox WHERE id <= ?", (last,)).rowcount

    def sink_state(self, sink: str, *, arcs: bool) -> SinkState:
        """Return how far a sink has got."""
        known = self._query("SELECT * FROM sinks WHERE name = ?", (sink,))
        cursor = known[0]["cursor"] if known else 0
        waiting, oldest = self._query(
            "SELECT COUNT(*), MIN(queued_at) FROM outbox WHERE id > ? AND (arc = 0 OR ?)",
            (cursor, arcs),
        )[0]
        rejected = self._query("SELECT COUNT(*) FROM outbox_rejected WHERE sink = ?", (sink,))
        at = known[0]["delivered_at"] if known else None
        return SinkState(
            waiting,
            None if oldest is None else parse_utc([oldest])[0],
            known[0]["delivered"] if known else 0,
            int(rejected[0][0]),
            None if at is None else parse_utc([at])[0],
        )

    def rejected(self, sink: str, last: int = -1) -> list[tuple[str, str, str]]:
        """Return product, time and reason of what a sink will never take: all, or the last few."""
        rows = self._query(
            "SELECT product, time, reason FROM outbox_rejected WHERE sink = ? "
            "ORDER BY id DESC LIMIT ?",
            (sink, last),
        )
        return [(row["product"], row["time"], row["reason"]) for row in reversed(rows)]

    def counter(self, name: str) -> int:
        """Return how often something was counted, 0 if never."""
        rows = self._query("SELECT number FROM counters WHERE name = ?", (name,))
        return int(rows[0][0]) if rows else 0

    def count(self, name: str, number: int) -> None:
        """Count something."""
        self._connection.execute(
            "INSERT INTO counters VALUES (?, ?) "
            "ON CONFLICT (name) DO UPDATE SET number = number + excluded.number",
            (name, number),
        )

    def _estimate_record(self, station: str, product: str, time: str) -> dict[str, Any]:
        """Return an estimate as it leaves the program."""
        rows = self._query(
            "SELECT * FROM estimates WHERE station = ? AND product = ? AND time = ?",
            (station, product, time),
        )
        return {name: row[name] for row in rows for name in ESTIMATE_FIELDS}

    def _arc_record(self, number: int) -> dict[str, Any]:
        """Return an arc as it leaves the program, with its track and weight under the model."""
        names = ", ".join(f'arcs."{name}"' for name in _ARC_FIELDS)
        rows = self._query(
            f"SELECT {names}, revision, track, weight AS track_weight "  # noqa: S608
            "FROM arcs LEFT JOIN model_tracks ON model_tracks.id = model_track WHERE arcs.id = ?",
            (number,),
        )
        return {name: row[name] for row in rows for name in row.keys()}  # noqa: SIM118 - a Row
