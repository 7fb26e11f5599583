"""USDA texture class -> percent of sand and clay.

Cosby, B. J., Hornberger, G. M., Clapp, R. B. and Ginn, T. R. (1984), "A statistical exploration of
the relationships of soil moisture characteristics to the physical properties of soils", Water
Resources Research 20(6), 682-690, table 2: the midpoints of the classes in the textural triangle,
as land surface models use them. They had no silt; it gets the centroid of its quadrilateral
(silt >= 80 %, clay < 12 %), which is 7.4 % sand and 5.1 % clay.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from retrieval.soil.limits import usda_class

__all__ = ["TextureFractions", "texture_fractions"]


@dataclass(frozen=True)
class TextureFractions:
    """What the fine earth of a texture class consists of; the rest to 100 is silt.

    Attributes
    ----------
    sand_percent, clay_percent : float
        Mass of sand (0.05 to 2 mm) and clay (below 0.002 mm) in the mass of the fine earth.
    """

    sand_percent: float
    clay_percent: float


_FRACTIONS: Mapping[str, TextureFractions] = {
    "clay": TextureFractions(22, 58),
    "clay loam": TextureFractions(32, 34),
    "loam": TextureFractions(43, 18),
    "loamy sand": TextureFractions(82, 6),
    "sand": TextureFractions(92, 3),
    "sandy clay": TextureFractions(52, 42),
    "sandy clay loam": TextureFractions(58, 27),
    "sandy loam": TextureFractions(58, 10),
    "silt": TextureFractions(7, 5),
    "silt loam": TextureFractions(17, 13),
    "silty clay": TextureFractions(6, 47),
    "silty clay loam": TextureFractions(10, 34),
}


def texture_fractions(texture: str) -> TextureFractions:
    """Return typical sand and clay of a USDA texture class.

    Parameters
    ----------
    texture : str
        One of the names in `retrieval.soil.TEXTURES`; capitals, hyphens and underscores do not
        matter.

    Raises
    ------
    InputError
        There is no such class.

    Examples
    --------
    >>> texture_fractions("loam")
    TextureFractions(sand_percent=43, clay_percent=18)
    """
    return _FRACTIONS[usda_class(texture)]
