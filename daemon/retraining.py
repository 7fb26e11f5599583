"""Retraining at the station: when it is due, and the child process that does it.

The service calls `retrain_due` and `start_retraining`; neither waits, and nothing that training
needs is loaded here. What the child does stands in `daemon.retraining_child`.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

import numpy as np
import pandas as pd

from daemon.config import Config
from daemon.errors import BusyError, ConfigError, OutputError
from daemon.exit_codes import ExitCode
from daemon.last_try import LastTry, Outcome, read_last_try, write_last_try
from daemon.store import Store
from daemon.utc import parse_utc, utc_text

__all__ = ["TIME_LIMIT_S", "Retraining", "retrain", "retrain_due", "start_retraining"]

# Days of a year and some hundred tracks take minutes; what takes longer hangs.
TIME_LIMIT_S = 6 * 3600.0
_PERIODS = {"weekly": pd.Timedelta(days=7), "monthly": pd.Timedelta(days=30)}
# One that was cut off, by a restart as a rule, is tried again sooner.
_AFTER_CUT = pd.Timedelta(days=1)
# So many new days of the reference are worth a training; the first one needs as many as training.
_FEWEST_NEW, _FEWEST = 20, 30
_STOP_S = 5.0
_POLL_S = 0.2
_LOG_NAME = "training.log"


def retrain_due(config: Config, store: Store, now: pd.Timestamp) -> bool:
    """Whether the time of the data and the reference have gone on enough to train again.

    A week or a month after the last retraining, if the reference has 20 days with arcs that did not
    train then; a day after one that was cut off.

    Parameters
    ----------
    config : Config
        The station's configuration.
    store : Store
        Open.
    now : Timestamp
        UTC; data from after it do not count.

    Raises
    ------
    InputError
        The reference cannot be read.
    """
    period = _PERIODS.get(config.schedule.retrain)
    last = store.last_epoch(config.station.name, config.station.name)
    if period is None or config.model.reference is None or last is None:
        return False
    until = min(last, now)
    tried = read_last_try(config.shelf)
    if tried is not None and tried.begun:
        wait = _AFTER_CUT if tried.outcome is Outcome.BEGUN else period
        if until < parse_utc([tried.begun])[0] + wait:
            return False
    taught = _last_day_taught(config, store, tried)
    days = _days_with_both(config, store, config.model.reference, until)
    if taught is None:
        return len(days) >= _FEWEST
    return bool((days > np.datetime64(taught, "D")).sum() >= _FEWEST_NEW)


def start_retraining(config: Config, *, limit_s: float = TIME_LIMIT_S) -> Retraining:
    """Start a retraining in a process of its own, and return at once.

    Raises
    ------
    ConfigError
        There is no reference to train on.
    OutputError
        The shelf cannot be made.
    """
    if config.model.reference is None:
        raise ConfigError(
            f"{config.path}: model.reference is missing; name the file of measured moisture that "
            "the model is to be trained on"
        )
    try:
        config.shelf.mkdir(parents=True, exist_ok=True)
        log = (config.shelf / _LOG_NAME).open("wb")
    except OSError as error:
        raise OutputError(
            f"model.shelf, {config.shelf}: cannot be written to ({error.strerror}); name a folder "
            "where the user that runs soilglint may write"
        ) from error
    command = [sys.executable, "-m", "daemon.retraining_child", str(config.path), f"{limit_s:.0f}"]
    # Our own interpreter, our own module, the path of the configuration: no shell, no input.
    process = subprocess.Popen(  # noqa: S603
        command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
    )
    return Retraining(config.shelf, process, log, limit_s)


def retrain(config: Config, *, limit_s: float = TIME_LIMIT_S) -> LastTry:
    """Train again in a process of its own, and wait for what comes of it.

    Raises
    ------
    ConfigError, OutputError
        As in `start_retraining`.
    BusyError
        Another retraining is at work on this shelf.
    """
    running = start_retraining(config, limit_s=limit_s)
    try:
        while (tried := running.poll()) is None:
            time.sleep(_POLL_S)
    finally:
        running.stop()
    return tried


@dataclass
class Retraining:
    """A retraining that runs in a process of its own.

    Attributes
    ----------
    shelf : Path
        Where its outcome will lie.
    process : Popen
        The child.
    log : file
        What it says where none foresaw something.
    limit_s : float
        After which it ends itself.
    """

    shelf: Path
    process: subprocess.Popen[bytes]
    log: IO[bytes]
    limit_s: float
    _found: LastTry | None = None

    def poll(self) -> LastTry | None:
        """Return what came of it, None while it runs; never waits.

        Raises
        ------
        BusyError
            Another retraining is at work on this shelf.
        """
        code = self.process.poll()
        if code is None or self._found is not None:
            return self._found
        self.log.close()
        if code == ExitCode.UNREACHABLE:
            raise BusyError(
                f"{self.shelf}: another retraining is at work there; wait until it has finished"
            )
        tried = read_last_try(self.shelf)
        if code or tried is None:
            begun = "" if tried is None else tried.begun
            reason = _why(code, self.limit_s, self.shelf / _LOG_NAME)
            cut_off = LastTry(outcome=Outcome.FAILED, begun=begun, reason=reason)
            if tried is not None and tried.outcome is Outcome.BEGUN:
                # Which folder it may have left behind is for the next one to know.
                cut_off = replace(tried, outcome=Outcome.FAILED, reason=reason)
                write_last_try(self.shelf, cut_off)
            tried = cut_off
        self._found = tried
        return tried

    def stop(self) -> None:
        """End it if it runs; the shelf stays as it was."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()


def _why(code: int, limit_s: float, log: Path) -> str:
    """Say why a child ended before it was done."""
    if code == -signal.SIGALRM:
        return f"it took longer than {limit_s / 3600:.1f} h, and was ended"
    if code == -signal.SIGKILL:
        return "it was killed, perhaps because the memory ran out"
    if code < 0:
        return f"it was ended by signal {-code}"
    return f"it ended with exit status {code}; {log} says more"


def _last_day_taught(config: Config, store: Store, tried: LastTry | None) -> str | None:
    """Return the last day that trained the newest model, None where none was trained."""
    if tried is not None and tried.last_day is not None:
        return tried.last_day
    latest = store.estimates(config.station.name, "live", last=1)
    model = store.model(config.station.name, latest[0]["model_id"]) if latest else None
    return None if model is None else model.last_day


def _days_with_both(
    config: Config, store: Store, reference: Path, until: pd.Timestamp
) -> np.ndarray[tuple[int], np.dtype[np.datetime64]]:
    """Return the days up to a time that have arcs and a reference."""
    from retrieval.fusion.reference import daily_reference
    from retrieval.given_series import read_series

    days = daily_reference(read_series(reference)).day
    heard = np.array(store.arc_days(config.station.name), "datetime64[D]")
    return days[np.isin(days, heard) & (days <= np.datetime64(utc_text(until)[:10], "D"))]
