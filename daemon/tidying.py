"""Keeping the store small: what is older than the configuration says, and the space of it."""

from __future__ import annotations

import logging
import shutil
from dataclasses import dataclass

import pandas as pd

from daemon.config import Config
from daemon.store import Store

__all__ = ["TidyReport", "free_mb", "tidy_store"]

_LOG = logging.getLogger(__name__)
_MB = 1e6
# What a training and the model without one look back on.
_LOOKED_BACK = pd.Timedelta(days=400)
_SPARE = 0.25  # share of the file that may hold nothing before it is shrunk


@dataclass(frozen=True)
class TidyReport:
    """What tidying brought.

    Attributes
    ----------
    dropped : int
        Rows that were too old.
    shrunk : bool
        Whether space was given back to the disk.
    """

    dropped: int
    shrunk: bool


def free_mb(config: Config) -> float:
    """Return the room on the store's disk, MB."""
    return shutil.disk_usage(config.store.path.parent).free / _MB


def tidy_store(config: Config, store: Store, sinks: tuple[str, ...]) -> TidyReport:
    """Forget what is too old by the newest observation, and give its space back.

    Ages count from the observations and not from the clock: a station that was silent for a year
    finds its store as it left it.

    Parameters
    ----------
    config : Config
        The station's configuration.
    store : Store
        Open for writing, outside a transaction.
    sinks : tuple of str
        Names of those in use: what they have still to take stays.
    """
    section, name = config.store, config.station.name
    newest = store.last_epoch(name, name)
    with store.transaction():
        dropped = store.drop_delivered(sinks)
    size = store.size()
    too_large = section.max_mb is not None and size.total - size.free > section.max_mb * _MB
    if newest is not None and (section.keep_days is not None or too_large):
        needed = newest - _LOOKED_BACK
        days = section.keep_days
        before = needed if days is None else newest - pd.Timedelta(days=days)
        with store.transaction():
            old = store.drop_old(name, before, needed, accepted=too_large, sinks=sinks)
        dropped += old.total
        if old.total:
            _LOG.info(
                "forgot %d arcs, %d estimates and %d rows of weather that are too old",
                old.arcs,
                old.estimates,
                old.weather,
            )
    size = store.size()
    shrink = size.free > _SPARE * size.total and free_mb(config) * _MB > 2 * size.total
    if shrink:
        store.shrink()
    store.fold_journal()
    return TidyReport(dropped, shrink)
