"""What the experiments share: arcs kept in a file, daily truth, tables of scores, one section each.

The experiments are run as `python benchmarks/science/NAME.py --out benchmarks/science/RESULTS.md`.
Each prints its tables and replaces its own section of that file.
"""

from __future__ import annotations

import argparse
import datetime
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from retrieval.fusion.evaluation import FillRows, Fold, evaluate, make_folds
from retrieval.fusion.models import make_model
from retrieval.given_series import read_series
from retrieval.simulation import Scenario, simulate_arcs
from retrieval.simulation.ground.hourly import ground_series

# The real files that lie beside the checkout, where there are some.
DATA = Path(__file__).parents[3] / "shared" / "data" / "ground"
DAY = np.timedelta64(1, "D")
SEEDS = (0, 1, 2, 3, 4)
_HEAD = "# Experiments of RF-MDI\n\nEach section was written by the command that it names.\n"
_FIGURES = {
    "r": "R",
    "rmse": "RMSE",
    "mae": "MAE",
    "bias": "bias",
    "ubrmse": "ubRMSE",
    "coverage": "coverage",
    "width": "width",
}


class Section:
    """One section of the results: what is added is printed at once and written at the end."""

    def __init__(self, title: str, label: str) -> None:
        self.title, self.label = title, label
        self.parts: list[str] = []
        self.bars: list[tuple[str, str, str, str]] = []

    def say(self, text: str) -> None:
        """Add a paragraph."""
        print(text + "\n", flush=True)
        self.parts.append(text)

    def table(self, heading: str, frame: pd.DataFrame) -> None:
        """Add a table, labelled with what its numbers are."""
        self.say(f"### {heading}\n\n*{self.label}*\n\n{markdown(frame)}")

    def bar(self, what: str, bar: str, figure: str, met: bool) -> None:
        """Add a promise of the work order and whether it is kept."""
        self.bars.append((what, bar, figure, "met" if met else "**not met**"))

    def write(self, path: Path | None) -> None:
        """Put the section in place of the one with its title, or at the end of the file."""
        if self.bars:
            names = ["bar", "asked", "found", ""]
            self.table("Bars", pd.DataFrame(self.bars, columns=names))
        if path is None:
            return
        command = " ".join(["python", *sys.argv])
        body = f"## {self.title}\n\n{datetime.date.today()}: `{command}`\n\n"
        body += "\n\n".join(self.parts) + "\n"
        text = path.read_text() if path.exists() else _HEAD
        sections = re.split(r"(?m)^(?=## )", text)
        kept = [one.rstrip() + "\n" for one in sections if not one.startswith(f"## {self.title}\n")]
        path.write_text("\n".join([kept[0], *sorted([*kept[1:], body])]))


def markdown(frame: pd.DataFrame) -> str:
    """Return a table in Markdown; numbers with three decimals."""

    def cell(value: Any) -> str:
        if isinstance(value, float | np.floating):
            return "" if np.isnan(value) else f"{value:.3f}"
        return str(value).replace("|", "\\|")

    rows = [list(frame.columns), ["---"] * frame.shape[1], *frame.itertuples(index=False)]
    return "\n".join("| " + " | ".join(cell(value) for value in row) + " |" for row in rows)


def options(description: str, *paths: str) -> argparse.Namespace:
    """Read the command line: ``--out`` and further files."""
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("--out", type=Path, help="Markdown file that holds the results")
    for name in paths:
        parser.add_argument(f"--{name}", type=Path)
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the ground data")
    return parser.parse_args()


def arcs_of(scenario: Scenario, keep: Path | None = None) -> pd.DataFrame:
    """Simulate the arcs of a scenario, or take them from the file where they were kept."""
    if keep is not None and keep.exists():
        return pd.read_parquet(keep)
    arcs = simulate_arcs(scenario).arcs
    if keep is not None:
        arcs.to_parquet(keep)
    return arcs


def pbo_days(path: Path, scenario: Scenario) -> tuple[np.ndarray, np.ndarray]:
    """Return days and moisture of the PBO H2O product during a scenario."""
    time, vwc = read_series(path).known("moisture")
    during = (time >= scenario.start) & (time < scenario.end)
    return time[during].astype("datetime64[D]"), vwc[during]


def hourly_truth(scenario: Scenario) -> pd.DataFrame:
    """Return moisture, temperature, frost and snow of a scenario by the hour, UTC."""
    ground = ground_series(scenario)
    names = ("moisture", "temperature_c", "frozen", "snow_depth_m")
    index = pd.DatetimeIndex(ground.time).tz_localize("UTC")
    return pd.DataFrame({name: getattr(ground, name) for name in names}, index)


def daily_mean(hourly: pd.Series, scenario: Scenario) -> tuple[np.ndarray, np.ndarray]:
    """Return the scenario's days and the mean of each."""
    daily = hourly.resample("1D").mean()
    days = daily.index.tz_localize(None).to_numpy().astype("datetime64[D]")
    inside = (days >= scenario.start) & (days < scenario.end)
    return days[inside], daily.to_numpy()[inside]


def once(fill: FillRows) -> FillRows:
    """Return a filler that learns once for each choice of training rows and reference."""
    known: dict[bytes, Any] = {}

    def filled(train: np.ndarray, vwc: np.ndarray) -> Any:
        key = train.tobytes() + vwc.tobytes()
        if key not in known:
            known[key] = fill(train, vwc)
        return known[key]

    return filled


def rivals(times: np.ndarray, vwc: np.ndarray, **forest: Any) -> dict[str, Any]:
    """Return the models that are compared; a star marks those fed by the reference.

    The reference of a day has the time of its row, the end of the day: dated inside the day, it
    would be taken for that of the day before.
    """
    return {
        "auto": make_model("auto", n_jobs=2, **forest),
        "fusion": make_model("fusion", n_jobs=2),
        "rf-mdi": make_model("rf-mdi", n_jobs=2, **forest),
        "linear": make_model("linear"),
        "mean-phase": make_model("mean-phase"),
        "climatology": make_model("climatology"),
        "persistence*": make_model("persistence", reference_times=times, reference_vwc=vwc),
        "time-interpolation*": make_model("time-interpolation"),
    }


def papers_rivals(**forest: Any) -> dict[str, Any]:
    """Return the models that the paper compares with its own: slower than the others."""
    return {
        "rf-mda": make_model("rf-mda", n_jobs=2, **forest),
        **{name: make_model(name) for name in ("svm", "rbf", "cnn")},
    }


def scored(
    models: Mapping[str, Any],
    fill: FillRows | np.ndarray,
    vwc: np.ndarray,
    times: np.ndarray,
    split: str | Sequence[Fold],
    seeds: Iterable[int] = SEEDS,
) -> pd.DataFrame:
    """Return the scores of models on all test rows, one row per model and seed."""
    folds = make_folds(times, split) if isinstance(split, str) else split
    found = evaluate(models, fill, vwc, times, folds, tuple(seeds))
    return found[found.fold == "all"]


def by_model(found: pd.DataFrame) -> pd.DataFrame:
    """Return the mean of each model over its seeds; with the spread where there are several."""
    rows = []
    for model, group in found.groupby("model", sort=False):
        row: dict[str, Any] = {"model": model, "n": int(group.n.iloc[0])}
        for name, shown in _FIGURES.items():
            mean = group[name].mean()
            row[shown] = float(mean)
            if len(group) > 1 and not np.isnan(mean):
                row[shown] = f"{mean:.3f} ± {group[name].std():.3f}"
        rows.append(row)
    return pd.DataFrame(rows)


def near_lowest(found: pd.DataFrame, model: str = "auto") -> tuple[bool, str]:
    """Return whether a model has the lowest RMSE or is within 5 % of it, and how it stands."""
    mean = found[found.ranked].groupby("model").rmse.mean()
    over = float(mean[model] / mean.min() - 1)
    return over <= 0.05, f"{mean[model]:.4f}, {over:+.1%} of {mean.idxmin()}"


def mean_of(found: pd.DataFrame, model: str, name: str) -> float:
    """Return a score of a model, averaged over seeds."""
    return float(found.loc[found.model == model, name].mean())
