import pytest

from retrieval.errors import InputError
from retrieval.soil import TEXTURES, SoilLimits, soil_limits


def test_all_twelve_usda_classes_are_there():
    assert len(TEXTURES) == 12


@pytest.mark.parametrize(
    ("texture", "residual", "saturation"),
    # Carsel and Parrish (1988), as printed in textbooks and soil water models.
    [("sand", 0.045, 0.43), ("loam", 0.078, 0.43), ("silty clay", 0.070, 0.36)],
)
def test_limits_are_those_of_the_table(texture, residual, saturation):
    limits = soil_limits(texture)
    assert (limits.residual, limits.saturation) == (residual, saturation)
    assert limits.middle == pytest.approx((residual + saturation) / 2)


def test_spelling_of_a_texture_is_free():
    assert soil_limits(" Silty-Clay_loam ") == TEXTURES["silty clay loam"]


def test_unknown_texture_lists_the_known_ones():
    with pytest.raises(InputError, match=r"'gravel'.*sandy loam"):
        soil_limits("gravel")


@pytest.mark.parametrize("limits", [(0.4, 0.3, 0.0), (5.0, 45.0, 0.0), (0.1, 0.4, -1.0)])
def test_impossible_limits_are_refused(limits):
    with pytest.raises(InputError, match="expected"):
        SoilLimits(*limits)
