"""Broadcast orbits of real files against precise orbits, and against measured pseudoranges."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from retrieval import gnss
from retrieval.orbits import BroadcastOrbits, LookAngles, PreciseOrbits, look_angles
from retrieval.orbits.selection import Choice
from retrieval.refraction import (
    apparent_elevation_deg,
    standard_atmosphere,
)
from retrieval.rinex.navigation import read_navigation
from retrieval.rinex.navigation_records import MESSAGES, Navigation
from retrieval.rinex.observations import read_observations
from retrieval.rinex.sp3 import read_sp3

ESBC_M = (3582105.2910, 532589.7313, 5232754.8054)
ESBC_NAV = "ground/rinex3/ESBC00DNK_R_20201770000_01D_MN.rnx.gz"
ESBC_SP3 = "ground/rinex3/GRG0MGXFIN_20201770000_01D_15M_ORB.SP3.gz"
ESBC_OBS = "ground/rinex3/ESBC00DNK_R_20201770000_01D_30S_MO.crx.gz"
CN00_M = (2874042.8770, -5356829.4800, 1923453.5060)
CN00_NAV = "ground/rinex2/brdc0010.21n.gz"
CN00_SP3 = "ground/rinex2/igs21385.sp3.gz"
CN00_OBS = "ground/rinex2/cn000010.21o.gz"

C_M_S = 299_792_458.0


@cache
def navigation(path: Path) -> Navigation:
    return read_navigation(path)


def angles_of_both(
    broadcast: BroadcastOrbits,
    precise: PreciseOrbits,
    station_m: tuple[float, float, float],
    day: str,
) -> tuple[LookAngles, LookAngles, np.ndarray]:
    """Angles of all satellites of the SP3 file every minute from 00:00 to 23:45."""
    minutes = np.arange(23 * 60 + 46) * np.timedelta64(60_000_000_000, "ns")
    codes = np.array([gnss.satellite_code(name) for name in precise.satellites], np.int32)
    satellite = np.repeat(codes, len(minutes))
    time = np.tile(np.datetime64(day, "ns") + minutes, len(codes))
    return (
        look_angles([broadcast], station_m, satellite, time),
        look_angles([precise], station_m, satellite, time),
        gnss.constellation_letters(satellite),
    )


def largest_difference_deg(first: LookAngles, second: LookAngles, rows: np.ndarray) -> float:
    """Largest of the differences of elevation and of azimuth times cos(elevation)."""
    elevation = first.elevation_deg[rows] - second.elevation_deg[rows]
    azimuth = (first.azimuth_deg[rows] - second.azimuth_deg[rows] + 180) % 360 - 180
    across = azimuth * np.cos(np.radians(second.elevation_deg[rows]))
    return float(np.maximum(np.abs(elevation), np.abs(across)).max())


@pytest.mark.parametrize(("choice", "limit_deg"), [("nearest", 0.001), ("latest", 0.01)])
@pytest.mark.parametrize(
    ("nav", "sp3", "station_m", "day", "letters"),
    [
        (ESBC_NAV, ESBC_SP3, ESBC_M, "2020-06-25", "GER"),
        (CN00_NAV, CN00_SP3, CN00_M, "2021-01-01", "G"),
    ],
)
def test_broadcast_angles_equal_precise_angles(
    shared_data: Path,
    nav: str,
    sp3: str,
    station_m: tuple[float, float, float],
    day: str,
    letters: str,
    choice: Choice,
    limit_deg: float,
) -> None:
    broadcast = BroadcastOrbits(navigation(shared_data / nav), choice)
    precise = PreciseOrbits(read_sp3(shared_data / sp3))
    first, second, letter = angles_of_both(broadcast, precise, station_m, day)
    assert np.isfinite(second.elevation_deg).all()
    # ESBC's file holds what the station itself received: satellites out of sight for half a day
    # have old ephemerides, which nobody needs.
    up = (second.elevation_deg > 0) & np.isfinite(first.elevation_deg)
    assert up.sum() > 0.97 * (second.elevation_deg > 0).sum()
    for name in letters:
        rows = up & (letter == ord(name))
        assert rows.sum() > 5000
        largest_deg = largest_difference_deg(first, second, rows)
        print(f"{day} {choice} {name}: {largest_deg:.1e} deg of {rows.sum()} directions")
        assert largest_deg <= limit_deg, name


def satellite_clock_s(
    orbits: BroadcastOrbits, satellite: np.ndarray, time: np.ndarray
) -> np.ndarray:
    """Clock error of the first frequency's signal, with relativity and group delay."""
    clock = np.full(len(satellite), np.nan)
    row = orbits.choose_kepler(satellite, time)
    rows = np.flatnonzero(row >= 0)
    kepler = orbits.kepler.take(row[rows])
    since = (time[rows] - kepler.toc).astype(np.int64) * 1e-9
    letter = gnss.constellation_letters(kepler.satellite)
    # Galileo's I/NAV clock is that of E5b and E1, its F/NAV clock that of E5a and E1.
    inav = (letter == ord("E")) & (kepler.message == MESSAGES.index("INAV"))
    delay = np.where(inav, kepler.tgd2, kepler.tgd)
    half = np.timedelta64(500_000_000, "ns")
    before, after = (
        orbits.locate(satellite[rows], time[rows] + shift).position_m for shift in (-half, half)
    )
    relativity = -2 * np.sum((after + before) / 2 * (after - before), axis=1) / C_M_S**2
    clock[rows] = kepler.af0 + kepler.af1 * since + kepler.af2 * since**2 + relativity - delay
    row = orbits.choose_glonass(satellite, time)
    rows = np.flatnonzero(row >= 0)
    glonass = orbits.glonass.take(row[rows])
    since = (time[rows] - glonass.reference).astype(np.int64) * 1e-9
    clock[rows] = glonass.clock_bias_s + glonass.frequency_bias * since
    return clock


def pseudorange_residuals_m(
    orbits: BroadcastOrbits,
    observations: Path,
    station_m: tuple[float, float, float],
    signals: list[str],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Satellite names, elevations (degrees) and residuals of every tenth epoch's pseudoranges.

    The model: geometric range with the Earth's turn in flight, satellite clock, troposphere
    (2.4 m at the zenith, mapped after Black and Eisner 1984), receiver clock as the median of each
    epoch and constellation; QZSS shares the clock of GPS, whose time it keeps. No ionosphere: both
    days lie in a solar minimum.
    """
    table = read_observations(observations, kind="C").snr
    table = table.where(np.isin(table.signal, [gnss.signal_code(name) for name in signals]))
    _, epoch = np.unique(table.time, return_inverse=True)
    table = table.where(epoch % 10 == 0)
    angles = look_angles([orbits], station_m, table.satellite, table.time)
    keep = angles.elevation_deg > 5
    table = table.where(keep)
    elevation_deg = angles.elevation_deg[keep]
    range_m = table.snr_dbhz
    sent = table.time - (range_m / C_M_S * 1e9).astype(np.int64).astype("timedelta64[ns]")
    clock_s = satellite_clock_s(orbits, table.satellite, sent)
    sent -= np.round(clock_s * 1e9).astype(np.int64).astype("timedelta64[ns]")
    x, y, z = orbits.locate(table.satellite, sent).position_m.T
    turn = 7.2921151467e-5 * range_m / C_M_S
    turned = np.stack(
        [x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn), z], axis=1
    )
    modelled = np.linalg.norm(turned - np.array(station_m), axis=1) - C_M_S * clock_s
    modelled += 2.4 * 1.001 / np.sqrt(0.002001 + np.sin(np.radians(elevation_deg)) ** 2)
    residual = range_m - modelled
    letter = gnss.constellation_letters(table.satellite).astype(np.int64)
    letter[letter == ord("J")] = ord("G")
    group = np.unique(table.time, return_inverse=True)[1] * 256 + letter
    for value in np.unique(group):
        rows = group == value
        residual[rows] -= np.median(residual[rows])
    return gnss.satellite_names(table.satellite).astype(str), elevation_deg, residual


ESBC_SIGNALS = ["GS1C", "RS1C", "ES1C", "CS2I", "JS1C"]


def test_pseudoranges_fit_the_orbits_of_every_constellation(shared_data: Path) -> None:
    orbits = BroadcastOrbits(navigation(shared_data / ESBC_NAV))
    satellite, elevation_deg, residual_m = pseudorange_residuals_m(
        orbits, shared_data / ESBC_OBS, ESBC_M, ESBC_SIGNALS
    )
    size_m = np.abs(residual_m)
    letter = satellite.astype("U1")
    for name in "GERC":
        rows = (letter == name) & (elevation_deg > 15)
        assert rows.sum() > 1500
        print(f"{name} above 15 deg: {np.percentile(size_m[rows], 95):.1f} m at 95 %")
        assert np.percentile(size_m[rows], 95) <= 20, name
    # From Denmark QZSS never stands higher than 9 degrees, and BeiDou's C05, geostationary, at 14.
    quasi_zenith, geostationary = letter == "J", satellite == "C05"
    for rows in (quasi_zenith, geostationary):
        assert rows.sum() > 50
        low = f"{elevation_deg[rows].min():.0f} to {elevation_deg[rows].max():.0f} deg"
        print(f"{satellite[rows][0][0]} at {low}: {np.percentile(size_m[rows], 95):.1f} m at 95 %")
        assert np.percentile(size_m[rows], 95) <= 20


def test_forgotten_beidou_offset_shows_in_pseudoranges(shared_data: Path) -> None:
    orbits = BroadcastOrbits(navigation(shared_data / ESBC_NAV))
    late = orbits.kepler.toe - np.timedelta64(14_000_000_000, "ns")
    broken = replace(navigation(shared_data / ESBC_NAV), kepler=replace(orbits.kepler, toe=late))
    _, _, residual_m = pseudorange_residuals_m(
        BroadcastOrbits(broken), shared_data / ESBC_OBS, ESBC_M, ["CS2I"]
    )
    assert np.median(np.abs(residual_m)) > 1000


def test_pseudoranges_of_a_rinex_2_day_fit_the_orbits(shared_data: Path) -> None:
    _, elevation_deg, residual_m = pseudorange_residuals_m(
        BroadcastOrbits(navigation(shared_data / CN00_NAV)), shared_data / CN00_OBS, CN00_M, ["GS1"]
    )
    high = elevation_deg > 15
    assert high.sum() > 2000
    print(f"CN00 above 15 deg: {np.percentile(np.abs(residual_m[high]), 95):.1f} m at 95 %")
    assert np.percentile(np.abs(residual_m[high]), 95) <= 20


def gnssrefl_elevations_deg(shared_data: Path) -> tuple[np.ndarray, np.ndarray]:
    """Geometric elevations of MCHL day 11 and gnssrefl's refracted ones of the same moments."""
    table = np.loadtxt(shared_data / "ground/snr66/mchl0110.25.snr66.gz")
    geometric, refracted = [], []
    for path in sorted((shared_data / "ground/gnssrefl/arcs_2025_011").glob("sat*.txt")):
        arc = np.loadtxt(path, comments="%")
        rows = table[table[:, 0] == int(path.name[3:6])]
        _, ours, theirs = np.intersect1d(rows[:, 3], arc[:, 2], return_indices=True)
        geometric.append(rows[ours, 1])
        refracted.append(arc[theirs, 0])
    return np.concatenate(geometric), np.concatenate(refracted)


def test_refraction_agrees_with_gnssrefl(shared_data: Path) -> None:
    geometric, refracted = gnssrefl_elevations_deg(shared_data)
    assert len(geometric) > 1200
    # Its elevations are reproduced by Bennett's formula on the geometric elevation, in the mean
    # atmosphere of the site (GPT2w: about 959.1 hPa, 20.9 degrees).
    theirs = apparent_elevation_deg(geometric, 959.1, 20.9)
    np.testing.assert_allclose(theirs, refracted, rtol=0, atol=1e-4)
    # The standard atmosphere at the station's height of 534.6 m is 9 K colder than that mean, so
    # 2.4 % denser: .0037 degrees of the .155 at 5 degrees.
    ours = apparent_elevation_deg(geometric, *standard_atmosphere(534.6))
    np.testing.assert_allclose(ours, refracted, rtol=0, atol=4e-3)
