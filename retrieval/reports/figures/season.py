"""Errors over the months of the year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from retrieval.errors import InputError
from retrieval.reports.figures.canvas import new_figure, plain, say_nothing, tidy
from retrieval.reports.figures.palette import style_of
from retrieval.reports.figures.said import Floats, column, stamps
from retrieval.reports.figures.words import VWC_UNIT, plural

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["season_figure"]

_PER_PANEL = 5
_EMPTY = "#ececec"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def season_figure(time: ArrayLike, *, errors: Mapping[str, ArrayLike], label: str) -> Figure:
    """Draw median and quartiles of models' errors by calendar month, all years together.

    Months without any error are left out.

    Parameters
    ----------
    time : (n,) array_like of datetime64
        UTC, in any order.
    errors : mapping of str to (n,) array_like
        By model: estimate minus reference, m3 m-3; NaN where not known.
    label : str
        What kind of numbers these are.

    Raises
    ------
    InputError
        Lengths differ, a time is not known, or there is no model.
    RetrievalError
        matplotlib is not installed.
    """
    when = stamps(time)
    if not errors:
        raise InputError("figure: no model, expected 1 or more")
    found = {name: column(one, len(when), f"errors of {name}") for name, one in errors.items()}
    month = when.astype("datetime64[M]").astype(np.int64) % 12
    held = [k for k in range(12) if any(np.isfinite(e[month == k]).any() for e in found.values())]
    names = list(found)
    parts = [names[k : k + _PER_PANEL] for k in range(0, len(names), _PER_PANEL)]
    title = f"Errors of {plural(len(found), 'model')} by month: median and quartiles"
    if len(parts) > 1:
        title += " (scales differ)"
    figure = new_figure(0.6 + sum(2.4 + 0.1 * len(part) for part in parts), title, label)
    panels = figure.subplots(len(parts), 1, sharex=True, squeeze=False)[:, 0]
    for axes, part in zip(panels, parts, strict=True):
        tidy(axes, "y")
        axes.use_sticky_edges = False  # else the lowest bar would stand on the frame
        axes.axhline(0.0, color="black", linewidth=0.8)
        for k, name in enumerate(part):
            offset = 0.8 * ((k + 0.5) / len(part) - 0.5)
            _quartiles(axes, name, found[name], month, held, offset, min(0.3, 0.55 / len(part)))
        _months(axes, [found[name] for name in part], month, held)
        axes.set_ylabel(f"estimate minus reference\n({VWC_UNIT})", fontsize=9)
        if not any(np.isfinite(found[name]).any() for name in part):
            say_nothing(axes, "no error is known")
        axes.legend(
            loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=3, fontsize=8.5, frameon=False
        )
    panels[-1].set_xlabel("month of the year (UTC) and n, the days behind each mark")
    return figure


def _quartiles(
    axes: Any,
    name: str,
    error: Floats,
    month: NDArray[np.int64],
    shown: Sequence[int],
    offset: float,
    width: float,
) -> None:
    """Draw median and quartiles of a model's errors for each month that has any."""
    look = style_of(name)
    known = np.isfinite(error)
    held = [one for one in shown if (known & (month == one)).any()]
    rows = [np.percentile(error[known & (month == one)], [25, 50, 75]) for one in held]
    low, middle, high = np.array(rows, np.float64).reshape(-1, 3).T
    at = np.array([shown.index(one) for one in held], np.float64) + offset
    axes.bar(
        at, high - low, width=width, bottom=low, color=look.colour, alpha=0.45,
        edgecolor=look.colour, linewidth=1.0,
    )  # fmt: skip
    axes.plot(
        at, middle, linestyle="none", marker=look.marker, markersize=6, color=look.colour,
        markeredgecolor="black", markeredgewidth=0.6,
        label=plain(f"{name} (n {int(known.sum())})"),
    )  # fmt: skip


def _months(
    axes: Any, errors: Sequence[Floats], month: NDArray[np.int64], shown: Sequence[int]
) -> None:
    """Write the months with their numbers of days, and shade those without any here."""
    written = []
    for place, one in enumerate(shown):
        name = _MONTHS[one]
        counts = [int((np.isfinite(error) & (month == one)).sum()) for error in errors]
        low, high = min(counts), max(counts)
        written.append(f"{name}\n{low}" if low == high else f"{name}\n{low}-{high}")
        if high == 0:
            axes.axvspan(place - 0.5, place + 0.5, color=_EMPTY, linewidth=0, zorder=0)
    axes.set_xticks(range(len(shown)), written)
    axes.set_xlim(-0.5, max(len(shown), 1) - 0.5)
    axes.tick_params(labelbottom=True)
