"""A trained model on disk: a folder of plain files that nothing in can run.

::

    manifest.json  what the model is, what it was trained on, versions, and a hash of each file
    tracks.csv     the tracks and their references
    arrays.npz     what imputation and model have learnt (no pickled objects)
    forest.skops   the trees, of forests alone (skops; no pickle is ever loaded)
    rest.skops     those on the residuals of `fusion`, where there are some

Loading checks everything, and refuses with the reason: a file that is missing or was changed, a
folder of another format, types that are none of ours, trees that point outside of themselves. A
model that is loaded says the same as the one that was saved, to the last bit; two trainings alike
write equal files.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from retrieval.errors import InputError, UnreadableFileError
from retrieval.fusion.model_parts import ARRAYS, TRACKS, TREES, pack, unpack
from retrieval.fusion.trained import TrainedModel
from retrieval.special_files import special_kind

__all__ = ["FORMAT", "load_model", "save_model"]

# 2: models know their receiver and antenna, and what plants take of the amplitudes.
FORMAT = 2
_MANIFEST = "manifest.json"
_KNOWN = {_MANIFEST, TRACKS, ARRAYS, *TREES}
# What reading a file of another's making may raise.
_UNUSABLE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    ImportError,
    InputError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    zipfile.BadZipFile,
    zlib.error,
)


def save_model(
    trained: TrainedModel, folder: Path, sources: Mapping[str, str] | None = None
) -> None:
    """Write a model into a folder, whole or not at all.

    Parameters
    ----------
    trained : TrainedModel
        Of a kind that can be kept: any that learns more than the moisture of its days.
    folder : Path
        New, or holding a model from before, which is replaced.
    sources : mapping, optional
        What it was trained on, by name: hashes of arcs and reference, say.

    Raises
    ------
    InputError
        The model cannot be kept, or the folder holds other things.
    """
    folder = folder.resolve()
    if folder.exists() and not _replaceable(folder):
        raise InputError(f"{folder} holds other things; name a new folder for the model")
    told, contents = pack(trained, sources or {})
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    manifest = {"format": FORMAT, **told, "sha256": hashes}
    manifest["sha256"][_MANIFEST] = _own_hash(manifest)
    contents[_MANIFEST] = _json(manifest)
    partial = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    for name, content in contents.items():
        (partial / name).write_bytes(content)
    before = folder.with_name(f".{folder.name}.old")
    shutil.rmtree(before, ignore_errors=True)
    if folder.exists():
        folder.replace(before)
    try:
        partial.replace(folder)
    except OSError:
        if before.exists():
            before.replace(folder)
        raise
    shutil.rmtree(before, ignore_errors=True)


def load_model(folder: Path) -> TrainedModel:
    """Read a model from its folder.

    Raises
    ------
    UnreadableFileError
        A file is missing, changed, of another format or not what it should be; the message says
        which and why.
    """
    manifest = _read_manifest(folder)
    contents = _checked_contents(folder, manifest)
    try:
        return unpack(folder, manifest, contents)
    except UnreadableFileError:
        raise
    except _UNUSABLE as error:
        raise UnreadableFileError(
            str(folder / _MANIFEST),
            f"does not describe a model that can be used ({type(error).__name__}: {error}); train "
            "it again",
        ) from error


def _replaceable(folder: Path) -> bool:
    """Whether a folder is empty or a model."""
    if not folder.is_dir():
        return False
    files = list(folder.iterdir())
    if not files:
        return True
    if not {path.name for path in files} <= _KNOWN or not all(path.is_file() for path in files):
        return False
    try:
        manifest = json.loads((folder / _MANIFEST).read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    # Others call their files so, too.
    return isinstance(manifest, dict) and {"format", "model_id", "sha256"} <= set(manifest)


def _json(content: Mapping[str, Any]) -> bytes:
    return (json.dumps(content, indent=2, default=_plain, allow_nan=False) + "\n").encode("utf-8")


def _plain(value: Any) -> Any:
    """Return a numpy number as one of Python's."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} has no place in a manifest")


def _own_hash(manifest: Mapping[str, Any]) -> str:
    """Return the hash of what a manifest says, but for this hash."""
    of_others = {name: one for name, one in manifest["sha256"].items() if name != _MANIFEST}
    told = json.dumps({**manifest, "sha256": of_others}, sort_keys=True, default=_plain)
    return hashlib.sha256(told.encode("utf-8")).hexdigest()


def _read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a folder, if nothing of it was changed."""
    path = folder / _MANIFEST
    try:
        manifest = json.loads(_read(path))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UnreadableFileError(
            str(path), "there is no such file; give the folder that `soilglint train` wrote"
        ) from error
    except OSError as error:
        raise UnreadableFileError(str(path), f"cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise UnreadableFileError(str(path), f"is no JSON ({error}); train it again") from error
    if not isinstance(manifest, dict) or not isinstance(manifest.get("format"), int):
        raise UnreadableFileError(str(path), "is no manifest of a model; train it again")
    if manifest["format"] > FORMAT:
        raise UnreadableFileError(
            str(path),
            f"is of format {manifest['format']}, and this soilglint knows up to {FORMAT}; update "
            "soilglint, or train the model with this one",
        )
    if manifest["format"] < FORMAT:
        raise UnreadableFileError(
            str(path),
            f"is of format {manifest['format']}, and this soilglint reads {FORMAT}; train the "
            "model again",
        )
    hashes = manifest.get("sha256")
    if not isinstance(hashes, dict) or not {_MANIFEST, TRACKS, ARRAYS} <= set(hashes) <= _KNOWN:
        raise UnreadableFileError(
            str(path), "does not name the files of a model and no others; train it again"
        )
    if hashes[_MANIFEST] != _own_hash(manifest):
        raise UnreadableFileError(
            str(path), "was changed since it was written; copy the whole folder again"
        )
    return manifest


def _checked_contents(folder: Path, manifest: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the files that a manifest names, if they are what it says."""
    contents = {}
    for name, expected in manifest["sha256"].items():
        if name == _MANIFEST:
            continue
        path = folder / name
        try:
            contents[name] = _read(path)
        except OSError as error:
            raise UnreadableFileError(
                str(path), f"cannot be read ({error.strerror}); copy the whole folder again"
            ) from error
        if hashlib.sha256(contents[name]).hexdigest() != expected:
            raise UnreadableFileError(
                str(path), "was changed since it was written; copy the whole folder again"
            )
    return contents


def _read(path: Path) -> bytes:
    """Return a file's bytes; a pipe or a device would keep one waiting."""
    special = special_kind(path)
    if special:
        raise UnreadableFileError(str(path), f"is {special}; give the folder of a model")
    return path.read_bytes()
