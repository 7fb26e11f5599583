"""One blocked cross-validation that chooses settings and calibrates the interval of the choice.

What is left of the reference on blocks, or years, that did not train
(`retrieval.validation.inner_folds`) is both the error by which settings are chosen and the
residuals whose quantiles become the interval, one for each side. The choice was made on the same
blocks, so these errors are a little small where the grid is large and the rows are few; each
evaluation measures what the intervals cover on rows that took part in neither.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import InputError
from retrieval.fusion.columns import Floats
from retrieval.fusion.conformal import ConformalInterval, out_of_fold, to_gap
from retrieval.fusion.prediction import Prediction, Stamps

__all__ = ["Tuning", "check_grid", "tune"]

Indices = NDArray[np.intp]


class Tuning(NamedTuple):
    """What blocked cross-validation says of c settings.

    Attributes
    ----------
    best : int
        The settings with the least error; of equal ones the first.
    rmse : (c,) float64
        m3 m-3.
    interval : ConformalInterval
        Margins about the estimates of the best.
    out_of_fold : Prediction
        What the best said of each row without having seen its block; NaN for blocks that left no
        row to train on.
    """

    best: int
    rmse: Floats
    interval: ConformalInterval
    out_of_fold: Prediction


def tune(
    predict: Callable[[Indices, Indices], Floats],
    vwc: Floats,
    times: Stamps,
    blocks: int,
    gap_days: float,
) -> Tuning:
    """Judge settings on blocks of time.

    Parameters
    ----------
    predict : callable
        Takes training and test rows, returns (test rows, c) estimates, one column for each of the
        settings.
    vwc, times : (n,) float64, (n,) datetime64
        Reference, m3 m-3, and time of each row.
    blocks, gap_days : int, float
        Of the cross-validation; years count as blocks where there are three or more.

    Raises
    ------
    InputError
        The rows are too few for the blocks or for a 90 % interval (19).
    """
    found = out_of_fold(predict, times, blocks, to_gap(gap_days))
    rmse = np.sqrt(np.nanmean((found - vwc[:, None]) ** 2, axis=0))
    best = int(np.argmin(rmse))
    said = found[:, best]
    interval = ConformalInterval(symmetric=False).fit(said, said, vwc)
    return Tuning(best, rmse, interval, Prediction.around(said, *interval.apply(said, said)))


def check_grid(model: str, least: float, **grids: tuple[float, ...]) -> None:
    """Refuse grids that are empty or hold a number below what it has to be.

    Raises
    ------
    InputError
        One is; the message names it.
    """
    for name, grid in grids.items():
        if not grid or not all(least <= value < np.inf for value in grid):
            raise InputError(f"{model}: {name} {grid}, expected numbers of {least:g} or more")
