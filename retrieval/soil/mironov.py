"""Permittivity by mixing refractive indices of dry soil, bound water and free water.

Mironov, V. L., Kosolapova, L. G. and Fomin, S. V. (2009), "Physically and mineralogically based
spectroscopic dielectric model for moist soils", IEEE Transactions on Geoscience and Remote Sensing
47(7), 2059-2070: the model of the SMOS and SMAP retrievals. Clay alone sets the parameters.
"""

from __future__ import annotations

import numpy as np
from numpy.polynomial.polynomial import polyval
from numpy.typing import ArrayLike, NDArray

from retrieval.soil.material import checked_moisture, checked_range
from retrieval.soil.water import debye_permittivity

__all__ = ["bound_water", "mironov_permittivity"]

_FREE_STATIC = 100.0
_FREE_RELAXATION_S = 8.5e-12

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]


def bound_water(clay_percent: ArrayLike) -> Floats:
    """Return the largest moisture that grains bind, m3 m-3 (Mironov et al. 2009, eq. 19)."""
    clay = checked_range("clay_percent", clay_percent, 0, 100)
    return np.asarray(0.02863 + 0.0030673 * clay)


def mironov_permittivity(
    moisture: ArrayLike, frequency_hz: ArrayLike, clay_percent: ArrayLike
) -> Complexes:
    """Return the permittivity of moist soil at 20 to 22 degrees Celsius.

    Parameters
    ----------
    moisture : array_like
        m3 m-3, 0 to 1; the model knows no porosity.
    frequency_hz : array_like
        Above 0; fitted to spectra up to 26.5 GHz, with one relaxation, which suits 0.3 GHz and
        more.
    clay_percent : array_like
        By mass, 0 to 100; fitted to 0 to 76. Above 98 the attenuation of dry soil would be
        negative; 0 stands there.

    Raises
    ------
    InputError
        Moisture, frequency or clay is impossible.

    Notes
    -----
    Mironov et al. 2009, eq. 11 to 13 with 17 to 25; there n and k, here n + ik at once.

    Examples
    --------
    >>> print(np.round(mironov_permittivity(0.2, 1.4e9, 18.0), 2))
    (10.12+1.11j)
    """
    m = checked_moisture(moisture)
    clay = checked_range("clay_percent", clay_percent, 0, 100)
    dry = polyval(clay, (1.634, -0.539e-2, 0.2748e-4)) + 1j * np.maximum(
        polyval(clay, (0.03952, -0.04038e-2)), 0.0
    )
    bound = _refractive_index(
        frequency_hz,
        polyval(clay, (79.8, -85.4e-2, 32.7e-4)),
        polyval(clay, (1.062e-11, 3.450e-14)),
        polyval(clay, (0.3112, 0.467e-2)),
    )
    free = _refractive_index(
        frequency_hz, _FREE_STATIC, _FREE_RELAXATION_S, polyval(clay, (0.3631, 1.217e-2))
    )
    held = np.minimum(m, bound_water(clay))
    index = dry + (bound - 1) * held + (free - 1) * (m - held)
    return np.asarray(index**2, np.complex128)


def _refractive_index(
    frequency_hz: ArrayLike, static: ArrayLike, relaxation_s: ArrayLike, conductivity_s_m: ArrayLike
) -> Complexes:
    """Return n + ik of water with one relaxation and a conductivity."""
    water = debye_permittivity(frequency_hz, static, relaxation_s, conductivity_s_m)
    return np.asarray(np.sqrt(water), np.complex128)
