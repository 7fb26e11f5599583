"""Arcs that come out whole: a batch of files together with what the store keeps beside them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from daemon.ingest.placing import PlacedFile
from daemon.store import Store
from retrieval import gnss
from retrieval.arcs import ArcSet, ArcSettings, SkyPoints, cut_arcs

__all__ = ["Neighbourhood", "Zone", "whole_arcs"]

# First and last GPS time of a stretch in which observations are new or have gone.
Zone = tuple[np.datetime64, np.datetime64]

# Satellites of most constellations cross the range of elevations in less; others are looked at
# again, over all that is kept.
_MARGIN = np.timedelta64(4, "h")


class Neighbourhood:
    """The points of a batch's files and those of the store, less what the batch replaces.

    Parameters
    ----------
    store : Store
        Before the batch is written.
    station, site : str
        Whose files, and whose antenna.
    files : sequence of PlacedFile
        The batch, all of one site.
    replaced : collection of str
        Paths whose content in the store gives way.
    """

    def __init__(
        self,
        store: Store,
        station: str,
        site: str,
        files: Sequence[PlacedFile],
        replaced: Collection[str],
    ) -> None:
        self._store = store
        self._site = site
        self._without: dict[tuple[str, str], np.datetime64 | None] = {
            (station, file.record.path): file.first for file in files if file.goes_on
        }
        self._without |= {(station, path): None for path in replaced}
        self._own = SkyPoints.concatenate([file.points for file in files])
        in_order = sorted(files, key=lambda file: (file.record.first_time or "", file.record.path))
        self.glonass_channels = {
            slot: channel for file in in_order for slot, channel in file.glonass_channels.items()
        }
        self.equipment = {text for file in files for text in file.equipment}

    def points(
        self,
        since: np.datetime64 | None = None,
        until: np.datetime64 | None = None,
        satellites: Collection[str] | None = None,
    ) -> SkyPoints:
        """Return points: the batch's all, the store's of a span of hours; of some satellites."""
        kept = self._store.points(
            self._site, since=since, until=until, satellites=satellites, without=self._without
        )
        self.glonass_channels = {**kept.glonass_channels, **self.glonass_channels}
        self.equipment |= kept.equipment
        own = self._own
        if satellites is not None:
            own = own.where(np.isin(own.satellite, [gnss.satellite_code(s) for s in satellites]))
        return SkyPoints.concatenate([kept.points, own])


def whole_arcs(near: Neighbourhood, zones: Sequence[Zone], settings: ArcSettings) -> ArcSet:
    """Return the arcs that have points in or next to the zones, whole.

    Parameters
    ----------
    near : Neighbourhood
        Where points come from.
    zones : sequence of (first, last)
        At least one, GPS time.
    settings : ArcSettings
        How arcs are cut.
    """
    since = min(zone[0] for zone in zones) - _MARGIN
    until = max(zone[1] for zone in zones) + _MARGIN
    points = near.points(since, until)
    arcs = cut_arcs(points, settings)
    arcs = arcs.where(_touching(arcs, zones))
    first, gap = arcs.points.time[arcs.first], _longest_gap(arcs)
    cut = (first - gap <= since) | (arcs.closed >= until)
    if not cut.any():
        return arcs
    # These may go on beyond what was looked at.
    codes = np.unique(arcs.points.satellite[arcs.first][cut])
    names = [gnss.satellite_name(int(code)) for code in codes]
    others = points.where(~np.isin(points.satellite, codes))
    points = SkyPoints.concatenate([others, near.points(satellites=names)])
    arcs = cut_arcs(points, settings)
    return arcs.where(_touching(arcs, zones))


def _longest_gap(arcs: ArcSet) -> NDArray[np.timedelta64]:
    """Return the pause that each arc may make, (m,)."""
    gap: NDArray[np.timedelta64] = arcs.closed - arcs.points.time[arcs.start[1:] - 1]
    return gap


def _touching(arcs: ArcSet, zones: Sequence[Zone]) -> NDArray[np.bool_]:
    """Whether arcs have points in a zone or no further from it than the pause they may make."""
    first = arcs.points.time[arcs.first] - _longest_gap(arcs)
    found = np.zeros(len(arcs), dtype=bool)
    for begin, end in zones:
        found |= (first <= end) & (arcs.closed >= begin)
    return found
