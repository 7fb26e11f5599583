import gzip
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from retrieval.errors import InputError, UnknownSignalError
from retrieval.gnss import satellite_code, satellite_names, signal_names
from retrieval.rinex import Text, parse_observations, read_observations, read_with_georinex
from retrieval.simulation.receiver.observation_files import FilePacking
from retrieval.simulation.receiver.observation_header import ObservationHeader
from retrieval.simulation.receiver.observation_writer import observation_text
from retrieval.simulation.receiver.snr_grid import SnrGrid

START = np.datetime64("2012-02-26T23:58:30", "ns")
HEADER = ObservationHeader(
    version="3.04",
    marker="P041",
    ecef_m=(-1283634.1234, -4726427.8941, 4074798.0243),
    interval_s=30.0,
    created=np.datetime64("2024-05-14T01:02:03"),
    comments=("SIMULATED",),
)
HEADER_2 = replace(HEADER, version="2.11")
PACKINGS = [FilePacking(), FilePacking(gzip=True), FilePacking(crinex=True, gzip=True)]
# Signals per constellation, of which RINEX 2 has a name for each.
SIGNALS = ("GS1C", "GS2L", "GS5Q", "RS1C", "RS2C", "ES1C", "ES5Q", "ES7Q", "ES8Q", "ES6C", "SS1C")
SATELLITES = ("G01", "E36", "R24", "G32", "S23", "R01", "E02", "G13")


def codes(*names: str) -> np.ndarray:
    return np.array([satellite_code(name) for name in names], np.int32)


def epochs(count: int, step_s: float = 30.0) -> np.ndarray:
    return START + (np.arange(count) * round(step_s * 1e9)).astype("timedelta64[ns]")


def random_grid(n_epochs: int = 20, share_missing: float = 0.4, seed: int = 7) -> SnrGrid:
    draw = np.random.default_rng(seed)
    satellite = codes(*SATELLITES)
    letters = [name[0] for name in SATELLITES]
    snr = {}
    for signal in SIGNALS:
        shape = (letters.count(signal[0]), n_epochs)
        values = draw.integers(1, 100_000, shape) / 1000
        snr[signal] = np.where(draw.random(shape) < share_missing, np.nan, values)
    return SnrGrid.of(epochs(n_epochs), satellite, snr)


def expected_rows(grid: SnrGrid, version: str) -> dict[tuple[str, str, np.datetime64], int]:
    """Thousandths of a dB-Hz by satellite, signal and epoch, out of the grid, value by value."""
    rows = {}
    for row, name in enumerate(satellite_names(grid.satellite)):
        for slot, signal in enumerate(grid.signals_of(name[0])):
            for column, time in enumerate(grid.time):
                value = grid.snr_dbhz[slot, row, column]
                if not np.isnan(value):
                    rows[name, signal[: 3 if version == "2.11" else 4], time] = round(value * 1000)
    return rows


def rows_of(file) -> dict[tuple[str, str, np.datetime64], int]:
    table = file.snr
    names, signals = satellite_names(table.satellite), signal_names(table.signal)
    thousandths = table.snr_dbhz * 1000
    np.testing.assert_allclose(thousandths, np.rint(thousandths), atol=1e-6, rtol=0)
    keys = zip(names, signals, table.time, strict=True)
    return dict(zip(keys, np.rint(thousandths).astype(int).tolist(), strict=True))


@pytest.mark.parametrize("packing", PACKINGS, ids=str)
@pytest.mark.parametrize("header", [HEADER, HEADER_2], ids=lambda header: header.version)
def test_values_come_back_to_the_thousandth_through_our_reader(tmp_path, header, packing):
    grid = random_grid()
    path = tmp_path / "file"
    path.write_bytes(packing.packed(observation_text(header, grid)))
    file = read_observations(path)
    assert rows_of(file) == expected_rows(grid, header.version)
    assert (file.report.damage, file.report.cut) == ((), None)
    np.testing.assert_array_equal(file.epochs, grid.time)


@pytest.mark.parametrize("header", [HEADER, HEADER_2], ids=lambda header: header.version)
def test_georinex_reads_the_same_values(tmp_path, header):
    grid = random_grid(n_epochs=6)
    path = tmp_path / ("p0410570.12o" if header.version == "2.11" else "file.rnx")
    path.write_bytes(observation_text(header, grid))
    assert rows_of(read_with_georinex(path)) == expected_rows(grid, header.version)


@given(
    thousandths=hnp.arrays(np.int64, (3, 4, 5), elements=st.integers(-40_000, 99_999)),
    version=st.sampled_from(["3.04", "2.11"]),
    strength_digit=st.booleans(),
)
def test_any_grid_comes_back(thousandths, version, strength_digit):
    values = np.where(thousandths > 0, thousandths / 1000, np.nan)
    values[2, 1] = np.nan  # GLONASS has two signals here
    satellite = codes("G05", "R07", "G31", "G12")
    signals = ("GS1C", "GS2X", "GS5X", "RS1C", "RS2C")
    grid = SnrGrid(epochs(5, 0.1), satellite, signals, values)
    header = replace(HEADER, version=version, interval_s=0.1, strength_digit=strength_digit)
    if np.isnan(values).all():
        with pytest.raises(InputError, match="no satellite is observed"):
            observation_text(header, grid)
        return
    file = parse_observations(Text("file", observation_text(header, grid)))
    assert rows_of(file) == expected_rows(grid, version)
    listed = ~np.isnan(values).all(axis=(0, 1))
    np.testing.assert_array_equal(file.epochs, grid.time[listed])


@pytest.mark.parametrize("count", [1, 11, 12, 13, 24, 25, 32])
def test_rinex_2_lists_any_number_of_satellites(count):
    names = [f"G{number:02d}" for number in range(1, count + 1)]
    snr = np.arange(1, count + 1)[:, np.newaxis] + np.array([20.25, 30.5])
    grid = SnrGrid.of(epochs(2), codes(*names), {"GS2X": snr})
    text = observation_text(HEADER_2, grid)
    assert rows_of(parse_observations(Text("file", text))) == expected_rows(grid, "2.11")
    body = text.split(b"END OF HEADER\n")[1].splitlines()
    # Twelve satellites fit on a line of the list; then one line for each satellite.
    assert len(body) == 2 * (-(-count // 12) + count)


def test_lines_are_those_of_the_standard():
    snr = {"GS1C": np.array([[45.5], [9.0625]]), "GS2X": np.array([[np.nan], [0.001]])}
    grid = SnrGrid.of(START[np.newaxis], codes("G05", "G27"), snr)
    header = replace(HEADER, strength_digit=True)
    # RINEX 3.04, table A3: A1,1X,I4,4(1X,I2.2),F11.7,2X,I1,I3 and A1,I2.2,m(F14.3,I1,I1). The
    # digits: 45.5 / 6 is 7.6; what is below 6 dB-Hz has the digit 1.
    assert observation_text(header, grid).split(b"END OF HEADER\n")[1].splitlines() == [
        b"> 2012 02 26 23 58 30.0000000  0  2",
        b"G05        45.500 7                ",
        b"G27         9.062 1         0.001 1",
    ]
    # RINEX 2.11, table A2: 1X,I2.2,4(1X,I2),F11.7,2X,I1,I3,12(A1,I2) and m(F14.3,I1,I1).
    assert observation_text(HEADER_2, grid).split(b"END OF HEADER\n")[1].splitlines() == [
        b" 12 02 26 23 58 30.0000000  0  2G05G27",
        b"        45.500                  ",
        b"         9.062           0.001  ",
    ]


def test_header_says_what_was_given(tmp_path):
    path = tmp_path / "file"
    grid = random_grid()
    path.write_bytes(observation_text(HEADER, grid))
    header = read_observations(path).header
    assert (header.version, header.marker, header.interval_s) == (3.04, "P041", 30.0)
    assert header.position_m == HEADER.ecef_m
    assert header.antenna_height_m == 0.0
    assert header.time_system == "GPS"
    assert header.observables["E"] == ("S1C", "S5Q", "S7Q", "S8Q", "S6C")
    assert header.glonass_channels == {1: 1, 24: 2}
    lines = path.read_text().split("END OF HEADER")[0].splitlines()
    assert (
        lines[0] == f"{'     3.04           OBSERVATION DATA    M: MIXED':<60}RINEX VERSION / TYPE"
    )
    assert lines[1] == f"{'soilglint':<20}{'simulated':<20}20240514 010203 UTC PGM / RUN BY / DATE"
    assert f"{'  2012     2    26    23    58   30.0000000     GPS':<60}TIME OF FIRST OBS" in lines
    # 19 epochs of 30 s later.
    assert f"{'  2012     2    27     0     8    0.0000000     GPS':<60}TIME OF LAST OBS" in lines
    assert f"{'DBHZ':<60}SIGNAL STRENGTH UNIT" in lines
    assert f"{'  2 R01  1 R24  2':<60}GLONASS SLOT / FRQ #" in lines


def test_rinex_2_header_has_one_list_of_codes(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(observation_text(HEADER_2, random_grid()))
    header = read_observations(path).header
    assert set(header.observables) == set("GRES")
    assert set(header.observables.values()) == {("S1", "S2", "S5", "S6", "S7", "S8")}
    assert f"{'     1     1':<60}WAVELENGTH FACT L1/2" in path.read_text().splitlines()


def test_file_of_gps_alone_says_so():
    grid = SnrGrid.of(epochs(1), codes("G05"), {"GS1C": np.array([[40.0]])})
    assert observation_text(HEADER, grid)[40:46] == b"G: GPS"


def test_satellites_never_seen_leave_no_trace():
    snr = {"GS1C": np.array([[40.0]]), "RS1C": np.array([[np.nan]])}
    text = observation_text(HEADER, SnrGrid.of(epochs(1), codes("G05", "R07"), snr))
    assert b"GLONASS" not in text
    assert b"R07" not in text


def test_more_codes_than_a_header_line_holds():
    signals = [f"GS1{letter}" for letter in "CSLXPWYMN"] + [
        f"GS2{letter}" for letter in "CDSLXPWYMN"
    ]
    snr = {signal: np.array([[20.0 + k]]) for k, signal in enumerate(signals)}
    grid = SnrGrid.of(epochs(1), codes("G05"), snr)
    file = parse_observations(Text("file", observation_text(HEADER, grid)))
    assert rows_of(file) == expected_rows(grid, "3.04")


def test_more_glonass_satellites_than_a_header_line_holds():
    names = [f"R{slot:02d}" for slot in range(1, 24)]
    grid = SnrGrid.of(epochs(1), codes(*names), {"RS1C": np.full((23, 1), 40.0)})
    file = parse_observations(Text("file", observation_text(HEADER, grid)))
    expected = dict(HEADER.glonass_channels)
    del expected[24]
    assert file.header.glonass_channels == expected


def test_limits_of_what_can_be_written():
    grid = SnrGrid.of(epochs(3), codes("G05"), {"GS1C": np.array([[0.001, 99.999, 0.0]])})
    file = parse_observations(Text("file", observation_text(HEADER, grid)))
    # RINEX has no other way to write a missing value than 0 or blank.
    assert file.snr.snr_dbhz.tolist() == [0.001, 99.999]
    assert len(file.epochs) == 3


@pytest.mark.parametrize("value", [100.0, 99.9996, -0.001, np.inf])
def test_value_outside_the_limits_is_refused(value):
    grid = SnrGrid.of(epochs(1), codes("G05"), {"GS1C": np.array([[value]])})
    with pytest.raises(InputError, match="G05"):
        observation_text(HEADER, grid)


def test_two_signals_of_a_band_share_a_name_of_rinex_2_while_not_both_observed():
    snr = {
        "GS2X": np.array([[40.0, np.nan], [np.nan, np.nan]]),
        "GS2W": np.array([[np.nan, 30.0], [25.0, np.nan]]),
    }
    grid = SnrGrid.of(epochs(2), codes("G05", "G07"), snr)
    file = parse_observations(Text("file", observation_text(HEADER_2, grid)))
    values = {(name, str(time)[11:19]): value for (name, _, time), value in rows_of(file).items()}
    assert values == {
        ("G05", "23:58:30"): 40_000,
        ("G05", "23:59:00"): 30_000,
        ("G07", "23:58:30"): 25_000,
    }
    snr["GS2W"][0, 0] = 20.0
    both = SnrGrid.of(epochs(2), codes("G05", "G07"), snr)
    with pytest.raises(InputError, match="GS2X and GS2W of G05"):
        observation_text(HEADER_2, both)


@pytest.mark.parametrize(
    ("signal", "satellite"), [("CS2I", "C11"), ("JS1C", "J02"), ("RS3Q", "R01")]
)
def test_signal_without_a_name_in_rinex_2_is_refused(signal, satellite):
    grid = SnrGrid.of(epochs(1), codes(satellite), {signal: np.array([[40.0]])})
    with pytest.raises(InputError, match=signal):
        observation_text(HEADER_2, grid)


def test_what_cannot_be_written_is_refused():
    one = SnrGrid.of(epochs(1), codes("R07"), {"RS1C": np.array([[40.0]])})
    with pytest.raises(InputError, match="version"):
        replace(HEADER, version="4.00")
    with pytest.raises(InputError, match="channel"):
        observation_text(replace(HEADER, glonass_channels={1: 1}), one)
    with pytest.raises(InputError, match="comment"):
        observation_text(replace(HEADER, comments=("two\nlines",)), one)
    with pytest.raises(InputError, match="receiver"):
        observation_text(replace(HEADER, receiver="x" * 21), one)
    with pytest.raises(InputError, match="tracking mode"):
        observation_text(HEADER, SnrGrid.of(epochs(1), codes("G07"), {"GS1": np.array([[40.0]])}))
    shifted = replace(one, time=one.time + np.timedelta64(50, "ns"))
    with pytest.raises(InputError, match="100 ns"):
        observation_text(HEADER, shifted)
    with pytest.raises(InputError, match="1980 to 2079"):
        observation_text(HEADER_2, replace(one, time=np.array(["2080-01-01"], "datetime64[ns]")))


def test_grids_that_do_not_fit_are_refused():
    time, satellite, value = epochs(1), codes("G05"), np.array([[[40.0]]])
    with pytest.raises(InputError, match="expected"):
        SnrGrid(time, satellite, ("GS1C", "GS2X"), value)
    with pytest.raises(InputError, match="stands twice"):
        SnrGrid(time, codes("G05", "G05"), ("GS1C",), np.ones((1, 2, 1)))
    with pytest.raises(InputError, match="without a signal"):
        SnrGrid(time, codes("R05"), ("GS1C",), value)
    with pytest.raises(InputError, match="beyond"):
        SnrGrid(time, codes("G05", "R05"), ("GS1C", "GS2X", "RS1C"), np.ones((2, 2, 1)))
    with pytest.raises(InputError, match="increase"):
        SnrGrid(np.repeat(time, 2), satellite, ("GS1C",), np.ones((1, 1, 2)))
    with pytest.raises(InputError, match="shape"):
        SnrGrid.of(time, satellite, {"GS1C": np.ones((2, 1))})
    with pytest.raises(UnknownSignalError):
        SnrGrid(time, satellite, ("GS9C",), value)


def test_seconds_keep_their_decimals():
    time = np.array(
        ["2024-02-29T23:59:59.9999999", "2024-03-01T00:00:00.0500000"], "datetime64[ns]"
    )
    grid = SnrGrid.of(time, codes("G05"), {"GS1C": np.array([[40.0, 41.0]])})
    for header in (HEADER, HEADER_2):
        file = parse_observations(Text("file", observation_text(header, grid)))
        np.testing.assert_array_equal(file.epochs, time)


def test_same_input_gives_the_same_bytes(tmp_path: Path):
    for packing in PACKINGS:
        first, second = (packing.packed(observation_text(HEADER, random_grid())) for _ in range(2))
        assert first == second
    packed = FilePacking(crinex=True, gzip=True).packed(observation_text(HEADER, random_grid()))
    assert packed[4:8] == bytes(4)  # RFC 1952: the time stamp
    assert gzip.decompress(packed).splitlines()[1][20:60] == b" " * 40
