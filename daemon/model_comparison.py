"""Is a newly trained model as good as the one in use? On days that neither of them has seen.

Where the reference has gone on after the model in use was trained, those days decide: it is asked
as it stands, and the new kind is trained anew for each block of them without the block and five
days on either side. Else both are trained anew under the same folds of all days. Models that need
no training are asked as they stand.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from daemon.plural import plural
from daemon.station_model import StationModel, Trained
from daemon.training_record import Record
from retrieval.errors import TooFewRowsError
from retrieval.fusion.columns import Floats
from retrieval.fusion.evaluation import Fold, make_folds, predict_folds
from retrieval.fusion.features import daily_fill
from retrieval.fusion.models import make_model, setting_names
from retrieval.fusion.prediction import MoistureModel
from retrieval.fusion.trained import LEAST_SKILL, TrainedModel
from retrieval.validation import Interval, Scores, block_bootstrap, scores

__all__ = ["Comparison", "compare"]

_DAY = np.timedelta64(1, "D")
_GAP_DAYS = 5
# So many days after the training of the model in use suffice to judge both by.
_FEWEST_NEW = 10
_BLOCK_DAYS, _MOST_BLOCKS = 5, 5
# The new model may do worse by so much of the error: less is noise.
_TOLERANCE = 1.02
# Errors of neighbouring days are alike.
_MEMORY_DAYS = 10
_SETTINGS_OF_COLUMNS = ("n_tracks", "n_evidence", "order")
_CALIBRATING = "calibrating"


@dataclass(frozen=True)
class Comparison:
    """A new model beside the one in use.

    Attributes
    ----------
    good_enough : bool
        Whether the new one may take over.
    reason : str
        Why, or why not.
    how : str
        Which days they were judged on.
    n_days : int
        Days on which both say something.
    new, in_use : Scores
        Of those days.
    difference : Interval or None
        RMSE of the new one less that of the other with its 90 % interval (moving blocks of days).
    """

    good_enough: bool
    reason: str
    how: str
    n_days: int
    new: Scores
    in_use: Scores
    difference: Interval | None

    def as_dict(self) -> dict[str, Any]:
        """Return it in JSON's types, scores in m3 m-3."""

        def told(found: Scores) -> dict[str, float | None]:
            return {
                name: None if value is None else round(value, 5)
                for name, value in found.as_dict().items()
                if name in ("r", "rmse", "bias", "ubrmse")
            }

        interval = self.difference and dataclasses.asdict(self.difference)
        return {
            "good_enough": self.good_enough,
            "reason": self.reason,
            "how": self.how,
            "days": self.n_days,
            "new": told(self.new),
            "in_use": told(self.in_use),
            "rmse_difference": interval and {name: round(one, 5) for name, one in interval.items()},
        }


def compare(
    record: Record, trained: TrainedModel, in_use: StationModel, weather: pd.DataFrame
) -> Comparison:
    """Compare a model that was trained on a record with the one in use.

    Parameters
    ----------
    record : Record
        Arcs and reference that the new model was trained on.
    trained : TrainedModel
        The new one.
    in_use : StationModel
        The one that makes the station's estimates.
    weather : DataFrame
        Rows of the store, as `daemon.weather.read_weather` gives them.

    Raises
    ------
    InputError
        The days do not suffice to train on a part of them.
    """
    days, vwc = record.reference.day, record.reference.vwc
    ends = (days + _DAY).astype("datetime64[ns]")
    last_day = in_use.trained.record.last_day if isinstance(in_use, Trained) else None
    late = days > (days[-1] if last_day is None else last_day + _GAP_DAYS * _DAY)
    after = np.flatnonzero(late)
    # On one thread linear algebra adds up in one order, whatever the machine.
    with threadpool_limits(limits=1, user_api="blas"):
        if len(after) >= _FEWEST_NEW:
            how = f"{plural(len(after), 'day')} after the training of {in_use.model_id}, in blocks"
            folds = _blocks_of(days, after)
            new, old = _held_out(record, trained, folds), _said(in_use, record, weather, after)
        else:
            how = f"{plural(len(days), 'day')} in blocks that were left out"
            folds = make_folds(ends, "blocks", gap_days=_GAP_DAYS)
            new = _held_out(record, trained, folds)
            if not isinstance(in_use, Trained):
                old = _said(in_use, record, weather, np.arange(len(days)))
            elif _alike(trained, in_use.trained):
                old = new
            else:
                old = _held_out(record, in_use.trained, folds)
    return _judged(trained, in_use.model_id, how, vwc, new, old)


def _judged(
    trained: TrainedModel, in_use_id: str, how: str, vwc: Floats, new: Floats, old: Floats
) -> Comparison:
    """Decide by what both said of (n,) days, NaN where nothing."""
    speaks = np.isfinite(new)
    rows = np.flatnonzero(speaks & np.isfinite(old))
    found, other = scores(vwc[rows], new[rows]), scores(vwc[rows], old[rows])
    difference = None
    if len(rows) >= 3:
        off = [(one[rows] - vwc[rows]) ** 2 for one in (new, old)]

        def worse(some: NDArray[np.intp]) -> float:
            return float(np.sqrt(off[0][some].mean()) - np.sqrt(off[1][some].mean()))

        difference = block_bootstrap(worse, len(rows), min(_MEMORY_DAYS, len(rows) // 3))
    skill = trained.record.skill
    if not skill > LEAST_SKILL:
        fine = False
        told = "nothing" if np.isnan(skill) else f"a skill of {skill:.2f}"
        reason = (
            f"it explains next to nothing of the reference ({told} in blocks, more than "
            f"{LEAST_SKILL:g} is needed); see that the reference is of this place and in UTC"
        )
    elif len(rows) < 0.5 * speaks.sum():
        fine = True
        reason = (
            f"{in_use_id} says something of {plural(len(rows), 'day')} only, of {int(speaks.sum())}"
        )
    else:
        fine = found.rmse <= other.rmse * _TOLERANCE
        reason = (
            f"RMSE {found.rmse:.4f} m3 m-3, {in_use_id} {other.rmse:.4f}, on "
            f"{plural(len(rows), 'day')} that neither had seen"
        )
    return Comparison(fine, reason, how, len(rows), found, other, difference)


def _blocks_of(days: NDArray[np.datetime64], rows: NDArray[np.intp]) -> list[Fold]:
    """Return folds that test blocks of some rows and train on all that lie far from each."""
    count = min(max(len(rows) // _BLOCK_DAYS, 2), _MOST_BLOCKS)
    folds = []
    for k, test in enumerate(np.array_split(rows, count), start=1):
        first, last = days[test[0]] - _GAP_DAYS * _DAY, days[test[-1]] + _GAP_DAYS * _DAY
        folds.append(Fold(str(k), np.flatnonzero((days < first) | (days > last)), test))
    return folds


def _held_out(record: Record, like: TrainedModel, folds: Sequence[Fold]) -> Floats:
    """Return what models like one say of the days that they are not trained on, (n,)."""
    days, vwc = record.reference.day, record.reference.vwc
    with_weather = like.features.fill is not None
    if with_weather and record.weather is None:
        raise TooFewRowsError(
            f"{like.model_id}: was trained with weather, of which the store knows none"
        )
    fill = daily_fill(
        record.arcs,
        days,
        record.weather if with_weather else None,
        like.seed,
        vegetation=like.features.plants is not None,
    )
    ends = (days + _DAY).astype("datetime64[ns]")
    return predict_folds(_untrained(like), fill, vwc, ends, folds).vwc


def _said(
    in_use: StationModel, record: Record, weather: pd.DataFrame, rows: NDArray[np.intp]
) -> Floats:
    """Return what a model says of some days as it stands, (n,); NaN for the others."""
    ends = pd.DatetimeIndex(record.reference.day[rows] + _DAY).tz_localize("UTC")
    said = in_use.estimate(record.arcs, ends[:0], ends, weather).daily
    known = (said["flag"] != _CALIBRATING).to_numpy()
    found = np.full(len(record.reference), np.nan)
    found[rows] = np.where(known, said["vwc"].to_numpy(np.float64), np.nan)
    return found


def _settings(like: TrainedModel) -> dict[str, Any]:
    """Return the settings of a trained model that say nothing of columns and threads."""
    return {
        one.name: getattr(like.model, one.name)
        for one in dataclasses.fields(like.model)  # type: ignore[arg-type]
        if one.init and one.name not in (*_SETTINGS_OF_COLUMNS, "n_jobs")
    }


def _untrained(like: TrainedModel) -> MoistureModel:
    """Return an untrained model of the kind and the settings of a trained one."""
    threads = {"n_jobs": os.cpu_count() or 1} if "n_jobs" in setting_names(like.name) else {}
    return make_model(like.name, **_settings(like), **threads)


def _alike(one: TrainedModel, other: TrainedModel) -> bool:
    """Whether two models would come out equal if they were trained on the same days."""
    first, second = (
        (t.name, t.seed, t.features.plants is None, t.features.fill is None, _settings(t))
        for t in (one, other)
    )
    return first == second
