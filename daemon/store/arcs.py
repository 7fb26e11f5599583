"""The part of the store that knows arcs and the heights that their phases refer to."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from itertools import islice
from typing import Any

import pandas as pd

from daemon.store.base import Database
from daemon.store.opening import sqlite_errors
from daemon.store.records import FileState
from daemon.store.rows import arc_rows, arcs_of_rows, model_arcs_of_rows
from daemon.store.schema import ARC_SQL_COLUMNS, EQUIPMENT_SQL, PLACE_SQL
from daemon.utc import parse_utc, utc_text
from retrieval.apriori import epoch_key
from retrieval.causal_heights import FrozenHeight
from retrieval.equipment import equipment_token
from retrieval.fusion import MODEL_COLUMNS

__all__ = ["Arcs"]

_ARC_NAMES = ", ".join(f'"{name}"' for name in ARC_SQL_COLUMNS)
_ROWS_AT_ONCE = 10_000
_PLACED = ["selection", "azimuth_deg", "reflector_height_m", "closed"]


class Arcs(Database):
    """Tables ``arcs``, ``arc_files`` and ``apriori_heights``.

    `site` is the station whose antenna the arcs belong to: that of the configuration, or another
    one whose files were let in.
    """

    def arcs(
        self,
        site: str,
        *,
        since: pd.Timestamp | None = None,
        until: pd.Timestamp | None = None,
    ) -> pd.DataFrame:
        """Return the arcs that overlap a span of time, UTC, as an arc table.

        The index is the arc's number in the store; column `revision` follows the table's own.
        """
        low, high = _span_texts(since, until)
        rows = self._query(
            f"SELECT {_ARC_NAMES}, id, revision FROM arcs "  # noqa: S608 - our own column names
            'WHERE station = ? AND "end" >= ? AND start <= ? '
            # The arc table's own order, so that numbers and rows stay together.
            "ORDER BY start, satellite, signal, direction",
            (site, low, high),
        )
        return arcs_of_rows(rows)

    def model_arcs(
        self, site: str, since: pd.Timestamp | None = None, until: pd.Timestamp | None = None
    ) -> pd.DataFrame:
        """Return what models need of the accepted arcs that overlap a span of time, UTC.

        Read in parts, because a year of arcs as Python values takes ten times the memory of the
        table.
        """
        names = ", ".join(f'"{name}"' for name in MODEL_COLUMNS)
        low, high = _span_texts(since, until)
        parts: list[pd.DataFrame] = []
        with sqlite_errors(self.path):
            rows = self._connection.execute(
                f"SELECT {names} FROM arcs "  # noqa: S608 - our own column names
                'WHERE station = ? AND accepted AND "end" >= ? AND start <= ?',
                (site, low, high),
            )
            while part := rows.fetchmany(_ROWS_AT_ONCE):
                parts.append(model_arcs_of_rows(part))
        return pd.concat(parts, ignore_index=True) if parts else model_arcs_of_rows([])

    def arcs_by_number(self, numbers: Iterable[int]) -> pd.DataFrame:
        """Return arcs by their numbers, as `arcs` does."""
        rows = [
            row
            for number in numbers
            for row in self._query(
                f"SELECT {_ARC_NAMES}, id, revision FROM arcs WHERE id = ?",  # noqa: S608
                (int(number),),
            )
        ]
        return arcs_of_rows(rows)

    def arcs_closed_since(self, site: str, time: pd.Timestamp) -> set[int]:
        """Return the numbers of the arcs that closed at a time, UTC, or later."""
        rows = self._query(
            "SELECT id FROM arcs WHERE station = ? AND closed >= ?",
            (site, utc_text(time)),
        )
        return {row["id"] for row in rows}

    def arcs_of_file(self, station: str, path: str) -> set[int]:
        """Return the numbers of the arcs that may have points of a file."""
        rows = self._query(
            "SELECT arc_id FROM arc_files JOIN files ON files.id = file_id "
            "WHERE station = ? AND path = ?",
            (station, path),
        )
        return {row["arc_id"] for row in rows}

    def delete_arcs(self, numbers: Iterable[int]) -> None:
        """Take arcs out that others have superseded."""
        self._connection.executemany(
            "DELETE FROM arcs WHERE id = ?", [(int(number),) for number in numbers]
        )

    def insert_arcs(self, station: str, arcs: pd.DataFrame) -> list[int]:
        """Write arcs: an arc table with a column `revision`; return their numbers.

        Each is linked to the ingested observation files of its site whose time it overlaps, among
        the files of `station`.
        """
        marks = ", ".join("?" for _ in (*ARC_SQL_COLUMNS, "revision"))
        insert = (
            f"INSERT INTO arcs ({_ARC_NAMES}, revision) "  # noqa: S608 - our own column names
            f"VALUES ({marks})"
        )
        link = (
            "INSERT INTO arc_files SELECT ?, id FROM files WHERE station = ? AND site = ? "
            "AND state = ? AND first_time <= ? AND last_time >= ?"
        )
        place = list(ARC_SQL_COLUMNS).index("start")
        numbers: list[int] = []
        for row in arc_rows(arcs):
            number = self._connection.execute(insert, row).lastrowid or 0
            numbers.append(number)
            site, start, end = row[0], row[place], row[place + 1]
            self._connection.execute(
                link, (number, station, site, FileState.INGESTED.value, end, start)
            )
        return numbers

    def first_arcs(
        self,
        site: str,
        limit: int,
        without: Collection[int],
        near: tuple[float, float] | None = None,
    ) -> pd.DataFrame:
        """Return the first accepted arcs of each signal, sector of 45 degrees and equipment.

        Parameters
        ----------
        site : str
            Whose arcs.
        limit : int
            So many of each, in the order in which they closed.
        without : collection of int
            Numbers of arcs that do not count.
        near : (height, within), optional
            Only arcs whose reflector height, metres, lies within so much of a height count.

        Returns
        -------
        DataFrame
            ``selection``, ``azimuth_deg``, ``reflector_height_m``, ``closed`` (UTC), ``epoch``
            (token of the equipment).
        """
        selection, sector = PLACE_SQL
        places = self._query(
            f"SELECT DISTINCT {selection}, {sector}, {EQUIPMENT_SQL} "  # noqa: S608 - our own
            "FROM arcs WHERE station = ? AND accepted",
            (site,),
        )
        of_place = (
            f"SELECT id, {selection} AS selection, azimuth_deg, reflector_height_m, closed "  # noqa: S608
            f"FROM arcs WHERE station = ? AND {selection} = ? AND {sector} = ? AND accepted "
            f"AND {EQUIPMENT_SQL} = ? "
            "AND ABS(reflector_height_m - ?) <= ? "
            "ORDER BY closed, azimuth_deg, reflector_height_m"
        )
        height_m, within_m = (0.0, 1e9) if near is None else near
        found: list[tuple[Any, ...]] = []
        with sqlite_errors(self.path):
            for place in places:
                rows = self._connection.execute(of_place, (site, *place, height_m, within_m))
                count = (row for row in rows if row["id"] not in without)
                epoch = equipment_token(place[2])
                found += [(*(row[name] for name in _PLACED), epoch) for row in islice(count, limit)]
        table = pd.DataFrame(found, columns=[*_PLACED, "epoch"])
        table = table.astype({"azimuth_deg": "float64", "reflector_height_m": "float64"})
        return table.assign(closed=parse_utc(table["closed"].to_numpy(dtype=object)))

    def apriori_heights(self, site: str) -> dict[str, FrozenHeight]:
        """Return the newest a-priori height by key (``GS2X``, ``GS2X@090``)."""
        rows = self._query(
            "SELECT signal, height_m, n_arcs, since FROM apriori_heights WHERE station = ? "
            "ORDER BY version",
            (site,),
        )
        return {
            row["signal"]: FrozenHeight(
                row["height_m"], row["n_arcs"], parse_utc([row["since"]])[0]
            )
            for row in rows
        }

    def put_apriori_heights(self, site: str, heights: Mapping[str, FrozenHeight | None]) -> None:
        """Write the heights of keys, in place of what they were; None takes one out."""
        self._connection.executemany(
            "DELETE FROM apriori_heights WHERE station = ? AND signal = ?",
            [(site, key) for key in heights],
        )
        self._connection.executemany(
            "INSERT INTO apriori_heights VALUES (?, ?, 1, ?, ?, ?)",
            [
                (site, key, height.height_m, height.n_arcs, utc_text(height.since))
                for key, height in heights.items()
                if height is not None
            ],
        )

    def adopt_equipment(self, site: str, equipment: str) -> None:
        """State the equipment of arcs and observations that an older version left unstated.

        What they were heard with is not known any more. That it is what is heard with now keeps
        their tracks going on; without it all would begin anew.
        """
        count = sum(
            self._connection.execute(
                f"UPDATE {table} SET equipment = ? "  # noqa: S608 - our own names
                f"WHERE {owner} = ? AND equipment IS NULL",
                (equipment, site),
            ).rowcount
            for table, owner in (("arcs", "station"), ("snr_hours", "site"))
        )
        epoch = equipment_token(equipment)
        if count and epoch:
            self._connection.execute(
                "UPDATE apriori_heights SET signal = signal || ? WHERE station = ?",
                (epoch_key("", epoch), site),
            )

    def latest_equipment(self, site: str) -> tuple[str, str] | None:
        """Return what the last accepted arc was heard with, and since when (UTC text)."""
        rows = self._query(
            f"SELECT {EQUIPMENT_SQL} AS equipment FROM arcs "  # noqa: S608 - our own expression
            "WHERE station = ? AND accepted ORDER BY closed DESC, id DESC LIMIT 1",
            (site,),
        )
        if not rows:
            return None
        equipment = rows[0]["equipment"]
        another = (
            f"SELECT MAX(start) FROM arcs WHERE station = ? AND {EQUIPMENT_SQL} <> ? "  # noqa: S608
            "AND accepted"
        )
        first = self._query(
            "SELECT MIN(start) FROM arcs WHERE station = ? AND accepted "  # noqa: S608
            f"AND start > COALESCE(({another}), '')",
            (site, site, equipment),
        )
        return equipment, first[0][0]

    def arc_counts(self, site: str) -> list[Mapping[str, Any]]:
        """Return signal, reject_reason (empty: accepted), number and last end of arcs."""
        rows = self._query(
            "SELECT substr(satellite, 1, 1) || signal AS signal, reject_reason, "
            'COUNT(*) AS number, MAX("end") AS last_end FROM arcs WHERE station = ? '
            "GROUP BY 1, 2 ORDER BY 1, 2",
            (site,),
        )
        return [dict(row) for row in rows]

    def arc_reasons(self, site: str) -> dict[str, int]:
        """Return the number of arcs by reason of their rejection, empty for accepted ones."""
        sql = "SELECT reject_reason, COUNT(*) FROM arcs WHERE station = ? GROUP BY 1 ORDER BY 1"
        return {row[0]: row[1] for row in self._query(sql, (site,))}

    def arc_numbers(self) -> dict[str, tuple[int, int]]:
        """Return the numbers of accepted and of all arcs by site."""
        rows = self._query(
            "SELECT station, SUM(accepted), COUNT(*) FROM arcs GROUP BY station ORDER BY station"
        )
        return {row[0]: (row[1], row[2]) for row in rows}

    def days_with_arcs(self, site: str, equipment: str | None = None) -> int:
        """Return the number of UTC days on which accepted arcs ended, of one equipment or all."""
        rows = self._query(
            'SELECT COUNT(DISTINCT substr("end", 1, 10)) FROM arcs '  # noqa: S608 - our own
            f"WHERE station = ?1 AND accepted AND (?2 IS NULL OR {EQUIPMENT_SQL} = ?2)",
            (site, equipment),
        )
        return int(rows[0][0])

    def arc_days(self, site: str) -> list[str]:
        """Return the UTC days on which accepted arcs ended, ascending, such as 2024-05-14."""
        rows = self._query(
            'SELECT DISTINCT substr("end", 1, 10) FROM arcs WHERE station = ? AND accepted '
            "ORDER BY 1",
            (site,),
        )
        return [row[0] for row in rows]


def _span_texts(since: pd.Timestamp | None, until: pd.Timestamp | None) -> tuple[str, str]:
    """Return the ends of a span as they compare with stored times."""
    return "" if since is None else utc_text(since), "9999" if until is None else utc_text(until)
