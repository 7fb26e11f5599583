"""Moisture profiles: their layers, and how fine they are."""

import numpy as np
import pytest

from retrieval.errors import InputError
from retrieval.simulation.reflection.coefficients import layered_reflection
from retrieval.simulation.reflection.profiles import MoistureProfile, layer_edges, profile_layers

ELEVATIONS = np.linspace(5, 30, 26)
L2_M = 0.2442


def permittivity(moisture):
    """Topp, Davis and Annan (1980), eq. 7, and a loss that grows with moisture (assumed)."""
    real = 3.03 + 9.3 * moisture + 146 * moisture**2 - 76.7 * moisture**3
    return real + 1j * (0.1 + 5 * moisture)


def reflections(kind, count, scale_m, surface=(0.05, 0.15, 0.35)):
    thickness, moisture = profile_layers(kind, np.array(surface), 0.25, scale_m, count=count)
    return layered_reflection(permittivity(moisture)[:, None, :], thickness, ELEVATIONS, L2_M)


def test_layers_grow_from_a_millimetre_to_centimetres():
    thickness = np.diff(layer_edges())
    assert len(thickness) == 39
    assert thickness[0] == pytest.approx(0.001, rel=0.2)
    assert thickness[-1] < 0.03
    np.testing.assert_allclose(thickness[1:] / thickness[:-1], thickness[1] / thickness[0])
    assert thickness.sum() == pytest.approx(0.3)


def test_a_uniform_profile_has_the_surface_moisture_everywhere():
    thickness, moisture = profile_layers("uniform", [0.1, 0.3], 0.9, 0.05)
    assert moisture.shape == (2, len(thickness) + 1)
    np.testing.assert_array_equal(moisture, np.repeat([[0.1], [0.3]], 40, axis=1))


def test_an_exponential_profile_has_fallen_to_1_over_e_at_its_scale():
    thickness, moisture = profile_layers("exponential", 0.05, 0.3, 0.05)
    middle = np.cumsum(thickness) - thickness / 2
    # A layer's mean differs from the value in its middle by (d / scale)^2 / 24 of the departure.
    expected = 0.3 - 0.25 * np.exp(-middle / 0.05)
    slack = 0.25 * np.exp(-middle / 0.05) * (thickness / 0.05) ** 2 / 20
    assert np.all(np.abs(moisture[:-1] - expected) < slack + 1e-12)
    assert moisture[-1] == pytest.approx(0.3 - 0.25 * np.exp(-0.3 / 0.05))


def test_a_front_is_dry_above_wet_below_and_keeps_its_water():
    thickness, moisture = profile_layers("front", 0.06, 0.30, 0.04, transition_m=0.01)
    top = np.cumsum(thickness) - thickness
    assert np.all(moisture[:-1][top + thickness <= 0.035] == 0.06)
    np.testing.assert_allclose(moisture[:-1][top >= 0.045], 0.30)
    assert moisture[-1] == pytest.approx(0.30)
    # .06 over 4 cm and .30 over the other 26 cm: the ramp is symmetrical about the front.
    assert moisture[:-1] @ thickness == pytest.approx(0.06 * 0.04 + 0.30 * 0.26)


def test_a_front_nearer_than_half_its_width_begins_at_the_surface():
    # Linear from .1 at 0 to .3 at 2 cm: .2 on average there.
    thickness, moisture = profile_layers("front", 0.1, 0.3, 0.001, transition_m=0.02)
    assert moisture[:-1] @ thickness == pytest.approx(0.2 * 0.02 + 0.3 * 0.28)


@pytest.mark.parametrize("scale_m", [0.01, 0.02, 0.05, 0.1])
def test_doubling_the_layers_of_an_exponential_changes_the_reflection_by_less_than_a_thousandth(
    scale_m,
):
    np.testing.assert_allclose(layer_edges(79)[::2], layer_edges(40))
    for coarse, fine in zip(
        reflections("exponential", 40, scale_m),
        reflections("exponential", 79, scale_m),
        strict=True,
    ):
        assert np.abs(coarse - fine).max() < 1e-3


def test_doubling_the_layers_of_a_front_changes_the_reflection_by_less_than_a_hundredth():
    for scale_m in (0.01, 0.03, 0.05):
        for coarse, fine in zip(
            reflections("front", 40, scale_m), reflections("front", 79, scale_m), strict=True
        ):
            assert np.abs(coarse - fine).max() < 1e-2


def test_surface_deep_and_scale_broadcast():
    _, moisture = profile_layers("exponential", np.zeros((3, 1)), 0.3, np.array([0.02, 0.05]))
    assert moisture.shape == (3, 2, 40)


def test_a_profile_gives_the_layers_of_its_values():
    profile = MoistureProfile("front", deep=0.28, scale_m=0.03, transition_m=0.02)
    for found, expected in zip(
        profile.layers([0.1, 0.2], 30),
        profile_layers("front", [0.1, 0.2], 0.28, 0.03, 0.02, 30),
        strict=True,
    ):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("linear", 0.1, 0.2, 0.05), "uniform, exponential, front"),
        (("uniform", 25, 0.2, 0.05), "not percent"),
        (("exponential", 0.1, np.nan, 0.05), "deep moisture"),
        (("exponential", 0.1, 0.2, 0), "above 0"),
        (("front", 0.1, 0.2, 0.05, 0), "above 0"),
        (("front", 0.1, 0.2, 0.05, 0.01, 10), "20 or more"),
    ],
)
def test_impossible_profiles_are_named(arguments, words):
    with pytest.raises(InputError, match=words):
        profile_layers(*arguments)
