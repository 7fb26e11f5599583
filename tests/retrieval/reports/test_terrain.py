"""Horizons of terrain whose shape gives them by hand."""

import numpy as np
import pytest

from retrieval.errors import InputError
from retrieval.reports.terrain import EARTH_RADIUS_M, Rays, horizon_deg, ray_places
from retrieval.station import Station, distance_m

DISTANCE_M = np.arange(20.0, 20_000.0, 10.0)


def test_a_cone_is_seen_at_its_tangent():
    # A hill of Gaussian shape due east, 600 m high and 2 km away, 500 m wide; flat else.
    def hill(d):
        return 600.0 * np.exp(-0.5 * ((d - 2000.0) / 500.0) ** 2)

    heights = np.zeros((4, len(DISTANCE_M)))
    heights[1] = hill(DISTANCE_M)
    found = horizon_deg(Rays(DISTANCE_M, heights, 0.0), 1.5)
    # Where the ray from the eye touches: the slope of the hill is that of the ray, solved by
    # bisection of h'(d) d - (h(d) - 1.5) on the near side of the top; the Earth sinks by .3 m.
    low, high = 1200.0, 1999.0
    for _ in range(60):
        d = 0.5 * (low + high)
        slope = -hill(d) * (d - 2000.0) / 500.0**2
        low, high = (d, high) if slope * d > hill(d) - 1.5 else (low, d)
    sunk = d**2 / (2 * EARTH_RADIUS_M)
    assert found[1] == pytest.approx(np.degrees(np.arctan2(hill(d) - 1.5 - sunk, d)), abs=0.01)
    assert found[1] > 17.0


def test_over_the_sea_the_horizon_dips_by_the_root_of_twice_the_height_over_the_radius():
    found = horizon_deg(Rays(DISTANCE_M, np.zeros((3, len(DISTANCE_M))), 0.0), 10.0)
    # Classic: dip = arccos(R / (R + h)), 11.3 km away.
    expected = -np.degrees(np.arccos(EARTH_RADIUS_M / (EARTH_RADIUS_M + 10.0)))
    assert found == pytest.approx([expected] * 3, abs=1e-4)


def test_the_level_that_heights_are_counted_from_does_not_matter():
    heights = 50.0 * np.sin(DISTANCE_M / 300.0)[None, :]
    sea = horizon_deg(Rays(DISTANCE_M, heights, 0.0), 2.0)
    ellipsoid = horizon_deg(Rays(DISTANCE_M, heights + 40.0, 40.0), 2.0)
    assert ellipsoid == pytest.approx(sea, abs=1e-3)


def test_far_peaks_sink_behind_the_earth():
    heights = np.zeros((1, len(DISTANCE_M)))
    heights[0, -1] = 100.0
    d = DISTANCE_M[-1]
    found = horizon_deg(Rays(DISTANCE_M, heights, 0.0), 2.0)
    flat = np.degrees(np.arctan2(98.0, d))
    assert found[0] == pytest.approx(flat - np.degrees(d / (2 * EARTH_RADIUS_M)), abs=1e-3)


def test_rays_without_heights_are_unknown_and_gaps_are_skipped():
    heights = np.full((2, 3), np.nan)
    heights[1, 1] = 12.0
    found = horizon_deg(Rays(np.array([50.0, 100.0, 150.0]), heights, 0.0), 2.0)
    assert np.isnan(found[0])
    assert found[1] == pytest.approx(np.degrees(np.arctan2(10.0, 100.0)), abs=0.01)


@pytest.mark.parametrize(
    ("rays", "antenna_m", "words"),
    [
        (Rays(np.array([10.0]), np.zeros((2, 2)), 0.0), 2.0, "heights of shape"),
        (Rays(np.array([0.0]), np.zeros((2, 1)), 0.0), 2.0, "do not increase"),
        (Rays(np.array([20.0, 10.0]), np.zeros((2, 2)), 0.0), 2.0, "do not increase"),
        (Rays(np.array([10.0]), np.zeros((2, 1)), np.nan), 2.0, "no height below the antenna"),
        (Rays(np.array([10.0]), np.zeros((2, 1)), 0.0), 0.0, "expected more than 0"),
    ],
)
def test_what_makes_no_horizon_is_refused(rays, antenna_m, words):
    with pytest.raises(InputError, match=words):
        horizon_deg(rays, antenna_m)


def test_places_of_rays_lie_where_the_ellipsoid_has_them_to_half_a_percent():
    station = Station("here", 48.0, 16.0, 0.0)
    distance = np.array([500.0, 5000.0, 20_000.0])
    latitude, longitude = ray_places(48.0, 16.0, distance, 8)
    for ray in range(8):
        for k, wanted in enumerate(distance):
            there = Station("there", latitude[ray, k], longitude[ray, k], 0.0)
            away = station.east_north_up @ (there.ecef_m - station.ecef_m)
            assert distance_m(station.ecef_m, there.ecef_m) == pytest.approx(wanted, rel=0.006)
            turned = np.degrees(np.arctan2(away[0], away[1])) - 45.0 * ray
            assert (turned + 180) % 360 - 180 == pytest.approx(0.0, abs=0.2)
