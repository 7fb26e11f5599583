import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from daemon.errors import NotThereError, StoreBusyError, StoreError, StoreVersionError
from daemon.estimates import ESTIMATE_FIELDS
from daemon.store import FileRecord, FileState, Store, is_held, outbox
from daemon.store import arcs as arcs_of_store
from daemon.store.schema import ARC_SQL_COLUMNS, SCHEMA_VERSION
from retrieval.arc_table import ARC_COLUMNS
from retrieval.causal_heights import FrozenHeight
from retrieval.fusion import MODEL_COLUMNS

NOW = pd.Timestamp("2025-01-10T13:00Z")

RECORD = FileRecord(
    path="a.rnx",
    sha256="ab" * 32,
    size=5,
    kind="observation",
    state=FileState.INGESTED,
    first_time="2025-01-10T00:00:00.000Z",
    last_time="2025-01-10T23:59:30.000Z",
    site="test",
    ingested_at="2025-01-11T00:00:00.000Z",
)
ESTIMATE = {
    **dict.fromkeys(ESTIMATE_FIELDS, 1),
    "station": "test",
    "product": "live",
    "time": "2025-01-10T12:00:00Z",
    "effective_time": None,
    "vwc": None,
    "flag": "degraded",
    "model_id": "linear-1",
    "software_version": "0",
}


@pytest.fixture
def store(tmp_path):
    with Store.writing(tmp_path / "deep" / "s.sqlite", make_folder=True) as opened:
        yield opened


def test_tables_have_the_columns_of_the_contracts(store):
    assert list(ARC_SQL_COLUMNS) == list(ARC_COLUMNS)
    with sqlite3.connect(store.path) as connection:
        columns = {
            table: [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            for table in ("arcs", "estimates")
        }
        settings = [
            connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("user_version", "journal_mode")
        ]
    connection.close()
    # The last columns are younger than the table.
    kept = [*list(ARC_COLUMNS)[:-1], "revision", "model_track", "equipment"]
    assert columns["arcs"] == ["id", *kept]
    assert set(columns["estimates"]) == set(ESTIMATE_FIELDS)
    assert settings == [SCHEMA_VERSION, "wal"]


def test_arcs_come_back_as_they_went_in(store, made_arcs):
    arcs = made_arcs(3, reject_reason=["", "too long", ""], accepted=[True, False, True])
    with store.transaction():
        store.insert_arcs("test", arcs.assign(revision=[1, 2, 3]))
    back = store.arcs("test")
    assert back["revision"].tolist() == [1, 2, 3]
    pd.testing.assert_frame_equal(
        back.drop(columns="revision").reset_index(drop=True), arcs, check_dtype=True
    )


def test_arcs_of_a_span_are_those_that_overlap_it(store, made_arcs):
    with store.transaction():
        store.insert_arcs("test", made_arcs(3).assign(revision=1))
    since, until = pd.Timestamp("2025-01-11T12:30Z"), pd.Timestamp("2025-01-12T11:59Z")
    assert store.arcs("test", since=since, until=until)["start"].tolist() == [
        pd.Timestamp("2025-01-11T12:00Z")
    ]
    assert store.arcs("other").empty


def test_arcs_for_models_are_the_accepted_ones_as_models_take_them(store, made_arcs, monkeypatch):
    monkeypatch.setattr(arcs_of_store, "_ROWS_AT_ONCE", 2)
    random = np.random.default_rng(5)
    arcs = made_arcs(
        9,
        accepted=[True] * 7 + [False, True],
        satellite=[f"G{k:02d}" for k in range(1, 10)],
        phase_deg=random.uniform(-180, 180, 9),
        reflector_height_m=[np.nan, *[1.7] * 8],
    )
    with store.transaction():
        store.insert_arcs("test", arcs.assign(revision=1))
    span = pd.Timestamp("2025-01-01T00:00Z"), pd.Timestamp("2025-02-01T00:00Z")
    for_models = store.model_arcs("test", *span)
    expected = arcs[arcs["accepted"]][list(MODEL_COLUMNS)].reset_index(drop=True)
    pd.testing.assert_frame_equal(for_models.sort_values("start", ignore_index=True), expected)
    nothing = store.model_arcs("other", *span)
    assert nothing.empty
    assert nothing.dtypes.to_dict() == expected.dtypes.to_dict()


def test_arcs_are_unique_by_their_natural_key(store, made_arcs):
    twice = pd.concat([made_arcs(), made_arcs(phase_deg=3.0)]).assign(revision=1)
    with pytest.raises(sqlite3.IntegrityError), store.transaction():
        store.insert_arcs("test", twice)
    assert store.arcs("test").empty


def test_arcs_are_linked_to_the_files_they_overlap(store, made_arcs):
    other = replace(
        RECORD,
        path="b.rnx",
        sha256="cd" * 32,
        first_time="2025-01-12T00:00:00.000Z",
        last_time="2025-01-12T23:59:30.000Z",
    )
    elsewhere = replace(RECORD, path="c.rnx", sha256="ef" * 32, site="elsewhere")
    with store.transaction():
        store.put_file("test", RECORD)
        store.put_file("test", other)
        store.put_file("test", elsewhere)
        store.insert_arcs("test", made_arcs(3).assign(revision=1))
    numbers = store.arcs("test").index
    assert store.arcs_of_file("test", "a.rnx") == {numbers[0]}
    assert store.arcs_of_file("test", "b.rnx") == {numbers[2]}
    assert store.arcs_of_file("test", "c.rnx") == set()
    with store.transaction():
        store.delete_arcs([numbers[0]])
    assert store.arcs_of_file("test", "a.rnx") == set()


def test_a_file_of_one_path_has_one_record(store):
    changed = replace(RECORD, sha256="ef" * 32, state=FileState.UNREADABLE, reason="cut")
    with store.transaction():
        store.put_file("test", RECORD)
        store.put_file("test", changed)
        store.put_file("other", RECORD)
    assert store.files("test") == {"a.rnx": changed}


def test_heights_may_change_or_go_while_they_are_open(store):
    early, late = pd.Timestamp("2025-01-10T03:00Z"), pd.Timestamp("2025-01-10T05:00Z")
    with store.transaction():
        store.put_apriori_heights(
            "test",
            {"GS2X": FrozenHeight(1.7, 10, late), "GS1C": FrozenHeight(1.69, 10, early)},
        )
        store.put_apriori_heights("test", {"GS2X": FrozenHeight(1.72, 10, early), "GS1C": None})
    assert store.apriori_heights("test") == {"GS2X": FrozenHeight(1.72, 10, early)}
    assert store.apriori_heights("other") == {}


def test_first_arcs_come_in_the_order_in_which_they_closed(store, made_arcs):
    arcs = made_arcs(6, azimuth_deg=[1, 44.9, 45, 2, 3, 4], accepted=[True] * 4 + [False, True])
    backwards = arcs.iloc[::-1].assign(revision=1)
    with store.transaction():
        store.insert_arcs("test", backwards)
    numbers = store.arcs("test").index
    first = store.first_arcs("test", 2, without={numbers[1]}).sort_values("closed")
    assert first["azimuth_deg"].tolist() == [1, 45, 2]
    assert set(first["selection"]) == {"GS2X"}
    assert store.first_arcs("other", 2, without=()).empty


def test_an_estimate_made_again_takes_the_place_of_the_old_and_goes_out_again(store):
    later = {**ESTIMATE, "time": "2025-01-10T12:15:00Z"}
    with store.transaction():
        store.put_estimates([ESTIMATE, later], NOW)
    with store.transaction():
        store.put_estimates([{**ESTIMATE, "vwc": 0.3, "revision": 2}], NOW)
    assert store.estimates("test", "live") == [{**ESTIMATE, "vwc": 0.3, "revision": 2}, later]
    assert store.estimate_times("test", "live") == {ESTIMATE["time"], later["time"]}
    assert store.outbox("test") == [
        (2, "live", later["time"]),
        (3, "live", ESTIMATE["time"]),
    ]


def test_the_outbox_is_bounded_and_what_is_dropped_is_counted(store, monkeypatch):
    monkeypatch.setattr(outbox, "OUTBOX_ROWS", 3)
    times = [f"2025-01-10T{hour:02d}:00:00Z" for hour in range(5)]
    for time in times:
        with store.transaction():
            store.put_estimates([{**ESTIMATE, "time": time}], NOW)
    assert [time for _, _, time in store.outbox("test")] == times[2:]
    assert store.outbox_size("test") == 3
    assert store.outbox_size("other") == 0
    assert store.counter("outbox_dropped") == 2
    assert len(store.estimates("test", "live")) == 5


def test_the_earliest_change_decides_which_estimates_are_due(store):
    late, early = pd.Timestamp("2025-01-10T05:00Z"), pd.Timestamp("2025-01-10T03:00Z")
    assert store.estimates_due("test") is None
    with store.transaction():
        for time in (late, early, late):
            store.put_estimates_due("test", time)
    assert store.estimates_due("test") == early
    with store.transaction():
        store.clear_estimates_due("test")
    assert store.estimates_due("test") is None


def test_last_estimates_come_in_order_of_time(store):
    times = [f"2025-01-10T{hour:02d}:00:00Z" for hour in (3, 1, 2)]
    with store.transaction():
        store.put_estimates([{**ESTIMATE, "time": time} for time in times], NOW)
    assert [e["time"] for e in store.estimates("test", "live", last=2)] == sorted(times)[1:]
    since = pd.Timestamp("2025-01-10T02:00Z")
    assert [e["time"] for e in store.estimates("test", "live", since=since)] == sorted(times)[1:]


def test_weather_of_a_time_is_replaced(store):
    time = pd.DatetimeIndex(["2025-01-10T00:00Z", "2025-01-10T01:00Z"])
    weather = pd.DataFrame({"time": time, "temperature_c": [1.5, -2.0], "rain_mm": [np.nan, 3.0]})
    with store.transaction():
        store.put_weather("test", weather)
        store.put_weather("test", weather.iloc[1:].assign(temperature_c=-3.0))
    expected = weather.assign(temperature_c=[1.5, -3.0])
    pd.testing.assert_frame_equal(store.weather("test"), expected, check_dtype=False)
    assert store.weather("other").empty


def test_a_failing_transaction_leaves_nothing(store):
    def fail():
        with store.transaction():
            store.put_file("test", RECORD)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert store.files("test") == {}


def test_a_killed_writer_leaves_nothing_and_no_lock(tmp_path):
    path = tmp_path / "s.sqlite"
    script = f"""
        import os, signal
        from pathlib import Path
        from daemon.store import FileRecord, FileState, Store
        record = FileRecord(path="a", sha256="0", size=1, kind="observation",
                            state=FileState.INGESTED, ingested_at="2025")
        store = Store.writing(Path({str(path)!r}))
        with store.transaction():
            store.put_file("test", record)
        with store.transaction():
            store.put_file("test", FileRecord(path="b", sha256="1", size=1, kind="observation",
                                              state=FileState.INGESTED, ingested_at="2025"))
            os.kill(os.getpid(), signal.SIGKILL)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=False)
    assert done.returncode == -signal.SIGKILL
    with Store.writing(path) as store:
        assert list(store.files("test")) == ["a"]


def test_a_second_writer_is_told_and_a_reader_is_not_kept_out(store):
    with pytest.raises(StoreBusyError, match="another soilglint"):
        Store.writing(store.path)
    with Store.reading(store.path) as reader:
        assert reader.files("test") == {}


def test_the_lock_goes_with_its_writer(tmp_path):
    for _ in range(2):
        Store.writing(tmp_path / "s.sqlite").close()


@pytest.mark.parametrize("opened", [Store.writing, Store.reading])
def test_a_newer_store_is_refused(tmp_path, opened):
    path = tmp_path / "s.sqlite"
    Store.writing(path).close()
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    with pytest.raises(StoreVersionError, match="newer soilglint"):
        opened(path)
    # A refused writer holds no lock.
    with pytest.raises(StoreVersionError):
        Store.writing(path)


@pytest.mark.parametrize("opened", [Store.writing, Store.reading])
def test_what_is_no_store_is_refused(tmp_path, opened):
    path = tmp_path / "s.sqlite"
    path.write_text("this is no database, however long the text may be " * 20)
    with pytest.raises(StoreError, match="cannot be used"):
        opened(path)


@pytest.mark.parametrize("opened", [Store.writing, Store.reading])
def test_a_database_of_others_is_refused_and_not_written_to(tmp_path, opened):
    path = tmp_path / "s.sqlite"
    connection = sqlite3.connect(path)
    connection.executescript("CREATE TABLE files (id); PRAGMA user_version = 1")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="no soilglint store"):
        opened(path)
    assert path.read_bytes() == before


def test_a_missing_folder_is_not_made_unasked(tmp_path):
    with pytest.raises(StoreError, match="mounted"):
        Store.writing(tmp_path / "no" / "s.sqlite")
    assert not (tmp_path / "no").exists()


def test_a_file_may_be_renamed_or_forgotten(store, made_arcs):
    with store.transaction():
        store.put_file("test", RECORD)
        store.insert_arcs("test", made_arcs().assign(revision=1))
        store.rename_file("test", "a.rnx", "b.rnx")
    assert store.files("test") == {"b.rnx": replace(RECORD, path="b.rnx")}
    assert len(store.arcs_of_file("test", "b.rnx")) == 1
    with store.transaction():
        store.forget_file("test", "b.rnx")
    assert store.files("test") == {}
    assert len(store.arcs("test")) == 1


def test_reading_before_the_first_run_says_so(tmp_path):
    with pytest.raises(NotThereError, match="run"):
        Store.reading(tmp_path / "s.sqlite")


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    # A file where a folder should be stops root as well, whom permissions do not.
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"\[store\] path"):
        Store.writing(tmp_path / "file" / "s.sqlite")


def test_reading_leaves_nothing_beside_the_store(tmp_path):
    path = tmp_path / "s.sqlite"
    Store.writing(path).close()
    before = sorted(file.name for file in tmp_path.iterdir())
    with Store.reading(path) as reader:
        assert reader.files("test") == {}
    assert sorted(file.name for file in tmp_path.iterdir()) == before


def test_whether_somebody_writes_can_be_asked(tmp_path):
    path = tmp_path / "s.sqlite"
    assert not is_held(path)
    with Store.writing(path):
        assert is_held(path)
    assert not is_held(path)


def test_a_full_disk_is_told_and_leaves_whole_steps(store):
    def fill():
        with store.transaction():
            for number in range(2000):
                store.put_file("test", replace(RECORD, path=str(number), reason="x" * 500))

    with store.transaction():
        store.put_file("test", RECORD)
    store._connection.execute("PRAGMA max_page_count = 40")
    with pytest.raises(StoreError, match="full"):
        fill()
    assert list(store.files("test")) == ["a.rnx"]
    store._connection.execute("PRAGMA max_page_count = 100000")
    fill()
    assert len(store.files("test")) == 2001


@pytest.mark.parametrize("kind", ["folder", "pipe"])
@pytest.mark.parametrize("opened", ["reading", "writing"])
def test_what_is_no_regular_file_is_refused_and_not_waited_for(tmp_path, kind, opened):
    path = tmp_path / "s.sqlite"
    path.mkdir() if kind == "folder" else os.mkfifo(path)
    script = f"""
        from pathlib import Path
        from daemon.errors import StoreError
        from daemon.store import Store
        try:
            Store.{opened}(Path({str(path)!r}))
        except StoreError as error:
            print(error)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        check=True, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert ("is a folder" if kind == "folder" else "no regular file") in done.stdout
