"""New rows of the weather file -> the store."""

from __future__ import annotations

import numpy as np
import pandas as pd

from daemon.config import Config
from daemon.errors import WeatherError
from daemon.horizon import OPEN
from daemon.ingest.report import IngestReport
from daemon.store import Store
from daemon.weather import read_weather

__all__ = ["ingest_weather"]

_KEY = "weather.path"
_MEASURED = ["temperature_c", "rain_mm"]


def ingest_weather(config: Config, store: Store, report: IngestReport) -> None:
    """Take what is new or corrected in the weather file into the store.

    Rows that the file no longer has stay in the store: loggers begin new files. A file that cannot
    be read is told as a problem of its key and stops nothing.

    Parameters
    ----------
    config : Config
        The station's configuration.
    store : Store
        Open for writing.
    report : IngestReport
        Gets the number of rows, and the problem if there is one.
    """
    if config.weather is None:
        return
    try:
        weather = read_weather(config.weather.path)
    except WeatherError as error:
        report.problems[_KEY] = f"{error}; the weather of before is used"
        return
    name = config.station.name
    fresh = _fresh(weather, store.weather(name))
    if fresh.empty:
        return
    since, last = fresh["time"].min(), store.last_epoch(name, name)
    with store.transaction():
        store.put_weather(name, fresh)
        store.put_estimates_due(name, since if last is None else max(since, last - OPEN))
    report.weather_new = len(fresh)


def _fresh(weather: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that the store has not, or has otherwise."""
    rows = weather.assign(time=weather["time"].dt.floor("ms"))  # as the store keeps it
    rows = rows.drop_duplicates("time", keep="last", ignore_index=True)
    both = rows.merge(known, on="time", how="left", suffixes=("", "_known"), indicator=True)
    same = (both["_merge"] == "both").to_numpy(copy=True)
    for column in _MEASURED:
        new, old = both[column].to_numpy(), both[f"{column}_known"].to_numpy()
        same &= (new == old) | (np.isnan(new) & np.isnan(old))
    return rows[~same].reset_index(drop=True)
