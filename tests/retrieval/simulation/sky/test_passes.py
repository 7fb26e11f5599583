"""Rises and sets, of satellites of which the elevation is a known function of time."""

from collections.abc import Callable

import numpy as np
import pytest

from retrieval.gnss import satellite_code, satellite_names
from retrieval.orbits import BroadcastOrbits
from retrieval.orbits.source import OrbitFix
from retrieval.simulation.sky.nominal_sky import nominal_sky
from retrieval.simulation.sky.passes import STEP_S, HalfPasses, half_passes
from retrieval.simulation.sky.propagation import season_navigation
from retrieval.station import Station

STATION = Station("demo", 40.0, -105.0, 1600.0)
MIDNIGHT = np.datetime64("2024-05-14", "ns")
CODE = np.array([satellite_code("G01")], np.int32)


class Painted:
    """A source of orbits that puts every satellite where elevation and azimuth say."""

    name = "painted"

    def __init__(self, elevation_deg: Callable, azimuth_deg: Callable) -> None:
        self._elevation_deg, self._azimuth_deg = elevation_deg, azimuth_deg

    def locate(self, satellite, time) -> OrbitFix:
        hour = (time - MIDNIGHT) / np.timedelta64(1, "h")
        elevation = np.radians(self._elevation_deg(hour))
        azimuth = np.radians(self._azimuth_deg(hour))
        ahead = np.stack(
            [
                np.cos(elevation) * np.sin(azimuth),
                np.cos(elevation) * np.cos(azimuth),
                np.sin(elevation),
            ]
        )
        # So near that the Earth does not turn while the signal is on its way.
        position = STATION.ecef_m + 1000.0 * ahead.T @ STATION.east_north_up
        return OrbitFix(position, np.zeros(len(time)))


def passes_of(elevation_deg, azimuth_deg=lambda hour: 0 * hour, hours=24) -> HalfPasses:
    source = Painted(elevation_deg, azimuth_deg)
    end = MIDNIGHT + np.timedelta64(hours, "h")
    return half_passes([source], STATION.ecef_m, CODE, MIDNIGHT, end)


def hour_of(time) -> np.ndarray:
    return (time - MIDNIGHT) / np.timedelta64(1, "h")


STEP_H = STEP_S / 3600


def test_a_pass_is_a_rise_and_a_set():
    # Up from 4 to 8 o'clock, highest at 6, and again eight hours later.
    passes = passes_of(lambda h: 60 * np.sin(2 * np.pi * (h - 4) / 8))
    first = int(np.flatnonzero(passes.rising)[0])
    assert not passes.rising[first + 1]
    np.testing.assert_allclose(hour_of(passes.start)[first : first + 2], [4, 6], atol=STEP_H)
    np.testing.assert_allclose(hour_of(passes.end)[first : first + 2], [6, 8], atol=STEP_H)
    np.testing.assert_allclose(hour_of(passes.highest)[first : first + 2], 6, atol=STEP_H)
    assert passes.highest[first] == passes.highest[first + 1]


def test_a_satellite_that_never_sets_has_rises_and_sets_all_the_same():
    # An inclined geosynchronous satellite between 20 and 80 degrees.
    passes = passes_of(lambda h: 50 - 30 * np.cos(2 * np.pi * h / 24), lambda h: 90 + h, hours=72)
    assert passes.rising.tolist() == [True, False] * 3
    np.testing.assert_allclose(hour_of(passes.highest), [12, 12, 36, 36, 60, 60], atol=STEP_H)
    assert (passes.start[1:] == passes.end[:-1]).all()
    # The azimuth is that of the lowest point, since it never passes 5 degrees: at 0, 24, 24, 48
    # and 48 o'clock, and at the end.
    np.testing.assert_allclose(passes.azimuth_deg, [90, 114, 114, 138, 138, 162], atol=1.5 * STEP_H)


def test_two_tops_of_one_pass_are_two_rises():
    # High above the pole a pass may sag in the middle.
    passes = passes_of(lambda h: 20 + 10 * np.sin(2 * np.pi * h / 12) - 0.1)
    assert passes.rising.tolist() == [True, False, True, False, True]
    np.testing.assert_allclose(hour_of(passes.highest)[:4], [3, 3, 15, 15], atol=STEP_H)


@pytest.mark.parametrize("rate_deg_h", [20.0, -20.0])
def test_azimuth_is_that_at_five_degrees(rate_deg_h):
    # 20 degrees an hour upward: 5 degrees are reached a quarter of an hour after rising. North is
    # passed on the way.
    up = 20.0
    passes = passes_of(lambda h: up * (h - 1), lambda h: np.mod(rate_deg_h * (h - 1.2), 360), 4)
    expected = (rate_deg_h * (1.25 - 1.2)) % 360
    np.testing.assert_allclose(passes.azimuth_deg, [expected], atol=0.01)
    falling = passes_of(lambda h: up * (3 - h), lambda h: np.mod(rate_deg_h * (h - 2.7), 360), 4)
    expected = (rate_deg_h * (2.75 - 2.7)) % 360
    np.testing.assert_allclose(falling.azimuth_deg, [expected], atol=0.01)


def test_a_grazing_pass_has_the_azimuth_of_its_lowest_point():
    passes = passes_of(lambda h: 4 * np.sin(np.pi * h / 6) - 0.001, lambda h: 10 + 10 * h)
    assert passes.rising.tolist()[:2] == [True, False]
    # It sets where refraction still shows it, .7 degrees down: asin(.7 / 4) / 30 = .34 hours later.
    np.testing.assert_allclose(passes.azimuth_deg[:2], [10, 73.4], atol=10 * STEP_H * 1.5)


def test_what_has_no_orbit_is_not_up():
    passes = passes_of(lambda h: np.where((h > 2) & (h < 3), 30 + h, np.nan))
    assert len(passes) == 1
    np.testing.assert_allclose(hour_of(passes.start), 2, atol=2 * STEP_H)
    np.testing.assert_allclose(hour_of(passes.end), 3, atol=2 * STEP_H)


def test_points_belong_to_the_nearer_rise_or_set():
    passes = passes_of(lambda h: 60 * np.sin(2 * np.pi * (h - 2) / 12))
    # Up 2 to 8, top at 5; the first set ends at 8 and the next rise begins at 14.
    time = MIDNIGHT + (np.array([2.0, 4.9, 5.1, 8.0, 10.9, 11.1]) * 3600).astype("timedelta64[s]")
    found = passes.of(np.repeat(CODE, 6), time.astype("datetime64[ns]"))
    assert passes.rising[found].tolist() == [True, True, False, False, False, True]
    other = np.array([satellite_code("G02")], np.int32)
    assert passes.of(other, time[:1]).tolist() == [-1]


@pytest.fixture(scope="module")
def season():
    """Rises and sets of every real constellation, from spans that overlap by a day."""

    def between(first: str, last: str) -> HalfPasses:
        start, end = np.datetime64(first, "ns"), np.datetime64(last, "ns")
        navigation = season_navigation(nominal_sky(), start, end, constellations="GRECJ")
        orbits = BroadcastOrbits(navigation)
        codes = np.array([satellite_code(name) for name in orbits.satellites], np.int32)
        return half_passes([orbits], STATION.ecef_m, codes, start, end)

    return between("2016-12-29", "2017-01-01"), between("2016-12-30", "2017-01-02")


def test_a_rise_is_the_same_whichever_days_are_looked_at(season):
    # Around a new year with a leap second, and (2017-01-01 is a Sunday) a new GPS week.
    one, two = season

    def named(passes: HalfPasses) -> dict:
        names = satellite_names(passes.satellite)
        inside = (passes.highest >= np.datetime64("2016-12-30T18")) & (
            passes.highest < np.datetime64("2016-12-31T06")
        )
        keys = zip(names, passes.rising, passes.highest, strict=True)
        return {
            key: azimuth
            for key, azimuth, there in zip(keys, passes.azimuth_deg, inside, strict=True)
            if there
        }

    first, second = named(one), named(two)
    assert len(first) > 150
    assert first.keys() == second.keys()
    np.testing.assert_allclose(list(first.values()), [second[key] for key in first], atol=1e-6)


def test_rises_and_sets_of_a_satellite_do_not_overlap(season):
    passes, _ = season
    same = passes.satellite[1:] == passes.satellite[:-1]
    assert (passes.start[1:] >= passes.end[:-1])[same].all()
    assert (passes.end > passes.start).all()
    # What touches is the top of a pass, or the bottom of one that does not set.
    touching = same & (passes.start[1:] == passes.end[:-1])
    assert (passes.rising[1:] != passes.rising[:-1])[touching].all()
