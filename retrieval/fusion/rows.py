"""Rows of the matrix that trained models see: what each track showed on a day, or up to a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retrieval.errors import InputError
from retrieval.fusion.closed import MS_PER_DAY, Numbers, Times, count_passes, utc_ms
from retrieval.fusion.columns import Floats, column_mean
from retrieval.fusion.placed_arcs import PlacedArcs
from retrieval.fusion.track_table import TrackTable
from retrieval.interferogram import wrap_deg

__all__ = ["TrackRows", "daily_rows", "trailing_rows"]

_MS_PER_H = 3_600_000
# Half of the tracks of a window are older than 12 h; what is four hours younger counts twice.
_TAU_H = 6.0
# Rows laid out at once, to keep memory small; it changes no result.
_AT_ONCE = 512


@dataclass(frozen=True)
class TrackRows:
    """What k tracks showed at n times.

    Attributes
    ----------
    time : (n,) datetime64[ns]
        End of the row's window, UTC.
    anomaly_deg : (n, k) float64
        Phase less the track's reference, in (-180, 180]; falls as moisture rises. NaN where the
        track was not heard, as in what follows.
    age_h : (n, k) float64
        How long before the row's time the arc had its middle; 0 in daily rows.
    amplitude : (n, k) float64
        Over the track's norm.
    rise_m : (n, k) float64
        How much higher than usual the reflecting surface stands.
    n_arcs, n_passes : (n,) int64
        Arcs of known tracks, and the satellite passes behind them.
    effective_time : (n,) datetime64[ns]
        Mean over the tracks of the time they speak of, UTC; NaT for none.
    """

    time: NDArray[np.datetime64]
    anomaly_deg: Floats
    age_h: Floats
    amplitude: Floats
    rise_m: Floats
    n_arcs: NDArray[np.int64]
    n_passes: NDArray[np.int64]
    effective_time: NDArray[np.datetime64]

    def __len__(self) -> int:
        return len(self.time)


def daily_rows(table: TrackTable, arcs: pd.DataFrame, days: NDArray[np.datetime64]) -> TrackRows:
    """Collect the arcs whose middle lies in given UTC days.

    Parameters
    ----------
    table : TrackTable
        k tracks.
    arcs : DataFrame
        Arc table of the station, in any order.
    days : (n,) datetime64
        UTC days, in any order.

    Returns
    -------
    TrackRows
        n rows in the order of `days`; `time` is the day's end, ages are 0, and of several arcs on
        one track and day the (circular) mean counts.

    Examples
    --------
    >>> from retrieval.arc_table import empty_arc_table
    >>> from retrieval.fusion.track_table import TrackTable
    >>> days = np.array(["2024-03-01"], "datetime64[D]")
    >>> rows = daily_rows(TrackTable.empty(), empty_arc_table(), days)
    >>> rows.time.astype(str).tolist(), rows.anomaly_deg.shape, rows.n_arcs.tolist()
    (['2024-03-02T00:00:00.000000000'], (1, 0), [0])
    """
    placed = table.place(arcs).at_middle()
    begin = np.asarray(days, "datetime64[D]").astype(np.int64) * MS_PER_DAY
    # An arc of midnight belongs to the day that begins.
    first, stop = np.searchsorted(placed.arcs.closed, np.array([begin, begin + MS_PER_DAY]))
    return _lay_out(placed, len(table), begin + MS_PER_DAY, first, stop, np.inf)


def trailing_rows(
    table: TrackTable,
    arcs: pd.DataFrame,
    times: pd.DatetimeIndex,
    window_h: float = 24.0,
    tau_h: float = _TAU_H,
) -> TrackRows:
    """Collect the arcs that had closed by given times, fresh ones first.

    Arcs that close after a time change nothing in its row, to the last bit.

    Parameters
    ----------
    table : TrackTable
        k tracks.
    arcs : DataFrame
        Arc table of the station, in any order.
    times : DatetimeIndex
        n times, UTC.
    window_h : float
        Arcs count that closed in ``(time - window_h, time]``.
    tau_h : float
        Arcs of one track count by ``exp(-age / tau_h)``.

    Raises
    ------
    InputError
        Window or tau are not above 0, or the times are not UTC.
    """
    if not (window_h > 0 and tau_h > 0):
        raise InputError(
            f"rows: window_h {window_h:g} and tau_h {tau_h:g}, expected hours above 0 of each"
        )
    if times.tz is None:
        raise InputError("rows: times without a zone, expected UTC; use tz_localize('UTC')")
    placed = table.place(arcs)
    end = utc_ms(times)
    start = end - round(window_h * _MS_PER_H)
    first, stop = np.searchsorted(placed.arcs.closed, np.array([start, end]), side="right")
    return _lay_out(placed, len(table), end, first, stop, tau_h)


def _lay_out(
    placed: PlacedArcs, k: int, end: Times, first: Numbers, stop: Numbers, tau_h: float
) -> TrackRows:
    """Lay out the arcs ``[first, stop)`` of each of n rows; with infinite tau ages are 0."""
    chunks = [slice(i, i + _AT_ONCE) for i in range(0, max(len(end), 1), _AT_ONCE)]
    parts = [_some_rows(placed, k, end[c], first[c], stop[c], tau_h) for c in chunks]
    anomaly_deg, age_h, amplitude, rise_m, n_arcs, n_passes, effective = (
        np.concatenate(column) for column in zip(*parts, strict=True)
    )
    return TrackRows(
        end.astype("datetime64[ms]").astype("datetime64[ns]"),
        anomaly_deg,
        age_h,
        amplitude,
        rise_m,
        n_arcs,
        n_passes,
        effective,
    )


def _some_rows(
    placed: PlacedArcs, k: int, end: Times, first: Numbers, stop: Numbers, tau_h: float
) -> tuple[NDArray[Any], ...]:
    """Return the columns of `TrackRows` but its time, for some of the rows."""
    arcs, n = placed.arcs, len(end)
    width = int((stop - first).max(initial=0))
    choice = first[:, None] + np.arange(width)
    choice = np.where(choice < stop[:, None], choice, -1)
    if width:
        choice = np.where(placed.track[choice] >= 0, choice, -1)
    row, place = np.nonzero(choice >= 0)
    arc = choice[row, place]
    cell = row * k + placed.track[arc]
    middle = (arcs.start[arc] + arcs.end[arc]) // 2
    behind_h = (end[row] - middle) / _MS_PER_H
    weight = np.exp(-behind_h / tau_h)

    def mean(values: Floats) -> Floats:
        """Return the weighted mean of each cell, of arcs with a value."""
        known = ~np.isnan(values)
        of_cell = np.bincount(cell[known], weight[known], n * k)
        total = np.bincount(cell[known], (weight * values)[known], n * k)
        found: Floats = np.divide(total, of_cell, out=np.full(n * k, np.nan), where=of_cell > 0)
        return found.reshape(n, k)

    turned = np.radians(placed.anomaly_deg[arc])
    direction = np.degrees(np.arctan2(mean(np.sin(turned)), mean(np.cos(turned))))
    mean_h = mean(behind_h)
    effective_ms = np.round(end - column_mean(mean_h.T) * _MS_PER_H)
    known = ~np.isnan(effective_ms)
    effective = np.full(n, np.datetime64("NaT"), "datetime64[ns]")
    effective[known] = effective_ms[known].astype(np.int64).astype("datetime64[ms]")
    age_h = mean_h if np.isfinite(tau_h) else np.where(np.isnan(mean_h), np.nan, 0.0)
    return (
        wrap_deg(direction),
        age_h,
        mean(placed.amplitude[arc]),
        mean(placed.rise_m[arc]),
        np.bincount(row, minlength=n),
        count_passes(arcs, choice),
        effective,
    )
