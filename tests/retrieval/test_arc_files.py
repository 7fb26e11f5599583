from contextlib import suppress

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.arc_files import read_arc_table
from retrieval.arc_table import ARC_COLUMNS, arc_table
from retrieval.errors import UnreadableFileError

N = 4
# Of the receiver the number is not known, of the antenna neither.
EQUIPMENT = " | SEPT POLARX5 | 5.2.0 |  | ASH701945E_M SCIS"


@pytest.fixture
def arcs():
    """Three accepted arcs, and a rejected one of which little is known."""
    start = np.datetime64("2025-01-10T12:00:00.5", "ns") + np.arange(N) * np.timedelta64(1, "h")
    lacking = np.array([0.0, 0.0, 0.0, np.nan])
    values = {
        **dict.fromkeys(ARC_COLUMNS, 1.5 + lacking),
        "station": "test",
        "satellite": "G01",
        "signal": ["S2X", "S2", "S1C", "S5Q"],
        "direction": ["rising", "setting", "rising", "setting"],
        "start": start,
        "end": start + np.timedelta64(40, "m"),
        "closed": start + np.timedelta64(45, "m"),
        "phase_deg": [180.0, -179.9, 0.1 + 0.2, np.nan],
        "n_obs": 80,
        "phase_height_correlation": -0.9,
        "height_mode": "fixed",
        "orbit_source": "broadcast",
        "accepted": [True, True, True, False],
        "reject_reason": ["", "", "", "too few points"],
        "equipment": [EQUIPMENT, EQUIPMENT, "", EQUIPMENT],
    }
    return arc_table({name: np.broadcast_to(values[name], N) for name in ARC_COLUMNS})


@pytest.fixture
def written(arcs, tmp_path):
    """Write the arcs with some values changed; return the path."""

    def write(ending="csv", **changes):
        path = tmp_path / f"arcs.{ending}"
        table = arcs.assign(**changes)
        if ending == "csv":
            table.to_csv(path, index=False)
        else:
            table.to_parquet(path, index=False)
        return path

    return write


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_what_is_written_is_read_again(arcs, written, ending):
    pd.testing.assert_frame_equal(read_arc_table(written(ending)), arcs, check_exact=True)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_other_columns_and_the_order_of_columns_and_rows_do_not_matter(arcs, tmp_path, ending):
    path = tmp_path / f"arcs.{ending}"
    odd = arcs.assign(revision=1)[["revision", *reversed(arcs.columns)]][::-1]
    odd.to_csv(path, index=False) if ending == "csv" else odd.to_parquet(path, index=True)
    pd.testing.assert_frame_equal(read_arc_table(path), arcs, check_exact=True)


def test_times_may_have_another_offset_or_none(arcs, written):
    local = [time.tz_convert("Australia/Brisbane").isoformat() for time in arcs["start"]]
    bare = [str(time.tz_localize(None)) for time in arcs["end"]]
    pd.testing.assert_frame_equal(read_arc_table(written(start=local, end=bare)), arcs)
    naive = arcs["start"].dt.tz_localize(None)
    pd.testing.assert_frame_equal(read_arc_table(written("parquet", start=naive)), arcs)


@pytest.mark.parametrize(
    ("name", "values", "words"),
    [
        ("station", "", ["a name"]),
        ("satellite", "GPS 1", ["G27"]),
        ("satellite", ["G01", "X01", "G03", "G04"], ["line 3", "G27"]),
        ("signal", "2L", ["S2X"]),
        ("signal", ["S2X", "L2X", "S1C", "S5Q"], ["line 3", "S2X"]),
        ("signal", ["S2X", "S7X", "S1C", "S5Q"], ["line 3", "'S7X'", "band"]),  # GPS has 1, 2, 5
        ("start", "1970-01-01T00:00:00Z", ["1980 to 2200"]),
        ("closed", "2201-01-01T00:00:00Z", ["1980 to 2200"]),
        ("reflector_height_m", [1.0, 200.1, 3.0, 4.0], ["line 3", "0 to 200"]),
        ("apriori_height_m", [1.0, 1e9, 3.0, 4.0], ["line 3", "0 to 200"]),
        ("direction", "up", ["rising or setting", "'up'", "and 3 more"]),
        ("start", "yesterday", ["2025-01-10T06:00:00Z"]),
        ("closed", "2020-01-01T00:00:00Z", ["after end"]),
        ("end", "2020-01-01T00:00:00Z", ["after start"]),
        ("azimuth_deg", [1.0, 361.0, 5.0, 5.0], ["line 3", "0 to 360", "361"]),
        ("phase_deg", [1.0, 2.0, -3.2e9, 5.0], ["line 4", "-180 to 180"]),
        ("phase_deg", [1.0, np.nan, 3.0, 4.0], ["line 3", "a value, since the arc is accepted"]),
        ("amplitude", ["1", "2", "three", "4"], ["line 4", "a number", "'three'"]),
        ("amplitude", [1.0, -2.0, 3.0, 4.0], ["line 3", "0 to 1e+06"]),
        ("peak_amplitude", [1.0, 2e6, 3.0, 4.0], ["line 3", "0 to 1e+06"]),
        ("second_peak_ratio", [1.0, -2.0, 3.0, 4.0], ["line 3", "from 0 on"]),
        ("peak_to_noise", [1.0, np.inf, 3.0, 4.0], ["line 3", "finite"]),
        ("n_obs", 80.5, ["whole number"]),
        ("n_obs", "", ["whole number"]),
        ("height_mode", "loose", ["fixed or free"]),
        ("orbit_source", "almanac", ["sp3"]),
        ("accepted", ["True", "perhaps", "True", "False"], ["line 3", "True or False"]),
    ],
)
def test_a_value_that_cannot_be_is_named_with_its_place(written, name, values, words):
    path = written(**{name: values})
    with pytest.raises(UnreadableFileError) as caught:
        read_arc_table(path)
    message = str(caught.value)
    for word in (str(path), f"column {name}", "soilglint arcs", *words):
        assert word in message


def test_rows_of_parquet_are_counted_from_one_and_numbers_are_no_times(written):
    path = written("parquet", azimuth_deg=[1.0, 361.0, 5.0, 5.0])
    with pytest.raises(UnreadableFileError, match="row 2, column azimuth_deg"):
        read_arc_table(path)
    with pytest.raises(UnreadableFileError, match="column start: expected a time, not a number"):
        read_arc_table(written("parquet", start=1736510400))


def test_missing_columns_are_named(arcs, tmp_path):
    path = tmp_path / "arcs.csv"
    arcs.drop(columns=["closed", "phase_deg"]).to_csv(path, index=False)
    with pytest.raises(UnreadableFileError, match="lacks closed, phase_deg"):
        read_arc_table(path)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("arcs.txt", b"x", ".parquet or .csv"),
        ("arcs.csv", b"", "is empty"),
        ("arcs.csv", b"\n\n", "is empty"),
        ("arcs.csv", b"\xff\xfe\x00", "is no csv file: expected UTF-8"),
        ("arcs.csv", b"a,b\n1,2\n", r"lacks station, satellite, signal and \d\d more columns;"),
        ("arcs.csv", b"station;satellite\na;G01\n", r"more columns \(separated by semicolons\?\);"),
        ("arcs.csv", b"station;x\na;1\nb;1,5,2\n", r"line 3 has 3 values.*by semicolons\?\);"),
        ("arcs.csv", b"a,b\n1,2\n1,2,3\n", "line 3 has 3 values, and the first has 2;"),
        ("arcs.csv", b'a,b\n1,"2\n', "quotation mark"),
        ("arcs.parquet", b"PAR1 not", "is no parquet file"),
        ("arcs.parquet", b"", "is no parquet file"),
    ],
)
def test_a_file_that_is_no_table_is_refused(tmp_path, name, content, words):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UnreadableFileError, match=words) as caught:
        read_arc_table(path)
    assert str(path) in str(caught.value)
    assert "tokenizing" not in str(caught.value)


def test_tables_of_before_know_no_equipment(arcs, tmp_path):
    for ending, write in (("csv", "to_csv"), ("parquet", "to_parquet")):
        path = tmp_path / f"before.{ending}"
        getattr(arcs.drop(columns="equipment"), write)(path, index=False)
        pd.testing.assert_frame_equal(read_arc_table(path), arcs.assign(equipment=""))
    # One of before joined with one of after has null where nothing was known.
    pd.concat([arcs.iloc[:2], arcs.iloc[2:].drop(columns="equipment")]).to_parquet(path)
    assert read_arc_table(path)["equipment"].tolist() == [EQUIPMENT, EQUIPMENT, "", ""]


def test_equipment_of_other_parts_is_refused(written):
    with pytest.raises(UnreadableFileError, match="column equipment: expected five parts"):
        read_arc_table(written(equipment="SEPT POLARX5"))


@pytest.mark.parametrize("name", ["none.csv", "none.parquet"])
def test_a_file_that_is_not_there_is_named(tmp_path, name):
    with pytest.raises(UnreadableFileError, match=f"{name}: there is no such file"):
        read_arc_table(tmp_path / name)


@given(st.integers(0, N - 1), st.sampled_from(list(ARC_COLUMNS)), st.text(max_size=12))
def test_whatever_a_value_is_the_table_is_read_or_refused(tmp_path_factory, row, name, value):
    start = pd.Timestamp("2025-01-10T12:00", tz="UTC")
    sound = {
        **dict.fromkeys(ARC_COLUMNS, "1.5"),
        "station": "test",
        "satellite": "G01",
        "signal": "S2X",
        "direction": "rising",
        **{column: start.isoformat() for column in ("start", "end", "closed")},
        "n_obs": "80",
        "height_mode": "fixed",
        "orbit_source": "sp3",
        "accepted": "True",
        "equipment": "",
    }
    table = pd.DataFrame([sound] * N)
    table.loc[row, name] = value
    path = tmp_path_factory.getbasetemp() / "hostile.csv"
    table.to_csv(path, index=False, errors="replace")
    with suppress(UnreadableFileError):
        assert len(read_arc_table(path)) == N
