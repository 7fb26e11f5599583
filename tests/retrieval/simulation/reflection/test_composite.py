"""Direct plus reflected field: path, polarisation, and the phase of the interferogram."""

from dataclasses import replace

import numpy as np
import pytest

from retrieval.simulation.reflection.antenna import antenna_pattern
from retrieval.simulation.reflection.coefficients import fresnel, layered_reflection
from retrieval.simulation.reflection.composite import composite_power, reflection_ratio

L2_M = 0.2442


def sine_phase_deg(power, sine, height_m):
    """Phase of the least-squares ``c + A sin(4 pi h sin e / wavelength + phi)``."""
    angle = 4 * np.pi * height_m * sine / L2_M
    basis = np.stack([np.ones_like(angle), np.sin(angle), np.cos(angle)], axis=1)
    _, a, b = np.linalg.lstsq(basis, power, rcond=None)[0]
    return np.degrees(np.arctan2(b, a))


def test_power_is_that_of_the_law_of_cosines():
    # Jiang et al. (2024), eq. 1: A_d^2 + A_m^2 + 2 A_d A_m cos phase, A_d = 1, A_m = .3; with h =
    # 1.5 m, e = 20: path 2 * 1.5 * .34202 = 1.02606 m = 4.20172 waves, and the reflection's 180.
    phase = 2 * np.pi * 1.02606 / L2_M + np.pi
    expected = 1 + 0.3**2 + 2 * 0.3 * np.cos(phase)
    assert composite_power(-0.3, 1.5, 20.0, L2_M) == pytest.approx(expected, abs=1e-4)


def test_no_reflection_leaves_the_direct_signal():
    np.testing.assert_array_equal(composite_power(0.0, 1.8, [5.0, 25.0], L2_M), [1, 1])


@pytest.mark.parametrize("argument_deg", [-170.0, -40.0, 0.0, 75.0, 180.0])
def test_phase_of_the_interferogram_is_the_argument_of_the_ratio_and_90_degrees(argument_deg):
    sine = np.linspace(0.087, 0.423, 400)
    ratio = 0.1 * np.exp(1j * np.radians(argument_deg))
    power = composite_power(ratio, 1.8, np.degrees(np.arcsin(sine)), L2_M)
    difference = sine_phase_deg(power, sine, 1.8) - (argument_deg + 90)
    assert (difference + 180) % 360 - 180 == pytest.approx(0, abs=1e-6)


def test_a_longer_path_raises_the_phase():
    # A reflector 5 mm lower lengthens the path by 10 mm sin e: with t = sin e between .087 and
    # .423, about 360 * .010 * .255 / .2442 = 3.8 degrees at the height fitted before.
    sine = np.linspace(0.087, 0.423, 400)
    elevation = np.degrees(np.arcsin(sine))
    phases = [
        sine_phase_deg(composite_power(-0.1, height, elevation, L2_M), sine, 1.8)
        for height in (1.8, 1.805)
    ]
    assert (phases[1] - phases[0] + 180) % 360 - 180 == pytest.approx(3.8, abs=0.4)


def test_an_isotropic_right_hand_antenna_sees_the_co_polar_reflection():
    elevation = np.array([5.0, 20.0, 60.0])
    r_h, r_v = fresnel(12 + 1j, elevation)
    np.testing.assert_allclose(
        reflection_ratio(antenna_pattern("isotropic"), r_h, r_v, elevation), (r_h + r_v) / 2
    )


@pytest.mark.parametrize(("phase_deg", "seen"), [(0.0, "r_v"), (180.0, "r_h")])
def test_equal_responses_to_both_hands_make_a_linear_antenna(phase_deg, seen):
    # In phase it is vertical, at 180 degrees horizontal: co + cross = r_v, co - cross = r_h.
    linear = replace(
        antenna_pattern("isotropic"), lhcp_dbi=(0, 0), lhcp_phase_deg=(phase_deg, phase_deg)
    )
    elevation = np.array([5.0, 20.0, 60.0])
    r_h, r_v = fresnel(12 + 1j, elevation)
    found = reflection_ratio(linear, r_h, r_v, elevation)
    np.testing.assert_allclose(found, {"r_h": r_h, "r_v": r_v}[seen], atol=1e-15)


def test_the_ratio_is_of_the_response_below_to_that_above_the_horizon():
    # 10 dBi at zenith, -10 dBi at nadir: upright, 20 dB down in power is a tenth in field, and the
    # conductor's reflection is all left-hand, -30 dBi: 40 dB down, a hundredth.
    antenna = replace(antenna_pattern("isotropic"), rhcp_dbi=(10, -10), lhcp_dbi=(-30, -30))
    assert reflection_ratio(antenna, -1.0, -1.0, 90.0) == pytest.approx(-0.1)
    assert reflection_ratio(antenna, -1.0, 1.0, 90.0) == pytest.approx(0.01)


def mean_phase_deg(antenna, layers, thickness_m=(), height_m=1.8):
    """Phase, referred to 1.8 m, of the interferogram of a stack of layers, 5 to 25 degrees."""
    sine = np.linspace(0.087, 0.423, 400)
    elevation = np.degrees(np.arcsin(sine))
    r_h, r_v = layered_reflection(layers, list(thickness_m), elevation, L2_M)
    ratio = 0.1 * reflection_ratio(antenna, r_h, r_v, elevation)
    return sine_phase_deg(composite_power(ratio, height_m, elevation, L2_M), sine, 1.8)


@pytest.mark.parametrize(("lead_deg", "sign"), [(90, -1), (-90, 1)])
def test_wetting_lowers_the_phase_where_the_left_hand_response_leads(lead_deg, sign):
    # With permittivity the Brewster angle falls, co (negative) shrinks and cross (positive) grows:
    # -|co| + i |cross| turns from 180 degrees down towards 90, its conjugate up.
    antenna = replace(
        antenna_pattern("isotropic"), lhcp_dbi=(-6, -6), lhcp_phase_deg=(lead_deg, lead_deg)
    )
    dry, moist, wet = (mean_phase_deg(antenna, [epsilon]) for epsilon in (4.0, 12.0, 25.0))
    assert 5 < sign * (moist - dry) < 60
    assert 5 < sign * (wet - moist) < 60


def test_wetting_lowers_the_phase_with_the_choke_ring():
    phases = [mean_phase_deg(antenna_pattern("choke-ring"), [e]) for e in (4.0, 12.0, 25.0)]
    assert np.all(np.diff(phases) < -2)


def test_a_reflection_from_below_a_faint_layer_is_that_of_a_lower_surface():
    # 2 cm of all but air do not reflect: the reflector is 2 cm lower and the path longer.
    antenna = antenna_pattern("choke-ring")
    below = mean_phase_deg(antenna, [1.00001, 20.0], [0.02])
    lower = mean_phase_deg(antenna, [20.0], height_m=1.82)
    assert below == pytest.approx(lower, abs=0.05)
    assert below > mean_phase_deg(antenna, [20.0]) + 5
