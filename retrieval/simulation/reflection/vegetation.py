"""What lies on the soil: a canopy, which delays and weakens the reflected ray, and dry snow.

A canopy of thin, sparse plants acts at these wavelengths as air whose refractive index is slightly
raised. Plant tissue has the permittivity of Ulaby and El-Rayes (1987), and the canopy's index is
the mean of its parts by volume (refractive mixing). Schmugge and Jackson (1992), IEEE Transactions
on Geoscience and Remote Sensing 30, 757-760, found that this mixing gives the attenuation measured
over crops, with an opacity proportional to the water content. Nothing is scattered here: trees,
stems and rows are beyond it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from retrieval.errors import InputError

__all__ = [
    "snow_layer",
    "snow_permittivity",
    "vegetation_factor",
    "vegetation_permittivity",
]

Complexes = NDArray[np.complex128]
Floats = NDArray[np.float64]

_LIGHT_GHZ_M = 0.299792458
_WATER_KG_M3 = 1000.0
# Dry plant matter's bulk density against water's, of corn leaves (Ulaby and El-Rayes 1987).
_DRY_DENSITY = 0.33
_GRAVIMETRIC = (0.05, 0.7)
_DENSEST_SNOW_G_CM3 = 0.5


def vegetation_permittivity(
    wavelength_m: ArrayLike, gravimetric_moisture: float = 0.6
) -> Complexes:
    """Return the permittivity of plant tissue.

    Parameters
    ----------
    wavelength_m : array_like
        Wavelength in air, 0.015 to 1.5 m (0.2 to 20 GHz).
    gravimetric_moisture : float
        Mass of water in a mass of fresh plant, 0.05 to 0.7.

    Returns
    -------
    complex128
        eps' + i eps'' at 22 degrees Celsius.

    Raises
    ------
    InputError
        The moisture is outside that range.

    Notes
    -----
    Ulaby, F. T. and El-Rayes, M. A. (1987), Microwave dielectric spectrum of vegetation, part II:
    dual-dispersion model, IEEE Transactions on Geoscience and Remote Sensing GE-25, 550-557: dry
    matter, free saline water (1.27 S/m) and bound water.
    """
    low, high = _GRAVIMETRIC
    m = gravimetric_moisture
    if not low <= m <= high:
        raise InputError(
            f"vegetation: gravimetric moisture {m:g}, expected {low:g} to {high:g} (mass of water "
            "in a mass of fresh plant)"
        )
    frequency_ghz = _LIGHT_GHZ_M / np.asarray(wavelength_m, np.float64)
    dry = 1.7 - 0.74 * m + 6.16 * m**2
    free_share = m * (0.55 * m - 0.076)
    bound_share = 4.64 * m**2 / (1 + 7.36 * m**2)
    free = 4.9 + 75 / (1 - 1j * frequency_ghz / 18) + 22.86j / frequency_ghz
    bound = 2.9 + 55 / (1 + np.sqrt(-1j * frequency_ghz / 0.18))
    tissue: Complexes = dry + free_share * free + bound_share * bound
    return tissue


def vegetation_factor(
    water_content_kg_m2: ArrayLike,
    height_m: ArrayLike,
    elevation_deg: ArrayLike,
    wavelength_m: ArrayLike,
    gravimetric_moisture: float = 0.6,
    delay_share: float = 1.0,
) -> Complexes:
    """Return by what a canopy multiplies the reflected field, down to the soil and up again.

    The antenna stands above the canopy: the direct ray does not pass it, the reflected one does
    twice.

    Parameters
    ----------
    water_content_kg_m2 : array_like
        Mass of water in the plants over a square metre; 0 is bare soil.
    height_m : array_like
        Height of the canopy, metres.
    elevation_deg : array_like
        Elevation of the ray above the canopy, 0 to 90 degrees.
    wavelength_m : array_like
        Wavelength in air.
    gravimetric_moisture : float
        Mass of water in a mass of fresh plant; with the water content it gives the dry matter.
    delay_share : float
        Share of the smooth layer's delay that is applied, 0 to 1; its attenuation stays whole.

    Returns
    -------
    complex128
        ``exp(2 i k h (sqrt(eps - cos^2 e) - sin e))`` with the canopy's effective permittivity eps,
        of the broadcast shape. The modulus is the attenuation of the field over both ways, equal
        to that of the power over one way, ``exp(-tau)`` at nadir. The angle is positive: the delay
        against the same way through air. Exactly 1 without water.

    Raises
    ------
    InputError
        A negative water content or height, or more plants than the height has room for.

    Notes
    -----
    Fresh tissue of gravimetric moisture M holds the volume of water
    ``0.33 M / (1 - 0.67 M)`` (Ulaby and El-Rayes 1987), which turns the water content into a volume
    of tissue. With M = 0.6 the opacity at nadir is tau = b W with b = 0.13 m2/kg at 1.4 GHz;
    Jackson and Schmugge (1991), Remote Sensing of Environment 36, 203-212, give 0.1 to 0.15 for
    crops. The excess path is 12 mm per kg m-2 at nadir, one way. In a flat layer the ray steepens
    as it enters, so that the path stays finite at grazing where that of a straight ray,
    ``1 / sin e``, does not.
    """
    water = np.asarray(water_content_kg_m2, np.float64)
    height_m = np.asarray(height_m, np.float64)
    if np.any(water < 0) or np.any(height_m < 0):
        raise InputError(
            f"vegetation: water content {np.min(water):g} kg m-2 and height {np.min(height_m):g} m,"
            " expected 0 or more"
        )
    m = gravimetric_moisture
    index = np.sqrt(vegetation_permittivity(wavelength_m, m))
    water_volume = _DRY_DENSITY * m / (1 - (1 - _DRY_DENSITY) * m)
    tissue_m = water / (_WATER_KG_M3 * water_volume)
    if np.any(tissue_m > height_m):
        raise InputError(
            "vegetation: the plants of that water content would fill their height; expected less "
            f"than {_WATER_KG_M3 * water_volume:.0f} kg m-2 for each metre of height"
        )
    fraction = tissue_m / np.where(height_m > 0, height_m, 1.0)
    # With n = 1 + x: eps - 1 = x (2 + x), without loss of digits for sparse plants.
    excess = fraction * (index - 1)
    contrast = excess * (2 + excess)
    sine = np.sin(np.radians(np.asarray(elevation_deg, np.float64)))
    total = np.sqrt(contrast + sine**2) + sine
    steepening = contrast / np.where(total == 0, 1, total)
    wavenumber = 2 * np.pi / np.asarray(wavelength_m, np.float64)
    depth = 2 * wavenumber * height_m * steepening
    factor: Complexes = np.exp(1j * delay_share * depth.real - depth.imag)
    return factor


def snow_permittivity(density_g_cm3: ArrayLike) -> Complexes:
    """Return the permittivity of dry snow.

    Parameters
    ----------
    density_g_cm3 : array_like
        0 to 0.5 g cm-3: fresh snow 0.1, settled 0.3.

    Raises
    ------
    InputError
        The density is outside that range.

    Notes
    -----
    ``1 + 1.9 density``: Hallikainen, Ulaby and Abdelrazik (1986), Dielectric properties of snow in
    the 3 to 37 GHz range, IEEE Transactions on Antennas and Propagation 34, 1329-1340. Dry snow's
    losses at these wavelengths are below 0.001 and left out; wet snow is another matter.

    Examples
    --------
    >>> print(snow_permittivity(0.3).real.round(3))
    1.57
    """
    density = np.asarray(density_g_cm3, np.float64)
    if not np.all((density >= 0) & (density <= _DENSEST_SNOW_G_CM3)):
        raise InputError(
            f"snow: density from {np.min(density):g} to {np.max(density):g} g cm-3, expected 0 to "
            f"{_DENSEST_SNOW_G_CM3:g} (dry snow; not kg m-3)"
        )
    return (1 + 1.9 * density).astype(np.complex128)


def snow_layer(
    epsilon: ArrayLike, thickness_m: ArrayLike, depth_m: ArrayLike, density_g_cm3: ArrayLike = 0.3
) -> tuple[Complexes, Floats]:
    """Lay dry snow on a stack of soil layers.

    Parameters
    ----------
    epsilon : (..., n) array_like
        Permittivity of the soil's layers, the last the half-space.
    thickness_m : (..., n - 1) array_like
        Their thickness, metres.
    depth_m : array_like
        Depth of the snow, metres, broadcasting with the leading dimensions; 0 is no snow.
    density_g_cm3 : array_like
        Its density.

    Returns
    -------
    epsilon : (..., n + 1) complex128
    thickness_m : (..., n) float64
        The stack with snow for `layered_reflection`, which refers to its top: the reflector has
        risen by `depth_m`.

    Raises
    ------
    InputError
        The density is outside 0 to 0.5 g cm-3.
    """
    epsilon = np.asarray(epsilon, np.complex128)
    thickness_m = np.asarray(thickness_m, np.float64)
    snow = snow_permittivity(density_g_cm3)
    depth = np.asarray(depth_m, np.float64)
    shape = np.broadcast_shapes(snow.shape, depth.shape, epsilon.shape[:-1])
    stack = np.broadcast_to(epsilon, (*shape, epsilon.shape[-1]))
    soil = np.broadcast_to(thickness_m, (*shape, thickness_m.shape[-1]))
    return (
        np.concatenate([np.broadcast_to(snow, shape)[..., None], stack], axis=-1),
        np.concatenate([np.broadcast_to(depth, shape)[..., None], soil], axis=-1),
    )
