"""Splits that do not leak, and measures of agreement that hide nothing.

Soil moisture remembers for days: a test day between two training days is known before it is asked.
Every split here therefore cuts time into stretches. Root mean square errors stand beside their
bias and what is left without it, because most of a published error may be bias.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from retrieval.errors import InputError, TooFewRowsError

__all__ = [
    "Interval",
    "Scores",
    "block_bootstrap",
    "inner_folds",
    "scores",
    "split_by_time",
    "time_blocks",
    "years_left_out",
]

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

# A calendar year with fewer of the rows is no fold of its own.
_YEAR_SHARE = 0.1
_YEARS = 3


@dataclass(frozen=True)
class Scores:
    """Agreement of estimates with a reference.

    Attributes
    ----------
    n : int
        Pairs in which both are known.
    r : float
        Pearson's correlation; NaN where one of them does not vary.
    rmse, mae : float
        Root mean square and mean absolute difference, in the unit of the values.
    bias : float
        Mean of estimate less reference.
    ubrmse : float
        Root mean square difference without the bias: ``rmse^2 = bias^2 + ubrmse^2``.
    coverage : float
        Share of the reference inside the estimates' intervals; NaN without intervals.
    width : float
        Mean width of the intervals; NaN likewise.
    """

    n: int
    r: float
    rmse: float
    mae: float
    bias: float
    ubrmse: float
    coverage: float
    width: float

    def as_dict(self) -> dict[str, Any]:
        """Return the scores by name; None for what is not known, as JSON has no NaN."""
        return {
            name: None if isinstance(value, float) and np.isnan(value) else value
            for name, value in asdict(self).items()
        }


def scores(
    reference: ArrayLike,
    estimate: ArrayLike,
    lower: ArrayLike | None = None,
    upper: ArrayLike | None = None,
) -> Scores:
    """Measure the agreement of estimates with a reference.

    Parameters
    ----------
    reference, estimate : (n,) array_like
        Pairs; those with a NaN are left out.
    lower, upper : (n,) array_like, optional
        Intervals of the estimates.

    Raises
    ------
    InputError
        Lengths differ, or only one bound is given.

    Examples
    --------
    >>> found = scores([0.1, 0.2, 0.3], [0.12, 0.22, 0.32])
    >>> round(found.rmse, 3), round(found.bias, 3), round(found.ubrmse, 3), round(found.r, 3)
    (0.02, 0.02, 0.0, 1.0)
    """
    x, y = np.asarray(reference, np.float64), np.asarray(estimate, np.float64)
    if (lower is None) != (upper is None):
        raise InputError("scores: expected both bounds of the intervals, or none")
    unknown = np.full(x.shape, np.nan)
    low = unknown if lower is None else np.asarray(lower, np.float64)
    high = unknown if upper is None else np.asarray(upper, np.float64)
    if not x.shape == y.shape == low.shape == high.shape or x.ndim != 1:
        raise InputError(
            f"scores: reference of shape {x.shape}, estimates {y.shape}, bounds {low.shape} and "
            f"{high.shape}; expected one length"
        )
    pair = np.isfinite(x) & np.isfinite(y)
    x, y, low, high = x[pair], y[pair], low[pair], high[pair]
    n = len(x)
    if n == 0:
        return Scores(0, *([float("nan")] * 7))
    off = y - x
    bias = float(off.mean())
    vary = n > 1 and np.ptp(x) > 0 and np.ptp(y) > 0
    bounded = np.isfinite(low) & np.isfinite(high)
    inside = ((x >= low) & (x <= high))[bounded]
    return Scores(
        n,
        float(np.corrcoef(x, y)[0, 1]) if vary else float("nan"),
        float(np.sqrt(np.mean(off**2))),
        float(np.mean(np.abs(off))),
        bias,
        float(np.sqrt(np.mean((off - bias) ** 2))),
        float(inside.mean()) if len(inside) else float("nan"),
        float((high - low)[bounded].mean()) if len(inside) else float("nan"),
    )


def split_by_time(
    times: NDArray[np.datetime64], train_share: float = 0.7
) -> tuple[Indices, Indices]:
    """Split rows into the first part of them by time and the rest.

    Parameters
    ----------
    times : (n,) datetime64
        In any order; rows of one time stay together.
    train_share : float
        Share of the rows, 0 to 1, both excluded, that come first.

    Returns
    -------
    train, test : (k,), (n - k,) intp
        Rows, each in order of time.

    Raises
    ------
    InputError
        The share is not between 0 and 1, or a part would be empty.
    """
    if not 0 < train_share < 1:
        raise InputError(f"split: train_share {train_share:g}, expected between 0 and 1")
    order = np.argsort(times, kind="stable")
    count = round(train_share * len(order))
    while 0 < count < len(order) and times[order[count]] == times[order[count - 1]]:
        count += 1
    if not 0 < count < len(order):
        raise InputError(
            f"split: {len(order)} rows cannot be split at {train_share:g}; give more rows"
        )
    return order[:count], order[count:]


def time_blocks(
    times: NDArray[np.datetime64], count: int, gap: np.timedelta64 | None = None
) -> Iterator[tuple[Indices, Indices]]:
    """Yield training and test rows of blocked cross-validation.

    Parameters
    ----------
    times : (n,) datetime64
        In any order.
    count : int
        Contiguous blocks of nearly equal numbers of rows, each the test once.
    gap : timedelta64, optional
        Rows nearer than this to the test block do not train.

    Raises
    ------
    InputError
        Fewer than two blocks, or fewer rows than blocks.
    """
    _check_blocks(count, len(times))
    return _left_out(times, np.array_split(np.argsort(times, kind="stable"), count), gap)


def inner_folds(
    times: NDArray[np.datetime64], blocks: int, gap: np.timedelta64 | None = None
) -> Iterator[tuple[Indices, Indices]]:
    """Yield training and test rows of the cross-validation by which a model tunes itself.

    A model is tuned for the question that it will be asked. Of one or two years that is days some
    way from those it knows: blocks of time (`time_blocks`). With three or more years it is a year
    that it has not seen, whose level and season no other day of that year has told: each calendar
    year is left out in turn. A year with less than 10 % of the rows is no fold of its own: its rows
    go with the nearest year that is one, with the earlier of two.

    Parameters
    ----------
    times : (n,) datetime64
        UTC, in any order.
    blocks : int
        Blocks where the rows are of fewer than three years.
    gap : timedelta64, optional
        Rows nearer than this to the test rows do not train, at the turn of a year too.

    Raises
    ------
    InputError
        Fewer than two blocks, or fewer rows than blocks.

    Examples
    --------
    >>> days = np.arange("2020-01", "2022-12", dtype="datetime64[D]")
    >>> [str(days[test][0]) for train, test in inner_folds(days, blocks=5)]
    ['2020-01-01', '2021-01-01', '2022-01-01']
    """
    _check_blocks(blocks, len(times))
    year = times.astype("datetime64[Y]").astype(np.int64)
    present, rows = np.unique(year, return_counts=True)
    whole = present[rows >= _YEAR_SHARE * len(times)]
    if len(whole) < _YEARS:
        return time_blocks(times, blocks, gap)
    nearest = np.argmin(np.abs(year[:, None] - whole), axis=1)
    order = np.argsort(times, kind="stable")
    return _left_out(times, [order[nearest[order] == k] for k in range(len(whole))], gap)


def _check_blocks(count: int, n: int) -> None:
    if not 2 <= count <= n:
        raise TooFewRowsError(f"blocks: {count} of {n} rows, expected 2 up to as many as rows")


def _left_out(
    times: NDArray[np.datetime64], stretches: list[Indices], gap: np.timedelta64 | None
) -> Iterator[tuple[Indices, Indices]]:
    """Yield each stretch of time as the test of those rows that lie further off than the gap."""
    order = np.argsort(times, kind="stable")
    margin = np.timedelta64(0, "ns") if gap is None else gap
    for test in stretches:
        first, last = times[test].min(), times[test].max()
        far = (times < first - margin) | (times > last + margin)
        train = order[far[order]]
        if len(train):
            yield train, test


def years_left_out(times: NDArray[np.datetime64]) -> Iterator[tuple[int, Indices, Indices]]:
    """Yield each calendar year with the rows of all others and its own.

    Parameters
    ----------
    times : (n,) datetime64
        UTC, in any order.

    Raises
    ------
    InputError
        All rows are of one year.
    """
    year = times.astype("datetime64[Y]").astype(np.int64) + 1970
    present = np.unique(year)
    if len(present) < 2:
        raise InputError("years: all rows are of one year; expected two or more to leave one out")
    for one in present:
        yield int(one), np.flatnonzero(year != one), np.flatnonzero(year == one)


@dataclass(frozen=True)
class Interval:
    """A figure with its 90 % interval over resampled records."""

    value: float
    lower: float
    upper: float


def block_bootstrap(
    statistic: Callable[[Indices], float],
    n: int,
    block: int,
    resamples: int = 1000,
    seed: int = 0,
) -> Interval:
    """Return a statistic of n rows in order of time with its 90 % interval.

    The moving-block bootstrap (Kuensch 1989, Annals of Statistics 17, 1217-1241): records are put
    together of blocks of neighbouring rows, so that what rows share with their neighbours stays.

    Parameters
    ----------
    statistic : callable
        Takes (n,) rows, in which some stand several times, and returns a number.
    n : int
        Rows.
    block : int
        Rows of a block: longer than the memory of the errors.
    resamples, seed : int
        Resampled records, and the seed of their draws.

    Raises
    ------
    InputError
        The block is longer than the record.
    """
    if not 1 <= block <= n:
        raise InputError(f"bootstrap: blocks of {block} rows of {n}, expected 1 to {n}")
    draws = np.random.default_rng(seed).integers(0, n - block + 1, (resamples, -(-n // block)))
    rows = (draws[..., None] + np.arange(block)).reshape(resamples, -1)[:, :n]
    values = np.array([statistic(one) for one in rows])
    lower, upper = np.nanpercentile(values, [5, 95])
    return Interval(float(statistic(np.arange(n))), float(lower), float(upper))
