"""The unattended service: start-up, the scheduler, signals, and the way out.

One life is led under one configuration. The start takes the store, which nobody else may write to
meanwhile, begins the threads of the sinks (whether they can be reached or not), the watch on the
inbox, the answers over HTTP, and last the scheduler. The end goes the other way round: no new job,
the job in hand to its next whole step, the sinks' goodbyes, the store. SIGHUP ends one life and
begins the next with the configuration as it is then; one that is faulty changes nothing.

Intake, estimates and tidying share one thread, so that no two of them ever meet; whatever waits for
others (sinks, HTTP) has threads of its own.
"""

from __future__ import annotations

import faulthandler
import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from daemon.config import Config, load_config
from daemon.errors import ConfigError, DaemonError
from daemon.health import HealthServer, Readings
from daemon.ingest import IngestReport
from daemon.jobs import Work, open_store
from daemon.plural import plural
from daemon.publishing import Publisher, SinkHealth
from daemon.sinks.interface import Sink
from daemon.sinks.registry import make_sinks
from daemon.store import Store
from daemon.telemetry import Telemetry
from daemon.watching import watch
from retrieval.errors import RetrievalError

__all__ = ["Service", "run_service"]

_LOG = logging.getLogger(__name__)
# A look that is asked for while one runs and one waits is skipped, and no fault.
logging.getLogger("apscheduler").setLevel(logging.ERROR)

_STOP_S = 8.0  # the whole way out takes less than 10 s
_TICK_S = 0.5
_DAY_S = 86_400.0
# A clock that was put right by more than this makes the scheduler count anew.
_CLOCK_STEP_S = 30.0

# How long a job may take for a step before it hangs; the intake's steps are single files.
_DEADLINE_S = {
    "ingest": 900.0,
    "estimate": 3600.0,
    "publish": 60.0,
    "tidy": 3600.0,
    "check": 300.0,
    "retrain": 900.0,
    "orbits": 3600.0,
}
_CHECK_S = 300.0
_RETRAIN_S = 30.0
_ORBITS_S = 600.0


class _Stopped(BaseException):  # none of those who catch errors may take it for one
    """A job was ended between two of its steps because the service ends."""


@dataclass(frozen=True)
class _Job:
    """One job of the scheduler: what it does, how often, how soon the first time, and where.

    Those that write to the store share one thread; `aside` are those that wait for others.
    """

    name: str
    function: Callable[[], None]
    every_s: float
    first_s: float = 0.0
    aside: bool = False


@dataclass
class Service:
    """One life of the service.

    Attributes
    ----------
    config : Config
        The station's configuration.
    extra_sinks : tuple of Sink
        Beside those of the configuration.
    now : callable
        Gives the time, UTC.
    telemetry : Telemetry
        What is known of the jobs.
    patient : bool
        At the end wait for the job in hand, however long its step takes.
    http_port : int or None
        Where it answers, while it lives.
    """

    config: Config
    extra_sinks: tuple[Sink, ...] = ()
    now: Callable[[], pd.Timestamp] = field(default=lambda: pd.Timestamp.now(tz="UTC"))
    telemetry: Telemetry = field(default_factory=Telemetry)
    patient: bool = False
    http_port: int | None = field(default=None, init=False)
    _publishers: list[Publisher] = field(default_factory=list)
    _stopping: threading.Event = field(default_factory=threading.Event)
    _again: set[str] = field(default_factory=set)
    _told: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Live, to the end of the block.

        Raises
        ------
        StoreError
            The store cannot be used.
        ConfigError
            A sink, or the address to answer on, cannot be had as it is configured.
        """
        with open_store(self.config) as store:
            sinks = [*make_sinks(self.config), *self.extra_sinks]
            names = tuple(sink.name for sink in sinks)
            with store.transaction():
                store.add_sinks(names)
            self._work = Work(
                self.config, store, self.now, self._tell, self._stopping.is_set, names
            )
            http = self._answers(store)
            self.http_port = None if http is None else http.port
            self._publishers = [Publisher(store, sink, self.now) for sink in sinks]
            for publisher in self._publishers:
                publisher.start()
            self._scheduler = self._scheduled()
            self._inbox = watch(self.config.inbox.path, lambda: self.request("ingest"))
            self._scheduler.start()
            _LOG.info(
                "soilglint serves station %s: inbox %s, store %s, sinks %s",
                self.config.station.name,
                self.config.inbox.path,
                self.config.store.path,
                ", ".join(names) or "none",
            )
            try:
                yield
            finally:
                self._end(http)

    def request(self, name: str, in_s: float = 0.0) -> None:
        """Let a job run now or soon; where it is at it, once more."""
        if not in_s:
            self._again.add(name)
        if not self._stopping.is_set():
            self._scheduler.modify_job(name, next_run_time=self._in(in_s))

    def wait(self, stop: threading.Event, for_s: float = float("inf")) -> None:
        """Live until an event, or for so long; notices a clock put right, and what hangs."""
        offset, hanging = time.time() - time.monotonic(), list[str]()
        until = time.monotonic() + for_s
        while time.monotonic() < until and not stop.wait(min(_TICK_S, for_s)):
            moved = time.time() - time.monotonic() - offset
            if abs(moved) > _CLOCK_STEP_S:
                offset += moved
                _LOG.warning("the clock was put right by %.0f s", moved)
                for job in self._scheduler.get_jobs():
                    job.modify(next_run_time=self._in(0.0))
            if (late := self.telemetry.overdue()) != hanging:
                hanging = late
                for name in late:
                    _LOG.error("job %s hangs: it has been at one step for longer than it may", name)

    def reading(self) -> Store:
        """Open the store once more, to look at it."""
        return self._work.store.beside()

    def sinks(self) -> list[SinkHealth]:
        """Say how the sinks are doing."""
        return [publisher.health() for publisher in self._publishers]

    def at_work(self) -> str:
        """Return the name of a job that runs, empty if none does."""
        return next((job.name for job in self.telemetry.jobs() if job.step_since is not None), "")

    def idle(self) -> bool:
        """Whether all jobs rest, nothing was asked for, and no sink has anything to take."""
        if self._again or any(job.step_since is not None for job in self.telemetry.jobs()):
            return False
        with self.reading() as store:
            return all(
                store.sink_state(one.name, arcs=one.wants_arcs).waiting == 0 for one in self.sinks()
            )

    def _scheduled(self) -> BackgroundScheduler:
        """Return the scheduler with all jobs, not started."""
        schedule = self.config.schedule
        jobs = [
            _Job("ingest", self._ingest, schedule.ingest_s),
            _Job("estimate", self._estimate, schedule.ingest_s),
            _Job("publish", self._publish, schedule.publish_s),
            _Job("tidy", self._tidy, _DAY_S, first_s=600.0),
            _Job("check", self._check, _CHECK_S, first_s=10.0, aside=True),
        ]
        if schedule.retrain != "manual":
            jobs.append(_Job("retrain", self._retrain, _RETRAIN_S, first_s=60.0, aside=True))
        if self.config.fetches_orbits():
            jobs.append(_Job("orbits", self._fetch_orbits, _ORBITS_S, first_s=5.0, aside=True))
        # A second run of a job may wait behind the first, which may have begun too early to see
        # what the second is for; the one thread keeps them apart.
        scheduler = BackgroundScheduler(
            executors={"default": ThreadPoolExecutor(1), "aside": ThreadPoolExecutor(2)},
            job_defaults={"coalesce": True, "misfire_grace_time": None},
            timezone="UTC",
        )
        for job in jobs:
            self.telemetry.add(job.name, _DEADLINE_S[job.name])
            scheduler.add_job(
                self._run,
                "interval",
                args=(job.name, job.function),
                seconds=job.every_s,
                id=job.name,
                executor="aside" if job.aside else "default",
                max_instances=1 if job.aside else 2,
                next_run_time=self._in(job.first_s),
            )
        return scheduler

    def _run(self, name: str, function: Callable[[], None]) -> None:
        """Run a job: the border at which its errors end."""
        if self._stopping.is_set():
            return
        self._again.discard(name)
        try:
            with self.telemetry.run(name):
                function()
        except _Stopped:
            return
        except (DaemonError, RetrievalError, OSError) as error:
            self._say_once(name, f"job {name} failed: {error}")
        except Exception:  # noqa: BLE001 - the border of a job: the others go on
            _LOG.exception("job %s failed in a way that nobody foresaw", name)
        else:
            self._told.pop(name, None)
        if name in self._again:
            self.request(name)

    def _ingest(self) -> None:
        report = self._work.ingest()
        self._note_problems("ingest", report.problems)
        if report.changed:
            _LOG.info("%s", _ingest_words(report))
            self.request("estimate")
        if (settled_s := report.next_settled_s) is not None:
            # Not later than the next look would be anyway.
            self.request("ingest", in_s=min(settled_s, self.config.schedule.ingest_s))

    def _estimate(self) -> None:
        report = self._work.estimate()
        self._note_problems("estimate", report.problems)
        if report.new or report.revised:
            _LOG.info("%s new, %d made again", plural(report.new, "estimate"), report.revised)
            self._publish()

    def _publish(self) -> None:
        for publisher in self._publishers:
            publisher.wake()

    def _tidy(self) -> None:
        report = self._work.tidy()
        if report.shrunk:
            _LOG.info("the store was shrunk")

    def _check(self) -> None:
        self._note_problems("check", self._work.check(self._inbox.fault()))

    def _retrain(self) -> None:
        if self._work.retrain() is not None:
            self.request("estimate")

    def _fetch_orbits(self) -> None:
        report = self._work.fetch_orbits()
        self._note_problems(
            "orbits", {f"orbits of {day}": why for day, why in report.failed.items()}
        )
        if report.fetched:
            _LOG.info("orbit files of %s fetched", ", ".join(report.fetched))
            self.request("ingest")

    def _note_problems(self, job: str, problems: dict[str, str]) -> None:
        """Remember what cannot be used or done at present, and say what is new of it."""
        before = self.telemetry.problems.get(job, {})
        for key, problem in problems.items():
            if before.get(key) != problem:
                _LOG.warning("%s: %s", key, problem)
        self.telemetry.problems[job] = dict(problems)

    def _say_once(self, name: str, text: str) -> None:
        """Log a fault that may repeat itself, once until it has gone."""
        if self._told.get(name) != text:
            self._told[name] = text
            _LOG.error("%s", text)

    def _answers(self, store: Store) -> HealthServer | None:
        """Begin to answer over HTTP where that is configured."""
        section = self.config.http
        if section is None:
            return None
        readings = Readings(self.config.station.name, store, self.telemetry, self.sinks, self.now)
        try:
            return HealthServer(section.address, readings)
        except OSError as error:
            raise ConfigError(
                f'http.listen = "{section.listen}": cannot be had ({error.strerror}); give another '
                "port, or end what answers there"
            ) from error

    def _end(self, http: HealthServer | None) -> None:
        """End everything in order, within `_STOP_S`."""
        until = time.monotonic() + _STOP_S
        self._stopping.set()
        self._inbox.stop()
        for job in self._scheduler.get_jobs():
            job.remove()
        while self.at_work() and (self.patient or time.monotonic() < until - 3.0):
            time.sleep(0.05)
        cut_off = self.at_work()
        self._scheduler.shutdown(wait=not cut_off)
        self._work.stop()
        for publisher in self._publishers:
            publisher.stop(max(until - time.monotonic(), 0.5))
        if http is not None:
            http.stop()
        if cut_off:
            _LOG.warning("job %s is cut off; what it had not written will be done again", cut_off)

    def _tell(self, _message: str) -> None:
        """Be told of the next step of the intake; the last chance to end before it."""
        self.telemetry.step("ingest")
        if self._stopping.is_set():
            raise _Stopped

    def _in(self, seconds: float) -> datetime:
        """Return a time from now by the computer's own clock, which the scheduler goes by."""
        return datetime.now(UTC) + timedelta(seconds=seconds)


class _Signals:
    """What the process was told from outside, and a way to wait for it."""

    def __init__(self) -> None:
        self.heard = threading.Event()
        self.end = self.reread = False
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._hear)
        faulthandler.register(signal.SIGUSR1, all_threads=True)

    def _hear(self, number: int, _frame: object) -> None:
        if number == signal.SIGHUP:
            self.reread = True
        else:
            self.end = True
        self.heard.set()


def run_service(
    path: Path, config: Config, extra_sinks: Callable[[], tuple[Sink, ...]] = tuple
) -> None:
    """Serve a station until SIGTERM or SIGINT; SIGHUP reads the configuration again.

    SIGUSR1 writes the stacks of all threads to standard error.

    Parameters
    ----------
    path : Path
        The configuration file.
    config : Config
        What it holds.
    extra_sinks : callable
        Makes sinks beside those of the configuration.

    Raises
    ------
    DaemonError
        It cannot start.
    """
    signals = _Signals()
    following: Config | None = config
    while following is not None:
        service = Service(following, extra_sinks())
        with service.running():
            following = _until_told(service, path, signals)
    _LOG.info("ended")
    if service.at_work():
        # The thread of a job that goes on would hold the process up at its end.
        logging.shutdown()
        os._exit(0)


def _until_told(service: Service, path: Path, signals: _Signals) -> Config | None:
    """Wait for signals; return the configuration to go on with, None to end."""
    while True:
        service.wait(signals.heard)
        signals.heard.clear()
        if signals.end:
            return None
        if not signals.reread:
            continue
        signals.reread = False
        try:
            config = load_config(path)
        except ConfigError as error:
            _LOG.error("the configuration stays as it was: %s", error)
            continue
        _LOG.info("the configuration was read again")
        service.patient = True  # two lives must not work on one store
        return config


def _ingest_words(report: IngestReport) -> str:
    """Say what a look at the inbox brought."""
    states = [f"{n} {state.replace('_', ' ')}" for state, n in sorted(report.files.items())]
    arcs = f"{plural(report.arcs_new, 'arc')} new, in place of {report.arcs_superseded}"
    return f"files: {', '.join(states) or 'none new'}; {arcs}"
