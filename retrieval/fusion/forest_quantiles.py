"""Quantiles of moisture out of the leaves of a forest (Meinshausen 2006, JMLR 7, 983-999).

Each tree gives the training rows in the leaf of a new row equal weights that sum to 1; the mean of
these over the trees is the weight of a training row (eq. 5 and 6 there), and the weighted
distribution of the training moisture is that of the new row. All training rows are dropped down
every tree, as there, whether or not they were drawn for it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import InputError
from retrieval.fusion.columns import Floats

__all__ = ["leaf_weights", "weighted_quantiles"]

# Sums of weights miss the quantile asked for by rounding only.
_ROUNDING = 1e-9


def leaf_weights(training_leaves: NDArray[Any], leaves: NDArray[Any]) -> Floats:
    """Return the weight of each training row for each new row.

    Parameters
    ----------
    training_leaves : (n, t) integer
        Leaf of each training row in each of t trees.
    leaves : (m, t) integer
        Leaves of the new rows.

    Returns
    -------
    (m, n) float64
        Rows sum to 1. A tree whose leaf holds none of the training rows (one that grew on copies
        of them alone) has no say.

    Raises
    ------
    InputError
        The numbers of trees differ, or no tree knows a row.

    Examples
    --------
    >>> leaf_weights(np.array([[1, 4], [1, 5], [2, 5]]), np.array([[1, 5]])).tolist()
    [[0.25, 0.5, 0.25]]
    """
    from scipy.sparse import csr_array

    n, t = training_leaves.shape
    m = len(leaves)
    if leaves.shape != (m, t):
        raise InputError(f"forest: leaves of {leaves.shape[1]} trees, expected {t}")
    size = 1 + max(int(training_leaves.max(initial=0)), int(leaves.max(initial=0)))
    tree = np.arange(t) * size

    def held(rows: NDArray[Any]) -> Any:
        """Return which leaf of all trees holds which row, (rows, leaves)."""
        place = (rows + tree).ravel()
        begin = np.arange(len(rows) + 1) * t
        return csr_array((np.ones(len(place)), place, begin), shape=(len(rows), t * size))

    known = held(training_leaves)
    count = np.asarray(known.sum(axis=0)).ravel()
    share = np.divide(1.0, count, out=np.zeros_like(count), where=count > 0)
    asked = held(leaves)
    asked.data = share[asked.indices]
    weights: Floats = np.asarray((asked @ known.T).todense(), dtype=np.float64).reshape(m, n)
    total = weights.sum(axis=1, keepdims=True)
    if np.any(total == 0):
        raise InputError("forest: no tree has a training row in the leaf of a new row")
    weights /= total
    return weights


def weighted_quantiles(values: Floats, weights: Floats, quantiles: Floats) -> Floats:
    """Return the smallest values up to which the weights reach each quantile.

    Parameters
    ----------
    values : (n,) float64
        Training moisture.
    weights : (m, n) float64
        Of each value for each row; rows sum to 1.
    quantiles : (k,) float64
        0 to 1.

    Returns
    -------
    (m, k) float64

    Examples
    --------
    >>> weighted_quantiles(
    ...     np.array([0.3, 0.1, 0.2]), np.array([[0.5, 0.25, 0.25]]), np.array([0.25, 0.3, 0.9])
    ... ).tolist()
    [[0.1, 0.2, 0.3]]
    """
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[:, order], axis=1)
    # One pass per quantile keeps the array of comparisons at (m, n).
    place = [np.sum(reached < q - _ROUNDING, axis=1) for q in quantiles]
    return np.asarray(values[order][np.minimum(np.stack(place, axis=1), len(values) - 1)])
