"""Kepler orbits against independent geometry: rotation matrices, a root finder, hand arithmetic."""

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.spatial.transform import Rotation

from retrieval import gnss
from retrieval.orbits.kepler import KeplerOrbits
from retrieval.rinex.navigation_records import KeplerRecords

TOE = np.datetime64("2020-06-25T00:00:00", "ns")
TOE_S = 345600.0
GM_GPS, RATE_GPS = 3.986005e14, 7.2921151467e-5


def record(name: str = "G01", **given: float) -> KeplerRecords:
    """One record; whatever is not given is zero."""
    columns = {
        column: np.array([given.get(column, 0.0)])
        for column in KeplerRecords.__dataclass_fields__
        if column not in ("satellite", "message", "toc", "toe", "transmitted", "line")
    }
    columns["sqrt_a"] = np.array([given.get("sqrt_a", 5153.5)])
    columns["toe_s"] = np.array([TOE_S])
    return KeplerRecords(
        satellite=np.array([gnss.satellite_code(name)], np.int32),
        message=np.zeros(1, np.int8),
        toc=np.array([TOE]),
        toe=np.array([TOE]),
        transmitted=np.array([TOE]),
        line=np.ones(1, np.int64),
        **columns,
    )


def position(records: KeplerRecords, seconds: float) -> np.ndarray:
    time = TOE + np.timedelta64(round(seconds * 1e9), "ns")
    return KeplerOrbits(records).positions(np.zeros(1, np.intp), np.array([time]))[0]


def test_circular_equatorial_orbit_goes_round_at_the_mean_motion() -> None:
    a = 5153.5**2
    quarter = np.pi / 2 / np.sqrt(GM_GPS / a**3)
    at_toe, later = position(record(), 0.0), position(record(), quarter)
    # At toe the node stands at -rate * toe from Greenwich.
    angle = -RATE_GPS * TOE_S
    np.testing.assert_allclose(at_toe, [a * np.cos(angle), a * np.sin(angle), 0], atol=1e-6)
    angle += np.pi / 2 - RATE_GPS * quarter
    np.testing.assert_allclose(later, [a * np.cos(angle), a * np.sin(angle), 0], atol=2e-2)


@pytest.mark.parametrize("name", ["G01", "E01", "C20", "J01", "I02"])
@pytest.mark.parametrize("seconds", [-7000.0, 0.0, 3000.0, 40000.0])
def test_eccentric_inclined_orbit_equals_rotation_matrices(name: str, seconds: float) -> None:
    gravitation = {"G": 3.986005e14, "J": 3.986005e14, "I": 3.986005e14}.get(
        name[0], 3.986004418e14
    )
    rate = 7.292115e-5 if name[0] == "C" else 7.2921151467e-5
    e, m0, omega, i0, omega0 = 0.17, 0.7, 2.1, 0.95, -1.3
    delta_n, omega_dot, idot = 4e-9, -8e-9, 1e-10
    records = record(
        name,
        eccentricity=e,
        m0=m0,
        omega=omega,
        i0=i0,
        omega0=omega0,
        delta_n=delta_n,
        omega_dot=omega_dot,
        idot=idot,
    )
    a = 5153.5**2
    mean = m0 + (np.sqrt(gravitation / a**3) + delta_n) * seconds
    eccentric = brentq(lambda x: x - e * np.sin(x) - mean, mean - 1, mean + 1, xtol=1e-14)
    in_plane = a * np.array([np.cos(eccentric) - e, np.sqrt(1 - e * e) * np.sin(eccentric), 0.0])
    node = omega0 + omega_dot * seconds - rate * (seconds + TOE_S)
    turn = (
        Rotation.from_euler("z", node)
        * Rotation.from_euler("x", i0 + idot * seconds)
        * Rotation.from_euler("z", omega)
    )
    np.testing.assert_allclose(position(records, seconds), turn.apply(in_plane), rtol=0, atol=1e-5)


def test_harmonic_corrections_act_at_twice_the_argument_of_latitude() -> None:
    # Circular, phi = 45 degrees at toe: sin(2 phi) = 1, cos(2 phi) = 0; the sine terms act alone.
    cus, crs, cis, i0 = 3e-6, 120.0, 5e-7, 0.9
    node = -RATE_GPS * TOE_S
    found = position(
        record(omega=np.pi / 4, i0=i0, cus=cus, crs=crs, cis=cis, cuc=1e-3, crc=1e4, cic=1e-3), 0.0
    )
    radius, latitude, inclination = 5153.5**2 + crs, np.pi / 4 + cus, i0 + cis
    expected = Rotation.from_euler("z", node).apply(
        radius
        * np.array(
            [
                np.cos(latitude),
                np.sin(latitude) * np.cos(inclination),
                np.sin(latitude) * np.sin(inclination),
            ]
        )
    )
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)
    # At phi = 0 the cosine terms act alone.
    found = position(record(i0=i0, cuc=2e-6, crc=-80.0, cic=1e-7, cus=1e-3, crs=1e4, cis=1e-3), 0.0)
    assert np.linalg.norm(found) == pytest.approx(5153.5**2 - 80.0, abs=1e-6)
    # u = cuc: above the equator by r * sin(cuc) * sin(i).
    assert found[2] == pytest.approx((5153.5**2 - 80) * 2e-6 * np.sin(0.9 + 1e-7), abs=1e-6)


@pytest.mark.parametrize("name", ["C01", "C05", "C59", "C63"])
def test_beidou_geostationary_satellite_stands_still_over_the_equator(name: str) -> None:
    # The tilt of -5 degrees undoes an inclination of 5 degrees about the same axis. With the
    # node at 180 degrees (inertial) the orbit is then the equator, and at the Earth's own rate the
    # satellite stays where it is.
    rate = 7.292115e-5
    a = (3.986004418e14 / rate**2) ** (1 / 3)
    records = record(
        name,
        sqrt_a=np.sqrt(a),
        i0=np.radians(5.0),
        omega0=np.pi + rate * TOE_S,
        m0=0.3,
    )
    places = [position(records, seconds) for seconds in (0.0, 1000.0, 20000.0)]
    for place in places:
        np.testing.assert_allclose(
            place, [a * np.cos(0.3 + np.pi), a * np.sin(0.3 + np.pi), 0], rtol=0, atol=1e-3
        )


def test_many_rows_equal_single_rows() -> None:
    records = KeplerRecords.concatenate(
        [record("G01", m0=0.1, eccentricity=0.01), record("C03", m0=1.0), record("E02", m0=2.0)]
    )
    rows = np.arange(30_000) % 3
    seconds = np.arange(30_000) - 15_000
    together = KeplerOrbits(records).positions(
        rows, TOE + (seconds * 1_000_000_000).astype("timedelta64[ns]")
    )
    for index in (0, 1, 2, 8191, 8192, 29_999):
        single = position(records.take(np.array([rows[index]])), float(seconds[index]))
        np.testing.assert_allclose(together[index], single, rtol=0, atol=1e-6)


def test_no_records_and_no_rows() -> None:
    empty = record().take(np.zeros(0, np.intp))
    assert KeplerOrbits(empty).positions(np.zeros(0, np.intp), np.zeros(0, "M8[ns]")).shape == (
        0,
        3,
    )
