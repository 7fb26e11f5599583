"""Reading navigation files: hand-made texts, and every kind of damage to them."""

import gzip
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval import gnss
from retrieval.errors import UnreadableFileError
from retrieval.rinex.navigation import (
    MESSAGES,
    Navigation,
    merge_navigation,
    parse_navigation,
    read_navigation,
)

# Orbit lines (2 to 8) of a GPS record, in RINEX 3 columns: numbers chosen to be all different.
GPS_ORBIT = """\
     5.900000000000e+01-7.018750000000e+01 4.593048461762e-09-1.832745337954e+00
    -3.218650817871e-06 2.031373803038e-02 4.023313522339e-07 5.153584920883e+03
     3.456000000000e+05 2.924352884293e-07-8.894102241916e-01 3.203749656677e-07
     9.615117626415e-01 3.707500000000e+02-1.567828775527e+00-8.236057350562e-09
     1.100045821500e-10 1.000000000000e+00 2.111000000000e+03 0.000000000000e+00
     2.000000000000e+00 0.000000000000e+00 5.122274160385e-09 5.900000000000e+01
     3.384180000000e+05 4.000000000000e+00
"""
GALILEO_ORBIT = """\
     6.100000000000e+01 1.865625000000e+01 2.656539226950e-09-1.832282909549e+00
     8.568167686462e-07 9.650341235101e-05 1.049041748047e-05 5.440602037430e+03
     3.438000000000e+05 1.862645149231e-09 2.123282284601e-01-1.452863216400e-07
     9.828296477370e-01 1.298750000000e+02-2.778709093141e+00-5.216288707934e-09
    -6.996720012901e-10{sources} 2.111000000000e+03
     3.120000000000e+00 0.000000000000e+00-1.862645149231e-09-2.095475792885e-09
     3.445400000000e+05
"""
BEIDOU_ORBIT = """\
     1.000000000000e+00-4.142968750000e+02-3.141559429989e-09-1.101749161212e+00
    -1.366203650832e-05 3.830116475001e-04-1.177610829473e-05 6.493378950119e+03
     3.384000000000e+05-6.146728992462e-08 2.697580724014e+00 6.146728992462e-08
     1.136268367853e-01 3.549843750000e+02-1.027125663175e+00 4.100527946305e-09
     3.321566928024e-10 0.000000000000e+00 7.550000000000e+02
     2.000000000000e+00 0.000000000000e+00 1.000000000000e-10-9.300000000000e-09
     3.384276000000e+05 0.000000000000e+00
"""
CLOCK = "-5.608671344817e-04-4.320099833421e-12 0.000000000000e+00\n"
GLONASS = """\
R01 2020 06 24 23 15 00 6.355904042721e-05 1.818989403546e-12 3.420000000000e+05
     1.090894238281e+04 1.407806396484e+00-1.862645149231e-09 0.000000000000e+00
    -2.885726074219e+03 2.795855522156e+00-2.793967723846e-09-4.000000000000e+00
     2.288353955078e+04-3.169984817505e-01 9.313225746155e-10 0.000000000000e+00
"""
FIFTH_LINE = "                         .999999999999e+09 1.500000000000e+01                   \n"
SBAS = """\
S23 2020 06 25 00 00 16 0.000000000000e+00 0.000000000000e+00 3.456300000000e+05
     3.594460000000e+04 0.000000000000e+00 0.000000000000e+00 6.300000000000e+01
     2.204414000000e+04 0.000000000000e+00 0.000000000000e+00 3.276700000000e+04
     0.000000000000e+00 0.000000000000e+00 0.000000000000e+00 9.200000000000e+01
"""
GPS = "G27 2020 06 25 00 00 00" + CLOCK + GPS_ORBIT
INAV = "E01 2020 06 24 23 30 00" + CLOCK + GALILEO_ORBIT.format(sources=" 5.170000000000e+02")
FNAV = "E01 2020 06 24 23 30 00" + CLOCK + GALILEO_ORBIT.format(sources=" 2.580000000000e+02")
BEIDOU = "C05 2020 06 24 22 00 00" + CLOCK + BEIDOU_ORBIT
QZSS = "J02 2020 06 25 00 00 00" + CLOCK + GPS_ORBIT


def header(version: str, kind: str = "N: GNSS NAV DATA    M: MIXED") -> str:
    return (
        f"{version:>9}{'':11}{kind}".ljust(60)
        + "RINEX VERSION / TYPE\n"
        + "hand-made".ljust(60)
        + "PGM / RUN BY / DATE\n"
        + "".ljust(60)
        + "END OF HEADER\n"
    )


def rinex3(*records: str, version: str = "3.04") -> bytes:
    return (header(version) + "".join(records)).encode()


def rinex2(record: str) -> str:
    """Move a GPS or GLONASS record from RINEX 3 to RINEX 2 columns."""
    lines = record.splitlines()
    first = lines[0]
    epoch = f"{int(first[1:3]):2d} {first[6:8]}" + "".join(
        f"{int(first[at : at + 2]):3d}" for at in (9, 12, 15, 18)
    )
    seconds = f"{float(first[21:23]):5.1f}"
    text = [epoch + seconds + first[23:].replace("e", "D")]
    return "".join(
        line + "\n" for line in [*text, *(line[1:].replace("e", "D") for line in lines[1:])]
    )


def gps(text: str) -> np.datetime64:
    return np.datetime64(text, "ns")


def only_damage(navigation: Navigation) -> list[tuple[int, str]]:
    return [(entry.line, entry.reason) for lines in navigation.damage.values() for entry in lines]


def test_gps_record_has_every_number_in_its_place() -> None:
    kepler = parse_navigation("n", rinex3(GPS)).kepler
    assert kepler.satellite.tolist() == [gnss.satellite_code("G27")]
    assert MESSAGES[kepler.message[0]] == "LNAV"
    # Thursday 2020-06-25 begins 4 days = 345,600 s into the week.
    assert kepler.toc[0] == kepler.toe[0] == gps("2020-06-25T00:00:00")
    # 338,418 s is 2 h minus 18 s before.
    assert kepler.transmitted[0] == gps("2020-06-24T22:00:18")
    expected = {
        "toe_s": 345600.0, "sqrt_a": 5153.584920883, "eccentricity": 0.02031373803038,
        "m0": -1.832745337954, "delta_n": 4.593048461762e-09, "omega0": -0.8894102241916,
        "i0": 0.9615117626415, "omega": -1.567828775527, "omega_dot": -8.236057350562e-09,
        "idot": 1.1000458215e-10, "cuc": -3.218650817871e-06, "cus": 4.023313522339e-07,
        "crc": 370.75, "crs": -70.1875, "cic": 2.924352884293e-07, "cis": 3.203749656677e-07,
        "af0": -5.608671344817e-04, "af1": -4.320099833421e-12, "af2": 0.0,
        "tgd": 5.122274160385e-09, "issue": 59.0, "accuracy": 2.0, "health": 0.0,
    }  # fmt: skip
    assert {name: getattr(kepler, name)[0] for name in expected} == expected
    assert np.isnan(kepler.tgd2[0])
    assert kepler.line.tolist() == [4]


def test_beidou_times_become_gps_times() -> None:
    kepler = parse_navigation("n", rinex3(BEIDOU)).kepler
    # 338,400 s of the BeiDou week is Wednesday 22:00 BDT; GPS time is 14 s ahead.
    assert kepler.toe[0] == kepler.toc[0] == gps("2020-06-24T22:00:14")
    assert kepler.transmitted[0] == gps("2020-06-24T22:00:41.600")
    assert kepler.toe_s[0] == 338400.0
    assert (kepler.tgd[0], kepler.tgd2[0]) == (1.0e-10, -9.3e-09)


def test_galileo_messages_are_told_apart_by_their_data_sources() -> None:
    kepler = parse_navigation("n", rinex3(INAV, FNAV)).kepler
    assert [MESSAGES[index] for index in kepler.message] == ["INAV", "FNAV"]
    # Tuesday 23:30 GPS time; no offset.
    assert (kepler.toe == gps("2020-06-24T23:30:00")).all()
    assert (kepler.tgd[0], kepler.tgd2[0]) == (-1.862645149231e-09, -2.095475792885e-09)


@pytest.mark.parametrize("version", ["3.04", "3.05"])
def test_glonass_record_is_metres_and_gps_time(version: str) -> None:
    record = GLONASS + (FIFTH_LINE if version == "3.05" else "")
    navigation = parse_navigation("n", rinex3(record, version=version))
    glonass = navigation.glonass
    assert glonass.satellite.tolist() == [gnss.satellite_code("R01")]
    # UTC + 18 leap seconds.
    assert glonass.reference[0] == gps("2020-06-24T23:15:18")
    # 342,000 s of the week is Wednesday 23:00 UTC.
    assert glonass.transmitted[0] == gps("2020-06-24T23:00:18")
    np.testing.assert_allclose(
        glonass.position_m[0], [10908942.38281, -2885726.074219, 22883539.55078], atol=1e-6
    )
    np.testing.assert_allclose(
        glonass.velocity_m_s[0], [1407.806396484, 2795.855522156, -316.9984817505], atol=1e-9
    )
    np.testing.assert_allclose(
        glonass.acceleration_m_s2[0],
        [-1.862645149231e-06, -2.793967723846e-06, 9.313225746155e-07],
        rtol=1e-12,
    )
    assert (glonass.clock_bias_s[0], glonass.frequency_bias[0]) == (
        6.355904042721e-05,
        1.818989403546e-12,
    )
    assert navigation.glonass_channels == {1: -4}
    assert not navigation.damage


def test_newest_glonass_channel_wins() -> None:
    newer = GLONASS.replace("23 15 00", "23 45 00").replace(
        "-4.000000000000e+00", " 6.0e0".ljust(19)
    )
    for records in ((GLONASS, newer), (newer, GLONASS)):
        assert parse_navigation("n", rinex3(*records)).glonass_channels == {1: 6}


def test_sbas_is_counted_and_left_out() -> None:
    navigation = parse_navigation("n", rinex3(SBAS, GPS, SBAS))
    assert navigation.satellites == ("G27",)
    assert navigation.skipped == {"SBAS": 2}
    assert not navigation.damage


@pytest.mark.parametrize(
    ("year", "full"), [("80", "1980"), ("99", "1999"), ("00", "2000"), ("20", "2020")]
)
def test_rinex_2_years_have_two_digits(year: str, full: str) -> None:
    record = rinex2(GPS).replace("27 20", f"27 {year}", 1)
    # The week does not matter here; blank it, since it belongs to 2020.
    record = record.replace(" 2.111000000000D+03", " " * 19)
    kepler = parse_navigation("n", (header("2.11", "N: GPS NAV DATA") + record).encode()).kepler
    assert kepler.toc[0] == gps(f"{full}-06-25T00:00:00")


def test_rinex_2_equals_rinex_3() -> None:
    second = parse_navigation("n", (header("2.11", "N: GPS NAV DATA") + rinex2(GPS)).encode())
    third = parse_navigation("n", rinex3(GPS))
    for name in vars(third.kepler):
        np.testing.assert_array_equal(getattr(second.kepler, name), getattr(third.kepler, name))


def test_rinex_2_glonass_frame_time_counts_from_the_day() -> None:
    # 23:00 UTC is 82,800 s of the day; RINEX 3 writes 342,000 s of the week for the same moment.
    record = rinex2(GLONASS).replace(" 3.420000000000D+05", " 8.280000000000D+04")
    glonass = parse_navigation(
        "n", (header("2.11", "G: GLONASS NAV DATA") + record).encode()
    ).glonass
    assert glonass.transmitted[0] == gps("2020-06-24T23:00:18")
    assert glonass.satellite.tolist() == [gnss.satellite_code("R01")]


def test_rinex_4_takes_the_classical_messages_and_counts_the_others() -> None:
    cnav = "> EPH G27 CNAV\nG27 2020 06 25 00 00 00" + CLOCK + GPS_ORBIT + GPS_ORBIT[:81]
    system_time = (
        "> STO G27 LNAV\n"
        "    2020 06 25 00 00 00 GPUT                                   UTC(USNO)\n"
        "     3.456000000000e+05 1.000000000000e-09 0.000000000000e+00 0.000000000000e+00\n"
    )
    navigation = parse_navigation(
        "n",
        rinex3(
            "> EPH G27 LNAV\n" + GPS,
            cnav,
            "> EPH E01 FNAV\n" + INAV,
            system_time,
            "> EPH R01 FDMA\n" + GLONASS + FIFTH_LINE,
            "> EPH C05 D2\n" + BEIDOU,
            "> EPH S23 SBAS\n" + SBAS,
            version="4.01",
        ),
    )
    assert navigation.satellites == ("C05", "E01", "G27", "R01")
    # In RINEX 4 the line before the record says what it is, not the data sources inside.
    assert [MESSAGES[index] for index in navigation.kepler.message] == ["LNAV", "FNAV", "D2"]
    assert navigation.skipped == {"G CNAV": 1, "SBAS": 1, "STO": 1}
    assert not navigation.damage


def test_packed_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "n.rnx.gz"
    path.write_bytes(gzip.compress(rinex3(GPS)))
    assert read_navigation(path).satellites == ("G27",)


def test_carriage_returns_do_not_matter() -> None:
    unix = parse_navigation("n", rinex3(GPS, GLONASS))
    windows = parse_navigation("n", rinex3(GPS, GLONASS).replace(b"\n", b"\r\n"))
    np.testing.assert_array_equal(unix.kepler.m0, windows.kepler.m0)
    np.testing.assert_array_equal(unix.glonass.position_m, windows.glonass.position_m)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "RINEX VERSION"),
        (b"<html>", "RINEX VERSION"),
        (header("3.04", "OBSERVATION DATA    M").encode(), "expected a navigation file"),
        (header("9.00").encode(), "version 2, 3 or 4"),
        (rinex3(GPS).replace(b"END OF HEADER", b"COMMENT      "), "END OF HEADER"),
    ],
)
def test_what_is_no_navigation_file_says_what_to_do(content: bytes, says: str) -> None:
    with pytest.raises(UnreadableFileError, match=says) as error:
        parse_navigation("n", content)
    assert any(word in str(error.value) for word in ("give", "fetch", "convert"))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("5.153584920883e+03", "5.15358x920883e+03", "expected a number"),
        ("5.153584920883e+03", "0.000000000000e+00", "sqrt_a"),
        ("2.031373803038e-02", "2.031373803038e+02", "eccentricity"),
        (" 4.593048461762e-09", " " * 19, "delta_n is blank"),
        ("2020 06 25 00 00 00", "2020 06 31 00 00 00", "epoch"),
        ("2020 06 25 00 00 00", "2021 06 25 00 00 00", "week"),
        ("2020 06 25 00 00 00", "2020 06 23 00 00 00", "toe"),
    ],
)
def test_damaged_record_is_dropped_and_its_neighbours_stay(old: str, new: str, says: str) -> None:
    assert old in GPS
    navigation = parse_navigation("n", rinex3(BEIDOU, GPS.replace(old, new), GLONASS, INAV))
    assert navigation.satellites == ("C05", "E01", "R01")
    ((line, reason),) = only_damage(navigation)
    assert says in reason
    # Three header lines and eight of the BeiDou record come before.
    assert 12 <= line < 20


@pytest.mark.parametrize("drop", range(8))
def test_lost_line_costs_its_record_only(drop: int) -> None:
    lines = GPS.splitlines(keepends=True)
    broken = "".join(lines[:drop] + lines[drop + 1 :])
    navigation = parse_navigation("n", rinex3(BEIDOU, broken, GLONASS, QZSS))
    assert navigation.satellites == ("C05", "J02", "R01")
    assert len(only_damage(navigation)) == 1


def test_lost_glonass_line_does_not_shift_the_state() -> None:
    lines = (GLONASS + FIFTH_LINE).splitlines(keepends=True)
    whole = GLONASS.replace("R01", "R02") + FIFTH_LINE
    for drop in range(1, 5):
        broken = "".join(lines[:drop] + lines[drop + 1 :])
        navigation = parse_navigation("n", rinex3(whole, broken, whole, version="3.05"))
        assert navigation.satellites == ("R02",)
        assert len(only_damage(navigation)) == 1


@pytest.mark.parametrize("version", ["2", "3", "4"])
def test_damaged_line_end_between_records_costs_one_of_them(version: str) -> None:
    content = TEXTS[version]
    whole = parse_navigation("n", content)
    body = content.index(b"END OF HEADER") + 14
    ends = [at for at in range(body, len(content) - 1) if content[at : at + 1] == b"\n"]
    for at in ends:
        navigation = parse_navigation("n", content[:at] + b"x" + content[at + 1 :])
        assert len(navigation) >= len(whole) - 1
        assert len(navigation) == len(whole) or navigation.damage or navigation.skipped


def test_unfinished_last_record_is_reported() -> None:
    content = rinex3(GPS, QZSS)[:-30]
    navigation = parse_navigation("n", content)
    assert navigation.satellites == ("G27",)
    assert any("unfinished" in reason for _, reason in only_damage(navigation))


@pytest.mark.parametrize("version", ["2", "3", "4"])
def test_files_put_one_after_the_other_lose_nothing(version: str) -> None:
    content = TEXTS[version]
    one, two = parse_navigation("n", content), parse_navigation("n", content * 2)
    assert len(two) == 2 * len(one)
    assert not two.damage


@pytest.mark.parametrize("text", ["a comment", "    a comment", "G05 2020 06 25"])
def test_comment_between_records_costs_none(text: str) -> None:
    comment = text.ljust(60) + "COMMENT\n"
    navigation = parse_navigation("n", rinex3(GPS, comment, GLONASS, comment, BEIDOU))
    assert navigation.satellites == ("C05", "G27", "R01")
    assert not navigation.damage


def test_header_does_not_join_the_halves_of_two_records() -> None:
    lines = GPS.splitlines(keepends=True)
    content = rinex3("".join(lines[:4])) + rinex3("".join(lines[4:]), QZSS)
    navigation = parse_navigation("n", content)
    assert navigation.satellites == ("J02",)
    assert [line for line, _ in only_damage(navigation)] == [4, 11]


def test_blank_lines_between_records_keep_line_numbers() -> None:
    navigation = parse_navigation("n", rinex3(GPS, "\n\n\n", QZSS, "\n" * 100_000, BEIDOU))
    assert navigation.satellites == ("C05", "G27", "J02")
    assert sorted(navigation.kepler.line.tolist()) == [4, 15, 100_023]
    assert not navigation.damage


def test_glonass_records_with_and_without_a_fifth_line_are_read() -> None:
    short = [GLONASS.replace("R01", f"R{slot:02}") for slot in range(2, 5)]
    extended = [GLONASS.replace("R01", f"R{slot:02}") + FIFTH_LINE for slot in range(5, 10)]
    for records in ([*short, *extended], [*extended, *short], [*extended, *short, *short]):
        navigation = parse_navigation("n", rinex3(*records, version="3.05"))
        assert navigation.satellites == tuple(f"R{slot:02}" for slot in range(2, 10))
        assert (np.diff(navigation.glonass.line) > 0).all()
        assert not navigation.damage


@pytest.mark.parametrize("line", [1, 2, 3])
def test_glonass_record_with_a_line_of_another_place_is_refused(line: int) -> None:
    short, extended = [GLONASS] * 3, [GLONASS + FIFTH_LINE] * 3
    lines = (GLONASS + FIFTH_LINE).replace("R01", "R02").splitlines(keepends=True)
    lost = "".join(lines[:line] + lines[line + 1 :])
    # A doubled last line moves nothing.
    doubled = "".join([*lines[:line], lines[min(line, 2)], *lines[line:4]])
    for broken in (lost, lost.replace(".999999999999e+09 1.5", "0.00000000000e+00 0.0"), doubled):
        navigation = parse_navigation("n", rinex3(*short, broken, *extended, version="3.05"))
        assert navigation.satellites == ("R01",)
        assert len(navigation.glonass) == 6
        assert len(only_damage(navigation)) == 1


def test_merged_files_keep_everything() -> None:
    first = parse_navigation("a", rinex3(GPS, SBAS))
    second = parse_navigation("b", rinex3(GLONASS, SBAS, BEIDOU.replace("6.493", "0.493")))
    merged = merge_navigation([first, second])
    assert merged.satellites == ("G27", "R01")
    assert merged.skipped == {"SBAS": 2}
    assert list(merged.damage) == ["b"]
    with pytest.raises(ValueError, match="at least one"):
        merge_navigation([])


# Where each number of a record stands: line of the record and field in it.
PLACES = {
    "af0": (0, 1), "af1": (0, 2), "crs": (1, 1), "delta_n": (1, 2), "m0": (1, 3), "cuc": (2, 0),
    "eccentricity": (2, 1), "cus": (2, 2), "sqrt_a": (2, 3), "toe_s": (3, 0), "cic": (3, 1),
    "omega0": (3, 2), "cis": (3, 3), "i0": (4, 0), "crc": (4, 1), "omega": (4, 2),
    "omega_dot": (4, 3), "idot": (5, 0),
}  # fmt: skip
# Two GLONASS records in RINEX 4: a single one might be of a writer that leaves the fifth line out.
TEXTS = {
    "3": rinex3(GPS, INAV, GLONASS, SBAS, BEIDOU),
    "2": (header("2.11", "N: GPS NAV DATA") + rinex2(GPS) * 3).encode(),
    "4": rinex3(
        "> EPH G27 LNAV\n" + GPS,
        "> EPH R01 FDMA\n" + GLONASS + FIFTH_LINE,
        "> EPH C05 D2\n" + BEIDOU,
        "> EPH R01 FDMA\n" + GLONASS + FIFTH_LINE,
        version="4.00",
    ),
}


def assert_numbers_stand_in(content: bytes, navigation: Navigation, margin: int) -> None:
    # A damaged line end may have joined a record's opening line to the line before it.
    if margin == 4:
        opening = rb"[A-Z][ \d]\d \d{4}( [ \d]\d){5}"
    else:
        opening = rb"[ \d]\d( [ \d]\d){5}[ \d]{2}[ \d]\.[ \d]"
    lines = content.split(b"\n")

    def number(first: int, line: int, place: int) -> float:
        text = lines[first + line]
        if line == 0 and len(text) > 81:
            text = text[list(re.finditer(opening, text))[-1].start() :]
        at = margin + 19 * place
        return float(text[at : at + 19].decode().replace("D", "e").replace("d", "e"))

    for row in range(len(navigation.kepler)):
        first = int(navigation.kepler.line[row]) - 1
        for name, (line, place) in PLACES.items():
            assert getattr(navigation.kepler, name)[row] == number(first, line, place)
    for row in range(len(navigation.glonass)):
        first = int(navigation.glonass.line[row]) - 1
        for axis in range(3):
            assert navigation.glonass.position_m[row, axis] == number(first, 1 + axis, 0) * 1e3
            assert navigation.glonass.velocity_m_s[row, axis] == number(first, 1 + axis, 1) * 1e3


def parse_or_refuse(content: bytes, margin: int) -> Navigation | None:
    try:
        navigation = parse_navigation("n", content)
    except UnreadableFileError:
        return None
    assert_numbers_stand_in(content, navigation, margin)
    return navigation


@pytest.mark.parametrize("version", sorted(TEXTS))
@given(cut=st.integers(0, 10_000))
def test_any_prefix_gives_its_whole_records(version: str, cut: int) -> None:
    content = TEXTS[version]
    prefix = content[: cut % (len(content) + 1)]
    navigation = parse_or_refuse(prefix, 3 if version == "2" else 4)
    whole = parse_navigation("n", content)
    if navigation is not None:
        kept = len(navigation.kepler)
        np.testing.assert_array_equal(navigation.kepler.line, whole.kepler.line[:kept])


@pytest.mark.parametrize("version", sorted(TEXTS))
@given(index=st.integers(0, 10_000), doubled=st.booleans())
def test_any_line_dropped_or_doubled_costs_one_record_at_most(
    version: str, index: int, doubled: bool
) -> None:
    content = TEXTS[version]
    lines = content.splitlines(keepends=True)
    index %= len(lines)
    middle = [lines[index], lines[index]] if doubled else []
    navigation = parse_or_refuse(
        b"".join([*lines[:index], *middle, *lines[index + 1 :]]), 3 if version == "2" else 4
    )
    if navigation is not None and index > 2:
        lost = len(parse_navigation("n", content)) - len(navigation)
        assert lost <= 1
        # A line of a record that is gone or doubled is always noticed; those of SBAS too.
        assert only_damage(navigation)


@pytest.mark.parametrize("version", sorted(TEXTS))
@given(at=st.integers(0, 10_000), byte=st.integers(0, 255))
def test_any_byte_changed_touches_one_record_at_most(version: str, at: int, byte: int) -> None:
    content = TEXTS[version]
    at %= len(content)
    changed = content[:at] + bytes([byte]) + content[at + 1 :]
    navigation = parse_or_refuse(changed, 3 if version == "2" else 4)
    if navigation is not None and at > content.index(b"END OF HEADER"):
        assert len(navigation) >= len(parse_navigation("n", content)) - 1


@given(content=st.binary(max_size=400))
def test_any_body_is_read_without_a_traceback(content: bytes) -> None:
    parse_or_refuse(header("3.04").encode() + content, 4)
    parse_or_refuse(header("4.00").encode() + content, 4)
    parse_or_refuse(header("2.11", "N: GPS NAV DATA").encode() + content, 3)
