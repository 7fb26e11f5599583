"""The store and the disk under it, looked at without leaving a trace."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from daemon.check.finding import Finding, Level
from daemon.config import Config
from daemon.errors import StoreError, StoreOutdatedError
from daemon.ingest import changed_settings
from daemon.plural import plural
from daemon.store import Store, is_held
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
    busy = is_held(path)
    try:
        store = Store.reading(path)
    except StoreOutdatedError:
        text = f"{path}: of an earlier version; the next run brings it up to date"
        return [Finding(Level.NOTE, _KEY, text)]
    except StoreError as error:
        return [Finding(Level.FAULT, _KEY, str(error))]
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
            f"{path}: version {SCHEMA_VERSION}, {plural(n_files, 'file')} and "
            f"{plural(days, 'day')} with arcs of {name}",
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
