"""The physical linear model: soil moisture from phases alone, without reference data.

``VWC = VWC_min + S (psi - psi_min)``, with ``psi = -phi``: in our raw phase convention
(`retrieval.interferogram`) moisture *rises* as phi *falls*, so phases are negated first. S is
0.0148 m3 m-3 per degree (Chew et al. 2014, 2016), psi_min the mean of the lowest 15 % of the daily
values, VWC_min the residual moisture of the soil. Vegetation is taken out by the normalised
amplitude (Chew et al. 2016): ``psi_corr = psi - (a - 1) 50.25 / 1.48``.

This is the causal mode: an estimate for time T uses arcs that had closed and temperatures that were
measured by T, and the level (`retrieval.fusion.level`) of the 365 days before T's UTC day. Given
these it is the same whenever it is made, whatever older or later ones are at hand.
`retrieval.fusion.retrospective` holds the mode that looks at a whole record.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retrieval.fusion.closed import MS_PER_DAY, ClosedArcs, Times, closed_arcs, utc_ms
from retrieval.fusion.frost import Temperatures
from retrieval.fusion.history import track_history
from retrieval.fusion.level import LEVEL_DAYS, Level, learn_level
from retrieval.fusion.settings import LinearSettings
from retrieval.fusion.windows import (
    ESTIMATE_COLUMNS,
    WINDOW_MS,
    DryLevels,
    estimate_columns,
    estimate_table,
    hear_windows,
)

__all__ = ["LinearModel"]


class LinearModel:
    """The physical linear model in causal mode.

    Parameters
    ----------
    settings : LinearSettings
        Soil, slope and rules.
    """

    def __init__(self, settings: LinearSettings) -> None:
        self.settings = settings

    def estimate(
        self,
        arcs: pd.DataFrame,
        times: pd.DatetimeIndex,
        temperature_c: pd.Series[float] | None = None,
    ) -> pd.DataFrame:
        """Estimate soil moisture at given times.

        Parameters
        ----------
        arcs : DataFrame
            Arc table of one station, in any order: for full levels the 366 days before the first
            time, up to the last time. Later arcs change nothing, nor do columns that are not among
            `MODEL_COLUMNS`.
        times : DatetimeIndex
            n times, UTC.
        temperature_c : Series, optional
            Air or soil temperature, degrees C, indexed by UTC time, in any order; as far back as
            the arcs. Where the mean of the 24 h up to a time, or of the 72 h, is below
            `frozen_below_c`, the estimate is `frozen` and has no moisture, and UTC days at whose
            end this is true do not enter later levels. Times without a value in these 72 h are
            taken as thawed.

        Returns
        -------
        DataFrame
            n rows in the order of `times` with the columns `ESTIMATE_COLUMNS`: moisture in
            m3 m-3 with its 90 % interval (see `estimate_columns`), neither ever clipped;
            `phase_anomaly_deg`, the mean over tracks of phase minus the track's reference, in the
            raw sign (falling as moisture rises), 0 on the median day of the 365 before; NaN or NaT
            where there is nothing to say.

        Raises
        ------
        InputError
            The temperatures are not indexed by UTC time.
        """
        closed = closed_arcs(arcs)
        warmth = Temperatures.of(temperature_c)
        moments = utc_ms(times)
        days = moments // MS_PER_DAY
        parts = [self._one_day(closed, moments[days == day], warmth) for day in np.unique(days)]
        place = np.argsort(np.argsort(days, kind="stable"), kind="stable")
        if not parts:
            return pd.DataFrame(columns=list(ESTIMATE_COLUMNS))
        columns = {name: np.concatenate([part[name] for part in parts])[place] for name in parts[0]}
        return estimate_table(columns, pd.DatetimeIndex(times), self.settings.model_id)

    def _one_day(
        self, closed: ClosedArcs, times: Times, temperatures: Temperatures
    ) -> dict[str, NDArray[Any]]:
        """Estimate for the times of one UTC day, which share their level."""
        settings = self.settings
        day = int(times[0] // MS_PER_DAY)
        history = track_history(closed, day, LEVEL_DAYS)
        midnights = np.arange(day - LEVEL_DAYS + 1, day + 1) * MS_PER_DAY
        frozen_days = temperatures.frozen(midnights, settings.frozen_below_c)
        level = learn_level(history, settings, frozen_days)
        heard = closed.between(int(times.min()) - WINDOW_MS + 1, int(times.max()) + 1)
        return estimate_columns(
            hear_windows(history, level, heard, times),
            self._dry_levels(level, len(times)),
            temperatures.frozen(times, settings.frozen_below_c),
            settings,
        )

    def _dry_levels(self, level: Level, n: int) -> DryLevels:
        """Spread the level of a day over its n times."""
        settings = self.settings
        return DryLevels(
            np.full(n, level.vegetation_deg),
            np.full(n, level.psi_min_deg),
            np.full(n, level.n_expected),
            level.n_days >= settings.min_days and level.range_deg >= settings.min_range_deg,
            np.zeros(n, dtype=np.bool_),
        )
