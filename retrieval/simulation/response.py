"""What the ground does to the reflected field: a table over time and elevation, for one carrier.

Two response modes, always named in the output:

``physical``
    The coherent reflection of the layered soil with its moisture profile, snow upon it.
``empirical``
    The reflection of bare uniform soil of one moisture, turned by the phase that field data show
    for the moisture of the day (Chew et al. 2014; Larson et al. 2010): nearly linear, falling as
    moisture rises, with amplitude and effective height answering too.

Antenna, roughness, vegetation and terrain are the same in both.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.gnss import SPEED_OF_LIGHT_M_S, utc_to_gps
from retrieval.simulation.ground.series import GroundSeries, seconds
from retrieval.simulation.reflection.antenna import AntennaPattern
from retrieval.simulation.reflection.coefficients import (
    fresnel,
    layered_reflection,
    roughness_factor,
)
from retrieval.simulation.reflection.composite import reflection_ratio
from retrieval.simulation.reflection.profiles import profile_layers
from retrieval.simulation.reflection.vegetation import snow_layer, vegetation_factor
from retrieval.simulation.scenario import Scenario
from retrieval.soil import Soil, soil_permittivity, unfrozen_moisture

__all__ = [
    "REFERENCE_MOISTURE",
    "GroundReflection",
    "empirical_factor",
    "felt_moisture",
    "ground_reflection",
]

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]

# Every response is counted from this moisture, m3 m-3.
REFERENCE_MOISTURE = 0.2
_REFERENCE_C = 15.0
_PIVOT_DEG = (5.0, 25.0)
_SNOW_DENSITY = 0.25
_LEAST_AMPLITUDE = 0.1
# One degree apart where arcs are analysed; above, the reflection changes slowly.
_ELEVATIONS_DEG = np.concatenate([np.arange(0.0, 40.0), np.arange(40.0, 91.0, 2.5)])


@dataclass(frozen=True)
class GroundReflection:
    """Reflected over direct field without the path, for one carrier.

    Attributes
    ----------
    time_s : (s,) float64
        GPS time in seconds since 1970 (as ``datetime64`` counts), hourly.
    elevation_deg : (e,) float64
        Apparent elevation, above the horizon.
    ratio : (k, s, e) complex128
        For the ordinary ground (0) and each sector of the terrain (from 1).
    pivot : (k,) float64
        Sine of the elevation about which a change of effective height turns the phase, so that the
        phase at a fixed height does not take part in it: the mean over 5 to 25 degrees, weighted
        with the amplitude of the interference.
    """

    time_s: Floats
    elevation_deg: Floats
    ratio: Complexes
    pivot: Floats

    def at(self, sector: NDArray[np.intp], time_s: Floats, elevation_deg: Floats) -> Complexes:
        """Return the ratio at points, (n,) complex128, linear between the nodes."""
        column, right = _between(self.elevation_deg, elevation_deg)
        if self.ratio.shape[1] == 1:
            row = self.ratio[:, 0]
            return row[sector, column] * (1 - right) + row[sector, column + 1] * right
        line, later = _between(self.time_s, time_s)
        earlier = (
            self.ratio[sector, line, column] * (1 - right)
            + self.ratio[sector, line, column + 1] * right
        )
        after = (
            self.ratio[sector, line + 1, column] * (1 - right)
            + self.ratio[sector, line + 1, column + 1] * right
        )
        return np.asarray(earlier * (1 - later) + after * later)


def ground_reflection(
    scenario: Scenario, ground: GroundSeries, wavelength_m: float
) -> GroundReflection:
    """Return the table of one carrier.

    Parameters
    ----------
    scenario : Scenario
        Antenna, soil, terrain and response mode.
    ground : GroundSeries
        The hours wanted, with those around them.
    wavelength_m : float
        Carrier wavelength.
    """
    antenna = scenario.antenna()
    roughness = [scenario.soil.roughness_m] + [
        scenario.soil.roughness_m if part.roughness_m is None else part.roughness_m
        for part in scenario.terrain
    ]
    response = [1.0, *(part.response for part in scenario.terrain)]
    tilts = [0.0, *(part.tilt_deg for part in scenario.terrain)]
    hours = slice(None) if ground.vegetation_water_kg_m2.any() else slice(1)
    water = ground.vegetation_water_kg_m2[hours, None]
    height_m = ground.vegetation_height_m[hours, None]
    tables = []
    # Sectors often differ in what costs no reflection, such as their scatter.
    known: dict[tuple[float, float], Complexes] = {}
    for rms_m, share, tilt_deg in zip(roughness, response, tilts, strict=True):
        above_deg = _above_ground_deg(tilt_deg)
        if (share, tilt_deg) not in known:
            bare = _bare(scenario, ground, antenna, wavelength_m, share, tilt_deg)
            canopy = vegetation_factor(
                water,
                height_m,
                above_deg,
                wavelength_m,
                delay_share=scenario.vegetation.delay_share,
            )
            known[share, tilt_deg] = bare * canopy
        tables.append(known[share, tilt_deg] * roughness_factor(rms_m, above_deg, wavelength_m))
    time_s = seconds(utc_to_gps(ground.time))
    ratio = np.stack(tables)
    in_window = np.searchsorted(_ELEVATIONS_DEG, _PIVOT_DEG)
    window = slice(in_window[0], in_window[1] + 1)
    amplitude = np.abs(ratio.mean(axis=1) * antenna.rhcp(_ELEVATIONS_DEG))[:, window]
    pivot = amplitude @ np.sin(np.radians(_ELEVATIONS_DEG[window])) / amplitude.sum(axis=1)
    return GroundReflection(time_s, _ELEVATIONS_DEG, ratio, pivot)


def _bare(
    scenario: Scenario,
    ground: GroundSeries,
    antenna: AntennaPattern,
    wavelength_m: float,
    response: float,
    tilt_deg: float,
) -> Complexes:
    """Return the ratio over bare smooth soil, (s or 1, e)."""
    above_deg = _above_ground_deg(tilt_deg)
    soil = scenario.soil
    frequency_hz = SPEED_OF_LIGHT_M_S / wavelength_m
    if scenario.response.mode == "empirical":
        epsilon = soil_permittivity(
            soil.permittivity, REFERENCE_MOISTURE, frequency_hz, soil.texture, _REFERENCE_C
        )
        r_h, r_v = fresnel(epsilon, above_deg)
        return reflection_ratio(antenna, r_h, r_v, _ELEVATIONS_DEG, tilt_deg)[None]
    surface = REFERENCE_MOISTURE + response * (ground.moisture - REFERENCE_MOISTURE)
    deep = REFERENCE_MOISTURE + response * (ground.deep_moisture - REFERENCE_MOISTURE)
    thickness_m, moisture = profile_layers(soil.profile, surface, deep, soil.profile_depth_m)
    epsilon = soil_permittivity(
        soil.permittivity,
        moisture,
        frequency_hz,
        soil.texture,
        np.maximum(ground.temperature_c, 0.0)[:, None],
        frozen_fraction=ground.frozen[:, None],
    )
    if ground.snow_depth_m.any():
        epsilon, thickness_m = snow_layer(epsilon, thickness_m, ground.snow_depth_m, _SNOW_DENSITY)
        thickness_m = thickness_m[:, None]
    r_h, r_v = layered_reflection(epsilon[:, None, :], thickness_m, above_deg, wavelength_m)
    return reflection_ratio(antenna, r_h, r_v, _ELEVATIONS_DEG, tilt_deg)


def felt_moisture(scenario: Scenario, ground: GroundSeries) -> Floats:
    """Return the moisture that the phase answers to in the empirical mode, (s,) m3 m-3.

    That of the surface, with a share of the deeper one (`hysteresis`: a soil that dries from above
    is not one that is being wetted), less what is frozen.
    """
    share = scenario.response.hysteresis
    wet = (1.0 - share) * ground.moisture + share * ground.deep_moisture
    clay = Soil.of_texture(scenario.soil.texture).clay_percent
    liquid = np.minimum(wet, unfrozen_moisture(clay))
    return np.asarray(wet + ground.frozen * (liquid - wet))


def empirical_factor(
    scenario: Scenario,
    felt: Floats,
    slope_deg: Floats,
    curvature: Floats,
    sine_off_pivot: Floats,
    wavelength_m: Floats | float,
    share: Floats | float = 1.0,
) -> Complexes:
    """Return by what the empirical response multiplies the reflected field, complex128.

    With u the moisture less `REFERENCE_MOISTURE`, t the sine of the elevation and t0 the pivot of
    `GroundReflection`::

        phase      -slope (u - curvature u^2) + 4 pi share h_u u (t - t0) / wavelength
        amplitude  1 + share a_u u

    Parameters
    ----------
    scenario : Scenario
        Its response: ``height_m_per_m3m3`` h_u and ``amplitude_per_m3m3`` a_u.
    felt : array
        Moisture felt, m3 m-3.
    slope_deg, curvature : array
        Of the spot of ground, the slope with the share of the response in it; a slope of 0 answers
        in nothing.
    sine_off_pivot : array
        t - t0.
    wavelength_m : array or float
        Carrier wavelength.
    share : array or float
        How much of the response the ground has, 0 to 1.
    """
    response = scenario.response
    beyond = felt - REFERENCE_MOISTURE
    phase = -np.radians(slope_deg) * (beyond - curvature * beyond**2)
    share = np.where(slope_deg > 0, share, 0.0)
    height_m = share * response.height_m_per_m3m3 * beyond
    phase = phase + 4 * np.pi * height_m * sine_off_pivot / wavelength_m
    amplitude = np.maximum(1.0 + share * response.amplitude_per_m3m3 * beyond, _LEAST_AMPLITUDE)
    return np.asarray(amplitude * np.exp(1j * phase))


def _above_ground_deg(tilt_deg: float) -> Floats:
    """Return the table's elevations as ground that rises by a tilt sees them, 0 to 90 degrees."""
    return np.clip(_ELEVATIONS_DEG - tilt_deg, 0.0, 90.0)


def _between(nodes: Floats, at: Floats) -> tuple[NDArray[np.intp], Floats]:
    """Return the node before each value and how far it is on the way to the next, 0 to 1."""
    index = np.clip(np.searchsorted(nodes, at, side="right") - 1, 0, len(nodes) - 2)
    share = (at - nodes[index]) / (nodes[index + 1] - nodes[index])
    return index, np.clip(share, 0.0, 1.0)
