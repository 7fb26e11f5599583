"""The folder where files arrive: finding them, knowing them again, and tidying up after them."""

from __future__ import annotations

import fnmatch
import glob
import hashlib
import os
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from daemon.errors import ConfigError
from daemon.growth import More

__all__ = [
    "DONE_FOLDER",
    "FoundFile",
    "fault_of_patterns",
    "find_files",
    "find_orbit_files",
    "fingerprint",
    "is_unchanged",
    "path_of_name",
    "stored_name",
    "tidy",
]

# Where `keep = "move"` puts files that are done, inside the inbox.
DONE_FOLDER = "done"

_PARTIAL = (".part", ".tmp", ".filepart", ".crdownload")
_CHUNK = 1 << 20
_ESCAPED = re.compile(rb"\\x([0-9a-f]{2})")
_STEERING = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True)
class FoundFile:
    """A file that was found.

    Attributes
    ----------
    name : str
        What the store calls it: its name in the inbox, or its whole path outside.
    path : Path
        Where it lies.
    sha256 : str
        Of its bytes, hexadecimal.
    size : int
        Bytes.
    more : More or None
        Of a file that has grown, what follows the beginning that is known.
    """

    name: str
    path: Path
    sha256: str
    size: int
    more: More | None = field(default=None, repr=False, compare=False)


def fingerprint(path: Path, name: str) -> FoundFile:
    """Read a file once and note its size and SHA-256."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return FoundFile(name, path, digest.hexdigest(), size)


def stored_name(name: str) -> str:
    r"""Return a file's name as text that can be stored and printed.

    Names are bytes to the computer. What is no UTF-8 in them is written as ``\xff``, and so are
    characters that steer a terminal.

    Examples
    --------
    >>> stored_name("b\udcff.rnx"), stored_name("a\n.rnx")
    ('b\\xff.rnx', 'a\\x0a.rnx')
    """
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return _STEERING.sub(lambda found: "".join(f"\\x{o:02x}" for o in found[0].encode()), text)


def path_of_name(folder: Path, name: str) -> Path:
    """Return where a file lies that `stored_name` has named."""
    path = folder / name
    if "\\x" not in name or path.exists():
        return path
    raw = _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), name.encode())
    return folder / os.fsdecode(raw)


def find_files(inbox: Path, patterns: Sequence[str], own: Collection[Path] = ()) -> list[Path]:
    """Return the files of an inbox that match any pattern, in order of name.

    Folders are not entered. Hidden files, those that a transfer still calls by a temporary name
    (``.part``, ``.tmp`` and the like) and our own (`own`) are left alone.

    Raises
    ------
    ConfigError
        There is no such folder.
    """
    if not inbox.is_dir():
        what = "is no folder" if inbox.exists() else "there is no such folder; make it"
        raise ConfigError(
            f"inbox.path = {inbox}: {what}, or name the folder where the receiver's files arrive"
        )
    if not os.access(inbox, os.R_OK | os.X_OK):
        raise ConfigError(
            f"inbox.path = {inbox}: this user may not read it; let the user that runs soilglint in"
        )
    inbox = inbox.resolve()  # as the paths of our own files are compared
    not_data = {path.resolve() for path in own}
    with os.scandir(inbox) as entries:
        found = [
            inbox / entry.name
            for entry in entries
            if not entry.name.startswith(".")
            and not entry.name.lower().endswith(_PARTIAL)
            and any(fnmatch.fnmatch(entry.name, pattern) for pattern in patterns)
            # Of a link that leads in a circle the second makes no error.
            and (entry.is_file(follow_symlinks=False) or (inbox / entry.name).is_file())
        ]
    return sorted(path for path in found if path not in not_data)


def find_orbit_files(patterns: Iterable[str]) -> list[Path]:
    """Return the files that path patterns name, each once, in order of path."""
    names = {name for pattern in patterns for name in glob.glob(pattern)}  # noqa: PTH207 - absolute patterns too
    return sorted(path for path in map(Path, names) if path.is_file())


def fault_of_patterns(patterns: Iterable[str]) -> str:
    """Say which path patterns name no file; empty when all do."""
    faults = []
    for pattern in patterns:
        paths = [Path(name) for name in glob.glob(pattern)]  # noqa: PTH207 - absolute patterns too
        if any(path.is_file() for path in paths):
            continue
        if any(path.is_dir() for path in paths):
            faults.append(f'"{pattern}" is a folder; name the files in it: "{pattern}/*"')
        elif paths:
            faults.append(f'"{pattern}" is no regular file; correct it')
        else:
            faults.append(f'"{pattern}" matches no file; correct it, or put the file there')
    return "; ".join(faults)


def is_unchanged(found: FoundFile) -> bool:
    """Whether a file is as it was when it was read."""
    return fingerprint(found.path, found.name).sha256 == found.sha256


def tidy(found: FoundFile, inbox: Path, keep: Literal["leave", "move", "delete"]) -> None:
    """Do with a finished file what the configuration says.

    A moved file goes to ``done/`` in the inbox; where another file of its name lies there already,
    the first digits of its SHA-256 are added, so that nothing is overwritten.
    """
    if keep == "delete":
        found.path.unlink(missing_ok=True)
    elif keep == "move":
        done = inbox / DONE_FOLDER
        done.mkdir(exist_ok=True)
        target = done / found.path.name
        if target.exists() and fingerprint(target, found.name).sha256 != found.sha256:
            target = done / f"{found.path.name}.{found.sha256[:8]}"
        found.path.replace(target)
