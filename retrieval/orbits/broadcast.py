"""Satellite positions from broadcast ephemerides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

import numpy as np
from numpy.typing import NDArray

from retrieval import gnss
from retrieval.orbits.glonass import glonass_positions
from retrieval.orbits.kepler import KeplerOrbits
from retrieval.orbits.selection import Choice, EphemerisChooser, without_duplicates
from retrieval.orbits.source import OrbitFix
from retrieval.rinex.navigation_records import (
    MESSAGES,
    GlonassRecords,
    KeplerRecords,
    Navigation,
)

__all__ = ["BroadcastOrbits"]

_NS_PER_H = 3.6e12


class BroadcastOrbits:
    """Positions of GPS, GLONASS, Galileo, BeiDou, QZSS and NavIC satellites from navigation files.

    Of several records of one satellite with the same reference time one is used, whatever the
    order of records and files: Galileo's I/NAV before its F/NAV (the orbits are equal, the clocks
    nearly), then a healthy one, then the one sent first, then the one with the smaller numbers.

    Parameters
    ----------
    navigation : Navigation
        One file, or several joined by `merge_navigation`.
    choice : {"nearest", "latest"}
        ``nearest``: the ephemeris with the nearest reference time, before or after; for files of
        past days. ``latest``: the newest that was known by then (see `EphemerisChooser`), as in
        real time.
    max_age_h : float
        Ephemerides further than this from the time asked for are not used, hours. A GPS orbit is
        good to 5 m within 2 h of its reference time and off by up to 1.4 km (0.004 degrees) after
        23 h (both real days in ``tests/real``).
    glonass_max_age_h : float
        The same for GLONASS, whose records hold for a quarter of an hour by themselves.

    Attributes
    ----------
    kepler : KeplerRecords
        Records in use, sorted by satellite and toe.
    glonass : GlonassRecords
        Records in use, sorted by satellite and reference time.

    Raises
    ------
    ValueError
        `choice` is neither, or an age is not positive.
    """

    def __init__(
        self,
        navigation: Navigation,
        choice: Choice = "nearest",
        max_age_h: float = 24.0,
        glonass_max_age_h: float = 12.0,
    ) -> None:
        self.kepler = _sorted_kepler(navigation.kepler)
        self.glonass = _sorted_glonass(navigation.glonass)
        self._kepler_chooser = EphemerisChooser(
            self.kepler.satellite, self.kepler.toe, self.kepler.transmitted, choice, max_age_h
        )
        self._glonass_chooser = EphemerisChooser(
            self.glonass.satellite,
            self.glonass.reference,
            self.glonass.transmitted,
            choice,
            glonass_max_age_h,
        )
        self._orbits = KeplerOrbits(self.kepler)
        self._glonass_channels = dict(navigation.glonass_channels)

    @property
    def name(self) -> str:
        """``broadcast``."""
        return "broadcast"

    @property
    def satellites(self) -> tuple[str, ...]:
        """Names of the satellites that have a record, sorted."""
        codes = np.union1d(self.kepler.satellite, self.glonass.satellite)
        return tuple(gnss.satellite_name(int(code)) for code in codes)

    @property
    def glonass_channels(self) -> Mapping[int, int]:
        """GLONASS slot -> FDMA channel."""
        return self._glonass_channels

    @property
    def span(self) -> tuple[np.datetime64, np.datetime64] | None:
        """First and last reference time, GPS time; None without records."""
        times = np.concatenate([self.kepler.toe, self.glonass.reference])
        return (times.min(), times.max()) if len(times) else None

    def choose_kepler(
        self, satellite: NDArray[np.int32], time: NDArray[np.datetime64]
    ) -> NDArray[np.intp]:
        """Return the row of `kepler` used for each satellite and time, -1 where there is none."""
        return self._kepler_chooser.choose(satellite, time)

    def choose_glonass(
        self, satellite: NDArray[np.int32], time: NDArray[np.datetime64]
    ) -> NDArray[np.intp]:
        """Return the row of `glonass` used for each satellite and time, -1 where there is none."""
        return self._glonass_chooser.choose(satellite, time)

    def locate(self, satellite: NDArray[np.int32], time: NDArray[np.datetime64]) -> OrbitFix:
        """Return positions of satellites at times.

        Parameters
        ----------
        satellite : (n,) int32
            Satellite codes.
        time : (n,) datetime64[ns]
            GPS time.
        """
        position = np.full((len(satellite), 3), np.nan)
        age_h = np.full(len(satellite), np.nan)
        row = self.choose_kepler(satellite, time)
        found = np.flatnonzero(row >= 0)
        position[found] = self._orbits.positions(row[found], time[found])
        age_h[found] = _hours_apart(time[found], self.kepler.toe[row[found]])
        row = self.choose_glonass(satellite, time)
        found = np.flatnonzero(row >= 0)
        position[found] = glonass_positions(self.glonass, row[found], time[found])
        age_h[found] = _hours_apart(time[found], self.glonass.reference[row[found]])
        return OrbitFix(position, age_h)


def _hours_apart(
    first: NDArray[np.datetime64], second: NDArray[np.datetime64]
) -> NDArray[np.float64]:
    hours: NDArray[np.float64] = np.abs((first - second).astype(np.int64)) / _NS_PER_H
    return hours


def _sorted_kepler(records: KeplerRecords) -> KeplerRecords:
    numbers = [
        getattr(records, column.name)
        for column in fields(records)
        if column.name not in ("satellite", "message", "toe", "transmitted", "health", "line")
    ]
    preference = [
        records.message == MESSAGES.index("FNAV"),
        records.health != 0,
        records.transmitted,
        records.message,
        *numbers,
        records.health,
    ]
    return records.take(without_duplicates(records.satellite, records.toe, preference))


def _sorted_glonass(records: GlonassRecords) -> GlonassRecords:
    preference = [
        records.health != 0,
        records.transmitted,
        *records.position_m.T,
        *records.velocity_m_s.T,
        *records.acceleration_m_s2.T,
        records.clock_bias_s,
        records.frequency_bias,
        records.health,
        records.channel,
    ]
    return records.take(without_duplicates(records.satellite, records.reference, preference))
