"""Clearing up after finished files, where the configuration asks for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pandas as pd

from daemon.inbox import FoundFile, is_unchanged, tidy
from daemon.intake import ORBIT_KINDS
from daemon.sections import InboxSection
from daemon.store import FileRecord, FileState
from daemon.utc import parse_utc

__all__ = ["tidy_up"]

# A file that lacks ephemerides stays for so long after its end, for navigation that has them.
_LATE_NAVIGATION = pd.Timedelta(days=2)


def tidy_up(
    inbox: InboxSection,
    found: Sequence[FoundFile],
    known: Mapping[str, FileRecord],
    now: pd.Timestamp,
    rests_s: Callable[[str], float],
) -> str:
    """Move or delete finished files and copies of such; return what could not be done.

    A file is let alone while it may still be written to: it ends early, nobody has written to it
    for less than ``inbox.settle_s`` (`rests_s` tells by name for how long), or it has changed since
    it was read.
    """
    if inbox.keep == "leave":
        return ""
    done = {record.sha256 for record in known.values() if _is_done(record, now)}
    failed: list[str] = []
    fault = ""
    for one in found:
        if one.sha256 not in done:
            continue
        try:
            if rests_s(one.name) >= inbox.settle_s and is_unchanged(one):
                tidy(one, inbox.path, inbox.keep)
        except FileNotFoundError:
            continue  # somebody else has taken it away
        except OSError as error:
            failed.append(one.name)
            fault = error.strerror or str(error)
    if not failed:
        return ""
    more = f" and {len(failed) - 1} more" if len(failed) > 1 else ""
    return (
        f'"{inbox.keep}" failed for {failed[0]}{more} ({fault}); they are ingested and stay where '
        f"they are: let this user write to the folder {inbox.path}, or set inbox.keep "
        '= "leave"'
    )


def _is_done(record: FileRecord, now: pd.Timestamp) -> bool:
    """Whether nothing more is wanted of an observation file."""
    if record.state != FileState.INGESTED or record.kind in ORBIT_KINDS or record.cut:
        return False
    if not record.satellites or record.last_time is None:
        return True
    return bool(parse_utc([record.last_time])[0] + _LATE_NAVIGATION < now)
