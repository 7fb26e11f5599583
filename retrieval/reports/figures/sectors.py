"""What each sector of azimuth knows, beside the terrain (the paper's table 4, figures 17-19)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from retrieval.errors import InputError
from retrieval.reports.figures.canvas import new_figure, tidy
from retrieval.reports.figures.palette import COLOURS, GREY, POOR, POOR_SHADE
from retrieval.reports.figures.said import Floats, column
from retrieval.reports.figures.words import VWC_UNIT, plural

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["SECTOR_DEG", "sectors_figure"]

SECTOR_DEG = 15.0

_SECTORS = int(360.0 / SECTOR_DEG)
_MIDDLE_DEG = (np.arange(_SECTORS) + 0.5) * SECTOR_DEG
_COMPASS = ["0 N", "45 NE", "90 E", "135 SE", "180 S", "225 SW", "270 W", "315 NW", "360 N"]


def sectors_figure(
    azimuth_deg: ArrayLike,
    *,
    abs_r: ArrayLike,
    weight: ArrayLike,
    shuffled: Mapping[float, tuple[float, float]] | None = None,
    rmse: float = 0.0,
    horizon_deg: ArrayLike | None = None,
    bad_deg: ArrayLike = (),
    mixed_deg: ArrayLike = (),
    rules: Mapping[str, str] = MappingProxyType({}),
    label: str,
) -> Figure:
    """Draw what tracks know and weigh by sectors of `SECTOR_DEG` of azimuth.

    Parameters
    ----------
    azimuth_deg : (k,) array_like
        Of each track, degrees clockwise from north.
    abs_r, weight : (k,) array_like
        |R| of each track's phase with the reference, and its weight, 0 to 1; NaN where not known.
    shuffled : mapping of float to (float, float), optional
        By the azimuth where a sector begins (as `retrieval.fusion.importance.azimuth_sectors`
        with `SECTOR_DEG`): the RMSE where its tracks are shuffled together on test days, and the
        spread of that, m3 m-3.
    rmse : float
        The RMSE where none are, m3 m-3.
    horizon_deg : (m,) array_like, optional
        Elevation of the terrain's horizon at m azimuths 360/m degrees apart, the first north.
    bad_deg : (b,) array_like
        Where the sectors that are called bad begin; they are named and hatched.
    mixed_deg : (m,) array_like
        Where those that are called mixed begin; hatched in another way.
    rules : mapping of str to str
        What makes a sector "bad", "mixed" or "good", for the legend.
    label : str
        What kind of numbers these are.

    Raises
    ------
    InputError
        Lengths differ, or an azimuth is not known.
    RetrievalError
        matplotlib is not installed.
    """
    azimuth = column(azimuth_deg, None, "azimuth_deg")
    r = column(abs_r, len(azimuth), "abs_r")
    heavy = column(weight, len(azimuth), "weight")
    if not np.isfinite(azimuth).all():
        raise InputError(
            f"figure: {int((~np.isfinite(azimuth)).sum())} azimuths are not known, expected all"
        )
    sector = _sector_of(azimuth)
    count = np.bincount(sector, minlength=_SECTORS)
    mean_r, mean_weight = _means(r, sector), _means(heavy, sector)
    bad = np.isin(np.arange(_SECTORS), _sector_of(column(bad_deg, None, "bad_deg")))
    mixed = np.isin(np.arange(_SECTORS), _sector_of(column(mixed_deg, None, "mixed_deg")))
    title = f"{plural(len(azimuth), 'track')} by azimuth: {_names(bad)}"
    panels = 2 if shuffled is None else 3
    figure = new_figure(1.0 + 1.85 * panels, title, label)
    grid = figure.subplots(panels, 1, sharex=True)
    for axes in grid:
        tidy(axes, "y")
        _mark(axes, bad, mixed, count, rules)
    if horizon_deg is not None:
        _raise_horizon(grid[0], column(horizon_deg, None, "horizon_deg"))
    _bars(grid[0], mean_r, COLOURS["green"], "mean |R| (0 to 1)")
    _bars(grid[1], mean_weight, COLOURS["orange"], "mean weight in\nrf-mdi (0 to 1)")
    for axes, values in ((grid[0], mean_r), (grid[1], mean_weight)):
        most = float(np.nanmax(values)) if np.isfinite(values).any() else 1.0
        axes.set_ylim(0.0, 1.15 * most if most > 0 else 1.0)
    for place, tracks in enumerate(count):
        grid[0].text(
            _MIDDLE_DEG[place], 1.01, str(tracks), transform=grid[0].get_xaxis_transform(),
            ha="center", va="bottom", size=8, color=GREY,
        )  # fmt: skip
    if shuffled is not None:
        _shuffled(grid[2], shuffled, rmse)
    grid[-1].set_xlim(0.0, 360.0)
    grid[-1].set_xticks(range(0, 361, 45), _COMPASS)
    grid[-1].set_xlabel("azimuth (degrees, clockwise from north); above: number of tracks")
    if grid[0].get_legend_handles_labels()[0]:
        _legend(grid[0])
    return figure


def _sector_of(azimuth_deg: Floats) -> NDArray[np.intp]:
    """Return the sector of each azimuth; the least angle below north belongs to the last one."""
    sector = np.floor(np.mod(azimuth_deg, 360.0) / SECTOR_DEG).astype(np.intp)
    return np.mod(sector, _SECTORS)


def _means(values: Floats, sector: NDArray[np.intp]) -> Floats:
    """Return the mean of the known values of each sector, NaN where there is none."""
    known = np.isfinite(values)
    total = np.bincount(sector[known], values[known], _SECTORS)
    count = np.bincount(sector[known], minlength=_SECTORS)
    means: Floats = np.divide(total, count, out=np.full(_SECTORS, np.nan), where=count > 0)
    return means


def _names(bad: NDArray[np.bool_]) -> str:
    """Return the bad sectors in words, neighbours as one."""
    first = np.flatnonzero(bad & ~np.roll(bad, 1)) * int(SECTOR_DEG)
    last = (np.flatnonzero(bad & ~np.roll(bad, -1)) + 1) * int(SECTOR_DEG)
    if len(first) == 0:
        return "all sectors are bad" if bad.all() else "no sector is bad"
    # A stretch that crosses north ends before it begins.
    last = np.roll(last, -1) if last[0] <= first[0] else last
    return "bad at " + ", ".join(f"{a}-{b}°" for a, b in zip(first, last, strict=True))


def _mark(
    axes: Any,
    bad: NDArray[np.bool_],
    mixed: NDArray[np.bool_],
    count: NDArray[np.intp],
    rules: Mapping[str, str],
) -> None:
    """Hatch bad and mixed sectors, and shade those without a track."""
    marks = (
        (bad, "bad", {"facecolor": POOR_SHADE, "hatch": "///"}),
        (mixed, "mixed", {"facecolor": "#fdf6e3", "hatch": ".."}),
        (~bad & ~mixed & (count > 0), "good", {"facecolor": "white"}),
        (count == 0, "no track, not judged", {"facecolor": "#e4e4e4"}),
    )
    for which, verdict, look in marks:
        name = f"{verdict}: {rules[verdict]}" if verdict in rules else verdict
        for k, place in enumerate(np.flatnonzero(which)):
            axes.axvspan(
                place * SECTOR_DEG, (place + 1) * SECTOR_DEG, edgecolor=POOR, linewidth=0,
                alpha=0.6, zorder=0, label=name if k == 0 else None, **look,
            )  # fmt: skip


def _bars(axes: Any, values: Floats, colour: str, what: str) -> None:
    """Draw one value of each sector."""
    axes.bar(
        _MIDDLE_DEG, values, width=0.7 * SECTOR_DEG, color=colour, edgecolor="black", linewidth=0.5
    )
    axes.set_ylabel(what, fontsize=9)


def _shuffled(axes: Any, found: Mapping[float, tuple[float, float]], rmse: float) -> None:
    """Draw the error with each sector shuffled, from that with none, and its spread."""
    middle = np.array([float(begin) + 0.5 * SECTOR_DEG for begin in found])
    mean, spread = np.array(list(found.values()), np.float64).reshape(-1, 2).T
    axes.bar(
        middle, mean - rmse, bottom=rmse, width=0.7 * SECTOR_DEG, color=COLOURS["blue"],
        edgecolor="black", linewidth=0.5, yerr=spread, error_kw={"elinewidth": 1.2, "capsize": 2.5},
    )  # fmt: skip
    axes.axhline(rmse, color="black", linewidth=0.8)
    axes.set_ylabel(f"RMSE of rf-mdi, sector\nshuffled ({VWC_UNIT})", fontsize=9)


def _raise_horizon(axes: Any, horizon_deg: Floats) -> None:
    """Draw the horizon behind the bars, with its own axis at the right."""
    if len(horizon_deg) == 0 or not np.isfinite(horizon_deg).any():
        return
    step_deg = 360.0 / len(horizon_deg)
    azimuth_deg = np.arange(len(horizon_deg) + 1) * step_deg
    closed = np.append(horizon_deg, horizon_deg[0])
    behind = axes.twinx()
    axes.set_zorder(behind.get_zorder() + 1)
    axes.patch.set_visible(False)
    behind.fill_between(azimuth_deg, min(0.0, float(np.nanmin(closed))), closed, color="#c9bfb2")
    behind.plot(azimuth_deg, closed, color="#6b5d4d", linewidth=1.2)
    top = float(np.nanmax(closed))
    behind.set_ylim(min(0.0, float(np.nanmin(closed))), max(2.0 * top, 1.0))
    behind.set_ylabel("horizon elevation\n(degrees, brown)", fontsize=9)
    behind.spines["top"].set_visible(False)
    behind.tick_params(labelsize=8)


def _legend(axes: Any) -> None:
    """Put the legend above the numbers of tracks."""
    legend = axes.legend(
        loc="lower left", bbox_to_anchor=(-0.02, 1.08), ncols=2, fontsize=8.5, frameon=False
    )
    for patch, text in zip(legend.get_patches(), legend.get_texts(), strict=True):
        if text.get_text().startswith("good"):
            patch.set(edgecolor=GREY, linewidth=0.8)  # white, like the page
