"""What days say of phases and amplitudes, and what those before a day say of its moisture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.fusion.columns import (
    Floats,
    additive_fit,
    circular_median_deg,
    column_mean,
    column_median,
)
from retrieval.fusion.history import TrackHistory
from retrieval.fusion.settings import LinearSettings
from retrieval.interferogram import wrap_deg

__all__ = [
    "LEVEL_DAYS",
    "TRACK_NOISE_DEG",
    "VEGETATION_DEG",
    "DailyRecord",
    "Level",
    "TrackReferences",
    "daily_record",
    "highest_mean",
    "learn_level",
    "linked_tracks",
    "mean_of_lowest",
]

LEVEL_DAYS = 365
# A track's noise from day to day is 3 to 4 degrees (MCHL).
TRACK_NOISE_DEG = 3.5

_VISITS = 5
_PHASE_TOLERANCE_DEG = 2 * TRACK_NOISE_DEG
_AMPLITUDE_TOLERANCE = 0.2  # of the amplitude's logarithm, twice its usual noise
_EXPECTED_DAYS = 30
_LOWEST_SHARE = 0.15
_TOP_SHARE = 0.2
# Chew et al. (2016): 50.25 % VWC per unit of normalised amplitude, over 1.48 % VWC per degree.
VEGETATION_DEG = 50.25 / 1.48
_VEGETATION_DAYS = 30
_VEGETATION_VALUES = 10


@dataclass(frozen=True)
class TrackReferences:
    """What each of k tracks usually shows.

    Attributes
    ----------
    reference_deg : (k,) float64
        A track's phase on the median day; NaN for tracks out of use.
    height_m : (k,) float64
        Its usual reflector height, NaN before enough visits.
    usable : (k,) bool
        Whether the track takes part.
    """

    reference_deg: Floats
    height_m: Floats
    usable: NDArray[np.bool_]


@dataclass(frozen=True)
class DailyRecord(TrackReferences):
    """What the tracks in use say of each of n days; days of snow and frozen days say nothing.

    Attributes
    ----------
    psi_deg : (n,) float64
        Mean over tracks of minus the phase's distance from the reference, 0 on the median day; it
        rises with moisture. NaN for none.
    n_tracks : (n,) int64
        Tracks in use.
    amplitude : (n,) float64
        Mean over tracks of the amplitude over the track's own; NaN for none.
    """

    psi_deg: Floats
    n_tracks: NDArray[np.int64]
    amplitude: Floats


@dataclass(frozen=True)
class Level(TrackReferences):
    """What the days before a day say.

    Attributes
    ----------
    n_expected : float
        Median number of tracks in use per day over the last 30 days with data; NaN for none.
    vegetation_deg : float
        What vegetation takes from psi at present, degrees.
    psi_min_deg : float
        Level of dry soil: mean of the lowest 15 % of the daily psi; NaN for none.
    n_days : int
        Days that tell of the level.
    range_deg : float
        From their lowest to their highest psi; NaN for none.
    """

    n_expected: float
    vegetation_deg: float
    psi_min_deg: float
    n_days: int
    range_deg: float


def learn_level(
    past: TrackHistory, settings: LinearSettings, frozen: NDArray[np.bool_] | None = None
) -> Level:
    """Learn the level of a day from the days before it.

    Parameters
    ----------
    past : TrackHistory
        The days before.
    settings : LinearSettings
        Rules for days and tracks.
    frozen : (days,) bool, optional
        Days that must not count because the ground was frozen.
    """
    record = daily_record(past, settings, frozen)
    recent = record.n_tracks[record.n_tracks > 0][-_EXPECTED_DAYS:]
    vegetation_deg = _vegetation_deg(record.amplitude)
    corrected = (record.psi_deg - vegetation_deg[:-1])[record.n_tracks >= settings.min_tracks]
    return Level(
        record.reference_deg,
        record.height_m,
        record.usable,
        float(np.median(recent)) if len(recent) else np.nan,
        float(vegetation_deg[-1]),
        mean_of_lowest(corrected),
        len(corrected),
        float(corrected.max() - corrected.min()) if len(corrected) else np.nan,
    )


def daily_record(
    past: TrackHistory, settings: LinearSettings, frozen: NDArray[np.bool_] | None = None
) -> DailyRecord:
    """Learn the tracks' references from days, and what these days say by them.

    Parameters
    ----------
    past : TrackHistory
        The days.
    settings : LinearSettings
        Rules for days and tracks.
    frozen : (days,) bool, optional
        Days that must not count because the ground was frozen.

    Notes
    -----
    On each day, ``phase = track's reference + value of the day`` (`additive_fit`), so that the
    reference of a track that began late comes from the days that it shares with the others, not
    from the season in which it began. The same goes for the logarithm of the amplitude. A track
    takes part from its fifth visit on; while there are few days, from half as many visits.
    """
    height_m = column_median(past.height_m)
    seen_often = np.sum(~np.isnan(past.height_m), axis=0) >= _VISITS
    rise_m = column_median((height_m - past.height_m)[:, seen_often].T)
    many = np.sum(~np.isnan(past.height_m[:, seen_often]), axis=1) >= settings.min_tracks
    bare = ~(many & (rise_m > settings.snow_drop_m))
    if frozen is not None:
        bare &= ~frozen

    phase_deg = np.where(bare[:, None], past.phase_deg, np.nan)
    reference_deg, usable = _references(phase_deg, settings.max_track_noise_deg)
    psi = -wrap_deg(phase_deg[:, usable] - reference_deg[usable])
    psi_of_day = column_mean(psi.T)
    median_deg = float(column_median(psi_of_day[:, None])[0])
    amplitude = np.log(np.where(np.isnan(psi), np.nan, past.amplitude[:, usable]))
    gain = additive_fit(amplitude, _AMPLITUDE_TOLERANCE)[0]
    return DailyRecord(
        np.where(usable, wrap_deg(reference_deg - median_deg), np.nan),
        np.where(seen_often, height_m, np.nan),
        usable,
        psi_of_day - median_deg,
        np.sum(~np.isnan(psi), axis=1),
        column_mean(np.exp(amplitude - gain).T),
    )


def mean_of_lowest(values: Floats) -> float:
    """Return the mean of the lowest 15 % of values (rounded, at least one); NaN of none.

    Examples
    --------
    >>> mean_of_lowest(np.arange(38.0)[::-1])  # .15 * 38 = 5.7: the mean of 0 to 5
    2.5
    """
    n_lowest = max(1, round(_LOWEST_SHARE * len(values)))
    return float(np.sort(values)[:n_lowest].mean()) if len(values) else np.nan


def highest_mean(values: Floats) -> float:
    """Return the mean of the highest fifth of one value or more (rounded, at least one)."""
    return float(np.sort(values)[-max(1, round(_TOP_SHARE * len(values))) :].mean())


def linked_tracks(known: NDArray[np.bool_], visits: int) -> NDArray[np.bool_]:
    """Return the tracks that can be compared with those of the last day, (k,) bool.

    They share as many days as `visits` with these or with others that do. What shares no days with
    the present (all signals replaced at once, say) cannot tell its level.

    Parameters
    ----------
    known : (days, k) bool
        Whether a track has a phase on a day.
    visits : int
        Days that a track must share, 1 or more.

    Examples
    --------
    >>> known = np.array([[1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 1], [0, 1, 1]], dtype=bool)
    >>> linked_tracks(known, 1).tolist(), linked_tracks(known, 2).tolist()
    ([True, True, True], [False, True, False])
    """
    seen = known & (known.sum(axis=0) >= visits)
    days = np.flatnonzero(seen.any(axis=1))
    linked = np.zeros(known.shape[1], dtype=np.bool_)
    if len(days) == 0:
        return linked
    linked[np.argmax(np.where(seen[days[-1]], seen.sum(axis=0), 0))] = True
    while True:
        grown = seen[seen[:, linked].any(axis=1)].sum(axis=0) >= visits
        if (grown == linked).all():
            return linked
        linked = grown


def _references(phase_deg: Floats, max_noise_deg: float) -> tuple[Floats, NDArray[np.bool_]]:
    """Return each track's reference phase up to a constant and whether it is in use, (k,) each."""
    known = ~np.isnan(phase_deg)
    visits = int(np.clip(known.any(axis=1).sum() // 2, 1, _VISITS))
    centre_deg = circular_median_deg(phase_deg)
    around_deg = wrap_deg(phase_deg - centre_deg)
    usable = linked_tracks(known, visits)
    offset_deg, residual_deg = additive_fit(around_deg[:, usable], _PHASE_TOLERANCE_DEG)
    noise_deg = np.zeros(len(usable))
    noise_deg[usable] = 1.4826 * column_median(np.abs(residual_deg))
    noisy = (noise_deg > max_noise_deg) & (known.sum(axis=0) >= _VISITS)
    if noisy.any():  # they may have been all that linked others
        usable = linked_tracks(known & ~noisy, visits)
        offset_deg, _ = additive_fit(around_deg[:, usable], _PHASE_TOLERANCE_DEG)
    reference_deg = centre_deg.copy()
    reference_deg[usable] += offset_deg
    return reference_deg, usable


def _vegetation_deg(amplitude: Floats) -> Floats:
    """Return what vegetation takes from psi, degrees, before each of n days and after the last.

    ``(a - 1) 50.25 / 1.48`` with a the mean of the 30 values before over the mean of the highest
    fifth. Where fewer than ten are known the last mean of ten or more stands in, at the beginning
    the first such one: without any correction there, the first days would lie apart.

    Parameters
    ----------
    amplitude : (n,) float64
        Amplitude of each day; NaN for none.

    Returns
    -------
    (n + 1,) float64
        0 where ten values are nowhere to be had.
    """
    known = ~np.isnan(amplitude)
    total = np.concatenate([[0.0], np.cumsum(np.where(known, amplitude, 0.0))])
    count = np.concatenate([[0], np.cumsum(known)])
    stop = np.arange(len(amplitude) + 1)
    start = np.maximum(stop - _VEGETATION_DAYS, 0)
    n = count[stop] - count[start]
    full = np.flatnonzero(n >= _VEGETATION_VALUES)
    if len(full) == 0:
        return np.zeros(len(stop))
    stand_in = full[np.maximum(np.searchsorted(full, stop, side="right") - 1, 0)]
    mean = ((total[stop] - total[start]) / np.maximum(n, 1))[stand_in]
    return np.asarray((mean / highest_mean(amplitude[known]) - 1.0) * VEGETATION_DEG)
