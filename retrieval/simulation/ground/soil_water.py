"""Rain and temperature to snow, frost and soil moisture: a bucket that drains and dries.

Deliberately small. A layer of soil takes up water until it is saturated, drains fast down to field
capacity, and dries slowly towards its residual moisture: the two rates that dry-downs show (for
instance McColl et al. 2017, Water Resources Research 53, 3889-3908). Precipitation falls as snow
below zero and melts by degree-days.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.simulation.ground.series import lagged
from retrieval.simulation.scenario_sections import MoistureSection
from retrieval.soil import SoilLimits

__all__ = ["SnowAndFrost", "frozen_share", "made_moisture", "snow_and_melt"]

Floats = NDArray[np.float64]

_MELT_MM_PER_C_DAY = 3.0  # Hock (2003), Journal of Hydrology 282, 104-115: 2 to 5 off glaciers
_SNOW_DENSITY = 0.25  # of settled seasonal snow, g cm-3
_SOIL_LAG_DAYS = 1.0
_FREEZES_BELOW_C, _FROZEN_BELOW_C = 0.0, -1.0
# Drying at the mean of a mild day is as stated; it doubles when hot and all but stops when cold.
_MILD_C, _COLD_C = 15.0, -5.0
_LEAST_DRYING, _MOST_DRYING = 0.05, 2.0


@dataclass(frozen=True)
class SnowAndFrost:
    """Snow on the ground and what reaches the soil.

    Attributes
    ----------
    snow_depth_m : (n,) float64
        At the hour.
    water_mm : (n,) float64
        Rain and melt of the hour before, mm.
    """

    snow_depth_m: Floats
    water_mm: Floats


def frozen_share(temperature_c: Floats) -> Floats:
    """Return the share of the surface soil's freezable water that is frozen, (n,), 0 to 1.

    The soil follows the air with a lag of a day, and freezes between 0 and -1 degrees Celsius.
    """
    soil_c = lagged(temperature_c, _SOIL_LAG_DAYS)
    return np.asarray(
        np.clip((_FREEZES_BELOW_C - soil_c) / (_FREEZES_BELOW_C - _FROZEN_BELOW_C), 0.0, 1.0)
    )


def snow_and_melt(precipitation_mm: Floats, temperature_c: Floats) -> SnowAndFrost:
    """Return snow depth and the water that reaches the soil, hour by hour.

    Parameters
    ----------
    precipitation_mm : (n,) float64
        Of the hour before, mm of water.
    temperature_c : (n,) float64
        Of the air.
    """
    store = np.zeros(len(precipitation_mm))
    water = np.zeros(len(precipitation_mm))
    held = 0.0
    for index, (falls, warmth) in enumerate(zip(precipitation_mm, temperature_c, strict=True)):
        held += falls if warmth < 0 else 0.0
        melt = min(held, max(warmth, 0.0) * _MELT_MM_PER_C_DAY / 24.0)
        held -= melt
        store[index] = held
        water[index] = melt + (0.0 if warmth < 0 else falls)
    return SnowAndFrost(store / (1000.0 * _SNOW_DENSITY), water)


def made_moisture(
    water_mm: Floats,
    temperature_c: Floats,
    frozen: Floats,
    soil: MoistureSection,
    limits: SoilLimits,
) -> Floats:
    """Return surface soil moisture, (n,) m3 m-3.

    Parameters
    ----------
    water_mm : (n,) float64
        Rain and melt of the hour before, mm.
    temperature_c : (n,) float64
        Of the air: warm soil dries faster.
    frozen : (n,) float64
        Frozen soil neither drains nor dries.
    soil : MoistureSection
        Storage, times, and limits where they are stated.
    limits : SoilLimits
        Limits of the texture, for those that are not.
    """
    residual = limits.residual if soil.residual is None else soil.residual
    saturation = limits.saturation if soil.saturation is None else soil.saturation
    capacity = 0.5 * (residual + saturation) if soil.field_capacity is None else soil.field_capacity
    eagerness = np.clip(
        (temperature_c - _COLD_C) / (_MILD_C - _COLD_C), _LEAST_DRYING, _MOST_DRYING
    )
    drying = np.exp(-eagerness * (1.0 - frozen) / (24.0 * soil.dry_days))
    draining = np.exp(-(1.0 - frozen) / (24.0 * soil.drain_days))
    moisture = np.zeros(len(water_mm))
    held = soil.start
    for index in range(len(water_mm)):
        held = min(held + water_mm[index] / soil.storage_mm, saturation)
        if held > capacity:
            held = capacity + (held - capacity) * draining[index]
        held = residual + (held - residual) * drying[index]
        moisture[index] = held
    return moisture
