"""The part of the store that knows estimates, weather, and what is to be sent."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from daemon.estimates import ESTIMATE_FIELDS, Estimate
from daemon.store.base import Database
from daemon.utc import parse_utc, utc_text, utc_texts

__all__ = ["OUTBOX_ROWS", "Estimates"]

# A year of estimates every quarter of an hour; what is older than that is not sent any more.
OUTBOX_ROWS = 35_136


class Estimates(Database):
    """Tables ``estimates``, ``estimates_due``, ``weather`` and ``outbox``."""

    def estimate_times(self, station: str, product: str) -> set[str]:
        """Return the times that have an estimate, UTC text to the second."""
        rows = self._query(
            "SELECT time FROM estimates WHERE station = ? AND product = ?", (station, product)
        )
        return {row["time"] for row in rows}

    def put_estimates(self, estimates: Sequence[Estimate]) -> None:
        """Write estimates, in place of those of the same times, each with a row in the outbox.

        The outbox refers to the estimate and does not copy it: what is sent is what holds then.
        Beyond `OUTBOX_ROWS` the oldest rows are dropped and counted.
        """
        marks = ", ".join(f":{name}" for name in ESTIMATE_FIELDS)
        self._connection.executemany(
            f"INSERT OR REPLACE INTO estimates ({', '.join(ESTIMATE_FIELDS)}) "  # noqa: S608
            f"VALUES ({marks})",
            estimates,
        )
        self._connection.executemany(
            "INSERT OR REPLACE INTO outbox (station, product, time) "
            "VALUES (:station, :product, :time)",
            estimates,
        )
        dropped = self._connection.execute(
            "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox ORDER BY id DESC "
            "LIMIT -1 OFFSET ?)",
            (OUTBOX_ROWS,),
        ).rowcount
        if dropped:
            self._connection.execute(
                "INSERT INTO counters VALUES ('outbox_dropped', ?) "
                "ON CONFLICT (name) DO UPDATE SET number = number + excluded.number",
                (dropped,),
            )

    def estimates(
        self,
        station: str,
        product: str,
        *,
        last: int | None = None,
        since: pd.Timestamp | None = None,
    ) -> list[Estimate]:
        """Return estimates in order of time: all, the last few, or those from a time on."""
        low = "" if since is None else utc_text(since, "s")
        rows = self._query(
            "SELECT * FROM estimates WHERE station = ? AND product = ? AND time >= ? "
            "ORDER BY time DESC LIMIT ?",
            (station, product, low, -1 if last is None else last),
        )
        return [{name: row[name] for name in ESTIMATE_FIELDS} for row in reversed(rows)]

    def estimates_due(self, station: str) -> pd.Timestamp | None:
        """Return from when on estimates rest on arcs or weather that have changed, UTC."""
        rows = self._query("SELECT since FROM estimates_due WHERE station = ?", (station,))
        return parse_utc([rows[0]["since"]])[0] if rows else None

    def put_estimates_due(self, station: str, since: pd.Timestamp) -> None:
        """Note that what estimates rest on has changed from a time on."""
        self._connection.execute(
            "INSERT INTO estimates_due VALUES (?, ?) "
            "ON CONFLICT (station) DO UPDATE SET since = min(since, excluded.since)",
            (station, utc_text(since)),
        )

    def clear_estimates_due(self, station: str) -> None:
        """Note that all estimates rest on what is there now."""
        self._connection.execute("DELETE FROM estimates_due WHERE station = ?", (station,))

    def outbox(self, station: str) -> list[tuple[int, str, str]]:
        """Return number, product and time of what is to be sent, in the order of its making."""
        rows = self._query(
            "SELECT id, product, time FROM outbox WHERE station = ? ORDER BY id", (station,)
        )
        return [(row["id"], row["product"], row["time"]) for row in rows]

    def outbox_size(self, station: str) -> int:
        """Return how many estimates are to be sent."""
        sql = "SELECT COUNT(*) FROM outbox WHERE station = ?"
        return int(self._query(sql, (station,))[0][0])

    def counter(self, name: str) -> int:
        """Return how often something was counted, 0 if never."""
        rows = self._query("SELECT number FROM counters WHERE name = ?", (name,))
        return int(rows[0][0]) if rows else 0

    def weather(self, station: str) -> pd.DataFrame:
        """Return ``time`` (UTC), ``temperature_c`` and ``rain_mm`` (NaN: not known), by time."""
        rows = self._query(
            "SELECT time, temperature_c, rain_mm FROM weather WHERE station = ? ORDER BY time",
            (station,),
        )
        names = ["time", "temperature_c", "rain_mm"]
        table = pd.DataFrame([tuple(row) for row in rows], columns=names)
        table = table.astype({"temperature_c": "float64", "rain_mm": "float64"})
        return table.assign(time=parse_utc(table["time"].to_numpy(dtype=object)))

    def put_weather(self, station: str, weather: pd.DataFrame) -> None:
        """Write weather, in place of what the same times had."""
        values = zip(
            utc_texts(weather["time"]),
            weather["temperature_c"].tolist(),
            weather["rain_mm"].tolist(),
            strict=True,
        )
        self._connection.executemany(
            "INSERT OR REPLACE INTO weather VALUES (?, ?, ?, ?)",
            [
                (station, time, *(None if value != value else value for value in measured))
                for time, *measured in values
            ],
        )
