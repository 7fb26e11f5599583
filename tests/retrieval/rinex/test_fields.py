"""Lines as positions in a text."""

import time

import pytest

from retrieval.errors import UnreadableFileError
from retrieval.rinex import fields
from retrieval.rinex.fields import Lines


def texts(lines: Lines) -> list[tuple[int, bytes]]:
    return [(int(lines.number[index]), lines[index]) for index in range(len(lines))]


def test_lines_are_parted_where_another_begins() -> None:
    lines = Lines.split("x", b"first\nabcdSECOND\nxyTHIRD\nabcdefFOURTH\n", 0, 1)
    parted = lines.split_at([(1, 10), (2, 19), (3, 31)])
    assert texts(parted) == [
        (1, b"first"),
        (2, b"abcd"),
        (2, b"SECOND"),
        (3, b"THIRD"),  # what stood before it is too short for a line
        (4, b"abcdef"),
        (4, b"FOURTH"),
    ]


def test_parting_many_lines_takes_a_time_in_proportion() -> None:
    n_lines = 200_000
    lines = Lines.split("x", b"abcdSECOND\n" * n_lines, 0, 1)
    begin = time.perf_counter()
    parted = lines.split_at([(index, 11 * index + 4) for index in range(n_lines)])
    # One insertion per line would copy 200,000 lines 200,000 times: minutes.
    assert time.perf_counter() - begin < 5
    assert len(parted) == 2 * n_lines


def test_single_gaps_keep_the_numbers_of_the_lines() -> None:
    lines = Lines.split("x", b"\n\na\n\n\r\n\nb\nc\n\n", 0, 7)
    assert texts(lines.with_single_gaps()) == [
        (7, b""),
        (9, b"a"),
        (10, b""),
        (13, b"b"),
        (14, b"c"),
        (15, b""),
    ]


@pytest.mark.parametrize("line", [b"\n", b">\n", b"123456\n"])
def test_text_of_line_ends_is_refused(line: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fields, "_MANY_LINES", 1000)
    with pytest.raises(UnreadableFileError, match=r"at least 8 characters on average.*fetch"):
        Lines.split("x", line * 1001, 0, 1)
    assert len(Lines.split("x", line * 1000, 0, 1)) == 1000
    assert len(Lines.split("x", line * 1001 + b"x" * 80_000 + b"\n", 0, 1)) == 1002
