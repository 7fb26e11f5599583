"""One entry to the dielectric models, and where each of them was fitted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from retrieval.errors import InputError
from retrieval.soil.dobson import dobson_permittivity
from retrieval.soil.empirical import hallikainen_permittivity, topp_permittivity
from retrieval.soil.frozen import add_ice, liquid_and_ice, unfrozen_moisture
from retrieval.soil.material import (
    Soil,
    checked_frequency,
    checked_moisture,
    checked_temperature,
)
from retrieval.soil.mironov import mironov_permittivity
from retrieval.soil.wang_schmugge import wang_schmugge_permittivity

__all__ = ["MODEL_RANGES", "ModelRange", "soil_permittivity"]

Interval = tuple[float, float]
Complexes = NDArray[np.complex128]


@dataclass(frozen=True)
class ModelRange:
    """Where a dielectric model was fitted. Outside, its values are an extrapolation.

    Attributes
    ----------
    frequency_hz, moisture, temperature_c, clay_percent : (float, float)
        Lowest and highest; moisture in m3 m-3.
    """

    frequency_hz: Interval
    moisture: Interval
    temperature_c: Interval
    clay_percent: Interval

    def outside(
        self,
        moisture: ArrayLike,
        frequency_hz: ArrayLike,
        soil: Soil,
        temperature_c: ArrayLike = 20.0,
    ) -> tuple[str, ...]:
        """Return the names of the quantities that leave the range anywhere, for a warning.

        Examples
        --------
        >>> MODEL_RANGES["hallikainen"].outside(0.2, 1.4e9, Soil.of_texture("sand"), 23.0)
        ('clay_percent',)
        """
        given = {
            "frequency_hz": (frequency_hz, self.frequency_hz),
            "moisture": (moisture, self.moisture),
            "temperature_c": (temperature_c, self.temperature_c),
            "clay_percent": (soil.clay_percent, self.clay_percent),
        }
        return tuple(
            name
            for name, (values, (low, high)) in given.items()
            if np.any((np.asarray(values) < low) | (np.asarray(values) > high))
        )


MODEL_RANGES: Mapping[str, ModelRange] = {
    "topp": ModelRange((20e6, 1e9), (0.0, 0.55), (10.0, 36.0), (9.0, 66.0)),
    "wang-schmugge": ModelRange((1.4e9, 5e9), (0.0, 0.5), (20.0, 25.0), (0.0, 62.0)),
    "hallikainen": ModelRange((1.4e9, 1.4e9), (0.0, 0.5), (20.0, 25.0), (8.5, 47.4)),
    "dobson": ModelRange((0.3e9, 18e9), (0.0, 0.5), (0.0, 40.0), (8.5, 47.4)),
    "mironov": ModelRange((0.3e9, 26.5e9), (0.0, 0.5), (20.0, 22.0), (0.0, 76.0)),
}

_MODELS: Mapping[str, Callable[[ArrayLike, ArrayLike, Soil, ArrayLike], Complexes]] = {
    "topp": lambda moisture, _frequency, _soil, _temperature: topp_permittivity(moisture),
    "wang-schmugge": wang_schmugge_permittivity,
    "hallikainen": lambda moisture, _frequency, soil, _temperature: hallikainen_permittivity(
        moisture, soil.sand_percent, soil.clay_percent
    ),
    "dobson": dobson_permittivity,
    "mironov": lambda moisture, frequency, soil, _temperature: mironov_permittivity(
        moisture, frequency, soil.clay_percent
    ),
}


def soil_permittivity(
    model: str,
    moisture: ArrayLike,
    frequency_hz: ArrayLike,
    soil: Soil | str,
    temperature_c: ArrayLike = 20.0,
    *,
    frozen_fraction: ArrayLike = 0.0,
) -> Complexes:
    """Return the relative permittivity of a soil, eps' + i eps'' with eps'' >= 0.

    Parameters
    ----------
    model : str
        "topp", "wang-schmugge", "hallikainen", "dobson" or "mironov". Where each was fitted says
        `MODEL_RANGES`; outside it extrapolates, and only what has no meaning is refused.
    moisture : array_like
        Water, liquid or not, m3 m-3, 0 to the soil's porosity (and 0.05 more).
    frequency_hz : array_like
        "topp" and "hallikainen" have none and give the same at all.
    soil : Soil or str
        A soil, or the USDA texture class of a typical one. Only "dobson" knows salt.
    temperature_c : array_like
        Celsius, -60 to 80, of the liquid water; "topp", "hallikainen" and "mironov" have none. It
        does not freeze anything by itself.
    frozen_fraction : array_like
        How much of the water that can freeze is ice, 0 to 1 (`retrieval.soil.frozen`).

    Returns
    -------
    complex array
        The shape that all arguments broadcast to.

    Raises
    ------
    InputError
        There is no such model, it does not know salt, or a value has no meaning.

    Examples
    --------
    >>> print(np.round(soil_permittivity("mironov", [0.05, 0.35], 1.2276e9, "loam"), 2))
    [ 3.61+0.25j 20.51+2.59j]
    """
    if model not in _MODELS:
        raise InputError(
            f"dielectric model {model!r} is not known; use one of {', '.join(_MODELS)}"
        )
    ground = Soil.of_texture(soil) if isinstance(soil, str) else soil
    if ground.water_is_given and model != "dobson":
        raise InputError(
            f"dielectric model {model!r} does not know salt: leave out water_salinity_g_kg and "
            "water_conductivity_s_m, or use 'dobson'"
        )
    frequency = checked_frequency(frequency_hz)
    temperature = checked_temperature(temperature_c)
    liquid, ice = liquid_and_ice(
        checked_moisture(moisture, ground.porosity),
        frozen_fraction,
        unfrozen_moisture(ground.clay_percent),
    )
    found = add_ice(_MODELS[model](liquid, frequency, ground, temperature), ice)
    shape = np.broadcast_shapes(found.shape, frequency.shape, temperature.shape)
    return np.broadcast_to(found, shape).copy()
