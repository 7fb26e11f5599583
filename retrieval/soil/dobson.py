"""Permittivity by the semi-empirical mixing law of Dobson et al., 0.3 to 18 GHz.

Dobson, M. C., Ulaby, F. T., Hallikainen, M. T. and El-Rayes, M. A. (1985), "Microwave dielectric
behavior of wet soil, part II: dielectric mixing models", IEEE Transactions on Geoscience and Remote
Sensing 23(1), 35-46, for 1.4 to 18 GHz.

Peplinski, N. R., Ulaby, F. T. and Dobson, M. C. (1995), "Dielectric properties of soils in the
0.3-1.3-GHz range", IEEE Transactions on Geoscience and Remote Sensing 33(3), 803-807, for that
range: another effective conductivity, and a linear correction of eps'.

GPS L1 falls into the first range and L2 and L5 into the second. docs/deviations.md lists what is
misprinted in them and what happens between them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from retrieval.soil.material import Soil, checked_moisture
from retrieval.soil.water import conduction_loss, water_permittivity

__all__ = ["dobson_permittivity"]

_ALPHA = 0.65
_LOW_RANGE_ENDS_HZ, _HIGH_RANGE_STARTS_HZ = 1.3e9, 1.4e9

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]


def dobson_permittivity(
    moisture: ArrayLike, frequency_hz: ArrayLike, soil: Soil, temperature_c: ArrayLike = 20.0
) -> Complexes:
    """Return the permittivity of moist soil, saline if need be.

    Parameters
    ----------
    moisture : array_like
        m3 m-3, 0 to the porosity (and 0.05 more, see `Soil`).
    frequency_hz : array_like
        Up to 1.3 GHz as Peplinski et al. (fitted from 0.3 GHz), from 1.4 GHz as Dobson et al.
        (fitted to 18 GHz), linear from the one to the other in between. Beyond is extrapolation.
    soil : Soil
        All its fields count. Fitted to five soils of 5 to 52 % sand and 8.5 to 47 % clay. Without
        salinity or conductivity of the water, the conductivity is the effective one of the
        texture; with one of them it is that of the water in the pores *as it is*, and a salinity
        of 0 means pure water.
    temperature_c : array_like
        Celsius, of the water.

    Raises
    ------
    InputError
        Moisture does not fit into the pores, or frequency or temperature is impossible.

    Notes
    -----
    Dobson et al. 1985, eq. 22 (grains), 28 (mixing), 30 to 32 (exponents, conductivity), percent
    turned to fractions. The effective conductivity
    is negative for very sandy soils; 0 stands there.

    Examples
    --------
    >>> soil = Soil(43.0, 18.0, bulk_density_g_cm3=1.4)
    >>> print(np.round(dobson_permittivity(0.2, [1.2276e9, 1.57542e9], soil), 2))
    [13.1 +1.16j 11.96+1.28j]
    """
    m = checked_moisture(moisture, soil.porosity)
    water = water_permittivity(
        frequency_hz,
        temperature_c,
        0.0 if soil.water_salinity_g_kg is None else soil.water_salinity_g_kg,
        _water_conductivity(soil),
    )
    conduction = (
        m * 0.0
        if soil.water_is_given
        else soil.porosity
        * conduction_loss(_effective_conductivity(frequency_hz, soil), frequency_hz)
    )
    sand = np.asarray(soil.sand_percent) / 100
    clay = np.asarray(soil.clay_percent) / 100
    real_exponent = 1.2748 - 0.519 * sand - 0.152 * clay
    loss_exponent = 1.33797 - 0.603 * sand - 0.166 * clay
    particle = np.asarray(soil.particle_density_g_cm3)
    solid = (1.01 + 0.44 * particle) ** 2 - 0.062
    solid_share = np.asarray(soil.bulk_density_g_cm3) / particle
    mixed = (1 + solid_share * (solid**_ALPHA - 1) + m**real_exponent * water.real**_ALPHA - m) ** (
        1 / _ALPHA
    )
    low = _share_of_low_range(frequency_hz)
    real = mixed + low * (0.15 * mixed - 0.68)
    # The papers divide the conduction by m inside the bracket; taken out of it, dry soil has a loss
    # of 0 instead of 0 / 0.
    loss = m ** (loss_exponent / _ALPHA - 1) * (m * water.imag + conduction)
    return np.asarray(real + 1j * loss, np.complex128)


def _water_conductivity(soil: Soil) -> ArrayLike | None:
    """Return the conductivity of the pore water apart from the texture's; None: by its salt."""
    if soil.water_conductivity_s_m is not None:
        return soil.water_conductivity_s_m
    return None if soil.water_salinity_g_kg is not None else 0.0


def _share_of_low_range(frequency_hz: ArrayLike) -> Floats:
    """Return 1 up to 1.3 GHz, 0 from 1.4 GHz, linear in between, so that no model jumps."""
    frequency = np.asarray(frequency_hz, np.float64)
    return np.interp(frequency, (_LOW_RANGE_ENDS_HZ, _HIGH_RANGE_STARTS_HZ), (1.0, 0.0))


def _effective_conductivity(frequency_hz: ArrayLike, soil: Soil) -> Floats:
    """Return the effective conductivity of a texture, S/m, 0 or more, after Peplinski et al."""
    sand = np.asarray(soil.sand_percent) / 100
    clay = np.asarray(soil.clay_percent) / 100
    bulk = np.asarray(soil.bulk_density_g_cm3)
    low = np.maximum(0.0467 + 0.2204 * bulk - 0.4111 * sand + 0.6614 * clay, 0.0)
    high = np.maximum(-1.645 + 1.939 * bulk - 2.25622 * sand + 1.594 * clay, 0.0)
    share = _share_of_low_range(frequency_hz)
    return np.asarray(share * low + (1 - share) * high)
