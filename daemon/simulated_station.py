"""The configuration that lets the service run on a simulated station."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from daemon.config_writer import (
    Answers,
    configuration_text,
    height_limits_m,
    write_configuration,
)
from daemon.station_facts import station_facts

if TYPE_CHECKING:
    from retrieval.simulation import Simulation

__all__ = ["write_settings"]

_DAY_S = 86_400
_SEARCHED = 1.5  # of the antenna's height, where the usual search does not reach that far


def write_settings(simulation: Simulation) -> Path:
    """Write ``soilglint.toml`` beside the files of a simulation and return its path.

    What a receiver cannot know stands in it as an operator would have put it there: position,
    antenna height, texture and the weather's file.
    """
    scenario, folder = simulation.scenario, simulation.folder
    files = sorted((folder / "inbox").iterdir())
    facts = station_facts(files[: _DAY_S // scenario.output.span_s])
    place = scenario.receiver_station()
    answers = Answers(
        name=scenario.station.name.lower(),
        position=(place.latitude_deg, place.longitude_deg, place.height_m),
        texture=scenario.soil.texture,
        antenna_height_m=scenario.station.antenna_height_m,
        heights_m=_heights_m(scenario.station.antenna_height_m),
        inbox="inbox",
        store="soilglint.sqlite",
        nav=("nav/*.rnx.gz",),
        weather="weather.csv",
    )
    config = folder / "soilglint.toml"
    write_configuration(config, configuration_text(facts, answers))
    return config


def _heights_m(antenna_height_m: float) -> tuple[float, float] | None:
    """Return the reflector heights to search for; None where the usual ones will do."""
    low_m, high_m = height_limits_m()
    wanted_m = float(math.ceil(_SEARCHED * antenna_height_m))
    return (low_m, wanted_m) if wanted_m > high_m else None
