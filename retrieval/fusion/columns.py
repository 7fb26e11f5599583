"""Statistics of the columns of a matrix in which NaN means that nothing was measured."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from retrieval.interferogram import wrap_deg

__all__ = [
    "Floats",
    "additive_fit",
    "circular_median_deg",
    "column_mean",
    "column_median",
    "level_and_spread",
]

Floats = NDArray[np.float64]

# The first round is plain least squares; weights settle in a few more.
_ROUNDS = 4


def column_median(values: Floats) -> Floats:
    """Return the median of each column of an (m, n) array without its NaN, (n,).

    NaN where a column holds nothing. (numpy's nanmedian loops over columns in Python.)

    Examples
    --------
    >>> column_median(np.array([[1.0, np.nan], [5.0, np.nan], [2.0, np.nan]])).tolist()
    [2.0, nan]
    """
    if values.shape[0] == 0:
        return np.full(values.shape[1], np.nan)
    ordered = np.sort(values, axis=0)  # NaN goes last
    count = np.sum(~np.isnan(values), axis=0)
    column = np.arange(values.shape[1])
    lower = ordered[np.maximum(count - 1, 0) // 2, column]
    upper = ordered[np.minimum(count // 2, values.shape[0] - 1), column]
    return np.where(count > 0, 0.5 * (lower + upper), np.nan)


def column_mean(values: Floats) -> Floats:
    """Return the mean of each column of an (m, n) array without its NaN, (n,); NaN for none."""
    count = np.sum(~np.isnan(values), axis=0)
    total = np.nansum(values, axis=0)
    mean: Floats = np.divide(total, count, out=np.full(len(count), np.nan), where=count > 0)
    return mean


def circular_median_deg(angles_deg: Floats) -> Floats:
    """Return the circular median of each column of an (m, n) array, (n,) in (-180, 180].

    The median of the angles unwrapped about their mean direction: the point that halves the sample
    on the side of the circle where it lies (Fisher 1993, Statistical Analysis of Circular Data,
    section 2.3.2). NaN are left out; a column without a value gives NaN.

    Examples
    --------
    >>> circular_median_deg(np.array([[179.0], [-179.0], [-178.0]])).tolist()
    [-179.0]
    """
    radians = np.radians(angles_deg)
    direction = np.degrees(
        np.arctan2(np.nansum(np.sin(radians), axis=0), np.nansum(np.cos(radians), axis=0))
    )
    return wrap_deg(direction + column_median(wrap_deg(angles_deg - direction)))


def additive_fit(values: Floats, tolerance: float) -> tuple[Floats, Floats]:
    """Fit ``values[i, k] = column[k] + row[i]``, with less weight for what lies far off.

    Columns that are empty in part get their place from the rows they share with the others. Huber's
    M-estimate by reweighted least squares (Huber 1981, Robust Statistics, section 7.8). It is
    convex; alternate medians are not enough, they stay at the columns' own medians where the late
    columns are the many.

    Parameters
    ----------
    values : (m, n) float64
        NaN where nothing was measured. Each column must be linked to every other one through rows
        that hold values of both, else the fit has no solution.
    tolerance : float
        Residuals up to this count in full, larger ones in proportion to their inverse.

    Returns
    -------
    column : (n,) float64
        With mean 0.
    residual : (m, n) float64
        NaN where `values` is.

    Examples
    --------
    >>> column, _ = additive_fit(np.array([[5.0, np.nan], [1.0, 3.0]]), 1.0)
    >>> column.round(9).tolist()
    [-1.0, 1.0]
    """
    n = values.shape[1]
    if n == 0:
        return np.zeros(0), values
    known = ~np.isnan(values)
    filled = np.where(known, values, 0.0)
    weight = known.astype(np.float64)
    for _ in range(_ROUNDS):
        of_row = weight.sum(axis=1)
        share = (
            weight * np.divide(1.0, of_row, out=np.zeros_like(of_row), where=of_row > 0)[:, None]
        )
        # Rows are eliminated from the normal equations; what remains knows columns up to a
        # constant, which the last term sets.
        of_column = weight.sum(axis=0)
        normal = np.diag(of_column) - weight.T @ share + of_column.sum() / n**2
        right = np.sum(weight * filled, axis=0) - weight.T @ np.sum(share * filled, axis=1)
        column = np.linalg.solve(normal, right)
        off = filled - column
        off -= np.sum(share * off, axis=1)[:, None]
        weight = known * (tolerance / np.maximum(np.abs(off), tolerance))
    return column, np.where(known, off, np.nan)


def level_and_spread(values: Floats) -> tuple[Floats, Floats]:
    """Return mean and standard deviation of each column, (n,); a deviation of 0 is given as 1.

    Parameters
    ----------
    values : (m, n) float64
        Without NaN.

    Examples
    --------
    >>> level_and_spread(np.array([[1.0, 7.0], [3.0, 7.0]]))
    (array([2., 7.]), array([1., 1.]))
    """
    spread = values.std(axis=0)
    # Equal values miss their mean by rounding.
    varies = spread > 1e-12 * np.abs(values).max(axis=0, initial=0.0)
    return values.mean(axis=0), np.where(varies, spread, 1.0)
