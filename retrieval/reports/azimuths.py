"""Which azimuths follow moisture: tracks gathered in sectors and judged in a word.

As in table 4 and figures 17 to 19 of Jiang et al. 2024 (Remote Sensing 16, 3428), but for all
azimuths around the station.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.fusion.columns import Floats
from retrieval.fusion.importance import azimuth_sectors

__all__ = [
    "BAD_R",
    "SECTOR_DEG",
    "VERDICT_RULES",
    "Sectors",
    "azimuth_ranges",
    "phase_correlations",
    "sectors_of",
    "verdicts",
]

SECTOR_DEG = 15.0
# Moisture then explains less than a tenth of how a phase varies.
BAD_R = 0.3
_FEWEST_DAYS = 10
_MIXED_SHARE, _BAD_SHARE = 0.25, 2.0 / 3.0
# The rule of `verdicts`, as it is told wherever a verdict is.
VERDICT_RULES = {
    "bad": f"|R| below {BAD_R} on two thirds of the tracks or more",
    "mixed": f"|R| below {BAD_R} on a quarter or more, but fewer than two thirds",
    "good": f"|R| below {BAD_R} on fewer than a quarter",
}


@dataclass(frozen=True, eq=False)
class Sectors:
    """Sectors of azimuth that hold tracks, s of them, by where they begin.

    Attributes
    ----------
    first_deg : (s,) float64
        Clockwise from north; each is `SECTOR_DEG` wide.
    n_tracks, n_bad : (s,) int64
        Tracks, and those of them whose |R| is below `BAD_R`.
    abs_r : (s,) float64
        Mean over the tracks of |R| of phase and reference on training days.
    weight : (s,) float64
        Mean weight of the tracks, 0 to 1.
    rise, spread : (s,) float64
        What shuffling the sector's tracks costs on test rows, and its standard deviation over the
        shuffles, (m3 m-3)^2 (`retrieval.fusion.importance`).
    verdict : tuple of str
        "good", "mixed", "bad", or "unknown", as of `verdicts`.
    """

    first_deg: Floats
    n_tracks: NDArray[np.int64]
    n_bad: NDArray[np.int64]
    abs_r: Floats
    weight: Floats
    rise: Floats
    spread: Floats
    verdict: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.first_deg)

    def begins(self, verdict: str) -> Floats:
        """Return where the sectors of a verdict begin, degrees."""
        return self.first_deg[np.array([one == verdict for one in self.verdict], np.bool_)]

    def ranges(self, verdict: str) -> list[tuple[float, float]]:
        """Return the azimuths of a verdict; sectors that touch are one range."""
        return azimuth_ranges(self.begins(verdict), SECTOR_DEG)

    def not_judged(self) -> list[tuple[float, float]]:
        """Return the azimuths that have no verdict: no track is there, or none with an |R|."""
        judged = np.array([one != "unknown" for one in self.verdict], np.bool_)
        silent = np.setdiff1d(np.arange(0.0, 360.0, SECTOR_DEG), self.first_deg[judged])
        return azimuth_ranges(silent, SECTOR_DEG)


def phase_correlations(phase_deg: Floats, vwc: Floats) -> Floats:
    """Return |R| of each track's phase with moisture, (k,).

    Parameters
    ----------
    phase_deg : (n, k) float64
        Anomalies, NaN where a track was not observed.
    vwc : (n,) float64
        Reference, m3 m-3.

    Returns
    -------
    (k,) float64
        0 to 1; NaN for tracks observed on fewer than 10 days or without change.

    Examples
    --------
    >>> days = np.arange(12.0)
    >>> phase_correlations(np.column_stack([-days, np.zeros(12)]), days).tolist()
    [1.0, nan]
    """
    found = np.full(phase_deg.shape[1], np.nan)
    # Each track has days of its own.
    for track, values in enumerate(phase_deg.T):
        known = np.isfinite(values) & np.isfinite(vwc)
        if known.sum() >= _FEWEST_DAYS and np.ptp(values[known]) > 0 and np.ptp(vwc[known]) > 0:
            found[track] = abs(np.corrcoef(values[known], vwc[known])[0, 1])
    return np.asarray(np.minimum(found, 1.0))


def verdicts(abs_r: Floats, groups: Sequence[NDArray[np.intp]]) -> tuple[str, ...]:
    """Judge groups of tracks.

    A track is bad where |R| is below `BAD_R`. A sector is "bad" where two thirds or more of its
    tracks are, "mixed" where a quarter or more are, else "good"; "unknown" where no track has an
    |R|.

    Examples
    --------
    >>> verdicts(np.array([0.9, 0.8, 0.1, np.nan]), [np.array([0, 1]), np.array([1, 2]),
    ...          np.array([2]), np.array([3])])
    ('good', 'mixed', 'bad', 'unknown')
    """
    found = []
    for group in groups:
        r = abs_r[group]
        r = r[np.isfinite(r)]
        share = float(np.mean(r < BAD_R)) if len(r) else np.nan
        if not len(r):
            found.append("unknown")
        elif share >= _BAD_SHARE:
            found.append("bad")
        else:
            found.append("mixed" if share >= _MIXED_SHARE else "good")
    return tuple(found)


def sectors_of(
    azimuth_deg: Floats, abs_r: Floats, weight: Floats
) -> tuple[Sectors, list[NDArray[np.intp]]]:
    """Gather tracks in sectors; what shuffling costs is yet unknown (NaN).

    Parameters
    ----------
    azimuth_deg, abs_r, weight : (k,) float64
        Of the tracks; |R| may be NaN.

    Returns
    -------
    Sectors
        s of them.
    list of (m,) intp
        The tracks of each.
    """
    held = azimuth_sectors(azimuth_deg, SECTOR_DEG)
    groups = list(held.values())
    unknown = np.full(len(groups), np.nan)

    def of_known(values: Floats) -> float:
        known = values[np.isfinite(values)]
        return float(known.mean()) if len(known) else np.nan

    sectors = Sectors(
        np.array(list(held), np.float64),
        np.array([len(group) for group in groups], np.int64),
        np.array([int(np.sum(abs_r[group] < BAD_R)) for group in groups], np.int64),
        np.array([of_known(abs_r[group]) for group in groups]),
        np.array([float(weight[group].mean()) for group in groups]),
        unknown,
        unknown,
        verdicts(abs_r, groups),
    )
    return sectors, groups


def azimuth_ranges(first_deg: Floats, width_deg: float) -> list[tuple[float, float]]:
    """Return sectors as ranges from and to, clockwise; those that touch are joined, over north too.

    Examples
    --------
    >>> azimuth_ranges(np.array([0.0, 30.0, 45.0, 345.0]), 15.0)
    [(30.0, 60.0), (345.0, 15.0)]
    >>> azimuth_ranges(np.arange(0.0, 360.0, 15.0), 15.0)
    [(0.0, 360.0)]
    """
    begin = {float(one) for one in first_deg}
    if not begin:
        return []
    starts = sorted(one for one in begin if (one - width_deg) % 360.0 not in begin)
    if not starts:
        return [(0.0, 360.0)]
    ranges = []
    for start in starts:
        stop = start + width_deg
        while stop % 360.0 in begin:
            stop += width_deg
        ranges.append((start, stop if stop == 360.0 else stop % 360.0))
    return ranges
