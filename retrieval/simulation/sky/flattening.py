"""What the Earth's flattening (J2) does to a nearly circular orbit, to first order.

Rates and short periods of Hoots, F. R. and Roehrich, R. L. (1980), Models for propagation of NORAD
element sets, Spacetrack Report No. 3, section 6 (SGP4), with eccentricity left out of the small
terms. Broadcast elements know no periodic term of the node: together with that of the inclination
it amounts to a constant tilt and, along the track, to `latitude_sine` below.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["GRAVITATION_M3_S2", "Flattening", "flattening", "semi_major_axis_m"]

GRAVITATION_M3_S2 = 3.986004418e14
_EARTH_RADIUS_M = 6_378_137.0
_J2 = 1.08262668e-3


@dataclass(frozen=True)
class Flattening:
    """Effects on orbits, one value each.

    Attributes
    ----------
    node_rate : float64 array
        Drift of the node in space, as a fraction of the mean motion; negative eastbound.
    latitude_rate : float64 array
        Excess of the argument of latitude's mean rate over that of the orbit without flattening,
        as a fraction of it.
    radius_offset_m : float64 array
        Mean radius less semi-major axis.
    radius_cosine_m : float64 array
        Amplitude of the radius with the cosine of twice the argument of latitude (Crc).
    latitude_sine : float64 array
        Amplitude of the argument of latitude with the sine of its double (Cus), radians.
    """

    node_rate: NDArray[np.float64]
    latitude_rate: NDArray[np.float64]
    radius_offset_m: NDArray[np.float64]
    radius_cosine_m: NDArray[np.float64]
    latitude_sine: NDArray[np.float64]


def flattening(semi_major_m: ArrayLike, inclination_rad: ArrayLike) -> Flattening:
    """Return the effects on orbits of given size and tilt; arrays broadcast.

    Examples
    --------
    The node of a GPS orbit goes back by 0.04 degrees a day:

    >>> effect = flattening(26_560e3, np.radians(55.0))
    >>> print(round(float(effect.node_rate) * 360 * 2.0, 3))
    -0.039
    """
    a = np.asarray(semi_major_m, np.float64)
    cosine2 = np.cos(np.asarray(inclination_rad, np.float64)) ** 2
    strength = _J2 * (_EARTH_RADIUS_M / a) ** 2
    return Flattening(
        node_rate=-1.5 * strength * np.cos(inclination_rad),
        latitude_rate=0.75 * strength * (8 * cosine2 - 2),
        radius_offset_m=-0.75 * strength * a * (3 * cosine2 - 1),
        radius_cosine_m=0.25 * strength * a * (1 - cosine2),
        latitude_sine=0.125 * strength * (1 - cosine2),
    )


def semi_major_axis_m(
    latitude_rate_rad_s: ArrayLike, inclination_rad: ArrayLike
) -> NDArray[np.float64]:
    """Return the semi-major axis of the orbit whose argument of latitude has a mean rate.

    Examples
    --------
    >>> rate = 2 * 7.2921151467e-5
    >>> print(round(float(semi_major_axis_m(rate, np.radians(55.0))) / 1e3))
    26562
    """
    rate = np.asarray(latitude_rate_rad_s, np.float64)
    plain: NDArray[np.float64] = np.cbrt(GRAVITATION_M3_S2 / rate**2)
    excess = flattening(plain, inclination_rad).latitude_rate
    return plain * np.cbrt((1 + excess) ** 2)
