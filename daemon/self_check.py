"""What the service finds when it looks at itself: things that somebody should see to in time."""

from __future__ import annotations

import pandas as pd

from daemon.config import Config
from daemon.store import Store
from daemon.tidying import free_mb

__all__ = ["SILENT_AFTER", "self_check"]

# Receivers write a file each hour or each day.
SILENT_AFTER = pd.Timedelta(hours=30)
_ROOM = 3.0  # times the room below which nothing is taken in


def self_check(config: Config, store: Store, now: pd.Timestamp, watch_fault: str) -> dict[str, str]:
    """Return what is amiss though the work goes on, by key of the configuration.

    Parameters
    ----------
    config : Config
        The station's configuration.
    store : Store
        Open.
    now : Timestamp
        UTC.
    watch_fault : str
        Why the inbox is not told of at once; empty when it is.
    """
    found: dict[str, str] = {}
    room, least = free_mb(config), config.store.min_free_mb
    if least <= room < _ROOM * least:
        found["store.path"] = (
            f"{room:.0f} MB free on its disk; below {least} MB (store.min_free_mb) files are no "
            "longer taken in: make room"
        )
    name = config.station.name
    last = store.last_epoch(name, name)
    if last is not None and now - last > SILENT_AFTER:
        days = (now - last) / pd.Timedelta(days=1)
        found["inbox.path"] = (
            f"the newest observation is {days:.1f} days old; see whether the receiver writes to "
            f"{config.inbox.path}, and whether its files are taken in (`soilglint status`)"
        )
    if watch_fault:
        found["inbox"] = watch_fault
    return found
