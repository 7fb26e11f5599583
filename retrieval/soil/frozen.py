"""Frozen soil: part of the water turns to ice, the rest stays liquid. Kept simple.

Water that grains bind does not freeze at the temperatures of a winter; how much it is depends on
the clay. Here it is the bound water of Mironov et al. (2009), whatever the temperature, and all the
rest can freeze. The ice joins the soil with its refractive index, as in the refractive mixing
models (Birchak et al. 1974, Proceedings of the IEEE 62, 93-98; Mironov et al. 2009) and as
Zhang et al. (2003, IGARSS, doi:10.1109/IGARSS.2003.1294626) add an ice term to Dobson's mixing.
Zhang et al. let the unfrozen water fall with temperature; this module does not.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from retrieval.soil.material import checked_moisture, checked_range
from retrieval.soil.mironov import bound_water

__all__ = ["ICE_PERMITTIVITY", "add_ice", "liquid_and_ice", "unfrozen_moisture"]

# Maetzler and Wegmueller (1987), Journal of Physics D 20, 1623-1630: 3.15 at microwaves up to
# 0 degrees Celsius; the loss, below 0.003, is left out.
ICE_PERMITTIVITY = 3.15
_ICE_DENSITY_TO_WATER = 0.917

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]


def unfrozen_moisture(clay_percent: ArrayLike) -> Floats:
    """Return the moisture that stays liquid in frozen soil, m3 m-3.

    The bound water of Mironov et al. 2009, eq. 19: 0.03 without clay, 0.08 in loam, 0.2 in clay.

    Raises
    ------
    InputError
        Clay is not a percentage.
    """
    return bound_water(clay_percent)


def liquid_and_ice(
    moisture: ArrayLike, frozen_fraction: ArrayLike, unfrozen: ArrayLike
) -> tuple[Floats, Floats]:
    """Share the water of a soil between liquid and ice.

    Parameters
    ----------
    moisture : array_like
        Water, as if all were liquid, m3 m-3.
    frozen_fraction : array_like
        0 (thawed) to 1 (all that can freeze is frozen).
    unfrozen : array_like
        Moisture that cannot freeze, m3 m-3.

    Returns
    -------
    liquid, ice : float arrays
        m3 of water and m3 of ice per m3 of soil. Ice takes 9 % more room than its water did.

    Raises
    ------
    InputError
        A value is outside its range.

    Examples
    --------
    >>> liquid, ice = liquid_and_ice(0.3, 1.0, 0.1)
    >>> print(round(float(liquid), 3), round(float(ice), 3))
    0.1 0.218
    """
    m = checked_moisture(moisture)
    fraction = checked_range("frozen_fraction", frozen_fraction, 0, 1)
    frozen = fraction * np.maximum(m - checked_moisture(unfrozen), 0.0)
    return np.asarray(m - frozen), np.asarray(frozen / _ICE_DENSITY_TO_WATER)


def add_ice(permittivity: ArrayLike, ice: ArrayLike) -> Complexes:
    """Return the permittivity of a soil after ice has taken the place of air in its pores.

    Parameters
    ----------
    permittivity : array_like
        Of the soil with its liquid water alone.
    ice : array_like
        m3 of ice per m3 of soil.

    Notes
    -----
    Refractive indices add in proportion to volume: n + ice (n_ice - 1).

    Examples
    --------
    >>> print(np.round(add_ice(4.0 + 0.0j, 0.2), 3))
    (4.644+0j)
    """
    index = np.sqrt(np.asarray(permittivity, np.complex128))
    return np.asarray((index + np.asarray(ice) * (ICE_PERMITTIVITY**0.5 - 1)) ** 2)
