"""``shelf.json``: what lies on a shelf, beside the folders of its models.

Every change is made under a lock and written whole, so that whoever reads, the running service
among them, sees the shelf before it or after it.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from daemon.errors import ModelError
from daemon.files import PARTIAL_PREFIX, locked, written_whole
from daemon.shelf import Placed, Shelf, Source

__all__ = ["SHELF_FILE", "change_shelf", "drop_partials", "read_shelf", "shelf_stamp"]

SHELF_FILE = "shelf.json"
_LOCK = "shelf.lock"
_FORMAT = 1
_KEY = "model.shelf"
# A name is one of a folder: it must not lead elsewhere.
_MODEL_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


def read_shelf(folder: Path, station: str) -> Shelf:
    """Return what lies on a station's shelf; an empty one where there is none yet.

    Raises
    ------
    ModelError
        The file is damaged, of a newer soilglint, or of another station.
    """
    path = folder / SHELF_FILE
    try:
        told = json.loads(path.read_bytes())
        if told["format"] > _FORMAT:
            raise ModelError(
                f"{path}: is of format {told['format']}, and this soilglint knows up to {_FORMAT}; "
                "update soilglint",
                _KEY,
            )
        if told["station"] != station:
            raise ModelError(
                f"{path}: is of station {told['station']}, this one is {station}; give each a "
                "shelf of its own with model.shelf",
                _KEY,
            )
        return Shelf(
            in_use=_placed(told["in_use"]),
            shadow=_placed(told["shadow"]),
            before=tuple(one for row in told["before"] if (one := _placed(row))),
            refused=tuple(one for row in told["refused"] if (one := _placed(row))),
            discarded=tuple(_checked(name) for name in told["discarded"]),
        )
    except (FileNotFoundError, NotADirectoryError):
        return Shelf()
    except OSError as error:
        raise ModelError(
            f"{path}: cannot be read ({error.strerror}); let the user that runs soilglint read it",
            _KEY,
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ModelError(
            f"{path}: is no account of a shelf ({type(error).__name__}: {error}); move it away, "
            "and the model of the configuration is in use",
            _KEY,
        ) from error


def change_shelf(folder: Path, station: str, change: Callable[[Shelf], Shelf]) -> Shelf:
    """Change what lies on a shelf while nobody else does, and return it.

    Folders of models that have lost their place are taken away, after the account was written.

    Parameters
    ----------
    folder : Path
        Of the shelf; made where it is not there.
    station : str
        Whose.
    change : callable
        Takes the shelf as it is and returns it as it shall be.

    Raises
    ------
    ModelError
        As in `read_shelf`.
    OSError
        The disk is full, or another refusal of the computer; the shelf is as it was.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder / _LOCK):
        before = read_shelf(folder, station)
        after = change(before)
        if after == before:
            return before
        left = tuple(name for name in after.discarded if (folder / name).exists())
        _write(folder, station, replace(after, discarded=left))
        for name in left:
            shutil.rmtree(folder / name, ignore_errors=True)
        return after


def drop_partials(folder: Path) -> None:
    """Take away what accounts that were cut off half-way have left behind."""
    with locked(folder / _LOCK):
        for partial in folder.glob(f"{PARTIAL_PREFIX}*"):
            partial.unlink(missing_ok=True)


def shelf_stamp(folder: Path) -> tuple[int, int, int] | None:
    """Return what differs when the account was written anew; None where there is none."""
    try:
        found = (folder / SHELF_FILE).stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _write(folder: Path, station: str, shelf: Shelf) -> None:
    """Write the account."""
    told = {"format": _FORMAT, "station": station, **asdict(shelf)}
    with written_whole(folder / SHELF_FILE) as partial:
        partial.write_text(json.dumps(told, indent=2, allow_nan=False) + "\n", "utf-8")


def _placed(row: Mapping[str, Any] | None) -> Placed | None:
    """Return a model of the account."""
    if row is None:
        return None
    found = Placed(**{**row, "source": Source(row["source"])})
    _checked(found.model_id)
    for text in (found.since, found.why):
        if not isinstance(text, str):
            raise ValueError(f"{text!r} is no text")
    return found


def _checked(model_id: str) -> str:
    """Return the name of a model, if it is one."""
    if not _MODEL_ID.fullmatch(model_id):
        raise ValueError(f"{model_id!r} is no name of a model")
    return model_id
