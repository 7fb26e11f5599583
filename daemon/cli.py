"""Every command. A command parses, calls and prints; what it calls is imported when it runs.

Only this module prints. Errors leave as one plain message on stderr and an exit code of
`daemon.exit_codes`.
"""

from __future__ import annotations

import json
import sys
import tempfile
import traceback
from datetime import date as Date  # noqa: N812 - `date` is an option's name
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from daemon.errors import DaemonError, NotThereError, UsageError
from daemon.exit_codes import ExitCode, exit_code
from retrieval.errors import InputError, RetrievalError
from retrieval.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Callable

    from daemon.config import Config
    from daemon.jobs import RunReport
    from retrieval.arcs import ArcSettings
    from retrieval.chain import ChainResult
    from retrieval.station import Station

__all__ = ["app", "main"]

_DEFAULT_CONFIG = Path("soilglint.toml")


class _Commands(TyperGroup):
    """The group of all commands: the one place where errors of ours become messages."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command; turn an error that is meant for the user into message and exit code."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise  # whoever read our output has gone; typer ends quietly
        except (DaemonError, RetrievalError, OSError) as error:
            if ctx.params.get("debug"):
                traceback.print_exc()
            typer.echo(f"soilglint: {_message(error)}", err=True)
            raise typer.Exit(int(exit_code(error))) from error


app = typer.Typer(
    cls=_Commands,
    name="soilglint",
    help="Soil moisture from the glint of GNSS signals.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 ok, 2 usage, 3 bad input, 4 cannot reach a service, 5 internal.",
)


class HeightMode(StrEnum):
    """Phase at a fixed height, or height and phase fitted together."""

    FIXED = "fixed"
    FREE = "free"


class Reader(StrEnum):
    """Who reads RINEX observation files."""

    SOILGLINT = "soilglint"
    GEORINEX = "georinex"


def main() -> None:
    """Run the command line: the entry point of ``soilglint``."""
    try:
        app()
    except Exception as error:  # noqa: BLE001 - the program's border: what none foresaw ends here
        where = "" if "--debug" in sys.argv else f" (traceback in {_logged(error)})"
        if "--debug" in sys.argv:
            traceback.print_exc()
        typer.echo(
            f"soilglint: internal error: {type(error).__name__}: {error}{where}; this is a fault "
            "of soilglint, please report it",
            err=True,
        )
        sys.exit(int(ExitCode.INTERNAL))


def _logged(error: Exception) -> str:
    """Write an error's traceback to a file of its own and return its name."""
    with tempfile.NamedTemporaryFile(
        "w", prefix="soilglint-", suffix=".log", delete=False, encoding="utf-8"
    ) as file:
        traceback.print_exception(error, file=file)
    return file.name


def _message(error: Exception) -> str:
    """Word an error for the user; the computer's own errors name their file."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"soilglint {VERSION}")
        raise typer.Exit


@app.callback()
def _options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    """Take the options that stand before the command."""


@app.command(
    epilog="Example: soilglint arcs ESBC00DNK_R_20201770000_01D_30S_MO.crx.gz "
    "--nav ESBC00DNK_R_20201770000_01D_MN.rnx.gz --signals GS1C,GS2X --out arcs.parquet"
)
def arcs(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...",
            help="Observation files of one station: RINEX 2, 3, 4, Compact RINEX, SNR66 text; "
            "packed or not. Navigation and SP3 files among them are recognised.",
        ),
    ],
    out: Annotated[Path, typer.Option(help="Arc table to write: .parquet or .csv.")],
    nav: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE...", help="RINEX navigation and SP3 files; may be repeated."),
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="Take position, settings, signals and orbits from a file.")
    ] = None,
    position: Annotated[
        tuple[float, float, float] | None,
        typer.Option(
            metavar="LAT LON HEIGHT",
            help="Degrees north, degrees east, ellipsoidal metres. Default: the files' header.",
        ),
    ] = None,
    signals: Annotated[
        str | None, typer.Option(help="Such as GS2X,GS5Q; default: all in the files.")
    ] = None,
    elevation: Annotated[
        tuple[float, float] | None,
        typer.Option(metavar="LOW HIGH", help="Analysis window, degrees. Default: 5 25."),
    ] = None,
    date: Annotated[
        str | None,
        typer.Option(metavar="YYYY-MM-DD", help="Day of SNR66 text whose name does not tell it."),
    ] = None,
    height_mode: Annotated[
        HeightMode, typer.Option(help="Phase at a fixed height, or height fitted with it.")
    ] = HeightMode.FIXED,
    apriori_height: Annotated[
        float | None,
        typer.Option(metavar="M", help="The fixed height; default: learnt from these arcs."),
    ] = None,
    reader: Annotated[
        Reader, typer.Option(help="Reader of RINEX observation files.")
    ] = Reader.SOILGLINT,
    plots: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write quick-look plots into this folder.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write the summary as JSON.")] = False,
) -> None:
    """Turn observation files into arcs with height, amplitude and phase."""
    if out.suffix.lower() not in (".parquet", ".csv"):
        raise UsageError(f"--out {out}: expected a name that ends in .parquet or .csv")
    if not out.resolve().parent.is_dir():
        raise NotThereError(f"--out {out}: the folder {out.parent} does not exist; make it first")
    if config is not None and position is not None:
        raise UsageError("--config and --position: give one of them, both state the position")
    day = _day(date)
    selected = None if signals is None else [s.strip() for s in signals.split(",") if s.strip()]

    from retrieval.chain import arcs_from_files

    settings = _load(config) if config is not None else None
    navigation = list(nav or [])
    if settings is not None:
        from daemon.inbox import find_orbit_files

        navigation += find_orbit_files((*settings.orbits.nav, *settings.orbits.sp3))
        selected = selected or list(settings.selected_signals() or []) or None
    result = arcs_from_files(
        files,
        nav=navigation,
        station=_station(settings, position, files),
        signals=selected,
        settings=_arc_settings(settings, elevation, height_mode, apriori_height),
        date=day,
        reader=reader.value,
        progress=_watched(),
    )
    _write_arcs(result, out)
    plot_files = _write_plots(result, plots)

    from daemon.arc_summary import arc_summary, summary_lines

    summary = {**arc_summary(result), "out": str(out), "plots": [str(p) for p in plot_files]}
    if as_json:
        typer.echo(json.dumps(summary, indent=2))
        return
    typer.echo("\n".join(summary_lines(summary)))
    typer.echo(f"written   {', '.join([str(out), *summary['plots']])}")


@app.command(epilog="Example: soilglint run --config soilglint.toml --once")
def run(
    config: Annotated[Path, typer.Option(help="The station's configuration.")] = _DEFAULT_CONFIG,
    once: Annotated[
        bool, typer.Option("--once", help="Take in what lies in the inbox, then end.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write the report as JSON.")] = False,
) -> None:
    """Take new files of the inbox through to arcs and soil moisture."""
    if not once:
        raise UsageError(
            "run: the unattended service is not part of this version yet; add --once to take in "
            "what lies in the inbox and end (from cron or a systemd timer, if it is to be repeated)"
        )
    settings = _load(config)

    from daemon.jobs import run_once

    report = run_once(settings, tell=_watched())
    typer.echo(json.dumps(_run_report(report), indent=2) if as_json else _run_text(report))


@app.command(epilog="Example: soilglint status --config soilglint.toml --json")
def status(
    config: Annotated[Path, typer.Option(help="The station's configuration.")] = _DEFAULT_CONFIG,
    as_json: Annotated[bool, typer.Option("--json", help="Write it as JSON.")] = False,
) -> None:
    """Show a station's files, arcs and last estimate."""
    settings = _load(config)

    from daemon.status import station_status, status_lines
    from daemon.store import Store

    with Store.reading(settings.store.path) as store:
        found = station_status(settings, store)
    typer.echo(json.dumps(found, indent=2) if as_json else "\n".join(status_lines(found)))


@app.command(
    epilog="Example: soilglint sample out && soilglint run --config out/soilglint.toml --once"
)
def sample(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder.")],
) -> None:
    """Write a small simulated station with its configuration, to try things on."""
    from daemon.sample import write_sample

    typer.echo(f"written   {write_sample(folder)}")


def _load(path: Path) -> Config:
    """Read a configuration file."""
    from daemon.config import load_config

    return load_config(path)


def _day(text: str | None) -> Date | None:
    """Read the value of --date."""
    if text is None:
        return None
    try:
        return Date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"--date {text}: expected YYYY-MM-DD, such as 2025-01-10") from error


def _station(
    config: Config | None, position: tuple[float, float, float] | None, files: list[Path]
) -> Station | None:
    """Return the station that the options state, None for the files' own."""
    if config is not None:
        return config.receiver()
    if position is None:
        return None
    from retrieval.station import Station

    return Station(files[0].name[:4].lower(), *position)


def _arc_settings(
    config: Config | None,
    elevation: tuple[float, float] | None,
    height_mode: HeightMode,
    apriori_height_m: float | None,
) -> ArcSettings:
    """Return the configuration's settings with the options' changes."""
    from dataclasses import replace

    from retrieval.arcs import ArcSettings

    settings = config.arc_settings() if config is not None else ArcSettings()
    settings = replace(settings, height_mode=height_mode.value, apriori_height_m=apriori_height_m)
    if apriori_height_m is not None and not apriori_height_m > 0:
        raise InputError(f"--apriori-height {apriori_height_m}: expected metres above 0")
    if elevation is None:
        return settings
    low, high = elevation
    # The margins at both ends move with the window: 2 degrees below, 5 above, as by default.
    return replace(
        settings,
        elevation_deg=elevation,
        start_below_deg=low + 2.0,
        end_above_deg=max(high - 5.0, low + 2.5),
    )


def _write_arcs(result: ChainResult, out: Path) -> None:
    """Write the arc table, whole or not at all."""
    from daemon.arc_summary import arcs_csv
    from daemon.files import written_whole

    with written_whole(out.resolve()) as partial:
        if out.suffix.lower() == ".csv":
            arcs_csv(result.arcs).to_csv(partial, index=False)
        else:
            result.arcs.to_parquet(partial, index=False)


def _write_plots(result: ChainResult, folder: Path | None) -> list[Path]:
    """Write the quick-look plots if a folder is given."""
    if folder is None:
        return []
    from retrieval.reports.quicklook import write_quicklook

    folder.mkdir(parents=True, exist_ok=True)
    return list(write_quicklook(result.analysis, folder))


def _watched() -> Callable[[str], None] | None:
    """Return a way to show progress when a person watches, None otherwise."""
    if not sys.stderr.isatty():
        return None
    return lambda message: typer.echo(message, err=True)


def _run_report(report: RunReport) -> dict[str, Any]:
    """Return a run's report as plain values."""
    ingested = report.ingest
    return {
        "changed": report.changed,
        "files": dict(sorted(ingested.files.items())),
        "files_known": ingested.known,
        "arcs_new": ingested.arcs_new,
        "arcs_superseded": ingested.arcs_superseded,
        "estimates_new": report.estimates_new,
        "problems": ingested.problems,
    }


def _run_text(report: RunReport) -> str:
    """Write a run's report for people."""
    ingested = report.ingest
    states = [f"{n} {state.replace('_', ' ')}" for state, n in sorted(ingested.files.items())]
    lines = [
        f"files     {', '.join(states) or 'nothing new'}; {ingested.known} known before",
        f"arcs      {ingested.arcs_new} new, in place of {ingested.arcs_superseded}",
        f"estimates {report.estimates_new} new",
        *(f"  {path}: {reason}" for path, reason in ingested.problems.items()),
    ]
    return "\n".join(lines)
