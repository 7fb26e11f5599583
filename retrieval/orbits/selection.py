"""Which ephemeris speaks for a satellite at a time.

The answer depends on the set of records only, never on the order in which records or files came:
records are sorted by a full key, and of several for one satellite and reference time one is kept
by a fixed rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from retrieval.orbits.keys import MS_PER_H, key_satellite, satellite_time_key, time_ms

__all__ = ["Choice", "EphemerisChooser", "without_duplicates"]

Choice = Literal["nearest", "latest"]

_DAY = np.timedelta64(86_400_000_000_000, "ns")


def without_duplicates(
    satellite: NDArray[np.int32],
    reference: NDArray[np.datetime64],
    preference: Sequence[NDArray[Any]],
) -> NDArray[np.intp]:
    """Return the rows to keep, sorted by satellite and reference time, one for each pair.

    Parameters
    ----------
    satellite, reference : (n,)
        The pair.
    preference : sequence of (n,) arrays
        The row with the smallest value of the first array wins; ties are broken by the second, and
        so on. NaN and NaT lose.
    """
    order = np.lexsort((*reversed(preference), reference, satellite))
    first = np.ones(len(order), np.bool_)
    first[1:] = (np.diff(satellite[order]) != 0) | (
        np.diff(reference[order]) != np.timedelta64(0, "ns")
    )
    return order[first]


class EphemerisChooser:
    """Chooses among records that are sorted by satellite and reference time, without duplicates.

    Parameters
    ----------
    satellite : (m,) int32
        Satellite codes, ascending.
    reference : (m,) datetime64[ns]
        Reference times, ascending within a satellite.
    transmitted : (m,) datetime64[ns]
        When each message was sent, NaT where unknown. A message counts as known from then or from
        its reference time on, whichever is earlier. (GPS sends messages ahead of their reference
        time. Galileo and BeiDou send them after it, by ten minutes to an hour and a half as files
        have it; but that depends on when the writer's receiver happened to decode them.)
    choice : {"nearest", "latest"}
        ``nearest``: the nearest reference time, the earlier of two equally near ones.
        ``latest``: of the messages known at the time asked for, the one with the latest reference
        time.
    max_age_h : float
        Largest distance between reference time and the time asked for, hours.

    Raises
    ------
    ValueError
        `choice` is neither, or `max_age_h` is not positive.
    """

    def __init__(
        self,
        satellite: NDArray[np.int32],
        reference: NDArray[np.datetime64],
        transmitted: NDArray[np.datetime64],
        choice: Choice,
        max_age_h: float,
    ) -> None:
        if choice not in get_args(Choice):
            raise ValueError(f"choice {choice!r}: expected 'nearest' or 'latest'")
        if not max_age_h > 0:
            raise ValueError(f"max_age_h {max_age_h}: expected more than 0 hours")
        self._choice = choice
        self._max_age_ms = max_age_h * MS_PER_H
        self._reference_ms = time_ms(reference)
        reference_key = satellite_time_key(satellite, reference)
        if choice == "nearest":
            self._key = reference_key
            self._row = np.arange(len(satellite))
            return
        # A time more than a day ahead is a writer's placeholder; comparisons with NaT are false.
        ahead = (transmitted < reference) & (reference - transmitted <= _DAY)
        known = satellite_time_key(satellite, np.where(ahead, transmitted, reference))
        # In order of becoming known; on one millisecond the later reference time comes last.
        row = np.lexsort((reference_key, known))
        # A message that refers to an earlier time than one known before it is never the latest.
        newest = np.maximum.accumulate(reference_key[row])
        row = row[reference_key[row] == newest]
        self._key = known[row]
        self._row = row

    def choose(
        self, satellite: NDArray[np.int32], time: NDArray[np.datetime64]
    ) -> NDArray[np.intp]:
        """Return the row of the record to use for each satellite and time, -1 where none is."""
        if not len(self._key):
            return np.full(len(satellite), -1, np.intp)
        asked = satellite_time_key(satellite, time)
        after = np.searchsorted(self._key, asked, side="right")
        place = np.maximum(after - 1, 0)
        if self._choice == "nearest":
            following = np.minimum(after, len(self._key) - 1)
            nearer = np.abs(self._key[following] - asked) < np.abs(self._key[place] - asked)
            place = np.where(nearer, following, place)
        row = self._row[place]
        age_ms = np.abs(self._reference_ms[row] - time_ms(time))
        usable = (key_satellite(self._key[place]) == satellite) & (age_ms <= self._max_age_ms)
        if self._choice == "latest":
            usable &= self._key[place] <= asked
        return np.where(usable, row, -1)
