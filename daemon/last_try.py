"""What came of the last retraining: ``last_try.json`` on the shelf."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from daemon.files import written_whole

__all__ = ["LastTry", "Outcome", "read_last_try", "write_last_try"]

_NAME = "last_try.json"


class Outcome(StrEnum):
    """What came of a retraining."""

    BEGUN = "begun"  # it runs, or it was cut off
    IN_USE = "in_use"  # the new model makes the estimates
    SHADOW = "shadow"  # it makes estimates beside those in use
    REFUSED = "refused"  # it does worse
    UNCHANGED = "unchanged"  # it is the model in use, or in shadow already
    FAILED = "failed"  # there is none


@dataclass(frozen=True, kw_only=True)
class LastTry:
    """A retraining.

    Attributes
    ----------
    outcome : Outcome
        What came of it.
    begun : str
        The newest observation when it began: UTC text, time of the data.
    reason : str
        Why it came so.
    model_id : str or None
        The new model.
    last_day : str or None
        The last UTC day that trained it.
    comparison : mapping or None
        With the model in use (`daemon.model_comparison.Comparison.as_dict`).
    """

    outcome: Outcome
    begun: str
    reason: str = ""
    model_id: str | None = None
    last_day: str | None = None
    comparison: Mapping[str, Any] | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return it in JSON's types."""
        return asdict(self)


def read_last_try(shelf: Path) -> LastTry | None:
    """Return what came of the last retraining; None where none is known."""
    try:
        told = json.loads((shelf / _NAME).read_bytes())
        return LastTry(**{**told, "outcome": Outcome(told["outcome"])})
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None  # it is a note: without it the next one is due a little earlier


def write_last_try(shelf: Path, tried: LastTry) -> None:
    """Write what came of a retraining.

    Raises
    ------
    OSError
        The disk is full, or another refusal of the computer.
    """
    with written_whole(shelf / _NAME) as partial:
        partial.write_text(json.dumps(tried.as_dict(), indent=2, allow_nan=False) + "\n", "utf-8")
