"""Compact RINEX to RINEX, through the ``hatanaka`` library.

The format (Hatanaka 2008, Bulletin of the GSI 55) stores each epoch as its difference to the one
before. After a lost or damaged line nothing can be restored until the next initialised epoch, and
the program that restores it notices some damage only epochs later, after writing values that the
receiver never gave. So when it finds fault, we follow the epoch lines ourselves and hand it only
stretches that are sound. (A digit changed inside a difference cannot be noticed by anyone: the
format has no check sums. Keep the archive's.)
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

from retrieval.errors import UnreadableFileError
from retrieval.rinex.definition import has_label
from retrieval.rinex.epochs2 import Rinex2
from retrieval.rinex.epochs3 import Rinex3

__all__ = ["Expanded", "expand_crinex", "is_crinex"]

_ERROR_LINE = re.compile(r"\bline (\d+)")
_ATTEMPTS = 20
# RNXCMP 4.2.0 (2025) writes 3.1 for RINEX 4.02 on; `hatanaka` holds 4.1.0, which refuses it.
_LATER = re.compile(rb"3\.[1-9]\d*|[4-9]\.\d+")


@dataclass(frozen=True)
class Expanded:
    """A restored text, why it ends early, and which stretches could not be restored."""

    content: bytes
    cut: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Form:
    """What tells the epoch lines of the two versions of the format apart.

    ``initial`` begins an initialised epoch line or an event line, ``opening`` matches it up to its
    count.
    """

    initial: bytes
    opening: re.Pattern[bytes]
    flag_column: int
    epoch: re.Pattern[bytes]
    untimed: re.Pattern[bytes]


_OPENING_1, _OPENING_3 = (re.compile(text, re.MULTILINE) for text in (rb"^&.{31}", rb"^>.{34}"))
_FORM_1 = _Form(b"&", _OPENING_1, 28, Rinex2.epoch_pattern, Rinex2.untimed_event)
_FORM_3 = _Form(b">", _OPENING_3, 31, Rinex3.epoch_pattern, Rinex3.untimed_event)


@dataclass(frozen=True)
class _Epoch:
    """Lines first to last - 1 of an epoch, and whether it is initialised."""

    first: int
    last: int
    initial: bool


def is_crinex(content: bytes) -> bool:
    """Return whether a text is Compact RINEX."""
    return content[60:80] == b"CRINEX VERS   / TYPE"


def expand_crinex(path: str, content: bytes) -> Expanded:
    """Restore a Compact RINEX text (version 1 or 3).

    A truncated text yields its whole epochs; stretches that cannot be restored are left out and
    named.

    Raises
    ------
    UnreadableFileError
        Nothing can be restored, or the text is of a later version.
    """
    version = content[:20].strip()
    if _LATER.fullmatch(version):
        raise UnreadableFileError(
            path,
            f"Compact RINEX {version.decode()}, which is written for RINEX 4.02 and later; "
            "expected 1.0 or 3.0: restore it with crx2rnx of RNXCMP 4.2.0 or later, and give the "
            "RINEX file",
        )
    content = content.replace(b"\r\n", b"\n")
    form = _FORM_3 if content[:20].strip().startswith(b"3") else _FORM_1
    restored, problem = _restore(content)
    if restored is not None and not problem:
        if _has_its_initial_lines(restored, content, form):
            return Expanded(restored)
        problem = "an epoch or event line was taken for observations"
    lines = content.split(b"\n")[:-1]  # what follows the last line end is no whole line
    body = next((i + 1 for i, line in enumerate(lines) if b"END OF HEADER" in line[60:]), None)
    if body is None:
        raise _refusal(path, f"its header is not finished: {problem}")
    epochs = list(_sound_epochs(lines, body, form))
    for _ in range(_ATTEMPTS):
        kept = lines[:body] + [line for epoch in epochs for line in lines[epoch.first : epoch.last]]
        restored, problem = _restore(b"\n".join(kept) + b"\n")
        if restored is not None:
            return _account(restored, problem, lines, body, epochs, not content.endswith(b"\n"))
        found = _ERROR_LINE.search(problem)
        if found is None or int(found.group(1)) <= body:
            break
        epochs = list(_without_line(epochs, int(found.group(1)) - 1 - body))
    raise _refusal(path, problem)


def _refusal(path: str, problem: str) -> UnreadableFileError:
    return UnreadableFileError(
        path, f"Compact RINEX that cannot be restored ({problem}); fetch the file again"
    )


def _restore(content: bytes) -> tuple[bytes | None, str]:
    """Return the restored text, or None, and what the program that restores it says."""
    import hatanaka

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            restored: bytes = hatanaka.crx2rnx(content)
        except hatanaka.HatanakaException as error:
            return None, _one_line(str(error)) or "the program that restores it stopped"
    return restored, _one_line(" ".join(str(entry.message) for entry in caught))


def _has_its_initial_lines(restored: bytes, compact: bytes, form: _Form) -> bool:
    """Return whether all initialised epoch lines and event lines stand in the restored text.

    After a lost line the next one takes its place, and the program that restores the text takes
    any line for a satellite's.
    """
    position = 0
    for match in form.opening.finditer(compact):
        line = match.group().replace(b"&", b" ")
        if not (form.epoch.match(line) or form.untimed.match(line)):
            continue
        position = restored.find(b"\n" + line, position)
        if position < 0:
            return False
        position += len(line)
    return True


def _one_line(message: str) -> str:
    # The program quotes the offending line, which may hold any byte.
    return "".join(c if c.isprintable() else "?" for c in " ".join(message.split()))[:300]


def _sound_epochs(lines: list[bytes], body: int, form: _Form) -> Iterator[_Epoch]:
    """Follow the epoch lines, and yield the epochs whose number of lines is confirmed.

    An epoch is confirmed by what follows it: a valid epoch line of another time, or the end.
    Nothing follows header records that are lost: they may say how to read the rest.
    """
    position, current = body, b""
    waiting: _Epoch | None = None
    while position < len(lines):
        line = lines[position]
        is_initial = _is_initial(line, form)
        if not is_initial and not current:
            if has_label(line):
                return
            position += 1
            continue
        following = line if is_initial else _apply_difference(current, line)
        following = following.replace(b"&", b" ", 1) if following[:1] == b"&" else following
        size = _n_lines(following, form)
        stands_still = following[: form.flag_column] == current[: form.flag_column]
        if size is None or (stands_still and not is_initial):
            waiting, current = None, b""
            if has_label(line):
                return
            position += 1
            continue
        if waiting:
            yield waiting
        waiting, current = None, following
        block = range(position + 1, min(position + size, len(lines)))
        early = next((index for index in block if _is_initial(lines[index], form)), None)
        if early is not None and _has_header_records(following, form):
            return
        if early is not None:
            position, current = early, b""
        elif position + size > len(lines):
            return
        else:
            waiting = _Epoch(position, position + size, is_initial)
            position += size
    if waiting:
        yield waiting


def _n_lines(epoch_line: bytes, form: _Form) -> int | None:
    """Return the lines of an epoch in Compact RINEX; None when its epoch line is not valid."""
    if not (form.epoch.match(epoch_line) or form.untimed.match(epoch_line)):
        return None
    flag = epoch_line[form.flag_column]
    count = int(epoch_line[form.flag_column + 1 : form.flag_column + 4])
    # Observation epochs have a line for the receiver clock; event records are stored as they are.
    return 1 + count + (flag in b"01")


def _is_initial(line: bytes, form: _Form) -> bool:
    return line.startswith(form.initial) and not has_label(line)


def _has_header_records(epoch_line: bytes, form: _Form) -> bool:
    return epoch_line[form.flag_column] not in b"016"


def _apply_difference(current: bytes, line: bytes) -> bytes:
    """Return an epoch line: a blank keeps the character, ``&`` makes it a blank."""
    changed = bytearray(current.ljust(len(line)))
    for column, character in enumerate(line):
        if character != 0x20:
            changed[column] = 0x20 if character == 0x26 else character
    return bytes(changed)


def _without_line(epochs: list[_Epoch], line: int) -> Iterator[_Epoch]:
    """Leave out the epoch that holds the line-th kept line, up to the next initialised one."""
    position, lost = 0, False
    for epoch in epochs:
        position += epoch.last - epoch.first
        if position > line >= position - (epoch.last - epoch.first):
            lost = True
        elif lost and epoch.initial:
            lost = False
        if not lost:
            yield epoch


def _account(
    restored: bytes,
    problem: str,
    lines: list[bytes],
    body: int,
    epochs: list[_Epoch],
    unfinished: bool,
) -> Expanded:
    """Say which lines were left out, and what the program said about the others."""
    notes = [f"Compact RINEX: {problem}"] if problem else []
    position = body
    for epoch in epochs:
        if epoch.first > position:
            notes.append(f"Compact RINEX: lines {position + 1} to {epoch.first} cannot be restored")
        position = epoch.last
    cut = f"the Compact RINEX is cut or damaged from its line {position + 1} on"
    return Expanded(restored, cut if position < len(lines) or unfinished else None, tuple(notes))
