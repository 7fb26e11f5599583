"""The moisture that models are trained on and judged by, out of a given series."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import InputError
from retrieval.fusion.columns import Floats
from retrieval.fusion.day_means import (
    DAY_NS,
    HOUR_NS,
    by_day,
    hour_weights,
    times_ns,
    usual_step_ns,
)
from retrieval.fusion.prediction import Stamps
from retrieval.given_series import GivenSeries

__all__ = ["DailyReference", "daily_reference", "reference_at"]

_AT_LEAST = 0.5
_ROUNDING = 1e-9


@dataclass(frozen=True)
class DailyReference:
    """Reference moisture of n UTC days.

    Attributes
    ----------
    day : (n,) datetime64[D]
        UTC, increasing; days without a value are not there.
    vwc : (n,) float64
        m3 m-3.
    n_values : (n,) int64
        Values behind each.
    kind : str
        What they are, for reports, such as "PBO H2O, one value a day".
    """

    day: Stamps
    vwc: Floats
    n_values: NDArray[np.int64]
    kind: str

    def __len__(self) -> int:
        return len(self.day)

    def of_days(self, days: Stamps) -> Floats:
        """Return the moisture of given UTC days, in their order; NaN where there is none."""
        wanted = np.asarray(days, "datetime64[D]")
        found = np.full(len(wanted), np.nan)
        if len(self):
            at = np.minimum(np.searchsorted(self.day, wanted), len(self) - 1)
            there = self.day[at] == wanted
            found[there] = self.vwc[at[there]]
        return found


def daily_reference(series: GivenSeries, min_hours_share: float = _AT_LEAST) -> DailyReference:
    """Return a series' moisture by UTC day.

    Parameters
    ----------
    series : GivenSeries
        Values a day or more apart stand for the UTC day they are dated in, as noon does in PBO H2O.
        Denser ones are averaged over the UTC day, each hour counting alike.
    min_hours_share : float
        Denser values must be known in this share of the day's hours (for values further apart than
        an hour: of its steps), else the day has none; above 0, up to 1.

    Raises
    ------
    InputError
        The series holds no moisture, no day is covered enough, or the share is out of range.
    """
    _check_share(min_hours_share)
    at_ns, vwc = _moisture(series)
    days = by_day(at_ns, vwc)
    kept = days.share >= min_hours_share - _ROUNDING
    if not kept.any():
        raise InputError(
            f"{series.path}: expected moisture in {min_hours_share:.0%} of a day's hours, found at "
            f"most {days.share.max():.0%} in {len(days.day)} days; lower min_hours_share or give a "
            "fuller series"
        )
    form = "one value a day" if usual_step_ns(at_ns) == DAY_NS else "means of UTC days"
    return DailyReference(
        days.day[kept], days.mean[kept], days.n_values[kept], f"{series.kind}, {form}"
    )


def reference_at(
    series: GivenSeries, times: Stamps, window_h: float, min_hours_share: float = _AT_LEAST
) -> Floats:
    """Return a series' mean moisture over the hours before given times, to judge live estimates.

    Parameters
    ----------
    series : GivenSeries
        Daily values hold through their UTC day: at 6 h a window of 24 h is three quarters yesterday
        and one today, so that they may know what comes after a time. Of denser ones those count
        that are dated in (time - window_h, time].
    times : (m,) datetime64
        UTC, in any order.
    window_h : float
        Length of the window; an hour gives the latest value of an hourly series.
    min_hours_share : float
        Share of the window that must be known; above 0, up to 1.

    Returns
    -------
    (m,) float64
        m3 m-3; NaN where too little is known.

    Raises
    ------
    InputError
        The series holds no moisture, or window or share are out of range.
    """
    _check_share(min_hours_share)
    if not (np.isfinite(window_h) and window_h > 0):
        raise InputError(f"reference: window_h {window_h:g}, expected hours above 0")
    at_ns, vwc = _moisture(series)
    end = times_ns(times)
    start = end - round(window_h * HOUR_NS)
    step_ns = usual_step_ns(at_ns)
    if step_ns == DAY_NS:
        mean, share = _of_held_days(at_ns, vwc, start, end)
    else:
        mean, share = _of_values(at_ns, vwc, start, end, step_ns)
    return np.where(share >= min_hours_share - _ROUNDING, mean, np.nan)


def _moisture(series: GivenSeries) -> tuple[NDArray[np.int64], Floats]:
    """Return the times, ns, and values that are known."""
    times, vwc = series.known("moisture")
    if not len(vwc):
        raise InputError(
            f"{series.path}: holds no moisture; training wants a column vwc (m3 m-3), a daily file "
            "of PBO H2O, or an ISMN file of variable sm"
        )
    return times_ns(times), vwc


def _check_share(share: float) -> None:
    if not 0 < share <= 1:
        raise InputError(
            f"reference: min_hours_share {share:g}, expected above 0 and up to 1, such as 0.5"
        )


def _of_held_days(
    at_ns: NDArray[np.int64], vwc: Floats, start: NDArray[np.int64], end: NDArray[np.int64]
) -> tuple[Floats, Floats]:
    """Return means of windows over values that hold through their days, and the shares known."""
    days = by_day(at_ns, vwc)
    begin = days.day.astype(np.int64) * DAY_NS
    # Time known, and moisture times time, from the first day on: exact enough, as days are few.
    nodes = np.column_stack([begin, begin + DAY_NS]).ravel()
    upto = np.arange(len(begin) + 1)
    moisture = np.concatenate([[0.0], np.cumsum(days.mean)])

    def between(running: Floats) -> Floats:
        at_nodes = np.column_stack([running[:-1], running[1:]]).ravel()
        origin = nodes[0]
        found: Floats = np.interp(end - origin, nodes - origin, at_nodes) - np.interp(
            start - origin, nodes - origin, at_nodes
        )
        return found

    known = between(upto.astype(np.float64))
    mean = np.divide(between(moisture), known, out=np.full(len(end), np.nan), where=known > 0)
    return mean, known * DAY_NS / (end - start)


def _of_values(
    at_ns: NDArray[np.int64],
    vwc: Floats,
    start: NDArray[np.int64],
    end: NDArray[np.int64],
    step_ns: int,
) -> tuple[Floats, Floats]:
    """Return means of the values dated in windows, and the share of their steps with a value."""
    step, weight = hour_weights(at_ns, step_ns)
    first, stop = np.searchsorted(at_ns, np.array([start, end]), side="right")

    def sums(values: Floats) -> Floats:
        # One by one: differences of one running sum would carry the rounding of older values.
        found = np.add.reduceat(np.append(values, 0.0), np.column_stack([first, stop]).ravel())
        return np.where(stop > first, found[::2], 0.0)

    weights = sums(weight)
    mean = np.divide(sums(weight * vwc), weights, out=np.full(len(end), np.nan), where=weights > 0)
    begun = np.concatenate([[0], np.cumsum(np.diff(step) != 0)])
    last = np.maximum(stop - 1, 0)
    n_steps = np.where(stop > first, begun[last] - begun[np.minimum(first, last)] + 1, 0)
    expected = np.maximum((end - start) / step_ns, 1.0)
    return mean, np.minimum(n_steps / expected, 1.0)
