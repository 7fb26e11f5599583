"""One life of the service, under one configuration.

The start takes the store, which nobody else may write to meanwhile, begins the answers over HTTP,
the threads of the sinks (whether they can be reached or not), the watch on the inbox and the jobs.
The end goes the other way round: the job in hand to its next whole step, no new one, the sinks'
goodbyes, the store.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pandas as pd

from daemon.config import Config
from daemon.errors import ConfigError
from daemon.health import HealthServer, Readings
from daemon.ingest import IngestReport
from daemon.jobs import Work, open_store
from daemon.plural import plural
from daemon.publishing import Publisher, SinkHealth
from daemon.service.scheduling import Job, Jobs, Stopped
from daemon.sinks.interface import Sink
from daemon.sinks.registry import make_sinks
from daemon.store import Store
from daemon.telemetry import Telemetry
from daemon.watching import watch

__all__ = ["Service"]

_LOG = logging.getLogger(__name__)
_NUMBER = re.compile(r"\d+(\.\d+)?")

# The whole way out takes less than 10 s.
_JOBS_S, _GOODBYES_S = 4.5, 3.5


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
    patient : callable
        Asked at the end: whether to wait for what is in hand, however long it takes.
    http_port : int or None
        Where it answers, while it lives.
    """

    config: Config
    extra_sinks: tuple[Sink, ...] = ()
    now: Callable[[], pd.Timestamp] = field(default=lambda: pd.Timestamp.now(tz="UTC"))
    telemetry: Telemetry = field(default_factory=Telemetry)
    patient: Callable[[], bool] = field(default=lambda: False)
    http_port: int | None = field(default=None, init=False)
    _publishers: list[Publisher] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._jobs = Jobs(self.telemetry)

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
                self.config, store, self.now, self._tell, self._jobs.stopping.is_set, names
            )
            http = self._answers(store)
            self.http_port = None if http is None else http.port
            self._publishers = [Publisher(store, sink, self.now) for sink in sinks]
            for publisher in self._publishers:
                publisher.start()
            self._inbox = watch(self.config.inbox.path, self.look)
            self._jobs.start(self._all_jobs())
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

    def look(self) -> None:
        """Look at the inbox now."""
        self._jobs.request("ingest")

    def wait(self, stop: threading.Event, for_s: float = float("inf")) -> None:
        """Live until an event, or for so long."""
        self._jobs.watch_over(stop, for_s)

    def reading(self) -> Store:
        """Open the store once more, to look at it."""
        return self._work.store.beside()

    def sinks(self) -> list[SinkHealth]:
        """Say how the sinks are doing."""
        return [publisher.health() for publisher in self._publishers]

    def at_work(self) -> str:
        """Return the name of a job that runs, empty if none does."""
        return self._jobs.at_work()

    def idle(self) -> bool:
        """Whether all jobs rest, nothing was asked for, and no sink has anything to take."""
        if not self._jobs.idle():
            return False
        with self.reading() as store:
            return all(
                store.sink_state(one.name, arcs=one.wants_arcs).waiting == 0 for one in self.sinks()
            )

    def _all_jobs(self) -> list[Job]:
        """Return the jobs that the configuration asks for."""
        schedule = self.config.schedule
        hour_s, day_s = 3600.0, 86_400.0
        jobs = [
            # Its steps are single files.
            Job("ingest", self._ingest, schedule.ingest_s, deadline_s=900.0),
            Job("estimate", self._estimate, schedule.ingest_s, deadline_s=hour_s),
            Job("publish", self._publish, schedule.publish_s, deadline_s=60.0),
            Job("tidy", self._tidy, day_s, deadline_s=hour_s, first_s=600.0),
            Job("check", self._check, 300.0, deadline_s=300.0, first_s=10.0, aside=True),
        ]
        if schedule.retrain != "manual":
            jobs.append(
                Job("retrain", self._retrain, 30.0, deadline_s=900.0, first_s=60.0, aside=True)
            )
        if self.config.fetches_orbits():
            jobs.append(
                Job("orbits", self._fetch_orbits, 600.0, deadline_s=hour_s, first_s=5.0, aside=True)
            )
        return jobs

    def _ingest(self) -> None:
        report = self._work.ingest()
        self._note_problems("ingest", report.problems)
        if report.changed:
            _LOG.info("%s", _ingest_words(report))
            self._jobs.request("estimate")
        if (settled_s := report.next_settled_s) is not None:
            # Not later than the next look would be anyway.
            self._jobs.request("ingest", in_s=min(settled_s, self.config.schedule.ingest_s))

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
        if self._work.tidy().shrunk:
            _LOG.info("the store was shrunk")

    def _check(self) -> None:
        self._note_problems("check", self._work.check(self._inbox.fault()))

    def _retrain(self) -> None:
        if self._work.retrain() is not None:
            self._jobs.request("estimate")

    def _fetch_orbits(self) -> None:
        report = self._work.fetch_orbits()
        failed = {f"orbits of {day}": why for day, why in report.failed.items()}
        self._note_problems("orbits", failed)
        if report.fetched:
            _LOG.info("orbit files of %s fetched", ", ".join(report.fetched))
            self._jobs.request("ingest")

    def _note_problems(self, job: str, problems: dict[str, str]) -> None:
        """Remember what cannot be used or done at present, and say what is new of it."""
        before = self.telemetry.problems.get(job, {})
        for key, problem in problems.items():
            # How many days or megabytes it is by now is no news.
            if _NUMBER.sub("", before.get(key, "")) != _NUMBER.sub("", problem):
                _LOG.warning("%s: %s", key, problem)
        for key in before.keys() - problems.keys():
            _LOG.info("%s: no longer so", key)
        self.telemetry.problems[job] = dict(problems)

    def _tell(self, _message: str) -> None:
        """Be told of the next step of the intake; the last chance to end before it."""
        self.telemetry.step("ingest")
        if self._jobs.stopping.is_set():
            raise Stopped

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
        """End everything in order, within 10 s unless it is to be patient."""
        self._jobs.stopping.set()
        self._inbox.stop()
        cut_off = self._jobs.stop(_JOBS_S, self.patient)
        self._work.stop()
        for publisher in self._publishers:
            publisher.tell_to_stop()
        until = time.monotonic() + _GOODBYES_S
        for publisher in self._publishers:
            # Two threads of one destination would send everything twice.
            while not publisher.stop(max(until - time.monotonic(), 0.2)) and self.patient():
                continue
        if http is not None:
            http.stop()
        if cut_off:
            _LOG.warning("job %s is cut off; what it had not written will be done again", cut_off)


def _ingest_words(report: IngestReport) -> str:
    """Say what a look at the inbox brought."""
    states = [f"{n} {state.replace('_', ' ')}" for state, n in sorted(report.files.items())]
    arcs = f"{plural(report.arcs_new, 'arc')} new, in place of {report.arcs_superseded}"
    return f"files: {', '.join(states) or 'none new'}; {arcs}"
