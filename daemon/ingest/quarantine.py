"""Files that cannot be used leave the inbox, where the configuration asks for it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from daemon.files import written_whole
from daemon.inbox import FoundFile, is_unchanged, stored_name
from daemon.ingest.account import Account
from daemon.store import FileRecord, FileState
from daemon.utc import utc_text

__all__ = ["REASON_ENDING", "put_in_quarantine"]

REASON_ENDING = ".reason.txt"

# So long nobody may have written to a file: an upload that has paused must not lose its beginning.
_REST_S = 600.0
_STATES = (FileState.UNREADABLE, FileState.OTHER_STATION)


def put_in_quarantine(
    folder: Path,
    found: Sequence[FoundFile],
    files: Account,
    now: pd.Timestamp,
    rests_s: Callable[[str], float],
) -> str:
    """Move files that cannot be used to a folder, each with its reason beside it.

    These are the unreadable ones and those of another station, once nobody has written to them for
    ten minutes. A file that has gone meanwhile, or has changed, is let alone.

    Parameters
    ----------
    folder : Path
        Made where it is missing.
    found : sequence of FoundFile
        The files of the inbox.
    files : Account
        Gets the records of what has been moved.
    now : Timestamp
        UTC.
    rests_s : callable
        Tells by name for how many seconds nobody has written to a file.

    Returns
    -------
    str
        What could not be done; empty if nothing.
    """
    failed: list[str] = []
    fault = ""
    for one in found:
        record = files.known.get(one.name)
        if record is None or record.sha256 != one.sha256 or record.state not in _STATES:
            continue
        if rests_s(one.name) < _REST_S:
            continue
        try:
            folder.mkdir(exist_ok=True)
            target = _free_name(folder, one)
            if not is_unchanged(one):
                continue
            _write_reason(target, record, now)
            _move(one.path, target)
        except FileNotFoundError:
            if folder.is_dir():
                continue  # somebody else has taken it away
            failed.append(one.name)
            fault = f"there is no folder {folder.parent}"
            continue
        except OSError as error:
            failed.append(one.name)
            fault = error.strerror or str(error)
            continue
        lies = stored_name(str(target))
        reason = f"{record.reason}; moved to {lies}: put it back into the inbox to try it again"
        files.note([replace(record, state=FileState.QUARANTINED, reason=reason)])
    if not failed:
        return ""
    more = f" and {len(failed) - 1} more" if len(failed) > 1 else ""
    return (
        f"{failed[0]}{more} cannot be moved to {folder} ({fault}); they stay in the inbox: let "
        "this user write to both folders, or name another one"
    )


def _free_name(folder: Path, found: FoundFile) -> Path:
    """Return where a file can lie so that neither it nor its reason overwrites another."""
    names = [found.path.name, f"{found.path.name}.{found.sha256[:8]}"]
    number = 1
    while True:
        target = folder / names.pop(0)
        reason = target.with_name(target.name + REASON_ENDING)
        if not any(place.exists() or place.is_symlink() for place in (target, reason)):
            return target
        if not names:
            number += 1
            names.append(f"{found.path.name}.{found.sha256[:8]}.{number}")


def _write_reason(target: Path, record: FileRecord, now: pd.Timestamp) -> None:
    """Write what is wrong with a file beside it."""
    state = record.state.value.replace("_", " ")
    text = (
        f"file: {record.path}\n"
        f"what: {state}\n"
        f"where: {record.reason}\n"
        f"kind: {record.kind}, {record.size} bytes\n"
        f"sha256: {record.sha256}\n"
        f"when: {utc_text(now, 's')}\n"
        "remedy: put right what is said above, then move the file (without this note) back into "
        "the inbox: it is tried again\n"
    )
    with written_whole(target.with_name(target.name + REASON_ENDING)) as partial:
        partial.write_text(text, encoding="utf-8")


def _move(path: Path, target: Path) -> None:
    """Move a file, also to another disk; of a link, where it leads stays where it is."""
    if path.is_symlink():
        target.symlink_to(path.resolve())
        path.unlink()
        return
    try:
        path.rename(target)
    except OSError:
        with written_whole(target) as partial:
            shutil.copyfile(path, partial)
        path.unlink()
