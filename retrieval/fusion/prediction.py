"""What every model trained on reference moisture takes and gives."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import InputError
from retrieval.fusion.columns import Floats

__all__ = [
    "COVERAGE",
    "FilledRows",
    "MoistureModel",
    "Prediction",
    "Stamps",
    "check_training",
    "for_tracks",
    "phase_columns",
]

Stamps = NDArray[np.datetime64]

COVERAGE = 0.9  # of every interval that a model states


@dataclass(frozen=True)
class Prediction:
    """Moisture of n rows with its 90 % interval, m3 m-3, never clipped; NaN where not known.

    Attributes
    ----------
    vwc, lower, upper : (n,) float64
        ``lower <= vwc <= upper``.
    """

    vwc: Floats
    lower: Floats
    upper: Floats

    @classmethod
    def around(cls, vwc: Floats, lower: Floats, upper: Floats) -> Prediction:
        """Take estimates and bounds found apart; a bound that excludes its estimate moves to it."""
        return cls(vwc, np.minimum(lower, vwc), np.maximum(upper, vwc))


class FilledRows(NamedTuple):
    """Rows without gaps, as models take them.

    Attributes
    ----------
    features : (n, p) float64
        The columns of tracks, then any others.
    dropped : (n, p) float64, optional
        Copies with dropped tracks.
    order : tuple of int, optional
        The columns of tracks in order of azimuth; None where nothing is known of the columns.
    n_evidence : int
        Columns after the tracks that tell what tracks share and is not moisture.
    """

    features: Floats
    dropped: Floats | None = None
    order: tuple[int, ...] | None = None
    n_evidence: int = 0


class MoistureModel(Protocol):
    """A model that learns moisture from rows of features.

    Attributes
    ----------
    uses_reference_of_test_ : bool
        Whether estimates are made of the reference around the time of the estimate, which a
        station lacks. Such a model is shown beside the others and never ranked.
    """

    uses_reference_of_test_: bool

    def fit(
        self, features: Floats, vwc: Floats, times: Stamps, dropped: Floats | None = None
    ) -> Self:
        """Learn from training rows; what each model does with `dropped` it says itself."""
        ...

    def predict(self, features: Floats, times: Stamps | None = None) -> Prediction:
        """Estimate the moisture of rows."""
        ...


def for_tracks(
    model: MoistureModel, order: tuple[int, ...] | None, n_evidence: int = 0
) -> MoistureModel:
    """Return an untrained copy of a model that knows which columns are tracks, and their azimuths.

    Parameters
    ----------
    model : MoistureModel
        A dataclass. Its settings `n_tracks`, `n_evidence` and `order` are filled where it has them
        and they are None.
    order : tuple of int, optional
        The columns of tracks in order of azimuth.
    n_evidence : int
        Columns after them that tell what tracks share and is not moisture.
    """
    known: dict[str, Any] = {}
    if order is not None:
        known = {"n_tracks": len(order), "n_evidence": n_evidence, "order": order}
    settings = {name: value for name, value in known.items() if getattr(model, name, 0) is None}
    copied: MoistureModel = dataclasses.replace(model, **settings)  # type: ignore[type-var]
    return copied


def check_training(
    features: Floats, vwc: Floats, times: Stamps, dropped: Floats | None = None
) -> None:
    """Refuse training rows that do not fit together.

    Raises
    ------
    InputError
        Shapes differ, or a value is missing.
    """
    shape = np.shape(features)
    if len(shape) != 2 or np.shape(vwc) != shape[:1] or np.shape(times) != shape[:1]:
        raise InputError(
            f"training rows: features of shape {shape}, moisture {np.shape(vwc)}, times "
            f"{np.shape(times)}; expected (n, p), (n,) and (n,)"
        )
    if dropped is not None and np.shape(dropped) != shape:
        raise InputError(
            f"training rows: copies with dropped tracks of shape {np.shape(dropped)}, features "
            f"{shape}; expected one copy of each row"
        )
    for name, values in (("features", features), ("moisture", vwc), ("copies", dropped)):
        if values is not None and not np.isfinite(values).all():
            raise InputError(
                f"training rows: {name} with missing values; fill tracks and leave out rows "
                "without a reference first"
            )


def phase_columns(features: Floats, n_tracks: int | None) -> Floats:
    """Return the columns that hold tracks: the first `n_tracks`, all where it is None.

    Raises
    ------
    InputError
        There are fewer columns.
    """
    if n_tracks is None:
        return features
    if not 1 <= n_tracks <= features.shape[1]:
        raise InputError(
            f"model: n_tracks {n_tracks}, expected 1 to the {features.shape[1]} columns of the rows"
        )
    return features[:, :n_tracks]
