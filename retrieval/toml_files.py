"""TOML files that people write: read, checked against sections, and faulted in TOML's own words.

A file is a tree of `Section` classes. Every fault names its key, the value found and what would be
right; unknown keys are refused, because a misspelt key must not silently leave a default in force.
"""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from retrieval.errors import InputError, UnreadableFileError
from retrieval.special_files import special_kind

__all__ = ["Section", "Wording", "check_sections", "load_sections"]

_BYTE_ORDER_MARK = "\ufeff"

# Types of pydantic's faults.
_NO_LIST = ("tuple_type", "too_long", "too_short", "missing")
_NO_TABLES = ("tuple_type", "model_type")
_DATE = "expected a date alone, such as 2024-05-14"
_TIME = "expected date and time, such as 2024-05-14T06:00:00"
_PLAIN: Mapping[str, str] = {
    "string_type": "expected text in quotes",
    "path_type": "expected text in quotes",
    "float_type": "expected a number",
    "float_parsing": "expected a number",
    "int_type": "expected a whole number",
    "int_parsing": "expected a whole number",
    "int_from_float": "expected a whole number",
    "bool_type": "expected true or false, without quotes",
    "finite_number": "expected a finite number",
    "date_type": _DATE,
    "date_parsing": _DATE,
    "date_from_datetime_parsing": _DATE,
    "date_from_datetime_inexact": _DATE,
    "datetime_type": _TIME,
    "datetime_parsing": _TIME,
    "datetime_from_date_parsing": _TIME,
}


class Section(BaseModel):
    """A table of the file: strict, without unknown keys, not to be changed."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


_File = TypeVar("_File", bound=Section)


@dataclass(frozen=True)
class Wording:
    """What is said of the keys of one kind of file, named like ``station.name``.

    Attributes
    ----------
    what : str
        What to do when the file is not there, such as "give it with --config".
    lists : mapping
        Key -> the form of its list.
    tables : mapping
        Key of a section that may stand several times, ``[[key]]`` -> what each of them holds.
    hints : mapping
        Key -> what to say after "is missing".
    texts : mapping
        Key -> what to say when its text has not the form it should have.
    of_own : callable
        Takes pydantic's type of a fault, the key and the value; returns the whole sentence, or None
        where the usual words will do.
    """

    what: str
    lists: Mapping[str, str] = field(default_factory=dict)
    tables: Mapping[str, str] = field(default_factory=dict)
    hints: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    of_own: Callable[[str, str, Any], str | None] = lambda kind, key, value: None


def load_sections(kind: type[_File], path: Path, wording: Wording) -> _File:
    """Read a TOML file into the sections it should have.

    Raises
    ------
    UnreadableFileError
        The file is missing, a device, not UTF-8 or not TOML.
    InputError
        A key is missing, unknown or out of range; one line per fault.
    """
    content = _read(path, wording)
    try:
        # Through JSON, because strictness then still lets lists be tuples and text be paths.
        return kind.model_validate_json(json.dumps(content, default=str))
    except ValidationError as error:
        faults = _faults(kind, error, content, wording)
        raise InputError("\n".join(f"{path}: {one}" for one in faults)) from error


def check_sections(kind: type[_File], content: Mapping[str, Any], wording: Wording) -> _File:
    """Make sections of values that do not come out of a file, such as changes to those of one.

    Raises
    ------
    InputError
        A value does not fit; one line per fault.
    """
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        raise InputError("\n".join(_faults(kind, error, content, wording))) from error


def _faults(
    kind: type[Section], error: ValidationError, content: Mapping[str, Any], wording: Wording
) -> list[str]:
    """Word every fault once: two values of a list may be wrong in one way."""
    faults = [_worded(kind, fault, content, wording) for fault in error.errors(include_url=False)]
    return list(dict.fromkeys(faults))


def _read(path: Path, wording: Wording) -> dict[str, Any]:
    """Return the content of a TOML file."""
    name = str(path)
    special = special_kind(path)
    if special:
        raise UnreadableFileError(name, f"is {special}; {wording.what}")
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise UnreadableFileError(name, f"there is no such file; {wording.what}") from error
    except UnicodeDecodeError as error:
        raise UnreadableFileError(
            name,
            f"expected UTF-8 text, found byte {error.object[error.start]:#x} at position "
            f"{error.start}; save the file as UTF-8",
        ) from error
    except OSError as error:
        raise UnreadableFileError(name, f"cannot be read ({error.strerror})") from error
    if text.startswith(_BYTE_ORDER_MARK):
        raise UnreadableFileError(
            name,
            "begins with a byte order mark, which TOML does not allow; save the file as UTF-8 "
            'without it ("UTF-8", not "UTF-8 with BOM")',
        )
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UnreadableFileError(name, f"not valid TOML: {error}") from error


def _worded(
    kind: type[Section], fault: Mapping[str, Any], content: Mapping[str, Any], wording: Wording
) -> str:
    """Say which key is wrong, what it holds, and what would be right."""
    place = [str(part) for part in fault["loc"]]
    value = _value_at(content, place)
    own = wording.of_own(fault["type"], _key(place), value)
    if own is not None:
        return own
    if fault["type"] == "missing" and not place[-1].isdigit():
        is_section = _section_class(kind, place[0]) is not None
        named = _named(place) if is_section else _shown(place)
        return f"{named} is missing{wording.hints.get(_key(place), '')}"
    if fault["type"] == "extra_forbidden":
        named = _named(place) if isinstance(value, (dict, list)) else _shown(place)
        return f"{named} is not known; {_meant(kind, place)}"
    place, message = _place_and_message(fault, place, wording)
    if not place:
        return message
    value = _value_at(content, place)
    if isinstance(value, dict):
        return f"{_named(place)}: {message}"
    return f"{_shown(place)} = {json.dumps(value, default=str)}: {message}"


def _place_and_message(
    fault: Mapping[str, Any], place: list[str], wording: Wording
) -> tuple[list[str], str]:
    """Return where a fault lies, and what was expected there.

    The place has an index where one value of a list is wrong and the others may be right.
    """
    kind, context = fault["type"], fault.get("ctx", {})
    key = _key(place)
    names = [index for index, part in enumerate(place) if not part.isdigit()]
    whole = place[: names[-1] + 1] if names else place
    if kind == "value_error":
        return place, str(context["error"])
    if kind == "string_pattern_mismatch" and key in wording.texts:
        return place, wording.texts[key]
    if key in wording.tables and kind in _NO_TABLES:
        # One pair of brackets is the mistake that is made.
        return whole, (
            f"expected [[{key}]] on a line of its own, with two brackets, and below it "
            f"{wording.tables[key]}; there may be several"
        )
    if kind == "model_type":
        return place, f"expected a section, [{place[0]}] on a line of its own and its keys below"
    if key in wording.lists and kind in _NO_LIST:
        return whole, f"expected a list such as {wording.lists[key]}"
    if kind == "literal_error":
        allowed = context["expected"].replace("'", '"')
        return whole, f"expected {'each to be ' if whole != place else ''}{allowed}"
    if kind in _PLAIN:
        quoted = _PLAIN[kind].endswith("number") and isinstance(fault["input"], str)
        return place, _PLAIN[kind] + (", without quotes" if quoted else "")
    message = fault["msg"].removeprefix("Input ")
    return place, f"{message[:1].lower()}{message[1:]}"


def _key(place: list[str]) -> str:
    """Return the key of a place, without the indices of lists."""
    return ".".join(part for part in place if not part.isdigit())


def _shown(place: list[str]) -> str:
    """Write a place; of sections that stand several times, people count the first as 1.

    Examples
    --------
    >>> _shown(["terrain", "0", "azimuths", "1"])
    'terrain (table 1): azimuths.1'
    """
    text = ""
    for part, after in zip(place, [*place[1:], ""], strict=True):
        if part.isdigit() and after and not after.isdigit():
            text += f" (table {int(part) + 1}): "
        else:
            text += part if not text or text.endswith(": ") else f".{part}"
    return text


def _named(place: list[str]) -> str:
    """Name a section, one of several, or a key."""
    if len(place) == 1:
        return f"section [{place[0]}]"
    *before, last = place
    return f"{_shown(before)} (table {int(last) + 1})" if last.isdigit() else _shown(place)


def _section_class(kind: type[Section], name: str) -> type[Section] | None:
    """Return the class of a section."""
    found = kind.model_fields.get(name)
    # A section that may be missing is written `Section | None`, several `tuple[Section, ...]`.
    kinds = (found.annotation, *get_args(found.annotation)) if found else ()
    return next((k for k in kinds if isinstance(k, type) and issubclass(k, Section)), None)


def _meant(kind: type[Section], place: list[str]) -> str:
    """Say what an unknown section or key may have meant."""
    section: type[Section] | None = kind
    if len(place) > 1 and place[-1] in kind.model_fields:
        # In TOML a key belongs to the section above it, whatever the indentation says.
        if _section_class(kind, place[-1]) is None:
            return "it stands at the top of the file, above the first section"
        return f"[{place[-1]}] is a section on a line of its own"
    for name in place[:-1]:
        if section is not None and not name.isdigit():
            section = _section_class(section, name)
    known = list(section.model_fields) if section else []
    near = difflib.get_close_matches(place[-1], known, n=1)
    return f"did you mean {near[0]}?" if near else f"known here: {', '.join(known)}"


def _value_at(content: Any, place: list[str]) -> Any:
    """Return what the file holds at a place; None where it holds nothing."""
    for part in place:
        if isinstance(content, dict):
            content = content.get(part)
        elif isinstance(content, list) and part.isdigit() and int(part) < len(content):
            content = content[int(part)]
        else:
            return None
    return content
