"""Exchanging the model in use by hand: ``soilglint model promote`` and ``rollback``."""

from __future__ import annotations

from dataclasses import replace

from daemon.config import Config
from daemon.errors import ModelError, NotThereError, StoreOutdatedError, UsageError
from daemon.load_model import StationModels, load_shelved
from daemon.shadowing import named_by_configuration, since_of
from daemon.shelf import Placed, Shelf, Source
from daemon.shelf_file import change_shelf
from daemon.store import Store
from daemon.utc import utc_text

__all__ = ["data_time", "promote", "roll_back"]


def promote(config: Config, model_id: str | None = None) -> Placed:
    """Put a model of the shelf in use at once, and return it.

    Parameters
    ----------
    config : Config
        The station's configuration.
    model_id : str, optional
        The one in shadow by default.

    Raises
    ------
    UsageError
        There is no such model on the shelf, or it is in use.
    ModelError
        It cannot be used.
    """
    since, predecessor = data_time(config), _configured(config)

    def change(shelf: Shelf) -> Shelf:
        placed = shelf.shadow if model_id is None else shelf.find(model_id)
        if placed is None:
            names = ", ".join(one.model_id for _, one in shelf) or "none"
            raise UsageError(
                "model promote: "
                + ("no model is in shadow" if model_id is None else f"{model_id} is not there")
                + f"; on the shelf {config.shelf} are: {names}"
            )
        if placed == shelf.in_use:
            raise UsageError(f"model promote: {placed.model_id} is in use already")
        if placed.source is Source.SHELF:
            load_shelved(config, placed.model_id)
        why = f"put in use by hand; it had this place because: {placed.why}"
        return shelf.put_in_use(replace(placed, since=since, why=why), predecessor)

    return _in_use(change_shelf(config.shelf, config.station.name, change))


def roll_back(config: Config) -> Placed:
    """Put the model before in use again at once, and return it.

    Raises
    ------
    UsageError
        No model was in use before.
    """
    since = data_time(config)

    def change(shelf: Shelf) -> Shelf:
        return shelf.roll_back(since, "rolled back by hand")

    return _in_use(change_shelf(config.shelf, config.station.name, change))


def data_time(config: Config) -> str:
    """Return the time of the newest observation, UTC text; empty before there is one."""
    try:
        with Store.reading(config.store.path) as store:
            last = store.last_epoch(config.station.name, config.station.name)
    except (NotThereError, StoreOutdatedError):
        return ""
    return "" if last is None else utc_text(last, "s")


def _in_use(shelf: Shelf) -> Placed:
    """Return the model in use of a shelf that has been changed."""
    if shelf.in_use is None:
        raise ModelError("the shelf says of no model that it is in use", "model.shelf")
    return shelf.in_use


def _configured(config: Config) -> Placed:
    """Return the configuration's model as the one before, whether or not it can be loaded."""
    models = StationModels(config)
    try:
        model = models.in_use()
    except ModelError:
        return named_by_configuration(None, "")
    try:
        with Store.reading(config.store.path) as store:
            return named_by_configuration(model, since_of(store, config.station.name, model))
    except (NotThereError, StoreOutdatedError):
        return named_by_configuration(model, "")
