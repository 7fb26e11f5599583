"""The sections of the configuration file: their keys, their defaults, and what is allowed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import (
    AfterValidator,
    Field,
    field_validator,
    model_validator,
)

from retrieval.errors import InputError
from retrieval.gnss import signal_code
from retrieval.soil import SoilLimits, soil_limits
from retrieval.toml_files import Section

__all__ = [
    "ExportSection",
    "HttpSection",
    "InboxSection",
    "ModelSection",
    "MqttSection",
    "OrbitsSection",
    "QcSection",
    "RefractionSection",
    "ScheduleSection",
    "SignalsSection",
    "SoilSection",
    "StationSection",
    "StoreSection",
    "WeatherSection",
]

_T = TypeVar("_T")


def _increasing(pair: tuple[float, float]) -> tuple[float, float]:
    if not pair[0] < pair[1]:
        raise ValueError("expected [low, high] with low < high")
    return pair


def _some(sectors: tuple[_T, ...]) -> tuple[_T, ...]:
    if not sectors:
        raise ValueError("expected at least one")
    return sectors


def _wide(sector: tuple[float, float]) -> tuple[float, float]:
    if (sector[1] - sector[0]) % 360 == 0 and sector != (0.0, 360.0):
        raise ValueError(
            "expected [from, to] of two directions, clockwise; this sector is empty (the whole "
            "horizon is [0, 360])"
        )
    return sector


def _apart(season: tuple[int, int]) -> tuple[int, int]:
    if season[0] == season[1]:
        raise ValueError(
            "expected [first, last] of two different days of year; it may pass the new year, as "
            "[330, 45] does"
        )
    return season


def _known_signal(name: str) -> str:
    try:
        signal_code(name)
    except InputError as error:
        raise ValueError(str(error)) from error
    return name


def _address(text: str) -> str:
    host, colon, port = text.rpartition(":")
    if not (colon and host and port.isdecimal() and int(port) < 1 << 16):
        raise ValueError('expected host and port, such as "127.0.0.1:9645"')
    return text


def _host(host: str) -> str:
    """Refuse what is no name or address, such as the whole URL."""
    try:
        plain = host.encode("idna").decode()
    except UnicodeError:
        plain = ""
    # Of an address of IPv6 there are several colons, of a port one.
    if not plain or re.search(r"[\s/@\[\]]", host) or host.count(":") == 1:
        raise ValueError('expected a name or an address alone, such as "broker.example.org"')
    return host


def _topic(topic: str) -> str:
    """Refuse what cannot begin the topics of messages."""
    if not all(topic.split("/")) or re.search(r"[+#\0]", topic) or topic.startswith("$"):
        raise ValueError(
            'expected names with / between them, without + and #, such as "farm/soilglint"'
        )
    return topic


def _one_level(name: str) -> str:
    if "/" in name:
        raise ValueError("expected one name, without /")
    return _topic(name)


# What may stand in braces in the templates of what is fetched.
_TIME_FIELDS = ("year", "yy", "doy", "month", "day", "hour")
_ADDRESS = re.compile(r"https?://([^/?#\s]+)[!-~]*")
_BRACED = re.compile(r"\{[^{}]*\}|[{}]")


def _known_fields(parts: Sequence[str], names: Sequence[str]) -> None:
    """Refuse a template with other fields, or with none that tells a day."""
    found = {field for part in parts for field in _BRACED.findall(part)}
    allowed = [f"{{{name}}}" for name in names]
    others = sorted(found - set(allowed))
    if others:
        raise ValueError(f"{others[0]} is no field; there are {', '.join(allowed)}")
    if "{doy}" not in found and not {"{month}", "{day}"} <= found:
        raise ValueError("expected {doy}, or {month} and {day}, to tell which day is wanted")


_Elevation = Annotated[float, Field(ge=0, le=90)]
_ElevationRange = Annotated[tuple[_Elevation, _Elevation], AfterValidator(_increasing)]
_Azimuth = Annotated[float, Field(ge=0, le=360)]
_Sector = Annotated[tuple[_Azimuth, _Azimuth], AfterValidator(_wide)]
_Positive = Annotated[float, Field(gt=0)]
_HeightRange = Annotated[tuple[_Positive, _Positive], AfterValidator(_increasing)]
_Signal = Annotated[str, AfterValidator(_known_signal)]
_DayOfYear = Annotated[int, Field(ge=1, le=366)]
_Season = Annotated[tuple[_DayOfYear, _DayOfYear], AfterValidator(_apart)]
_Share = Annotated[float, Field(ge=0, le=1)]
_Topic = Annotated[str, Field(max_length=200), AfterValidator(_topic)]


class StationSection(Section):
    """``[station]``: where the antenna stands and which part of the sky it uses."""

    name: str = Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")
    latitude_deg: float = Field(ge=-90, le=90)
    longitude_deg: float = Field(ge=-180, le=360)
    height_m: float = Field(ge=-1000, le=10000)
    antenna_height_m: float | None = Field(default=None, gt=0, le=200)
    azimuths: Annotated[tuple[_Sector, ...], AfterValidator(_some)] = ((0.0, 360.0),)
    elevation: _ElevationRange = (5.0, 25.0)


class InboxSection(Section):
    """``[inbox]``: where the receiver's files arrive and what becomes of them."""

    path: Path
    patterns: Annotated[tuple[str, ...], AfterValidator(_some)] = ("*",)
    settle_s: float = Field(default=10.0, ge=0)
    keep: Literal["leave", "move", "delete"] = "leave"
    quarantine: Path | None = None


class OrbitsSection(Section):
    """``[orbits]``: navigation and SP3 files outside the inbox, as paths or patterns.

    They may be fetched too, from an address or by a command; a template's fields stand for the time
    whose observations wait.
    """

    nav: tuple[str, ...] = ()
    sp3: tuple[str, ...] = ()
    fetch: str | None = None
    fetch_command: tuple[str, ...] = ()
    fetch_path: Path | None = None
    prefer: Annotated[tuple[Literal["sp3", "broadcast"], ...], AfterValidator(_some)] = (
        "sp3",
        "broadcast",
    )

    @field_validator("prefer")
    @classmethod
    def _each_once(cls, prefer: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(prefer)) != len(prefer):
            raise ValueError('expected each of "sp3" and "broadcast" at most once')
        return prefer

    @field_validator("fetch")
    @classmethod
    def _address(cls, fetch: str | None) -> str | None:
        if fetch is None:
            return None
        address = _ADDRESS.fullmatch(fetch)
        if address is None:
            raise ValueError(
                'expected an address that begins with "https://" or "http://", without blanks'
            )
        if "@" in address[1]:
            raise ValueError(
                "expected an address without name and password: secrets do not belong into this "
                "file; let a fetch_command take them from elsewhere"
            )
        _known_fields([fetch], _TIME_FIELDS)
        return fetch

    @field_validator("fetch_command")
    @classmethod
    def _command(cls, command: tuple[str, ...]) -> tuple[str, ...]:
        if command:
            _known_fields(command, (*_TIME_FIELDS, "out"))
            if not any("{out}" in part for part in command[1:]):
                raise ValueError(
                    'expected the command and its arguments, one of them with "{out}": the file '
                    "that it has to write"
                )
        return command

    @model_validator(mode="after")
    def _fetched_one_way(self) -> OrbitsSection:
        if self.fetch is not None and self.fetch_command:
            raise ValueError("expected at most one of fetch and fetch_command")
        return self


class SignalsSection(Section):
    """``[signals]``: which signals make arcs; none named means all."""

    use: tuple[_Signal, ...] = ()


class ModelSection(Section):
    """``[model]``: how phases become soil moisture.

    With a path it is the trained model in that folder, and `kind` says which it must be; without
    one it is the linear model that needs no reference. With a reference models are trained again,
    of this kind, and kept on the shelf; one that is in use there comes before that of the path.
    """

    kind: Literal[
        "auto", "fusion", "linear", "rf-mdi", "rf-mda", "svm", "rbf", "cnn", "mean-phase"
    ] = "auto"
    path: Path | None = None
    min_days: int = Field(default=30, ge=1, le=365)
    reference: Path | None = None
    shelf: Path | None = None
    shadow_days: float = Field(default=7.0, ge=0, le=365)


class ScheduleSection(Section):
    """``[schedule]``: the grid of the estimates, and how often the service does its work."""

    ingest_s: float = Field(default=60.0, ge=1)
    publish_s: float = Field(default=60.0, ge=1)
    grid_minutes: int = Field(default=15, ge=1, le=1440)
    retrain: Literal["manual", "weekly", "monthly"] = "manual"

    @field_validator("grid_minutes")
    @classmethod
    def _fits_a_day(cls, minutes: int) -> int:
        if 1440 % minutes:
            raise ValueError("expected a number of minutes that divides a day, such as 15 or 60")
        return minutes


class QcSection(Section):
    """``[qc]``: what makes an arc, a track and an estimate good enough."""

    detrend_elevation: _ElevationRange = (5.0, 30.0)
    polynomial_order: int = Field(default=4, ge=1, le=8)
    start_below_deg: _Elevation | None = None
    end_above_deg: _Elevation | None = None
    max_gap_s: float | None = Field(default=None, gt=0)
    min_points: int = Field(default=20, ge=10)
    max_duration_min: float = Field(default=120.0, gt=0)
    height_m: _HeightRange = (0.4, 8.0)
    min_peak_to_noise: float = Field(default=2.8, ge=0)
    min_amplitude: float = Field(default=3.0, ge=0)
    max_track_noise_deg: float = Field(default=15.0, gt=0)
    min_tracks: int = Field(default=5, ge=1)
    min_coverage: _Share = 0.5
    frozen_below_c: float = Field(default=0.0, ge=-20, le=20)


class RefractionSection(Section):
    """``[refraction]``: how elevations are corrected."""

    model: Literal["bennett", "none"] = "bennett"
    pressure_hpa: float | None = Field(default=None, ge=300, le=1100)
    temperature_c: float | None = Field(default=None, ge=-90, le=60)


class SoilSection(Section):
    """``[soil]``: the soil's texture or its limits themselves, and when it is dry."""

    texture: str | None = None
    residual: _Share | None = None
    saturation: _Share | None = None
    dry_season: _Season | None = None

    @field_validator("texture")
    @classmethod
    def _known_texture(cls, texture: str | None) -> str | None:
        if texture is not None:
            try:
                soil_limits(texture)
            except InputError as error:
                raise ValueError(str(error)) from error
        return texture

    @model_validator(mode="after")
    def _limits_known(self) -> SoilSection:
        if self.texture is None and (self.residual is None or self.saturation is None):
            raise ValueError(
                'expected texture = "..." (a USDA class such as "loam"), or residual and '
                "saturation in m3 m-3"
            )
        try:
            _ = self.limits
        except InputError as error:
            raise ValueError(str(error)) from error
        return self

    @property
    def limits(self) -> SoilLimits:
        """Residual and saturated moisture; stated values win over the texture's."""
        # Loam is the middle of the triangle: it lends its spread where only limits are stated.
        typical = soil_limits(self.texture or "loam")
        return SoilLimits(
            typical.residual if self.residual is None else self.residual,
            typical.saturation if self.saturation is None else self.saturation,
            typical.residual_sigma,
        )


class StoreSection(Section):
    """``[store]``: where results are kept, and for how long."""

    path: Path
    keep_days: int | None = Field(default=None, ge=30)
    max_mb: int | None = Field(default=None, ge=20)
    min_free_mb: int = Field(default=100, ge=0)


class HttpSection(Section):
    """``[http]``: where the service tells how it is; none means nowhere."""

    listen: Annotated[str, AfterValidator(_address)] = "127.0.0.1:9645"

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        host, _, port = self.listen.rpartition(":")
        return host.strip("[]"), int(port)


class WeatherSection(Section):
    """``[weather]``: temperature and rain beside the station."""

    path: Path


class MqttSection(Section):
    """``[mqtt]``: the broker that estimates are sent to."""

    host: Annotated[str, AfterValidator(_host)]
    port: int | None = Field(default=None, ge=1, le=65535)
    tls: bool | None = None
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    username: str | None = Field(default=None, min_length=1, max_length=1000)
    password_file: Path | None = None
    topic_prefix: _Topic = "soilglint"
    discovery: bool = False
    discovery_prefix: _Topic = "homeassistant"
    arcs: bool = False
    keepalive_s: int = Field(default=15, ge=5, le=3600)
    client_id: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_.:-]{1,100}$")
    host_name: Annotated[str, Field(max_length=100), AfterValidator(_one_level)] | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> MqttSection:
        files = [name for name in ("ca_file", "cert_file", "key_file") if getattr(self, name)]
        if files and self.tls is False:
            raise ValueError(f"{files[0]} is used with TLS only; set tls = true, or leave it out")
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError("cert_file and key_file go together; name both, or neither")
        if self.password_file is not None and self.username is None:
            raise ValueError('a password belongs to a user; add username = "..."')
        return self

    @property
    def encrypted(self) -> bool:
        """Whether TLS is used: as stated, else where certificates are named."""
        return self.tls if self.tls is not None else bool(self.ca_file or self.cert_file)

    @property
    def port_used(self) -> int:
        """The stated port, else the usual one with or without TLS."""
        return self.port or (8883 if self.encrypted else 1883)


class ExportSection(Section):
    """``[export]``: the folder that estimates are written to as files."""

    path: Path
    format: Literal["csv", "parquet"] = "csv"
