"""What the service does: take in files, make estimates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from daemon.config import Config
from daemon.errors import ModelError
from daemon.estimating import EstimateReport, make_estimates
from daemon.ingest import IngestReport, ingest
from daemon.station_model import StationModel
from daemon.store import Store

__all__ = ["RunReport", "run_once"]


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
        ingested = self.ingest
        return bool(
            ingested.files
            or ingested.forgotten
            or ingested.arcs_new
            or ingested.arcs_superseded
            or ingested.weather_new
            or self.estimates.new
            or self.estimates.revised
        )


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
    # A folder beside the configuration is ours to make; elsewhere a missing one may be a disk.
    beside = config.store.path.resolve().is_relative_to(config.path.parent)
    with Store.writing(config.store.path, make_folder=beside) as store:
        report = ingest(config, store, now, tell, any_station=any_station)
        tell("making estimates")
        try:
            estimates = make_estimates(config, store, now, model)
        except ModelError as error:
            waiting = f"{error}; estimates wait until it can be used"
            estimates = EstimateReport(problems={"model.path": waiting})
        return RunReport(report, estimates)
