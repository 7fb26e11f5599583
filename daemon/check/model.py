"""Which model turns phases into moisture, and whether it could at this station."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from daemon.check.finding import Finding, Level
from daemon.config import Config
from daemon.errors import ModelError, WeatherError
from daemon.load_model import load_trained
from daemon.plural import plural
from daemon.weather import read_weather
from retrieval.fusion.trained import LEAST_SKILL, TrainedModel
from retrieval.fusion.weather_gaps import trained_kinds

__all__ = ["model_findings"]

_KEY = "model"
_COLUMNS = {"rain": "rain_mm", "temperature": "temperature_c"}


def model_findings(config: Config) -> list[Finding]:
    """Say what the configured model is, or why it cannot be used."""
    folder = config.model.path
    if folder is None:
        text = (
            f"linear, id {config.model_settings().model_id}; levelled after "
            f"{plural(config.model.min_days, 'day')} with arcs, calibrating until then"
        )
        return [Finding(Level.OK, _KEY, text)]
    try:
        trained = load_trained(config, folder)
    except ModelError as error:
        return [Finding(Level.FAULT, _KEY, str(error))]
    return [_training(trained, folder), *_signals(trained, config), *_weather(trained, config)]


def _training(trained: TrainedModel, folder: Path) -> Finding:
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
