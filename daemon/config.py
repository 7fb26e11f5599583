"""The configuration of one station: one TOML file, checked before anything starts.

Every fault is reported with file, key, value and what would be right. Paths in the file are
relative to the folder that the file lies in. Numbers are not made from text, and unknown keys are
refused: a misspelt key must not silently leave a default in force.
"""

from __future__ import annotations

import glob
import json
import os
from pathlib import Path
from typing import Any

from pydantic import PrivateAttr, model_validator

from daemon.errors import ConfigError
from daemon.sections import (
    ExportSection,
    HttpSection,
    InboxSection,
    ModelSection,
    MqttSection,
    OrbitsSection,
    QcSection,
    RefractionSection,
    ScheduleSection,
    SignalsSection,
    SoilSection,
    StationSection,
    StoreSection,
    WeatherSection,
)
from retrieval.arcs import DEFAULT_GAP_S, ArcSettings
from retrieval.errors import InputError
from retrieval.fusion import LinearSettings, dry_season_doy
from retrieval.station import Station
from retrieval.toml_files import Section, Wording, load_sections

__all__ = ["Config", "load_config", "window_margins"]

_LATER_SECTIONS = ("influxdb",)
_LATER_KEYS = ("weather.topic",)
_LATER = "comes with a later release; take it out of the file"


# Keys of [qc] that decide what an arc is; the others belong to tracks and estimates.
_ARC_QC = (
    "detrend_elevation",
    "polynomial_order",
    "max_gap_s",
    "min_points",
    "max_duration_min",
    "height_m",
    "min_peak_to_noise",
    "min_amplitude",
)


def window_margins(low_deg: float, high_deg: float) -> tuple[float, float]:
    """Return how far down and up an arc must reach in a window, where nothing is stated.

    Examples
    --------
    >>> window_margins(5, 25), window_margins(10, 14)
    ((7.0, 20.0), (12.0, 12.5))
    """
    start_below_deg = low_deg + 2.0
    return start_below_deg, max(high_deg - 5.0, start_below_deg + 0.5)


class Config(Section):
    """The whole file; made by `load_config`, which resolves its paths."""

    station: StationSection
    inbox: InboxSection
    soil: SoilSection
    store: StoreSection
    orbits: OrbitsSection = OrbitsSection()
    signals: SignalsSection = SignalsSection()
    model: ModelSection = ModelSection()
    schedule: ScheduleSection = ScheduleSection()
    qc: QcSection = QcSection()
    refraction: RefractionSection = RefractionSection()
    weather: WeatherSection | None = None
    http: HttpSection | None = None
    mqtt: MqttSection | None = None
    export: ExportSection | None = None

    _path: Path = PrivateAttr(default=Path())

    @model_validator(mode="after")
    def _arcs_possible(self) -> Config:
        try:
            self.arc_settings()
        except InputError as error:
            raise ValueError(f"[station] elevation and [qc]: {error}") from error
        return self

    @model_validator(mode="after")
    def _arcs_acceptable(self) -> Config:
        station, qc = self.station, self.qc
        low_m, high_m = qc.height_m
        antenna_m = station.antenna_height_m
        if antenna_m is not None and not low_m <= antenna_m <= high_m:
            raise ValueError(
                f"station.antenna_height_m = {antenna_m:g} lies outside the heights searched, "
                f"qc.height_m = [{low_m:g}, {high_m:g}]: no arc could count; correct one of them"
            )
        (low, high), (trend_low, trend_high) = station.elevation, qc.detrend_elevation
        if trend_low >= high or trend_high <= low:
            raise ValueError(
                f"qc.detrend_elevation = [{trend_low:g}, {trend_high:g}] does not meet the window "
                f"station.elevation = [{low:g}, {high:g}]; it should hold it, and may reach higher"
            )
        return self

    @model_validator(mode="after")
    def _quarantine_elsewhere(self) -> Config:
        folder = self.inbox.quarantine
        if folder is not None and os.path.normpath(folder) == os.path.normpath(self.inbox.path):
            raise ValueError(
                f"inbox.quarantine = {json.dumps(str(folder))}: this is the inbox itself; name "
                'another folder, such as "quarantine"'
            )
        return self

    @model_validator(mode="after")
    def _trained_somewhere(self) -> Config:
        kind, model = self.model.kind, self.model
        if model.path is None and model.reference is None and kind not in ("auto", "linear"):
            raise ValueError(
                f'model.kind = "{kind}": this model is trained on a reference; name the folder '
                f"that `soilglint train --model {kind}` wrote with model.path, or the reference to "
                'train it on with model.reference, or use "linear"'
            )
        return self

    @model_validator(mode="after")
    def _reference_to_train_on(self) -> Config:
        retrain = self.schedule.retrain
        if retrain != "manual" and self.model.reference is None:
            raise ValueError(
                f'schedule.retrain = "{retrain}": models are trained on measured moisture; name '
                'its file with model.reference, or use "manual"'
            )
        return self

    @property
    def path(self) -> Path:
        """The configuration file itself."""
        return self._path

    @property
    def shelf(self) -> Path:
        """The folder of the models that were trained at the station."""
        return self.model.shelf or self.store.path.parent / "models"

    def own_files(self) -> tuple[Path, ...]:
        """Return files of ours that are no data, should they lie in the inbox."""
        store = self.store.path
        endings = ("", "-wal", "-shm", "-journal", ".lock")
        weather = () if self.weather is None else (self.weather.path,)
        reference = () if self.model.reference is None else (self.model.reference,)
        own = (self.path, *weather, *reference)
        return (*own, *(store.with_name(store.name + ending) for ending in endings))

    def receiver(self) -> Station:
        """Return the station's position."""
        section = self.station
        return Station(section.name, section.latitude_deg, section.longitude_deg, section.height_m)

    def sink_names(self) -> dict[str, bool]:
        """Return the names of the destinations, and whether each wants arcs too."""
        names = {}
        if self.mqtt is not None:
            names["mqtt"] = self.mqtt.arcs
        if self.export is not None:
            names["export"] = False
        return names

    def sends_arcs(self) -> bool:
        """Whether some destination wants arcs too."""
        return any(self.sink_names().values())

    def fetches_orbits(self) -> bool:
        """Whether orbit files are to be fetched."""
        return self.orbits.fetch is not None or bool(self.orbits.fetch_command)

    def fetches_hourly(self) -> bool:
        """Whether they are of hours, not of days."""
        return any(
            "{hour}" in part for part in (self.orbits.fetch or "", *self.orbits.fetch_command)
        )

    def orbits_folder(self) -> Path:
        """Return where fetched orbit files lie."""
        return self.orbits.fetch_path or self.store.path.parent / "orbits"

    def orbit_patterns(self) -> tuple[str, ...]:
        """Return the patterns of all orbit files outside the inbox."""
        folder = glob.escape(str(self.orbits_folder()))
        fetched = (f"{folder}/fetched_*",) if self.fetches_orbits() else ()
        return (*self.orbits.nav, *self.orbits.sp3, *fetched)

    def arc_settings(self) -> ArcSettings:
        """Return how arcs are cut and judged."""
        qc = self.qc
        margins = window_margins(*self.station.elevation)
        return ArcSettings(
            elevation_deg=self.station.elevation,
            azimuths_deg=self.station.azimuths,
            detrend_elevation_deg=qc.detrend_elevation,
            polynomial_order=qc.polynomial_order,
            start_below_deg=margins[0] if qc.start_below_deg is None else qc.start_below_deg,
            end_above_deg=margins[1] if qc.end_above_deg is None else qc.end_above_deg,
            # Stated, for what follows from the observations at hand hangs on the order of files.
            max_gap_s=DEFAULT_GAP_S if qc.max_gap_s is None else qc.max_gap_s,
            min_points=qc.min_points,
            max_duration_min=qc.max_duration_min,
            height_m=qc.height_m,
            min_peak_to_noise=qc.min_peak_to_noise,
            min_amplitude=qc.min_amplitude,
            refraction=self.refraction.model == "bennett",
            pressure_hpa=self.refraction.pressure_hpa,
            temperature_c=self.refraction.temperature_c,
        )

    def arc_values(self) -> dict[str, str]:
        """Return every setting that decides what arcs come out, by name, as JSON."""
        arcs = self.arc_settings()
        values: dict[str, Any] = {
            "station.elevation": self.station.elevation,
            "station.azimuths": self.station.azimuths,
            "signals.use": sorted(self.signals.use),
            "qc.start_below_deg": arcs.start_below_deg,
            "qc.end_above_deg": arcs.end_above_deg,
            **{f"qc.{name}": getattr(self.qc, name) for name in _ARC_QC},
            **{f"refraction.{name}": value for name, value in self.refraction},
        }
        return {name: json.dumps(value) for name, value in values.items()}

    def model_settings(self) -> LinearSettings:
        """Return the settings of the linear model that needs no reference."""
        return LinearSettings(
            soil=self.soil.limits,
            min_days=self.model.min_days,
            max_track_noise_deg=self.qc.max_track_noise_deg,
            min_tracks=self.qc.min_tracks,
            min_coverage=self.qc.min_coverage,
            frozen_below_c=self.qc.frozen_below_c,
            dry_season_doy=self.soil.dry_season or dry_season_doy(self.station.latitude_deg),
        )

    def selected_signals(self) -> tuple[str, ...] | None:
        """Return the selected signals, None for all."""
        return self.signals.use or None


def load_config(path: Path) -> Config:
    """Read and check a configuration file.

    Raises
    ------
    ConfigError
        The file is missing, is not TOML, or a key is missing, unknown or out of range.
    """
    try:
        config = load_sections(Config, path, _WORDING)
    except InputError as error:
        raise ConfigError(str(error)) from error
    config = _with_paths_from(config, path.resolve().parent)
    config._path = path.resolve()
    return config


def _with_paths_from(config: Config, folder: Path) -> Config:
    """Resolve relative paths against the folder of the configuration file."""
    here = Path(glob.escape(str(folder)))  # orbits are patterns; the folder's own name is not one
    weather, model, export = config.weather, config.model, config.export
    return config.model_copy(
        update={
            "inbox": config.inbox.model_copy(
                update={
                    "path": folder / config.inbox.path,
                    "quarantine": config.inbox.quarantine and folder / config.inbox.quarantine,
                }
            ),
            "store": config.store.model_copy(update={"path": folder / config.store.path}),
            "orbits": config.orbits.model_copy(
                update={
                    "nav": tuple(str(here / name) for name in config.orbits.nav),
                    "sp3": tuple(str(here / name) for name in config.orbits.sp3),
                    "fetch_path": config.orbits.fetch_path and folder / config.orbits.fetch_path,
                }
            ),
            "model": model.model_copy(
                update={
                    "path": model.path and folder / model.path,
                    "reference": model.reference and folder / model.reference,
                    "shelf": model.shelf and folder / model.shelf,
                }
            ),
            "weather": weather and weather.model_copy(update={"path": folder / weather.path}),
            "mqtt": config.mqtt and _with_files_from(config.mqtt, folder),
            "export": export and export.model_copy(update={"path": folder / export.path}),
        }
    )


def _with_files_from(mqtt: MqttSection, folder: Path) -> MqttSection:
    """Resolve the paths of certificates and password."""
    names = ("ca_file", "cert_file", "key_file", "password_file")
    paths = {name: path for name in names if (path := getattr(mqtt, name)) is not None}
    return mqtt.model_copy(update={name: folder / path for name, path in paths.items()})


def _own_words(kind: str, key: str, value: Any) -> str | None:
    """Say of what is not there yet that it will be."""
    if kind == "extra_forbidden" and key in _LATER_SECTIONS:
        return f"section [{key}] {_LATER}"
    if kind == "extra_forbidden" and key in _LATER_KEYS:
        return f"{key} {_LATER}"
    return None


_HINTS = {
    "station": "; it needs name, latitude_deg, longitude_deg and height_m",
    "station.name": '; give a short name such as name = "mchl"',
    "station.latitude_deg": "; the position is missing: give latitude_deg, longitude_deg (degrees) "
    "and height_m (ellipsoidal)",
    "station.longitude_deg": "; give degrees east, such as longitude_deg = 8.4568",
    "station.height_m": "; give the height above the ellipsoid in metres",
    "inbox": '; it needs path = "..." of the folder where files arrive',
    "inbox.path": "; give the folder where files arrive",
    "soil": '; it needs texture = "..." (a USDA class such as "loam"), or residual and saturation',
    "store": '; it needs path = "..." of the database file',
    "store.path": "; give the path of the database file",
    "mqtt.host": '; give the broker, such as host = "broker.example.org"',
    "export.path": "; give the folder that files are written to",
    "weather.path": '; give the CSV file of temperature and rain, such as path = "weather.csv"',
}

# The form of every key that is a list.
_LISTS = {
    "station.azimuths": "[[350, 20], [90, 180]]",
    "station.elevation": "[5, 25]",
    "inbox.patterns": '["*.rnx.gz"]',
    "orbits.nav": '["brdc.21n"]',
    "orbits.sp3": '["sp3/*.sp3.gz"]',
    "orbits.prefer": '["sp3", "broadcast"]',
    "orbits.fetch_command": '["./fetch", "{year}", "{doy}", "{out}"]',
    "signals.use": '["GS1C", "GS2L"]',
    "qc.detrend_elevation": "[5, 30]",
    "qc.height_m": "[0.4, 8]",
    "soil.dry_season": "[170, 230]",
}
_WORDING = Wording(
    what="give the station's configuration with --config",
    lists=_LISTS,
    hints=_HINTS,
    texts={
        "station.name": "expected 1 to 64 letters, digits, - and _",
        "mqtt.client_id": "expected 1 to 100 letters, digits, -, _, . and :",
    },
    of_own=_own_words,
)
