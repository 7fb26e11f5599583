"""The sections of a scenario: their keys, their defaults, and what is allowed."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from retrieval.errors import InputError
from retrieval.gnss import satellite_code, signal_code
from retrieval.soil import SoilLimits, soil_limits
from retrieval.toml_files import Section

__all__ = [
    "EventSection",
    "MoistureSection",
    "OutageSection",
    "OutputSection",
    "ReceiverSection",
    "ResponseSection",
    "ScatterSection",
    "SignalSection",
    "SkySection",
    "SoilSection",
    "StationSection",
    "TerrainSection",
    "TimeSection",
    "VegetationSection",
    "WeatherSection",
]

_DAY_S = 86_400
_SIX_HOURS_S = 21_600
_HOUR_S = 3600
_QUARTER_S = 900


def _satellite(name: str) -> str:
    try:
        satellite_code(name)
    except ValueError as error:
        raise ValueError(str(error).partition(": ")[2]) from error
    return name


def _signal(name: str) -> str:
    try:
        signal_code(name)
    except InputError as error:
        raise ValueError(str(error)) from error
    if len(name) != 4:
        raise ValueError(
            f"signal {name!r}: name the code in full, as RINEX 3 does, such as 'GS2X' or 'GS2W'; "
            "a file of version 2.11 still calls it S2"
        )
    return name


def _ordered(pair: tuple[float, float]) -> tuple[float, float]:
    if pair[0] > pair[1]:
        raise ValueError("expected [low, high] with low <= high")
    return pair


def _some(sectors: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
    if not sectors:
        raise ValueError("expected at least one sector, such as [[111, 155]]")
    return sectors


def _check_order(start: datetime, end: datetime) -> None:
    if (start.tzinfo is None) != (end.tzinfo is None):
        raise ValueError("expected start and end both with a time zone, or both without")
    if end <= start:
        raise ValueError("expected an end after the start")


_Satellite = Annotated[str, AfterValidator(_satellite)]
_Signal = Annotated[str, AfterValidator(_signal)]
_Azimuth = Annotated[float, Field(ge=0, le=360)]
_Moisture = Annotated[float, Field(ge=0, le=0.6)]
_Share = Annotated[float, Field(ge=0, le=1)]
_Positive = Annotated[float, Field(gt=0)]
_NotNegative = Annotated[float, Field(ge=0)]
_DayOfYear = Annotated[int, Field(ge=1, le=366)]


class StationSection(Section):
    """``[station]``: where the antenna stands, and what kind it is."""

    name: str = Field(pattern=r"^[A-Za-z0-9]{4}$")
    latitude_deg: float = Field(ge=-90, le=90)
    longitude_deg: float = Field(ge=-180, le=360)
    height_m: float = Field(ge=-1000, le=10000)
    country: str = Field(default="XXX", pattern=r"^[A-Z]{3}$")
    antenna_height_m: float = Field(ge=0.5, le=100)
    antenna: Literal["choke-ring", "choke-ring-copolar", "patch", "isotropic"] = "choke-ring"
    cross_polar_phase_deg: float = Field(default=90.0, ge=-180, le=180)


class TimeSection(Section):
    """``[time]``: from when, how long, how often. Days are those of GPS time, as in RINEX."""

    start: date
    days: int = Field(ge=1, le=4000)
    interval_s: float = Field(default=30.0, gt=0)

    @field_validator("interval_s")
    @classmethod
    def _fits_a_file(cls, interval_s: float) -> float:
        per_file = _QUARTER_S / interval_s
        if abs(per_file - round(per_file)) > 1e-9 * per_file:  # 900 % 0.1 is not 0
            raise ValueError(
                "expected an interval that divides a quarter of an hour, such as 1, 15 or 30"
            )
        return interval_s

    @field_validator("start")
    @classmethod
    def _in_gps_time(cls, start: date) -> date:
        if not 1994 <= start.year <= 2100:
            raise ValueError("expected a date from 1994 to 2100, such as 2024-05-14")
        return start


class OutputSection(Section):
    """``[output]``: the form of the observation files."""

    format: Literal["3.04", "2.11"] = "3.04"
    span: Literal["day", "six-hours", "hour", "quarter"] = "day"
    crinex: bool = False
    gzip: bool = True

    @property
    def span_s(self) -> int:
        """Length of a file, seconds."""
        return {
            "day": _DAY_S,
            "six-hours": _SIX_HOURS_S,
            "hour": _HOUR_S,
            "quarter": _QUARTER_S,
        }[self.span]


class EventSection(Section):
    """``[[sky.event]]``: what happens to a satellite."""

    kind: Literal["unhealthy", "outage", "replaced"]
    satellite: _Satellite
    start: datetime
    end: datetime | None = None
    by: _Satellite | None = None

    @model_validator(mode="after")
    def _complete(self) -> EventSection:
        if self.kind == "replaced":
            if self.by is None:
                raise ValueError(
                    'kind = "replaced" needs by = "G04", the satellite that takes the slot (it may '
                    "bear the same number)"
                )
            if self.end is not None:
                raise ValueError('kind = "replaced" is for good: take end out')
            if self.by[0] != self.satellite[0]:
                raise ValueError("a satellite is replaced by one of its own constellation")
            return self
        if self.by is not None:
            raise ValueError(f'kind = "{self.kind}" knows no by: take it out')
        if self.end is None:
            raise ValueError(
                f'kind = "{self.kind}" needs an end, such as end = 2024-05-16T12:00:00'
            )
        if (self.start.tzinfo is None) != (self.end.tzinfo is None):
            raise ValueError("expected start and end both with a time zone, or both without (UTC)")
        if self.end <= self.start:
            raise ValueError("expected an end after the start")
        return self


class SkySection(Section):
    """``[sky]``: the satellites."""

    navigation: tuple[Path, ...] = ()
    constellations: str = Field(default="GREC", pattern=r"^[GRECJ]+$")
    event: tuple[EventSection, ...] = ()

    @field_validator("constellations")
    @classmethod
    def _each_once(cls, constellations: str) -> str:
        if len(set(constellations)) != len(constellations):
            raise ValueError("expected every letter once")
        return constellations


class SignalSection(Section):
    """``[[signal]]``: a signal that the receiver tracks."""

    code: _Signal
    received_dbw: float | None = Field(default=None, ge=-190, le=-130)
    satellites: tuple[_Satellite, ...] = ()

    @model_validator(mode="after")
    def _of_one_constellation(self) -> SignalSection:
        for satellite in self.satellites:
            if satellite[0] != self.code[0]:
                raise ValueError(f"{satellite} does not send {self.code}")
        return self


class OutageSection(Section):
    """``[[receiver.outage]]``: when the receiver had no power, UTC."""

    start: datetime
    end: datetime

    @model_validator(mode="after")
    def _in_order(self) -> OutageSection:
        _check_order(self.start, self.end)
        return self


class ReceiverSection(Section):
    """``[receiver]``: noise, rounding, tracking and gaps."""

    noise_dbw_hz: float = Field(default=-201.5, ge=-210, le=-190)
    averaging_s: float = Field(default=1.0, ge=0.001, le=60)
    noise_factor: float = Field(default=5.7, ge=0, le=20)
    predetection_s: float = Field(default=0.001, ge=0, le=0.02)
    step_db: float = Field(default=0.25, ge=0, le=3)
    lock_dbhz: float = Field(default=25.0, gt=0, lt=60)
    codeless_lock_dbhz: float = Field(default=12.0, gt=0, lt=60)
    horizon_deg: float = Field(default=0.0, ge=0, lt=90)
    gaps_per_day: _NotNegative = 0.0
    gap_mean_s: _Positive = 60.0
    restarts_per_day: _NotNegative = 0.0
    restart_s: float = Field(default=60.0, gt=0, le=86_400)
    absent_satellites: tuple[_Satellite, ...] = ()
    absent_share: _Share = 0.0
    outage: tuple[OutageSection, ...] = ()


class SoilSection(Section):
    """``[soil]``: what the ground is made of, and how moisture is spread in it."""

    texture: str = "loam"
    permittivity: Literal["mironov", "dobson", "hallikainen", "topp", "wang-schmugge"] = "mironov"
    roughness_m: float = Field(default=0.01, ge=0, le=0.2)
    profile: Literal["uniform", "exponential", "front"] = "exponential"
    profile_depth_m: float = Field(default=0.05, ge=0.002, le=0.5)

    @field_validator("texture")
    @classmethod
    def _known_texture(cls, texture: str) -> str:
        try:
            soil_limits(texture)
        except InputError as error:
            raise ValueError(str(error)) from error
        return texture

    @property
    def limits(self) -> SoilLimits:
        """Residual and saturated moisture."""
        return soil_limits(self.texture)


class TerrainSection(Section):
    """``[[terrain]]``: a part of the horizon where the ground is another."""

    azimuths: Annotated[
        tuple[tuple[_Azimuth, _Azimuth], ...],
        AfterValidator(_some),
    ]
    height_step_m: float = Field(default=0.0, ge=-50, le=100)
    tilt_deg: float = Field(default=0.0, ge=-15, le=15)
    roughness_m: float | None = Field(default=None, ge=0, le=0.2)
    response: _Share = 1.0
    scatter_deg: float = Field(default=0.0, ge=0, le=180)
    mask_deg: float = Field(default=0.0, ge=0, le=90)


class VegetationSection(Section):
    """``[vegetation]``: what grows, at its fullest, and when."""

    water_content_kg_m2: float = Field(default=0.0, ge=0, le=10)
    height_m: float = Field(default=0.3, gt=0, le=10)
    winter_share: _Share = 0.1
    delay_share: _Share = 1.0
    season: tuple[_DayOfYear, _DayOfYear, _DayOfYear] = (90, 170, 290)

    @field_validator("season")
    @classmethod
    def _three_days(cls, season: tuple[int, int, int]) -> tuple[int, int, int]:
        if len(set(season)) != 3:
            raise ValueError("expected [green-up, fullest, withered], three different days of year")
        return season


class MoistureSection(Section):
    """``[moisture]``: the soil moisture itself, from a file or made of the rain."""

    path: Path | None = None
    start: _Moisture = 0.2
    residual: _Moisture | None = None
    field_capacity: _Moisture | None = None
    saturation: _Moisture | None = None
    storage_mm: float = Field(default=50.0, gt=0, le=1000)
    drain_days: _Positive = 1.5
    dry_days: _Positive = 12.0
    deep_days: _Positive = 10.0


class WeatherSection(Section):
    """``[weather]``: rain and temperature, from a file or made."""

    path: Path | None = None
    storm_every_days: _Positive = 6.0
    storm_mm: _Positive = 8.0
    storm_hours: float = Field(default=5.0, gt=0, le=72)
    mean_c: float = Field(default=10.0, ge=-40, le=40)
    annual_range_c: _NotNegative = 20.0
    daily_range_c: _NotNegative = 10.0
    unrest_c: _NotNegative = 3.0
    warmest_doy: _DayOfYear | None = None


class ResponseSection(Section):
    """``[response]``: how the reflection answers to moisture."""

    mode: Literal["empirical", "physical"] = "empirical"
    slope_deg: Annotated[tuple[_NotNegative, _NotNegative], AfterValidator(_ordered)] = (
        67.6,
        67.6,
    )
    curvature: Annotated[tuple[float, float], AfterValidator(_ordered)] = (0.0, 0.0)
    hysteresis: _Share = 0.1
    height_m_per_m3m3: float = Field(default=-0.03, ge=-0.5, le=0.5)
    amplitude_per_m3m3: float = Field(default=-0.43, ge=-2, le=2)


class ScatterSection(Section):
    """``[scatter]``: what differs from arc to arc and is not moisture."""

    phase_deg: float = Field(default=3.0, ge=0, le=180)
    amplitude: float = Field(default=0.05, ge=0, le=1)
