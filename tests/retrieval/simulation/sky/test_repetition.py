"""Repeating tracks: the rates that close them, and how long that takes."""

import numpy as np
import pytest

from retrieval import gnss
from retrieval.simulation.sky.flattening import flattening, semi_major_axis_m
from retrieval.simulation.sky.repetition import repeat_period_s, repeating_rate

RATE = 7.2921151467e-5


def codes(*names: str) -> np.ndarray:
    return np.array([gnss.satellite_code(name) for name in names], np.int32)


@pytest.mark.parametrize(
    ("name", "size_km", "inclination_deg", "orbits", "days", "node_rate"),
    # Node rates by hand: -1.5 * 1.08262668e-3 * (6378.137 / size)^2 * cos i * mean motion.
    [
        ("G05", 26_560, 55.0, 2, 1, -7.834e-9),
        ("R05", 25_508, 64.8, 17, 8, -6.699e-9),
        ("E05", 29_600, 56.0, 17, 10, -5.227e-9),
        ("C25", 27_906, 55.0, 13, 7, -6.589e-9),
        ("C07", 42_164, 55.0, 1, 1, -1.554e-9),
        ("J02", 42_164, 41.0, 1, 1, -2.045e-9),
    ],
)
def test_orbits_of_the_published_sizes_have_the_published_ratios(
    name: str, size_km: float, inclination_deg: float, orbits: int, days: int, node_rate: float
) -> None:
    motion = np.sqrt(3.986004418e14 / (1e3 * size_km) ** 3)
    effect = flattening(1e3 * size_km, np.radians(inclination_deg))
    assert motion * effect.node_rate == pytest.approx(node_rate, rel=2e-3)
    rate, turns = repeating_rate(codes(name), np.array([motion]), np.array([node_rate]))
    assert turns.tolist() == [days]
    assert rate[0] == pytest.approx(orbits / days * (RATE - node_rate), rel=1e-7)
    # The size that goes with that rate is the published one, to the rounding of it.
    assert semi_major_axis_m(rate, np.radians(inclination_deg))[0] == pytest.approx(
        1e3 * size_km, abs=4e3
    )
    # A sidereal day of 86,164.0905 s, shorter by the fraction w / W for a node that moves back.
    period = repeat_period_s(codes(name), np.array([motion]), np.array([node_rate]))
    assert period[0] == pytest.approx(days * 86_164.0905 * (1 + node_rate / RATE), abs=0.02 * days)


def test_gps_sky_returns_four_minutes_earlier_each_day() -> None:
    # 86,400 - 86,164.09 = 235.9 s, and 86,164 * 7.834e-9 / 7.292e-5 = 9.3 s of the node.
    period = repeat_period_s(codes("G01"), np.array([2 * RATE]), np.array([-7.834e-9]))
    assert 86_400 - period[0] == pytest.approx(245.2, abs=0.1)


def test_satellites_far_from_the_ratio_keep_their_motion() -> None:
    # Galileo's E14 makes 1.85 orbits a day, where 1.7 would repeat.
    found, node_rate = np.array([1.85 * RATE]), np.array([-1.1e-8])
    rate, turns = repeating_rate(codes("E14"), found, node_rate)
    assert rate.tolist() == found.tolist()
    assert turns.tolist() == [0]
    assert np.isnan(repeat_period_s(codes("E14"), found, node_rate)[0])
