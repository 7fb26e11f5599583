"""What lies under a path that is no file to read: opening a pipe would wait for ever."""

from __future__ import annotations

import stat
from pathlib import Path

__all__ = ["special_kind"]

_KINDS = (
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def special_kind(path: Path) -> str:
    """Say what a path is when it must not be opened, such as a pipe; links are followed.

    Empty for files and folders, and for what cannot be looked at: opening it tells what is wrong.

    Examples
    --------
    >>> special_kind(Path("/dev/null")), special_kind(Path("no such file"))
    ('a device', '')
    """
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return ""
    return next((kind for is_kind, kind in _KINDS if is_kind(mode)), "")
