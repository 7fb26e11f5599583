"""What a forest says of its training days by the trees that did not see them.

Neighbouring days resemble one another, so a day out of the bag of a tree often has its neighbour in
it: this error tells how many trees are enough, not how well a forest does on days to come.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import InputError
from retrieval.fusion.columns import Floats

__all__ = ["out_of_bag_rmse", "out_of_bag_rows"]


def out_of_bag_rows(forest: Any, n: int) -> Iterator[tuple[Any, NDArray[np.intp]]]:
    """Yield each tree of a forest with the training days that it was not grown on.

    Parameters
    ----------
    forest : sklearn.ensemble.RandomForestRegressor
        As `RfMdi.grow` returns it: its rows are n days, which stand several times in the same
        order. A day is out of the bag where none of its copies was drawn.
    n : int
        Days.
    """
    for tree, drawn in zip(forest.estimators_, forest.estimators_samples_, strict=True):
        yield tree, np.setdiff1d(np.arange(n), drawn % n)


def out_of_bag_rmse(forest: Any, features: Floats, vwc: Floats, counts: Sequence[int]) -> Floats:
    """Return the error of the first trees of a forest on days out of their bags.

    The forest is grown once; its first m trees are the forest of m trees of the same seed.

    Parameters
    ----------
    forest : sklearn.ensemble.RandomForestRegressor
        As in `out_of_bag_rows`.
    features, vwc : (n, p), (n,) float64
        The training days, without copies, and their moisture, m3 m-3.
    counts : sequence of int
        Numbers of trees, 1 or more.

    Returns
    -------
    (len(counts),) float64
        Root mean square error over the days that some tree did not see, m3 m-3; NaN for none.

    Raises
    ------
    InputError
        A number is below 1, or the forest has fewer trees.
    """
    trees = len(forest.estimators_)
    if min(counts, default=0) < 1 or max(counts) > trees:
        raise InputError(f"out of bag: counts {list(counts)}, expected 1 to {trees} trees")
    total, said = np.zeros(len(vwc)), np.zeros(len(vwc), np.int64)
    wanted, found = set(counts), {}
    # As trees compare them.
    rows = features.astype(np.float32)
    for number, (tree, out) in enumerate(out_of_bag_rows(forest, len(vwc)), start=1):
        if len(out):
            total[out] += tree.predict(rows[out], check_input=False)
            said[out] += 1
        if number in wanted:
            known = said > 0
            off = total[known] / said[known] - vwc[known]
            found[number] = float(np.sqrt(np.mean(off**2))) if known.any() else np.nan
    return np.array([found[count] for count in counts])
