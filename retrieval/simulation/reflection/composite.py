"""Direct and reflected field at the antenna, and the power of their sum.

In field terms, eq. 1 of Jiang et al. (2024) is ``|1 + X|^2`` with X the reflected over the direct
field: ``X = ratio * exp(i 4 pi h sin e / wavelength)``, where `ratio` holds what ground, roughness,
canopy and antenna do, and the exponential the longer path. Its interference term is
``2 |ratio| cos(4 pi h sin e / wavelength + arg ratio)``. So the phase of our interferogram,
``A sin(4 pi h sin e / wavelength + phi)``, is **phi = arg(ratio) + 90 degrees**, averaged over the
arc: a longer path or a delay raises it. Wetting the soil lowers it with the choke ring and the
patch of `antenna`, by an assumption that is stated there (docs/forward-model.md).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from retrieval.simulation.reflection.antenna import AntennaPattern
from retrieval.simulation.reflection.coefficients import circular

__all__ = ["composite_power", "reflection_ratio"]

Complexes = NDArray[np.complex128]
Floats = NDArray[np.float64]


def reflection_ratio(
    antenna: AntennaPattern,
    r_h: ArrayLike,
    r_v: ArrayLike,
    elevation_deg: ArrayLike,
    tilt_deg: float = 0.0,
) -> Complexes:
    """Return the reflected field over the direct field at the antenna, for a right-hand wave.

    Parameters
    ----------
    antenna : AntennaPattern
        Upright: from level ground the reflected ray comes from as far below the horizon as the
        direct one from above.
    r_h, r_v : array_like of complex
        Reflection coefficients of the ground at that elevation above it.
    elevation_deg : array_like
        Elevation of the satellite, 0 to 90 degrees.
    tilt_deg : float
        By how much the ground rises away from the antenna: the reflected ray comes from twice as
        much higher. What the tilt does to the coefficients is theirs to hold.

    Returns
    -------
    complex128
        ``(R(-e') co + L(-e') cross) / R(e)``, e' = e - 2 tilt, with the antenna's responses R and L
        (Zavorotny et al. 2010; Nievinski and Larson 2014), of the broadcast shape. Neither path nor
        roughness nor canopy are in it: multiply by their factors.
    """
    elevation_deg = np.asarray(elevation_deg, np.float64)
    co, cross = circular(r_h, r_v)
    below_deg = np.clip(2 * tilt_deg - elevation_deg, -90.0, 90.0)
    reflected = antenna.rhcp(below_deg) * co + antenna.lhcp(below_deg) * cross
    ratio: Complexes = reflected / antenna.rhcp(elevation_deg)
    return ratio


def composite_power(
    ratio: ArrayLike, height_m: ArrayLike, elevation_deg: ArrayLike, wavelength_m: ArrayLike
) -> Floats:
    """Return the power of direct and reflected signal together over that of the direct one.

    Parameters
    ----------
    ratio : array_like of complex
        Reflected over direct field without the path, from `reflection_ratio` times the factors of
        roughness and canopy.
    height_m : array_like
        Height of the antenna's phase centre above the reflecting surface, metres.
    elevation_deg : array_like
        Elevation of the satellite above that surface, degrees.
    wavelength_m : array_like
        Carrier wavelength.

    Returns
    -------
    float64
        ``|1 + ratio exp(i 4 pi h sin e / wavelength)|^2``, of the broadcast shape.

    Examples
    --------
    A conductor at grazing, ratio -1: the two cancel at height 0 and add up where the path is half a
    wavelength longer.

    >>> composite_power(-1.0, [0.0, 0.05], 90.0, 0.2).round(12).tolist()
    [0.0, 4.0]
    """
    sine = np.sin(np.radians(np.asarray(elevation_deg, np.float64)))
    path_m = 2 * np.asarray(height_m, np.float64) * sine
    phase = 2 * np.pi * path_m / np.asarray(wavelength_m, np.float64)
    power: Floats = np.abs(1 + np.asarray(ratio, np.complex128) * np.exp(1j * phase)) ** 2
    return power
