"""Estimates from an arc table in one go: what ``soilglint estimate`` does."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from daemon.config import Config
from daemon.errors import UsageError
from daemon.estimates import ESTIMATE_FIELDS, Estimate, estimate_records
from daemon.estimating import DAILY, LIVE, SILENCE
from daemon.plural import plural
from daemon.store import Store
from daemon.utc import parse_utc, utc_texts
from daemon.weather import given_temperatures, read_weather, temperature_series
from retrieval.arc_files import read_arc_table
from retrieval.equipment import UNKNOWN
from retrieval.errors import InputError
from retrieval.fusion import LinearModel, LinearSettings, RetrospectiveModel, dry_season_doy
from retrieval.fusion.dry_season import YearLevel
from retrieval.fusion.trained import TrainedModel
from retrieval.soil import soil_limits

__all__ = [
    "Estimation",
    "arcs_of_station",
    "estimate_station",
    "estimate_trained",
    "estimates_frame",
    "estimation_summary",
    "grid_times",
    "naming_note",
    "summary_lines",
    "temperatures_of",
    "texture_settings",
]

_DAY_MINUTES = 1440
_CALIBRATING = "calibrating"
# What to do about it: of a table, of a store.
_NO_ARCS = (
    "; make a table of longer observations with `soilglint arcs`",
    " of this station that were accepted; take observations in with `soilglint run`",
)
# As in the schema of the estimates.
_STATION_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_COUNTS = ("window_s", "n_arcs", "n_tracks_expected", "revision", "latency_s")
_MEASURED = ("vwc", "vwc_lower", "vwc_upper", "phase_anomaly_deg", "coverage")
_TIMES = ("time", "effective_time")


@dataclass(frozen=True)
class Estimation:
    """What was estimated for one station.

    Attributes
    ----------
    retrospective : bool
        Whether they know the whole record, or the past only.
    records : list of dict
        Estimates in order of time, as `daemon.estimates` makes them; at least one.
    levels : tuple of YearLevel
        Where dry soil lies in each year, as retrospective estimates have it.
    notes : tuple of str
        What else a user of the numbers must know.
    """

    retrospective: bool
    records: list[Estimate]
    levels: tuple[YearLevel, ...] = ()
    notes: tuple[str, ...] = ()


def arcs_of_station(
    config: Config | None, path: Path | None, wanted: str | None
) -> tuple[pd.DataFrame, str]:
    """Return the arcs of one station and the station's name in the records.

    Parameters
    ----------
    config : Config or None
        The station's configuration, whose name counts.
    path : Path or None
        An arc table; None takes the arcs of the configuration's store.
    wanted : str or None
        The station's name in the table. By default the only one there, else the configuration's.

    Raises
    ------
    UsageError
        There are several stations and none is wanted, or the one wanted is not there.
    InputError
        The file is no arc table, or there are no arcs.
    StoreError, NotThereError
        The store cannot be used.
    """
    own = None if config is None else config.station.name
    if path is None:
        if config is None:
            raise UsageError("expected --arcs FILE, or --config FILE of a station with a store")
        with Store.reading(config.store.path) as store:
            # Accepted ones alone, and what models need: a year of whole rows is .7 GB.
            arcs, source = store.model_arcs(config.station.name), str(config.store.path)
            arcs = arcs.assign(station=config.station.name)
    else:
        arcs, source = read_arc_table(path), str(path)
    names = sorted(arcs["station"].unique())
    if not names:
        raise InputError(f"{source}: holds no arcs{_NO_ARCS[path is None]}")
    name = wanted or (names[0] if len(names) == 1 else own)
    if name is None:
        raise UsageError(
            f"{source}: holds arcs of {len(names)} stations ({', '.join(names)}), "
            "expected one; name it with --station"
        )
    if name not in names:
        raise UsageError(
            f"{source}: holds no arcs of station {name!r}, but of {', '.join(names)}; "
            "name the station as it stands there with --station"
        )
    return arcs[arcs["station"] == name], own or name


def naming_note(arcs: pd.DataFrame, name: str) -> str:
    """Say that a station stands under another name in its arc table; empty where it does not."""
    called = arcs["station"].iloc[0]
    if called == name:
        return ""
    return (
        f"the table calls the station {called}, the configuration {name}, which its estimates are "
        "called: see that they are one"
    )


def temperatures_of(config: Config | None) -> pd.Series[float] | None:
    """Return the temperatures of the configuration's weather file; None where there is none.

    Raises
    ------
    WeatherError
        The file is missing, or what it holds is wrong.
    """
    if config is None or config.weather is None:
        return None
    return temperature_series(read_weather(config.weather.path))


def texture_settings(texture: str, latitude_deg: float | None) -> LinearSettings:
    """Return the model's settings of a soil of which little is known.

    Parameters
    ----------
    texture : str
        A USDA class.
    latitude_deg : float or None
        Degrees north; None is taken as north of the equator.

    Raises
    ------
    InputError
        There is no such texture.
    """
    season = dry_season_doy(0.0 if latitude_deg is None else latitude_deg)
    return LinearSettings(soil=soil_limits(texture), dry_season_doy=season)


def estimate_station(
    arcs: pd.DataFrame,
    station: str,
    settings: LinearSettings,
    *,
    every_minutes: int,
    retrospective: bool = False,
    temperature_c: pd.Series[float] | None = None,
    now: pd.Timestamp | None = None,
) -> Estimation:
    """Estimate soil moisture of a station from all its arcs.

    Parameters
    ----------
    arcs : DataFrame
        Arc table of the station.
    station : str
        Its name in the records.
    settings : LinearSettings
        The model's settings.
    every_minutes : int
        Step of the UTC grid of causal estimates; divides a day.
    retrospective : bool
        Know the whole record; such estimates are daily, whatever `every_minutes`.
    temperature_c : Series, optional
        Degrees C, indexed by UTC time.
    now : Timestamp, optional
        When the estimates are made, UTC; the computer's clock by default.

    Raises
    ------
    InputError
        There is no accepted arc, or the name cannot stand in a record.
    """
    _check_estimable(arcs, station)
    now = now or pd.Timestamp.now(tz="UTC")
    levels: tuple[YearLevel, ...] = ()
    if retrospective:
        model = RetrospectiveModel(settings)
        table, levels = model.estimate(arcs, temperature_c), model.levels_
    else:
        grid = grid_times(arcs, every_minutes)
        table = LinearModel(settings).estimate(arcs, grid, temperature_c)
    product = DAILY if retrospective or every_minutes == _DAY_MINUTES else LIVE
    return Estimation(retrospective, estimate_records(table, station, product, now), levels)


def _check_estimable(arcs: pd.DataFrame, station: str) -> None:
    """Refuse a name that cannot stand in a record, and arcs of which none is accepted."""
    if not _STATION_NAME.fullmatch(station):
        raise InputError(
            f"station {station!r}: estimates take names of letters, digits, - and _ (64 at most); "
            "give a configuration with --config, whose [station] name counts, and the name in the "
            "table with --station"
        )
    if not arcs["accepted"].any():
        raise InputError(
            f"station {station}: none of {len(arcs)} arcs is accepted, so there is nothing to "
            "estimate; their reject_reason says why"
        )


def estimate_trained(
    arcs: pd.DataFrame,
    station: str,
    trained: TrainedModel,
    *,
    every_minutes: int,
    temperature_c: pd.Series[float] | None = None,
    weather: Path | None = None,
    now: pd.Timestamp | None = None,
) -> Estimation:
    """Estimate soil moisture of a station with a trained model.

    Parameters
    ----------
    arcs, station, every_minutes, temperature_c, now
        As in `estimate_station`.
    trained : TrainedModel
        Of the station.
    weather : Path, optional
        Series of rain and temperature, if the model was trained with them. Its temperatures tell
        frozen ground where `temperature_c` is None.

    Raises
    ------
    UsageError
        Weather is missing or too much.
    InputError
        There is no accepted arc, the name cannot stand in a record, or the weather cannot be read.
    """
    from retrieval.fusion.given_weather import daily_weather
    from retrieval.given_series import read_series

    _check_estimable(arcs, station)
    with_weather = trained.features.fill is not None
    if with_weather and weather is None:
        raise UsageError(
            f"{trained.model_id}: was trained with weather, which its estimates need too; give "
            "--weather FILE"
        )
    if weather is not None and not with_weather:
        raise UsageError(f"--weather: {trained.model_id} was trained without it; leave it out")
    given = None if weather is None else read_series(weather)
    beside = None if given is None else daily_weather(given)
    if temperature_c is None and given is not None:
        temperature_c = given_temperatures(given)
    times = grid_times(arcs, every_minutes)
    table = trained.estimate(arcs, times, temperature_c, beside)
    product = DAILY if every_minutes == _DAY_MINUTES else LIVE
    now = now or pd.Timestamp.now(tz="UTC")
    records = estimate_records(table, station, product, now)
    return Estimation(False, records, notes=_strange_notes(arcs, trained.record.equipment))


def _strange_notes(arcs: pd.DataFrame, known: str) -> tuple[str, ...]:
    """Say which arcs a model has no tracks for, because another equipment heard them."""
    accepted = arcs[arcs["accepted"]]
    strange = accepted[accepted["equipment"] != known]
    if known == UNKNOWN or strange.empty:
        return ()
    first, last = utc_texts(strange["start"].agg(["min", "max"]), "s")
    others = "; ".join(text or "not known" for text in strange["equipment"].unique())
    return (
        f"{plural(len(strange), 'arc')} from {first} to {last} say nothing to the model, which was "
        f"trained with {known}: they were heard with {others}",
    )


def grid_times(arcs: pd.DataFrame, every_minutes: int) -> pd.DatetimeIndex:
    """Return the times of the UTC grid at which arcs have something to say.

    Parameters
    ----------
    arcs : DataFrame
        Arc table with an accepted arc.
    every_minutes : int
        Step of the grid; divides a day.

    Returns
    -------
    DatetimeIndex
        From the first accepted arc's closing to that of the last arc, UTC, both rounded up, without
        times that lie more than 7 days after an accepted arc.
    """
    step = pd.Timedelta(minutes=every_minutes)
    closed = pd.DatetimeIndex(arcs.loc[arcs["accepted"], "closed"].sort_values())
    grid = pd.date_range(closed[0].ceil(step), arcs["closed"].max().ceil(step), freq=step)
    before = closed[closed.searchsorted(grid, side="right") - 1]
    return grid[grid - before <= SILENCE]


def estimates_frame(records: list[Estimate], *, as_text: bool) -> pd.DataFrame:
    """Return records as a table with the columns `ESTIMATE_FIELDS`.

    Parameters
    ----------
    records : list of dict
        Estimates.
    as_text : bool
        Leave times as text, UTC with ``Z``, for CSV; otherwise they are UTC timestamps.
    """
    table = pd.DataFrame(records, columns=list(ESTIMATE_FIELDS))
    table = table.astype(dict.fromkeys(_COUNTS, "Int64") | dict.fromkeys(_MEASURED, "float64"))
    return table if as_text else table.assign(**{name: _timestamps(table[name]) for name in _TIMES})


def _timestamps(texts: pd.Series[str]) -> pd.DatetimeIndex:
    """Read a column of times, some of which may be missing."""
    return parse_utc([text if isinstance(text, str) else "NaT" for text in texts])


def estimation_summary(done: Estimation) -> dict[str, Any]:
    """Summarise estimates as plain values, ready for JSON."""
    records = done.records
    levelled = [record for record in records if record["flag"] != _CALIBRATING]
    moisture = [record["vwc"] for record in levelled if record["vwc"] is not None]
    # Where all is calibrating, no level is used yet.
    levels = done.levels if levelled else ()
    return {
        "station": records[0]["station"],
        "mode": "retrospective" if done.retrospective else "causal",
        "product": records[0]["product"],
        "model_id": records[0]["model_id"],
        "estimates": len(records),
        "days": len({record["time"][:10] for record in records}),
        "first_time": records[0]["time"],
        "last_time": records[-1]["time"],
        "flags": dict(Counter(record["flag"] for record in records).most_common()),
        "vwc": {
            "measured": len(moisture),
            "lowest": min(moisture, default=None),
            "median": round(float(np.median(moisture)), 4) if moisture else None,
            "highest": max(moisture, default=None),
        },
        "notes": [*(note for level in levels for note in _level_notes(level)), *done.notes],
    }


def _level_notes(level: YearLevel) -> list[str]:
    """Say where a year's level comes from if not from its own dry season."""
    if not level.borrowed:
        return []
    source = "all days" if level.taken_from is None else f"the dry season of {level.taken_from}"
    return [
        f"{level.year} is levelled on {source}, for its own dry season has "
        f"{plural(level.n_days, 'day')} with enough tracks (ten are needed): no estimate of "
        "it is better than degraded"
    ]


def summary_lines(summary: dict[str, Any]) -> list[str]:
    """Write a summary for people."""
    vwc = summary["vwc"]
    lines = [
        f"station   {summary['station']}, {summary['mode']} ({summary['model_id']})",
        f"estimates {summary['estimates']} on {plural(summary['days'], 'day')}, "
        f"{summary['first_time']} to {summary['last_time']}",
        *(f"  {number:6d}  {flag}" for flag, number in summary["flags"].items()),
    ]
    if vwc["measured"]:
        lines.append(
            f"moisture  {vwc['lowest']:.3f} to {vwc['highest']:.3f} m3 m-3, median "
            f"{vwc['median']:.3f}"
        )
    elif _CALIBRATING in summary["flags"]:
        lines.append(
            "moisture  calibrating: not measured yet, vwc is the middle of what the soil can hold"
        )
    else:
        lines.append("moisture  none measured")
    return lines + [f"note      {note}" for note in summary["notes"]]
