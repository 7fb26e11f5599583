"""What the service does: take in files, make estimates, keep the store small."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pandas as pd

from daemon.config import Config
from daemon.errors import ModelError
from daemon.estimating import EstimateReport, make_estimates
from daemon.ingest import InboxMemory, IngestReport, ingest
from daemon.last_try import LastTry
from daemon.load_model import StationModels
from daemon.orbit_fetch import FetchReport, fetch_orbits
from daemon.retrain_job import RetrainJob
from daemon.self_check import self_check
from daemon.shadowing import ShadowReport, Trial, follow_shadow
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
    shadow : ShadowReport
        What became of a model in shadow.
    """

    ingest: IngestReport
    estimates: EstimateReport
    shadow: ShadowReport = field(default_factory=ShadowReport)

    @property
    def problems(self) -> dict[str, str]:
        """File, or key of the configuration, -> what could not be used or done, and why."""
        # What is wrong with a weather file says more than what estimates lack for it.
        return {**self.estimates.problems, **self.ingest.problems}

    @property
    def changed(self) -> bool:
        """Whether the store differs from before."""
        tried = self.shadow.trial in (Trial.TAKEN_OVER, Trial.REFUSED)
        made = self.estimates.new or self.estimates.revised or self.shadow.new
        return self.ingest.changed or bool(made or tried)


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
    models: StationModels | None = None,
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
    models : StationModels, optional
        Of the station, kept by who runs more than once: it loads each once, and notices when the
        shelf was changed.

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
        made = _estimated(config, store, now, models or StationModels(config))
        return RunReport(report, *made)


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
    stopping : callable
        Whether the service ends.
    sinks : tuple of str
        Names of those in use.
    """

    config: Config
    store: Store
    now: Callable[[], pd.Timestamp]
    tell: Callable[[str], None]
    stopping: Callable[[], bool] = lambda: False
    sinks: tuple[str, ...] = ()
    _retraining: RetrainJob = field(default_factory=RetrainJob, repr=False)
    _memory: InboxMemory = field(default_factory=InboxMemory, repr=False)
    _models: StationModels = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._models = StationModels(self.config)

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
        """Make the estimates that have become possible, and those of a model on trial."""
        with self.store.beside() as store:
            return _estimated(self.config, store, self.now(), self._models)[0]

    def retrain(self) -> LastTry | None:
        """Begin a retraining if one is due, or see what has come of it."""
        with self.store.beside() as store:
            return self._retraining.step(self.config, store, self.now())

    def fetch_orbits(self) -> FetchReport:
        """Fetch the orbit files of days that wait for them."""
        with self.store.beside() as store:
            return fetch_orbits(self.config, store, self.now(), stopping=self.stopping)

    def check(self, watch_fault: str) -> dict[str, str]:
        """Return what is amiss though the work goes on."""
        with self.store.beside() as store:
            return self_check(self.config, store, self.now(), watch_fault)

    def stop(self) -> None:
        """End what runs beside the jobs."""
        self._retraining.stop()

    def tidy(self) -> TidyReport:
        """Keep the store small."""
        with self.store.beside() as store:
            return tidy_store(self.config, store, self.sinks)


def _estimated(
    config: Config, store: Store, now: pd.Timestamp, models: StationModels
) -> tuple[EstimateReport, ShadowReport]:
    """Make estimates, and those of a model on trial; where a model cannot be used, say so."""
    try:
        made = make_estimates(config, store, now, models)
    except ModelError as error:
        waiting = f"{error}; estimates wait until it can be used"
        return EstimateReport(problems={error.key: waiting}), ShadowReport()
    try:
        return made, follow_shadow(config, store, models)
    except (ModelError, OSError) as error:
        # What is published is made; only the trial has to wait.
        return replace(made, problems={**made.problems, "model.shelf": str(error)}), ShadowReport()
