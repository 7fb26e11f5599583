"""Which epochs to believe when the times of a file do not increase."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["increasing"]

_NEIGHBOURS = 3  # on either side
_NEAR = 10  # usual steps; epochs may be missing in between


def increasing(time: NDArray[np.datetime64]) -> tuple[NDArray[np.bool_], dict[int, str]]:
    """Select the most epochs whose times increase.

    One wrong digit makes one epoch jump; the longest increasing subsequence (Fredman 1975) drops
    that one and keeps its neighbours. Of subsequences of the same length the one wins whose epochs
    more often stand as many usual steps from their neighbours as they do in the file; then the one
    that comes first.

    Parameters
    ----------
    time : (n,) datetime64
        Times in file order.

    Returns
    -------
    keep : (n,) bool
        Epochs to keep.
    reasons : dict
        Index -> why, for each epoch that is not kept.

    Examples
    --------
    >>> time = np.array([0, 30, 60, 120, 120, 150, 150], "datetime64[s]")
    >>> keep, reasons = increasing(time)
    >>> keep.tolist()
    [True, True, True, False, True, True, False]
    """
    if (np.diff(time) > np.timedelta64(0)).all():
        return np.ones(len(time), np.bool_), {}
    weight = len(time) * 4 * _NEIGHBOURS + 1 + _neighbours_in_step(time)
    keep = _heaviest_increasing(time, weight)
    kept = set(time[keep].tolist())
    reasons = {
        int(index): "epoch dropped: another epoch of the file has the same time"
        if time[index].item() in kept
        else "epoch dropped: its time breaks the order of the file"
        for index in np.flatnonzero(~keep)
    }
    return keep, reasons


def _neighbours_in_step(time: NDArray[np.datetime64]) -> NDArray[np.int64]:
    """Return, per epoch, how well its neighbours in the file stand in the usual rhythm to it."""
    votes = np.zeros(len(time), np.int64)
    steps = np.diff(time)
    forward = steps[steps > np.timedelta64(0)]
    if not len(forward):
        return votes
    lengths, counts = np.unique(forward, return_counts=True)
    usual = lengths[np.argmax(counts)]
    for distance in range(1, min(_NEIGHBOURS, len(steps)) + 1):
        apart = time[distance:] - time[:-distance]
        near = (apart > np.timedelta64(0)) & (apart <= _NEAR * distance * usual)
        vote = near.astype(np.int64) + (apart == distance * usual)
        votes[distance:] += vote
        votes[:-distance] += vote
    return votes


def _heaviest_increasing(
    time: NDArray[np.datetime64], weight: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Return the strictly increasing subsequence of the largest total weight, as a mask."""
    n = len(time)
    ranks = np.unique(time, return_inverse=True)[1].tolist()
    weights = weight.tolist()
    previous = [-1] * n
    total = [0] * n
    # A Fenwick tree over ranks: the index of the best subsequence that ends below a rank.
    best = [-1] * (n + 1)
    for index in range(n):
        node, chosen = ranks[index], -1
        while node > 0:
            candidate = best[node]
            if candidate >= 0 and (
                chosen < 0 or (total[candidate], -candidate) > (total[chosen], -chosen)
            ):
                chosen = candidate
            node &= node - 1
        previous[index] = chosen
        total[index] = weights[index] + (total[chosen] if chosen >= 0 else 0)
        node = ranks[index] + 1
        while node <= n:
            if best[node] < 0 or total[index] > total[best[node]]:
                best[node] = index
            node += node & -node
    keep = np.zeros(n, np.bool_)
    index = max(range(n), key=lambda each: (total[each], -each))
    while index >= 0:
        keep[index] = True
        index = previous[index]
    return keep
