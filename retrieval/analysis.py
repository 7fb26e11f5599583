"""SNR -> arc table: directions, arcs, interferograms, fits and judgement, on arrays in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retrieval import gnss
from retrieval.apriori import apriori_heights
from retrieval.arc_quality import arc_shape, reject_reasons
from retrieval.arc_table import arc_order, arc_table, empty_arc_table
from retrieval.arcs import RISING, ArcSet, ArcSettings, SkyPoints, cut_arcs
from retrieval.interferogram import (
    Interferograms,
    detrend,
    fit_fixed_height,
    fit_free_height,
)
from retrieval.orbits import LookAngles, OrbitSource, look_angles, orbit_coverage
from retrieval.periodogram import height_grid, spectral_peaks
from retrieval.refraction import apparent_elevation_deg, standard_atmosphere
from retrieval.rinex.records import SnrTable
from retrieval.station import Station

__all__ = ["ArcAnalysis", "analyse", "sky_points"]

_FILE_SOURCE = "file"


@dataclass(frozen=True)
class ArcAnalysis:
    """Everything the chain knows about m arcs.

    Attributes
    ----------
    table : DataFrame
        The arc table, sorted by start.
    arc_of_row : (m,) intp
        Row r of the table is arc ``arc_of_row[r]`` of the arrays below.
    arcs : ArcSet
        Points over the detrending range.
    waves : Interferograms
        Detrended SNR inside the window.
    heights_m : (h,) float64
        Height grid of the periodograms.
    apriori_height_m : dict
        Fixed heights by key, see `retrieval.apriori`.
    missing : dict
        Satellite name -> SNR rows left out because no ephemeris covers them.
    """

    table: pd.DataFrame
    arc_of_row: NDArray[np.intp]
    arcs: ArcSet
    waves: Interferograms
    heights_m: NDArray[np.float64]
    apriori_height_m: dict[str, float]
    missing: dict[str, int]


def _arc_making(snr: SnrTable, signals: Sequence[str] | None) -> SnrTable:
    """Keep selected signals of satellites that move across the sky."""
    satellites = np.unique(snr.satellite)
    still = [
        code
        for code in satellites
        if code >> 8 == ord("S") or gnss.satellite_name(int(code)) in gnss.GEOSTATIONARY
    ]
    keep = ~np.isin(snr.satellite, still)
    if signals is not None:
        keep &= np.isin(snr.signal, [gnss.signal_code(name) for name in signals])
    return snr if keep.all() else snr.where(keep)


def _directions(snr: SnrTable, station: Station, orbits: Sequence[OrbitSource]) -> LookAngles:
    """Return the geometric direction of each row.

    A satellite is seen on several signals at once, so each (satellite, epoch) is solved once.
    """
    epochs, epoch = np.unique(snr.time, return_inverse=True)
    key = snr.satellite.astype(np.int64) * len(epochs) + epoch
    keys, first, place = np.unique(key, return_index=True, return_inverse=True)
    angles = look_angles(orbits, station.ecef_m, snr.satellite[first], epochs[keys % len(epochs)])
    return LookAngles(
        angles.elevation_deg[place],
        angles.azimuth_deg[place],
        angles.age_h[place],
        angles.source[place],
    )


def _all_directions(snr: SnrTable, station: Station, orbits: Sequence[OrbitSource]) -> LookAngles:
    """Return the direction of each row: its own where it came with one, else from the orbits."""
    if snr.elevation_deg is None or snr.azimuth_deg is None:
        return _directions(snr, station, orbits)
    n = len(snr)
    angles = LookAngles(
        snr.elevation_deg.copy(),
        snr.azimuth_deg.copy(),
        np.full(n, np.nan),
        np.full(n, len(orbits), dtype=np.int8),
    )
    rest = np.flatnonzero(np.isnan(snr.elevation_deg))
    if len(rest):
        found = _directions(snr.where(rest), station, orbits)
        angles.elevation_deg[rest] = found.elevation_deg
        angles.azimuth_deg[rest] = found.azimuth_deg
        angles.age_h[rest] = found.age_h
        angles.source[rest] = found.source
    return angles


def sky_points(
    snr: SnrTable, station: Station, orbits: Sequence[OrbitSource], settings: ArcSettings
) -> tuple[SkyPoints, dict[str, int]]:
    """Give every SNR row its direction as the antenna sees it.

    Parameters
    ----------
    snr : SnrTable
        Rows that came with angles keep them; the others take theirs from the orbits.
    station : Station
        Position of the antenna.
    orbits : sequence of OrbitSource
        Tried in this order.
    settings : ArcSettings
        Uses the refraction settings.

    Returns
    -------
    points : SkyPoints
        Rows that have a direction.
    missing : dict
        Satellite name -> rows left out, because no ephemeris covers them.

    Raises
    ------
    NoNavigationError
        No row at all has a direction.
    """
    angles = _all_directions(snr, station, orbits)
    coverage = orbit_coverage(orbits, angles, snr.satellite, snr.time)
    coverage.require_any()
    elevation = angles.elevation_deg
    if settings.refraction:
        pressure_hpa, temperature_c = standard_atmosphere(station.height_m)
        elevation = apparent_elevation_deg(
            elevation,
            pressure_hpa if settings.pressure_hpa is None else settings.pressure_hpa,
            temperature_c if settings.temperature_c is None else settings.temperature_c,
        )
    points = SkyPoints(
        snr.time,
        snr.satellite,
        snr.signal,
        snr.snr_dbhz,
        elevation,
        angles.azimuth_deg,
        angles.age_h,
        angles.source,
    )
    known = angles.source >= 0
    return points if known.all() else points.where(known), dict(coverage.missing)


def _wavelengths_m(arcs: ArcSet, glonass_channels: Mapping[int, int]) -> NDArray[np.float64]:
    """Carrier wavelength of each arc, (m,)."""
    channels = {**gnss.GLONASS_CHANNELS, **glonass_channels}
    codes = np.stack([arcs.points.signal[arcs.first], arcs.points.satellite[arcs.first]], axis=1)
    pairs, place = np.unique(codes, axis=0, return_inverse=True)
    wavelengths = [
        gnss.wavelength_m(gnss.signal_name(int(signal)), channels.get(int(satellite) & 255, 0))
        for signal, satellite in pairs
    ]
    return np.array(wavelengths, dtype=np.float64)[place.reshape(-1)]


def analyse(
    snr: SnrTable,
    station: Station,
    orbits: Sequence[OrbitSource],
    *,
    settings: ArcSettings | None = None,
    glonass_channels: Mapping[int, int] | None = None,
    signals: Sequence[str] | None = None,
) -> ArcAnalysis:
    """Cut SNR into arcs and measure height, amplitude and phase of each.

    Parameters
    ----------
    snr : SnrTable
        Any number of satellites, signals and days, in any order.
    station : Station
        Position of the antenna.
    orbits : sequence of OrbitSource
        Tried in this order; may be empty where the SNR carries its own angles.
    settings : ArcSettings, optional
        Defaults suit soil moisture stations.
    glonass_channels : mapping, optional
        Slot -> FDMA channel; orbits, then the nominal constellation, fill the gaps.
    signals : sequence of str, optional
        Selections such as ``GS2X``; None takes all.

    Raises
    ------
    NoNavigationError
        No ephemeris covers any of the observations.
    UnknownSignalError
        A selection is not a signal.
    """
    settings = settings or ArcSettings()
    snr = _arc_making(snr, signals)
    points, missing = sky_points(snr, station, orbits, settings)
    arcs = cut_arcs(points, settings)
    channels = {slot: ch for source in orbits for slot, ch in source.glonass_channels.items()}
    wavelengths_m = _wavelengths_m(arcs, {**channels, **(glonass_channels or {})})
    waves = detrend(arcs, wavelengths_m, settings.polynomial_order)
    heights_m = height_grid(settings.height_m, settings.height_step_m)
    if len(arcs) == 0:
        return ArcAnalysis(
            empty_arc_table(), np.zeros(0, np.intp), arcs, waves, heights_m, {}, missing
        )
    return _measured(arcs, waves, heights_m, station, orbits, settings, missing)


def _measured(
    arcs: ArcSet,
    waves: Interferograms,
    heights_m: NDArray[np.float64],
    station: Station,
    orbits: Sequence[OrbitSource],
    settings: ArcSettings,
    missing: dict[str, int],
) -> ArcAnalysis:
    """Analyse interferograms and build the table."""
    peaks = spectral_peaks(
        waves.t,
        waves.dsnr,
        waves.start,
        waves.wavelength_m,
        heights_m,
        floating_mean=settings.floating_mean,
    )
    windowed = arcs.windowed()
    shape = arc_shape(windowed)
    signal = gnss.signal_names(arcs.points.signal[arcs.first])
    before_fit = reject_reasons(shape, peaks, np.ones(len(arcs), dtype=bool), settings)
    fixed_m, apriori = apriori_heights(
        settings.apriori_height_m, signal, shape.azimuth_deg, peaks.height_m, before_fit == ""
    )
    if settings.height_mode == "free":
        fit = fit_free_height(waves, peaks.height_m)
    else:
        fit = fit_fixed_height(waves, fixed_m)
    free = settings.height_mode == "free"
    reasons = reject_reasons(shape, peaks, np.isfinite(fit.phase_deg), settings)
    sources = [*(source.name for source in orbits), _FILE_SOURCE]
    columns = {
        "station": np.full(len(arcs), station.name, dtype=object),
        "satellite": gnss.satellite_names(arcs.points.satellite[arcs.first]),
        "signal": np.array([name[1:] for name in signal], dtype=object),
        "direction": np.where(arcs.direction == RISING, "rising", "setting").astype(object),
        "start": gnss.gps_to_utc(shape.start),
        "end": gnss.gps_to_utc(shape.end),
        "closed": gnss.gps_to_utc(arcs.closed),
        "azimuth_deg": shape.azimuth_deg,
        "elevation_min_deg": shape.elevation_min_deg,
        "elevation_max_deg": shape.elevation_max_deg,
        "n_obs": shape.n_obs,
        "interval_s": shape.interval_s,
        "reflector_height_m": fit.height_m if free else peaks.height_m,
        "peak_amplitude": peaks.amplitude,
        "peak_to_noise": peaks.peak_to_noise,
        "second_peak_ratio": peaks.second_peak_ratio,
        "amplitude": fit.amplitude,
        "phase_deg": fit.phase_deg,
        "phase_sigma_deg": fit.phase_sigma_deg,
        "apriori_height_m": fit.height_m,
        "dphase_dheight_deg_per_mm": fit.dphase_dheight_deg_per_mm,
        "height_mode": np.full(len(arcs), settings.height_mode, dtype=object),
        "height_sigma_m": fit.height_sigma_m,
        "phase_height_correlation": fit.phase_height_correlation,
        # The least precise source of an arc speaks for it: sources stand best first.
        "orbit_source": np.array(sources, dtype=object)[
            np.maximum.reduceat(windowed.points.source, windowed.first)
        ],
        "ephemeris_age_h": np.fmax.reduceat(windowed.points.age_h, windowed.first),
        "accepted": reasons == "",
        "reject_reason": reasons,
    }
    return ArcAnalysis(
        arc_table(columns), arc_order(columns), arcs, waves, heights_m, apriori, missing
    )
