import pytest

from daemon.sinks.suspects import Suspects


@pytest.fixture
def suspects():
    return Suspects()


def test_of_several_all_are_suspected_and_none_is_guilty(suspects):
    assert suspects.blame([3, 4, "topic"]) is None
    assert all(key in suspects for key in (3, 4, "topic"))


def test_one_that_was_alone_is_guilty_and_no_longer_suspected(suspects):
    suspects.blame([3, 4])
    assert suspects.blame([4]) == 4
    assert 4 not in suspects
    assert 3 in suspects


def test_a_loss_without_anything_on_its_way_blames_nobody(suspects):
    assert suspects.blame([]) is None
    assert not suspects


def test_what_was_acknowledged_or_is_behind_is_cleared(suspects):
    suspects.blame([3, 4, 5, "topic"])
    suspects.clear(4)
    suspects.forget_before(5)
    assert [key in suspects for key in (3, 4, 5, "topic")] == [False, False, True, True]
    suspects.clear("topic")
    suspects.clear(5)
    assert not suspects
