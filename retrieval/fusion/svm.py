"""`svm`: support vector regression with a Gaussian kernel, a rival of the paper.

Epsilon-insensitive regression (Drucker et al. 1996, NIPS 9, "Support Vector Regression Machines")
as in LIBSVM (Chang & Lin 2011). Columns and moisture are centred and scaled by their training rows,
so that the grid has no units. Copies with dropped tracks do not train it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from retrieval.fusion.columns import Floats, level_and_spread
from retrieval.fusion.conformal import ConformalInterval
from retrieval.fusion.gaussian_units import GaussianUnits
from retrieval.fusion.prediction import Prediction, Stamps, check_training
from retrieval.fusion.tuning import check_grid, tune

__all__ = ["Svm", "SvmChoice"]

Indices = NDArray[np.intp]

_LEAST = 1e-6  # of any setting; LIBSVM needs them above 0


class SvmChoice(NamedTuple):
    """Settings of a support vector machine.

    Attributes
    ----------
    cost : float
        C: the most that a row can weigh, in standard deviations of the training moisture.
    reach : float
        gamma times the number of columns: two rows that differ by a standard deviation in every
        column are alike by ``exp(-reach)``.
    epsilon : float
        Errors smaller than this cost nothing; in standard deviations of the training moisture.
    """

    cost: float
    reach: float
    epsilon: float


@dataclass(kw_only=True, eq=False)
class Svm:
    """Support vector regression, its settings from a grid in time-blocked cross-validation.

    Parameters
    ----------
    grid_cost, grid_reach, grid_epsilon : tuple of float
        The grid; see `SvmChoice`. Of equal errors the first wins: the smoother machine.
    blocks, gap_days : int, float
        Of the cross-validation over the training rows, which also calibrates the intervals.

    Attributes
    ----------
    choice_ : SvmChoice
        The best of the grid.
    grid_rmse_ : dict
        Error of each point of the grid, m3 m-3.
    units_ : GaussianUnits
        The support vectors, with what each adds.
    interval_ : ConformalInterval
        Quantiles of the residuals.
    out_of_fold_ : Prediction
        What was said of each training row without its block.
    """

    grid_cost: tuple[float, ...] = (0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
    grid_reach: tuple[float, ...] = (0.003, 0.01, 0.03, 0.1, 0.3)
    grid_epsilon: tuple[float, ...] = (0.3, 0.1, 0.03)
    blocks: int = 5
    gap_days: float = 5.0
    uses_reference_of_test_: bool = field(init=False, default=False)
    choice_: SvmChoice = field(init=False)
    grid_rmse_: dict[SvmChoice, float] = field(init=False, repr=False)
    units_: GaussianUnits = field(init=False, repr=False)
    interval_: ConformalInterval = field(init=False, repr=False)
    out_of_fold_: Prediction = field(init=False, repr=False)

    def fit(
        self, features: Floats, vwc: Floats, times: Stamps, dropped: Floats | None = None
    ) -> Self:
        """Fit on (n, p) rows; `dropped` is not used.

        Raises
        ------
        InputError
            Rows that do not fit together, too few of them, or a grid that says nothing.
        """
        check_training(features, vwc, times, dropped)
        check_grid(
            "svm",
            _LEAST,
            grid_cost=self.grid_cost,
            grid_reach=self.grid_reach,
            grid_epsilon=self.grid_epsilon,
        )
        grid = [
            SvmChoice(*one) for one in product(self.grid_cost, self.grid_reach, self.grid_epsilon)
        ]

        def predict(train: Indices, test: Indices) -> Floats:
            fitted = [_machine(one, features[train], vwc[train]) for one in grid]
            return np.column_stack([units.at(features[test]) for units in fitted])

        found = tune(predict, vwc, times, self.blocks, self.gap_days)
        self.choice_ = grid[found.best]
        self.grid_rmse_ = dict(zip(grid, found.rmse.tolist(), strict=True))
        self.interval_, self.out_of_fold_ = found.interval, found.out_of_fold
        self.units_ = _machine(self.choice_, features, vwc)
        return self

    def predict(self, features: Floats, times: Stamps | None = None) -> Prediction:
        """Return the moisture of (m, p) rows with its interval; `times` play no part."""
        vwc = self.units_.at(features)
        return Prediction.around(vwc, *self.interval_.apply(vwc, vwc))


def _machine(choice: SvmChoice, features: Floats, vwc: Floats) -> GaussianUnits:
    """Return the support vectors of rows."""
    from sklearn.svm import SVR

    mean, scale = level_and_spread(features)
    (level,), (spread,) = level_and_spread(vwc[:, None])
    gamma = choice.reach / features.shape[1]
    machine = SVR(kernel="rbf", C=choice.cost, gamma=gamma, epsilon=choice.epsilon)
    machine.fit((features - mean) / scale, (vwc - level) / spread)
    return GaussianUnits(
        mean,
        scale,
        machine.support_vectors_,
        machine.dual_coef_[0] * spread,
        np.array(gamma),
        np.array(level + spread * machine.intercept_[0]),
    )
