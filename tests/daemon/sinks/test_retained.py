import pytest

from daemon.sinks.retained import RetainedTimes

TOPIC = "soilglint/mchl/soil_moisture"
EARLY, LATE = "2026-11-24T00:15:00Z", "2026-11-24T00:30:00Z"


@pytest.fixture
def kept():
    return RetainedTimes([TOPIC, f"{TOPIC}/daily"])


def payload(time):
    return f'{{"time": "{time}", "vwc": null}}'.encode()


def test_the_latest_time_counts_whatever_comes_after_it(kept):
    kept.hear(TOPIC, payload(LATE))
    kept.hear(TOPIC, payload(EARLY))
    assert kept.later_than(TOPIC, EARLY) == LATE


def test_another_revision_of_the_same_time_may_take_its_place(kept):
    kept.hear(TOPIC, payload(LATE))
    assert kept.later_than(TOPIC, LATE) is None


def test_topics_do_not_know_of_each_other(kept):
    kept.hear(TOPIC, payload(LATE))
    assert kept.later_than(f"{TOPIC}/daily", EARLY) is None
    assert not kept.all_heard()
    kept.hear(f"{TOPIC}/daily", payload(EARLY))
    assert kept.all_heard()


def test_an_empty_message_takes_the_kept_one_away(kept):
    kept.hear(TOPIC, payload(LATE))
    kept.hear(TOPIC, b"")
    assert kept.later_than(TOPIC, EARLY) is None


@pytest.mark.parametrize(
    "nonsense",
    [b"offline", b"\xff", b"[1]", b"7", b"{}", b'{"time": 7}', b'{"time": "zzzz"}', b'{"time"'],
)
def test_what_is_no_estimate_holds_nothing_up(kept, nonsense):
    kept.hear(TOPIC, nonsense)
    assert kept.later_than(TOPIC, EARLY) is None


def test_other_topics_are_passed_over(kept):
    kept.hear("soilglint/other/soil_moisture", payload(LATE))
    kept.hear(TOPIC, payload(EARLY))
    assert not kept.all_heard()
