"""Navigation text: read back by our reader and by georinex."""

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from retrieval import gnss
from retrieval.errors import InputError
from retrieval.orbits import BroadcastOrbits, LookAngles, look_angles
from retrieval.rinex.navigation import parse_navigation, read_navigation
from retrieval.rinex.navigation_records import Navigation
from retrieval.simulation.sky.navigation_writer import navigation_text
from retrieval.simulation.sky.nominal_sky import nominal_sky
from retrieval.simulation.sky.propagation import season_navigation
from retrieval.station import Station

STATION_M = Station("test", 48.25, 16.75, 200.0).ecef_m
SKY = nominal_sky()


def gps(text: str) -> np.datetime64:
    return np.datetime64(text, "ns")


def season(start: str, end: str, letters: str = "GRECJ", names=None) -> Navigation:
    return season_navigation(SKY, gps(start), gps(end), constellations=letters, satellites=names)


def printed(values: np.ndarray) -> np.ndarray:
    return np.array([float(f"{value:.12e}") for value in values.ravel()]).reshape(values.shape)


# Over the week's border, and over New Year with its leap second at the end of 2016.
@pytest.mark.parametrize(
    ("start", "end"),
    [("2024-05-11T20:00", "2024-05-12T06:00"), ("2016-12-31T20:00", "2017-01-01T05:00")],
)
def test_text_reads_back_as_the_printed_digits(start: str, end: str) -> None:
    written = season(start, end)
    back = parse_navigation("n", navigation_text(written).encode("ascii"))
    assert back.damage == back.skipped == {}
    for name, before, after in (
        ("kepler", written.kepler, back.kepler),
        ("glonass", written.glonass, back.glonass),
    ):
        assert len(before) == len(after) > 100
        for column in fields(before):
            if column.name == "line":
                continue
            expected, found = getattr(before, column.name), getattr(after, column.name)
            if expected.dtype == np.float64 and expected.ndim == 1:
                np.testing.assert_array_equal(found, printed(expected), f"{name} {column.name}")
            elif expected.dtype == np.float64:
                # Written in kilometres: the printed digits, times 1000 with one rounding more.
                np.testing.assert_allclose(found, 1e3 * printed(expected / 1e3), rtol=1e-15)
            else:
                np.testing.assert_array_equal(found, expected, f"{name} {column.name}")


def test_missing_numbers_are_blanks() -> None:
    kepler = season("2024-05-14T00:00", "2024-05-14T01:00").kepler
    nothing = np.full(len(kepler), np.nan)
    never = np.full(len(kepler), np.datetime64("NaT"), "datetime64[ns]")
    holed = replace(kepler, health=nothing, tgd=nothing, accuracy=nothing, transmitted=never)
    text = navigation_text(Navigation(holed, SKY.glonass.take(np.zeros(0, np.intp))))
    back = parse_navigation("n", text.encode())
    assert "nan" not in text.lower()
    assert not any(line.endswith(" ") for line in text.splitlines())
    assert back.damage == {}
    for column in ("health", "tgd", "accuracy"):
        assert np.isnan(getattr(back.kepler, column)).all()
    assert np.isnat(back.kepler.transmitted).all()
    np.testing.assert_array_equal(back.kepler.m0, printed(kepler.m0))


def test_weeks_are_those_of_each_constellation() -> None:
    # Sunday 2024-05-12 begins GPS week 2314 (2024-01-07 is 2296 in IGS calendars, 18 weeks before)
    # and BeiDou week 2314 - 1356 = 958; at 00:00:00 GPS it is still 957 there.
    text = navigation_text(season("2024-05-12T00:00", "2024-05-12T00:00"))
    lines = text.splitlines()
    weeks = {}
    for number, line in enumerate(lines):
        if line[:1] in "GEJC" and line[1:3].isdigit():
            weeks.setdefault(line[0], {})[line[4:17]] = float(lines[number + 5][42:61])
    assert weeks == {
        "G": {"2024 05 12 00": 2314},
        "E": {"2024 05 12 00": 2314},
        "J": {"2024 05 12 00": 2314},
        "C": {"2024 05 11 22": 957, "2024 05 12 00": 958},
    }


def test_glonass_record_is_in_kilometres_and_utc() -> None:
    one = season("2024-05-14T12:30:18", "2024-05-14T12:30:18", "R", ["R11"]).glonass
    text = navigation_text(
        Navigation(SKY.kepler.take(np.zeros(0, np.intp)), one.take(np.array([0])))
    )
    record = text.splitlines()[-4:]
    assert record[0].startswith("R11 2024 05 14 12 15 00")
    # Frame time: Tuesday 12:00 UTC is two days and a half into the week.
    assert float(record[0][61:80]) == 2.5 * 86_400
    x_km, vx_km_s, ax_km_s2, health = (float(record[1][at : at + 19]) for at in (4, 23, 42, 61))
    assert x_km == pytest.approx(one.position_m[0, 0] / 1e3, abs=1e-8)
    assert vx_km_s == pytest.approx(one.velocity_m_s[0, 0] / 1e3, abs=1e-12)
    assert (ax_km_s2, health) == (0.0, 0.0)
    assert float(record[2][61:80]) == gnss.GLONASS_CHANNELS[11]


@pytest.mark.parametrize(
    ("letters", "kind"),
    [
        ("G", "G: GPS"),
        ("R", "R: GLONASS"),
        ("E", "E: Galileo"),
        ("C", "C: BDS"),
        ("J", "J: QZSS"),
        ("GR", "M: MIXED"),
    ],
)
def test_header_names_the_constellation(letters: str, kind: str) -> None:
    text = navigation_text(
        season("2024-05-14T00:00", "2024-05-14T01:00", letters), ("SIMULATED", "made")
    )
    lines = text.splitlines()
    assert lines[0] == f"     3.04           N: GNSS NAV DATA    {kind:<20}RINEX VERSION / TYPE"
    assert lines[2:6] == [
        f"{'SIMULATED':<60}COMMENT",
        f"{'made':<60}COMMENT",
        f"{'    18':<60}LEAP SECONDS",
        f"{'':<60}END OF HEADER",
    ]
    assert max(len(line) for line in lines) <= 80


def test_leap_seconds_are_those_of_the_time() -> None:
    assert "    17    " in navigation_text(season("2016-06-01", "2016-06-01"))[:400]


def test_nothing_is_a_header_alone() -> None:
    empty = season("2024-05-14", "2024-05-14", names=[])
    assert len(parse_navigation("n", navigation_text(empty).encode())) == 0


def test_what_the_format_cannot_hold_is_refused() -> None:
    few = season("2024-05-14", "2024-05-14", "G")
    for comment in ("x" * 61, "Grüße", "two\nlines"):
        with pytest.raises(InputError, match="60 printable ASCII"):
            navigation_text(few, (comment,))
    strange = replace(few.kepler, satellite=few.kepler.satellite + 256 * (ord("I") - ord("G")))
    with pytest.raises(InputError, match="navigation of I"):
        navigation_text(Navigation(strange, few.glonass))


def angles(navigation: Navigation, names: tuple[str, ...], start: str) -> LookAngles:
    times = gps(start) + np.arange(0, 86_400, 300) * np.timedelta64(1_000_000_000, "ns")
    codes = np.array([gnss.satellite_code(name) for name in names], np.int32)
    return look_angles(
        [BroadcastOrbits(navigation)],
        STATION_M,
        np.repeat(codes, len(times)),
        np.tile(times, len(codes)),
    )


@pytest.mark.parametrize("letter", ["G", "R", "E", "C", "J"])
def test_written_orbits_stand_where_the_records_do(letter: str, tmp_path: Path) -> None:
    written = season("2024-05-13T22:00", "2024-05-15T02:00", letter)
    path = tmp_path / "n.rnx"
    path.write_text(navigation_text(written))
    used = angles(written, written.satellites, "2024-05-14")
    read = angles(read_navigation(path), written.satellites, "2024-05-14")
    # Twelve digits are 0.1 mm of an orbit.
    np.testing.assert_allclose(read.elevation_deg, used.elevation_deg, rtol=0, atol=1e-8)
    turn = (read.azimuth_deg - used.azimuth_deg + 180) % 360 - 180
    assert np.abs(turn * np.cos(np.radians(used.elevation_deg))).max() < 1e-8
    assert np.ptp(used.elevation_deg) > 60


# xarray's warning about what georinex asks of it.
@pytest.mark.filterwarnings("ignore:In a future version of xarray:FutureWarning")
def test_georinex_reads_the_same(tmp_path: Path) -> None:
    georinex = pytest.importorskip("georinex")
    written = season("2024-05-14T00:00", "2024-05-14T02:00", "GR", ["G05", "G17", "R03", "R11"])
    path = tmp_path / "n.rnx"
    path.write_text(navigation_text(written, ("SIMULATED",)))
    theirs = georinex.load(path)
    kepler, glonass = written.kepler, written.glonass
    for row in range(len(kepler)):
        record = theirs.sel(
            sv=gnss.satellite_name(int(kepler.satellite[row])), time=kepler.toc[row]
        )
        for ours, name in (
            ("sqrt_a", "sqrtA"), ("eccentricity", "Eccentricity"), ("m0", "M0"),
            ("delta_n", "DeltaN"), ("omega0", "Omega0"), ("i0", "Io"), ("omega", "omega"),
            ("omega_dot", "OmegaDot"), ("cus", "Cus"), ("crc", "Crc"), ("toe_s", "Toe"),
            ("health", "health"), ("tgd", "TGD"),
        ):  # fmt: skip
            assert float(record[name]) == printed(getattr(kepler, ours)[row : row + 1])[0], name
        assert float(record["GPSWeek"]) == 2314
    for row in range(len(glonass)):
        utc = gnss.gps_to_utc(glonass.reference[row])
        record = theirs.sel(sv=gnss.satellite_name(int(glonass.satellite[row])), time=utc)
        position = [float(record[axis]) for axis in "XYZ"]
        np.testing.assert_allclose(position, glonass.position_m[row], rtol=1e-12)
        velocity = [float(record[f"d{axis}"]) for axis in "XYZ"]
        np.testing.assert_allclose(velocity, glonass.velocity_m_s[row], rtol=1e-11)
        assert float(record["FreqNum"]) == glonass.channel[row]
