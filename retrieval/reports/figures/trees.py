"""Error of a forest against its number of trees (the paper's figure 7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from retrieval.errors import InputError
from retrieval.reports.figures.canvas import new_figure, plain, say_nothing, tidy
from retrieval.reports.figures.palette import COLOURS, GREY
from retrieval.reports.figures.said import column
from retrieval.reports.figures.words import VWC_UNIT, number, plural

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["trees_figure"]

_LOOKS = (
    (COLOURS["blue"], "-", "o"),
    (COLOURS["vermillion"], "--", "s"),
    (COLOURS["green"], "-.", "^"),
    (COLOURS["purple"], ":", "D"),
    (COLOURS["orange"], "-", "v"),
)


def trees_figure(
    n_trees: ArrayLike,
    oob_rmse: Mapping[int, ArrayLike],
    *,
    chosen: int,
    chosen_leaf: int | None = None,
    fixed: bool = False,
    label: str,
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
    chosen_leaf : int, optional
        Fewest days of its leaves; that line is drawn broad and named.
    fixed : bool
        Whether its size was fixed beforehand, so that nothing was chosen here.
    label : str
        What kind of numbers these are.

    Raises
    ------
    InputError
        Lengths differ, or there is no line.
    RetrievalError
        matplotlib is not installed.
    """
    trees = column(n_trees, None, "n_trees")
    if not oob_rmse:
        raise InputError("figure: no out-of-bag errors, expected those of 1 or more sizes of leaf")
    order = np.argsort(trees, kind="stable")
    figure = new_figure(
        4.0 + 0.1 * len(oob_rmse),
        "Error on days that a tree did not see, by number of trees",
        label,
    )
    axes = figure.add_subplot()
    tidy(axes)
    known, word = False, "used" if fixed else "chosen"
    for k, (leaf, values) in enumerate(oob_rmse.items()):
        rmse = column(values, len(trees), f"oob_rmse of leaf {leaf}")
        colour, dash, marker = _LOOKS[k % len(_LOOKS)]
        at = rmse[trees == chosen]
        end = number(float(at[0]), ".4f") if len(at) else "not known"
        axes.plot(
            trees[order],
            rmse[order],
            color=colour,
            linestyle=dash,
            marker=marker,
            markersize=4,
            linewidth=3.0 if leaf == chosen_leaf else 1.2,
            label=plain(
                f"leaves of {plural(leaf, 'day')} or more{f' ({word})' * (leaf == chosen_leaf)}: "
                f"{end} {VWC_UNIT} with {chosen} trees"
            ),
        )
        known = known or bool(np.isfinite(rmse).any())
    axes.axvline(chosen, color=GREY, linestyle=":", linewidth=1.4, label=f"{word}: {chosen} trees")
    axes.set_xlabel("trees in the forest (number)")
    axes.set_ylabel(f"out-of-bag RMSE ({VWC_UNIT})")
    if not known:
        say_nothing(axes, "no out-of-bag error is known")
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(0.0, 1.0),
        ncols=2,
        fontsize=8.5,
        frameon=False,
        handlelength=3,
    )
    return figure
