"""The station of the demonstration on disk: its season, the week to come, its settings."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from daemon.files import written_whole
from retrieval.simulation import Scenario, load_scenario, simulate_station

__all__ = ["SEASON_DAYS", "DemoStation", "make_station", "use_model"]

SCENARIO = Path(__file__).parent / "demo.toml"
SEASON_DAYS = 104
_DAY = np.timedelta64(1, "D")
_WEATHER, _REFERENCE = "weather.csv", "reference.csv"
_MODEL_LINE = '# path = "model"'

_SETTINGS = """\
# The settings of a simulated station: nothing here was measured.
[station]
name = "demo"
latitude_deg = {station.latitude_deg}
longitude_deg = {station.longitude_deg}
height_m = {station.height_m}
antenna_height_m = {station.antenna_height_m}

[inbox]
path = "inbox"
settle_s = 0

[orbits]
nav = ["nav/*.rnx.gz"]

[soil]
texture = "{soil.texture}"

[weather]
path = "weather.csv"

[model]
{model}

[store]
path = "store.sqlite"

[export]
path = "export"
format = "csv"
"""


@dataclass(frozen=True)
class DemoStation:
    """The station's files.

    Attributes
    ----------
    folder : Path
        Of its settings, inbox, store and export.
    config : Path
        The settings.
    reference : Path
        Soil moisture of the season, as a probe would have measured it.
    coming : tuple of Path
        Hourly files that the receiver has yet to write, in order of time.
    start : Timestamp
        Of the first of them, UTC.
    truth : Series
        Soil moisture of season and week by the hour (UTC), m3 m-3: what the receiver does not know.
    season_files : int
        Files of the season, in the inbox.
    """

    folder: Path
    config: Path
    reference: Path
    coming: tuple[Path, ...]
    start: pd.Timestamp
    truth: pd.Series[float]
    season_files: int


def make_station(folder: Path, days: int) -> DemoStation:
    """Simulate the season, whose daily files lie in the inbox, and the days that follow it.

    Parameters
    ----------
    folder : Path
        Holds none of this yet.
    days : int
        How many follow.
    """
    workers = min(os.cpu_count() or 1, 8)
    season, week = (_scenario(days, span) for span in ("day", "hour"))
    turn = season.start + SEASON_DAYS * _DAY
    past = simulate_station(season, folder / "season", workers, part=(season.start, turn))
    later = simulate_station(week, folder / "receiver", workers, part=(turn, season.end))
    for name in ("inbox", "nav", _WEATHER, _REFERENCE):
        (past.folder / name).rename(folder / name)
    for path in sorted((later.folder / "nav").iterdir()):
        path.rename(folder / "nav" / path.name)
    parts = [pd.read_parquet(one.folder / "truth" / "ground.parquet") for one in (past, later)]
    # The weather station beside it knows the days to come as little as the receiver, but frost of
    # May is none of the things that this shows.
    _append_weather(folder / _WEATHER, later.folder / _WEATHER)
    config = folder / "soilglint.toml"
    text = _SETTINGS.format(station=season.station, soil=season.soil, model=_MODEL_LINE)
    config.write_text(text, encoding="utf-8")
    return DemoStation(
        folder,
        config,
        folder / _REFERENCE,
        tuple(sorted((later.folder / "inbox").iterdir())),
        pd.Timestamp(turn).tz_localize("UTC"),
        pd.concat(parts).set_index("time")["vwc"],
        past.observations,
    )


def use_model(station: DemoStation) -> None:
    """Let the settings name the model in the folder ``model`` beside them."""
    text = station.config.read_text(encoding="utf-8")
    with written_whole(station.config) as partial:
        partial.write_text(text.replace(_MODEL_LINE, _MODEL_LINE[2:]), encoding="utf-8")


def _scenario(days: int, span: str) -> Scenario:
    return load_scenario(SCENARIO, time={"days": SEASON_DAYS + days}, output={"span": span})


def _append_weather(path: Path, more: Path) -> None:
    """Put the rows of a later weather file behind those of an earlier one."""
    rows = [line for line in more.read_text().splitlines(keepends=True) if line[:1].isdigit()]
    with path.open("a") as file:
        file.writelines(rows)
