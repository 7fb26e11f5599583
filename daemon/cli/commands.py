"""Every command: parse, call, print."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from daemon.cli.arc_options import arc_settings, check_outputs, check_position, day, signal_names
from daemon.cli.program import app, show
from daemon.cli.shared import DEFAULT_CONFIG, ConfigOption, is_csv, load, utc, write_table
from daemon.errors import OutputError, UsageError
from daemon.files import check_target
from retrieval.errors import NoNavigationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from daemon.jobs import RunReport
    from daemon.shadowing import ShadowReport
    from retrieval.chain import ChainResult

__all__ = ["arcs", "run", "sample", "status"]


class HeightMode(StrEnum):
    """Phase at a fixed height, or height and phase fitted together."""

    FIXED = "fixed"
    FREE = "free"


class Reader(StrEnum):
    """Who reads RINEX observation files."""

    SOILGLINT = "soilglint"
    GEORINEX = "georinex"


@app.command(
    epilog="Example: soilglint arcs ESBC00DNK_R_20201770000_01D_30S_MO.crx.gz "
    "--nav ESBC00DNK_R_20201770000_01D_MN.rnx.gz --signals GS1C,GS2L --out arcs.parquet"
)
def arcs(
    files: Annotated[
        list[Path],
        typer.Argument(
            readable=False,
            metavar="FILE...",
            help="Observation files of one station: RINEX 2, 3, 4, Compact RINEX, SNR66 or "
            "NMEA text; packed or not. Navigation and SP3 files among them are recognised.",
        ),
    ],
    out: Annotated[
        Path, typer.Option(readable=False, help="Arc table to write: .parquet or .csv.")
    ],
    nav: Annotated[
        list[Path] | None,
        typer.Option(
            readable=False,
            metavar="FILE...",
            help="RINEX navigation and SP3 files; may be repeated.",
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            readable=False, help="Take position, settings, signals and orbits from a file."
        ),
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
        Path | None,
        typer.Option(
            readable=False, metavar="DIR", help="Write quick-look plots into this folder."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write the summary as JSON.")] = False,
) -> None:
    """Turn observation files into arcs with height, amplitude and phase."""
    check_outputs(out, plots, [*files, *(nav or ())])
    if config is not None and position is not None:
        raise UsageError("--config and --position: give one of them, both state the position")
    check_position(position)
    on, selected = day(date), signal_names(signals)
    settings = load(config) if config is not None else None
    how = arc_settings(settings, elevation, height_mode.value, apriori_height)
    navigation, faults = list(nav or []), ""
    if settings is not None:
        from daemon.inbox import find_orbit_files
        from daemon.ingest import setting_notes

        navigation += find_orbit_files(settings.orbit_patterns())
        check_target("--out", out, [*navigation, *settings.own_files()])
        selected = selected or list(settings.selected_signals() or []) or None
        notes = setting_notes(settings)
        faults = "; ".join(f"{key}: {notes[key]}" for key in notes if key.startswith("orbits."))

    from retrieval.chain import arcs_from_files

    try:
        result = arcs_from_files(
            files,
            nav=navigation,
            station=None if settings is None else settings.receiver(),
            position=position,
            signals=selected,
            settings=how,
            date=on,
            reader=reader.value,
            progress=_watched(),
        )
    except NoNavigationError as error:
        raise NoNavigationError("; ".join(part for part in (str(error), faults) if part)) from error
    from daemon.arc_summary import arc_summary, arcs_csv, summary_lines

    write_table(arcs_csv(result.arcs) if is_csv(out) else result.arcs, out)
    plot_files = _write_plots(result, plots)

    written = {"out": str(out), "plots": [str(path) for path in plot_files]}
    summary = {**arc_summary(result), **written}
    if as_json:
        show(json.dumps(summary, indent=2))
        return
    show("\n".join(summary_lines(summary)))
    show(f"written   {', '.join([str(out), *summary['plots']])}")


@app.command(epilog="Example: soilglint run --config soilglint.toml")
def run(
    config: ConfigOption = DEFAULT_CONFIG,
    once: Annotated[
        bool, typer.Option("--once", help="Take in what lies in the inbox, then end.")
    ] = False,
    any_station: Annotated[
        bool,
        typer.Option(
            "--any-station",
            help="With --once: take files of other stations too, under their own names.",
        ),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Write the report of --once, or else the log, as JSON.")
    ] = False,
    stdout: Annotated[
        bool, typer.Option("--stdout", help="Write each record that is sent here too, as JSON.")
    ] = False,
) -> None:
    """Serve a station: files of the inbox to arcs, soil moisture and its subscribers, until ended.

    SIGTERM ends it, SIGHUP lets it read the configuration again, SIGUSR1 shows its stacks.
    """
    if any_station and not once:
        raise UsageError("--any-station: only with --once; the service is of one station")
    if stdout and once:
        raise UsageError("--stdout: not with --once, which sends nothing")
    settings = load(config)
    if not once:
        from daemon.logs import start_logging
        from daemon.service import run_service
        from daemon.sinks.stdout import StdoutSink

        start_logging(as_json=as_json)
        run_service(config, settings, lambda: (StdoutSink(show),) if stdout else ())
        return

    from daemon.jobs import run_once

    report = run_once(settings, tell=_watched(), any_station=any_station)
    show(json.dumps(_run_report(report), indent=2) if as_json else _run_text(report))


@app.command(epilog="Example: soilglint replay --config soilglint.toml --since 2026-11-01")
def replay(
    since: Annotated[str, typer.Option(metavar="TIME", help="UTC, such as 2026-11-01T12:00Z.")],
    until: Annotated[str | None, typer.Option(metavar="TIME", help="Default: the last.")] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: Annotated[bool, typer.Option("--json", help="Write the number as JSON.")] = False,
) -> None:
    """Send estimates of the store again, to all sinks; the service may be running."""
    settings = load(config)
    first, last = utc("--since", since), None if until is None else utc("--until", until)

    from daemon.plural import plural
    from daemon.replaying import replay_estimates

    number = replay_estimates(settings, first, last)
    text = f"queued    {plural(number, 'estimate')}, which the service sends within a minute"
    show(json.dumps({"queued": number}) if as_json else text)


@app.command(epilog="Example: soilglint status --config soilglint.toml --json")
def status(
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: Annotated[bool, typer.Option("--json", help="Write it as JSON.")] = False,
) -> None:
    """Show a station's files, arcs and last estimate."""
    settings = load(config)

    from daemon.status import station_status, status_lines
    from daemon.store import Store

    with Store.reading(settings.store.path) as store:
        found = station_status(settings, store)
    show(json.dumps(found, indent=2) if as_json else "\n".join(status_lines(found)))


@app.command(
    epilog="Example: soilglint sample out && soilglint run --config out/soilglint.toml --once"
)
def sample(
    folder: Annotated[
        Path, typer.Argument(readable=False, metavar="DIR", help="A new or empty folder.")
    ],
) -> None:
    """Write a small simulated station with its configuration, to try things on."""
    from daemon.sample import write_sample

    show(f"written   {write_sample(folder)}")


def _write_plots(result: ChainResult, folder: Path | None) -> list[Path]:
    """Write the quick-look plots if a folder is given."""
    if folder is None:
        return []
    from retrieval.reports.quicklook import write_quicklook

    try:
        return list(write_quicklook(result.analysis, folder))
    except OSError as error:
        raise OutputError(f"--plots {folder}: cannot be written ({error.strerror})") from error


def _watched() -> Callable[[str], None] | None:
    """Return a way to show progress when a person watches, None otherwise."""
    if not sys.stderr.isatty():
        return None
    return lambda message: show(message, err=True)


def _run_report(report: RunReport) -> dict[str, Any]:
    """Return a run's report as plain values."""
    ingested = report.ingest
    return {
        "changed": report.changed,
        "files": dict(sorted(ingested.files.items())),
        "files_known": ingested.known,
        "files_forgotten": ingested.forgotten,
        "arcs_new": ingested.arcs_new,
        "arcs_superseded": ingested.arcs_superseded,
        "weather_new": ingested.weather_new,
        "estimates_new": report.estimates.new,
        "estimates_revised": report.estimates.revised,
        "shadow": {
            "trial": report.shadow.trial.value,
            "model_id": report.shadow.model_id,
            "new": report.shadow.new,
            "why": report.shadow.why,
        },
        "problems": report.problems,
        "notes": ingested.notes,
    }


def _shadow_lines(shadow: ShadowReport) -> list[str]:
    """Write what became of a model on trial."""
    from daemon.plural import plural
    from daemon.shadowing import Trial

    if shadow.trial is Trial.NONE:
        return []
    ended = {Trial.TAKEN_OVER: "; takes over: ", Trial.REFUSED: "; refused: "}
    became = ended[shadow.trial] + shadow.why if shadow.trial in ended else ""
    return [f"shadow    {shadow.model_id}: {plural(shadow.new, 'estimate')} beside{became}"]


def _run_text(report: RunReport) -> str:
    """Write a run's report for people."""
    from daemon.plural import plural
    from daemon.status import note_lines

    ingested = report.ingest
    states = [f"{n} {state.replace('_', ' ')}" for state, n in sorted(ingested.files.items())]
    lines = [
        f"files     {', '.join(states) or 'nothing new'}; {ingested.known} known before",
        f"arcs      {ingested.arcs_new} new, in place of {ingested.arcs_superseded}",
        *([f"weather   {plural(ingested.weather_new, 'row')}"] if ingested.weather_new else []),
        f"estimates {report.estimates.new} new, {report.estimates.revised} made again",
        *_shadow_lines(report.shadow),
        *note_lines(report.problems, "problem of"),
        *note_lines(ingested.notes),
    ]
    return "\n".join(lines)
