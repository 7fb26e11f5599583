"""What figures take: moisture that models said, and the checks that arrays belong together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from retrieval.errors import InputError

__all__ = ["Floats", "Said", "Spoken", "Stamps", "column", "spoken", "stamps"]

Floats = NDArray[np.float64]
Stamps = NDArray[np.datetime64]


class Said(Protocol):
    """Moisture of n rows with its interval, m3 m-3, such as `retrieval.fusion.Prediction`.

    Attributes
    ----------
    vwc, lower, upper : (n,) float64
        NaN where not known.
    """

    @property
    def vwc(self) -> Floats:
        """Estimates."""
        ...

    @property
    def lower(self) -> Floats:
        """Lower bounds."""
        ...

    @property
    def upper(self) -> Floats:
        """Upper bounds."""
        ...


class Spoken(NamedTuple):
    """The arrays of a `Said`, each (n,) float64."""

    vwc: Floats
    lower: Floats
    upper: Floats


def column(values: ArrayLike, n: int | None, name: str) -> Floats:
    """Return values as (n,) float64.

    Raises
    ------
    InputError
        They are not one-dimensional, or not `n`.
    """
    found = np.asarray(values, np.float64)
    if found.ndim != 1 or (n is not None and len(found) != n):
        wanted = "one dimension" if n is None else f"({n},)"
        raise InputError(f"figure: {name} of shape {found.shape}, expected {wanted}")
    return found


def stamps(time: ArrayLike, n: int | None = None) -> Stamps:
    """Return times as (n,) datetime64[s].

    Raises
    ------
    InputError
        They are no times, one of them is not known, or they are not `n`.
    """
    found = np.asarray(time)
    if found.dtype.kind != "M" or found.ndim != 1 or (n is not None and len(found) != n):
        wanted = "(n,)" if n is None else f"({n},)"
        raise InputError(
            f"figure: time of type {found.dtype} and shape {found.shape}, expected datetime64 "
            f"(UTC) of shape {wanted}"
        )
    if np.isnat(found).any():
        raise InputError(
            f"figure: {int(np.isnat(found).sum())} of {len(found)} times are NaT, expected all "
            "known; leave those rows out"
        )
    return found.astype("datetime64[s]")


def spoken(said: Mapping[str, Said], n: int) -> dict[str, Spoken]:
    """Return what models said of n rows, as arrays.

    Raises
    ------
    InputError
        There is no model, or one has another number of rows.
    """
    if not said:
        raise InputError("figure: no model, expected 1 or more")
    return {
        name: Spoken(
            *(column(getattr(one, part), n, f"{part} of {name}") for part in Spoken._fields)
        )
        for name, one in said.items()
    }
