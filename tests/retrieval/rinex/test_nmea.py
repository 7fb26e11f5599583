"""NMEA text, on sentences written by hand; their checksums are computed here."""

import gzip
import math
from functools import reduce
from operator import xor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.errors import UnreadableFileError
from retrieval.gnss import satellite_name, signal_name
from retrieval.rinex import (
    FileKind,
    Text,
    file_kind,
    parse_nmea,
    parse_observations,
    read_file,
    read_nmea,
    sentences,
)
from retrieval.rinex.nmea import COARSE_NOTE
from retrieval.rinex.records import ObservationFile

Row = tuple[str, str, str, float]


def sentence(body: str) -> str:
    return f"${body}*{reduce(xor, body.encode(), 0):02X}\r\n"


def rmc(time: str, date: str = "080225", status: str = "A") -> str:
    return sentence(f"GNRMC,{time},{status},4843.26022,N,00920.55376,E,0.017,,{date},,,A,V")


def gga(time: str, quality: str = "1", latitude: str = "4843.26022,N", height: str = "47.6") -> str:
    return sentence(f"GNGGA,{time},{latitude},00920.55376,E,{quality},12,0.48,248.4,M,{height},M,,")


def zda(time: str, date: str = "08,02,2025") -> str:
    return sentence(f"GPZDA,{time},{date},00,00")


def gsv(satellites: str, talker: str = "GP", signal: str = ",1", n: int = 1) -> str:
    return sentence(f"{talker}GSV,1,1,{n:02}{satellites}{signal}")


def parse(*lines: str, name: str = "abcd_20250208.nmea") -> ObservationFile:
    return parse_nmea(Text(name, "".join(lines).encode("latin-1")))


def rows(file: ObservationFile) -> list[Row]:
    table = file.snr
    return [
        (str(time)[:21], satellite_name(int(sat)), signal_name(int(sig)), float(value))
        for time, sat, sig, value in zip(
            table.time, table.satellite, table.signal, table.snr_dbhz, strict=True
        )
    ]


def times(file: ObservationFile) -> list[str]:
    return [str(time)[:21] for time in file.epochs]


def damaged(file: ObservationFile) -> list[int]:
    return [damage.line for damage in file.report.damage]


ONE = ",05,40,083,46"  # satellite 5, elevation 40, azimuth 83, 46 dB-Hz
# 2025-02-08 00:00:05 UTC is 18 leap seconds earlier than what GPS time calls 00:00:05.
FIVE, SIX = "2025-02-08T00:00:23.0", "2025-02-08T00:00:24.0"


def test_satellites_of_an_epoch_become_rows() -> None:
    file = parse(
        rmc("000005.00"),
        gga("000005.00"),
        sentence("GPGSV,2,1,05,01,23,146,46,02,18,154,48,03,54,082,,04,82,156,00,1"),
        sentence("GPGSV,2,2,05,31,26,053,43,1"),
        sentence("GLGSV,1,1,01,67,24,052,43,1"),
        sentence("GAGSV,1,1,02,02,01,026,07,07,39,055,43,7"),
        sentence("GBGSV,1,1,01,24,17,101,99,1"),
    )
    assert rows(file) == [
        (FIVE, "C24", "CS2I", 99.0),
        (FIVE, "E02", "ES1X", 7.0),
        (FIVE, "E07", "ES1X", 43.0),
        (FIVE, "G01", "GS1C", 46.0),
        (FIVE, "G02", "GS1C", 48.0),
        (FIVE, "G31", "GS1C", 43.0),
        (FIVE, "R03", "RS1C", 43.0),
    ]
    assert times(file) == [FIVE]
    assert not file.report.damage
    assert file.report.cut is None


@pytest.mark.parametrize(
    "epoch",
    [
        lambda time: rmc(time) + gga(time) + gsv(ONE),
        lambda time: gga(time) + gsv(ONE) + rmc(time),
        lambda time: rmc(time) + gsv(ONE) + gga(time),
        lambda time: gga(time) + gsv(ONE) + zda(time),
    ],
    ids=["rmc, gga, gsv", "gga, gsv, rmc", "rmc, gsv, gga", "gga, gsv, zda"],
)
def test_any_order_within_an_epoch_will_do(epoch: object) -> None:
    assert callable(epoch)
    file = parse(epoch("000005.00"), epoch("000006.00"))
    assert rows(file) == [(FIVE, "G05", "GS1C", 46.0), (SIX, "G05", "GS1C", 46.0)]
    assert file.report.n_epochs == 2


@pytest.mark.parametrize(
    "carrier",
    [
        sentence("GNGNS,000006.00,4843.26,N,00920.55,E,AAAA,12,0.48,248.4,47.6,,,V"),
        sentence("GNGLL,4843.26,N,00920.55,E,000006.00,A,A"),
        zda("000006.00"),
    ],
)
def test_every_sentence_with_a_time_opens_an_epoch(carrier: str) -> None:
    assert times(parse(rmc("000005"), gsv(ONE), carrier, gsv(ONE))) == [FIVE, SIX]


def test_fractions_of_seconds_are_kept() -> None:
    file = parse(rmc("000005.2"), gsv(ONE), gga("000005.4"), gsv(ONE), gga("000005."), gsv(""))
    assert times(file) == ["2025-02-08T00:00:23.2", "2025-02-08T00:00:23.4"]
    fine = parse(rmc("235959.123456789"), gsv(ONE)).epochs
    assert str(fine[0]) == "2025-02-09T00:00:17.123456789"


def test_midnight_passes_between_gga_and_the_next_rmc() -> None:
    def late(time: str, date: str) -> str:
        return gga(time) + gsv(ONE) + rmc(time, date)

    # The second file has no RMC of the new day at all.
    for file in (
        parse(late("235959", "310125"), late("000000", "010225"), late("000001", "010225")),
        parse(late("235959", "310125"), gga("000000") + gsv(ONE), gga("000001") + gsv(ONE)),
        parse(gga("235959") + gsv(ONE), gga("000000") + gsv(ONE), late("000001", "010225")),
    ):
        assert times(file) == [
            "2025-02-01T00:00:17.0",
            "2025-02-01T00:00:18.0",
            "2025-02-01T00:00:19.0",
        ]


def test_one_date_serves_days() -> None:
    hours = [gga(f"{hour % 24:02}0000") + gsv(ONE) for hour in range(1, 75)]
    file = parse(zda("000000") + gsv(ONE), *hours)
    assert len(file.epochs) == 75
    assert (np.diff(file.epochs) == np.timedelta64(3600, "s")).all()


def test_leap_seconds_are_those_of_the_date() -> None:
    # GPS - UTC grew from 17 to 18 s at the end of 2016; it was 13 s in 1999 and 0 in January 1980.
    for time, date, gps in (
        ("235959", "311216", "2017-01-01T00:00:16.0"),
        ("000000", "010117", "2017-01-01T00:00:18.0"),
        ("120000", "150699", "1999-06-15T12:00:13.0"),
        ("120000", "070180", "1980-01-07T12:00:00.0"),
        ("120000", "010179", "2079-01-01T12:00:18.0"),
    ):
        assert times(parse(rmc(time, date), gsv(ONE))) == [gps]


def test_days_lost_between_two_dates_leave_undated_epochs_out() -> None:
    file = parse(
        rmc("080000", "080225"),
        gsv(ONE),
        gga("090000"),
        gsv(ONE),
        rmc("100000", "110225"),
        gsv(ONE),
    )
    assert times(file) == ["2025-02-08T08:00:18.0", "2025-02-11T10:00:18.0"]
    assert damaged(file) == [3]


@pytest.mark.parametrize("first", [gga("000005"), rmc("000005", status="V"), rmc("000005", "")])
def test_text_without_a_date_says_what_to_switch_on(first: str) -> None:
    with pytest.raises(UnreadableFileError, match="switch on RMC or ZDA"):
        parse(first, gsv(ONE))


def test_text_without_satellites_says_what_to_switch_on() -> None:
    with pytest.raises(UnreadableFileError, match="switch on GSV"):
        parse(rmc("000005"), gga("000005"))


def test_epoch_of_a_void_rmc_is_not_used() -> None:
    for void in (
        rmc("000005", "060180", "V") + gga("000005", "0") + gsv(ONE),
        gga("000005", "0") + gsv(ONE) + rmc("000005", "060180", "V"),
        sentence("GNRMC,,V,,,,,,,,,,N,V") + sentence("GNGGA,,,,,,0,00,99.99,,,,,,") + gsv(ONE),
    ):
        file = parse(void, rmc("000006"), gsv(ONE))
        assert times(file) == [SIX]
        assert not file.report.damage
        assert any("1 epochs without a valid time" in note for note in file.report.notes)


def test_satellites_before_the_first_time_are_left_out_with_a_note() -> None:
    file = parse(gsv(ONE), rmc("000005"), gsv(ONE))
    assert times(file) == [FIVE]
    assert not file.report.damage
    assert any("1 GSV before the first" in note for note in file.report.notes)


GOOD = [rmc("000005"), gsv(ONE), gga("000006"), gsv(ONE)]


@pytest.mark.parametrize(
    "bad",
    [
        gsv(",07,40,083,46").replace(",46,", ",47,"),
        gsv(",07,40,083,46").replace(",07,", ",7,"),
        gsv(",07,40,083,46").replace("*", ""),
        gsv(",07,40,083,46")[:-5] + "\r\n",
        gsv(",07,40,083,46")[:-4] + "G\r\n",
        gsv(",07,40,083,46")[:-3] + "\r\n",
        gsv(",07,40,083,46")[1:],
        "07,40,083,46,1*79\r\n",
        "$\r\n",
        "$*00\r\n",
        sentence("GNGSA,A,3,04,07").replace("A", "B", 1),
        "\xb5b\x01\x07\r\n",
        gsv(",07,40,083,46").rstrip() + gga("000007"),
    ],
)
def test_line_without_a_right_checksum_is_dropped_and_reported(bad: str) -> None:
    for place in range(1, 5):
        file = parse(*GOOD[:place], bad, *GOOD[place:])
        assert damaged(file) == ([place + 1] if bad != "$*00\r\n" else [])
        assert rows(file) == rows(parse(*GOOD))


@pytest.mark.parametrize(
    "other",
    [
        "\r\n",
        "\n",
        "  \t\r\n",
        sentence("GNGSA,A,3,04,07,08,09,16,20,26,27,,,,,0.99,0.55,0.82,1"),
        sentence("GNVTG,,T,,M,0.046,N,0.085,K,A"),
        sentence("GNTXT,01,01,02,u-blox AG - www.u-blox.com"),
        sentence("PUBX,00,081350.00,4717.113210,N"),
        sentence("GNGST,000005.00,2.1,,,,1.5,1.2,2.0"),
        sentence("AIVDM,1,1,,A,13u?etPv2;0n:dDPwUM1U1Cb069D,0").replace("$", "!"),
    ],
)
def test_other_sentences_are_neither_used_nor_damage(other: str) -> None:
    file = parse(GOOD[0], other, *GOOD[1:], other)
    assert not file.report.damage
    assert rows(file) == rows(parse(*GOOD))


def test_checksum_may_be_in_small_letters_and_lines_may_end_in_blanks() -> None:
    spoken = [line.rstrip()[:-2] + line.rstrip()[-2:].lower() + "  \r\r\n" for line in GOOD]
    assert rows(parse(*spoken)) == rows(parse(*GOOD))


@pytest.mark.parametrize(
    "body",
    [
        "GPGSV,1,1,01,07,40,083,46,1,1",
        "GPGSV,1,1,01,07,40,083",
        "GPGSV,1,1",
        "GPGSV,1,2,01,07,40,083,46,1",
        "GPGSV,1,0,01,07,40,083,46,1",
        "GPGSV,x,1,01,07,40,083,46,1",
        "GPGSV,1,1,01,0a,40,083,46,1",
        "GPGSV,1,1,01,07,40,083,4x,1",
        "GPGSV,1,1,01,07,40,083,146,1",
        "GPGSV,1,1,01,07,40,083,-46,1",
        "GPGSV,1,1,01,07,91,083,46,1",
        "GPGSV,1,1,01,07,40,361,46,1",
        "GPGSV,1,1,01,07,40,08346,46,1",
        "GPGSV,1,1,01,07,40,083,46,G",
        "GPGSV,1,1,01,07,40,083,46,11",
        "GPGSV,1,1,05,07,40,083,46,08,40,083,46,09,40,083,46,10,40,083,46,11,40,083,46,1",
        "GNGGA,250007.00,4843.26022,N,00920.55376,E,1,12,0.48,248.4,M,47.6,M,,",
        "GNGGA,00007.00,4843.26022,N,00920.55376,E,1,12,0.48,248.4,M,47.6,M,,",
        "GNGGA,00007.,4843.26022,N,00920.55376,E,1,12,0.48,248.4,M,47.6,M,,",
        "GNGGA,0000070,4843.26022,N,00920.55376,E,1,12,0.48,248.4,M,47.6,M,,",
        "GNGGA,000007.0123456789,4843.26022,N,00920.55376,E,1,12,0.48,248.4,M,47.6,M,,",
        "GNGGA,000060.00,4843.26022,N,00920.55376,E,1,12,0.48,248.4,M,47.6,M,,",
        "GNGGA,000007.00,4863.26022,N,00920.55376,E,1,12,0.48,248.4,M,47.6,M,,",
        "GNGGA,000007.00,4843.26022,X,00920.55376,E,1,12,0.48,248.4,M,47.6,M,,",
        "GNGGA,000007.00,9843.26022,N,00920.55376,E,1,12,0.48,248.4,M,47.6,M,,",
        "GNGGA,000007.00,4843.26022,N,00920.55376,E,1,12,0.48,2x8.4,M,47.6,M,,",
        "GNGGA,000007.00,4843.26022,N,00920.55376,E,x,12,0.48,248.4,M,47.6,M,,",
        "GNGGA,000007.00,4843.26022,N",
        "GNRMC,000007.00,A,4843.26022,N,00920.55376,E,0.017,,310225,,,A,V",
        "GNRMC,000007.00,A,4843.26022,N,00920.55376,E,0.017,,80225,,,A,V",
        "GNRMC,000007.00,B,4843.26022,N,00920.55376,E,0.017,,080225,,,A,V",
        "GNZDA,000007.00,08,13,2025,00,00",
        "GNZDA,000007.00,08,02,1925,00,00",
        "GNZDA,000007.00,,02,2025,00,00",
        "GNGLL,4843.26,N,00920.55,E",
    ],
)
def test_sentence_of_another_shape_is_dropped_and_reported(body: str) -> None:
    file = parse(*GOOD, sentence(body))
    assert damaged(file) == [5]
    assert "checksum is right" in file.report.damage[0].reason
    assert rows(file) == rows(parse(*GOOD))


@pytest.mark.parametrize(
    ("talker", "number", "satellite"),
    [
        ("GP", 1, "G01"),
        ("GP", 32, "G32"),
        ("GP", 33, "S20"),  # PRN 120
        ("GP", 64, "S51"),
        ("GP", 193, "J01"),
        ("GL", 65, "R01"),
        ("GL", 88, "R24"),
        ("GL", 3, "R03"),
        ("GA", 36, "E36"),
        ("GA", 301, "E01"),
        ("GA", 336, "E36"),
        ("GB", 63, "C63"),
        ("BD", 201, "C01"),
        ("GB", 237, "C37"),
        ("GB", 401, "C01"),
        ("BD", 463, "C63"),
        ("GQ", 1, "J01"),
        ("GQ", 10, "J10"),
        ("GQ", 202, "J10"),
        ("GI", 14, "I14"),
        ("GN", 32, "G32"),
        ("GN", 44, "S31"),  # PRN 131
        ("GN", 96, "R32"),
        ("GN", 195, "J03"),
        ("GN", 201, "C01"),
        ("GN", 336, "E36"),
        ("GN", 463, "C63"),
    ],
)
def test_talker_and_number_name_a_satellite(talker: str, number: int, satellite: str) -> None:
    file = parse(rmc("000005"), gsv(f",{number:02},40,083,46", talker, ""))
    assert [row[1] for row in rows(file)] == [satellite]


@pytest.mark.parametrize(
    ("talker", "number", "word"),
    [
        ("GP", "65", "GP 65"),
        ("GP", "152", "GP 152"),
        ("GL", "33", "GL 33"),
        ("GL", "97", "GL 97"),
        ("GL", "", "GL without number"),
        ("GA", "37", "GA 37"),
        ("GB", "64", "GB 64"),
        ("GQ", "11", "GQ 11"),
        ("GI", "15", "GI 15"),
        ("GN", "999", "GN 999"),
        ("XX", "01", "XX 1"),
    ],
)
def test_unknown_satellite_is_left_out_with_a_note(talker: str, number: str, word: str) -> None:
    unknown = gsv(f",{number},40,083,46", talker)
    file = parse(rmc("000005"), unknown, gsv(ONE), gga("000006"), unknown)
    assert rows(file) == [(FIVE, "G05", "GS1C", 46.0)]
    assert times(file) == [FIVE, SIX]
    assert not file.report.damage
    assert any(f"{word} (2)" in note for note in file.report.notes)


def test_padding_is_no_satellite() -> None:
    file = parse(rmc("000005"), gsv(ONE + ",,,,", signal=""))
    assert rows(file) == [(FIVE, "G05", "GS1C", 46.0)]
    assert not any("without number" in note for note in file.report.notes)


@pytest.mark.parametrize(
    ("talker", "number", "codes"),
    [
        # Signal ids 1, 2, 3 ... of NMEA 0183 4.11.
        ("GP", 5, "1C 1W 1M 2W 2S 2L 5I 5Q"),
        ("GL", 70, "1C 1P 2C 2P"),
        ("GA", 5, "5X 7X 8X 6A 6X 1A 1X"),
        ("GB", 5, "2I 2Q 1X 1Z 5X 7Z 8X 6I 6Q 6Z 7I 7Q"),
        ("GQ", 5, "1C 1S 1L 1Z 2S 2L 5I 5Q 6S 6E"),
        ("GI", 5, "5A 9A 5B 9B 1X"),
        ("GP", 40, "1C - - - - - 5I 5Q"),
    ],
)
def test_signal_ids_name_observation_codes(talker: str, number: int, codes: str) -> None:
    expected = codes.split() + ["-"] * (15 - len(codes.split()))
    for signal_id, code in enumerate(["-", *expected]):
        satellite = gsv(f",{number},40,083,46", talker, f",{signal_id:X}")
        file = parse(rmc("000005"), satellite)
        assert [row[2][1:] for row in rows(file)] == ([] if code == "-" else ["S" + code])
        unknown = [note for note in file.report.notes if "signal ids" in note]
        assert len(unknown) == (code == "-")
        assert all(f" {signal_id:X} (1)" in note for note in unknown)


def test_signal_id_may_be_a_small_letter() -> None:
    assert [row[2] for row in rows(parse(rmc("000005"), gsv(ONE, "GB", ",b")))] == ["CS7I"]


@pytest.mark.parametrize(
    ("talker", "number", "signal"),
    [
        ("GP", 5, "GS1C"),
        ("GP", 44, "SS1C"),
        ("GL", 70, "RS1C"),
        ("GA", 5, "ES1X"),
        ("GB", 5, "CS2I"),
        ("GQ", 1, "JS1C"),
        ("GI", 5, "IS5A"),
    ],
)
def test_without_a_signal_id_it_is_the_civil_signal(talker: str, number: int, signal: str) -> None:
    for signal_id in ("", ","):
        file = parse(rmc("000005"), gsv(f",{number},40,083,46", talker, signal_id))
        assert [row[2] for row in rows(file)] == [signal]
        assert any("1 values come from GSV without" in note for note in file.report.notes)


def test_one_satellite_on_two_signals() -> None:
    file = parse(rmc("000005"), gsv(ONE), gsv(",05,40,083,39", signal=",6"))
    assert rows(file) == [(FIVE, "G05", "GS1C", 46.0), (FIVE, "G05", "GS2L", 39.0)]
    assert file.header.observables == {"G": ("S1C", "S2L")}
    assert not file.report.damage


def test_untracked_satellites_leave_the_epoch_without_rows() -> None:
    file = parse(rmc("000005"), gsv(",05,40,083,,06,10,100,00,07,-5,,"), gga("000006"), gsv(""))
    assert rows(file) == []
    assert times(file) == [FIVE, SIX]
    assert not file.report.damage


def test_whole_degrees_do_not_become_angles() -> None:
    file = parse(*GOOD)
    assert file.snr.elevation_deg is None
    assert file.snr.azimuth_deg is None
    assert COARSE_NOTE in file.report.notes


def test_satellite_that_stands_in_an_epoch_twice_is_reported() -> None:
    file = parse(rmc("000005"), gsv(ONE), gsv(",05,40,083,45,06,10,100,30", n=2), gga("000006"))
    assert rows(file) == [(FIVE, "G05", "GS1C", 46.0), (FIVE, "G06", "GS1C", 30.0)]
    assert damaged(file) == [3]


def test_epoch_out_of_order_is_reported() -> None:
    seconds = [5, 6, 7, 6, 8, 9, 3, 10]
    file = parse(*(rmc(f"0000{second:02}") + gsv(ONE) for second in seconds))
    assert [time[17:19] for time in times(file)] == ["23", "24", "25", "26", "27", "28"]
    assert damaged(file) == [7, 13]
    assert len(file.snr) == 6


def test_unfinished_last_line_is_held_back() -> None:
    content = "".join([*GOOD, gga("000007"), gsv(ONE)])
    for missing in (1, 2, 7):
        file = parse(content[:-missing])
        assert file.report.cut is not None
        assert file.report.cut.line == 6
        assert file.report.complete_bytes == len(content) - len(gsv(ONE))
        assert times(file) == [FIVE, SIX]
        assert not file.report.damage
    whole = parse(content)
    assert whole.report.complete_bytes == len(content)
    assert whole.report.cut is None


def test_header() -> None:
    file = parse(*(rmc(f"0000{second:02}") + gsv(ONE) for second in (5, 10, 15, 30)))
    header = file.header
    assert header.version == 0.0
    assert header.marker == "abcd"
    assert header.receiver == ""
    assert header.time_system == "GPS"
    assert header.interval_s == 5.0
    assert header.observables == {"G": ("S1C",)}
    assert header.position_m is None  # RMC holds no height
    assert parse(rmc("000005"), gsv(ONE)).header.interval_s is None


@pytest.mark.parametrize(
    ("name", "marker"),
    [
        ("MYC2_20250208_00.nmea.gz", "MYC2"),
        ("/data/farm.nmea", "farm"),
        ("farm", "farm"),
        ("_x.nmea", ""),
    ],
)
def test_marker_is_the_beginning_of_the_name(name: str, marker: str) -> None:
    assert parse(*GOOD, name=name).header.marker == marker


def ecef_m(latitude_deg: float, longitude_deg: float, height_m: float) -> tuple[float, ...]:
    """WGS-84 in closed form (IS-GPS-200N, 20.3.3.4.3.3)."""
    a, e2 = 6378137.0, (2 - 1 / 298.257223563) / 298.257223563
    lat, lon = math.radians(latitude_deg), math.radians(longitude_deg)
    n = a / math.sqrt(1 - e2 * math.sin(lat) ** 2)
    return (
        (n + height_m) * math.cos(lat) * math.cos(lon),
        (n + height_m) * math.cos(lat) * math.sin(lon),
        (n * (1 - e2) + height_m) * math.sin(lat),
    )


def test_position_is_the_median_of_good_fixes() -> None:
    def fixes(*lines: str) -> tuple[float, float, float] | None:
        return parse(rmc("000005"), *lines, gsv(ONE)).header.position_m

    # 48 deg 43.26022', 9 deg 20.55376', 248.4 m above a geoid 47.6 m above the ellipsoid.
    expected = ecef_m(48 + 43.26022 / 60, 9 + 20.55376 / 60, 296.0)
    bad = [gga("000005", quality, "5043.26022,N") for quality in "0678"]
    assert fixes(gga("000005"), *bad) == pytest.approx(expected, abs=1e-6)
    outlier = gga("000005", "4", "5043.26022,N")
    assert fixes(gga("000005", "2"), outlier, gga("000005", "5")) == pytest.approx(expected)
    assert fixes(*bad) is None
    assert fixes(gga("000005", height="")) is None
    south = sentence("GPGGA,000005,3400.0,S,07030.0,W,1,08,1.0,-3.5,M,-20.5,M,,")
    assert fixes(south) == pytest.approx(ecef_m(-34.0, -70.5, -24.0), abs=1e-6)


def test_slices_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [rmc("000005"), gsv(ONE), "junk\r\n", gsv(",06,40,083,46"), gga("000006"), gsv(ONE), ""]
    whole = parse(*lines)
    for size in range(1, 6):
        monkeypatch.setattr(sentences, "_SLICE", size)
        again = parse(*lines)
        assert rows(again) == rows(whole)
        assert again.report == whole.report
        assert again.header == whole.header


def test_read_file_and_read_nmea_know_it(tmp_path: Path) -> None:
    path = tmp_path / "abcd.log.gz"
    path.write_bytes(gzip.compress("".join(GOOD).encode()))
    assert rows(read_file(path)) == rows(read_nmea(path)) == rows(parse(*GOOD))


def test_other_readers_name_the_right_one() -> None:
    with pytest.raises(UnreadableFileError, match="read_nmea"):
        parse_observations(Text("x", "".join(GOOD).encode()))
    with pytest.raises(UnreadableFileError, match="expected NMEA"):
        parse_nmea(Text("x", b"time,vwc\n"))


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ("46,1*64\r\n" + GOOD[0], FileKind.NMEA),
        ("\r\n\r\n" + GOOD[0], FileKind.NMEA),
        (sentence("GNTXT,01,01,02,u-blox AG - www.u-blox.com") + GOOD[0], FileKind.NMEA),
        ("\xb5b\x01\x07\x00\n" * 19 + GOOD[0], FileKind.NMEA),
        ("\n" * 50 + "\xb5b\x01\x07\x00\n" * 20 + GOOD[0], FileKind.UNKNOWN),
        ("log\n" + GOOD[0].replace("*", "*0"), FileKind.UNKNOWN),
        (
            "     3.05           OBSERVATION DATA    M".ljust(60)
            + "RINEX VERSION / TYPE\n"
            + GOOD[0],
            FileKind.OBSERVATION,
        ),
        ("#dP2020  6 25  0  0  0.00000000      96\n" + GOOD[0], FileKind.SP3),
        ("206 18.9 11.7 0.0 0.005 44.6 39.3 0.0 43.3 44.0 47.1\n" + GOOD[0], FileKind.SNR66),
    ],
)
def test_logs_may_begin_anywhere(content: str, kind: FileKind) -> None:
    assert file_kind(content.encode("latin-1")) is kind


WHOLE = "".join(
    gga(f"0000{second:02}.00")
    + gsv(ONE)
    + gsv(",07,10,200,31,08,80,010,50", "GA", ",7", 2)
    + rmc(f"0000{second:02}.00")
    for second in range(5, 12)
).encode()


def parse_or_refuse(content: bytes) -> ObservationFile | None:
    try:
        return parse_nmea(Text("x", content))
    except UnreadableFileError:
        return None


def values(file: ObservationFile) -> set[tuple[str, str, float]]:
    return {row[1:] for row in rows(file)}


@given(at=st.integers(0, len(WHOLE) - 1), byte=st.integers(0, 255))
def test_no_changed_byte_makes_a_value_or_costs_more_than_its_lines(at: int, byte: int) -> None:
    file = parse_or_refuse(WHOLE[:at] + bytes([byte]) + WHOLE[at + 1 :])
    whole = parse_nmea(Text("x", WHOLE))
    assert file is not None
    assert values(file) <= values(whole)
    assert set(times(file)) <= set(times(whole))
    assert len(file.snr) >= len(whole.snr) - 3  # a lost line end costs two lines


@given(start=st.integers(0, len(WHOLE)), stop=st.integers(0, len(WHOLE)))
def test_any_cut_is_read_or_refused(start: int, stop: int) -> None:
    file = parse_or_refuse(WHOLE[start:stop])
    if file is not None:
        assert set(rows(file)) <= set(rows(parse_nmea(Text("x", WHOLE))))


FIELD = st.text(st.sampled_from("0123456789.,-ANSEWMV"), max_size=60)


@given(
    st.lists(
        st.builds(
            lambda talker, kind, fields: sentence(f"{talker}{kind},{fields}"),
            st.sampled_from(["GP", "GN", "GL", "XX"]),
            st.sampled_from(["GSV", "RMC", "GGA", "GLL", "ZDA", "GNS"]),
            FIELD,
        ),
        max_size=8,
    ),
    st.binary(max_size=100),
)
def test_any_fields_are_read_or_refused(bodies: list[str], tail: bytes) -> None:
    content = rmc("000005") + gsv(ONE) + "".join(bodies) + gga("000009") + gsv(ONE)
    file = parse_or_refuse(content.encode() + tail)
    assert file is not None
    assert (np.diff(file.epochs) > np.timedelta64(0)).all()
    assert ((file.snr.snr_dbhz > 0) & (file.snr.snr_dbhz < 100)).all()
    parse_or_refuse(tail + "".join(bodies).encode() + tail)
