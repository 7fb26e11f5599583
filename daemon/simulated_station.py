"""The configuration that lets the service run on a simulated station."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from daemon.config_writer import Answers, configuration_text, write_configuration
from daemon.station_facts import station_facts

if TYPE_CHECKING:
    from retrieval.simulation import Simulation

__all__ = ["write_settings"]

_DAY_S = 86_400


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
        inbox="inbox",
        store="soilglint.sqlite",
        nav=("nav/*.rnx.gz",),
        weather="weather.csv",
    )
    config = folder / "soilglint.toml"
    write_configuration(config, configuration_text(facts, answers))
    return config
