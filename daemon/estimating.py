"""Estimates on the data's own time grid: made once the data reach a time, open to late files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from daemon.config import Config
from daemon.estimates import Estimate, estimate_records
from daemon.horizon import OPEN
from daemon.intake import ORBIT_KINDS
from daemon.store import FileState, Store
from daemon.utc import parse_utc, utc_texts
from daemon.weather import temperature_series
from retrieval.fusion import LinearModel

__all__ = ["DAILY", "LIVE", "SILENCE", "EstimateReport", "make_estimates"]

LIVE, DAILY = "live", "daily"

# The model looks a year back, over whole UTC days, from windows of a day.
_HISTORY = pd.Timedelta(days=367)
# So long after the last observation the silence is stated; later there is nothing to state.
SILENCE = pd.Timedelta(days=7)
_DAY = pd.Timedelta(days=1)
# What says when, by what and how often an estimate was made, and not what it says.
_OF_MAKING = ("revision", "latency_s", "software_version")


@dataclass(frozen=True)
class EstimateReport:
    """What one round of estimates brought.

    Attributes
    ----------
    new, revised : int
        Estimates of times that had none, and estimates that late files have changed.
    """

    new: int
    revised: int


def make_estimates(config: Config, store: Store, now: pd.Timestamp) -> EstimateReport:
    """Make the estimates that are missing, and make those again that late files have changed.

    Which times have an estimate, and what it says, follows from the observations in the store and
    not from the order or the hour in which they came: there is a live one for each time of the UTC
    grid from the first epoch to the last, but for silences of more than a week, and a daily one for
    the end of each UTC day that lies two days back. Live ones follow late files for two days.

    Parameters
    ----------
    config : Config
        The station's configuration.
    store : Store
        Open for writing.
    now : Timestamp
        UTC, for ``latency_s``.
    """
    station = config.station.name
    due = store.estimates_due(station)
    if due is None:
        return EstimateReport(0, 0)  # nothing has come since the last ones were made
    heard = _heard(store, station)
    if not heard:
        return EstimateReport(0, 0)  # weather alone
    last = heard[-1][1] - SILENCE
    step = pd.Timedelta(minutes=config.schedule.grid_minutes)
    live = _grid(heard, step, last)
    before = {e["time"]: e for e in store.estimates(station, LIVE, since=due)}
    fresh = ~pd.Index(utc_texts(live, "s")).isin(store.estimate_times(station, LIVE))
    live = live[fresh | (live >= due)]
    daily = _grid(heard, _DAY, last - OPEN)
    daily = daily[~pd.Index(utc_texts(daily, "s")).isin(store.estimate_times(station, DAILY))]
    times = live.union(daily)
    made = _records(config, store, times, now)
    records = [_as_revision(made[time], before.get(time)) for time in utc_texts(live, "s")]
    written = [record for record in records if record is not None]
    written += [{**made[time], "product": DAILY} for time in utc_texts(daily, "s")]
    written.sort(key=lambda record: (record["time"], record["product"]))
    with store.transaction():
        store.put_estimates(written)
        store.clear_estimates_due(station)
    revised = sum(record["revision"] > 1 for record in written)
    return EstimateReport(len(written) - revised, revised)


def _records(
    config: Config, store: Store, times: pd.DatetimeIndex, now: pd.Timestamp
) -> Mapping[str, Estimate]:
    """Return live estimates by their time."""
    if times.empty:
        return {}
    station = config.station.name
    arcs = store.model_arcs(station, times[0] - _HISTORY, times[-1])
    temperature_c = temperature_series(store.weather(station))
    table = LinearModel(config.model_settings()).estimate(arcs, times, temperature_c)
    return {record["time"]: record for record in estimate_records(table, station, LIVE, now)}


def _as_revision(record: Estimate, before: Estimate | None) -> Estimate | None:
    """Return an estimate with its revision; None where it says what it said before."""
    if before is None:
        return record
    if all(record[name] == before[name] for name in record if name not in _OF_MAKING):
        return None
    return {**record, "revision": before["revision"] + 1}


def _heard(store: Store, station: str) -> list[tuple[pd.Timestamp, pd.Timestamp]]:
    """Return the spans of time for which there is something to state, UTC, in order, apart."""
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
    return joined


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
