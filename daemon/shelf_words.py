"""What is told of the models of a station, to people and to machines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from daemon.config import Config
from daemon.errors import UsageError
from daemon.last_try import LastTry, Outcome
from daemon.plural import plural
from daemon.shadowing import good_shares
from daemon.shelf import State
from daemon.shelf_file import read_shelf
from daemon.store import BesideLive, Store
from daemon.utc import parse_utc
from retrieval.errors import InputError
from retrieval.fusion.columns import Floats

__all__ = ["beside_lines", "beside_live", "model_rows", "shelf_lines", "try_lines"]

_WORDS = {
    State.IN_USE: "in use",
    State.SHADOW: "in shadow",
    State.BEFORE: "before",
    State.REFUSED: "refused",
}
_OUTCOMES = {
    Outcome.IN_USE: "is in use from the next estimate on",
    Outcome.SHADOW: "makes estimates in shadow, beside those in use",
    Outcome.REFUSED: "is refused; the model in use stays",
    Outcome.UNCHANGED: "is there already",
}
_WINDOW_H = 24.0  # of live estimates


def model_rows(config: Config) -> list[dict[str, Any]]:
    """Return the models of the shelf as plain values, those that matter most first."""
    return [
        {
            "state": state.value,
            "model_id": placed.model_id,
            "source": placed.source.value,
            "since": placed.since,
            "why": placed.why,
            "training": placed.training,
            "comparison": placed.comparison,
        }
        for state, placed in read_shelf(config.shelf, config.station.name)
    ]


def shelf_lines(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Write the models of the shelf for people."""
    if not rows:
        return ["no model was trained here yet: the one of the configuration is in use"]
    lines = []
    for row in rows:
        since = f" since {row['since']}" if row["since"] else ""
        lines.append(f"{_WORDS[State(row['state'])]:<9} {row['model_id']}{since}: {row['why']}")
        training = row["training"]
        if training is not None:
            lines.append(
                f"  trained {plural(training['days'], 'day')}, {training['first_day']} to "
                f"{training['last_day']}, skill {_number(training['skill'], '.2f')}"
            )
        lines += _comparison_lines(row["comparison"])
    return lines


def try_lines(tried: LastTry) -> list[str]:
    """Write what came of a retraining."""
    if tried.outcome not in _OUTCOMES:
        return [f"soilglint: model retrain: {tried.reason or 'it is still at work'}"]
    return [
        f"model     {tried.model_id} {_OUTCOMES[tried.outcome]}",
        f"because   {tried.reason}",
        *_comparison_lines(tried.comparison),
    ]


def beside_live(config: Config, model_id: str | None) -> dict[str, Any]:
    """Return what a model said in shadow, and how it stands to what was published.

    Where a reference is configured and known at these times, errors of both stand beside.

    Raises
    ------
    UsageError
        No model is in shadow, or the one named has not said anything.
    """
    shelf = read_shelf(config.shelf, config.station.name)
    name = shelf.shadow.model_id if model_id is None and shelf.shadow else model_id
    if name is None:
        raise UsageError("model compare: no model is in shadow; name one of `soilglint model list`")
    with Store.reading(config.store.path) as store:
        beside = store.shadows(config.station.name, name)
    if not beside:
        raise UsageError(f"model compare: {name} has made no estimates in shadow yet")
    new, live = (
        np.array([np.nan if one is None else one for one in column], np.float64)
        for column in zip(*((one.vwc, one.live_vwc) for one in beside), strict=True)
    )
    good, live_good = good_shares(beside)
    both = np.isfinite(new) & np.isfinite(live)
    placed = shelf.find(name)
    return {
        "model_id": name,
        "in_use": sorted({one.live_model_id for one in beside}),
        "first_time": beside[0].time,
        "last_time": beside[-1].time,
        "estimates": len(beside),
        "both_measured": int(both.sum()),
        "mean_difference": _mean(new[both] - live[both]),
        "rms_difference": _rms(new[both] - live[both]),
        "good_share": round(good, 3),
        "good_share_in_use": round(live_good, 3),
        "reference": _beside_reference(config, beside, new, live),
        "held_out": None if placed is None else placed.comparison,
    }


def beside_lines(found: Mapping[str, Any]) -> list[str]:
    """Write it for people."""
    lines = [
        f"shadow    {found['model_id']}, beside {', '.join(found['in_use'])}",
        f"estimates {found['estimates']}, {found['first_time']} to {found['last_time']}",
        f"moisture  {_number(found['mean_difference'], '+.4f')} m3 m-3 in the mean, "
        f"{_number(found['rms_difference'], '.4f')} root mean square, of "
        f"{found['both_measured']} that both measured",
        f"good      {found['good_share']:.0%} in shadow, {found['good_share_in_use']:.0%} in use",
    ]
    reference = found["reference"]
    if reference is not None:
        lines.append(
            f"reference RMSE {_number(reference['rmse'], '.4f')} in shadow, "
            f"{_number(reference['rmse_in_use'], '.4f')} in use, of {reference['estimates']}"
        )
    return lines + _comparison_lines(found["held_out"])


def _beside_reference(
    config: Config,
    beside: Sequence[BesideLive],
    new: Floats,
    live: Floats,
) -> dict[str, Any] | None:
    """Return errors of both models where the reference is known; None where it is not."""
    from retrieval.fusion.reference import reference_at
    from retrieval.given_series import read_series

    if config.model.reference is None:
        return None
    times = parse_utc([one.time for one in beside]).tz_localize(None).to_numpy("datetime64[ns]")
    try:
        known = reference_at(read_series(config.model.reference), times, _WINDOW_H)
    except InputError:
        return None  # `soilglint check` says why
    rows = np.isfinite(known) & np.isfinite(new) & np.isfinite(live)
    if not rows.any():
        return None
    return {
        "estimates": int(rows.sum()),
        "rmse": _rms(new[rows] - known[rows]),
        "rmse_in_use": _rms(live[rows] - known[rows]),
        "bias": _mean(new[rows] - known[rows]),
        "bias_in_use": _mean(live[rows] - known[rows]),
    }


def _comparison_lines(told: Mapping[str, Any] | None) -> list[str]:
    """Write how a model did on days that were left out."""
    if told is None or not told["days"]:
        return []
    new, old, off = told["new"], told["in_use"], told["rmse_difference"]
    interval = "" if off is None else f", difference {off['lower']:+.4f} to {off['upper']:+.4f}"
    return [
        f"  compared on {told['how']}: RMSE {_number(new['rmse'], '.4f')}, bias "
        f"{_number(new['bias'], '+.4f')}; in use {_number(old['rmse'], '.4f')}, "
        f"{_number(old['bias'], '+.4f')} m3 m-3{interval}"
    ]


def _mean(values: Floats) -> float | None:
    return round(float(values.mean()), 5) if len(values) else None


def _rms(values: Floats) -> float | None:
    return round(float(np.sqrt(np.mean(values**2))), 5) if len(values) else None


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)
