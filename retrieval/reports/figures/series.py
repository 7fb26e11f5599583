"""Moisture over time: reference, what models said, rain (the paper's figures 6, 8-10 and 15)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from retrieval.errors import InputError
from retrieval.reports.figures.canvas import new_figure, plain, say_nothing, tidy
from retrieval.reports.figures.palette import COLOURS, REFERENCE, style_of
from retrieval.reports.figures.said import Floats, Said, Stamps, column, spoken, stamps
from retrieval.reports.figures.words import VWC, plural, score_words
from retrieval.validation import scores

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["series_figure"]

_PER_PANEL = 4  # lines beside the reference that can still be followed
_MARKS = 50  # along a line
_STRIP_IN = 0.9  # of rain
# By what ticks stand for: years, months, days, hours, minutes, seconds; and the first of each.
_TICKS = ["%Y", "%b", "%d %b", "%H:%M", "%H:%M", "%S.%f"]
_FIRST_TICKS = ["", "%b\n%Y", "%d %b", "%d %b", "%H:%M", "%H:%M"]
_BESIDE_TICKS = ["", "%Y", "%Y", "%Y", "%d %b %Y", "%d %b %Y"]
_TRAINING = "#e4e4e4"
_RAIN = COLOURS["sky blue"]


def series_figure(
    time: ArrayLike,
    reference: ArrayLike,
    *,
    said: Mapping[str, Said],
    tested: ArrayLike,
    leading: str | None = None,
    rain: tuple[ArrayLike, ArrayLike] | None = None,
    label: str,
) -> Figure:
    """Draw the reference and what models said of it over time.

    Parameters
    ----------
    time : (n,) array_like of datetime64
        UTC, in any order.
    reference : (n,) array_like
        m3 m-3, NaN where not known.
    said : mapping of str to Said
        By model, n rows each.
    tested : (n,) array_like of bool
        Days that did not train; the others are shaded, and scores are of these alone.
    leading : str, optional
        The model that is drawn on top and with its interval; the first by default.
    rain : tuple of (m,) array_like, optional
        Days (datetime64, UTC) and their rain, millimetres, NaN where not known; those outside the
        times of the rows are not drawn.
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
    n = len(when)
    measured = column(reference, n, "reference")
    models = spoken(said, n)
    test = np.asarray(tested)
    if test.shape != (n,) or test.dtype != np.bool_:
        raise InputError(
            f"figure: tested of type {test.dtype} and shape {test.shape}, expected bool of ({n},)"
        )
    fallen = _rain(rain, when)
    names = list(models)
    leading = names[0] if leading is None else leading
    parts = [names[k : k + _PER_PANEL] for k in range(0, len(names), _PER_PANEL)]
    title = f"Soil moisture from {plural(len(said), 'model')} and the reference"
    title += ": test days" if n and test.all() else ""
    rows = sum(2.9 + 0.17 * len(part) for part in parts)
    strip_in = [] if fallen is None else [_STRIP_IN]
    figure = new_figure(rows + 0.7 + sum(strip_in), title, label)
    heights = [*strip_in, *(2.9 + 0.17 * len(part) for part in parts)]
    grid = figure.subplots(len(heights), 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0]
    panels = grid[len(strip_in) :]
    for axes in panels[1:]:
        axes.sharey(panels[0])
    order = np.argsort(when, kind="stable")
    gap = _longest_step(when[order])
    for axes, part in zip(panels, parts, strict=True):
        tidy(axes)
        _shade_training(axes, when[order], test[order])
        line = {"color": REFERENCE, "linewidth": 1.0, "marker": ".", "markersize": 3.5}
        axes.plot(*_broken(when[order], gap, measured[order]), label="reference", **line, zorder=6)
        for name in part:
            one, look, first = models[name], style_of(name), name == leading
            found = scores(measured[test], one.vwc[test])
            stamp, vwc, low, high = _broken(
                when[order], gap, one.vwc[order], one.lower[order], one.upper[order]
            )
            if first:
                axes.fill_between(
                    stamp, low, high, color=look.colour, alpha=0.22, linewidth=0.8, zorder=2,
                    label=plain(f"90 % interval of {name}"),
                )  # fmt: skip
            axes.plot(
                stamp, vwc, color=look.colour, linestyle=look.dash, marker=look.marker,
                markevery=_marked(vwc), markersize=3.5, linewidth=1.6 if first else 1.2,
                zorder=7 if first else 4,
                label=plain(f"{name}: {score_words(found)}"),
            )  # fmt: skip
        axes.set_ylabel(VWC)
    if n == 0:
        say_nothing(panels[0], "no days")
    if fallen is not None:
        _strip(grid[0], *fallen)
    for axes in panels:
        axes.legend(
            loc="lower left", bbox_to_anchor=(-0.02, 1.0), fontsize=8, ncols=2, frameon=False,
            handlelength=2.8, columnspacing=1.2,
        )  # fmt: skip
    _date(panels[-1])
    return figure


def _longest_step(when: Stamps) -> np.timedelta64:
    """Return the step over which a line still goes on: half more than the usual one."""
    step = np.diff(when)
    step = step[step > np.timedelta64(0, "s")]
    usual = np.median(step.astype(np.int64)) if len(step) else 0
    return np.timedelta64(int(1.5 * usual), "s")


def _broken(when: Stamps, gap: np.timedelta64, *values: Floats) -> tuple[NDArray[Any], ...]:
    """Return times and values with a NaN behind each row that is followed by a longer step."""
    behind = np.flatnonzero(np.diff(when) > gap) + 1
    stamp = np.insert(when, behind, when[behind - 1] + np.timedelta64(1, "s"))
    return (stamp, *(np.insert(one, behind, np.nan) for one in values))


def _marked(values: Floats) -> list[int]:
    """Return where to put marks: some, so that dashes show, and where no line leads to."""
    known = np.isfinite(values)
    near = np.concatenate([[False], known, [False]])
    alone = known & ~near[:-2] & ~near[2:]
    every = np.arange(len(values)) % max(1, len(values) // _MARKS) == 0
    return [int(k) for k in np.flatnonzero(alone | every)]


def _shade_training(axes: Any, when: Stamps, test: NDArray[np.bool_]) -> None:
    """Shade the stretches of rows that trained, up to half way to their neighbours."""
    if test.all():
        return
    middle = when[:-1] + np.diff(when) // 2
    edges = np.concatenate([when[:1], middle, when[-1:]])
    begin = np.flatnonzero(~test & np.concatenate([[True], test[:-1]]))
    end = np.flatnonzero(~test & np.concatenate([test[1:], [True]]))
    for k, (first, last) in enumerate(zip(begin, end, strict=True)):
        axes.axvspan(
            edges[first], edges[last + 1], color=_TRAINING, linewidth=0, zorder=0,
            label=f"training days ({int((~test).sum())})" if k == 0 else None,
        )  # fmt: skip


def _rain(rain: tuple[ArrayLike, ArrayLike] | None, when: Stamps) -> tuple[Stamps, Floats] | None:
    """Return the days of known rain in the time of the rows; None where there is none."""
    if rain is None:
        return None
    day = stamps(rain[0])
    fallen_mm = column(rain[1], len(day), "rain")
    if len(when) == 0:
        return None
    first, last = when.min().astype("datetime64[D]"), when.max().astype("datetime64[D]")
    shown = np.isfinite(fallen_mm) & (day >= first) & (day.astype("datetime64[D]") <= last)
    return (day[shown], fallen_mm[shown]) if shown.any() else None


def _strip(axes: Any, day: Stamps, rain_mm: Floats) -> None:
    """Draw rain in a strip of its own."""
    tidy(axes, "y")
    most_mm = max(float(rain_mm.max()), 1.0)
    axes.bar(day, rain_mm, width=0.9, color=_RAIN, edgecolor="black", linewidth=0.2)
    axes.set_ylim(0.0, 1.1 * most_mm)
    axes.set_yticks(_rain_ticks(most_mm))
    axes.set_ylabel("rain\n(mm per day)", fontsize=9)


def _rain_ticks(most_mm: float) -> list[float]:
    """Return two ticks: none, and a round amount up to the most."""
    round_mm = 10.0 ** np.floor(np.log10(most_mm))
    return [0.0, float(round_mm * max(k for k in (1, 2, 5) if k * round_mm <= most_mm))]


def _date(axes: Any) -> None:
    """Write dates along the axis of time, each day with its month."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(minticks=4, maxticks=10)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(
        ConciseDateFormatter(
            locator, formats=_TICKS, zero_formats=_FIRST_TICKS, offset_formats=_BESIDE_TICKS
        )
    )
    axes.set_xlabel("time (UTC)")
