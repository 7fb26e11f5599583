"""Header records, written by hand in the columns of the standard."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.equipment import equipment_codes
from retrieval.errors import UnreadableFileError
from retrieval.rinex.header import Header, read_header
from retrieval.rinex.observations import ANY_EPOCH, parse_observations
from retrieval.rinex.text import Text


def labelled(value: str, label: str) -> str:
    return f"{value:60}{label}\n"


VERSION = labelled(f"{'3.05':>9}{'':11}{'OBSERVATION DATA':20}M", "RINEX VERSION / TYPE")
TYPES = labelled("G    2 C1C S1C", "SYS / # / OBS TYPES")
FIRST = labelled("  2021     1     2     0     0    0.0000000     GPS", "TIME OF FIRST OBS")
END = labelled("", "END OF HEADER")


def read(*records: str) -> Header:
    return read_header("x", "".join(records).encode("latin-1"), ANY_EPOCH)


def test_what_a_station_needs() -> None:
    header = read(
        VERSION,
        labelled("ESBC00DNK", "MARKER NAME"),
        labelled("3047937             SEPT POLARX5        5.2.0", "REC # / TYPE / VERS"),
        labelled("CR5200327016        ASH701945E_M    SCIS", "ANT # / TYPE"),
        labelled("        0.2160        0.0000        0.0000", "ANTENNA: DELTA H/E/N"),
        labelled("  3582105.2910   532589.7313  5232754.8054", "APPROX POSITION XYZ"),
        TYPES,
        labelled("    30.000", "INTERVAL"),
        labelled("  3 R01  1 R02 -4 R24  2", "GLONASS SLOT / FRQ #"),
        labelled("    R08  6", "GLONASS SLOT / FRQ #"),
        FIRST,
        END,
    ).content
    assert header.version == 3.05
    assert header.marker == "ESBC00DNK"
    assert header.position_m == (3582105.291, 532589.7313, 5232754.8054)
    assert header.antenna_height_m == 0.216
    assert header.interval_s == 30.0
    assert header.receiver == "3047937 SEPT POLARX5 5.2.0"
    assert header.antenna == "CR5200327016 ASH701945E_M SCIS"
    assert header.time_system == "GPS"
    assert header.glonass_channels == {1: 1, 2: -4, 24: 2, 8: 6}
    assert header.observables == {"G": ("C1C", "S1C")}


@pytest.mark.parametrize("slots", ["  2 R01 +1 R02 -4", "  2 R01   1 R02  -4"])
def test_glonass_channels_written_otherwise(slots: str) -> None:
    header = read(VERSION, TYPES, labelled(slots, "GLONASS SLOT / FRQ #"), FIRST, END)
    assert header.content.glonass_channels == {1: 1, 2: -4}


@pytest.mark.parametrize(
    ("text", "time_system"),
    [
        ("    0.0000000     GPS", "GPS"),
        ("    0.0000000    GPS", "GPS"),
        ("    0.0000000      GAL", "GAL"),
        ("    0.0000000     UTC", "GLO"),
        ("    0.0000000", "GPS"),
    ],
)
def test_time_system_is_found_beside_its_columns(text: str, time_system: str) -> None:
    first = labelled("  2021     1     2     0     0" + text, "TIME OF FIRST OBS")
    assert read(VERSION, TYPES, first, END).content.time_system == time_system


def test_absent_records_are_none() -> None:
    header = read(VERSION, TYPES, FIRST, END)
    assert header.content.position_m is None
    assert header.content.antenna_height_m is None
    assert header.content.interval_s is None
    assert not header.notes


def test_zero_position_is_no_position() -> None:
    zero = labelled("        0.0000        0.0000        0.0000", "APPROX POSITION XYZ")
    assert read(VERSION, TYPES, zero, FIRST, END).content.position_m is None


def test_damaged_position_is_noted_and_not_used() -> None:
    bad = labelled("  3582105.2910   5325x9.7313  5232754.8054", "APPROX POSITION XYZ")
    header = read(VERSION, TYPES, bad, FIRST, END)
    assert header.content.position_m is None
    assert header.notes == ("line 3: APPROX POSITION XYZ is damaged and not used",)


def test_missing_time_of_first_observation_is_noted() -> None:
    assert any("GPS time is assumed" in note for note in read(VERSION, TYPES, END).notes)


def test_doubled_type_lines_say_nothing_new() -> None:
    assert read(VERSION, TYPES, TYPES, FIRST, END).content.observables == {"G": ("C1C", "S1C")}


def test_end_of_header_that_is_lost_is_found_by_the_first_epoch() -> None:
    header = read(VERSION, TYPES, FIRST, "> 2021 01 02 00 00  0.0000000  0  0\n")
    assert header.body_line == 4
    assert [damage.line for damage in header.damage] == [4]


@pytest.mark.parametrize(
    ("records", "line", "message"),
    [
        ((VERSION, TYPES, FIRST), 4, "ends inside the header"),
        ((VERSION, FIRST, END), 3, "no SYS / # / OBS TYPES"),
        (
            (VERSION, TYPES.replace("  2", "  3"), FIRST, END),
            2,
            "3 observation codes are announced",
        ),
        ((VERSION, TYPES.replace("S1C", "?1C"), FIRST, END), 2, "found '?1C'"),
        ((VERSION, TYPES.replace("S1C", "C1C"), FIRST, END), 2, "listed twice"),
        ((VERSION, TYPES.replace("G ", "Q "), FIRST, END), 2, "constellation letter, found 'Q'"),
        ((VERSION, TYPES, FIRST.replace("GPS", "GPX"), END), 3, "time system"),
        (
            (
                VERSION.replace("3.05", "2.11"),
                labelled("     0", "# / TYPES OF OBSERV"),
                FIRST,
                END,
            ),
            2,
            "expected observation codes, found none",
        ),
        ((VERSION, VERSION.replace(" 3.05", "1E999"), TYPES, FIRST, END), 2, "expected RINEX 3"),
        ((VERSION.replace("3.05", "5.00"), TYPES, FIRST, END), 1, "RINEX version"),
        ((VERSION.replace("3.05", "x.05"), TYPES, FIRST, END), 1, "RINEX version"),
    ],
)
def test_damage_beyond_use_names_its_line(
    records: tuple[str, ...], line: int, message: str
) -> None:
    with pytest.raises(UnreadableFileError, match=message.replace("?", r"\?")) as raised:
        read(*records)
    assert raised.value.line == line


VERSIONS = {
    "2.11": (
        labelled(f"{'2.11':>9}{'':11}{'OBSERVATION DATA':20}M", "RINEX VERSION / TYPE"),
        labelled("     2    C1    S1", "# / TYPES OF OBSERV"),
    ),
    "3.05": (VERSION, TYPES),
    "4.02": (VERSION.replace("3.05", "4.02"), TYPES),
}
CELL = st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=20)


@pytest.mark.parametrize("version", list(VERSIONS))
@given(st.tuples(CELL, CELL, CELL, CELL, CELL))
def test_equipment_is_what_stands_in_the_columns(version: str, cells: tuple[str, ...]) -> None:
    number, kind, firmware, antenna_number, antenna = (f"{cell:20}" for cell in cells)
    header = read(
        VERSIONS[version][0],
        labelled(number + kind + firmware, "REC # / TYPE / VERS"),
        labelled(antenna_number + antenna, "ANT # / TYPE"),
        VERSIONS[version][1],
        FIRST,
        END,
    )
    # Control characters and hard blanks are blanks; a bar would look like a border of parts.
    blank = {chr(code): " " for code in (*range(0x7F, 0xA1), 0xAD)}
    clean = str.maketrans({**blank, "|": "/"})
    parts = [" ".join(cell.translate(clean).split()) for cell in cells]
    expected = " | ".join(parts) if any(parts) else ""
    assert header.definition.equipment == expected


@pytest.mark.parametrize("version", list(VERSIONS))
def test_a_header_without_equipment_knows_none(version: str) -> None:
    assert read(*VERSIONS[version], FIRST, END).definition.equipment == ""
    lone = labelled(f"{'':20}{'SEPT POLARX5':20}", "REC # / TYPE / VERS")
    assert (
        read(*VERSIONS[version], lone, FIRST, END).definition.equipment
        == " | SEPT POLARX5 |  |  | "
    )


def test_a_header_in_the_body_may_bring_other_equipment() -> None:
    receiver = labelled(f"{'1':20}{'SEPT POLARX5':20}{'5.2.0':20}", "REC # / TYPE / VERS")
    antenna = labelled(f"{'9':20}{'ASH701945E_M    SCIS':20}", "ANT # / TYPE")
    newer = receiver.replace("5.2.0", "5.3.2")
    body = "".join(
        f"> 2021  1  2  0  0{second:11.7f}  0  1\nG05  20000000.000 0        {snr:.3f}\n{change}"
        for second, snr, change in (
            (0, 40, ""),
            (30, 41, f">{'':30}4  1\n{newer}"),
            (50, 42, ""),
        )
    )
    text = "".join([VERSION, receiver, antenna, TYPES, FIRST, END]) + body
    file = parse_observations(Text("x.rnx", text.encode()))
    before = "1 | SEPT POLARX5 | 5.2.0 | 9 | ASH701945E_M SCIS"
    after = "1 | SEPT POLARX5 | 5.3.2 | 9 | ASH701945E_M SCIS"
    assert file.equipment == (before, after)
    assert file.snr.snr_dbhz.tolist() == [40.0, 41.0, 42.0]
    codes = equipment_codes(file.equipment)
    assert [codes[code] for code in file.snr.equipment] == [before, before, after]
