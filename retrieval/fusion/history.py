"""What a station's tracks did so far: one row per UTC day, one column per track.

The matrices hold NaN where a track gave nothing on a day. All statistics of a day D use the days
before D only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retrieval.interferogram import wrap_deg
from retrieval.tracks import assign_tracks

__all__ = [
    "ClosedArcs",
    "TrackHistory",
    "circular_median_deg",
    "closed_arcs",
    "column_mean",
    "column_median",
    "track_history",
    "utc_ms",
]

Floats = NDArray[np.float64]

MS_PER_S = 1000
MS_PER_DAY = 86_400 * MS_PER_S

# Until this long after its last point an arc may still grow: the chain cuts arcs at longer pauses.
_CLOSING_S = 300.0
_CLOSING_INTERVALS = 3.0


def utc_ms(times: pd.Series[pd.Timestamp] | pd.DatetimeIndex) -> NDArray[np.int64]:
    """Return UTC times as milliseconds since 1970, int64 of the same length."""
    return pd.DatetimeIndex(times).tz_convert("UTC").as_unit("ms").asi8


def column_median(values: Floats) -> Floats:
    """Return the median of each column of an (m, n) array without its NaN, (n,).

    NaN where a column holds nothing. (numpy's nanmedian loops over columns in Python.)

    Examples
    --------
    >>> column_median(np.array([[1.0, np.nan], [5.0, np.nan], [2.0, np.nan]])).tolist()
    [2.0, nan]
    """
    if values.shape[0] == 0:
        return np.full(values.shape[1], np.nan)
    ordered = np.sort(values, axis=0)  # NaN goes last
    count = np.sum(~np.isnan(values), axis=0)
    column = np.arange(values.shape[1])
    lower = ordered[np.maximum(count - 1, 0) // 2, column]
    upper = ordered[np.minimum(count // 2, values.shape[0] - 1), column]
    return np.where(count > 0, 0.5 * (lower + upper), np.nan)


def column_mean(values: Floats) -> Floats:
    """Return the mean of each column of an (m, n) array without its NaN, (n,); NaN for none."""
    count = np.sum(~np.isnan(values), axis=0)
    total = np.nansum(values, axis=0)
    mean: Floats = np.divide(total, count, out=np.full(len(count), np.nan), where=count > 0)
    return mean


def circular_median_deg(angles_deg: Floats) -> Floats:
    """Return the circular median of each column of an (m, n) array, (n,) in (-180, 180].

    The median of the angles unwrapped about their mean direction: the point that halves the sample
    on the side of the circle where it lies (Fisher 1993, Statistical Analysis of Circular Data,
    section 2.3.2). NaN are left out; a column without a value gives NaN.

    Examples
    --------
    >>> circular_median_deg(np.array([[179.0], [-179.0], [-178.0]])).tolist()
    [-179.0]
    """
    radians = np.radians(angles_deg)
    direction = np.degrees(
        np.arctan2(np.nansum(np.sin(radians), axis=0), np.nansum(np.cos(radians), axis=0))
    )
    return wrap_deg(direction + column_median(wrap_deg(angles_deg - direction)))


@dataclass(frozen=True)
class ClosedArcs:
    """Accepted arcs of one station by track and time, n rows.

    Attributes
    ----------
    track : (n,) intp
        Column of `TrackHistory`; rows are sorted by track, then by `closed`.
    pass_of_track : (k,) intp
        For each track the satellite pass it belongs to: signals of one pass see the same ground.
    closed : (n,) int64
        When the arc counts as ended, UTC, ms since 1970.
    middle : (n,) int64
        Mean of its start and end, same scale.
    phase_deg : (n,) float64
        Re-referenced to one a-priori height per track.
    amplitude, height_m : (n,) float64
        As in the arc table.
    """

    track: NDArray[np.intp]
    pass_of_track: NDArray[np.intp]
    closed: NDArray[np.int64]
    middle: NDArray[np.int64]
    phase_deg: Floats
    amplitude: Floats
    height_m: Floats

    @property
    def n_tracks(self) -> int:
        """Number of tracks."""
        return len(self.pass_of_track)

    def latest(self, times: NDArray[np.int64], window_ms: int) -> NDArray[np.intp]:
        """Return the last arc of each track that closed in ``(time - window, time]``.

        Parameters
        ----------
        times : (m,) int64
            UTC, ms since 1970.
        window_ms : int
            Length of the window.

        Returns
        -------
        (m, k) intp
            Row of the arc, -1 where the track has none.
        """
        if len(self.track) == 0:
            return np.full((len(times), self.n_tracks), -1)
        # One search over all tracks: each track's times stand in a range of their own.
        origin = min(int(self.closed.min()), int(times.min()))
        span = max(int(self.closed.max()), int(times.max())) - origin + 1
        tracks = np.arange(self.n_tracks, dtype=np.int64)
        key = self.track.astype(np.int64) * span + (self.closed - origin)
        sought = tracks[None, :] * span + (times[:, None] - origin)
        row = np.searchsorted(key, sought, side="right") - 1
        found = np.maximum(row, 0)
        fits = (
            (row >= 0)
            & (self.track[found] == tracks[None, :])
            & (self.closed[found] > times[:, None] - window_ms)
        )
        return np.where(fits, row, -1)


def closed_arcs(arcs: pd.DataFrame) -> ClosedArcs:
    """Take the accepted arcs of an arc table by track and time.

    Parameters
    ----------
    arcs : DataFrame
        Arc table of one station, in any order.

    Notes
    -----
    An arc counts as ended (closed) once the longer of 5 minutes and three intervals have passed
    since its last point; until then data yet to come may belong to it.

    Phases are referred to one height per track, that of the track's first arc, by
    ``phase - dphase_dheight (h1 - h0)``: within .2 degrees for heights that differ by 2 cm. Only
    changes of phase matter to the models, so which height it is does not.
    """
    good = arcs[arcs["accepted"].to_numpy(dtype=bool) & arcs["phase_deg"].notna().to_numpy()]
    names = assign_tracks(good)
    track, unique = pd.factorize(names, sort=True)
    interval_s = good["interval_s"].fillna(0.0).to_numpy()
    closing_ms = np.maximum(_CLOSING_S, _CLOSING_INTERVALS * interval_s) * MS_PER_S
    start, end = utc_ms(good["start"]), utc_ms(good["end"])
    closed = end + closing_ms.astype(np.int64)
    order = np.lexsort((start, closed, track))
    track = np.asarray(track, dtype=np.intp)[order]
    height0_m = good["apriori_height_m"].to_numpy()[order]
    first = np.flatnonzero(np.diff(track, prepend=-1))
    reference_m = height0_m[first][track] if len(track) else height0_m
    slope = good["dphase_dheight_deg_per_mm"].to_numpy()[order]
    shift_deg = np.nan_to_num(slope * (reference_m - height0_m) * 1000.0)
    passes = [f"{satellite}-{rest}" for satellite, _, rest in (n.split("-", 2) for n in unique)]
    return ClosedArcs(
        track,
        np.asarray(pd.factorize(np.array(passes, dtype=object))[0], dtype=np.intp),
        closed[order],
        ((start + end) // 2)[order],
        wrap_deg(good["phase_deg"].to_numpy()[order] - shift_deg),
        good["amplitude"].to_numpy()[order],
        good["reflector_height_m"].to_numpy()[order],
    )


@dataclass(frozen=True)
class TrackHistory:
    """Daily record of the tracks, (days, tracks) each; the last arc of a day speaks for it.

    Attributes
    ----------
    first_day : int
        UTC day of the first row, days since 1970.
    phase_deg, amplitude, height_m : (days, tracks) float64
        NaN where there is no arc.
    """

    first_day: int
    phase_deg: Floats
    amplitude: Floats
    height_m: Floats

    def before(self, day: int, days: int) -> TrackHistory:
        """Return the rows of the `days` days before `day`, fewer where the record is shorter."""
        stop = min(max(day - self.first_day, 0), len(self.phase_deg))
        start = min(max(day - days - self.first_day, 0), stop)
        rows = slice(start, stop)
        return TrackHistory(
            self.first_day + start, self.phase_deg[rows], self.amplitude[rows], self.height_m[rows]
        )


def track_history(arcs: ClosedArcs) -> TrackHistory:
    """Lay arcs out by the UTC day on which they closed, and by track."""
    if len(arcs.track) == 0:
        nothing = np.empty((0, arcs.n_tracks))
        return TrackHistory(0, nothing, nothing, nothing)
    day = arcs.closed // MS_PER_DAY
    first_day = int(day.min())
    shape = (int(day.max()) - first_day + 1, arcs.n_tracks)

    def laid_out(values: Floats) -> Floats:
        matrix = np.full(shape, np.nan)
        matrix[day - first_day, arcs.track] = values  # in order of time: the last one stays
        return matrix

    return TrackHistory(
        first_day, laid_out(arcs.phase_deg), laid_out(arcs.amplitude), laid_out(arcs.height_m)
    )
