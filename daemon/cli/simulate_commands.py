"""Simulation: the files of a receiver, arcs without files, and the scenarios that ship."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from daemon.cli.program import app, show
from daemon.cli.shared import check_table, write_table
from daemon.errors import UsageError
from daemon.plural import plural

if TYPE_CHECKING:
    from retrieval.simulation import Scenario, Simulation

__all__ = ["arcs", "scenarios", "station"]

LABEL = "SIMULATED: no receiver and no satellite made these numbers"

_Scenario = Annotated[
    str,
    typer.Option(
        metavar="FILE|NAME",
        help="A scenario file, or the name of one that ships with soilglint (`soilglint simulate "
        "scenarios` lists them).",
    ),
]
_Series = Annotated[
    Path | None,
    typer.Option(
        readable=False,
        metavar="FILE",
        help="Soil moisture to simulate, in the place of moisture.path: CSV with time (UTC) and "
        "vwc, or PBO H2O, whose weather is taken too.",
    ),
]
_Days = Annotated[int | None, typer.Option(help="In the place of time.days.")]
_Seed = Annotated[int | None, typer.Option(help="In the place of seed.")]

simulate_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.add_typer(simulate_app, name="simulate", help="Simulate a station; every number is made.")


@simulate_app.callback()
def _simulate() -> None:
    """Simulate a station; every number is made."""


@simulate_app.command(
    epilog="Example: soilglint simulate station --scenario p041-2012 --out p041 --workers 2"
)
def station(
    scenario: _Scenario,
    out: Annotated[
        Path, typer.Option(readable=False, metavar="DIR", help="Folder to write, new or empty.")
    ],
    series: _Series = None,
    days: _Days = None,
    seed: _Seed = None,
    workers: Annotated[
        int | None, typer.Option(help="Processes. Default: one per core.", min=1, max=256)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Report as JSON.")] = False,
) -> None:
    """Turn a scenario into the files of a receiver: RINEX, navigation, settings, and the truth."""
    chosen = _chosen(scenario, series, days, seed)
    processes = min(workers or os.cpu_count() or 1, chosen.time.days)

    from daemon.simulated_station import write_settings
    from retrieval.simulation import simulate_station

    with _progress(chosen.time.days, "days") as on_day:
        simulation = simulate_station(chosen, out, processes, on_day)
    config = write_settings(simulation)
    report = {
        "label": LABEL,
        "folder": str(simulation.folder),
        "config": str(config),
        "mode": chosen.response.mode,
        "seed": chosen.seed,
        "days": chosen.time.days,
        "observation_files": simulation.observations,
        "navigation_files": simulation.navigation,
        "snr_values": simulation.snr_values,
    }
    show(json.dumps(report, indent=2) if as_json else _told(chosen, simulation, config))


@simulate_app.command(
    epilog="Example: soilglint simulate arcs --scenario p041-2012 --out arcs.parquet"
)
def arcs(
    scenario: _Scenario,
    out: Annotated[
        Path, typer.Option(readable=False, help="Arc table to write: .parquet or .csv.")
    ],
    truth: Annotated[
        Path | None,
        typer.Option(readable=False, help="Truth of each arc, likewise. Default: none."),
    ] = None,
    series: _Series = None,
    days: _Days = None,
    seed: _Seed = None,
) -> None:
    """Simulate arcs with their phases and noise, and no files: a season in seconds."""
    for table in (out, truth):
        if table is not None:
            check_table(table, [])
    if truth is not None and truth.absolute() == out.absolute():
        raise UsageError(f"--truth {truth}: is the file of --out; name another")
    chosen = _chosen(scenario, series, days, seed)

    from retrieval.simulation import simulate_arcs

    with _progress(chosen.time.days, "days") as on_day:
        simulation = simulate_arcs(chosen, on_day=on_day)
    write_table(simulation.arcs, out)
    if truth is not None:
        write_table(simulation.truth, truth)
    show(
        f"{LABEL}\n"
        f"arcs      {len(simulation.arcs)} in {plural(chosen.time.days, 'day')}, "
        f"{chosen.response.mode} response, seed {chosen.seed}\n"
        f"written   {out}" + (f"\n          {truth}" if truth is not None else "")
    )


@simulate_app.command(epilog="Example: soilglint simulate scenarios")
def scenarios(
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """List the scenarios that ship with soilglint."""
    from retrieval.simulation import SCENARIOS, load_scenario, scenario_names

    listed = [
        {
            "name": name,
            "title": load_scenario(name).title,
            "path": str(SCENARIOS / f"{name}.toml"),
        }
        for name in scenario_names()
    ]
    if as_json:
        show(json.dumps(listed, indent=2))
        return
    width = max(len(one["name"]) for one in listed)
    show("\n".join(f"{one['name']:<{width}}  {one['title']}" for one in listed))
    show(f"files: {SCENARIOS}")


def _chosen(scenario: str, series: Path | None, days: int | None, seed: int | None) -> Scenario:
    """Read a scenario, and put what the command line says in the place of what it says."""
    from retrieval.simulation import load_scenario

    changes: dict[str, Any] = {}
    if series is not None:
        changes["moisture"] = {"path": series.absolute()}
    if days is not None:
        changes["time"] = {"days": days}
    if seed is not None:
        changes["seed"] = seed
    return load_scenario(scenario, **changes)


@contextmanager
def _progress(count: int, what: str) -> Iterator[Callable[[int], None]]:
    """Show a bar on a terminal, and nothing elsewhere."""
    with typer.progressbar(
        length=count,
        label=what,
        show_pos=True,
        file=sys.stderr,
        hidden=not sys.stderr.isatty(),
    ) as bar:
        yield lambda done: bar.update(done - bar.pos)


def _told(scenario: Scenario, simulation: Simulation, config: Path) -> str:
    """Say what was made, and what comes next."""
    folder, quoted = simulation.folder, shlex.quote(str(config))
    return "\n".join(
        [
            LABEL,
            f"scenario  {scenario.title}",
            f"station   {scenario.station.name}, {plural(scenario.time.days, 'day')} from "
            f"{scenario.time.start}, {scenario.response.mode} response, seed {scenario.seed}",
            f"inbox     {plural(simulation.observations, 'observation file')}, "
            f"{simulation.snr_values} SNR values",
            f"nav       {plural(simulation.navigation, 'navigation file')}",
            f"truth     {folder / 'truth'}, moisture also in {folder / 'reference.csv'}",
            f"written   {folder}",
            "next",
            f"  soilglint run --config {quoted} --once",
        ]
    )
