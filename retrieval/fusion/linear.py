"""The physical linear model: soil moisture from phases alone, without reference data.

``VWC = VWC_min + S (psi - psi_min)``, with ``psi = -phi``: in our raw phase convention
(`retrieval.interferogram`) moisture *rises* as phi *falls*, so phases are negated first. S is
0.0148 m3 m-3 per degree (Chew et al. 2014), psi_min the mean of the lowest 15 % of the daily
values, VWC_min the residual moisture of the soil. Vegetation is taken out by the normalised
amplitude (Chew et al. 2016): ``psi_corr = psi - (a - 1) 50.25 / 1.48``.

This is the causal mode: an estimate for time T uses arcs that had ended by T, and levels (reference
phases, amplitude norms, psi_min) of the days before T's UTC day. Given the same arcs it is the
same whenever it is made.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retrieval.errors import InputError
from retrieval.fusion.history import (
    MS_PER_DAY,
    ClosedArcs,
    Floats,
    TrackHistory,
    circular_median_deg,
    closed_arcs,
    column_mean,
    column_median,
    track_history,
    utc_ms,
)
from retrieval.interferogram import wrap_deg
from retrieval.soil import SoilLimits

__all__ = ["ESTIMATE_COLUMNS", "LinearModel", "LinearSettings"]

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
# Chew et al. (2016): 50.25 % VWC per unit of normalised amplitude, over 1.48 % VWC per degree.
_VEGETATION_DEG = 50.25 / 1.48
_VEGETATION_DAYS = 30
_LEVEL_DAYS = 365
_LOWEST_SHARE = 0.15
_TOP_SHARE = 0.2
# A track's noise from day to day is 3 to 4 degrees (MCHL); fewer tracks cannot promise less.
_TRACK_NOISE_DEG = 3.5
# Visits before a track can be called noisy, or its height a reference for snow.
_VISITS = 5


@dataclass(frozen=True, kw_only=True)
class LinearSettings:
    """Settings of the linear model.

    Attributes
    ----------
    soil : SoilLimits
        Residual and saturated moisture.
    slope_per_deg : float
        S, m3 m-3 per degree (Chew et al. 2014).
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


@dataclass(frozen=True)
class _Level:
    """What the days before a day say: (k,) arrays have one value per track."""

    reference_deg: Floats
    height_m: Floats
    usable: NDArray[np.bool_]
    n_expected: float
    vegetation: float
    psi_min_deg: float
    n_days: int
    range_deg: float


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
            tracks of phase minus the track's circular median so far, in the raw sign (falling as
            moisture rises); NaN or NaT where there is nothing to say.

        Notes
        -----
        The interval adds three errors in quadrature: the standard error of the tracks' mean
        (signals of one pass count as one, and a pass for no less than 3.5 degrees), the slope's
        relative error times the distance from the driest level, and the spread of residual
        moisture among soils of the texture.
        """
        closed = closed_arcs(arcs)
        history = track_history(closed)
        moments = utc_ms(times)
        days = moments // MS_PER_DAY
        parts = [self._one_day(closed, history, moments[days == day]) for day in np.unique(days)]
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

    def _level(self, history: TrackHistory, day: int) -> _Level:
        """Learn the levels from the days before `day`."""
        past = history.before(day, _LEVEL_DAYS)
        height_m = column_median(past.height_m)
        seen_often = np.sum(~np.isnan(past.phase_deg), axis=0) >= _VISITS
        rise_m = column_median((height_m - past.height_m)[:, seen_often].T)
        many = np.sum(~np.isnan(past.height_m[:, seen_often]), axis=1) >= self.settings.min_tracks
        bare = ~(many & (rise_m > self.settings.snow_drop_m))
        phase_deg = np.where(bare[:, None], past.phase_deg, np.nan)

        reference_deg = circular_median_deg(phase_deg)
        psi = -wrap_deg(phase_deg - reference_deg)
        noise_deg = 1.4826 * column_median(np.abs(psi - column_median(psi.T)[:, None]))
        usable = ~(seen_often & (noise_deg > self.settings.max_track_noise_deg))
        psi_of_day = column_mean(psi[:, usable].T)
        tracks_of_day = np.sum(~np.isnan(psi[:, usable]), axis=1)

        amplitude = np.where(bare[:, None], past.amplitude, np.nan)
        normalised = amplitude / _top_mean(amplitude)
        vegetation = _trailing_mean(column_mean(normalised[:, usable].T), _VEGETATION_DAYS)
        corrected = psi_of_day - (vegetation[:-1] - 1.0) * _VEGETATION_DEG
        corrected = np.sort(corrected[tracks_of_day >= self.settings.min_tracks])
        n_lowest = max(1, round(_LOWEST_SHARE * len(corrected)))
        recent = tracks_of_day[-_VEGETATION_DAYS:]
        recent = recent[recent > 0]
        return _Level(
            reference_deg,
            np.where(seen_often, height_m, np.nan),
            usable,
            float(np.median(recent)) if len(recent) else np.nan,
            float(vegetation[-1]),
            float(corrected[:n_lowest].mean()) if len(corrected) else np.nan,
            len(corrected),
            float(corrected[-1] - corrected[0]) if len(corrected) else np.nan,
        )

    def _one_day(
        self, closed: ClosedArcs, history: TrackHistory, times: NDArray[np.int64]
    ) -> dict[str, NDArray[np.generic]]:
        """Estimate for the times of one UTC day, which share their levels."""
        level = self._level(history, int(times[0] // MS_PER_DAY))
        row = closed.latest(times, _WINDOW_MS)
        present = (row >= 0) & level.usable
        if len(closed.track) == 0:
            anomaly, height_m, middle = (np.full(row.shape, np.nan) for _ in range(3))
        else:
            anomaly = np.where(
                present, wrap_deg(closed.phase_deg[row] - level.reference_deg), np.nan
            )
            height_m = np.where(present, closed.height_m[row], np.nan)
            middle = np.where(present, closed.middle[row].astype(np.float64), np.nan)
        n_arcs = present.sum(axis=1)
        coverage = np.minimum(n_arcs / level.n_expected, 1.0)
        phase_deg = column_mean(anomaly.T)
        effective = column_mean(middle.T)

        distance_deg = -phase_deg - (level.vegetation - 1.0) * _VEGETATION_DEG - level.psi_min_deg
        vwc = self.settings.soil.residual + self.settings.slope_per_deg * distance_deg
        half = _NORMAL_90 * self._sigma(anomaly, distance_deg, closed.pass_of_track)
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
            "phase_anomaly_deg": np.round(phase_deg, 3),
            "n_arcs": n_arcs,
            "n_tracks_expected": np.full(len(times), np.round(level.n_expected)),
            "coverage": np.round(coverage, 3),
            "flag": flag,
        }

    def _sigma(
        self, anomaly_deg: Floats, distance_deg: Floats, pass_of_track: NDArray[np.intp]
    ) -> Floats:
        """Return the standard error of moisture, (m,) m3 m-3; see `estimate`."""
        known = ~np.isnan(anomaly_deg)
        n_tracks = known.sum(axis=1)
        n_passes = np.zeros(len(anomaly_deg))
        for one_pass in np.unique(pass_of_track):  # a year has a few hundred passes
            n_passes += known[:, pass_of_track == one_pass].any(axis=1)
        mean = column_mean(anomaly_deg.T)
        squares = np.nansum((anomaly_deg - mean[:, None]) ** 2, axis=1)
        spread_deg = np.maximum(np.sqrt(squares / np.maximum(n_tracks - 1, 1)), _TRACK_NOISE_DEG)
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


def _top_mean(amplitude: Floats) -> Floats:
    """Mean of the largest fifth of each track's amplitudes, (k,): the bare soil's amplitude."""
    count = np.sum(~np.isnan(amplitude), axis=0)
    n_top = np.maximum(np.round(_TOP_SHARE * count), 1)
    descending = -np.sort(-amplitude, axis=0)  # NaN goes last
    top = np.arange(len(amplitude))[:, None] < n_top
    return column_mean(np.where(top, descending, np.nan))


def _trailing_mean(values: Floats, days: int) -> Floats:
    """Mean of the `days` values before each of n + 1 places, (n + 1,); 1 where there is none."""
    known = ~np.isnan(values)
    total = np.concatenate([[0.0], np.cumsum(np.where(known, values, 0.0))])
    count = np.concatenate([[0], np.cumsum(known)])
    stop = np.arange(len(values) + 1)
    start = np.maximum(stop - days, 0)
    n = count[stop] - count[start]
    mean: Floats = np.divide(total[stop] - total[start], n, out=np.ones(len(stop)), where=n > 0)
    return mean
