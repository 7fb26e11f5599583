"""How each figure of a report is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from retrieval.reports.azimuths import BAD_R, SECTOR_DEG
from retrieval.reports.figures import heaviest_shared
from retrieval.reports.tables import forest_rmse

if TYPE_CHECKING:
    from retrieval.reports.study import Study

__all__ = ["CAPTIONS", "caption_of"]

_OF_MEAN = (
    "Scores written in are those of the mean over the seeds; they may differ in the last digits "
    "from table 2, which averages the scores of the seeds."
)
_STAR = "*: fed by the reference, not ranked."

# By the name of the figure: its title and how to read it.
CAPTIONS: dict[str, tuple[str, str]] = {
    "series": (
        "Moisture over time",
        "The reference and what the models said of it, day by day; the band is the 90 % "
        "interval of the first model, rain hangs from the top where it is known. Shaded: training "
        "days. Good estimates follow the reference on the days that are not shaded; a model that "
        "runs beside the reference at a constant distance has a bias. Many models stand in "
        "several panels. Scores are of the test days, errors in m³ m⁻³. " + _OF_MEAN + " " + _STAR,
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
        "RMSE of each model with its spread over seeds, and beside it the two parts it is made "
        "of, bias and ubRMSE (RMSE² = bias² + ubRMSE²). Models with a star and hatching are fed "
        "by the reference and not ranked. Bars with a gap are cut where they would squash the "
        "others; their number is written.",
    ),
    "reliability": (
        "How far the intervals can be trusted",
        "Share of the test days on which the reference lies inside the 90 % interval, by "
        "estimated moisture and in all, with 95 % bars. On the line at 90 % an interval says "
        "what it promises; below it promises too much, above it is wider than it need be. "
        "Beside it the mean width: of two models that hold 90 %, the one with the narrower "
        "interval knows more. " + _STAR,
    ),
    "season": (
        "Errors by month",
        "Error (estimate less reference) of the test days by calendar month: median, quartiles "
        "and the number of days. Months off zero can be a bias of the season, as of plants or "
        "of a moisture that did not train. Months without test days are not shown. " + _STAR,
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
        "weight in rf-mdi (mean decrease of impurity, 0 to 1); colour and mark tell its "
        "signal. If the forest finds the tracks that follow moisture, weights rise to "
        "the right. Heavy tracks at a low |R| would be a warning; light ones at a high |R| "
        "are tracks whose neighbours say the same. Below, the same tracks in order of azimuth.",
    ),
    "mdi-mda": (
        "Weights by impurity against weights by accuracy",
        "Each point is a track, weighed in two ways: by the decrease of squared error at the "
        "splits of rf-mdi, and by how much the absolute error of rf-mda grows when the track is "
        "shuffled among training days out of the bag. Tracks that both find heavy matter in "
        "either way.",
    ),
    "sectors": (
        "Good and bad azimuths",
        f"What each {SECTOR_DEG:.0f}° of azimuth knows, clockwise from north: |R| of the phases "
        f"with the reference (below {BAD_R} a track hardly follows moisture), weight in rf-mdi, "
        "and the RMSE on test days when the sector's tracks are shuffled together; the line is the "
        "RMSE with nothing shuffled. Hatched sectors are bad: phases there carry (nearly) no "
        "moisture; dotted ones are mixed. Grey ones hold no track and are not judged.",
    ),
    "sky": (
        "Tracks on the sky",
        "The sky above the station, north up and east to the right: each line is a track, at "
        "the azimuth of its lowest point and over its elevations, coloured by its weight in "
        "rf-mdi. The ground that a track sees lies in the direction of the line, nearer for "
        "high elevations. Signals of one satellite take the same track of the sky and overlap: the "
        "heaviest is seen.",
    ),
}


def caption_of(name: str, study: Study) -> tuple[str, str]:
    """Return title and caption of a figure, with what this study's numbers say of it."""
    title, text = CAPTIONS[name]
    if name == "trees":
        text = f"{text} {_of_trees(study)}"
    if name == "mdi-mda":
        top, both = heaviest_shared(study.forests.mdi.weights_, study.forests.mda.weights_)
        if top:
            text += f" Of the {top} heaviest by impurity, {both} are also the heaviest by accuracy."
    return title, text


def _of_trees(study: Study) -> str:
    """Compare the error out of the bag of the forest with that on test days."""
    forests, test = study.forests, forest_rmse(study)
    trees, leaf = forests.mdi.size_
    at = forests.oob_rmse[leaf][forests.n_trees == trees]
    text = (
        "Neighbours of a day train those trees, so this error is usually smaller than that on "
        "days to come"
    )
    if len(at) and np.isfinite(at[0]):
        here = "smaller" if at[0] < test else "larger"
        text += f"; here it is {here} ({at[0]:.4f} against {test:.4f} m³ m⁻³ on test days)"
    return text + ". It chooses a size and judges nothing."
