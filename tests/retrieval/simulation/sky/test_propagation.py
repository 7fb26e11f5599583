"""Seasons of navigation records: continuity, repeating skies, and an independent integration."""

from dataclasses import fields

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from retrieval import gnss
from retrieval.errors import InputError
from retrieval.orbits import BroadcastOrbits, look_angles
from retrieval.orbits.glonass import glonass_positions
from retrieval.orbits.kepler import KeplerOrbits
from retrieval.rinex.navigation_records import Navigation
from retrieval.simulation.sky.events import Outage, Replaced, Unhealthy
from retrieval.simulation.sky.nominal_sky import nominal_sky
from retrieval.simulation.sky.propagation import season_navigation
from retrieval.station import Station

STATION_M = Station("test", 48.25, 16.75, 200.0).ecef_m
RATE = 7.2921151467e-5
SKY = nominal_sky()
H = np.timedelta64(3_600_000_000_000, "ns")
S = np.timedelta64(1_000_000_000, "ns")


def gps(text: str) -> np.datetime64:
    return np.datetime64(text, "ns")


def code(name: str) -> int:
    return gnss.satellite_code(name)


def directions(names: list[str], times: np.ndarray) -> np.ndarray:
    """Unit vectors in the station's sky at times (names, times), (names, times, 3)."""
    orbits = BroadcastOrbits(
        season_navigation(SKY, times.min() - 3 * H, times.max() + 3 * H, constellations="GRECJ")
    )
    satellite = np.repeat(np.array([code(name) for name in names], np.int32), times.shape[1])
    angles = look_angles([orbits], STATION_M, satellite, times.ravel())
    assert np.isfinite(angles.elevation_deg).all()
    e, a = np.radians(angles.elevation_deg), np.radians(angles.azimuth_deg)
    return np.stack([np.cos(e) * np.sin(a), np.cos(e) * np.cos(a), np.sin(e)], axis=1).reshape(
        *times.shape, 3
    )


def angle_deg(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.degrees(2 * np.arcsin(np.linalg.norm(first - second, axis=-1) / 2))


def after(start: str, seconds: np.ndarray) -> np.ndarray:
    return gps(start) + np.round(seconds * 1e9).astype(np.int64).astype("timedelta64[ns]")


@pytest.mark.parametrize("day", ["2019-12-31", "2024-01-06", "2024-11-02", "2031-07-19"])
def test_neighbouring_records_describe_one_orbit(day: str) -> None:
    orbits = BroadcastOrbits(
        season_navigation(SKY, gps(day), gps(day) + 30 * H, constellations="GRECJ")
    )
    kepler, glonass = orbits.kepler, orbits.glonass
    rows = np.flatnonzero(np.diff(kepler.satellite) == 0)
    middle = kepler.toe[rows] + 1 * H
    assert (np.diff(kepler.toe)[rows] == 2 * H).all()
    table = KeplerOrbits(kepler)
    jump = table.positions(rows, middle) - table.positions(rows + 1, middle)
    assert np.linalg.norm(jump, axis=1).max() < 0.01
    rows = np.flatnonzero(np.diff(glonass.satellite) == 0)
    middle = glonass.reference[rows] + 900 * S
    assert (np.diff(glonass.reference)[rows] == 1800 * S).all()
    jump = glonass_positions(glonass, rows, middle) - glonass_positions(glonass, rows + 1, middle)
    # Messages tell positions to 0.5 m and velocities to 1 mm/s, which is 0.9 m after 15 minutes.
    assert np.linalg.norm(jump, axis=1).max() < 4


def test_records_cover_the_span_on_the_grids_of_their_time_scales() -> None:
    season = season_navigation(SKY, gps("2024-05-14T01:00"), gps("2024-05-14T09:00"))
    of = gnss.constellation_letters(season.kepler.satellite)
    for letter, first, last in (
        ("G", "2024-05-14T00:00:00", "2024-05-14T10:00:00"),
        ("E", "2024-05-14T00:00:00", "2024-05-14T10:00:00"),
        # BeiDou time is 14 s behind.
        ("C", "2024-05-14T00:00:14", "2024-05-14T10:00:14"),
    ):
        toe = season.kepler.toe[of == ord(letter)]
        assert (toe.min(), toe.max()) == (gps(first), gps(last))
    # GLONASS: UTC quarters, 18 leap seconds in GPS time; 00:45 is the last before 00:59:42 UTC.
    reference = season.glonass.reference
    assert reference.min() == gps("2024-05-14T00:45:18")
    assert reference.max() == gps("2024-05-14T09:15:18")
    # 2024-05-14 is a Tuesday, two days into the week.
    week_s = season.kepler.toe_s[season.kepler.toe == gps("2024-05-14T02:00:14")]
    assert set(week_s.tolist()) == {2 * 86_400.0 + 7200.0}


def test_a_record_is_the_same_whatever_the_span() -> None:
    short = season_navigation(SKY, gps("2024-05-14T04:00"), gps("2024-05-14T05:00"))
    long = season_navigation(SKY, gps("2024-05-12T00:00"), gps("2024-05-16T00:00"))
    for few, many, time in (
        (short.kepler, long.kepler, "toe"),
        (short.glonass, long.glonass, "reference"),
    ):
        place = {
            key: row
            for row, key in enumerate(
                zip(many.satellite.tolist(), getattr(many, time).tolist(), strict=True)
            )
        }
        rows = [
            place[key]
            for key in zip(few.satellite.tolist(), getattr(few, time).tolist(), strict=True)
        ]
        assert len(rows) > 20
        for column in fields(few):
            np.testing.assert_array_equal(
                getattr(few, column.name), getattr(many, column.name)[rows]
            )


@pytest.mark.parametrize(
    ("letter", "turns", "node_rate"),
    # Sidereal days of 2 pi / W, shorter by the node's drift; hand-derived in test_repetition.
    [
        ("G", 1, -7.834e-9),
        ("R", 8, -6.699e-9),
        ("E", 10, -5.227e-9),
        ("C", 7, -6.589e-9),
        ("IGSO", 1, -1.554e-9),
        ("J", 1, -2.045e-9),
    ],
)
def test_sky_repeats_after_the_constellation_s_period(
    letter: str, turns: int, node_rate: float
) -> None:
    period_s = turns * 2 * np.pi / (RATE - node_rate)
    igso = [f"C{number:02d}" for number in range(6, 11)]
    names = [name for name in SKY.satellites if name[0] == letter and name not in igso]
    names = igso if letter == "IGSO" else names
    seconds = np.tile(np.arange(0, 86_400, 600.0), (len(names), 1))
    first = directions(names, after("2024-03-29T00:00", seconds))
    again = directions(names, after("2024-03-29T00:00", seconds + period_s))
    assert angle_deg(first, again).max() < 0.1
    # An hour off it is another sky, so the test could fail.
    other = directions(names, after("2024-03-29T00:00", seconds + period_s + 3600))
    assert angle_deg(first, other).max() > 5


def test_gps_sky_of_300_days_later_is_the_same_when_shifted_accordingly() -> None:
    names = [name for name in SKY.satellites if name[0] == "G"]
    # Each satellite's own period, since nodes drift at rates that differ by 2 %.
    node_rate = {
        gnss.satellite_name(int(satellite)): rate
        for satellite, rate in zip(SKY.kepler.satellite, SKY.kepler.omega_dot, strict=True)
    }
    period_s = np.array([2 * np.pi / (RATE - node_rate[name]) for name in names])
    seconds = np.tile(np.arange(0, 86_400, 600.0), (len(names), 1))
    first = directions(names, after("2024-03-29T00:00", seconds))
    again = directions(names, after("2024-03-29T00:00", seconds + 300 * period_s[:, None]))
    assert angle_deg(first, again).max() < 0.01
    # 300 days come 300 * 245.2 s = 20.4 h earlier.
    assert np.median(300 * (86_400 - period_s)) / 3600 == pytest.approx(20.43, abs=0.05)


def acceleration(position: np.ndarray) -> np.ndarray:
    """Central attraction and J2 (Vallado, Fundamentals of astrodynamics, eq. 8-30 ff.)."""
    gm, radius, j2 = 3.986004418e14, 6_378_137.0, 1.08262668e-3
    r = np.linalg.norm(position)
    z2 = 5 * (position[2] / r) ** 2
    extra = -1.5 * j2 * gm * radius**2 / r**5 * position * np.array([1 - z2, 1 - z2, 3 - z2])
    return -gm * position / r**3 + extra


def turned(vector: np.ndarray, angle: float) -> np.ndarray:
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]]) @ vector


@pytest.mark.parametrize("name", ["G01", "G17", "E07", "C27", "C06", "R11"])
def test_orbit_of_a_day_equals_a_numerical_integration(name: str) -> None:
    start = gps("2024-05-14T06:00")
    orbits = BroadcastOrbits(season_navigation(SKY, start - 3 * H, start + 30 * H))
    satellite = np.full(3, code(name), np.int32)
    before, here, behind = orbits.locate(satellite, start + np.array([-1, 0, 1]) * S).position_m
    spin = np.array([0, 0, RATE])
    velocity = (behind - before) / 2 + np.cross(spin, here)
    # The third derivative, -n^2 v, makes a central difference of 1 s 1e-8 too slow.
    seconds = np.arange(0, 86_401, 3600.0)
    path = solve_ivp(
        lambda _, state: np.concatenate([state[3:], acceleration(state[:3])]),
        (0, 86_400),
        np.concatenate([here, velocity]),
        "DOP853",
        seconds,
        rtol=1e-10,
        atol=1e-3,
    ).y[:3]
    expected = np.array(
        [turned(place, -RATE * t) for place, t in zip(path.T, seconds, strict=True)]
    )
    found = orbits.locate(
        np.full(len(seconds), code(name), np.int32), start + seconds.astype(int) * S
    ).position_m
    unit = found / np.linalg.norm(found, axis=1, keepdims=True)
    unit_expected = expected / np.linalg.norm(expected, axis=1, keepdims=True)
    # J2 to second order is 1e-8 of 4 pi rad; its first order, left out, would be 0.1 degrees.
    assert angle_deg(unit, unit_expected).max() < 0.002
    radius = np.linalg.norm(found, axis=1) - np.linalg.norm(expected, axis=1)
    assert np.abs(radius).max() < 3e3


def season(*events, satellites=None, constellations: str = "GREC") -> Navigation:
    return season_navigation(
        SKY,
        gps("2024-05-14T00:00"),
        gps("2024-05-15T00:00"),
        events=events,
        satellites=satellites,
        constellations=constellations,
    )


def test_outage_leaves_no_record_inside() -> None:
    start, end = gps("2024-05-14T05:00"), gps("2024-05-14T11:00")
    found = season(Outage("G05", start, end), Outage("R05", start, end))
    toe = found.kepler.toe[found.kepler.satellite == code("G05")]
    assert toe.tolist() == [
        gps(f"2024-05-14T{hour:02d}").astype(int) for hour in (0, 2, 4, 12, 14, 16, 18, 20, 22)
    ] + [gps("2024-05-15T00").astype(int)]
    reference = found.glonass.reference[found.glonass.satellite == code("R05")]
    assert not ((reference >= start) & (reference < end)).any()
    assert len(reference) > 30
    assert (found.kepler.satellite == code("G06")).sum() == 13


@pytest.mark.parametrize(("name", "word"), [("G05", 63.0), ("E05", 1.0), ("C25", 1.0)])
def test_unhealthy_records_say_so(name: str, word: float) -> None:
    found = season(Unhealthy(name, gps("2024-05-14T05:30"), gps("2024-05-14T08:30"))).kepler
    rows = found.satellite == code(name)
    # Records at 06 and 08 speak for 05 to 09 o'clock.
    hour = (found.toe - gps("2024-05-14")) // H
    assert {int(h): w for h, w in zip(hour[rows], found.health[rows], strict=True) if w} == {
        6: word,
        8: word,
    }
    assert (found.health[~rows] == 0).all()


def test_unhealthy_glonass_states_say_so() -> None:
    found = season(Unhealthy("R05", gps("2024-05-14T05:30"), gps("2024-05-14T06:30"))).glonass
    ill = found.reference[(found.satellite == code("R05")) & (found.health == 1)]
    # 05:15:18 speaks until 05:30:18.
    assert (ill.min(), ill.max()) == (gps("2024-05-14T05:15:18"), gps("2024-05-14T06:15:18"))
    assert found.health.sum() == len(ill) == 3


@pytest.mark.parametrize(("name", "by"), [("G05", "G32"), ("G05", "G07"), ("R05", "R26")])
def test_newcomer_flies_a_little_ahead_of_where_the_other_would_be(name: str, by: str) -> None:
    at = gps("2024-05-14T12:00")
    found = season(Replaced(name, by, at, ahead_deg=3.0))
    for table in (found.kepler, found.glonass):
        reference = table.reference if table is found.glonass else table.toe
        assert (reference[table.satellite == code(name)] < at).all()
        assert (reference[table.satellite == code(by)] >= at).all()
    time = np.array([at + 3 * H])
    new = BroadcastOrbits(found).locate(np.array([code(by)], np.int32), time).position_m[0]
    old = BroadcastOrbits(season()).locate(np.array([code(name)], np.int32), time).position_m[0]
    between = angle_deg(new / np.linalg.norm(new), old / np.linalg.norm(old))
    # 3 degrees of mean anomaly are within 2 e = 3 % of as many of direction.
    assert between == pytest.approx(3.0, abs=0.12)


def test_new_vehicle_under_the_old_number_has_records_without_a_gap() -> None:
    at = gps("2024-05-14T12:00")
    changed, plain = season(Replaced("G05", "G05", at)).kepler, season().kepler
    assert (changed.satellite == plain.satellite).all()
    moved = changed.m0 != plain.m0
    assert (moved == ((plain.satellite == code("G05")) & (plain.toe >= at))).all()


def test_only_wanted_constellations_and_satellites_are_given() -> None:
    assert {name[0] for name in season(constellations="GJ").satellites} == {"G", "J"}
    assert season(satellites=["G05", "R11", "E36"]).satellites == ("G05", "R11")
    assert len(season(constellations="I")) == 0


def test_the_newest_healthy_inav_record_is_the_one_carried() -> None:
    plain = season(constellations="E", satellites=["E05"])
    last = plain.kepler.take(np.array([12]))
    table = {column.name: getattr(last, column.name) for column in fields(last)}
    later = {"toe": last.toe + 2 * H, "toc": last.toc + 2 * H, "toe_s": last.toe_s + 7200}
    ill = type(last)(**{**table, **later, "health": np.ones(1), "eccentricity": np.array([0.1])})
    other = type(last)(**{**table, "message": last.message + 1, "eccentricity": np.array([0.2])})
    sooner = {"toe": last.toe - 2 * H, "toc": last.toc - 2 * H, "toe_s": last.toe_s - 7200}
    old = type(last)(**{**table, **sooner, "eccentricity": np.array([0.3])})
    source = Navigation(type(last).concatenate([other, ill, old, last]), plain.glonass)
    found = season_navigation(source, gps("2025-01-01"), gps("2025-01-02"))
    assert set(found.kepler.eccentricity.tolist()) == {last.eccentricity[0]}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"constellations": "GX"}, "X is none of"),
        ({"satellites": ["GPS"]}, "'GPS'"),
        ({"end": gps("2024-05-13T00:00")}, "an end not before the start"),
    ],
)
def test_impossible_wishes_are_refused(changes, message) -> None:
    arguments = {"start": gps("2024-05-14"), "end": gps("2024-05-15"), **changes}
    with pytest.raises(InputError, match=message):
        season_navigation(SKY, **arguments)
