"""A receiver that drops the files of each hour into the inbox when the clock has passed it."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

from daemon.demo.clock import FastClock

__all__ = ["HOUR", "Receiver"]

HOUR = pd.Timedelta(hours=1)


class Receiver:
    """Writes files in a thread of its own.

    Parameters
    ----------
    files : sequence of Path
        One for each hour, in order.
    start : Timestamp
        Of the first hour, UTC.
    inbox : Path
        Where they go: under another name, then renamed, as transfers do.
    clock : FastClock
        Tells when.
    on_file : callable
        Called with the number of files written.

    Attributes
    ----------
    written_at : list of float
        When each file was there, seconds of the monotonic clock.
    """

    def __init__(
        self,
        files: Sequence[Path],
        start: pd.Timestamp,
        inbox: Path,
        clock: FastClock,
        on_file: Callable[[int], None],
    ) -> None:
        self.written_at: list[float] = []
        self._files = files
        self._start = start
        self._inbox = inbox
        self._clock = clock
        self._on_file = on_file
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="receiver", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def done(self) -> bool:
        """Whether all files are written."""
        return len(self.written_at) == len(self._files)

    def stop(self) -> None:
        """End after the file in hand."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        for k, path in enumerate(self._files):
            wait_s = self._clock.until_s(self._start + (k + 1) * HOUR)
            if self._stopping.wait(max(wait_s, 0.0)):
                return
            partial = self._inbox / f"{path.name}.part"
            shutil.copyfile(path, partial)
            partial.replace(self._inbox / path.name)
            self.written_at.append(time.monotonic())
            self._on_file(k + 1)
