"""What all tests share: the profile of the property tests, the sample station, and a field."""

import os
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import settings

from daemon.sample import write_sample
from retrieval.simulation import Scenario

# No timed tests: a busy machine must not fail one. In CI the same examples every time, so that a
# change is judged by what it changes; elsewhere new ones, so that somebody finds what they find.
settings.register_profile("soilglint", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("soilglint")


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """Folder with a fresh copy of the sample station."""
    return write_sample(tmp_path / "sample").parent


@pytest.fixture(scope="session")
def field_scenario() -> Callable[[int], Scenario]:
    """Factory of the scenario of a field that six satellites are heard on for n days."""
    heard = ("G01", "G05", "G09", "G14", "G20", "G27")

    def make(days: int) -> Scenario:
        absent = tuple(name for n in range(1, 33) if (name := f"G{n:02d}") not in heard)
        return Scenario.model_validate(
            {
                "title": "a field",
                "seed": 3,
                "station": {
                    "name": "fild",
                    "latitude_deg": 48.25,
                    "longitude_deg": 16.75,
                    "height_m": 200.0,
                    "antenna_height_m": 1.8,
                },
                "time": {"start": date(2024, 5, 1), "days": days, "interval_s": 30.0},
                "sky": {"constellations": "G"},
                "signal": ({"code": "GS2L"},),
                "receiver": {"absent_satellites": absent},
            }
        )

    return make
