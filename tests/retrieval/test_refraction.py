"""Refraction against printed values."""

import numpy as np
import pytest

from retrieval.refraction import (
    apparent_elevation_deg,
    bennett_refraction_deg,
    standard_atmosphere,
)


@pytest.mark.parametrize(
    ("apparent_deg", "arc_minutes"),
    [
        # Meeus, Astronomical Algorithms (2nd ed.), example 16.a.
        (0.5, 28.754),
        # By hand: cot(7.31 / 4.4 degrees) = cot(1.66136 degrees).
        (0.0, 34.478),
        # By hand: cot(45 + 7.31 / 49.4 degrees) = cot(45.14798 degrees).
        (45.0, 0.99485),
    ],
)
def test_bennett_values(apparent_deg: float, arc_minutes: float) -> None:
    found = float(bennett_refraction_deg(apparent_deg)) * 60
    assert found == pytest.approx(arc_minutes, abs=1e-3)


def test_refraction_grows_with_pressure_and_falls_with_temperature() -> None:
    base = float(bennett_refraction_deg(10.0, 1010.0, 10.0))
    assert float(bennett_refraction_deg(10.0, 505.0, 10.0)) == pytest.approx(base / 2)
    # 273 + 33 K is 306 K: 283 / 306 of it.
    assert float(bennett_refraction_deg(10.0, 1010.0, 33.0)) == pytest.approx(base * 283 / 306)


def test_apparent_elevation_rises_with_the_geometric_one() -> None:
    geometric = np.concatenate([np.linspace(-5, 90, 2000), [np.nan]])
    apparent = apparent_elevation_deg(geometric, 950.0, 20.0)
    assert (np.diff(apparent[:-1]) > 0).all()
    assert (apparent[:-1] >= geometric[:-1] - 0.002).all()
    assert np.isnan(apparent[-1])


def test_solving_for_the_apparent_elevation_would_bend_a_little_less() -> None:
    # a - R(a) = e by repeated substitution, the strict use of the formula.
    for geometric, larger_deg in ((5.0, 0.0036), (15.0, 0.0002)):
        strict = geometric
        for _ in range(50):
            strict = geometric + float(bennett_refraction_deg(strict, 950.66, 11.53))
        ours = float(apparent_elevation_deg(geometric, 950.66, 11.53))
        assert ours - strict == pytest.approx(larger_deg, abs=5e-5)


@pytest.mark.parametrize(
    ("height_m", "pressure_hpa", "temperature_c"),
    # ICAO Doc 7488, table of the standard atmosphere (geopotential heights).
    [
        (0.0, 1013.25, 15.0),
        (1000.0, 898.75, 8.5),
        (5000.0, 540.20, -17.5),
        (11000.0, 226.32, -56.5),
    ],
)
def test_standard_atmosphere(height_m: float, pressure_hpa: float, temperature_c: float) -> None:
    pressure, temperature = standard_atmosphere(height_m)
    assert pressure == pytest.approx(pressure_hpa, abs=0.02)
    assert temperature == pytest.approx(temperature_c, abs=1e-6)


def test_wrong_units_are_refused() -> None:
    with pytest.raises(ValueError, match="pressure_hpa 101325"):
        apparent_elevation_deg(10.0, 101325.0, 15.0)
    with pytest.raises(ValueError, match="temperature_c 288"):
        apparent_elevation_deg(10.0, 1013.25, 288.0)
    with pytest.raises(ValueError, match="height"):
        standard_atmosphere(20_200_000.0)
