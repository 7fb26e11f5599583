"""Exit codes of every command, in one table."""

from __future__ import annotations

from enum import IntEnum

from daemon.errors import BusyError, ConfigError, DaemonError, StoreBusyError, UsageError
from retrieval.errors import RetrievalError

__all__ = ["BROKEN_PIPE", "INTERRUPTED", "TERMINATED", "ExitCode", "exit_code"]

# What shells say of a program that Ctrl-C (128 + SIGINT), SIGPIPE or SIGTERM ended.
INTERRUPTED = 130
BROKEN_PIPE = 141
TERMINATED = 143


class ExitCode(IntEnum):
    """What a command's exit status means."""

    OK = 0
    USAGE = 2
    BAD_INPUT = 3
    UNREACHABLE = 4
    INTERNAL = 5


# The first class that fits decides, so narrower ones stand first.
_CODE_OF_ERROR: tuple[tuple[type[Exception], ExitCode], ...] = (
    (UsageError, ExitCode.USAGE),
    (ConfigError, ExitCode.BAD_INPUT),
    (StoreBusyError, ExitCode.UNREACHABLE),
    (BusyError, ExitCode.UNREACHABLE),
    (DaemonError, ExitCode.BAD_INPUT),
    (RetrievalError, ExitCode.BAD_INPUT),
    # The computer's own refusals: no such file, no permission, disk full.
    (OSError, ExitCode.BAD_INPUT),
)


def exit_code(error: Exception) -> ExitCode:
    """Return the exit code of an error; one that nobody expected is internal.

    Examples
    --------
    >>> from retrieval.errors import NoNavigationError
    >>> exit_code(NoNavigationError("no ephemeris")), exit_code(KeyError("x"))
    (<ExitCode.BAD_INPUT: 3>, <ExitCode.INTERNAL: 5>)
    """
    for kind, code in _CODE_OF_ERROR:
        if isinstance(error, kind):
            return code
    return ExitCode.INTERNAL
