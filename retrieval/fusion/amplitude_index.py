"""One number for all amplitudes of a row: what plants take of the reflections, and soil gives.

Amplitudes fall as plants grow, by the same share on every track but for its own noise (Chew et al.
2016, GPS Solutions 20, 525-537; Wan, Larson & Small 2015, GPS Solutions 19, 73-83). A track whose
amplitude follows the others counts for much, one in rough terrain for little.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

import numpy as np

from retrieval.fusion.columns import Floats, column_mean, column_median

__all__ = ["AmplitudeIndex"]

_MIN_TRACKS = 5
# What is known of a track's noise beforehand: as much as two rows with 10 % would tell.
_PRIOR_NOISE, _PRIOR_ROWS = 0.1, 2.0
_ROUNDS = 10


@dataclass(eq=False)
class AmplitudeIndex:
    """Weighted mean of all tracks' amplitudes over their usual one, less that of the training.

    Attributes
    ----------
    norm_ : (k,) float64
        Median amplitude of each track over the training rows; 1 for tracks never heard.
    weight_ : (k,) float64
        Inverse variance of what is the track's own; 0 for tracks never heard.
    mean_ : float
        Of the training rows, before it was taken off.
    """

    norm_: Floats = field(init=False, repr=False)
    weight_: Floats = field(init=False, repr=False)
    mean_: float = field(init=False)

    def fit(self, amplitude: Floats) -> Self:
        """Learn from training rows.

        Parameters
        ----------
        amplitude : (n, k) float64
            In any unit of the track's own; NaN where a track was not heard.
        """
        usual = column_median(amplitude)
        heard = usual > 0
        self.norm_ = np.where(heard, usual, 1.0)
        over = np.where(heard, amplitude / self.norm_, np.nan)
        rows = np.sum(~np.isnan(over), axis=0)
        self.mean_ = 0.0
        self.weight_ = np.where(heard, 1.0, 0.0)
        # What is a track's own shows beside the mean of the others, and their weights make that.
        for _ in range(_ROUNDS):
            own = over - self._mean(amplitude, 1)[:, None]
            own = own - column_mean(own)
            square = np.nansum(own**2, axis=0) + _PRIOR_ROWS * _PRIOR_NOISE**2
            self.weight_ = np.where(heard, (rows + _PRIOR_ROWS) / square, 0.0)
        found = self.transform(amplitude)
        known = np.isfinite(found)
        self.mean_ = float(found[known].mean()) if known.any() else 0.0
        return self

    def transform(self, amplitude: Floats) -> Floats:
        """Return the index of (m, k) rows, (m,): -.05 where reflections are 5 % weaker than usual.

        NaN with fewer than five tracks.

        Examples
        --------
        >>> rows = np.outer([1.0, 1.1, 0.9], [10.0, 20.0, 30.0, 5.0, 8.0])
        >>> AmplitudeIndex().fit(rows).transform(rows).round(3).tolist()
        [0.0, 0.1, -0.1]
        """
        return self._mean(amplitude, _MIN_TRACKS) - self.mean_

    def _mean(self, amplitude: Floats, fewest: int) -> Floats:
        """Return the weighted mean of each row, NaN with fewer tracks than `fewest`."""
        known = ~np.isnan(amplitude) & (self.weight_ > 0)
        weight = np.where(known, self.weight_, 0.0)
        over = np.where(known, amplitude / self.norm_, 0.0)
        enough = known.sum(axis=1) >= fewest
        total = weight.sum(axis=1)
        mean: Floats = np.divide(
            np.sum(weight * over, axis=1),
            total,
            out=np.full(len(total), np.nan),
            where=enough,
        )
        return mean
