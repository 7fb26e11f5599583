"""From an index of moisture to moisture, with what tracks share and is not moisture beside it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from retrieval.fusion.columns import Floats, level_and_spread

__all__ = ["IndexCalibration", "calibrate_index"]

# Evidence is held towards 0 as one more row would.
_RIDGE = 1.0
# A parabola must rise over the range seen and this share of it beyond, on either side.
_BEYOND = 0.3


@dataclass(frozen=True, eq=False)
class IndexCalibration:
    """``vwc = c[0] + c[1] z + c[2] z^2 + c[3:] . e`` of a scaled index z and scaled evidence e.

    Attributes
    ----------
    centre, scale : float
        Of the index: mean and standard deviation in the training.
    spread : (m,) float64
        Standard deviation of each evidence in the training, whose mean is 0.
    coefficients : (3 + m,) float64
        m3 m-3.
    """

    centre: float
    scale: float
    spread: Floats
    coefficients: Floats

    def at(self, index: Floats, evidence: Floats) -> Floats:
        """Return moisture, (n,) m3 m-3; of rows without an index that of the training's mean.

        Parameters
        ----------
        index : (n,) float64
            m3 m-3; NaN where no track tells anything.
        evidence : (n, m) float64
        """
        z = np.nan_to_num((index - self.centre) / self.scale, nan=0.0)
        c = self.coefficients
        # A product of matrices may round a row by how many others there are.
        shared = np.sum(evidence / self.spread * c[3:], axis=1)
        return np.asarray(c[0] + c[1] * z + c[2] * z**2 + shared)


def calibrate_index(index: Floats, evidence: Floats, vwc: Floats) -> IndexCalibration:
    """Return the mean of lines and parabolas in the index with none, one, ... all of the evidence.

    Parameters
    ----------
    index : (n,) float64
        Of the training rows, m3 m-3; all NaN where no track tells anything.
    evidence : (n, m) float64
        In order of how much it is trusted.
    vwc : (n,) float64
        Reference, m3 m-3.

    Examples
    --------
    >>> index = np.linspace(0.1, 0.3, 21)
    >>> calibration = calibrate_index(index, np.empty((21, 0)), 2.0 * index)
    >>> calibration.at(np.array([0.15, 0.5]), np.empty((2, 0))).round(6).tolist()
    [0.3, 1.0]
    """
    known = np.nan_to_num(index, nan=0.0)
    (centre,), (scale,) = level_and_spread(known[:, None])
    _, spread = level_and_spread(evidence)
    z, e = (known - centre) / scale, evidence / spread
    m = evidence.shape[1]
    found = np.zeros(3 + m)
    for more in range(m + 1):
        for parabola in (False, True):
            found += _fit(z, e[:, :more], vwc, parabola, m)
    return IndexCalibration(float(centre), float(scale), spread, found / (2 * (m + 1)))


def _fit(z: Floats, e: Floats, vwc: Floats, parabola: bool, m: int) -> Floats:
    """Return the coefficients of one fit, (3 + m,); a parabola that falls anywhere is a line."""
    columns = np.column_stack([np.ones_like(z), z, *([z**2] if parabola else []), e])
    ridge = np.zeros(columns.shape[1])
    ridge[columns.shape[1] - e.shape[1] :] = _RIDGE
    right = columns.T @ vwc
    # An index that does not vary takes the least norm instead of failing.
    solved = np.linalg.lstsq(columns.T @ columns + np.diag(ridge), right, rcond=None)[0]
    found = np.zeros(3 + m)
    found[: 2 + parabola] = solved[: 2 + parabola]
    found[3 : 3 + e.shape[1]] = solved[2 + parabola :]
    if not parabola:
        return found
    beyond = _BEYOND * np.ptp(z)
    ends = np.array([z.min() - beyond, z.max() + beyond])
    if np.min(found[1] + 2.0 * found[2] * ends) <= 0:
        return _fit(z, e, vwc, False, m)
    return found
