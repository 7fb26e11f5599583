"""From the outbox to a sink: in order, each row until the sink has taken it, poison set aside.

`publish_batch` is one step of one sink; `Publisher` repeats it in a thread of its own, so that a
destination that hangs holds up neither the others nor the intake.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd

from daemon.errors import StoreError
from daemon.sinks.backoff import backoff_s
from daemon.sinks.interface import Message, Sink
from daemon.sinks.outcomes import Delivered, Rejected, RetryLater, Unauthorised
from daemon.store import OutboxRow, Store

__all__ = ["Progress", "Publisher", "SinkHealth", "publish_batch"]

_LOG = logging.getLogger(__name__)

# So often a sink that does not let us in is asked again: somebody has to act first.
_UNAUTHORISED_S = 60.0
_IDLE_S = 60.0  # the longest sleep without work; a new row wakes at once


@dataclass(frozen=True)
class Progress:
    """What one step brought.

    Attributes
    ----------
    delivered, rejected : int
        Rows.
    hindrance : RetryLater or Unauthorised or None
        What stopped it.
    more : bool
        Whether there may be more to do at once.
    """

    delivered: int = 0
    rejected: int = 0
    hindrance: RetryLater | Unauthorised | None = None
    more: bool = False


@dataclass(frozen=True)
class SinkHealth:
    """How a sink is doing.

    Attributes
    ----------
    name : str
        Of the sink.
    wants_arcs : bool
        Whether it takes arcs too.
    hindrance : str
        What keeps it from its work; empty when nothing does.
    unauthorised : bool
        Whether somebody has to act.
    failures : int
        Steps in a row that brought nothing.
    alive : bool
        Whether its thread runs.
    """

    name: str
    wants_arcs: bool
    hindrance: str
    unauthorised: bool
    failures: int
    alive: bool


def publish_batch(store: Store, sink: Sink, now: Callable[[], pd.Timestamp]) -> Progress:
    """Give a sink its next rows, and note what it has taken.

    Parameters
    ----------
    store : Store
        Open for writing.
    sink : Sink
        Started.
    now : callable
        Gives the time, UTC.
    """
    rows = store.waiting(sink.name, sink.batch, arcs=sink.wants_arcs)
    if not rows:
        return Progress()
    sent = [row for row in rows if row.record]
    outcomes = sink.deliver(_messages(sent, store.newest_delivered(sink.name))) if sent else []
    answered = dict(zip((row.number for row in sent), outcomes, strict=False))
    delivered: list[OutboxRow] = []
    rejected: list[tuple[OutboxRow, str]] = []
    hindrance: RetryLater | Unauthorised | None = None
    last = 0
    for row in rows:
        # Of an arc that was superseded meanwhile there is nothing to send.
        outcome = answered.get(row.number) if row.record else Delivered()
        if isinstance(outcome, RetryLater | Unauthorised):
            hindrance = outcome
            break
        if outcome is None:
            hindrance = None if outcomes else RetryLater("no answer in time")
            break
        if isinstance(outcome, Rejected):
            rejected.append((row, outcome.reason))
        elif row.record:
            delivered.append(row)
        last = row.number
    if last:
        with store.transaction():
            store.take_as_done(sink.name, last, delivered, rejected, now())
    return Progress(len(delivered), len(rejected), hindrance, more=hindrance is None)


def _messages(rows: Sequence[OutboxRow], newest: dict[tuple[str, str], str]) -> list[Message]:
    """Return rows as messages; which of them is the newest follows from their times."""
    messages = []
    for row in rows:
        series = row.station, row.product
        is_newest = row.time >= newest.get(series, "")
        if is_newest:
            newest[series] = row.time
        messages.append(
            Message(row.number, row.station, row.product, row.time, row.record, is_newest)
        )
    return messages


class Publisher:
    """The thread of one sink.

    Parameters
    ----------
    store : Store
        Open for writing in this process; the thread opens it once more for itself.
    sink : Sink
        Not started.
    now : callable
        Gives the time, UTC.
    """

    def __init__(self, store: Store, sink: Sink, now: Callable[[], pd.Timestamp]) -> None:
        self.sink = sink
        self._store = store
        self._now = now
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._hindrance: RetryLater | Unauthorised | None = None
        self._failures = 0
        self._told = ""
        self._thread = threading.Thread(target=self._run, name=f"sink {sink.name}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """Look at the outbox now, unless the sink has to be left alone for a while."""
        if self._hindrance is None:
            self._wake.set()

    def tell_to_stop(self) -> None:
        """End after the batch in hand."""
        self._stopping.set()
        self._wake.set()

    def stop(self, timeout_s: float) -> bool:
        """End after the batch in hand; return whether it has, within a time."""
        self.tell_to_stop()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def health(self) -> SinkHealth:
        """Say how the sink is doing."""
        hindrance = self._hindrance
        return SinkHealth(
            self.sink.name,
            self.sink.wants_arcs,
            "" if hindrance is None else hindrance.reason,
            isinstance(hindrance, Unauthorised),
            self._failures,
            self._thread.is_alive(),
        )

    def _run(self) -> None:
        self.sink.start()
        while not self._stopping.is_set():
            try:
                with self._store.beside() as store:
                    self._deliver(store)
            except StoreError as error:
                # Not to be opened now, as when its disk has gone for a while.
                self._note(Progress(hindrance=RetryLater(str(error))))
                self._stopping.wait(backoff_s(self._failures, random.random()))  # noqa: S311
        self.sink.stop(timeout_s=3.0)

    def _deliver(self, store: Store) -> None:
        """Do step after step until the service ends."""
        while not self._stopping.is_set():
            self._wake.clear()
            wait_s = self._step(store)
            if wait_s:
                self._wake.wait(wait_s)

    def _step(self, store: Store) -> float:
        """Do one step; return how long to wait before the next, seconds.

        Raises
        ------
        StoreError
            The store cannot be used any more.
        """
        try:
            progress = publish_batch(store, self.sink, self._now)
        except StoreError:
            raise  # the store is opened anew
        except Exception as error:  # noqa: BLE001 - the thread's border: others must go on
            _LOG.exception("sink %s: failed", self.sink.name)
            progress = Progress(hindrance=RetryLater(f"{type(error).__name__}: {error}"))
        self._note(progress)
        hindrance = progress.hindrance
        if hindrance is None:
            return 0.0 if progress.more else _IDLE_S
        if isinstance(hindrance, Unauthorised):
            return _UNAUTHORISED_S
        if hindrance.after_s is not None:
            return hindrance.after_s
        return backoff_s(self._failures, random.random())  # noqa: S311 - spreads attempts only

    def _note(self, progress: Progress) -> None:
        """Remember how it went, and say so once for each change."""
        if progress.rejected:
            _LOG.error(
                "sink %s: %d records will never be taken and are set aside; `soilglint status` "
                "shows them",
                self.sink.name,
                progress.rejected,
            )
        hindrance = progress.hindrance
        moved = progress.delivered + progress.rejected > 0
        self._failures = 0 if moved or hindrance is None else self._failures + 1
        if hindrance is None and self._told:
            _LOG.info("sink %s: delivers again", self.sink.name)
            self._told = ""
        elif hindrance is not None and hindrance.reason != self._told:
            level = logging.ERROR if isinstance(hindrance, Unauthorised) else logging.WARNING
            _LOG.log(level, "sink %s: %s; records wait", self.sink.name, hindrance.reason)
            self._told = hindrance.reason
        self._hindrance = hindrance
