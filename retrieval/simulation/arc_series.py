"""Arcs with the physics of the forward model and no files: seasons in seconds.

An arc is what `simulate_station` would give a receiver, taken up where the interferogram is made:
the interference of direct and reflected signal along the arc, fitted by a sinusoid at the true
height of the antenna. What files add is left out: the trend of the direct signal and its removal,
gaps, and the height that a station has to learn. What is too weak to be tracked is not there, and
noise is that of the receiver's estimator and of its steps, as it comes through the fit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retrieval.arc_table import arc_order, arc_table, empty_arc_table
from retrieval.gnss import gps_to_utc, satellite_code, satellite_names, utc_to_gps
from retrieval.rinex.navigation_records import Navigation
from retrieval.simulation.ground.hourly import ground_series
from retrieval.simulation.ground.series import GroundSeries, seconds
from retrieval.simulation.receiver.cn0_estimator import codeless_loss_db
from retrieval.simulation.receiver.tracking import CODELESS
from retrieval.simulation.scenario import Scenario
from retrieval.simulation.scenario_sections import SignalSection
from retrieval.simulation.signals import other_carrier
from retrieval.simulation.spots import Spots, spots
from retrieval.simulation.station_files import source_navigation, station_header
from retrieval.simulation.streams import normal
from retrieval.simulation.view import (
    Points,
    Reflected,
    Sky,
    View,
    points_in_view,
    reflector,
    sends,
    sky_between,
)

__all__ = ["ArcSimulation", "simulate_arcs"]

Floats = NDArray[np.float64]

_DAY = np.timedelta64(1, "D")
_STEP_S = 60
_STEP = np.timedelta64(_STEP_S, "s")
# The sky of the day before and the day after is needed too, so days are taken some at a time.
_AT_ONCE = np.timedelta64(20, "D")
_NS_PER_S = 1_000_000_000
_DB_PER_NEPER = 20.0 / np.log(10.0)
# An arc counts when it spans most of the window and no more time than a pass should, and when the
# receiver saw enough of it: otherwise whoever analyses files would turn it down.
_MARGINS_DEG = (2.0, 5.0)
_LONGEST_S = 7200.0
_FEWEST_POINTS = 20
_PEAK_STEP_M = 0.05
_SLOPE_STEP_M = 0.005
# What later observation could still belong to it.
_CLOSES_AFTER = np.timedelta64(300, "s")
_TRUTH = (
    "vwc",
    "true_phase_deg",
    "effective_height_m",
    "sector",
    "slope_deg",
    "curvature",
    "scatter_deg",
)


@dataclass(frozen=True)
class ArcSimulation:
    """Arcs, and the truth of each.

    Attributes
    ----------
    arcs : DataFrame
        The arc table (`retrieval.arc_table`). What only a search in a periodogram gives,
        ``peak_to_noise`` and ``second_peak_ratio``, is NaN.
    truth : DataFrame
        One row per arc, in the same order: vwc at its middle; the phase of the interference itself
        (``true_phase_deg``), before noise and before what a fit to a few waves makes of it;
        effective height (m); sector, slope, curvature and scatter.
    """

    arcs: pd.DataFrame
    truth: pd.DataFrame


def simulate_arcs(
    scenario: Scenario,
    elevation_deg: tuple[float, float] = (5.0, 25.0),
    height_m: float | None = None,
    on_day: Callable[[int], None] | None = None,
) -> ArcSimulation:
    """Simulate the arcs of a scenario.

    Parameters
    ----------
    scenario : Scenario
        What. Its output section plays no part, nor do the gaps and outages of its receiver.
    elevation_deg : (float, float)
        The analysis window.
    height_m : float, optional
        What phases refer to over ordinary ground (`apriori_height_m`), metres; a sector's step is
        added. Default: the antenna's height over the ground.
    on_day : callable, optional
        Called with the number of days done.

    Raises
    ------
    InputError
        A given series or navigation file does not serve.
    """
    ground = ground_series(scenario)
    source = source_navigation(scenario)
    parts: list[dict[str, NDArray[Any]]] = []
    for start in np.arange(scenario.start, scenario.end, _AT_ONCE):
        end = min(start + _AT_ONCE, scenario.end)
        parts += _arcs_between(scenario, ground, source, start, end, elevation_deg, height_m)
        if on_day:
            on_day(int((end - scenario.start) / _DAY))
    if not parts:
        return ArcSimulation(empty_arc_table(), pd.DataFrame(columns=list(_TRUTH), dtype=float))
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    truth = pd.DataFrame({name: columns.pop(name) for name in _TRUTH})
    order = arc_order(columns)
    return ArcSimulation(arc_table(columns), truth.iloc[order].reset_index(drop=True))


def _arcs_between(
    scenario: Scenario,
    ground: GroundSeries,
    source: Navigation,
    start: np.datetime64,
    end: np.datetime64,
    window_deg: tuple[float, float],
    height_m: float | None,
) -> Iterator[dict[str, NDArray[Any]]]:
    """Yield the columns of the arcs that stand highest on some days, signal by signal."""
    sky = sky_between(scenario, source, start, end)
    # A rise may have begun, and a set may end, half a day off.
    hours = ground.between(*gps_to_utc(np.array([start - _DAY, end + _DAY])))
    view = View(scenario, hours, sky)
    time = np.arange(start - _DAY, end + _DAY, _STEP).astype("datetime64[ns]")
    visible = points_in_view(scenario, sky, time)
    highest = sky.passes.highest[visible.half_pass]
    low_deg, high_deg = window_deg
    inside = (visible.elevation_deg >= low_deg) & (visible.elevation_deg <= high_deg)
    absent = [satellite_code(name) for name in scenario.receiver.absent_satellites]
    inside &= (highest >= start) & (highest < end) & ~np.isin(visible.satellite, absent)
    visible = visible.take(np.flatnonzero(inside))
    visible = visible.take(np.lexsort((visible.time_s, visible.half_pass)))
    receiver = scenario.receiver_settings()
    for signal in scenario.signals():
        points = visible.take(np.flatnonzero(sends(signal, visible.satellite)))
        met = spots(scenario, signal.code, sky.passes)
        volts = np.stack(_reported_volts(scenario, view, signal, points, met))
        # What the receiver judges by holds its noise; and a signal that fell below the limit in a
        # trough is back above the margin only.
        judged_hz = volts[1] ** 2 + receiver.noise_factor**2 / receiver.tau_s
        limit_dbhz = receiver.limit_dbhz(signal.code) + receiver.lock_margin_db
        tracked = np.flatnonzero(judged_hz >= 10 ** (limit_dbhz / 10))
        points, volts = points.take(tracked), volts[:, tracked]
        kept = np.flatnonzero(_worth_an_arc(points, window_deg, scenario))
        if len(kept):
            points, volts = points.take(kept), volts[:, kept]
            yield _signal_arcs(scenario, view, sky, signal, points, met, volts, hours, height_m)


def _worth_an_arc(
    points: Points, window_deg: tuple[float, float], scenario: Scenario
) -> NDArray[np.bool_]:
    """Return which points, sorted by arc and time, belong to arcs that an analysis would keep."""
    arc, first, row = np.unique(points.half_pass, return_index=True, return_inverse=True)
    if not len(arc):
        return np.zeros(0, np.bool_)
    lowest = np.minimum.reduceat(points.elevation_deg, first)
    highest = np.maximum.reduceat(points.elevation_deg, first)
    last = np.append(first[1:], len(row)) - 1
    duration_s = points.time_s[last] - points.time_s[first]
    below, above = _MARGINS_DEG
    keep = (lowest <= window_deg[0] + below) & (highest >= window_deg[1] - above)
    seen = np.bincount(row) * _STEP_S / scenario.time.interval_s
    keep &= (duration_s < _LONGEST_S) & (seen >= _FEWEST_POINTS)
    return np.asarray(keep[row])


def _signal_arcs(
    scenario: Scenario,
    view: View,
    sky: Sky,
    signal: SignalSection,
    points: Points,
    met: Spots,
    volts: Floats,
    hours: GroundSeries,
    apriori_m: float | None,
) -> dict[str, NDArray[Any]]:
    """Return the columns of the arcs of one signal."""
    half_pass, first, arc = np.unique(points.half_pass, return_index=True, return_inverse=True)
    last = np.append(first[1:], len(arc)) - 1
    reflected = view.reflected(signal.code, points, met)
    direct, composite = volts
    sine = np.sin(np.radians(points.elevation_deg))
    height_m, _ = reflector(scenario, points.sector[first], np.zeros(len(first)))
    if apriori_m is not None:
        height_m = height_m + (apriori_m - scenario.station.antenna_height_m)
    carrier_m = reflected.carrier_m[first]
    angle = (4 * np.pi * height_m / carrier_m)[arc] * sine
    wave = _Wave(composite - direct, sine, arc, carrier_m)
    amplitude, phase_deg = wave.at(height_m)
    # A least-squares sinusoid weighs the wave by its amplitude, not by its power.
    strength = direct * np.abs(reflected.ratio)
    effective_m, spread = _effective_height(reflected, sine, strength, arc, carrier_m)

    time = points.time_s
    duration_s = time[last] - time[first]
    # What is lost inside an arc is not observed.
    seen_s = np.minimum(duration_s, np.bincount(arc) * float(_STEP_S))
    n_obs = np.floor(seen_s / scenario.time.interval_s).astype(np.int64) + 1
    mean_volts = np.bincount(arc, direct) / np.bincount(arc)
    noise = np.sqrt(2 * _epoch_variance(scenario, mean_volts) / n_obs)
    draws = _draws(scenario, signal.code, sky, half_pass)
    sigma_deg = np.degrees(noise / amplitude)
    measured_deg = phase_deg + sigma_deg * draws[:, 0]
    height_sigma_m = np.radians(sigma_deg) * carrier_m / (4 * np.pi * spread)
    gps = (time * _NS_PER_S).astype(np.int64).astype("datetime64[ns]")
    utc = gps_to_utc(gps)
    lowest = np.where(sky.passes.rising[half_pass], first, last)
    measured_m = wave.peak_m(effective_m) + height_sigma_m * draws[:, 1]
    measured_amplitude = np.maximum(amplitude + noise * draws[:, 2], 0.0)
    count = len(half_pass)
    unknown = np.full(count, np.nan)
    hour_s = seconds(utc_to_gps(hours.time))
    return {
        "station": np.full(count, scenario.station.name, object),
        "satellite": satellite_names(points.satellite[first]),
        "signal": np.full(count, signal.code[1:], object),
        "direction": np.where(sky.passes.rising[half_pass], "rising", "setting").astype(object),
        "start": utc[first],
        "end": utc[last],
        "closed": utc[last] + _CLOSES_AFTER,
        "azimuth_deg": points.azimuth_deg[lowest],
        "elevation_min_deg": np.minimum(points.elevation_deg[first], points.elevation_deg[last]),
        "elevation_max_deg": np.maximum(points.elevation_deg[first], points.elevation_deg[last]),
        "n_obs": n_obs,
        "interval_s": np.full(count, scenario.time.interval_s),
        "reflector_height_m": measured_m,
        "peak_amplitude": measured_amplitude,
        "peak_to_noise": unknown,
        "second_peak_ratio": unknown,
        "amplitude": measured_amplitude,
        "phase_deg": wrapped_deg(measured_deg),
        "phase_sigma_deg": sigma_deg,
        "apriori_height_m": height_m,
        "dphase_dheight_deg_per_mm": wave.slope_deg_per_mm(height_m),
        "height_mode": np.full(count, "fixed", object),
        "height_sigma_m": unknown,
        "phase_height_correlation": unknown,
        "orbit_source": np.full(count, "broadcast", object),
        "ephemeris_age_h": np.full(count, 1.0),
        "accepted": np.ones(count, np.bool_),
        "reject_reason": np.full(count, "", object),
        "equipment": np.full(count, station_header(scenario, scenario.start).equipment, object),
        "vwc": np.interp(0.5 * (time[first] + time[last]), hour_s, hours.moisture),
        "true_phase_deg": wrapped_deg(_mean_phase_deg(reflected, angle, strength, arc)),
        "effective_height_m": effective_m,
        "sector": met.sector[half_pass],
        "slope_deg": met.slope_deg[half_pass],
        "curvature": met.curvature[half_pass],
        "scatter_deg": met.scatter_deg[half_pass],
    }


def _reported_volts(
    scenario: Scenario, view: View, signal: SignalSection, points: Points, met: Spots
) -> tuple[Floats, Floats]:
    """Return what a receiver without noise reports of the direct and of both signals, volts."""

    def both(of: SignalSection) -> tuple[Floats, Floats]:
        direct = view.direct_cn0(of, points.elevation_deg)
        return direct, direct * view.reflected(of.code, points, met).composite_power

    direct, composite = both(signal)
    if signal.code in CODELESS:
        direct_aid, composite_aid = both(other_carrier(signal, scenario.signals()))
        direct = direct * 10 ** (-codeless_loss_db(10 * np.log10(direct_aid)) / 10)
        composite = composite * 10 ** (-codeless_loss_db(10 * np.log10(composite_aid)) / 10)
    return np.sqrt(direct), np.sqrt(composite)


@dataclass(frozen=True)
class _Wave:
    """Interferograms of m arcs, arc after arc, and the sinusoids that fit them."""

    volts: Floats
    sine: Floats
    arc: NDArray[np.intp]
    carrier_m: Floats

    def at(self, height_m: Floats) -> tuple[Floats, Floats]:
        """Fit ``A sin(4 pi h t / wavelength + phase)`` and a constant; return A and degrees."""
        angle = (4 * np.pi * height_m / self.carrier_m)[self.arc] * self.sine
        basis = np.stack([np.sin(angle), np.cos(angle), np.ones(len(angle))])
        matrix = np.empty((len(height_m), 3, 3))
        right = np.empty((len(height_m), 3))
        for i in range(3):
            right[:, i] = np.bincount(self.arc, basis[i] * self.volts)
            for j in range(i + 1):
                matrix[:, i, j] = matrix[:, j, i] = np.bincount(self.arc, basis[i] * basis[j])
        a, b, _ = np.linalg.solve(matrix, right[..., None])[..., 0].T
        return np.hypot(a, b), np.degrees(np.arctan2(b, a))

    def peak_m(self, near_m: Floats) -> Floats:
        """Return the heights of the largest amplitudes, near those given, by a parabola."""
        lower, middle, upper = (self.at(near_m + i * _PEAK_STEP_M)[0] for i in (-1, 0, 1))
        bend = np.minimum(lower - 2 * middle + upper, -1e-9)
        return near_m + _PEAK_STEP_M * np.clip(0.5 * (lower - upper) / bend, -1.0, 1.0)

    def slope_deg_per_mm(self, height_m: Floats) -> Floats:
        """Return by how much the phases grow when the reflectors sink."""
        change = self.at(height_m - _SLOPE_STEP_M)[1] - self.at(height_m + _SLOPE_STEP_M)[1]
        return wrapped_deg(change) / (2000.0 * _SLOPE_STEP_M)


def _mean_phase_deg(
    reflected: Reflected, angle: Floats, strength: Floats, arc: NDArray[np.intp]
) -> Floats:
    """Return the model's phase at a fixed height, degrees.

    The phase of the interference less the angle of that height, 90 degrees added because the
    interferogram's model is a sine, averaged over the arc with the amplitude as weight.
    """
    turned = strength * np.exp(1j * (np.angle(reflected.ratio) + reflected.path_phase - angle))
    return np.degrees(np.angle(1j * _sum_complex(arc, turned)))


def _effective_height(
    reflected: Reflected,
    sine: Floats,
    strength: Floats,
    arc: NDArray[np.intp],
    carrier_m: Floats,
) -> tuple[Floats, Floats]:
    """Return effective height (m) and spread of the sine, weighted by the reflection.

    The height is the slope of the reflected wave's phase against the sine of the elevation, each
    point weighted with the amplitude of its interference, as it weighs in a periodogram.
    """
    total = np.bincount(arc, strength)
    off = sine - (np.bincount(arc, strength * sine) / total)[arc]
    variance = np.bincount(arc, strength * off**2) / total
    # The path alone, and what antenna and ground add: a small angle, unwrapped about its mean.
    extra = reflected.ratio / np.exp(
        1j * np.angle(_sum_complex(arc, strength * reflected.ratio)[arc])
    )
    phase = reflected.path_phase + np.angle(extra)
    slope = np.bincount(arc, strength * off * phase) / total / variance
    return slope * carrier_m / (4 * np.pi), np.sqrt(variance)


def _sum_complex(arc: NDArray[np.intp], values: NDArray[np.complex128]) -> NDArray[np.complex128]:
    return np.asarray(np.bincount(arc, values.real) + 1j * np.bincount(arc, values.imag))


def _epoch_variance(scenario: Scenario, volts: Floats) -> Floats:
    """Return the variance of one reported value, square volts, as `cn0_estimator` states it."""
    receiver = scenario.receiver_settings()
    thermal = receiver.noise_factor**2 / (2 * receiver.tau_s)
    proportional = volts**2 * receiver.predetection_s / (4 * receiver.tau_s)
    rounding = (volts * receiver.step_db / _DB_PER_NEPER) ** 2 / 12
    return np.asarray(thermal + proportional + rounding)


def _draws(scenario: Scenario, signal: str, sky: Sky, half_pass: NDArray[np.intp]) -> Floats:
    """Return standard normal numbers of each arc, (n, 3)."""
    passes = sky.passes
    streams = zip(
        satellite_names(passes.satellite[half_pass]),
        passes.rising[half_pass],
        passes.highest[half_pass].astype("datetime64[s]"),
        strict=True,
    )
    return np.array(
        [
            normal(scenario.seed, ("fit", signal, name, str(rising), str(top)), 3)
            for name, rising, top in streams
        ]
    )


def wrapped_deg(angle_deg: Floats) -> Floats:
    """Wrap angles into (-180, 180]."""
    return np.asarray(180.0 - np.mod(180.0 - angle_deg, 360.0))
