"""SNR -> arc table: directions, arcs, interferograms, fits and judgement, on arrays in memory.

`analyse` does it all for observations at hand. Its steps are public, for a station's store keeps
points rather than files and fixes heights by rules of its own: `retrieval.sky` gives directions,
`retrieval.arcs` cuts arcs, `measure` analyses them, `measured_table` fits phases at given heights.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retrieval import gnss
from retrieval.apriori import apriori_heights
from retrieval.arc_quality import ArcShape, arc_shape, reject_reasons
from retrieval.arc_table import arc_order, arc_table, empty_arc_table
from retrieval.arcs import RISING, ArcSet, ArcSettings, cut_arcs
from retrieval.equipment import equipment_codes, equipment_token
from retrieval.interferogram import (
    Interferograms,
    detrend,
    fit_fixed_height,
    fit_free_height,
)
from retrieval.orbits import OrbitSource
from retrieval.periodogram import PeakTable, height_grid, spectral_peaks
from retrieval.rinex.records import SnrTable
from retrieval.sky import ORBIT_SOURCES, arc_making, sky_points
from retrieval.station import Station

__all__ = ["ArcAnalysis", "ArcMeasurements", "analyse", "measure", "measured_table"]


@dataclass(frozen=True)
class ArcMeasurements:
    """What m arcs say before their phases refer to a height.

    Attributes
    ----------
    arcs : ArcSet
        Points over the detrending range.
    waves : Interferograms
        Detrended SNR inside the window.
    heights_m : (h,) float64
        Height grid of the periodograms.
    peaks : PeakTable
        Their highest peaks.
    shape : ArcShape
        Where and when the arcs ran, inside the window.
    selection : (m,) object
        Signal of each arc with its constellation, ``GS2X``.
    equipment : (m,) object
        What each arc was heard with, see `retrieval.equipment`.
    reject_reason : (m,) object
        Empty where nothing but the fit of the phase could still reject the arc.
    """

    arcs: ArcSet
    waves: Interferograms
    heights_m: NDArray[np.float64]
    peaks: PeakTable
    shape: ArcShape
    selection: NDArray[np.object_]
    equipment: NDArray[np.object_]
    reject_reason: NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.arcs)

    @property
    def epoch(self) -> NDArray[np.object_]:
        """Token of each arc's equipment, empty where that is not known, (m,)."""
        return np.array([equipment_token(text) for text in self.equipment], dtype=object)


@dataclass(frozen=True)
class ArcAnalysis:
    """Everything the chain knows about m arcs.

    Attributes
    ----------
    table : DataFrame
        The arc table, sorted by start.
    arc_of_row : (m,) intp
        Row r of the table is arc ``arc_of_row[r]`` of the measurements.
    measured : ArcMeasurements
        Points, interferograms and peaks behind the table.
    apriori_height_m : dict
        Fixed heights by key, see `retrieval.apriori`.
    missing : dict
        Satellite name -> SNR rows left out because no ephemeris covers them.
    """

    table: pd.DataFrame
    arc_of_row: NDArray[np.intp]
    measured: ArcMeasurements
    apriori_height_m: dict[str, float]
    missing: dict[str, int]


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
    equipment: Iterable[str] = (),
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
    equipment : iterable of str
        Texts of the equipment that the SNR was heard with.

    Raises
    ------
    NoNavigationError
        No ephemeris covers any of the observations.
    UnknownSignalError
        A selection is not a signal.
    """
    settings = settings or ArcSettings()
    points, missing = sky_points(arc_making(snr, signals), station, orbits, settings)
    channels = {slot: ch for source in orbits for slot, ch in source.glonass_channels.items()}
    arcs = cut_arcs(points, settings)
    measured = measure(arcs, {**channels, **(glonass_channels or {})}, settings, equipment)
    fixed_m, apriori = apriori_heights(
        settings.apriori_height_m,
        measured.selection,
        measured.shape.azimuth_deg,
        measured.peaks.height_m,
        measured.reject_reason == "",
        measured.epoch,
    )
    table, arc_of_row = measured_table(measured, station.name, fixed_m, settings)
    return ArcAnalysis(table, arc_of_row, measured, apriori if len(measured) else {}, missing)


def measure(
    arcs: ArcSet,
    glonass_channels: Mapping[int, int],
    settings: ArcSettings,
    equipment: Iterable[str] = (),
) -> ArcMeasurements:
    """Detrend arcs, find the peaks of their periodograms and judge them.

    Parameters
    ----------
    arcs : ArcSet
        m arcs.
    glonass_channels : mapping
        Slot -> FDMA channel; the nominal constellation fills the gaps.
    settings : ArcSettings
        All but the heights that phases refer to.
    equipment : iterable of str
        Texts of the equipment that the arcs were heard with.
    """
    heights_m = height_grid(settings.height_m, settings.height_step_m)
    waves = detrend(arcs, _wavelengths_m(arcs, glonass_channels), settings.polynomial_order)
    peaks = spectral_peaks(
        waves.t,
        waves.dsnr,
        waves.start,
        waves.wavelength_m,
        heights_m,
        floating_mean=settings.floating_mean,
    )
    shape = arc_shape(arcs.windowed())
    reasons = reject_reasons(shape, peaks, np.ones(len(arcs), dtype=bool), settings)
    selection = gnss.signal_names(arcs.points.signal[arcs.first])
    texts = equipment_codes(equipment)
    codes = arcs.points.equipment[arcs.first].tolist()
    heard_with = np.array([texts[code] for code in codes], dtype=object)
    return ArcMeasurements(arcs, waves, heights_m, peaks, shape, selection, heard_with, reasons)


def measured_table(
    measured: ArcMeasurements,
    station_name: str,
    fixed_height_m: NDArray[np.float64],
    settings: ArcSettings,
) -> tuple[pd.DataFrame, NDArray[np.intp]]:
    """Fit phases and amplitudes and build the arc table.

    Parameters
    ----------
    measured : ArcMeasurements
        m arcs.
    station_name : str
        For the table.
    fixed_height_m : (m,) float64
        The height that each phase refers to; NaN rejects the arc. Height mode ``free`` takes none.
    settings : ArcSettings
        As the arcs were measured with.

    Returns
    -------
    table : DataFrame
        The arc table, sorted by start.
    arc_of_row : (m,) intp
        Which arc each row is.
    """
    arcs, peaks, shape = measured.arcs, measured.peaks, measured.shape
    if len(arcs) == 0:
        return empty_arc_table(), np.zeros(0, np.intp)
    free = settings.height_mode == "free"
    if free:
        fit = fit_free_height(measured.waves, peaks.height_m)
    else:
        fit = fit_fixed_height(measured.waves, fixed_height_m)
    reasons = reject_reasons(shape, peaks, np.isfinite(fit.phase_deg), settings)
    windowed = arcs.windowed()
    columns = {
        "station": np.full(len(arcs), station_name, dtype=object),
        "satellite": gnss.satellite_names(arcs.points.satellite[arcs.first]),
        "signal": np.array([name[1:] for name in measured.selection], dtype=object),
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
        # The least precise source of an arc speaks for it.
        "orbit_source": np.array(ORBIT_SOURCES, dtype=object)[
            np.maximum.reduceat(windowed.points.source, windowed.first)
        ],
        "ephemeris_age_h": np.fmax.reduceat(windowed.points.age_h, windowed.first),
        "accepted": reasons == "",
        "reject_reason": reasons,
        "equipment": measured.equipment,
    }
    return arc_table(columns), arc_order(columns)
