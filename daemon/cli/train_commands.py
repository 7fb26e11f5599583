"""Models trained on reference moisture: `train` keeps one, `evaluate` judges several."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from daemon.cli.program import app, show
from daemon.cli.shared import load
from daemon.cli.train_words import score_lines, trained_lines
from daemon.errors import OutputError, UsageError
from daemon.files import check_folder
from daemon.plural import plural

if TYPE_CHECKING:
    from daemon.training_record import Record

__all__ = ["evaluate", "train"]

_Arcs = Annotated[
    Path | None,
    typer.Option(
        readable=False, help="Arc table, .parquet or .csv. Default: the arcs of the store."
    ),
]
_Config = Annotated[
    Path | None,
    typer.Option(readable=False, help="The station's configuration: its store and its weather."),
]
_Reference = Annotated[
    Path,
    typer.Option(
        readable=False,
        help="Measured moisture: CSV with time (UTC) and vwc (m3 m-3), ISMN .stm, or PBO H2O.",
    ),
]
_Weather = Annotated[
    Path | None,
    typer.Option(
        readable=False,
        help="Series with rain_mm and temperature_c, whose sums and means become columns of the "
        "model. It then has to be there for estimates too.",
    ),
]
_Station = Annotated[
    str | None, typer.Option(metavar="NAME", help="The station, where a table has several.")
]
_Since = Annotated[str | None, typer.Option(metavar="DAY", help="First day, such as 2012-02-26.")]
_Until = Annotated[str | None, typer.Option(metavar="DAY", help="Last day.")]


class Kept(StrEnum):
    """Models that a station can run on."""

    AUTO = "auto"
    FUSION = "fusion"
    RF_MDI = "rf-mdi"
    RF_MDA = "rf-mda"
    SVM = "svm"
    RBF = "rbf"
    CNN = "cnn"
    LINEAR = "linear"
    MEAN_PHASE = "mean-phase"


# Those that come in the sizes of the paper.
_FORESTS = (Kept.AUTO, Kept.RF_MDI, Kept.RF_MDA)


class Split(StrEnum):
    """How days are parted into those that train and those that test."""

    TIME = "time"
    BLOCKS = "blocks"
    YEARS = "years"


class Preset(StrEnum):
    """Sizes of the paper's forests."""

    P041 = "p041"
    P037 = "p037"
    LM = "lm"


_Preset = Annotated[
    Preset | None,
    typer.Option(
        help="Trees and leaves of a station of the paper. Default: the best of a grid in blocked "
        "cross-validation over the training days."
    ),
]
_AsPrinted = Annotated[
    bool,
    typer.Option(
        "--as-printed",
        help="Leave in the phases what plants turn them by, as the paper does. Default: taken off "
        "by what plants take of the amplitudes.",
    ),
]


@app.command(
    epilog="Example: soilglint train --arcs arcs.parquet --reference probes.csv --out model"
)
def train(
    reference: _Reference,
    out: Annotated[Path, typer.Option(readable=False, metavar="DIR", help="Folder to write.")],
    arcs: _Arcs = None,
    config: _Config = None,
    model: Annotated[Kept, typer.Option(help="The model.")] = Kept.AUTO,
    preset: _Preset = None,
    weather: _Weather = None,
    as_printed: _AsPrinted = False,
    seed: Annotated[int, typer.Option(help="Of all draws.")] = 0,
    since: _Since = None,
    until: _Until = None,
    station: _Station = None,
    as_json: Annotated[bool, typer.Option("--json", help="Report as JSON.")] = False,
) -> None:
    """Train a model of a station on measured moisture, and keep it in a folder."""
    if preset is not None and model not in _FORESTS:
        raise UsageError(
            f"--preset {preset}: is of auto, rf-mdi and rf-mda; leave it out with {model}"
        )
    check_folder("--out", out)
    if out.is_dir() and any(out.iterdir()) and not (out / "manifest.json").exists():
        raise OutputError(f"--out {out}: holds other things; name a new folder for the model")
    record = _record(arcs, config, reference, weather, since, until, station)

    from daemon.training import training_summary
    from retrieval.fusion.model_folder import save_model
    from retrieval.fusion.trained import train as train_model

    settings: dict[str, Any] = {} if preset is None else {"preset": preset.value}
    trained = train_model(
        record.arcs,
        record.reference.day,
        record.reference.vwc,
        model.value,
        seed=seed,
        temperature_c=record.temperature_c,
        weather=record.weather,
        vegetation=not as_printed,
        **settings,
    )
    trained = replace(trained, station=record.station)
    save_model(trained, out, record.sources)
    summary = training_summary(trained, record, out)
    read = {"--config": config, "--arcs": arcs, "--weather": weather}
    again = [shlex.join([option, str(path)]) for option, path in read.items() if path]
    if as_json:
        show(json.dumps(summary, indent=2))
        return
    show("\n".join(trained_lines(summary, " ".join(again))))


@app.command(
    epilog="Example: soilglint evaluate --arcs arcs.parquet --reference probes.csv --out scores"
)
def evaluate(
    context: typer.Context,
    reference: _Reference,
    out: Annotated[
        Path | None,
        typer.Option(
            readable=False,
            metavar="DIR",
            help="Folder for metrics.json and .csv. Default: that of --report.",
        ),
    ] = None,
    arcs: _Arcs = None,
    config: _Config = None,
    models: Annotated[
        str, typer.Option(help="Names with commas; see docs/train.md.")
    ] = "auto,fusion,rf-mdi,linear,mean-phase,climatology,persistence,time-interpolation",
    split: Annotated[
        Split,
        typer.Option(help="The last 30 % of the days, blocks of them, or years left out."),
    ] = Split.TIME,
    preset: _Preset = None,
    weather: _Weather = None,
    as_printed: _AsPrinted = False,
    seeds: Annotated[
        int, typer.Option(min=1, max=100, help="Seeds; models that draw are trained with each.")
    ] = 5,
    since: _Since = None,
    until: _Until = None,
    station: _Station = None,
    report: Annotated[
        Path | None,
        typer.Option(
            readable=False,
            metavar="DIR",
            help="Folder for report.html, which can be handed on alone, its figures and tables.",
        ),
    ] = None,
    label: Annotated[
        str,
        typer.Option(
            metavar="TEXT", help="Kind of record, shown in the report, such as 'SIMULATED SNR'."
        ),
    ] = "",
    from_reference: Annotated[
        bool | None,
        typer.Option(
            "--simulated-from-reference/--no-simulated-from-reference",
            help="Whether simulated signals were made from this very reference: the report says "
            "so. Needs a --label that says SIMULATED.",
            show_default=False,
        ),
    ] = None,
    dem: Annotated[
        Path | None,
        typer.Option(
            readable=False,
            metavar="FILE",
            help="GeoTIFF of heights: the report shows the terrain's horizon. Needs --config.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Report as JSON.")] = False,
) -> None:
    """Judge models on days that did not train them."""
    out = out or report
    if out is None:
        raise UsageError(
            "expected --out DIR for the scores, or --report DIR for these and a report"
        )
    names = [name.strip() for name in models.split(",") if name.strip()]
    if not names or len(set(names)) != len(names):
        raise UsageError(f"--models {models}: expected names with commas, each once")
    # A report grows forests of its own.
    if preset is not None and report is None and not set(_FORESTS) & set(names):
        raise UsageError(
            f"--preset {preset}: is of auto, rf-mdi and rf-mda, none is among --models"
        )
    check_folder("--out", out)

    from daemon import evaluation_report as reports

    reports.check_report(report, dem, config, label, from_reference)

    from daemon.training import check_models, judge, write_scores
    from retrieval.reports.tables import accuracy_table

    check_models(names)
    record = _record(arcs, config, reference, weather, since, until, station)
    settings = None if config is None else load(config)
    horizon_deg = None
    if dem is not None and settings is not None:
        horizon_deg = reports.terrain_horizon(dem, settings)

    size = preset and preset.value
    judgement = judge(record, names, split.value, range(seeds), size, not as_printed)
    told: dict[str, Any] = {
        "reference": record.reference.kind,
        "days": len(record.reference),
        "split": split.value,
        "vegetation": not as_printed,
        "sources": record.sources,
    }
    write_scores(judgement.scores, out, told)
    written = [out]
    if report is not None:
        place = None if settings is None else settings.receiver()
        study = reports.study_of(
            record, judgement, split.value, size, not as_printed, horizon_deg, place
        )
        command = _typed(context)
        told_of = reports.provenance_of(
            record, command, label, seeds, size, not as_printed, from_reference
        )
        written.append(reports.write_report(study, told_of, report)[0])
        told["report"] = str(written[-1])
    # The page ranks them; here they stand as they were named.
    table = accuracy_table(judgement.scores).loc[names]
    if as_json:
        show(json.dumps({**told, "models": json.loads(table.to_json(orient="index"))}, indent=2))
        return
    show(
        f"reference {told['reference']}, {plural(told['days'], 'day')}, split by {split.value}, "
        f"{int(table['n'].max())} of them tested"
    )
    show("\n".join(score_lines(table)))
    for path in written:
        show(f"written   {path}")


def _typed(context: typer.Context) -> str:
    """Return a command with the options that were given; of files and folders the names alone."""
    words = ["soilglint", str(context.info_name)]
    for option in context.command.params:
        source = context.get_parameter_source(str(option.name))
        if source is None or source.name != "COMMANDLINE":
            continue
        value = context.params[str(option.name)]
        words.append((option.secondary_opts if value is False else option.opts)[0])
        if not isinstance(value, bool):
            # A report is handed on: where files lie is nobody's business.
            name = value.name if isinstance(value, Path) else getattr(value, "value", value)
            words.append(str(name))
    return shlex.join(words)


def _record(
    arcs: Path | None,
    config: Path | None,
    reference: Path,
    weather: Path | None,
    since: str | None,
    until: str | None,
    station: str | None,
) -> Record:
    """Gather arcs, reference and weather."""
    if arcs is None and config is None:
        raise UsageError("expected --arcs FILE, or --config FILE of a station with a store")
    first, last = _day("--since", since), _day("--until", until)
    if first and last and first > last:
        raise UsageError(f"--since {first} is later than --until {last}; exchange them")
    settings = None if config is None else load(config)

    from daemon.arcs_to_estimates import arcs_of_station, temperatures_of
    from daemon.training_record import record_of

    table, name = arcs_of_station(settings, arcs, station)
    return record_of(name, table, reference, weather, temperatures_of(settings), first, last)


def _day(option: str, text: str | None) -> date | None:
    """Read a day."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{option} {text}: expected a day such as 2012-02-26") from error
