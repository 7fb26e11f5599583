"""SNR observations with angles -> arcs: one rise or one set of one satellite on one signal.

An arc is cut where the satellite or the signal changes, where the observations pause, and where the
satellite turns over. It is held over the wider *detrending* range of elevations (5 to 30 degrees),
inside which the *window* (5 to 25 degrees) is what is analysed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import InputError

__all__ = [
    "DEFAULT_GAP_S",
    "RISING",
    "SETTING",
    "ArcSet",
    "ArcSettings",
    "SkyPoints",
    "cut_arcs",
    "gap_of_interval_s",
    "median_step_s",
]

RISING = 1
SETTING = -1

DEFAULT_GAP_S = 300.0
_DEFAULT_GAP_INTERVALS = 3.0


@dataclass(frozen=True, kw_only=True)
class ArcSettings:
    """How arcs are cut, analysed and judged.

    Attributes
    ----------
    elevation_deg : (low, high)
        The analysis window, apparent elevation, degrees, inclusive.
    detrend_elevation_deg : (low, high)
        Range over which the direct signal's trend is fitted; widened to hold the window.
    polynomial_order : int
        Order of that trend in elevation, 1 to 8.
    azimuths_deg : tuple of (from, to)
        Sectors the arc's azimuth must fall in, clockwise from `from`; (350, 20) passes north.
    start_below_deg, end_above_deg : float
        The arc must reach down to the first and up to the second inside the window.
    max_gap_s : float or None
        A longer pause cuts the arc; None means the larger of 300 s and three times the median
        interval of the observations.
    min_points : int
        Fewest observations inside the window.
    max_duration_min : float
        The window must be crossed in less than this.
    height_m : (low, high)
        Reflector heights searched, which is also the range the noise is averaged over.
    height_step_m : float
        Step of the search, before refinement; at most 5 mm.
    floating_mean : bool
        Fit a constant beside the sinusoid in the periodogram (Zechmeister & Kuerster 2009).
    min_peak_to_noise, min_amplitude : float
        Least peak over mean of the amplitude spectrum, and least peak amplitude (volts/volts).
    max_second_peak_ratio : float or None
        Largest second peak over peak; None asks nothing.
    refraction : bool
        Correct elevations for refraction (Bennett 1982).
    pressure_hpa, temperature_c : float or None
        At the antenna; None takes the standard atmosphere at the station's height.
    height_mode : "fixed" or "free"
        Phase at an a-priori height, or height, amplitude and phase fitted together.
    apriori_height_m : float, mapping, or None
        The fixed height, or heights by key (``GS2X``, ``GS2X@090``, see `retrieval.apriori`). What
        is not given is learnt from the accepted arcs at hand.
    """

    elevation_deg: tuple[float, float] = (5.0, 25.0)
    detrend_elevation_deg: tuple[float, float] = (5.0, 30.0)
    polynomial_order: int = 4
    azimuths_deg: tuple[tuple[float, float], ...] = ((0.0, 360.0),)
    start_below_deg: float = 7.0
    end_above_deg: float = 20.0
    max_gap_s: float | None = None
    min_points: int = 20
    max_duration_min: float = 120.0
    height_m: tuple[float, float] = (0.4, 8.0)
    height_step_m: float = 0.005
    floating_mean: bool = False
    min_peak_to_noise: float = 2.8
    min_amplitude: float = 3.0
    max_second_peak_ratio: float | None = None
    refraction: bool = True
    pressure_hpa: float | None = None
    temperature_c: float | None = None
    height_mode: str = "fixed"
    apriori_height_m: Mapping[str, float] | float | None = None

    def __post_init__(self) -> None:
        low, high = self.elevation_deg
        rules = (
            (0 <= low < high <= 90, f"elevation {low} to {high}: expected 0 <= low < high <= 90"),
            (
                low <= self.start_below_deg < self.end_above_deg <= high,
                f"start_below {self.start_below_deg} and end_above {self.end_above_deg}: expected "
                f"both inside the elevation window {low} to {high}, the first below the second",
            ),
            (
                1 <= self.polynomial_order <= 8,
                f"polynomial order {self.polynomial_order}: expected 1 to 8",
            ),
            (self.min_points >= 10, f"min_points {self.min_points}: expected 10 or more"),
            (
                0 < self.height_m[0] < self.height_m[1] <= 200,
                f"height range {self.height_m}: expected 0 < low < high <= 200 m",
            ),
            (
                0 < self.height_step_m <= 0.005,
                f"height step {self.height_step_m}: expected above 0 and at most 0.005 m",
            ),
            (
                self.height_mode in ("fixed", "free"),
                f"height mode {self.height_mode!r}: expected 'fixed' or 'free'",
            ),
        )
        broken = [message for holds, message in rules if not holds]
        if broken:
            raise InputError("; ".join(broken))

    @property
    def range_deg(self) -> tuple[float, float]:
        """Elevations an arc is held over: the detrending range, widened to hold the window."""
        return (
            min(self.elevation_deg[0], self.detrend_elevation_deg[0]),
            max(self.elevation_deg[1], self.detrend_elevation_deg[1]),
        )


@dataclass(frozen=True)
class SkyPoints:
    """SNR observations with their directions, n rows in any order.

    Attributes
    ----------
    time : (n,) datetime64[ns]
        GPS time.
    satellite, signal : (n,) integer
        Codes of `retrieval.gnss`.
    snr_dbhz : (n,) float64
        C/N0.
    elevation_deg : (n,) float64
        Apparent elevation (after refraction).
    azimuth_deg : (n,) float64
        0 to 360, clockwise from north.
    age_h : (n,) float64
        Age of the ephemeris used, NaN where there is none to age.
    source : (n,) int8
        Where the direction comes from, index of `retrieval.sky.ORBIT_SOURCES`.
    equipment : (n,) int64
        What it was heard with, codes of `retrieval.equipment`; 0 where nothing is known.
    """

    time: NDArray[np.datetime64]
    satellite: NDArray[np.int32]
    signal: NDArray[np.int64]
    snr_dbhz: NDArray[np.float64]
    elevation_deg: NDArray[np.float64]
    azimuth_deg: NDArray[np.float64]
    age_h: NDArray[np.float64]
    source: NDArray[np.int8]
    equipment: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.time)

    @classmethod
    def empty(cls) -> SkyPoints:
        """Return no points."""
        nothing = np.zeros(0)
        return cls(
            np.zeros(0, "datetime64[ns]"),
            np.zeros(0, np.int32),
            np.zeros(0, np.int64),
            *(nothing,) * 4,
            np.zeros(0, np.int8),
            np.zeros(0, np.int64),
        )

    @classmethod
    def concatenate(cls, parts: Sequence[SkyPoints]) -> SkyPoints:
        """Join points, in the order given."""
        if not parts:
            return cls.empty()
        names = [field.name for field in fields(cls)]
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))

    def where(self, keep: NDArray[np.bool_] | NDArray[np.intp]) -> SkyPoints:
        """Return the rows selected by a mask or an index array."""
        return SkyPoints(
            self.time[keep],
            self.satellite[keep],
            self.signal[keep],
            self.snr_dbhz[keep],
            self.elevation_deg[keep],
            self.azimuth_deg[keep],
            self.age_h[keep],
            self.source[keep],
            self.equipment[keep],
        )


@dataclass(frozen=True)
class ArcSet:
    """Arcs over one flat set of points, which stand arc after arc in time order.

    Attributes
    ----------
    points : SkyPoints
        Points inside the detrending range, n of them.
    window : (n,) bool
        Points inside the analysis window.
    start : (m + 1,) intp
        Arc k owns the points ``start[k]:start[k + 1]``.
    direction : (m,) int8
        `RISING` or `SETTING`.
    closed : (m,) datetime64[ns]
        GPS time from which no later observation can belong to the arc: its last point in the
        detrending range and the longest pause it may make.
    """

    points: SkyPoints
    window: NDArray[np.bool_]
    start: NDArray[np.intp]
    direction: NDArray[np.int8]
    closed: NDArray[np.datetime64]

    def __len__(self) -> int:
        return len(self.direction)

    @property
    def first(self) -> NDArray[np.intp]:
        """Index of the first point of each arc, (m,)."""
        return self.start[:-1]

    @property
    def arc_of_point(self) -> NDArray[np.intp]:
        """Arc index of each point, (n,)."""
        return np.repeat(np.arange(len(self)), np.diff(self.start))

    def windowed(self) -> ArcSet:
        """Return the arcs cut down to the analysis window; every arc keeps its place."""
        if len(self) == 0:
            return self
        counts = np.add.reduceat(self.window, self.first, dtype=np.intp)
        return ArcSet(
            self.points.where(self.window),
            np.ones(int(counts.sum()), dtype=bool),
            np.concatenate([[0], np.cumsum(counts)]).astype(np.intp),
            self.direction,
            self.closed,
        )

    def where(self, keep: NDArray[np.bool_]) -> ArcSet:
        """Return the arcs selected by a mask, (m,) bool."""
        lengths = np.diff(self.start)
        kept = np.repeat(keep, lengths)
        return ArcSet(
            self.points.where(kept),
            self.window[kept],
            np.concatenate([[0], np.cumsum(lengths[keep])]).astype(np.intp),
            self.direction[keep],
            self.closed[keep],
        )


def _sorted_points(points: SkyPoints, range_deg: tuple[float, float]) -> SkyPoints:
    """Points in range by signal, satellite, equipment and time, each observation once.

    Overlapping files repeat observations; of two values for one epoch and equipment the lower wins,
    so that the outcome does not depend on the order of the files.
    """
    inside = (points.elevation_deg >= range_deg[0]) & (points.elevation_deg <= range_deg[1])
    points = points.where(inside)
    order = np.lexsort(
        (
            points.elevation_deg,
            points.snr_dbhz,
            points.time,
            points.equipment,
            points.satellite,
            points.signal,
        )
    )
    points = points.where(order)
    if len(points) < 2:
        return points
    again = (np.diff(points.time) == np.timedelta64(0)) & _same_series(points)
    return points.where(np.concatenate([[True], ~again])) if again.any() else points


def _same_series(points: SkyPoints) -> NDArray[np.bool_]:
    """Whether each point but the first is of the series of the one before it, (n - 1,)."""
    return np.asarray(
        (np.diff(points.satellite) == 0)
        & (np.diff(points.signal) == 0)
        & (np.diff(points.equipment) == 0)
    )


def median_step_s(time: NDArray[np.datetime64], start: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return the median time step of runs of points, by one sort over all of them.

    Parameters
    ----------
    time : (n,) datetime64[ns]
        Ascending inside each run.
    start : (m + 1,) intp
        Run k owns ``start[k]:start[k + 1]``.

    Returns
    -------
    (m,) float64
        Seconds; NaN for a run of one point.
    """
    runs = len(start) - 1
    run = np.repeat(np.arange(runs), np.diff(start))
    inner = np.diff(run) == 0
    step_s = (np.diff(time).astype(np.int64) / 1e9)[inner]
    run_of_step = run[1:][inner]
    step_s = step_s[np.lexsort((step_s, run_of_step))]
    counts = np.bincount(run_of_step, minlength=runs)
    first = np.concatenate([[0], np.cumsum(counts)[:-1]])
    median = np.full(runs, np.nan)
    some = counts > 0
    lower = step_s[(first + (counts - 1) // 2)[some]]
    upper = step_s[(first + counts // 2)[some]]
    median[some] = 0.5 * (lower + upper)
    return median


def gap_of_interval_s(interval_s: float) -> float:
    """Return the pause that an arc may make at an interval of observations, seconds.

    Examples
    --------
    >>> gap_of_interval_s(30.0), gap_of_interval_s(240.0)
    (300.0, 720.0)
    """
    return max(DEFAULT_GAP_S, _DEFAULT_GAP_INTERVALS * interval_s)


def _longest_gap_s(
    step_s: NDArray[np.float64], same: NDArray[np.bool_], max_gap_s: float | None
) -> float:
    """Return the pause that an arc may make, from the steps between the points of all series.

    The interval is the receiver's: a signal that comes and goes has no interval of its own.
    """
    if max_gap_s is not None:
        return float(max_gap_s)
    interval_s = float(np.median(step_s[same])) if same.any() else 0.0
    return gap_of_interval_s(interval_s)


def _motion(elevation_deg: NDArray[np.float64], joined: NDArray[np.bool_]) -> NDArray[np.int8]:
    """Sign of the elevation's change at each point, (n,), from the point before it.

    ``joined[i]`` says that points i and i + 1 belong together. The first point of a run takes the
    sign of its first step; a step of zero (rounded angles at the top) keeps the sign before it.
    """
    n = len(elevation_deg)
    step = np.where(joined, np.sign(np.diff(elevation_deg)), 0).astype(np.int8)
    sign = np.concatenate([[0], step]).astype(np.int8)
    run_start = np.concatenate([[True], ~joined])
    run_of_point = np.cumsum(run_start) - 1
    # Fill zeros forward inside a run, then what is still zero (the run's head) backward.
    for direction in (1, -1):
        index = np.arange(n)[::direction]
        ordered, runs = sign[index], run_of_point[index]
        last = np.maximum.accumulate(np.where(ordered != 0, np.arange(n), -1))
        known = (last >= 0) & (runs[np.maximum(last, 0)] == runs)
        sign[index] = np.where(known, ordered[np.maximum(last, 0)], 0)
    return np.where(sign == 0, RISING, sign).astype(np.int8)


def cut_arcs(points: SkyPoints, settings: ArcSettings) -> ArcSet:
    """Cut observations into arcs.

    Parameters
    ----------
    points : SkyPoints
        Observations of any number of satellites, signals, days and files, in any order.
    settings : ArcSettings
        Uses ``range_deg``, ``elevation_deg`` and ``max_gap_s``.

    Returns
    -------
    ArcSet
        Every run of two or more observations (one alone neither rises nor sets) that has at least
        one point inside the window, whatever its quality: the judging comes later, so that a
        rejected arc can say why. An arc holds points of one equipment: a change ends it. Where
        files of one time name two, of the arcs that overlap the one with the most points stays.
    """
    points = _sorted_points(points, settings.range_deg)
    n = len(points)
    if n == 0:
        return ArcSet(
            points,
            np.zeros(0, bool),
            np.zeros(1, np.intp),
            np.zeros(0, np.int8),
            np.zeros(0, "datetime64[ns]"),
        )
    step_s = np.diff(points.time).astype(np.int64) / 1e9
    same = _same_series(points)
    gap_s = _longest_gap_s(step_s, same, settings.max_gap_s)
    joined = same & (step_s <= gap_s)
    motion = _motion(points.elevation_deg, joined)
    begins = np.concatenate([[True], ~joined | (np.diff(motion) != 0)])
    start = np.append(np.flatnonzero(begins), n)

    low, high = settings.elevation_deg
    window = (points.elevation_deg >= low) & (points.elevation_deg <= high)
    seen = (np.add.reduceat(window, start[:-1], dtype=np.intp) > 0) & (np.diff(start) > 1)
    closed = points.time[start[1:] - 1] + np.timedelta64(round(gap_s * 1e9), "ns")
    arcs = ArcSet(points, window, start, motion[start[:-1]], closed).where(seen)
    return _without_twins(arcs)


def _without_twins(arcs: ArcSet) -> ArcSet:
    """Keep one of the arcs of one satellite and signal that different equipment heard at once.

    The one with the most points, then the first by equipment and time: so that it does not hang on
    the order of the files.
    """
    points, last = arcs.points, arcs.start[1:] - 1
    if len(arcs) == 0 or (points.equipment == points.equipment[0]).all():
        return arcs
    begin, end = (points.time[at].astype(np.int64) for at in (arcs.first, last))
    signal, satellite = points.signal[arcs.first], points.satellite[arcs.first]
    number = np.diff(arcs.start)
    kept = np.ones(len(arcs), dtype=bool)
    codes = np.stack([signal, satellite.astype(np.int64)])
    _, series = np.unique(codes, axis=1, return_inverse=True)
    in_time = np.lexsort((begin, series.reshape(-1)))
    for rows in np.split(in_time, np.flatnonzero(np.diff(series.reshape(-1)[in_time])) + 1):
        if (begin[rows][1:] > np.maximum.accumulate(end[rows])[:-1]).all():
            continue
        # Few satellites, and only where headers contradict each other.
        taken: list[int] = []
        for row in sorted(rows.tolist(), key=lambda row: (-number[row], row)):
            if any(begin[row] <= end[other] and begin[other] <= end[row] for other in taken):
                kept[row] = False
            else:
                taken.append(row)
    return arcs.where(kept)
