"""Directions in the sky, from sources whose positions are known by hand."""

import numpy as np
import pytest

from retrieval import gnss
from retrieval.errors import NoNavigationError
from retrieval.orbits import OrbitFix, OrbitSource, look_angles, orbit_coverage

C = 299_792_458.0
RATE = 7.2921151467e-5
EQUATOR_M = (6_378_137.0, 0.0, 0.0)  # up is x, east is y, north is z
NOON = np.datetime64("2020-06-25T12:00:00", "ns")


class Still:
    """A source whose satellites stand where they are in the Earth's frame."""

    def __init__(self, name: str, places: dict[str, tuple[float, float, float]]) -> None:
        self._name = name
        self._places = {gnss.satellite_code(key): place for key, place in places.items()}

    @property
    def name(self) -> str:
        return self._name

    @property
    def satellites(self) -> tuple[str, ...]:
        return tuple(gnss.satellite_name(code) for code in self._places)

    @property
    def span(self) -> tuple[np.datetime64, np.datetime64] | None:
        return NOON, NOON

    def locate(self, satellite: np.ndarray, time: np.ndarray) -> OrbitFix:
        nowhere = (np.nan,) * 3
        position = np.array([self._places.get(int(code), nowhere) for code in satellite])
        age = np.where(np.isfinite(position[:, 0]), 1.5, np.nan)
        return OrbitFix(position.reshape(-1, 3), age)


class Circling:
    """A source of one satellite in circular inertial flight."""

    name = "circling"
    satellites = ("G01",)
    span = None
    radius_m, rate = 26_560e3, 1.4585e-4

    def inertial(self, t: np.ndarray) -> np.ndarray:
        u, tilt = self.rate * t + 0.5, 0.96
        return self.radius_m * np.stack(
            [np.cos(u), np.sin(u) * np.cos(tilt), np.sin(u) * np.sin(tilt)], axis=-1
        )

    def locate(self, satellite: np.ndarray, time: np.ndarray) -> OrbitFix:
        t = (time - NOON).astype(np.int64) * 1e-9
        x, y, z = self.inertial(t).T
        cos, sin = np.cos(RATE * t), np.sin(RATE * t)
        return OrbitFix(np.stack([x * cos + y * sin, y * cos - x * sin, z], axis=1), t * 0)


def look(sources: list[OrbitSource], *names: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    satellite = np.array([gnss.satellite_code(name) for name in names], np.int32)
    angles = look_angles(sources, EQUATOR_M, satellite, np.repeat(NOON, len(names)))
    return angles.elevation_deg, angles.azimuth_deg, angles.source


def test_directions_on_the_equator() -> None:
    r = 6_378_137.0
    places = {
        "G01": (r + 2e7, 0.0, 0.0),
        "G02": (r, 2e7, 0.0),
        "G03": (r, -2e7, 0.0),
        "G04": (r + 2e7, 0.0, 2e7),
        "G05": (r, 0.0, -2e7),
    }
    elevation, azimuth, _ = look([Still("broadcast", places)], *places)
    # In the 0.07 s of flight the Earth's turn moves a place by 0.0003 degrees to the west.
    np.testing.assert_allclose(elevation, [90, 0, 0, 45, 0], atol=2e-3)
    np.testing.assert_allclose(azimuth[[1, 2, 4]], [90, 270, 180], atol=2e-3)
    assert min(azimuth[3], 360 - azimuth[3]) < 1e-2
    assert ((azimuth >= 0) & (azimuth < 360)).all()


def test_earth_turns_while_the_signal_is_under_way() -> None:
    # Seen in the frame of reception, a satellite overhead at emission has stayed behind the Earth,
    # to the west, by rate * flight time * radius over its distance.
    r, height = 6_378_137.0, 2e7
    elevation, azimuth, _ = look([Still("broadcast", {"G01": (r + height, 0.0, 0.0)})], "G01")
    expected = np.degrees(RATE * height / C * (r + height) / height)
    assert 90 - elevation[0] == pytest.approx(expected, rel=1e-4)
    assert azimuth[0] == pytest.approx(270.0, abs=1e-6)


def test_direction_equals_an_inertial_light_path() -> None:
    source = Circling()
    t = np.arange(-20_000.0, 20_000.0, 500.0)
    time = NOON + (t * 1e9).astype("timedelta64[ns]")
    satellite = np.full(len(t), gnss.satellite_code("G01"), np.int32)
    angles = look_angles([source], EQUATOR_M, satellite, time)
    for index, second in enumerate(t):
        # Station and satellite in the inertial frame, each at its own time, to convergence.
        turn = RATE * second
        up = np.array([np.cos(turn), np.sin(turn), 0.0])
        east = np.array([-np.sin(turn), np.cos(turn), 0.0])
        station = EQUATOR_M[0] * up
        flight = 0.07
        for _ in range(10):
            path = source.inertial(second - flight) - station
            flight = np.linalg.norm(path) / C
        elevation = np.degrees(np.arcsin(path @ up / np.linalg.norm(path)))
        azimuth = np.degrees(np.arctan2(path @ east, path[2])) % 360
        assert angles.elevation_deg[index] == pytest.approx(elevation, abs=1e-8)
        assert angles.azimuth_deg[index] == pytest.approx(azimuth, abs=1e-6)


def test_first_source_with_a_position_wins() -> None:
    overhead, east = (3e7, 0.0, 0.0), (6_378_137.0, 2e7, 0.0)
    first = Still("sp3", {"G01": overhead})
    second = Still("broadcast", {"G01": east, "G02": east})
    elevation, azimuth, source = look([first, second], "G01", "G02", "G03")
    assert source.tolist() == [0, 1, -1]
    assert elevation[0] == pytest.approx(90, abs=1e-2)
    assert elevation[1] == pytest.approx(0, abs=1e-2)
    assert np.isnan(elevation[2])
    assert np.isnan(azimuth[2])


def test_no_sources_and_no_rows() -> None:
    assert look([], "G01")[2].tolist() == [-1]
    assert len(look([Still("broadcast", {})])[0]) == 0


def test_coverage_names_what_is_missing_and_what_to_do() -> None:
    source = Still("broadcast", {"G01": (3e7, 0.0, 0.0)})
    satellite = np.array([gnss.satellite_code(name) for name in ("G02", "G02", "E05")], np.int32)
    time = np.array(["2020-06-26T00:00", "2020-06-26T01:30", "2020-06-26T00:00"], "datetime64[ns]")
    coverage = orbit_coverage(
        [source], look_angles([source], EQUATOR_M, satellite, time), satellite, time
    )
    assert dict(coverage.missing) == {"E05": 1, "G02": 2}
    with pytest.raises(NoNavigationError) as error:
        coverage.require_any()
    message = str(error.value)
    for part in ("E05, G02", "2020-06-26 00:00", "2020-06-26 01:30", "broadcast: G", "Give the"):
        assert part in message


def test_coverage_of_a_part_is_enough() -> None:
    source = Still("broadcast", {"G01": (3e7, 0.0, 0.0)})
    satellite = np.array([gnss.satellite_code(name) for name in ("G01", "G02")], np.int32)
    time = np.repeat(NOON, 2)
    coverage = orbit_coverage(
        [source], look_angles([source], EQUATOR_M, satellite, time), satellite, time
    )
    coverage.require_any()
    assert (coverage.n_rows, coverage.n_without, dict(coverage.missing)) == (2, 1, {"G02": 1})
