"""Permittivity by mixing in proportion, with water that is first bound like ice, then free.

Wang, J. R. and Schmugge, T. J. (1980), "An empirical model for the complex dielectric permittivity
of soils as a function of water content", IEEE Transactions on Geoscience and Remote Sensing 18(4),
288-295. Losses of ice and rock as in the operational emission models that use it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from retrieval.soil.material import Soil, checked_moisture
from retrieval.soil.water import water_permittivity

__all__ = ["wang_schmugge_permittivity"]

_ICE, _ROCK, _AIR = 3.2 + 0.1j, 5.5 + 0.2j, 1.0
_ALPHA_HZ = 1.4e9
_LARGEST_ALPHA = 26.0

Complexes = NDArray[np.complex128]


def wang_schmugge_permittivity(
    moisture: ArrayLike, frequency_hz: ArrayLike, soil: Soil, temperature_c: ArrayLike = 20.0
) -> Complexes:
    """Return the permittivity of moist soil.

    Parameters
    ----------
    moisture : array_like
        m3 m-3, 0 to the porosity (and 0.05 more, see `Soil`).
    frequency_hz : array_like
        Fitted at 1.4 and 5 GHz; in between and beyond through the relaxation of water and a
        conductivity that does not depend on frequency.
    soil : Soil
        Sand, clay and densities count; salt does not. Fitted to soils from sand to 62 % clay.
    temperature_c : array_like
        Celsius, of the water; fitted at room temperature.

    Raises
    ------
    InputError
        Moisture does not fit into the pores, or frequency or temperature is impossible.

    Notes
    -----
    Wang and Schmugge 1980: up to the transition moisture Wt = 0.49 Wp + 0.165 the water is part
    ice-like, gamma = 0.481 - 0.57 Wp, with the wilting point Wp = 0.06774 - 0.00064 sand +
    0.00478 clay. The loss of conduction is alpha W^2 with alpha = 100 Wp, at most 26, at 1.4 GHz;
    since it stands for 60 (wavelength) (conductivity), it is scaled by 1.4 GHz / f elsewhere.

    Examples
    --------
    >>> print(np.round(wang_schmugge_permittivity(0.2, 1.4e9, Soil(43.0, 18.0, 1.4)), 2))
    (9.33+1.06j)
    """
    m = checked_moisture(moisture, soil.porosity)
    water = water_permittivity(frequency_hz, temperature_c)
    wilting = (
        0.06774 - 0.00064 * np.asarray(soil.sand_percent) + 0.00478 * np.asarray(soil.clay_percent)
    )
    transition = 0.49 * wilting + 0.165
    gamma = 0.481 - 0.57 * wilting
    bound = np.minimum(m, transition)
    bound_water = _ICE + (water - _ICE) * (bound / transition) * gamma
    dry = (soil.porosity - m) * _AIR + (1 - soil.porosity) * _ROCK
    alpha = np.minimum(100 * wilting, _LARGEST_ALPHA)
    loss = alpha * m**2 * _ALPHA_HZ / np.asarray(frequency_hz, np.float64)
    mixed = bound * bound_water + (m - bound) * water + dry + 1j * loss
    return np.asarray(mixed, np.complex128)
