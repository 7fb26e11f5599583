"""Values of any spacing gathered by UTC day, each hour of the day counting alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.fusion.columns import Floats
from retrieval.fusion.prediction import Stamps

__all__ = ["DAY_NS", "HOUR_NS", "Days", "by_day", "hour_weights", "times_ns", "usual_step_ns"]

HOUR_NS = 3_600_000_000_000
DAY_NS = 24 * HOUR_NS


@dataclass(frozen=True)
class Days:
    """What is known of n UTC days that hold a value.

    Attributes
    ----------
    day : (n,) datetime64[D]
        Increasing.
    mean, total : (n,) float64
        Mean over the hours that have values; sum of the values.
    n_values : (n,) int64
    share : (n,) float64
        Of the day's hours that have values, 0 to 1.
    """

    day: Stamps
    mean: Floats
    total: Floats
    n_values: NDArray[np.int64]
    share: Floats


def times_ns(times: Stamps) -> NDArray[np.int64]:
    """Return times as ns since 1970."""
    return np.asarray(times, "datetime64[ns]").astype(np.int64)


def usual_step_ns(at_ns: NDArray[np.int64]) -> int:
    """Return the median spacing of increasing times, from an hour to a day; a day for one time."""
    if len(at_ns) < 2:
        return DAY_NS
    return int(np.clip(np.median(np.diff(at_ns)), HOUR_NS, DAY_NS))


def hour_weights(at_ns: NDArray[np.int64], step_ns: int) -> tuple[NDArray[np.int64], Floats]:
    """Return which step each time lies in, (n,), and one over the number of times in it, (n,).

    Steps begin anew with each day. Where a logger changes from 15 to 30 minutes in mid-day, weights
    keep the first hours from counting double.
    """
    day, within = np.divmod(at_ns, DAY_NS)
    step = day * (DAY_NS // step_ns + 1) + within // step_ns
    _, index, count = np.unique(step, return_inverse=True, return_counts=True)
    return step, 1.0 / count[index]


def by_day(at_ns: NDArray[np.int64], values: Floats) -> Days:
    """Gather known values by the UTC day that their times lie in.

    Parameters
    ----------
    at_ns : (n,) int64
        Increasing, ns since 1970.
    values : (n,) float64
        All known.

    Examples
    --------
    >>> days = by_day(np.array([0, 6, 12]) * HOUR_NS, np.array([0.1, 0.2, 0.6]))
    >>> days.mean.round(3).tolist(), days.n_values.tolist(), days.share.tolist()
    ([0.3], [3], [0.75])
    """
    step_ns = usual_step_ns(at_ns)
    step, weight = hour_weights(at_ns, step_ns)
    day, index = np.unique(at_ns // DAY_NS, return_inverse=True)
    new = np.diff(step, prepend=step[:1] - 1) != 0
    return Days(
        day.astype("datetime64[D]"),
        np.bincount(index, weight * values, len(day)) / np.bincount(index, weight, len(day)),
        np.bincount(index, values, len(day)).astype(np.float64),
        np.bincount(index, minlength=len(day)).astype(np.int64),
        np.minimum(np.bincount(index[new], minlength=len(day)) * step_ns / DAY_NS, 1.0),
    )
