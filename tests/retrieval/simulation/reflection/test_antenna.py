"""Antenna patterns: gains, continuity, and that they radiate no more than they are fed."""

from dataclasses import replace

import numpy as np
import pytest

from retrieval.errors import InputError
from retrieval.simulation.reflection.antenna import ANTENNA_PATTERNS, antenna_pattern

NAMES = sorted(ANTENNA_PATTERNS)


@pytest.mark.parametrize("name", NAMES)
def test_no_antenna_gives_more_than_it_is_fed(name):
    # Gain over an isotropic antenna without losses, meaned over the sphere, is the efficiency.
    pattern = antenna_pattern(name)
    nodes, weights = np.polynomial.legendre.leggauss(400)
    elevation = np.degrees(np.arcsin(nodes))
    gain = np.abs(pattern.rhcp(elevation)) ** 2 + np.abs(pattern.lhcp(elevation)) ** 2
    assert 0.5 < (gain @ weights) / 2 <= 1 + 1e-12


@pytest.mark.parametrize("name", NAMES)
def test_gains_are_the_table_s_and_continuous_between(name):
    pattern = antenna_pattern(name)
    np.testing.assert_allclose(
        20 * np.log10(np.abs(pattern.rhcp(pattern.elevation_deg))), pattern.rhcp_dbi, atol=1e-12
    )
    fine = np.linspace(-90, 90, 18001)
    for response in (pattern.rhcp(fine), pattern.lhcp(fine)):
        power = np.abs(response) ** 2
        # .01 degree apart: less than .01 dB, that is 1 dB per degree.
        assert np.all(np.abs(np.diff(power)) <= 0.0023 * power[1:])


def test_the_isotropic_antenna_takes_right_hand_waves_from_everywhere():
    pattern = antenna_pattern("isotropic")
    elevation = np.linspace(-90, 90, 19)
    np.testing.assert_array_equal(pattern.rhcp(elevation), np.ones(19))
    np.testing.assert_array_equal(pattern.lhcp(elevation), np.zeros(19))


def test_a_choke_ring_favours_the_sky_and_its_polarisation_turns_over_below():
    pattern = antenna_pattern("choke-ring")
    gain = 20 * np.log10(np.abs(pattern.rhcp([90.0, 0.0, -90.0])))
    assert gain[0] - gain[1] > 10
    assert gain[0] - gain[2] > 30
    assert abs(pattern.rhcp(10.0)) > 3 * abs(pattern.lhcp(10.0))
    assert abs(pattern.lhcp(-75.0)) > abs(pattern.rhcp(-75.0))


def test_the_copolar_choke_ring_differs_by_the_left_hand_response_only():
    both, alone = antenna_pattern("choke-ring"), antenna_pattern("choke-ring-copolar")
    elevation = np.linspace(-90, 90, 50)
    np.testing.assert_array_equal(both.rhcp(elevation), alone.rhcp(elevation))
    np.testing.assert_array_equal(alone.lhcp(elevation), np.zeros(50))


def test_phases_of_the_table_are_in_the_response():
    pattern = replace(
        antenna_pattern("isotropic"),
        lhcp_dbi=(-20, -20),
        rhcp_phase_deg=(0, 60),
        lhcp_phase_deg=(90, 90),
    )
    assert pattern.rhcp(0.0) == pytest.approx(np.exp(1j * np.radians(30)))
    assert pattern.lhcp(-40.0) == pytest.approx(0.1j)


@pytest.mark.parametrize(
    "changes",
    [
        {"elevation_deg": (-90, 90)},
        {"elevation_deg": (90, 0)},
        {"rhcp_dbi": (0, 0, 0)},
        {"lhcp_dbi": (0, np.nan)},
    ],
)
def test_tables_that_are_no_pattern_are_named(changes):
    with pytest.raises(InputError, match="isotropic"):
        replace(antenna_pattern("isotropic"), **changes)


def test_unknown_antennas_are_answered_with_the_known_ones():
    with pytest.raises(InputError, match=", ".join(ANTENNA_PATTERNS)):
        antenna_pattern("helix")


def test_elevations_beyond_the_sphere_are_named():
    with pytest.raises(InputError, match="-90 to 90"):
        antenna_pattern("patch").rhcp(95.0)
