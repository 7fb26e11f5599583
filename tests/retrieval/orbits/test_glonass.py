"""GLONASS integration against SciPy's integrator, in another frame and from the potential."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from retrieval import gnss
from retrieval.orbits.glonass import acceleration_m_s2, glonass_positions
from retrieval.rinex.navigation_records import GlonassRecords

GM, RADIUS_M, J2, RATE = 3.986004418e14, 6378136.0, 1.08262575e-3, 7.292115e-5
REFERENCE = np.datetime64("2020-06-24T23:15:18", "ns")
# R01 of 2020-06-24 23:15 UTC.
POSITION = np.array([10908942.38281, -2885726.074219, 22883539.55078])
VELOCITY = np.array([1407.806396484, 2795.855522156, -316.9984817505])


def records(pull: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> GlonassRecords:
    return GlonassRecords(
        satellite=np.array([gnss.satellite_code("R01")], np.int32),
        reference=np.array([REFERENCE]),
        transmitted=np.array([REFERENCE]),
        position_m=POSITION[None],
        velocity_m_s=VELOCITY[None],
        acceleration_m_s2=np.array([pull]),
        clock_bias_s=np.zeros(1),
        frequency_bias=np.zeros(1),
        health=np.zeros(1),
        channel=np.zeros(1),
        line=np.ones(1, np.int64),
    )


def locate(table: GlonassRecords, seconds: np.ndarray) -> np.ndarray:
    time = REFERENCE + np.round(seconds * 1e9).astype("timedelta64[ns]")
    return glonass_positions(table, np.zeros(len(seconds), np.intp), time)


def potential(position: np.ndarray) -> complex:
    """Gravity potential of the flattened Earth; complex arguments give exact derivatives."""
    r = np.sqrt((position**2).sum())
    sine = position[2] / r
    return GM / r * (1 - J2 * (RADIUS_M / r) ** 2 * (3 * sine**2 - 1) / 2)


def gravity(position: np.ndarray) -> np.ndarray:
    """Gradient of the potential by complex steps."""
    step = 1e-3
    return np.array(
        [potential(position + 1j * step * axis).imag / step for axis in np.eye(3)], dtype=float
    )


def turned(vector: np.ndarray, angle: float) -> np.ndarray:
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array(
        [vector[0] * cos - vector[1] * sin, vector[0] * sin + vector[1] * cos, vector[2]]
    )


def inertial_orbit(seconds: float, pull: np.ndarray) -> np.ndarray:
    """Integrate in the inertial frame; the pull is constant in the turning frame."""
    start = np.concatenate([POSITION, VELOCITY + np.cross([0, 0, RATE], POSITION)])

    def slope(t: float, state: np.ndarray) -> np.ndarray:
        return np.concatenate([state[3:], gravity(state[:3]) + turned(pull, RATE * t)])

    end = solve_ivp(slope, (0, seconds), start, "DOP853", rtol=1e-12, atol=1e-6).y[:3, -1]
    return turned(end, -RATE * seconds)


@pytest.mark.parametrize(
    ("seconds", "limit_m"),
    [(-900.0, 1e-3), (-37.5, 1e-4), (60.0, 1e-4), (900.0, 1e-3), (3600.0, 0.01), (43200.0, 1.0)],
)
def test_orbit_equals_an_inertial_integration(seconds: float, limit_m: float) -> None:
    found = locate(records(), np.array([seconds]))[0]
    expected = inertial_orbit(seconds, np.zeros(3))
    assert np.linalg.norm(found - expected) < limit_m


def test_pull_of_sun_and_moon_is_applied_around_the_reference_time() -> None:
    pull = (-1.862645149231e-06, -2.793967723846e-06, 9.313225746155e-07)
    found = locate(records(pull), np.array([-900.0, 900.0]))
    for seconds, place in zip((-900.0, 900.0), found, strict=True):
        # Half of 3.5e-6 m/s^2 times (900 s)^2 is 1.4 m; fading takes at most 8 % of it away.
        assert np.linalg.norm(place - inertial_orbit(seconds, np.array(pull))) < 0.12
        assert np.linalg.norm(place - inertial_orbit(seconds, np.zeros(3))) > 1.2


def test_state_is_met_at_the_reference_time_itself() -> None:
    np.testing.assert_allclose(locate(records(), np.zeros(1))[0], POSITION, rtol=0, atol=1e-6)


def test_acceleration_is_the_gradient_and_the_frame_s_turn() -> None:
    found = acceleration_m_s2(POSITION, VELOCITY, np.zeros(3))
    spin = np.array([0, 0, RATE])
    expected = (
        gravity(POSITION) - 2 * np.cross(spin, VELOCITY) - np.cross(spin, np.cross(spin, POSITION))
    )
    np.testing.assert_allclose(found, expected, rtol=1e-10)


def test_positions_are_smooth_between_steps() -> None:
    # Third differences of positions a second apart: x''' is below 1e-4 m/s^3; a jump or a kink of
    # a millimetre at a step would stand out ten times over.
    seconds = np.arange(-300.0, 300.0)
    third = np.diff(locate(records(), seconds), 3, axis=0)
    assert np.abs(third).max() < 5e-4


def test_records_far_and_near_in_one_call_equal_single_calls() -> None:
    table = GlonassRecords.concatenate([records(), records((1e-6, 0, 0))])
    seconds = np.array([5.0, -20000.0, 30000.0, 899.0, -1.0])
    rows = np.array([0, 1, 0, 1, 1])
    time = REFERENCE + np.round(seconds * 1e9).astype("timedelta64[ns]")
    together = glonass_positions(table, rows, time)
    for index, row in enumerate(rows):
        alone = locate(table.take(np.array([row])), seconds[index : index + 1])
        np.testing.assert_allclose(together[index], alone[0], rtol=0, atol=1e-6)
