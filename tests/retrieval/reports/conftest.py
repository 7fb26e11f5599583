import numpy as np
import pytest

from retrieval.fusion.evaluation import make_folds, run_models, score_runs
from retrieval.fusion.features import daily_fill
from retrieval.fusion.models import make_model
from retrieval.reports.study import make_study
from retrieval.simulation import simulate_arcs
from retrieval.simulation.ground.hourly import ground_series

MODELS = ("rf-mdi", "mean-phase", "time-interpolation")
DAY = np.timedelta64(1, "D")


class Field:
    """Sixty days of six satellites, and what three models made of them."""

    def __init__(self, scenario):
        ground = ground_series(scenario)
        self.arcs = simulate_arcs(scenario).arcs
        day = ground.time.astype("datetime64[D]")
        self.days = np.unique(day)[1:-1]
        self.vwc = np.array([ground.moisture[day == one].mean() for one in self.days])
        self.times = (self.days + DAY).astype("datetime64[ns]")

    def study(self, split="time", vwc=None, arcs=None, seeds=(0,), models=MODELS, **others):
        vwc = self.vwc if vwc is None else vwc
        arcs = self.arcs if arcs is None else arcs
        folds = make_folds(self.times, split)
        settings = {name: {"preset": "lm"} if name == "rf-mdi" else {} for name in models}
        chosen = {name: make_model(name, **own) for name, own in settings.items()}
        fill = daily_fill(arcs, self.days)
        runs = run_models(chosen, fill, vwc, self.times, folds, seeds)
        options = {
            "station": "fild",
            "reference_kind": "CSV, means of UTC days",
            "split": split,
            "preset": "lm",
            "tree_counts": (1, 10, 40),
        }
        scores = score_runs(runs, vwc, folds)
        return make_study(arcs, self.days, vwc, folds, runs, scores, **(options | others))


@pytest.fixture(scope="session")
def field(field_scenario):
    return Field(field_scenario(60))


@pytest.fixture(scope="session")
def study(field):
    return field.study(seeds=(0, 1))
