"""What becomes of a name whose content changes."""

from __future__ import annotations

from daemon.store import FileRecord

__all__ = ["put_aside_name", "replaces"]


def replaces(record: FileRecord, before: FileRecord) -> bool:
    """Whether new content of a path stands for the old: it has grown, or was corrected.

    Otherwise the name is used again (``latest.rnx``) and the old content stays what it was.
    """
    if record.first_time is None or record.last_time is None:
        return False
    if before.first_time is None or before.last_time is None:
        return True
    return record.first_time <= before.first_time and before.last_time <= record.last_time


def put_aside_name(record: FileRecord) -> str:
    """Return what the record of a file is called once its path holds another file."""
    return f"{record.path}.{record.sha256[:8]}"
