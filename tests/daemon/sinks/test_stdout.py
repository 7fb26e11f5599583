import json

from daemon.sinks import Delivered, Rejected, RetryLater, StdoutSink


def test_one_line_of_json_per_message(make_message):
    lines = []
    sink = StdoutSink(lines.append)
    sink.start()
    messages = [make_message(1, "2026-11-24T00:15:00Z"), make_message(2, "2026-11-24T00:30:00Z")]
    assert sink.deliver(messages) == [Delivered(), Delivered()]
    assert [json.loads(line) for line in lines] == [dict(m.record) for m in messages]
    assert not any("\n" in line for line in lines)


def test_what_is_no_json_is_set_aside_and_the_queue_goes_on(make_message):
    lines = []
    nan = make_message(1, "2026-11-24T00:15:00Z", vwc=float("nan"))
    outcomes = StdoutSink(lines.append).deliver([nan, make_message(2, "2026-11-24T00:30:00Z")])
    assert isinstance(outcomes[0], Rejected)
    assert outcomes[1] == Delivered()
    assert len(lines) == 1


def test_a_full_disk_behind_it_is_tried_again(make_message):
    def write(line):
        raise OSError(28, "No space left on device")

    first = make_message(1, "2026-11-24T00:15:00Z")
    outcomes = StdoutSink(write).deliver([first, first])
    assert outcomes == [RetryLater("standard output: No space left on device")]
