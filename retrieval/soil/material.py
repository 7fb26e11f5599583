"""What a dielectric model must know of a soil besides its moisture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from retrieval.errors import InputError
from retrieval.soil.limits import soil_limits
from retrieval.soil.texture import texture_fractions

__all__ = [
    "Soil",
    "checked_frequency",
    "checked_moisture",
    "checked_range",
    "checked_temperature",
]

# A bulk density is seldom known better than to 0.1 g cm-3, which is 0.04 of porosity.
_POROSITY_SLACK = 0.05
_TEMPERATURES_C = (-60.0, 80.0)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Soil:
    """Solid part of a soil, and the salt in its water. Fields may be arrays that broadcast.

    Attributes
    ----------
    sand_percent, clay_percent : float or array
        By mass of the fine earth, 0 to 100, together at most 100; the rest is silt.
    bulk_density_g_cm3 : float or array
        Mass of dry soil per volume of soil, above 0 and below the particle density.
    particle_density_g_cm3 : float or array
        Mass of the grains per volume of grains: 2.65, that of quartz, suits mineral soils.
    water_salinity_g_kg : float or array, optional
        Salt in the soil water, 0 to 80 g per kg. None: not known, and the model's own average for
        the texture stands.
    water_conductivity_s_m : float or array, optional
        Conductivity of the soil water, S/m, 0 or more, in place of the one that follows from the
        salinity. None: not known.

    Raises
    ------
    InputError
        A value is impossible.

    Examples
    --------
    >>> soil = Soil.of_texture("loam")
    >>> soil.sand_percent, soil.clay_percent, round(soil.bulk_density_g_cm3, 2)
    (43, 18, 1.51)
    >>> round(float(soil.porosity), 2)
    0.43
    """

    sand_percent: float | Floats
    clay_percent: float | Floats
    bulk_density_g_cm3: float | Floats = 1.4
    particle_density_g_cm3: float | Floats = 2.65
    water_salinity_g_kg: float | Floats | None = None
    water_conductivity_s_m: float | Floats | None = None

    def __post_init__(self) -> None:
        sand = checked_range("sand_percent", self.sand_percent, 0, 100)
        clay = checked_range("clay_percent", self.clay_percent, 0, 100)
        if np.any(sand + clay > 100 * (1 + 1e-9)):
            raise InputError(
                f"soil: sand and clay make {np.nanmax(sand + clay):g} %, expected at most 100 "
                "(percent of the mass; silt is the rest)"
            )
        particle = checked_range("particle_density_g_cm3", self.particle_density_g_cm3, 1, 5)
        bulk = np.asarray(self.bulk_density_g_cm3, np.float64)
        if np.any((bulk <= 0) | (bulk >= particle)):
            raise InputError(
                f"soil: bulk_density_g_cm3 {self.bulk_density_g_cm3}, expected above 0 and below "
                f"the particle density {self.particle_density_g_cm3} (g cm-3, not kg m-3)"
            )
        if self.water_salinity_g_kg is not None:
            checked_range("water_salinity_g_kg", self.water_salinity_g_kg, 0, 80)
        if self.water_conductivity_s_m is not None:
            checked_range("water_conductivity_s_m", self.water_conductivity_s_m, 0, 30)

    @classmethod
    def of_texture(cls, texture: str) -> Soil:
        """Return a typical soil of a USDA texture class.

        Sand and clay from `texture_fractions`; the bulk density is the one whose pores hold the
        saturated moisture of `soil_limits`.

        Raises
        ------
        InputError
            There is no such class.
        """
        fractions = texture_fractions(texture)
        return cls(
            fractions.sand_percent,
            fractions.clay_percent,
            bulk_density_g_cm3=2.65 * (1 - soil_limits(texture).saturation),
        )

    @property
    def porosity(self) -> Floats:
        """Volume of pores per volume of soil."""
        return np.asarray(
            1 - np.asarray(self.bulk_density_g_cm3) / np.asarray(self.particle_density_g_cm3)
        )

    @property
    def water_is_given(self) -> bool:
        """Whether salinity or conductivity of the soil water is known."""
        return self.water_salinity_g_kg is not None or self.water_conductivity_s_m is not None


def checked_range(name: str, value: ArrayLike, low: float, high: float) -> Floats:
    """Return `value` as an array once all of it lies from `low` to `high`; NaN may pass.

    Raises
    ------
    InputError
        Something lies outside.
    """
    array = np.asarray(value, np.float64)
    outside = (array < low) | (array > high)
    if np.any(outside):
        raise InputError(
            f"soil: {name} {array[outside].flat[0]:g}, expected {low:g} to {high:g}; check its unit"
        )
    return array


def checked_frequency(frequency_hz: ArrayLike) -> Floats:
    """Return frequencies (Hz) as an array once all are above 0."""
    array = np.asarray(frequency_hz, np.float64)
    if np.any(array <= 0):
        raise InputError(f"soil: frequency {np.nanmin(array):g} Hz, expected above 0")
    return array


def checked_temperature(temperature_c: ArrayLike) -> Floats:
    """Return temperatures as an array once all are those of a soil in Celsius, -60 to 80."""
    return checked_range("temperature_c", temperature_c, *_TEMPERATURES_C)


def checked_moisture(moisture: ArrayLike, porosity: ArrayLike = 1.0) -> Floats:
    """Return moisture (m3 m-3) as an array once it is 0 or more and fits into the pores.

    It may exceed the porosity by 0.05, because bulk densities are seldom known well.

    Raises
    ------
    InputError
        Moisture is negative or more than fits.
    """
    array = np.asarray(moisture, np.float64)
    room = np.minimum(np.asarray(porosity) + _POROSITY_SLACK, 1.0)
    if np.any(array < 0) or np.any(array > room):
        raise InputError(
            f"soil: moisture {np.nanmin(array):g} to {np.nanmax(array):g} m3 m-3, expected 0 to "
            f"{float(np.min(room)):.3g}, the pores of this soil (volume per volume, not percent; "
            "or give a lower bulk density)"
        )
    return array
