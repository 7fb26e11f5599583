"""Settings of the retrieval models."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from retrieval.errors import InputError
from retrieval.soil import SoilLimits

__all__ = ["LinearSettings"]


@dataclass(frozen=True, kw_only=True)
class LinearSettings:
    """Settings of the linear model.

    Attributes
    ----------
    soil : SoilLimits
        Residual and saturated moisture.
    slope_per_deg : float
        S, m3 m-3 per degree (Chew et al. 2014, 2016).
    slope_relative_sigma : float
        Standard deviation of S over S: 17 %, of slopes spread evenly from 50 to 90 degrees per
        m3 m-3 as they are met among tracks.
    min_days : int
        Days with arcs that must be seen before a level is trusted.
    min_range_deg : float
        Range of daily phases (means over `min_tracks` tracks or more) that must be seen as well.
    max_track_noise_deg : float
        A track that scatters more than this about the others is left out.
    min_tracks : int
        Fewer tracks than this make an estimate `degraded` and a day no part of the level.
    min_coverage : float
        Less than this share of the expected tracks makes an estimate `degraded`.
    snow_drop_m : float
        The reflector rises by more than this over the tracks: `snow`.
    """

    soil: SoilLimits
    slope_per_deg: float = 0.0148
    slope_relative_sigma: float = 0.17
    min_days: int = 30
    min_range_deg: float = 10.0
    max_track_noise_deg: float = 15.0
    min_tracks: int = 5
    min_coverage: float = 0.5
    snow_drop_m: float = 0.05

    def __post_init__(self) -> None:
        if self.slope_per_deg <= 0 or self.slope_relative_sigma < 0:
            raise InputError(
                f"linear model: slope {self.slope_per_deg} with relative sigma "
                f"{self.slope_relative_sigma}, expected a slope above 0 and a sigma of 0 or more"
            )
        if self.min_days < 1 or self.min_tracks < 1:
            raise InputError(
                f"linear model: min_days {self.min_days} and min_tracks {self.min_tracks}, "
                "expected 1 or more of each"
            )

    @property
    def model_id(self) -> str:
        """Name of the model that changes with every setting: ``linear-`` and eight digits."""
        return "linear-" + hashlib.sha256(repr(self).encode()).hexdigest()[:8]
