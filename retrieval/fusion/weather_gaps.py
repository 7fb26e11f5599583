"""Whether the weather that a model was trained with is there, or only its training medians are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from retrieval.fusion.columns import Floats
from retrieval.fusion.prediction import Stamps
from retrieval.fusion.weather_features import (
    WEATHER_COLUMNS,
    MedianFill,
    Weather,
    weather_features,
)

__all__ = ["KINDS", "lacks_weather", "trained_kinds"]

# What is measured, and the columns that follow from it.
KINDS = {
    kind: tuple(k for k, name in enumerate(WEATHER_COLUMNS) if name.startswith(starts))
    for kind, starts in {"rain": ("rain_", "api_"), "temperature": ("temperature_",)}.items()
}


def trained_kinds(fill: MedianFill) -> tuple[str, ...]:
    """Return what of rain and temperature took part in a training.

    Columns without any value then have medians of 0, as `MedianFill` has it. Where it never rained
    rain tells nothing, which comes to the same.

    Examples
    --------
    >>> fill = MedianFill()
    >>> fill.median_ = np.array([0.0, 0.0, 3.5, 20.0, 9.0, 0.0, 0.0])
    >>> trained_kinds(fill)
    ('rain',)
    """
    median: Floats = fill.median_
    return tuple(kind for kind, columns in KINDS.items() if np.any(median[list(columns)] != 0))


def lacks_weather(fill: MedianFill, weather: Weather, times: Stamps) -> NDArray[np.bool_]:
    """Return at which times a model must do with training medians for weather, (n,).

    Parameters
    ----------
    fill : MedianFill
        Of the model.
    weather : Weather
        What is known; it may be empty.
    times : (n,) datetime64
        UTC, ends of the estimates' windows.

    Returns
    -------
    (n,) bool
        True where any column of a kind that trained is not known.
    """
    known = ~np.isnan(weather_features(weather, times))
    needed = [k for kind in trained_kinds(fill) for k in KINDS[kind]]
    return np.asarray(~known[:, needed].all(axis=1))
