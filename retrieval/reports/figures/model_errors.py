"""Errors of models beside one another (the paper's table 2 as a figure)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from retrieval.errors import InputError
from retrieval.reports.figures.canvas import new_figure, plain, tidy
from retrieval.reports.figures.palette import GREY, style_of
from retrieval.reports.figures.said import Floats
from retrieval.reports.figures.words import VWC_UNIT, number, plural

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

__all__ = ["errors_figure"]

_CUT_OVER_MEDIAN = 5.0
_CUT_OVER_WHOLE = 1.3  # a bar that is cut is still the longest
_NEEDED = ("model", "seed", "rmse", "bias", "ubrmse", "ranked")
_ERRORS = (("rmse", ".4f", "RMSE"), ("ubrmse", ".4f", "ubRMSE"), ("bias", "+.4f", "bias"))


def errors_figure(scores: pd.DataFrame, *, label: str) -> Figure:
    """Draw RMSE, ubRMSE and bias of models with their spread over seeds.

    Parameters
    ----------
    scores : DataFrame
        One row per model and seed, as the rows of fold "all" that
        `retrieval.fusion.evaluation.evaluate` returns: ``model``, ``seed``, ``rmse``, ``bias``,
        ``ubrmse`` (m3 m-3) and ``ranked``, False for a model that uses reference values of the
        test period; ``r`` and ``n`` are written in where they are there. Ranked models are ordered
        by their RMSE. An RMSE over five times the median is cut, so that the others can be seen:
        bars end where they are a third longer than the longest other RMSE.
    label : str
        What kind of numbers these are.

    Raises
    ------
    InputError
        A column is missing, there is no row, or several for one model and seed.
    RetrievalError
        matplotlib is not installed.
    """
    missing = [name for name in _NEEDED if name not in scores]
    if missing or scores.empty:
        raise InputError(
            f"figure: scores of {len(scores)} rows without {', '.join(missing) or 'nothing'}; "
            f"expected 1 or more rows with the columns {', '.join(_NEEDED)}"
        )
    if scores.duplicated(["model", "seed"]).any():
        raise InputError(
            "figure: several scores for one model and seed, expected one; give those of fold 'all'"
        )
    models = _in_order(scores)
    cap = _cap(models)
    kinds = len({one.ranked for one in models})
    figure = new_figure(1.3 + 0.42 * len(models), _title(models), label)
    grid = figure.subplots(1, 3, sharey=True)
    for axes, (name, form, heading) in zip(grid, _ERRORS, strict=True):
        tidy(axes, "x")
        axes.set_xlabel(f"{heading} ({VWC_UNIT})", fontsize=9)
        values = [one.found[name] for one in models]
        for place, (one, found) in enumerate(zip(models, values, strict=True)):
            _bar(axes, place, one, found, form, cap)
        if name == "bias":
            axes.axvline(0.0, color="black", linewidth=0.8)
        means = [float(np.nanmean(found)) for found in values if np.isfinite(found).any()]
        _room(axes, np.clip(means, -cap, cap).tolist())
        if kinds == 2:
            ranked = sum(one.ranked for one in models)
            axes.axhline(ranked - 0.5, color=GREY, linewidth=0.8, linestyle=":")
    if any(len(found) > 1 for one in models for found in one.found.values()):
        grid[0].set_xlabel(f"RMSE ({VWC_UNIT}); in brackets: over seeds", fontsize=9)
    grid[0].set_yticks(range(len(models)), [plain(one.written) for one in models], fontsize=9)
    grid[0].set_ylim(len(models) - 0.4, -0.6)
    return figure


@dataclass(frozen=True)
class _Model:
    """One model of the table.

    Attributes
    ----------
    name, written : str
        Its name, and what is written of it.
    ranked : bool
        Whether it takes part in the ranking.
    found : dict of str to (seeds,) float64
        Its errors.
    """

    name: str
    written: str
    ranked: bool
    found: dict[str, Floats]


def _model(name: str, rows: pd.DataFrame) -> _Model:
    """Return a model from its rows of the table."""
    ranked = bool(rows["ranked"].all())
    known = [f"n {int(rows['n'].iloc[0])}"] if "n" in rows else []
    if "r" in rows:
        known.append(f"R {number(float(rows['r'].mean()), '.2f')}")
    if len(rows) > 1:
        known.append(plural(len(rows), "seed"))
    star = "" if ranked or name.endswith("*") else "*"
    written = name + star + ("\n" + ", ".join(known) if known else "")
    found = {one: rows[one].to_numpy(np.float64) for one, _, _ in _ERRORS}
    return _Model(name, written, ranked, found)


def _in_order(scores: pd.DataFrame) -> list[_Model]:
    """Return the models: those that are ranked by their RMSE, then the others by theirs."""
    models = [_model(str(name), rows) for name, rows in scores.groupby("model", sort=False)]
    return sorted(models, key=lambda one: (not one.ranked, _key(one.found["rmse"])))


def _key(values: Floats) -> float:
    """Return a mean to sort by: what is not known comes last."""
    return float(np.nanmean(values)) if np.isfinite(values).any() else np.inf


def _title(models: list[_Model]) -> str:
    """Return what is seen: the best of the ranked models, and what a star means."""
    best = models[0]
    known = best.ranked and np.isfinite(best.found["rmse"]).any()
    title = f"Errors of {plural(len(models), 'model')}"
    if known and len(models) > 1:
        title += f", smallest RMSE: {best.name}"
    if not all(one.ranked for one in models):
        title += " (*: uses reference values of the test)"
    return title


def _cap(models: list[_Model]) -> float:
    """Return the longest bar that is drawn whole, in all panels; infinite where none is known."""
    known = [float(np.nanmean(one.found["rmse"])) for one in models
             if np.isfinite(one.found["rmse"]).any()]  # fmt: skip
    whole = [one for one in known if one <= _CUT_OVER_MEDIAN * float(np.median(known))]
    cut = len(whole) < len(known) and max(whole) > 0
    return _CUT_OVER_WHOLE * max(whole) if cut else np.inf


def _bar(axes: Any, place: int, one: _Model, found: Floats, form: str, cap: float) -> None:
    """Draw the mean error of a model, a dot for each seed, and write mean and spread."""
    known = found[np.isfinite(found)]
    if len(known) == 0:
        axes.text(0.0, place, " not known", va="center", size=8.5)
        return
    mean = float(known.mean())
    look = style_of(one.name)
    drawn = float(np.clip(mean, -cap, cap))
    axes.barh(
        place, drawn, height=0.62, color=look.colour if one.ranked else "white",
        edgecolor="black" if one.ranked else look.colour, linewidth=0.6,
        hatch=None if one.ranked else "////",
    )  # fmt: skip
    text = number(mean, form)
    if len(known) > 1:
        if drawn == mean:
            axes.plot(known, np.full(len(known), place), "|", color="black", markersize=7, zorder=3)
        # Bars of both signs leave too little room for it; their ticks show it.
        text += f" ({number(float(np.ptp(known)), '.4f')})" * ("+" not in form)
    end = max(float(known.max()), 0.0) if mean >= 0 else min(float(known.min()), 0.0)
    if drawn != mean:
        end = drawn
        text += ", cut"
        for share in (0.86, 0.92):
            at = [share * drawn, (share + 0.03) * drawn]
            axes.plot(at, [place + 0.36, place - 0.36], color="white", linewidth=2.5, zorder=3)
    axes.annotate(
        text, (end, place), (4 if mean >= 0 else -4, 0), textcoords="offset points",
        va="center", ha="left" if mean >= 0 else "right", size=8.5,
    )  # fmt: skip


def _room(axes: Any, means: list[float]) -> None:
    """Leave room for what is written beside the bars."""
    low, high = min([0.0, *means]), max([0.0, *means])
    high = high if high > low else 0.1
    room = 0.75 * (high - low)
    axes.set_xlim(low - (room if low < 0 else 0.0), high + (room if high > 0 or low == 0 else 0.0))
    axes.locator_params(axis="x", nbins=4)
    # A power of ten beside the axis would cover its label.
    axes.ticklabel_format(axis="x", style="plain", useOffset=False)
