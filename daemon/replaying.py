"""Sending again what the store holds."""

from __future__ import annotations

import pandas as pd

from daemon.config import Config
from daemon.store import Store

__all__ = ["replay_estimates"]


def replay_estimates(config: Config, since: pd.Timestamp, until: pd.Timestamp | None = None) -> int:
    """Put the estimates of a span at the end of the queue of every sink; return their number.

    The service, which may be running, sends them at its next look at the queue. Each takes the
    place of itself wherever it was received before, and an older one is never retained by a broker
    in the place of a newer one.

    Parameters
    ----------
    config : Config
        The station's configuration.
    since, until : Timestamp
        UTC, both included; `until` is the last one's by default.

    Raises
    ------
    NotThereError
        There is no store yet.
    StoreError
        It cannot be used.
    """
    with Store.asking(config.store.path) as store, store.transaction():
        keys = store.estimate_rows(config.station.name, since, until)
        store.queue_estimates(keys, pd.Timestamp.now(tz="UTC"))
    return len(keys)
