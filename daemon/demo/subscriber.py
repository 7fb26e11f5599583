"""A subscriber: notes each estimate that it is sent, and when."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pandas as pd

from daemon.estimates import Estimate
from daemon.sinks.interface import Message
from daemon.sinks.outcomes import Delivered, Outcome

__all__ = ["Subscriber"]


class Subscriber:
    """A sink in memory.

    Attributes
    ----------
    live : dict of str to Estimate
        The last word on each time.
    first_at : dict of str to float
        When the first word on it came, seconds of the monotonic clock.
    """

    name = "subscriber"
    batch = 500
    wants_arcs = False

    def __init__(self) -> None:
        self.live: dict[str, Estimate] = {}
        self.first_at: dict[str, float] = {}

    def start(self) -> None:
        """There is nothing to connect to."""

    def deliver(self, messages: Sequence[Message]) -> list[Outcome]:
        """Note messages."""
        for message in messages:
            if message.product == "live":
                self.first_at.setdefault(message.time, time.monotonic())
                self.live[message.time] = dict(message.record)
        return [Delivered() for _ in messages]

    def reach(self, timeout_s: float) -> str | None:
        """Return None: it is always there."""
        return None

    def stop(self, timeout_s: float) -> None:
        """There is nothing to let go."""

    def table(self, since: pd.Timestamp) -> pd.DataFrame:
        """Return the live estimates from a time on, UTC, in order."""
        table = pd.DataFrame([self.live[time] for time in sorted(self.live)])
        table["time"] = pd.to_datetime(table["time"])
        table["first_at"] = [self.first_at[time] for time in sorted(self.live)]
        return table[table["time"] >= since].reset_index(drop=True)
