"""A blank figure of the report: its size, its heading and the look of its axes.

Figures are made without pyplot, so that none is remembered after it has been written and several
may be drawn at once.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from retrieval.errors import RetrievalError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["WIDTH_IN", "blank_figure", "new_figure", "plain", "say_nothing", "tidy"]

WIDTH_IN = 10.0  # 1000 pixels at the 100 dots per inch of `new_figure`
_DPI = 100
_TITLE_PT, _LABEL_PT = 13.0, 9.0
_TITLE_CHARACTERS, _LABEL_CHARACTERS = 76, 125  # that fit into a line of `WIDTH_IN`
_LINE = 1.35  # height of a line over that of its letters
_POINTS_PER_INCH = 72.0
_GRID = "#b0b0b0"


def blank_figure(width_in: float, height_in: float) -> Figure:
    """Return an empty figure that needs no screen.

    Raises
    ------
    RetrievalError
        matplotlib is not installed.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise RetrievalError(
            "figures need matplotlib, which is not installed; run: pip install 'soilglint[plots]'"
        ) from error
    figure = Figure(figsize=(width_in, height_in), dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def new_figure(height_in: float, title: str, label: str) -> Figure:
    """Return an empty figure of the report under its heading, which no axes will touch.

    Parameters
    ----------
    height_in : float
        Of what is drawn, inches; the heading comes on top of it.
    title : str
        What is seen.
    label : str
        What kind of numbers these are, in small letters; may be empty.

    Raises
    ------
    RetrievalError
        matplotlib is not installed.
    """
    titles = textwrap.wrap(title, _TITLE_CHARACTERS)
    labels = textwrap.wrap(label, _LABEL_CHARACTERS)
    points = _LINE * (len(titles) * _TITLE_PT + len(labels) * _LABEL_PT) + 14.0
    total_in = height_in + points / _POINTS_PER_INCH
    figure = blank_figure(WIDTH_IN, total_in)
    point = 1.0 / (total_in * _POINTS_PER_INCH)
    top = 1.0 - 7.0 * point
    for lines, size, colour, weight in (
        (titles, _TITLE_PT, "black", "bold"),
        (labels, _LABEL_PT, "#404040", "normal"),
    ):
        for line in lines:
            figure.text(
                0.012, top, plain(line), size=size, color=colour, weight=weight, va="top", ha="left"
            )
            top -= _LINE * size * point
    engine: Any = figure.get_layout_engine()
    engine.set(rect=(0.0, 0.0, 0.992, 1.0 - points * point), h_pad=0.06, w_pad=0.08)
    return figure


def plain(text: str) -> str:
    r"""Return text in which matplotlib finds no formula and no name to hide.

    Examples
    --------
    >>> print(plain("$5$"))
    \$5\$
    """
    # A legend leaves out names that begin with an underscore.
    return text.replace("$", r"\$").replace("_", " _", text.startswith("_"))


def tidy(axes: Any, along: str = "both") -> None:
    """Give axes a grid behind what is drawn, and no frame above and to the right."""
    axes.grid(axis=along, color=_GRID, alpha=0.4, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=9)


def say_nothing(axes: Any, what: str) -> None:
    """Write into empty axes what there is none of."""
    axes.text(
        0.5, 0.5, what, transform=axes.transAxes, ha="center", va="center", color="#606060", size=10
    )
