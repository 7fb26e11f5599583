"""Errors that a caller of ``retrieval`` can meet.

The tree::

    RetrievalError
    ├── InputError               a file or an argument is not what it should be
    │   ├── TooFewRowsError      a record is too short for what is asked of it
    │   ├── UnreadableFileError  the file cannot be opened, decompressed or parsed
    │   ├── NoSnrError           the file is readable but carries no SNR observable
    │   ├── UnknownSignalError   a signal selection names nothing that exists
    │   └── PositionMissingError no station position is given or found
    ├── NoNavigationError        no ephemeris covers the observations
    └── WorkerLostError          a process that shared the work was ended from outside

Each message says what was expected, what was found and where, and what to do about it.
"""

__all__ = [
    "InputError",
    "NoNavigationError",
    "NoSnrError",
    "PositionMissingError",
    "RetrievalError",
    "TooFewRowsError",
    "UnknownSignalError",
    "UnreadableFileError",
    "WorkerLostError",
]


class RetrievalError(Exception):
    """Base of every error raised on purpose by ``retrieval``."""


class InputError(RetrievalError):
    """A file or an argument is not what it should be."""


class TooFewRowsError(InputError):
    """A record is too short for what is asked of it."""


class UnreadableFileError(InputError):
    """A file cannot be opened, decompressed or parsed.

    Parameters
    ----------
    path : str
        The file.
    problem : str
        What was expected, what was found, and what to do.
    line : int, optional
        Line of the decompressed text, counted from 1.
    """

    def __init__(self, path: str, problem: str, line: int | None = None) -> None:
        where = path if line is None else f"{path}, line {line}"
        super().__init__(f"{where}: {problem}")
        self.path = path
        self.problem = problem
        self.line = line


class NoSnrError(InputError):
    """A file is readable but carries no SNR observable."""


class UnknownSignalError(InputError):
    """A signal selection names nothing that exists."""


class PositionMissingError(InputError):
    """No station position is given or found in a file."""


class NoNavigationError(RetrievalError):
    """No ephemeris covers the observations."""


class WorkerLostError(RetrievalError):
    """A process that shared the work was ended from outside."""
