"""Settings of the retrieval models."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, fields

from retrieval.errors import InputError
from retrieval.soil import SoilLimits

__all__ = ["LinearSettings", "dry_season_doy"]

_LAST_DOY = 366
# Of the dry season the causal mode knows nothing; thawed soil is what it always took for granted.
_NO_PART_OF_CAUSAL_ID = {"dry_season_doy"}
_NO_PART_AT_ITS_DEFAULT = {"frozen_below_c"}


def dry_season_doy(latitude_deg: float) -> tuple[int, int]:
    """Return when soil is driest where nothing is known but the hemisphere: its summer.

    Parameters
    ----------
    latitude_deg : float
        Degrees north.

    Returns
    -------
    first, last : int
        Days of year, see `LinearSettings.dry_season_doy`. South of the equator the window that
        levels the published year of MCHL (Queensland); north of it the one that gnssrefl's
        documentation gives for summer in North America.

    Examples
    --------
    >>> dry_season_doy(-26.4), dry_season_doy(40.1)
    ((330, 45), (170, 230))
    """
    return (330, 45) if latitude_deg < 0 else (170, 230)


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
    frozen_below_c : float
        The mean temperature of 24 or 72 hours is below this, degrees C: `frozen`.
    dry_season_doy : (int, int)
        Days of year from 1 to 366: from the first up to, but without, the last. It may pass the new
        year. The retrospective mode alone uses it.
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
    frozen_below_c: float = 0.0
    dry_season_doy: tuple[int, int] = (170, 230)

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
        if not math.isfinite(self.frozen_below_c):
            raise InputError(
                f"linear model: frozen_below_c {self.frozen_below_c}, expected degrees C"
            )
        first, last = self.dry_season_doy
        if not (1 <= first <= _LAST_DOY and 1 <= last <= _LAST_DOY) or first == last:
            raise InputError(
                f"dry season from day {first} to day {last} of the year, expected two different "
                f"days from 1 to {_LAST_DOY}; it may pass the new year, as 330 to 45 does"
            )

    @property
    def model_id(self) -> str:
        """Name of the causal model that changes with its settings: ``linear-`` and eight digits."""
        return "linear-" + self._digest(_NO_PART_OF_CAUSAL_ID)

    @property
    def retrospective_id(self) -> str:
        """Name of the retrospective model, that changes with every setting."""
        return "linear-retrospective-" + self._digest(set())

    def _digest(self, without: set[str]) -> str:
        """Return eight digits that change with the settings, but for some.

        A setting that came later is left out at the default that keeps the model what it was, so
        that the model's name stays too.
        """
        parts = [
            f"{field.name}={getattr(self, field.name)!r}"
            for field in fields(self)
            if field.name not in without
            and not (
                field.name in _NO_PART_AT_ITS_DEFAULT and getattr(self, field.name) == field.default
            )
        ]
        text = f"LinearSettings({', '.join(parts)})"
        return hashlib.sha256(text.encode()).hexdigest()[:8]
