"""The part of the store that knows estimates and the weather beside them."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from daemon.estimates import ESTIMATE_FIELDS, Estimate
from daemon.store.outbox import Outbox
from daemon.utc import parse_utc, utc_text, utc_texts

__all__ = ["Estimates"]


class Estimates(Outbox):
    """Tables ``estimates``, ``estimates_due`` and ``weather``."""

    def estimate_times(self, station: str, product: str) -> set[str]:
        """Return the times that have an estimate, UTC text to the second."""
        rows = self._query(
            "SELECT time FROM estimates WHERE station = ? AND product = ?", (station, product)
        )
        return {row["time"] for row in rows}

    def put_estimates(self, estimates: Sequence[Estimate], queued_at: pd.Timestamp) -> None:
        """Write estimates, in place of those of the same times, each with a row in the outbox."""
        marks = ", ".join(f":{name}" for name in ESTIMATE_FIELDS)
        self._connection.executemany(
            f"INSERT OR REPLACE INTO estimates ({', '.join(ESTIMATE_FIELDS)}) "  # noqa: S608
            f"VALUES ({marks})",
            estimates,
        )
        self.queue_estimates(
            ((one["station"], one["product"], one["time"]) for one in estimates), queued_at
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

    def estimate_flags(self, station: str) -> dict[tuple[str, str], int]:
        """Return the number of estimates by product and flag."""
        rows = self._query(
            "SELECT product, flag, COUNT(*) FROM estimates WHERE station = ? "
            "GROUP BY product, flag ORDER BY product, flag",
            (station,),
        )
        return {(row[0], row[1]): row[2] for row in rows}

    def estimate_rows(
        self, station: str, since: pd.Timestamp, until: pd.Timestamp | None = None
    ) -> list[tuple[str, str, str]]:
        """Return station, product and time of the estimates of a span, in order of time."""
        high = "9" if until is None else utc_text(until, "s")
        rows = self._query(
            "SELECT station, product, time FROM estimates WHERE station = ? AND time >= ? "
            "AND time <= ? ORDER BY time, product",
            (station, utc_text(since, "s"), high),
        )
        return [(row["station"], row["product"], row["time"]) for row in rows]

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
