"""Messages as lines of JSON, for trials: ``soilglint run --stdout``."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from daemon.sinks.interface import Message
from daemon.sinks.outcomes import Delivered, Outcome, Rejected, RetryLater
from daemon.sinks.payload import payload_text

__all__ = ["StdoutSink"]


class StdoutSink:
    """Writes one line per message; the command line says where to.

    Parameters
    ----------
    write : callable
        Takes a line without its end.
    """

    name = "stdout"
    batch = 500
    wants_arcs = False

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write

    def start(self) -> None:
        """There is nothing to connect to."""

    def deliver(self, messages: Sequence[Message]) -> list[Outcome]:
        """Write the messages."""
        outcomes: list[Outcome] = []
        for message in messages:
            try:
                self._write(payload_text(message.record))
            except ValueError as error:
                outcomes.append(Rejected(f"{message.product} of {message.time}: {error}"))
            except OSError as error:
                return [*outcomes, RetryLater(f"standard output: {error.strerror}")]
            else:
                outcomes.append(Delivered())
        return outcomes

    def reach(self, timeout_s: float) -> str | None:
        """Return None: it is always there."""
        return None

    def stop(self, timeout_s: float) -> None:
        """There is nothing to let go."""
