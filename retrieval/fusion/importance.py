"""Permutation importance of tracks on rows that did not train the model.

The decrease of impurity is counted on the training rows and favours columns with many distinct
values; what shuffling a column does to held-out rows has neither fault (Breiman 2001, Machine
Learning 45, section 10). Tracks stand in for one another, though, so one track shuffled alone may
cost nothing: shuffle the tracks of a sector of azimuth together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import InputError
from retrieval.fusion.columns import Floats
from retrieval.fusion.prediction import MoistureModel, Stamps

__all__ = ["PermutationImportance", "azimuth_sectors", "permutation_importance", "top_tracks"]

Columns = NDArray[np.intp]


@dataclass(frozen=True)
class PermutationImportance:
    """What shuffling each of g groups of columns costs.

    Attributes
    ----------
    rise : (g,) float64
        Mean rise of the mean squared error, (m3 m-3)^2; less than 0 by chance.
    spread : (g,) float64
        Standard deviation over the shuffles.
    """

    rise: Floats
    spread: Floats


def permutation_importance(
    model: MoistureModel,
    features: Floats,
    vwc: Floats,
    times: Stamps,
    groups: Sequence[Columns],
    repeats: int = 10,
    seed: int = 0,
) -> PermutationImportance:
    """Measure how much worse a trained model gets when columns are shuffled over the rows.

    Parameters
    ----------
    model : MoistureModel
        Trained on other rows than these.
    features, vwc, times : (n, p) float64, (n,) float64, (n,) datetime64
        Held-out rows.
    groups : sequence of (k,) intp
        Columns shuffled together, by one order of the rows.
    repeats, seed : int
        Shuffles of each group, and the seed of their draws; a group's draws do not depend on the
        other groups.

    Raises
    ------
    InputError
        Fewer than two rows or no shuffle.
    """
    n = len(features)
    if n < 2 or repeats < 1:
        raise InputError(
            f"permutation importance: {n} rows and {repeats} shuffles, expected 2 or more rows and "
            "1 or more shuffles"
        )

    def errors(rows: Floats, copies: int) -> Floats:
        """Return the mean squared error of each of several copies of the rows."""
        said = model.predict(rows, np.tile(times, copies)).vwc.reshape(copies, n)
        return np.asarray(np.nanmean((said - vwc) ** 2, axis=1))

    usual = errors(features, 1)
    order = np.concatenate(
        [np.random.default_rng([seed, one]).permutation(n) for one in range(repeats)]
    )
    rises = np.zeros((len(groups), repeats))
    # Group by group: all at once would hold groups x repeats matrices.
    for g, columns in enumerate(groups):
        shuffled = np.tile(features, (repeats, 1))
        shuffled[:, columns] = features[np.ix_(order, columns)]
        rises[g] = errors(shuffled, repeats) - usual
    return PermutationImportance(rises.mean(axis=1), rises.std(axis=1))


def top_tracks(weights: Floats, count: int = 50) -> list[Columns]:
    """Return the `count` tracks of the largest weights, one per group, largest first.

    Examples
    --------
    >>> [group.tolist() for group in top_tracks(np.array([0.1, 1.0, 0.3]), 2)]
    [[1], [2]]
    """
    order: NDArray[Any] = np.argsort(-weights, kind="stable")[:count]
    return [order[k : k + 1] for k in range(len(order))]


def azimuth_sectors(azimuth_deg: Floats, width_deg: float = 30.0) -> dict[float, Columns]:
    """Return the tracks of each sector of azimuth that holds any, by where it begins.

    Parameters
    ----------
    azimuth_deg : (k,) float64
        Of the tracks, clockwise from north.
    width_deg : float
        Of a sector; the first begins at north.

    Raises
    ------
    InputError
        The width is not above 0.

    Examples
    --------
    >>> {first: held.tolist() for first, held in azimuth_sectors(np.array([10.0, 359.0])).items()}
    {0.0: [0], 330.0: [1]}
    """
    if not width_deg > 0:
        raise InputError(f"azimuth sectors: width {width_deg:g} deg, expected more than 0")
    sector = np.floor(np.mod(azimuth_deg, 360.0) / width_deg)
    return {float(one * width_deg): np.flatnonzero(sector == one) for one in np.unique(sector)}
