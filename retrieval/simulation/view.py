"""What stands in the sky of a day, and what of it reaches the antenna."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.gnss import (
    GLONASS_CHANNELS,
    constellation_letters,
    satellite_code,
    wavelength_m,
)
from retrieval.orbits import BroadcastOrbits, look_angles
from retrieval.refraction import apparent_elevation_deg, standard_atmosphere
from retrieval.rinex.navigation_records import Navigation
from retrieval.simulation.ground.series import GroundSeries, seconds
from retrieval.simulation.reflection.composite import composite_power
from retrieval.simulation.response import (
    GroundReflection,
    empirical_factor,
    felt_moisture,
    ground_reflection,
)
from retrieval.simulation.scenario import Scenario
from retrieval.simulation.scenario_sections import SignalSection
from retrieval.simulation.signals import received_dbw
from retrieval.simulation.sky.events import transmitting
from retrieval.simulation.sky.passes import STEP_S, HalfPasses, half_passes
from retrieval.simulation.sky.propagation import season_navigation
from retrieval.simulation.spots import Spots, sector_of

__all__ = [
    "Points",
    "Reflected",
    "Sky",
    "View",
    "carrier_wavelengths_m",
    "points_in_view",
    "reflector",
    "sends",
    "sky_between",
]

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]

_DAY = np.timedelta64(1, "D")
# Snow may bury the antenna; then nothing sensible is left to simulate.
_LOWEST_HEIGHT_M = 0.05


@dataclass(frozen=True)
class Sky:
    """The satellites of one day, or of some days.

    Attributes
    ----------
    satellites : (m,) int32
        Codes, sorted; those of constellations that a signal is tracked of.
    orbits : BroadcastOrbits
        From the day before to the day after.
    navigation : Navigation
        Records of the days, as a file of them holds them.
    passes : HalfPasses
        Rises and sets, from the day before to the day after.
    """

    satellites: NDArray[np.int32]
    orbits: BroadcastOrbits
    navigation: Navigation
    passes: HalfPasses


@dataclass(frozen=True)
class Points:
    """Satellites above the horizon at epochs, one row per point.

    Attributes
    ----------
    row, epoch : (n,) intp
        Of the day's grid.
    satellite : (n,) int32
        Codes.
    time_s : (n,) float64
        GPS time, seconds since 1970.
    elevation_deg : (n,) float64
        Apparent.
    azimuth_deg : (n,) float64
        From north over east.
    half_pass : (n,) intp
        Row of the day's rises and sets.
    sector : (n,) intp
        Of the terrain.
    """

    row: NDArray[np.intp]
    epoch: NDArray[np.intp]
    satellite: NDArray[np.int32]
    time_s: Floats
    elevation_deg: Floats
    azimuth_deg: Floats
    half_pass: NDArray[np.intp]
    sector: NDArray[np.intp]

    def take(self, index: NDArray[np.intp]) -> Points:
        """Return some of the points."""
        return Points(*(getattr(self, name)[index] for name in self.__annotations__))


def sky_between(
    scenario: Scenario, source: Navigation, start: np.datetime64, end: np.datetime64
) -> Sky:
    """Return the satellites of one day, or of some days; the same however many are asked for.

    Parameters
    ----------
    scenario : Scenario
        Station, constellations and events.
    source : Navigation
        What the season is propagated from.
    start, end : datetime64
        First midnight and last, GPS time.
    """
    events = scenario.sky_events()
    letters = "".join(sorted({signal.code[0] for signal in scenario.signals()}))
    around = season_navigation(
        source, start - _DAY, end + _DAY, events=events, constellations=letters
    )
    orbits = BroadcastOrbits(around)
    satellites = np.array([satellite_code(name) for name in orbits.satellites], np.int32)
    passes = half_passes(
        [orbits], scenario.receiver_station().ecef_m, satellites, start - _DAY, end + _DAY
    )
    inside = season_navigation(source, start, end, events=events, constellations=letters)
    return Sky(satellites, orbits, inside, passes)


def carrier_wavelengths_m(
    signal: str, orbits: BroadcastOrbits, satellite: NDArray[np.int32]
) -> Floats:
    """Return the carrier wavelength of a signal of satellites, (n,) metres."""
    if signal[0] != "R":
        return np.full(len(satellite), wavelength_m(signal))
    channels = {**GLONASS_CHANNELS, **orbits.glonass_channels}
    of_slot = np.full(256, wavelength_m(signal, 0))
    for slot, channel in channels.items():
        of_slot[slot] = wavelength_m(signal, channel)
    return np.asarray(of_slot[satellite & 255])


def sends(signal: SignalSection, satellite: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Return which satellites send a signal, (n,)."""
    if signal.satellites:
        return np.isin(satellite, [satellite_code(name) for name in signal.satellites])
    return np.asarray(constellation_letters(satellite) == ord(signal.code[0]))


def points_in_view(scenario: Scenario, sky: Sky, time: NDArray[np.datetime64]) -> Points:
    """Return the satellites above the horizon, the obstacles and the ground, epoch by epoch."""
    passes = sky.passes
    margin = np.timedelta64(STEP_S, "s")
    near = (passes.end + margin >= time[0]) & (passes.start - margin <= time[-1])
    up = np.zeros((len(sky.satellites), len(time)), np.bool_)
    row = np.searchsorted(sky.satellites, passes.satellite)
    begin = np.searchsorted(time, passes.start - margin)
    stop = np.searchsorted(time, passes.end + margin)
    for index in np.flatnonzero(near):
        up[row[index], begin[index] : stop[index]] = True
    rows, epochs = np.nonzero(up)
    satellite, when = sky.satellites[rows], time[epochs]
    angles = look_angles([sky.orbits], scenario.receiver_station().ecef_m, satellite, when)
    pressure_hpa, temperature_c = standard_atmosphere(scenario.station.height_m)
    elevation_deg = apparent_elevation_deg(angles.elevation_deg, pressure_hpa, temperature_c)
    half_pass = passes.of(satellite, when)
    horizon_deg = scenario.receiver.horizon_deg
    # Rising ground hides what stands below its slope.
    mask_deg = np.array([0.0, *(max(part.mask_deg, part.tilt_deg) for part in scenario.terrain)])
    # Obstacles stand where the satellite is, the ground where the arc as a whole is.
    behind = mask_deg[sector_of(scenario.terrain, angles.azimuth_deg)]
    visible = (elevation_deg > np.maximum(behind, horizon_deg)) & (half_pass >= 0)
    visible &= transmitting(satellite, when, scenario.sky_events())
    sector = sector_of(scenario.terrain, passes.azimuth_deg)[half_pass]
    points = Points(
        rows,
        epochs,
        satellite,
        seconds(when),
        elevation_deg,
        angles.azimuth_deg,
        half_pass,
        sector,
    )
    return points.take(np.flatnonzero(visible))


@dataclass(frozen=True)
class Reflected:
    """The reflected field at points, and the way it came.

    Attributes
    ----------
    ratio : (n,) complex128
        Reflected over direct field without the longer path.
    height_m : (n,) float64
        Distance of the antenna from the reflecting plane.
    elevation_deg : (n,) float64
        Elevation above that plane.
    carrier_m : (n,) float64
        Wavelength.
    """

    ratio: Complexes
    height_m: Floats
    elevation_deg: Floats
    carrier_m: Floats

    @property
    def path_phase(self) -> Floats:
        """Phase of the longer path, radians."""
        sine = np.sin(np.radians(self.elevation_deg))
        return np.asarray(4 * np.pi * self.height_m * sine / self.carrier_m)

    @property
    def composite_power(self) -> Floats:
        """Power of direct and reflected signal together over that of the direct one."""
        return composite_power(self.ratio, self.height_m, self.elevation_deg, self.carrier_m)


class View:
    """What reaches the antenna in the hours of a day.

    Parameters
    ----------
    scenario : Scenario
        All settings.
    hours : GroundSeries
        The ground in and around those hours.
    sky : Sky
        The satellites.
    """

    def __init__(self, scenario: Scenario, hours: GroundSeries, sky: Sky) -> None:
        self._scenario = scenario
        self._hours = hours
        self._orbits = sky.orbits
        self._antenna = scenario.antenna()
        self._tables: dict[float, GroundReflection] = {}

    def direct_cn0(self, signal: SignalSection, elevation_deg: Floats) -> Floats:
        """Return the carrier-to-noise density of the direct signal alone, (n,) Hz."""
        arriving_dbw = signal.received_dbw
        if arriving_dbw is None:
            arriving_dbw = received_dbw(signal.code)
        isotropic = 10 ** ((arriving_dbw - self._scenario.receiver.noise_dbw_hz) / 10)
        return np.asarray(isotropic * np.abs(self._antenna.rhcp(elevation_deg)) ** 2)

    def reflected(self, signal: str, points: Points, met: Spots) -> Reflected:
        """Return the reflected field of a signal at points.

        Parameters
        ----------
        signal : str
            Such as ``GS2L``.
        points : Points
            Of satellites that send it.
        met : Spots
            What the rises and sets of the sky meet, with this signal.
        """
        scenario, elevation_deg, arc = self._scenario, points.elevation_deg, points.half_pass
        nominal_m = wavelength_m(signal, 0)
        if nominal_m not in self._tables:
            self._tables[nominal_m] = ground_reflection(scenario, self._hours, nominal_m)
        table = self._tables[nominal_m]
        carrier_m = carrier_wavelengths_m(signal, self._orbits, points.satellite)
        own = met.amplitude * np.exp(1j * np.radians(met.scatter_deg))
        ratio = table.at(points.sector, points.time_s, elevation_deg) * own[arc]
        if scenario.response.mode == "empirical":
            felt = felt_moisture(scenario, self._hours)
            ratio = ratio * empirical_factor(
                scenario,
                np.interp(points.time_s, table.time_s, felt),
                met.slope_deg[arc],
                met.curvature[arc],
                np.sin(np.radians(elevation_deg)) - table.pivot[points.sector],
                carrier_m,
                met.response[arc],
            )
        snow_m = np.interp(points.time_s, table.time_s, self._hours.snow_depth_m)
        height_m, tilt_deg = reflector(scenario, points.sector, snow_m)
        return Reflected(ratio, height_m, elevation_deg - tilt_deg, carrier_m)


def reflector(
    scenario: Scenario, sector: NDArray[np.intp], snow_m: Floats
) -> tuple[Floats, Floats]:
    """Return the reflecting plane of each point.

    Returns
    -------
    height_m : (n,) float64
        Distance of the antenna from the plane, square to it. A plane that rises by the tilt is met
        at an elevation smaller by the tilt, and lies nearer (Larson & Nievinski 2013, GPS Solutions
        17, 41-52).
    tilt_deg : (n,) float64
        By how much the ground rises away from the antenna.
    """
    step_m = np.array([0.0, *(part.height_step_m for part in scenario.terrain)])
    tilt_deg = np.array([0.0, *(part.tilt_deg for part in scenario.terrain)])
    height_m = scenario.station.antenna_height_m + step_m[sector] - snow_m
    tilt_deg = tilt_deg[sector]
    return np.maximum(height_m, _LOWEST_HEIGHT_M) * np.cos(np.radians(tilt_deg)), tilt_deg
