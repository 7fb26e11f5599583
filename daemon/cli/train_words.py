"""What `train` and `evaluate` say to people."""

from __future__ import annotations

import math
import shlex
from typing import TYPE_CHECKING, Any

from daemon.plural import plural

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["score_lines", "trained_lines"]


def trained_lines(summary: dict[str, Any], again: str) -> list[str]:
    """Say what was trained, how well it did on days that it had not seen, and what is next."""
    found = summary["cross_validation"]
    low, high = summary["reference_range"]
    lines = [
        f"model     {summary['model_id']}",
        f"trained   on {plural(summary['days'], 'day')}, {summary['first_day']} to "
        f"{summary['last_day']}, {plural(summary['tracks'], 'track')}",
        *([f"heard by  {summary['equipment']}"] if summary["equipment"] else []),
        f"reference {summary['reference']}, {low:.3f} to {high:.3f} m3 m-3",
        f"blocks    R {_number(found['r'])}, RMSE {_number(found['rmse'])}, bias "
        f"{_number(found['bias'], '+')}, ubRMSE {_number(found['ubrmse'])} m3 m-3 on days left out "
        "in blocks",
    ]
    if found["skill"] is None or not found["skill"] > 0.1:
        lines.append(
            "note      it explains next to nothing of the reference: its estimates will be "
            "flagged degraded"
        )
    if summary["plants_deg"] is not None:
        lines.append(
            f"plants    turn the phases by {0.1 * summary['plants_deg']:+.1f} degrees for each "
            "10 % of amplitude; taken off"
        )
    if summary["days_of_other_equipment"]:
        lines.append(
            f"note      {plural(summary['days_of_other_equipment'], 'day')} of another receiver or "
            "antenna did not train"
        )
    if summary["models"]:
        told = [
            f"{name} {one['weight']:.2f} ({_number(one['rmse'])})"
            for name, one in summary["models"].items()
        ]
        lines.append(f"weighs    {', '.join(told)}: weights, by RMSE on days left out in blocks")
    heaviest = [f"{one['track']} {one['weight']:.2f}" for one in summary["heaviest_tracks"]]
    if heaviest:
        lines.append("heaviest  " + ", ".join(heaviest))
    # As a name, linear is the model that needs no training.
    folder = "./linear" if summary["out"] == "linear" else shlex.quote(summary["out"])
    return [
        *lines,
        f"written   {summary['out']}",
        "next",
        f"  soilglint estimate {again} --model {folder} --out moisture.csv",
    ]


def _number(value: float | None, sign: str = "") -> str:
    return "-" if value is None else format(value, f"{sign}.3f")


def score_lines(table: pd.DataFrame) -> list[str]:
    """Write scores for people; models that are fed by the reference get a star."""
    head = ("R", "RMSE", "MAE", "bias", "ubRMSE", "in 90 %", "width")
    lines = [f"{'':20}" + "".join(f"{one:>9}" for one in head)]
    for row in table.reset_index().to_dict("records"):
        name = str(row["model"]) + ("" if row["ranked"] else "*")
        forms = {"r": ".3f", "rmse": ".4f", "mae": ".4f", "bias": "+.4f", "ubrmse": ".4f"}
        forms |= {"coverage": ".0%", "width": ".4f"}
        lines.append(
            f"{name:20}" + "".join(f"{_cell(row[key], form):>9}" for key, form in forms.items())
        )
    if not table["ranked"].all():
        lines.append("* is fed by the reference of the days that it is judged on")
    return lines


def _cell(value: float, form: str) -> str:
    return "-" if math.isnan(value) else format(value, form)
