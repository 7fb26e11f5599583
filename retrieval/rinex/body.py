"""From the lines of a body to its whole epochs, and an account of all that is not whole.

An epoch is whole when its epoch line is valid in every column, the lines it announces follow, and
their satellites have valid ids, all different. Most epochs are, and are recognised with array
arithmetic; the others are looked at one by one. Rules for what is not whole:

- A header record among the announced lines: nobody knows which line it stands for, so that the
  epoch is dropped.
- Lines beyond the announced ones: when they are an epoch that has lost its epoch line, that epoch
  is dropped; otherwise the announcing epoch is damaged and dropped itself.
- The last epoch of a text that ends before its lines are complete is cut, not damaged; so is a
  last line without a line end, even if it looks complete: a receiver may still be writing it.
- Event 2 (antenna starts moving) drops the epochs up to event 3; header records (event 4, or the
  header of a spliced file) change how the following epochs are read; event 6 is skipped. Where
  such records are lost or damaged, epochs are dropped until observation codes come again.
- Epochs of another site than the header's are dropped.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.rinex.decodable import Decodable
from retrieval.rinex.definition import Definition, Record, has_label, looks_like_types
from retrieval.rinex.epochs import Dialect, duplicated
from retrieval.rinex.fields import Lines
from retrieval.rinex.header import Header
from retrieval.rinex.records import Damage
from retrieval.rinex.redefinition import Redefinitions

__all__ = ["Body", "BodyEvent", "read_body"]

_MOVING, _NEW_SITE, _HEADER_RECORDS, _CYCLE_SLIPS = 2, 3, 4, 6
_LABEL_COLUMNS = range(60, 64)  # where the first letter of a label may stand


@dataclass(frozen=True)
class BodyEvent:
    """An event record: line number, flag, and time (ns, in the time system of the definition)."""

    line: int
    flag: int
    time_ns: int | None
    time_system: str


@dataclass(frozen=True)
class Body:
    """Whole epochs of a body.

    Attributes
    ----------
    lines : Lines
        All lines.
    epoch_line : (n_epochs,) int64
        Index of each epoch line.
    time_ns : (n_epochs,) int64
        Nanoseconds since 1970 in the time system of its definition.
    definition : (n_epochs,) int64
        Index into `definitions`.
    definitions : tuple of Definition
        In file order.
    satellite : (n,) int32
        Satellite codes.
    satellite_epoch : (n,) int64
        Index of the epoch of each.
    satellite_line : (n,) int64
        Index of the first line of observations of each.
    events, damage, notes
        What else was found.
    cut : Damage or None
        The unfinished end.
    last_line : int
        Number of the last whole line; of the first line where there is none.
    complete_bytes : int
        Length of the text up to the end of its last finished record.
    by_itself : bool
        Whether every record is read by itself and the header at the top: nothing that stands
        elsewhere in the text decides how.
    """

    lines: Lines
    epoch_line: NDArray[np.int64]
    time_ns: NDArray[np.int64]
    definition: NDArray[np.int64]
    definitions: tuple[Definition, ...]
    satellite: NDArray[np.int32]
    satellite_epoch: NDArray[np.int64]
    satellite_line: NDArray[np.int64]
    events: tuple[BodyEvent, ...]
    damage: tuple[Damage, ...]
    notes: tuple[str, ...]
    cut: Damage | None
    last_line: int
    complete_bytes: int
    by_itself: bool


def read_body(lines: Lines, header: Header, dialect: Dialect) -> Body:
    """Find the whole epochs of a body.

    Parameters
    ----------
    lines : Lines
        The lines after the header.
    header : Header
        What the header says.
    dialect : Dialect
        Of its RINEX version.
    """
    reader = _BodyReader(lines, header, dialect)
    cuts = reader.merged_epoch_lines()
    if cuts:
        reader = _BodyReader(lines.split_at(cuts), header, dialect)
        reader.damage += [
            Damage(
                int(lines.number[index]), "an epoch line does not begin its line: read from there"
            )
            for index, _ in cuts
        ]
    return reader.read()


class _BodyReader:
    """The state of one pass over the records of a body."""

    def __init__(self, lines: Lines, header: Header, dialect: Dialect) -> None:
        self.lines = lines
        self.dialect = dialect
        self.position_m = header.content.position_m
        self.first_number = header.body_line
        self.events: list[BodyEvent] = []
        self.damage: list[Damage] = []
        self.notes: list[str] = []
        self.headers = Redefinitions(header, self.notes, self.damage)
        self.cut: Damage | None = None
        self.complete_bytes = lines.tail
        self.moving_since: int | None = None

        self.epochs = epochs = dialect.epoch_lines(lines)
        n = len(epochs)
        self.definition_index = np.zeros(n, np.int64)
        self.block_end = np.append(epochs.line[1:], len(lines))[:n]
        self.available = self.block_end - epochs.line - 1
        labelled = np.append(_labelled_lines(lines), len(lines))
        # How many lines follow each epoch line before a header record.
        self.unlabelled = labelled[np.searchsorted(labelled, epochs.line)] - epochs.line - 1
        self.observing = epochs.valid & (epochs.flag <= 1)
        listed = self.observing & (self.available >= dialect.id_lines(epochs.count))
        self.satellites = dialect.satellites(lines, epochs, listed)
        self.bad_ids = self.satellites.unclean.copy()
        self.bad_ids[self.satellites.epoch[self.satellites.code == 0]] = True
        self.twice = duplicated(self.satellites, n)
        self.whole = listed & ~self.bad_ids & ~self.twice

    def needed(self) -> NDArray[np.int64]:
        """Return how many lines must follow each epoch line under the current definition."""
        count, flag = self.epochs.count, self.epochs.flag
        per = self.dialect.lines_per_satellite(self.headers.current)
        special = (flag >= _MOVING) & (flag < _CYCLE_SLIPS)
        return np.where(special, count, self.dialect.header_lines(count) + count * per)

    def merged_epoch_lines(self) -> list[tuple[int, int]]:
        """Return line and position of epoch lines that stand behind something else in a line."""
        suspicious = self.available != self.needed()
        first = int(self.epochs.line[0]) if len(self.epochs) else len(self.lines)
        blocks = [(0, first)]
        blocks += [
            (int(self.epochs.line[block]), int(self.block_end[block]))
            for block in np.flatnonzero(suspicious)
        ]
        cuts = []
        for begin, end in blocks:
            for index in range(begin, end):
                found = self.dialect.epoch_pattern.search(self.lines[index], 1)
                if found and not has_label(self.lines[index]):
                    cuts.append((index, int(self.lines.start[index]) + found.start()))
        return cuts

    def read(self) -> Body:
        """Go through the records that are not plainly whole, in file order."""
        n = len(self.epochs)
        first = int(self.epochs.line[0]) if n else len(self.lines)
        self._apply_header_lines(range(first))
        self._report_strays(range(first))
        self.headers.settle()
        position = 0
        while position < n:
            self.definition_index[position:] = len(self.headers.definitions) - 1
            needed = self.needed()
            regular = self.whole & (self.available == needed) & (self.unlabelled >= needed)
            irregular = np.flatnonzero(~regular[position:]) + position
            position = n
            for block in irregular:
                self._examine(int(block), int(needed[block]))
                if self.headers.settle():
                    position = int(block) + 1
                    break
        self._stop_moving(n)
        if self.cut is None and self.lines.tail < len(self.lines.content):
            length = len(self.lines.content) - self.lines.tail
            self.cut = Damage(
                self._last_line() + 1 if len(self.lines) else self.first_number,
                f"the text ends inside a line ({length} bytes held back)",
            )
        return self._collect()

    def _examine(self, block: int, needed: int) -> None:
        """Decide about a record that is not plainly whole."""
        line, end = int(self.epochs.line[block]), int(self.block_end[block])
        flag, count = int(self.epochs.flag[block]), int(self.epochs.count[block])
        is_event = bool(self.epochs.valid[block]) and flag >= _MOVING
        if not self.epochs.valid[block]:
            untimed = self.dialect.untimed_event.match(self.lines[line])
            if untimed:
                is_event, flag, count = True, int(untimed.group(1)), int(untimed.group(2))
        if is_event:
            if flag != _CYCLE_SLIPS:
                needed = count
            lost = self._examine_event(block, flag, count, needed)
            self._apply_header_lines(range(line + 1, end))
            if lost:
                number = int(self.lines.number[line])
                self.headers.lose(f"the event in line {number} has lost header records")
            return
        short = self.available[block] < needed
        if not self.epochs.valid[block]:
            self._drop(block, f"not a valid epoch line: {_quoted(self.lines[line])}")
        elif short and block == len(self.epochs) - 1:
            self._cut(block, needed)
        elif short:
            self._drop(
                block,
                f"epoch of {count} satellites needs {needed} lines, {self.available[block]} follow",
            )
        elif self.unlabelled[block] < needed:
            self._drop(block, "epoch with a header record among its lines")
        elif self.bad_ids[block]:
            self._drop(block, "epoch with a satellite id that is not one, or not in its columns")
        elif self.twice[block]:
            self._drop(block, "epoch that names a satellite twice")
        else:
            self._examine_surplus(block, range(line + 1 + needed, end))
        self._apply_header_lines(range(line + 1, end))

    def _examine_surplus(self, block: int, surplus: range) -> None:
        """Decide whose lines the lines are that follow a complete epoch."""
        extra = [index for index in surplus if not has_label(self.lines[index])]
        line = int(self.epochs.line[block])
        if not any(self.lines[index].strip() for index in extra):
            if extra and self.dialect.may_be_blank(self.lines, line + 1, surplus.start):
                self._drop(block, f"epoch with {len(extra)} blank lines too many")
            return
        own = slice(*np.searchsorted(self.satellites.epoch, [block, block + 1]))
        per = self.dialect.lines_per_satellite(self.headers.current)
        if self.dialect.is_lost_epoch(
            self.lines, extra, set(self.satellites.code[own].tolist()), per
        ):
            self.damage.append(
                Damage(
                    int(self.lines.number[extra[0]]),
                    f"epoch dropped: {len(extra)} lines without a valid epoch line before them",
                )
            )
        else:
            self._drop(block, f"epoch with {len(extra)} lines more than it announces")

    def _examine_event(self, block: int, flag: int, count: int, needed: int) -> bool:
        """Note an event; return whether it has lost what may say how to read the next epochs."""
        line = int(self.epochs.line[block])
        if flag != _CYCLE_SLIPS and self.dialect.announces_satellites(self.lines, line, count):
            self._drop(block, f"epoch with satellites, but event flag {flag}")
            return False
        if block == len(self.epochs) - 1 and self.available[block] < needed:
            self._cut(block, needed)
            return False
        time_ns = int(self.epochs.time_ns[block]) if self.epochs.timed[block] else None
        number = int(self.lines.number[line])
        self.events.append(BodyEvent(number, flag, time_ns, self.headers.current.time_system))
        if self.available[block] < needed:
            self.damage.append(
                Damage(number, f"event announces {needed} lines, {self.available[block]} follow")
            )
        if flag == _MOVING and self.moving_since is None:
            self.moving_since = block
        elif flag == _NEW_SITE:
            self._stop_moving(block)
            self.notes.append(f"line {number}: the antenna occupies a new site (event 3)")
        first_stray = line + 1 + (needed if flag == _CYCLE_SLIPS else 0)
        self._report_strays(range(first_stray, int(self.block_end[block])))
        if flag != _HEADER_RECORDS:
            return False
        return bool(self.available[block] < count) or any(
            looks_like_types(self.lines[index]) and not has_label(self.lines[index])
            for index in range(line + 1, line + 1 + count)
        )

    def _drop(self, block: int, reason: str) -> None:
        self.whole[block] = False
        self.damage.append(Damage(int(self.lines.number[self.epochs.line[block]]), reason))

    def _cut(self, block: int, needed: int) -> None:
        line = int(self.epochs.line[block])
        self.whole[block] = False
        self.cut = Damage(
            int(self.lines.number[line]),
            f"the text ends inside this record ({self.available[block]} of {needed} lines)",
        )
        self.complete_bytes = int(self.lines.start[line])

    def _stop_moving(self, block: int) -> None:
        if self.moving_since is None:
            return
        n_dropped = int(self.whole[self.moving_since : block].sum())
        self.whole[self.moving_since : block] = False
        number = int(self.lines.number[self.epochs.line[self.moving_since]])
        self.damage.append(Damage(number, f"{n_dropped} epochs of a moving antenna dropped"))
        self.moving_since = None

    def _report_strays(self, indices: range) -> None:
        strays = [
            index
            for index in indices
            if self.lines[index].strip() and not has_label(self.lines[index])
        ]
        if strays:
            self.damage.append(
                Damage(
                    int(self.lines.number[strays[0]]),
                    f"{len(strays)} lines that belong to no record dropped",
                )
            )

    def _apply_header_lines(self, indices: range) -> None:
        """Let header records in the body take effect for what follows."""
        records = [
            Record.parse(int(self.lines.number[index]), self.lines[index])
            for index in indices
            if has_label(self.lines[index])
        ]
        if records:
            self.headers.apply(records)

    def _last_line(self) -> int:
        return int(self.lines.number[-1]) if len(self.lines) else self.first_number

    def _collect(self) -> Body:
        epochs, definitions = self.epochs, self.headers.definitions
        decodable = Decodable(self.satellites, self.whole, self.definition_index, definitions)
        decodable.name_blank_letters()
        decodable.drop_other_sites(self.position_m)
        decodable.drop_unreadable()
        decodable.drop_unknown_constellations()
        by_itself = (
            definitions == [self.headers.current]
            and not decodable.notes
            and not decodable.dropped
            and not any(event.flag in (_MOVING, _NEW_SITE) for event in self.events)
        )
        self.notes += decodable.notes
        for block, reason in decodable.dropped:
            self._drop(block, reason)
        self.whole, satellites = decodable.whole, decodable.satellites
        for failure in np.flatnonzero(self.whole & (epochs.flag == 1)):
            system = definitions[self.definition_index[failure]].time_system
            number = int(self.lines.number[epochs.line[failure]])
            self.events.append(BodyEvent(number, 1, int(epochs.time_ns[failure]), system))
        place = np.cumsum(self.whole) - 1
        kept = self.whole[satellites.epoch] & decodable.used
        epoch, rank = satellites.epoch[kept], satellites.rank[kept]
        per = np.array([self.dialect.lines_per_satellite(each) for each in definitions])
        first_line = epochs.line + 1 + self.dialect.header_lines(epochs.count)
        return Body(
            lines=self.lines,
            epoch_line=epochs.line[self.whole],
            time_ns=epochs.time_ns[self.whole],
            definition=self.definition_index[self.whole],
            definitions=tuple(definitions),
            satellite=satellites.code[kept],
            satellite_epoch=place[epoch],
            satellite_line=first_line[epoch] + rank * per[self.definition_index[epoch]],
            events=tuple(sorted(self.events, key=lambda event: event.line)),
            damage=tuple(self.damage),
            notes=tuple(self.notes),
            cut=self.cut,
            last_line=self._last_line(),
            complete_bytes=self.complete_bytes,
            by_itself=by_itself,
        )


def _labelled_lines(lines: Lines) -> NDArray[np.int64]:
    """Return the indices of header records."""
    wide = np.flatnonzero(lines.length > _LABEL_COLUMNS.start)
    start = lines.start[wide]
    likely = np.zeros(len(wide), np.bool_)
    for column in _LABEL_COLUMNS:
        character = lines.octets[np.minimum(start + column, len(lines.octets) - 1)]
        likely |= (character >= ord("A")) | (character == ord("#"))
    return np.array([index for index in wide[likely] if has_label(lines[index])], np.int64)


def _quoted(text: bytes) -> str:
    return repr(text[:40].decode("latin-1"))
