"""Errors of the service and the command line.

The tree::

    DaemonError
    ├── ConfigError            the configuration file is not what it should be
    ├── UsageError             a command was given what it cannot use
    ├── NotThereError          a file or store that a command needs does not exist
    └── StoreError             the store cannot be used
        ├── StoreBusyError     another process writes to it
        └── StoreVersionError  it was written by a newer soilglint

Each message says what was expected, what was found and where, and what to do about it.
"""

__all__ = [
    "ConfigError",
    "DaemonError",
    "NotThereError",
    "StoreBusyError",
    "StoreError",
    "StoreVersionError",
    "UsageError",
]


class DaemonError(Exception):
    """Base of every error raised on purpose by ``daemon``."""


class ConfigError(DaemonError):
    """The configuration file is not what it should be."""


class UsageError(DaemonError):
    """A command was given what it cannot use."""


class NotThereError(DaemonError):
    """A file or a store that a command needs does not exist."""


class StoreError(DaemonError):
    """The store cannot be used."""


class StoreBusyError(StoreError):
    """Another process is writing to the store."""


class StoreVersionError(StoreError):
    """The store was written by a newer soilglint."""
