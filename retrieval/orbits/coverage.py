"""Which observations have an orbit, and what to say when none has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval import gnss
from retrieval.errors import NoNavigationError
from retrieval.orbits.look import LookAngles
from retrieval.orbits.source import OrbitSource

__all__ = ["OrbitCoverage", "orbit_coverage"]

_NAMED = 12


@dataclass(frozen=True)
class OrbitCoverage:
    """How much of a set of observations has an orbit.

    Attributes
    ----------
    n_rows, n_without : int
        Observations, and those without an orbit.
    missing : mapping
        Satellite name -> its observations without an orbit, for satellites that have such.
    first, last : datetime64[ns] or None
        GPS time of the first and last observation without an orbit.
    available : tuple of str
        What each source offers, in words.
    """

    n_rows: int
    n_without: int
    missing: Mapping[str, int]
    first: np.datetime64 | None
    last: np.datetime64 | None
    available: tuple[str, ...]

    def require_any(self) -> None:
        """Raise unless some observation has an orbit.

        Raises
        ------
        NoNavigationError
            Naming the satellites, the time, what the sources offer, and what to do.
        """
        if self.n_rows == 0 or self.n_without < self.n_rows:
            return
        names = list(self.missing)
        shown = ", ".join(names[:_NAMED]) + (" ..." if len(names) > _NAMED else "")
        offered = "; ".join(self.available) if self.available else "no navigation file was given"
        raise NoNavigationError(
            f"no ephemeris for any of the {len(names)} satellites observed ({shown}) from "
            f"{_minute(self.first)} to {_minute(self.last)} GPS time; available: {offered}. Give "
            "the RINEX navigation file (such as BRDC...MN.rnx) or the SP3 file of that day, with "
            "--nav or in the inbox"
        )


def orbit_coverage(
    sources: Sequence[OrbitSource],
    angles: LookAngles,
    satellite: NDArray[np.int32],
    time: NDArray[np.datetime64],
) -> OrbitCoverage:
    """Account for the observations that got no orbit.

    Parameters
    ----------
    sources : sequence of OrbitSource
        As given to `look_angles`.
    angles : LookAngles
        What it returned.
    satellite, time : (n,) arrays
        As given to it.
    """
    without = angles.source < 0
    codes, counts = np.unique(satellite[without], return_counts=True)
    times = time[without]
    return OrbitCoverage(
        n_rows=len(angles),
        n_without=int(without.sum()),
        missing={
            gnss.satellite_name(int(code)): int(count)
            for code, count in zip(codes, counts, strict=True)
        },
        first=times.min() if len(times) else None,
        last=times.max() if len(times) else None,
        available=tuple(_describe(source) for source in sources),
    )


def _describe(source: OrbitSource) -> str:
    if source.span is None:
        return f"{source.name}: nothing"
    first, last = source.span
    letters = sorted({name[0] for name in source.satellites})
    return f"{source.name}: {''.join(letters)}, {_minute(first)} to {_minute(last)}"


def _minute(time: np.datetime64 | None) -> str:
    return "never" if time is None else str(time.astype("datetime64[m]")).replace("T", " ")
