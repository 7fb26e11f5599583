"""Weights of tracks beside what they know (the paper's figures 14 and 19); two ways to weigh."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from retrieval.errors import InputError
from retrieval.reports.figures.canvas import new_figure, plain, say_nothing, tidy
from retrieval.reports.figures.palette import COLOURS, GREY
from retrieval.reports.figures.said import Floats, column
from retrieval.reports.figures.words import number, plural

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["heaviest_shared", "importance_figure", "mdi_mda_figure"]

_LOOKS = tuple(
    zip(
        ("blue", "orange", "green", "purple", "vermillion", "sky blue"),
        ("o", "s", "^", "D", "v", "P"),
        strict=True,
    )
)
_TOP = 20  # heaviest tracks that are compared


def importance_figure(
    abs_r: ArrayLike,
    weight: ArrayLike,
    *,
    sector: ArrayLike,
    signal: Sequence[str],
    label: str,
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
    signal : (k,) sequence of str
        Signal of each track, in words; each has a colour and a mark.
    label : str
        What kind of numbers these are.

    Raises
    ------
    InputError
        Lengths differ.
    RetrievalError
        matplotlib is not installed.
    """
    r = column(abs_r, None, "abs_r")
    heavy = column(weight, len(r), "weight")
    begin_deg = np.mod(column(sector, len(r), "sector"), 360.0)
    of_signal = np.asarray(signal, dtype=object)
    if of_signal.shape != r.shape:
        raise InputError(f"figure: signal of shape {of_signal.shape}, expected ({len(r)},)")
    names = sorted(set(of_signal.tolist()))
    count, rho = _rank_correlation(r, heavy)
    title = f"Weight of {plural(count, 'track')} against |R|: {_rho_words(rho)}"
    figure = new_figure(7.2, title, label)
    above, below = figure.subplots(2, 1, height_ratios=(1.25, 1.0))
    tidy(above)
    for k, name in enumerate(names):
        # The mark of a seventh signal is not that of the first one again, though its colour is.
        colour, marker = _LOOKS[k % len(_LOOKS)][0], _LOOKS[(k + k // len(_LOOKS)) % len(_LOOKS)][1]
        part = of_signal == name
        above.scatter(
            r[part], heavy[part], s=24, color=COLOURS[colour], marker=marker, edgecolors="black",
            linewidths=0.3, alpha=0.8,
            label=plain(f"{name} ({plural(int(part.sum()), 'track')})"),
        )  # fmt: skip
    above.set_xlabel("|R| of the track's phase with the reference (1)")
    above.set_ylabel("weight in rf-mdi (0 to 1)")
    above.set_xlim(-0.02, 1.02)
    above.set_ylim(-0.03, 1.05)
    if names:
        _legend(above)
    _mirrored(below, r, heavy, begin_deg)
    if count == 0:
        say_nothing(above, "no track with both is known")
    return figure


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
    by_impurity = column(mdi, None, "mdi")
    by_accuracy = column(mda, len(by_impurity), "mda")
    count, rho = _rank_correlation(by_impurity, by_accuracy)
    title = f"Two weights of {plural(count, 'track')}: {_rho_words(rho)}"
    figure = new_figure(6.0, title, label)
    axes = figure.add_subplot()
    tidy(axes)
    axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1.0, label="both weights equal")
    axes.scatter(
        by_impurity, by_accuracy, s=26, color=COLOURS["blue"], edgecolors="black", linewidths=0.3,
        alpha=0.75, label="a track",
    )  # fmt: skip
    if count == 0:
        say_nothing(axes, "no track with both weights is known")
    axes.set_xlabel("weight by decrease of impurity, rf-mdi (0 to 1)")
    axes.set_ylabel("weight by decrease of accuracy, rf-mda (0 to 1)")
    axes.set_xlim(-0.03, 1.05)
    axes.set_ylim(-0.03, 1.05)
    axes.set_box_aspect(0.62)
    _legend(axes)
    return figure


def heaviest_shared(mdi: ArrayLike, mda: ArrayLike) -> tuple[int, int]:
    """Return how many heaviest tracks are compared, and how many of these both weights share.

    Parameters
    ----------
    mdi, mda : (k,) array_like
        Weights of the tracks; NaN where not known. The heaviest half is compared, up to 20.
    """
    by_impurity = column(mdi, None, "mdi")
    by_accuracy = column(mda, len(by_impurity), "mda")
    known = np.isfinite(by_impurity) & np.isfinite(by_accuracy)
    top = min(_TOP, int(known.sum()) // 2)
    both = _heaviest(by_impurity[known], top) & _heaviest(by_accuracy[known], top)
    return top, len(both)


def _rank_correlation(first: Floats, second: Floats) -> tuple[int, float]:
    """Return the number of known pairs and Spearman's correlation, NaN where one is constant."""
    known = np.isfinite(first) & np.isfinite(second)
    a, b = first[known], second[known]
    if len(a) < 3 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return len(a), float("nan")
    from scipy.stats import spearmanr

    return len(a), float(spearmanr(a, b).statistic)


def _rho_words(rho: float) -> str:
    """Return the rank correlation in words."""
    if np.isnan(rho):
        return "no rank correlation (too few, or all alike)"
    return f"Spearman's rank correlation {number(rho, '.2f')}"


def _heaviest(weight: Floats, count: int) -> set[int]:
    """Return the places of the largest weights."""
    return {int(k) for k in np.argsort(-weight, kind="stable")[:count]}


def _mirrored(axes: Any, r: Floats, heavy: Floats, begin_deg: Floats) -> None:
    """Draw tracks in order of azimuth: |R| upwards, weight downwards."""
    tidy(axes, "y")
    order = np.argsort(begin_deg, kind="stable")
    place = np.arange(len(order))
    axes.bar(place, r[order], width=0.9, color=COLOURS["green"], label="|R|, upwards")
    axes.bar(place, -heavy[order], width=0.9, color=COLOURS["orange"], label="weight, downwards")
    axes.axhline(0.0, color="black", linewidth=0.8)
    axes.set_ylim(-1.05, 1.05)
    axes.set_yticks([-1, -0.5, 0, 0.5, 1], ["1", "0.5", "0", "0.5", "1"])
    axes.set_ylabel("|R| and weight\nin rf-mdi (0 to 1)")
    at = [int(np.searchsorted(begin_deg[order], edge)) for edge in range(0, 360, 45)]
    shown = [k for k in range(8) if at[k] < len(order) and at[k] not in at[:k]]
    axes.set_xticks([at[k] - 0.5 for k in shown], [f"{45 * k}°" for k in shown])
    axes.set_xlim(-0.5, max(len(order), 1) - 0.5)
    axes.set_xlabel("tracks in order of azimuth; ticks where an azimuth (degrees) begins")
    _legend(axes)


def _legend(axes: Any) -> None:
    """Put the legend above the axes, where nothing is drawn."""
    axes.legend(
        loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=4, fontsize=8.5, frameon=False,
        columnspacing=1.2, handletextpad=0.5,
    )  # fmt: skip
