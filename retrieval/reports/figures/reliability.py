"""Whether intervals hold what they promise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from retrieval.errors import InputError
from retrieval.reports.figures.canvas import new_figure, plain, say_nothing, tidy
from retrieval.reports.figures.palette import style_of
from retrieval.reports.figures.said import Floats, Said, Spoken, column, spoken
from retrieval.reports.figures.words import VWC_UNIT, number, plural

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["binomial_interval", "reliability_figure"]

_COLUMNS = 4
_BINS, _FEWEST = 5, 10  # bins of a model, and rows of a bin where there are that many


def reliability_figure(
    reference: ArrayLike, *, said: Mapping[str, Said], nominal: float = 0.9, label: str
) -> Figure:
    """Draw how often the reference lies inside the intervals of models.

    Bars are exact binomial 95 % intervals (Clopper & Pearson 1934, Biometrika 26, 404-413), as if
    days did not depend on one another; since they do, the truth is less sure than that.

    Parameters
    ----------
    reference : (n,) array_like
        m3 m-3, NaN where not known. Give the rows that did not train.
    said : mapping of str to Said
        By model, n rows each.
    nominal : float
        Share that the intervals promise to hold.
    label : str
        What kind of numbers these are.

    Raises
    ------
    InputError
        Lengths differ, there is no model, or `nominal` is not between 0 and 1.
    RetrievalError
        matplotlib is not installed.
    """
    measured = column(reference, None, "reference")
    models = spoken(said, len(measured))
    if not 0.0 < nominal < 1.0:
        raise InputError(f"figure: nominal share {nominal:g}, expected more than 0, less than 1")
    columns = min(_COLUMNS, len(models))
    lines = -(-len(models) // columns)
    title = (
        f"How often {nominal:.0%} intervals of {plural(len(models), 'model')} hold the reference"
    )
    overall_in = 0.9 + 0.3 * len(models)
    figure = new_figure(overall_in + 2.35 * lines, title, label)
    halves: Any = figure.subfigures(2, 1, height_ratios=(overall_in, 2.35 * lines))
    above, below = halves
    held, wide = above.subplots(1, 2, sharey=True, width_ratios=(1.4, 1.0))
    grid = below.subplots(lines, columns, sharex=True, sharey=True, squeeze=False)
    for axes in grid.flat[len(models) :]:
        axes.set_visible(False)
    ends = [nominal]
    for place, (name, one) in enumerate(models.items()):
        pairs = _pairs(measured, one)
        ends += [_ends(pairs.inside[part])[0] for part in _parts(pairs.estimate)]
        ends += [_ends(pairs.inside)[0]] * (len(pairs.inside) > 0)
        _overall(held, wide, place, name, pairs)
        _binned(grid.flat[place], name, pairs, nominal)
    # The largest tenth that no bar goes below: shares are large, as a rule.
    floor = float(np.floor(10.0 * min(ends)) / 10.0)
    for axes in grid[:, 0]:
        axes.set_ylabel("share inside (0 to 1)", fontsize=9)
        axes.set_ylim(floor - 0.04 * (1.0 - floor), 1.0 + 0.06 * (1.0 - floor))
    held.axvline(nominal, color="black", linestyle="--", linewidth=1.0)
    held.set_yticks(range(len(models)), [plain(name) for name in models], fontsize=9)
    held.set_ylim(len(models) - 0.4, -0.6)
    held.set_xlim(floor, 1.0 + 0.32 * (1.0 - floor))
    held.set_xticks(np.arange(1.0, floor - 0.01, -0.1 if floor > 0.45 else -0.2))
    held.set_xlabel(
        "share of test days inside (0 to 1); dashed: promised; bars: 95 %, days independent"
    )
    held.xaxis.label.set_size(9)
    wide.set_xlabel(f"mean width of intervals ({VWC_UNIT})", fontsize=9)
    wide.margins(x=0.3)
    wide.set_xlim(left=0.0)
    return figure


class _Pairs(NamedTuple):
    """Rows in which reference and interval are known."""

    estimate: Floats
    inside: NDArray[np.bool_]
    width: Floats


def _pairs(measured: Floats, one: Spoken) -> _Pairs:
    """Return the known rows of a model."""
    known = np.isfinite(measured) & np.isfinite(one.vwc)
    known &= np.isfinite(one.lower) & np.isfinite(one.upper)
    x, low, high = measured[known], one.lower[known], one.upper[known]
    return _Pairs(one.vwc[known], (x >= low) & (x <= high), high - low)


def binomial_interval(count: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Return the exact interval of a share of which `count` of `n` draws were seen.

    Clopper & Pearson 1934, Biometrika 26, 404-413.

    Examples
    --------
    >>> low, high = binomial_interval(8, 10)
    >>> round(low, 4), round(high, 4)
    (0.4439, 0.9748)
    """
    from scipy.special import betaincinv

    tail = 0.5 * (1.0 - level)
    low = float(betaincinv(count, n - count + 1, tail)) if count else 0.0
    high = float(betaincinv(count + 1, n - count, 1.0 - tail)) if count < n else 1.0
    return low, high


def _ends(inside: NDArray[np.bool_]) -> tuple[float, float]:
    """Return where the bar of a share ends."""
    return binomial_interval(int(inside.sum()), len(inside))


def _dot(axes: Any, at: float, inside: NDArray[np.bool_], name: str, along_x: bool) -> None:
    """Draw a share with its binomial bar."""
    low, high = _ends(inside)
    share, look = float(inside.mean()), style_of(name)
    error = [[share - low], [high - share]]
    spot = {"x": share, "y": at, "xerr": error} if along_x else {"x": at, "y": share, "yerr": error}
    axes.errorbar(
        **spot, color="black", ecolor="black", elinewidth=1.1, capsize=2.5, marker=look.marker,
        markersize=7, markerfacecolor=look.colour, markeredgecolor="black", markeredgewidth=0.6,
    )  # fmt: skip


def _overall(held: Any, wide: Any, place: int, name: str, pairs: _Pairs) -> None:
    """Draw share and mean width of a model over all of its rows."""
    tidy(held, "x")
    tidy(wide, "x")
    n = len(pairs.inside)
    beside: dict[str, Any] = {"va": "center", "transform": held.get_yaxis_transform()}
    if n == 0:
        held.text(0.38, place, "no interval is known", ha="center", size=8.5, **beside)
        return
    _dot(held, place, pairs.inside, name, along_x=True)
    share, width = float(pairs.inside.mean()), float(pairs.width.mean())
    held.text(0.785, place, f"{number(share, '.2f')} of n {n}", size=8.5, **beside)
    wide.barh(
        place, width, height=0.5, color=style_of(name).colour, edgecolor="black", linewidth=0.6
    )
    wide.annotate(
        number(width), (width, place), (4, 0), textcoords="offset points", va="center", size=8.5
    )


def _binned(axes: Any, name: str, pairs: _Pairs, nominal: float) -> None:
    """Draw the share of a model over bins of its estimates that hold about as many rows each."""
    tidy(axes)
    axes.axhline(nominal, color="black", linestyle="--", linewidth=1.0)
    parts = _parts(pairs.estimate)
    for part in parts:
        _dot(axes, float(pairs.estimate[part].mean()), pairs.inside[part], name, along_x=False)
    if not parts:
        say_nothing(axes, "no interval is known")
    axes.set_title(plain(name), fontsize=9, loc="left")
    axes.locator_params(axis="x", nbins=4)
    axes.tick_params(labelbottom=True)
    sizes = [len(part) for part in parts]
    least, most = (min(sizes), max(sizes)) if sizes else (0, 0)
    each = f"{least}" if least == most else f"{least}-{most}"
    axes.set_xlabel(f"estimate ({VWC_UNIT}), n {each}", fontsize=9)


def _parts(estimate: Floats) -> list[NDArray[np.intp]]:
    """Return the rows of bins of estimates; equal ones stay together."""
    if len(estimate) == 0:
        return []
    bins = max(1, min(_BINS, len(estimate) // _FEWEST))
    edges = np.unique(np.quantile(estimate, np.arange(1, bins) / bins))
    bin_of = np.searchsorted(edges, estimate, side="right")
    return [np.flatnonzero(bin_of == one) for one in np.unique(bin_of)]
