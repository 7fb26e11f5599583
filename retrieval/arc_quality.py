"""Why an arc is not good enough: one reason per rejected arc, from a fixed vocabulary."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.arc_table import DECIMALS
from retrieval.arcs import ArcSet, ArcSettings, median_step_s
from retrieval.periodogram import PeakTable

__all__ = ["REJECT_REASONS", "ArcShape", "arc_shape", "reject_reasons"]

# In the order they are asked; the first that holds is the arc's reason.
REJECT_REASONS = (
    "azimuth outside the mask",
    "too few points",
    "starts too high",
    "ends too low",
    "too long",
    "not enough points for the trend",
    "no peak in the height range",
    "peak amplitude low",
    "peak to noise low",
    "second peak high",
    "fit did not converge",
)


@dataclass(frozen=True)
class ArcShape:
    """Where and when each of m arcs ran, over its points inside the window.

    Attributes
    ----------
    start, end : (m,) datetime64[ns]
        GPS time of the first and last point.
    azimuth_deg : (m,) float64
        Azimuth at the lowest elevation, 0 <= azimuth < 360, rounded as in the arc table.
    elevation_min_deg, elevation_max_deg : (m,) float64
        Apparent elevations.
    n_obs : (m,) intp
        Number of points.
    interval_s : (m,) float64
        Median step in time, NaN for a single point.
    """

    start: NDArray[np.datetime64]
    end: NDArray[np.datetime64]
    azimuth_deg: NDArray[np.float64]
    elevation_min_deg: NDArray[np.float64]
    elevation_max_deg: NDArray[np.float64]
    n_obs: NDArray[np.intp]
    interval_s: NDArray[np.float64]


def arc_shape(windowed: ArcSet) -> ArcShape:
    """Describe arcs that are cut down to the window and not empty.

    Parameters
    ----------
    windowed : ArcSet
        `ArcSet.windowed` of m arcs.
    """
    points, first, last = windowed.points, windowed.first, windowed.start[1:] - 1
    # Elevation is monotonic along an arc, so the lowest point is one of its ends.
    falls = points.elevation_deg[last] < points.elevation_deg[first]
    lowest = np.where(falls, last, first)
    highest = np.where(falls, first, last)
    return ArcShape(
        points.time[first],
        points.time[last],
        # As the table keeps it, so that the sector of an arc follows from its row.
        np.round(points.azimuth_deg[lowest], DECIMALS["azimuth_deg"]) % 360.0,
        points.elevation_deg[lowest],
        points.elevation_deg[highest],
        np.diff(windowed.start),
        median_step_s(points.time, windowed.start),
    )


def _in_sectors(
    azimuth_deg: NDArray[np.float64], sectors: tuple[tuple[float, float], ...]
) -> NDArray[np.bool_]:
    """Whether azimuths lie in any sector; a sector runs clockwise and may pass north."""
    inside = np.zeros(len(azimuth_deg), dtype=bool)
    for begin, end in sectors:
        if end - begin >= 360.0:
            return np.ones(len(azimuth_deg), dtype=bool)
        inside |= np.mod(azimuth_deg - begin, 360.0) <= np.mod(end - begin, 360.0)
    return inside


def reject_reasons(
    shape: ArcShape, peaks: PeakTable, fitted: NDArray[np.bool_], settings: ArcSettings
) -> NDArray[np.object_]:
    """Return the reason why each arc is rejected, "" where it is not.

    Parameters
    ----------
    shape : ArcShape
        m arcs.
    peaks : PeakTable
        Their periodograms' peaks, NaN where the arc could not be detrended.
    fitted : (m,) bool
        Whether the least-squares fit gave a phase, or is not needed yet.
    settings : ArcSettings
        The limits.
    """
    duration_min = (shape.end - shape.start).astype(np.int64) / 60e9
    limit = settings.max_second_peak_ratio
    failures = (
        ~_in_sectors(shape.azimuth_deg, settings.azimuths_deg),
        shape.n_obs < settings.min_points,
        shape.elevation_min_deg > settings.start_below_deg,
        shape.elevation_max_deg < settings.end_above_deg,
        duration_min >= settings.max_duration_min,
        np.isnan(peaks.height_m),
        peaks.at_edge,
        peaks.amplitude < settings.min_amplitude,
        ~(peaks.peak_to_noise > settings.min_peak_to_noise),
        peaks.second_peak_ratio > (np.inf if limit is None else limit),
        ~fitted,
    )
    reasons = np.full(len(duration_min), "", dtype=object)
    for failure, reason in zip(reversed(failures), reversed(REJECT_REASONS), strict=True):
        reasons[failure] = reason
    return reasons
