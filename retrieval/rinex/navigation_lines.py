"""The lines of a navigation file: header, and where each record begins and ends.

RINEX 2 and 3 mark a record by its first line, which alone has something in its first columns;
RINEX 4 puts a line ``> EPH G01 LNAV`` before it. A record is only as good as its number of lines:
one too few or too many, and every number after the fault stands in another's place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import UnreadableFileError
from retrieval.rinex.fields import Lines
from retrieval.rinex.records import Damage

__all__ = ["LINE_WIDTH", "Blocks", "NavigationText", "find_blocks", "orphan_lines", "split_text"]

LINE_WIDTH = 80
_LABEL_AT = 60
_LABELS = frozenset(
    b"""RINEX VERSION / TYPE|PGM / RUN BY / DATE|COMMENT|MERGED FILE|DOI|LICENSE OF USE
|STATION INFORMATION|REC # / TYPE / VERS|ION ALPHA|ION BETA|DELTA-UTC: A0,A1,T,W
|CORR TO SYSTEM TIME|D-UTC A0,A1,T,W,S,U|IONOSPHERIC CORR|TIME SYSTEM CORR|LEAP SECONDS
|END OF HEADER""".replace(b"\n", b"").split(b"|")
)
_BLANK, _ZERO, _GREATER = 32, 48, 62
_HEADER_END = re.compile(rb"^.{60}END OF HEADER *\r?$", re.MULTILINE)
_VERSION = re.compile(rb" *(\d{1,2}(?:\.\d{1,3})?) *")
# The opening line of a record, where it does not begin a line.
_RINEX2_OPENING = re.compile(rb"[ \d]\d(?: [ \d]\d){5}[ \d]{2}\d\.\d[ +-]")
_RINEX3_OPENING = re.compile(
    rb"[A-Z][ \d]\d \d{4}(?: [ \d]\d){5}[ +-]|> (?:EPH|STO|EOP|ION) [A-Z]\d\d "
)
# File types of RINEX 2; in RINEX 3 and 4 each record names its own constellation.
_RINEX2_LETTER = {b"N": "G", b"G": "R", b"H": "S"}


@dataclass(frozen=True)
class NavigationText:
    """The body of a navigation file as lines.

    Attributes
    ----------
    version : float
        RINEX version.
    letter : str
        Constellation of all records (RINEX 2), or empty.
    lines : Lines
        The lines after the header.
    columns : (n, LINE_WIDTH) uint8
        Their characters, filled up with blanks.
    too_long : (n,) bool
        Lines with something after column 80.
    labelled : (n,) bool
        Header records: comments, or the header of a file that was appended.
    """

    version: float
    letter: str
    lines: Lines
    columns: NDArray[np.uint8]
    too_long: NDArray[np.bool_]
    labelled: NDArray[np.bool_]

    @property
    def margin(self) -> int:
        """Blank columns before the numbers of a continuation line."""
        return 3 if self.version < 3 else 4

    def number(self, index: int | np.intp) -> int:
        """Return the number of a line in the text, counted from 1."""
        return int(self.lines.number[index])


@dataclass(frozen=True)
class Blocks:
    """Records found in the text, in file order.

    Attributes
    ----------
    first : (k,) int64
        Index of the line with satellite and epoch (in RINEX 4 the line after ``>``).
    count : (k,) int64
        Lines from there to the end of the record.
    head : (k,) int64
        Index of the line that opens the record: ``>`` in RINEX 4, else `first`.
    letter : (k,) uint8
        Constellation letter.
    number : (k,) int64
        Satellite number; -1 where there is none.
    message : (k,) bytes
        RINEX 4: record and message type (``EPH LNAV``); empty before RINEX 4.
    """

    first: NDArray[np.int64]
    count: NDArray[np.int64]
    head: NDArray[np.int64]
    letter: NDArray[np.uint8]
    number: NDArray[np.int64]
    message: NDArray[np.bytes_]


def split_text(path: str, content: bytes) -> NavigationText:
    """Read the header and split the rest into lines.

    Raises
    ------
    UnreadableFileError
        The text is no RINEX 2, 3 or 4 navigation file, or its header has no end.
    """
    head = content[:LINE_WIDTH].split(b"\n", 1)[0]
    if head[60:].strip().upper() != b"RINEX VERSION / TYPE":
        raise UnreadableFileError(
            path,
            "expected a RINEX navigation file, whose first line has 'RINEX VERSION / TYPE' from "
            f"column 61; found {head[:40].decode('ascii', 'replace')!r}; give the .n, .g, .nav or "
            "MN.rnx file of the day",
            1,
        )
    version_text = _VERSION.fullmatch(head[:20])
    version = float(version_text[1]) if version_text else 0.0
    if not 2 <= version < 5:
        raise UnreadableFileError(
            path,
            f"expected RINEX version 2, 3 or 4, found {head[:20].decode('ascii', 'replace')!r}; "
            "convert the file to RINEX 3",
            1,
        )
    kind = head[20:21].upper()
    if kind not in (_RINEX2_LETTER if version < 3 else {b"N": ""}):
        raise UnreadableFileError(
            path,
            f"expected a navigation file (type N, in RINEX 2 also G and H), found type "
            f"{kind.decode('ascii', 'replace')!r}; give the .n, .g, .nav or MN.rnx file of the day",
            1,
        )
    end = _HEADER_END.search(content)
    if end is None:
        raise UnreadableFileError(
            path, "the header has no END OF HEADER line; fetch the file again", 1
        )
    begin = min(end.end() + 1, len(content))
    lines = Lines.split(path, content, begin, content.count(b"\n", 0, begin) + 1)
    lines = _parted(lines.with_single_gaps(), version)
    padded = np.concatenate([lines.octets, np.full(LINE_WIDTH, _BLANK, np.uint8)])
    columns = np.lib.stride_tricks.sliding_window_view(padded, LINE_WIDTH)[lines.start]
    short = np.flatnonzero(lines.length < LINE_WIDTH)
    beyond = np.arange(LINE_WIDTH) >= lines.length[short, None]
    columns[short] = np.where(beyond, _BLANK, columns[short])
    too_long = np.zeros(len(lines), np.bool_)
    for index in np.flatnonzero(lines.length > LINE_WIDTH):
        too_long[index] = bool(lines[int(index)][LINE_WIDTH:].strip())
    labelled = np.zeros(len(lines), np.bool_)
    # Numbers hold no letter in this column.
    for index in np.flatnonzero(columns[:, _LABEL_AT] >= ord("A")):
        labelled[index] = columns[index, _LABEL_AT:].tobytes().rstrip().upper() in _LABELS
    letter = _RINEX2_LETTER[kind] if version < 3 else ""
    return NavigationText(version, letter, lines, columns, too_long, labelled)


def _parted(lines: Lines, version: float) -> Lines:
    """Part lines that a damaged line end has joined, where the second opens a record.

    Otherwise one lost byte would cost two records.
    """
    opening = _RINEX2_OPENING if version < 3 else _RINEX3_OPENING
    suspects = lines.length > LINE_WIDTH
    if version >= 4:
        marks = np.flatnonzero(lines.octets == _GREATER)
        owner = np.maximum(np.searchsorted(lines.start, marks, side="right") - 1, 0)
        if len(lines):
            suspects[owner[marks > lines.start[owner]]] = True
    cuts = []
    for index in np.flatnonzero(suspects):
        found = opening.search(lines[int(index)], 1)
        if found:
            cuts.append((int(index), int(lines.start[index]) + found.start()))
    if not cuts:
        return lines
    lines = lines.split_at(cuts)
    # What stood between them is what became of the line end.
    ends = np.isin(lines.end, [position for _, position in cuts])
    return replace(lines, end=np.where(ends, np.maximum(lines.end - 1, lines.start), lines.end))


def _small_number(
    tens: NDArray[np.uint8], ones: NDArray[np.uint8]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Read a number of one or two digits, the first of which may be blank."""
    high, low = tens.astype(np.int64) - _ZERO, ones.astype(np.int64) - _ZERO
    valid = (low >= 0) & (low <= 9) & ((tens == _BLANK) | ((high >= 0) & (high <= 9)))
    return np.where(tens == _BLANK, 0, high) * 10 + low, valid


def find_blocks(text: NavigationText) -> Blocks:
    """Find the records of the text: from each opening line to the end of its continuation lines."""
    columns = text.columns
    margin_blank = (columns[:, : text.margin] == _BLANK).all(axis=1)
    continuation = margin_blank & (columns != _BLANK).any(axis=1)
    continuation &= ~(text.too_long | text.labelled)
    if text.version < 3:
        number, valid = _small_number(columns[:, 0], columns[:, 1])
        opening = valid & (columns[:, 2] == _BLANK)
        letter = np.full(len(columns), ord(text.letter), np.uint8)
    else:
        number, valid = _small_number(columns[:, 1], columns[:, 2])
        letter = columns[:, 0]
        opening = valid & (letter >= ord("A")) & (letter <= ord("Z")) & (columns[:, 3] == _BLANK)
    opening &= ~(text.too_long | text.labelled)
    message = np.zeros(len(columns), "S8")
    head = np.flatnonzero(opening)
    first = head
    if text.version >= 4:
        head = np.flatnonzero((columns[:, 0] == _GREATER) & ~(text.too_long | text.labelled))
        first = head + 1
        types = np.hstack([columns[head, 2:6], columns[head, 10:14]])
        message[head] = np.ascontiguousarray(types).view("S8").ravel()
        has_satellite = columns[head, 6] != _BLANK
        number, valid = _small_number(columns[:, 7], columns[:, 8])
        letter = columns[:, 6]
        number = np.where(valid, number, -1)
        # An ephemeris whose own first line names another satellite is two halves of two records.
        inside = np.minimum(first, len(columns) - 1)
        same = (columns[inside, :3] == columns[head, 6:9]).all(axis=1) & (first < len(columns))
        number[head[has_satellite & opening[inside] & ~same]] = -1
    stops = np.append(np.flatnonzero(~continuation), len(columns))
    # The line with satellite and epoch is no continuation line itself.
    after = np.where(opening[np.minimum(first, len(columns) - 1)], first + 1, first)
    count = stops[np.searchsorted(stops, after)] - first if len(head) else head
    return Blocks(first, count, head, letter[head], number[head], message[head])


def orphan_lines(text: NavigationText, used: NDArray[np.bool_]) -> list[Damage]:
    """Report the lines that belong to no record, one entry per run of lines.

    Parameters
    ----------
    text : NavigationText
        The lines.
    used : (n,) bool
        Lines that belong to a record, kept, skipped or reported already.
    """
    orphan = ~used & ~text.labelled & (text.columns != _BLANK).any(axis=1)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], orphan, [False]]).astype(np.int8)))
    damage = []
    for begin, end in edges.reshape(-1, 2):
        number = text.number(int(begin))
        if end - begin == 1 and text.too_long[begin]:
            reason = "the line is longer than 80 columns"
        else:
            reason = f"{end - begin} line(s) without the opening line of a record"
        damage.append(Damage(number, reason))
    if text.lines.tail < len(text.lines.content.rstrip()):
        damage.append(
            Damage(text.lines.content.count(b"\n") + 1, "the last line is unfinished (no line end)")
        )
    return damage
