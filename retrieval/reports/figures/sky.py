"""The tracks on the sky, coloured by their weight (the paper's figure 17a)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from retrieval.reports.figures.canvas import new_figure, say_nothing
from retrieval.reports.figures.palette import GREY, POOR_SHADE
from retrieval.reports.figures.said import Floats, column
from retrieval.reports.figures.words import plural

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["sky_figure"]

_PALEST = 0.3
_THIN, _BROAD = 1.3, 4.5  # points
_SECTOR_DEG = 15.0


def sky_figure(
    azimuth_deg: ArrayLike,
    *,
    first_elevation_deg: ArrayLike,
    last_elevation_deg: ArrayLike,
    weight: ArrayLike,
    bad_deg: ArrayLike = (),
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
    bad_deg : (b,) array_like
        Where sectors begin that are called bad, each 15 degrees wide; they are shaded.
    label : str
        What kind of numbers these are.

    Raises
    ------
    InputError
        Lengths differ.
    RetrievalError
        matplotlib is not installed.
    """
    azimuth = column(azimuth_deg, None, "azimuth_deg")
    first = column(first_elevation_deg, len(azimuth), "first_elevation_deg")
    last = column(last_elevation_deg, len(azimuth), "last_elevation_deg")
    heavy = column(weight, len(azimuth), "weight")
    placed = np.isfinite(azimuth) & np.isfinite(first) & np.isfinite(last)
    title = f"{plural(int(placed.sum()), 'track')} on the sky, darker and broader where heavier"
    if not placed.all():
        title += f" ({int((~placed).sum())} without a place)"
    figure = new_figure(7.2, title, label)
    axes: Any = figure.add_subplot(projection="polar")
    axes.set_theta_zero_location("N")
    axes.set_theta_direction(-1)
    _elevations(axes, np.concatenate([first[placed], last[placed]]))
    _shade(axes, column(bad_deg, None, "bad_deg"))
    known = placed & np.isfinite(heavy)
    # The heaviest last, so that it lies on top.
    order = np.flatnonzero(known)[np.argsort(heavy[known], kind="stable")]
    _tracks(figure, axes, *(one[order] for one in (azimuth, first, last, heavy)))
    for count, k in enumerate(np.flatnonzero(placed & ~known)):
        axes.plot(
            np.radians([azimuth[k], azimuth[k]]), [90.0 - first[k], 90.0 - last[k]],
            color=GREY, linewidth=0.8, linestyle=":", label=None if count else "weight not known",
        )  # fmt: skip
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="lower left", bbox_to_anchor=(-0.1, -0.06), fontsize=8.5, frameon=False)
    return figure


def _shade(axes: Any, bad_deg: Floats) -> None:
    """Shade bad sectors from the horizon to the innermost ring."""
    inner, outer = axes.get_rmin(), axes.get_rmax()
    middle = np.radians(bad_deg + 0.5 * _SECTOR_DEG)
    if len(middle):
        axes.bar(
            middle, outer - inner, width=np.radians(_SECTOR_DEG), bottom=inner, color=POOR_SHADE,
            zorder=0, label="bad sector",
        )  # fmt: skip


def _elevations(axes: Any, elevation_deg: Floats) -> None:
    """Show the elevations that there are as a ring: the horizon outside, the middle left out."""
    highest = float(elevation_deg.max()) if len(elevation_deg) else 90.0
    inner = min(90.0, 10.0 * np.ceil(highest / 10.0))
    axes.set_rlim(90.0 - inner, 90.0)
    if inner < 90.0:
        axes.set_rorigin(90.0 - inner - 0.5 * inner)
    rings = np.arange(0.0, inner + 1.0, 10.0 if inner <= 50.0 else 20.0)
    axes.set_rgrids(
        90.0 - rings, [f"{ring:.0f}°" for ring in rings], angle=22.5, fontsize=8,
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1.0},
    )  # fmt: skip
    axes.set_xticks(np.radians(np.arange(0, 360, 45)), ["N", "NE", "E", "SE", "S", "SW", "W", "NW"])
    axes.set_xlabel(
        "rings: elevation (degrees), the horizon outside; dots: where a track ends in time"
    )
    axes.grid(color="#b0b0b0", alpha=0.6, linewidth=0.6)
    axes.set_axisbelow(False)  # many tracks would hide what the rings are


def _tracks(
    figure: Figure, axes: Any, azimuth_deg: Floats, first: Floats, last: Floats, heavy: Floats
) -> None:
    """Draw tracks of known weight, a dot where each ends, and what the colours mean."""
    from matplotlib import colormaps
    from matplotlib.collections import LineCollection
    from matplotlib.colors import LinearSegmentedColormap, Normalize

    if len(azimuth_deg) == 0:
        say_nothing(axes, "no track with a weight")
        return
    # From pale to dark in grey too; the palest part would not show on white.
    shades = colormaps["cividis_r"](np.linspace(_PALEST, 1.0, 256))
    look: dict[str, Any] = {
        "cmap": LinearSegmentedColormap.from_list("weight", shades),
        "norm": Normalize(0.0, 1.0),
    }
    angle = np.radians(azimuth_deg)
    ends = [np.column_stack([angle, 90.0 - one]) for one in (first, last)]
    lines = LineCollection(
        np.stack(ends, axis=1).tolist(), linewidths=_THIN + (_BROAD - _THIN) * heavy, **look
    )
    lines.set_array(heavy)
    axes.add_collection(lines)
    axes.scatter(angle, 90.0 - last, c=heavy, s=9.0 + 16.0 * heavy, zorder=2.2, **look)
    bar = figure.colorbar(lines, ax=axes, shrink=0.6, pad=0.08)
    bar.set_label("weight of the track in rf-mdi (0 to 1)", fontsize=9)
    bar.ax.tick_params(labelsize=8)
