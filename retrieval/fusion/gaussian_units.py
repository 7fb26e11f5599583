"""Sums of Gaussian units: what a support vector machine and a network of such units both say.

They differ in where the units stand and in how high they are; what they say of a row is the same
formula. It is kept as arrays, so that nothing has to be unpickled to say it again.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from retrieval.fusion.columns import Floats

__all__ = ["GaussianUnits"]


class GaussianUnits(NamedTuple):
    """``vwc = level + sum over units of height exp(-sharpness |x - centre|^2)``.

    Attributes
    ----------
    mean, scale : (p,) float64
        ``x = (features - mean) / scale``.
    centres : (u, p) float64
        Of the units, as x.
    heights : (u,) float64
        m3 m-3.
    sharpness : () float64
        Of all units: 1 over the square of a width.
    level : () float64
        m3 m-3.
    """

    mean: Floats
    scale: Floats
    centres: Floats
    heights: Floats
    sharpness: Floats
    level: Floats

    def answers(self, features: Floats) -> Floats:
        """Return what each unit answers to (m, p) rows, (m, u), 1 at its centre."""
        rows = (features - self.mean) / self.scale
        found = np.empty((len(rows), len(self.centres)))
        # Unit by unit: a product of matrices may round a row by how many others there are.
        for unit, centre in enumerate(self.centres):
            found[:, unit] = np.exp(-self.sharpness * np.sum((rows - centre) ** 2, axis=1))
        return found

    def at(self, features: Floats) -> Floats:
        """Return what is said of (m, p) rows, (m,) m3 m-3.

        Examples
        --------
        >>> one = GaussianUnits(*map(np.array, ([0.0], [2.0], [[1.0]], [0.3], 0.5, 0.1)))
        >>> one.at(np.array([[2.0], [4.0]])).round(3).tolist()
        [0.4, 0.282]
        """
        return np.asarray(self.level + np.sum(self.answers(features) * self.heights, axis=1))
