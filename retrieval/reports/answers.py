"""The box on top of a report: answers to what is asked first, made from the study's numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from retrieval.reports.azimuths import VERDICT_RULES
from retrieval.reports.comparison import PRACTICAL_SHARE, simplest
from retrieval.reports.model_words import auto_words
from retrieval.reports.provenance import OF_THE_RECORD, is_simulated, simulated_words
from retrieval.reports.tables import accuracy_table
from retrieval.reports.words import (
    constellation_names,
    joined,
    moisture,
    ranges_text,
    reference_note,
    span_text,
    split_text,
)

if TYPE_CHECKING:
    from retrieval.reports.provenance import Provenance
    from retrieval.reports.study import Study

__all__ = ["in_short", "interval_words"]


def in_short(study: Study, told: Provenance) -> list[tuple[str, str]]:
    """Answer the questions of a reader who sees the report alone."""
    simulated = is_simulated(study, told.label)
    note = reference_note(study.reference_kind)
    found = [
        (
            f"What was {'simulated' if simulated else 'measured'}?",
            f"{simulated_words(told.from_reference)} {_what(study, True)}"
            if simulated
            else _what(study, False),
        ),
        (
            "Against what?",
            f"{study.reference_kind}: {len(study.days)} days, {_ranges(study)} m³ m⁻³. "
            f"{note}".rstrip(),
        ),
        ("How was it split?", split_text(study)),
        ("How sure are the estimates?", _sureness(study)),
        ("Which model is the best?", _best(study)),
        ("Which azimuths are bad?", _azimuths(study, simulated)),
    ]
    fed = [name for name in study.said if not study.ranked[name]]
    if fed:
        found.append(
            (
                "Which models use reference values of the test period?",
                f"{joined(fed)}, marked *. A station lacks these values: such a model shows how "
                "easy the days are and is not ranked.",
            )
        )
    return found


def _what(study: Study, simulated: bool) -> str:
    """Say what the record is."""
    heard, names = study.heard, constellation_names(study)
    arcs = (
        f"{heard.n_accepted:,} simulated arcs of {names} signals for station {study.station}, "
        if simulated
        else f"Soil moisture around station {study.station}, from {names} signals that the ground "
        f"reflects: {heard.n_accepted:,} arcs, "
    )
    return (
        f"{arcs}{heard.first_day} to {heard.last_day}. One estimate for each UTC day; judged on "
        f"the {int(study.tested.sum())} test days that have a reference."
    )


def _ranges(study: Study) -> str:
    """Give the least and the largest reference, of both parts where there are two."""
    if len(study.folds) > 1:
        return span_text(study.reference)
    fold = study.folds[0]
    return (
        f"training days {span_text(study.reference[fold.train])}, test days "
        f"{span_text(study.reference[fold.test])}"
    )


def _sureness(study: Study) -> str:
    """Say how far off the leading model is."""
    table = accuracy_table(study.scores)
    name = study.leading
    row, span = table.to_dict("index")[name], study.rmse_range[name]
    what = f" ({auto_words(study)})" if name == "auto" else ""
    text = (
        f"{name}{what} is off by an RMSE of {moisture(row['rmse'])} m³ m⁻³ on {int(row['n'])} test "
        f"days (90 % range {moisture(span.lower)} to {moisture(span.upper)}), on which the "
        f"reference has a standard deviation of {moisture(study.reference[study.tested].std())}: "
        f"a bias of {moisture(row['bias'], '+')} and a scatter about it of "
        f"{moisture(row['ubrmse'])} (ubRMSE)."
    )
    if np.isfinite(row["coverage"]):
        text += " " + interval_words(row["coverage"], int(row["n"]), row["width"], row["rmse"])
    return text


def interval_words(coverage: float, n: int, width: float, rmse: float) -> str:
    """Say on how many test days 90 % intervals held the reference, and whether that is right.

    Parameters
    ----------
    coverage : float
        Share of the days inside, 0 to 1.
    n : int
        Test days.
    width, rmse : float
        Mean width of the intervals and error of the estimates, m3 m-3.

    Examples
    --------
    >>> interval_words(1.0, 84, 0.048, 0.0073).split(": ")[1]
    'too wide (half-width 0.024, RMSE 0.007).'
    """
    percent = round(100 * coverage)
    days = f"all {n} test days" if coverage == 1.0 else f"{percent} % of {n} test days"
    said = "about what they promise"
    if coverage == 1.0:
        said = "too wide"
    elif percent > 90:
        said = "wider than they promise"
    elif percent < 85:
        said = "too narrow, they promise more than they hold"
    return (
        f"90 % intervals held the reference on {days}: {said} (half-width "
        f"{moisture(0.5 * width)}, RMSE {moisture(rmse)})."
    )


def _best(study: Study) -> str:
    """Name the best model, and those that are as good for all that is known."""
    spans, best = study.rmse_range, study.best
    if not study.ranked[best]:
        return "No model is ranked."
    error = f"{spans[best].value:.5f} m³ m⁻³"
    if sum(study.ranked.values()) < 2:
        return f"{best} alone is ranked, with an RMSE of {error}."
    text = (
        f"{best} has the least RMSE of the ranked models, {error}; it was found on these test days "
        "themselves."
    )
    unsure = study.equals[1:]
    slight = [name for name in study.slight if name not in unsure]
    if unsure:
        text += (
            f" The test days do not tell it apart from {joined(unsure)}: the 90 % range of the "
            "difference of RMSE holds 0."
        )
    if slight:
        most = max(study.behind[name].rmse.value for name in slight)
        text += (
            f" {joined(slight)} {'lies' if len(slight) == 1 else 'lie'} behind by {most:.5f}"
            f"{' or less' * (len(slight) > 1)}, under {100 * PRACTICAL_SHARE:.0f} % of that RMSE: "
            "of no practical weight."
        )
    if unsure or slight:
        return f"{text} The simplest of them is {simplest(study.alike)}."
    return f"{text} The test days tell every other model apart from it."


def _azimuths(study: Study, simulated: bool) -> str:
    """Say which sectors do not follow moisture."""
    sectors = study.forests.sectors
    bad, mixed = sectors.ranges("bad"), sectors.ranges("mixed")
    text = (
        f"Bad: {ranges_text(bad)} ({VERDICT_RULES['bad']}: phases hardly respond to moisture)."
        if bad
        else f"None: no sector has {VERDICT_RULES['bad']}."
    )
    if mixed:
        text += f" Mixed: {ranges_text(mixed)} ({VERDICT_RULES['mixed']})."
    silent = sectors.not_judged()
    if silent:
        text += f" Not judged, for want of tracks: {ranges_text(silent)}."
    if simulated:
        text += f" {OF_THE_RECORD}"
    return (
        f"{text} |R| is that of each track's phase with the reference; weights of tracks and the "
        "cost of shuffling, further down, are those of the forest rf-mdi."
    )
