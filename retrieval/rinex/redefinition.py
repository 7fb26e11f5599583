"""Header records in a body, and the definitions that follow one another because of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from retrieval.rinex.definition import (
    STATION_LABELS,
    TIME_OF_FIRST_OBS,
    VERSION_LABEL,
    Definition,
    Record,
    RecordError,
    first_definition,
    redefine,
    types_label,
)
from retrieval.rinex.header import Header
from retrieval.rinex.records import Damage

__all__ = ["Redefinitions"]


class Redefinitions:
    """The definitions of a body, in file order.

    Parameters
    ----------
    header : Header
        At the top of the file.
    notes, damage : list
        Where to say what is found.

    Attributes
    ----------
    current : Definition
        After the records given so far.
    definitions : list of Definition
        Those that hold for some epoch; the last is the current one once it is settled.
    """

    def __init__(self, header: Header, notes: list[str], damage: list[Damage]) -> None:
        self.current = header.definition
        self.definitions: list[Definition] = [self.current]
        self._station_records = dict(header.station_records)
        self._notes = notes
        self._damage = damage

    def settle(self) -> bool:
        """Let the current definition hold from here on; return whether it is another one."""
        if self.current == self.definitions[-1]:
            return False
        self.definitions.append(self.current)
        return True

    def lose(self, reason: str) -> None:
        """Note that records were lost that may have said how to read what follows."""
        self.current = self.current.unreadable(reason)

    def apply(self, records: Sequence[Record]) -> None:
        """Let header records take effect."""
        for record in records:
            self._note_station(record)
        for block in _by_header(records):
            before = self.current
            try:
                if block[0].label == VERSION_LABEL:
                    self._begin_header(block)
                self.current = redefine(self.current, block)
            except RecordError as error:
                self._damage.append(
                    Damage(error.line, f"header record in the body: {error.problem}")
                )
                self.lose(f"line {error.line} is damaged")
            moved_m = self.current.site_distance_m(before.position_m)
            if moved_m:
                self._notes.append(
                    f"line {block[0].line}: the header is now of a position {moved_m:,.0f} m away"
                )

    def _begin_header(self, block: Sequence[Record]) -> None:
        """Forget the definition before a header of a file of its own, but for the position."""
        version, line = self.current.version, block[0].line
        begun = replace(first_definition(block), position_m=self.current.position_m)
        if int(begun.version) != int(version):
            return  # `redefine` refuses it
        missing = f"the header from line {line} on has no {types_label(begun.version)}"
        self.current = replace(begun, broken=missing)
        if not any(record.label == TIME_OF_FIRST_OBS for record in block):
            self._notes.append(
                f"line {line}: {TIME_OF_FIRST_OBS} is missing: {begun.time_system} time is assumed"
            )

    def _note_station(self, record: Record) -> None:
        if record.label not in STATION_LABELS:
            return
        if record.text == self._station_records.get(record.label, ""):
            return
        self._station_records[record.label] = record.text
        self._notes.append(f"line {record.line}: {record.label} is now {record.text!r}")


def _by_header(records: Sequence[Record]) -> Iterator[Sequence[Record]]:
    """Part records where a header begins anew."""
    begins = [place for place, record in enumerate(records) if record.label == VERSION_LABEL]
    edges = [0, *(place for place in begins if place > 0), len(records)]
    for begin, end in pairwise(edges):
        if end > begin:
            yield records[begin:end]
