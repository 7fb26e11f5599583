"""`linear` and `mean-phase`: straight lines that a forest must beat.

Both are fitted to reference moisture, unlike the physical model of `retrieval.fusion.linear`. Their
intervals are quantiles of what blocked cross-validation over the training rows leaves, one for each
side (`retrieval.fusion.conformal`). Copies with dropped tracks do not train them: a line takes a
filled track for what it is worth on average, and has no splits to put elsewhere.
"""

from __future__ import annotations

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

# Of the square of the largest singular value; with the largest nothing is left but the mean.
_PENALTIES = np.logspace(4.0, -4.0, 81)


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
    """Least squares on all columns with a ridge penalty (Hoerl & Kennard 1970).

    Columns are centred and scaled by their training rows. The penalty is that of the least error on
    blocks of days: generalised cross-validation takes the errors of days as independent, which they
    are not, and errs to the small side where columns say little.

    Parameters
    ----------
    blocks, gap_days : int, float
        Of the cross-validation that chooses the penalty and calibrates the intervals.

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
    out_of_fold_ : Prediction
        What was said of each training row without its block.
    """

    blocks: int = 5
    gap_days: float = 5.0
    uses_reference_of_test_: bool = field(init=False, default=False)
    level_: float = field(init=False)
    slope_: Floats = field(init=False, repr=False)
    penalty_: float = field(init=False)
    interval_: ConformalInterval = field(init=False, repr=False)
    out_of_fold_: Prediction = field(init=False, repr=False)

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

        def predict(train: Indices, test: Indices) -> Floats:
            lines = _ridges(features[train], vwc[train], _PENALTIES)
            return np.column_stack([line.at(features[test]) for line in lines])

        found = tune(predict, vwc, times, self.blocks, self.gap_days)
        self.interval_, self.out_of_fold_ = found.interval, found.out_of_fold
        (line,) = _ridges(features, vwc, _PENALTIES[[found.best]])
        self.level_, self.slope_, self.penalty_ = line
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
    out_of_fold_ : Prediction
        What was said of each training row without its block.
    """

    n_tracks: int | None = None
    blocks: int = 5
    gap_days: float = 5.0
    uses_reference_of_test_: bool = field(init=False, default=False)
    level_: float = field(init=False)
    slope_: float = field(init=False)
    interval_: ConformalInterval = field(init=False, repr=False)
    out_of_fold_: Prediction = field(init=False, repr=False)

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

        def predict(train: Indices, test: Indices) -> Floats:
            return _plain(mean[train], vwc[train]).at(mean[test])[:, None]

        found = tune(predict, vwc, times, self.blocks, self.gap_days)
        self.interval_, self.out_of_fold_ = found.interval, found.out_of_fold
        line = _plain(mean, vwc)
        self.level_, self.slope_ = line.level, float(line.slope[0])
        return self

    def predict(self, features: Floats, times: Stamps | None = None) -> Prediction:
        """Return the line's moisture of (m, p) rows; `times` play no part."""
        vwc = self.level_ + self.slope_ * self._mean(features)[:, 0]
        return Prediction.around(vwc, *self.interval_.apply(vwc, vwc))

    def _mean(self, features: Floats) -> Floats:
        return np.asarray(phase_columns(features, self.n_tracks).mean(axis=1, keepdims=True))


def _plain(features: Floats, vwc: Floats) -> _Line:
    """Return the least squares line on one column; level where it does not vary."""
    centre = features.mean(axis=0)
    off = features - centre
    square = np.sum(off**2)
    slope = np.sum(off * (vwc - vwc.mean())[:, None], axis=0) / (square if square > 0 else 1.0)
    return _Line(float(vwc.mean() - centre @ slope), slope, 0.0)


def _ridges(features: Floats, vwc: Floats, penalties: Floats) -> list[_Line]:
    """Return the ridge line of each penalty."""
    centre, scale = level_and_spread(features)
    left, singular, right = np.linalg.svd((features - centre) / scale, full_matrices=False)
    used = singular > 0
    along = left.T[used] @ (vwc - vwc.mean())
    square = singular[used] ** 2
    lines = []
    for penalty in penalties:
        shrunk = singular[used] / (square + penalty * singular[0] ** 2) * along
        slope = right[used].T @ shrunk / scale
        lines.append(_Line(float(vwc.mean() - centre @ slope), slope, float(penalty)))
    return lines
