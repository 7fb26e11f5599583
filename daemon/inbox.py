"""The folder where files arrive: finding them, knowing them again, and tidying up after them."""

from __future__ import annotations

import fnmatch
import glob
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from daemon.errors import ConfigError

__all__ = ["DONE_FOLDER", "FoundFile", "find_files", "find_orbit_files", "fingerprint", "tidy"]

# Where `keep = "move"` puts files that are done, inside the inbox.
DONE_FOLDER = "done"

_PARTIAL = (".part", ".tmp", ".filepart", ".crdownload")
_CHUNK = 1 << 20


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
    """

    name: str
    path: Path
    sha256: str
    size: int


def fingerprint(path: Path, name: str) -> FoundFile:
    """Read a file once and note its size and SHA-256."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return FoundFile(name, path, digest.hexdigest(), size)


def find_files(inbox: Path, patterns: Sequence[str]) -> list[Path]:
    """Return the files of an inbox that match any pattern, in order of name.

    Folders are not entered. Hidden files and those that a transfer still calls by a temporary name
    (``.part``, ``.tmp`` and the like) are left alone.

    Raises
    ------
    ConfigError
        There is no such folder.
    """
    if not inbox.is_dir():
        raise ConfigError(
            f"inbox.path = {inbox}: there is no such folder; make it, or name the folder where the "
            "receiver's files arrive"
        )
    return sorted(
        path
        for path in inbox.iterdir()
        if not path.name.startswith(".")
        and path.suffix.lower() not in _PARTIAL
        and any(fnmatch.fnmatch(path.name, pattern) for pattern in patterns)
        and path.is_file()
    )


def find_orbit_files(patterns: Iterable[str]) -> list[Path]:
    """Return the files that path patterns name, each once, in order of path."""
    names = {name for pattern in patterns for name in glob.glob(pattern)}  # noqa: PTH207 - absolute patterns too
    return sorted(path for path in map(Path, names) if path.is_file())


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
