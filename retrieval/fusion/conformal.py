"""Intervals that hold what they promise on rows that did not train the model.

Conformalised quantile regression (Romano, Patterson & Candes 2019, NeurIPS 32, "Conformalized
Quantile Regression"). Rows of the training part are predicted by models that were trained on the
other blocks of time, or other years (`retrieval.validation.inner_folds`); how far the reference
falls outside these intervals (less than 0 inside) is the score of a row. Intervals are then
widened, or narrowed, by the quantile of the scores that n rows can support: the
``ceil((n + 1) coverage)``-th smallest.

What is promised holds where the scores of training and later rows are exchangeable. Days are not:
errors last. Blocks of time, predicted with a gap on either side, are the unit that could be; the
scores of all blocks are pooled (the simple form: a row counts once, whatever its block), because
the handful of blocks that a season gives has no 90 % quantile of its own. Under drift, such as a
drier season than all of the training, no coverage is promised; it is measured in every evaluation.
Models for the scores see less than all of the training rows, which widens intervals a little.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import InputError, TooFewRowsError
from retrieval.fusion.columns import Floats
from retrieval.fusion.prediction import COVERAGE, Stamps
from retrieval.validation import inner_folds

__all__ = ["ConformalInterval", "out_of_fold", "to_gap"]

Indices = NDArray[np.intp]


@dataclass(kw_only=True, eq=False)
class ConformalInterval:
    """Margins that make intervals cover a share of the reference.

    Parameters
    ----------
    coverage : float
        Share to cover, 0 to 1, both excluded.
    symmetric : bool
        One margin for both bounds (Romano et al., theorem 1), or one for each with half of the
        misses (theorem 2), which also follows a bias and needs about twice the rows.

    Attributes
    ----------
    below_, above_ : float
        What lower bounds are lowered and upper bounds are raised by; may be negative.
    n_ : int
        Rows that they were learnt from.
    """

    coverage: float = COVERAGE
    symmetric: bool = True
    below_: float = field(init=False)
    above_: float = field(init=False)
    n_: int = field(init=False)

    def fit(self, lower: Floats, upper: Floats, vwc: Floats) -> Self:
        """Learn the margins from intervals of rows that did not train what gave them.

        Parameters
        ----------
        lower, upper : (n,) float64
            Intervals; rows with a NaN are left out.
        vwc : (n,) float64
            Reference of the same rows.

        Raises
        ------
        InputError
            The rows are too few for a quantile that far out (90 %: 9, or 19 for two margins).
        """
        under, over = lower - vwc, vwc - upper
        known = np.isfinite(under) & np.isfinite(over)
        under, over = under[known], over[known]
        self.n_ = len(under)
        if self.symmetric:
            self.below_ = self.above_ = _supported_quantile(np.maximum(under, over), self.coverage)
        else:
            each = 0.5 * (1.0 + self.coverage)
            self.below_ = _supported_quantile(under, each)
            self.above_ = _supported_quantile(over, each)
        return self

    def apply(self, lower: Floats, upper: Floats) -> tuple[Floats, Floats]:
        """Return the calibrated bounds; those that would cross meet halfway.

        Examples
        --------
        >>> rows = np.arange(9.0)
        >>> interval = ConformalInterval().fit(np.zeros(9), np.zeros(9), rows)
        >>> [float(bound[0]) for bound in interval.apply(np.array([5.0]), np.array([6.0]))]
        [-3.0, 14.0]
        """
        low, high = lower - self.below_, upper + self.above_
        middle = 0.5 * (low + high)
        return np.minimum(low, middle), np.maximum(high, middle)


def out_of_fold(
    predict: Callable[[Indices, Indices], Floats], times: Stamps, blocks: int, gap: np.timedelta64
) -> Floats:
    """Return predictions of all rows by models that saw neither them nor their neighbours.

    Parameters
    ----------
    predict : callable
        Takes training and test rows, returns (test rows, k) predictions.
    times : (n,) datetime64
        In any order.
    blocks, gap : int, timedelta64
        As in `retrieval.validation.inner_folds`: blocks of time, or years of a record of three or
        more.

    Returns
    -------
    (n, k) float64
        NaN for blocks that leave no row to train on.

    Raises
    ------
    InputError
        No block or year leaves any, or there are fewer rows than blocks.
    """
    found: Floats | None = None
    for train, test in inner_folds(times, blocks, gap):
        values = predict(train, test)
        if found is None:
            found = np.full((len(times), values.shape[1]), np.nan)
        found[test] = values
    if found is None:
        raise TooFewRowsError(
            f"blocked cross-validation: no row further than {gap} from any of {blocks} blocks, or "
            "from any year; give a longer record, more blocks or a shorter gap"
        )
    return found


def to_gap(days: float) -> np.timedelta64:
    """Return days as a time difference.

    Raises
    ------
    InputError
        They are negative or no number.
    """
    if not 0 <= days < np.inf:
        raise InputError(f"gap_days: {days:g}, expected 0 or more")
    return np.timedelta64(round(days * 86_400_000), "ms")


def _supported_quantile(scores: Floats, coverage: float) -> float:
    """Return the ``ceil((n + 1) coverage)``-th smallest score."""
    if not 0 < coverage < 1:
        raise InputError(f"conformal interval: coverage {coverage:g}, expected between 0 and 1")
    # Without the last digits, in which .9 times 10 would be more than 9.
    place = int(np.ceil(round((len(scores) + 1) * coverage, 9)))
    if place > len(scores):
        needed = int(np.ceil(round(coverage / (1 - coverage), 9)))
        raise TooFewRowsError(
            f"conformal interval: {len(scores)} rows for {coverage:.1%} on a side, expected "
            f"{needed} or more"
        )
    return float(np.sort(scores)[place - 1])
