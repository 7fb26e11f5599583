"""The part of the store that knows models, their tracks, and the tracks of arcs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields

import pandas as pd

from daemon.store.base import Database
from daemon.store.model_records import ModelRecord, TrackRecord
from daemon.store.rows import model_arcs_of_rows
from daemon.utc import parse_utc, utc_text
from retrieval.fusion import MODEL_COLUMNS

__all__ = ["Models"]

_TOLD = [one.name for one in fields(ModelRecord) if one.name not in ("weather", "tracks")]
_OF_TRACK = [one.name for one in fields(TrackRecord)]
_NO_TRACK = 0


class Models(Database):
    """Tables ``models`` and ``model_tracks``, and ``model_track`` of ``arcs``."""

    def put_model(self, station: str, model: ModelRecord, since: str) -> None:
        """Write a model with its tracks, unless it is there.

        Parameters
        ----------
        station : str
            The station it estimates for.
        model : ModelRecord
            What is to be told of it.
        since : str
            Time of its first estimate, UTC text to the second.
        """
        if self.model_since(station, model.model_id) is not None:
            return
        values = [getattr(model, name) for name in _TOLD]
        marks = ", ".join("?" for _ in (*_TOLD, "station", "since", "weather"))
        number = self._connection.execute(
            f"INSERT INTO models ({', '.join(_TOLD)}, station, since, weather) "  # noqa: S608
            f"VALUES ({marks})",
            (*values, station, since, " ".join(model.weather)),
        ).lastrowid
        marks = ", ".join("?" for _ in (*_OF_TRACK, "model"))
        self._connection.executemany(
            f"INSERT INTO model_tracks ({', '.join(_OF_TRACK)}, model) "  # noqa: S608
            f"VALUES ({marks})",
            [(*(getattr(one, name) for name in _OF_TRACK), number) for one in model.tracks],
        )

    def model(self, station: str, model_id: str) -> ModelRecord | None:
        """Return what is told of a model that has made estimates, None where it has made none."""
        where = "FROM models WHERE station = ? AND model_id = ?"
        rows = self._query(f"SELECT * {where}", (station, model_id))
        if not rows:
            return None
        tracks = self._query(
            "SELECT * FROM model_tracks WHERE model = ? ORDER BY id", (rows[0]["id"],)
        )
        return ModelRecord(
            **{name: rows[0][name] for name in _TOLD},
            weather=tuple(rows[0]["weather"].split()),
            tracks=tuple(TrackRecord(**{name: row[name] for name in _OF_TRACK}) for row in tracks),
        )

    def model_since(self, station: str, model_id: str) -> pd.Timestamp | None:
        """Return the time of a model's first estimate, UTC; None where it has made none."""
        rows = self._query(
            "SELECT since FROM models WHERE station = ? AND model_id = ?", (station, model_id)
        )
        return parse_utc([rows[0]["since"]])[0] if rows else None

    def arcs_to_weigh(self, site: str, since: pd.Timestamp, limit: int) -> pd.DataFrame:
        """Return accepted arcs that no model has looked at, a number of them at most.

        Parameters
        ----------
        site : str
            Whose arcs.
        since : Timestamp
            UTC; arcs that closed later count.
        limit : int
            So many at most, in the order in which they closed.

        Returns
        -------
        DataFrame
            The columns `MODEL_COLUMNS`; the index is the arc's number in the store.
        """
        names = ", ".join(f'"{name}"' for name in MODEL_COLUMNS)
        rows = self._query(
            f"SELECT {names}, id FROM arcs WHERE station = ? AND closed > ? "  # noqa: S608
            "AND accepted AND model_track IS NULL ORDER BY closed LIMIT ?",
            (site, utc_text(since), limit),
        )
        return model_arcs_of_rows(rows).set_index(pd.Index([row["id"] for row in rows], name="id"))

    def put_arc_tracks(
        self, station: str, model_id: str, tracks: Iterable[tuple[int, str]]
    ) -> None:
        """Note the track of arcs under a model.

        Parameters
        ----------
        station, model_id : str
            The model, which `put_model` has written.
        tracks : iterable of (int, str)
            Number of the arc and name of its track, empty for none.
        """
        rows = self._query(
            "SELECT track, model_tracks.id FROM model_tracks JOIN models ON models.id = model "
            "WHERE station = ? AND model_id = ?",
            (station, model_id),
        )
        numbers = {"": _NO_TRACK} | {row["track"]: row["id"] for row in rows}
        self._connection.executemany(
            "UPDATE arcs SET model_track = ? WHERE id = ?",
            [(numbers[track], int(arc)) for arc, track in tracks],
        )

    def arc_weights(
        self, site: str, since: pd.Timestamp | None = None, until: pd.Timestamp | None = None
    ) -> pd.DataFrame:
        """Return model, track and weight of the arcs that closed in a span of time, UTC.

        Returns
        -------
        DataFrame
            ``model_id``, ``track`` and ``track_weight`` of the arcs that have a track, by the
            arc's number in the store.
        """
        low = "" if since is None else utc_text(since)
        high = "9999" if until is None else utc_text(until)
        rows = self._query(
            "SELECT arcs.id, model_id, track, weight AS track_weight FROM arcs "
            "JOIN model_tracks ON model_tracks.id = model_track JOIN models ON models.id = model "
            "WHERE arcs.station = ? AND closed >= ? AND closed <= ? ORDER BY arcs.id",
            (site, low, high),
        )
        names = ["id", "model_id", "track", "track_weight"]
        table = pd.DataFrame([tuple(row) for row in rows], columns=names)
        return table.astype({"track_weight": "float64"}).set_index("id")
