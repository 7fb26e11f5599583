"""What the service does: take in files, make estimates, keep the store small."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

import pandas as pd

from daemon.config import Config
from daemon.errors import ModelError
from daemon.estimating import EstimateReport, make_estimates
from daemon.ingest import InboxMemory, IngestReport, ingest
from daemon.load_model import load_station_model
from daemon.station_model import StationModel
from daemon.store import Store
from daemon.tidying import TidyReport, free_mb, tidy_store

__all__ = ["RunReport", "Work", "open_store", "run_once"]

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class RunReport:
    """What one run brought.

    Attributes
    ----------
    ingest : IngestReport
        Files and arcs.
    estimates : EstimateReport
        Estimates written.
    """

    ingest: IngestReport
    estimates: EstimateReport

    @property
    def problems(self) -> dict[str, str]:
        """File, or key of the configuration, -> what could not be used or done, and why."""
        # What is wrong with a weather file says more than what estimates lack for it.
        return {**self.estimates.problems, **self.ingest.problems}

    @property
    def changed(self) -> bool:
        """Whether the store differs from before."""
        return self.ingest.changed or bool(self.estimates.new or self.estimates.revised)


def open_store(config: Config) -> Store:
    """Open a station's store for writing, and make it where it is not there yet.

    Raises
    ------
    StoreError
        It cannot be used, or another process writes to it.
    """
    # A folder beside the configuration is ours to make; elsewhere a missing one may be a disk.
    beside = config.store.path.resolve().is_relative_to(config.path.parent)
    return Store.writing(config.store.path, make_folder=beside)


def run_once(
    config: Config,
    now: pd.Timestamp | None = None,
    tell: Callable[[str], None] | None = None,
    *,
    any_station: bool = False,
    model: StationModel | None = None,
) -> RunReport:
    """Take in what lies in the inbox and make the estimates it allows, once.

    Where the model cannot be loaded that is told as a problem of its key: files are taken in all
    the same, and the estimates are made once it can.

    Parameters
    ----------
    config : Config
        The station's configuration.
    now : Timestamp, optional
        UTC; the computer's clock by default.
    tell : callable, optional
        Gets a short message before each longer step.
    any_station : bool
        Let files of other stations in: arcs under their own names, no estimates.
    model : StationModel, optional
        Loaded before, by who runs more than once (`daemon.load_model`).

    Raises
    ------
    ConfigError
        The inbox does not exist, or the store's arcs were made with other settings.
    StoreError
        The store cannot be used, or another process writes to it.
    """
    now = now or pd.Timestamp.now(tz="UTC")
    tell = tell or (lambda _: None)
    with open_store(config) as store:
        report = ingest(config, store, now, tell, any_station=any_station)
        tell("making estimates")
        return RunReport(report, _estimated(config, store, now, model))


@dataclass
class Work:
    """The jobs of a service, and what they hold between their runs.

    Attributes
    ----------
    config : Config
        The station's configuration.
    store : Store
        Open for writing; each job opens it once more for its own thread.
    now : callable
        Gives the time, UTC.
    tell : callable
        Gets a short message before each longer step, and may raise to end the job there.
    sinks : tuple of str
        Names of those in use.
    """

    config: Config
    store: Store
    now: Callable[[], pd.Timestamp]
    tell: Callable[[str], None]
    sinks: tuple[str, ...] = ()
    _model: StationModel | None = field(default=None, repr=False)
    _memory: InboxMemory = field(default_factory=InboxMemory, repr=False)

    def ingest(self) -> IngestReport:
        """Take in what is new in the inbox."""
        free, least = free_mb(self.config), self.config.store.min_free_mb
        if free < least:
            full = (
                f"{free:.0f} MB free on the store's disk, fewer than store.min_free_mb = {least}: "
                "files wait in the inbox; make room"
            )
            return IngestReport(problems={"store.min_free_mb": full})
        with self.store.beside() as store:
            return ingest(self.config, store, self.now(), self.tell, memory=self._memory)

    def estimate(self) -> EstimateReport:
        """Make the estimates that have become possible."""
        with self.store.beside() as store:
            if store.estimates_due(self.config.station.name) is None:
                return EstimateReport()
            try:
                self._model = self._model or load_station_model(self.config)
            except ModelError as error:
                return _waiting(error)
            return _estimated(self.config, store, self.now(), self._model)

    def tidy(self) -> TidyReport:
        """Keep the store small."""
        with self.store.beside() as store:
            return tidy_store(self.config, store, self.sinks)


def _estimated(
    config: Config, store: Store, now: pd.Timestamp, model: StationModel | None
) -> EstimateReport:
    """Make estimates; where the model cannot be used, say so."""
    try:
        return make_estimates(config, store, now, model)
    except ModelError as error:
        return _waiting(error)


def _waiting(error: ModelError) -> EstimateReport:
    """Say that estimates wait for their model."""
    waiting = f"{error}; estimates wait until it can be used"
    return EstimateReport(problems={"model.path": waiting})
