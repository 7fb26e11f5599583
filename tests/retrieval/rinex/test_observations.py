"""Meaning of observation records, on texts written by hand."""

import sys
from pathlib import Path

import numpy as np
import pytest

from retrieval.errors import UnreadableFileError
from retrieval.gnss import satellite_name, signal_name
from retrieval.rinex import Text, parse_observations, read_file, read_observations
from retrieval.rinex.records import ObservationFile
from retrieval.rinex.report import DAMAGE_LIMIT


def labelled(value: str, label: str) -> str:
    return f"{value:60}{label}\n"


def head(version: str, system: str, *records: str, time_system: str = "GPS") -> str:
    return (
        labelled(f"{version:>9}{'':11}{'OBSERVATION DATA':20}{system}", "RINEX VERSION / TYPE")
        + "".join(records)
        + labelled(f"{2021:6}{1:6}{2:6}{0:6}{0:6}{0:13.7f}     {time_system}", "TIME OF FIRST OBS")
        + labelled("", "END OF HEADER")
    )


def types3(letter: str, *codes: str) -> str:
    return labelled(
        f"{letter}  {len(codes):3}" + "".join(f" {code}" for code in codes), "SYS / # / OBS TYPES"
    )


def types2(*codes: str) -> str:
    lines = [codes[at : at + 9] for at in range(0, len(codes), 9)]
    return "".join(
        labelled(
            (f"{len(codes):6}" if k == 0 else " " * 6) + "".join(f"{code:>6}" for code in line),
            "# / TYPES OF OBSERV",
        )
        for k, line in enumerate(lines)
    )


def epoch3(minute: float, *lines: str, flag: int = 0) -> str:
    second = 60 * (minute % 1)
    time = f"2021 01 02 00 {int(minute):02}{second:11.7f}"
    return f"> {time}  {flag}{len(lines):3}\n" + "".join(f"{line}\n" for line in lines)


def obs(*values: float | None) -> str:
    return "".join(" " * 16 if value is None else f"{value:14.3f}  " for value in values)


def parse(text: str, kind: str = "S") -> ObservationFile:
    return parse_observations(Text("x", text.encode()), kind)


def rows(file: ObservationFile) -> list[tuple[str, str, str, float]]:
    table = file.snr
    return sorted(
        (str(time)[11:21], satellite_name(int(sat)), signal_name(int(sig)), float(value))
        for time, sat, sig, value in zip(
            table.time, table.satellite, table.signal, table.snr_dbhz, strict=True
        )
    )


# Five lines: the first epoch line of a text that begins with it is line 6.
HEAD3 = head("3.04", "M", types3("G", "C1C", "S1C", "S2W"), types3("E", "S1X"))


def test_blank_and_zero_are_missing_and_short_lines_are_fine() -> None:
    file = parse(
        HEAD3
        + epoch3(0, "G01" + obs(2e7, 41.25, 0.0), "E05" + obs(None), "G02" + obs(2e7).rstrip())
    )
    assert rows(file) == [("00:00:00.0", "G01", "GS1C", 41.25)]
    assert file.report.n_epochs == 1
    assert not file.report.damage


def test_other_kinds_stand_in_the_same_column() -> None:
    file = parse(HEAD3 + epoch3(0, "G01" + obs(-20000000.125, 41.25)), kind="C")
    assert rows(file) == [("00:00:00.0", "G01", "GS1C", -20000000.125)]


def test_no_snr_gives_epochs_without_rows() -> None:
    file = parse(head("3.04", "G", types3("G", "C1C", "L1C")) + epoch3(0, "G01" + obs(2e7, 1e8)))
    assert len(file.snr) == 0
    assert len(file.epochs) == 1


@pytest.mark.parametrize(
    "text", ["   41.25      ", "41.250        ", "       4x.250 ", "        4 .250"]
)
def test_field_that_is_no_number_in_its_columns_damages_its_epoch(text: str) -> None:
    file = parse(
        HEAD3
        + epoch3(0, "G01" + obs(2e7, 41.25))
        + epoch3(1, "G01" + obs(2e7) + text, "E05" + obs(30.0))
        + epoch3(2, "G01" + obs(2e7, 43.25))
    )
    assert [row[0] for row in rows(file)] == ["00:00:00.0", "00:02:00.0"]
    assert [damage.line for damage in file.report.damage] == [8]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("       +41.250", 41.25),
        ("         41.2 ", 41.2),
        ("        41.   ", 41.0),
        ("          .5  ", 0.5),
    ],
)
def test_number_written_otherwise_with_its_point_in_place_is_read(text: str, value: float) -> None:
    file = parse(HEAD3 + epoch3(0, "G01" + obs(2e7) + (" " * 14 + text)[-14:]))
    if text.index(".") == 10:
        assert rows(file) == [("00:00:00.0", "G01", "GS1C", value)]
    else:
        assert file.report.damage


def test_scale_factor_is_taken_out() -> None:
    header = head(
        "3.04",
        "M",
        types3("G", "C1C", "S1C", "S2W"),
        types3("E", "S1X"),
        labelled("G   10   1 S1C", "SYS / SCALE FACTOR"),
        labelled("E  100", "SYS / SCALE FACTOR"),
    )
    file = parse(header + epoch3(0, "G01" + obs(2e7, 412.5, 30.0), "E05" + obs(4125.0)))
    assert [row[3] for row in rows(file)] == [41.25, 41.25, 30.0]


def test_many_observables_continue_on_a_second_header_line() -> None:
    codes = [f"{kind}{band}{attribute}" for kind in "CLS" for band in "125" for attribute in "CW"]
    header = head(
        "3.04",
        "G",
        labelled("G   18" + "".join(f" {code}" for code in codes[:13]), "SYS / # / OBS TYPES"),
        labelled("      " + "".join(f" {code}" for code in codes[13:]), "SYS / # / OBS TYPES"),
    )
    file = parse(header + epoch3(0, "G01" + obs(*range(18))))
    assert [row[2:] for row in rows(file)] == [
        ("GS1C", 12.0),
        ("GS1W", 13.0),
        ("GS2C", 14.0),
        ("GS2W", 15.0),
        ("GS5C", 16.0),
        ("GS5W", 17.0),
    ]


@pytest.mark.parametrize(
    ("system", "time_system", "first"),
    [
        ("M", "GPS", "00:00:00.0"),
        ("M", "GAL", "00:00:00.0"),
        ("M", "GLO", "00:00:18.0"),  # UTC; GPS - UTC is 18 s since 2017
        ("M", "BDT", "00:00:14.0"),
        ("M", "   ", "00:00:00.0"),
        ("R", "   ", "00:00:18.0"),
        ("C", "   ", "00:00:14.0"),
    ],
)
def test_times_become_gps_time(system: str, time_system: str, first: str) -> None:
    letter = "G" if system == "M" else system
    header = head("3.04", system, types3(letter, "S2I"), time_system=time_system)
    file = parse(header + epoch3(0, f"{letter}01" + obs(40.0)))
    assert str(file.epochs[0])[11:21] == first


def test_half_second_epochs() -> None:
    file = parse(HEAD3 + "".join(epoch3(k / 120, "G01" + obs(2e7, 40.0)) for k in range(4)))
    assert [str(time)[17:21] for time in file.epochs] == ["00.0", "00.5", "01.0", "01.5"]


@pytest.mark.parametrize(
    ("version", "code", "signal"),
    [
        ("3.02", "S1I", "CS2I"),
        ("3.02", "S1X", "CS2X"),
        ("3.02", "S1P", "CS1P"),
        ("3.04", "S1X", "CS1X"),
        ("3.04", "S1I", "CS2I"),
    ],
)
def test_beidou_band_1_of_rinex_302_is_b1_2(version: str, code: str, signal: str) -> None:
    file = parse(head(version, "C", types3("C", code)) + epoch3(0, "C11" + obs(40.0)))
    assert [row[2] for row in rows(file)] == [signal]
    assert any("B1-2" in note for note in file.report.notes) == (signal == "CS2" + code[2])


def test_rinex_302_with_a_band_2_of_beidou_means_b1c_by_band_1() -> None:
    header = head("3.02", "C", types3("C", "C2I", "S2I", "S1X", "S1P"))
    file = parse(header + epoch3(0, "C11" + obs(2e7, 40.0, 41.0, 42.0)))
    assert [row[2:] for row in rows(file)] == [("CS1P", 42.0), ("CS1X", 41.0), ("CS2I", 40.0)]


def test_rinex2_says_that_s1_of_beidou_may_be_either_band() -> None:
    text = head("2.12", "M", types2("S1")) + epoch2(0, ["C11"]) + obs(40.0) + "\n"
    file = parse(text)
    assert [row[2] for row in rows(file)] == ["CS1"]
    assert any("B1I (1561.098 MHz) from B1C" in note for note in file.report.notes)
    gps = parse(text.replace("C11", "G11"))
    assert not any("B1C" in note for note in gps.report.notes)


def test_values_that_are_no_snr_are_left_out_and_counted() -> None:
    file = parse(
        HEAD3
        + epoch3(0, "G01" + obs(2e7, 99.999, -0.25), "G02" + obs(2e7, 100.0, 2e7))
        + epoch3(1, "G01" + obs(2e7, 41.0))
    )
    assert [row[3] for row in rows(file)] == [99.999, 41.0]
    assert file.report.notes == (
        "1 negative SNR values left out",
        "2 SNR values of 100 dB-Hz or more left out",
    )
    assert file.report.n_epochs == 2
    assert not file.report.damage


def test_unit_of_the_snr_is_checked() -> None:
    header = head("3.04", "G", types3("G", "S1C"), labelled("V/V", "SIGNAL STRENGTH UNIT"))
    assert any("'V/V'" in note for note in parse(header).report.notes)


def test_power_failure_epochs_are_read_and_noted() -> None:
    file = parse(HEAD3 + epoch3(0, "G01" + obs(2e7, 41.0), flag=1))
    assert len(rows(file)) == 1
    assert [(event.line, event.flag) for event in file.report.events] == [(6, 1)]


def test_moving_antenna_is_left_out_until_a_new_site() -> None:
    file = parse(
        HEAD3
        + epoch3(0, "G01" + obs(2e7, 40.0))
        + epoch3(1, flag=2)
        + epoch3(2, "G01" + obs(2e7, 41.0))
        + epoch3(3, "G01" + obs(2e7, 42.0))
        + epoch3(4, labelled("NEW", "MARKER NAME").rstrip(), flag=3)
        + epoch3(5, "G01" + obs(2e7, 43.0))
    )
    assert [row[3] for row in rows(file)] == [40.0, 43.0]
    assert [event.flag for event in file.report.events] == [2, 3]
    assert [damage.reason for damage in file.report.damage] == [
        "2 epochs of a moving antenna dropped"
    ]
    assert any("NEW" in note for note in file.report.notes)


def test_new_observation_types_in_the_body_take_effect() -> None:
    change = types3("G", "S5Q", "S1C").rstrip("\n")
    scale = labelled("G   10   1 S5Q", "SYS / SCALE FACTOR").rstrip("\n")
    file = parse(
        HEAD3
        + epoch3(0, "G01" + obs(2e7, 40.0), "E05" + obs(30.0))
        + f">{'':30}4  2\n{change}\n{scale}\n"
        + epoch3(1, "G01" + obs(410.0, 42.0), "E05" + obs(31.0))
    )
    assert rows(file) == [
        ("00:00:00.0", "E05", "ES1X", 30.0),
        ("00:00:00.0", "G01", "GS1C", 40.0),
        ("00:01:00.0", "E05", "ES1X", 31.0),
        ("00:01:00.0", "G01", "GS1C", 42.0),
        ("00:01:00.0", "G01", "GS5Q", 41.0),
    ]
    assert [(event.flag, event.time) for event in file.report.events] == [(4, None)]
    assert not file.report.damage


def test_damaged_types_in_the_body_drop_what_cannot_be_read_until_they_are_known() -> None:
    change = types3("G", "S5Q", "S1C")
    file = parse(
        HEAD3
        + epoch3(0, "G01" + obs(2e7, 40.0))
        + f">{'':30}4  1\n{change.replace('  2', '  3')}"
        + epoch3(1, "G01" + obs(41.0, 42.0))
        + f">{'':30}4  1\n{change}"
        + epoch3(2, "G01" + obs(43.0, 44.0))
    )
    assert [row[3] for row in rows(file)] == [40.0, 44.0, 43.0]
    assert len(file.report.damage) == 2


def test_spliced_header_and_comments_in_the_body() -> None:
    second = head("3.04", "M", types3("G", "S1C"), types3("E", "S1X"))
    comment = labelled("> made by hand", "COMMENT")
    file = parse(
        HEAD3
        + epoch3(0, "G01" + obs(2e7, 40.0))
        + comment
        + epoch3(1, "G01" + obs(2e7, 41.0))
        + second
        + epoch3(2, "G01" + obs(42.0))
    )
    assert [row[3] for row in rows(file)] == [40.0, 41.0, 42.0]
    assert not file.report.damage


def test_cycle_slip_records_are_skipped() -> None:
    file = parse(
        HEAD3
        + epoch3(0, "G01" + obs(2e7, 40.0))
        + epoch3(0, "G01" + obs(1.0, 2.0), flag=6)
        + epoch3(1, "G01" + obs(2e7, 41.0))
    )
    assert [row[3] for row in rows(file)] == [40.0, 41.0]
    assert [event.flag for event in file.report.events] == [6]


def test_change_of_receiver_is_noted_once() -> None:
    receiver = labelled("1 SEPT 5.4.0", "REC # / TYPE / VERS").rstrip("\n")
    file = parse(
        HEAD3
        + epoch3(0, "G01" + obs(2e7, 40.0))
        + f">{'':30}4  1\n{receiver}\n"
        + epoch3(1, "G01" + obs(2e7, 40.0))
        + f">{'':30}4  1\n{receiver}\n"
        + epoch3(2, "G01" + obs(2e7, 40.0))
    )
    assert [note for note in file.report.notes if "REC #" in note] == [
        "line 9: REC # / TYPE / VERS is now '1 SEPT 5.4.0'"
    ]


def test_carriage_returns_trailing_blanks_and_lower_case_ids() -> None:
    text = HEAD3 + epoch3(0, "g01" + obs(2e7, 41.25) + " " * 40)
    assert rows(parse(text.replace("\n", "\r\n"))) == [("00:00:00.0", "G01", "GS1C", 41.25)]


def test_epoch_out_of_order_is_dropped_and_its_neighbours_stay() -> None:
    minutes = [0, 1, 22, 3, 3, 4]
    file = parse(HEAD3 + "".join(epoch3(m, "G01" + obs(2e7, 40.0 + m)) for m in minutes))
    assert [str(time)[14:16] for time in file.epochs] == ["00", "01", "03", "04"]
    assert len(file.report.damage) == 2


def test_lost_epoch_line_costs_its_epoch_only() -> None:
    epochs = [epoch3(m, "G01" + obs(2e7, 40.0 + m), "G02" + obs(2e7, 30.0)) for m in range(3)]
    without = epochs[1].split("\n", 1)[1]
    file = parse(HEAD3 + epochs[0] + without + epochs[2])
    assert [str(time)[14:16] for time in file.epochs] == ["00", "02"]
    assert [damage.line for damage in file.report.damage] == [9]


def test_damaged_count_costs_its_epoch() -> None:
    epochs = [epoch3(m, "G01" + obs(2e7, 40.0), "G02" + obs(2e7, 30.0)) for m in range(3)]
    file = parse(HEAD3 + epochs[0] + epochs[1].replace("0  2\n", "0  1\n") + epochs[2])
    assert [str(time)[14:16] for time in file.epochs] == ["00", "02"]
    assert len(file.report.damage) == 1


@pytest.mark.parametrize("tail", ["", "> 2021 01 02"])
def test_damage_of_a_body_without_a_whole_line_has_a_line_number(tail: str) -> None:
    file = parse_observations(Text("x", (HEAD3 + tail).encode(), "the archive is truncated"))
    assert file.report.cut is not None
    assert file.report.cut.line == 6
    assert parse(HEAD3 + "> 2021 01 02").report.cut is not None


def test_report_is_bounded_by_a_count() -> None:
    bad = "".join(epoch3(k % 50, "G01" + obs(2e7) + "      41.25") for k in range(1500))
    file = parse(HEAD3 + bad)
    assert len(file.report.damage) == DAMAGE_LIMIT + 1
    assert "and 500 more" in file.report.damage[-1].reason


CODES2 = ("C1", "L1", "S1", "C2", "L2", "S2", "S5")


def epoch2(minute: int, satellites: list[str], flag: int = 0) -> str:
    lines = [satellites[at : at + 12] for at in range(0, len(satellites), 12)] or [[]]
    text = f" 21  1  2  0 {minute:2}{0:11.7f}  {flag}{len(satellites):3}" + "".join(lines[0]) + "\n"
    return text + "".join(" " * 32 + "".join(line) + "\n" for line in lines[1:])


def obs2(base: float) -> str:
    return obs(2e7, 1e8, base, 2e7, 1e8) + "\n" + obs(base + 1, base + 2) + "\n"


def test_rinex2_satellites_continue_after_twelve() -> None:
    names = [f"G{k:02}" for k in range(1, 15)]
    text = head("2.11", "G", types2(*CODES2)) + epoch2(0, names)
    file = parse(text + "".join(obs2(10.0 + 3 * k) for k in range(14)))
    expected = {
        (name, signal, 10.0 + 3 * k + step)
        for k, name in enumerate(names)
        for step, signal in enumerate(("GS1", "GS2", "GS5"))
    }
    assert {row[1:] for row in rows(file)} == expected
    assert any("P(Y)" in note for note in file.report.notes)
    assert dict(file.header.observables) == {"G": CODES2}


@pytest.mark.parametrize(("system", "name"), [("G", "G07"), ("M", "G07"), ("R", "R07")])
def test_rinex2_blank_letter_is_the_constellation_of_the_file(system: str, name: str) -> None:
    text = head("2.11", system, types2("S1")) + epoch2(0, ["  7"]) + obs(40.0) + "\n"
    assert [row[1] for row in rows(parse(text))] == [name]


def test_rinex2_blank_observation_lines_count() -> None:
    text = head("2.10", "G", types2(*CODES2)) + epoch2(0, ["G01", "G02"])
    file = parse(text + "\n\n" + obs2(40.0))
    assert [row[1:] for row in rows(file)] == [
        ("G02", "GS1", 40.0),
        ("G02", "GS2", 41.0),
        ("G02", "GS5", 42.0),
    ]


def test_rinex2_types_change_in_the_body() -> None:
    header = head("2.11", "G", types2(*CODES2))
    file = parse(
        header
        + epoch2(0, ["G01"])
        + obs2(40.0)
        + f"{'':28}4  1\n{types2('S1', 'S2')}"
        + epoch2(1, ["G01"])
        + obs(50.0, 51.0)
        + "\n"
    )
    assert [row[3] for row in rows(file)] == [40.0, 41.0, 42.0, 50.0, 51.0]
    assert not file.report.damage


def test_rinex2_two_digit_years() -> None:
    text = head("2.11", "G", types2("S1"))
    old = epoch2(0, ["G01"]).replace(" 21", " 99", 1) + obs(40.0) + "\n"
    assert str(parse(text + old).epochs[0])[:4] == "1999"


def test_rinex2_cycle_slips_take_their_lines() -> None:
    text = head("2.11", "G", types2(*CODES2))
    file = parse(
        text
        + epoch2(0, ["G01"])
        + obs2(40.0)
        + epoch2(0, ["G01"], flag=6)
        + obs2(1.0)
        + epoch2(1, ["G01"])
        + obs2(50.0)
    )
    assert [row[3] for row in rows(file)] == [40.0, 41.0, 42.0, 50.0, 51.0, 52.0]
    assert not file.report.damage


def test_rinex2_signal_that_does_not_exist_is_left_out_with_a_note() -> None:
    text = head("2.11", "M", types2("S1", "S5")) + epoch2(0, ["R01"]) + obs(40.0, 41.0) + "\n"
    file = parse(text)
    assert [row[2] for row in rows(file)] == ["RS1"]
    assert any("R S5" in note for note in file.report.notes)


# Observation codes as RINEX 4.02 prints them of what came after RINEX 3.05 or
# differs by version: NavIC L1; B1C, B1A, B1I, B2a, B2b, B3I and B3A of BeiDou; GLONASS CDMA.
CODES_402 = {
    "I": ("S1D", "S1P", "S1X", "S5A", "S5X", "S9C"),
    "C": ("S2I", "S1P", "S1Z", "S5X", "S7D", "S7Z", "S8X", "S6I", "S6Z"),
    "R": ("S1C", "S4A", "S6X", "S3Q"),
    "J": ("S1E", "S1L", "S5P", "S6E"),
}


def test_rinex_402_as_its_specification_prints_it() -> None:
    picoseconds = "      " + "-.123456789012".rjust(15) + " 01234"
    lines = [
        f"{letter}01" + obs(*(30.0 + place for place in range(len(codes))))
        for letter, codes in CODES_402.items()
    ]
    first = epoch3(0, *lines).replace("\n", picoseconds + "\n", 1)
    text = head(
        "4.02",
        "M",
        labelled("10.5281/zenodo.0000000", "DOI"),
        labelled("CC-BY 4.0", "LICENSE OF USE"),
        labelled("https://example.org/SITE00XXX.sitelog", "STATION INFORMATION"),
        *(types3(letter, *codes) for letter, codes in CODES_402.items()),
        labelled("  1 R01  1", "GLONASS SLOT / FRQ #"),
    )
    file = parse(text + first + epoch3(1, *lines))
    signals = {letter: [letter + code for code in codes] for letter, codes in CODES_402.items()}
    assert rows(file) == sorted(
        (time, f"{letter}01", signal, 30.0 + place)
        for time in ("00:00:00.0", "00:01:00.0")
        for letter, names in signals.items()
        for place, signal in enumerate(names)
    )
    assert file.header.version == 4.02
    assert file.header.glonass_channels == {1: 1}
    assert not file.report.damage
    assert not file.report.notes


def test_reserved_columns_of_an_epoch_line_are_blank() -> None:
    good = HEAD3 + epoch3(0, "G01" + obs(2e7, 41.0)) + epoch3(1, "G01" + obs(2e7, 42.0))
    bad = good.replace("0  1\n", "0  1 12345\n", 1)
    assert [row[3] for row in rows(parse(bad))] == [42.0]
    assert len(parse(bad).report.damage) == 1


@pytest.mark.parametrize(
    ("first_line", "message"),
    [
        ("     3.05           N: GNSS NAV DATA    M", "a navigation file"),
        ("     3.05           METEOROLOGICAL DATA", "of no known format"),
    ],
)
def test_other_files_are_refused_with_a_remedy(first_line: str, message: str) -> None:
    with pytest.raises(UnreadableFileError, match=message):
        parse(labelled(first_line, "RINEX VERSION / TYPE"))


def test_unknown_kind_and_reader_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="kind 'X'"):
        parse(HEAD3, kind="X")
    with pytest.raises(ValueError, match="reader 'x'"):
        read_file(tmp_path / "x", reader="x")


def test_read_observations_and_read_file_give_the_same(tmp_path: Path) -> None:
    path = tmp_path / "x.rnx"
    path.write_text(HEAD3 + epoch3(0, "G01" + obs(2e7, 41.25)))
    assert rows(read_observations(path)) == rows(read_file(path))


def test_georinex_gives_the_same(tmp_path: Path) -> None:
    path = tmp_path / "x.rnx"
    path.write_text(
        HEAD3
        + "".join(
            epoch3(m, "G01" + obs(2e7, 41.0 + m, 30.5), "E05" + obs(33.25 + m), "G02" + obs(2e7))
            for m in range(3)
        )
    )
    ours, theirs = read_file(path), read_file(path, reader="georinex")
    assert rows(ours) == rows(theirs)
    assert len(rows(ours)) == 9
    np.testing.assert_array_equal(ours.epochs, theirs.epochs)
    assert any("georinex" in note for note in theirs.report.notes)


SCALE = labelled("G   10   1 S1C", "SYS / SCALE FACTOR")


def test_georinex_gives_the_same_with_scale_factors(tmp_path: Path) -> None:
    path = tmp_path / "x.rnx"
    header = head("3.04", "M", types3("G", "C1C", "S1C", "S2W"), types3("E", "S1X"), SCALE)
    path.write_text(
        header
        + "".join(
            epoch3(m, "G01" + obs(2e7, 410.0 + m, 30.5), "E05" + obs(33.25 + m)) for m in range(3)
        )
    )
    ours, theirs = read_file(path), read_file(path, reader="georinex")
    assert rows(ours) == rows(theirs)
    assert ("00:00:00.0", "G01", "GS1C", 41.0) in rows(theirs)


@pytest.mark.parametrize("where", ["in a damaged header", "in the body"])
def test_georinex_refuses_scale_factors_that_are_not_known(tmp_path: Path, where: str) -> None:
    path = tmp_path / "x.rnx"
    epochs = "".join(epoch3(m, "G01" + obs(2e7, 410.0)) for m in range(2))
    if where == "in the body":
        path.write_text(HEAD3 + epochs + f">{'':30}4  1\n{SCALE}" + epoch3(2, "G01" + obs(2e7)))
    else:
        header = head("3.04", "M", types3("G", "C1C", "S1C"), SCALE.replace("10", "11"))
        path.write_text(header + epochs)
    with pytest.raises(UnreadableFileError, match=r"georinex does not take out.*repair"):
        read_file(path, reader="georinex")


def test_georinex_that_is_not_installed_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.rnx"
    path.write_text(HEAD3)
    monkeypatch.setitem(sys.modules, "georinex", None)
    with pytest.raises(UnreadableFileError, match=r"pip install 'soilglint\[fallback\]'"):
        read_file(path, reader="georinex")
