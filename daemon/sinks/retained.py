"""What the broker keeps, so that an older estimate never takes the place of a newer one."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Sequence

__all__ = ["RetainedTimes"]

_UTC = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")


class RetainedTimes:
    """The newest time that was seen on each topic, from whomever.

    Parameters
    ----------
    topics : sequence of str
        Those whose messages the broker keeps.
    """

    def __init__(self, topics: Sequence[str]) -> None:
        self._lock = threading.Lock()
        self._topics = tuple(topics)
        self._times: dict[str, str] = {}

    def hear(self, topic: str, payload: bytes) -> None:
        """Take note of a message on a topic; an empty one takes the kept one away."""
        if topic not in self._topics:
            return
        time = _time_of(payload)
        with self._lock:
            if not payload:
                self._times.pop(topic, None)
            elif time > self._times.get(topic, ""):
                self._times[topic] = time

    def forget(self) -> None:
        """Know nothing, as at the beginning of a connection."""
        with self._lock:
            self._times.clear()

    def all_heard(self) -> bool:
        """Whether a message was heard on every topic."""
        with self._lock:
            return len(self._times) == len(self._topics)

    def later_than(self, topic: str, time: str) -> str | None:
        """Return the time on a topic if it is later than this one.

        Another revision of the same time is not.
        """
        with self._lock:
            known = self._times.get(topic, "")
        return known if known > time else None


def _time_of(payload: bytes) -> str:
    """Return the time of an estimate, empty when the message is none."""
    try:
        time = json.loads(payload)["time"]
    except (ValueError, TypeError, KeyError):
        return ""
    return time if isinstance(time, str) and _UTC.fullmatch(time) else ""
