import threading
import time

import pytest

from daemon.sinks.flight import Flight
from daemon.sinks.outcomes import Delivered, RetryLater


@pytest.fixture
def flight():
    return Flight(threading.Condition())


def never():
    return False


def answer_of(flight, key):
    return flight.wait(key, time.monotonic(), never)


def test_an_answer_finds_its_message(flight):
    assert flight.sent(7, 101, flight.mark()) is None
    assert flight.knows(101)
    assert answer_of(flight, 101) is None
    assert flight.answered(7, Delivered()) == 101
    assert answer_of(flight, 101) == Delivered()
    assert not flight.is_open(101)
    assert flight.knows(101)


def test_an_answer_that_comes_before_the_note_counts(flight):
    mark = flight.mark()
    assert flight.answered(7, Delivered()) is None
    assert flight.sent(7, 101, mark) == Delivered()
    assert answer_of(flight, 101) == Delivered()


def test_an_identifier_is_used_again_after_its_answer(flight):
    flight.sent(7, 101, flight.mark())
    flight.answered(7, Delivered())
    flight.sent(7, 102, flight.mark())
    assert answer_of(flight, 102) is None


def test_what_was_dropped_is_not_known_and_is_told(flight):
    flight.sent(7, 101, flight.mark())
    flight.sent(8, "topic", flight.mark())
    assert flight.drop() == [101, "topic"]
    assert not flight.knows(101)


def test_a_packet_made_before_a_drop_and_noted_after_it_counts_as_not_sent(flight):
    mark = flight.mark()
    flight.drop()
    assert flight.sent(7, 101, mark) is None
    assert not flight.knows(101)
    # Its late answer is no answer to what the identifier carries next.
    assert flight.answered(7, RetryLater("late")) is None
    flight.sent(7, 102, flight.mark())
    assert answer_of(flight, 102) is None


def test_a_packet_of_a_client_that_is_gone_says_nothing_of_the_next_clients(flight):
    mark = flight.mark()
    flight.clear()
    flight.sent(7, 101, mark)
    flight.sent(7, 102, flight.mark())
    assert flight.answered(7, Delivered()) == 102


def test_answers_nobody_asks_for_any_more_are_forgotten_and_those_of_topics_stay(flight):
    for packet, key in enumerate((101, 102, "topic")):
        flight.sent(packet, key, flight.mark())
        flight.answered(packet, Delivered())
    flight.keep([102])
    assert not flight.knows(101)
    assert flight.knows(102)
    assert flight.take("topic") == Delivered()
    assert flight.take("topic") is None


def test_waiting_ends_with_the_answer(flight):
    flight.sent(7, 101, flight.mark())
    answering = threading.Timer(0.05, flight.answered, (7, Delivered()))
    answering.start()
    assert flight.wait(101, time.monotonic() + 30, never) == Delivered()
    answering.join()


def test_waiting_ends_when_given_up(flight):
    assert flight.wait(101, time.monotonic() + 30, lambda: True) is None
