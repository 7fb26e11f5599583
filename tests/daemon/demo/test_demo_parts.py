"""The parts of the demonstration; the whole of it is the README's first command."""

import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from daemon.config import load_config
from daemon.demo import station as stations
from daemon.demo.clock import FastClock
from daemon.demo.flow import LABEL, DemoReport, latency_s
from daemon.demo.page import demo_page
from daemon.demo.receiver import HOUR, Receiver
from daemon.demo.station import DemoStation, make_station, use_model
from daemon.demo.words import report_lines
from retrieval.validation import scores

START = pd.Timestamp("2017-05-13T00:00Z")


def test_the_clock_runs_as_fast_as_it_was_told():
    clock = FastClock(START, speed=3600.0)
    first, real = clock.now(), time.monotonic()
    time.sleep(0.05)
    passed_s = time.monotonic() - real
    assert (clock.now() - first).total_seconds() >= 3600.0 * passed_s
    assert clock.until_s(START + pd.Timedelta("10h")) == pytest.approx(10.0, abs=5.0)
    assert clock.until_s(START) < 0


def test_the_receiver_writes_each_file_when_its_hour_has_passed_and_whole(tmp_path):
    inbox, coming = tmp_path / "inbox", tmp_path / "coming"
    inbox.mkdir()
    coming.mkdir()
    files = [coming / f"{k}.rnx" for k in range(3)]
    for path in files:
        path.write_text(path.name)
    clock, seen = FastClock(START, speed=36_000.0), []

    def on_file(number):
        seen.append((number, clock.now() >= START + number * HOUR, sorted(inbox.iterdir())))

    receiver = Receiver(files, START, inbox, clock, on_file)
    receiver.start()
    deadline = time.monotonic() + 20
    while not receiver.done():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    receiver.stop()
    assert [(number, in_time) for number, in_time, _ in seen] == [(1, True), (2, True), (3, True)]
    assert seen[-1][2] == [inbox / path.name for path in files]
    assert [path.read_text() for path in sorted(inbox.iterdir())] == ["0.rnx", "1.rnx", "2.rnx"]
    assert receiver.written_at == sorted(receiver.written_at)


def test_a_receiver_that_is_stopped_writes_no_more(tmp_path):
    receiver = Receiver([tmp_path / "a"], START, tmp_path, FastClock(START, 1.0), print)
    receiver.start()
    receiver.stop()
    assert not receiver.done()


def test_latency_is_from_a_file_to_the_first_estimate_inside_its_hour():
    times = [START + pd.Timedelta(minutes=m) for m in (0, 15, 45, 60, 90, 185)]
    table = pd.DataFrame({"time": times, "first_at": [101.5, 101.0, 102.0, 205.0, 204.0, 400.0]})
    # The third file brought no estimate.
    assert latency_s(table, START, [100.0, 200.0, 300.0, 399.0]).tolist() == [1.0, 4.0, 1.0]


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """The station of the demonstration with a season of two days and a day to come."""
    folder = tmp_path_factory.mktemp("demo")
    before = stations.SEASON_DAYS
    stations.SEASON_DAYS = 2
    try:
        return make_station(folder / "out", 1)
    finally:
        stations.SEASON_DAYS = before


def test_the_station_holds_its_season_and_knows_nothing_of_the_days_to_come(small):
    config = load_config(small.config)
    assert len(list(config.inbox.path.iterdir())) == small.season_files == 2
    assert len(small.coming) == 24
    assert small.start == pd.Timestamp("2017-01-31T00:00Z")
    reference = pd.read_csv(small.reference, comment="#")
    assert pd.to_datetime(reference["time"]).max() < small.start
    assert small.truth.index.is_monotonic_increasing
    assert small.truth.index[-1] == small.start + pd.Timedelta("23h")
    for path in (*config.inbox.path.iterdir(), *small.coming):
        assert path.stat().st_size > 0


def test_the_settings_take_the_model_once_there_is_one(small):
    assert load_config(small.config).model.path is None
    use_model(small)
    assert load_config(small.config).model.path == small.folder / "model"


def report():
    times = pd.date_range(START, periods=96, freq="15min")
    truth = np.linspace(0.1, 0.2, 96)
    table = pd.DataFrame(
        {
            "time": times,
            "vwc": truth + 0.01,
            "vwc_lower": truth - 0.02,
            "vwc_upper": truth + 0.04,
            "truth": truth,
        }
    )
    station = DemoStation(Path(), Path(), Path(), (), START, pd.Series(dtype=float), 104)
    found = scores(truth, table["vwc"], table["vwc_lower"], table["vwc_upper"])
    return DemoReport(station, 24, 48, table, found, {"good": 96}, np.array([0.2, 0.3, 0.9]), 80.0)


def test_the_table_tells_accuracy_latency_and_that_it_is_simulated():
    lines = report_lines(report())
    assert lines[0] == LABEL
    told = "\n".join(lines)
    assert "24 hourly files, 48 arcs accepted" in told
    assert "RMSE 0.010, bias +0.010, ubRMSE 0.000 m3 m-3, R 1.00" in told
    assert "100% hold the truth" in told
    assert "0.30 s in the middle, 0.90 s at most" in told


def test_the_page_stands_alone_and_says_that_it_is_simulated():
    page = demo_page(report())
    assert LABEL in page
    assert page.count("data:image/png;base64,") == 2
    assert "http" not in page.replace("http-equiv", "")
