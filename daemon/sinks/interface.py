"""What every destination of messages offers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from daemon.sinks.outcomes import Outcome

__all__ = ["Message", "Sink"]


@dataclass(frozen=True)
class Message:
    """One record on its way.

    Attributes
    ----------
    number : int
        Of its row in the outbox; rising.
    station : str
        Whose.
    product : str
        ``live``, ``daily`` or ``arc``.
    time : str
        Of the estimate, or when the arc closed; UTC with ``Z``.
    record : mapping
        The estimate or the arc, plain values.
    newest : bool
        Nothing later of this station and product was delivered by this sink, or stands before it in
        this batch.
    """

    number: int
    station: str
    product: str
    time: str
    record: Mapping[str, Any]
    newest: bool


class Sink(Protocol):
    """A destination. One thread uses it at a time."""

    name: str
    batch: int
    wants_arcs: bool

    def start(self) -> None:
        """Begin to connect. Never waits, and never fails because nobody is there."""

    def deliver(self, messages: Sequence[Message]) -> list[Outcome]:
        """Hand messages over, for up to some seconds.

        Parameters
        ----------
        messages : sequence of Message
            In the order in which they are to arrive.

        Returns
        -------
        list of Outcome
            Of a leading part of them, in order.
        """

    def reach(self, timeout_s: float) -> str | None:
        """Return None where the destination answers, else what is wrong and what to do."""

    def stop(self, timeout_s: float) -> None:
        """Say goodbye."""
