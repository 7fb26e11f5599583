"""Setting up a station: `config init` writes its configuration, `check` looks it over."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from daemon.cli.arc_options import check_position, signal_names
from daemon.cli.program import app, show
from daemon.cli.questions import Questions
from daemon.cli.shared import DEFAULT_CONFIG, ConfigOption, load
from daemon.errors import OutputError
from daemon.exit_codes import ExitCode
from daemon.files import check_target
from daemon.plural import plural

if TYPE_CHECKING:
    from daemon.config_writer import Answers
    from daemon.station_facts import StationFacts

__all__ = ["check", "init"]


config_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.add_typer(config_app, name="config", help="Write a station's configuration.")


@config_app.callback()
def _config() -> None:
    """Write a station's configuration."""


@config_app.command(
    epilog="Example: soilglint config init ESBC00DNK_R_20201770000_01D_30S_MO.crx.gz "
    '--texture "clay loam" --inbox inbox --yes'
)
def init(
    files: Annotated[
        list[Path],
        typer.Argument(
            readable=False,
            metavar="FILE...",
            help="Observation files of the receiver, best of a whole day; position, signals and "
            "receiver are taken from them.",
        ),
    ],
    out: Annotated[Path, typer.Option(readable=False, help="The file to write.")] = DEFAULT_CONFIG,
    name: Annotated[
        str | None, typer.Option(help="Of the station. Default: from the marker.")
    ] = None,
    texture: Annotated[
        str | None, typer.Option(help='USDA class of the soil, such as "clay loam".')
    ] = None,
    antenna_height: Annotated[
        float | None, typer.Option(metavar="M", help="Antenna above the ground, metres.")
    ] = None,
    inbox: Annotated[
        str | None,
        typer.Option(
            metavar="DIR",
            help="Where the receiver's files arrive. Paths are written as given and count from "
            "the configuration's folder. Default: inbox.",
        ),
    ] = None,
    store: Annotated[
        str | None, typer.Option(metavar="FILE", help="The database. Default: NAME.sqlite.")
    ] = None,
    nav: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATTERN",
            help="Navigation files outside the inbox, quoted, such as 'nav/*.rnx.gz'; may be "
            "repeated.",
        ),
    ] = None,
    signals: Annotated[
        str | None,
        typer.Option(help="Such as GS1C,GS2L. Default: those in the files that are worth using."),
    ] = None,
    position: Annotated[
        tuple[float, float, float] | None,
        typer.Option(
            metavar="LAT LON HEIGHT",
            help="Degrees north, degrees east, ellipsoidal metres. Default: the files' header.",
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing; take the defaults.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file to write.")] = False,
) -> None:
    """Write the configuration of a station from its files and a few answers.

    What is not given is asked for on a terminal; nothing is asked elsewhere, nor with --yes.
    """
    check_target("--out", out, files)
    if out.exists() and not force:
        raise OutputError(f"--out {out}: is there already; name another, or overwrite with --force")
    check_position(position)
    selected = signal_names(signals)

    from daemon.config_writer import (
        Answers,
        chosen_signals,
        configuration_text,
        write_configuration,
    )
    from daemon.station_facts import position_for, station_facts

    facts = station_facts(files)
    place = position_for(facts, position)
    use = chosen_signals(facts, selected or ())
    ask = Questions(asked=not yes and at_terminal())
    ask.tell(
        f"{', '.join(facts.files)}: marker {facts.marker or 'none'}, {plural(len(use), 'signal')}"
    )
    called = ask.name(name, facts)
    answers = Answers(
        name=called,
        position=place,
        texture=ask.texture(texture),
        antenna_height_m=ask.antenna_height_m(antenna_height),
        inbox=ask.inbox(inbox),
        store=store or f"{called}.sqlite",
        nav=tuple(nav or ()),
        signals=use,
    )
    write_configuration(out, configuration_text(facts, answers))
    show("\n".join(_written_lines(out, facts, answers)))


@app.command(epilog="Example: soilglint check --config soilglint.toml")
def check(
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: Annotated[bool, typer.Option("--json", help="Write the findings as JSON.")] = False,
) -> None:
    """Look over a configuration and all it names, without changing anything."""
    settings = load(config)

    from daemon.check import check_lines, check_station, could_run

    findings = check_station(settings)
    fine = could_run(findings)
    if as_json:
        report = {
            "config": str(settings.path),
            "could_run": fine,
            "findings": [finding.as_dict() for finding in findings],
        }
        show(json.dumps(report, indent=2))
    else:
        show("\n".join(check_lines(findings)))
    if not fine:
        raise typer.Exit(int(ExitCode.BAD_INPUT))


def at_terminal() -> bool:
    """Whether a person can be asked: questions go to stderr, answers come from stdin."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def _unnamed(facts: StationFacts, answers: Answers) -> list[str]:
    """Say that a pattern may have been spread out by the shell, which leaves most of it out."""
    if not answers.nav or not facts.orbit_files:
        return []
    return [
        f"{', '.join(facts.orbit_files)}: no observations, and not named under [orbits] either; "
        "give a pattern in quotes: --nav 'nav/*'"
    ]


def _written_lines(out: Path, facts: StationFacts, answers: Answers) -> list[str]:
    """Say what was written, and what comes next."""
    latitude_deg, longitude_deg, height_m = answers.position
    left_out: dict[str, list[str]] = {}
    for signal in facts.signals:
        if signal.name not in answers.signals:
            left_out.setdefault(signal.against or "not selected", []).append(signal.name)
    folder = out.parent
    steps = []
    if not (folder / answers.inbox).is_dir():
        steps.append(f"make the folder {folder / answers.inbox}: the receiver's files go there")
    if facts.needs_orbits and not answers.nav:
        such = facts.orbit_files[0] if facts.orbit_files else "BRDC...MN.rnx.gz"
        steps.append(
            f"see that navigation files (such as {such}) reach the inbox too, or name them under "
            "[orbits]"
        )
    config = shlex.quote(str(out))
    steps += [f"soilglint check --config {config}", f"soilglint run --config {config} --once"]
    named = "" if answers.name == facts.marker else f", marker {facts.marker or 'none'}"
    return [
        f"written   {out}",
        f"station   {answers.name}{named}, at {latitude_deg:.6f}, {longitude_deg:.6f} deg, "
        f"{height_m:.2f} m",
        f"signals   {', '.join(answers.signals)}",
        *(f"  without {', '.join(names)}: {why}" for why, names in left_out.items()),
        *(f"  note    {note}" for note in (*facts.notes, *_unnamed(facts, answers))),
        "next",
        *(f"  {number}. {step}" for number, step in enumerate(steps, start=1)),
    ]
