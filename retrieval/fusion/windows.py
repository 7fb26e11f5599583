"""What was heard in windows of time, and the moisture, bounds and flags that follow from it.

Both modes of the linear model come through here: they differ in where the references and the level
of dry soil come from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retrieval.fusion.closed import (
    MS_PER_DAY,
    ClosedArcs,
    Numbers,
    Times,
    count_passes,
    latest_arcs,
)
from retrieval.fusion.columns import Floats, column_mean, column_median
from retrieval.fusion.history import TrackHistory
from retrieval.fusion.level import TRACK_NOISE_DEG, TrackReferences
from retrieval.fusion.settings import LinearSettings
from retrieval.interferogram import wrap_deg

__all__ = [
    "ESTIMATE_COLUMNS",
    "WINDOW_MS",
    "DryLevels",
    "Windows",
    "estimate_columns",
    "estimate_table",
    "hear_windows",
]

Flags = NDArray[np.bool_]

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

WINDOW_MS = MS_PER_DAY
_NORMAL_90 = 1.645  # 5 % of a normal distribution lie above this many standard deviations


@dataclass(frozen=True)
class Windows:
    """What was heard in m windows, of k tracks.

    Attributes
    ----------
    anomaly_deg : (m, k) float64
        Phase minus the track's reference, raw sign; NaN for tracks not heard or out of use.
    rise_m : (m, k) float64
        How much higher than usual the reflecting surface stands.
    n_arcs, n_passes : (m,) int64
        Arcs used, and the satellite passes behind them.
    effective_ms : (m,) float64
        Mean time of the arcs used, UTC, ms since 1970; NaN for none.
    """

    anomaly_deg: Floats
    rise_m: Floats
    n_arcs: NDArray[np.int64]
    n_passes: NDArray[np.int64]
    effective_ms: Floats


@dataclass(frozen=True)
class DryLevels:
    """Where dry soil lies for each of m windows.

    Attributes
    ----------
    vegetation_deg, psi_min_deg : (m,) float64
        What vegetation takes from psi, and psi of dry soil.
    n_expected : (m,) float64
        Tracks of an ordinary day; NaN when there was none.
    calibrated : bool
        Whether days and range suffice for moisture.
    borrowed : (m,) bool
        Whether the level is that of another time than it should be.
    """

    vegetation_deg: Floats
    psi_min_deg: Floats
    n_expected: Floats
    calibrated: bool
    borrowed: Flags


def hear_windows(
    history: TrackHistory, references: TrackReferences, arcs: ClosedArcs, times: Times
) -> Windows:
    """Collect the latest arc of each track in use that closed in the 24 h that end at each time.

    Parameters
    ----------
    history : TrackHistory
        Tracks and the heights that their phases refer to.
    references : TrackReferences
        Of these tracks.
    arcs : ClosedArcs
        Arcs of all windows or more.
    times : (m,) int64
        Ends of the windows, UTC, ms since 1970.
    """
    track, phase_deg = history.refer(arcs)
    row = latest_arcs(track, arcs.closed, len(history.tracks), times, WINDOW_MS)
    row = np.where(references.usable, row, -1)

    def of_arcs(values: NDArray[Any]) -> Floats:
        found = np.full(row.shape, np.nan)
        found[row >= 0] = values[row[row >= 0]]
        return found

    middle = (arcs.start + arcs.end) // 2
    n_arcs, effective_ms = np.sum(row >= 0, axis=1), column_mean(of_arcs(middle).T)
    if len(history.tracks) == 0:
        # The first day has no track to compare with, but says what it heard.
        n_arcs, effective_ms = _heard_in_window(arcs.closed, middle, times)
    return Windows(
        wrap_deg(of_arcs(phase_deg) - references.reference_deg),
        references.height_m - of_arcs(arcs.height_m),
        n_arcs,
        count_passes(arcs, row),
        effective_ms,
    )


def estimate_columns(
    heard: Windows, dry: DryLevels, frozen: Flags, settings: LinearSettings
) -> dict[str, NDArray[Any]]:
    """Turn what was heard into moisture with its 90 % interval and flag, rounded, (m,) each.

    Parameters
    ----------
    heard : Windows
        m windows.
    dry : DryLevels
        The level of dry soil of each.
    frozen : (m,) bool
        Whether the ground was frozen.
    settings : LinearSettings
        Soil, slope and rules.

    Notes
    -----
    The interval adds three errors in quadrature: the standard error of the tracks' mean (signals of
    one pass count as one, and a pass for no less than 3.5 degrees), the slope's relative error
    times the distance from the driest level, and the spread of residual moisture among soils of the
    texture.
    """
    soil = settings.soil
    anomaly_deg = column_mean(heard.anomaly_deg.T)
    coverage = np.minimum(heard.n_arcs / dry.n_expected, 1.0)
    distance_deg = -anomaly_deg - dry.vegetation_deg - dry.psi_min_deg
    vwc = soil.residual + settings.slope_per_deg * distance_deg
    half = _NORMAL_90 * _sigma(heard, distance_deg, settings)
    lower, upper = vwc - half, vwc + half

    # From the last of the order of precedence to the first.
    flag = np.full(len(vwc), "good", dtype=object)
    flag[
        ~(heard.n_arcs >= settings.min_tracks)
        | (coverage < settings.min_coverage)
        | dry.borrowed
        | np.isnan(vwc)
    ] = "degraded"
    flag[(vwc < 0) | (vwc > soil.saturation)] = "extrapolated"
    if not dry.calibrated:
        flag[:] = "calibrating"
        vwc[:], lower[:], upper[:] = soil.middle, soil.residual, soil.saturation
    flag[frozen] = "frozen"
    many = np.sum(~np.isnan(heard.rise_m), axis=1) >= settings.min_tracks
    snow = many & (column_median(heard.rise_m.T) > settings.snow_drop_m)
    flag[snow] = "snow"
    hidden = snow | frozen
    vwc[hidden] = lower[hidden] = upper[hidden] = np.nan
    return {
        "effective_time": np.round(heard.effective_ms),
        "vwc": np.round(vwc, 4),
        "vwc_lower": np.round(lower, 4),
        "vwc_upper": np.round(upper, 4),
        "phase_anomaly_deg": np.round(anomaly_deg, 3),
        "n_arcs": heard.n_arcs,
        "n_tracks_expected": np.round(dry.n_expected),
        "coverage": np.round(coverage, 3),
        "flag": flag,
    }


def estimate_table(
    columns: dict[str, NDArray[Any]], times: pd.DatetimeIndex, model_id: str
) -> pd.DataFrame:
    """Return the columns of `estimate_columns` as a table with `ESTIMATE_COLUMNS`."""
    effective = pd.to_datetime(pd.Series(columns["effective_time"]), unit="ms", utc=True)
    return pd.DataFrame(
        {
            **columns,
            "time": times.tz_convert("UTC").as_unit("ns"),
            "effective_time": effective.dt.as_unit("ns"),
            "window_s": WINDOW_MS // 1000,
            "model_id": model_id,
        }
    )[list(ESTIMATE_COLUMNS)]


def _sigma(heard: Windows, distance_deg: Floats, settings: LinearSettings) -> Floats:
    """Return the standard error of moisture, (m,) m3 m-3; see `estimate_columns`."""
    anomaly_deg, n_passes = heard.anomaly_deg, heard.n_passes
    n_tracks = np.sum(~np.isnan(anomaly_deg), axis=1)
    mean = column_mean(anomaly_deg.T)
    squares = np.nansum((anomaly_deg - mean[:, None]) ** 2, axis=1)
    # Few tracks may agree by chance; they cannot promise less than their usual noise.
    spread_deg = np.maximum(np.sqrt(squares / np.maximum(n_tracks - 1, 1)), TRACK_NOISE_DEG)
    error_deg = np.divide(
        spread_deg, np.sqrt(n_passes), out=np.full_like(mean, np.nan), where=n_passes > 0
    )
    slope = settings.slope_per_deg
    variance = (
        (slope * error_deg) ** 2
        + (slope * settings.slope_relative_sigma * distance_deg) ** 2
        + settings.soil.residual_sigma**2
    )
    return np.asarray(np.sqrt(variance))


def _heard_in_window(closed: Times, middle: Times, times: Times) -> tuple[Numbers, Floats]:
    """Count the arcs that closed in the window before each time, and average their middles.

    `closed` ascends; all are UTC, ms since 1970.
    """
    stop = np.searchsorted(closed, times, side="right")
    start = np.searchsorted(closed, times - WINDOW_MS, side="right")
    count = stop - start
    total = np.concatenate([[0], np.cumsum(middle)])
    mean: Floats = np.divide(
        total[stop] - total[start], count, out=np.full(len(times), np.nan), where=count > 0
    )
    return count, mean
