"""What was heard at a station, in numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["Heard", "heard_of"]


@dataclass(frozen=True)
class Heard:
    """What a station's arcs are, in numbers.

    Attributes
    ----------
    n_arcs, n_accepted : int
    first_day, last_day : datetime64[D]
        UTC, of accepted arcs.
    signals : dict of str to int
        Accepted arcs of each signal with its constellation, such as "GS2X".
    satellites : dict of str to int
        Satellites of each constellation, by its letter.
    height_m : float
        Median reflector height.
    elevation_deg : tuple of float, optional
        Median lowest and highest elevation.
    equipment : tuple of str
        Texts of receivers and antennas (`retrieval.equipment`), empty where not known.
    """

    n_arcs: int
    n_accepted: int
    first_day: np.datetime64
    last_day: np.datetime64
    signals: dict[str, int]
    satellites: dict[str, int]
    height_m: float
    elevation_deg: tuple[float, float] | None
    equipment: tuple[str, ...]


def heard_of(arcs: pd.DataFrame) -> Heard:
    """Describe the arcs of one station; of its rejected ones the number alone counts."""
    good = arcs[arcs["accepted"]]
    signal = good["satellite"].str[0] + good["signal"]
    letters = pd.Series(good["satellite"].unique()).str[0].value_counts().sort_index()
    day = good["start"].dt.tz_convert("UTC").dt.tz_localize(None).to_numpy("datetime64[D]")
    names = ("elevation_min_deg", "elevation_max_deg")
    there = set(names) <= set(arcs.columns)
    counts: Mapping[Any, int] = signal.value_counts().sort_index().to_dict()
    return Heard(
        len(arcs),
        len(good),
        day.min(),
        day.max(),
        {str(name): int(count) for name, count in counts.items()},
        {str(letter): int(count) for letter, count in letters.items()},
        float(good["reflector_height_m"].median()),
        (float(good[names[0]].median()), float(good[names[1]].median())) if there else None,
        tuple(sorted(set(good["equipment"]) - {""})) if "equipment" in good else (),
    )
