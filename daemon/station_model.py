"""The model of a station as the service uses it: one face for the trained and the untrained."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from daemon.store import ModelRecord, TrackRecord
from daemon.weather import daily_weather_of, temperature_series
from retrieval.fusion import ESTIMATE_COLUMNS, LinearModel, LinearSettings, weigh_arcs
from retrieval.fusion.trained import TrainedModel
from retrieval.fusion.weather_features import Weather
from retrieval.fusion.weather_gaps import lacks_weather, trained_kinds

__all__ = ["Estimated", "ReferenceFree", "StationModel", "Trained", "lacking_words"]

_DAY = pd.Timedelta(days=1)
_AT_ONCE = 1024  # times, to keep memory small; it changes no result
_DEGRADED = "degraded"
# Where weather is lacking these promise too much.
_BETTER = ("good", "extrapolated")


@dataclass(frozen=True)
class Estimated:
    """Estimates of one round, with the columns `ESTIMATE_COLUMNS`.

    Attributes
    ----------
    live, daily : DataFrame
        One row for each time that was asked for.
    n_without_weather : int
        How many of them lack weather that the model was trained with.
    """

    live: pd.DataFrame
    daily: pd.DataFrame
    n_without_weather: int = 0


class StationModel(Protocol):
    """What makes estimates of a station out of its arcs and weather, and of nothing else."""

    @property
    def model_id(self) -> str:
        """Name of the model with digits that change with all that it rests on."""

    @property
    def history(self) -> pd.Timedelta:
        """How long before a time the arcs end that its estimate rests on."""

    def describe(self) -> ModelRecord:
        """Return what the store tells of it."""

    def estimate(
        self,
        arcs: pd.DataFrame,
        live: pd.DatetimeIndex,
        daily: pd.DatetimeIndex,
        weather: pd.DataFrame,
    ) -> Estimated:
        """Return live estimates, and daily ones for the days that end at given times.

        Parameters
        ----------
        arcs : DataFrame
            Arcs that reach as far back as `history`; the columns `MODEL_COLUMNS` suffice.
        live, daily : DatetimeIndex
            UTC, increasing.
        weather : DataFrame
            All that is known, as `daemon.weather.read_weather` gives it.

        """

    def weigh(self, arcs: pd.DataFrame) -> pd.Series[str] | None:
        """Return the names of the tracks of arcs, empty for none; None where it knows no tracks."""


@dataclass(frozen=True)
class ReferenceFree:
    """The linear model that needs no training.

    Attributes
    ----------
    settings : LinearSettings
        Of the station.
    """

    settings: LinearSettings

    # It looks a year back, over whole UTC days, from windows of a day.
    history = pd.Timedelta(days=367)

    @property
    def model_id(self) -> str:
        """Of its settings."""
        return self.settings.model_id

    def describe(self) -> ModelRecord:
        """Return its name; it has neither training nor tracks that stay."""
        return ModelRecord(model_id=self.model_id, name="linear")

    def estimate(
        self,
        arcs: pd.DataFrame,
        live: pd.DatetimeIndex,
        daily: pd.DatetimeIndex,
        weather: pd.DataFrame,
    ) -> Estimated:
        """Return estimates; a daily one says what the live one of its time says."""
        times = live.union(daily)
        table = LinearModel(self.settings).estimate(arcs, times, temperature_series(weather))
        live_rows, daily_rows = (times.get_indexer(some) for some in (live, daily))
        return Estimated(table.iloc[live_rows], table.iloc[daily_rows])

    def weigh(self, arcs: pd.DataFrame) -> None:
        """Return None: its tracks are those of the days before."""
        return


@dataclass(frozen=True)
class Trained:
    """A model trained on reference moisture, as it was loaded.

    Attributes
    ----------
    trained : TrainedModel
        The model.
    """

    trained: TrainedModel

    # Its windows are of a day; an arc may close some hours after its end.
    history = pd.Timedelta(days=2)

    @cached_property
    def model_id(self) -> str:
        """Of what it has learnt."""
        return self.trained.model_id

    def describe(self) -> ModelRecord:
        """Return its training and its tracks with their weights."""
        trained, table = self.trained, self.trained.features.table
        record, fill = trained.record, trained.features.fill
        parts = [identity.split("-") for identity in table.identity]
        tracks = tuple(
            TrackRecord(
                track=name,
                satellite=satellite,
                signal=signal,
                direction=direction,
                azimuth_first_deg=round(float(first_deg), 3),
                azimuth_width_deg=round(float(width_deg), 3),
                weight=float(weight),
            )
            for name, (satellite, signal, direction, *_), first_deg, width_deg, weight in zip(
                trained.features.names[: len(table)],
                parts,
                table.first_deg,
                table.width_deg,
                trained.weights,
                strict=True,
            )
        )
        return ModelRecord(
            model_id=self.model_id,
            name=trained.name,
            first_day=str(record.first_day),
            last_day=str(record.last_day),
            n_days=record.n_days,
            lowest=record.lowest,
            highest=record.highest,
            skill=record.skill if np.isfinite(record.skill) else None,
            weather=() if fill is None else trained_kinds(fill),
            tracks=tracks,
        )

    def estimate(
        self,
        arcs: pd.DataFrame,
        live: pd.DatetimeIndex,
        daily: pd.DatetimeIndex,
        weather: pd.DataFrame,
    ) -> Estimated:
        """Return live estimates of trailing windows, and daily ones of all arcs of their days.

        What would be good or extrapolated is degraded where weather lacks.
        """
        temperature_c, beside = temperature_series(weather), self._beside(weather)
        middle = arcs["start"] + (arcs["end"] - arcs["start"]) / 2
        live_tables, daily_tables = [], []
        # On one thread linear algebra adds up in one order, whatever the machine.
        with threadpool_limits(limits=1, user_api="blas"):
            for some in _parts(live):
                near = _between(arcs, arcs["closed"], some)
                live_tables.append(self.trained.estimate(near, some, temperature_c, beside))
            for some in _parts(daily):
                days = (some - _DAY).tz_localize(None).to_numpy().astype("datetime64[D]")
                near = _between(arcs, middle, some)
                daily_tables.append(self.trained.estimate_days(near, days, temperature_c, beside))
        made, of_days = _joined(live_tables), _joined(daily_tables)
        lacks, lacks_days = (self._lacks(times, beside) for times in (live, daily))
        return Estimated(
            _flagged(made, lacks),
            _flagged(of_days, lacks_days),
            int(lacks.sum() + lacks_days.sum()),
        )

    def weigh(self, arcs: pd.DataFrame) -> pd.Series[str]:
        """Return the names of the tracks of arcs, empty for none."""
        return weigh_arcs(self.trained, arcs)["track"]

    def lacks_weather(self, times: pd.DatetimeIndex, weather: pd.DataFrame) -> NDArray[np.bool_]:
        """Return at which times weather lacks that the model was trained with."""
        return self._lacks(times, self._beside(weather))

    def _beside(self, weather: pd.DataFrame) -> Weather | None:
        """Return weather as the model takes it, None for one that was trained without."""
        return None if self.trained.features.fill is None else daily_weather_of(weather)

    def _lacks(self, times: pd.DatetimeIndex, beside: Weather | None) -> NDArray[np.bool_]:
        """Return at which times weather lacks, laid out by `_beside`."""
        fill = self.trained.features.fill
        if fill is None or beside is None:
            return np.zeros(len(times), np.bool_)
        return lacks_weather(fill, beside, times.tz_localize(None).to_numpy("datetime64[ns]"))


def lacking_words(model: StationModel, what: str) -> str:
    """Say that weather lacks for some estimates.

    Parameters
    ----------
    model : StationModel
        A model that was trained with weather.
    what : str
        Of what it lacks.
    """
    told = model.describe()
    return (
        f"for {what} the {' and '.join(told.weather)} of the days before is not whole, with which "
        f"{told.model_id} was trained: estimates are degraded until it is; see that the weather "
        "file is there and goes on"
    )


def _parts(times: pd.DatetimeIndex) -> list[pd.DatetimeIndex]:
    """Cut times into parts that memory takes."""
    return [times[k : k + _AT_ONCE] for k in range(0, len(times), _AT_ONCE)]


def _between(
    arcs: pd.DataFrame, time: pd.Series[pd.Timestamp], ends: pd.DatetimeIndex
) -> pd.DataFrame:
    """Return the arcs whose time lies in the windows of a day that end at increasing times."""
    return arcs[(time >= ends[0] - _DAY) & (time <= ends[-1])]


def _joined(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Return tables one below the other."""
    if not tables:
        return pd.DataFrame(columns=list(ESTIMATE_COLUMNS))
    return pd.concat(tables, ignore_index=True)


def _flagged(table: pd.DataFrame, lacks: NDArray[np.bool_]) -> pd.DataFrame:
    """Return estimates of which those without weather are no better than degraded."""
    worse = lacks & table["flag"].isin(_BETTER).to_numpy()
    return table.assign(flag=table["flag"].mask(worse, _DEGRADED))
