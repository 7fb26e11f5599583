"""The lines of a text and their fixed columns, as NumPy arrays over its bytes.

A day of observations is a quarter of a million lines; looking at each of them from Python would
cost more than all the physics after it. So lines are positions in one array of bytes, and a field
is read from all lines at once.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import UnreadableFileError

__all__ = ["F14_WIDTH", "Lines", "read_f14_3", "read_integers"]

F14_WIDTH = 14

_LINE_FEED, _CARRIAGE_RETURN, _BLANK, _POINT, _ZERO = 10, 13, 32, 46, 48
_CHUNK = 1 << 24
_POINT_COLUMN = 10
# Each line costs many times its bytes in arrays. Observations whose blank lines are stripped stay
# above 20 bytes a line.
_MANY_LINES, _BYTES_PER_LINE = 1_000_000, 8
_SHORTEST_LINE = 4  # a satellite id and a character of an observation
# A number whose point stands in its column. Elsewhere it is a number too, but of a line that has
# lost or gained a byte, and of another magnitude or precision than the receiver wrote.
_STRICT_F14_3 = re.compile(rb"(?=.{10}\.) *[-+]?\d*\.\d{0,3} *", re.DOTALL)
_A_DIGIT = re.compile(rb"\d")


@dataclass(frozen=True)
class Lines:
    """The whole lines of a text.

    Attributes
    ----------
    content : bytes
        The text.
    octets : (n_bytes,) uint8
        The same bytes.
    start, end : (n,) int64
        Each line's first byte and the byte after its last (line ends excluded, CR LF too).
    number : (n,) int64
        Number of each line in the text, counted from 1.
    tail : int
        Where an unfinished last line begins; the length of the text if there is none.
    """

    content: bytes
    octets: NDArray[np.uint8]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    number: NDArray[np.int64]
    tail: int

    @classmethod
    def split(cls, path: str, content: bytes, offset: int, first_number: int) -> Lines:
        """Find the lines of a text from byte `offset` on, which is line `first_number`.

        Raises
        ------
        UnreadableFileError
            Most of the text is line ends; `path` is for the message.
        """
        octets = np.frombuffer(content, np.uint8)
        feeds = [np.empty(0, np.int64)]
        n_lines = 0
        # In chunks, so that the comparison stays in the cache and costs no second copy of the text.
        for begin in range(offset, len(content), _CHUNK):
            found = np.flatnonzero(octets[begin : begin + _CHUNK] == _LINE_FEED)
            feeds.append(found + begin)
            n_lines += len(found)
            n_bytes = min(begin + _CHUNK, len(content)) - offset
            if n_lines > max(_MANY_LINES, n_bytes // _BYTES_PER_LINE):
                raise UnreadableFileError(
                    path,
                    f"expected lines of at least {_BYTES_PER_LINE} characters on average, found "
                    f"{n_lines} lines that are blank or shorter; fetch the file again",
                    first_number,
                )
        end = np.concatenate(feeds)
        start = np.empty_like(end)
        if len(end):
            start[0] = offset
            start[1:] = end[:-1] + 1
        tail = int(end[-1]) + 1 if len(end) else offset
        end = end - ((octets[np.maximum(end - 1, 0)] == _CARRIAGE_RETURN) & (end > start))
        number = np.arange(first_number, first_number + len(end))
        return cls(content, octets, start, end, number, tail)

    def __len__(self) -> int:
        return len(self.start)

    @property
    def length(self) -> NDArray[np.int64]:
        """Length of each line in bytes."""
        return self.end - self.start

    def __getitem__(self, index: int) -> bytes:
        return self.content[self.start[index] : self.end[index]]

    def split_at(self, cuts: Sequence[tuple[int, int]]) -> Lines:
        """Return lines in which some begin again at a later byte.

        Parameters
        ----------
        cuts : sequence of (index, position)
            In ascending order, one per line. What stands before the position is kept as a line of
            its own, unless it is too short to be one.
        """
        index, position = np.array(cuts, np.int64).reshape(-1, 2).T
        own_line = np.array(
            [
                len(self.content[self.start[line] : at].strip()) >= _SHORTEST_LINE
                for line, at in cuts
            ],
            np.bool_,
        )
        start = self.start.copy()
        start[index[~own_line]] = position[~own_line]
        index, position = index[own_line], position[own_line]
        return replace(
            self,
            start=np.insert(start, index + 1, position),
            end=np.insert(self.end, index, position),
            number=np.insert(self.number, index + 1, self.number[index]),
        )

    def with_single_gaps(self) -> Lines:
        """Return the lines with one empty line for each run of them."""
        empty = self.end == self.start
        keep = ~empty
        keep[:1] = True
        keep[1:] |= ~empty[:-1]
        if keep.all():
            return self
        return replace(self, start=self.start[keep], end=self.end[keep], number=self.number[keep])


def read_integers(
    octets: NDArray[np.uint8], at: NDArray[np.int64], width: int
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Read right-aligned integers without sign.

    Parameters
    ----------
    octets : (n_bytes,) uint8
        The text.
    at : (n,) int64
        First byte of each field; the whole field must lie in the text.
    width : int
        Characters per field.

    Returns
    -------
    value : (n,) int64
        The integers; 0 where there is none.
    valid : (n,) bool
        Whether the field is blanks and then one digit or more.

    Examples
    --------
    >>> octets = np.frombuffer(b" 7 x1", np.uint8)
    >>> value, valid = read_integers(octets, np.array([0, 3]), 2)
    >>> value[0], valid.tolist()
    (np.int64(7), [True, False])
    """
    value = np.zeros(len(at), np.int64)
    started = np.zeros(len(at), np.bool_)
    valid = np.ones(len(at), np.bool_)
    for column in range(width):
        character = octets[at + column]
        digit = character - np.uint8(_ZERO)  # wraps around for what comes before "0"
        is_digit = digit < 10
        valid &= is_digit | ((character == _BLANK) & ~started)
        started |= is_digit
        value = value * 10 + np.where(is_digit, digit, 0)
    valid &= started
    return np.where(valid, value, 0), valid


def read_f14_3(
    octets: NDArray[np.uint8], at: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Read Fortran F14.3 fields, the numbers of RINEX observations.

    Parameters
    ----------
    octets : (n_bytes,) uint8
        The text.
    at : (n,) int64
        First byte of each field; the whole field must lie in the text.

    Returns
    -------
    value : (n,) float64
        Exactly what ``float`` makes of the field's text; 0 where it is blank or not valid.
    valid : (n,) bool
        Whether the field is blank or a number with its decimal point in column 10.

    Examples
    --------
    >>> fields = b"        41.250" + b"              " + b"       41.2503"
    >>> value, valid = read_f14_3(np.frombuffer(fields, np.uint8), np.array([0, 14, 28]))
    >>> value.tolist(), valid.tolist()
    ([41.25, 0.0, 0.0], [True, True, False])
    """
    if not len(at):
        return np.zeros(0), np.ones(0, np.bool_)
    windows = np.lib.stride_tricks.sliding_window_view(octets, F14_WIDTH)
    columns = np.ascontiguousarray(windows[at].T)
    digit = columns - np.uint8(_ZERO)
    is_digit = digit < 10
    is_blank = columns == _BLANK
    blank = np.logical_and.reduce(is_blank)
    # The common form: blanks, digits, the point, three digits.
    common = columns[_POINT_COLUMN] == _POINT
    for column in range(_POINT_COLUMN + 1, F14_WIDTH):
        common &= is_digit[column]
    common &= is_digit[_POINT_COLUMN - 1]
    for column in range(_POINT_COLUMN - 1):
        common &= is_blank[column] | (is_digit[column] & is_digit[column + 1])
    digit[~is_digit] = 0
    # Thousandths are whole numbers below 2**53, and one correctly rounded division gives what
    # ``float`` gives.
    thousandths = np.zeros(len(at), np.float64)
    for column in (*range(_POINT_COLUMN), *range(_POINT_COLUMN + 1, F14_WIDTH)):
        thousandths *= 10.0
        thousandths += digit[column]
    value = np.where(common, thousandths / 1000.0, 0.0)
    valid = common | blank
    for row in np.flatnonzero(~valid):
        text = columns[:, row].tobytes()
        if _STRICT_F14_3.fullmatch(text) and _A_DIGIT.search(text):
            value[row] = float(text)
            valid[row] = True
    return value, valid
