"""The box on top of a report: answers to what is asked first, made from the study's numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from retrieval.reports.azimuths import BAD_R
from retrieval.reports.comparison import simplest
from retrieval.reports.tables import accuracy_table
from retrieval.reports.words import (
    constellation_names,
    is_simulated,
    joined,
    moisture,
    ranges_text,
    reference_note,
    split_text,
)

if TYPE_CHECKING:
    from retrieval.reports.study import Study

__all__ = ["SIMULATED_WORDS", "in_short", "interval_words"]

SIMULATED_WORDS = (
    "Nothing was measured in the field: the signals were simulated. If the reference was the input "
    "of the simulation, the errors are those of the method on such signals and say nothing of the "
    "field."
)


def in_short(study: Study, label: str) -> list[tuple[str, str]]:
    """Answer the five questions of a reader who sees the report alone."""
    heard = study.heard
    table = accuracy_table(study.scores)
    note = reference_note(study.reference_kind)
    what = (
        f"Soil moisture around station {study.station}, from {constellation_names(study)} signals "
        f"that the ground reflects: {heard.n_accepted:,} arcs, {heard.first_day} to "
        f"{heard.last_day}. One estimate for each UTC day."
    )
    found = [
        ("What was simulated?", f"{SIMULATED_WORDS} {what}")
        if is_simulated(study, label)
        else ("What was measured?", what),
        (
            "Against what?",
            f"{study.reference_kind}: {len(study.days)} days, {moisture(study.reference.min())} to "
            f"{moisture(study.reference.max())} m³ m⁻³. {note}".rstrip(),
        ),
        ("How was it split?", split_text(study)),
        ("How sure are the estimates?", _sureness(study)),
        ("Which model is the best?", _best(study)),
        ("Which azimuths are bad?", _azimuths(study)),
    ]
    fed = [name for name, ranked in table["ranked"].items() if not ranked]
    if fed:
        found.append(
            (
                "Which models are fed by the reference?",
                f"{joined([str(name) for name in fed])}, marked *. "
                + ("It is" if len(fed) == 1 else "They are")
                + " told the reference around the very days of the judgement, which a station "
                "lacks: that shows how easy the days are and is not ranked.",
            )
        )
    return found


def _sureness(study: Study) -> str:
    """Say how far off the leading model is."""
    table = accuracy_table(study.scores)
    name = study.leading
    row, span = table.to_dict("index")[name], study.rmse_range[name]
    text = (
        f"{name} is off by an RMSE of {moisture(row['rmse'])} m³ m⁻³ on {int(row['n'])} test days "
        f"(90 % range {moisture(span.lower)} to {moisture(span.upper)}): a bias of "
        f"{moisture(row['bias'], '+')} and a scatter about it of {moisture(row['ubrmse'])} "
        "(ubRMSE)."
    )
    if np.isfinite(row["coverage"]):
        text += " " + interval_words(row["coverage"], row["width"], row["rmse"])
    return text


def interval_words(coverage: float, width: float, rmse: float) -> str:
    """Say how many test days lie inside 90 % intervals, and whether that is too many or too few.

    Parameters
    ----------
    coverage : float
        Share of the days inside, 0 to 1.
    width, rmse : float
        Mean width of the intervals and error of the estimates, m3 m-3.

    Examples
    --------
    >>> interval_words(1.0, 0.048, 0.0073).split(": ")[1]
    'wider than they promise (half-width 0.024, RMSE 0.007).'
    """
    percent = round(100 * coverage)
    said = "about what they promise"
    if percent > 90:
        said = "wider than they promise"
    elif percent < 85:
        said = "too narrow, they promise more than they hold"
    return (
        f"{percent} % of test days inside a 90 % interval: {said} (half-width "
        f"{moisture(0.5 * width)}, RMSE {moisture(rmse)})."
    )


def _best(study: Study) -> str:
    """Name the best model, and those that cannot be told apart from it."""
    spans, best = study.rmse_range, study.best
    text = f"{best} has the least RMSE of the ranked models, {spans[best].value:.4f} m³ m⁻³."
    if not study.ranked[best]:
        return "No model is ranked."
    alike = study.equals
    if sum(study.ranked.values()) < 2:
        return f"{best} alone is ranked, with an RMSE of {spans[best].value:.4f} m³ m⁻³."
    if len(alike) < 2:
        return text + " The test days tell every other model apart from it."
    others = joined(alike[1:])
    return (
        f"{text} The test days do not tell it apart from {others}: the 90 % range of the "
        f"difference of RMSE holds 0. The simplest of them is {simplest(alike)}."
    )


def _azimuths(study: Study) -> str:
    """Say which sectors do not follow moisture."""
    sectors = study.forests.sectors
    bad, mixed = sectors.ranges("bad"), sectors.ranges("mixed")
    text = (
        f"Bad: {ranges_text(bad)}; phases there carry (nearly) no moisture (|R| of most tracks "
        f"below {BAD_R})."
        if bad
        else f"None: in no sector do most tracks have an |R| below {BAD_R}."
    )
    if mixed:
        text += (
            f" Mixed, a quarter of the tracks or more but not clearly most: {ranges_text(mixed)}."
        )
    silent = sectors.not_judged()
    if silent:
        text += f" Not judged, for want of tracks: {ranges_text(silent)}."
    return text
