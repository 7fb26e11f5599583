"""The course of the demonstration, from an empty folder to its page."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from daemon.config import load_config
from daemon.demo.clock import FastClock
from daemon.demo.receiver import HOUR, Receiver
from daemon.demo.station import SEASON_DAYS, DemoStation, make_station, use_model
from daemon.demo.subscriber import Subscriber
from daemon.errors import DemoError
from daemon.service import Service
from retrieval.validation import Scores, scores

__all__ = ["LABEL", "DemoReport", "latency_s", "run_demo"]

LABEL = "SIMULATED: no receiver and no satellite made these numbers"

# Simulated seconds in a second: an hour takes .4 s, which leaves the service time for each file.
_SPEED = 9_000.0
_SETTLED_S = 60.0  # for all that was written to come out, after the last file
_DAY = pd.Timedelta(days=1)


@dataclass(frozen=True, eq=False)
class DemoReport:
    """What the service made of the simulated week.

    Attributes
    ----------
    station : DemoStation
        Its files.
    hourly_files, arcs : int
        Taken in during the week, and arcs accepted from them.
    estimates : DataFrame
        Live estimates of the week as a subscriber got them, with `truth`, the mean of the 24 hours
        before, m3 m-3.
    scores : Scores
        Estimates against truth.
    flags : dict of str to int
        Number of estimates by flag.
    latency_s : (n,) float64
        Real seconds from each file to the first estimate out of it at the subscriber.
    took_s : float
        All of it.
    """

    station: DemoStation
    hourly_files: int
    arcs: int
    estimates: pd.DataFrame
    scores: Scores
    flags: dict[str, int]
    latency_s: np.ndarray
    took_s: float


def run_demo(folder: Path, days: int, tell: Callable[[str], None]) -> DemoReport:
    """Simulate a station, train a model on its season, and let the service run for some days.

    Parameters
    ----------
    folder : Path
        Holds none of this yet.
    days : int
        Days of hourly files after the season.
    tell : callable
        Gets a line before each step.

    Raises
    ------
    DemoError
        A command of the demonstration failed, or the service did not finish.
    """
    began = time.monotonic()
    tell(f"simulating {SEASON_DAYS} days of a receiver's files, and {days} days to come")
    station = make_station(folder, days)
    tell("taking the season in: soilglint run --once")
    _soilglint("run", "--config", station.config, "--once")
    tell("training a model on it: soilglint train")
    _soilglint(
        *("train", "--config", station.config, "--reference", station.reference),
        *("--out", folder / "model", "--preset", "p041"),
    )
    use_model(station)
    tell(f"serving {days} days at {_SPEED:.0f} times the speed of time: soilglint run")
    subscriber, written_at, arcs = _serve(station, tell)
    table = subscriber.table(station.start)
    # Truth is by the hour, estimates by the quarter of it.
    hours = station.truth.rolling("24h").mean()
    passed_h, known_h = (
        (pd.DatetimeIndex(times) - station.start) / HOUR for times in (table["time"], hours.index)
    )
    truth = np.interp(passed_h, known_h, hours.to_numpy())
    table = table.assign(truth=truth)
    return DemoReport(
        station,
        len(written_at),
        arcs,
        table,
        scores(table["truth"], table["vwc"], table["vwc_lower"], table["vwc_upper"]),
        {str(flag): int(n) for flag, n in table["flag"].value_counts().items()},
        latency_s(table, station.start, written_at),
        time.monotonic() - began,
    )


def _soilglint(*arguments: object) -> None:
    """Run a command as an operator would."""
    command = [sys.executable, "-m", "daemon.cli", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    if done.returncode:
        said = (done.stderr or done.stdout).strip()
        raise DemoError(f"soilglint {arguments[0]} ended with {done.returncode}: {said}")


def _serve(
    station: DemoStation, tell: Callable[[str], None]
) -> tuple[Subscriber, list[float], int]:
    """Run the service while the receiver writes; return what came out of it."""
    config = load_config(station.config)
    subscriber = Subscriber()
    clock = FastClock(station.start, _SPEED)
    service = Service(config, (subscriber,), now=clock.now)

    def on_file(number: int) -> None:
        if number % 24 == 0:
            tell(f"  day {number // 24}: {number} hourly files")

    receiver = Receiver(station.coming, station.start, config.inbox.path, clock, on_file)
    last = station.start + len(station.coming) * HOUR
    with service.running():
        receiver.start()
        until = time.monotonic() + clock.until_s(last) + _SETTLED_S
        tick = threading.Event()
        try:
            looked = False
            while not (looked and service.idle()):
                if receiver.done() and not looked:
                    service.look()  # the watch tells of the last file a moment later
                    looked = True
                if time.monotonic() > until:
                    raise DemoError(
                        f"the service has not finished {_SETTLED_S:.0f} s after the last file; "
                        "this computer may be too busy: try it again with fewer --days"
                    )
                service.wait(tick, for_s=0.2)
        finally:
            receiver.stop()
        with service.reading() as store:
            arcs = store.arcs(config.station.name, since=station.start)
    return subscriber, receiver.written_at, int(arcs["accepted"].sum())


def latency_s(table: pd.DataFrame, start: pd.Timestamp, written_at: list[float]) -> np.ndarray:
    """Return how long each file took to its first estimate."""
    # The file of an hour brings the estimates of the times inside it.
    hour = ((table["time"] - start) // HOUR).to_numpy()
    first = table.groupby(hour)["first_at"].min()
    return np.array(
        [first[k] - at for k, at in enumerate(written_at) if k in first.index], np.float64
    )
