"""The forward model: a soil moisture series becomes the files of a receiver.

A `Scenario` says where an antenna stands, over what soil, under which sky and weather.
`simulate_station` makes the files that its receiver would have written, RINEX observations and
navigation, and keeps the truth beside them; `simulate_arcs` makes arcs with the same physics and no
files. Everything from here is simulated, and says so.
"""

from retrieval.simulation.arc_series import ArcSimulation, simulate_arcs
from retrieval.simulation.scenario import SCENARIOS, Scenario, load_scenario, scenario_names
from retrieval.simulation.station_files import LABEL, Simulation, simulate_station

__all__ = [
    "LABEL",
    "SCENARIOS",
    "ArcSimulation",
    "Scenario",
    "Simulation",
    "load_scenario",
    "scenario_names",
    "simulate_arcs",
    "simulate_station",
]
