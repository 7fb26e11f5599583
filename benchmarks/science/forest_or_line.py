"""When does a forest beat a line in all tracks, or one in their mean? The study of splits.py.

One thing at a time is changed in the scenario p041-2012: scatter of the arcs, share of bad tracks,
what plants turn all tracks by, and the length of the record. What changes were fixed before the
first run. Another draw of the scenario (noise, and the ground's slopes) shows how far chance goes.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from common import DAY, SEEDS, Section, arcs_of, mean_of, once, scored

from retrieval.fusion.evaluation import Fold, make_folds
from retrieval.fusion.features import daily_fill
from retrieval.fusion.models import make_model
from retrieval.simulation import Scenario

# With the seeds of the forest: they hardly matter, and blocks take five forests each.
SPLITS = {"time": SEEDS[:3], "blocks": SEEDS[:1]}
MODELS = ("rf-mdi", "linear", "mean-phase", "svm")
FIGURES = {"r": "R", "rmse": "RMSE", "bias": "bias", "ubrmse": "ubRMSE"}
SCATTER_DEG = (2.0, 4.0, 6.0, 10.0)
DELAYS = {0.0: "nothing", 0.2: "a fifth, as the scenario is", 1.0: "all, as first written"}
TRAIN_DAYS = (46, 100)
DRAWS = (99, 100)  # seeds of the scenario; its own is another

# As much bad ground again as the scenario has, of both its kinds: the phase drowns, or is dumb.
MORE_BAD = (
    {"azimuths": ((160.0, 210.0),), "scatter_deg": 40.0},
    {"azimuths": ((210.0, 240.0),), "response": 0.0},
)


def shortened(fold: Fold, times: np.ndarray, days: int) -> Fold:
    """Return a fold that trains on the rows nearest in time to its test, so many of them."""
    at, first, last = times[fold.train], times[fold.test].min(), times[fold.test].max()
    nearest = np.argsort(np.maximum(first - at, at - last), kind="stable")[:days]
    return replace(fold, train=fold.train[np.sort(nearest)])


class Conditions:
    """The scenario with its reference; what is found of it as it stands is found once."""

    def __init__(self, scenario: Scenario, days: np.ndarray, vwc: np.ndarray) -> None:
        self.scenario, self.days, self.vwc = scenario, days, vwc
        self.times = days + DAY
        self.arcs = arcs_of(scenario)
        self.usual = self.compared(self.arcs)

    def compared(
        self, arcs: pd.DataFrame, vegetation: bool = True, train_days: int | None = None
    ) -> pd.DataFrame:
        """Return the scores of all models under both splits."""
        fill = once(daily_fill(arcs, self.days, vegetation=vegetation))
        models = {
            name: make_model(name, **({"preset": "p041", "n_jobs": 2} if name == "rf-mdi" else {}))
            for name in MODELS
        }
        parts = []
        for split, seeds in SPLITS.items():
            folds = make_folds(self.times, split)
            if train_days is not None:
                folds = [shortened(fold, self.times, train_days) for fold in folds]
            found = scored(models, fill, self.vwc, self.times, folds, seeds)
            parts.append(found.assign(split=split))
        return pd.concat(parts)

    def changed(self, **changes: Any) -> pd.DataFrame:
        """Return the scores where the scenario is another."""
        return self.compared(arcs_of(self.scenario.changed(**changes)))

    def report(self, section: Section) -> None:
        """Add all tables."""
        folds = {split: make_folds(self.times, split) for split in SPLITS}
        section.say(
            f"{len(self.arcs)} arcs; split by time: {len(folds['time'][0].train)} days train, "
            f"{len(folds['time'][0].test)} test; blocks: "
            f"{min(len(one.train) for one in folds['blocks'])} to "
            f"{max(len(one.train) for one in folds['blocks'])} train. Forests are "
            "means of three seeds by time, and of one seed in blocks."
        )
        self._chance(section)
        scatter = {(f"{deg:g}",): self.changed(scatter={"phase_deg": deg}) for deg in SCATTER_DEG}
        table(section, "Scatter of the arcs", ["degrees"], scatter)
        self._bad_tracks(section)
        self._plants(section)
        length = {(str(n),): self.compared(self.arcs, train_days=n) for n in TRAIN_DAYS}
        table(
            section,
            "Length of the record: the days nearest to the test train",
            ["days"],
            {**length, ("all",): self.usual},
        )

    def _chance(self, section: Section) -> None:
        found = {("as everywhere below",): self.usual}
        found |= {(f"seed {seed}",): self.changed(seed=seed) for seed in DRAWS}
        table(section, "Chance: the same scenario, drawn anew", ["draw"], found)
        of_forest = (self.usual.split == "time") & (self.usual.model == "rf-mdi")
        spread = self.usual[of_forest].rmse.std()
        section.say(f"Spread of the forest's RMSE over its own seeds, by time: {spread:.4f}.")

    def _bad_tracks(self, section: Section) -> None:
        own = tuple(one.model_dump() for one in self.scenario.terrain)
        found = {}
        for terrain in ((), own, (*own, *MORE_BAD)):
            sectors = [sector for one in terrain for sector in one["azimuths"]]
            azimuth_deg = self.arcs.azimuth_deg.to_numpy()
            bad = np.zeros(len(azimuth_deg), bool)
            for first, last in sectors:
                bad |= (azimuth_deg >= first) & (azimuth_deg < last)
            as_it_is = terrain is own
            found[(f"{bad.mean():.0%}",)] = (
                self.usual if as_it_is else self.changed(terrain=terrain)
            )
        table(section, "Bad tracks", ["of the arcs"], found)

    def _plants(self, section: Section) -> None:
        found = {}
        for share, what in DELAYS.items():
            as_it_is = share == self.scenario.vegetation.delay_share
            arcs = (
                self.arcs
                if as_it_is
                else arcs_of(self.scenario.changed(vegetation={"delay_share": share}))
            )
            off = self.usual if as_it_is else self.compared(arcs)
            found[what, "taken off"] = off
            found[what, "left in, as printed"] = self.compared(arcs, vegetation=False)
            if not share:
                continue
            of_time = off[off.split == "time"]
            r, rmse = (mean_of(of_time, "rf-mdi", name) for name in ("r", "rmse"))
            section.bar(
                f"rf-mdi, split by time, plants delaying {what}: R, RMSE",
                ">= .92, <= .034",
                f"{r:.3f}, {rmse:.4f}",
                r >= 0.92 and rmse <= 0.034,
            )
        names = ["plants delay", "their part"]
        table(section, "What all tracks share: plants", names, found)


def table(
    section: Section,
    heading: str,
    names: list[str],
    found: Mapping[tuple[str, ...], pd.DataFrame],
) -> None:
    """Add a table of models by condition, split and score, with the best of each error."""
    rows = []
    for condition, scored_there in found.items():
        for split, part in scored_there.groupby("split", sort=False):
            for score, shown in FIGURES.items():
                figures = {name: mean_of(part, name, score) for name in MODELS}
                best = min(figures, key=figures.__getitem__) if "rmse" in score else ""
                values = [
                    f"{value:.3f}" if score == "r" else f"{value:.4f}" for value in figures.values()
                ]
                rows.append((*condition, split, shown, *values, best))
    columns = [*names, "split", "score", *MODELS, "best"]
    section.table(heading, pd.DataFrame(rows, columns=columns))
