"""From arcs to the columns of a trained model: what is learnt, is learnt on training days alone.

Tracks, what they share, how far plants turn their phases, and where weather takes part the medians
of its columns: all come from the training days. Reference moisture plays its part in the slope of
the plants alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retrieval.equipment import equipment_tokens
from retrieval.errors import InputError
from retrieval.fusion.columns import Floats
from retrieval.fusion.factors import FactorImputer
from retrieval.fusion.plants import EVIDENCE_COLUMNS, Plants, learn_plants
from retrieval.fusion.prediction import FilledRows, Stamps
from retrieval.fusion.rows import TrackRows, daily_rows
from retrieval.fusion.track_learning import learn_tracks
from retrieval.fusion.track_table import TrackTable
from retrieval.fusion.weather_features import (
    WEATHER_COLUMNS,
    MedianFill,
    Weather,
    weather_features,
)

__all__ = [
    "DROPPED_SHARE",
    "Features",
    "daily_fill",
    "day_of_arcs",
    "learn_features",
    "of_latest_equipment",
]

Indices = NDArray[np.intp]

# Of the tracks in the copies that a forest is trained with, as many are missing.
DROPPED_SHARE = 0.3


@dataclass(frozen=True)
class Features:
    """What turns rows of tracks into columns without gaps.

    Attributes
    ----------
    table : TrackTable
        k tracks: the first k columns are their phase anomalies, degrees.
    imputer : FactorImputer
        Fills what is missing.
    plants : Plants or None
        What is taken off the phases, and the columns `EVIDENCE_COLUMNS` after them; None leaves
        the phases as they are, as in the paper, and alone.
    fill : MedianFill or None
        For the columns of weather, which come last; None without weather.
    """

    table: TrackTable
    imputer: FactorImputer
    plants: Plants | None = None
    fill: MedianFill | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns."""
        tracks = tuple(
            f"{identity}-{first:.0f}"
            for identity, first in zip(self.table.identity, self.table.first_deg, strict=True)
        )
        evidence = () if self.plants is None else EVIDENCE_COLUMNS
        return (*tracks, *evidence, *(() if self.fill is None else WEATHER_COLUMNS))

    @property
    def order(self) -> tuple[int, ...]:
        """The columns of tracks in order of the azimuth of their middle, from north."""
        middle_deg = np.mod(self.table.first_deg + 0.5 * self.table.width_deg, 360.0)
        return tuple(np.argsort(middle_deg, kind="stable").tolist())

    @property
    def n_evidence(self) -> int:
        """Number of columns after the tracks that tell of plants and snow."""
        return 0 if self.plants is None else len(EVIDENCE_COLUMNS)

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
        parts = [self._phases(rows, rows.anomaly_deg, rows.age_h)]
        if self.plants is not None:
            parts.append(self.plants.evidence(rows))
        if weather is not None and self.fill is not None:
            parts.append(self.fill.transform(weather_features(weather, rows.time)))
        return np.hstack(parts)

    def dropped(self, rows: TrackRows, columns: Floats, seed: int) -> Floats:
        """Return copies of training rows in which tracks were taken away and filled again."""
        draws = np.random.default_rng(seed).random(rows.anomaly_deg.shape)
        fewer = np.where(draws < DROPPED_SHARE, np.nan, rows.anomaly_deg)
        copies = columns.copy()
        copies[:, : len(self.table)] = self._phases(rows, fewer, None)
        return copies

    def _phases(self, rows: TrackRows, anomaly_deg: Floats, age_h: Floats | None) -> Floats:
        """Return anomalies without gaps and without what plants turn them by, (n, k)."""
        phases = self.imputer.transform(anomaly_deg, age_h)
        if self.plants is None:
            return phases
        return np.asarray(phases - self.plants.turned_deg(rows)[:, None])


def learn_features(
    arcs: pd.DataFrame,
    days: Stamps,
    vwc: Floats | None = None,
    weather: Weather | None = None,
    n_factors: int = 3,
) -> Features:
    """Learn tracks and what they share from training days.

    Parameters
    ----------
    arcs : DataFrame
        Arc table of one station; arcs of other days do not count.
    days : (n,) datetime64
        UTC days of the training.
    vwc : (n,) float64, optional
        Their reference moisture, m3 m-3: tells how far plants turn the phases
        (`retrieval.fusion.vegetation`). Without it phases stay as they are, as in the paper, and
        stand alone.
    weather : Weather, optional
        Puts its columns behind those of the tracks.
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
    plants = None if vwc is None else learn_plants(rows, imputer, vwc)
    fill = None if weather is None else MedianFill().fit(weather_features(weather, rows.time))
    return Features(table, imputer, plants, fill)


def of_latest_equipment(arcs: pd.DataFrame, days: Stamps) -> pd.DataFrame:
    """Return the arcs of the receiver and antenna that heard most of the last of given days.

    Of equal numbers of accepted arcs, that which heard the last one counts.

    Parameters
    ----------
    arcs : DataFrame
        Arc table of one station.
    days : (n,) datetime64
        UTC days.
    """
    token = equipment_tokens(arcs)
    if (token == token[:1]).all():
        return arcs
    there = np.flatnonzero(np.isin(day_of_arcs(arcs), np.asarray(days, "datetime64[D]")))
    there = there[arcs["accepted"].to_numpy()[there]]
    if len(there) == 0:
        return arcs[:0]
    day = day_of_arcs(arcs.iloc[there])
    there = there[day == day.max()]
    start = arcs["start"].to_numpy()[there]
    heard = pd.DataFrame({"token": token[there], "start": start}).groupby("token")["start"]
    # By number, then by the last arc, then by name: the order of the rows must not decide.
    ranked = sorted(zip(heard.size(), heard.max(), heard.size().index, strict=True))
    return arcs[np.asarray(token == ranked[-1][2], np.bool_)]


def daily_fill(
    arcs: pd.DataFrame,
    days: Stamps,
    weather: Weather | None = None,
    seed: int = 0,
    vegetation: bool = True,
) -> Callable[[Indices, Floats], FilledRows]:
    """Return what fills daily rows by the training rows of a fold and their reference.

    For `retrieval.fusion.evaluation`: tracks, references, imputation and the plants' slope are
    learnt anew for each fold, so that no test row takes part in them. The number of columns may
    differ between folds.

    Parameters
    ----------
    arcs, weather
        As in `learn_features`.
    days : (n,) datetime64
        UTC days of all rows.
    seed : int
        Of the dropped tracks.
    vegetation : bool
        Whether to take off what plants turn the phases by, and to put what tells of them beside.
    """

    def fill(train: Indices, vwc: Floats) -> FilledRows:
        features = learn_features(arcs, days[train], vwc if vegetation else None, weather)
        rows = daily_rows(features.table, arcs, days)
        columns = features.columns(rows, weather)
        copies = features.dropped(rows, columns, seed)
        return FilledRows(columns, copies, features.order, features.n_evidence)

    return fill


def _of_days(arcs: pd.DataFrame, days: Stamps) -> pd.DataFrame:
    """Return the arcs whose middle lies in given UTC days."""
    return arcs[np.isin(day_of_arcs(arcs), np.asarray(days, "datetime64[D]"))]


def day_of_arcs(arcs: pd.DataFrame) -> Stamps:
    """Return the UTC day of the middle of each arc, (n,)."""
    middle = arcs["start"] + (arcs["end"] - arcs["start"]) / 2
    utc = middle.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
    return np.asarray(utc, "datetime64[D]")
