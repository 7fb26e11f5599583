"""What the store forgets, and what it does not."""

import shutil
from collections import namedtuple

import pandas as pd
import pytest

from daemon.config import load_config
from daemon.jobs import Work, run_once
from daemon.sections import StoreSection
from daemon.store import Store
from daemon.tidying import tidy_store

NAME = "smpl"


@pytest.fixture
def config(sample):
    """A station of two days that has been taken in."""
    config = load_config(sample / "soilglint.toml")
    run_once(config)
    return config


def keeping(config, **keys):
    section = StoreSection(path=config.store.path, **keys)
    return config.model_copy(update={"store": section})


def test_nothing_is_forgotten_by_default(config):
    with Store.writing(config.store.path) as store:
        before = store.arc_numbers(), store.estimates(NAME, "live")
        assert tidy_store(config, store, ()).dropped == 0
        assert (store.arc_numbers(), store.estimates(NAME, "live")) == before


def test_old_estimates_and_rejected_arcs_go_and_are_not_made_again(config):
    with Store.writing(config.store.path) as store:
        last = store.last_epoch(NAME, NAME)
        low = last - pd.Timedelta("12h")
        accepted, everything = store.arc_numbers()[NAME]
        n_old = sum(pd.Timestamp(one["time"]) < low for one in store.estimates(NAME, "live"))
        assert n_old
        with store.transaction():
            dropped = store.drop_old(NAME, low, low, accepted=False, sinks=())
        arcs = store.arcs(NAME)
        assert arcs["accepted"].sum() == accepted
        assert len(arcs) == everything - dropped.arcs
        assert (arcs.loc[~arcs["accepted"], "end"] >= low).all()
        times = [pd.Timestamp(one["time"]) for one in store.estimates(NAME, "live")]
        assert min(times) >= low
        with store.transaction():
            store.put_estimates_due(NAME, low - pd.Timedelta("1D"))
    run_once(config)
    with Store.reading(config.store.path) as store:
        assert [pd.Timestamp(one["time"]) for one in store.estimates(NAME, "live")] == times


def test_accepted_arcs_go_only_where_that_is_asked_for(config):
    with Store.writing(config.store.path) as store:
        low = store.last_epoch(NAME, NAME) - pd.Timedelta("12h")
        with store.transaction():
            store.drop_old(NAME, low, low, accepted=True, sinks=())
        assert (store.arcs(NAME)["end"] >= low).all()


def test_what_a_sink_has_still_to_take_stays(config):
    with Store.writing(config.store.path) as store:
        end = store.last_epoch(NAME, NAME) + pd.Timedelta("1D")
        before = store.estimates(NAME, "live")
        with store.transaction():
            dropped = store.drop_old(NAME, end, end, accepted=False, sinks=("mqtt",))
        assert dropped.estimates == 0
        assert store.estimates(NAME, "live") == before


def test_space_that_holds_nothing_is_given_back(config):
    with Store.writing(config.store.path) as store:
        before = store.size().total
        end = store.last_epoch(NAME, NAME) + pd.Timedelta("1D")
        with store.transaction():
            store.drop_old(NAME, end, end, accepted=True, sinks=())
            store.drop_points(NAME, 1 << 40)
        assert tidy_store(config, store, ()).shrunk
        assert store.size().total < before / 2
        assert store.size().free == 0


def test_a_full_disk_leaves_files_in_the_inbox_and_says_so(config, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 10**9, 5 * 10**6))
    with Store.writing(config.store.path) as store:
        work = Work(keeping(config, min_free_mb=6), store, lambda: pd.Timestamp.now("UTC"), print)
        assert list(work.ingest().problems) == ["store.min_free_mb"]
        work = Work(keeping(config, min_free_mb=5), store, lambda: pd.Timestamp.now("UTC"), print)
        assert work.ingest().problems == {}
