"""From the outbox to sinks that answer as they are told."""

import threading

import pandas as pd
import pytest

from daemon import publishing
from daemon.config import load_config
from daemon.errors import StoreError
from daemon.estimates import ESTIMATE_FIELDS
from daemon.publishing import Publisher, publish_batch
from daemon.sink_status import sink_lines, sink_status
from daemon.sinks.outcomes import Delivered, Rejected, RetryLater, Unauthorised
from daemon.store import Store, outbox

NOW = pd.Timestamp("2025-01-10T13:00Z")


def estimate(hour, product="live", revision=1):
    return dict.fromkeys(ESTIMATE_FIELDS) | {
        "station": "test",
        "product": product,
        "time": f"2025-01-10T{hour:02d}:00:00Z",
        "window_s": 86400,
        "n_arcs": 3,
        "flag": "good",
        "model_id": "m-1",
        "software_version": "0",
        "revision": revision,
        "latency_s": 60,
    }


class Told:
    """A sink that notes what it gets, and answers each message by a function."""

    wants_arcs = False

    def __init__(self, name="told", answer=lambda message: Delivered(), batch=10):
        self.name, self.answer, self.batch = name, answer, batch
        self.got = []
        self.started = threading.Event()
        self.stopped = threading.Event()

    def start(self):
        self.started.set()

    def deliver(self, messages):
        outcomes = []
        for message in messages:
            outcome = self.answer(message)
            if outcome is None:
                break
            outcomes.append(outcome)
            if isinstance(outcome, Delivered):
                self.got.append(message)
            if isinstance(outcome, RetryLater | Unauthorised):
                break
        return outcomes

    def reach(self, timeout_s):
        return None

    def stop(self, timeout_s):
        self.stopped.set()

    @property
    def hours(self):
        return [int(message.time[11:13]) for message in self.got]


@pytest.fixture
def store(tmp_path):
    with Store.writing(tmp_path / "s.db") as opened:
        with opened.transaction():
            opened.add_sinks(["told", "other"])
        yield opened


def put(store, *estimates):
    with store.transaction():
        store.put_estimates(list(estimates), NOW)


def once(store, sink):
    return publish_batch(store, sink, lambda: NOW)


def test_each_sink_gets_every_row_once_and_in_order(store):
    put(store, *(estimate(hour) for hour in (1, 2, 3)))
    sink, other = Told(batch=2), Told("other")
    assert (once(store, sink).delivered, once(store, sink).delivered) == (2, 1)
    assert once(store, sink).delivered == 0
    put(store, estimate(4))
    once(store, sink)
    once(store, other)
    assert sink.hours == other.hours == [1, 2, 3, 4]
    assert sink.got[0].record == estimate(1)


def test_what_is_not_answered_is_given_again_and_what_was_taken_is_not(store):
    put(store, *(estimate(hour) for hour in (1, 2, 3)))
    down = RetryLater("away", 7.0)
    sink = Told(answer=lambda message: down if "T02" in message.time else Delivered())
    progress = once(store, sink)
    assert (progress.delivered, progress.hindrance, progress.more) == (1, down, False)
    sink.answer = lambda message: Delivered()
    assert once(store, sink).delivered == 2
    assert sink.hours == [1, 2, 3]


def test_a_sink_that_answers_nothing_is_asked_again_later(store):
    put(store, estimate(1))
    progress = once(store, Told(answer=lambda message: None))
    assert progress.hindrance == RetryLater("no answer in time")
    assert store.sink_state("told", arcs=False).waiting == 1


def test_poison_is_set_aside_with_its_reason_and_the_queue_goes_on(store):
    put(store, *(estimate(hour) for hour in (1, 2, 3)))
    poison = Rejected("too large")
    sink = Told(answer=lambda message: poison if "T02" in message.time else Delivered())
    progress = once(store, sink)
    assert (progress.delivered, progress.rejected, progress.more) == (2, 1, True)
    assert sink.hours == [1, 3]
    assert store.rejected("told") == [("live", estimate(2)["time"], "too large")]
    state = store.sink_state("told", arcs=False)
    assert (state.waiting, state.delivered, state.rejected) == (0, 2, 1)
    assert state.delivered_at == NOW


def test_the_status_tells_how_far_each_sink_has_got(store, sample):
    text = (sample / "soilglint.toml").read_text() + '\n[export]\npath = "export"\n'
    (sample / "soilglint.toml").write_text(text.replace('name = "smpl"', 'name = "test"'))
    config = load_config(sample / "soilglint.toml")
    assert sink_lines(sink_status(config, store)) == ["export    0 records delivered"]
    with store.transaction():
        store.add_sinks(["export"])
    put(store, *(estimate(hour) for hour in (1, 2, 3)))
    answer = {"01": Delivered(), "02": Rejected("too large"), "03": RetryLater("full")}
    once(store, Told("export", answer=lambda message: answer[message.time[11:13]]))
    assert sink_lines(sink_status(config, store)) == [
        "export    1 records delivered, the last at 2025-01-10T13:00:00Z; 1 wait, the first since "
        "2025-01-10T13:00:00Z",
        "  1 will never be taken, the last of them:",
        "  live 2025-01-10T02:00:00Z: too large",
    ]


def test_only_what_is_newer_than_all_before_is_the_newest(store):
    sink = Told(batch=2)
    put(store, estimate(3), estimate(1), estimate(2, "daily"))
    once(store, sink)
    once(store, sink)
    put(store, estimate(2), estimate(3, revision=2), estimate(4))
    once(store, sink)
    once(store, sink)
    assert [(message.time[11:13], message.newest) for message in sink.got] == [
        ("03", True),
        ("01", False),
        ("02", True),
        ("02", False),
        ("03", True),
        ("04", True),
    ]


def test_an_estimate_made_again_before_it_was_sent_goes_out_once_as_it_is_now(store):
    put(store, estimate(1), estimate(2))
    put(store, estimate(1, revision=2))
    sink = Told()
    once(store, sink)
    assert [(message.time[11:13], message.record["revision"]) for message in sink.got] == [
        ("02", 1),
        ("01", 2),
    ]


def test_rows_are_dropped_once_all_sinks_have_taken_them(store):
    put(store, estimate(1), estimate(2))
    once(store, Told())
    with store.transaction():
        assert store.drop_delivered(["told", "other"]) == 0
    once(store, Told("other", batch=1))
    with store.transaction():
        assert store.drop_delivered(["told", "other"]) == 1
        assert store.drop_delivered([]) == 0
    assert [time for _, _, time in store.outbox("test")] == [estimate(2)["time"]]


def test_a_sink_that_has_not_been_heard_of_holds_every_row(store):
    put(store, estimate(1))
    once(store, Told())
    with store.transaction():
        assert store.drop_delivered(["told", "new"]) == 0


def test_what_has_waited_for_more_than_a_year_is_dropped_and_counted(store):
    put(store, estimate(1))
    with store.transaction():
        store.put_estimates([estimate(2)], NOW + outbox.OUTBOX_AGE + pd.Timedelta("1s"))
    assert [time for _, _, time in store.outbox("test")] == [estimate(2)["time"]]
    assert store.counter("outbox_dropped") == 1


def test_a_thread_delivers_what_comes_while_it_runs_and_says_goodbye(store):
    arrived = threading.Event()

    def answer(message):
        if "T02" in message.time:
            arrived.set()
        return Delivered()

    put(store, estimate(1))
    sink = Told(answer=answer)
    publisher = Publisher(store, sink, lambda: NOW)
    publisher.start()
    put(store, estimate(2))
    publisher.wake()
    assert arrived.wait(10)
    publisher.stop(10)
    assert sink.hours == [1, 2]
    assert sink.stopped.is_set()
    assert not publisher.health().alive


def test_a_hindrance_is_told_once_and_its_end_too(store, caplog):
    caplog.set_level("INFO")
    put(store, estimate(1))
    tries, arrived = [], threading.Event()

    def answer(message):
        tries.append(message)
        if len(tries) < 4:
            return RetryLater("nobody there", 0.01)
        arrived.set()
        return Delivered()

    publisher = Publisher(store, Told(answer=answer), lambda: NOW)
    publisher.start()
    assert arrived.wait(10)
    publisher.stop(10)
    told = [record.message for record in caplog.records]
    assert told == [
        "sink told: nobody there; records wait",
        "sink told: delivers again",
    ]


def test_a_sink_that_fails_in_an_unforeseen_way_is_tried_again(store, caplog):
    put(store, estimate(1))
    tries, tried = [], threading.Event()

    def answer(message):
        tries.append(message)
        tried.set()
        raise KeyError("vwc")

    publisher = Publisher(store, Told(answer=answer), lambda: NOW)
    publisher.start()
    assert tried.wait(10)
    publisher.stop(10)
    assert "KeyError" in publisher.health().hindrance
    assert store.sink_state("told", arcs=False).waiting == 1


def test_a_store_that_cannot_be_opened_for_a_while_is_opened_later(store, monkeypatch, caplog):
    put(store, estimate(1))
    arrived, refusals = threading.Event(), [StoreError("its disk has gone")]
    beside = store.beside

    def once_refused():
        if refusals:
            raise refusals.pop()
        return beside()

    monkeypatch.setattr(store, "beside", once_refused)
    monkeypatch.setattr(publishing, "backoff_s", lambda *_: 0.01)
    publisher = Publisher(store, Told(answer=lambda _: arrived.set() or Delivered()), lambda: NOW)
    publisher.start()
    assert arrived.wait(10)
    publisher.stop(10)
    assert "its disk has gone" in caplog.text


def test_who_is_not_let_in_has_somebody_act(store, caplog):
    put(store, estimate(1))
    asked = threading.Event()

    def answer(message):
        asked.set()
        return Unauthorised("wrong password")

    publisher = Publisher(store, Told(answer=answer), lambda: NOW)
    publisher.start()
    assert asked.wait(10)
    publisher.stop(10)
    health = publisher.health()
    assert (health.unauthorised, health.hindrance) == (True, "wrong password")
    assert [record.levelname for record in caplog.records] == ["ERROR"]
