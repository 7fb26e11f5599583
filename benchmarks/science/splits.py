"""How honest is a score? What splits give away, what needs no satellite, and when a forest pays.

    python benchmarks/science/splits.py --out benchmarks/science/RESULTS.md

The numbers behind docs/evaluation.md, in two sections: real references alone, and simulated arcs
(forest_or_line.py). A random split is made here, to show what it hides, and nowhere else: the
library has none. Models and settings are those of the library and of p041_record.py. Takes a
quarter of an hour on two cores.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from common import DAY, SEEDS, Section, by_model, mean_of, options, pbo_days, scored
from forest_or_line import Conditions
from p041_record import PAIR, SPLIT, beside_probes, filled

from retrieval.fusion.evaluation import Fold, make_folds
from retrieval.fusion.models import make_model
from retrieval.simulation import load_scenario
from retrieval.validation import scores

REPEATS = 10
# Table 2 of Jiang et al. (2024) for P041: R, RMSE (m3 m-3); RF-MDA is of its table 3.
PAPER = {
    "RF-MDI": (0.94, 0.032),
    "SVM": (0.89, 0.048),
    "RBF": (0.81, 0.072),
    "CNN": (0.83, 0.062),
    "RF-MDA": (0.91, 0.042),
}


def shuffled_folds(times: np.ndarray, split: str, seed: int) -> list[Fold]:
    """Return the folds of a split as if the days had come in another order: what never to do."""
    order = np.random.default_rng(seed).permutation(len(times))
    return [
        replace(fold, train=np.sort(fold.train), test=np.sort(fold.test))
        for fold in make_folds(times[order], split, gap_days=0.0)
    ]


def without_satellite(section: Section, days: np.ndarray, vwc: np.ndarray) -> None:
    """Score what the reference says of itself."""
    times = days + DAY
    nothing = np.zeros((len(times), 1))
    models = {
        "climatology": make_model("climatology"),
        "persistence*": make_model("persistence", reference_times=times, reference_vwc=vwc),
        "time-interpolation*": make_model("time-interpolation"),
    }
    train, test = (vwc[rows] for rows in _time_rows(times))
    section.say(
        f"PBO H2O of P041 in 2012: {len(vwc)} days, mean {vwc.mean():.3f}, standard deviation "
        f"{vwc.std():.3f}. First 70 %: {len(train)} days, mean {train.mean():.3f}, standard "
        f"deviation {train.std():.3f}. Last 30 %: {len(test)} days, mean {test.mean():.3f}, "
        f"standard deviation {test.std():.3f}."
    )
    for split, what in (("time", "First 70 % train, last 30 % test"), ("blocks", "Five blocks")):
        found = scored(models, nothing, vwc, times, split)
        section.table(f"No satellite: {what}", _five(by_model(found)))
    found = pd.concat(
        scored(models, nothing, vwc, times, shuffled_folds(times, "time", seed))
        for seed in range(REPEATS)
    )
    section.table(
        f"No satellite: 70 % of the days drawn at random train, {REPEATS} draws",
        _five(by_model(found)).drop(columns="n"),
    )
    section.say("\\* fed by the reference, which a station lacks.")


def leaked(section: Section, data: Path) -> None:
    """Shuffle the days of the real record, and leave years out."""
    record = beside_probes(data)
    columns = record.arms["weather alone"]
    arms: dict[str, tuple[np.ndarray, dict[str, Any]]] = {
        "baselines": (
            columns,
            {name: make_model(name) for name in ("climatology", "time-interpolation")},
        )
    }
    for name in ("GNSS alone", "weather alone", PAIR):
        models = {
            name: make_model("rf-mdi", preset="p041", n_jobs=2),
            f"{name}, linear": make_model("linear"),
        }
        arms[name] = (record.arms[name], models)
    honest, dishonest = [], []
    years = make_folds(record.days, SPLIT)
    for columns, models in arms.values():
        fill = filled(columns)
        honest.append(scored(models, fill, record.vwc, record.times, years, SEEDS[:3]))
        for seed in SEEDS[:3]:
            folds = shuffled_folds(record.days, SPLIT, seed)
            dishonest.append(scored(models, fill, record.vwc, record.times, folds, (seed,)))
    apart, mixed = pd.concat(honest), pd.concat(dishonest)
    said = scores(record.vwc, record.product)
    rows = [("PBO product as it is", said.r, said.rmse, said.r, said.rmse)]
    for name in apart.model.unique():
        figures = [mean_of(one, name, figure) for one in (mixed, apart) for figure in ("r", "rmse")]
        rows.append((f"{name}*" if name == "time-interpolation" else name, *figures))
    names = ["model", "R, days shuffled", "RMSE", "R, years left out", "RMSE, years left out"]
    section.table(
        f"Beside the probes, {len(record.vwc)} days of five years; three seeds and draws",
        pd.DataFrame(rows, columns=names),
    )
    section.say(
        "Shuffled folds have as many days as the years. Models without a further word are forests."
    )


def left_to_bias(r: float, rmse: float, spread: float) -> tuple[float, float, float]:
    """Return what a correlation and an error say of the bias that is not told.

    With e the standard deviation of the estimates and s that of the reference,
    rmse^2 - bias^2 = ubrmse^2 = s^2 + e^2 - 2 r s e.

    Returns
    -------
    ubrmse, bias : float
        For e = s; the bias without its sign.
    unbiased : float
        e / s of estimates without any bias.
    """
    ubrmse = spread * np.sqrt(2 * (1 - r))
    bias = np.sqrt(rmse**2 - ubrmse**2)
    return float(ubrmse), float(bias), float(r + np.sqrt(r**2 - 1 + (rmse / spread) ** 2))


def reading_table_2(section: Section, days: np.ndarray, vwc: np.ndarray) -> None:
    """Say how much of the paper's errors its own correlations leave to bias."""
    _, test = _time_rows(days)
    s = float(vwc[test].std())
    rows = []
    for model, (r, rmse) in PAPER.items():
        ubrmse, bias, unbiased = left_to_bias(r, rmse, s)
        rows.append((model, f"{r:.2f}", rmse, ubrmse, bias, f"{bias**2 / rmse**2:.0%}", unbiased))
    names = [
        "model",
        "R, printed",
        "RMSE, printed",
        "ubRMSE",
        "bias, either way",
        "bias in RMSE squared",
        "spread that needs no bias",
    ]
    section.table(
        "Table 2 of the paper, P041: printed figures and what they leave to bias",
        pd.DataFrame(rows, columns=names),
    )
    section.say(
        "Worked out of the printed figures, for estimates that vary on the test days as much as "
        f"the reference does there ({s:.3f}). Last column: how many times as much they would have "
        "to vary if there were no bias at all."
    )


def _time_rows(times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    fold = make_folds(times, "time")[0]
    return fold.train, fold.test


def _five(table: pd.DataFrame) -> pd.DataFrame:
    return table.drop(columns=["coverage", "width"])


def main() -> None:
    asked = options(__doc__, "reference")
    path = asked.reference or asked.data / "reference" / "p041_v1.csv.gz"
    scenario = load_scenario("p041-2012", moisture={"path": path})
    days, vwc = pbo_days(path, scenario)
    real = Section(
        "How to judge: real references",
        "REAL data: PBO H2O product, NLDAS weather, probes at 2.5 cm; no signal is simulated",
    )
    without_satellite(real, days, vwc)
    leaked(real, asked.data)
    reading_table_2(real, days, vwc)
    real.write(asked.out)
    simulated = Section("How to judge: forest or line", "SIMULATED SNR, real reference (PBO H2O)")
    Conditions(scenario, days, vwc).report(simulated)
    simulated.write(asked.out)


if __name__ == "__main__":
    main()
