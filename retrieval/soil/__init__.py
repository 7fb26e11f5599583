"""Soil: the residual and saturated moisture of the USDA texture classes."""

from retrieval.soil.limits import TEXTURES, SoilLimits, soil_limits

__all__ = ["TEXTURES", "SoilLimits", "soil_limits"]
