"""SNR66 text, on lines written by hand in the columns that its documentation lists."""

import datetime
from pathlib import Path

import numpy as np
import pytest

from retrieval.errors import UnreadableFileError
from retrieval.gnss import satellite_name, signal_name
from retrieval.rinex import Text, parse_snr66, read_file

# satellite, elevation, azimuth, seconds, rate, S6, S1, S2, S5, S7, S8
LINES = [
    "  7   10.5000  120.2500      30.0  0.005100   0.00  41.20  33.10   0.00   0.00   0.00",
    "112   22.0000  359.9000      30.0 -0.001000   0.00  44.00  38.00   0.00   0.00   0.00",
    "205    5.2500   10.0000      60.5  0.003000  44.60  39.30   0.00  43.30  44.00  47.10",
    "321   15.0000   80.0000      60.5  0.003000  45.00   0.00  37.00   0.00  46.00   0.00",
]
GOOD = "".join(line + "\n" for line in LINES).encode()
NAME = "abcd0100.25.snr66"
Row = tuple[str, str, str, float, float, float]


def rows(content: bytes, name: str = NAME, date: datetime.date | None = None) -> set[Row]:
    table = parse_snr66(Text(name, content), date).snr
    assert table.elevation_deg is not None
    assert table.azimuth_deg is not None
    return {
        (str(time)[:21], satellite_name(int(sat)), signal_name(int(sig)), float(value), e, a)
        for time, sat, sig, value, e, a in zip(
            table.time,
            table.satellite,
            table.signal,
            table.snr_dbhz,
            table.elevation_deg.tolist(),
            table.azimuth_deg.tolist(),
            strict=True,
        )
    }


EARLY, LATE = "2025-01-10T00:00:30.0", "2025-01-10T00:01:00.5"
EXPECTED = {
    (EARLY, "G07", "GS1", 41.2, 10.5, 120.25),
    (EARLY, "G07", "GS2", 33.1, 10.5, 120.25),
    (EARLY, "R12", "RS1", 44.0, 22.0, 359.9),
    (EARLY, "R12", "RS2", 38.0, 22.0, 359.9),
    (LATE, "E05", "ES6", 44.6, 5.25, 10.0),
    (LATE, "E05", "ES1", 39.3, 5.25, 10.0),
    (LATE, "E05", "ES5", 43.3, 5.25, 10.0),
    (LATE, "E05", "ES7", 44.0, 5.25, 10.0),
    (LATE, "E05", "ES8", 47.1, 5.25, 10.0),
    (LATE, "C21", "CS6", 45.0, 15.0, 80.0),
    (LATE, "C21", "CS2", 37.0, 15.0, 80.0),
    (LATE, "C21", "CS7", 46.0, 15.0, 80.0),
}


def test_columns_become_signals_and_zero_is_missing() -> None:
    assert rows(GOOD) == EXPECTED


def test_header_and_report() -> None:
    file = parse_snr66(Text(NAME, GOOD), None)
    assert file.header.marker == "abcd"
    assert file.header.observables["G"] == ("S1", "S2")
    assert file.report.n_epochs == 2
    assert file.report.cut is None
    assert file.report.complete_bytes == len(GOOD)
    assert any("P(Y)" in note for note in file.report.notes)


@pytest.mark.parametrize(
    "name",
    [
        "abcd0100.25.snr66",
        "abcd0100.25.snr66.gz",
        "ABCD0100.25.SNR88",
        "ABCD00AUS_R_20250100000_01D_30S_MO.snr66",
        "abcd_2025_010.snr66",
    ],
)
def test_date_from_the_name(name: str) -> None:
    assert {row[0] for row in rows(GOOD, name)} == {EARLY, LATE}


def test_given_date_wins() -> None:
    found = {row[0][:10] for row in rows(GOOD, NAME, datetime.date(2024, 2, 29))}
    assert found == {"2024-02-29"}


def test_name_without_date_says_how_to_give_it() -> None:
    with pytest.raises(UnreadableFileError, match="--date"):
        parse_snr66(Text("station.snr66", GOOD), None)


def test_impossible_day_in_the_name_is_refused() -> None:
    with pytest.raises(UnreadableFileError, match="day 366 of year 2025"):
        parse_snr66(Text("abcd3660.25.snr66", GOOD), None)


@pytest.mark.parametrize(
    "bad",
    [
        "  7   10.5000  120.2500      30.0  0.005100   0.00  41.20  33.10   0.00   0.00",
        "  7   10.5000  120.2500      30.0  0.005100   0.00  41.x0  33.10   0.00   0.00   0.00",
        "  7   10.5000  120.2500      30.0  0.005100   0.00    nan  33.10   0.00   0.00   0.00",
        "  0   10.5000  120.2500      30.0  0.005100   0.00  41.20  33.10   0.00   0.00   0.00",
        "500   10.5000  120.2500      30.0  0.005100   0.00  41.20  33.10   0.00   0.00   0.00",
        "  7   97.5000  120.2500      30.0  0.005100   0.00  41.20  33.10   0.00   0.00   0.00",
        "  7   10.5000  120.2500   86430.0  0.005100   0.00  41.20  33.10   0.00   0.00   0.00",
        "  7   10.5000  120.2500      30.0  0.005100   0.00 -41.20  33.10   0.00   0.00   0.00",
    ],
)
def test_damaged_row_is_dropped_and_reported(bad: str) -> None:
    content = (bad + "\n").encode() + GOOD
    file = parse_snr66(Text(NAME, content), None)
    assert [damage.line for damage in file.report.damage] == [1]
    assert rows(content) == EXPECTED


def test_row_that_stands_twice_is_reported() -> None:
    content = GOOD + (LINES[0] + "\n").encode()
    file = parse_snr66(Text(NAME, content), None)
    assert [damage.line for damage in file.report.damage] == [5]
    assert len(file.snr) == len(EXPECTED)


def test_unfinished_last_line_is_held_back() -> None:
    content = GOOD[:-4]
    file = parse_snr66(Text(NAME, content), None)
    assert file.report.cut is not None
    assert file.report.cut.line == 4
    assert file.report.complete_bytes == sum(len(line) + 1 for line in LINES[:3])
    assert rows(content) == {row for row in EXPECTED if row[1] != "C21"}


def test_rows_of_a_signal_are_in_order_of_time() -> None:
    content = "".join(line + "\n" for line in reversed(LINES)).encode()
    file = parse_snr66(Text(NAME, content), None)
    for signal in np.unique(file.snr.signal):
        times = file.snr.time[file.snr.signal == signal]
        assert (np.diff(times) >= np.timedelta64(0)).all()
    assert rows(content) == EXPECTED


def test_read_file_knows_it(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_bytes(GOOD)
    assert len(read_file(path, datetime.date(2025, 1, 10)).snr) == len(EXPECTED)
