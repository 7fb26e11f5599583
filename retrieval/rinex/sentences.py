"""NMEA 0183 sentences as arrays over the bytes of a text: checksums, fields, numbers.

A sentence is ``$``, an address of talker (two letters) and kind (three), fields between commas,
``*`` and the XOR of all bytes in between as two hexadecimal digits (NMEA 0183, section 5.3). A day
at 1 Hz is more than a million of them, so a slice of lines is taken apart at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from retrieval.rinex.fields import Lines

__all__ = ["Refused", "Sentences", "letters", "read_decimals", "read_digits", "sentences_of"]

# Lines of one slice: its arrays then fit into the caches, and cost little beside the text.
_SLICE = 1 << 15
_ADDRESS = 6  # "$", talker and kind
_HEX = np.full(256, -1, np.int16)
for _value, _digit in enumerate("0123456789ABCDEF"):
    _HEX[ord(_digit)] = _HEX[ord(_digit.lower())] = _value
_BLANKS = np.zeros(256, np.bool_)
_BLANKS[list(b" \t\r")] = True

Refused = tuple[NDArray[np.int64], str]
"""Numbers of lines that are not used, and why."""


@dataclass(frozen=True)
class Sentences:
    """Sentences with a right checksum.

    Attributes
    ----------
    octets : (n_bytes,) uint8
        The bytes of a slice of the text.
    line : (n,) int64
        Line of each sentence, counted from 1 in the text.
    star : (n,) int64
        Where its ``*`` stands.
    talker, kind : (n,) int64
        Two and three letters of its address, as `letters` codes them.
    commas : (n_commas,) int64
        Where the commas of the slice stand.
    first, n_fields : (n,) int64
        Index of the first comma of each sentence, and how many it has: as many as fields.
    """

    octets: NDArray[np.uint8]
    line: NDArray[np.int64]
    star: NDArray[np.int64]
    talker: NDArray[np.int64]
    kind: NDArray[np.int64]
    commas: NDArray[np.int64]
    first: NDArray[np.int64]
    n_fields: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.line)

    def where(self, keep: NDArray[np.bool_]) -> Sentences:
        """Return the sentences selected by a mask."""
        return replace(
            self,
            line=self.line[keep],
            star=self.star[keep],
            talker=self.talker[keep],
            kind=self.kind[keep],
            first=self.first[keep],
            n_fields=self.n_fields[keep],
        )

    def field(self, number: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return first byte and end of a field, counted from 1; every sentence must have it."""
        begin = self.commas[self.first + number - 1] + 1
        last = self.n_fields == number
        following = np.minimum(self.first + number, len(self.commas) - 1)
        return begin, np.where(last, self.star, self.commas[following])

    def character(self, number: int) -> NDArray[np.uint8]:
        """Return the one character of a field, 0 where it is blank, 255 where there are more."""
        begin, end = self.field(number)
        character = np.where(end > begin, self.octets[begin], 0)
        return np.where(end > begin + 1, 255, character).astype(np.uint8)


def letters(text: str) -> int:
    """Return the code of the letters of an address.

    Examples
    --------
    >>> letters("GP") == ord("G") * 256 + ord("P")
    True
    """
    return int.from_bytes(text.encode("ascii"), "big")


def sentences_of(lines: Lines) -> Iterator[tuple[Sentences, list[Refused]]]:
    """Take the lines of a text apart, slice by slice.

    Parameters
    ----------
    lines : Lines
        All of them.

    Yields
    ------
    Sentences
        Those of each slice whose checksum is right.
    list of Refused
        Lines that hold no such sentence; blank lines are not among them.
    """
    for begin in range(0, len(lines), _SLICE):
        chosen = slice(begin, begin + _SLICE)
        start, end = lines.start[chosen], lines.end[chosen]
        offset = int(start[0])
        octets = lines.octets[offset : int(end[-1])]
        yield _checked(octets, start - offset, end - offset, lines.number[chosen])


def _checked(
    octets: NDArray[np.uint8],
    start: NDArray[np.int64],
    end: NDArray[np.int64],
    line: NDArray[np.int64],
) -> tuple[Sentences, list[Refused]]:
    end = _without_trailing_blanks(octets, start, end)
    used = end > start
    start, end, line = start[used], end[used], line[used]
    opened = (octets[start] == ord("$")) | (octets[start] == ord("!"))
    refused = [(line[~opened], "line does not begin a sentence ($): not used")]
    start, end, line = start[opened], end[opened], line[opened]

    star = np.maximum(end - 3, start)
    high, low = _HEX[octets[np.maximum(end - 2, start)]], _HEX[octets[end - 1]]
    summed = (octets[star] == ord("*")) & (high >= 0) & (low >= 0)
    refused.append((line[~summed], "checksum is missing or malformed: sentence dropped"))
    # The XOR of a stretch is the XOR of the two running ones at its ends.
    running = np.bitwise_xor.accumulate(octets)
    right = summed & ((running[np.maximum(star - 1, start)] ^ running[start]) == high * 16 + low)
    refused.append((line[summed & ~right], "checksum is wrong: sentence dropped"))
    start, star, line = start[right], star[right], line[right]

    commas = np.flatnonzero(octets == ord(","))
    first = np.searchsorted(commas, start)
    n_fields = np.searchsorted(commas, star) - first
    # Proprietary sentences have addresses of another length; they are not used.
    known = n_fields > 0
    known[known] = commas[first[known]] - start[known] == _ADDRESS
    start, first = start[known], first[known]
    talker = _joined(octets, start + 1, 2)
    kind = _joined(octets, start + 3, 3)
    return (
        Sentences(octets, line[known], star[known], talker, kind, commas, first, n_fields[known]),
        refused,
    )


def _without_trailing_blanks(
    octets: NDArray[np.uint8], start: NDArray[np.int64], end: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return where lines end without their blanks and carriage returns."""
    end = end.copy()
    longer = np.flatnonzero(end > start)
    while len(longer):
        longer = longer[_BLANKS[octets[end[longer] - 1]]]
        end[longer] -= 1
        longer = longer[end[longer] > start[longer]]
    return end


def _joined(octets: NDArray[np.uint8], at: NDArray[np.int64], width: int) -> NDArray[np.int64]:
    code = np.zeros(len(at), np.int64)
    for column in range(width):
        code = code * 256 + octets[at + column]
    return code


def read_digits(
    octets: NDArray[np.uint8], begin: NDArray[np.int64], end: NDArray[np.int64], width: int
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Read fields of digits.

    Parameters
    ----------
    octets : (n_bytes,) uint8
        The text.
    begin, end : int64, any shape
        First byte and end of each field.
    width : int
        The most digits that a field may have.

    Returns
    -------
    value : int64
        0 where the field is not valid.
    valid : bool
        Whether the field is one to `width` digits.

    Examples
    --------
    >>> octets = np.frombuffer(b"07,x,123", np.uint8)
    >>> value, valid = read_digits(octets, np.array([0, 3, 5]), np.array([2, 4, 8]), 3)
    >>> value.tolist(), valid.tolist()
    ([7, 0, 123], [True, False, True])
    """
    length = end - begin
    valid = (length > 0) & (length <= width)
    value = np.zeros(begin.shape, np.int64)
    for column in range(width):
        inside = length > column
        digit = octets[np.minimum(begin + column, len(octets) - 1)] - np.uint8(ord("0"))
        valid &= (digit < 10) | ~inside
        value = np.where(inside, value * 10 + digit, value)
    return np.where(valid, value, 0), valid


def read_decimals(
    octets: NDArray[np.uint8], begin: NDArray[np.int64], end: NDArray[np.int64], width: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Read fields of digits with or without a decimal point.

    Parameters
    ----------
    octets : (n_bytes,) uint8
        The text.
    begin, end : (n,) int64
        First byte and end of each field.
    width : int
        The most characters that a field may have, 18 or fewer.

    Returns
    -------
    digits : (n,) int64
        The number without its point; 0 where the field is not valid.
    n_decimals : (n,) int64
        Digits behind the point.
    valid : (n,) bool
        Whether the field begins with a digit and is digits with at most one point.

    Examples
    --------
    >>> octets = np.frombuffer(b"000005.25", np.uint8)
    >>> [array.item() for array in read_decimals(octets, np.array([0]), np.array([9]), 10)]
    [525, 2, True]
    """
    length = end - begin
    valid = (length > 0) & (length <= width)
    digits = np.zeros(len(begin), np.int64)
    n_decimals = np.zeros(len(begin), np.int64)
    pointed = np.zeros(len(begin), np.bool_)
    for column in range(width):
        inside = length > column
        character = octets[np.minimum(begin + column, len(octets) - 1)]
        digit = character - np.uint8(ord("0"))
        is_digit = inside & (digit < 10)
        is_point = inside & (character == ord(".")) & ~pointed & (column > 0)
        valid &= is_digit | is_point | ~inside
        digits = np.where(is_digit, digits * 10 + digit, digits)
        n_decimals += is_digit & pointed
        pointed |= is_point
    return np.where(valid, digits, 0), np.where(valid, n_decimals, 0), valid
