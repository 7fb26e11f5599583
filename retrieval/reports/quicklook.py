"""Quick-look figures of one station's arcs: sky, interferograms, periodograms and heights.

They answer the first questions about a station: where does it look, do the arcs oscillate, do the
periodograms agree on a height, and what was thrown away. Needs the extra ``plots``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retrieval.analysis import ArcAnalysis
from retrieval.periodogram import amplitude_spectra
from retrieval.reports.figures.canvas import blank_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["write_quicklook"]

_PANELS = 12
_SPECTRA_PER_SIGNAL = 60
_DPI = 130
_CONSTELLATION_COLOURS = {
    "G": "#1b6ca8",
    "R": "#c8553d",
    "E": "#3a8f5d",
    "C": "#8a5fb0",
    "J": "#b8860b",
    "I": "#5f6b75",
}
_REJECTED = "#b8bdc2"


def _save(figure: Figure, path: Path) -> Path:
    """Write a PNG under a temporary name in the same folder, then rename it."""
    temporary = path.with_name(f".{path.name}.part")
    figure.savefig(temporary, format="png", dpi=_DPI)
    temporary.replace(path)
    return path


def _title(analysis: ArcAnalysis) -> str:
    """Return station and period."""
    table = analysis.table
    first, last = table["start"].iloc[0], table["end"].max()
    return f"{table['station'].iloc[0]}, {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC"


def _slice(start: NDArray[np.intp], arc: int) -> slice:
    return slice(int(start[arc]), int(start[arc + 1]))


def _chosen(table: pd.DataFrame, count: int) -> list[int]:
    """Rows of accepted arcs, taking turns among signals, evenly over time within each."""
    good = table[table["accepted"]]
    rows: list[int] = []
    groups = [
        list(group.index) for _, group in good.groupby(good["satellite"].str[0] + good["signal"])
    ]
    share = max(1, -(-count // max(1, len(groups))))
    for group in groups:
        picks = np.unique(np.linspace(0, len(group) - 1, min(share, len(group))).astype(int))
        rows.extend(group[pick] for pick in picks)
    return rows[:count]


def _sky(analysis: ArcAnalysis) -> Figure:
    """Sky plot of all arcs over the window: accepted in colour, rejected in grey."""
    figure = blank_figure(7.5, 7.5)
    axes: Any = figure.add_subplot(projection="polar")
    axes.set_theta_zero_location("N")
    axes.set_theta_direction(-1)
    windowed = analysis.measured.arcs.windowed()
    drawn: set[str] = set()
    # Rejected arcs first, so that the accepted ones lie on top.
    for row in np.argsort(analysis.table["accepted"].to_numpy(), kind="stable"):
        part = _slice(windowed.start, int(analysis.arc_of_row[row]))
        letter = str(analysis.table["satellite"].iloc[row])[0]
        accepted = bool(analysis.table["accepted"].iloc[row])
        name = letter if accepted else "rejected"
        axes.plot(
            np.radians(windowed.points.azimuth_deg[part]),
            90.0 - windowed.points.elevation_deg[part],
            color=_CONSTELLATION_COLOURS.get(letter, "k") if accepted else _REJECTED,
            linewidth=1.2 if accepted else 0.6,
            label=None if name in drawn else name,
        )
        drawn.add(name)
    axes.set_rlim(0, 90)
    axes.set_rgrids([30, 60, 75, 85], ["60°", "30°", "15°", "5°"], angle=135, fontsize=8)
    axes.set_xticks(np.radians(np.arange(0, 360, 45)), ["N", "NE", "E", "SE", "S", "SW", "W", "NW"])
    axes.legend(loc="upper right", bbox_to_anchor=(1.12, 1.08), frameon=False, fontsize=9)
    count = int(analysis.table["accepted"].sum())
    axes.set_title(f"{_title(analysis)}\n{count} of {len(analysis.table)} arcs accepted", pad=18)
    return figure


def _interferograms(analysis: ArcAnalysis, rows: Sequence[int]) -> Figure:
    """Detrended SNR of chosen arcs with the fitted sinusoid over it."""
    columns = 3
    lines = max(1, -(-len(rows) // columns))
    figure = blank_figure(12, 2.3 * lines + 0.6)
    waves = analysis.measured.waves
    for panel, row in enumerate(rows):
        record = analysis.table.loc[row]
        arc = int(analysis.arc_of_row[row])
        part = _slice(waves.start, arc)
        axes = figure.add_subplot(lines, columns, panel + 1)
        axes.plot(waves.elevation_deg[part], waves.dsnr[part], ".", color="#5f6b75", markersize=3)
        elevation = np.linspace(
            waves.elevation_deg[part].min(), waves.elevation_deg[part].max(), 400
        )
        angle = 4 * np.pi * record["apriori_height_m"] / waves.wavelength_m[arc]
        model = record["amplitude"] * np.sin(
            angle * np.sin(np.radians(elevation)) + np.radians(record["phase_deg"])
        )
        axes.plot(elevation, model, color="#c8553d", linewidth=1.2)
        axes.set_title(
            f"{record['satellite']} {record['signal']} {record['direction']} "
            f"az {record['azimuth_deg']:.0f}°  {record['start']:%H:%M}\n"
            f"h {record['reflector_height_m']:.3f} m, φ {record['phase_deg']:.1f}° "
            f"at {record['apriori_height_m']:.3f} m, A {record['amplitude']:.1f}",
            fontsize=8,
        )
        axes.tick_params(labelsize=7)
        axes.grid(alpha=0.25)
    figure.supxlabel("apparent elevation (degrees)", fontsize=9)
    figure.supylabel("detrended SNR (volts/volts)", fontsize=9)
    figure.suptitle(f"{_title(analysis)}: interferograms and fits", fontsize=11)
    return figure


def _spectrum(analysis: ArcAnalysis, arc: int) -> NDArray[np.float64]:
    """Amplitude spectrum of one arc on the analysis' height grid."""
    part = _slice(analysis.measured.waves.start, arc)
    t = analysis.measured.waves.t[part][None, :]
    spectrum: NDArray[np.float64] = amplitude_spectra(
        t,
        analysis.measured.waves.dsnr[part][None, :],
        np.ones(t.shape, dtype=bool),
        analysis.measured.waves.wavelength_m[arc : arc + 1],
        analysis.measured.heights_m,
    )[0]
    return spectrum


def _periodograms(analysis: ArcAnalysis) -> Figure:
    """Periodograms of accepted arcs, one panel per signal, with their median height."""
    good = analysis.table[analysis.table["accepted"]]
    groups = list(good.groupby(good["satellite"].str[0] + good["signal"]))
    columns = 3
    lines = max(1, -(-len(groups) // columns))
    figure = blank_figure(12, 2.4 * lines + 0.6)
    for panel, (name, group) in enumerate(groups):
        axes = figure.add_subplot(lines, columns, panel + 1)
        picks = np.unique(
            np.linspace(0, len(group) - 1, min(len(group), _SPECTRA_PER_SIGNAL)).astype(int)
        )
        for row in group.index[picks]:
            axes.plot(
                analysis.measured.heights_m,
                _spectrum(analysis, int(analysis.arc_of_row[row])),
                color=_CONSTELLATION_COLOURS.get(str(name)[0], "k"),
                linewidth=0.6,
                alpha=0.45,
            )
        median = float(group["reflector_height_m"].median())
        axes.axvline(median, color="#c8553d", linewidth=1)
        axes.set_title(f"{name}: {len(group)} arcs, median height {median:.3f} m", fontsize=9)
        axes.tick_params(labelsize=7)
        axes.grid(alpha=0.25)
    figure.supxlabel("reflector height (m)", fontsize=9)
    figure.supylabel("amplitude (volts/volts)", fontsize=9)
    figure.suptitle(f"{_title(analysis)}: Lomb-Scargle periodograms", fontsize=11)
    return figure


def _heights(analysis: ArcAnalysis) -> Figure:
    """Heights over azimuth, and what was rejected why."""
    table = analysis.table
    figure = blank_figure(12, 4.6)
    left, right = figure.subplots(1, 2, width_ratios=(2, 1))
    good = table[table["accepted"]]
    for letter, group in good.groupby(good["satellite"].str[0]):
        left.plot(
            group["azimuth_deg"],
            group["reflector_height_m"],
            "o",
            markersize=3.5,
            color=_CONSTELLATION_COLOURS.get(str(letter), "k"),
            label=str(letter),
        )
    left.set_xlim(0, 360)
    left.set_xticks(np.arange(0, 361, 45))
    left.set_xlabel("azimuth at the lowest elevation (degrees)")
    left.set_ylabel("reflector height (m)")
    left.grid(alpha=0.25)
    if len(good):
        left.legend(frameon=False, fontsize=8)
    reasons = table["reject_reason"].replace("", "accepted").value_counts()[::-1]
    colours = ["#3a8f5d" if name == "accepted" else _REJECTED for name in reasons.index]
    right.barh(list(reasons.index), reasons.to_numpy(), color=colours)
    right.bar_label(right.containers[0], fontsize=8, padding=2)
    right.set_xlabel("arcs")
    right.margins(x=0.15)
    figure.suptitle(f"{_title(analysis)}: reflector heights and judgement", fontsize=11)
    return figure


def write_quicklook(analysis: ArcAnalysis, folder: str | Path) -> list[Path]:
    """Write the quick-look figures of one station.

    Parameters
    ----------
    analysis : ArcAnalysis
        What the chain found.
    folder : path
        Made if absent; figures of the same station are replaced.

    Returns
    -------
    list of Path
        ``<station>_sky.png``, ``_heights.png``, and, where arcs were accepted,
        ``_interferograms.png`` and ``_periodograms.png``. Empty without any arc.

    Raises
    ------
    RetrievalError
        matplotlib is not installed.
    """
    if analysis.table.empty:
        return []
    figures = {"sky": _sky(analysis), "heights": _heights(analysis)}
    rows = _chosen(analysis.table, _PANELS)
    if rows:
        figures["interferograms"] = _interferograms(analysis, rows)
        figures["periodograms"] = _periodograms(analysis)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    # The name may come from a file's header: keep what is safe in a file name.
    station = re.sub(r"[^A-Za-z0-9._-]", "_", str(analysis.table["station"].iloc[0]))
    return [_save(figure, folder / f"{station}_{name}.png") for name, figure in figures.items()]
