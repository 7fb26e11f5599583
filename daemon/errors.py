"""Errors of the service and the command line.

The tree::

    DaemonError
    ├── ConfigError            the configuration file is not what it should be
    │   ├── ModelError             a model's folder cannot be used at this station
    │   └── SettingsChangedError   the store's arcs were made with other settings
    ├── UsageError             a command was given what it cannot use
    ├── WeatherError           the weather file is not what it should be
    ├── BusyError              another process is at the same work
    ├── DemoError              the demonstration did not come to its end
    ├── NotThereError          a file or store that a command needs does not exist
    ├── OrbitFetchError        an orbit file could not be fetched
    ├── OutputError            a result cannot be written where it was asked for
    └── StoreError             the store cannot be used
        ├── StoreBusyError     another process writes to it
        └── StoreVersionError  it was written by a newer soilglint
            └── StoreOutdatedError   ... by an older one; the next run brings it up to date

Each message says what was expected, what was found and where, and what to do about it.
"""

__all__ = [
    "BusyError",
    "ConfigError",
    "DaemonError",
    "DemoError",
    "ModelError",
    "NotThereError",
    "OrbitFetchError",
    "OutputError",
    "SettingsChangedError",
    "StoreBusyError",
    "StoreError",
    "StoreOutdatedError",
    "StoreVersionError",
    "UsageError",
    "WeatherError",
]


class DaemonError(Exception):
    """Base of every error raised on purpose by ``daemon``."""


class ConfigError(DaemonError):
    """The configuration file is not what it should be."""


class ModelError(ConfigError):
    """A model's folder, or the account of the shelf, cannot be used at this station.

    Parameters
    ----------
    message : str
        What is wrong, and what to do.
    key : str
        Of the configuration, that it is about.
    """

    def __init__(self, message: str, key: str = "model.path") -> None:
        super().__init__(message)
        self.key = key


class SettingsChangedError(ConfigError):
    """The store's arcs were made with other settings."""


class OutputError(DaemonError):
    """A result cannot be written where it was asked for."""


class UsageError(DaemonError):
    """A command was given what it cannot use."""


class BusyError(DaemonError):
    """Another process is at the same work."""


class DemoError(DaemonError):
    """The demonstration did not come to its end."""


class NotThereError(DaemonError):
    """A file or a store that a command needs does not exist."""


class OrbitFetchError(DaemonError):
    """An orbit file could not be fetched; it is tried again later."""


class WeatherError(DaemonError):
    """The weather file is not what it should be."""


class StoreError(DaemonError):
    """The store cannot be used."""


class StoreBusyError(StoreError):
    """Another process is writing to the store."""


class StoreVersionError(StoreError):
    """The store was written by another version of soilglint, as a rule a newer one."""


class StoreOutdatedError(StoreVersionError):
    """The store was written by an older soilglint and is yet to be brought up to date."""
