"""What the days before a day say of phases, amplitudes and moisture: the level of that day."""

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

__all__ = ["LEVEL_DAYS", "TRACK_NOISE_DEG", "Level", "learn_level", "linked_tracks"]

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
_VEGETATION_DEG = 50.25 / 1.48
_VEGETATION_DAYS = 30
_VEGETATION_VALUES = 10


@dataclass(frozen=True)
class Level:
    """What the days before a day say; arrays have one value per track, (k,).

    Attributes
    ----------
    reference_deg : (k,) float64
        A track's phase on the median day; NaN for tracks out of use.
    height_m : (k,) float64
        Its usual reflector height, NaN before enough visits.
    usable : (k,) bool
        Whether the track takes part.
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

    reference_deg: Floats
    height_m: Floats
    usable: NDArray[np.bool_]
    n_expected: float
    vegetation_deg: float
    psi_min_deg: float
    n_days: int
    range_deg: float


def learn_level(past: TrackHistory, settings: LinearSettings) -> Level:
    """Learn the level of a day from the days before it.

    Parameters
    ----------
    past : TrackHistory
        The days before.
    settings : LinearSettings
        Rules for days and tracks.

    Notes
    -----
    On each day, ``phase = track's reference + value of the day`` (`additive_fit`), so that the
    reference of a track that began late comes from the days that it shares with the others, not
    from the season in which it began. The same goes for the logarithm of the amplitude. A track
    takes part from its fifth visit on; while there are few days, from half as many visits.
    """
    min_tracks = settings.min_tracks
    height_m = column_median(past.height_m)
    seen_often = np.sum(~np.isnan(past.height_m), axis=0) >= _VISITS
    rise_m = column_median((height_m - past.height_m)[:, seen_often].T)
    many = np.sum(~np.isnan(past.height_m[:, seen_often]), axis=1) >= min_tracks
    bare = ~(many & (rise_m > settings.snow_drop_m))

    phase_deg = np.where(bare[:, None], past.phase_deg, np.nan)
    reference_deg, usable = _references(phase_deg, settings.max_track_noise_deg)
    psi = -wrap_deg(phase_deg[:, usable] - reference_deg[usable])
    psi_of_day = column_mean(psi.T)
    median_deg = float(column_median(psi_of_day[:, None])[0])
    psi_of_day -= median_deg
    tracks_of_day = np.sum(~np.isnan(psi), axis=1)
    recent = tracks_of_day[tracks_of_day > 0][-_EXPECTED_DAYS:]

    amplitude = np.log(np.where(np.isnan(psi), np.nan, past.amplitude[:, usable]))
    gain = additive_fit(amplitude, _AMPLITUDE_TOLERANCE)[0]
    vegetation_deg = _vegetation_deg(column_mean(np.exp(amplitude - gain).T))
    corrected = np.sort((psi_of_day - vegetation_deg[:-1])[tracks_of_day >= min_tracks])
    n_lowest = max(1, round(_LOWEST_SHARE * len(corrected)))
    return Level(
        np.where(usable, wrap_deg(reference_deg - median_deg), np.nan),
        np.where(seen_often, height_m, np.nan),
        usable,
        float(np.median(recent)) if len(recent) else np.nan,
        float(vegetation_deg[-1]),
        float(corrected[:n_lowest].mean()) if len(corrected) else np.nan,
        len(corrected),
        float(corrected[-1] - corrected[0]) if len(corrected) else np.nan,
    )


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
    highest = np.sort(amplitude[known])[-max(1, round(_TOP_SHARE * int(known.sum()))) :].mean()
    return np.asarray((mean / highest - 1.0) * _VEGETATION_DEG)
