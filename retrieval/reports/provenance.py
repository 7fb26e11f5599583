"""Where a report comes from, and what it says where its signals were simulated."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from retrieval.reports.study import Study

__all__ = ["OF_THE_RECORD", "Provenance", "is_simulated", "says_simulated", "simulated_words"]

_SIMULATED = re.compile(r"\bsimulated\b", re.IGNORECASE)
_NOTHING = "Nothing was measured in the field: the signals were simulated"
OF_THE_RECORD = "These are properties of the simulated record, not of the ground."


@dataclass(frozen=True)
class Provenance:
    """Where a report comes from.

    Attributes
    ----------
    command : str
        As it was typed.
    label : str
        What kind of record this is, such as "SIMULATED SNR, real reference"; may be empty.
    versions : dict of str to str
        Of the software.
    sources : dict of str to str
        SHA-256 of what was read, by name.
    settings : dict of str to str
        What was chosen, in words.
    from_reference : bool or None
        Whether simulated signals were made from the very reference; None where nobody says.
    frost_checked : bool
        Whether temperatures were known, so that frozen days could be left out.
    made : str
        UTC day on which the report was made; may be empty.
    """

    command: str
    label: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    from_reference: bool | None = None
    frost_checked: bool = False
    made: str = ""


def says_simulated(text: str) -> bool:
    """Return whether a text says that something was simulated.

    Examples
    --------
    >>> says_simulated("Simulated SNR"), says_simulated("dissimulated")
    (True, False)
    """
    return _SIMULATED.search(text) is not None


def is_simulated(study: Study, label: str) -> bool:
    """Return whether the label or the text of the equipment says that signals were simulated."""
    return any(says_simulated(text) for text in (label, *study.heard.equipment))


def simulated_words(from_reference: bool | None) -> str:
    """Say what errors on simulated signals are worth.

    Parameters
    ----------
    from_reference : bool or None
        As in `Provenance`.
    """
    if from_reference is None:
        return (
            f"{_NOTHING}. Whether they were made from this very reference is not declared and must "
            "be assumed. The errors then are those of the method on such signals, and say nothing "
            "of the field."
        )
    if from_reference:
        return (
            f"{_NOTHING}, from this very reference. The errors are those of the method on such "
            "signals, and say nothing of the field."
        )
    return (
        f"{_NOTHING}, and by declaration not from this reference. The errors hold for such signals "
        "beside such a reference, and say nothing of the field."
    )
