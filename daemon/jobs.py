"""What the service does: take in files, make estimates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from daemon.config import Config
from daemon.estimates import estimate_records
from daemon.ingest import IngestReport, ingest
from daemon.intake import ORBIT_KINDS
from daemon.store import FileState, Store
from daemon.utc import parse_utc, utc_texts
from retrieval.fusion import LinearModel

__all__ = ["RunReport", "make_live_estimates", "run_once"]

LIVE = "live"

# The model looks a year back, over whole UTC days, from windows of a day.
_HISTORY = pd.Timedelta(days=367)
# So long after the last arc the silence is stated; later there is nothing to state.
_SILENCE = pd.Timedelta(days=7)


@dataclass(frozen=True)
class RunReport:
    """What one run brought.

    Attributes
    ----------
    ingest : IngestReport
        Files and arcs.
    estimates_new : int
        Estimates written.
    """

    ingest: IngestReport
    estimates_new: int

    @property
    def changed(self) -> bool:
        """Whether the store differs from before."""
        ingested = self.ingest
        return bool(
            ingested.files
            or ingested.forgotten
            or ingested.arcs_new
            or ingested.arcs_superseded
            or self.estimates_new
        )


def run_once(
    config: Config,
    now: pd.Timestamp | None = None,
    tell: Callable[[str], None] | None = None,
) -> RunReport:
    """Take in what lies in the inbox and make the estimates it allows, once.

    Parameters
    ----------
    config : Config
        The station's configuration.
    now : Timestamp, optional
        UTC; the computer's clock by default.
    tell : callable, optional
        Gets a short message before each longer step.

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
        report = ingest(config, store, now, tell)
        tell("making estimates")
        return RunReport(report, make_live_estimates(config, store, now))


def make_live_estimates(config: Config, store: Store, now: pd.Timestamp) -> int:
    """Make the live estimates that are missing, and return their number.

    One for each time of the UTC grid from the first arc's end to the last epoch read. Those that
    are there stay as they are.
    """
    name = config.station.name
    first = store.first_arc_closed(name)
    last = _high_water_mark(config, store)
    if first is None or last is None:
        return 0
    step = pd.Timedelta(minutes=config.schedule.grid_minutes)
    grid = pd.date_range(first.ceil(step), last.floor(step), freq=step)
    missing = grid[~pd.Index(utc_texts(grid, "s")).isin(store.estimate_times(name, LIVE))]
    if missing.empty:
        return 0
    arcs = store.arcs(name, since=missing[0] - _HISTORY, until=missing[-1])
    closed = pd.DatetimeIndex(arcs.loc[arcs["accepted"], "closed"].sort_values())
    before = closed.searchsorted(missing, side="right") - 1
    heard = (before >= 0) & (missing - closed[before.clip(min=0)] <= _SILENCE)
    missing = missing[heard]
    if missing.empty:
        return 0
    table = LinearModel(config.model_settings()).estimate(arcs, missing)
    with store.transaction():
        store.insert_estimates(estimate_records(table, name, LIVE, now))
    return len(table)


def _high_water_mark(config: Config, store: Store) -> pd.Timestamp | None:
    """Return the last epoch of the ingested observation files, UTC."""
    last = [
        record.last_time
        for record in store.files(config.station.name).values()
        if record.state == FileState.INGESTED
        and record.kind not in ORBIT_KINDS
        and record.last_time is not None
    ]
    return parse_utc([max(last)])[0] if last else None
