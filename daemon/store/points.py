"""The part of the store that keeps observations for two days, so that late files find neighbours.

One row per file, satellite, hour and equipment: what a file brought can be taken out again when the
file is replaced, and a satellite's points are found without reading those of others. The signals of
a satellite share a row because they share their directions.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from sqlite3 import Row

import numpy as np

from daemon.store.base import Database
from daemon.store.packing import hour_of, pack_points, split_points, unpack_points
from retrieval import gnss
from retrieval.arcs import SkyPoints
from retrieval.equipment import equipment_code, equipment_codes

__all__ = ["KeptPoints", "Points"]

_EVER = (-(1 << 62), 1 << 62)


@dataclass(frozen=True)
class KeptPoints:
    """Points of the store.

    Attributes
    ----------
    points : SkyPoints
        In no particular order; overlapping files give the same observation more than once.
    glonass_channels : mapping
        Slot -> FDMA channel as the files stated it, the latest hour's where they differ.
    equipment : frozenset of str
        Texts of the equipment that they were heard with.
    """

    points: SkyPoints
    glonass_channels: Mapping[int, int]
    equipment: frozenset[str]


class Points(Database):
    """Table ``snr_hours``."""

    def put_points(
        self,
        site: str,
        station: str,
        path: str,
        points: SkyPoints,
        glonass_channels: Mapping[int, int],
        since_hour: int,
        equipment: Iterable[str] = (),
        begin: np.datetime64 | None = None,
    ) -> None:
        """Write the points of a file, in place of all that it brought before.

        Those of a file that has grown are in place of what it brought from `begin` on; what it
        brought before that stays.

        Parameters
        ----------
        site : str
            Whose observations.
        station, path : str
            The file, whose record must be there.
        points : SkyPoints
            Inside the range of elevations that arcs are held over.
        glonass_channels : mapping
            Slot -> FDMA channel.
        since_hour : int
            Hours since 1970 (GPS time); earlier ones are not kept.
        equipment : iterable of str
            Texts of the equipment that they were heard with.
        begin : datetime64, optional
            GPS time.
        """
        (row,) = self._query("SELECT id FROM files WHERE station = ? AND path = ?", (station, path))
        first = _EVER[0] if begin is None else int(hour_of(np.array(begin)))
        if begin is not None:
            hour = self._points_of_hour(row["id"], first)
            points = SkyPoints.concatenate([hour.where(hour.time < begin), points])
        self._connection.execute(
            "DELETE FROM snr_hours WHERE file_id = ? AND hour >= ?", (row["id"], first)
        )
        kept = points.where(hour_of(points.time) >= since_hour)
        texts = equipment_codes(equipment)
        self._connection.executemany(
            "INSERT INTO snr_hours (site, file_id, satellite, hour, equipment, n_points, "
            "glonass_channel, points) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (
                    site,
                    row["id"],
                    name,
                    hour,
                    texts[code],
                    len(part),
                    glonass_channels.get(satellite & 255) if name[0] == "R" else None,
                    pack_points(part),
                )
                for satellite, hour, code, part in split_points(kept)
                for name in (gnss.satellite_name(satellite),)
            ),
        )

    def points(
        self,
        site: str,
        *,
        since: np.datetime64 | None = None,
        until: np.datetime64 | None = None,
        satellites: Collection[str] | None = None,
        without: Mapping[tuple[str, str], np.datetime64 | None] | None = None,
    ) -> KeptPoints:
        """Return the points that are kept of a span of whole hours, GPS time.

        Parameters
        ----------
        site : str
            Whose.
        since, until : datetime64, optional
            The hours that these lie in, and all between them.
        satellites : collection of str, optional
            These only.
        without : mapping, optional
            (station, path) of files that do not count -> GPS time from which on, None for all.
        """
        first = _EVER[0] if since is None else int(hour_of(np.array(since)))
        last = _EVER[1] if until is None else int(hour_of(np.array(until)))
        rows = self._query(
            "SELECT satellite, hour, COALESCE(equipment, '') AS equipment, n_points, "
            "glonass_channel, points, files.station, path "
            "FROM snr_hours JOIN files ON files.id = file_id "
            "WHERE snr_hours.site = ? AND hour BETWEEN ? AND ? ORDER BY hour, path",
            (site, first, last),
        )
        hidden = without or {}
        parts: list[SkyPoints] = []
        channels: dict[int, int] = {}
        equipment: set[str] = set()
        for row in rows:
            file = (row["station"], row["path"])
            begin = hidden.get(file)
            if file in hidden and begin is None:
                continue
            if satellites is not None and row["satellite"] not in satellites:
                continue
            code = gnss.satellite_code(row["satellite"])
            part = _unpacked(row)
            if begin is not None:
                part = part.where(part.time < begin)
            parts.append(part)
            equipment.add(row["equipment"])
            if row["glonass_channel"] is not None:
                channels[code & 255] = row["glonass_channel"]
        return KeptPoints(SkyPoints.concatenate(parts), channels, frozenset(equipment))

    def _points_of_hour(self, file_id: int, hour: int) -> SkyPoints:
        """Return the points that a file brought of an hour."""
        rows = self._query(
            "SELECT satellite, COALESCE(equipment, '') AS equipment, n_points, points "
            "FROM snr_hours WHERE file_id = ? AND hour = ?",
            (file_id, hour),
        )
        return SkyPoints.concatenate([_unpacked(row) for row in rows])

    def drop_points(self, site: str, before_hour: int) -> None:
        """Take out the points of hours before one, hours since 1970 (GPS time)."""
        self._connection.execute(
            "DELETE FROM snr_hours WHERE site = ? AND hour < ?", (site, before_hour)
        )

    def first_hour(self, site: str) -> int | None:
        """Return the first hour that points are kept of, since 1970 (GPS time); None for none."""
        hour: int | None = self._query("SELECT MIN(hour) FROM snr_hours WHERE site = ?", (site,))[
            0
        ][0]
        return hour

    def points_kept(self, site: str) -> tuple[int, int, int, int] | None:
        """Return first and last hour (since 1970, GPS time), number and bytes of points kept."""
        sql = (
            "SELECT MIN(hour), MAX(hour), SUM(n_points), SUM(length(points)) FROM snr_hours "
            "WHERE site = ?"
        )
        row = self._query(sql, (site,))[0]
        return None if row[0] is None else (row[0], row[1], row[2], row[3])


def _unpacked(row: Row) -> SkyPoints:
    """Return the points of a row."""
    return unpack_points(
        gnss.satellite_code(row["satellite"]),
        equipment_code(row["equipment"]),
        row["n_points"],
        row["points"],
    )
