"""`rbf`: a network of radial basis functions, a rival of the paper.

The output is linear in Gaussian units (Broomhead & Lowe 1988, Complex Systems 2, 321-355). As in
Moody & Darken 1989 (Neural Computation 1, 281-294) the centres are those of k-means, and all units
have one width: the mean distance of a centre from its nearest neighbour. The output layer is ridge
regression, where they used least mean squares. Columns are centred and scaled by their training
rows. Copies with dropped tracks do not train it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from retrieval.fusion.columns import Floats, level_and_spread
from retrieval.fusion.conformal import ConformalInterval
from retrieval.fusion.gaussian_units import GaussianUnits
from retrieval.fusion.prediction import Prediction, Stamps, check_training
from retrieval.fusion.tuning import check_grid, tune

__all__ = ["RbfChoice", "RbfNetwork"]

Indices = NDArray[np.intp]

_STARTS = 4  # of k-means, of which the best is kept


class RbfChoice(NamedTuple):
    """Settings of a network.

    Attributes
    ----------
    units : int
        Centres; fewer where there are fewer different rows.
    ridge : float
        Penalty on the squares of the heights beside the mean square error; units are 1 at their
        centres, so it has no unit.
    """

    units: int
    ridge: float


@dataclass(kw_only=True, eq=False)
class RbfNetwork:
    """Network of Gaussian units, its settings from a grid in time-blocked cross-validation.

    Parameters
    ----------
    grid_units, grid_ridge : tuple of int, tuple of float
        The grid; see `RbfChoice`. Of equal errors the first wins: the smaller, smoother network.
    blocks, gap_days : int, float
        Of the cross-validation over the training rows, which also calibrates the intervals.
    seed : int
        Of k-means.

    Attributes
    ----------
    choice_ : RbfChoice
        The best of the grid.
    grid_rmse_ : dict
        Error of each point of the grid, m3 m-3.
    units_ : GaussianUnits
        The network.
    interval_ : ConformalInterval
        Quantiles of the residuals.
    out_of_fold_ : Prediction
        What was said of each training row without its block.
    """

    grid_units: tuple[int, ...] = (5, 10, 20, 40, 80, 160)
    grid_ridge: tuple[float, ...] = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5)
    blocks: int = 5
    gap_days: float = 5.0
    seed: int = 0
    uses_reference_of_test_: bool = field(init=False, default=False)
    choice_: RbfChoice = field(init=False)
    grid_rmse_: dict[RbfChoice, float] = field(init=False, repr=False)
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
        check_grid("rbf", 1, grid_units=self.grid_units)
        check_grid("rbf", 1e-12, grid_ridge=self.grid_ridge)
        grid = [RbfChoice(*one) for one in product(self.grid_units, self.grid_ridge)]

        def predict(train: Indices, test: Indices) -> Floats:
            said = []
            for units in self.grid_units:
                network = _place(units, features[train], self.seed)
                said += [
                    _output(network, ridge, features[train], vwc[train]).at(features[test])
                    for ridge in self.grid_ridge
                ]
            return np.column_stack(said)

        # On one thread k-means adds up in one order.
        with threadpool_limits(limits=1):
            found = tune(predict, vwc, times, self.blocks, self.gap_days)
            self.choice_ = grid[found.best]
            network = _place(self.choice_.units, features, self.seed)
            self.units_ = _output(network, self.choice_.ridge, features, vwc)
        self.grid_rmse_ = dict(zip(grid, found.rmse.tolist(), strict=True))
        self.interval_, self.out_of_fold_ = found.interval, found.out_of_fold
        return self

    def predict(self, features: Floats, times: Stamps | None = None) -> Prediction:
        """Return the moisture of (m, p) rows with its interval; `times` play no part."""
        vwc = self.units_.at(features)
        return Prediction.around(vwc, *self.interval_.apply(vwc, vwc))


def _place(units: int, features: Floats, seed: int) -> GaussianUnits:
    """Return units that stand among rows, and are not high yet."""
    from sklearn.cluster import KMeans

    mean, scale = level_and_spread(features)
    rows = (features - mean) / scale
    count = min(units, len(np.unique(rows, axis=0)))
    clusters = KMeans(count, n_init=_STARTS, random_state=seed).fit(rows)
    centres: Floats = clusters.cluster_centers_
    width = 1.0
    if count > 1:
        apart = np.sqrt(np.sum((centres[:, None] - centres) ** 2, axis=2))
        np.fill_diagonal(apart, np.inf)
        width = float(apart.min(axis=1).mean())
    none = np.zeros(count)
    return GaussianUnits(mean, scale, centres, none, np.array(width**-2), np.array(0.0))


def _output(network: GaussianUnits, ridge: float, features: Floats, vwc: Floats) -> GaussianUnits:
    """Return the network with the heights and the level of ridge regression."""
    answers = network.answers(features)
    usual, level = answers.mean(axis=0), vwc.mean()
    off = answers - usual
    square = off.T @ off / len(vwc) + ridge * np.eye(len(usual))
    heights = np.linalg.solve(square, off.T @ (vwc - level) / len(vwc))
    return network._replace(heights=heights, level=np.array(level - usual @ heights))
