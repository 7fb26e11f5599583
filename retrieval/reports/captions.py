"""How each figure of a report is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from retrieval.reports.azimuths import BAD_R, SECTOR_DEG, VERDICT_RULES
from retrieval.reports.figures import heaviest_shared
from retrieval.reports.provenance import OF_THE_RECORD, is_simulated
from retrieval.reports.tables import forest_rmse

if TYPE_CHECKING:
    from retrieval.reports.study import Study

__all__ = ["CAPTIONS", "caption_of"]

_OF_MEAN = (
    "Scores written in are those of the mean over the seeds; they may differ in the last digits "
    "from table 2, which averages the scores of the seeds."
)
_STAR = "*: uses reference values of the test period, not ranked."

# By the name of the figure: its title and how to read it.
CAPTIONS: dict[str, tuple[str, str]] = {
    "series": (
        "Moisture over time",
        "The reference and what was estimated by the models, day by day, with the 90 % interval of "
        "the model whose line is broad; rain in a strip of its own, for all days it is known of. "
        "Shaded: training days. Good estimates follow the reference on the test days, which are "
        "not shaded; a model that runs beside the reference at a constant distance has a bias. "
        "Many models stand in several panels. Scores are of the test days, errors in m³ m⁻³. "
        + _OF_MEAN
        + " "
        + _STAR,
    ),
    "series-test": (
        "Moisture over the test days",
        "The same for the test days alone, on an axis of their own. " + _STAR,
    ),
    "scatter": (
        "Estimates against the reference",
        "Test days alone, one panel for each model. Points on the diagonal are right; all above "
        "it means too wet. R tells whether a model rises and falls with the reference, bias how "
        "far it lies off, ubRMSE what scatters about that. " + _OF_MEAN + " " + _STAR,
    ),
    "errors": (
        "Errors of the models",
        "RMSE of each model, and beside it the two parts it is made of, bias and ubRMSE "
        "(RMSE² = bias² + ubRMSE²): means over the seeds, in brackets the spread over them "
        "(largest minus smallest), ticks for each. A bar with a gap is cut, since it would squash "
        "the others; its number is written. Hatched and " + _STAR,
    ),
    "reliability": (
        "How far the intervals can be trusted",
        "Share of the test days on which the reference lies inside the 90 % interval, by "
        "estimated moisture and in all. The 95 % bars treat days as independent of one another, "
        "which neighbouring days are not: the truth is less sure than they say. On the line at "
        "90 % an interval says what it promises; below it promises too much, above it is wider "
        "than it need be. Beside it the mean width: of two models that hold 90 %, the one with the "
        "narrower interval knows more. " + _STAR,
    ),
    "season": (
        "Errors by month",
        "Error (estimate minus reference) of the test days by calendar month: median, quartiles "
        "and the number of days. Months off zero can be a bias of the season, as of plants or "
        "of moisture outside the training range. Months without test days are not shown. " + _STAR,
    ),
    "trees": (
        "How many trees are enough",
        "Error of rf-mdi on training days, each judged by the trees that were not grown on it, "
        "as trees are added to one forest; one line for each smallest leaf. Where the line is "
        "flat more trees gain nothing; the broad line has the leaves of the forest of this report.",
    ),
    "importance": (
        "Weight of tracks against their correlation",
        "Each point is a track: |R| of its phase with the reference on training days, and its "
        "weight in rf-mdi (mean decrease of impurity; weight 1: the heaviest track); colour and "
        "mark tell its signal. If the forest finds the tracks that follow moisture, weights rise "
        "to the right. Heavy tracks at a low |R| would be a warning; light ones at a high |R| "
        "are tracks whose neighbours say the same. Below, the same tracks in order of azimuth.",
    ),
    "mdi-mda": (
        "Weights by impurity against weights by accuracy",
        "Each point is a track, weighed in two ways: by the decrease of squared error at the "
        "splits of rf-mdi, and by how much the absolute error of rf-mda grows when the track is "
        "shuffled among training days out of the bag. Weight 1: the heaviest track. Tracks that "
        "both find heavy matter in either way.",
    ),
    "sectors": (
        "Good and bad azimuths",
        f"What each {SECTOR_DEG:.0f}° of azimuth knows, clockwise from north: |R| of the phases "
        f"with the reference (below {BAD_R} phases hardly respond to moisture), weight in rf-mdi "
        "(weight 1: the heaviest track), and the RMSE of rf-mdi on test days when the sector's "
        "tracks are shuffled together, with its standard deviation over ten shuffles; the line is "
        f"the RMSE with nothing shuffled. Hatched sectors are bad ({VERDICT_RULES['bad']}), dotted "
        f"ones mixed ({VERDICT_RULES['mixed']}), plain ones good ({VERDICT_RULES['good']}). Grey "
        "ones hold no track and are not judged.",
    ),
    "sky": (
        "Tracks on the sky",
        "The sky above the station, north up and east to the right: each line is a track, at "
        "the azimuth of its lowest point and over its elevations, with a dot where it ends in "
        "time; the darker and broader, the heavier it is in rf-mdi (weight 1: the heaviest track). "
        f"Shaded: bad sectors ({VERDICT_RULES['bad']}). Rings are elevations, the horizon outside. "
        "The ground that a track sees lies in the direction of the line, nearer for high "
        "elevations. Signals of one satellite take the same track of the sky and overlap: the "
        "heaviest is seen.",
    ),
}


def caption_of(name: str, study: Study, label: str) -> tuple[str, str]:
    """Return title and caption of a figure, with what this study's numbers say of it.

    `label` says what kind of record this is.
    """
    title, text = CAPTIONS[name]
    if all(study.ranked.values()):
        text = text.replace(" Hatched and " + _STAR, "").replace(" " + _STAR, "")
    if name == "trees":
        text = f"{text} {_of_trees(study)}"
    if name == "mdi-mda":
        top, both = heaviest_shared(study.forests.mdi.weights_, study.forests.mda.weights_)
        if top:
            text += f" Of the {top} heaviest by impurity, {both} are also the heaviest by accuracy."
    if name in ("sectors", "sky") and is_simulated(study, label):
        text += f" {OF_THE_RECORD}"
    return title, text


def _of_trees(study: Study) -> str:
    """Say what the error out of the bag is for, and compare it with that on test days."""
    forests, fold, rmse = study.forests, study.folds[0], forest_rmse(study)
    trees, leaf = forests.mdi.size_
    at = forests.oob_rmse[leaf][forests.n_trees == trees]
    text = (
        "It chooses a size and judges nothing."
        if study.preset is None
        else "Shown as a check; the size was fixed beforehand."
    )
    if not len(at) or not np.isfinite(at[0]):
        return text
    train = float(study.reference[fold.train].std())
    test = float(study.reference[fold.test].std())
    numbers = f"{at[0]:.4f} against {rmse:.4f} m³ m⁻³ on test days"
    if at[0] < rmse:
        return (
            f"{text} The error is smaller than that on days to come ({numbers}), since neighbours "
            "of a day train those trees."
        )
    if train > test:
        return (
            f"{text} The error is larger than that on days to come ({numbers}), since training "
            f"days vary more (standard deviation {train:.3f} against {test:.3f})."
        )
    return f"{text} The error is {numbers}."
