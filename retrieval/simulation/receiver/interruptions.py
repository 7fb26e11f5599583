"""When a receiver records nothing: outages, gaps, restarts, and satellites that it leaves out.

What is drawn at random is drawn by day: an event belongs to the day in which it starts, and lasts
a day at most. So any stretch of time can be simulated on its own, and agrees with its neighbours.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import InputError
from retrieval.gnss import satellite_code, satellite_name
from retrieval.simulation.streams import uniform

__all__ = ["Interruptions", "day_name", "days_of", "interrupted"]

_DAY_S = 86_400.0


@dataclass(frozen=True)
class Interruptions:
    """What interrupts a receiver.

    Attributes
    ----------
    outages : tuple of (datetime64, datetime64)
        Start and end of power cuts, GPS time. Afterwards satellites are acquired anew.
    gaps_per_day : float
        Mean number of short gaps, during which nothing is recorded though tracking goes on.
    gap_mean_s : float
        Mean length of a gap; lengths are exponential and a day at most.
    restarts_per_day : float
        Mean number of restarts of the receiver.
    restart_s : float
        How long a restart takes.
    acquisition_s : float
        Longest time that a satellite in view needs to be acquired after a restart or an outage;
        each draws its own, so that they come back one after another.
    absent_satellites : tuple of str
        Satellites that are never recorded, such as ``G04``.
    absent_probability : float
        Share of all satellites that is not recorded on a day, drawn for each day.

    Raises
    ------
    InputError
        A number is negative or a restart longer than a day, an outage ends before it starts, or a
        probability is above one.
    """

    outages: tuple[tuple[np.datetime64, np.datetime64], ...] = ()
    gaps_per_day: float = 0.0
    gap_mean_s: float = 60.0
    restarts_per_day: float = 0.0
    restart_s: float = 60.0
    acquisition_s: float = 120.0
    absent_satellites: tuple[str, ...] = ()
    absent_probability: float = 0.0

    def __post_init__(self) -> None:
        for name in ("gaps_per_day", "gap_mean_s", "restarts_per_day", "restart_s"):
            _require(name, getattr(self, name), 0.0, np.inf)
        _require("restart_s + acquisition_s", self.restart_s + self.acquisition_s, 0.0, _DAY_S)
        _require("acquisition_s", self.acquisition_s, 0.0, _DAY_S)
        _require("absent_probability", self.absent_probability, 0.0, 1.0)
        for start, end in self.outages:
            if not start < end:
                raise InputError(f"outage from {start} to {end}: expected an end after the start")


def interrupted(
    interruptions: Interruptions,
    seed: int,
    time: NDArray[np.datetime64],
    satellite: NDArray[np.int32],
) -> NDArray[np.bool_]:
    """Return where nothing is recorded, (m, epochs).

    Parameters
    ----------
    interruptions : Interruptions
        What happens, and how often.
    seed : int
        Of the random numbers.
    time : (epochs,) datetime64[ns]
        GPS time, increasing. Any stretch: the answer for an epoch does not depend on the others.
    satellite : (m,) int32
        Satellite codes.
    """
    off = np.zeros((len(satellite), len(time)), np.bool_)
    names = [satellite_name(int(code)) for code in satellite]
    absent = [satellite_code(name) for name in interruptions.absent_satellites]
    off[np.isin(satellite, absent)] = True
    longest_s = interruptions.acquisition_s
    for start, end in interruptions.outages:
        delays = _delays(seed, str(end.astype("datetime64[ns]")), names, 1)[:, 0] * longest_s
        _mark(off, time, start.astype("datetime64[ns]"), end + _timedelta(delays))
    day_before = np.timedelta64(1, "D")
    days = days_of(time)
    for day in np.union1d(days, days - day_before):
        name = day_name(day)
        for start, length_s in _gaps(interruptions, seed, day):
            _mark(off, time, start, start + _timedelta(np.full(len(names), length_s)))
        restarts = _starts(seed, "restarts", day, interruptions.restarts_per_day)
        delays = _delays(seed, name, names, len(restarts)) * longest_s
        for number, start in enumerate(restarts):
            end_s = interruptions.restart_s + delays[:, number]
            _mark(off, time, start, start + _timedelta(end_s))
    if interruptions.absent_probability > 0:
        epoch_day = time.astype("datetime64[D]")
        for day in days:
            draws = [uniform(seed, ("absent", day_name(day), name), 1)[0] for name in names]
            missing = np.array(draws) < interruptions.absent_probability
            off |= missing[:, np.newaxis] & (epoch_day == day)
    return off


def days_of(time: NDArray[np.datetime64]) -> NDArray[np.datetime64]:
    """Return the days of epochs, each once, as ``datetime64[D]``."""
    return np.unique(time.astype("datetime64[D]"))


def day_name(day: np.datetime64) -> str:
    """Return year and day of year, the name of a day in the streams of random numbers.

    Examples
    --------
    >>> day_name(np.datetime64("2012-02-26"))
    '2012-057'
    """
    year = day.astype("datetime64[Y]")
    return f"{year}-{int((day - year.astype('datetime64[D]')).astype(np.int64)) + 1:03d}"


def _starts(seed: int, what: str, day: np.datetime64, per_day: float) -> NDArray[np.datetime64]:
    """Return the instants of a Poisson process in a day, datetime64[ns]."""
    if per_day == 0:
        return np.empty(0, "datetime64[ns]")
    # More than could fall into the day: twelve standard deviations above the mean.
    count = int(per_day + 12 * np.sqrt(per_day)) + 20
    steps_s = -np.log(uniform(seed, (what, day_name(day)), count)) * _DAY_S / per_day
    seconds = np.cumsum(steps_s)
    starts: NDArray[np.datetime64] = day.astype("datetime64[ns]") + _timedelta(
        seconds[seconds < _DAY_S]
    )
    return starts


def _gaps(
    interruptions: Interruptions, seed: int, day: np.datetime64
) -> Iterator[tuple[np.datetime64, float]]:
    starts = _starts(seed, "gaps", day, interruptions.gaps_per_day)
    draws = uniform(seed, ("gap lengths", day_name(day)), len(starts))
    lengths_s = np.minimum(-np.log(draws) * interruptions.gap_mean_s, _DAY_S)
    yield from zip(starts, lengths_s.tolist(), strict=True)


def _delays(seed: int, event: str, names: list[str], count: int) -> NDArray[np.float64]:
    """Return when satellites are acquired, (m, count), as shares of the longest time."""
    draws = [uniform(seed, ("acquisition", event, name), count) for name in names]
    return np.array(draws).reshape(len(names), count)


def _mark(
    off: NDArray[np.bool_],
    time: NDArray[np.datetime64],
    start: np.datetime64,
    end: NDArray[np.datetime64],
) -> None:
    """Mark epochs from a start on and before each satellite's end."""
    if not len(end):
        return
    part = slice(*np.searchsorted(time, [start, end.max()]).tolist())
    off[:, part] |= time[part] < end[:, np.newaxis]


def _timedelta(seconds: NDArray[np.float64]) -> NDArray[np.timedelta64]:
    return np.rint(seconds * 1e9).astype("timedelta64[ns]")


def _require(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise InputError(f"{name} {value}: expected {low:g} to {high:g}")
