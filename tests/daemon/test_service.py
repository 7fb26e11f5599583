"""A life of the service in this process: files in, records out, everything else as told."""

import json
import logging
import re
import shutil
import threading
import time
import urllib.request

import pandas as pd
import pytest

from daemon.config import load_config
from daemon.demo.subscriber import Subscriber
from daemon.errors import ConfigError, StoreBusyError
from daemon.jobs import run_once
from daemon.service import Service
from daemon.sinks.outcomes import RetryLater
from daemon.store import Store

NAME = "smpl"


@pytest.fixture
def station(sample):
    """The sample with its settings for a service, and its files still to come."""
    settings = sample / "soilglint.toml"
    settings.write_text(re.sub(r"(?m)^#?settle_s = .*", "settle_s = 0", settings.read_text()))
    coming = sample.parent / "coming"
    coming.mkdir()
    for path in sorted((sample / "inbox").iterdir()):
        path.rename(coming / path.name)
    return load_config(settings), sorted(coming.iterdir())


def until(condition, within_s=30.0):
    end = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def drop(path, inbox):
    partial = inbox / f"{path.name}.part"
    shutil.copyfile(path, partial)
    partial.replace(inbox / path.name)


def estimates(store):
    return [{k: v for k, v in one.items() if k != "latency_s"} for one in store]


def test_files_that_arrive_one_by_one_give_what_they_give_in_one_batch(station, tmp_path):
    config, coming = station
    subscriber = Subscriber()
    service = Service(config, (subscriber,))
    with service.running():
        for number, path in enumerate(coming, 1):
            drop(path, config.inbox.path)
            until(lambda n=number: _ingested(service) == n)
        until(service.idle)
        with service.reading() as store:
            one_by_one = store.estimates(NAME, "live")
            arcs = store.arcs(NAME).drop(columns="revision").reset_index(drop=True)
    assert estimates(subscriber.live[one["time"]] for one in one_by_one) == estimates(one_by_one)
    assert len(subscriber.live) == len(one_by_one) > 100

    batch = config.model_copy(
        update={"store": config.store.model_copy(update={"path": tmp_path / "batch.sqlite"})}
    )
    with Store.writing(batch.store.path):
        pass
    run_once(batch)
    with Store.reading(batch.store.path) as store:
        at_once = store.estimates(NAME, "live")
        same = store.arcs(NAME).drop(columns="revision").reset_index(drop=True)
    without = ("revision", "latency_s")
    assert [{k: v for k, v in one.items() if k not in without} for one in one_by_one] == [
        {k: v for k, v in one.items() if k not in without} for one in at_once
    ]
    pd.testing.assert_frame_equal(arcs, same)


def _ingested(service):
    with service.reading() as store:
        return sum(
            record.state == "ingested" and record.kind == "observation"
            for record in store.files(NAME).values()
        )


def test_a_file_reaches_the_subscriber_within_seconds(station):
    config, coming = station
    subscriber = Subscriber()
    service = Service(config, (subscriber,))
    with service.running():
        until(service.idle)
        drop(coming[0], config.inbox.path)
        # The next look by the clock is a minute away: it is the watch that wakes it.
        until(lambda: subscriber.live, within_s=20.0)


def test_a_second_service_on_the_same_store_is_refused(station):
    config, _ = station
    with Service(config).running(), pytest.raises(StoreBusyError), Service(config).running():
        pass


def test_the_store_is_free_and_threads_have_ended_afterwards(station):
    config, coming = station
    before = set(threading.enumerate())
    service = Service(config, (Subscriber(),))
    with service.running():
        drop(coming[0], config.inbox.path)
        until(lambda: _ingested(service))
    until(lambda: not {one for one in threading.enumerate() if one.is_alive()} - before)
    with Store.writing(config.store.path) as store:
        assert store.files(NAME)


def test_an_estimate_that_fails_leaves_the_intake_at_work(station, monkeypatch, caplog):
    config, coming = station

    def fail(*_):
        raise ValueError("no reason that anybody foresaw")

    monkeypatch.setattr("daemon.jobs.make_estimates", fail)
    service = Service(config)
    with service.running():
        drop(coming[0], config.inbox.path)
        until(lambda: any(job.failures for job in service.telemetry.jobs()))
        drop(coming[1], config.inbox.path)
        until(lambda: _ingested(service) == 2)
    assert "job estimate failed in a way that nobody foresaw" in caplog.text


def test_an_inbox_that_goes_and_comes_back_is_told_once_and_read_again(station, caplog):
    config, coming = station
    config = config.model_copy(
        update={"schedule": config.schedule.model_copy(update={"ingest_s": 1.0})}
    )
    service = Service(config)
    with service.running():
        until(service.idle)
        away = config.inbox.path.with_name("away")
        config.inbox.path.rename(away)
        until(lambda: any(job.failures > 2 for job in service.telemetry.jobs()))
        away.rename(config.inbox.path)
        drop(coming[0], config.inbox.path)
        until(lambda: _ingested(service) == 1)
    assert caplog.text.count("job ingest failed") == 1


def test_a_sink_that_is_away_holds_up_nothing_and_gets_everything_in_the_end(station):
    config, coming = station
    away = threading.Event()
    away.set()

    class Flaky(Subscriber):
        name = "flaky"

        def deliver(self, messages):
            return [RetryLater("away", 0.1)] if away.is_set() else super().deliver(messages)

    flaky, well = Flaky(), Subscriber()
    service = Service(config, (flaky, well))
    with service.running():
        drop(coming[0], config.inbox.path)
        until(lambda: well.live)
        until(lambda: [one.hindrance for one in service.sinks()] == ["away", ""])
        assert not flaky.live
        away.clear()
        until(service.idle)
    assert flaky.live == well.live


def test_health_is_told_over_http(station):
    config, coming = station
    config = config.model_validate({**config.model_dump(), "http": {"listen": "127.0.0.1:0"}})
    config._path = station[0]._path
    service = Service(config)
    with service.running():
        drop(coming[0], config.inbox.path)
        until(lambda: _ingested(service))
        url = f"http://127.0.0.1:{service.http_port}/healthz"
        with urllib.request.urlopen(url, timeout=10) as answer:
            assert json.load(answer)["status"] == "ok"


def test_an_address_that_is_taken_is_refused_by_its_key(station):
    config, _ = station
    config = config.model_validate({**config.model_dump(), "http": {"listen": "127.0.0.1:0"}})
    config._path = station[0]._path
    service = Service(config)
    with service.running():
        taken = {**config.model_dump(), "http": {"listen": f"127.0.0.1:{service.http_port}"}}
        taken["store"]["path"] = config.store.path.with_name("other.sqlite")
        other = config.model_validate(taken)
        other._path = config._path
        with pytest.raises(ConfigError, match=r"http\.listen"), Service(other).running():
            pass


def test_a_clock_that_is_put_right_does_not_hold_jobs_up(station, monkeypatch, caplog):
    config, _ = station
    caplog.set_level(logging.WARNING)
    service = Service(config)
    real = time.time
    with service.running():
        until(service.idle)
        runs = {job.name: job.runs for job in service.telemetry.jobs()}
        waiter = threading.Thread(target=service.wait, args=(threading.Event(), 3.0))
        waiter.start()
        time.sleep(0.2)
        monkeypatch.setattr(time, "time", lambda: real() - 3600.0)
        waiter.join()
        until(lambda: {j.name: j.runs for j in service.telemetry.jobs()}["ingest"] > runs["ingest"])
    assert "the clock was put right by -3600 s" in caplog.text


def test_a_file_that_has_not_settled_is_taken_as_soon_as_it_has(station):
    config, coming = station
    # Any number of seconds, also one that no clock counts in.
    inbox = config.inbox.model_copy(update={"settle_s": 0.7654321987})
    service = Service(config.model_copy(update={"inbox": inbox}))
    with service.running():
        until(service.idle)
        drop(coming[0], config.inbox.path)
        # The next look by the clock is a minute away.
        until(lambda: _ingested(service) == 1, within_s=20.0)


def test_what_changes_by_its_numbers_alone_is_told_once_and_its_end_too(station, caplog):
    caplog.set_level(logging.INFO)
    service = Service(station[0])
    for days in (1.2, 1.3, 9.9):
        service._note_problems("check", {"inbox.path": f"the newest is {days} days old"})
    service._note_problems("check", {})
    told = [record.message for record in caplog.records]
    assert told == ["inbox.path: the newest is 1.2 days old", "inbox.path: no longer so"]
    assert service.telemetry.problems["check"] == {}
