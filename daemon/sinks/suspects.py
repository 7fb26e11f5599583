"""Finding the message that a broker ends connections over.

A connection that the broker ends over something it was sent takes with it all that was on its way.
What is suspected is sent by itself from then on, until it is acknowledged or the connection ends
over it alone: then it is guilty, and must not be sent for ever.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

from daemon.sinks.flight import Key

__all__ = ["Suspects"]


class Suspects:
    """What is suspected; the threads of the sink and of the connection both ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._keys: set[Key] = set()

    def __bool__(self) -> bool:
        with self._lock:
            return bool(self._keys)

    def __contains__(self, key: Key) -> bool:
        with self._lock:
            return key in self._keys

    def blame(self, offenders: Sequence[Key]) -> Key | None:
        """Return the guilty one if it was on its way alone, else suspect them all."""
        with self._lock:
            if len(offenders) == 1:
                self._keys.discard(offenders[0])
                return offenders[0]
            self._keys.update(offenders)
            return None

    def clear(self, key: Key) -> None:
        """Suspect it no longer: it was acknowledged."""
        with self._lock:
            self._keys.discard(key)

    def forget_before(self, first: int) -> None:
        """Suspect no message any longer that comes before one, for nobody will send it again."""
        with self._lock:
            self._keys = {k for k in self._keys if isinstance(k, str) or k >= first}
