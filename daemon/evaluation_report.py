"""The report of an evaluation: what ``soilglint evaluate --report`` writes."""

from __future__ import annotations

import datetime
import importlib.util
import platform
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from daemon.errors import OutputError, UsageError
from daemon.files import check_folder, written_whole
from retrieval.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterable

    from daemon.config import Config
    from daemon.training import Judgement
    from daemon.training_record import Record
    from retrieval.fusion.columns import Floats
    from retrieval.reports.provenance import Provenance
    from retrieval.reports.study import Study
    from retrieval.station import Station

__all__ = ["check_report", "provenance_of", "study_of", "terrain_horizon", "write_report"]

_LIBRARIES = ("numpy", "pandas", "scipy", "scikit-learn", "matplotlib")
_SIMULATED = "SIMULATED"
# Above the ground, where the configuration does not tell: a tripod's.
_ANTENNA_M = 2.0


def check_report(
    report: Path | None,
    dem: Path | None,
    config: Path | None,
    label: str,
    from_reference: bool | None,
) -> None:
    """Refuse a report that could not be written in the end.

    Raises
    ------
    UsageError
        Options that need each other do not stand together.
    OutputError
        The folder cannot be written, or a library is not installed.
    """
    if report is None:
        for option, given in (
            ("--dem", dem is not None),
            ("--label", bool(label)),
            ("--simulated-from-reference", from_reference is not None),
        ):
            if given:
                raise UsageError(f"{option}: is of a report; add --report DIR")
        return
    if dem is not None and config is None:
        raise UsageError("--dem: needs the station's position; add --config FILE")
    if from_reference is not None:
        from retrieval.reports.provenance import says_simulated

        if not says_simulated(label):
            raise UsageError(
                f"--simulated-from-reference: is of simulated signals, and --label {label!r} does "
                "not say SIMULATED; add it to the label, or leave the option out"
            )
    check_folder("--report", report)
    _check_installed("--report", ("matplotlib", "jinja2"), "plots")
    if dem is not None:
        _check_installed("--dem", ("rasterio",), "terrain")


def _check_installed(option: str, libraries: Iterable[str], extra: str) -> None:
    missing = [name for name in libraries if importlib.util.find_spec(name) is None]
    if missing:
        raise OutputError(
            f"{option}: {' and '.join(missing)} not installed; install with "
            f"pip install 'soilglint[{extra}]'"
        )


def terrain_horizon(dem: Path, config: Config) -> Floats:
    """Return the elevation of the terrain's horizon at each degree of azimuth.

    Raises
    ------
    InputError
        The file cannot be used.
    """
    from retrieval.reports.dem import read_rays
    from retrieval.reports.terrain import horizon_deg

    rays = read_rays(dem, config.receiver())
    return horizon_deg(rays, config.station.antenna_height_m or _ANTENNA_M)


def study_of(
    record: Record,
    judgement: Judgement,
    split: str,
    preset: str | None,
    vegetation: bool,
    horizon_deg: Floats | None = None,
    place: Station | None = None,
) -> Study:
    """Gather the numbers of a report (`retrieval.reports.study`)."""
    from retrieval.reports.study import make_study

    return make_study(
        record.arcs,
        record.reference.day,
        record.reference.vwc,
        judgement.folds,
        judgement.runs,
        judgement.scores,
        station=record.station,
        reference_kind=record.reference.kind,
        split=split,
        preset=preset,
        vegetation=vegetation,
        weather=record.weather,
        rain=record.rain,
        horizon_deg=horizon_deg,
        place=place,
    )


def provenance_of(
    record: Record,
    command: str,
    label: str,
    seeds: int,
    preset: str | None,
    vegetation: bool,
    from_reference: bool | None,
) -> Provenance:
    """Say where a report comes from; a record of the simulator is labelled where it tells so."""
    from retrieval.reports.provenance import Provenance
    from retrieval.reports.words import preset_text

    if not label and "equipment" in record.arcs:
        told = record.arcs["equipment"].astype(str)
        label = _SIMULATED * bool(told.str.contains(_SIMULATED, regex=False).any())
    libraries = {name: version(name) for name in _LIBRARIES}
    settings = {
        "Seeds": f"0 to {seeds - 1}" if seeds > 1 else "0",
        "Size of the forests": preset_text(preset),
        "Plants": "vegetation correction of the phases, estimated from the amplitudes"
        if vegetation
        else "no vegetation correction, as the paper does",
        "Weather": "rain and temperature are columns of the models"
        if record.weather is not None
        else "not part of the models",
    }
    lacking = {
        "days with arcs but without a reference": record.days_without_reference,
        "days of another receiver or antenna": record.days_of_others,
    }
    checked = record.temperature_c is not None and bool(record.temperature_c.notna().any())
    if checked:
        lacking["frozen days"] = record.days_frozen
    settings["Left out"] = ", ".join(f"{count} {what}" for what, count in lacking.items())
    settings["Frost"] = (
        "checked by the temperatures that were given"
        if checked
        else "not checked, as no temperatures were given"
    )
    return Provenance(
        command,
        label,
        {"soilglint": VERSION, "Python": platform.python_version(), **libraries},
        record.sources,
        settings,
        from_reference,
        checked,
        datetime.datetime.now(datetime.UTC).date().isoformat(),
    )


def write_report(study: Study, provenance: Provenance, folder: Path) -> list[Path]:
    """Write figures and tables, and last the page, into a folder; each file whole or not at all.

    Returns
    -------
    list of Path
        ``report.html``, then the others.
    """
    from retrieval.reports.html import report_html
    from retrieval.reports.plates import plates
    from retrieval.reports.tables import (
        accuracy_table,
        azimuth_table,
        forests_table,
        sector_table,
        signal_table,
    )

    drawn = plates(study, provenance.label)
    files = {f"{plate.name}.png": plate.png for plate in drawn}
    tables = {
        "table-1-signals": signal_table(study),
        "table-2-accuracy": accuracy_table(study.scores),
        "table-3-forests": forests_table(study),
        "table-4-sectors": sector_table(study),
        "table-5-satellites": azimuth_table(study),
    }
    files |= {f"{name}.csv": table.to_csv().encode() for name, table in tables.items()}
    page = folder / "report.html"
    files[page.name] = report_html(study, drawn, provenance).encode("utf-8", "backslashreplace")
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        with written_whole(folder / name) as partial:
            partial.write_bytes(content)
    return [page, *(folder / name for name in files if name != page.name)]
