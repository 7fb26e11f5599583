"""Reading precise orbits: hand-made SP3 texts of each version and time system, and damage."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval import gnss
from retrieval.errors import UnreadableFileError
from retrieval.rinex.sp3 import PreciseEphemeris, merge_precise, parse_sp3, read_sp3

EPOCHS = ("2020  6 25  0  0  0.00000000", "2020  6 25  0 15  0.00000000")
FIRST = """\
PG01  13686.913694 -22099.331881  -4728.984963    787.466701  5  5  3  60
PE02  11459.480933 -14087.476822 -23374.096011 999999.999999
PR03      0.000000      0.000000      0.000000 999999.999999
"""
SECOND = """\
PG01  13786.913694 -22199.331881  -4828.984963    787.466702  5  5  3  60
VG01  13786.913694 -22199.331881  -4828.984963    787.466702
PE02  11559.480933 -14187.476822 -23474.096011   -142.763416
PR03 -11298.921706 -21509.118778   7892.074786     17.370790
"""


def sp3(version: str = "d", system: str = "GPS", records: tuple[str, str] = (FIRST, SECOND)) -> str:
    names = "".join(name for name in ("G01", "E02", "R03")) + "  0" * 14
    head = (
        f"#{version}P2020  6 25  0  0  0.00000000       2 ORBIT IGb14 HLM  IGS\n"
        "## 2111 345600.00000000   900.00000000 59025 0.0000000000000\n"
        f"+    3   {names}\n"
    )
    if version in "cd":
        head += f"%c M  cc {system} ccc cccc cccc cccc cccc ccccc ccccc ccccc ccccc\n"
        head += "%c cc cc ccc ccc cccc cccc cccc cccc ccccc ccccc ccccc ccccc\n"
    head += "/* hand-made\n"
    body = "".join(f"*  {epoch}\n{text}" for epoch, text in zip(EPOCHS, records, strict=True))
    return head + body + "EOF\n"


def read(text: str) -> PreciseEphemeris:
    return parse_sp3("x.sp3", text.encode())


def of(ephemeris: PreciseEphemeris, name: str) -> np.ndarray:
    return np.flatnonzero(ephemeris.satellite == gnss.satellite_code(name))


@pytest.mark.parametrize("version", ["a", "c", "d"])
def test_positions_are_metres_at_their_epochs(version: str) -> None:
    ephemeris = read(sp3(version))
    rows = of(ephemeris, "G01")
    assert ephemeris.time[rows].tolist() == [
        np.datetime64(text, "ns").astype(int) for text in ("2020-06-25T00:00", "2020-06-25T00:15")
    ]
    np.testing.assert_allclose(
        ephemeris.position_m[rows],
        [[13686913.694, -22099331.881, -4728984.963], [13786913.694, -22199331.881, -4828984.963]],
        rtol=0,
        atol=1e-6,
    )
    np.testing.assert_allclose(ephemeris.clock_s[rows], [787.466701e-6, 787.466702e-6], rtol=1e-12)
    assert not ephemeris.damage


def test_missing_position_has_no_row_and_missing_clock_is_nan() -> None:
    ephemeris = read(sp3())
    assert len(of(ephemeris, "R03")) == 1
    clock = ephemeris.clock_s[of(ephemeris, "E02")]
    assert np.isnan(clock[0])
    assert clock[1] == pytest.approx(-142.763416e-6)


def test_satellites_without_letter_are_gps() -> None:
    text = sp3("a", records=(FIRST.replace("PG01", "P  1"), SECOND.replace("PG01", "P  1")))
    assert len(of(read(text), "G01")) == 2


@pytest.mark.parametrize(
    ("system", "gps_minus_s"),
    [("GPS", 0), ("GAL", 0), ("QZS", 0), ("BDT", 14), ("UTC", 18), ("GLO", 18), ("TAI", -19)],
)
def test_other_time_systems_become_gps_time(system: str, gps_minus_s: int) -> None:
    time = read(sp3(system=system)).time.min()
    assert time == np.datetime64("2020-06-25", "ns") + np.timedelta64(gps_minus_s, "s")


def test_unknown_time_system_is_refused() -> None:
    with pytest.raises(UnreadableFileError, match="line 4: time system 'XYZ'"):
        read(sp3(system="XYZ"))


def test_what_is_no_sp3_says_so() -> None:
    with pytest.raises(UnreadableFileError, match="expected an SP3 file"):
        read("     3.04           N: GNSS NAV DATA")


def test_more_satellites_than_an_old_header_holds() -> None:
    names = [f"{letter}{number:02d}" for letter in "GREC" for number in range(1, 41)]
    lines = "".join(
        f"P{name}{20000 + index:14.6f}{100:14.6f}{-5000:14.6f}{1:14.6f}\n"
        for index, name in enumerate(names)
    )
    ephemeris = read(sp3(records=(lines, lines)))
    assert len(ephemeris) == 2 * 160
    assert ephemeris.position_m[of(ephemeris, "C40"), 0].tolist() == [20159e3, 20159e3]


def test_damaged_position_is_reported_and_dropped() -> None:
    ephemeris = read(sp3().replace("11459.480933", "11459.4x0933"))
    assert len(of(ephemeris, "E02")) == 1
    assert len(of(ephemeris, "G01")) == 2
    ((line, reason),) = [(entry.line, entry.reason) for entry in ephemeris.damage]
    assert line == 9
    assert "cannot be read" in reason


def test_blank_lines_keep_line_numbers() -> None:
    blank = "\n" * 50_000
    text = sp3().replace("/* hand-made\n", "/* hand-made\n" + blank)
    ephemeris = read(text.replace("11459.480933", "11459.4x0933"))
    assert len(ephemeris) == 4
    assert [entry.line for entry in ephemeris.damage] == [50_009]


def test_lost_epoch_line_does_not_move_positions_in_time() -> None:
    ephemeris = read(sp3().replace(f"*  {EPOCHS[1]}\n", ""))
    # R03 has a position in the second epoch only, which has lost its time too.
    assert len(ephemeris) == 0
    assert "twice" in ephemeris.damage[0].reason


def test_doubled_line_changes_nothing() -> None:
    line = SECOND.splitlines(keepends=True)[0]
    doubled = read(sp3(records=(FIRST, line + SECOND)))
    np.testing.assert_array_equal(doubled.position_m, read(sp3()).position_m)


def test_merging_does_not_depend_on_the_order_of_files() -> None:
    first, second = read(sp3()), read(sp3().replace("2020  6 25  0", "2020  6 26  0"))
    other = read(sp3().replace("13686.9", "13687.9"))
    one = merge_precise([first, second, other])
    two = merge_precise([other, second, first])
    assert len(one) == 2 * len(first)
    np.testing.assert_array_equal(one.position_m, two.position_m)
    np.testing.assert_array_equal(one.time, two.time)


def test_file_on_disk_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x.sp3"
    path.write_text(sp3())
    assert len(read_sp3(path)) == 5


@given(at=st.integers(0, 10_000), byte=st.integers(0, 255), cut=st.integers(0, 10_000))
def test_any_damage_gives_no_traceback(at: int, byte: int, cut: int) -> None:
    content = sp3().encode()
    at %= len(content)
    changed = content[:at] + bytes([byte]) + content[at + 1 :]
    for text in (changed, content[: cut % len(content)]):
        try:
            ephemeris = parse_sp3("x.sp3", text)
        except UnreadableFileError:
            continue
        written = [f"{value / 1e3:.6f}".encode() for value in ephemeris.position_m.ravel()]
        assert all(value in text for value in written)
