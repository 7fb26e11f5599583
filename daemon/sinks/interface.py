"""What a sink is, and what it is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from daemon.sinks.outcomes import Outcome

__all__ = ["Message", "Sink"]


@dataclass(frozen=True)
class Message:
    """One row of the outbox, with what it stands for.

    Attributes
    ----------
    number : int
        Of the row, rising.
    station : str
        Whose it is.
    product : str
        ``live``, ``daily`` or ``arc``.
    time : str
        UTC text of the estimate, or of the arc's end.
    record : mapping
        The estimate's record, or the arc's.
    newest : bool
        Nothing later of this station and product has been delivered by this sink or stands before
        it in this batch.
    """

    number: int
    station: str
    product: str
    time: str
    record: Mapping[str, Any]
    newest: bool


class Sink(Protocol):
    """A destination; used by one thread."""

    @property
    def name(self) -> str:
        """Short name, the same for ever: the cursor in the store goes by it."""

    @property
    def batch(self) -> int:
        """How many messages `deliver` likes at once."""

    @property
    def wants_arcs(self) -> bool:
        """Whether it takes messages of the product ``arc``."""

    def start(self) -> None:
        """Begin to connect; never waits, never raises for a peer that cannot be reached."""

    def deliver(self, messages: Sequence[Message]) -> list[Outcome]:
        """Deliver messages, blocking for up to a few seconds.

        Returns
        -------
        list of Outcome
            Of a leading part of the messages, in their order, at least of the first. What comes
            after it, and what is to be tried again, is given again: a message that is still on its
            way is then waited for and not sent twice.
        """

    def reach(self, timeout_s: float) -> str | None:
        """Return None when the destination can be reached, else what is wrong and the remedy."""

    def stop(self, timeout_s: float) -> None:
        """Say goodbye and let go, within so many seconds."""
