"""The process of the service: one life after the other until a signal ends it."""

from __future__ import annotations

import faulthandler
import logging
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

from daemon.config import Config, load_config
from daemon.errors import ConfigError, DaemonError
from daemon.service.life import Service
from daemon.sinks.interface import Sink

__all__ = ["run_service"]

_LOG = logging.getLogger(__name__)


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

    A configuration that is faulty, or with which the service cannot start, changes nothing: it goes
    on with the one before. SIGUSR1 writes the stacks of all threads to standard error.

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
    before: Config | None = None  # one that it has lived with
    following: Config | None = config
    while following is not None:
        service = Service(following, extra_sinks())
        started = False
        try:
            with service.running():
                started, before = True, following
                following = _until_told(service, path, signals)
            if signals.end:
                following = None  # told so while the life ended
        except DaemonError as error:
            if started or before is None:
                raise
            _LOG.error("the configuration stays as it was: %s", error)
            following, before = before, None
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
        service.patient = lambda: not signals.end  # two lives must not work on one store
        return config
