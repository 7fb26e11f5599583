"""Canopy and snow over the reflecting soil."""

import numpy as np
import pytest

from retrieval.errors import InputError
from retrieval.simulation.reflection.coefficients import fresnel, layered_reflection
from retrieval.simulation.reflection.vegetation import (
    snow_layer,
    snow_permittivity,
    vegetation_factor,
    vegetation_permittivity,
)

L2_M = 0.2442
L_BAND_M = 0.299792458 / 1.4


def test_without_water_the_canopy_does_exactly_nothing():
    factor = vegetation_factor(0.0, [[0.0], [1.0]], [0.0, 5.0, 47.3, 90.0], L2_M)
    np.testing.assert_array_equal(factor, np.ones((2, 4)))


def test_tissue_at_l_band_against_hand_values():
    # M = .6, f = 1.4 GHz (Ulaby and El-Rayes 1987): dry 1.7 - .444 + 2.2176 = 3.4736, free .1524 of
    # 4.9 + 75 / (1 - .07778 i) + 16.329 i = 79.449 + 22.127 i, bound .45769 of
    # 2.9 + 55 / (1 + 2.7889 exp(-i pi / 4)) = 15.746 + 8.525 i: 22.788 + 7.274 i.
    assert vegetation_permittivity(L_BAND_M) == pytest.approx(22.788 + 7.274j, abs=0.01)


@pytest.mark.parametrize("moisture", [0.5, 0.6, 0.7])
def test_opacity_is_that_of_crops_at_l_band(moisture):
    # Jackson and Schmugge (1991): tau = b W one way at nadir, b about .1 to .15 m2/kg for crops at
    # L band. Here within a fifth of that range, for fresh plants of any usual wetness.
    water = np.array([0.5, 1.0, 3.0])
    factor = vegetation_factor(water, 1.0, 90.0, L_BAND_M, moisture)
    b = -np.log(np.abs(factor)) / water
    assert np.all((b > 0.1 * 0.8) & (b < 0.15 * 1.2))
    np.testing.assert_allclose(b, b[0])


def test_opacity_does_not_depend_on_how_high_the_plants_stand_at_nadir():
    factor = vegetation_factor(2.0, [0.3, 1.0, 2.5], 90.0, L2_M)
    np.testing.assert_allclose(factor, factor[0])


@pytest.mark.parametrize("elevation", [2.0, 10.0, 25.0, 90.0])
def test_more_plants_weaken_and_delay_more(elevation):
    water = np.linspace(0, 1, 21)
    factor = vegetation_factor(water, 0.5, elevation, L2_M)
    assert np.all(np.diff(np.abs(factor)) < 0)
    assert np.all(np.diff(np.unwrap(np.angle(factor))) > 0)


def test_a_low_ray_passes_more_of_the_canopy():
    factor = vegetation_factor(0.3, 0.5, np.array([90.0, 45.0, 20.0, 5.0]), L2_M)
    assert np.all(np.diff(np.abs(factor)) < 0)


def test_sparse_plants_act_along_the_straight_slanted_path():
    # To first order the exponent is 2 k times tissue thickness times (n - 1) over sin e. 1 g m-2 of
    # water is .001 / 331.1 m of tissue (.33 * .6 / (1 - .67 * .6) = .33110 water by volume).
    n = np.sqrt(vegetation_permittivity(L2_M))
    elevation = np.array([20.0, 45.0, 90.0])
    exponent = 2 * 2 * np.pi / L2_M * 1e-3 / 331.10 * (n - 1) / np.sin(np.radians(elevation))
    found = np.log(vegetation_factor(1e-3, 1.0, elevation, L2_M))
    np.testing.assert_allclose(found, 1j * exponent, rtol=2e-4)


def test_a_canopy_delays_as_the_layer_it_is_delays():
    # The same effective medium as a slab: without reflection at its top, the ray that goes down
    # and up once carries exp(2 i kz h), while through air it would carry exp(2 i k sin e h).
    elevation, height, water = 15.0, 0.4, 0.8
    share = water / 331.10 / height
    canopy = (1 + share * (np.sqrt(vegetation_permittivity(L2_M)) - 1)) ** 2
    ground = 15 + 2j
    sine, cosine = np.sin(np.radians(elevation)), np.cos(np.radians(elevation))
    inside, under = np.sqrt(canopy - cosine**2), np.sqrt(ground - cosine**2)
    top = (sine - inside) / (sine + inside)
    bottom = (inside - under) / (inside + under)
    slab = layered_reflection([canopy, ground], [height], elevation, L2_M)[0]
    once = (slab - top) / (1 - top * slab) / bottom
    air = np.exp(4j * np.pi / L2_M * sine * height)
    found = vegetation_factor(water, height, elevation, L2_M)
    assert found == pytest.approx(once / air, rel=1e-4)


def test_dry_snow_is_stacked_over_the_soil():
    soil = np.array([[8 + 1j, 20 + 2j], [10 + 1j, 20 + 2j]])
    epsilon, thickness = snow_layer(soil, [0.1], [0.0, 0.4], 0.3)
    assert epsilon.shape == (2, 3)
    np.testing.assert_allclose(epsilon[:, 0], 1.57)
    np.testing.assert_allclose(thickness, [[0.0, 0.1], [0.4, 0.1]])
    r = layered_reflection(epsilon[:, None, :], thickness[:, None, :], [10.0, 20.0], L2_M)
    bare = layered_reflection(soil[0], [0.1], [10.0, 20.0], L2_M)
    np.testing.assert_allclose([r[0][0], r[1][0]], bare, atol=1e-14)
    assert np.abs(r[0][1] - layered_reflection(soil[1], [0.1], [10.0, 20.0], L2_M)[0]).min() > 0.05


def test_snow_without_mass_is_air():
    epsilon, thickness = snow_layer([15 + 2j], [], 0.0, 0.0)
    np.testing.assert_allclose(
        layered_reflection(epsilon, thickness, 20.0, L2_M), fresnel(15 + 2j, 20.0), atol=1e-14
    )


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: vegetation_factor(-1, 1, 20, L2_M), "0 or more"),
        (lambda: vegetation_factor(1, -1, 20, L2_M), "0 or more"),
        (lambda: vegetation_factor(1, 0, 20, L2_M), "fill their height"),
        (lambda: vegetation_permittivity(L2_M, 0.9), "0.05 to 0.7"),
        (lambda: snow_permittivity(300), "not kg m-3"),
    ],
)
def test_impossible_covers_are_named(call, words):
    with pytest.raises(InputError, match=words):
        call()


def test_a_share_of_the_delay_leaves_the_attenuation_whole():
    whole = vegetation_factor(1.0, 0.5, 20.0, 0.2442)
    fifth = vegetation_factor(1.0, 0.5, 20.0, 0.2442, delay_share=0.2)
    none = vegetation_factor(1.0, 0.5, 20.0, 0.2442, delay_share=0.0)
    assert abs(fifth) == pytest.approx(abs(whole), rel=1e-12)
    assert none == pytest.approx(abs(whole), rel=1e-12)
    # Five fifths of a delay are all of it.
    assert (fifth / none) ** 5 == pytest.approx(whole / none, rel=1e-9)
