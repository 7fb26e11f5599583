"""What a service says of itself before it becomes a fault."""

import shutil
from collections import namedtuple

import pandas as pd
import pytest

from daemon.config import load_config
from daemon.jobs import run_once
from daemon.self_check import SILENT_AFTER, self_check
from daemon.store import Store

NAME = "smpl"


@pytest.fixture
def station(sample):
    config = load_config(sample / "soilglint.toml")
    run_once(config)
    with Store.reading(config.store.path) as store:
        yield config, store, store.last_epoch(NAME, NAME)


def test_nothing_is_said_where_all_is_well(station):
    config, store, last = station
    assert self_check(config, store, last + SILENT_AFTER, "") == {}


def test_silence_is_told_with_its_length(station):
    config, store, last = station
    told = self_check(config, store, last + pd.Timedelta("3D"), "")
    assert list(told) == ["inbox.path"]
    assert "3.0 days old" in told["inbox.path"]


def test_a_disk_that_fills_is_told_before_it_stops_the_intake(station, monkeypatch):
    config, store, last = station
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(0, 0, 150 * 10**6))
    assert "150 MB free" in self_check(config, store, last, "")["store.path"]


def test_a_watch_that_does_not_work_is_told(station):
    config, store, last = station
    assert self_check(config, store, last, "no inotify") == {"inbox": "no inotify"}
