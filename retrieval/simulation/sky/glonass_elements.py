"""GLONASS states as orbital elements, and back.

GLONASS sends position and velocity, which hold for half an hour. To carry an orbit over a season it
is taken apart into the elements of a nearly circular orbit about a flattened Earth (`flattening`),
carried, and put together again. Angles refer to the Earth-fixed frame of their own time, so the
Earth's turn enters only as a rate of the node, and no sidereal time is needed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from retrieval.simulation.sky.flattening import (
    GRAVITATION_M3_S2,
    flattening,
    semi_major_axis_m,
)
from retrieval.simulation.sky.repetition import GLONASS_EARTH_RATE_RAD_S, repeating_rate

__all__ = ["GlonassElements", "elements_of", "repeating", "sent_states", "states_of"]

_SPIN = np.array([0.0, 0.0, GLONASS_EARTH_RATE_RAD_S])
# Each round takes the short periods (3 km, 1e-4 of the velocity) out to 1e-4 of what was left.
_ROUNDS = 4
_KEPLER_ROUNDS = 12
# Resolution of the message (GLONASS ICD 5.1, table 4.5).
_POSITION_STEP_M = 1e3 * 2.0**-11
_VELOCITY_STEP_M_S = 1e3 * 2.0**-20


@dataclass(frozen=True)
class GlonassElements:
    """Mean elements, all (n,) float64.

    Attributes
    ----------
    semi_major_m, eccentricity, perigee_rad, inclination_rad : (n,)
        Size, shape and tilt; the perigee stays where it is.
    anomaly_rad : (n,)
        Mean anomaly.
    node_rad : (n,)
        Longitude of the ascending node in the Earth-fixed frame.
    latitude_rate_rad_s : (n,)
        Rate of the mean anomaly, and so of the argument of latitude.
    node_rate_rad_s : (n,)
        Drift of the node in space.
    """

    semi_major_m: NDArray[np.float64]
    eccentricity: NDArray[np.float64]
    perigee_rad: NDArray[np.float64]
    inclination_rad: NDArray[np.float64]
    anomaly_rad: NDArray[np.float64]
    node_rad: NDArray[np.float64]
    latitude_rate_rad_s: NDArray[np.float64]
    node_rate_rad_s: NDArray[np.float64]

    def take(self, index: NDArray[np.intp]) -> GlonassElements:
        """Return the rows of an index array."""
        return GlonassElements(*(column[index] for column in vars(self).values()))

    def carried(
        self, seconds: NDArray[np.float64], ahead_rad: NDArray[np.float64]
    ) -> GlonassElements:
        """Return the elements later by seconds, and further along the orbit, both (n,)."""
        turn = 2 * np.pi
        anomaly = self.anomaly_rad + ahead_rad + self.latitude_rate_rad_s * seconds
        node = self.node_rad + (self.node_rate_rad_s - GLONASS_EARTH_RATE_RAD_S) * seconds
        return replace(self, anomaly_rad=anomaly % turn, node_rad=node % turn)


def elements_of(
    position_m: NDArray[np.float64], velocity_m_s: NDArray[np.float64]
) -> GlonassElements:
    """Return the mean elements of Earth-fixed states, both (n, 3)."""
    elements = _osculating(position_m, velocity_m_s)
    for _ in range(_ROUNDS):
        r, v = states_of(elements)
        r_ellipse, v_ellipse = _states(_without_flattening(elements), short_periods=False)
        elements = _osculating(position_m - r + r_ellipse, velocity_m_s - v + v_ellipse)
    return elements


def repeating(satellite: NDArray[np.int32], elements: GlonassElements) -> GlonassElements:
    """Return elements with the rates, and the size, of the tracks that GLONASS repeats."""
    rate, turns = repeating_rate(satellite, elements.latitude_rate_rad_s, elements.node_rate_rad_s)
    size = semi_major_axis_m(rate, elements.inclination_rad)
    return replace(
        elements,
        latitude_rate_rad_s=rate,
        semi_major_m=np.where(turns > 0, size, elements.semi_major_m),
    )


def states_of(
    elements: GlonassElements,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return Earth-fixed positions (m) and velocities (m/s), both (n, 3)."""
    return _states(elements, short_periods=True)


def sent_states(
    elements: GlonassElements,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return states in whole steps of the message: 0.5 m and 1 mm/s.

    So rounded they are the same on machines whose sines differ in the last bit.
    """
    position_m, velocity_m_s = states_of(elements)
    return (
        np.round(position_m / _POSITION_STEP_M) * _POSITION_STEP_M,
        np.round(velocity_m_s / _VELOCITY_STEP_M_S) * _VELOCITY_STEP_M_S,
    )


def _states(
    elements: GlonassElements, *, short_periods: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    a, e, n = elements.semi_major_m, elements.eccentricity, elements.latitude_rate_rad_s
    effect = flattening(a, elements.inclination_rad)
    strength = 1.0 if short_periods else 0.0
    E = elements.anomaly_rad + e * np.sin(elements.anomaly_rad)
    for _ in range(_KEPLER_ROUNDS):  # a fixed point: each round gains the factor e, below 0.02
        E = elements.anomaly_rad + e * np.sin(E)
    near = 1 - e * np.cos(E)
    root = np.sqrt(1 - e**2)
    phi = np.arctan2(root * np.sin(E), np.cos(E) - e) + elements.perigee_rad
    phi_rate = n * root / near**2
    crc, cus = strength * effect.radius_cosine_m, strength * effect.latitude_sine
    r = a * near + strength * effect.radius_offset_m + crc * np.cos(2 * phi)
    r_rate = a * e * np.sin(E) * n / near - 2 * crc * np.sin(2 * phi) * phi_rate
    u = phi + cus * np.sin(2 * phi)
    u_rate = phi_rate * (1 + 2 * cus * np.cos(2 * phi))
    node, i = elements.node_rad, elements.inclination_rad
    node_rate = elements.node_rate_rad_s - GLONASS_EARTH_RATE_RAD_S
    zero = np.zeros_like(node)
    ascending = np.stack([np.cos(node), np.sin(node), zero], axis=1)
    across = np.stack(
        [-np.sin(node) * np.cos(i), np.cos(node) * np.cos(i), np.sin(i)],
        axis=1,
    )
    cos_u, sin_u = np.cos(u)[:, None], np.sin(u)[:, None]
    outward, forward = cos_u * ascending + sin_u * across, cos_u * across - sin_u * ascending
    position = r[:, None] * outward
    turning = np.stack([-position[:, 1], position[:, 0], zero], axis=1)
    velocity = r_rate[:, None] * outward + (r * u_rate)[:, None] * forward
    return position, velocity + node_rate[:, None] * turning


def _without_flattening(elements: GlonassElements) -> GlonassElements:
    """Return the Kepler ellipse of the same size and place."""
    return replace(
        elements,
        latitude_rate_rad_s=np.sqrt(GRAVITATION_M3_S2 / elements.semi_major_m**3),
        node_rate_rad_s=np.zeros_like(elements.node_rate_rad_s),
    )


def _osculating(
    position_m: NDArray[np.float64], velocity_m_s: NDArray[np.float64]
) -> GlonassElements:
    """Return the elements of the Kepler ellipse through states; its rates are the flattened ones'.

    Bate, R. R., Mueller, D. D. and White, J. E. (1971), Fundamentals of astrodynamics, section 2.4.
    """
    r = np.linalg.norm(position_m, axis=1)
    v = velocity_m_s + np.cross(_SPIN, position_m)
    momentum = np.cross(position_m, v)
    normal = momentum / np.linalg.norm(momentum, axis=1, keepdims=True)
    node = np.arctan2(normal[:, 0], -normal[:, 1])
    ascending = np.stack([np.cos(node), np.sin(node), np.zeros_like(node)], axis=1)
    across = np.cross(normal, ascending)
    to_perigee = np.cross(v, momentum) / GRAVITATION_M3_S2 - position_m / r[:, None]
    e_cos, e_sin = (to_perigee * ascending).sum(axis=1), (to_perigee * across).sum(axis=1)
    e = np.hypot(e_cos, e_sin)
    perigee = np.arctan2(e_sin, e_cos)
    u = np.arctan2((position_m * across).sum(axis=1), (position_m * ascending).sum(axis=1))
    true = u - perigee
    E = np.arctan2(np.sqrt(1 - e**2) * np.sin(true), e + np.cos(true))
    a = 1 / (2 / r - (v**2).sum(axis=1) / GRAVITATION_M3_S2)
    i = np.arccos(normal[:, 2])
    effect = flattening(a, i)
    motion = np.sqrt(GRAVITATION_M3_S2 / a**3)
    return GlonassElements(
        semi_major_m=a,
        eccentricity=e,
        perigee_rad=perigee,
        inclination_rad=i,
        anomaly_rad=E - e * np.sin(E),
        node_rad=node,
        latitude_rate_rad_s=motion * (1 + effect.latitude_rate),
        node_rate_rad_s=motion * effect.node_rate,
    )
