"""Epoch and observation lines of RINEX 2 (RINEX 2.11, table A2).

`` 21  1  2  0  0 30.0000000  0 11G21G23...``, twelve satellites per line, then for each satellite
its observations, m(F14.3,I1,I1), five per line. Nothing marks an epoch line but its columns.
"""

from __future__ import annotations

import re

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

__all__ = ["Rinex2"]

_TEMPLATE = b" _9 _9 _9 _9 _9__9.9999999  9__9"
_POINT, _FLAG, _COUNT, _IDS = 18, 28, 29, 32
_ID_WIDTH, _IDS_PER_LINE, _IDS_END = 3, 12, 68
_FIELD_WIDTH, _FIELDS_PER_LINE = 16, 5
_CONTINUATION = re.compile(rb" {32}(?:[A-Za-z ][ \d]\d){1,12} *")
# Observation lines hold no letters.
_TWO_IDS = re.compile(rb"(?:[A-Za-z][ \d]\d){2}")


class Rinex2:
    """The body of RINEX 2."""

    epoch_pattern = re.compile(rb" [ \d]\d(?: [ \d]\d){4}[ \d]{2}\d\.\d{7}  \d[ \d]{2}\d")
    untimed_event = re.compile(rb" {28}([2-6])([ \d]{2}\d) *$")

    def epoch_lines(self, lines: Lines) -> EpochLines:
        """Find the lines whose first 32 columns are those of an epoch line."""
        octets = lines.octets
        # Column 19 of an observation line lies before the point of its second number.
        wide = np.flatnonzero(lines.length >= _IDS)
        start = lines.start[wide]
        timed_like = octets[start + _POINT] == ord(".")
        untimed_like = (octets[start + _POINT] == ord(" ")) & (octets[start + _FLAG - 2] == 32)
        untimed_like &= (octets[start + _FLAG] >= ord("2")) & (octets[start + _FLAG] <= ord("6"))
        untimed_like &= octets[start + _COUNT + 2] != ord(" ")
        line = wide[timed_like | untimed_like]
        start = lines.start[line]
        time_ns, timed = instants_ns(lines, line, 1, 2)
        timed &= octets[start] == ord(" ")
        for column in (26, 27):
            timed &= octets[start + column] == ord(" ")
        flag, flagged = read_integers(octets, start + _FLAG, 1)
        count, counted = read_integers(octets, start + _COUNT, 3)
        valid = timed & flagged & counted & (flag <= 6)
        is_record = valid.copy()
        for index in np.flatnonzero(~valid):
            text = lines[line[index]]
            # An impossible date in the right columns is a damaged epoch, not an observation.
            is_record[index] = not has_label(text) and bool(
                self.untimed_event.match(text) or self.epoch_pattern.match(text)
            )
        return EpochLines(
            line[is_record],
            valid[is_record],
            timed[is_record],
            time_ns[is_record],
            np.where(flagged, flag, -1)[is_record],
            count[is_record],
        )

    def satellites(
        self, lines: Lines, epochs: EpochLines, wanted: NDArray[np.bool_]
    ) -> SatelliteIds:
        """Read the ids in columns 33 to 68 of the epoch line and its continuations."""
        count = np.where(wanted, epochs.count, 0)
        epoch, rank = enumerated(count)
        line = epochs.line[epoch] + rank // _IDS_PER_LINE
        column = _IDS + _ID_WIDTH * (rank % _IDS_PER_LINE)
        code = read_satellite_ids(lines.octets, lines.start[line] + column, True)
        code[lines.length[line] < column + _ID_WIDTH] = 0
        unclean = np.zeros(len(epochs), np.bool_)
        n_lines = self.header_lines(count)
        continued, extra = enumerated(n_lines)
        start = lines.start[epochs.line[continued] + 1 + extra]
        for offset in range(_IDS):
            at = np.minimum(start + offset, len(lines.octets) - 1)
            unclean[continued[lines.octets[at] != ord(" ")]] = True
        self._mark_what_follows(lines, epochs.line + n_lines, count, wanted, unclean)
        return SatelliteIds(code, epoch, rank, unclean)

    def _mark_what_follows(
        self,
        lines: Lines,
        last_line: NDArray[np.int64],
        count: NDArray[np.int64],
        wanted: NDArray[np.bool_],
        unclean: NDArray[np.bool_],
    ) -> None:
        """Mark epochs whose list goes on after as many satellites as they announce."""
        n_on_last = np.where(count > 0, (count - 1) % _IDS_PER_LINE + 1, 0)
        for column in range(_IDS, _IDS_END):
            check = np.flatnonzero(wanted & (column >= _IDS + _ID_WIDTH * n_on_last))
            line = last_line[check]
            inside = lines.length[line] > column
            check, line = check[inside], line[inside]
            unclean[check] |= lines.octets[lines.start[line] + column] != ord(" ")

    def header_lines(self, count: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the number of continuation lines of the satellite list."""
        result: NDArray[np.int64] = np.maximum((count + _IDS_PER_LINE - 1) // _IDS_PER_LINE - 1, 0)
        return result

    def id_lines(self, count: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the same: all ids stand there."""
        return self.header_lines(count)

    def lines_per_satellite(self, definition: Definition) -> int:
        """Return the number of codes over five, rounded up."""
        return max((definition.n_codes + _FIELDS_PER_LINE - 1) // _FIELDS_PER_LINE, 1)

    def field_place(self, index: int) -> tuple[int, int]:
        """Return line and column of the index-th field: five to a line."""
        return index // _FIELDS_PER_LINE, _FIELD_WIDTH * (index % _FIELDS_PER_LINE)

    def is_lost_epoch(self, lines: Lines, extra: list[int], own: set[int], per: int) -> bool:
        """Return True when an epoch line is seen through its damage, or its lines come in full.

        Observation lines do not name their satellite, so that only their number speaks.
        """
        for index in extra:
            text = lines[index]
            if one_edit_from(text, _TEMPLATE) or _TWO_IDS.search(text):
                return True
        first = lines[extra[0]]
        if matches_template(first, _TEMPLATE) or _CONTINUATION.fullmatch(first):
            return True
        return len(extra) >= 2 and len(extra) % per == 0

    def may_be_blank(self, lines: Lines, first: int, last: int) -> bool:
        """Return whether one of the lines is blank: if it stands twice, the others have moved."""
        return any(not lines[index].strip() for index in range(first, last))

    def announces_satellites(self, lines: Lines, line: int, count: int) -> bool:
        """Return whether satellite ids stand in the columns for them."""
        text = lines[line]
        return count > 0 and bool(text[_IDS:_IDS_END].strip())
