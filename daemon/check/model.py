"""Which model turns phases into moisture, whether it could, and what it can be trained on."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from daemon.check.finding import Finding, Level
from daemon.config import Config
from daemon.errors import ModelError, WeatherError
from daemon.load_model import StationModels
from daemon.plural import plural
from daemon.shelf import Source
from daemon.station_model import Trained
from daemon.weather import read_weather
from retrieval.errors import InputError
from retrieval.fusion.reference import daily_reference
from retrieval.fusion.trained import LEAST_SKILL, TrainedModel
from retrieval.fusion.weather_gaps import trained_kinds
from retrieval.given_series import read_series

__all__ = ["model_findings"]

_KEY = "model"
_COLUMNS = {"rain": "rain_mm", "temperature": "temperature_c"}


def model_findings(config: Config) -> list[Finding]:
    """Say what the configured model is, or why it cannot be used."""
    models = StationModels(config)
    try:
        model, placed = models.in_use(), models.shelf.in_use
    except ModelError as error:
        return [Finding(Level.FAULT, _KEY, str(error)), *_reference(config)]
    if not isinstance(model, Trained):
        text = (
            f"linear, id {model.model_id}; levelled after "
            f"{plural(config.model.min_days, 'day')} with arcs, calibrating until then"
        )
        return [Finding(Level.OK, _KEY, text), *_reference(config)]
    trained = model.trained
    shelved = placed is not None and placed.source is Source.SHELF
    folder = config.shelf / trained.model_id if shelved else config.model.path
    found = [_training(trained, folder), *_signals(trained, config), *_weather(trained, config)]
    if shelved and config.model.path is not None:
        text = f"{config.model.path}: not in use, for that of the shelf takes its place"
        found.append(Finding(Level.NOTE, "model.path", text))
    return [*found, *_reference(config)]


def _reference(config: Config) -> list[Finding]:
    """Say what models can be trained on at the station, and when they are."""
    path, key = config.model.reference, "model.reference"
    if path is None:
        return []
    try:
        daily = daily_reference(read_series(path))
    except InputError as error:
        return [Finding(Level.MISSING, key, f"{error}; no model can be trained again until then")]
    when = {"manual": "by hand", "weekly": "each week", "monthly": "each month"}
    text = (
        f"{path}: {daily.kind}, {plural(len(daily), 'day')}, {daily.day[0]} to {daily.day[-1]}; "
        f"{config.model.kind} is trained on it {when[config.schedule.retrain]}, kept in "
        f"{config.shelf}"
    )
    return [Finding(Level.OK, key, text)]


def _training(trained: TrainedModel, folder: Path | None) -> Finding:
    """Say what a model learnt from, and how well."""
    record = trained.record
    station = f" of {trained.station}" if trained.station else ""
    text = (
        f"{trained.name}, id {trained.model_id}, from {folder}; trained on "
        f"{plural(record.n_days, 'day')}{station}, {record.first_day} to {record.last_day}, "
        f"{record.lowest:.3f} to {record.highest:.3f} m3 m-3, "
        f"{plural(len(trained.features.table), 'track')}; skill "
        f"{'not known' if np.isnan(record.skill) else format(record.skill, '.2f')}"
    )
    if record.skill > LEAST_SKILL:
        return Finding(Level.OK, _KEY, text)
    text += ", so that every estimate is degraded; train it on more days, or leave model.path out"
    return Finding(Level.NOTE, _KEY, text)


def _signals(trained: TrainedModel, config: Config) -> list[Finding]:
    """Tell tracks on signals that make no arcs."""
    use = config.signals.use
    total = trained.weights.sum()
    if not use or not total > 0:
        return []
    parts = [identity.split("-") for identity in trained.features.table.identity]
    heard = np.array([satellite[0] + signal in use for satellite, signal, *_ in parts])
    share = float(trained.weights[heard].sum() / total)
    if share >= trained.rules.min_coverage:
        return []
    text = (
        f"signals.use leaves {share:.0%} of the weight of the model's tracks, so that no estimate "
        "is better than degraded; name the signals it was trained on: "
        + ", ".join(sorted({satellite[0] + signal for satellite, signal, *_ in parts}))
    )
    return [Finding(Level.FAULT if share == 0 else Level.NOTE, _KEY, text)]


def _weather(trained: TrainedModel, config: Config) -> list[Finding]:
    """Tell weather that the model was trained with and the station lacks."""
    fill = trained.features.fill
    if fill is None:
        return []
    kinds = trained_kinds(fill)
    if config.weather is None:
        text = (
            f"it was trained with {' and '.join(kinds)}, and there is no [weather]: every estimate "
            "would be degraded; name the file with weather.path"
        )
        return [Finding(Level.MISSING, _KEY, text)]
    try:
        rows = read_weather(config.weather.path)
    except WeatherError:
        return []  # told of weather.path
    lacking = [_COLUMNS[kind] for kind in kinds if not rows[_COLUMNS[kind]].notna().any()]
    if not lacking:
        return []
    text = (
        f"it was trained with {' and '.join(kinds)}, and {config.weather.path} holds no "
        f"{' and no '.join(lacking)}: every estimate would be degraded"
    )
    return [Finding(Level.MISSING, _KEY, text)]
