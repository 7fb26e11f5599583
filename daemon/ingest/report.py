"""What one look at the inbox brought."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

__all__ = ["IngestReport"]


@dataclass
class IngestReport:
    """What one look at the inbox brought.

    Attributes
    ----------
    files : Counter
        State -> files that were read and noted now.
    known : int
        Files that were known already, and copies of such.
    forgotten : int
        Files that brought nothing and have been taken away.
    arcs_new, arcs_superseded : int
        Arcs written, and arcs taken out because these stand for them.
    weather_new : int
        Rows of the weather file that are new or corrected.
    next_settled_s : float or None
        In how many seconds the next of the files that are left until they have settled can be read.
    problems : dict
        File, or key of the configuration, -> what could not be used or done, and why.
    notes : dict
        File read now, or key of the configuration, -> what a user must know of it.
    """

    files: Counter[str] = field(default_factory=Counter)
    known: int = 0
    forgotten: int = 0
    arcs_new: int = 0
    arcs_superseded: int = 0
    weather_new: int = 0
    next_settled_s: float | None = None
    problems: dict[str, str] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)

    @property
    def changed(self) -> bool:
        """Whether the store differs from before."""
        return bool(
            self.files
            or self.forgotten
            or self.arcs_new
            or self.arcs_superseded
            or self.weather_new
        )
