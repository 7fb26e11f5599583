"""From arcs to the columns of a trained model: what is learnt, is learnt on training days alone.

Tracks, what they share, and where weather takes part the plants' index and the medians of its
columns: all come from the arcs of the training days. Reference moisture plays no part here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retrieval.errors import InputError
from retrieval.fusion.columns import Floats, column_mean
from retrieval.fusion.factors import FactorImputer
from retrieval.fusion.prediction import Stamps
from retrieval.fusion.rows import TrackRows, daily_rows
from retrieval.fusion.track_learning import learn_tracks
from retrieval.fusion.track_table import TrackTable
from retrieval.fusion.weather_features import (
    WEATHER_COLUMNS,
    MedianFill,
    Weather,
    weather_features,
)

__all__ = ["DROPPED_SHARE", "Features", "daily_fill", "learn_features"]

Indices = NDArray[np.intp]

# Of the tracks in the copies that a forest is trained with, as many are missing.
DROPPED_SHARE = 0.3
_AMPLITUDE_TRACKS = 5
_DAY = np.timedelta64(1, "D")


@dataclass(frozen=True)
class Features:
    """What turns rows of tracks into columns without gaps.

    Attributes
    ----------
    table : TrackTable
        k tracks: the first k columns are their phase anomalies, degrees.
    imputer : FactorImputer
        Fills what is missing.
    fill : MedianFill or None
        For the columns of weather after them; None without weather.
    """

    table: TrackTable
    imputer: FactorImputer
    fill: MedianFill | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns."""
        tracks = tuple(
            f"{identity}-{first:.0f}"
            for identity, first in zip(self.table.identity, self.table.first_deg, strict=True)
        )
        return tracks if self.fill is None else (*tracks, *WEATHER_COLUMNS, "amplitude_index")

    def columns(self, rows: TrackRows, weather: Weather | None = None) -> Floats:
        """Return the columns of rows, (n, p) float64.

        Raises
        ------
        InputError
            Weather is given to a model that was trained without, or the other way round.
        """
        if (weather is None) != (self.fill is None):
            raise InputError(
                "weather: this model was trained "
                + ("without it; leave it out" if self.fill is None else "with it; give it")
            )
        phases = self.imputer.transform(rows.anomaly_deg, rows.age_h)
        if weather is None or self.fill is None:
            return phases
        return np.hstack([phases, self.fill.transform(_beside(rows, weather))])

    def dropped(self, rows: TrackRows, columns: Floats, seed: int) -> Floats:
        """Return copies of training rows in which tracks were taken away and filled again."""
        draws = np.random.default_rng(seed).random(rows.anomaly_deg.shape)
        fewer = np.where(draws < DROPPED_SHARE, np.nan, rows.anomaly_deg)
        copies = columns.copy()
        copies[:, : len(self.table)] = self.imputer.transform(fewer)
        return copies


def learn_features(
    arcs: pd.DataFrame, days: Stamps, weather: Weather | None = None, n_factors: int = 3
) -> Features:
    """Learn tracks and what they share from training days.

    Parameters
    ----------
    arcs : DataFrame
        Arc table of one station; arcs of other days do not count.
    days : (n,) datetime64
        UTC days of the training.
    weather : Weather, optional
        Puts its columns, and the index of the tracks' amplitudes, behind the tracks.
    n_factors : int
        Of the imputer.

    Raises
    ------
    InputError
        Too few arcs lie on these days.
    """
    table = learn_tracks(_of_days(arcs, days))
    rows = daily_rows(table, arcs, days)
    imputer = FactorImputer(n_factors=n_factors).fit(rows.anomaly_deg)
    fill = None if weather is None else MedianFill().fit(_beside(rows, weather))
    return Features(table, imputer, fill)


def daily_fill(
    arcs: pd.DataFrame, days: Stamps, weather: Weather | None = None, seed: int = 0
) -> Callable[[Indices], tuple[Floats, Floats | None]]:
    """Return what fills daily rows by the training rows of a fold.

    For `retrieval.fusion.evaluation`: tracks, references and imputation are learnt anew for each
    fold, so that no test row takes part in them. The number of columns may differ between folds.

    Parameters
    ----------
    arcs, weather
        As in `learn_features`.
    days : (n,) datetime64
        UTC days of all rows.
    seed : int
        Of the dropped tracks.
    """

    def fill(train: Indices) -> tuple[Floats, Floats | None]:
        features = learn_features(arcs, days[train], weather)
        rows = daily_rows(features.table, arcs, days)
        columns = features.columns(rows, weather)
        return columns, features.dropped(rows, columns, seed)

    return fill


def _of_days(arcs: pd.DataFrame, days: Stamps) -> pd.DataFrame:
    """Return the arcs whose middle lies in given UTC days."""
    middle = arcs["start"] + (arcs["end"] - arcs["start"]) / 2
    day = middle.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy().astype("datetime64[D]")
    return arcs[np.isin(day, np.asarray(days, "datetime64[D]"))]


def _beside(rows: TrackRows, weather: Weather) -> Floats:
    """Return the columns of weather and the amplitude index, NaN where not known."""
    heard = np.sum(~np.isnan(rows.amplitude), axis=1) >= _AMPLITUDE_TRACKS
    index = np.where(heard, column_mean(rows.amplitude.T), np.nan)
    return np.column_stack([weather_features(weather, rows.time), index])
