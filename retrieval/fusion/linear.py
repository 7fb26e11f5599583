"""The physical linear model: soil moisture from phases alone, without reference data.

``VWC = VWC_min + S (psi - psi_min)``, with ``psi = -phi``: in our raw phase convention
(`retrieval.interferogram`) moisture *rises* as phi *falls*, so phases are negated first. S is
0.0148 m3 m-3 per degree (Chew et al. 2014, 2016), psi_min the mean of the lowest 15 % of the daily
values, VWC_min the residual moisture of the soil. Vegetation is taken out by the normalised
amplitude (Chew et al. 2016): ``psi_corr = psi - (a - 1) 50.25 / 1.48``.

This is the causal mode: an estimate for time T uses arcs that had closed by T, and the level
(`retrieval.fusion.level`) of the 365 days before T's UTC day. Given these arcs it is the same
whenever it is made, whatever older or later ones are at hand.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retrieval.fusion.closed import (
    MS_PER_DAY,
    ClosedArcs,
    Numbers,
    Times,
    closed_arcs,
    count_passes,
    latest_arcs,
    utc_ms,
)
from retrieval.fusion.columns import Floats, column_mean, column_median
from retrieval.fusion.history import track_history
from retrieval.fusion.level import LEVEL_DAYS, TRACK_NOISE_DEG, learn_level
from retrieval.fusion.settings import LinearSettings
from retrieval.interferogram import wrap_deg

__all__ = ["ESTIMATE_COLUMNS", "LinearModel"]

# What a model states for each time; who stores or sends it adds station, product and version.
ESTIMATE_COLUMNS = (
    "time",
    "effective_time",
    "window_s",
    "vwc",
    "vwc_lower",
    "vwc_upper",
    "phase_anomaly_deg",
    "n_arcs",
    "n_tracks_expected",
    "coverage",
    "flag",
    "model_id",
)

_WINDOW_MS = MS_PER_DAY
_NORMAL_90 = 1.645  # 5 % of a normal distribution lie above this many standard deviations


class LinearModel:
    """The physical linear model in causal mode.

    Parameters
    ----------
    settings : LinearSettings
        Soil, slope and rules.
    """

    def __init__(self, settings: LinearSettings) -> None:
        self.settings = settings

    def estimate(self, arcs: pd.DataFrame, times: pd.DatetimeIndex) -> pd.DataFrame:
        """Estimate soil moisture at given times.

        Parameters
        ----------
        arcs : DataFrame
            Arc table of one station, in any order: for full levels the 366 days before the first
            time, up to the last time. Later arcs change nothing.
        times : DatetimeIndex
            n times, UTC.

        Returns
        -------
        DataFrame
            n rows in the order of `times` with the columns `ESTIMATE_COLUMNS`: moisture in
            m3 m-3 with its 90 % interval, neither ever clipped; `phase_anomaly_deg`, the mean over
            tracks of phase minus the track's reference, in the raw sign (falling as moisture
            rises), 0 on the median day of the 365 before; NaN or NaT where there is nothing to say.

        Notes
        -----
        The interval adds three errors in quadrature: the standard error of the tracks' mean
        (signals of one pass count as one, and a pass for no less than 3.5 degrees), the slope's
        relative error times the distance from the driest level, and the spread of residual
        moisture among soils of the texture.
        """
        closed = closed_arcs(arcs)
        moments = utc_ms(times)
        days = moments // MS_PER_DAY
        parts = [self._one_day(closed, moments[days == day]) for day in np.unique(days)]
        place = np.argsort(np.argsort(days, kind="stable"), kind="stable")
        if not parts:
            return pd.DataFrame(columns=list(ESTIMATE_COLUMNS))
        columns = {name: np.concatenate([part[name] for part in parts])[place] for name in parts[0]}
        return pd.DataFrame(
            {
                **columns,
                "time": pd.DatetimeIndex(times).tz_convert("UTC").as_unit("ns"),
                "effective_time": pd.to_datetime(
                    pd.Series(columns["effective_time"]), unit="ms", utc=True
                ).dt.as_unit("ns"),
                "window_s": _WINDOW_MS // 1000,
                "model_id": self.settings.model_id,
            }
        )[list(ESTIMATE_COLUMNS)]

    def _one_day(self, closed: ClosedArcs, times: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
        """Estimate for the times of one UTC day, which share their level."""
        history = track_history(closed, int(times[0] // MS_PER_DAY), LEVEL_DAYS)
        level = learn_level(history, self.settings)
        heard = closed.between(int(times.min()) - _WINDOW_MS + 1, int(times.max()) + 1)
        track, phase_deg = history.refer(heard)
        row = latest_arcs(track, heard.closed, len(history.tracks), times, _WINDOW_MS)
        row = np.where(level.usable, row, -1)

        def of_arcs(values: NDArray[Any]) -> Floats:
            found = np.full(row.shape, np.nan)
            found[row >= 0] = values[row[row >= 0]]
            return found

        anomaly = wrap_deg(of_arcs(phase_deg) - level.reference_deg)
        height_m = of_arcs(heard.height_m)
        n_arcs = np.sum(row >= 0, axis=1)
        coverage = np.minimum(n_arcs / level.n_expected, 1.0)
        anomaly_deg = column_mean(anomaly.T)
        middle = (heard.start + heard.end) // 2
        effective = column_mean(of_arcs(middle).T)
        if len(history.tracks) == 0:
            # The first day has no track to compare with, but says what it heard.
            n_arcs, effective = _heard_in_window(heard.closed, middle, times)

        distance_deg = -anomaly_deg - level.vegetation_deg - level.psi_min_deg
        vwc = self.settings.soil.residual + self.settings.slope_per_deg * distance_deg
        half = _NORMAL_90 * self._sigma(anomaly, distance_deg, count_passes(heard, row))
        lower, upper = vwc - half, vwc + half

        few = np.sum(~np.isnan(height_m - level.height_m), axis=1) < self.settings.min_tracks
        rise_m = column_median((level.height_m - height_m).T)
        flag = np.full(len(times), "good", dtype=object)
        flag[
            ~(n_arcs >= self.settings.min_tracks)
            | (coverage < self.settings.min_coverage)
            | np.isnan(vwc)
        ] = "degraded"
        flag[(vwc < 0) | (vwc > self.settings.soil.saturation)] = "extrapolated"
        if (
            level.n_days < self.settings.min_days
            or not level.range_deg >= self.settings.min_range_deg
        ):
            flag[:] = "calibrating"
            vwc[:] = self.settings.soil.middle
            lower[:], upper[:] = self.settings.soil.residual, self.settings.soil.saturation
        snow = ~few & (rise_m > self.settings.snow_drop_m)
        flag[snow] = "snow"
        vwc[snow] = lower[snow] = upper[snow] = np.nan
        return {
            "effective_time": np.where(np.isnan(effective), np.nan, np.round(effective)),
            "vwc": np.round(vwc, 4),
            "vwc_lower": np.round(lower, 4),
            "vwc_upper": np.round(upper, 4),
            "phase_anomaly_deg": np.round(anomaly_deg, 3),
            "n_arcs": n_arcs,
            "n_tracks_expected": np.full(len(times), np.round(level.n_expected)),
            "coverage": np.round(coverage, 3),
            "flag": flag,
        }

    def _sigma(
        self, anomaly_deg: Floats, distance_deg: Floats, n_passes: NDArray[np.int64]
    ) -> Floats:
        """Return the standard error of moisture, (m,) m3 m-3; see `estimate`."""
        n_tracks = np.sum(~np.isnan(anomaly_deg), axis=1)
        mean = column_mean(anomaly_deg.T)
        squares = np.nansum((anomaly_deg - mean[:, None]) ** 2, axis=1)
        # Few tracks may agree by chance; they cannot promise less than their usual noise.
        spread_deg = np.maximum(np.sqrt(squares / np.maximum(n_tracks - 1, 1)), TRACK_NOISE_DEG)
        error_deg = np.divide(
            spread_deg, np.sqrt(n_passes), out=np.full_like(mean, np.nan), where=n_passes > 0
        )
        slope = self.settings.slope_per_deg
        variance = (
            (slope * error_deg) ** 2
            + (slope * self.settings.slope_relative_sigma * distance_deg) ** 2
            + self.settings.soil.residual_sigma**2
        )
        return np.asarray(np.sqrt(variance))


def _heard_in_window(closed: Times, middle: Times, times: Times) -> tuple[Numbers, Floats]:
    """Count the arcs that closed in the window before each time, and average their middles.

    `closed` ascends; all are UTC, ms since 1970.
    """
    stop = np.searchsorted(closed, times, side="right")
    start = np.searchsorted(closed, times - _WINDOW_MS, side="right")
    count = stop - start
    total = np.concatenate([[0], np.cumsum(middle)])
    mean: Floats = np.divide(
        total[stop] - total[start], count, out=np.full(len(times), np.nan), where=count > 0
    )
    return count, mean
