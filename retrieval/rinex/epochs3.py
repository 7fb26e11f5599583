"""Epoch and satellite lines of RINEX 3 and 4 (RINEX 3.05, table A3).

``> 2020 06 25 00 00 30.0000000  0 43`` and one line per satellite: A1,I2.2,m(F14.3,I1,I1). What
follows in an epoch line is not used: the receiver's clock offset (6X,F15.12) and, since RINEX 4.02,
the picoseconds of the epoch (1X,I5), which are less than the 100 ns of its last decimal.
"""

from __future__ import annotations

import re
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from retrieval.rinex.definition import Definition, has_label
from retrieval.rinex.epochs import (
    EpochLines,
    SatelliteIds,
    enumerated,
    instants_ns,
    matches_template,
    one_edit_from,
    read_satellite_ids,
)
from retrieval.rinex.fields import Lines, read_integers

__all__ = ["Rinex3"]

_TEMPLATE = b"> 9999 _9 _9 _9 _9__9.9999999  9__9"
_FLAG, _COUNT, _HEADER_WIDTH = 31, 32, 35
_RESERVED = range(35, 41)  # blank in all versions
_ID_WIDTH, _FIELD_WIDTH = 3, 16

_T = TypeVar("_T", bound=np.generic)


class Rinex3:
    """The body of RINEX 3 and 4."""

    epoch_pattern = re.compile(
        rb"> \d{4}(?: [ \d]\d){4}[ \d]{2}\d\.\d{7}  \d[ \d]{2}\d(?=[ \r\n]|$)"
    )

    untimed_event = re.compile(rb"> {30}([2-6])([ \d]{2}\d)")

    def epoch_lines(self, lines: Lines) -> EpochLines:
        """Find the lines that begin with ``>``, but for header records that do."""
        octets, length = lines.octets, lines.length
        first = octets[np.minimum(lines.start, len(octets) - 1)] if len(lines) else octets[:0]
        line = np.flatnonzero((first == ord(">")) & (length > 0))
        wide = length[line] >= _HEADER_WIDTH
        at = lines.start[line[wide]]
        time_ns, timed = instants_ns(lines, line[wide], 2, 4)
        timed &= (octets[at + 1] == ord(" ")) & (octets[at + 29] == ord(" "))
        timed &= octets[at + 30] == ord(" ")
        flag, flagged = read_integers(octets, at + _FLAG, 1)
        count, counted = read_integers(octets, at + _COUNT, 3)
        fine = timed & flagged & counted & (flag <= 6)
        for column in _RESERVED:
            inside = length[line[wide]] > column
            fine &= ~inside | (octets[np.where(inside, at + column, 0)] == ord(" "))
        epochs = EpochLines(
            line,
            _spread(wide, fine, False),
            _spread(wide, timed, False),
            _spread(wide, time_ns, 0),
            _spread(wide, np.where(flagged, flag, -1), -1),
            _spread(wide, count, 0),
        )
        header_records = [i for i in np.flatnonzero(~epochs.valid) if has_label(lines[line[i]])]
        if not header_records:
            return epochs
        keep = np.ones(len(line), np.bool_)
        keep[header_records] = False
        return EpochLines(
            line[keep],
            epochs.valid[keep],
            epochs.timed[keep],
            epochs.time_ns[keep],
            epochs.flag[keep],
            epochs.count[keep],
        )

    def satellites(
        self, lines: Lines, epochs: EpochLines, wanted: NDArray[np.bool_]
    ) -> SatelliteIds:
        """Read the id that begins each satellite line."""
        count = np.where(wanted, epochs.count, 0)
        epoch, rank = enumerated(count)
        line = epochs.line[epoch] + 1 + rank
        code = read_satellite_ids(lines.octets, lines.start[line], False)
        code[lines.length[line] < _ID_WIDTH] = 0
        return SatelliteIds(code, epoch, rank, np.zeros(len(epochs), np.bool_))

    def header_lines(self, count: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return zeros: satellites are named on their own lines."""
        return np.zeros_like(count)

    def id_lines(self, count: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return one line per satellite."""
        return count

    def lines_per_satellite(self, definition: Definition) -> int:
        """Return 1."""
        return 1

    def field_place(self, index: int) -> tuple[int, int]:
        """Return line 0 and the column of the index-th field."""
        return 0, _ID_WIDTH + _FIELD_WIDTH * index

    def is_lost_epoch(self, lines: Lines, extra: list[int], own: set[int], per: int) -> bool:
        """Return True when an epoch line is seen through its damage, or satellites come again."""
        extra = [index for index in extra if lines[index].strip()]
        first = lines[extra[0]]
        if one_edit_from(first, _TEMPLATE) or (
            first.startswith(b">") and matches_template(first, _TEMPLATE)
        ):
            return True
        return any(code in own for code in self._codes(lines, extra))

    def may_be_blank(self, lines: Lines, first: int, last: int) -> bool:
        """Return False: each line names its satellite."""
        return False

    def announces_satellites(self, lines: Lines, line: int, count: int) -> bool:
        """Return whether the lines after an epoch line begin with satellite ids."""
        following = range(line + 1, min(line + 1 + count, len(lines)))
        unlabelled = [index for index in following if not has_label(lines[index])]
        return any(code > 0 for code in self._codes(lines, unlabelled))

    def _codes(self, lines: Lines, indices: list[int]) -> list[int]:
        at = lines.start[indices]
        code = read_satellite_ids(lines.octets, at, False)
        return [
            int(c) if length >= _ID_WIDTH else 0
            for c, length in zip(code, lines.end[indices] - at, strict=True)
        ]


def _spread(where: NDArray[np.bool_], values: NDArray[_T], otherwise: int) -> NDArray[_T]:
    """Return values in the places of a mask, and something else in the others."""
    result = np.full(len(where), otherwise, values.dtype)
    result[where] = values
    return result
