"""What features have learnt, as plain numbers and arrays, and back again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from retrieval.errors import InputError
from retrieval.fusion.factors import FactorImputer
from retrieval.fusion.features import Features
from retrieval.fusion.plants import Plants, new_amplitude_index, new_rise_index
from retrieval.fusion.track_table import TrackTable
from retrieval.fusion.weather_features import WEATHER_COLUMNS, MedianFill

__all__ = ["feature_arrays", "feature_numbers", "feature_shapes", "restore_features"]

_IMPUTER_ARRAYS = ("mean_deg_", "loading_deg_", "noise_deg_", "explained_")
_IMPUTER_SETTINGS = ("n_factors", "ridge", "drift_deg_per_sqrt_h")
_IMPUTER_NUMBERS = ("drift_", "n_rounds_")
_INDEX_ARRAYS = ("usual_", "weight_")
_INDICES = ("amplitude", "rise")


def feature_arrays(features: Features) -> dict[str, Any]:
    """Return the arrays that features have learnt, by name; the track table is not among them."""
    found = {f"imputer.{name}": getattr(features.imputer, name) for name in _IMPUTER_ARRAYS}
    if features.plants is not None:
        for index in _INDICES:
            learnt = getattr(features.plants, index)
            found |= {f"{index}.{name}": getattr(learnt, name) for name in _INDEX_ARRAYS}
    if features.fill is not None:
        found["fill.median_"] = features.fill.median_
    return found


def feature_numbers(features: Features) -> dict[str, Any]:
    """Return the numbers that features have learnt, and settings, in JSON's types."""
    names = (*_IMPUTER_SETTINGS, *_IMPUTER_NUMBERS)
    plants = features.plants
    return {
        "imputer": {name: getattr(features.imputer, name) for name in names},
        "plants": None
        if plants is None
        else {
            "slope_deg": plants.slope_deg,
            **{f"{index}_mean": getattr(plants, index).mean_ for index in _INDICES},
        },
        "weather": features.fill is not None,
    }


def feature_shapes(numbers: Mapping[str, Any], k: int) -> dict[str, tuple[int, ...]]:
    """Return the shapes that the arrays of features of k tracks must have."""
    shapes: dict[str, tuple[int, ...]] = {f"imputer.{name}": (k,) for name in _IMPUTER_ARRAYS}
    shapes["imputer.loading_deg_"] = (k, numbers["imputer"]["n_factors"])
    if numbers["plants"] is not None:
        shapes |= {f"{index}.{name}": (k,) for index in _INDICES for name in _INDEX_ARRAYS}
    if numbers["weather"]:
        shapes["fill.median_"] = (len(WEATHER_COLUMNS),)
    return shapes


def restore_features(
    table: TrackTable, arrays: Mapping[str, Any], numbers: Mapping[str, Any]
) -> Features:
    """Return the features that were taken apart.

    Raises
    ------
    InputError
        An array is missing.
    """
    missing = sorted(set(feature_shapes(numbers, len(table))) - set(arrays))
    if missing:
        raise InputError(f"arrays: {', '.join(missing)} missing")
    of_imputer, of_plants = numbers["imputer"], numbers["plants"]
    imputer = FactorImputer(*(of_imputer[name] for name in _IMPUTER_SETTINGS))
    for name in _IMPUTER_ARRAYS:
        setattr(imputer, name, arrays[f"imputer.{name}"])
    for name in _IMPUTER_NUMBERS:
        setattr(imputer, name, of_imputer[name])
    plants = None
    if of_plants is not None:
        plants = Plants(new_amplitude_index(), new_rise_index(), of_plants["slope_deg"])
        for index in _INDICES:
            learnt = getattr(plants, index)
            learnt.mean_ = of_plants[f"{index}_mean"]
            for name in _INDEX_ARRAYS:
                setattr(learnt, name, arrays[f"{index}.{name}"])
    fill = None
    if numbers["weather"]:
        fill = MedianFill()
        fill.median_ = arrays["fill.median_"]
    return Features(table, imputer, plants, fill)
