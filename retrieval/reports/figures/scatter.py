"""What models said against the reference (the paper's figures 11-13 and 16)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from retrieval.reports.figures.canvas import new_figure, plain, say_nothing, tidy
from retrieval.reports.figures.palette import GREY, style_of
from retrieval.reports.figures.said import Floats, Said, column, spoken
from retrieval.reports.figures.words import VWC_UNIT, plural, score_lines
from retrieval.validation import scores

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["scatter_figure"]

_COLUMNS = 4
_HEIGHT_IN = {1: 5.6, 2: 5.5, 3: 4.2, 4: 3.3}  # of a row of panels, by the panels in it


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
    measured = column(reference, None, "reference")
    models = spoken(said, len(measured))
    columns = min(_COLUMNS, len(models))
    lines = -(-len(models) // columns)
    title = f"Estimates of {plural(len(models), 'model')} against the reference (dashed: equal)"
    figure = new_figure(_HEIGHT_IN[columns] * lines + 0.4, title, label)
    low, high = _limits([measured, *(one.vwc for one in models.values())])
    grid = figure.subplots(lines, columns, sharex=True, sharey=True, squeeze=False)
    for axes in grid.flat[len(models) :]:
        axes.set_visible(False)
    for axes, (name, one) in zip(grid.flat, models.items(), strict=False):
        tidy(axes)
        look = style_of(name)
        axes.axline((0.0, 0.0), slope=1.0, color=GREY, linewidth=1.0, linestyle="--", zorder=1)
        axes.scatter(
            measured,
            one.vwc,
            s=16,
            marker=look.marker,
            color=look.colour,
            edgecolors="black",
            linewidths=0.3,
            alpha=0.75,
        )
        found = scores(measured, one.vwc)
        if found.n == 0:
            say_nothing(axes, "no pair is known")
        axes.set_title(f"{plain(name)}\n{score_lines(found)}", fontsize=9, loc="left")
        axes.set_xlim(low, high)
        axes.set_ylim(low, high)
        axes.set_box_aspect(1)
        axes.locator_params(nbins=4)
        axes.set_xlabel(f"reference ({VWC_UNIT})", fontsize=9)
        # Panels above an empty place would else go without numbers.
        axes.tick_params(labelbottom=True)
    for axes in grid[:, 0]:
        axes.set_ylabel(f"estimate ({VWC_UNIT})", fontsize=9)
    return figure


def _limits(values: Sequence[Floats]) -> tuple[float, float]:
    """Return limits that hold all known values, with a margin."""
    known = np.concatenate(values)
    known = known[np.isfinite(known)]
    if len(known) == 0:
        return 0.0, 0.5
    low, high = float(known.min()), float(known.max())
    room = max(high - low, 0.02)
    return low - 0.05 * room, high + 0.05 * room
