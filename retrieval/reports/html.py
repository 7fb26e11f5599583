"""The report as one HTML file that needs nothing beside it: no script, no link, no second file."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np

from retrieval.errors import RetrievalError
from retrieval.reports import words
from retrieval.reports.answers import in_short
from retrieval.reports.azimuths import BAD_R
from retrieval.reports.limits import limits
from retrieval.reports.tables import (
    OCTANTS,
    accuracy_table,
    azimuth_table,
    forest_rmse,
    forests_table,
    sector_table,
    signal_table,
)

if TYPE_CHECKING:
    import pandas as pd

    from retrieval.reports.plates import Plate
    from retrieval.reports.study import Study

__all__ = ["Provenance", "report_html"]

_TEMPLATE = "report.html.j2"
_NONE = "\N{EN DASH}"  # of a number that is not defined


@dataclass(frozen=True)
class Provenance:
    """Where a report comes from.

    Attributes
    ----------
    command : str
        As it was typed.
    label : str
        What kind of record this is, such as "SIMULATED SNR, real reference"; may be empty.
    versions : dict of str to str
        Of the software.
    sources : dict of str to str
        SHA-256 of what was read, by name.
    settings : dict of str to str
        What was chosen, in words.
    """

    command: str
    label: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)


def report_html(study: Study, plates: list[Plate], provenance: Provenance) -> str:
    """Return the report.

    Parameters
    ----------
    study : Study
        Its numbers.
    plates : list of Plate
        Its figures (`retrieval.reports.plates.plates`).
    provenance : Provenance
        Where it comes from.

    Raises
    ------
    RetrievalError
        Jinja2 is not installed.
    """
    try:
        from jinja2 import Environment, StrictUndefined
    except ImportError as error:
        raise RetrievalError(
            "reports need Jinja2, which is not installed; run: pip install 'soilglint[plots]'"
        ) from error
    text = resources.files("retrieval.reports").joinpath("templates", _TEMPLATE).read_text("utf-8")
    page = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    ).from_string(text)
    shown = {
        plate.name: {
            "number": number,
            "title": plate.title,
            "caption": plate.caption,
            "source": "data:image/png;base64," + base64.b64encode(plate.png).decode("ascii"),
        }
        for number, plate in enumerate(plates, start=1)
    }
    first = study.folds[0]
    return page.render(
        study=study,
        told=provenance,
        first_day=str(study.days.min()),
        last_day=str(study.days.max()),
        in_short=in_short(study, provenance.label),
        joint=(" %", "\N{NO-BREAK SPACE}%"),
        measured=words.measured(study),
        reference=_reference(study),
        split=words.split_text(study),
        kept_apart=words.kept_apart(study.preset),
        limits=limits(study, provenance.label),
        simulated=words.is_simulated(study, provenance.label),
        signals=_signals(study),
        below_zero=_below_zero(study),
        accuracy=_accuracy(study),
        seeds=int(accuracy_table(study.scores)["seeds"].max()),
        forests=_forests(study),
        size=study.forests.mdi.size_,
        seed=study.forests.mdi.seed,
        first_train=len(first.train),
        first_test=len(first.test),
        first_name=first.name,
        many_folds=len(study.folds) > 1,
        block_days=study.block_days,
        compass=OCTANTS,
        azimuths=_azimuths(study),
        sectors=_sectors(study),
        horizon=study.horizon_deg is not None,
        bad_r=BAD_R,
        plates=shown,
    )


def _number(value: Any, form: str) -> str:
    return format(value, form) if np.isfinite(value) else _NONE


def _percent(share: Any) -> str:
    return f"{100 * share:.0f} %" if np.isfinite(share) else _NONE


def _accuracy(study: Study) -> list[dict[str, Any]]:
    """Return the rows of table 2 as text."""
    table = accuracy_table(study.scores)
    alike, most = study.equals, int(table["n"].max())
    rows = []
    for name, row in table.iterrows():
        span = study.rmse_range[str(name)]
        known = np.isfinite(span.lower)
        rows.append(
            {
                "name": name,
                "words": _model_words(study, str(name)),
                "ranked": bool(row["ranked"]),
                "alike": name in alike,
                "cells": [
                    _number(row["r"], ".3f"),
                    _number(row["rmse"], ".4f"),
                    f"{span.lower:.4f} to {span.upper:.4f}" if known else _NONE,
                    _difference(study, str(name), most),
                    _number(row["mae"], ".4f"),
                    _number(row["bias"], "+.4f"),
                    _number(row["ubrmse"], ".4f"),
                    _percent(row["coverage"]),
                    _number(row["width"], ".4f"),
                    f"{row['n']:.0f}",
                    f"{row['seeds']:.0f}",
                    _number(row["rmse_spread"], ".4f") if row["seeds"] > 1 else _NONE,
                ],
            }
        )
    return rows


def _difference(study: Study, name: str, most: int) -> str:
    """Write how far the RMSE of a model lies above that of the best, with its days if fewer."""
    if name == study.best:
        return "best"
    found = study.behind[name]
    text = _number(found.rmse.value, "+.4f")
    if np.isfinite(found.rmse.lower):
        text += f" ({found.rmse.lower:+.4f} to {found.rmse.upper:+.4f})"
    return text + (f", {found.n} days" if found.n < most else "")


def _model_words(study: Study, name: str) -> str:
    """Say what a model is, and what `auto` is made of here."""
    text = words.MODEL_WORDS.get(name, "")
    if name != "auto" or not study.shares:
        return text
    shares = [f"{one} {share:.2f}" for one, share in study.shares.items()]
    return f"{text} (weights here, first seed: {words.joined(shares)})"


def _below_zero(study: Study) -> str:
    """Count the test days on which models say less than no moisture; nothing is clipped."""
    counts = {name: int(np.sum(said.vwc[study.tested] < 0.0)) for name, said in study.said.items()}
    told = [f"{name} on {count}" for name, count in counts.items() if count]
    return words.joined(told) or "none"


def _signals(study: Study) -> list[tuple[str, list[str]]]:
    """Return the rows of table 1 as text."""
    return [
        (
            str(name),
            [
                str(row["words"]),
                f"{row['n_arcs']:,}",
                f"{row['n_tracks']}",
                f"{row['n_bad']}",
                _number(row["abs_r"], ".2f"),
                _number(row["weight"], ".3f"),
            ],
        )
        for name, row in signal_table(study).iterrows()
    ]


def _forests(study: Study) -> list[tuple[str, list[str]]]:
    """Return the rows of table 3 as text."""
    forms = {"r": ".3f", "rmse": ".4f", "mae": ".4f", "bias": "+.4f", "ubrmse": ".4f", "n": ".0f"}
    return [
        (str(name), [_number(float(row[key]), form) for key, form in forms.items()])
        for name, row in forests_table(study).iterrows()
    ]


def _azimuths(study: Study) -> list[tuple[str, list[tuple[str, bool]]]]:
    """Return the rows of table 5 as text; cells with whether they are low."""
    table = azimuth_table(study)
    return [
        (str(name), [(_number(value, ".2f"), bool(value < BAD_R)) for value in row])
        for name, row in zip(table.index, table.to_numpy(), strict=True)
    ]


def _sectors(study: Study) -> list[tuple[str, list[str]]]:
    """Return verdict and cells of each sector as text."""
    table: pd.DataFrame = sector_table(study)
    whole = forest_rmse(study)
    rows = []
    for begin, row in table.iterrows():
        cells = [
            f"{begin:.0f} to {row['to_deg']:.0f}°",
            f"{row['n_tracks']}",
            f"{row['n_bad']}",
            _number(row["abs_r"], ".2f"),
            _number(row["weight"], ".3f"),
            f"{whole:.4f} to {row['rmse']:.4f} ± {_number(row['spread'], '.4f')}"
            if np.isfinite(row["rmse"])
            else _NONE,
        ]
        if "horizon_deg" in row:
            cells.append(_number(row["horizon_deg"], "+.1f") + "°")
        rows.append((str(row["verdict"]), cells))
    return rows


def _reference(study: Study) -> list[tuple[str, str]]:
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
            f"{words.moisture(study.reference.min())} to {words.moisture(study.reference.max())} "
            f"m³ m⁻³, mean {words.moisture(study.reference.mean())}",
        ),
    ]
    if len(study.folds) == 1:
        train, test = study.reference[first.train], study.reference[first.test]
        rows += [
            (
                name,
                f"mean {words.moisture(part.mean())}, standard deviation "
                f"{words.moisture(part.std())} m³ m⁻³ on {len(part)} days",
            )
            for name, part in (("Training days", train), ("Test days", test))
        ]
    return rows
