"""Figures of the evaluation report: numbers in, a matplotlib figure out, no file and no state.

Each figure says what is seen in its title, what kind of numbers it shows in its label, and the
scores beside what is drawn; all are ten inches wide. A model has one colour, line and mark in all
of them (`palette`). matplotlib is imported when the first figure is made; it comes with the extra
``plots``, and without it every function raises a `RetrievalError` that says so.
"""

from retrieval.reports.figures.importance import (
    heaviest_shared,
    importance_figure,
    mdi_mda_figure,
)
from retrieval.reports.figures.model_errors import errors_figure
from retrieval.reports.figures.reliability import reliability_figure
from retrieval.reports.figures.said import Said
from retrieval.reports.figures.scatter import scatter_figure
from retrieval.reports.figures.season import season_figure
from retrieval.reports.figures.sectors import sectors_figure
from retrieval.reports.figures.series import series_figure
from retrieval.reports.figures.sky import sky_figure
from retrieval.reports.figures.trees import trees_figure

__all__ = [
    "Said",
    "errors_figure",
    "heaviest_shared",
    "importance_figure",
    "mdi_mda_figure",
    "reliability_figure",
    "scatter_figure",
    "season_figure",
    "sectors_figure",
    "series_figure",
    "sky_figure",
    "trees_figure",
]
