"""A small scenario that the tests of the forward model change as they need."""

import copy
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from retrieval.simulation import Scenario

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
