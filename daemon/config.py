"""The configuration of one station: one TOML file, checked before anything starts.

Every fault is reported with file, key, value and what would be right. Paths in the file are
relative to the folder that the file lies in. Numbers are not made from text, and unknown keys are
refused: a misspelt key must not silently leave a default in force.
"""

from __future__ import annotations

import difflib
import glob
import json
import tomllib
from pathlib import Path
from typing import Any, get_args

from pydantic import PrivateAttr, ValidationError, model_validator

from daemon.config_faults import worded_fault
from daemon.errors import ConfigError
from daemon.sections import (
    InboxSection,
    ModelSection,
    OrbitsSection,
    QcSection,
    RefractionSection,
    ScheduleSection,
    Section,
    SignalsSection,
    SoilSection,
    StationSection,
    StoreSection,
    WeatherSection,
)
from retrieval.arcs import DEFAULT_GAP_S, ArcSettings
from retrieval.errors import InputError
from retrieval.fusion import LinearSettings, dry_season_doy
from retrieval.special_files import special_kind
from retrieval.station import Station

__all__ = ["Config", "load_config", "window_margins"]

_LATER_SECTIONS = ("influxdb", "mqtt", "http")
_LATER_KEYS = (
    "inbox.quarantine",
    "model.path",
    "model.reference",
    "schedule.publish_s",
    "schedule.retrain",
    "store.keep_days",
    "store.max_mb",
    "weather.topic",
)
_LATER_MODELS = ("rf-mdi", "rf-mda", "fusion", "svm", "rbf", "cnn")
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
_BYTE_ORDER_MARK = "\ufeff"


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

    @property
    def path(self) -> Path:
        """The configuration file itself."""
        return self._path

    def own_files(self) -> tuple[Path, ...]:
        """Return files of ours that are no data, should they lie in the inbox."""
        store = self.store.path
        endings = ("", "-wal", "-shm", "-journal", ".lock")
        weather = () if self.weather is None else (self.weather.path,)
        return (self.path, *weather, *(store.with_name(store.name + ending) for ending in endings))

    def receiver(self) -> Station:
        """Return the station's position."""
        section = self.station
        return Station(section.name, section.latitude_deg, section.longitude_deg, section.height_m)

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
        """Return the settings of the linear model."""
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
    special = special_kind(path)
    if special:
        raise ConfigError(f"{path}: is {special}; give the file of the configuration")
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ConfigError(
            f"{path}: there is no such file; give the station's configuration with --config"
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{path}: expected UTF-8 text, found byte {error.object[error.start]:#x} "
            f"at position {error.start}; save the file as UTF-8"
        ) from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from error
    if text.startswith(_BYTE_ORDER_MARK):
        raise ConfigError(
            f"{path}: begins with a byte order mark, which TOML does not allow; save the file as "
            'UTF-8 without it ("UTF-8", not "UTF-8 with BOM")'
        )
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from error
    try:
        # Through JSON, because strictness then still lets lists be tuples and text be paths.
        config = Config.model_validate_json(json.dumps(content, default=str))
    except ValidationError as error:
        faults = [_fault(fault, content) for fault in error.errors(include_url=False)]
        # Two values of a list may be wrong in one way.
        raise ConfigError("\n".join(f"{path}: {one}" for one in dict.fromkeys(faults))) from error
    config = _with_paths_from(config, path.resolve().parent)
    config._path = path.resolve()
    return config


def _with_paths_from(config: Config, folder: Path) -> Config:
    """Resolve relative paths against the folder of the configuration file."""
    here = Path(glob.escape(str(folder)))  # orbits are patterns; the folder's own name is not one
    weather = config.weather
    return config.model_copy(
        update={
            "inbox": config.inbox.model_copy(update={"path": folder / config.inbox.path}),
            "store": config.store.model_copy(update={"path": folder / config.store.path}),
            "orbits": config.orbits.model_copy(
                update={
                    "nav": tuple(str(here / name) for name in config.orbits.nav),
                    "sp3": tuple(str(here / name) for name in config.orbits.sp3),
                }
            ),
            "weather": weather and weather.model_copy(update={"path": folder / weather.path}),
        }
    )


def _fault(fault: Any, content: dict[str, Any]) -> str:
    """Say which key is wrong, what it holds, and what would be right."""
    place = [str(part) for part in fault["loc"]]
    if fault["type"] == "missing" and len(place) <= 2:
        return f"{_named(place)} is missing{_HINTS.get('.'.join(place), '')}"
    if fault["type"] == "extra_forbidden":
        return _unknown_key(place)
    place, message = worded_fault(fault)
    key = ".".join(place)
    if not place:
        return message
    value = _value_at(content, place)
    if key == "model.kind" and value in _LATER_MODELS:
        return f'model.kind = {json.dumps(value)}: this model {_LATER}, or use "linear"'
    return f"{key} = {json.dumps(value, default=str)}: {message}"


def _named(place: list[str]) -> str:
    """Name a section or a key."""
    return f"section [{place[0]}]" if len(place) == 1 else ".".join(place)


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
    "weather.path": '; give the CSV file of temperature and rain, such as path = "weather.csv"',
}


def _section_class(name: str) -> type[Section] | None:
    """Return the class of a section."""
    field = Config.model_fields.get(name)
    # A section that may be missing is written `Section | None`.
    kinds = (field.annotation, *get_args(field.annotation)) if field else ()
    return next((k for k in kinds if isinstance(k, type) and issubclass(k, Section)), None)


def _unknown_key(place: list[str]) -> str:
    """Say what an unknown section or key may have meant."""
    key = ".".join(place)
    if place[0] in _LATER_SECTIONS:
        return f"section [{place[0]}] {_LATER}"
    if key in _LATER_KEYS:
        return f"{key} {_LATER}"
    section = Config if len(place) == 1 else _section_class(place[0])
    known = list(section.model_fields) if section else []
    near = difflib.get_close_matches(place[-1], known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known here: {', '.join(known)}"
    return f"{_named(place)} is not known; {hint}"


def _value_at(content: Any, place: list[str]) -> Any:
    """Return what the file holds at a place; None where it holds nothing."""
    for part in place:
        if isinstance(content, dict):
            content = content.get(part)
        elif isinstance(content, list) and part.isdigit() and int(part) < len(content):
            content = content[int(part)]
        else:
            return None
    return content
