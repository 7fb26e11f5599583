"""A simulated station on disk: the files of its receiver, and the truth beside them.

::

    inbox/       observation files, as the receiver would drop them
    nav/         one navigation file per day
    weather.csv  rain and temperature, as a weather station would give them
    reference.csv  soil moisture as probes would give it, hourly and without error
    truth/       what the receiver does not know: ground.parquet, arcs.parquet, simulation.json

Nothing in `inbox` and `nav` tells the truth. Every file is written under another name and renamed,
and ``truth/simulation.json`` comes last: where it is, the simulation is whole. The same scenario
gives the same bytes, whatever the number of workers.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from retrieval.errors import InputError
from retrieval.gnss import GLONASS_CHANNELS, utc_to_gps
from retrieval.rinex.navigation import read_navigation
from retrieval.rinex.navigation_records import Navigation, merge_navigation
from retrieval.simulation.day import SimulatedDay, simulate_day
from retrieval.simulation.ground.hourly import ground_series
from retrieval.simulation.ground.series import GroundSeries
from retrieval.simulation.processes import in_processes
from retrieval.simulation.receiver.observation_files import FilePacking, cut, observation_file_name
from retrieval.simulation.receiver.observation_header import ObservationHeader
from retrieval.simulation.receiver.observation_writer import observation_text
from retrieval.simulation.scenario import Scenario
from retrieval.simulation.sky.navigation_writer import navigation_text
from retrieval.simulation.sky.nominal_sky import nominal_sky
from retrieval.version import VERSION

__all__ = ["LABEL", "Simulation", "simulate_station", "source_navigation", "station_header"]

LABEL = "SIMULATED: NO RECEIVER AND NO SATELLITE MADE THESE NUMBERS"
_SPANS = {"day": "01D", "six-hours": "06H", "hour": "01H", "quarter": "15M"}
_LAST = "simulation.json"
_SCENARIO = "scenario.json"


@dataclass(frozen=True)
class Simulation:
    """What was written.

    Attributes
    ----------
    folder : Path
        Where.
    scenario : Scenario
        What was simulated.
    observations, navigation : int
        Numbers of files.
    snr_values : int
        SNR values in them.
    """

    folder: Path
    scenario: Scenario
    observations: int
    navigation: int
    snr_values: int


def simulate_station(
    scenario: Scenario,
    folder: Path,
    workers: int = 1,
    on_day: Callable[[int], None] | None = None,
    *,
    part: tuple[np.datetime64, np.datetime64] | None = None,
) -> Simulation:
    """Simulate a station into a folder.

    Parameters
    ----------
    scenario : Scenario
        What.
    folder : Path
        New, empty, or holding a simulation of the same station from before, whose files of the
        same names are written anew.
    workers : int
        Processes, one day each at a time.
    on_day : callable, optional
        Called with the number of days done.
    part : (datetime64, datetime64), optional
        Write the days from the first up to, but without, the second alone: a part of the same
        weather under the same sky.

    Raises
    ------
    InputError
        The folder holds other things, a given series or navigation file does not serve, or
        nothing is observed.
    WorkerLostError
        A process was ended from outside; the same call may be made again.
    """
    ground = ground_series(scenario)
    source = source_navigation(scenario)
    # Read first, so that what cannot be read is said in the words of its reader.
    described = _described(scenario)
    first, end = part or (scenario.start, scenario.end)
    if part is not None:
        described["part"] = [str(day)[:10] for day in part]
        if not scenario.start <= first < end <= scenario.end:
            raise InputError(
                f"part of {first} to {end}: expected days of the scenario, {scenario.start} to "
                f"{scenario.end}, the first before the second"
            )
    _check_folder(folder, described)
    days = np.arange(first, end, np.timedelta64(1, "D"))
    for name in ("inbox", "nav", "truth"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "truth" / _LAST).unlink(missing_ok=True)
    _write(folder / "truth" / _SCENARIO, _json(described))
    written: dict[int, _DayFiles] = {}

    def done(index: int, files: _DayFiles) -> None:
        written[index] = files
        if on_day:
            on_day(len(written))

    tasks = [(scenario, ground, source, day, folder) for day in days]
    if workers == 1:
        for index, task in enumerate(tasks):
            done(index, _write_day(*task))
    else:
        in_processes(_write_day, tasks, workers, done)
    in_order = [written[index] for index in range(len(days))]
    if not any(one.observations for one in in_order):
        raise InputError(
            "nothing is observed on any day, so there is no file of the receiver; look at "
            "terrain.mask_deg, receiver.horizon_deg, receiver.lock_dbhz, receiver.outage, "
            "receiver.absent_satellites and signal.satellites"
        )
    arcs = pd.concat([one.arcs for one in in_order], ignore_index=True)
    # A rise that passes midnight belongs to both days.
    arcs = arcs.drop_duplicates(["satellite", "signal", "direction", "highest"], keep="first")
    simulation = Simulation(
        folder,
        scenario,
        sum(one.observations for one in in_order),
        len(days),
        sum(one.snr_values for one in in_order),
    )
    _write_truth(simulation, ground, arcs, (first, end), described)
    return simulation


def source_navigation(scenario: Scenario) -> Navigation:
    """Return the navigation that a scenario's sky is propagated from.

    Raises
    ------
    InputError
        A file cannot be read, a constellation that is wanted is not in it, or something is to
        happen to a satellite that is not in the sky.
    """
    files = scenario.sky.navigation
    source = merge_navigation([read_navigation(path) for path in files]) if files else nominal_sky()
    names = ", ".join(str(path) for path in files) or "the packaged sky"
    present = set(source.satellites)
    wanted = {signal.code[0] for signal in scenario.signals()}
    missing = sorted(wanted - {name[0] for name in present})
    if missing:
        raise InputError(
            f"{names}: no ephemeris of {', '.join(missing)}; name navigation files that hold all "
            "constellations of the signals, leave sky.navigation out, or leave the constellation "
            "out of sky.constellations"
        )
    known = present | {event.by for event in scenario.sky.event if event.by}
    for number, event in enumerate(scenario.sky.event, start=1):
        if event.satellite not in known:
            raise InputError(
                f"sky.event (table {number}): {event.satellite} is not in the sky of {names}; its "
                f"satellites of {event.satellite[0]} are "
                + (", ".join(sorted(n for n in present if n[0] == event.satellite[0])) or "none")
            )
    return source


def station_header(scenario: Scenario, day: np.datetime64) -> ObservationHeader:
    """Return what the header of an observation file of a day says of the station."""
    station = scenario.station
    x, y, z = scenario.receiver_station().ecef_m
    return ObservationHeader(
        version=scenario.output.format,
        marker=station.name.upper(),
        ecef_m=(float(x), float(y), float(z)),
        interval_s=scenario.time.interval_s,
        created=day,
        receiver="SIMULATED",
        antenna=f"{station.antenna.upper()[:15]:<16}NONE",
    )


@dataclass(frozen=True)
class _DayFiles:
    """What one day wrote."""

    observations: int
    snr_values: int
    arcs: pd.DataFrame


def _write_day(
    scenario: Scenario,
    ground: GroundSeries,
    source: Navigation,
    day: np.datetime64,
    folder: Path,
) -> _DayFiles:
    """Simulate one day and write its files."""
    simulated = simulate_day(scenario, ground, source, day)
    comments = (LABEL, f"soilglint {VERSION} {scenario.response.mode} seed {scenario.seed}")
    text = navigation_text(simulated.navigation, comments)
    _write(folder / "nav" / _navigation_name(scenario, day), text.encode("ascii"), gzip=True)
    count = _write_observations(scenario, simulated, day, comments, folder / "inbox")
    values = int(np.count_nonzero(np.isfinite(simulated.grid.snr_dbhz)))
    return _DayFiles(count, values, simulated.arcs)


def _write_observations(
    scenario: Scenario,
    simulated: SimulatedDay,
    day: np.datetime64,
    comments: tuple[str, ...],
    folder: Path,
) -> int:
    """Write the observation files of a day and return how many."""
    station, output = scenario.station, scenario.output
    header = replace(
        station_header(scenario, day),
        comments=comments,
        glonass_channels={**GLONASS_CHANNELS, **simulated.navigation.glonass_channels},
    )
    packing = FilePacking(output.crinex, output.gzip)
    gps_only = {signal.code[0] for signal in scenario.signals()} == {"G"}
    grid, count = simulated.grid, 0
    observed = np.asarray(np.isfinite(grid.snr_dbhz).any(axis=(0, 1)))
    for start, part in cut(grid.time, _SPANS[output.span]):
        if not observed[part].any():
            continue
        name = observation_file_name(
            station.name,
            start,
            _SPANS[output.span],
            version=output.format,
            interval_s=scenario.time.interval_s,
            gps_only=gps_only,
            packing=packing,
            country=station.country,
        )
        _write(folder / name, packing.packed(observation_text(header, grid.part(part))))
        count += 1
    return count


def _navigation_name(scenario: Scenario, day: np.datetime64) -> str:
    """Return the name of a day's navigation file."""
    date = day.astype("datetime64[D]").item()
    letters = {signal.code[0] for signal in scenario.signals()}
    kind = f"{next(iter(letters))}N" if len(letters) == 1 else "MN"
    station = scenario.station
    return f"{station.name.upper()}00{station.country}_R_{date:%Y%j}0000_01D_{kind}.rnx.gz"


def _write_truth(
    simulation: Simulation,
    ground: GroundSeries,
    arcs: pd.DataFrame,
    span: tuple[np.datetime64, np.datetime64],
    described: dict[str, object],
) -> None:
    """Write what the receiver does not know."""
    folder, scenario = simulation.folder, simulation.scenario
    time = utc_to_gps(ground.time)
    inside = (time >= span[0]) & (time < span[1])
    table = ground_table(scenario, ground)[inside].reset_index(drop=True)
    notes = {
        **described,
        "files": {
            "observations": simulation.observations,
            "navigation": simulation.navigation,
            "snr_values": simulation.snr_values,
        },
    }
    _write_parquet(folder / "truth" / "ground.parquet", table, notes)
    _write_parquet(folder / "truth" / "arcs.parquet", arcs.reset_index(drop=True), notes)
    stamped = table.assign(time=table["time"].dt.strftime("%Y-%m-%dT%H:%M:%SZ"))
    label = f"# {LABEL}\n"
    weather = stamped[["time", "temperature_c", "rain_mm"]].to_csv(index=False, float_format="%.3f")
    _write(folder / "weather.csv", (label + weather).encode("ascii"))
    reference = stamped[["time", "vwc"]].to_csv(index=False, float_format="%.4f")
    _write(folder / "reference.csv", (label + reference).encode("ascii"))
    _write(folder / "truth" / _LAST, _json(notes))


def ground_table(scenario: Scenario, ground: GroundSeries) -> pd.DataFrame:
    """Return the ground as a table, one row per hour (UTC)."""
    height_m = np.maximum(scenario.station.antenna_height_m - ground.snow_depth_m, 0.0)
    return pd.DataFrame(
        {
            "time": pd.Series(ground.time).dt.tz_localize("UTC"),
            "vwc": ground.moisture,
            "vwc_deep": ground.deep_moisture,
            "vwc_interpolated": ground.interpolated,
            "temperature_c": ground.temperature_c,
            "rain_mm": ground.rain_mm,
            "frozen_share": ground.frozen,
            "snow_depth_m": ground.snow_depth_m,
            "vegetation_water_kg_m2": ground.vegetation_water_kg_m2,
            "vegetation_height_m": ground.vegetation_height_m,
            "reflector_height_m": height_m,
        }
    )


# Where a series or a sky came from is a place on a machine.
_PATHS: dict[str, set[str]] = {"sky": {"navigation"}, "moisture": {"path"}, "weather": {"path"}}


def _described(scenario: Scenario) -> dict[str, object]:
    """Return what a simulation is of, as it is written beside it."""
    return {
        "label": LABEL,
        "mode": scenario.response.mode,
        "seed": scenario.seed,
        "software_version": VERSION,
        "scenario": json.loads(scenario.model_dump_json(exclude=_PATHS)),
        "given": _given_files(scenario),
    }


def _given_files(scenario: Scenario) -> dict[str, dict[str, str]]:
    """Return the name and hash of each file that a scenario takes in: what it was made of."""
    named = {
        "moisture": (scenario.moisture.path,),
        "weather": (scenario.weather.path,),
        "navigation": scenario.sky.navigation,
    }
    return {
        what: {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths if path}
        for what, paths in named.items()
        if any(paths)
    }


def _json(content: dict[str, object]) -> bytes:
    return (json.dumps(content, indent=2) + "\n").encode("utf-8")


def _write_parquet(path: Path, table: pd.DataFrame, notes: dict[str, object]) -> None:
    """Write a table with notes in its metadata."""
    import pyarrow as pa  # local: 0.1 s that a scenario's check need not pay
    import pyarrow.parquet as pq

    arrow = pa.Table.from_pandas(table, preserve_index=False)
    metadata = {**(arrow.schema.metadata or {}), b"soilglint": json.dumps(notes).encode()}
    partial = path.with_name(path.name + ".part")
    pq.write_table(arrow.replace_schema_metadata(metadata), partial)
    partial.replace(path)


def _write(path: Path, content: bytes, gzip: bool = False) -> None:
    """Write a file under a temporary name, then rename it."""
    partial = path.with_name(path.name + ".part")
    partial.write_bytes(FilePacking(gzip=gzip).packed(content))
    partial.replace(path)


def _check_folder(folder: Path, described: dict[str, object]) -> None:
    """Refuse a folder in which a simulation would mix with other things."""
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file; give the name of a folder for the simulation")
    if not folder.is_dir() or not any(folder.iterdir()):
        return
    known = folder / "truth" / _SCENARIO
    if not known.is_file():
        raise InputError(
            f"{folder} holds other things, and a simulation must not mix with them; name an empty "
            "folder or one that does not exist"
        )
    if known.read_bytes() != _json(described):
        raise InputError(
            f"{folder} holds another simulation, of other settings or version; name another "
            "folder, or remove this one"
        )
