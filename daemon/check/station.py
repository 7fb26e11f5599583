"""The whole check, from the settings to the disk."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from daemon.check.finding import Finding, Level
from daemon.check.inbox import inbox_findings
from daemon.check.model import model_findings
from daemon.check.newest import newest_findings, newest_observation
from daemon.check.orbits import orbit_findings
from daemon.check.settings import schedule_findings, settings_findings, weather_findings
from daemon.check.sinks import sink_findings
from daemon.check.store import store_findings
from daemon.config import Config
from daemon.errors import ConfigError
from daemon.inbox import find_files
from daemon.utc import utc_text

__all__ = ["check_station"]

# Before soilglint was; a computer without a battery for its clock wakes up in 1970 or 2000.
_EARLIEST = pd.Timestamp("2024-01-01", tz="UTC")


def check_station(config: Config, now: pd.Timestamp | None = None) -> list[Finding]:
    """Look over a configuration and all it names, without changing anything.

    Parameters
    ----------
    config : Config
        The station's configuration.
    now : Timestamp, optional
        UTC; the computer's clock by default.

    Returns
    -------
    list of Finding
        All of them, whatever the first ones say.
    """
    now = now or pd.Timestamp.now(tz="UTC")
    try:
        files = find_files(config.inbox.path, config.inbox.patterns, config.own_files())
    except (ConfigError, OSError):
        files = []  # `inbox_findings` says why
    newest = newest_observation(files, config, now)
    return [
        *settings_findings(config),
        *_looked("model.path", lambda: model_findings(config)),
        *_looked("inbox.path", lambda: inbox_findings(config, files)),
        *newest_findings(newest, config, now),
        *_looked("orbits", lambda: orbit_findings(config, files, newest, now)),
        *_looked("store.path", lambda: store_findings(config)),
        *weather_findings(config),
        *schedule_findings(config),
        _clock(now),
        *_looked("sinks", lambda: sink_findings(config)),
    ]


def _looked(key: str, look: Callable[[], list[Finding]]) -> list[Finding]:
    """Look; where the computer refuses, that is the finding, and the others are told all the same.

    Such as a folder above that this user may not enter.
    """
    try:
        return look()
    except OSError as error:
        text = f"{error.filename or key}: {error.strerror}; let the user that runs soilglint in"
        return [Finding(Level.FAULT, key, text)]


def _clock(now: pd.Timestamp) -> Finding:
    """Judge the computer's clock by itself; files from the future are told with the file."""
    text = f"{utc_text(now, 's')} by this computer"
    if now >= _EARLIEST:
        return Finding(Level.OK, "clock", text)
    return Finding(
        Level.FAULT,
        "clock",
        f"{text}, which cannot be: set it (timedatectl), or every file counts as from the future",
    )
