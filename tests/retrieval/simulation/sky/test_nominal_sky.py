"""The packaged sky: rebuilt byte for byte, labelled, and of the published shape."""

import numpy as np
import pytest

from retrieval import gnss
from retrieval.orbits import BroadcastOrbits
from retrieval.simulation.sky.nominal_sky import EPOCH, NOMINAL_SKY, nominal_sky, nominal_sky_text

GM = 3.986004418e14


def test_rebuild_gives_the_packaged_bytes() -> None:
    assert nominal_sky_text().encode("ascii") == NOMINAL_SKY.read_bytes()


def test_file_says_that_it_is_made() -> None:
    comments = [line for line in NOMINAL_SKY.read_text().splitlines() if "COMMENT" in line]
    assert any("SIMULATED" in line for line in comments)


def test_satellites_are_those_of_the_constellations() -> None:
    sky = nominal_sky()
    assert sky.damage == {}
    assert len(sky) == len(sky.satellites)
    counts = {letter: sum(n[0] == letter for n in sky.satellites) for letter in "GRECJ"}
    assert counts == {"G": 31, "R": 24, "E": 24, "C": 29, "J": 3}
    assert sky.glonass_channels == gnss.GLONASS_CHANNELS
    assert not set(sky.satellites) & gnss.GEOSTATIONARY


@pytest.mark.parametrize(
    ("letter", "size_km", "inclination_deg", "within_deg"),
    [
        ("G", 26_560, 55, 1.0),
        ("E", 29_600, 56, 0.3),
        ("C", 27_906, 55, 0.3),
        ("J", 42_165, 41, 0.3),
    ],
)
def test_orbits_have_the_published_size_and_tilt(
    letter: str, size_km: float, inclination_deg: float, within_deg: float
) -> None:
    kepler = nominal_sky().kepler
    rows = gnss.constellation_letters(kepler.satellite) == ord(letter)
    if letter == "C":
        rows &= (kepler.satellite & 255) > 10
    size = kepler.sqrt_a[rows] ** 2 / 1e3
    assert np.abs(size - size_km).max() < 4
    assert np.abs(np.degrees(kepler.i0[rows]) - inclination_deg).max() <= within_deg


def test_glonass_states_are_those_of_nearly_circular_orbits() -> None:
    glonass = nominal_sky().glonass
    spin = np.array([0, 0, 7.292115e-5])
    r = glonass.position_m
    v = glonass.velocity_m_s + np.cross(spin, r)
    size = 1 / (2 / np.linalg.norm(r, axis=1) - (v**2).sum(axis=1) / GM)
    # 25,508 km and the 3 km by which flattening makes the ellipse of the moment breathe.
    assert np.abs(size / 1e3 - 25_508).max() < 5
    normal = np.cross(r, v)
    tilt = np.degrees(np.arccos(normal[:, 2] / np.linalg.norm(normal, axis=1)))
    assert np.abs(tilt - 64.8).max() < 0.31


def test_planes_of_gps_are_sixty_degrees_apart() -> None:
    kepler = nominal_sky().kepler
    gps = gnss.constellation_letters(kepler.satellite) == ord("G")
    node_deg = np.degrees(kepler.omega0[gps]) % 60
    # 272.847 - 279.06 and every 60 degrees on, scattered by 1.5 degrees.
    off = (node_deg - (272.847 - 279.06)) % 60
    assert np.minimum(off, 60 - off).max() <= 1.5


def test_figures_of_eight_stand_over_their_longitudes() -> None:
    orbits = BroadcastOrbits(nominal_sky())
    hours = EPOCH + np.arange(24) * np.timedelta64(3_600_000_000_000, "ns")
    for name, longitude_deg in (
        ("C06", 118),
        ("C07", 118),
        ("C10", 95),
        ("J01", 135),
        ("J03", 135),
    ):
        code = np.full(24, gnss.satellite_code(name), np.int32)
        x, y, _ = orbits.locate(code, hours).position_m.T
        found = np.degrees(np.angle(np.mean((x + 1j * y) / np.hypot(x, y))))
        # An eccentricity of 0.075 sways the figure by up to 2 * 0.075 rad to and fro.
        assert abs(found - longitude_deg) < 3, name
