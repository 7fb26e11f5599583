"""Reading one file of the inbox: what was appended, where its beginning is known, or the whole."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from daemon.config import Config
from daemon.horizon import OPEN
from daemon.inbox import FoundFile
from daemon.ingest.account import Account
from daemon.ingest.ephemerides import may_go_on
from daemon.intake import Intake, away, parse_position, take_in, take_on
from daemon.store import FileState, Store
from retrieval.chain import SAME_STATION_M
from retrieval.station import distance_m

__all__ = ["FileReader"]


class FileReader:
    """Reads the files of one look.

    Parameters
    ----------
    config : Config
        The station's configuration.
    store : Store
        Tells the newest observation.
    files : Account
        The files known.
    now : Timestamp
        UTC.
    any_station : bool
        Let files of other stations in.
    follow : bool
        Note how far files were read, so that growing ones can be read on.
    """

    def __init__(
        self,
        config: Config,
        store: Store,
        files: Account,
        now: pd.Timestamp,
        *,
        any_station: bool,
        follow: bool,
    ) -> None:
        self._prefer = config.orbits.prefer
        self._station = config.receiver()
        self._store = store
        self._files = files
        self._now = now
        self._any_station = any_station
        self._follow = follow
        self._places_m = {
            record.site: parse_position(record.position_m)
            for record in files.known.values()
            if record.state == FileState.INGESTED and record.site and record.position_m is not None
        }

    def read(self, found: FoundFile) -> Intake:
        """Read a file and judge it."""
        intake = self._read_on(found)
        if intake is not None:
            return intake
        whole = take_in(
            found,
            self._station,
            self._now,
            any_station=self._any_station,
            follow=self._follow,
        )
        return self._unless_of_two_places(whole)

    def _read_on(self, found: FoundFile) -> Intake | None:
        """Read what was appended to a file; None where it has to be read whole."""
        more, before = found.more, self._files.known.get(found.name)
        if more is None or before is None or before.state != FileState.INGESTED:
            return None
        newest = self._store.last_epoch(self._station.name, self._station.name)
        if (
            more.growth.sha256 != before.sha256
            or before.site != self._station.name
            or newest is None
            # Its beginning may get the directions that it lacks.
            or may_go_on(before, self._files.orbits, self._prefer)
            # Of its neighbours' observations not enough is kept.
            or before.span[1] < newest - OPEN
        ):
            return None
        return take_on(found, more, before, self._station, self._now)

    def _unless_of_two_places(self, intake: Intake) -> Intake:
        """Refuse a let-in file whose site's name stands for another place: they would mix."""
        record = intake.record
        if intake.file is None or record.site == self._station.name or record.position_m is None:
            return intake
        place_m = self._places_m.setdefault(record.site, parse_position(record.position_m))
        apart_m = distance_m(parse_position(record.position_m), place_m)
        if apart_m <= SAME_STATION_M:
            return intake
        reason = (
            f"its marker {record.site} is that of files of a place {away(apart_m)} away, which are "
            "in the store: give it a store of its own, or another marker"
        )
        return Intake(
            replace(record, state=FileState.OTHER_STATION, reason=reason, site=""), intake.station
        )
