"""All models on all scenarios, split by time and in blocks: who is first where, and who last?

    python benchmarks/science/all_models.py --out benchmarks/science/RESULTS.md

Arcs without files. The reference of a day is the PBO H2O product in p041-2012 and the mean of the
simulated moisture elsewhere; days of frost or snow are left out of frozen-winter. Forests have the
paper's sizes, as in p041.py and scenarios.py, everything else is as the library has it: nothing is
tuned here. Models that draw are trained with five seeds.

--arcs FOLDER keeps the arcs of each scenario, --scores FOLDER its scores, and takes what is there.
The section is written anew after each scenario. Takes over an hour on two cores.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from common import (
    DAY,
    SEEDS,
    Section,
    arcs_of,
    by_model,
    once,
    options,
    papers_rivals,
    pbo_days,
    rivals,
    scored,
)
from scenarios import PRESETS, Season

from retrieval.fusion.features import daily_fill
from retrieval.simulation import load_scenario

FIRST = "p041-2012"
SPLITS = ("time", "blocks")
ORDER = (
    *("auto", "fusion", "rf-mdi", "rf-mda", "svm", "rbf", "cnn", "linear", "mean-phase"),
    *("climatology", "persistence*", "time-interpolation*"),
)
_SHOWN = ["model", "seed", "ranked", "n", "r", "rmse", "mae", "bias", "ubrmse", "coverage", "width"]


def record(name: str, arcs: Path | None, data: Path) -> tuple[pd.DataFrame, Any, Any]:
    """Return the arcs of a scenario, its days and their reference, m3 m-3."""
    keep = None if arcs is None else arcs / f"{name}.parquet"
    if name == FIRST:
        path = data / "reference" / "p041_v1.csv.gz"
        scenario = load_scenario(name, moisture={"path": path})
        return arcs_of(scenario, keep), *pbo_days(path, scenario)
    season = Season(name, keep)
    chosen = season.thawed() if name == "frozen-winter" else (season.days, season.vwc)
    return season.arcs, *chosen


def scores_of(name: str, asked: Any) -> pd.DataFrame:
    """Return the scores of all models on a scenario, or take them from where they were kept."""
    keep = None if asked.scores is None else asked.scores / f"{name}.csv"
    if keep is not None and keep.exists():
        return pd.read_csv(keep)
    arcs, days, vwc = record(name, asked.arcs, asked.data)
    times, fill = days + DAY, once(daily_fill(arcs, days))
    preset = PRESETS.get(name, "p041")
    models = rivals(times, vwc, preset=preset) | papers_rivals(preset=preset)
    models = {one: models[one] for one in ORDER}
    parts = []
    for split in SPLITS:
        found = scored(models, fill, vwc, times, split)[_SHOWN]
        parts.append(found.assign(scenario=name, split=split, days=len(days), spread=vwc.std()))
    table = pd.concat(parts)
    if keep is not None:
        table.to_csv(keep, index=False)
    return table


def column(one: pd.DataFrame, name: str) -> pd.Series:
    """Return a score of each model on one scenario and split, the mean over its seeds."""
    return one.groupby("model")[name].mean()


def rank(one: pd.DataFrame, model: str) -> str:
    """Return the place of a model by RMSE among those that are not fed by the reference."""
    rmse = column(one[one.ranked], "rmse").sort_values()
    return f"{list(rmse.index).index(model) + 1} of {len(rmse)}"


def compact(found: Mapping[tuple[str, str], pd.DataFrame]) -> pd.DataFrame:
    """Return the RMSE of each model (rows) on each scenario and split, the lowest marked."""
    shown = pd.DataFrame({"model": ORDER})
    for (name, split), one in found.items():
        rmse = column(one, "rmse")
        lowest = column(one[one.ranked], "rmse").idxmin()
        shown[f"{name}, {split}"] = [
            f"**{rmse[model]:.4f}**" if model == lowest else f"{rmse[model]:.4f}" for model in ORDER
        ]
    places = [rank(one, "rf-mdi") for one in found.values()]
    shown.loc[len(shown)] = ["place of rf-mdi", *places]
    return shown


def parted(found: Mapping[tuple[str, str], pd.DataFrame]) -> pd.DataFrame:
    """Return ubRMSE and bias of each model (rows) on each scenario and split."""
    shown = pd.DataFrame({"model": ORDER})
    for (name, split), one in found.items():
        ubrmse, bias = column(one, "ubrmse"), column(one, "bias")
        shown[f"{name}, {split}"] = [f"{ubrmse[row]:.4f} / {bias[row]:+.4f}" for row in ORDER]
    return shown


def report(done: list[pd.DataFrame]) -> Section:
    """Return the section of the scenarios that are done."""
    section = Section("All models", "SIMULATED SNR; p041-2012 with real reference, others made")
    found = {
        (one.scenario.iloc[0], split): one[one.split == split] for one in done for split in SPLITS
    }
    sizes = [
        f"{one.scenario.iloc[0]} {one.days.iloc[0]} days, {one.spread.iloc[0]:.3f}" for one in done
    ]
    section.say(
        "`time`: first 70 % of the days train, the rest tests; `blocks`: five blocks left out in "
        f"turn. Days and standard deviation of the reference: {'; '.join(sizes)}."
    )
    section.table(f"RMSE, m3 m-3; mean of {len(SEEDS)} seeds where a model draws", compact(found))
    section.say(
        "Bold: the lowest of those that are not fed by the reference (*), among which `rf-mdi` has "
        "the place in the last row."
    )
    of_seeds = [
        (float(spread), f"{model} on {name}, {split}")
        for (name, split), one in found.items()
        for model, spread in one.groupby("model").rmse.std().dropna().items()
    ]
    most = max(of_seeds)
    middle = float(np.median([spread for spread, _ in of_seeds]))
    section.say(
        f"Spread of the RMSE over seeds: {middle:.4f} in the median, {most[0]:.4f} at most "
        f"({most[1]})."
    )
    section.table("ubRMSE / bias, m3 m-3", parted(found))
    if (FIRST, "time") in found:
        section.table(f"{FIRST}, split by time: all scores", by_model(found[FIRST, "time"]))
    return section


def main() -> None:
    asked = options(__doc__, "arcs", "scores")
    done: list[pd.DataFrame] = []
    for folder in (asked.arcs, asked.scores):
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
    for name in (FIRST, *PRESETS):
        done.append(scores_of(name, asked))
        report(done).write(asked.out)


if __name__ == "__main__":
    main()
