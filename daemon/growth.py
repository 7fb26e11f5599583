"""How far a growing file has been read: what is known of its beginning, and reading on from there.

A receiver may append to one file for an hour or a day. The bytes before the last whole epoch do not
change any more; where they are the same at the next look, only what follows is read. The last whole
epoch is read again, since it may go on (`retrieval.rinex.records.Resume`).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from retrieval.errors import UnreadableFileError
from retrieval.rinex import read_file
from retrieval.rinex.records import Damage, ObservationFile
from retrieval.rinex.report import DAMAGE_LIMIT, bounded
from retrieval.rinex.text import TEXT_LIMIT_BYTES, FileKind, Text, file_kind

__all__ = ["GROWING_KINDS", "Growth", "More", "grown", "growth_of", "read_more", "read_on"]

# Formats that receivers append to, and whose text says where an epoch begins.
GROWING_KINDS = (FileKind.OBSERVATION, FileKind.NMEA)

_COUNT = re.compile(r"\d+")
_LINE_NOTE = re.compile(r"line (\d+): ")
_LINE = re.compile(r"\bline (\d+)")
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Growth:
    """The beginning of a file, up to its last whole epoch.

    Attributes
    ----------
    sha256 : str
        Of the whole file when it was read, as its record has it.
    head : bytes
        Its header.
    head_lines : int
        Lines of that.
    offset, line : int
        First byte and line of the last whole epoch.
    prefix_sha256 : str
        Of the bytes before it.
    time : datetime64
        Of that epoch, GPS time.
    n_epochs, n_snr : int
        Epochs and SNR values before it.
    damage : tuple of Damage
        Before it.
    notes : tuple of str
        Of the reader, on what stands before it.
    """

    sha256: str
    head: bytes = field(repr=False)
    head_lines: int
    offset: int
    line: int
    prefix_sha256: str
    time: np.datetime64
    n_epochs: int
    n_snr: int
    damage: tuple[Damage, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class More:
    """What stands behind the beginning of a file that is known, and the hash of that beginning."""

    growth: Growth
    content: bytes = field(repr=False)
    prefix: hashlib._Hash = field(repr=False, compare=False)

    def sha256_before(self, place: int) -> str:
        """Return the SHA-256 of the file up to a place in what follows its beginning."""
        digest = self.prefix.copy()
        digest.update(memoryview(self.content)[:place])
        return digest.hexdigest()


def read_more(path: Path, growth: Growth) -> tuple[str, int, More | None]:
    """Read a file once: its SHA-256, its size, and what follows a beginning that has not changed.

    Returns
    -------
    sha256 : str
        Of the whole file.
    size : int
        Bytes.
    more : More or None
        None where the file does not begin as it did.

    Raises
    ------
    OSError
        It cannot be read.
    """
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while size < growth.offset and (chunk := file.read(min(_CHUNK, growth.offset - size))):
            digest.update(chunk)
            size += len(chunk)
        same = size == growth.offset and digest.hexdigest() == growth.prefix_sha256
        prefix, parts = digest.copy(), []
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
            if same:
                parts.append(chunk)
    more = More(growth, b"".join(parts), prefix) if same and size <= TEXT_LIMIT_BYTES else None
    return digest.hexdigest(), size, more


def growth_of(text: Text, file: ObservationFile, sha256: str) -> Growth | None:
    """Return how far a file was read that was read whole; None where it cannot be read on.

    Parameters
    ----------
    text : Text
        The whole file, as it lies on disk.
    file : ObservationFile
        As it was read from that.
    sha256 : str
        Of the file.
    """
    resume = file.report.resume
    if resume is None:
        return None
    head, content = text.content[: resume.header_bytes], text.content
    last = _read(text.path, head + content[resume.offset :])
    damage = tuple(one for one in file.report.damage if one.line < resume.line)
    if last is None or len(damage) > DAMAGE_LIMIT:
        return None
    return Growth(
        sha256=sha256,
        head=head,
        head_lines=resume.header_lines,
        offset=resume.offset,
        line=resume.line,
        prefix_sha256=hashlib.sha256(memoryview(content)[: resume.offset]).hexdigest(),
        time=file.epochs[resume.epoch],
        n_epochs=resume.epoch,
        n_snr=len(file.snr) - len(last.snr),
        damage=damage,
        notes=tuple(
            note
            for note in _less(file.report.notes, last.report.notes)
            if (found := _LINE_NOTE.match(note)) is None or int(found[1]) < resume.line
        ),
    )


def read_on(path: Path, more: More) -> ObservationFile | None:
    """Read what follows the beginning of a file; None where only the whole file tells it.

    The report is that of the whole file; epochs and SNR are those from the last epoch of before on.
    """
    growth = more.growth
    file = _read(str(path), growth.head + more.content)
    if file is None or file.report.resume is None or file.epochs[0] != growth.time:
        return None
    notes = _joined_notes(growth.notes, file.report.notes)
    # Such a note is of a header in the body.
    if any(_LINE_NOTE.match(note) for note in set(notes) - set(growth.notes)):
        return None
    report = replace(
        file.report,
        n_epochs=growth.n_epochs + file.report.n_epochs,
        damage=bounded((*growth.damage, *_moved(file.report.damage, growth))),
        cut=file.report.cut and _moved_one(file.report.cut, growth),
        notes=notes,
    )
    return replace(file, report=report)


def grown(path: Path, more: More, file: ObservationFile, sha256: str) -> Growth | None:
    """Return how far a file has been read now, where `read_on` has read what had followed."""
    resume, growth = file.report.resume, more.growth
    if resume is None:
        return None
    place = resume.offset - len(growth.head)
    last = _read(str(path), growth.head + more.content[place:])
    line = _line(resume.line, growth)
    damage = tuple(one for one in file.report.damage if one.line < line)
    if last is None or len(damage) > DAMAGE_LIMIT:
        return None
    return replace(
        growth,
        sha256=sha256,
        offset=growth.offset + place,
        line=line,
        prefix_sha256=more.sha256_before(place),
        time=file.epochs[resume.epoch],
        n_epochs=growth.n_epochs + resume.epoch,
        n_snr=growth.n_snr + len(file.snr) - len(last.snr),
        damage=damage,
        notes=_less(file.report.notes, last.report.notes),
    )


def _read(path: str, content: bytes) -> ObservationFile | None:
    """Read a text of a format that grows; None where it is none, or cannot be read."""
    text = Text(path, content)
    if file_kind(content, Path(path).name) not in GROWING_KINDS:
        return None
    try:
        return read_file(text)
    except UnreadableFileError:
        return None


def _moved(damage: Sequence[Damage], growth: Growth) -> tuple[Damage, ...]:
    """Give damage its lines in the whole file; that of the header is known already."""
    return tuple(_moved_one(one, growth) for one in damage if one.line > growth.head_lines)


def _moved_one(damage: Damage, growth: Growth) -> Damage:
    reason = _LINE.sub(lambda found: f"line {_line(int(found[1]), growth)}", damage.reason)
    return Damage(_line(damage.line, growth), reason)


def _line(line: int, growth: Growth) -> int:
    """Return the number that a line of what was read on has in the whole file."""
    return line - growth.head_lines - 1 + growth.line


def _counts(notes: Sequence[str]) -> dict[str, int | None]:
    """Part notes into words and the number that they begin with, None where they do not."""
    parts: dict[str, int | None] = {}
    for note in notes:
        count = _COUNT.match(note)
        parts[note[count.end() :] if count else note] = int(count[0]) if count else None
    return parts


def _texts(parts: Mapping[str, int | None]) -> tuple[str, ...]:
    return tuple(words if count is None else f"{count}{words}" for words, count in parts.items())


def _joined_notes(before: Sequence[str], after: Sequence[str]) -> tuple[str, ...]:
    """Join notes; the numbers that they begin with add up."""
    parts = _counts(before)
    for words, count in _counts(after).items():
        known = parts.get(words)
        parts[words] = count if count is None or known is None else known + count
    return _texts(parts)


def _less(notes: Sequence[str], last: Sequence[str]) -> tuple[str, ...]:
    """Take the numbers of some notes from those of others."""
    parts, lesser = _counts(notes), _counts(last)
    left = {
        words: None if count is None else count - (lesser.get(words) or 0)
        for words, count in parts.items()
    }
    return _texts({words: count for words, count in left.items() if count != 0})
