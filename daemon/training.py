"""Training and judging models of a station: what ``soilglint train`` and ``evaluate`` do."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from daemon.errors import UsageError
from daemon.files import written_whole
from daemon.training_record import Record
from retrieval.fusion.auto_model import Auto
from retrieval.fusion.columns import Floats
from retrieval.fusion.evaluation import FillRows, Fold, Run, make_folds, run_models, score_runs
from retrieval.fusion.features import daily_fill
from retrieval.fusion.models import FORESTS, MODEL_NAMES, make_model
from retrieval.fusion.prediction import FilledRows, MoistureModel
from retrieval.fusion.trained import TrainedModel

__all__ = [
    "Judgement",
    "check_models",
    "judge",
    "training_summary",
    "write_scores",
]

_SHOWN_TRACKS = 5
_DAY = np.timedelta64(1, "D")


@dataclass(frozen=True, eq=False)
class Judgement:
    """What models said of days that did not train them.

    Attributes
    ----------
    folds : list of Fold
        How the days were parted.
    runs : list of Run
        Of each model and seed.
    scores : DataFrame
        Of the runs (`retrieval.fusion.evaluation.score_runs`).
    """

    folds: list[Fold]
    runs: list[Run]
    scores: pd.DataFrame


def judge(
    record: Record,
    names: Sequence[str],
    split: str,
    seeds: Sequence[int],
    preset: str | None = None,
    vegetation: bool = True,
) -> Judgement:
    """Score models on days that did not train them; see `retrieval.fusion.evaluation`.

    `vegetation` is that of `retrieval.fusion.features.daily_fill`.

    Raises
    ------
    InputError
        A model is not known, or the days cannot be split so.
    """
    reference = record.reference
    ends = (reference.day + _DAY).astype("datetime64[ns]")
    folds = make_folds(ends, split)
    fill = _remembered(
        daily_fill(record.arcs, reference.day, record.weather, vegetation=vegetation)
    )
    models = {name: _model(name, record, preset) for name in names}
    # On one thread linear algebra adds up in one order, whatever the machine.
    with threadpool_limits(limits=1, user_api="blas"):
        runs = run_models(models, fill, reference.vwc, ends, folds, seeds)
    return Judgement(folds, runs, score_runs(runs, reference.vwc, folds))


def _remembered(fill: FillRows) -> FillRows:
    """Return what fills a fold's rows once, whatever models and seeds ask for them."""
    filled: dict[bytes, FilledRows] = {}

    def remembering(train: NDArray[np.intp], vwc: Floats) -> FilledRows:
        key = train.tobytes() + vwc.tobytes()
        if key not in filled:
            filled[key] = fill(train, vwc)
        return filled[key]

    return remembering


def check_models(names: Sequence[str]) -> None:
    """Refuse names that no model has.

    Raises
    ------
    UsageError
        A name is not known.
    """
    for name in names:
        if name not in MODEL_NAMES:
            raise UsageError(f"--models {name}: expected some of {', '.join(MODEL_NAMES)}")


def _model(name: str, record: Record, preset: str | None) -> MoistureModel:
    """Return an untrained model."""
    if name in FORESTS:
        return make_model(name, preset=preset)
    if name == "persistence":
        ends = (record.reference.day + _DAY).astype("datetime64[ns]")
        return make_model(name, reference_times=ends, reference_vwc=record.reference.vwc)
    return make_model(name)


def _shares(model: MoistureModel) -> dict[str, dict[str, float | None]] | None:
    """Return what `auto` weighs its models by, and their weights; None for other models."""
    if not isinstance(model, Auto):
        return None
    return {
        name: {
            "rmse": round(rmse, 4) if np.isfinite(rmse) else None,
            "weight": round(model.share_.get(name, 0.0), 3),
        }
        for name, rmse in model.rmse_.items()
    }


def write_scores(scores: pd.DataFrame, folder: Path, told: dict[str, Any]) -> None:
    """Write metrics.json and metrics.csv into a folder, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = json.loads(scores.to_json(orient="records"))
    with written_whole(folder / "metrics.json") as partial:
        partial.write_text(json.dumps({**told, "scores": rows}, indent=2) + "\n", "utf-8")
    with written_whole(folder / "metrics.csv") as partial:
        partial.write_text(scores.to_csv(index=False), "utf-8")


def training_summary(trained: TrainedModel, record: Record, folder: Path) -> dict[str, Any]:
    """Summarise what was trained as plain values, ready for JSON."""
    told, table, plants = trained.record, trained.features.table, trained.features.plants
    skill = None if np.isnan(told.skill) else round(told.skill, 4)
    weights = trained.weights
    # Where all weigh alike none is heaviest.
    alike = not np.ptp(weights) > 0
    heaviest = np.argsort(-weights, kind="stable")[: 0 if alike else _SHOWN_TRACKS]
    return {
        "model_id": trained.model_id,
        "out": str(folder),
        "reference": record.reference.kind,
        "first_day": str(told.first_day),
        "last_day": str(told.last_day),
        "days": told.n_days,
        "tracks": len(table),
        "plants_deg": None if plants is None else round(plants.slope_deg, 2),
        "equipment": told.equipment,
        "days_of_other_equipment": record.days_of_others,
        "reference_range": [round(told.lowest, 4), round(told.highest, 4)],
        "cross_validation": {**told.scores.as_dict(), "skill": skill},
        "models": _shares(trained.model),
        "heaviest_tracks": [
            {"track": trained.features.names[k], "weight": round(float(weights[k]), 3)}
            for k in heaviest
        ],
    }
