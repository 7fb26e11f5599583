"""Retraining as a job of the service: begun when it is due, asked after, ended with the service."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field

import pandas as pd

from daemon.config import Config
from daemon.errors import BusyError
from daemon.last_try import LastTry, Outcome
from daemon.retraining import Retraining, retrain_due, start_retraining
from daemon.store import Store

__all__ = ["RetrainJob"]

_LOG = logging.getLogger(__name__)
# Whether one is due hangs on days of data; asking reads the whole reference.
_ASK_S = 3600.0


@dataclass
class RetrainJob:
    """What the service knows of its retraining."""

    _running: Retraining | None = None
    _asked_at: float = field(default=float("-inf"))

    def step(self, config: Config, store: Store, now: pd.Timestamp) -> LastTry | None:
        """Begin a retraining if it is due, or see what has come of the one that runs.

        Never waits.

        Returns
        -------
        LastTry or None
            What came of one that has ended since.

        Raises
        ------
        InputError
            The reference cannot be read.
        OutputError
            The shelf cannot be written.
        """
        if self._running is None:
            if time.monotonic() - self._asked_at < _ASK_S:
                return None
            self._asked_at = time.monotonic()
            if retrain_due(config, store, now):
                _LOG.info("retraining begins")
                self._running = start_retraining(config)
            return None
        try:
            found = self._running.poll()
        except BusyError as error:
            _LOG.warning("%s", error)
            self._running = None
            return None
        if found is None:
            return None
        self._running = None
        level = logging.ERROR if found.outcome is Outcome.FAILED else logging.INFO
        _LOG.log(level, "retraining: %s; %s", found.outcome.value.replace("_", " "), found.reason)
        return found

    def stop(self) -> None:
        """End a retraining that runs; what there was stays in use."""
        if self._running is not None:
            self._running.stop()
            self._running = None
