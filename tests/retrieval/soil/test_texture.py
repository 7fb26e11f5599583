import pytest

from retrieval.errors import InputError
from retrieval.soil import TEXTURES, Soil, TextureFractions, soil_limits, texture_fractions


def usda_class_of(sand: float, clay: float) -> str:
    """The textural triangle of the USDA Soil Survey Manual, as its rules read."""
    silt = 100 - sand - clay
    if silt + 1.5 * clay < 15:
        return "sand"
    if silt + 2 * clay < 30:
        return "loamy sand"
    if (7 <= clay < 20 and sand > 52) or (clay < 7 and silt < 50):
        return "sandy loam"
    if silt >= 80 and clay < 12:
        return "silt"
    if silt >= 50 and clay < 27:
        return "silt loam"
    if 7 <= clay < 27 and silt >= 28 and sand <= 52:
        return "loam"
    if 20 <= clay < 35 and silt < 28 and sand > 45:
        return "sandy clay loam"
    if 27 <= clay < 40:
        return "silty clay loam" if sand <= 20 else "clay loam"
    if clay >= 35 and sand > 45:
        return "sandy clay"
    return "silty clay" if silt >= 40 else "clay"


@pytest.mark.parametrize("texture", TEXTURES)
def test_fractions_lie_inside_their_class_of_the_triangle(texture: str) -> None:
    fractions = texture_fractions(texture)
    assert usda_class_of(fractions.sand_percent, fractions.clay_percent) == texture


def test_silt_lies_at_the_centroid_of_its_class() -> None:
    # The quadrilateral (sand, clay) = (0, 0), (20, 0), (8, 12), (0, 12): at clay c it is 20 - c
    # wide. Area 168; mean clay (10 c2 - c3 / 3) / 168 at 12; mean sand (8000 - 512) / 6 / 168.
    assert texture_fractions("silt") == TextureFractions(round(1248 / 168), round(864 / 168))


def test_a_typical_soil_has_pores_for_its_saturated_moisture() -> None:
    for texture in TEXTURES:
        assert float(Soil.of_texture(texture).porosity) == pytest.approx(
            soil_limits(texture).saturation
        )


def test_unknown_texture_is_refused() -> None:
    with pytest.raises(InputError, match="'peat'"):
        texture_fractions("peat")
    with pytest.raises(InputError, match="'peat'"):
        Soil.of_texture("peat")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"sand_percent": 60, "clay_percent": 50}, "110 %"),
        ({"sand_percent": -1, "clay_percent": 50}, "sand_percent -1"),
        ({"sand_percent": 40, "clay_percent": 120}, "clay_percent 120"),
        ({"sand_percent": 40, "clay_percent": 20, "bulk_density_g_cm3": 1400}, "not kg"),
        ({"sand_percent": 40, "clay_percent": 20, "bulk_density_g_cm3": 0}, "bulk_density"),
        ({"sand_percent": 40, "clay_percent": 20, "water_salinity_g_kg": 200}, "salinity"),
        ({"sand_percent": 40, "clay_percent": 20, "water_conductivity_s_m": -1}, "conductivity"),
    ],
)
def test_impossible_soil_is_refused(fields: dict[str, float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Soil(**fields)
