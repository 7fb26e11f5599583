"""The main job on the packaged sample station."""

import gzip
import shutil
import signal
import sqlite3
import subprocess
import sys
import textwrap
from dataclasses import replace

import pandas as pd
import pytest

from daemon.config import load_config
from daemon.errors import ConfigError, StoreBusyError
from daemon.estimating import make_estimates
from daemon.ingest import look
from daemon.jobs import run_once
from daemon.sample import write_sample
from daemon.store import Store

NAME = "smpl"
# What says when or how often something was done, and not what.
_WHEN = {"ingested_at", "latency_s", "revision"}


def dump(config):
    """Everything in the store, as text."""
    connection = sqlite3.connect(config.store.path)
    lines = list(connection.iterdump())
    connection.close()
    return lines


def contents(config, table, but=_WHEN):
    """Rows of a table without numbers and times of making, as a set."""
    connection = sqlite3.connect(config.store.path)
    connection.row_factory = sqlite3.Row
    rows = connection.execute(f"SELECT * FROM {table}").fetchall()
    connection.close()
    return {tuple((k, row[k]) for k in row.keys() if k not in but | {"id"}) for row in rows}  # noqa: SIM118


def same_results(config, other):
    """Whether two stores hold the same arcs, heights and estimates."""
    return all(
        contents(config, table) == contents(other, table)
        for table in ("arcs", "apriori_heights", "estimates")
    )


def observations(sample):
    return sorted((sample / "inbox").iterdir())


@pytest.fixture
def config(sample):
    """Configuration of the sample with only its first four files (one day) in the inbox."""
    later = sample / "later"
    later.mkdir()
    for path in observations(sample)[4:]:
        path.rename(later / path.name)
    return load_config(sample / "soilglint.toml")


def deliver(config, count=None):
    """Let the remaining files arrive."""
    for path in sorted((config.inbox.path.parent / "later").iterdir())[:count]:
        path.rename(config.inbox.path / path.name)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The sample with all of its files taken in at once."""
    config = load_config(write_sample(tmp_path_factory.mktemp("whole") / "sample"))
    run_once(config)
    return config


def test_again_changes_nothing(whole):
    before, bytes_before = dump(whole), whole.store.path.read_bytes()
    report = run_once(whole)
    assert not report.changed
    assert dump(whole) == before
    assert whole.store.path.read_bytes() == bytes_before


def test_estimates_lie_on_the_grid_from_the_first_epoch_to_the_last(whole):
    with Store.reading(whole.store.path) as store:
        estimates = store.estimates(NAME, "live")
        files = [file for file in store.files(NAME).values() if file.kind == "observation"]
        outbox = store.outbox(NAME)
    times = pd.DatetimeIndex([estimate["time"] for estimate in estimates])
    first, last = min(f.span[0] for f in files), max(f.span[1] for f in files)
    assert (times.to_series().diff().dropna() == pd.Timedelta(minutes=15)).all()
    assert last - pd.Timedelta(minutes=15) < times[-1] <= last
    assert first <= times[0] < first + pd.Timedelta(minutes=15)
    assert {estimate["flag"] for estimate in estimates} == {"calibrating"}
    assert {estimate["revision"] for estimate in estimates} == {1}
    # Each of them waits to be sent, in the order of their times.
    assert [(product, time) for _, product, time in outbox] == [
        ("live", estimate["time"]) for estimate in estimates
    ]


def test_rain_shows_as_a_falling_phase(whole):
    # The truth beside the sample: it rains on the second day.
    truth = pd.read_csv(whole.inbox.path.parent / "truth.csv", index_col="time")["vwc"]
    assert truth.iloc[-1] > truth.iloc[0] + 0.05
    with Store.reading(whole.store.path) as store:
        assert store.estimates(NAME, "live", last=1)[0]["phase_anomaly_deg"] < -3


@pytest.mark.parametrize("step", [1, 4])
def test_files_in_pieces_give_the_arcs_of_all_together(config, whole, step):
    run_once(config)
    for _ in range(0, 4, step):
        deliver(config, step)
        run_once(config)
    assert same_results(config, whole)


def test_late_files_make_border_arcs_whole(config, whole):
    late = observations(config.inbox.path.parent)[1]
    held = late.rename(config.inbox.path.parent / late.name)
    deliver(config)
    run_once(config)
    held.rename(late)
    report = run_once(config)
    assert report.ingest.arcs_superseded > 0
    assert report.estimates.revised > 0
    assert same_results(config, whole)
    with Store.reading(config.store.path) as store:
        revisions = [estimate["revision"] for estimate in store.estimates(NAME, "live")]
    # Nothing before the hole rests on what came late.
    assert set(revisions[:24]) == {1}
    assert max(revisions) == 2


def test_estimates_that_no_late_file_touches_are_not_revised(config):
    run_once(config)
    before = contents(config, "estimates", set())
    deliver(config)
    assert run_once(config).estimates.revised == 0
    assert before < contents(config, "estimates", set())


def test_an_estimate_is_final_two_days_behind_the_newest_observation(config):
    """A file that is late by more makes its arcs, but says nothing new of what was said."""
    late = observations(config.inbox.path.parent)[1]
    held = late.rename(config.inbox.path.parent / late.name)
    deliver(config)
    run_once(config)
    with Store.writing(config.store.path) as store:
        record = next(f for f in store.files(NAME).values() if f.kind == "observation")
        later = replace(
            record,
            path="later",
            sha256="0",
            first_time="2024-05-17T11:59:00.000Z",
            last_time="2024-05-17T12:00:00.000Z",
        )
        with store.transaction():
            store.put_file(NAME, later)
            store.put_estimates_due(NAME, later.span[1])
        make_estimates(config, store, pd.Timestamp("2024-05-17T12:00Z"))
        before = {e["time"]: e for e in store.estimates(NAME, "live")}
        daily = store.estimates(NAME, "daily")
    # The end of the 14th lies more than two days back, that of the 15th does not.
    assert [e["time"] for e in daily] == ["2024-05-14T00:00:00Z", "2024-05-15T00:00:00Z"]
    assert {**daily[1], "product": "live"} == before["2024-05-15T00:00:00Z"] | {
        "latency_s": daily[1]["latency_s"]
    }
    held.rename(late)
    report = run_once(config)
    assert report.ingest.arcs_new > 0
    with Store.reading(config.store.path) as store:
        after = {e["time"]: e for e in store.estimates(NAME, "live")}
        assert store.estimates(NAME, "daily") == daily
    assert after.keys() == before.keys()
    changed = sorted(time for time in after if after[time] != before[time])
    assert changed
    assert changed[0] >= "2024-05-15T12:00:00Z"


def test_small_batches_give_the_same_arcs(config, whole, monkeypatch):
    deliver(config)
    monkeypatch.setattr(look, "_BATCH_ROWS", 1)
    run_once(config)
    assert same_results(config, whole)


def test_a_copy_of_a_known_file_is_known(config):
    run_once(config)
    before = dump(config)
    first = observations(config.inbox.path.parent)[0]
    shutil.copy(first, config.inbox.path / "copy.rnx.gz")
    assert not run_once(config).changed
    assert dump(config) == before


def test_a_growing_file_is_read_again(config, whole):
    deliver(config)
    target = observations(config.inbox.path.parent)[2]
    text = gzip.decompress(target.read_bytes())
    cut = text.index(b"\n> ", len(text) // 2) + 1
    target.write_bytes(gzip.compress(text[:cut]))
    run_once(config)
    with Store.reading(config.store.path) as store:
        half = store.files(NAME)[target.name].n_epochs
    target.write_bytes(gzip.compress(text))
    report = run_once(config)
    assert report.ingest.files == {"ingested": 1}
    with Store.reading(config.store.path) as store:
        assert store.files(NAME)[target.name].n_epochs > half
    assert same_results(config, whole)


def test_a_file_waits_for_its_orbits_and_is_tried_again(config):
    nav = config.inbox.path.parent / "nav"
    hidden = nav.rename(nav.with_name("hidden"))
    report = run_once(config)
    assert report.ingest.files == {"waiting_orbits": 4}
    assert "navigation" in next(iter(report.ingest.problems.values()))
    assert not run_once(config).changed
    hidden.rename(nav)
    report = run_once(config)
    assert report.ingest.files == {"ingested": 6}
    assert report.ingest.arcs_new > 0
    assert report.estimates.new > 0


def test_navigation_in_the_inbox_is_used_whatever_its_name(config):
    nav = config.inbox.path.parent / "nav"
    for path in nav.iterdir():
        path.rename(config.inbox.path / f"zz_{path.name}")
    report = run_once(config)
    assert report.ingest.problems == {}
    assert report.ingest.arcs_new > 0


def test_a_bad_file_stops_nothing(config):
    (config.inbox.path / "bad.rnx.gz").write_bytes(b"\x1f\x8b not gzip")
    (config.inbox.path / "text.rnx.gz").write_text("no observation file\n")
    report = run_once(config)
    assert report.ingest.files == {"ingested": 6, "unreadable": 2}
    assert set(report.ingest.problems) == {"bad.rnx.gz", "text.rnx.gz"}
    assert all(report.ingest.problems.values())
    assert not run_once(config).changed


def test_a_file_of_another_station_is_left_out_until_the_position_is_corrected(config):
    path = config.inbox.path.parent / "soilglint.toml"
    right = path.read_text()
    path.write_text(right.replace("latitude_deg = 48.25", "latitude_deg = 48.26"))
    report = run_once(load_config(path))
    assert report.ingest.files == {"ingested": 2, "other_station": 4}
    assert "1112 m" in next(iter(report.ingest.problems.values()))  # 0.01 degrees of latitude
    path.write_text(right)
    assert run_once(load_config(path)).ingest.files == {"ingested": 4}


def test_data_from_the_future_wait_for_the_clock(config):
    early = pd.Timestamp("2024-05-14T12:30Z")  # half an hour into the third file
    report = run_once(config, now=early)
    assert report.ingest.files == {"ingested": 4, "from_future": 2}
    with Store.reading(config.store.path) as store:
        last = store.estimates(NAME, "live", last=1)[0]
    assert pd.Timestamp(last["time"]) <= early
    report = run_once(config, now=early + pd.Timedelta(days=1))
    assert report.ingest.files == {"ingested": 2}


def test_selected_signals_that_are_not_there_are_told(config):
    path = config.inbox.path.parent / "soilglint.toml"
    path.write_text(path.read_text().replace('["GS1C", "GS2L", "GS5Q"]', '["ES1C"]'))
    config = load_config(path)
    report = run_once(config)
    assert report.ingest.arcs_new == 0
    with Store.reading(config.store.path) as store:
        reasons = [f.reason for f in store.files(NAME).values() if f.kind == "observation"]
    assert all("ES1C" in reason and "GS1C, GS2L, GS5Q" in reason for reason in reasons)


@pytest.mark.parametrize("keep", ["move", "delete"])
def test_finished_files_are_tidied_and_known_afterwards(sample, keep):
    path = sample / "soilglint.toml"
    path.write_text(path.read_text().replace('keep = "leave"', f'keep = "{keep}"'))
    config = load_config(path)
    bad = config.inbox.path / "bad.rnx.gz"
    bad.write_bytes(b"\x1f\x8b not gzip")
    assert run_once(config).ingest.files == {"ingested": 10, "unreadable": 1}
    left = {p.name for p in config.inbox.path.iterdir()}
    assert left == ({"bad.rnx.gz", "done"} if keep == "move" else {"bad.rnx.gz"})
    assert not run_once(config).changed


@pytest.mark.parametrize("keep", ["move", "delete"])
def test_finished_files_still_serve_as_neighbours(config, whole, keep):
    path = config.inbox.path.parent / "soilglint.toml"
    path.write_text(path.read_text().replace('keep = "leave"', f'keep = "{keep}"'))
    config = load_config(path)
    run_once(config)
    deliver(config)
    run_once(config)
    assert same_results(config, whole)


def test_heights_stay_once_they_are_learnt(config):
    run_once(config)
    with Store.reading(config.store.path) as store:
        last = max(file.span[1] for file in store.files(NAME).values() if file.site)
        heights = store.apriori_heights(NAME)
    # What rests on an arc that is not closed yet may still change with it.
    before = {name: height for name, height in heights.items() if height.since <= last}
    deliver(config)
    run_once(config)
    # Sectors that had too few arcs on the first day join; what was learnt stays.
    with Store.reading(config.store.path) as store:
        learnt = store.apriori_heights(NAME)
    assert {name: learnt[name] for name in before} == before
    assert {key.split("#")[0] for key in before} >= {"GS1C", "GS2L", "GS5Q"}
    assert set(learnt) - set(before)
    # 1.8 m, less the 3 cm by which the phase of the reflection turns along an arc.
    assert all(abs(height.height_m - 1.77) < 0.02 for height in learnt.values())


def test_heights_of_other_reflectors_do_not_stand_in_the_way(sample):
    """Half of the arcs lie too far from the antenna's height: in pieces the others count too."""
    path = sample / "soilglint.toml"
    # The arcs lie about 1.77 m; further than 0.5 m from the antenna's height they do not count.
    path.write_text(path.read_text().replace("antenna_height_m = 1.8", "antenna_height_m = 2.27"))
    whole = shutil.copytree(sample, sample.with_name("at_once"))
    run_once(load_config(whole / "soilglint.toml"))
    config = load_config(path)
    names = [file.name for file in observations(sample)]
    for name in names:
        (sample / "inbox" / name).rename(sample / name)
    for name in names:
        (sample / name).rename(sample / "inbox" / name)
        assert run_once(config).estimates.revised == 0
    with Store.reading(config.store.path) as store:
        arcs = store.arcs(NAME)
    beyond = arcs.loc[arcs["accepted"], "reflector_height_m"] < 1.77
    assert 0.25 < beyond.mean() < 0.75
    assert contents(config, "apriori_heights")
    assert same_results(config, load_config(whole / "soilglint.toml"))


@pytest.mark.parametrize("function", ["insert_arcs", "put_points", "put_estimates"])
def test_killed_inside_a_step_nothing_is_half_written(config, whole, function):
    """A process killed in the middle, then run again, ends where an undisturbed one does."""
    deliver(config)
    script = f"""
        import os, signal
        from pathlib import Path
        from daemon.config import load_config
        from daemon.jobs import run_once
        from daemon.store import Store

        done = Store.{function}

        def kill(self, *arguments, **named):
            done(self, *arguments, **named)
            os.kill(os.getpid(), signal.SIGKILL)

        Store.{function} = kill
        run_once(load_config(Path({str(config.inbox.path.parent / "soilglint.toml")!r})))
    """
    killed = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=False)
    assert killed.returncode == -signal.SIGKILL
    with Store.reading(config.store.path) as store:
        ingested = [f for f in store.files(NAME).values() if f.kind == "observation"]
        assert bool(ingested) == (function == "put_estimates")
        assert store.arcs(NAME).empty == (function != "put_estimates")
        assert store.estimates(NAME, "live") == []
    run_once(config)
    for table in ("files", "arcs", "apriori_heights", "estimates"):
        expected = contents(whole, table)
        if table == "files":  # a navigation file's path is that of its own folder
            assert len(contents(config, table)) == len(expected)
        else:
            assert contents(config, table) == expected


def test_two_runs_at_once_are_refused(config):
    with Store.writing(config.store.path), pytest.raises(StoreBusyError):
        run_once(config)


def test_missing_inbox_is_a_fault_of_the_configuration(config):
    shutil.rmtree(config.inbox.path)
    with pytest.raises(ConfigError, match=r"inbox\.path"):
        run_once(config)


def test_a_long_silence_is_stated_for_a_week_and_no_longer(config):
    run_once(config)
    with Store.reading(config.store.path) as store:
        files = store.files(NAME).values()
    record = next(f for f in files if f.kind == "observation")
    last = max(f.span[1] for f in files if f.kind == "observation")
    # A file of 30 days later, of which nothing but its time matters here.
    later = replace(
        record,
        path="later",
        sha256="0",
        first_time="2024-06-12T23:59:30.000Z",
        last_time="2024-06-13T00:00:00.000Z",
    )
    with Store.writing(config.store.path) as store:
        with store.transaction():
            store.put_file(NAME, later)
            store.put_estimates_due(NAME, later.span[1])
        make_estimates(config, store, pd.Timestamp("2024-06-13T00:00Z"))
        times = pd.DatetimeIndex([e["time"] for e in store.estimates(NAME, "live")])
        silent = store.estimates(NAME, "live", last=2)
    assert times[-1] == pd.Timestamp("2024-06-13T00:00Z")
    assert times[-2] == (last + pd.Timedelta(days=7)).floor("15min")
    assert [estimate["n_arcs"] for estimate in silent] == [0, 0]
