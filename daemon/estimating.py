"""Estimates on the data's own time grid: made once the data reach a time, open to late files."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from daemon.config import Config
from daemon.estimates import Estimate, estimate_records
from daemon.horizon import OPEN
from daemon.intake import ORBIT_KINDS
from daemon.load_model import StationModels
from daemon.plural import plural
from daemon.station_model import Estimated, StationModel, lacking_words
from daemon.store import FileState, Store
from daemon.utc import parse_utc, utc_texts
from retrieval.fusion import ESTIMATE_COLUMNS

__all__ = ["DAILY", "LIVE", "SILENCE", "EstimateReport", "make_estimates"]

LIVE, DAILY = "live", "daily"

# So long after the last observation the silence is stated; later there is nothing to state.
SILENCE = pd.Timedelta(days=7)
_DAY = pd.Timedelta(days=1)
_ARCS_AT_ONCE = 10_000
# What says when, by what and how often an estimate was made, and not what it says.
_OF_MAKING = ("revision", "latency_s", "software_version")


@dataclass(frozen=True)
class EstimateReport:
    """What one round of estimates brought.

    Attributes
    ----------
    new, revised : int
        Estimates of times that had none, and estimates that late files have changed.
    problems : dict
        Key of the configuration -> what estimates lack, and why.
    """

    new: int = 0
    revised: int = 0
    problems: dict[str, str] = field(default_factory=dict)


def make_estimates(
    config: Config, store: Store, now: pd.Timestamp, models: StationModels | None = None
) -> EstimateReport:
    """Make the estimates that are missing, and make those again that late files have changed.

    Which times have an estimate, and what it says, follows from the observations in the store and
    not from the order or the hour in which they came: there is a live one for each time of the UTC
    grid from the first epoch to the last, but for silences of more than a week, and a daily one for
    the end of each UTC day that lies two days back. Live ones follow late files for two days.
    An estimate that another model has made stays as it is. With the first estimate of a model, the
    model goes into the store, and from then on the track that it places each arc on.

    Parameters
    ----------
    config : Config
        The station's configuration.
    store : Store
        Open for writing.
    now : Timestamp
        UTC, for ``latency_s``.
    models : StationModels, optional
        Of the station, kept by who estimates more than once; by default the one in use is loaded
        when there is something to estimate.

    Raises
    ------
    ModelError
        The model cannot be loaded. What is due stays due.
    """
    station = config.station.name
    due = store.estimates_due(station)
    if due is None:
        return EstimateReport()  # nothing has come since the last ones were made
    heard = _heard(store, station)
    if not heard:
        return EstimateReport()  # weather alone, or all of it forgotten
    model = (models or StationModels(config)).in_use()
    last = heard[-1][1] - SILENCE
    step = pd.Timedelta(minutes=config.schedule.grid_minutes)
    live = _grid(heard, step, last)
    # What another model said is not for this one to revise.
    before = {
        estimate["time"]: estimate
        for estimate in store.estimates(station, LIVE, since=due)
        if estimate["model_id"] == model.model_id
    }
    texts = pd.Index(utc_texts(live, "s"))
    fresh = ~texts.isin(store.estimate_times(station, LIVE))
    live = live[fresh | ((live >= due) & texts.isin(list(before)))]
    daily = _grid(heard, _DAY, last - OPEN)
    daily = daily[~pd.Index(utc_texts(daily, "s")).isin(store.estimate_times(station, DAILY))]
    made = _estimated(model, store, station, live, daily)
    revisions = (
        _as_revision(record, before.get(record["time"]))
        for record in estimate_records(made.live, station, LIVE, now)
    )
    written = [record for record in revisions if record is not None]
    written += estimate_records(made.daily, station, DAILY, now)
    written.sort(key=lambda record: (record["time"], record["product"]))
    with store.transaction():
        if written:
            store.put_model(station, model.describe(), since=written[0]["time"])
        store.put_estimates(written, now)
        _weigh_arcs(model, store, station)
        store.clear_estimates_due(station)
    revised = sum(record["revision"] > 1 for record in written)
    return EstimateReport(len(written) - revised, revised, _weather_problem(model, made))


def _estimated(
    model: StationModel,
    store: Store,
    station: str,
    live: pd.DatetimeIndex,
    daily: pd.DatetimeIndex,
) -> Estimated:
    """Return the estimates of a model for given times."""
    times = live.union(daily)
    if times.empty:
        none = pd.DataFrame(columns=list(ESTIMATE_COLUMNS))
        return Estimated(none, none)
    arcs = store.model_arcs(station, times[0] - model.history, times[-1])
    return model.estimate(arcs, live, daily, store.weather(station))


def _weigh_arcs(model: StationModel, store: Store, station: str) -> None:
    """Note the tracks of the arcs behind a model's estimates that none has been noted of."""
    since = store.model_since(station, model.model_id)
    while since is not None:
        arcs = store.arcs_to_weigh(station, since - _DAY, _ARCS_AT_ONCE)
        tracks = model.weigh(arcs)
        if arcs.empty or tracks is None:
            return
        store.put_arc_tracks(
            station, model.model_id, zip(arcs.index.tolist(), tracks.tolist(), strict=True)
        )


def _weather_problem(model: StationModel, made: Estimated) -> dict[str, str]:
    """Say of how many estimates weather lacks, if of any."""
    number = made.n_without_weather
    if not number:
        return {}
    return {"weather.path": lacking_words(model, plural(number, "estimate"))}


def _as_revision(record: Estimate, before: Estimate | None) -> Estimate | None:
    """Return an estimate with its revision; None where it says what it said before."""
    if before is None:
        return record
    if all(record[name] == before[name] for name in record if name not in _OF_MAKING):
        return None
    return {**record, "revision": before["revision"] + 1}


def _heard(store: Store, station: str) -> list[tuple[pd.Timestamp, pd.Timestamp]]:
    """Return the spans of time for which there is something to state, UTC, in order, apart."""
    forgotten = store.forgotten_before(station)
    spans = sorted(
        (record.first_time, record.last_time)
        for record in store.files(station).values()
        if record.state == FileState.INGESTED
        and record.kind not in ORBIT_KINDS
        and record.site == station
        and record.first_time is not None
        and record.last_time is not None
    )
    # All at once: one by one they take seconds in a store of years.
    starts = parse_utc([first for first, _ in spans])
    ends = parse_utc([last for _, last in spans])
    joined: list[tuple[pd.Timestamp, pd.Timestamp]] = []
    for first, last in zip(starts, ends, strict=True):
        until = last + SILENCE
        if joined and first <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], until))
        else:
            joined.append((first, until))
    if forgotten is None:
        return joined
    return [(max(first, forgotten), until) for first, until in joined if until >= forgotten]


def _grid(
    heard: list[tuple[pd.Timestamp, pd.Timestamp]], step: pd.Timedelta, last: pd.Timestamp
) -> pd.DatetimeIndex:
    """Return the times of the UTC grid inside spans, up to the last observation."""
    parts = [
        pd.date_range(first.ceil(step), min(until, last).floor(step), freq=step)
        for first, until in heard
    ]
    times = np.concatenate([part.tz_localize(None).to_numpy("datetime64[ns]") for part in parts])
    return pd.DatetimeIndex(np.unique(times)).tz_localize("UTC")
