"""The model that makes a station's estimates, ready to do so, or why it cannot be used."""

from __future__ import annotations

import json
from pathlib import Path

from daemon.config import Config
from daemon.errors import ModelError
from daemon.shelf import Placed, Shelf, Source
from daemon.shelf_file import read_shelf, shelf_stamp
from daemon.station_model import ReferenceFree, StationModel, Trained
from retrieval.errors import InputError
from retrieval.fusion.model_folder import load_model
from retrieval.fusion.trained import TrainedModel

__all__ = ["StationModels", "load_shelved", "load_trained"]


class StationModels:
    """The models of a station, loaded once, and anew where the shelf was changed.

    What becomes of a folder afterwards does not reach a model that is loaded.

    Parameters
    ----------
    config : Config
        The station's configuration.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self._shelf = Shelf()
        self._stamp: tuple[int, int, int] | None = None
        self._configured: StationModel | None = None
        self._shelved: dict[str, Trained] = {}

    @property
    def shelf(self) -> Shelf:
        """What lies on the shelf now.

        Raises
        ------
        ModelError
            Its account cannot be used.
        """
        # Before it is read: what is written in between is read again.
        stamp = shelf_stamp(self.config.shelf)
        if stamp != self._stamp:
            self._shelf = read_shelf(self.config.shelf, self.config.station.name)
            self._stamp = stamp
            places = (self._shelf.in_use, self._shelf.shadow)
            used = {one.model_id for one in places if one is not None}
            self._shelved = {name: one for name, one in self._shelved.items() if name in used}
        return self._shelf

    def in_use(self) -> StationModel:
        """Return the model that makes the estimates: the shelf's, else the configuration's.

        Raises
        ------
        ModelError
            It cannot be used at this station.
        """
        placed = self.shelf.in_use
        if placed is not None and placed.source is Source.SHELF:
            self._configured = None  # two in memory are one too many
            return self._loaded(placed)
        if self._configured is None:
            self._configured = _configured(self.config)
        return self._configured

    def shadow(self) -> Trained | None:
        """Return the model whose estimates are made beside, None where there is none.

        Raises
        ------
        ModelError
            It cannot be used at this station.
        """
        placed = self.shelf.shadow
        return None if placed is None else self._loaded(placed)

    def _loaded(self, placed: Placed) -> Trained:
        """Return a model of the shelf."""
        if placed.model_id not in self._shelved:
            self._shelved[placed.model_id] = Trained(load_shelved(self.config, placed.model_id))
        return self._shelved[placed.model_id]


def load_trained(config: Config, folder: Path) -> TrainedModel:
    """Load the model of ``model.path``, if it is what the configuration says and of this station.

    Raises
    ------
    ModelError
        It is not; the message names key, value and remedy.
    """
    key = f"model.path = {json.dumps(str(folder))}"
    try:
        trained = load_model(folder)
    except InputError as error:
        raise ModelError(f"{key}: {error}") from error
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
            f"{key}: {trained.model_id} was trained on station {trained.station}, this one is "
            f"{name}; name the folder of its own model, or if they are one, train it again with "
            "--config, whose [station] name it takes"
        )
    return trained


def load_shelved(config: Config, model_id: str) -> TrainedModel:
    """Load a model of the station's shelf, of whatever kind it is.

    Raises
    ------
    ModelError
        It cannot be used.
    """
    try:
        return load_model(config.shelf / model_id)
    except InputError as error:
        raise ModelError(
            f"model.shelf: {error}; or put the one before in use with `soilglint model rollback`",
            "model.shelf",
        ) from error


def _configured(config: Config) -> StationModel:
    """Return the model that the configuration names."""
    if config.model.path is None:
        return ReferenceFree(config.model_settings())
    return Trained(load_trained(config, config.model.path))


def _one_station(name: str, other: str) -> bool:
    """Whether two names may be of one station: of four letters and of nine, in either case."""
    short, long = sorted((name.lower(), other.lower()), key=len)
    return short == long or ((len(short), len(long)) == (4, 9) and long.startswith(short))
