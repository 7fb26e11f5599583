"""Soil texture -> residual and saturated moisture.

Mean hydraulic properties of the twelve USDA textural classes after Carsel, R. F. and Parrish, R. S.
(1988), "Developing joint probability distributions of soil water retention characteristics", Water
Resources Research 24(5), 755-769: mean saturated and residual water content, and the standard
deviation of the residual one, of each class. Like Rawls, Brakensiek and Saxton (1982), Transactions
of the ASAE 25(5), 1316-1320, they drew on soil surveys of the United States.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from retrieval.errors import InputError

__all__ = ["TEXTURES", "SoilLimits", "soil_limits", "usda_class"]


@dataclass(frozen=True)
class SoilLimits:
    """The moisture a soil can hold.

    Attributes
    ----------
    residual : float
        Volumetric water content that drying does not remove, m3 m-3.
    saturation : float
        Volumetric water content with every pore filled, m3 m-3.
    residual_sigma : float
        Standard deviation of the residual content among soils of the class, m3 m-3.
    """

    residual: float
    saturation: float
    residual_sigma: float

    def __post_init__(self) -> None:
        if not 0 <= self.residual < self.saturation <= 1:
            raise InputError(
                f"soil: residual {self.residual} and saturation {self.saturation} m3 m-3, expected "
                "0 <= residual < saturation <= 1 (volume of water per volume of soil, not percent)"
            )
        if self.residual_sigma < 0:
            raise InputError(f"soil: residual_sigma {self.residual_sigma}, expected 0 or more")

    @property
    def middle(self) -> float:
        """Midway between residual and saturated moisture, m3 m-3.

        What is assumed of a soil of which nothing but the texture is known.
        """
        return 0.5 * (self.residual + self.saturation)


TEXTURES: Mapping[str, SoilLimits] = {
    "clay": SoilLimits(0.068, 0.38, 0.034),
    "clay loam": SoilLimits(0.095, 0.41, 0.010),
    "loam": SoilLimits(0.078, 0.43, 0.013),
    "loamy sand": SoilLimits(0.057, 0.41, 0.015),
    "sand": SoilLimits(0.045, 0.43, 0.010),
    "sandy clay": SoilLimits(0.100, 0.38, 0.013),
    "sandy clay loam": SoilLimits(0.100, 0.39, 0.006),
    "sandy loam": SoilLimits(0.065, 0.41, 0.017),
    "silt": SoilLimits(0.034, 0.46, 0.010),
    "silt loam": SoilLimits(0.067, 0.45, 0.015),
    "silty clay": SoilLimits(0.070, 0.36, 0.023),
    "silty clay loam": SoilLimits(0.089, 0.43, 0.009),
}


def soil_limits(texture: str) -> SoilLimits:
    """Return the residual and saturated moisture of a USDA texture class.

    Parameters
    ----------
    texture : str
        One of the names in `TEXTURES`; capitals, hyphens and underscores do not matter.

    Raises
    ------
    InputError
        There is no such class.

    Examples
    --------
    >>> soil_limits("Sandy_Loam").residual
    0.065
    """
    return TEXTURES[usda_class(texture)]


def usda_class(texture: str) -> str:
    """Return the name of a USDA texture class as it stands in `TEXTURES`.

    Raises
    ------
    InputError
        There is no such class.

    Examples
    --------
    >>> usda_class(" Silty-Clay_loam ")
    'silty clay loam'
    """
    name = texture.strip().lower().replace("_", " ").replace("-", " ")
    if name not in TEXTURES:
        raise InputError(
            f"soil texture {texture!r} is not a USDA class; use one of {', '.join(TEXTURES)}"
        )
    return name
