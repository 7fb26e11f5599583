"""What the epoch records of RINEX 2 and RINEX 3 have in common.

A dialect finds the epoch lines of a body without knowing what lies between them, so that a damaged
epoch never takes its neighbours with it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from retrieval.gnss import CONSTELLATIONS
from retrieval.rinex.definition import Definition
from retrieval.rinex.fields import Lines, read_integers

__all__ = [
    "BLANK_LETTER",
    "Dialect",
    "EpochLines",
    "SatelliteIds",
    "duplicated",
    "enumerated",
    "instants_ns",
    "matches_template",
    "one_edit_from",
    "read_satellite_ids",
]

_NS_PER_TICK = 100  # seconds are written with seven decimals
_FIRST_YEAR, _LAST_YEAR = 1980, 2099
_LETTERS = np.zeros(256, np.int32)
for _letter in CONSTELLATIONS:
    _LETTERS[ord(_letter)] = _LETTERS[ord(_letter.lower())] = ord(_letter)
_N_CODES = 128 * 256
BLANK_LETTER = ord(" ")


@dataclass(frozen=True)
class EpochLines:
    """Lines that begin an epoch or event record.

    Attributes
    ----------
    line : (n,) int64
        Index of each line.
    valid : (n,) bool
        Whether time, flag and count stand in their columns and are possible.
    timed : (n,) bool
        Whether the time alone is valid (event records may leave it blank).
    time_ns : (n,) int64
        Nanoseconds since 1970 in the time system of the file; 0 where not valid.
    flag, count : (n,) int64
        Event flag, -1 where it is no digit; number of satellites or of special records.
    """

    line: NDArray[np.int64]
    valid: NDArray[np.bool_]
    timed: NDArray[np.bool_]
    time_ns: NDArray[np.int64]
    flag: NDArray[np.int64]
    count: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.line)


@dataclass(frozen=True)
class SatelliteIds:
    """Satellites of many epochs, in file order.

    Attributes
    ----------
    code : (n,) int32
        Satellite codes; 0 where the id is not valid, `BLANK_LETTER` in place of a letter where the
        id of RINEX 2 has none.
    epoch : (n,) int64
        Index of the epoch record.
    rank : (n,) int64
        Place within its epoch, from 0.
    unclean : (n_epochs,) bool
        Epochs whose list of satellites does not stand in its columns.
    """

    code: NDArray[np.int32]
    epoch: NDArray[np.int64]
    rank: NDArray[np.int64]
    unclean: NDArray[np.bool_]


class Dialect(Protocol):
    """How one generation of RINEX writes a body."""

    epoch_pattern: re.Pattern[bytes]
    """Matches an epoch line from its first byte."""

    untimed_event: re.Pattern[bytes]
    """Matches an event record without a time; its groups are flag and count."""

    def epoch_lines(self, lines: Lines) -> EpochLines:
        """Find the lines that begin an epoch or event record."""

    def satellites(
        self, lines: Lines, epochs: EpochLines, wanted: NDArray[np.bool_]
    ) -> SatelliteIds:
        """Read the satellite ids of the wanted epochs, whose lines all exist."""

    def header_lines(self, count: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return how many lines after the epoch line go on with its satellite list."""

    def id_lines(self, count: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return how many lines after the epoch line must exist for all ids to be read."""

    def lines_per_satellite(self, definition: Definition) -> int:
        """Return how many lines the observations of one satellite take."""

    def field_place(self, index: int) -> tuple[int, int]:
        """Return line (from the satellite's first) and column of the index-th observation."""

    def is_lost_epoch(self, lines: Lines, extra: list[int], own: set[int], per: int) -> bool:
        """Return whether surplus lines are an epoch that has lost its epoch line.

        The alternative is that the epoch before them is damaged itself.

        Parameters
        ----------
        lines : Lines
            All lines.
        extra : list of int
            The surplus lines without those of a header.
        own : set of int
            Satellite codes of the epoch before them.
        per : int
            Lines per satellite.
        """

    def may_be_blank(self, lines: Lines, first: int, last: int) -> bool:
        """Return whether blank lines after the lines first to last - 1 can belong to these."""

    def announces_satellites(self, lines: Lines, line: int, count: int) -> bool:
        """Return whether a record lists satellites, whatever its flag says."""


def instants_ns(
    lines: Lines, line: NDArray[np.int64], year_at: int, year_width: int
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Read epoch times: year, then month, day, hour, minute as 1X,I2 and seconds as F11.7.

    Parameters
    ----------
    lines : Lines
        All lines.
    line : (n,) int64
        The lines to read, all long enough.
    year_at, year_width : int
        Column and width of the year; two-digit years are 1980 to 2079.

    Returns
    -------
    time_ns : (n,) int64
        Nanoseconds since 1970; 0 where not valid.
    valid : (n,) bool
        Whether all columns hold what they should, and the instant exists.
    """
    octets, start = lines.octets, lines.start[line]
    year, valid = read_integers(octets, start + year_at, year_width)
    if year_width == 2:
        year = year + np.where(year < 80, 2000, 1900)
    parts = []
    at = year_at + year_width
    for _ in range(4):
        valid &= octets[start + at] == ord(" ")
        part, fine = read_integers(octets, start + at + 1, 2)
        parts.append(part)
        valid &= fine
        at += 3
    second, fine = read_integers(octets, start + at, 3)
    valid &= fine & (octets[start + at + 3] == ord("."))
    ticks = np.zeros_like(second)
    for column in range(at + 4, at + 11):
        digit = octets[start + column] - np.uint8(ord("0"))
        valid &= digit < 10
        ticks = ticks * 10 + digit
    month, day, hour, minute = parts
    valid &= (year >= _FIRST_YEAR) & (year <= _LAST_YEAR) & (month >= 1) & (month <= 12)
    valid &= (hour < 24) & (minute < 60) & (second < 60) & (day >= 1)
    months = np.where(valid, (year - 1970) * 12 + month - 1, 0).astype("datetime64[M]")
    first_day = months.astype("datetime64[D]").astype(np.int64)
    next_month = (months + 1).astype("datetime64[D]").astype(np.int64)
    valid &= day <= next_month - first_day
    seconds = (((first_day + day - 1) * 24 + hour) * 60 + minute) * 60 + second
    return np.where(valid, seconds * 1_000_000_000 + ticks * _NS_PER_TICK, 0), valid


def read_satellite_ids(
    octets: NDArray[np.uint8], at: NDArray[np.int64], blank_allowed: bool
) -> NDArray[np.int32]:
    """Read satellite ids (A1,I2.2) as satellite codes, 0 where there is none.

    Parameters
    ----------
    octets : (n_bytes,) uint8
        The text.
    at : (n,) int64
        First byte of each id; where fewer than three bytes follow, there is no id.
    blank_allowed : bool
        Whether an id may do without its letter; then `BLANK_LETTER` takes its place.
    """
    inside = at + 3 <= len(octets)
    at = np.where(inside, at, 0)
    if len(octets) < 3:
        return np.zeros(len(at), np.int32)
    letters = _LETTERS.copy()
    if blank_allowed:
        letters[BLANK_LETTER] = BLANK_LETTER
    letter = letters[octets[at]]
    number, valid = read_integers(octets, at + 1, 2)
    valid &= inside & (letter > 0) & (number > 0)
    return np.where(valid, letter * 256 + number, 0).astype(np.int32)


def enumerated(count: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return, for items that stand one after another, whose each is and which of its owner's.

    Parameters
    ----------
    count : (m,) int64
        Items of each owner.

    Returns
    -------
    owner, rank : (sum(count),) int64
        Rank counts from 0.

    Examples
    --------
    >>> [values.tolist() for values in enumerated(np.array([2, 0, 3]))]
    [[0, 0, 2, 2, 2], [0, 1, 0, 1, 2]]
    """
    owner = np.repeat(np.arange(len(count)), count)
    return owner, np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)


def duplicated(satellites: SatelliteIds, n_epochs: int) -> NDArray[np.bool_]:
    """Return which epochs, (n_epochs,), name a satellite twice."""
    known = np.flatnonzero(np.bincount(satellites.code, minlength=_N_CODES))
    place = np.zeros(_N_CODES, np.int64)
    place[known] = np.arange(len(known))
    seen = np.zeros((n_epochs, len(known)), np.bool_)
    seen[satellites.epoch, place[satellites.code]] = True
    n_different = seen.sum(axis=1)
    n_named = np.bincount(satellites.epoch, minlength=n_epochs)
    result: NDArray[np.bool_] = n_different < n_named
    return result


def _fits(template: bytes, character: bytes, column: int) -> bool:
    wanted = template[column : column + 1]
    if wanted == b"9":
        return character.isdigit()
    if wanted == b"_":
        return character.isdigit() or character == b" "
    return character == wanted


def matches_template(text: bytes, template: bytes) -> bool:
    """Return whether text begins like a template: ``9`` a digit, ``_`` a digit or a blank.

    A text shorter than the template need only match so far.
    """
    return bool(text) and all(
        _fits(template, text[column : column + 1], column)
        for column in range(min(len(text), len(template)))
    )


def one_edit_from(text: bytes, template: bytes) -> bool:
    """Return whether one byte changed, lost or inserted separates a text from a template.

    Examples
    --------
    >>> [one_edit_from(text, b" 99.") for text in (b" 1x.", b" 1.", b" 12x.", b" xx.")]
    [True, True, True, False]
    """
    width = len(template)
    prefix = 0
    while prefix < width and _fits(template, text[prefix : prefix + 1], prefix):
        prefix += 1
    for shift in (-1, 0, 1):
        suffix = 0
        while suffix < width:
            column = width - 1 - suffix
            at = column + shift
            if at < 0 or not _fits(template, text[at : at + 1], column):
                break
            suffix += 1
        if prefix + suffix >= width - (shift <= 0):
            return True
    return False
