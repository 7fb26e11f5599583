"""The model that a configuration names, ready to estimate, or why it cannot be used."""

from __future__ import annotations

import json
from pathlib import Path

from daemon.config import Config
from daemon.errors import ModelError
from daemon.station_model import ReferenceFree, StationModel, Trained
from retrieval.errors import InputError
from retrieval.fusion.model_folder import load_model
from retrieval.fusion.trained import TrainedModel

__all__ = ["load_station_model", "load_trained"]


def load_station_model(config: Config) -> StationModel:
    """Load the model of a station: once for all estimates of a process.

    What becomes of the folder afterwards does not reach a model that is loaded.

    Raises
    ------
    ModelError
        The folder that the configuration names cannot be used at this station.
    """
    if config.model.path is None:
        return ReferenceFree(config.model_settings())
    return Trained(load_trained(config, config.model.path))


def load_trained(config: Config, folder: Path) -> TrainedModel:
    """Load a model from its folder, if it is what the configuration says and of this station.

    Raises
    ------
    ModelError
        It is not; the message names key, value and remedy.
    """
    try:
        trained = load_model(folder)
    except InputError as error:
        raise ModelError(f"model.path = {json.dumps(str(folder))}: {error}") from error
    kind = config.model.kind
    if kind not in ("auto", trained.name):
        raise ModelError(
            f'model.kind = "{kind}": the folder of model.path, {folder}, holds {trained.name} '
            f'({trained.model_id}); set kind = "{trained.name}", or name the folder that '
            f"`soilglint train --model {kind}` wrote"
        )
    name = config.station.name
    if trained.station and not _one_station(name, trained.station):
        raise ModelError(
            f"model.path = {json.dumps(str(folder))}: {trained.model_id} was trained on station "
            f"{trained.station}, this one is {name}; name the folder of its own model, or if they "
            "are one, train it again with --config, whose [station] name it takes"
        )
    return trained


def _one_station(name: str, other: str) -> bool:
    """Whether two names may be of one station: of four letters and of nine, in either case."""
    short, long = sorted((name.lower(), other.lower()), key=len)
    return short == long or ((len(short), len(long)) == (4, 9) and long.startswith(short))
