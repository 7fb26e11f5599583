"""Messages that are on their way to the broker.

The client library sends a message again by itself after a lost connection, under the same packet
identifier. So a message that was not acknowledged in time is waited for and not published again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from daemon.sinks.outcomes import Outcome

__all__ = ["Flight", "Key", "Mark"]

Key = int | str  # the number of a message; the topic of what is no message


@dataclass(frozen=True)
class Mark:
    """A moment between what was dropped before and after.

    Attributes
    ----------
    clients : int
        How many clients there were.
    drops : int
        How often the client was made to drop what it held.
    """

    clients: int = 0
    drops: int = 0


class Flight:
    """Which packet carries what, and what was answered.

    Calls of the library must not happen while this lock is held: it answers while holding its own.
    So a packet may be answered, or dropped, before anybody could say what it carries.

    Parameters
    ----------
    changed : Condition
        Told at every answer.
    """

    def __init__(self, changed: threading.Condition) -> None:
        self._changed = changed
        self._mark = Mark()
        self._open: dict[int, Key] = {}
        self._early: dict[int, Outcome] = {}
        self._dropped: set[int] = set()
        self._answers: dict[Key, Outcome] = {}

    def mark(self) -> Mark:
        """Return the moment, to be taken before a packet is made."""
        with self._changed:
            return self._mark

    def sent(self, packet: int, key: Key, mark: Mark) -> Outcome | None:
        """Take note of what a packet carries; return the answer if it has come already."""
        with self._changed:
            if mark.clients != self._mark.clients:
                return None
            early = self._early.pop(packet, None)
            if mark != self._mark:
                # Dropped meanwhile, or not: it counts as not sent, and its answer as none.
                if early is None:
                    self._dropped.add(packet)
                return None
            if early is None:
                self._open[packet] = key
            else:
                self._answers[key] = early
            return early

    def answered(self, packet: int, outcome: Outcome) -> Key | None:
        """Take note of the answer to a packet; return what it carries, if that is known yet."""
        with self._changed:
            if packet in self._dropped:
                self._dropped.remove(packet)
                return None
            key = self._open.pop(packet, None)
            if key is None:
                self._early[packet] = outcome
            else:
                self._answers[key] = outcome
            self._changed.notify_all()
            return key

    def settle(self, key: Key, outcome: Outcome) -> None:
        """Answer what was not sent."""
        with self._changed:
            self._answers[key] = outcome

    def is_open(self, key: Key) -> bool:
        """Whether a packet with it waits for its answer."""
        with self._changed:
            return key in self._open.values()

    def knows(self, key: Key) -> bool:
        """Whether it is on its way or answered."""
        with self._changed:
            return key in self._answers or key in self._open.values()

    def take(self, key: Key) -> Outcome | None:
        """Return its answer, once."""
        with self._changed:
            return self._answers.pop(key, None)

    def wait(self, key: Key, until: float, give_up: Callable[[], bool]) -> Outcome | None:
        """Wait for its answer and leave it there; None when time is up (monotonic), or given up."""
        with self._changed:
            self._changed.wait_for(
                lambda: key in self._answers or give_up(), max(0.0, until - time.monotonic())
            )
            return self._answers.get(key)

    def keep(self, numbers: Sequence[int]) -> None:
        """Forget answers to messages that nobody asks for any more."""
        with self._changed:
            wanted = set(numbers)
            for key in [key for key in self._answers if isinstance(key, int)]:
                if key not in wanted:
                    del self._answers[key]

    def drop(self) -> list[Key]:
        """Take all that is on its way as not sent, and return what it was."""
        with self._changed:
            keys = list(self._open.values())
            self._open.clear()
            self._early.clear()
            self._mark = Mark(self._mark.clients, self._mark.drops + 1)
            return keys

    def clear(self) -> None:
        """Forget everything: the client that held it is gone."""
        with self._changed:
            for held in (self._open, self._early, self._dropped, self._answers):
                held.clear()
            self._mark = Mark(self._mark.clients + 1)
