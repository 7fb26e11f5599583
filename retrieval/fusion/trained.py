"""A model trained on reference moisture: arcs in, estimates with bounds and flags out.

`train` learns tracks, imputation and model from a station's arcs and the daily reference beside
them; `TrainedModel.estimate` speaks for any time from the arcs that had closed by then, and
`estimate_days` for whole days. Both depend on arcs, weather and times alone.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from retrieval.equipment import UNKNOWN
from retrieval.errors import InputError
from retrieval.fusion.closed import MS_PER_DAY
from retrieval.fusion.columns import Floats, column_median
from retrieval.fusion.conformal import to_gap
from retrieval.fusion.evaluation import Fold, predict_folds
from retrieval.fusion.features import (
    Features,
    day_of_arcs,
    learn_features,
    of_latest_equipment,
)
from retrieval.fusion.frost import Temperatures
from retrieval.fusion.models import make_model, setting_names
from retrieval.fusion.prediction import MoistureModel, Stamps, for_tracks
from retrieval.fusion.rows import TrackRows, daily_rows, trailing_rows
from retrieval.fusion.weather_features import Weather
from retrieval.fusion.windows import estimate_table
from retrieval.validation import Scores, inner_folds, scores

__all__ = ["LEAST_SKILL", "FlagRules", "TrainedModel", "TrainingRecord", "train"]

_BLOCKS, _GAP_DAYS = 5, 5.0
_FEWEST_ROWS = 30
# A model that explains less of the reference in its own cross-validation knows nothing.
LEAST_SKILL = 0.1
# m3 m-3. The mean of leaves that all hold the highest moisture misses it by its last digits.
_ROUNDING = 1e-9


@dataclass(frozen=True, kw_only=True)
class FlagRules:
    """When an estimate is not good.

    Attributes
    ----------
    min_coverage : float
        Share of the tracks' weight that must be present.
    min_tracks : int
        Tracks that must be present.
    snow_drop_m : float
        The reflector rises by more than this in the median over the tracks: `snow`.
    frozen_below_c : float
        The mean temperature of 24 or 72 hours is below this, degrees C: `frozen`.
    """

    min_coverage: float = 0.5
    min_tracks: int = 5
    snow_drop_m: float = 0.05
    frozen_below_c: float = 0.0


@dataclass(frozen=True)
class TrainingRecord:
    """What a model was trained on, and how well it did on blocks that it had not seen.

    Attributes
    ----------
    first_day, last_day : datetime64[D]
        UTC.
    n_days : int
        Days with a reference that trained.
    lowest, highest : float
        Range of the reference, m3 m-3.
    ordinary_tracks : int
        Tracks of the median training day.
    scores : Scores
        Of blocked cross-validation over the training days; their years where there are three.
    skill : float
        ``1 - mean square error / variance of the reference`` there; NaN where it does not vary.
    equipment : str
        The receiver and antenna of its tracks (`retrieval.equipment`), empty where not known.
    """

    first_day: np.datetime64
    last_day: np.datetime64
    n_days: int
    lowest: float
    highest: float
    ordinary_tracks: int
    scores: Scores
    skill: float
    equipment: str = UNKNOWN

    def as_dict(self) -> dict[str, Any]:
        """Return the record in JSON's types: days as text, None for what is not known."""
        return {
            **dataclasses.asdict(self),
            "first_day": str(self.first_day),
            "last_day": str(self.last_day),
            "scores": self.scores.as_dict(),
            "skill": self.skill if np.isfinite(self.skill) else None,
        }


@dataclass(frozen=True, eq=False)
class TrainedModel:
    """A model of one station.

    Attributes
    ----------
    name : str
        Of `retrieval.fusion.models.MODEL_NAMES`.
    features : Features
        Tracks and imputation.
    model : MoistureModel
        Fitted.
    record : TrainingRecord
        What it was trained on.
    rules : FlagRules
        When an estimate is not good.
    seed : int
        Of all its draws.
    station : str
        Name of the station, empty where it is not known.
    """

    name: str
    features: Features
    model: MoistureModel
    record: TrainingRecord
    rules: FlagRules = field(default_factory=FlagRules)
    seed: int = 0
    station: str = ""

    @property
    def weights(self) -> Floats:
        """Weight of each track, (k,), 0 to 1: the model's own, or all alike where it has none."""
        own: Floats | None = getattr(self.model, "weights_", None)
        return np.ones(len(self.features.table)) if own is None else own

    @property
    def model_id(self) -> str:
        """Name of the model and eight digits that change with what it has learnt."""
        digest = hashlib.sha256()
        for values in (
            self.features.table.reference_deg,
            self.features.imputer.loading_deg_,
            self.features.imputer.noise_deg_,
            self.weights,
        ):
            digest.update(np.ascontiguousarray(values, np.float64).tobytes())
        if self.features.plants is not None:
            plants = self.features.plants
            for learnt in (plants.amplitude.weight_, plants.rise.weight_, plants.slope_deg):
                digest.update(np.ascontiguousarray(learnt, np.float64).tobytes())
        told = [self.name, self.seed, dataclasses.asdict(self.rules), self.record.as_dict()]
        # As JSON, since the text of a numpy value differs between versions of numpy.
        digest.update(json.dumps(told, default=lambda value: value.item()).encode())
        return f"{self.name}-{digest.hexdigest()[:8]}"

    def estimate(
        self,
        arcs: pd.DataFrame,
        times: pd.DatetimeIndex,
        temperature_c: pd.Series[float] | None = None,
        weather: Weather | None = None,
    ) -> pd.DataFrame:
        """Estimate soil moisture at given times from the arcs that had closed in the 24 h before.

        Parameters
        ----------
        arcs : DataFrame
            Arc table of the station, in any order. Arcs that close later change nothing.
        times : DatetimeIndex
            n times, UTC.
        temperature_c : Series, optional
            Degrees C, indexed by UTC time: frozen ground has no estimate.
        weather : Weather, optional
            If the model was trained with it.

        Returns
        -------
        DataFrame
            n rows with the columns `ESTIMATE_COLUMNS`. `flag` is, in this order of precedence,
            ``snow``, ``frozen``, ``degraded`` for a model without skill, ``extrapolated`` beyond
            the range of the training reference, ``degraded`` where too few tracks are present, or
            ``good``.
        """
        rows = trailing_rows(self.features.table, arcs, times)
        return self._estimates(rows, times, temperature_c, weather)

    def estimate_days(
        self,
        arcs: pd.DataFrame,
        days: Stamps,
        temperature_c: pd.Series[float] | None = None,
        weather: Weather | None = None,
    ) -> pd.DataFrame:
        """Estimate the mean moisture of UTC days from all of their arcs, as in training.

        `time` is the day's end; the rest is as in `estimate`.
        """
        rows = daily_rows(self.features.table, arcs, days)
        ends = pd.DatetimeIndex(rows.time).tz_localize("UTC")
        return self._estimates(rows, ends, temperature_c, weather)

    def _estimates(
        self,
        rows: TrackRows,
        times: pd.DatetimeIndex,
        temperature_c: pd.Series[float] | None,
        weather: Weather | None,
    ) -> pd.DataFrame:
        """Return the estimates of rows."""
        rules, record = self.rules, self.record
        said = self.model.predict(self.features.columns(rows, weather), rows.time)
        vwc, lower, upper = said.vwc.copy(), said.lower.copy(), said.upper.copy()
        heard = ~np.isnan(rows.anomaly_deg)
        present = heard.astype(np.float64) * self.weights
        total = self.weights.sum()
        coverage = present.sum(axis=1) / total if total > 0 else np.zeros(len(rows))
        count = heard.sum(axis=1)
        weighed = present.sum(axis=1)
        anomaly_deg = np.divide(
            np.nansum(rows.anomaly_deg * self.weights, axis=1),
            weighed,
            out=np.full(len(rows), np.nan),
            where=weighed > 0,
        )
        # From the last of the order of precedence to the first.
        flag = np.full(len(rows), "good", dtype=object)
        flag[(coverage < rules.min_coverage) | (count < rules.min_tracks)] = "degraded"
        beyond = (vwc < record.lowest - _ROUNDING) | (vwc > record.highest + _ROUNDING)
        flag[beyond] = "extrapolated"
        if not record.skill > LEAST_SKILL:
            flag[:] = "degraded"
        silent = count == 0
        flag[silent] = "degraded"
        ends_ms = rows.time.astype("datetime64[ms]").astype(np.int64)
        frozen = Temperatures.of(temperature_c).frozen(ends_ms, rules.frozen_below_c)
        flag[frozen] = "frozen"
        snow = (count >= rules.min_tracks) & (column_median(rows.rise_m.T) > rules.snow_drop_m)
        flag[snow] = "snow"
        hidden = frozen | snow | silent
        vwc[hidden] = lower[hidden] = upper[hidden] = np.nan
        effective = rows.effective_time.astype("datetime64[ms]")
        effective_ms = np.where(np.isnat(effective), np.nan, effective.astype(np.float64))
        columns: dict[str, NDArray[Any]] = {
            "effective_time": effective_ms,
            "vwc": np.round(vwc, 4),
            "vwc_lower": np.round(lower, 4),
            "vwc_upper": np.round(upper, 4),
            "phase_anomaly_deg": np.round(anomaly_deg, 3),
            "n_arcs": rows.n_arcs,
            "n_tracks_expected": np.full(len(rows), float(record.ordinary_tracks)),
            "coverage": np.round(coverage, 3),
            "flag": flag,
        }
        return estimate_table(columns, times, self.model_id)


def train(
    arcs: pd.DataFrame,
    days: Stamps,
    vwc: Floats,
    name: str = "rf-mdi",
    *,
    seed: int = 0,
    temperature_c: pd.Series[float] | None = None,
    weather: Weather | None = None,
    vegetation: bool = True,
    rules: FlagRules | None = None,
    **settings: Any,
) -> TrainedModel:
    """Train a model of a station.

    Parameters
    ----------
    arcs : DataFrame
        Arc table of the station; arcs of days that are not among `days` do not count, nor do those
        of another receiver or antenna than the last one of these days: columns of both would
        share no day, and what one says of a dry day nothing would tie to what the other says.
    days : (n,) datetime64
        UTC days with a reference.
    vwc : (n,) float64
        Their reference moisture, m3 m-3.
    name : str
        Of `retrieval.fusion.models.MODEL_NAMES`, but not one that is fed by the reference.
    seed : int
        Of all draws.
    temperature_c : Series, optional
        Degrees C by UTC time: days that were frozen do not train.
    weather : Weather, optional
        Makes its columns part of the model.
    vegetation : bool
        Takes off what plants turn the phases by (`retrieval.fusion.vegetation`); the paper does
        not.
    rules : FlagRules, optional
        When estimates are not good.
    **settings
        Of the model, such as ``preset="p041"``.

    Raises
    ------
    InputError
        Days and values do not fit together, or fewer than 30 days with arcs are left.
    """
    rules = rules or FlagRules()
    days, vwc = np.asarray(days, "datetime64[D]"), np.asarray(vwc, np.float64)
    if days.shape != vwc.shape or days.ndim != 1:
        raise InputError(
            f"training: {days.shape} days and {vwc.shape} values, expected as many of each"
        )
    order = np.argsort(days, kind="stable")
    days, vwc = days[order], vwc[order]
    if (np.diff(days) == np.timedelta64(0, "D")).any():
        raise InputError("training: a day stands twice; give one value for each day")
    ends_ms = (days.astype(np.int64) + 1) * MS_PER_DAY
    thawed = ~Temperatures.of(temperature_c).frozen(ends_ms, rules.frozen_below_c)
    kept = thawed & np.isfinite(vwc)
    days, vwc = days[kept], vwc[kept]
    every, arcs = len(arcs), of_latest_equipment(arcs, days)
    if len(arcs) < every:
        heard_on = np.isin(days, day_of_arcs(arcs[arcs["accepted"]]))
        days, vwc = days[heard_on], vwc[heard_on]
    # On one thread linear algebra adds up in one order, whatever the machine.
    with threadpool_limits(limits=1, user_api="blas"):
        known = vwc if vegetation else None
        features = learn_features(arcs, days, known, weather) if len(days) else None
    rows = daily_rows(features.table, arcs, days) if features else None
    heard = np.zeros(0, np.bool_) if rows is None else np.asarray(rows.n_arcs > 0)
    if features is None or rows is None or heard.sum() < _FEWEST_ROWS:
        raise InputError(
            f"training: {int(heard.sum())} days with a reference, arcs and thawed ground, expected "
            f"{_FEWEST_ROWS} or more; give a longer record"
            + (", for those of other receivers and antennas do not count" * (len(arcs) < every))
        )
    columns = features.columns(rows, weather)
    copies = features.dropped(rows, columns, seed)
    stamps = rows.time
    own = {"seed": seed, "n_jobs": os.cpu_count() or 1}
    own = {key: value for key, value in own.items() if key in setting_names(name)}
    model = make_model(name, **(own | settings))
    model = for_tracks(model, features.order, features.n_evidence)
    if model.uses_reference_of_test_:
        raise InputError(
            f"model {name}: is fed by the reference that a station lacks; use it in an evaluation"
        )
    some = np.flatnonzero(heard)
    with threadpool_limits(limits=1, user_api="blas"):
        model.fit(columns[some], vwc[some], stamps[some], copies[some])
        found, skill = _cross_validated(model, columns[some], vwc[some], stamps[some], copies[some])
    record = TrainingRecord(
        days[some][0],
        days[some][-1],
        len(some),
        float(vwc[some].min()),
        float(vwc[some].max()),
        int(np.median(np.sum(~np.isnan(rows.anomaly_deg[some]), axis=1))),
        found,
        skill,
        str(arcs["equipment"].iloc[0]) if "equipment" in arcs else UNKNOWN,
    )
    return TrainedModel(name, features, model, record, rules, seed)


def _cross_validated(
    model: MoistureModel, columns: Floats, vwc: Floats, stamps: Stamps, copies: Floats
) -> tuple[Scores, float]:
    """Return scores and skill of a fitted model on blocks that its like had not seen."""
    said = getattr(model, "out_of_fold_", None)
    if said is None:
        inner = inner_folds(stamps, _BLOCKS, to_gap(_GAP_DAYS))
        folds = [Fold(str(k), train, test) for k, (train, test) in enumerate(inner, start=1)]
        said = predict_folds(model, columns, vwc, stamps, folds, copies)
    found = scores(vwc, said.vwc, said.lower, said.upper)
    known = np.isfinite(said.vwc)
    spread = float(np.std(vwc[known])) if known.any() else 0.0
    # The mean of equal values misses them by rounding.
    skill = 1.0 - (found.rmse / spread) ** 2 if spread > _ROUNDING else float("nan")
    return found, skill
