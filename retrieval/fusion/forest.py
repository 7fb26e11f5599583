"""`rf-mdi`: the random forest of the paper, with the weights of its tracks and intervals.

Jiang et al. 2024 (Remote Sensing 16, 3428), section 2.2: bootstrap, a third of the columns tried at
each split, mean squared error as impurity; the importance of a track is its decrease of impurity
summed over splits and averaged over trees, min-max normalised.

Two things are added. Intervals are the forest's quantiles (`forest_quantiles`), calibrated on
blocks of the training part (`conformal`). And the forest is trained with dropped tracks: a copy of
each row in which tracks were taken away and filled again stands beside the row with half of its
weight. So splits learn to lean on tracks that can be told from the others, while measured phases
still decide; at full weight half of all that the forest sees would be guesses. The weight is made
by repeating the measured rows, and a tree draws as many rows as there are days, not as there are
copies: a tree then sees no more of the days than in the paper, whichever way the version of
scikit-learn at hand treats weights.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from retrieval.errors import InputError
from retrieval.fusion.columns import Floats
from retrieval.fusion.conformal import ConformalInterval, out_of_fold, to_gap
from retrieval.fusion.forest_quantiles import leaf_weights, weighted_quantiles
from retrieval.fusion.prediction import (
    COVERAGE,
    Prediction,
    Stamps,
    check_training,
    phase_columns,
)

__all__ = ["FOREST_PRESETS", "ForestSize", "RfMdi", "min_max"]

Indices = NDArray[np.intp]


class ForestSize(NamedTuple):
    """Trees of a forest and the fewest rows of a leaf."""

    trees: int
    min_leaf: int


# Table 1 of the paper.
FOREST_PRESETS = {
    "p041": ForestSize(300, 3),
    "p037": ForestSize(300, 2),
    "lm": ForestSize(150, 2),
}

_BOUNDS = np.array([0.5 * (1.0 - COVERAGE), 0.5 * (1.0 + COVERAGE)])
_ROW_REPEATS = 2  # a copy with dropped tracks stands once


class _Rows(NamedTuple):
    """Training rows, and copies of them with dropped tracks."""

    features: Floats
    vwc: Floats
    dropped: Floats | None

    def take(self, rows: Indices) -> _Rows:
        copies = None if self.dropped is None else self.dropped[rows]
        return _Rows(self.features[rows], self.vwc[rows], copies)


@dataclass(kw_only=True, eq=False)
class RfMdi:
    """Random forest whose mean decrease of impurity weighs the tracks.

    Parameters
    ----------
    preset : str, optional
        Trees and leaf of a station of the paper, one of `FOREST_PRESETS`.
    trees, min_leaf : int, optional
        Chosen sizes instead; both or none. Without them and without a preset, the size with the
        least error in time-blocked cross-validation over the training rows is taken from the grid.
    grid_trees, grid_min_leaf : tuple of int
        The grid.
    blocks : int
        Blocks of the cross-validation that chooses the size and calibrates the intervals; where
        the rows are of three or more years these are left out instead
        (`retrieval.validation.inner_folds`).
    gap_days : float
        Training rows nearer to a block than this are left out there.
    n_tracks : int, optional
        Columns of tracks, the first ones; those after them (weather) get no weight in `weights_`.
    seed : int
        Of every draw.
    n_jobs : int
        Threads of the training; changes no result.

    Attributes
    ----------
    size_ : ForestSize
        Trees and leaf used.
    grid_rmse_ : dict
        Error of each size of the grid, m3 m-3; empty where the size was given.
    forest_ : sklearn.ensemble.RandomForestRegressor
        Trained on all rows.
    training_leaves_ : (n, trees) int32
        Leaf of each training row, without copies, in each tree.
    training_vwc_ : (n,) float64
        Moisture of the training rows.
    interval_ : ConformalInterval
        Calibration of the quantiles.
    out_of_fold_ : Prediction
        What forests of the same size said of each training row without having seen its block; the
        bounds with the calibration that was learnt from these.
    mdi_ : (p,) float64
        Decrease of mean squared error by each column, summed over splits and averaged over trees,
        (m3 m-3)^2.
    weights_ : (n_tracks,) float64
        Of the tracks, min-max normalised, 0 to 1.
    """

    preset: str | None = None
    trees: int | None = None
    min_leaf: int | None = None
    grid_trees: tuple[int, ...] = (150, 300)
    grid_min_leaf: tuple[int, ...] = (2, 3, 5)
    blocks: int = 5
    gap_days: float = 5.0
    n_tracks: int | None = None
    seed: int = 0
    n_jobs: int = 1
    uses_reference_of_test_: bool = field(init=False, default=False)
    size_: ForestSize = field(init=False)
    grid_rmse_: dict[ForestSize, float] = field(init=False, repr=False)
    forest_: Any = field(init=False, repr=False)
    training_leaves_: NDArray[np.int32] = field(init=False, repr=False)
    training_vwc_: Floats = field(init=False, repr=False)
    interval_: ConformalInterval = field(init=False, repr=False)
    out_of_fold_: Prediction = field(init=False, repr=False)
    mdi_: Floats = field(init=False, repr=False)
    weights_: Floats = field(init=False, repr=False)
    _name: ClassVar[str] = "rf-mdi"
    _criterion: ClassVar[str] = "squared_error"

    def fit(
        self, features: Floats, vwc: Floats, times: Stamps, dropped: Floats | None = None
    ) -> Self:
        """Train on rows.

        Parameters
        ----------
        features : (n, p) float64
            Phase anomalies in degrees, without gaps, then any other columns.
        vwc : (n,) float64
            Reference moisture, m3 m-3.
        times : (n,) datetime64
            Of the rows, in any order.
        dropped : (n, p) float64, optional
            The same rows with tracks taken away at random and filled as missing ones are.

        Raises
        ------
        InputError
            Rows that do not fit together, settings that say nothing, or too few rows.
        """
        check_training(features, vwc, times, dropped)
        tracks = phase_columns(features, self.n_tracks).shape[1]
        rows = _Rows(features, vwc, dropped)
        self.grid_rmse_ = {}
        given = self._given_size()
        if given is None:
            self.grid_rmse_ = self._search(rows, times)
            given = min(self.grid_rmse_, key=lambda size: (self.grid_rmse_[size], size))
        self.size_ = given
        self.interval_, self.out_of_fold_ = self._calibrate(rows, times)
        self.forest_ = self.grow(self.size_, *rows)
        self.training_leaves_ = self.forest_.apply(features).astype(np.int32)
        self.training_vwc_ = np.array(vwc, dtype=np.float64)
        self.mdi_ = np.mean(
            [
                tree.tree_.compute_feature_importances(normalize=False)
                for tree in self.forest_.estimators_
            ],
            axis=0,
        )
        self.weights_ = min_max(self.mdi_[:tracks])
        return self

    def predict(self, features: Floats, times: Stamps | None = None) -> Prediction:
        """Return the trees' mean and the calibrated 90 % interval; `times` play no part.

        Parameters
        ----------
        features : (m, p) float64
            As in `fit`.
        times : (m,) datetime64, optional
            Not used.
        """
        lower, upper = self.interval_.apply(*self.predict_quantiles(features, _BOUNDS).T)
        return Prediction.around(self.forest_.predict(features), lower, upper)

    def predict_quantiles(self, features: Floats, quantiles: ArrayLike) -> Floats:
        """Return the forest's own quantiles, not calibrated, (m, k) m3 m-3.

        Parameters
        ----------
        features : (m, p) float64
            As in `fit`.
        quantiles : (k,) array_like
            0 to 1.
        """
        weights = leaf_weights(self.training_leaves_, self.forest_.apply(features))
        return weighted_quantiles(self.training_vwc_, weights, np.asarray(quantiles, np.float64))

    def _given_size(self) -> ForestSize | None:
        """Return the size that the settings name, None for a search of the grid."""
        if self.preset is None and self.trees is None and self.min_leaf is None:
            sizes = [*self.grid_trees, *self.grid_min_leaf]
            if not self.grid_trees or not self.grid_min_leaf or min(sizes) < 1:
                raise InputError(
                    f"{self._name}: grid of trees {self.grid_trees} and leaves "
                    f"{self.grid_min_leaf}, expected numbers of 1 or more in each"
                )
            return None
        if self.preset is not None and self.trees is None and self.min_leaf is None:
            if self.preset not in FOREST_PRESETS:
                raise InputError(
                    f"{self._name}: preset {self.preset!r}, expected one of "
                    f"{', '.join(FOREST_PRESETS)}"
                )
            return FOREST_PRESETS[self.preset]
        if self.preset is not None or self.trees is None or self.min_leaf is None:
            raise InputError(
                f"{self._name}: preset {self.preset!r}, trees {self.trees} and min_leaf "
                f"{self.min_leaf}; expected a preset alone, both numbers, or none of the three for "
                "a grid search"
            )
        if self.trees < 1 or self.min_leaf < 1:
            raise InputError(
                f"{self._name}: trees {self.trees} and min_leaf {self.min_leaf}, expected 1 or more"
            )
        return ForestSize(self.trees, self.min_leaf)

    def grow(
        self, size: ForestSize, features: Floats, vwc: Floats, dropped: Floats | None = None
    ) -> Any:
        """Return a forest of scikit-learn of a given size, as `fit` grows it.

        Parameters
        ----------
        size : ForestSize
            Trees and leaf.
        features, vwc, dropped
            As in `fit`.
        """
        from sklearn.ensemble import RandomForestRegressor

        n, p = features.shape
        forest = RandomForestRegressor(
            n_estimators=size.trees,
            criterion=self._criterion,
            min_samples_leaf=size.min_leaf,
            max_features=max(1, p // 3),
            bootstrap=True,
            max_samples=n,
            random_state=self.seed,
            n_jobs=self.n_jobs,
        )
        if dropped is None:
            forest.fit(features, vwc)
        else:
            forest.fit(
                np.concatenate([features] * _ROW_REPEATS + [dropped]),
                np.tile(vwc, _ROW_REPEATS + 1),
            )
        # Threads would add up the trees in the order in which they come back.
        return forest.set_params(n_jobs=1)

    def _search(self, rows: _Rows, times: Stamps) -> dict[ForestSize, float]:
        """Return the error of each size of the grid in blocked cross-validation."""
        counts = np.array(self.grid_trees)
        found = {}
        for leaf in self.grid_min_leaf:
            most = ForestSize(int(counts.max()), leaf)

            def predict(train: Indices, test: Indices, size: ForestSize = most) -> Floats:
                # The first trees of a forest are the smaller forest of the same seed.
                forest = self.grow(size, *rows.take(train))
                each = np.array([tree.predict(rows.features[test]) for tree in forest.estimators_])
                mean = np.cumsum(each, axis=0) / np.arange(1, len(each) + 1)[:, None]
                return np.asarray(mean[counts - 1].T)

            off = out_of_fold(predict, times, self.blocks, to_gap(self.gap_days))
            off -= rows.vwc[:, None]
            for trees, rmse in zip(
                self.grid_trees, np.sqrt(np.nanmean(off**2, axis=0)), strict=True
            ):
                found[ForestSize(trees, leaf)] = float(rmse)
        return found

    def _calibrate(self, rows: _Rows, times: Stamps) -> tuple[ConformalInterval, Prediction]:
        """Return the calibration of the quantiles by blocks, and what was said of them."""

        def predict(train: Indices, test: Indices) -> Floats:
            known = rows.take(train)
            forest = self.grow(self.size_, *known)
            weights = leaf_weights(forest.apply(known.features), forest.apply(rows.features[test]))
            bounds = weighted_quantiles(known.vwc, weights, _BOUNDS)
            return np.column_stack([bounds, forest.predict(rows.features[test])])

        lower, upper, vwc = out_of_fold(predict, times, self.blocks, to_gap(self.gap_days)).T
        interval = ConformalInterval().fit(lower, upper, rows.vwc)
        return interval, Prediction.around(vwc, *interval.apply(lower, upper))


def min_max(importance: Floats) -> Floats:
    """Return importances stretched to 0..1; all 1 where they are equal.

    Examples
    --------
    >>> min_max(np.array([2.0, 6.0, 4.0])).tolist()
    [0.0, 1.0, 0.5]
    """
    span = np.ptp(importance)
    if span == 0:
        return np.ones_like(importance)
    return np.asarray((importance - importance.min()) / span)
