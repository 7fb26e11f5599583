"""``soilglint estimate``: parse, call, print."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from daemon.cli.program import app, show
from daemon.cli.shared import check_table, is_csv, load, write_table
from daemon.errors import UsageError
from retrieval.errors import InputError

__all__ = ["estimate"]

_LATER_MODELS = ("auto", "fusion")
_TRAINED_MODELS = ("rf-mdi", "rf-mda", "svm", "rbf", "cnn", "mean-phase")
_DAY_MINUTES = 1440


class Mode(StrEnum):
    """Estimates that know the past only, or the whole record."""

    CAUSAL = "causal"
    RETROSPECTIVE = "retrospective"


@app.command(
    epilog="Example: soilglint estimate --arcs arcs.parquet --texture loam "
    "--mode retrospective --latitude -26.4 --out moisture.csv"
)
def estimate(
    out: Annotated[
        Path, typer.Option(readable=False, help="Estimates to write: .parquet or .csv.")
    ],
    arcs: Annotated[
        Path | None,
        typer.Option(
            readable=False,
            help="Arc table, .parquet or .csv. Default: the arcs of the station's store.",
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(readable=False, help="Take soil, rules, grid, weather and store from a file."),
    ] = None,
    texture: Annotated[
        str | None, typer.Option(help="Soil texture, a USDA class, in place of --config.")
    ] = None,
    latitude: Annotated[
        float | None,
        typer.Option(metavar="DEG", help="Degrees north: which half-year is dry, with --texture."),
    ] = None,
    model: Annotated[
        str,
        typer.Option(
            metavar="NAME|DIR",
            help="linear, which needs no reference, or the folder of a trained model.",
        ),
    ] = "linear",
    weather: Annotated[
        Path | None,
        typer.Option(
            readable=False, help="Rain and temperature, for a model that was trained with them."
        ),
    ] = None,
    weights: Annotated[
        Path | None,
        typer.Option(
            readable=False,
            help="Also write the arcs with track and track_weight of a trained model: .parquet or "
            ".csv.",
        ),
    ] = None,
    mode: Annotated[
        Mode, typer.Option(help="Know the past only, or level each year on its dry season.")
    ] = Mode.CAUSAL,
    every: Annotated[
        int | None,
        typer.Option(
            metavar="MIN", help="Grid of causal estimates. Default: the configuration's, or 1440."
        ),
    ] = None,
    station: Annotated[
        str | None, typer.Option(metavar="NAME", help="The station, where a table has several.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write the summary as JSON.")] = False,
) -> None:
    """Turn arcs into soil moisture with bounds and flags."""
    read = [arcs] if arcs else []
    check_table(out, read)
    if weights is not None:
        check_table(weights, read, "--weights")
        if weights.resolve() == out.resolve():
            raise UsageError(f"--weights {weights}: is where --out goes; name another file")
    trained = model != "linear" and Path(model).is_dir()
    if trained:
        _check_trained_options(arcs, config, texture, latitude, mode)
    else:
        _check_options(arcs, config, texture, latitude, model, every, mode)
        if weather is not None:
            raise UsageError("--weather: the linear model has no use for it; leave it out")
        if weights is not None:
            raise UsageError(
                "--weights: the linear model weighs no arcs; give the folder of a trained one with "
                "--model"
            )
    _check_every(every)

    from daemon.arc_summary import arcs_csv
    from daemon.arcs_to_estimates import (
        arcs_of_station,
        estimate_station,
        estimate_trained,
        estimates_frame,
        estimation_summary,
        naming_note,
        summary_lines,
        temperatures_of,
        texture_settings,
    )
    from retrieval.fusion import weigh_arcs
    from retrieval.fusion.model_folder import load_model

    settings = None if config is None else load(config)
    if settings is not None:
        for path, option in ((out, "--out"), (weights, "--weights")):
            if path is not None:
                check_table(path, settings.own_files(), option)
    table, name = arcs_of_station(settings, arcs, station)
    every_minutes = every or (settings.schedule.grid_minutes if settings else _DAY_MINUTES)
    learnt = load_model(Path(model)) if trained else None
    if learnt is not None:
        done = estimate_trained(
            table,
            name,
            learnt,
            every_minutes=every_minutes,
            temperature_c=temperatures_of(settings),
            weather=weather,
        )
    else:
        how = settings.model_settings() if settings else texture_settings(texture or "", latitude)
        done = estimate_station(
            table,
            name,
            how,
            every_minutes=every_minutes,
            retrospective=mode is Mode.RETROSPECTIVE,
            temperature_c=temperatures_of(settings),
        )
    write_table(estimates_frame(done.records, as_text=is_csv(out)), out)
    summary = {**estimation_summary(done), "out": str(out)}
    if learnt is not None and weights is not None:
        weighed = weigh_arcs(learnt, table)
        write_table(arcs_csv(weighed) if is_csv(weights) else weighed, weights, "--weights")
        summary["weights"] = str(weights)
    note = naming_note(table, name)
    if note and station is None:
        summary["notes"].append(note)
    if done.retrospective and settings is None and latitude is None:
        summary["notes"].append("the dry season is that of the north; give --latitude in the south")
    if as_json:
        show(json.dumps(summary, indent=2))
        return
    show("\n".join(summary_lines(summary)))
    show(f"written   {', '.join(str(path) for path in (out, weights) if path)}")


def _check_options(
    arcs: Path | None,
    config: Path | None,
    texture: str | None,
    latitude: float | None,
    model: str,
    every: int | None,
    mode: Mode,
) -> None:
    """Refuse options that say too little, too much, or what cannot be."""
    from retrieval.soil import soil_limits

    if model in _TRAINED_MODELS:
        raise UsageError(
            f"--model {model}: is trained on a reference; give the folder that `soilglint train "
            f"--model {model}` wrote, or linear"
        )
    if model in _LATER_MODELS:
        raise UsageError(f"--model {model}: comes with a later release; use linear")
    if model != "linear":
        raise UsageError(
            f"--model {model}: is neither linear nor a folder; give the folder that `soilglint "
            "train` wrote"
        )
    if config is not None and texture is not None:
        raise UsageError("--config and --texture: give one of them, both state the soil")
    if config is not None and latitude is not None:
        raise UsageError("--config and --latitude: give one of them, both state the latitude")
    if config is None and (arcs is None or texture is None):
        raise UsageError(
            "expected --config FILE (the station's soil and store), or --arcs FILE with --texture "
            "NAME such as loam"
        )
    if texture is not None:
        try:
            soil_limits(texture)
        except InputError as error:
            raise UsageError(f"--texture: {error}") from error
    if latitude is not None and not -90 <= latitude <= 90:
        raise UsageError(f"--latitude {latitude:g}: expected degrees north, -90 to 90")
    if mode is Mode.RETROSPECTIVE and every not in (None, _DAY_MINUTES):
        raise UsageError(f"--every {every}: retrospective estimates are daily; leave it out")


def _check_every(every: int | None) -> None:
    """Refuse a grid that does not divide a day."""
    if every is not None and not (1 <= every <= _DAY_MINUTES and _DAY_MINUTES % every == 0):
        raise UsageError(
            f"--every {every}: expected a number of minutes that divides a day, such as 15 or 1440"
        )


def _check_trained_options(
    arcs: Path | None,
    config: Path | None,
    texture: str | None,
    latitude: float | None,
    mode: Mode,
) -> None:
    """Refuse options that a trained model has no use for, or lacks."""
    if texture is not None or latitude is not None:
        raise UsageError("--texture and --latitude: a trained model has no use for them")
    if mode is Mode.RETROSPECTIVE:
        raise UsageError("--mode retrospective: a trained model knows the past only; leave it out")
    if arcs is None and config is None:
        raise UsageError("expected --arcs FILE, or --config FILE of a station with a store")
