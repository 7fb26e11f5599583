"""A scenario: one TOML file that says what is simulated, checked before anything starts.

Relative paths in the file count from the folder that it lies in. Some scenarios ship with the
package and are called by their names.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field, model_validator

from retrieval.errors import InputError
from retrieval.gnss import utc_to_gps
from retrieval.simulation.receiver.interruptions import Interruptions
from retrieval.simulation.receiver.observation_writer import RINEX2_BANDS
from retrieval.simulation.receiver.tracking import Receiver
from retrieval.simulation.reflection.antenna import AntennaPattern, antenna_pattern
from retrieval.simulation.scenario_sections import (
    EventSection,
    MoistureSection,
    OutputSection,
    ReceiverSection,
    ResponseSection,
    ScatterSection,
    SignalSection,
    SkySection,
    SoilSection,
    StationSection,
    TerrainSection,
    TimeSection,
    VegetationSection,
    WeatherSection,
)
from retrieval.simulation.signals import DEFAULT_SIGNALS, received_dbw
from retrieval.simulation.sky.events import Outage, Replaced, SkyEvent, Unhealthy
from retrieval.station import Station
from retrieval.toml_files import Section, Wording, check_sections, load_sections

__all__ = ["SCENARIOS", "Scenario", "load_scenario", "scenario_names"]

SCENARIOS = Path(__file__).parent / "scenarios"
_RINEX2_CONSTELLATIONS = "GRE"


class Scenario(Section):
    """The whole file; made by `load_scenario`, which resolves its paths."""

    title: str
    seed: int = Field(default=1, ge=0)
    station: StationSection
    time: TimeSection
    output: OutputSection = OutputSection()
    sky: SkySection = SkySection()
    signal: tuple[SignalSection, ...] = ()
    receiver: ReceiverSection = ReceiverSection()
    soil: SoilSection = SoilSection()
    terrain: tuple[TerrainSection, ...] = ()
    vegetation: VegetationSection = VegetationSection()
    moisture: MoistureSection = MoistureSection()
    weather: WeatherSection = WeatherSection()
    response: ResponseSection = ResponseSection()
    scatter: ScatterSection = ScatterSection()

    @model_validator(mode="after")
    def _signals_possible(self) -> Scenario:
        for signal in self.signal:
            if signal.code[0] not in self.sky.constellations:
                raise ValueError(
                    f"signal {signal.code}: sky.constellations = {self.sky.constellations!r} "
                    "leaves its satellites out; add them, or take the signal out"
                )
            if signal.received_dbw is None:
                try:
                    received_dbw(signal.code)
                except InputError as error:
                    raise ValueError(str(error)) from error
        seen: dict[tuple[str, str], set[str]] = {}
        for signal in self.signal:
            told = seen.setdefault((signal.code, ""), set())
            if told & {*signal.satellites, "all"} or (told and not signal.satellites):
                raise ValueError(f"signal {signal.code}: stands twice for the same satellites")
            told.update(signal.satellites or ("all",))
        if self.output.format == "2.11":
            self._fits_rinex2()
        return self

    def _fits_rinex2(self) -> None:
        left_out = set(self.sky.constellations) - set(_RINEX2_CONSTELLATIONS)
        if left_out:
            raise ValueError(
                f'output.format = "2.11" knows no satellites of {", ".join(sorted(left_out))}; '
                'write format = "3.04", or leave them out of sky.constellations'
            )
        if self.output.span == "six-hours":
            raise ValueError(
                'output.span = "six-hours": the names of version 2.11 know files of a day, an hour '
                'and a quarter of an hour; take one of these, or write format = "3.04"'
            )
        for signal in self.signal:
            if not _has_rinex2_name(signal.code):
                letter = signal.code[0]
                raise ValueError(
                    f"signal {signal.code}: version 2.11 has no name for it, and of {letter} knows "
                    f'the bands {", ".join(RINEX2_BANDS[letter])}; write format = "3.04", or take '
                    "the signal out"
                )
        for first in self.signal:
            for second in self.signal:
                same = first.code < second.code and first.code[:3] == second.code[:3]
                shared = set(first.satellites) & set(second.satellites)
                if same and (shared or not first.satellites or not second.satellites):
                    raise ValueError(
                        f"{first.code} and {second.code} are both {first.code[1:3]} in version "
                        "2.11, which has one value per satellite; give each its own satellites"
                    )

    @model_validator(mode="after")
    def _soil_possible(self) -> Scenario:
        soil, limits = self.moisture, self.soil.limits
        residual = limits.residual if soil.residual is None else soil.residual
        saturation = limits.saturation if soil.saturation is None else soil.saturation
        capacity = soil.field_capacity
        if not residual < saturation:
            raise ValueError(
                f"moisture.residual {residual:g} is not below moisture.saturation {saturation:g} "
                f"(those of {self.soil.texture} where not stated); correct one of them"
            )
        if capacity is not None and not residual < capacity <= saturation:
            raise ValueError(
                f"moisture.field_capacity {capacity:g} does not lie between residual "
                f"{residual:g} and saturation {saturation:g}; correct one of them"
            )
        return self

    @model_validator(mode="after")
    def _receiver_possible(self) -> Scenario:
        try:
            self.receiver_settings()
        except InputError as error:
            raise ValueError(str(error)) from error
        return self

    @model_validator(mode="after")
    def _ground_below(self) -> Scenario:
        height_m = self.station.antenna_height_m
        if self.vegetation.water_content_kg_m2 and self.vegetation.height_m >= height_m:
            raise ValueError(
                f"vegetation.height_m = {self.vegetation.height_m:g} grows over the antenna, "
                f"station.antenna_height_m = {height_m:g}; the model has it above"
            )
        for sector in self.terrain:
            if height_m + sector.height_step_m <= 0:
                raise ValueError(
                    f"terrain.height_step_m = {sector.height_step_m:g} lifts the ground over the "
                    f"antenna, station.antenna_height_m = {height_m:g}; positive is lower ground"
                )
        return self

    @property
    def start(self) -> np.datetime64:
        """First epoch, GPS time."""
        return np.datetime64(self.time.start, "ns")

    @property
    def end(self) -> np.datetime64:
        """End of the last day, GPS time."""
        return self.start + np.timedelta64(self.time.days, "D")

    def changed(self, **changes: Any) -> Scenario:
        """Return a scenario in which keys of sections are replaced, and which is checked again.

        Raises
        ------
        InputError
            The new values do not fit.

        Examples
        --------
        ``scenario.changed(time={"days": 3}, seed=7)``
        """
        content = self.model_dump()
        for name, value in changes.items():
            content[name] = {**content[name], **value} if isinstance(value, dict) else value
        return check_sections(Scenario, content, _WORDING)

    def receiver_station(self) -> Station:
        """Return the station's position."""
        section = self.station
        return Station(section.name, section.latitude_deg, section.longitude_deg, section.height_m)

    def antenna(self) -> AntennaPattern:
        """Return the antenna's pattern, with the phase between its polarisations."""
        pattern = antenna_pattern(self.station.antenna)
        phase_deg = (self.station.cross_polar_phase_deg,) * len(pattern.elevation_deg)
        return replace(pattern, lhcp_phase_deg=phase_deg)

    def sky_events(self) -> tuple[SkyEvent, ...]:
        """Return what happens to satellites."""
        return tuple(_event(event) for event in self.sky.event)

    def receiver_settings(self) -> Receiver:
        """Return how the receiver measures."""
        own = self.receiver
        interruptions = Interruptions(
            outages=tuple((gps_time(one.start), gps_time(one.end)) for one in own.outage),
            gaps_per_day=own.gaps_per_day,
            gap_mean_s=own.gap_mean_s,
            restarts_per_day=own.restarts_per_day,
            restart_s=own.restart_s,
            absent_satellites=own.absent_satellites,
            absent_probability=own.absent_share,
        )
        return Receiver(
            interval_s=self.time.interval_s,
            averaging_s=own.averaging_s,
            noise_factor=own.noise_factor,
            predetection_s=own.predetection_s,
            step_db=own.step_db,
            lock_dbhz=own.lock_dbhz,
            codeless_lock_dbhz=own.codeless_lock_dbhz,
            horizon_deg=own.horizon_deg,
            interruptions=interruptions,
        )

    def signals(self) -> tuple[SignalSection, ...]:
        """Return the signals that are tracked: those named, else the usual three of each."""
        if self.signal:
            return self.signal
        return tuple(
            SignalSection(code=code)
            for letter in self.sky.constellations
            for code in DEFAULT_SIGNALS[letter]
            if self.output.format != "2.11" or _has_rinex2_name(code)
        )


def scenario_names() -> tuple[str, ...]:
    """Return the names of the scenarios that ship with the package."""
    return tuple(sorted(path.stem for path in SCENARIOS.glob("*.toml")))


def load_scenario(scenario: str | Path, **changes: Any) -> Scenario:
    """Read a scenario.

    Parameters
    ----------
    scenario : str or Path
        A file, or the name of a scenario that ships with the package.
    **changes
        Sections with the keys to replace, such as ``time={"days": 3}``.

    Raises
    ------
    UnreadableFileError
        There is neither such a file nor such a scenario, or it is not TOML.
    InputError
        A key is missing, unknown or out of range; one line per fault.
    """
    path = Path(scenario)
    # A folder may bear the name of the scenario that was simulated into it.
    if not path.is_file() and str(scenario) in scenario_names():
        path = SCENARIOS / f"{scenario}.toml"
    read = load_sections(Scenario, path, _WORDING)
    folder = path.resolve().parent
    read = read.model_copy(
        update={
            "sky": read.sky.model_copy(
                update={"navigation": tuple(folder / name for name in read.sky.navigation)}
            ),
            "moisture": _with_path(read.moisture, folder),
            "weather": _with_path(read.weather, folder),
        }
    )
    return read.changed(**changes) if changes else read


def _event(event: EventSection) -> SkyEvent:
    """Return a sky event; its times are UTC in the scenario and GPS time in the model."""
    start = gps_time(event.start)
    if event.kind == "replaced":
        return Replaced(event.satellite, event.by or event.satellite, start)
    end = gps_time(event.end or event.start)
    kind = Unhealthy if event.kind == "unhealthy" else Outage
    return kind(event.satellite, start, end)


def _has_rinex2_name(code: str) -> bool:
    """Return whether version 2.11 can write a signal."""
    return code[2] in RINEX2_BANDS.get(code[0], "")


def gps_time(time: datetime) -> np.datetime64:
    """Return GPS time of a time with a zone, or in UTC."""
    utc = time if time.tzinfo is None else time.astimezone(UTC).replace(tzinfo=None)
    gps: np.datetime64 = utc_to_gps(np.array([utc], "datetime64[ns]"))[0]
    return gps


def _with_path(section: Any, folder: Path) -> Any:
    """Resolve a section's path against the folder of the scenario."""
    return (
        section
        if section.path is None
        else section.model_copy(update={"path": folder / section.path})
    )


_WORDING = Wording(
    what="give a scenario file, or one of these names: " + ", ".join(scenario_names()),
    lists={
        "sky.navigation": '["brdc.rnx.gz"]',
        "signal.satellites": '["G01", "G05"]',
        "terrain.azimuths": "[[111, 155], [284, 325]]",
        "vegetation.season": "[90, 170, 290]: green-up, fullest, withered",
        "response.slope_deg": "[50, 90], degrees per m3 m-3 that the phase falls",
        "response.curvature": "[0, 0.8]",
        "receiver.absent_satellites": '["G04"]',
    },
    tables={
        "signal": 'code = "GS2L"',
        "terrain": "azimuths = [[111, 155]] and what is different there",
        "sky.event": "kind, satellite and start",
        "receiver.outage": "start and end",
    },
    hints={
        "title": '; say in a line what is simulated, title = "..."',
        "station": "; it needs name, latitude_deg, longitude_deg, height_m, antenna_height_m",
        "station.name": '; give four letters or digits, such as name = "demo"',
        "station.latitude_deg": "; degrees north",
        "station.longitude_deg": "; degrees east",
        "station.height_m": "; of the antenna above the ellipsoid, metres",
        "station.antenna_height_m": "; of the antenna above the ground, metres",
        "time": "; it needs start = 2024-05-14 and days = 10",
        "time.start": "; give a date without quotes, such as start = 2024-05-14",
        "time.days": "; how many, such as days = 10",
        "receiver.outage.start": "; such as start = 2024-05-14T06:00:00",
        "receiver.outage.end": "; such as end = 2024-05-14T18:00:00",
        "signal.code": '; such as code = "GS2L"',
        "terrain.azimuths": "; sectors, clockwise from north, such as azimuths = [[111, 155]]",
        "sky.event.kind": '; "unhealthy", "outage" or "replaced"',
        "sky.event.satellite": '; such as satellite = "G03"',
        "sky.event.start": "; such as start = 2024-05-14T06:00:00",
    },
    texts={
        "station.name": "expected four letters or digits, as RINEX markers are",
        "station.country": 'expected three capitals, such as "USA"',
        "sky.constellations": 'expected letters out of G, R, E, C, J, such as "GRE"',
    },
)
