"""How the service's log is written: one line an event, for the journal or as JSON.

Under systemd each line begins with its level as the journal reads it (``<4>``), and bears no time,
which the journal adds. Elsewhere it begins with the time, UTC.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from typing import TextIO

__all__ = ["start_logging"]

# syslog's numbers, which the journal reads.
_PRIORITY = {"DEBUG": 7, "INFO": 6, "WARNING": 4, "ERROR": 3, "CRITICAL": 2}


def start_logging(*, as_json: bool = False, debug: bool = False, to: TextIO | None = None) -> None:
    """Let the log of this process go to standard error, or to another stream."""
    handler = logging.StreamHandler(to or sys.stderr)
    journal = "JOURNAL_STREAM" in os.environ
    handler.setFormatter(_Json() if as_json else _Journal() if journal else _Plain())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.DEBUG if debug else logging.INFO)
    for name in ("watchdog", "paho"):
        logging.getLogger(name).setLevel(logging.ERROR)


def _one_line(record: logging.LogRecord) -> str:
    """Return message and traceback in one line."""
    text = record.getMessage()
    if record.exc_info:
        text += " | " + logging.Formatter().formatException(record.exc_info)
    return text.replace("\n", " | ")


def _time(record: logging.LogRecord) -> str:
    """Return when it happened, UTC."""
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
    return f"{whole}.{int(record.msecs):03d}Z"


class _Plain(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return f"{_time(record)} {record.levelname.lower():<7} {_one_line(record)}"


class _Journal(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return f"<{_PRIORITY.get(record.levelname, 6)}>{_one_line(record)}"


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(
            {
                "time": _time(record),
                "level": record.levelname.lower(),
                "logger": record.name,
                "message": _one_line(record),
            }
        )
