"""GLONASS states to elements and back."""

import numpy as np
import pytest

from retrieval import gnss
from retrieval.orbits.glonass import glonass_positions
from retrieval.rinex.navigation_records import GlonassRecords
from retrieval.simulation.sky.glonass_elements import (
    GlonassElements,
    elements_of,
    repeating,
    sent_states,
    states_of,
)

RATE = 7.292115e-5
# R01 of 2020-06-24 23:15 UTC.
POSITION = np.array([[10908942.38281, -2885726.074219, 22883539.55078]])
VELOCITY = np.array([[1407.806396484, 2795.855522156, -316.9984817505]])


def test_states_and_elements_are_inverse() -> None:
    position_m, velocity_m_s = states_of(elements_of(POSITION, VELOCITY))
    np.testing.assert_allclose(position_m, POSITION, rtol=0, atol=1e-3)
    np.testing.assert_allclose(velocity_m_s, VELOCITY, rtol=0, atol=1e-6)


def test_velocity_is_the_change_of_position() -> None:
    elements = elements_of(POSITION, VELOCITY)
    ahead = np.zeros(1)
    before, after = (states_of(elements.carried(np.array([t]), ahead))[0] for t in (-0.5, 0.5))
    # A central difference of 1 s misses x'''/24, about n^2 v / 24 = 4e-6 m/s.
    np.testing.assert_allclose(after - before, VELOCITY, rtol=0, atol=1e-5)


def test_elements_of_a_real_satellite_are_those_of_glonass() -> None:
    elements = elements_of(POSITION, VELOCITY)
    assert elements.semi_major_m[0] == pytest.approx(25.508e6, abs=5e3)
    assert np.degrees(elements.inclination_rad[0]) == pytest.approx(64.8, abs=1.5)
    assert elements.eccentricity[0] < 0.005
    # 17 orbits in 8 turns of the node, which moves by -6.7e-9 rad/s.
    assert elements.latitude_rate_rad_s[0] == pytest.approx(17 / 8 * (RATE + 6.7e-9), rel=2e-4)


def test_carried_orbit_follows_the_equations_of_motion() -> None:
    # The integration of `retrieval.orbits.glonass`, tested against SciPy's, knows nothing of
    # elements. Half a day on, after more than one orbit.
    elements = elements_of(POSITION, VELOCITY)
    reference = np.datetime64("2020-06-24T23:15:18", "ns")
    nought = np.zeros(1)
    records = GlonassRecords(
        np.array([gnss.satellite_code("R01")], np.int32),
        np.array([reference]),
        np.array([reference]),
        POSITION,
        VELOCITY,
        np.zeros((1, 3)),
        *(nought,) * 4,
        np.ones(1, np.int64),
    )
    for hours in (-12, -1, 1, 12):
        seconds = np.array([3600.0 * hours])
        time = reference + np.array([hours]) * np.timedelta64(3600, "s")
        expected = glonass_positions(records, np.zeros(1, np.intp), time)
        found, _ = states_of(elements.carried(seconds, nought))
        # 2 km are 0.005 degrees; the rate found from one state is good to a few 1e-6.
        assert np.linalg.norm(found - expected) < 2e3, hours


def test_repeating_orbit_takes_the_rate_and_size_of_the_ratio() -> None:
    code = np.array([gnss.satellite_code("R01")], np.int32)
    elements = repeating(code, elements_of(POSITION, VELOCITY))
    node_rate = elements.node_rate_rad_s[0]
    assert elements.latitude_rate_rad_s[0] == pytest.approx(17 / 8 * (RATE - node_rate), rel=1e-12)
    stray = elements_of(POSITION, VELOCITY * 1.01)
    assert repeating(code, stray).latitude_rate_rad_s == stray.latitude_rate_rad_s
    assert repeating(code, stray).semi_major_m == stray.semi_major_m


def test_sent_states_are_whole_steps_of_the_message() -> None:
    elements = elements_of(POSITION, VELOCITY).take(np.array([0, 0, 0]))
    elements = elements.carried(np.array([0.0, 1000.0, 20000.0]), np.array([0.0, 0.1, 0.2]))
    position_m, velocity_m_s = sent_states(elements)
    exact_m, exact_m_s = states_of(elements)
    # 2^-11 km and 2^-20 km/s.
    for found, exact, step in (
        (position_m, exact_m, 1000 / 2048),
        (velocity_m_s, exact_m_s, 1000 / 2**20),
    ):
        assert np.abs(found / step - np.round(found / step)).max() < 1e-6
        assert np.abs(found - exact).max() <= step / 2 * (1 + 1e-9)


def test_a_circular_equatorial_like_state_by_hand() -> None:
    # Flattening aside, at the node of a circular orbit: x = a, v = a n (0, cos i, sin i) - W a y.
    a, i = 25.5e6, np.radians(64.8)
    n = np.sqrt(3.986004418e14 / a**3)
    elements = GlonassElements(*(np.array([value]) for value in (a, 0.0, 0.0, i, 0.0, 0.0, n, 0.0)))
    position_m, velocity_m_s = states_of(elements)
    expected = a * n * np.array([0, np.cos(i), np.sin(i)]) - np.array([0, RATE * a, 0])
    # J2 moves the radius by at most 3 km and the speed by 1.5e-4 of it.
    np.testing.assert_allclose(position_m[0], [a, 0, 0], rtol=0, atol=3e3)
    np.testing.assert_allclose(velocity_m_s[0], expected, rtol=0, atol=1.0)
