"""What observations lack of ephemerides, and the words for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from retrieval import gnss
from retrieval.arcs import SkyPoints

__all__ = ["Lacks", "missing_note", "stale_note", "stale_satellites"]

_NAMED = 12
# A satellite sends its next message long before one is so old. Nearer ones are worth waiting for.
_STALE_H = {"R": 1.0}
_STALE_OTHERS_H = 4.0


@dataclass(frozen=True)
class Lacks:
    """What a stretch of observations lacks of ephemerides; stretches add up.

    Attributes
    ----------
    n_rows : int
        SNR values of the stretch that could make arcs.
    missing : mapping
        Satellite -> values left out.
    stale_h : mapping
        Satellite -> age of its oldest ephemeris, hours, where that is more than usual.
    """

    n_rows: int = 0
    missing: Mapping[str, int] = field(default_factory=dict)
    stale_h: Mapping[str, float] = field(default_factory=dict)

    @property
    def satellites(self) -> list[str]:
        """Names of the satellites that lack an ephemeris or have an old one."""
        return sorted({*self.missing, *self.stale_h})

    @property
    def everything(self) -> bool:
        """Whether there are values, and none has an ephemeris."""
        return self.n_rows > 0 and sum(self.missing.values()) == self.n_rows

    def __add__(self, other: Lacks) -> Lacks:
        return Lacks(
            self.n_rows + other.n_rows,
            {
                name: self.missing.get(name, 0) + other.missing.get(name, 0)
                for name in sorted({*self.missing, *other.missing})
            },
            {
                name: max(self.stale_h.get(name, 0.0), other.stale_h.get(name, 0.0))
                for name in sorted({*self.stale_h, *other.stale_h})
            },
        )


def stale_satellites(points: SkyPoints) -> dict[str, float]:
    """Return satellite -> age of its oldest ephemeris, hours, where that is more than usual."""
    aged = ~np.isnan(points.age_h)
    codes, place = np.unique(points.satellite[aged], return_inverse=True)
    oldest_h = np.zeros(len(codes))
    np.maximum.at(oldest_h, place, points.age_h[aged])
    names = [gnss.satellite_name(int(code)) for code in codes]
    return {
        name: float(age_h)
        for name, age_h in zip(names, oldest_h, strict=True)
        if age_h > _STALE_H.get(name[0], _STALE_OTHERS_H)
    }


def _some(names: Sequence[str]) -> str:
    """Name the first few satellites."""
    return ", ".join(names[:_NAMED]) + (" ..." if len(names) > _NAMED else "")


def missing_note(lacks: Lacks) -> str:
    """Say which satellites have no ephemeris."""
    if not lacks.missing:
        return ""
    return (
        f"no ephemeris for {_some(sorted(lacks.missing))}: {sum(lacks.missing.values())} of "
        f"{lacks.n_rows} SNR values left out; it is taken again when navigation that has them "
        "arrives"
    )


def stale_note(lacks: Lacks) -> str:
    """Say which satellites have old ephemerides."""
    if not lacks.stale_h:
        return ""
    return (
        f"ephemerides up to {max(lacks.stale_h.values()):.1f} h old for "
        f"{_some(sorted(lacks.stale_h))}; it is taken again when navigation that has them arrives"
    )
