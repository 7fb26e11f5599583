"""The store and the disk under it, looked at without leaving a trace."""

from __future__ import annotations

import fcntl
import os
import shutil
from pathlib import Path

from daemon.check.finding import Finding, Level
from daemon.config import Config
from daemon.errors import StoreError
from daemon.ingest import changed_settings
from daemon.store import Store
from daemon.store.opening import connect, schema_version
from daemon.store.schema import SCHEMA_VERSION

__all__ = ["store_findings"]

_KEY = "store.path"
_MB = 1e6
# A year of a station takes some hundred MB; SQLite needs room for its journal too.
_SCARCE_MB = 500
_FULL_MB = 10


def store_findings(config: Config) -> list[Finding]:
    """Say whether the store is there, fits the configuration, and can grow."""
    path = config.store.path
    there = _existing_folder(path)
    if path.exists() or there == path.parent:
        return [*_opened(config), _permission(path), _space(there)]
    # The service makes a folder only inside the folder of the configuration.
    if not path.resolve().is_relative_to(config.path.parent):
        text = (
            f"{path}: there is no folder {path.parent}; make it, or see why it is missing (a disk "
            "that is not mounted?)"
        )
        return [Finding(Level.FAULT, _KEY, text)]
    return [
        Finding(Level.OK, _KEY, f"{path}: not there yet; the first run makes it and its folder"),
        _permission(there / path.name),
        _space(there),
    ]


def _existing_folder(path: Path) -> Path:
    """Return the folder of a path, or the nearest above it that is there."""
    return next(folder for folder in path.parents if folder.is_dir())


def _opened(config: Config) -> list[Finding]:
    """Look into the store."""
    path = config.store.path
    if not path.exists():
        return [Finding(Level.OK, _KEY, f"{path}: not there yet; the first run makes it")]
    busy = _is_written_to(path)
    try:
        store = _without_trace(path)
    except StoreError as error:
        return [Finding(Level.FAULT, _KEY, str(error))]
    if store is None:
        text = f"{path}: of an earlier version; the next run brings it up to date"
        return [Finding(Level.NOTE, _KEY, text)]
    with store:
        try:
            name = config.station.name
            n_files, days = len(store.files(name)), store.days_with_arcs(name)
            changes = changed_settings(config, store)
        except StoreError as error:
            return [Finding(Level.FAULT, _KEY, str(error))]
    findings = [
        Finding(
            Level.OK,
            _KEY,
            f"{path}: version {SCHEMA_VERSION}, {n_files} files and {days} days with arcs of "
            f"{name}",
        )
    ]
    if busy:
        text = "another soilglint writes to it now (the service?): a second one would be refused"
        findings.append(Finding(Level.NOTE, _KEY, text))
    if changes:
        text = (
            f"its arcs were made with other settings: {changes}; set them back, or give store.path "
            "a new file and let the observation files be taken in again"
        )
        findings.append(Finding(Level.FAULT, _KEY, text))
    return findings


def _without_trace(path: Path) -> Store | None:
    """Open a store for reading only; None when it is of an earlier version.

    Reading a database in WAL mode makes two files beside it unless they are there, and those of a
    user that only looks (root) would shut the service's user out. Where no writer has them, all is
    in the one file, and SQLite is told that it will not change.
    """
    quiet = "" if path.with_name(f"{path.name}-wal").exists() else "&immutable=1"
    connection = connect(f"{path.absolute().as_uri()}?mode=ro{quiet}", path)
    try:
        version = schema_version(connection, path)
    except StoreError:
        connection.close()
        raise
    if version < SCHEMA_VERSION:
        connection.close()
        return None
    return Store(path, connection, None)


def _is_written_to(path: Path) -> bool:
    """Whether another process holds the store's lock (see `daemon.store.lock`)."""
    try:
        with path.with_name(f"{path.name}.lock").open("rb") as lock:
            # Shared and let go at once: a writer that begins at this very moment is not held up.
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False  # none yet, or not ours to read
    return False


def _permission(path: Path) -> Finding:
    """Say whether this user may write where the store lies."""
    shut = [
        str(place)
        for place, mode in ((path.parent, os.W_OK | os.X_OK), (path, os.W_OK))
        if place.exists() and not os.access(place, mode)
    ]
    if not shut:
        return Finding(Level.OK, _KEY, "this user may write there")
    return Finding(
        Level.FAULT,
        _KEY,
        f"this user may not write to {' and '.join(shut)}; give store.path a place where the user "
        "that runs soilglint may",
    )


def _space(folder: Path) -> Finding:
    """Say how much the disk has left."""
    free_mb = shutil.disk_usage(folder).free / _MB
    text = f"{free_mb / 1000:.1f} GB free on its disk"
    if free_mb < _FULL_MB:
        return Finding(Level.FAULT, _KEY, f"{free_mb:.0f} MB free on its disk: make room")
    if free_mb < _SCARCE_MB:
        text = f"only {free_mb:.0f} MB free on its disk; a year of a station may need as much"
        return Finding(Level.NOTE, _KEY, text)
    return Finding(Level.OK, _KEY, text)
