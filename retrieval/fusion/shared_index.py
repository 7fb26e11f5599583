"""One number for what all tracks of a row share: their amplitudes, or how high the surface stands.

Amplitudes fall as plants grow, by the same share on every track but for its own noise (Chew et al.
2016, GPS Solutions 20, 525-537; Wan, Larson & Small 2015, GPS Solutions 19, 73-83); snow, plants
and wet soil lift the surface under all tracks. A track that follows the others counts for much, one
in rough terrain for little.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

import numpy as np

from retrieval.fusion.columns import Floats, column_mean, column_median

__all__ = ["SharedIndex"]

_MIN_TRACKS = 5
_PRIOR_ROWS = 2.0
_ROUNDS = 10


@dataclass(kw_only=True, eq=False)
class SharedIndex:
    """Weighted mean of all tracks' values beside their usual ones, less that of the training.

    Parameters
    ----------
    relative : bool
        Values are taken over the track's median, else less it.
    prior_noise : float
        What is known of a track's noise beforehand, as much as two rows with it would tell: of the
        median, or in the unit of the values.

    Attributes
    ----------
    usual_ : (k,) float64
        Median of each track over the training rows; 1 or 0 for tracks never heard.
    weight_ : (k,) float64
        Inverse variance of what is the track's own; 0 for tracks never heard.
    mean_ : float
        Of the training rows, before it was taken off.
    """

    relative: bool
    prior_noise: float
    usual_: Floats = field(init=False, repr=False)
    weight_: Floats = field(init=False, repr=False)
    mean_: float = field(init=False)

    def fit(self, values: Floats) -> Self:
        """Learn from training rows.

        Parameters
        ----------
        values : (n, k) float64
            NaN where a track was not heard; above 0 where they are taken over their median.
        """
        usual = column_median(values)
        heard = usual > 0 if self.relative else ~np.isnan(usual)
        self.usual_ = np.where(heard, usual, 1.0 if self.relative else 0.0)
        self.weight_ = np.where(heard, 1.0, 0.0)
        self.mean_ = 0.0
        off = self._off(values)
        # What is a track's own shows beside the mean of the others, and their weights make that.
        for _ in range(_ROUNDS):
            own = off - self._others(off)
            own = own - column_mean(own)
            rows = np.sum(~np.isnan(own), axis=0)
            square = np.nansum(own**2, axis=0) + _PRIOR_ROWS * self.prior_noise**2
            self.weight_ = np.where(heard, (rows + _PRIOR_ROWS) / square, 0.0)
        found = self.transform(values)
        known = np.isfinite(found)
        self.mean_ = float(found[known].mean()) if known.any() else 0.0
        return self

    def transform(self, values: Floats) -> Floats:
        """Return the index of (m, k) rows, (m,); NaN with fewer than five tracks.

        Of amplitudes -.05 says that reflections are 5 % weaker than usual.

        Examples
        --------
        >>> rows = np.outer([1.0, 1.1, 0.9], [10.0, 20.0, 30.0, 5.0, 8.0])
        >>> index = SharedIndex(relative=True, prior_noise=0.1).fit(rows)
        >>> (100 * index.transform(rows)).astype(int).tolist()
        [0, 10, -10]
        """
        return self._mean(self._off(values), _MIN_TRACKS) - self.mean_

    def _off(self, values: Floats) -> Floats:
        """Return the values beside their usual ones."""
        return values / self.usual_ - 1.0 if self.relative else values - self.usual_

    def _others(self, off: Floats) -> Floats:
        """Return the weighted mean of the other tracks of each row, (n, k); NaN where none is.

        With itself among them a quiet track would draw the mean to itself, round by round.
        """
        known = ~np.isnan(off) & (self.weight_ > 0)
        weight = np.where(known, self.weight_, 0.0)
        pull = weight * np.where(known, off, 0.0)
        rest = weight.sum(axis=1, keepdims=True) - weight
        left = pull.sum(axis=1, keepdims=True) - pull
        others = known.sum(axis=1, keepdims=True) - known > 0
        mean: Floats = np.divide(left, rest, out=np.full_like(rest, np.nan), where=others)
        return mean

    def _mean(self, off: Floats, fewest: int) -> Floats:
        """Return the weighted mean of each row, NaN with fewer tracks than `fewest`."""
        known = ~np.isnan(off) & (self.weight_ > 0)
        weight = np.where(known, self.weight_, 0.0)
        mean: Floats = np.divide(
            np.sum(weight * np.where(known, off, 0.0), axis=1),
            weight.sum(axis=1),
            out=np.full(len(off), np.nan),
            where=known.sum(axis=1) >= fewest,
        )
        return mean
