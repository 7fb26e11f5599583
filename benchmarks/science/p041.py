"""P041 in 2012: simulated SNR under the real reference, the paper's first experiment.

    python benchmarks/science/p041.py --arcs p041.parquet --out benchmarks/science/RESULTS.md

Arcs are simulated with the soil moisture of PBO H2O as truth (arcs without files) and kept in the
file given with --arcs. Reference of a day is the product's value. Models and settings are those of
the library: nothing is tuned here. Takes some ten minutes on two cores. The paper's rivals are the
matter of all_models.py; scatter, bad tracks, plants and the length of the record that of splits.py.
"""

import tempfile
from datetime import datetime
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
    daily_mean,
    hourly_truth,
    mean_of,
    near_lowest,
    once,
    options,
    pbo_days,
    rivals,
    scored,
)
from scipy.stats import spearmanr

from retrieval.fusion.evaluation import make_folds, permuted_r
from retrieval.fusion.features import daily_fill
from retrieval.fusion.importance import azimuth_sectors, permutation_importance, top_tracks
from retrieval.fusion.models import make_model
from retrieval.fusion.rows import daily_rows
from retrieval.fusion.trained import TrainedModel, train
from retrieval.simulation import Scenario, load_scenario
from retrieval.validation import scores

SECTORS = ((36, 51, 0.61), (111, 155, 0.19), (284, 325, 0.22))  # table 4 of the paper: mean R


class Experiment:
    """The scenario, its arcs and reference, and a forest trained on the first 70 % of the days."""

    def __init__(self, scenario: Scenario, arcs: pd.DataFrame, days: Any, vwc: Any) -> None:
        self.scenario, self.arcs, self.days, self.vwc = scenario, arcs, days, vwc
        self.times = days + DAY
        self.fold = make_folds(self.times, "time")[0]
        self.test_days, self.test_vwc = days[self.fold.test], vwc[self.fold.test]
        self.models = [self._train(seed) for seed in SEEDS]

    def _train(self, seed: int) -> TrainedModel:
        rows = self.fold.train
        return train(self.arcs, self.days[rows], self.vwc[rows], preset="p041", seed=seed, n_jobs=2)

    def errors_of_test(self, arcs: pd.DataFrame) -> Any:
        """Return RMSE and ubRMSE of each seed's model on the test days, (seeds, 2), arcs given."""
        found = [
            scores(self.test_vwc, model.estimate_days(arcs, self.test_days).vwc)
            for model in self.models
        ]
        return np.array([(one.rmse, one.ubrmse) for one in found])


def splits(run: Experiment, section: Section) -> None:
    """Compare models split by time and in blocks."""
    fill = once(daily_fill(run.arcs, run.days))
    models = rivals(run.times, run.vwc, preset="p041")
    for split, what in (("time", "Split by time, 70 to 30"), ("blocks", "Five blocks of time")):
        found = scored(models, fill, run.vwc, run.times, split)
        section.table(f"{what}; mean ± spread of five seeds", by_model(found))
        met, told = near_lowest(found)
        name = f"auto, split by {split}, RMSE beside the lowest"
        section.bar(name, "lowest, or within 5 %", told, met)
        if split == "blocks":
            continue
        r, rmse = mean_of(found, "rf-mdi", "r"), mean_of(found, "rf-mdi", "rmse")
        best = mean_of(found, "auto", "rmse")
        section.bar("auto, split by time, RMSE", "<= .025", f"{best:.4f}", best <= 0.025)
        ubrmse = {name: mean_of(found, name, "ubrmse") for name in models}
        section.bar("rf-mdi, split by time, R", ">= .92", f"{r:.3f}", r >= 0.92)
        section.bar("rf-mdi, split by time, RMSE", "<= .034", f"{rmse:.4f}", rmse <= 0.034)
        for rival in ("mean-phase", "linear"):
            section.bar(
                f"ubRMSE of rf-mdi below {rival}, or the reason by splits.py",
                f"< {ubrmse[rival]:.4f}",
                f"{ubrmse['rf-mdi']:.4f}",
                ubrmse["rf-mdi"] < ubrmse[rival],
            )
    section.say("\\* fed by the reference, which a station lacks: shown, not ranked.")


def held_out(run: Experiment, section: Section) -> None:
    """Shuffle sectors and tracks of the test days, beside the weights of the training."""
    table = run.models[0].features.table
    sectors = azimuth_sectors(np.mod(table.first_deg + 0.5 * table.width_deg, 360.0))
    of_sectors, of_tracks = [], np.full((len(run.models), len(table)), np.nan)
    for k, model in enumerate(run.models):
        days = daily_rows(table, run.arcs, run.test_days)
        top = top_tracks(model.weights)
        rise = permutation_importance(
            model.model,
            model.features.columns(days),
            run.test_vwc,
            days.time,
            [*sectors.values(), *top],
        ).rise
        of_sectors.append(rise[: len(sectors)])
        of_tracks[k, np.concatenate(top)] = rise[len(sectors) :]
    weights = np.mean([model.weights for model in run.models], axis=0)
    rises, held = np.mean(of_sectors, axis=0), [weights[one].mean() for one in sectors.values()]
    rows = [
        (f"{first:.0f} to {first + 30:.0f}", len(one), float(weight), f"{1e4 * rise:+.3f}")
        for (first, one), weight, rise in zip(sectors.items(), held, rises, strict=True)
    ]
    names = ["azimuth, deg", "tracks", "mean MDI weight", "rise of MSE, 1e-4"]
    section.table(
        "Sectors shuffled together on the test days (five seeds, ten shuffles)",
        pd.DataFrame(rows, columns=names),
    )
    always = np.isfinite(of_tracks).all(axis=0)
    single = float(spearmanr(weights[always], of_tracks[:, always].mean(axis=0)).statistic)
    section.say(
        f"Rank correlation with the MDI weight: {float(spearmanr(held, rises).statistic):.2f} over "
        f"{len(rows)} sectors; {single:.2f} over the {int(always.sum())} tracks that are among the "
        "50 heaviest of every seed, shuffled one by one."
    )


def importance(run: Experiment, section: Section) -> None:
    """Compare the weights of tracks with the correlation of their phases."""
    table = run.models[0].features.table
    weights = np.mean([model.weights for model in run.models], axis=0)
    anomaly_deg = daily_rows(table, run.arcs, run.days).anomaly_deg

    def correlation(rows: Any) -> Any:
        found = np.full(len(table), np.nan)
        for track, phase_deg in enumerate(anomaly_deg[rows].T):
            known = np.isfinite(phase_deg)
            if known.sum() >= 10:
                found[track] = abs(np.corrcoef(phase_deg[known], run.vwc[rows][known])[0, 1])
        return found

    rows = []
    for what, part in (("training days", run.fold.train), ("test days", run.fold.test)):
        r = correlation(part)
        known = np.isfinite(r)
        rho = float(spearmanr(weights[known], r[known]).statistic)
        rows.append((what, int(known.sum()), rho))
        if what == "training days":
            section.bar("Spearman, MDI weight and |R| per track", "> .5", f"{rho:.2f}", rho > 0.5)
    names = ["|R| over", "tracks", "Spearman with MDI weight"]
    section.table("MDI weight and |R| of each track", pd.DataFrame(rows, columns=names))

    r = correlation(np.arange(len(run.days)))
    azimuth_deg = np.mod(table.first_deg + 0.5 * table.width_deg, 360.0)
    rows = []
    for first, last, paper in SECTORS:
        held = (azimuth_deg >= first) & (azimuth_deg <= last)
        mean_r, mean_weight = float(np.nanmean(r[held])), float(weights[held].mean())
        rows.append((f"{first} to {last}", int(held.sum()), mean_r, mean_weight, paper))
    names = ["azimuth, deg", "tracks", "mean |R|", "mean MDI weight", "mean R in table 4"]
    section.table("Sectors of the paper's table 4", pd.DataFrame(rows, columns=names))
    good, *bad = rows
    for name, place in (("|R|", 2), ("MDI weight", 3)):
        section.bar(
            f"sectors ordered as in table 4, mean {name}",
            "36-51 > 284-325 > 111-155",
            " > ".join(f"{row[place]:.2f}" for row in (good, bad[1], bad[0])),
            good[place] > bad[1][place] > bad[0][place],
        )


def missing(run: Experiment, section: Section) -> None:
    """Take tracks away in the test: at random by day, for all of it, and by a new satellite."""
    table = run.models[0].features.table
    placed = table.place(run.arcs)
    track = np.full(len(run.arcs), -1)
    track[placed.row] = placed.track
    middle = (run.arcs.start + (run.arcs.end - run.arcs.start) / 2).dt.tz_localize(None)
    day = (middle.to_numpy().astype("datetime64[D]") - run.days[0]).astype(int)
    full = run.errors_of_test(run.arcs)
    rows = [("none", f"{full[:, 0].mean():.4f}", "", f"{full[:, 1].mean():.4f}", "")]

    def add(what: str, errors: Any, usual: Any) -> float:
        """Add a row of (draws, seeds, 2) errors beside the (seeds, 2) usual ones."""
        mean = errors.mean(axis=(0, 1))
        rise = (errors / usual - 1).mean(axis=(0, 1))
        rows.append(
            (what, f"{mean[0]:.4f}", f"{rise[0]:+.1%}", f"{mean[1]:.4f}", f"{rise[1]:+.1%}")
        )
        return float(rise[0])

    for what, daily in (("30 %, others each day", True), ("30 %, the same all through", False)):
        draws = []
        for draw in range(5):
            random = np.random.default_rng(draw)
            gone = random.random((day.max() + 1, len(table))) < 0.3
            if not daily:
                gone[:] = gone[0]
            draws.append(run.errors_of_test(run.arcs[(track < 0) | ~gone[day, track]]))
        rise = add(what, np.array(draws), full)
        if daily:
            section.bar("30 % of tracks missing at random", "<= 5 %", f"{rise:+.1%}", rise <= 0.05)

    satellite = np.array([one.split("-")[0] for one in table.identity])
    weights = np.mean([model.weights for model in run.models], axis=0)
    heaviest = max(np.unique(satellite), key=lambda one: weights[satellite == one].sum())
    event = {
        "kind": "replaced",
        "satellite": heaviest,
        "by": heaviest,
        "start": datetime(2012, 11, 1),
    }
    replaced = arcs_of(run.scenario.changed(sky={"event": (event,)}))
    later = run.test_days >= np.datetime64("2012-11-01")
    both, known = [], True
    for arcs in (run.arcs, replaced):
        said = [model.estimate_days(arcs, run.test_days) for model in run.models]
        known = known and all(np.isfinite(one.vwc).all() for one in said)
        found = [scores(run.test_vwc[later], one.vwc[later]) for one in said]
        both.append(np.array([(one.rmse, one.ubrmse) for one in found]))
    add("as it was, days from 1 November", both[0][None], both[0])
    rise = add(f"{heaviest} replaced, days from 1 November", both[1][None], both[0])
    section.bar(
        "a satellite replaced in mid-test does not break it",
        "estimates on all days, RMSE <= 5 % up",
        f"{'all' if known else 'not all'} days, {rise:+.1%}",
        known and rise <= 0.05,
    )
    section.table(
        "Tracks missing in the test (five seeds, five draws)",
        pd.DataFrame(rows, columns=["missing", "RMSE", "rise", "ubRMSE", "its rise"]),
    )


def grid_times(run: Experiment, section: Section) -> None:
    """Compare estimates every 3 hours with the day behind them and with the hour itself."""
    hourly = hourly_truth(run.scenario).moisture
    trailing = hourly.rolling("24h").mean()
    first, last = run.test_days[0], run.test_days[-1] + DAY
    times = pd.date_range(first, last, freq="3h", tz="UTC", inclusive="right")
    behind = (times - pd.Timedelta("1ns")).tz_localize(None).to_numpy().astype("datetime64[D]")
    times = times[np.isin(behind, run.test_days)]
    _, truth = daily_mean(hourly, run.scenario)
    all_days = run.scenario.start.astype("datetime64[D]") + np.arange(len(truth))
    truth = truth[np.searchsorted(all_days, run.test_days)]
    rows: list[tuple[Any, ...]] = []
    for what in ("daily", "trailing", "instantaneous"):
        found = []
        for model in run.models:
            if what == "daily":
                said = model.estimate_days(run.arcs, run.test_days)
                found.append(scores(truth, said.vwc, said.vwc_lower, said.vwc_upper))
                continue
            said = model.estimate(run.arcs, times)
            against = (trailing if what == "trailing" else hourly).reindex(times)
            found.append(scores(against, said.vwc, said.vwc_lower, said.vwc_upper))
        figures = pd.DataFrame([one.as_dict() for one in found]).astype(float).mean()
        rows.append((what, int(figures.n), *figures[["r", "rmse", "bias", "ubrmse", "coverage"]]))
    names = ["truth", "n", "R", "RMSE", "bias", "ubRMSE", "coverage"]
    shown = pd.DataFrame(rows, columns=names)
    shown["truth"] = [
        "mean of the day, daily estimates",
        "mean of 24 h up to the time, every 3 h",
        "the hour itself, every 3 h",
    ]
    section.table("Estimates at grid times of the test days", shown)
    ratio, now = (float(rows[k][3] / rows[0][3]) for k in (1, 2))
    section.bar("RMSE at grid times over that of days", "<= 1.15", f"{ratio:.2f}", ratio <= 1.15)
    section.say(f"Against the hour itself the ratio is {now:.2f}.")


def steps(run: Experiment, section: Section, folder: Any) -> None:
    """Let moisture rise at once and see how much of it has arrived 6 hours later."""
    start = np.datetime64("2012-10-01T00", "h")
    hours = np.arange(start, start + 56 * 24)
    rows = []
    for low, rise in ((0.05, 0.10), (0.10, 0.10), (0.10, 0.20), (0.20, 0.15)):
        # A week for each: dry, then wet for three days, beginning at another hour each time.
        at = [start + np.timedelta64(7 * 24 * k + 72 + 3 * k, "h") for k in range(8)]
        vwc = np.full(len(hours), low)
        for one in at:
            vwc[(hours >= one) & (hours < one + np.timedelta64(72, "h"))] = low + rise
        path = folder / "steps.csv"
        stamps = [f"{hour}:00:00Z" for hour in hours]
        pd.DataFrame({"time": stamps, "vwc": vwc}).to_csv(path, index=False)
        arcs = arcs_of(
            run.scenario.changed(
                time={"start": start.astype("datetime64[D]").item(), "days": 56},
                moisture={"path": path},
            )
        )
        begin = pd.DatetimeIndex(np.array(at, "datetime64[ns]")).tz_localize("UTC")
        shares = []
        for after in (3, 6, 12, 24):
            moved = [
                model.estimate(arcs, begin + pd.Timedelta(hours=after)).vwc
                - model.estimate(arcs, begin).vwc
                for model in run.models
            ]
            shares.append(np.array(moved) / rise)
        within = [f"{share.mean():.2f}" for share in shares]
        rows.append((f"{low:.2f} to {low + rise:.2f}", *within, shares[1].mean(axis=0).min()))
    names = ["step", "3 h", "6 h", "12 h", "24 h", "least of 8 at 6 h"]
    section.table(
        "Share of a step that the estimate has covered (8 steps at hours 0, 3 ... 21)",
        pd.DataFrame(rows, columns=names),
    )
    worst = min(float(row[2]) for row in rows)
    least = min(row[-1] for row in rows)
    section.bar(
        "6 h after a step of >= .10, mean over the hours of the day",
        ">= 40 %",
        f"{worst:.0%} or more; single steps {least:.0%} or more",
        worst >= 0.4,
    )
    section.say(
        "The steps are made: the real reference is daily, and between its values the truth of the "
        "simulation moves in straight lines."
    )


def leakage(run: Experiment, section: Section) -> None:
    """Shuffle the reference in time: nothing must be left to know."""
    fill = once(daily_fill(run.arcs, run.days))
    rows = []
    for name, model in (
        ("rf-mdi, 30 trees", make_model("rf-mdi", trees=30, min_leaf=3, n_jobs=2)),
        ("linear", make_model("linear")),
        ("mean-phase", make_model("mean-phase")),
    ):
        r = permuted_r(model, fill, run.vwc, run.times, run.fold, permutations=40)
        mean = float(np.nanmean(r))
        error = float(np.nanstd(r) / np.sqrt(np.isfinite(r).sum()))
        rows.append((name, mean, error, float(np.abs(r).max())))
        if name.startswith("rf"):
            section.bar("40 permutations, |mean R|", "< .05", f"{mean:+.3f}", abs(mean) < 0.05)
    names = ["model", "mean R", "its standard error", "largest |R|"]
    section.table("Reference shuffled in time, 40 times", pd.DataFrame(rows, columns=names))


def main() -> None:
    asked = options(__doc__, "arcs", "reference")
    path = asked.reference or asked.data / "reference" / "p041_v1.csv.gz"
    scenario = load_scenario("p041-2012", moisture={"path": path})
    arcs = arcs_of(scenario, asked.arcs)
    days, vwc = pbo_days(path, scenario)
    section = Section("P041, 2012", "SIMULATED SNR, real reference (PBO H2O)")
    run = Experiment(scenario, arcs, days, vwc)
    section.say(
        f"{len(arcs)} arcs, {len(days)} days with a reference; trained on the first "
        f"{len(run.fold.train)} (to {days[run.fold.train[-1]]}, mean "
        f"{vwc[run.fold.train].mean():.3f}), tested on {len(run.fold.test)} (mean "
        f"{run.test_vwc.mean():.3f}, standard deviation {run.test_vwc.std():.3f}); "
        f"{len(run.models[0].features.table)} tracks."
    )
    splits(run, section)
    importance(run, section)
    held_out(run, section)
    missing(run, section)
    grid_times(run, section)
    with tempfile.TemporaryDirectory() as folder:
        steps(run, section, Path(folder))
    leakage(run, section)
    section.write(asked.out)


if __name__ == "__main__":
    main()
