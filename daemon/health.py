"""What a running service tells over HTTP: `/healthz` for watchmen, `/metrics` for Prometheus.

Both are read out of the store and the service's own account at the moment of asking. Nothing can be
changed over HTTP, and nothing that is told is secret.
"""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pandas as pd
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric

from daemon.errors import DaemonError
from daemon.publishing import SinkHealth
from daemon.store import Store
from daemon.telemetry import Telemetry
from retrieval.version import VERSION

__all__ = ["Health", "HealthServer", "Readings"]

_LOG = logging.getLogger(__name__)
_TIMEOUT_S = 10.0


@dataclass(frozen=True)
class Readings:
    """Where the answers come from.

    Attributes
    ----------
    station : str
        Whose service it is.
    store : Store
        Open in this process; each answer opens it once more for its own thread.
    telemetry : Telemetry
        The jobs.
    sinks : callable
        Gives how the sinks are doing.
    now : callable
        Gives the time, UTC.
    """

    station: str
    store: Store
    telemetry: Telemetry
    sinks: Callable[[], Sequence[SinkHealth]]
    now: Callable[[], pd.Timestamp]


@dataclass(frozen=True)
class Health:
    """Whether the service does its work, and what keeps it from it.

    Attributes
    ----------
    healthy : bool
        No job hangs, none failed the last time, every thread lives.
    faults : tuple of str
        Why not.
    warnings : tuple of str
        What somebody should look at, though the service works: a sink that is away, a file that
        cannot be used.
    """

    healthy: bool
    faults: tuple[str, ...]
    warnings: tuple[str, ...]

    @classmethod
    def of(cls, readings: Readings) -> Health:
        """Judge a service."""
        jobs, sinks = readings.telemetry.jobs(), readings.sinks()
        now = time.monotonic()
        faults = [
            f"job {job.name} has been at one step for longer than {job.deadline_s:g} s"
            for job in jobs
            if job.overdue(now)
        ]
        faults += [f"job {job.name} failed: {job.last_error}" for job in jobs if job.last_error]
        faults += [f"sink {sink.name} has ended" for sink in sinks if not sink.alive]
        warnings = [f"sink {sink.name}: {sink.hindrance}" for sink in sinks if sink.hindrance]
        warnings += [
            f"{key}: {what}"
            for problems in readings.telemetry.problems.copy().values()
            for key, what in problems.items()
        ]
        return cls(not faults, tuple(faults), tuple(warnings))


class HealthServer:
    """Answers on one address until it is stopped.

    Parameters
    ----------
    address : (str, int)
        Host and port; port 0 takes a free one.
    readings : Readings
        Where the answers come from.

    Raises
    ------
    OSError
        The address cannot be had.
    """

    def __init__(self, address: tuple[str, int], readings: Readings) -> None:
        answers = {"/healthz": _healthz, "/metrics": _metrics}
        self._server = _server(address, {path: (of, readings) for path, of in answers.items()})
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.2}, name="http"
        )
        self._thread.daemon = True
        self._thread.start()

    @property
    def port(self) -> int:
        """Where it answers."""
        return int(self._server.server_address[1])

    def stop(self) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(_TIMEOUT_S)


_Answer = tuple[int, str, bytes]
_Route = tuple[Callable[[Readings], _Answer], Readings]


def _server(address: tuple[str, int], routes: dict[str, _Route]) -> ThreadingHTTPServer:
    """Return a server of some paths."""

    class Handler(BaseHTTPRequestHandler):
        server_version = f"soilglint/{VERSION}"
        sys_version = ""
        timeout = _TIMEOUT_S

        def do_GET(self) -> None:
            route = routes.get(self.path.partition("?")[0])
            if route is None:
                there = ", ".join(sorted(routes))
                status, kind, body = 404, "text/plain", f"there are {there}\n".encode()
            else:
                try:
                    status, kind, body = route[0](route[1])
                except DaemonError as error:
                    status, kind, body = 503, "text/plain", f"{error}\n".encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815 - the library's names

        def log_message(self, form: str, *values: Any) -> None:
            _LOG.debug(form, *values)

    class Server(ThreadingHTTPServer):
        address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET

    server = Server(address, Handler)
    server.daemon_threads = True
    return server


def _healthz(readings: Readings) -> _Answer:
    """Say whether the service does its work: 200 or 503, with the reasons."""
    health = Health.of(readings)
    told = {
        "status": "ok" if health.healthy else "fault",
        "station": readings.station,
        "version": VERSION,
        "faults": health.faults,
        "warnings": health.warnings,
        "jobs": {
            job.name: {
                "runs": job.runs,
                "failures": job.failures,
                "running": job.step_since is not None,
                "last_s": None if job.last_s is None else round(job.last_s, 3),
            }
            for job in readings.telemetry.jobs()
        },
    }
    body = json.dumps(told, indent=2).encode() + b"\n"
    return (200 if health.healthy else 503), "application/json", body


def _metrics(readings: Readings) -> _Answer:
    """Return all metrics in Prometheus's text."""
    registry = CollectorRegistry()
    registry.register(_Collector(readings))
    return 200, CONTENT_TYPE_PLAIN_0_0_4, generate_latest(registry)


class _Collector:
    """The metrics of a station."""

    def __init__(self, readings: Readings) -> None:
        self._readings = readings

    def collect(self) -> Iterator[Metric]:
        """Give every metric."""
        yield from self._of_jobs()
        with self._readings.store.beside() as store:
            yield from self._of_store(store)
            yield from self._of_sinks(store)

    def _of_jobs(self) -> Iterator[Metric]:
        jobs = self._readings.telemetry.jobs()
        runs = CounterMetricFamily("soilglint_job_runs", "Runs that have ended.", labels=["job"])
        failures = CounterMetricFamily(
            "soilglint_job_failures", "Runs that failed.", labels=["job"]
        )
        took = GaugeMetricFamily(
            "soilglint_job_last_seconds", "How long the last run took.", labels=["job"]
        )
        for job in jobs:
            runs.add_metric([job.name], job.runs)
            failures.add_metric([job.name], job.failures)
            if job.last_s is not None:
                took.add_metric([job.name], job.last_s)
        yield from (runs, failures, took)

    def _of_store(self, store: Store) -> Iterator[Metric]:
        name, now = self._readings.station, self._readings.now()
        files = GaugeMetricFamily("soilglint_files", "Files by state.", labels=["state"])
        for state, number in store.file_states(name).items():
            files.add_metric([state], number)
        arcs = GaugeMetricFamily(
            "soilglint_arcs",
            "Arcs by reason of their rejection; none: accepted.",
            labels=["reject_reason"],
        )
        for reason, number in store.arc_reasons(name).items():
            arcs.add_metric([reason or "none"], number)
        flags = GaugeMetricFamily(
            "soilglint_estimates", "Estimates by product and flag.", labels=["product", "flag"]
        )
        for (product, flag), number in store.estimate_flags(name).items():
            flags.add_metric([product, flag], number)
        yield from (files, arcs, flags)
        newest = store.last_epoch(name, name)
        yield _age("soilglint_observation", "the newest observation", newest, now)
        orbits = store.last_ephemeris(name)
        yield _age("soilglint_ephemeris", "the newest ephemeris", orbits, now)
        last = store.estimates(name, "live", last=1)
        vwc = GaugeMetricFamily("soilglint_soil_moisture", "The last estimate, m3 m-3.")
        latency = GaugeMetricFamily(
            "soilglint_estimate_latency_seconds", "From its time to its making."
        )
        for estimate in last:
            if estimate["vwc"] is not None:
                vwc.add_metric([], estimate["vwc"])
            latency.add_metric([], estimate["latency_s"])
        yield from (vwc, latency)
        size = store.size()
        yield GaugeMetricFamily("soilglint_store_bytes", "Of the database file.", size.total)
        yield CounterMetricFamily(
            "soilglint_outbox_dropped",
            "Records that nobody took in time.",
            store.counter("outbox_dropped"),
        )

    def _of_sinks(self, store: Store) -> Iterator[Metric]:
        sinks = self._readings.sinks()
        up = GaugeMetricFamily("soilglint_sink_up", "1: it takes records.", labels=["sink"])
        depth = GaugeMetricFamily("soilglint_outbox", "Records that wait.", labels=["sink"])
        age = GaugeMetricFamily(
            "soilglint_outbox_age_seconds", "How long the first has waited.", labels=["sink"]
        )
        delivered = CounterMetricFamily("soilglint_delivered", "Records taken.", labels=["sink"])
        rejected = CounterMetricFamily(
            "soilglint_rejected", "Records that will never be taken.", labels=["sink"]
        )
        for sink in sinks:
            state = store.sink_state(sink.name, arcs=sink.wants_arcs)
            up.add_metric([sink.name], not sink.hindrance and sink.alive)
            depth.add_metric([sink.name], state.waiting)
            waited = state.oldest and (self._readings.now() - state.oldest).total_seconds()
            age.add_metric([sink.name], max(waited or 0.0, 0.0))
            delivered.add_metric([sink.name], state.delivered)
            rejected.add_metric([sink.name], state.rejected)
        yield from (up, depth, age, delivered, rejected)


def _age(name: str, what: str, time: pd.Timestamp | None, now: pd.Timestamp) -> Metric:
    """Return how old something is; nothing where there is none."""
    family = GaugeMetricFamily(f"{name}_age_seconds", f"Of {what}.")
    if time is not None:
        family.add_metric([], (now - time).total_seconds())
    return family
