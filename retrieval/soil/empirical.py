"""Permittivity as a polynomial in moisture: Topp et al. (1980) and Hallikainen et al. (1985).

Topp, G. C., Davis, J. L. and Annan, A. P. (1980), "Electromagnetic determination of soil water
content: measurements in coaxial transmission lines", Water Resources Research 16(3), 574-582.

Hallikainen, M. T., Ulaby, F. T., Dobson, M. C., El-Rayes, M. A. and Wu, L.-K. (1985), "Microwave
dielectric behavior of wet soil, part I: empirical models and experimental observations", IEEE
Transactions on Geoscience and Remote Sensing 23(1), 25-34.
"""

from __future__ import annotations

import numpy as np
from numpy.polynomial.polynomial import polyval
from numpy.typing import ArrayLike, NDArray

from retrieval.soil.material import checked_moisture, checked_range

__all__ = ["hallikainen_permittivity", "topp_moisture", "topp_permittivity"]

_TOPP_PERMITTIVITY = (3.03, 9.3, 146.0, -76.7)
_TOPP_MOISTURE = (-5.3e-2, 2.92e-2, -5.5e-4, 4.3e-6)
# 1.4 GHz. Rows: powers 0, 1, 2 of moisture; columns: 1, percent sand, percent clay.
_HALLIKAINEN_REAL = ((2.862, -0.012, 0.001), (3.803, 0.462, -0.341), (119.006, -0.500, 0.633))
_HALLIKAINEN_LOSS = ((0.356, -0.003, -0.008), (5.507, 0.044, -0.002), (17.753, -0.313, 0.206))

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]


def topp_permittivity(moisture: ArrayLike) -> Complexes:
    """Return the apparent permittivity of a mineral soil of any texture; eps'' is 0.

    Parameters
    ----------
    moisture : array_like
        m3 m-3, 0 to 1. Fitted to 0 to 0.55 in clayey to sandy loams, with time-domain reflectometry
        (20 MHz to 1 GHz), which sees no loss. What lies beyond is extrapolated.

    Raises
    ------
    InputError
        Moisture is negative or above 1.

    Notes
    -----
    Topp et al. 1980, eq. 6.

    Examples
    --------
    >>> print(np.round(topp_permittivity([0.0, 0.2]).real, 2))
    [ 3.03 10.12]
    """
    return np.asarray(polyval(checked_moisture(moisture), _TOPP_PERMITTIVITY), np.complex128)


def topp_moisture(permittivity: ArrayLike) -> Floats:
    """Return the moisture that an apparent permittivity stands for, m3 m-3.

    Parameters
    ----------
    permittivity : array_like
        Real part of the relative permittivity, 1 to 82; a complex one gives its real part.

    Raises
    ------
    InputError
        A permittivity is below 1 or above 82, which no soil has.

    Notes
    -----
    Topp et al. 1980, eq. 7: a fit of its own, which undoes `topp_permittivity` to 0.015 m3 m-3 from
    0.1 to 0.45 m3 m-3 and to 0.031 in dry soil. Below eps of 1.9 it is negative, and is left so.

    Examples
    --------
    >>> print(round(float(topp_moisture(10.12)), 3))
    0.191
    """
    real = checked_range("permittivity", np.real(np.asarray(permittivity)), 1, 82)
    return np.asarray(polyval(real, _TOPP_MOISTURE))


def hallikainen_permittivity(
    moisture: ArrayLike, sand_percent: ArrayLike, clay_percent: ArrayLike
) -> Complexes:
    """Return the permittivity at 1.4 GHz and room temperature.

    Parameters
    ----------
    moisture : array_like
        m3 m-3, 0 to 1; fitted to 0 to 0.5.
    sand_percent, clay_percent : array_like
        By mass, 0 to 100; fitted to five soils of 5 to 52 % sand and 8.5 to 47 % clay. Beyond, and
        at other moistures, it is an extrapolation.

    Raises
    ------
    InputError
        A value is outside 0 to 100 %, or moisture outside 0 to 1.

    Notes
    -----
    Hallikainen et al. 1985, the polynomials for 1.4 GHz. In dry clayey soils (sand + 2.7 clay above
    119 %) the one of eps'' starts below 0, by 0.2 at most within the fit; 0 stands there.

    Examples
    --------
    >>> print(np.round(hallikainen_permittivity(0.2, 43.0, 18.0), 2))
    (10.23+1.88j)
    """
    m = checked_moisture(moisture)
    sand = checked_range("sand_percent", sand_percent, 0, 100)
    clay = checked_range("clay_percent", clay_percent, 0, 100)
    real, loss = (
        sum(m**power * (a + b * sand + c * clay) for power, (a, b, c) in enumerate(rows))
        for rows in (_HALLIKAINEN_REAL, _HALLIKAINEN_LOSS)
    )
    return np.asarray(real + 1j * np.maximum(loss, 0.0), np.complex128)
