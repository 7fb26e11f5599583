"""Soil: how much water it can hold, and its permittivity with that water in it.

Residual and saturated moisture of the USDA texture classes (`limits`), their sand and clay
(`texture`), what a dielectric model must know of a soil (`material`), water with salt (`water`),
five dielectric models (`empirical`, `wang_schmugge`, `dobson`, `mironov`), frost (`frozen`), and
one entry to all of them (`permittivity`). The ground and the satellite side share it.

Permittivity is relative and complex, eps = eps' + i eps'' with eps'' >= 0 (fields vary as
exp(-i w t)); moisture is the volume of water per volume of soil, m3 m-3. Every function takes
arrays that broadcast.
"""

from retrieval.soil.dobson import dobson_permittivity
from retrieval.soil.empirical import hallikainen_permittivity, topp_moisture, topp_permittivity
from retrieval.soil.frozen import (
    ICE_PERMITTIVITY,
    add_ice,
    liquid_and_ice,
    unfrozen_moisture,
)
from retrieval.soil.limits import TEXTURES, SoilLimits, soil_limits
from retrieval.soil.material import Soil
from retrieval.soil.mironov import mironov_permittivity
from retrieval.soil.permittivity import MODEL_RANGES, ModelRange, soil_permittivity
from retrieval.soil.texture import TextureFractions, texture_fractions
from retrieval.soil.wang_schmugge import wang_schmugge_permittivity
from retrieval.soil.water import conduction_loss, water_conductivity_s_m, water_permittivity

__all__ = [
    "ICE_PERMITTIVITY",
    "MODEL_RANGES",
    "TEXTURES",
    "ModelRange",
    "Soil",
    "SoilLimits",
    "TextureFractions",
    "add_ice",
    "conduction_loss",
    "dobson_permittivity",
    "hallikainen_permittivity",
    "liquid_and_ice",
    "mironov_permittivity",
    "soil_limits",
    "soil_permittivity",
    "texture_fractions",
    "topp_moisture",
    "topp_permittivity",
    "unfrozen_moisture",
    "wang_schmugge_permittivity",
    "water_conductivity_s_m",
    "water_permittivity",
]
