"""What the numbers of a report do not tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retrieval.reports.provenance import is_simulated, simulated_words
from retrieval.reports.words import moisture, outside_text, reference_note, span_text

if TYPE_CHECKING:
    from retrieval.reports.provenance import Provenance
    from retrieval.reports.study import Study

__all__ = ["limits"]

# Of the wettest training day: a wettest test day below it leaves wet soil untested.
_WET_SHARE = 0.75


def limits(study: Study, told: Provenance) -> list[str]:
    """Say in plain words what the numbers do not tell."""
    tested = study.tested
    first = study.folds[0]
    train, test = study.reference[first.train], study.reference[first.test]
    found = []
    if told.label:
        found.append(f"Kind of record: {told.label}. The numbers hold for such a record.")
    if is_simulated(study, told.label):
        found.append(simulated_words(told.from_reference))
    note = reference_note(study.reference_kind)
    if note:
        found.append(note)
    found.append(
        "The reference is taken as the truth. It has errors, a depth and a place of its own; what "
        "it misses of the ground that reflects counts here as an error of the models."
    )
    found.append(
        f"One station and {int(tested.sum())} test days that resemble their neighbours: the range "
        f"behind an RMSE comes from resampling blocks of {study.block_days} days, and knows no "
        "season but these."
    )
    if len(study.folds) == 1:
        found.append(
            f"The training days have a mean moisture of {moisture(train.mean())}, the test days of "
            f"{moisture(test.mean())} m³ m⁻³; {outside_text(study)}. The larger the difference, "
            "the more of the RMSE can be bias, and a forest cannot go beyond what it has seen."
        )
        if test.max() < _WET_SHARE * train.max():
            found.append(
                "Accuracy on wetter soil is untested: training days have "
                f"{span_text(train)} m³ m⁻³, test days no more than {moisture(test.max())}."
            )
    else:
        found.append(
            "Blocks or years left out have training days before and after them. A station that "
            "runs on has days before alone; a split by time is nearer to that."
        )
    found.append(
        "Intervals were calibrated on blocks of the training days. In a season unlike those they "
        "may hold more or less than 90 %."
    )
    found.append(
        "Weights and |R| of tracks come from training days and say what served there. Tracks stand "
        "in for one another: one of little weight may be as good as its neighbour. What shuffling "
        "a sector costs is measured on test days."
    )
    if sum(study.ranked.values()) > 1:
        found.append(
            "The best model was found on the test days themselves: its RMSE flatters it a little, "
            "and the ranges behind differences do not correct for how many models were compared."
        )
    frost = (
        "Days on which the ground was frozen are left out"
        if told.frost_checked
        else "Frost was not checked, as no temperatures were given: frozen days may be among these"
    )
    found.append(
        f"{frost}. Days without a reference are left out. Phases of tracks that were not observed "
        "on a day are filled in from the others."
    )
    return found
