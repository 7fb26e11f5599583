"""Training and judging models of a station: what ``soilglint train`` and ``evaluate`` do."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from daemon.errors import UsageError
from daemon.files import written_whole
from daemon.plural import plural
from daemon.weather import given_temperatures
from retrieval.errors import InputError
from retrieval.fusion.columns import Floats
from retrieval.fusion.evaluation import FillRows, evaluate, make_folds
from retrieval.fusion.features import daily_fill
from retrieval.fusion.frost import Temperatures
from retrieval.fusion.given_weather import daily_weather
from retrieval.fusion.models import MODEL_NAMES, make_model
from retrieval.fusion.prediction import MoistureModel
from retrieval.fusion.reference import DailyReference, daily_reference
from retrieval.fusion.trained import FlagRules, TrainedModel
from retrieval.fusion.weather_features import Weather
from retrieval.given_series import read_series

__all__ = [
    "Record",
    "check_models",
    "judge",
    "record_of",
    "score_table",
    "training_summary",
    "write_scores",
]

_SHOWN_TRACKS = 5
# Training needs as many days; what is judged on fewer says nothing.
_FEWEST_DAYS = 30
# They take the phases of tracks alone: columns of weather beside them would be averaged in.
_OF_PHASES_ALONE = ("mean-phase",)
_NS_PER_DAY = np.timedelta64(1, "D")


@dataclass(frozen=True)
class Record:
    """Arcs of a station with the reference beside them, day by day.

    Attributes
    ----------
    arcs : DataFrame
        Arc table of the station.
    reference : DailyReference
        Of the days that have arcs and were not frozen.
    weather : Weather or None
        If it shall take part.
    temperature_c : Series or None
        Degrees C by UTC time, for frost.
    sources : dict
        Hashes of what was read, by name.
    """

    arcs: pd.DataFrame
    reference: DailyReference
    weather: Weather | None
    temperature_c: pd.Series[float] | None
    sources: dict[str, str]


def record_of(
    arcs: pd.DataFrame,
    reference: Path,
    weather: Path | None = None,
    temperature_c: pd.Series[float] | None = None,
    since: date | None = None,
    until: date | None = None,
) -> Record:
    """Lay a reference series beside a station's arcs.

    Parameters
    ----------
    arcs : DataFrame
        Arc table of one station.
    reference : Path
        CSV with time and vwc, ISMN ``.stm`` or PBO H2O.
    weather : Path, optional
        Series with rain and temperature, to be columns of the model.
    temperature_c : Series, optional
        For frost; the weather's by default.
    since, until : date, optional
        First and last UTC day.

    Raises
    ------
    InputError
        A file cannot be read, or fewer than 30 thawed days have both arcs and a reference.
    """
    series = read_series(reference)
    daily = daily_reference(series)
    middle = arcs["start"] + (arcs["end"] - arcs["start"]) / 2
    accepted = middle[arcs["accepted"]].dt.tz_convert("UTC").dt.tz_localize(None)
    heard = np.unique(accepted.to_numpy().astype("datetime64[D]"))
    kept = np.isin(daily.day, heard)
    if since is not None:
        kept &= daily.day >= np.datetime64(since, "D")
    if until is not None:
        kept &= daily.day <= np.datetime64(until, "D")
    asked = _span(since, until)
    if not kept.any():
        span = f"{heard[0]} to {heard[-1]}" if len(heard) else "no day at all"
        raise InputError(
            f"{reference}: its days, {daily.day[0]} to {daily.day[-1]}, have no arcs{asked} (arcs: "
            f"{span}); give the reference of the same time"
            + (", or other --since and --until" if asked else "")
        )
    daily = DailyReference(daily.day[kept], daily.vwc[kept], daily.n_values[kept], daily.kind)
    sources = {"reference": _file_hash(reference), "arcs": _table_hash(arcs)}
    beside: Weather | None = None
    if weather is not None:
        given = read_series(weather)
        beside = daily_weather(given)
        sources["weather"] = _file_hash(weather)
        if temperature_c is None:
            temperature_c = given_temperatures(given)
    daily = _thawed(daily, temperature_c)
    if len(daily) < _FEWEST_DAYS:
        raise InputError(
            f"{reference}: {plural(len(daily), 'day')} with arcs, a reference and thawed ground"
            f"{asked}, expected {_FEWEST_DAYS} or more; give a longer record"
        )
    return Record(arcs, daily, beside, temperature_c, sources)


def judge(
    record: Record,
    names: Sequence[str],
    split: str,
    seeds: Sequence[int],
    preset: str | None = None,
) -> pd.DataFrame:
    """Score models on days that did not train them; see `retrieval.fusion.evaluation.evaluate`.

    Raises
    ------
    InputError
        A model is not known, or the days cannot be split so.
    """
    reference = record.reference
    ends = (reference.day + _NS_PER_DAY).astype("datetime64[ns]")
    folds = make_folds(ends, split)
    phases = _remembered(daily_fill(record.arcs, reference.day))
    fill = phases
    if record.weather is not None:
        fill = _remembered(daily_fill(record.arcs, reference.day, record.weather))
    parts = []
    for name in names:
        rows = phases if name in _OF_PHASES_ALONE else fill
        model = {name: _model(name, record, preset)}
        parts.append(evaluate(model, rows, reference.vwc, ends, folds, seeds))
    return pd.concat(parts, ignore_index=True)


def _remembered(fill: FillRows) -> FillRows:
    """Return what fills a fold's rows once, whatever models and seeds ask for them."""
    filled: dict[bytes, tuple[Floats, Floats | None]] = {}

    def remembering(train: NDArray[np.intp]) -> tuple[Floats, Floats | None]:
        key = np.ascontiguousarray(train).tobytes()
        if key not in filled:
            filled[key] = fill(train)
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
    if name == "rf-mdi":
        return make_model(name, preset=preset)
    if name == "persistence":
        ends = (record.reference.day + _NS_PER_DAY).astype("datetime64[ns]")
        return make_model(name, reference_times=ends, reference_vwc=record.reference.vwc)
    return make_model(name)


def score_table(scores: pd.DataFrame) -> pd.DataFrame:
    """Return one row per model: scores of all test days, mean and spread over seeds."""
    whole = scores[scores["fold"] == "all"]
    groups = whole.groupby("model", sort=False)
    table = groups[["n", "r", "rmse", "mae", "bias", "ubrmse", "coverage", "width"]].mean()
    table["seeds"] = groups.size()
    table["rmse_spread"] = groups["rmse"].max() - groups["rmse"].min()
    table["ranked"] = groups["ranked"].all()
    return table


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
    told, table = trained.record, trained.features.table
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
        "reference_range": [round(told.lowest, 4), round(told.highest, 4)],
        "cross_validation": {**told.scores.as_dict(), "skill": skill},
        "heaviest_tracks": [
            {"track": trained.features.names[k], "weight": round(float(weights[k]), 3)}
            for k in heaviest
        ],
    }


def _span(since: date | None, until: date | None) -> str:
    """Say which days were asked for; empty where all were."""
    since_text = "" if since is None else f" from {since}"
    return since_text + ("" if until is None else f" up to {until}")


def _thawed(daily: DailyReference, temperature_c: pd.Series[float] | None) -> DailyReference:
    """Return the days that were not frozen: of the others a station estimates nothing."""
    ends_ms = (daily.day + _NS_PER_DAY).astype("datetime64[ms]").astype(np.int64)
    limit_c = FlagRules().frozen_below_c
    kept = ~Temperatures.of(temperature_c).frozen(ends_ms, limit_c)
    return DailyReference(daily.day[kept], daily.vwc[kept], daily.n_values[kept], daily.kind)


def _file_hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _table_hash(arcs: pd.DataFrame) -> str:
    """Return a hash of what an arc table says, whatever file it came from."""
    return hashlib.sha256(arcs.to_csv(index=False).encode()).hexdigest()
