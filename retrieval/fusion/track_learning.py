"""Learning a station's tracks, their heights, references and norms from training arcs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retrieval.errors import InputError
from retrieval.fusion.closed import MS_PER_DAY, ClosedArcs, Numbers, closed_arcs, closing_order
from retrieval.fusion.columns import Floats, circular_median_deg, column_median
from retrieval.fusion.history import refer_phases
from retrieval.fusion.level import TRACK_NOISE_DEG, highest_mean
from retrieval.fusion.track_identity import (
    SECTOR_DEG,
    Names,
    arc_identities,
    is_shared,
    sector_first_deg,
)
from retrieval.fusion.track_table import SubTracks, TrackTable
from retrieval.interferogram import wrap_deg
from retrieval.tracks import find_tracks

__all__ = ["learn_tracks"]

# A track needs as many days to tell its reference from its noise.
_MIN_ROWS = 10
_VISITS = 4
# A-priori heights are learnt as a station goes: the last ones are the best.
_LATEST = 10
# Phases within twice the usual noise of a track count in full.
_TOLERANCE_DEG = 2 * TRACK_NOISE_DEG
_ROUNDS = 40


@dataclass(frozen=True)
class _Candidates:
    """Places of the sky that may become tracks, and the place of each arc."""

    identity: Names
    first_deg: Floats
    width_deg: Floats
    track: Numbers

    def kept(self, keep: NDArray[np.bool_]) -> _Candidates:
        """Return the candidates to keep; arcs of the others belong to none (-1)."""
        number = np.where(keep, np.cumsum(keep) - 1, -1)
        return _Candidates(
            self.identity[keep],
            self.first_deg[keep],
            self.width_deg[keep],
            np.where(self.track >= 0, number[self.track], -1).astype(np.intp),
        )


def learn_tracks(arcs: pd.DataFrame, min_rows: int = _MIN_ROWS) -> TrackTable:
    """Learn the tracks of a station.

    Parameters
    ----------
    arcs : DataFrame
        Arc table of one station over the training days alone, in any order.
    min_rows : int
        Tracks heard on fewer UTC days than this are left out.

    Raises
    ------
    InputError
        No track was heard on `min_rows` days.

    Notes
    -----
    A track's a-priori height is the median of those of its last ten arcs. Its reference is its
    phase on the median day: ``phase = reference + value of the day`` is fitted to all tracks
    together, so that a track that was there for a wet month only does not take that month for
    usual. For a track heard on all days this is the circular median of its phases, but for noise.

    Satellites that do not repeat daily are collected in sectors of 10 degrees. A satellite with
    four visits or more to a sector gets a reference of its own there; the reference of the sector
    is the circular median over all of its arcs, each less the value of its day.
    """
    closed = closed_arcs(arcs)
    satellite, identity = arc_identities(arcs.iloc[closing_order(arcs)])
    day = (closed.start + closed.end) // 2 // MS_PER_DAY

    found = _candidates(identity, closed)
    height_m = _latest_heights(found, closed)
    track, phase_deg = refer_phases(closed, found.track, height_m)
    found = _Candidates(found.identity, found.first_deg, found.width_deg, track)
    n_rows = _count_days(track, day, len(found.identity))
    keep = n_rows >= min_rows
    if not keep.any():
        raise InputError(
            f"tracks: no track of the training arcs was heard on {min_rows} days or more (the "
            f"longest on {int(n_rows.max(initial=0))}); give more days, or a lower min_rows"
        )
    found = found.kept(keep)

    placed = np.flatnonzero(found.track >= 0)
    track, day, phase_deg = found.track[placed], day[placed], phase_deg[placed]
    k = len(found.identity)
    reference_deg, subtracks = _references(
        track, is_shared(found.identity), satellite[placed], day, phase_deg
    )
    amplitude = _columns(track, closed.amplitude[placed], k)
    return TrackTable(
        found.identity,
        found.first_deg,
        found.width_deg,
        height_m[keep],
        reference_deg,
        np.array([highest_mean(column[~np.isnan(column)]) for column in amplitude.T]),
        column_median(_columns(track, closed.height_m[placed], k)),
        n_rows[keep],
        subtracks,
    )


def _candidates(identity: Names, arcs: ClosedArcs) -> _Candidates:
    """Find the clusters and sectors that arcs lie in, by identity and azimuth."""
    names, number = np.unique(identity.astype(str), return_inverse=True)
    shared = is_shared(names)[number]
    clusters = find_tracks(number[~shared], arcs.azimuth_deg[~shared])
    cells = np.column_stack([number[shared], sector_first_deg(arcs.azimuth_deg[shared])])
    sectors, cell = np.unique(cells, axis=0, return_inverse=True)

    owner = np.concatenate([clusters.identity, sectors[:, 0].astype(np.intp)])
    first_deg = np.concatenate([clusters.first_deg, sectors[:, 1]])
    width_deg = np.concatenate([clusters.width_deg, np.full(len(sectors), SECTOR_DEG)])
    track = np.empty(len(number), dtype=np.intp)
    track[~shared] = clusters.place(number[~shared], arcs.azimuth_deg[~shared])
    track[shared] = len(clusters) + cell.ravel()
    order = np.lexsort((first_deg, owner))
    return _Candidates(
        names[owner[order]].astype(object), first_deg[order], width_deg[order], _rank(order)[track]
    )


def _rank(order: Numbers) -> Numbers:
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return rank


def _latest_heights(found: _Candidates, arcs: ClosedArcs) -> Floats:
    """Return the median a-priori height of the last arcs of each candidate, (k,)."""
    k = len(found.identity)
    heights = _columns(found.track[::-1], arcs.apriori_height_m[::-1], k)[:_LATEST]
    return np.round(column_median(heights), 4)


def _count_days(track: Numbers, day: NDArray[np.int64], k: int) -> NDArray[np.int64]:
    """Count the days on which each track was heard, (k,)."""
    heard = np.unique(np.column_stack([track, day])[track >= 0], axis=0)
    return np.bincount(heard[:, 0], minlength=k).astype(np.int64)


def _references(
    track: Numbers,
    shared: NDArray[np.bool_],
    satellite: Names,
    day: NDArray[np.int64],
    phase_deg: Floats,
) -> tuple[Floats, SubTracks]:
    """Return the reference of each track (k,) and those of satellites in shared tracks.

    `shared` is (k,), the others are of the arcs, (n,), in order of time.
    """
    k = len(shared)
    names, name = np.unique(satellite.astype(str), return_inverse=True)
    # A satellite in a track: of tracks with one satellite, the track itself.
    pair, column = np.unique(track * len(names) + name, return_inverse=True)
    visits = _count_days(column, day, len(pair))
    often = (visits >= _VISITS) | ~shared[pair // len(names)]
    counted = often[column]
    own_deg = np.full(len(pair), np.nan)
    days, row = np.unique(day, return_inverse=True)
    value_deg = np.zeros(len(days))
    number = np.cumsum(often) - 1
    if counted.any():
        own_deg[often], value_deg = _fit_days(
            number[column[counted]], row[counted], phase_deg[counted], len(days)
        )

    reference_deg = circular_median_deg(_columns(track, phase_deg - value_deg[row], k))
    single = ~shared[pair // len(names)]
    reference_deg[(pair // len(names))[single]] = own_deg[single]
    of_satellites = np.flatnonzero(often & ~single)
    return reference_deg, SubTracks(
        (pair // len(names))[of_satellites].astype(np.intp),
        names[pair[of_satellites] % len(names)].astype(object),
        own_deg[of_satellites],
        visits[of_satellites],
    )


def _fit_days(
    column: Numbers, row: Numbers, phase_deg: Floats, n_days: int
) -> tuple[Floats, Floats]:
    """Fit ``phase = reference of the column + value of the day`` to arcs, 0 on the median day.

    Huber's M-estimate as in `retrieval.fusion.columns.additive_fit`, by turns instead of at once:
    thousands of sub-tracks would make a large system, and some may share no day with any other.
    Those keep their own median.

    Returns
    -------
    reference_deg : (columns,) float64
        In (-180, 180].
    value_deg : (n_days,) float64
        0 for days without an arc.
    """
    n = int(column.max()) + 1
    centre_deg = circular_median_deg(_columns(column, phase_deg, n))
    around_deg = wrap_deg(phase_deg - centre_deg[column])
    offset_deg, value_deg = np.zeros(n), np.zeros(n_days)
    seen = np.bincount(row, minlength=n_days) > 0
    weight = np.ones(len(column))
    for _ in range(_ROUNDS):
        of_day = np.bincount(row, weight * (around_deg - offset_deg[column]), n_days)
        value_deg[seen] = (of_day / np.bincount(row, weight, n_days).clip(1e-12))[seen]
        value_deg[seen] -= np.median(value_deg[seen])
        of_column = np.bincount(column, weight * (around_deg - value_deg[row]), n)
        offset_deg = of_column / np.bincount(column, weight, n)
        off_deg = np.abs(around_deg - offset_deg[column] - value_deg[row])
        weight = _TOLERANCE_DEG / np.maximum(off_deg, _TOLERANCE_DEG)
    return wrap_deg(centre_deg + offset_deg), value_deg


def _columns(column: Numbers, values: Floats, k: int) -> Floats:
    """Return the values of each of k columns in their order, (most, k) with NaN below.

    Values of column -1 are left out.
    """
    inside = np.flatnonzero(column >= 0)
    order = inside[np.argsort(column[inside], kind="stable")]
    count = np.bincount(column[order], minlength=k)
    place = np.arange(len(order)) - np.repeat(np.cumsum(count) - count, count)
    matrix = np.full((int(count.max(initial=0)), k), np.nan)
    matrix[place, column[order]] = values[order]
    return matrix
