"""Estimates without any satellite: what a retrieval has to be seen beside.

`climatology` needs the training rows alone and may be ranked. `persistence` and
`time-interpolation` live on the reference around the time of the estimate, which a station lacks:
they are shown and never ranked.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import InputError
from retrieval.fusion.columns import Floats
from retrieval.fusion.conformal import ConformalInterval, out_of_fold, to_gap
from retrieval.fusion.prediction import COVERAGE, Prediction, Stamps, check_training

__all__ = ["Climatology", "Persistence", "TimeInterpolation"]

Indices = NDArray[np.intp]

_BOUNDS = (0.5 * (1.0 - COVERAGE), 0.5 * (1.0 + COVERAGE))
_YEAR_DAYS = 365.25


@dataclass(kw_only=True, eq=False)
class Climatology:
    """Mean and quantiles of the training moisture, of the season where years allow it.

    A row is compared with training rows of about its day of year if these are of two or more
    calendar years, with all of them otherwise.

    Parameters
    ----------
    half_window_days : float
        How far from a row's day of year its season reaches, both ways.

    Attributes
    ----------
    training_times_, training_vwc_ : (n,) datetime64, (n,) float64
        What was seen.
    """

    half_window_days: float = 15.0
    uses_reference_of_test_: bool = field(init=False, default=False)
    training_times_: Stamps = field(init=False, repr=False)
    training_vwc_: Floats = field(init=False, repr=False)

    def fit(
        self, features: Floats, vwc: Floats, times: Stamps, dropped: Floats | None = None
    ) -> Self:
        """Keep the moisture and times of n rows; `features` and `dropped` are not used.

        Raises
        ------
        InputError
            Rows that do not fit together.
        """
        check_training(features, vwc, times, dropped)
        self.training_times_, self.training_vwc_ = times.copy(), np.array(vwc, np.float64)
        return self

    def predict(self, features: Floats, times: Stamps | None = None) -> Prediction:
        """Return mean, 5 % and 95 % quantile for (m,) times; `features` play no part.

        Raises
        ------
        InputError
            `times` are not given.
        """
        times = _needed(times, "climatology")
        apart = _day_of_year(times)[:, None] - _day_of_year(self.training_times_)
        apart = np.abs(np.mod(apart + 0.5 * _YEAR_DAYS, _YEAR_DAYS) - 0.5 * _YEAR_DAYS)
        near = apart <= self.half_window_days
        year = self.training_times_.astype("datetime64[Y]")
        found = np.empty((3, len(times)))
        # Rows of one season differ in number from row to row, so their quantiles cannot be stacked.
        for row, season in enumerate(near):
            enough = len(np.unique(year[season])) >= 2
            values = self.training_vwc_[season] if enough else self.training_vwc_
            found[:, row] = values.mean(), *np.quantile(values, _BOUNDS)
        return Prediction.around(*found)


@dataclass(kw_only=True, eq=False)
class Persistence:
    """The mean of the reference over the UTC calendar day before; NaN where that day has none.

    Parameters
    ----------
    reference_times : (m,) datetime64
        UTC, in any order: of the whole reference, test part included.
    reference_vwc : (m,) float64
        m3 m-3.

    Attributes
    ----------
    interval_ : ConformalInterval
        Quantiles of the day-to-day change over the training rows.
    """

    reference_times: Stamps
    reference_vwc: Floats
    uses_reference_of_test_: bool = field(init=False, default=True)
    interval_: ConformalInterval = field(init=False, repr=False)

    def fit(
        self, features: Floats, vwc: Floats, times: Stamps, dropped: Floats | None = None
    ) -> Self:
        """Learn the changes of n rows; `features` and `dropped` are not used.

        Raises
        ------
        InputError
            Rows that do not fit together, or too few with a day before.
        """
        check_training(features, vwc, times, dropped)
        before = self._day_before(times)
        self.interval_ = ConformalInterval(symmetric=False).fit(before, before, vwc)
        return self

    def predict(self, features: Floats, times: Stamps | None = None) -> Prediction:
        """Return the day before each of (m,) times; `features` play no part.

        Raises
        ------
        InputError
            `times` are not given.
        """
        vwc = self._day_before(_needed(times, "persistence"))
        return Prediction.around(vwc, *self.interval_.apply(vwc, vwc))

    def _day_before(self, times: Stamps) -> Floats:
        known = np.isfinite(self.reference_vwc)
        days, day = np.unique(
            self.reference_times[known].astype("datetime64[D]"), return_inverse=True
        )
        mean = np.bincount(day, self.reference_vwc[known]) / np.bincount(day)
        asked = times.astype("datetime64[D]") - np.timedelta64(1, "D")
        place = np.searchsorted(days, asked)
        found = np.full(len(times), np.nan)
        there = place < len(days)
        there[there] = days[place[there]] == asked[there]
        found[there] = mean[place[there]]
        return found


@dataclass(kw_only=True, eq=False)
class TimeInterpolation:
    """A straight line in time between the training rows on either side; level beyond their ends.

    Parameters
    ----------
    blocks, gap_days : int, float
        Of the cross-validation that calibrates the intervals.

    Attributes
    ----------
    training_times_, training_vwc_ : (k,) datetime64, (k,) float64
        In order of time, rows of one time averaged.
    interval_ : ConformalInterval
        Quantiles of the residuals.
    """

    blocks: int = 5
    gap_days: float = 5.0
    uses_reference_of_test_: bool = field(init=False, default=True)
    training_times_: Stamps = field(init=False, repr=False)
    training_vwc_: Floats = field(init=False, repr=False)
    interval_: ConformalInterval = field(init=False, repr=False)

    def fit(
        self, features: Floats, vwc: Floats, times: Stamps, dropped: Floats | None = None
    ) -> Self:
        """Keep the moisture and times of n rows; `features` and `dropped` are not used.

        Raises
        ------
        InputError
            Rows that do not fit together, or too few of them.
        """
        check_training(features, vwc, times, dropped)

        def predict(train: Indices, test: Indices) -> Floats:
            return _interpolate(times[test], *_in_order(times[train], vwc[train]))[:, None]

        found = out_of_fold(predict, times, self.blocks, to_gap(self.gap_days))[:, 0]
        self.interval_ = ConformalInterval(symmetric=False).fit(found, found, vwc)
        self.training_times_, self.training_vwc_ = _in_order(times, vwc)
        return self

    def predict(self, features: Floats, times: Stamps | None = None) -> Prediction:
        """Return the interpolated moisture of (m,) times; `features` play no part.

        Raises
        ------
        InputError
            `times` are not given.
        """
        vwc = _interpolate(
            _needed(times, "time-interpolation"), self.training_times_, self.training_vwc_
        )
        return Prediction.around(vwc, *self.interval_.apply(vwc, vwc))


def _needed(times: Stamps | None, name: str) -> Stamps:
    if times is None:
        raise InputError(f"{name}: estimates depend on time alone; give the times of the rows")
    return times


def _day_of_year(times: Stamps) -> Floats:
    day = times.astype("datetime64[D]") - times.astype("datetime64[Y]")
    return np.asarray(day.astype(np.float64))


def _in_order(times: Stamps, vwc: Floats) -> tuple[Stamps, Floats]:
    at, place = np.unique(times.astype("datetime64[ns]"), return_inverse=True)
    return at, np.bincount(place, vwc) / np.bincount(place)


def _interpolate(times: Stamps, at: Stamps, vwc: Floats) -> Floats:
    asked = times.astype("datetime64[ns]")
    # Seconds from the first: nanoseconds since 1970 have more digits than a float.
    first = at[0]
    found: Floats = np.interp(
        (asked - first) / np.timedelta64(1, "s"), (at - first) / np.timedelta64(1, "s"), vwc
    )
    return found
