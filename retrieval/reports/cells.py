"""Numbers of a report as the text of its tables' cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from retrieval.reports import words
from retrieval.reports.azimuths import BAD_R
from retrieval.reports.model_words import model_words
from retrieval.reports.tables import (
    accuracy_table,
    azimuth_table,
    forest_rmse,
    forests_table,
    sector_table,
    signal_table,
)

if TYPE_CHECKING:
    import pandas as pd

    from retrieval.reports.study import Study

__all__ = [
    "accuracy_rows",
    "azimuth_rows",
    "below_zero_text",
    "forest_rows",
    "reference_facts",
    "sector_rows",
    "signal_rows",
]

_NONE = "\N{EN DASH}"  # of a number that is not defined


def _number(value: Any, form: str) -> str:
    return format(value, form) if np.isfinite(value) else _NONE


def _below(value: Any, limit: float) -> str:
    """Write a number with two decimals, with more where a limit above it would be written."""
    if not np.isfinite(value):
        return _NONE
    texts = [format(value, f".{digits}f") for digits in range(2, 7)]
    return next((one for one in texts if (float(one) < limit) == (value < limit)), texts[-1])


def _increase(value: Any) -> str:
    """Write a change of RMSE; one that has no digit has no sign either."""
    text = format(value, "+.4f")
    return text if float(text) else text[1:]


def _percent(share: Any) -> str:
    return f"{100 * share:.0f} %" if np.isfinite(share) else _NONE


def accuracy_rows(study: Study) -> list[dict[str, Any]]:
    """Return the rows of table 2 as text."""
    table = accuracy_table(study.scores)
    alike, most = study.alike, int(table["n"].max())
    rows = []
    for name, row in table.iterrows():
        span = study.rmse_range[str(name)]
        known = np.isfinite(span.lower)
        rows.append(
            {
                "name": name,
                "words": model_words(study, str(name)),
                "ranked": bool(row["ranked"]),
                "alike": name in alike,
                "cells": [
                    _number(row["r"], ".3f"),
                    _number(row["rmse"], ".5f"),
                    f"{span.lower:.5f} to {span.upper:.5f}" if known else _NONE,
                    _difference(study, str(name), most),
                    _number(row["mae"], ".4f"),
                    _number(row["bias"], "+.4f"),
                    _number(row["ubrmse"], ".4f"),
                    _percent(row["coverage"]),
                    _number(row["width"], ".4f"),
                    f"{row['n']:.0f}",
                    f"{row['seeds']:.0f}",
                    _number(row["rmse_spread"], ".5f") if row["seeds"] > 1 else _NONE,
                ],
            }
        )
    return rows


def _difference(study: Study, name: str, most: int) -> str:
    """Write how far the RMSE of a model lies above that of the best, with its days if fewer."""
    if name == study.best:
        return "best"
    found = study.behind[name]
    text = _number(found.rmse.value, "+.5f")
    if np.isfinite(found.rmse.lower):
        text += f" ({found.rmse.lower:+.5f} to {found.rmse.upper:+.5f})"
    if name in study.slight:
        text += ", slight"
    return text + (f", {found.n} days" if found.n < most else "")


def below_zero_text(study: Study) -> str:
    """Count the test days on which models say less than no moisture; nothing is clipped."""
    counts = {name: int(np.sum(said.vwc[study.tested] < 0.0)) for name, said in study.said.items()}
    told = [f"{name} on {count}" for name, count in counts.items() if count]
    return words.joined(told) or "none"


def signal_rows(study: Study) -> list[tuple[str, list[str]]]:
    """Return the rows of table 1 as text."""
    return [
        (
            str(name),
            [
                str(row["words"]),
                f"{row['n_arcs']:,}",
                f"{row['n_tracks']}",
                f"{row['n_bad']}",
                _below(row["abs_r"], BAD_R),
                _number(row["weight"], ".3f"),
            ],
        )
        for name, row in signal_table(study).iterrows()
    ]


def forest_rows(study: Study) -> list[tuple[str, list[str]]]:
    """Return the rows of table 3 as text."""
    forms = {"r": ".3f", "rmse": ".4f", "mae": ".4f", "bias": "+.4f", "ubrmse": ".4f", "n": ".0f"}
    return [
        (str(name), [_number(float(row[key]), form) for key, form in forms.items()])
        for name, row in forests_table(study).iterrows()
    ]


def azimuth_rows(study: Study) -> list[tuple[str, list[tuple[str, bool]]]]:
    """Return the rows of table 5 as text; cells with whether they are low."""
    table = azimuth_table(study)
    return [
        (str(name), [(_below(value, BAD_R), bool(value < BAD_R)) for value in row])
        for name, row in zip(table.index, table.to_numpy(), strict=True)
    ]


def sector_rows(study: Study) -> list[tuple[str, list[str]]]:
    """Return verdict and cells of each sector as text."""
    table: pd.DataFrame = sector_table(study)
    whole = forest_rmse(study)
    rows = []
    for begin, row in table.iterrows():
        cells = [
            f"{begin:.0f} to {row['to_deg']:.0f}°",
            f"{row['n_tracks']}",
            f"{row['n_bad']}",
            _below(row["abs_r"], BAD_R),
            _number(row["weight"], ".3f"),
            f"{_increase(row['rmse'] - whole)} ± {_number(row['spread'], '.4f')}"
            if np.isfinite(row["rmse"])
            else _NONE,
        ]
        if "horizon_deg" in row:
            cells.append(_number(row["horizon_deg"], "+.1f") + "°")
        rows.append((str(row["verdict"]), cells))
    return rows


def reference_facts(study: Study) -> list[tuple[str, str]]:
    """Return what the reference is, as names and words."""
    first, note = study.folds[0], words.reference_note(study.reference_kind)
    rows = [
        ("Kind", study.reference_kind),
        *([("What that is", note)] if note else []),
        (
            "Days",
            f"{len(study.days)} with arcs and reference, {study.days.min()} to {study.days.max()}",
        ),
        (
            "Range",
            f"{words.span_text(study.reference)} m³ m⁻³, mean "
            f"{words.moisture(study.reference.mean())}",
        ),
    ]
    if len(study.folds) == 1:
        train, test = study.reference[first.train], study.reference[first.test]
        rows += [
            (
                name,
                f"{words.span_text(part)}, mean {words.moisture(part.mean())}, standard deviation "
                f"{words.moisture(part.std())} m³ m⁻³ on {len(part)} days",
            )
            for name, part in (("Training days", train), ("Test days", test))
        ]
    return rows
