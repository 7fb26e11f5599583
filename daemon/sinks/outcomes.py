"""What becomes of a message that a sink was given."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Delivered", "Outcome", "Rejected", "RetryLater", "Unauthorised"]


@dataclass(frozen=True)
class Delivered:
    """The other side has said that it has it."""


@dataclass(frozen=True)
class RetryLater:
    """Not now.

    Attributes
    ----------
    reason : str
        What is wrong, in words.
    after_s : float or None
        A wait that the other side asked for, seconds.
    """

    reason: str
    after_s: float | None = None


@dataclass(frozen=True)
class Rejected:
    """Never: the message is set aside, and the queue goes on.

    Attributes
    ----------
    reason : str
        What is wrong with it, in words.
    """

    reason: str


@dataclass(frozen=True)
class Unauthorised:
    """The other side does not let us; nothing will go before somebody acts.

    Attributes
    ----------
    reason : str
        What it refused, and what to look at.
    """

    reason: str


Outcome = Delivered | RetryLater | Rejected | Unauthorised
