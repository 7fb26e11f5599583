"""Seasons carried from a real broadcast file, against that file's own later records."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from retrieval import gnss
from retrieval.orbits import BroadcastOrbits, look_angles
from retrieval.rinex.navigation import read_navigation
from retrieval.rinex.navigation_records import Navigation
from retrieval.simulation.sky.propagation import season_navigation

ESBC_M = (3582105.2910, 532589.7313, 5232754.8054)
ESBC_NAV = "ground/rinex3/ESBC00DNK_R_20201770000_01D_MN.rnx.gz"
H = np.timedelta64(3_600_000_000_000, "ns")
DAY = np.datetime64("2020-06-25", "ns")


@pytest.fixture(scope="module")
def real(shared_data: Path) -> Navigation:
    return read_navigation(shared_data / ESBC_NAV)


def errors_deg(source: Navigation, truth: Navigation, letter: str) -> tuple[np.ndarray, np.ndarray]:
    """Return direction errors at ESBC of satellites up, and hours since the source's records."""
    made = season_navigation(source, DAY, DAY + 24 * H)
    names = [name for name in made.satellites if name[0] == letter]
    codes = np.array([gnss.satellite_code(name) for name in names], np.int32)
    time = DAY + np.arange(0, 24 * 12) * (H // 12)
    satellite, times = np.repeat(codes, len(time)), np.tile(time, len(codes))
    # Nearest real records within their own span of validity only.
    used = BroadcastOrbits(truth, max_age_h=2.0, glonass_max_age_h=0.5)
    first = look_angles([used], ESBC_M, satellite, times)
    second = look_angles([BroadcastOrbits(made)], ESBC_M, satellite, times)
    up = first.elevation_deg > 0
    assert up.sum() > 500
    assert np.isfinite(second.elevation_deg[up]).all()
    turn = (first.azimuth_deg - second.azimuth_deg + 180) % 360 - 180
    across = turn * np.cos(np.radians(first.elevation_deg))
    error = np.hypot(first.elevation_deg - second.elevation_deg, across)[up]
    since = (times[up] - DAY) / H
    return error, since


@pytest.mark.parametrize(
    ("letter", "typical_deg", "largest_deg"),
    # The operators let rates wander by up to 1e-4 about the ratio between manoeuvres, which is
    # 0.07 degrees of orbit in a day for GPS; Galileo and BeiDou MEO keep theirs within 2e-5.
    [("G", 0.02, 0.10), ("R", 0.005, 0.03), ("E", 0.005, 0.05), ("C", 0.02, 0.10)],
)
def test_a_day_from_its_first_hours_is_the_day_that_was(
    real: Navigation, letter: str, typical_deg: float, largest_deg: float
) -> None:
    early = Navigation(
        real.kepler.take(real.kepler.toe <= DAY + 2 * H),
        real.glonass.take(real.glonass.reference <= DAY + 2 * H),
    )
    error, since = errors_deg(early, real, letter)
    assert since.max() > 23
    print(f"{letter}: median {np.median(error):.4f}, largest {error.max():.4f} deg")
    assert np.median(error) < typical_deg
    assert error.max() < largest_deg


def test_after_300_days_all_satellites_are_on_their_orbits(real: Navigation) -> None:
    start = DAY + 300 * 24 * H
    made = season_navigation(real, start, start + 24 * H, constellations="GRECJ")
    moving = [name for name in real.satellites if name not in gnss.GEOSTATIONARY]
    assert list(made.satellites) == [name for name in moving if name[0] != "S"]
    orbits = BroadcastOrbits(made)
    time = start + np.arange(0, 24 * 4) * (H // 4)
    limits_km = {"G": (25_900, 27_250), "R": (25_400, 25_620), "E": (29_550, 29_650),
                 "C": (27_800, 42_600), "J": (38_800, 45_500)}  # fmt: skip
    tilt_deg = {"G": (52, 57), "R": (63, 67), "E": (54, 58), "C": (51, 60), "J": (40, 44)}
    stray = {"E14", "E18"}
    for name in made.satellites:
        code = np.full(len(time), gnss.satellite_code(name), np.int32)
        position = orbits.locate(code, time).position_m
        radius_km = np.linalg.norm(position, axis=1) / 1e3
        low, high = limits_km[name[0]] if name not in stray else (23_200, 32_700)
        assert (radius_km > low).all(), name
        assert (radius_km < high).all(), name
        highest = np.degrees(np.arcsin(np.abs(position[:, 2] / 1e3 / radius_km).max()))
        low, high = tilt_deg[name[0]] if name not in stray else (50, 51)
        assert low - 1 < highest < high, name


def test_drifting_gps_satellite_and_stray_galileos_keep_their_motion(real: Navigation) -> None:
    start = DAY + 100 * 24 * H
    made = season_navigation(real, start, start).kepler
    for name in ("G21", "E14", "E18"):
        code = gnss.satellite_code(name)
        kept = made.delta_n[made.satellite == code]
        assert np.isin(kept.round(15), real.kepler.delta_n[real.kepler.satellite == code].round(15))
    code = gnss.satellite_code("G16")
    assert abs(made.delta_n[made.satellite == code][0] - 4.5e-9) > 5e-9


def test_sky_of_gps_a_season_later_comes_earlier_by_four_minutes_a_day(real: Navigation) -> None:
    names = ["G05", "G10", "G26", "G27"]
    codes = np.array([gnss.satellite_code(name) for name in names], np.int32)
    rate = {code: real.kepler.omega_dot[real.kepler.satellite == code] for code in codes.tolist()}
    made = season_navigation(real, DAY, DAY + 24 * H, constellations="G")
    for code in codes:
        (omega_dot,) = set(made.kepler.omega_dot[made.kepler.satellite == code].tolist())
        assert omega_dot in rate[int(code)]
        shift_s = 90 * 2 * np.pi / (7.2921151467e-5 - omega_dot)
        # 90 days and 90 times 4 min 5 s: 6.1 h.
        assert (90 * 86_400 - shift_s) / 3600 == pytest.approx(6.13, abs=0.05)
        time = DAY + np.arange(0, 24, 2) * H
        later = time + np.timedelta64(round(shift_s * 1e9), "ns")
        far = season_navigation(real, later.min(), later.max(), constellations="G")
        satellite = np.full(len(time), code, np.int32)
        first = look_angles([BroadcastOrbits(made)], ESBC_M, satellite, time)
        second = look_angles([BroadcastOrbits(far)], ESBC_M, satellite, later)
        np.testing.assert_allclose(first.elevation_deg, second.elevation_deg, rtol=0, atol=0.01)


def test_source_may_hold_one_constellation(real: Navigation) -> None:
    gps_only = replace(real, glonass=real.glonass.take(np.zeros(0, np.intp)))
    made = season_navigation(gps_only, DAY, DAY + H)
    assert {name[0] for name in made.satellites} == set("GEC")
