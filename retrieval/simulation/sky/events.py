"""What happens to satellites during a season: unhealthy spells, outages, replacements.

Times are GPS time; a span holds its start and not its end.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval import gnss
from retrieval.errors import InputError

__all__ = [
    "Outage",
    "Replaced",
    "SkyEvent",
    "Unhealthy",
    "Vehicle",
    "transmitting",
    "unhealthy",
    "vehicles",
]

_EVER = (np.datetime64("1678-01-01", "ns"), np.datetime64("2261-01-01", "ns"))


@dataclass(frozen=True)
class Unhealthy:
    """A satellite transmits, and its message says not to use it.

    Attributes
    ----------
    satellite : str
        Such as ``G23``.
    start, end : datetime64
        GPS time.
    """

    satellite: str
    start: np.datetime64
    end: np.datetime64

    def __post_init__(self) -> None:
        _check_span(self)


@dataclass(frozen=True)
class Outage:
    """A satellite transmits nothing; attributes are those of `Unhealthy`."""

    satellite: str
    start: np.datetime64
    end: np.datetime64

    def __post_init__(self) -> None:
        _check_span(self)


@dataclass(frozen=True)
class Replaced:
    """A satellite leaves, and another takes its place in the orbit.

    Attributes
    ----------
    satellite : str
        Who leaves.
    by : str
        Who comes, of the same constellation, silent until then; the same name means a new vehicle
        under the old number.
    at : datetime64
        GPS time.
    ahead_deg : float
        How far along the orbit the newcomer flies ahead of where the old one was, -180 to 180.
    """

    satellite: str
    by: str
    at: np.datetime64
    ahead_deg: float = 3.0

    def __post_init__(self) -> None:
        _check_name(self.satellite)
        _check_name(self.by)
        if self.by[0] != self.satellite[0]:
            raise InputError(
                f"sky event: {self.satellite} replaced by {self.by}, expected a satellite of the "
                "same constellation"
            )
        if np.isnat(self.at):
            raise InputError(f"sky event: {self.satellite} replaced at no time; give `at`")
        if not -180 <= self.ahead_deg <= 180:
            raise InputError(f"sky event: ahead_deg {self.ahead_deg}, expected -180 to 180")


SkyEvent = Unhealthy | Outage | Replaced


@dataclass(frozen=True)
class Vehicle:
    """One satellite in one place of the sky for a time.

    Attributes
    ----------
    code : int
        Satellite code under which it transmits.
    orbit : int
        Satellite code whose orbit in the source it flies.
    ahead_rad : float
        Mean anomaly added to it.
    start, end : datetime64[ns]
        When it has that place, GPS time.
    """

    code: int
    orbit: int
    ahead_rad: float
    start: np.datetime64
    end: np.datetime64


def vehicles(codes: Iterable[int], events: Sequence[SkyEvent]) -> tuple[Vehicle, ...]:
    """Return who flies where and when, after all replacements.

    Parameters
    ----------
    codes : iterable of int
        Satellites of the source. A replacement of a satellite that is not among them, or that has
        left already, changes nothing.
    events : sequence of SkyEvent
        In any order.
    """
    flying = {code: Vehicle(code, code, 0.0, *_EVER) for code in codes}
    left: list[Vehicle] = []
    replacements = [event for event in events if isinstance(event, Replaced)]
    for event in sorted(replacements, key=lambda each: (each.at, each.satellite)):
        leaver, comer = gnss.satellite_code(event.satellite), gnss.satellite_code(event.by)
        if leaver not in flying:
            continue
        if comer in flying and comer != leaver:
            # What the source says of a newcomer before its time is not so; a vehicle that came by
            # an earlier event has been seen and leaves its place for the new one.
            moved = flying.pop(comer)
            if moved.start != _EVER[0]:
                left.append(_until(moved, event.at))
        old = flying.pop(leaver)
        left.append(_until(old, event.at))
        ahead_rad = old.ahead_rad + np.radians(event.ahead_deg)
        at = event.at.astype("datetime64[ns]")
        flying[comer] = Vehicle(comer, old.orbit, float(ahead_rad), at, _EVER[1])
    every = [*left, *flying.values()]
    return tuple(sorted(every, key=lambda vehicle: (vehicle.code, vehicle.start)))


def transmitting(
    satellite: NDArray[np.int32], time: NDArray[np.datetime64], events: Sequence[SkyEvent]
) -> NDArray[np.bool_]:
    """Return which satellites transmit at which times.

    Parameters
    ----------
    satellite : (n,) int32
        Satellite codes.
    time : (n,) datetime64
        GPS time.
    events : sequence of SkyEvent
        In any order. Unhealthy satellites transmit.
    """
    result = np.zeros(len(satellite), np.bool_)
    concerned = [
        gnss.satellite_code(name)
        for event in events
        for name in ((event.satellite, event.by) if isinstance(event, Replaced) else ())
    ]
    result |= ~np.isin(satellite, concerned)
    for vehicle in vehicles(concerned, events):
        result |= (satellite == vehicle.code) & (time >= vehicle.start) & (time < vehicle.end)
    for event in events:
        if isinstance(event, Outage):
            result &= ~(
                (satellite == gnss.satellite_code(event.satellite))
                & (time >= event.start)
                & (time < event.end)
            )
    return result


def unhealthy(
    satellite: NDArray[np.int32],
    time: NDArray[np.datetime64],
    events: Sequence[SkyEvent],
    half_span: np.timedelta64,
) -> NDArray[np.bool_]:
    """Return which records lie within a half span of an unhealthy spell of their satellite.

    Parameters
    ----------
    satellite : (n,) int32
        Satellite codes.
    time : (n,) datetime64
        Reference times, GPS time.
    events : sequence of SkyEvent
        In any order.
    half_span : timedelta64
        Half the time that a record speaks for, so that no spell is too short to be told.
    """
    result = np.zeros(len(satellite), np.bool_)
    for event in events:
        if isinstance(event, Unhealthy):
            result |= (
                (satellite == gnss.satellite_code(event.satellite))
                & (time + half_span > event.start)
                & (time - half_span < event.end)
            )
    return result


def _until(vehicle: Vehicle, end: np.datetime64) -> Vehicle:
    return Vehicle(
        vehicle.code,
        vehicle.orbit,
        vehicle.ahead_rad,
        vehicle.start,
        end.astype("datetime64[ns]"),
    )


def _check_name(name: str) -> None:
    try:
        gnss.satellite_code(name)
    except ValueError as error:
        raise InputError(f"sky event: {error}") from error


def _check_span(event: Unhealthy | Outage) -> None:
    _check_name(event.satellite)
    if not event.start < event.end:
        raise InputError(
            f"sky event of {event.satellite}: from {event.start} to {event.end}, expected an end "
            "after the start"
        )
