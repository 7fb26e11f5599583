"""A new model on trial: its estimates beside those in use, and what becomes of it.

What it says is kept apart and never published. After `model.shadow_days` of data it takes over,
unless it cannot be used or flags much more of its estimates than the model in use does.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from enum import StrEnum

import pandas as pd

from daemon.config import Config
from daemon.errors import ModelError
from daemon.estimates import Estimate, estimate_records
from daemon.estimating import LIVE
from daemon.load_model import StationModels
from daemon.shelf import Placed, Shelf, Source
from daemon.shelf_file import change_shelf
from daemon.station_model import StationModel
from daemon.store import BesideLive, Store
from daemon.utc import parse_utc, utc_text

__all__ = [
    "ShadowReport",
    "Trial",
    "follow_shadow",
    "good_shares",
    "named_by_configuration",
    "since_of",
]

_LOG = logging.getLogger(__name__)
_DAY_MINUTES = 1440
_TIMES_AT_ONCE = 1024
# A share of good estimates lower by more is too low.
_FEWER_GOOD = 0.10
_GOOD = "good"


class Trial(StrEnum):
    """What becomes of a model in shadow."""

    NONE = "none"  # there is none
    GOES_ON = "goes_on"
    TAKEN_OVER = "taken_over"
    REFUSED = "refused"


@dataclass(frozen=True)
class ShadowReport:
    """What one round brought a model in shadow.

    Attributes
    ----------
    trial : Trial
        What became of it.
    new : int
        Estimates made beside those in use.
    model_id, why : str
        The model, and what decided; empty while the trial goes on.
    """

    trial: Trial = Trial.NONE
    new: int = 0
    model_id: str = ""
    why: str = ""


def follow_shadow(config: Config, store: Store, models: StationModels) -> ShadowReport:
    """Make what a model in shadow says beside new live estimates, and decide when it is time.

    Parameters
    ----------
    config : Config
        The station's configuration.
    store : Store
        Open for writing.
    models : StationModels
        Of the station.

    Raises
    ------
    ModelError
        The shelf's account cannot be used.
    OSError
        Neither can its folder, when the model is to take its place.
    """
    placed = models.shelf.shadow
    if placed is None:
        return ShadowReport()
    try:
        shadow = models.shadow()
        made = [] if shadow is None else _estimates_beside(config, store, shadow, placed)
    except ModelError as error:
        return _refused(config, placed, placed.since, f"cannot be used: {error}")
    if made:
        with store.transaction():
            store.keep_shadows(config.station.name, [one.model_id for _, one in models.shelf])
            store.put_shadows(made)
    beside = store.shadows(config.station.name, placed.model_id)
    days = len(beside) * config.schedule.grid_minutes / _DAY_MINUTES
    if not beside or days < config.model.shadow_days:
        return ShadowReport(Trial.GOES_ON, len(made), placed.model_id)
    good, live_good = good_shares(beside)
    shares = (
        f"{good:.0%} of {len(beside)} estimates in shadow good, {live_good:.0%} of those in use"
    )
    until = beside[-1].time
    if good < live_good - _FEWER_GOOD:
        return replace(_refused(config, placed, until, shares), new=len(made))
    return replace(_taken_over(config, store, models, placed, until, shares), new=len(made))


def good_shares(beside: list[BesideLive]) -> tuple[float, float]:
    """Return the share of good estimates of a model in shadow and of the one in use, 0 to 1.

    Examples
    --------
    >>> rows = [BesideLive("", 0.2, flag, 0.2, "good", "m") for flag in ("good", "degraded")]
    >>> good_shares(rows)
    (0.5, 1.0)
    """
    flags = [(one.flag == _GOOD, one.live_flag == _GOOD) for one in beside]
    return sum(one for one, _ in flags) / len(flags), sum(one for _, one in flags) / len(flags)


def named_by_configuration(model: StationModel | None, since: str) -> Placed:
    """Return the configuration's model as it stands on a shelf once another follows it.

    `model` is None where it cannot be loaded.
    """
    return Placed(
        model_id="configured" if model is None else model.model_id,
        source=Source.CONFIGURATION,
        since=since,
        why="named by the configuration",
    )


def since_of(store: Store, station: str, model: StationModel) -> str:
    """Return the time of a model's first estimate, UTC text; empty where it has made none."""
    since = store.model_since(station, model.model_id)
    return "" if since is None else utc_text(since, "s")


def _estimates_beside(
    config: Config, store: Store, shadow: StationModel, placed: Placed
) -> list[Estimate]:
    """Return what a model in shadow says of the times that have a live estimate and none of it."""
    station = config.station.name
    due = store.shadows_due(station, placed.model_id, placed.since)
    found: list[Estimate] = []
    weather = store.weather(station) if due else pd.DataFrame()
    for first in range(0, len(due), _TIMES_AT_ONCE):
        part = due[first : first + _TIMES_AT_ONCE]
        times = parse_utc([time for time, _ in part])
        arcs = store.model_arcs(station, times[0] - shadow.history, times[-1])
        try:
            said = shadow.estimate(arcs, times, times[:0], weather).live
        except Exception as error:
            # A model on trial must not disturb what it is beside, whatever is wrong with it.
            _LOG.exception("model %s in shadow fails", placed.model_id)
            raise ModelError(f"estimating ends with {type(error).__name__}: {error}") from error
        records = estimate_records(said, station, LIVE, times[-1])
        found += [
            {**record, "revision": revision}
            for record, (_, revision) in zip(records, part, strict=True)
        ]
    return found


def _taken_over(
    config: Config, store: Store, models: StationModels, placed: Placed, until: str, shares: str
) -> ShadowReport:
    """Put a model that has stood its trial in use."""
    station = config.station.name
    in_use = models.in_use()
    predecessor = named_by_configuration(in_use, since_of(store, station, in_use))

    def change(shelf: Shelf) -> Shelf:
        if shelf.shadow is None or shelf.shadow.model_id != placed.model_id:
            return shelf  # somebody else has decided
        why = f"{placed.why}; {shares}"
        return shelf.put_in_use(replace(shelf.shadow, since=until, why=why), predecessor)

    change_shelf(config.shelf, station, change)
    _LOG.info("model %s takes over: %s", placed.model_id, shares)
    return ShadowReport(Trial.TAKEN_OVER, 0, placed.model_id, shares)


def _refused(config: Config, placed: Placed, since: str, why: str) -> ShadowReport:
    """Refuse a model that has not stood its trial."""

    def change(shelf: Shelf) -> Shelf:
        if shelf.shadow is None or shelf.shadow.model_id != placed.model_id:
            return shelf
        return shelf.refuse(replace(shelf.shadow, since=since, why=why))

    change_shelf(config.shelf, config.station.name, change)
    _LOG.warning("model %s in shadow is refused: %s", placed.model_id, why)
    return ShadowReport(Trial.REFUSED, 0, placed.model_id, why)
