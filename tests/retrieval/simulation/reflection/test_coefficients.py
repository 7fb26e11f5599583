"""Fresnel, layers, circular polarisation and roughness, against closed forms and matrices."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.errors import InputError
from retrieval.simulation.reflection.coefficients import (
    circular,
    fresnel,
    layered_reflection,
    roughness_factor,
)

L2_M = 0.2442
ELEVATIONS = np.array([1.0, 5.0, 17.0, 30.0, 60.0, 90.0])


def by_matrices(epsilon, thickness_m, elevation_deg, wavelength_m, vertical):
    """Reflection and transmitted power of one stack by characteristic matrices.

    Abeles' method (Born and Wolf, section 1.6.2) in tangential fields: another way than the
    recursion over interfaces, without its signs and without its coefficients.
    """
    k0 = 2 * np.pi / wavelength_m
    cosine = np.cos(np.radians(elevation_deg))
    kz = [np.sqrt(e - cosine**2 + 0j) for e in (1.0, *epsilon)]
    admittance = [e / k if vertical else k for e, k in zip((1.0, *epsilon), kz, strict=True)]
    matrix = np.eye(2, dtype=complex)
    for j, d in enumerate(thickness_m, start=1):
        phase = k0 * kz[j] * d
        matrix = matrix @ np.array(
            [
                [np.cos(phase), -1j * np.sin(phase) / admittance[j]],
                [-1j * admittance[j] * np.sin(phase), np.cos(phase)],
            ]
        )
    electric, magnetic = matrix @ np.array([1.0, admittance[-1]])
    r = (admittance[0] * electric - magnetic) / (admittance[0] * electric + magnetic)
    t = 2 * admittance[0] / (admittance[0] * electric + magnetic)
    transmitted = abs(t) ** 2 * admittance[-1].real / admittance[0].real
    # The ratio of tangential electric fields is the negative of that of magnetic fields.
    return (-r if vertical else r), transmitted


@pytest.mark.parametrize("epsilon", [3.0, 9.0, 15 + 2j, 80 + 4j])
def test_upright_reflection_is_that_of_the_refractive_index(epsilon):
    n = np.sqrt(epsilon)
    r_h, r_v = fresnel(epsilon, 90.0)
    assert r_h == pytest.approx(-(n - 1) / (n + 1), abs=1e-15)
    co, cross = circular(r_h, r_v)
    assert abs(cross) == pytest.approx(abs((n - 1) / (n + 1)), abs=1e-15)
    assert abs(co) < 1e-15


def test_oblique_reflection_against_hand_values():
    # eps = 4 at elevation 30: cos^2 = 3/4, s = sqrt(13/4) = 1.802775638.
    # r_h = (.5 - 1.802775638) / (.5 + 1.802775638) = -.565741
    # r_v = (2 - 1.802775638) / (2 + 1.802775638) = .051863
    r_h, r_v = fresnel(4.0, 30.0)
    assert r_h == pytest.approx(-0.565741, abs=1e-6)
    assert r_v == pytest.approx(0.051863, abs=1e-6)


@pytest.mark.parametrize("epsilon", [2.0, 5.0, 25.0])
def test_vertical_polarisation_vanishes_at_the_brewster_angle(epsilon):
    brewster = 90 - np.degrees(np.arctan(np.sqrt(epsilon)))
    _, below = fresnel(epsilon, brewster - 1)
    _, at = fresnel(epsilon, brewster)
    _, above = fresnel(epsilon, brewster + 1)
    assert abs(at) < 1e-14
    assert below.real < 0 < above.real


def test_a_perfect_conductor_turns_horizontal_waves_round_and_not_vertical_ones():
    r_h, r_v = fresnel(1e12j, ELEVATIONS)
    # |1 + r_h| is 2 sin e / |sqrt eps|, |1 - r_v| is 2 / (|sqrt eps| sin e): at most 2e-6 / sin 1.
    assert np.abs(r_h + 1).max() < 3e-6
    assert np.abs(r_v - 1).max() < 2e-4
    co, cross = circular(r_h, r_v)
    assert np.abs(co).max() < 1e-4
    assert np.abs(cross - 1).max() < 1e-4


def test_everything_is_minus_one_at_grazing():
    r_h, r_v = fresnel([3.0, 30 + 3j], 0.0)
    np.testing.assert_array_equal(r_h, [-1, -1])
    np.testing.assert_array_equal(r_v, [-1, -1])
    co, cross = circular(r_h, r_v)
    np.testing.assert_array_equal(co, [-1, -1])
    np.testing.assert_array_equal(cross, [0, 0])


def test_air_reflects_nothing():
    np.testing.assert_allclose(fresnel(1.0, [0.0, 10.0, 90.0]), np.zeros((2, 3)), atol=1e-16)


def test_equal_layers_are_a_half_space():
    epsilon = np.full(40, 12 + 1.5j)
    thickness = np.linspace(0.001, 0.03, 39)
    np.testing.assert_allclose(
        layered_reflection(epsilon, thickness, ELEVATIONS, L2_M),
        fresnel(12 + 1.5j, ELEVATIONS),
        atol=1e-14,
    )


@pytest.mark.parametrize("wavelength", [0.1903, L2_M])
def test_one_slab_against_airys_sum(wavelength):
    # Born and Wolf, section 7.6: the sum over the rays inside a plate.
    slab, ground, thickness = 4 + 0.2j, 20 + 3j, 0.06
    sine, cosine = np.sin(np.radians(ELEVATIONS)), np.cos(np.radians(ELEVATIONS))
    inside, under = np.sqrt(slab - cosine**2), np.sqrt(ground - cosine**2)
    ray = np.exp(4j * np.pi / wavelength * inside * thickness)
    expected = []
    for top, bottom in (
        ((sine - inside) / (sine + inside), (inside - under) / (inside + under)),
        (
            (slab * sine - inside) / (slab * sine + inside),
            (ground * inside - slab * under) / (ground * inside + slab * under),
        ),
    ):
        order = np.arange(400)[:, None]
        rays = (1 - top**2) * bottom * ray * (-top * bottom * ray) ** order
        expected.append(top + rays.sum(axis=0))
    found = layered_reflection([slab, ground], [thickness], ELEVATIONS, wavelength)
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_a_quarter_wave_of_the_geometric_mean_reflects_nothing():
    ground = 9.0
    coating = np.sqrt(ground)
    thickness = L2_M / (4 * np.sqrt(coating))
    r_h, r_v = layered_reflection([coating, ground], [thickness], 90.0, L2_M)
    assert abs(r_h) < 1e-15
    assert abs(r_v) < 1e-15
    assert abs(fresnel(ground, 90.0)[0]) == pytest.approx(0.5)


@pytest.mark.parametrize("vertical", [False, True])
@pytest.mark.parametrize("loss", [0.0, 0.3])
def test_a_stack_of_many_layers_against_characteristic_matrices(vertical, loss):
    rng = np.random.default_rng(5)
    epsilon = rng.uniform(1.2, 30, 25) * (1 + 1j * loss)
    thickness = rng.uniform(0.001, 0.02, 24)
    for elevation in ELEVATIONS:
        expected, _ = by_matrices(epsilon, thickness, elevation, L2_M, vertical)
        found = layered_reflection(epsilon, thickness, elevation, L2_M)[int(vertical)]
        assert found == pytest.approx(expected, abs=1e-9)


@given(
    layers=st.lists(st.tuples(st.floats(1.0, 40.0), st.floats(0.0, 0.1)), min_size=2, max_size=12),
    elevation=st.floats(1, 90),
    vertical=st.booleans(),
)
def test_what_a_lossless_stack_does_not_reflect_it_transmits(layers, elevation, vertical):
    epsilon = np.array([e for e, _ in layers])
    thickness = np.array([d for _, d in layers[:-1]])
    _, transmitted = by_matrices(epsilon, thickness, elevation, L2_M, vertical)
    reflected = layered_reflection(epsilon, thickness, elevation, L2_M)[int(vertical)]
    assert abs(reflected) ** 2 + transmitted == pytest.approx(1, abs=1e-9)


@given(
    layers=st.lists(
        st.tuples(st.floats(1.0, 90.0), st.floats(0.0, 50.0), st.floats(0.0, 5.0)),
        min_size=1,
        max_size=12,
    ),
    elevation=st.floats(0, 90),
)
def test_no_lossy_stack_reflects_more_than_it_receives(layers, elevation):
    epsilon = np.array([complex(e, loss) for e, loss, _ in layers])
    thickness = np.array([d for *_, d in layers[:-1]])
    for r in layered_reflection(epsilon, thickness, elevation, L2_M):
        assert abs(r) <= 1 + 1e-9


def test_thick_lossy_layers_hide_what_is_below_without_overflow():
    # exp of 2 k Im(sqrt eps) d = 2 * 25.7 * 7 * 1000 would overflow.
    epsilon = np.array([[10 + 150j, 5, 80], [10 + 150j, 40, 2]])
    found = layered_reflection(epsilon[:, None, :], [1000.0, 1000.0], ELEVATIONS, L2_M)
    expected = fresnel(10 + 150j, ELEVATIONS)
    np.testing.assert_allclose(found[0], np.stack([expected[0]] * 2), atol=1e-14)
    np.testing.assert_allclose(found[1], np.stack([expected[1]] * 2), atol=1e-14)


def test_layers_broadcast_over_days_and_elevations():
    rng = np.random.default_rng(1)
    epsilon = rng.uniform(3, 30, (24, 1, 40)) + 1j
    thickness = np.full(39, 0.005)
    elevation = np.linspace(0, 90, 181)
    r_h, r_v = layered_reflection(epsilon, thickness, elevation, L2_M)
    assert r_h.shape == r_v.shape == (24, 181)
    alone = layered_reflection(epsilon[7, 0], thickness, elevation[30], L2_M)
    np.testing.assert_allclose([r_h[7, 30], r_v[7, 30]], alone, atol=1e-14)


def test_several_signals_and_thicknesses_broadcast():
    wavelengths = np.array([[0.1903], [L2_M]])
    thickness = np.array([[[[0.0]]], [[[0.05]]]])
    r_h, _ = layered_reflection([4.0, 20.0], thickness, ELEVATIONS, wavelengths)
    assert r_h.shape == (2, 2, 6)
    np.testing.assert_allclose(r_h[0], [fresnel(20.0, ELEVATIONS)[0]] * 2, atol=1e-14)
    np.testing.assert_allclose(
        r_h[1, 1], layered_reflection([4.0, 20.0], [0.05], ELEVATIONS, L2_M)[0], atol=1e-14
    )


def test_air_on_top_only_turns_the_phase():
    # A layer of air of thickness d delays the reflection by the way down and up, 2 d sin e.
    depth = 0.03
    r = layered_reflection([1.0, 15 + 2j], [depth], ELEVATIONS, L2_M)
    delay = np.exp(4j * np.pi / L2_M * depth * np.sin(np.radians(ELEVATIONS)))
    np.testing.assert_allclose(r, np.array(fresnel(15 + 2j, ELEVATIONS)) * delay, atol=1e-14)


def test_circular_waves_carry_the_power_of_linear_ones():
    r_h, r_v = fresnel(15 + 2j, ELEVATIONS)
    co, cross = circular(r_h, r_v)
    np.testing.assert_allclose(
        np.abs(co) ** 2 + np.abs(cross) ** 2, (np.abs(r_h) ** 2 + np.abs(r_v) ** 2) / 2
    )


def test_cross_polar_grows_past_co_polar_at_the_brewster_angle():
    # There r_v = 0, so that co = r_h / 2 = -cross.
    brewster = 90 - np.degrees(np.arctan(np.sqrt(16)))
    co, cross = circular(*fresnel(16.0, [brewster - 5, brewster, brewster + 5]))
    assert abs(co[0]) > abs(cross[0])
    assert co[1] == pytest.approx(-cross[1])
    assert abs(co[2]) < abs(cross[2])


def test_a_smooth_surface_loses_nothing_and_grazing_is_smooth():
    np.testing.assert_array_equal(roughness_factor(0.0, ELEVATIONS, L2_M), np.ones(6))
    assert roughness_factor(0.05, 0.0, L2_M) == 1


def test_roughness_is_the_mean_phasor_of_gaussian_heights():
    # Each patch of surface at height z shortens the path by 2 z sin e: the coherent field is the
    # mean of exp(-i 2 k z sin e) over the heights, here summed numerically.
    rms, elevation = 0.02, 25.0
    z = np.linspace(-8 * rms, 8 * rms, 4001)
    density = np.exp(-(z**2) / (2 * rms**2)) / (rms * np.sqrt(2 * np.pi))
    phase = 4 * np.pi / L2_M * z * np.sin(np.radians(elevation))
    expected = np.trapezoid(density * np.cos(phase), z)
    assert roughness_factor(rms, elevation, L2_M) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: fresnel(10 - 1j, 30), "losses are positive"),
        (lambda: fresnel(10, -1), "0 to 90"),
        (lambda: fresnel(10, 91), "0 to 90"),
        (lambda: layered_reflection([4, 10], [0.1, 0.2], 30, L2_M), "expected 1 thicknesses"),
        (lambda: layered_reflection([4, 10], [-0.1], 30, L2_M), "0 or more metres"),
        (lambda: roughness_factor(-0.01, 30, L2_M), "0 or more metres"),
    ],
)
def test_impossible_values_are_named(call, words):
    with pytest.raises(InputError, match=words):
        call()


def test_a_stack_of_air_at_grazing_reflects_all():
    # The layer of vacuum over vacuum and loss-free soil at 0 degrees: 0 / 0 but for the limit.
    for r in layered_reflection([1.0, 1.0, 4.0], [1.0, 0.0], 0.0, L2_M):
        assert r == pytest.approx(-1)
