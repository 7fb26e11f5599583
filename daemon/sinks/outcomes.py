"""What became of a message at a sink."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Delivered", "Outcome", "Rejected", "RetryLater", "Unauthorised"]


@dataclass(frozen=True)
class Delivered:
    """The other side has acknowledged it."""


@dataclass(frozen=True)
class RetryLater:
    """Not now: the other side cannot be reached, or cannot take it yet.

    Attributes
    ----------
    reason : str
        Why, and what to do about it; never a secret.
    after_s : float or None
        A wait that the other side asked for, seconds.
    """

    reason: str
    after_s: float | None = None


@dataclass(frozen=True)
class Rejected:
    """Never: the message is set aside, and the queue goes on."""

    reason: str


@dataclass(frozen=True)
class Unauthorised:
    """The other side, or this computer, does not let us: tried again slowly, and told loudly."""

    reason: str


Outcome = Delivered | RetryLater | Rejected | Unauthorised
