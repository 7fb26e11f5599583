"""Bending of signals in the atmosphere: from geometric to apparent elevation.

Bennett, G. G. (1982), The calculation of astronomical refraction in marine navigation, Journal of
Navigation 35, 255-259: R = cot(h + 7.31 / (h + 4.4)), R in arc minutes and h in degrees, at
1010 hPa and 10 degrees Celsius, scaled by pressure and temperature (Meeus, Astronomical Algorithms,
chapter 16).

h is the *apparent* elevation, and what orbits give is the geometric one. The formula is applied to
the geometric elevation all the same, as is usual in the field, so that results compare arc by arc
with other software: that makes the refraction 2.4 % larger at 5 degrees (0.0036 degrees) and hardly
different above 15 (0.0002). It errs to the right side, since the formula is that of light, and
radio waves are bent about a tenth more by water vapour (docs/deviations.md).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["apparent_elevation_deg", "bennett_refraction_deg", "standard_atmosphere"]

_PRESSURE_HPA, _TEMPERATURE_K, _ZERO_C_K = 1010.0, 283.0, 273.0
_RANGES_HPA_C = ((300.0, 1100.0), (-90.0, 60.0))
# Below the horizon the formula runs into its pole; no observation comes from there.
_LOWEST_DEG = -1.0


def standard_atmosphere(height_m: float) -> tuple[float, float]:
    """Return pressure (hPa) and temperature (degrees Celsius) of the standard atmosphere.

    Parameters
    ----------
    height_m : float
        Height above sea level, -1,000 to 11,000 m. A height above the ellipsoid will do: 50 m more
        or less move the refraction by 0.4 %.

    Raises
    ------
    ValueError
        The height is outside that range.

    Notes
    -----
    ICAO Doc 7488 (ISO 2533), troposphere: 15 degrees and 1013.25 hPa at sea level, 6.5 K less per
    kilometre.

    Examples
    --------
    >>> [round(value, 2) for value in standard_atmosphere(1000.0)]
    [898.75, 8.5]
    """
    if not -1000 <= height_m <= 11_000:
        raise ValueError(f"height {height_m} m: the standard atmosphere holds for -1000 to 11000 m")
    kelvin = 288.15 - 0.0065 * height_m
    return 1013.25 * (kelvin / 288.15) ** 5.25588, kelvin - 273.15


def bennett_refraction_deg(
    elevation_deg: ArrayLike, pressure_hpa: float = 1010.0, temperature_c: float = 10.0
) -> NDArray[np.float64]:
    """Return Bennett's refraction in degrees, same shape.

    Parameters
    ----------
    elevation_deg : array_like
        Apparent elevation, degrees; the refraction at -1 degree stands for all below.
    pressure_hpa, temperature_c : float
        At the antenna.

    Examples
    --------
    Half a degree above the horizon (Meeus, example 16.a: 28.754 arc minutes):

    >>> print(round(60 * float(bennett_refraction_deg(0.5)), 3))
    28.754
    """
    density = _density(pressure_hpa, temperature_c)
    h = np.maximum(np.asarray(elevation_deg, np.float64), _LOWEST_DEG)
    refraction: NDArray[np.float64] = density / 60 / np.tan(np.radians(h + 7.31 / (h + 4.4)))
    return refraction


def apparent_elevation_deg(
    geometric_deg: ArrayLike, pressure_hpa: float, temperature_c: float
) -> NDArray[np.float64]:
    """Return the elevation at which a signal arrives, degrees, same shape.

    Parameters
    ----------
    geometric_deg : array_like
        Elevation of the straight line to the satellite, degrees; NaN stays NaN.
    pressure_hpa : float
        Air pressure at the antenna, 300 to 1100 hPa.
    temperature_c : float
        Air temperature at the antenna, -90 to 60 degrees Celsius.

    Raises
    ------
    ValueError
        Pressure or temperature is outside its range (a unit other than hPa or Celsius, as a rule).
    """
    geometric = np.asarray(geometric_deg, np.float64)
    return geometric + bennett_refraction_deg(geometric, pressure_hpa, temperature_c)


def _density(pressure_hpa: float, temperature_c: float) -> float:
    """Return the density of the air relative to the formula's."""
    for what, value, (low, high) in (
        ("pressure_hpa", pressure_hpa, _RANGES_HPA_C[0]),
        ("temperature_c", temperature_c, _RANGES_HPA_C[1]),
    ):
        if not low <= value <= high:
            raise ValueError(f"{what} {value}: expected {low:g} to {high:g}")
    return pressure_hpa / _PRESSURE_HPA * _TEMPERATURE_K / (_ZERO_C_K + temperature_c)
