"""Arcs that nothing can change any more, in order of time, and what is asked of them by time."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retrieval.equipment import equipment_tokens
from retrieval.fusion.columns import Floats

__all__ = [
    "MODEL_COLUMNS",
    "MS_PER_DAY",
    "ClosedArcs",
    "Numbers",
    "Times",
    "closed_arcs",
    "closing_order",
    "count_passes",
    "latest_arcs",
    "utc_ms",
]

Times = NDArray[np.int64]
Numbers = NDArray[np.intp]

MS_PER_DAY = 86_400_000

# Columns of the arc table in the order of the last attributes of `ClosedArcs`.
_MEASURED = (
    "azimuth_deg",
    "phase_deg",
    "apriori_height_m",
    "dphase_dheight_deg_per_mm",
    "amplitude",
    "reflector_height_m",
)


# Columns of the arc table that models look at.
MODEL_COLUMNS = (
    "satellite",
    "signal",
    "direction",
    "start",
    "end",
    "closed",
    "accepted",
    "equipment",
    *_MEASURED,
)


def utc_ms(times: pd.Series[pd.Timestamp] | pd.DatetimeIndex) -> Times:
    """Return UTC times as milliseconds since 1970, int64 of the same length."""
    return pd.DatetimeIndex(times).tz_convert("UTC").as_unit("ms").asi8


@dataclass(frozen=True)
class ClosedArcs:
    """Accepted arcs of one station in the order in which they closed, n rows.

    Attributes
    ----------
    identity : (n,) intp
        Number of satellite, signal, direction and equipment.
    equipment : (n,) intp
        Number of the equipment that heard it, see `retrieval.equipment`.
    sky : (n,) intp
        Number of satellite and direction, which the signals of one pass share.
    start, end, closed : (n,) int64
        As in the arc table, UTC, ms since 1970. An arc counts from `closed` on; until then data
        yet to come may belong to it.
    azimuth_deg, phase_deg, apriori_height_m, slope_deg_per_mm, amplitude, height_m : (n,) float64
        As in the arc table; the slope is `dphase_dheight_deg_per_mm`, the height the reflector's.
    """

    identity: Numbers
    equipment: Numbers
    sky: Numbers
    start: Times
    end: Times
    closed: Times
    azimuth_deg: Floats
    phase_deg: Floats
    apriori_height_m: Floats
    slope_deg_per_mm: Floats
    amplitude: Floats
    height_m: Floats

    def __len__(self) -> int:
        return len(self.closed)

    def between(self, begin: int, end: int) -> ClosedArcs:
        """Return the arcs that closed in ``[begin, end)``, UTC, ms since 1970."""
        return self._where(slice(*np.searchsorted(self.closed, [begin, end]).tolist()))

    def of_latest_equipment(self) -> ClosedArcs:
        """Return the arcs of the equipment that heard most of the last 24 hours.

        One stray arc, of a second stream or a test, must not take a station's memory away. Of equal
        numbers the equipment of the last arc counts.
        """
        if (self.equipment == self.equipment[-1:]).all():
            return self
        recent = self.equipment[self.closed > self.closed[-1] - MS_PER_DAY]
        names, place, count = np.unique(recent, return_inverse=True, return_counts=True)
        most = np.flatnonzero(count[place] == count.max())[-1]
        return self._where(np.flatnonzero(self.equipment == names[place[most]]))

    def at_middle(self) -> ClosedArcs:
        """Return the arcs as if each closed in its middle, in that order.

        For who looks back on a whole record: an arc belongs to the day that it was heard on.
        """
        middle = (self.start + self.end) // 2
        order = np.lexsort((self.identity, self.start, middle))
        return replace(self._where(order), closed=middle[order])

    def _where(self, rows: slice | Numbers) -> ClosedArcs:
        return ClosedArcs(*(getattr(self, field.name)[rows] for field in fields(self)))


def closing_order(arcs: pd.DataFrame) -> Numbers:
    """Return the rows of accepted arcs with phase and amplitude, in the order of closing, (n,).

    Arcs may close at one instant; they are then in order of start, satellite, direction and signal,
    then of equipment, so that the order of the table's rows does not count.

    Parameters
    ----------
    arcs : DataFrame
        Arc table of one station, in any order; the `MODEL_COLUMNS` suffice.
    """
    usable = arcs["accepted"] & arcs["phase_deg"].notna() & (arcs["amplitude"] > 0)
    rows = np.flatnonzero(usable)
    good = arcs.iloc[rows]
    identity = pd.factorize(_names(good), sort=True)[0]
    return rows[np.lexsort((identity, utc_ms(good["start"]), utc_ms(good["closed"])))]


def closed_arcs(arcs: pd.DataFrame) -> ClosedArcs:
    """Take the accepted arcs that have a phase and an amplitude from an arc table.

    Parameters
    ----------
    arcs : DataFrame
        Arc table of one station, in any order; the `MODEL_COLUMNS` suffice.
    """
    good = arcs.iloc[closing_order(arcs)]
    sky = good["satellite"] + "-" + good["direction"]
    return ClosedArcs(
        pd.factorize(_names(good), sort=True)[0].astype(np.intp),
        pd.factorize(equipment_tokens(good), sort=True)[0].astype(np.intp),
        pd.factorize(sky, sort=True)[0].astype(np.intp),
        utc_ms(good["start"]),
        utc_ms(good["end"]),
        utc_ms(good["closed"]),
        *(good[name].to_numpy() for name in _MEASURED),
    )


def _names(arcs: pd.DataFrame) -> NDArray[np.object_]:
    """Return satellite, direction, signal and equipment of arcs as one name, (n,)."""
    place = arcs["satellite"] + "-" + arcs["direction"] + "-" + arcs["signal"]
    return np.asarray(place.to_numpy(dtype=object) + "-" + equipment_tokens(arcs), dtype=object)


def latest_arcs(
    track: Numbers, closed: Times, n_tracks: int, times: Times, window_ms: int
) -> Numbers:
    """Return the last arc of each track that closed in ``(time - window, time]``.

    Parameters
    ----------
    track, closed : (n,) intp and int64
        Track of each arc, -1 for none, and when it closed, in order of time.
    n_tracks : int
        k, the number of tracks.
    times : (m,) int64
        UTC, ms since 1970.
    window_ms : int
        Length of the window.

    Returns
    -------
    (m, k) intp
        Index of the arc, -1 where the track has none.
    """
    rows = np.flatnonzero(track >= 0)
    rows = rows[np.argsort(track[rows], kind="stable")]
    if len(rows) == 0:
        return np.full((len(times), n_tracks), -1, dtype=np.intp)
    # One search over all tracks: each track's times stand in a range of their own.
    origin = min(int(closed.min()), int(times.min()))
    span = max(int(closed.max()), int(times.max())) - origin + 1
    key = track[rows].astype(np.int64) * span + (closed[rows] - origin)
    tracks = np.arange(n_tracks, dtype=np.int64)
    place = np.searchsorted(key, tracks * span + (times[:, None] - origin), side="right") - 1
    found = rows[np.maximum(place, 0)]
    fits = (place >= 0) & (track[found] == tracks) & (closed[found] > times[:, None] - window_ms)
    return np.where(fits, found, -1)


def count_passes(arcs: ClosedArcs, rows: Numbers) -> NDArray[np.int64]:
    """Count the satellite passes behind arcs: signals of one pass see the same ground.

    Arcs of one satellite and direction that overlap in time are of one pass.

    Parameters
    ----------
    arcs : ClosedArcs
        Arcs of the station.
    rows : (m, k) intp
        m choices of up to k arcs; -1 where there is none.

    Returns
    -------
    (m,) int64
        Number of passes of each choice.
    """
    if rows.size == 0 or len(arcs) == 0:
        return np.zeros(len(rows), dtype=np.int64)
    # Each satellite and direction has a range of its own, so one running maximum serves them all.
    origin = int(arcs.start.min())
    offset = arcs.sky.astype(np.int64) * (int(arcs.end.max()) - origin + 1) - origin
    none = np.iinfo(np.int64).max
    start = np.where(rows >= 0, (arcs.start + offset)[rows], none)
    end = np.where(rows >= 0, (arcs.end + offset)[rows], none)
    order = np.argsort(start, axis=1, kind="stable")
    start = np.take_along_axis(start, order, axis=1)
    until = np.maximum.accumulate(np.take_along_axis(end, order, axis=1), axis=1)
    apart = start[:, 1:] > until[:, :-1]
    first = start[:, :1] < none
    begins = np.hstack([first, apart & (start[:, 1:] < none)])
    return np.asarray(np.sum(begins, axis=1), dtype=np.int64)
