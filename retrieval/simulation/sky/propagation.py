"""Navigation records of a season, from the records of one day of any year.

Each satellite's newest healthy record is carried in one step to reference times on a fixed grid, so
a record depends on its satellite and time alone, not on the span asked for, and a season can be
made day by day. Mean motions are those that make the ground tracks repeat as each constellation's
really do (`repetition`); without that the errors of one record would carry satellites round the
sky in a year. Neighbouring records describe one orbit, so positions are continuous.

What is left out: the pull of Sun and Moon, which tilts the planes by degrees in years, manoeuvres,
and clocks, which keep their offset. BeiDou's and QZSS's geostationary satellites are left out too.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from retrieval import gnss
from retrieval.errors import InputError
from retrieval.orbits.kepler import GRAVITATION_M3_S2
from retrieval.orbits.selection import without_duplicates
from retrieval.rinex.navigation_records import (
    MESSAGES,
    GlonassRecords,
    KeplerRecords,
    Navigation,
)
from retrieval.simulation.sky.events import SkyEvent, transmitting, unhealthy, vehicles
from retrieval.simulation.sky.glonass_elements import elements_of, repeating, sent_states
from retrieval.simulation.sky.repetition import earth_rate_rad_s, repeating_rate

__all__ = ["season_navigation"]

_GPS_EPOCH = np.datetime64("1980-01-06", "ns")
_NS_PER_S = 1_000_000_000
_WEEK_NS = 604_800 * _NS_PER_S
_TURN = 2 * np.pi
_KEPLER_STEP = np.timedelta64(7200 * _NS_PER_S, "ns")
_GLONASS_STEP = np.timedelta64(1800 * _NS_PER_S, "ns")
# GLONASS refers to the quarters before and after the hour, Moscow time and UTC alike.
_GLONASS_PHASE = np.timedelta64(900 * _NS_PER_S, "ns")
_BEIDOU_BEHIND_GPS = np.timedelta64(14 * _NS_PER_S, "ns")
_NO_TIME = np.timedelta64(0, "ns")
# Issue numbers of ordinary GPS ephemerides are below this (IS-GPS-200N, section 20.3.4.4).
_ISSUES = 240
# Health words that say "do not use": all ones in six bits for GPS and QZSS, one bit elsewhere.
_UNHEALTHY = {"G": 63.0, "J": 63.0}


def season_navigation(
    source: Navigation,
    start: np.datetime64,
    end: np.datetime64,
    *,
    events: Sequence[SkyEvent] = (),
    constellations: str = "GREC",
    satellites: Collection[str] | None = None,
) -> Navigation:
    """Return navigation records that cover a span.

    Parameters
    ----------
    source : Navigation
        Any broadcast file, of any year, or the packaged `nominal_sky`.
    start, end : datetime64
        GPS time. There is a record at or before `start` and one at or after `end`: every two hours,
        GLONASS every half hour. Ask day by day; a record is the same whatever the span.
    events : sequence of SkyEvent
        What happens to satellites, whether inside the span or not.
    constellations : str
        Letters of those wanted, of G, R, E, C, J and I.
    satellites : collection of str, optional
        Names of those wanted; all of the source otherwise.

    Raises
    ------
    InputError
        The end is before the start, a letter is none of those, or a name is no satellite's.
    """
    unknown = set(constellations) - {"R", *GRAVITATION_M3_S2}
    if unknown:
        raise InputError(
            f"constellations {constellations!r}: {', '.join(sorted(unknown))} is none of "
            "G, R, E, C, J and I; give letters such as 'GREC'"
        )
    start, end = start.astype("datetime64[ns]"), end.astype("datetime64[ns]")
    if not start <= end:
        raise InputError(f"season from {start} to {end}: expected an end not before the start")
    kepler, glonass = _newest_kepler(source.kepler), _newest_glonass(source.glonass)
    # One pass per constellation, because each has its own time scale and health word.
    parts = [
        _kepler_season(_of_constellation(kepler, letter), letter, start, end, events)
        for letter in sorted(set(constellations) - {"R"})
    ]
    if "R" not in constellations:
        glonass = glonass.take(np.zeros(0, np.intp))
    ephemerides = KeplerRecords.concatenate([kepler.take(np.zeros(0, np.intp)), *parts])
    states = _glonass_season(glonass, start, end, events)
    return Navigation(
        ephemerides.take(_kept(ephemerides.satellite, ephemerides.toe, events, satellites)),
        states.take(_kept(states.satellite, states.reference, events, satellites)),
    )


def _newest_kepler(records: KeplerRecords) -> KeplerRecords:
    """Return the newest healthy record of each satellite that moves in the sky."""
    moving = ~np.isin(gnss.satellite_names(records.satellite), list(gnss.GEOSTATIONARY))
    records = records.take(moving)
    preference = [
        records.health != 0,
        records.message == MESSAGES.index("FNAV"),
        -records.toe.astype(np.int64),
        records.issue,
    ]
    same = np.zeros(len(records), "datetime64[ns]")
    return records.take(without_duplicates(records.satellite, same, preference))


def _newest_glonass(records: GlonassRecords) -> GlonassRecords:
    """Return the newest healthy record of each satellite."""
    preference = [records.health != 0, -records.reference.astype(np.int64), *records.position_m.T]
    same = np.zeros(len(records), "datetime64[ns]")
    return records.take(without_duplicates(records.satellite, same, preference))


def _of_constellation(records: KeplerRecords, letter: str) -> KeplerRecords:
    return records.take(gnss.constellation_letters(records.satellite) == ord(letter))


def _kepler_season(
    base: KeplerRecords,
    letter: str,
    start: np.datetime64,
    end: np.datetime64,
    events: Sequence[SkyEvent],
) -> KeplerRecords:
    """Carry one constellation's records, one per satellite, to the reference times of a span."""
    offset = _BEIDOU_BEHIND_GPS if letter == "C" else _NO_TIME
    grid = _grid(start, end, _GPS_EPOCH + offset, _KEPLER_STEP)
    flights = _flights(base.satellite, grid, events)
    records = base.take(flights.row)
    plain = np.sqrt(GRAVITATION_M3_S2[letter] / records.sqrt_a**6)
    rate, _ = repeating_rate(records.satellite, plain + records.delta_n, records.omega_dot)
    earth_rate = earth_rate_rad_s(records.satellite)
    toe = flights.reference
    since_s = (toe - records.toe).astype(np.int64) / _NS_PER_S
    # The orbit equations count the Earth's turn from the start of the week that holds toe.
    toe_s = ((toe - offset - _GPS_EPOCH).astype(np.int64) % _WEEK_NS) / _NS_PER_S
    node = records.omega0 - earth_rate * records.toe_s
    node = node + (records.omega_dot - earth_rate) * since_s + earth_rate * toe_s
    ill = unhealthy(flights.satellite, toe, events, _KEPLER_STEP // 2)
    # GPS and QZSS send a message up to two hours ahead of its reference time.
    lead = _KEPLER_STEP if letter in "GJ" else _NO_TIME
    index = (toe - _GPS_EPOCH) // _KEPLER_STEP
    nought = np.zeros(len(toe))
    return replace(
        records,
        satellite=flights.satellite,
        toc=toe,
        toe=toe,
        transmitted=toe - lead,
        toe_s=toe_s,
        m0=_wrapped(records.m0 + flights.ahead_rad + rate * since_s),
        delta_n=rate - plain,
        omega0=_wrapped(node),
        idot=nought,
        af1=nought,
        af2=nought,
        issue=nought if letter == "C" else (index % _ISSUES).astype(np.float64),
        health=np.where(ill, _UNHEALTHY.get(letter, 1.0), records.health),
        line=np.zeros(len(toe), np.int64),
    )


def _glonass_season(
    base: GlonassRecords, start: np.datetime64, end: np.datetime64, events: Sequence[SkyEvent]
) -> GlonassRecords:
    """Carry GLONASS states, one per satellite, to the reference times of a span."""
    first_utc, last_utc = gnss.gps_to_utc(np.array([start, end]))
    grid = gnss.utc_to_gps(_grid(first_utc, last_utc, _GPS_EPOCH + _GLONASS_PHASE, _GLONASS_STEP))
    flights = _flights(base.satellite, grid, events)
    records = base.take(flights.row)
    elements = repeating(base.satellite, elements_of(base.position_m, base.velocity_m_s))
    since_s = (flights.reference - records.reference).astype(np.int64) / _NS_PER_S
    position_m, velocity_m_s = sent_states(
        elements.take(flights.row).carried(since_s, flights.ahead_rad)
    )
    ill = unhealthy(flights.satellite, flights.reference, events, _GLONASS_STEP // 2)
    nought = np.zeros(len(flights.row))
    return replace(
        records,
        satellite=flights.satellite,
        reference=flights.reference,
        transmitted=flights.reference - _GLONASS_PHASE,
        position_m=position_m,
        velocity_m_s=velocity_m_s,
        acceleration_m_s2=np.zeros_like(position_m),
        frequency_bias=nought,
        health=np.where(ill, 1.0, records.health),
        line=np.zeros(len(flights.row), np.int64),
    )


@dataclass(frozen=True)
class _Flights:
    """Records to be made: who, when, and from which row of the source's records."""

    satellite: NDArray[np.int32]
    reference: NDArray[np.datetime64]
    row: NDArray[np.intp]
    ahead_rad: NDArray[np.float64]


def _flights(
    base: NDArray[np.int32], grid: NDArray[np.datetime64], events: Sequence[SkyEvent]
) -> _Flights:
    """Return every vehicle at every reference time at which it flies; `base` is sorted."""
    flying = vehicles(base.tolist(), events)
    code = np.array([vehicle.code for vehicle in flying], np.int32)
    orbit = np.array([vehicle.orbit for vehicle in flying], np.int32)
    ahead_rad = np.array([vehicle.ahead_rad for vehicle in flying])
    start = np.array([vehicle.start for vehicle in flying], "datetime64[ns]")
    end = np.array([vehicle.end for vehicle in flying], "datetime64[ns]")
    step, which = np.nonzero((grid[:, None] >= start) & (grid[:, None] < end))
    row = np.searchsorted(base, orbit)
    return _Flights(code[which], grid[step], row[which], ahead_rad[which])


def _grid(
    start: np.datetime64, end: np.datetime64, zero: np.datetime64, step: np.timedelta64
) -> NDArray[np.datetime64]:
    """Return instants a whole number of steps from zero, from at or before start past the end."""
    first, last = (start - zero) // step, -((zero - end) // step)
    return zero + np.arange(first, last + 1) * step


def _kept(
    satellite: NDArray[np.int32],
    reference: NDArray[np.datetime64],
    events: Sequence[SkyEvent],
    names: Collection[str] | None,
) -> NDArray[np.intp]:
    """Return the rows of satellites wanted that transmit, by time and satellite."""
    wanted = transmitting(satellite, reference, events)
    if names is not None:
        wanted &= np.isin(satellite, [_code(name) for name in names])
    order = np.lexsort((satellite, reference))
    return order[wanted[order]]


def _code(name: str) -> int:
    try:
        return gnss.satellite_code(name)
    except ValueError as error:
        raise InputError(str(error)) from error


def _wrapped(angle_rad: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return angles in [-pi, pi)."""
    result: NDArray[np.float64] = (angle_rad + np.pi) % _TURN - np.pi
    return result
