import csv
import errno
import math
import os
import time

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.estimates import ESTIMATE_FIELDS
from daemon.sections import ExportSection
from daemon.sinks import Delivered, Rejected, RetryLater, Unauthorised
from daemon.sinks import export as export_module
from daemon.sinks.export import ExportSink, file_day
from daemon.sinks.export_rows import read_rows, write_rows

T = [f"2026-11-24T00:{minute:02d}:00Z" for minute in (15, 30, 45)]
LIVE = "mchl_live_2026-11-24"


@pytest.fixture(params=["csv", "parquet"])
def sink(request, tmp_path):
    return ExportSink(ExportSection(path=tmp_path / "out", format=request.param))


@pytest.fixture
def csv_sink(tmp_path):
    return ExportSink(ExportSection(path=tmp_path / "out"))


def rows_of(path):
    """Rows of a file, null and NaN alike None."""
    read = {".csv": pd.read_csv, ".parquet": pd.read_parquet}[path.suffix]
    return [
        {name: None if pd.isna(value) else value for name, value in row.items()}
        for row in read(path).to_dict("records")
    ]


def content(folder):
    """Every file with its rows."""
    return {path.stem: rows_of(path) for path in sorted(folder.iterdir())}


def test_one_file_per_station_product_and_day_sorted_by_time(sink, make_message, tmp_path):
    messages = [
        make_message(1, T[1]),
        make_message(2, "2026-11-25T00:00:00Z"),
        make_message(3, T[0], vwc=None, vwc_lower=None, vwc_upper=None, flag="snow"),
        make_message(4, "2026-11-25T00:00:00Z", product="daily"),
    ]
    sink.start()
    assert sink.deliver(messages) == [Delivered()] * 4
    one, next_day, other, daily = (dict(message.record) for message in messages)
    assert content(tmp_path / "out") == {
        LIVE: [other, one],
        "mchl_live_2026-11-25": [next_day],
        # It is of the day that ends then.
        "mchl_daily_2026-11-24": [daily],
    }


def test_a_later_delivery_is_merged_and_a_revision_takes_its_place(sink, make_message, tmp_path):
    first = [make_message(1, T[0]), make_message(2, T[1])]
    sink.deliver(first)
    revised = make_message(3, T[0], vwc=0.31, revision=2)
    sink.deliver([make_message(4, T[2]), revised])
    rows = content(tmp_path / "out")[LIVE]
    assert [row["time"] for row in rows] == T
    assert [row["revision"] for row in rows] == [2, 1, 1]


def test_a_replay_leaves_the_same_bytes(sink, make_message, tmp_path):
    messages = [make_message(number, time) for number, time in enumerate(T)]
    sink.deliver(messages)
    (path,) = (tmp_path / "out").iterdir()
    before = path.read_bytes()
    sink.deliver(messages[1:2])
    assert path.read_bytes() == before


def test_the_columns_of_csv_are_the_fields_of_an_estimate(csv_sink, make_message, tmp_path):
    csv_sink.deliver([make_message(1, T[0], vwc=None)])
    with (tmp_path / "out" / f"{LIVE}.csv").open(newline="") as file:
        header, row = list(csv.reader(file))
    assert tuple(header) == ESTIMATE_FIELDS
    assert row[header.index("vwc")] == ""


@given(vwc=st.floats(allow_nan=False, allow_infinity=False))
@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_numbers_come_back_to_the_bit(tmp_path_factory, ending, vwc):
    path = tmp_path_factory.mktemp("rows") / f"x.{ending}"
    write_rows(path, [{"station": "s", "product": "live", "time": T[0], "vwc": vwc}])
    (row,) = read_rows(path)
    assert math.copysign(1, float(row["vwc"])) == math.copysign(1, vwc)
    assert float(row["vwc"]) == vwc


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:-5],  # cut inside the last row
        lambda text: text.rpartition(b",")[0] + b"\n",
        lambda text: b"\0" * len(text),
        lambda text: b"",
        lambda text: b"\xff" + text,
        lambda text: text.replace(b"2026-11-24T00:15:00Z", b"yesterday"),
        lambda text: text.partition(b"\n")[2],  # no header
    ],
)
def test_a_damaged_csv_file_is_set_aside_by_name(csv_sink, make_message, tmp_path, damage, caplog):
    csv_sink.deliver([make_message(1, T[0])])
    path = tmp_path / "out" / f"{LIVE}.csv"
    broken = damage(path.read_bytes())
    path.write_bytes(broken)
    assert csv_sink.deliver([make_message(2, T[1])]) == [Delivered()]
    assert [row["time"] for row in rows_of(path)] == [T[1]]
    assert (tmp_path / "out" / f"{LIVE}.damaged.csv").read_bytes() == broken
    assert "set aside" in caplog.text


def test_a_damaged_parquet_file_is_set_aside_and_never_over_another(make_message, tmp_path):
    sink = ExportSink(ExportSection(path=tmp_path, format="parquet"))
    path = tmp_path / f"{LIVE}.parquet"
    for broken in (b"PAR1 no", b"PAR1 neither"):
        path.write_bytes(broken)
        assert sink.deliver([make_message(1, T[0])]) == [Delivered()]
        assert len(pd.read_parquet(path)) == 1
    assert (tmp_path / f"{LIVE}.damaged.parquet").read_bytes() == b"PAR1 no"
    assert (tmp_path / f"{LIVE}.damaged-2.parquet").read_bytes() == b"PAR1 neither"


def test_columns_that_we_do_not_know_stay(csv_sink, make_message, tmp_path):
    path = tmp_path / "out" / f"{LIVE}.csv"
    path.parent.mkdir()
    path.write_text(f"station,product,time,comment\nmchl,live,{T[0]},by hand\n")
    csv_sink.deliver([make_message(1, T[1])])
    rows = content(tmp_path / "out")[LIVE]
    assert [row["comment"] for row in rows] == ["by hand", None]


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"product": "arc"}, "live and daily"),
        ({"station": "../x"}, "station"),
        ({"time": "24 November"}, "24 November"),
    ],
)
def test_what_cannot_be_filed_is_set_aside_and_the_rest_goes_on(
    csv_sink, make_message, tmp_path, values, word
):
    wrong = make_message(1, values.pop("time", T[0]), **values)
    outcomes = csv_sink.deliver([wrong, make_message(2, T[0])])
    assert isinstance(outcomes[0], Rejected)
    assert word in outcomes[0].reason
    assert outcomes[1] == Delivered()
    assert list(content(tmp_path / "out")) == [LIVE]


def test_a_full_disk_is_tried_again_and_the_old_file_stays(
    csv_sink, make_message, tmp_path, monkeypatch
):
    csv_sink.deliver([make_message(1, T[0])])
    path = tmp_path / "out" / f"{LIVE}.csv"
    before = path.read_bytes()

    def full(partial, rows):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(export_module, "write_rows", full)
    messages = [make_message(2, T[1]), make_message(3, "2026-11-26T00:15:00Z")]
    outcomes = csv_sink.deliver(messages)
    assert len(outcomes) == 1
    assert isinstance(outcomes[0], RetryLater)
    assert "full" in outcomes[0].reason
    assert path.read_bytes() == before
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_outcomes_end_with_the_first_to_be_given_again(
    csv_sink, make_message, tmp_path, monkeypatch
):
    write = export_module.write_rows

    def full_on_the_second_day(partial, rows):
        if rows[0]["time"].startswith("2026-11-25"):
            raise OSError(errno.ENOSPC, "No space left on device")
        write(partial, rows)

    monkeypatch.setattr(export_module, "write_rows", full_on_the_second_day)
    times = [T[0], "2026-11-25T00:15:00Z", T[1], "2026-11-26T00:15:00Z"]
    outcomes = csv_sink.deliver([make_message(n, time) for n, time in enumerate(times)])
    assert [type(outcome) for outcome in outcomes] == [Delivered, RetryLater]


def test_a_folder_that_may_not_be_written_is_loud(csv_sink, make_message, monkeypatch):
    def shut(partial, rows):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(export_module, "write_rows", shut)
    (outcome,) = csv_sink.deliver([make_message(1, T[0])])
    assert isinstance(outcome, Unauthorised)
    assert "export.path" in outcome.reason


def test_a_file_in_the_folders_place_is_told(make_message, tmp_path):
    (tmp_path / "out").write_text("")
    sink = ExportSink(ExportSection(path=tmp_path / "out"))
    sink.start()
    (outcome,) = sink.deliver([make_message(1, T[0])])
    assert isinstance(outcome, RetryLater)
    assert "export.path" in (sink.reach(5) or "")


def test_reaching_makes_nothing(csv_sink, tmp_path):
    assert csv_sink.reach(5) is None
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_taken_away_once_it_is_old(csv_sink, tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    old, young, other = (folder / n for n in (".soilglint-a.csv", ".soilglint-b.csv", "a.csv"))
    for path in (old, young, other):
        path.write_text("x")
    long_ago = time.time() - 2 * 3600
    os.utime(old, (long_ago, long_ago))
    os.utime(other, (long_ago, long_ago))
    csv_sink.start()
    assert sorted(folder.iterdir()) == [young, other]


@pytest.mark.parametrize(
    ("product", "time", "day"),
    [
        ("live", "2026-11-24T23:45:00Z", "2026-11-24"),
        ("live", "2026-11-25T00:00:00Z", "2026-11-25"),
        ("daily", "2026-11-25T00:00:00Z", "2026-11-24"),
        ("daily", "2027-01-01T00:00:00Z", "2026-12-31"),
    ],
)
def test_the_day_of_a_file(product, time, day):
    assert file_day(product, time) == day


def test_a_parquet_file_with_text_for_numbers_is_set_aside(make_message, tmp_path):
    sink = ExportSink(ExportSection(path=tmp_path, format="parquet"))
    path = tmp_path / f"{LIVE}.parquet"
    sink.deliver([make_message(1, time=T[0])])
    table = pd.read_parquet(path)
    table.assign(vwc=table["vwc"].astype(str)).to_parquet(path)
    assert sink.deliver([make_message(2, time=T[1])]) == [Delivered()]
    assert [row["time"] for row in rows_of(path)] == [T[1]]
    assert (tmp_path / f"{LIVE}.damaged.parquet").exists()
