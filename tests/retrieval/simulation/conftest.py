"""A small scenario, ground and series that the tests of the forward model change as they need."""

import copy
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from retrieval.simulation import Scenario
from retrieval.simulation.ground.series import GroundSeries

_SMALL = {
    "title": "a bare field in Colorado",
    "seed": 3,
    "station": {
        "name": "demo",
        "latitude_deg": 40.0,
        "longitude_deg": -105.0,
        "height_m": 1600.0,
        "antenna_height_m": 1.8,
    },
    "time": {"start": date(2024, 5, 14), "days": 1, "interval_s": 30.0},
    "sky": {"constellations": "G"},
    "signal": ({"code": "GS2L"},),
}


@pytest.fixture(scope="session")
def small() -> Callable[..., Scenario]:
    """Return a function that makes the scenario, with keys of its sections replaced."""

    def make(**changes: Any) -> Scenario:
        content = copy.deepcopy(_SMALL)
        for name, value in changes.items():
            old = content.get(name)
            both = isinstance(old, dict) and isinstance(value, dict)
            content[name] = {**old, **value} if both else value
        return Scenario.model_validate(content)

    return make


@pytest.fixture(scope="session")
def ground() -> Callable[..., GroundSeries]:
    """Return a function that makes hourly ground, bare and mild but for the columns given."""

    def make(start: str = "2024-05-14", **columns: Any) -> GroundSeries:
        given = {name: np.atleast_1d(np.asarray(value)) for name, value in columns.items()}
        hours = max((len(value) for value in given.values()), default=1)
        usual = {
            "moisture": 0.2,
            "deep_moisture": 0.2,
            "interpolated": False,
            "temperature_c": 15.0,
            "rain_mm": 0.0,
            "frozen": 0.0,
            "snow_depth_m": 0.0,
            "vegetation_water_kg_m2": 0.0,
            "vegetation_height_m": 0.0,
        }
        time = np.datetime64(start, "ns") + np.arange(hours) * np.timedelta64(1, "h")
        full = {name: np.full(hours, value) for name, value in usual.items()}
        spread = {name: np.broadcast_to(value, hours) for name, value in given.items()}
        return GroundSeries(time, **{**full, **spread})

    return make


@pytest.fixture
def series_csv(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes columns against time into a CSV file."""

    def write(start: str, step: str, name: str = "series.csv", **columns: Any) -> Path:
        count = len(next(iter(columns.values())))
        time = np.datetime64(start, "s") + np.arange(count) * np.timedelta64(pd.Timedelta(step))
        table = pd.DataFrame({"time": [f"{str(one)[:19]}Z" for one in time], **columns})
        path = tmp_path / name
        table.to_csv(path, index=False)
        return path

    return write
