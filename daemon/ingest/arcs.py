"""What a batch of files changes among the arcs of the store, and in the heights they refer to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from daemon.config import Config
from daemon.horizon import OPEN
from daemon.ingest.placing import PlacedFile
from daemon.ingest.whole_arcs import Neighbourhood, Zone, whole_arcs
from daemon.store import Store, hour_of
from daemon.superseding import Succession, arc_changes, succession
from retrieval import gnss
from retrieval.analysis import ArcMeasurements, measure, measured_table
from retrieval.arc_table import DECIMALS
from retrieval.causal_heights import (
    ARCS_FOR_A_HEIGHT,
    FrozenHeight,
    freeze_heights,
    heights_at_close,
)

__all__ = ["ArcUpdate", "arc_update"]

# Heights further than this from the configured antenna height belong to other reflectors.
_NEAR_ANTENNA_M = 0.5
# File times are kept to the millisecond.
_ROUNDING = np.timedelta64(1, "ms")


@dataclass(frozen=True)
class ArcUpdate:
    """What to do with the store.

    Attributes
    ----------
    obsolete : list of int
        Numbers of stored arcs to take out.
    new : DataFrame
        Arcs to write, with their `revision`.
    heights : dict
        A-priori heights that are new or have changed, by key; None for those that no longer have
        arcs enough.
    since : Timestamp or None
        From here on estimates that are open rest on arcs that have changed, UTC; None where no arc
        has.
    """

    obsolete: list[int]
    new: pd.DataFrame
    heights: dict[str, FrozenHeight | None]
    since: pd.Timestamp | None


def arc_update(
    store: Store, config: Config, site: str, files: Sequence[PlacedFile], replaced: Collection[str]
) -> ArcUpdate:
    """Compute the arcs that a batch of files changes.

    Arcs are cut from the files and the observations kept beside them, so that the outcome does not
    hang on which file came first. Their phases refer to the heights known when they closed. Where
    files come so late that these heights change too, later arcs are computed again with them.

    Parameters
    ----------
    store : Store
        Before the batch is written.
    config : Config
        The station's configuration.
    site : str
        The station whose antenna the files are of.
    files : sequence of PlacedFile
        The batch.
    replaced : collection of str
        Paths of the batch whose content in the store gives way.
    """
    near = Neighbourhood(store, config.station.name, site, files, replaced)
    zones = [_zone(file) for file in files]
    void = {
        number
        for file in files
        if file.record.path in replaced or file.goes_on
        for number in _arcs_inside(store, config.station.name, site, file)
    }
    newest = max(file.record.span[1] for file in files)
    last_before = store.last_epoch(config.station.name, site)
    # Newer files of the same batch make no other file late.
    horizon = (last_before or newest) - OPEN
    known = store.apriori_heights(site)
    attempt = _Attempt(store, config, site, near, zones, void, known, horizon)
    late_from = attempt.heights_changed_from
    if late_from is not None and attempt.leaves_out_arcs_from(late_from):
        until = max(newest, last_before or newest)
        zones.append((_gps(late_from), _gps(until) + np.timedelta64(1, "D")))
        attempt = _Attempt(store, config, site, near, zones, void, known, horizon)
    return attempt.update()


class _Attempt:
    """The arcs of some zones, their heights, and the stored arcs that they meet."""

    def __init__(
        self,
        store: Store,
        config: Config,
        site: str,
        near: Neighbourhood,
        zones: Sequence[Zone],
        void: Collection[int],
        known: Mapping[str, FrozenHeight],
        horizon: pd.Timestamp,
    ) -> None:
        self._site = site
        self._settings = config.arc_settings()
        own = site == config.station.name
        self._antenna_height_m = config.station.antenna_height_m if own else None
        arcs = whole_arcs(near, zones, self._settings)
        self._measured = measure(arcs, near.glonass_channels, self._settings, near.equipment)
        self._shape = _shape_table(self._measured)
        starts, ends = self._shape["start"], self._shape["end"]
        self._stored = store.arcs(
            site,
            since=min([_utc(zones[0][0]), *starts]),
            until=max([_utc(zones[0][1]), *ends]),
        )
        missing = sorted(set(void) - set(self._stored.index))
        if missing:
            self._stored = pd.concat([self._stored, store.arcs_by_number(missing)])
        self._decided: Succession = succession(
            self._stored, self._shape, void, _at_hand(self._stored, store.first_hour(site))
        )
        self._store = store
        self._horizon = horizon
        self._final = {key: height for key, height in known.items() if height.since < horizon}
        self._open = {key: height for key, height in known.items() if key not in self._final}
        self._learnt = self._learn()

    def _learn(self) -> dict[str, FrozenHeight]:
        """Return the heights that are not final, from the first arcs as they are now."""
        good = self._shape["accepted"].to_numpy() & ~self._decided.dropped
        antenna_m, near = self._antenna_height_m, None
        if antenna_m is not None:
            # Before the first ten are counted: those that do not count must not stand in their way.
            near = (antenna_m, _NEAR_ANTENNA_M)
            off_m = (self._shape["reflector_height_m"] - antenna_m).abs()
            good &= off_m.to_numpy() <= _NEAR_ANTENNA_M
        stored = self._store.first_arcs(
            self._site, ARCS_FOR_A_HEIGHT, self._decided.giving_way, near
        )
        arcs = pd.concat([stored, self._shape.loc[good, stored.columns]], ignore_index=True)
        frozen = freeze_heights(arcs)
        return {key: height for key, height in frozen.items() if key not in self._final}

    @property
    def heights_changed_from(self) -> pd.Timestamp | None:
        """From when on arcs refer to other heights than before, UTC; None where none does."""
        times = [
            height.since
            for key in {*self._learnt, *self._open}
            if self._learnt.get(key) != self._open.get(key)
            for height in (self._learnt.get(key), self._open.get(key))
            if height is not None
        ]
        return min(times, default=None)

    def leaves_out_arcs_from(self, time: pd.Timestamp) -> bool:
        """Whether the store has arcs which closed at a time or later and were not computed."""
        return bool(self._store.arcs_closed_since(self._site, time) - self._decided.giving_way)

    def update(self) -> ArcUpdate:
        """Fit phases and compare with the store."""
        own_m = self._shape["reflector_height_m"].to_numpy()
        otherwise_m = (
            own_m if self._antenna_height_m is None else np.full_like(own_m, self._antenna_height_m)
        )
        fixed_m = heights_at_close(
            {**self._final, **self._learnt},
            self._measured.selection,
            self._measured.shape.azimuth_deg,
            pd.DatetimeIndex(self._shape["closed"]),
            otherwise_m,
            self._measured.epoch,
        )
        table, arc_of_row = measured_table(self._measured, self._site, fixed_m, self._settings)
        obsolete, new = arc_changes(
            self._stored, table.set_index(pd.Index(arc_of_row)), self._decided
        )
        closed = [*self._stored.loc[obsolete, "closed"], *new["closed"].dt.floor("ms")]
        heights = {
            key: self._learnt.get(key)
            for key in sorted({*self._learnt, *self._open})
            if self._learnt.get(key) != self._open.get(key)
        }
        since = max(min(closed), self._horizon) if closed else None
        return ArcUpdate(obsolete, new, heights, since)


def _zone(file: PlacedFile) -> Zone:
    """Return the span of a file in GPS time; new content covers what it replaces."""
    return file.first - _ROUNDING, file.last + _ROUNDING


def _arcs_inside(store: Store, station: str, site: str, file: PlacedFile) -> set[int]:
    """Return the numbers of stored arcs that have points of no other time than the file's."""
    first, last = _utc(file.first).floor("ms"), _utc(file.last).ceil("ms")
    # An arc that begins before what was read or ends after it has points of others too.
    near = store.arcs(site, since=first, until=last)
    inside = near[(near["start"] >= first) & (near["end"] <= last)].index
    return store.arcs_of_file(station, file.record.path) & set(inside)


def _at_hand(stored: pd.DataFrame, first_hour: int | None) -> set[int]:
    """Return the numbers of the arcs that begin in the hours of which observations are kept."""
    if first_hour is None:
        return set()
    start = gnss.utc_to_gps(stored["start"].dt.tz_localize(None).to_numpy("datetime64[ns]"))
    return set(stored.index[hour_of(start) >= first_hour])


def _gps(time: pd.Timestamp) -> np.datetime64:
    """Convert a UTC Timestamp to GPS time."""
    utc = np.array([time.tz_convert("UTC").tz_localize(None).to_datetime64()])
    gps: np.datetime64 = gnss.utc_to_gps(utc)[0]
    return gps


def _utc(time: np.datetime64) -> pd.Timestamp:
    """Convert GPS time to a UTC Timestamp."""
    return pd.Timestamp(gnss.gps_to_utc(np.array([time]))[0]).tz_localize("UTC")


def _shape_table(measured: ArcMeasurements) -> pd.DataFrame:
    """Return what decides about arcs before their phases are fitted, as it will be stored."""
    arcs, shape = measured.arcs, measured.shape
    return pd.DataFrame(
        {
            "satellite": gnss.satellite_names(arcs.points.satellite[arcs.first]),
            "signal": np.array([name[1:] for name in measured.selection], dtype=object),
            "selection": measured.selection,
            "epoch": measured.epoch,
            "start": pd.DatetimeIndex(gnss.gps_to_utc(shape.start)).tz_localize("UTC"),
            "end": pd.DatetimeIndex(gnss.gps_to_utc(shape.end)).tz_localize("UTC"),
            "closed": pd.DatetimeIndex(gnss.gps_to_utc(arcs.closed)).tz_localize("UTC").floor("ms"),
            "n_obs": shape.n_obs,
            "azimuth_deg": shape.azimuth_deg,
            "reflector_height_m": np.round(measured.peaks.height_m, DECIMALS["reflector_height_m"]),
            "accepted": measured.reject_reason == "",
        }
    )
