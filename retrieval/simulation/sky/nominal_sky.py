"""A sky of our own making: nominal constellations as a small navigation file.

Nothing in here is a real satellite. To the published patterns (`constellation_slots`) comes a small
scatter that depends on the satellite's name alone. ``python -m retrieval.simulation.sky.build``
writes the packaged file anew, with the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from retrieval import gnss
from retrieval.orbits.kepler import EARTH_RATE_RAD_S, GRAVITATION_M3_S2
from retrieval.rinex.navigation import read_navigation
from retrieval.rinex.navigation_records import (
    MESSAGES,
    GlonassRecords,
    KeplerRecords,
    Navigation,
)
from retrieval.simulation.sky.constellation_slots import KINDS, Slot, slots
from retrieval.simulation.sky.flattening import flattening, semi_major_axis_m
from retrieval.simulation.sky.glonass_elements import GlonassElements, sent_states
from retrieval.simulation.sky.navigation_writer import navigation_text
from retrieval.simulation.sky.repetition import repeating_rate
from retrieval.simulation.streams import uniform

__all__ = ["EPOCH", "NOMINAL_SKY", "nominal_sky", "nominal_sky_text"]

NOMINAL_SKY = Path(__file__).parent / "files" / "nominal_sky.rnx"
# The start of a week in GPS, Galileo and BeiDou time.
EPOCH = np.datetime64("2024-01-07T00:00:00", "ns")
_SEED = 1
_COMMENTS = (
    "SIMULATED: MADE NOMINAL ORBITS, NO SATELLITE FLIES THEM",
    "made by python -m retrieval.simulation.sky.build",
)
_BEIDOU_BEHIND_GPS = np.timedelta64(14_000_000_000, "ns")
_QUARTER = np.timedelta64(900_000_000_000, "ns")


@dataclass(frozen=True)
class _Orbit:
    """A satellite's orbit, scatter included; draws are numbers from -1 to 1 for the clock."""

    satellite: str
    message: str
    semi_major_m: float
    eccentricity: float
    perigee_rad: float
    inclination_rad: float
    anomaly_rad: float
    node_rad: float
    latitude_rate_rad_s: float
    node_rate_rad_s: float
    draws: tuple[float, ...]


def nominal_sky() -> Navigation:
    """Return the packaged records: 31 GPS, 24 GLONASS, 24 Galileo, 29 BeiDou, 3 QZSS."""
    return read_navigation(NOMINAL_SKY)


def nominal_sky_text() -> str:
    """Return the packaged file's text, made anew."""
    orbits = [_orbit(slot) for slot in slots()]
    kepler = [orbit for orbit in orbits if orbit.satellite[0] != "R"]
    glonass = [orbit for orbit in orbits if orbit.satellite[0] == "R"]
    return navigation_text(Navigation(_kepler(kepler), _glonass(glonass)), _COMMENTS)


def _orbit(slot: Slot) -> _Orbit:
    """Return the orbit of a slot on its repeating track, rounded to what any machine agrees on."""
    kind, name = KINDS[slot.kind], slot.satellite
    draw = uniform(_SEED, ("nominal sky", name), 8).tolist()
    spread = [2 * value - 1 for value in draw]
    lowest, highest = kind.perigee_deg
    perigee_deg = lowest + (highest - lowest) * draw[1]
    node_shift_deg = kind.node_spread_deg * spread[3]
    latitude_deg = slot.latitude_deg + kind.latitude_spread_deg * spread[4]
    if kind.orbits_per_day == 1.0:
        # Those of one figure share its longitude: what the node gains the latitude loses.
        latitude_deg -= node_shift_deg
    inclination_rad = round(
        np.radians(kind.inclination_deg + kind.inclination_spread_deg * spread[2]), 9
    )
    code = np.array([gnss.satellite_code(name)], np.int32)
    about = np.array([kind.orbits_per_day * EARTH_RATE_RAD_S["G"]])
    effect = flattening(semi_major_axis_m(about, inclination_rad), inclination_rad)
    node_rate = np.round(about * effect.node_rate, 14)
    rate, _ = repeating_rate(code, about, node_rate)
    return _Orbit(
        satellite=name,
        message=kind.message,
        semi_major_m=float(semi_major_axis_m(rate, inclination_rad)[0]),
        eccentricity=round(
            kind.least_eccentricity + (kind.most_eccentricity - kind.least_eccentricity) * draw[0],
            9,
        ),
        perigee_rad=_angle(perigee_deg),
        inclination_rad=inclination_rad,
        anomaly_rad=_angle(latitude_deg - perigee_deg),
        node_rad=_angle(slot.node_deg + node_shift_deg),
        latitude_rate_rad_s=float(rate[0]),
        node_rate_rad_s=float(node_rate[0]),
        draws=tuple(spread[5:]),
    )


def _angle(angle_deg: float) -> float:
    """Return an angle in radians, -pi to pi, to nine digits."""
    return round(float(np.radians((angle_deg + 180.0) % 360.0 - 180.0)), 9)


def _kepler(orbits: list[_Orbit]) -> KeplerRecords:
    """Return one record per satellite at the start of its week."""
    satellite = np.array([gnss.satellite_code(orbit.satellite) for orbit in orbits], np.int32)
    inclination = _column(orbits, "inclination_rad")
    a = _column(orbits, "semi_major_m")
    effect = flattening(a, inclination)
    sqrt_a = np.sqrt(a + effect.radius_offset_m).round(6)
    gravitation = np.array([GRAVITATION_M3_S2[orbit.satellite[0]] for orbit in orbits])
    letters = gnss.constellation_letters(satellite)
    two_delays = np.isin(letters, list(b"EC"))
    beidou = letters == ord("C")
    toe = EPOCH + np.where(beidou, _BEIDOU_BEHIND_GPS, np.timedelta64(0, "ns"))
    draws = np.array([orbit.draws for orbit in orbits])
    nought = np.zeros(len(orbits))
    motion = np.sqrt(gravitation / sqrt_a**6)
    return KeplerRecords(
        satellite=satellite,
        message=np.array([MESSAGES.index(orbit.message) for orbit in orbits], np.int8),
        toc=toe,
        toe=toe,
        transmitted=toe,
        toe_s=nought,
        sqrt_a=sqrt_a,
        eccentricity=_column(orbits, "eccentricity"),
        m0=_column(orbits, "anomaly_rad"),
        delta_n=np.round(_column(orbits, "latitude_rate_rad_s") - motion, 14),
        omega0=_column(orbits, "node_rad"),
        i0=inclination,
        omega=_column(orbits, "perigee_rad"),
        omega_dot=_column(orbits, "node_rate_rad_s"),
        idot=nought,
        cuc=nought,
        cus=np.round(effect.latitude_sine, 10),
        crc=np.round(effect.radius_cosine_m, 3),
        crs=nought,
        cic=nought,
        cis=nought,
        af0=np.round(3e-4 * draws[:, 0], 12),
        af1=nought,
        af2=nought,
        tgd=np.round(5e-9 * draws[:, 1], 12),
        tgd2=np.where(two_delays, np.round(5e-9 * draws[:, 2], 12), np.nan),
        issue=nought,
        accuracy=np.full(len(orbits), 2.0),
        health=nought,
        line=np.zeros(len(orbits), np.int64),
    )


def _glonass(orbits: list[_Orbit]) -> GlonassRecords:
    """Return one state per satellite a quarter of an hour into the day, UTC."""
    satellite = np.array([gnss.satellite_code(orbit.satellite) for orbit in orbits], np.int32)
    elements = GlonassElements(
        **{name: _column(orbits, name) for name in GlonassElements.__dataclass_fields__}
    )
    position_m, velocity_m_s = sent_states(elements)
    count = len(orbits)
    midnight = gnss.utc_to_gps(np.full(count, EPOCH))
    nought = np.zeros(count)
    draws = np.array([orbit.draws for orbit in orbits])
    return GlonassRecords(
        satellite=satellite,
        reference=midnight + _QUARTER,
        transmitted=midnight,
        position_m=position_m,
        velocity_m_s=velocity_m_s,
        acceleration_m_s2=np.zeros((count, 3)),
        clock_bias_s=np.round(3e-4 * draws[:, 0], 12),
        frequency_bias=nought,
        health=nought,
        channel=np.array([float(gnss.GLONASS_CHANNELS[int(code) & 255]) for code in satellite]),
        line=np.zeros(count, np.int64),
    )


def _column(orbits: list[_Orbit], name: str) -> NDArray[np.float64]:
    return np.array([getattr(orbit, name) for orbit in orbits])
