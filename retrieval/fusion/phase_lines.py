"""`linear` and `mean-phase`: straight lines that a forest must beat.

Both are fitted to reference moisture, unlike the physical model of `retrieval.fusion.linear`. Their
intervals are quantiles of what blocked cross-validation over the training rows leaves, one for each
side (`retrieval.fusion.conformal`). Copies with dropped tracks do not train them: a line takes a
filled track for what it is worth on average, and has no splits to put elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from retrieval.fusion.columns import Floats, level_and_spread
from retrieval.fusion.conformal import ConformalInterval
from retrieval.fusion.prediction import Prediction, Stamps, check_training, phase_columns
from retrieval.fusion.tuning import tune

__all__ = ["MeanPhase", "RidgeLine"]

Indices = NDArray[np.intp]

# Of the square of the largest singular value. Below it columns are combined that differ by noise.
_PENALTIES = np.logspace(-4.0, 2.0, 61)


class _Line(NamedTuple):
    """``vwc = level + features @ slope``, and the penalty it was fitted with."""

    level: float
    slope: Floats
    penalty: float

    def at(self, features: Floats) -> Floats:
        # A product of matrices may round a row by how many others there are.
        return np.asarray(self.level + np.sum(features * self.slope, axis=1))


@dataclass(kw_only=True, eq=False)
class RidgeLine:
    """Least squares on all columns, with the ridge penalty of generalised cross-validation.

    Columns are centred and scaled by their training rows. The penalty is the minimum of
    ``n |y - H y|^2 / (n - tr H)^2`` (Golub, Heath & Wahba 1979, Technometrics 21, 215-223), which
    takes the errors of rows as independent; those of days are not, so it errs to the small side.

    Parameters
    ----------
    blocks, gap_days : int, float
        Of the cross-validation that calibrates the intervals.

    Attributes
    ----------
    level_ : float
        Moisture where all columns are 0, m3 m-3.
    slope_ : (p,) float64
        m3 m-3 per unit of each column.
    penalty_ : float
        In units of the square of the largest singular value.
    interval_ : ConformalInterval
        Quantiles of the residuals.
    """

    blocks: int = 5
    gap_days: float = 5.0
    uses_reference_of_test_: bool = field(init=False, default=False)
    level_: float = field(init=False)
    slope_: Floats = field(init=False, repr=False)
    penalty_: float = field(init=False)
    interval_: ConformalInterval = field(init=False, repr=False)

    def fit(
        self, features: Floats, vwc: Floats, times: Stamps, dropped: Floats | None = None
    ) -> Self:
        """Fit on (n, p) rows; `dropped` is not used.

        Raises
        ------
        InputError
            Rows that do not fit together, or too few of them.
        """
        check_training(features, vwc, times, dropped)
        self.interval_ = _residual_interval(
            _ridge, features, vwc, times, self.blocks, self.gap_days
        )
        self.level_, self.slope_, self.penalty_ = _ridge(features, vwc)
        return self

    def predict(self, features: Floats, times: Stamps | None = None) -> Prediction:
        """Return the line's moisture of (m, p) rows; `times` play no part."""
        vwc = _Line(self.level_, self.slope_, self.penalty_).at(features)
        return Prediction.around(vwc, *self.interval_.apply(vwc, vwc))


@dataclass(kw_only=True, eq=False)
class MeanPhase:
    """One straight line on the mean of all tracks' phase anomalies.

    Parameters
    ----------
    n_tracks : int, optional
        Columns of tracks, the first ones; others are left out. Default: all.
    blocks, gap_days : int, float
        Of the cross-validation that calibrates the intervals.

    Attributes
    ----------
    level_ : float
        Moisture where the mean is 0, m3 m-3.
    slope_ : float
        m3 m-3 per degree; negative, since moisture rises as phase falls.
    interval_ : ConformalInterval
        Quantiles of the residuals.
    """

    n_tracks: int | None = None
    blocks: int = 5
    gap_days: float = 5.0
    uses_reference_of_test_: bool = field(init=False, default=False)
    level_: float = field(init=False)
    slope_: float = field(init=False)
    interval_: ConformalInterval = field(init=False, repr=False)

    def fit(
        self, features: Floats, vwc: Floats, times: Stamps, dropped: Floats | None = None
    ) -> Self:
        """Fit on (n, p) rows; `dropped` is not used.

        Raises
        ------
        InputError
            Rows that do not fit together, or too few of them.
        """
        check_training(features, vwc, times, dropped)
        mean = self._mean(features)
        self.interval_ = _residual_interval(_plain, mean, vwc, times, self.blocks, self.gap_days)
        line = _plain(mean, vwc)
        self.level_, self.slope_ = line.level, float(line.slope[0])
        return self

    def predict(self, features: Floats, times: Stamps | None = None) -> Prediction:
        """Return the line's moisture of (m, p) rows; `times` play no part."""
        vwc = self.level_ + self.slope_ * self._mean(features)[:, 0]
        return Prediction.around(vwc, *self.interval_.apply(vwc, vwc))

    def _mean(self, features: Floats) -> Floats:
        return np.asarray(phase_columns(features, self.n_tracks).mean(axis=1, keepdims=True))


def _residual_interval(
    fit: Callable[[Floats, Floats], _Line],
    features: Floats,
    vwc: Floats,
    times: Stamps,
    blocks: int,
    gap_days: float,
) -> ConformalInterval:
    """Return the quantiles of residuals out of fold, as margins about the line."""

    def predict(train: Indices, test: Indices) -> Floats:
        return fit(features[train], vwc[train]).at(features[test])[:, None]

    return tune(predict, vwc, times, blocks, gap_days).interval


def _plain(features: Floats, vwc: Floats) -> _Line:
    """Return the least squares line on one column; level where it does not vary."""
    centre = features.mean(axis=0)
    off = features - centre
    square = np.sum(off**2)
    slope = np.sum(off * (vwc - vwc.mean())[:, None], axis=0) / (square if square > 0 else 1.0)
    return _Line(float(vwc.mean() - centre @ slope), slope, 0.0)


def _ridge(features: Floats, vwc: Floats) -> _Line:
    """Return the ridge line of the penalty with the least generalised cross-validation error."""
    n = len(vwc)
    centre, scale = level_and_spread(features)
    left, singular, right = np.linalg.svd((features - centre) / scale, full_matrices=False)
    if singular[0] == 0:
        return _Line(float(vwc.mean()), np.zeros(features.shape[1]), 0.0)
    off = vwc - vwc.mean()
    along = left.T @ off
    kept = singular**2 / (singular**2 + _PENALTIES[:, None] * singular[0] ** 2)
    rest = np.sum(off**2) - np.sum((2.0 * kept - kept**2) * along**2, axis=1)
    # The level takes one degree of freedom too.
    error = n * rest / (n - 1.0 - kept.sum(axis=1)) ** 2
    best = int(np.argmin(error))
    used = singular > 0
    slope = right[used].T @ (kept[best, used] / singular[used] * along[used]) / scale
    return _Line(float(vwc.mean() - centre @ slope), slope, float(_PENALTIES[best]))
