"""Permittivity of liquid water, fresh or saline: one Debye relaxation and a conductivity.

Klein, L. A. and Swift, C. T. (1977), "An improved model for the dielectric constant of sea water at
microwave frequencies", IEEE Transactions on Antennas and Propagation 25(1), 104-111. Relaxation
time and conductivity are those of Stogryn, A. (1971), "Equations for calculating the dielectric
constant of saline water", IEEE Transactions on Microwave Theory and Techniques 19(8), 733-736.
"""

from __future__ import annotations

import numpy as np
from numpy.polynomial.polynomial import polyval
from numpy.typing import ArrayLike, NDArray

from retrieval.soil.material import checked_frequency, checked_range, checked_temperature

__all__ = [
    "conduction_loss",
    "debye_permittivity",
    "water_conductivity_s_m",
    "water_permittivity",
]

_VACUUM_PERMITTIVITY_F_M = 8.8541878128e-12
_HIGH_FREQUENCY_PERMITTIVITY = 4.9
# Coefficients of rising powers of the temperature in Celsius.
_STATIC_PERMITTIVITY = (87.134, -0.1949, -0.01276, 2.491e-4)
_RELAXATION_S = (1.768e-11, -6.086e-13, 1.104e-14, -8.111e-17)
# The measurements behind the polynomials; further out they turn the wrong way.
_MEASURED_C = (0.0, 40.0)
_MOST_SALT_G_KG = 80.0

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]


def conduction_loss(conductivity_s_m: ArrayLike, frequency_hz: ArrayLike) -> Floats:
    """Return what a conductivity adds to eps'': sigma / (2 pi f eps0).

    Parameters
    ----------
    conductivity_s_m : array_like
        S/m.
    frequency_hz : array_like
        Above 0.

    Raises
    ------
    InputError
        A frequency is 0 or less.

    Examples
    --------
    60 x wavelength x conductivity, to 0.1 %:

    >>> print(round(float(conduction_loss(1.0, 299792458.0)), 2))
    59.96
    """
    turns = 2 * np.pi * checked_frequency(frequency_hz)
    return np.asarray(np.asarray(conductivity_s_m) / (turns * _VACUUM_PERMITTIVITY_F_M))


def debye_permittivity(
    frequency_hz: ArrayLike,
    static: ArrayLike,
    relaxation_s: ArrayLike,
    conductivity_s_m: ArrayLike,
) -> Complexes:
    """Return the permittivity of a liquid with one relaxation and a conductivity.

    Parameters
    ----------
    frequency_hz : array_like
        Above 0.
    static : array_like
        Relative permittivity far below the relaxation; far above it is 4.9, that of water.
    relaxation_s : array_like
        Relaxation time.
    conductivity_s_m : array_like
        S/m.
    """
    turn = 2 * np.pi * checked_frequency(frequency_hz) * np.asarray(relaxation_s)
    above = (np.asarray(static) - _HIGH_FREQUENCY_PERMITTIVITY) / (1 + turn**2)
    loss = above * turn + conduction_loss(conductivity_s_m, frequency_hz)
    return np.asarray(_HIGH_FREQUENCY_PERMITTIVITY + above + 1j * loss, np.complex128)


def water_conductivity_s_m(salinity_g_kg: ArrayLike, temperature_c: ArrayLike = 20.0) -> Floats:
    """Return the ionic conductivity of sea water, S/m.

    Parameters
    ----------
    salinity_g_kg : array_like
        Salt, g per kg of water, 0 to 80. Measured to 40; beyond it is an extrapolation.
    temperature_c : array_like
        Celsius, -60 to 80; held to 0 to 40, the range of the measurements.

    Raises
    ------
    InputError
        Salinity or temperature is outside its range.

    Notes
    -----
    Stogryn 1971 after Weyl 1964, as Klein and Swift 1977 take it over.

    Examples
    --------
    >>> print(round(float(water_conductivity_s_m(35.0, 25.0)), 2))
    5.3
    """
    salinity = checked_range("salinity_g_kg", salinity_g_kg, 0, _MOST_SALT_G_KG)
    at_25 = salinity * polyval(salinity, (0.182521, -1.46192e-3, 2.09324e-5, -1.28205e-7))
    below_25 = 25 - _measured_temperature(temperature_c)
    per_degree = polyval(below_25, (2.033e-2, 1.266e-4, 2.464e-6)) - salinity * polyval(
        below_25, (1.849e-5, -2.551e-7, 2.551e-8)
    )
    return np.asarray(at_25 * np.exp(-below_25 * per_degree))


def water_permittivity(
    frequency_hz: ArrayLike,
    temperature_c: ArrayLike = 20.0,
    salinity_g_kg: ArrayLike = 0.0,
    conductivity_s_m: ArrayLike | None = None,
) -> Complexes:
    """Return the relative permittivity of liquid water.

    Parameters
    ----------
    frequency_hz : array_like
        Above 0; good up to about 10 GHz, where the relaxation is well described.
    temperature_c : array_like
        Celsius, -60 to 80; held to 0 to 40, the range of the measurements.
    salinity_g_kg : array_like
        Salt, g per kg of water, 0 to 80. Measured to 40; beyond it is an extrapolation.
    conductivity_s_m : array_like, optional
        Conductivity, S/m, in place of the one that follows from the salinity.

    Returns
    -------
    complex array
        eps' + i eps'', eps'' >= 0.

    Raises
    ------
    InputError
        A value is outside its range.

    Notes
    -----
    Debye's equation with Klein and Swift 1977, eq. 13 to 18.

    Examples
    --------
    >>> print(np.round(water_permittivity(1.4e9), 2))
    (79.63+6.1j)
    """
    salinity = checked_range("salinity_g_kg", salinity_g_kg, 0, _MOST_SALT_G_KG)
    temperature = _measured_temperature(temperature_c)
    static = polyval(temperature, _STATIC_PERMITTIVITY) * (
        1
        + 1.613e-5 * salinity * temperature
        + salinity * polyval(salinity, (-3.656e-3, 3.210e-5, -4.232e-7))
    )
    relaxation_s = polyval(temperature, _RELAXATION_S) * (
        1
        + 2.282e-5 * salinity * temperature
        + salinity * polyval(salinity, (-7.638e-4, -7.760e-6, 1.105e-8))
    )
    conductivity = (
        water_conductivity_s_m(salinity, temperature)
        if conductivity_s_m is None
        else checked_range("conductivity_s_m", conductivity_s_m, 0, np.inf)
    )
    return debye_permittivity(frequency_hz, static, relaxation_s, conductivity)


def _measured_temperature(temperature_c: ArrayLike) -> Floats:
    """Return the temperature held to the range of the measurements.

    Above it the static permittivity would rise again: it is 74.9 at 40 degrees, where water has
    73.2, and 76.6 at 50, where water has 69.9. Below it liquid water in a soil is bound.
    """
    return np.clip(checked_temperature(temperature_c), *_MEASURED_C)
