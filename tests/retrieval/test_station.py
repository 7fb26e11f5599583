"""Station positions against hand-worked geometry."""

import numpy as np
import pytest

from retrieval.errors import PositionMissingError
from retrieval.station import Station, distance_m, geodetic_to_ecef


def test_equator_at_greenwich_is_the_semi_major_axis():
    assert geodetic_to_ecef(0, 0, 0) == pytest.approx([6378137.0, 0, 0], abs=1e-6)


def test_pole_is_the_semi_minor_axis():
    assert geodetic_to_ecef(90, 0, 100) == pytest.approx([0, 0, 6356752.314245 + 100], abs=1e-4)


def test_ecef_and_geodetic_round_trip():
    station = Station("MCHL", -26.358904661, 148.144960505, 534.591379)
    again = Station.from_ecef("MCHL", tuple(station.ecef_m))
    assert again.latitude_deg == pytest.approx(station.latitude_deg, abs=1e-11)
    assert again.longitude_deg == pytest.approx(station.longitude_deg, abs=1e-11)
    assert again.height_m == pytest.approx(station.height_m, abs=1e-6)


def test_local_axes_point_east_north_and_up():
    axes = Station("X", 0, 0, 0).east_north_up
    np.testing.assert_allclose(axes, [[0, 1, 0], [0, 0, 1], [1, 0, 0]], atol=1e-15)
    tilted = Station("Y", 47.3, -12.9, 300).east_north_up
    np.testing.assert_allclose(tilted @ tilted.T, np.eye(3), atol=1e-14)


def test_distance_is_straight():
    assert distance_m((0, 0, 0), (3, 4, 12)) == 13


@pytest.mark.parametrize("place", [(91, 0, 0), (0, 400, 0), (0, 0, 6378137)])
def test_impossible_positions_are_refused(place):
    with pytest.raises(PositionMissingError):
        Station("X", *place)
