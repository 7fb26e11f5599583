"""Sending again, beside a service that holds the store."""

import pandas as pd
import pytest

from daemon.config import load_config
from daemon.errors import NotThereError
from daemon.jobs import run_once
from daemon.replaying import replay_estimates
from daemon.store import Store

NAME = "smpl"


def test_estimates_of_a_span_go_to_the_end_of_the_queue_while_another_holds_the_store(sample):
    config = load_config(sample / "soilglint.toml")
    run_once(config)
    with Store.writing(config.store.path) as store:
        with store.transaction():
            store.add_sinks(["told"])
            rows = store.waiting("told", 10_000, arcs=False)
            store.take_as_done("told", rows[-1].number, rows, [], pd.Timestamp.now("UTC"))
            store.drop_delivered(["told"])
        assert store.outbox(NAME) == []
        times = [pd.Timestamp(row.time) for row in rows]
        assert replay_estimates(config, times[3], times[7]) == 5
        again = store.waiting("told", 10_000, arcs=False)
        assert [row.record for row in again] == [row.record for row in rows[3:8]]
        assert replay_estimates(config, times[-1] + pd.Timedelta("1s")) == 0


def test_without_a_store_there_is_nothing_to_send(sample):
    with pytest.raises(NotThereError, match="there is no store yet"):
        replay_estimates(load_config(sample / "soilglint.toml"), pd.Timestamp("2025-01-01T00:00Z"))
