"""Which stored arcs give way when arcs are computed again from more data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from daemon.store import arc_rows

__all__ = ["ArcChanges", "arc_changes"]

_SAME_PLACE = ["station", "satellite", "signal", "direction"]

# Columns that hang on the height which the phase refers to; the others on the data alone.
_OF_HEIGHT = ("amplitude", "phase_deg", "phase_sigma_deg", "dphase_dheight_deg_per_mm")
# A height this far off is worth a new phase: tracks refer phases to one height to first order.
_HEIGHT_OFF_M = 0.03


@dataclass(frozen=True)
class ArcChanges:
    """What to do with the store.

    Attributes
    ----------
    obsolete : tuple of int
        Numbers of stored arcs to take out.
    new : DataFrame
        Arcs to write, with their `revision`.
    """

    obsolete: tuple[int, ...]
    new: pd.DataFrame


def arc_changes(stored: pd.DataFrame, computed: pd.DataFrame, void: set[int]) -> ArcChanges:
    """Compare arcs computed anew with stored ones.

    Two arcs of one satellite, signal and direction that overlap in time are the same arc seen
    through different data. The one with more observations stays; with equally many, the new one.
    An arc that comes out as it was is left alone, also where it differs only by what follows from
    an a-priori height that was frozen meanwhile, unless its own was more than 3 cm off.

    Parameters
    ----------
    stored : DataFrame
        Arcs of the store, by number, with `revision`.
    computed : DataFrame
        Arc table.
    void : set of int
        Numbers of stored arcs whose data are no longer there (their file has changed): they give
        way whatever comes instead.
    """
    fresh = computed.reset_index(drop=True)
    pairs = _overlapping(stored, fresh)
    unchanged = _unchanged(stored, fresh, pairs)
    kept_old = {old for old, _ in unchanged}
    dropped_new = {new for _, new in unchanged}
    n_old, n_new = stored["n_obs"].to_dict(), fresh["n_obs"].to_dict()
    for old, new in pairs:
        if old not in void and n_old[old] > n_new[new]:
            dropped_new.add(new)

    revision_old = stored["revision"].to_dict()
    obsolete = {number for number in void if number in stored.index} - kept_old
    revision = np.ones(len(fresh), dtype=np.int64)
    for old, new in pairs:
        if new not in dropped_new and old not in kept_old:
            obsolete.add(old)
            revision[new] = max(revision[new], revision_old[old] + 1)
    keep = np.array([k not in dropped_new for k in range(len(fresh))], dtype=bool)
    written = fresh.assign(revision=revision)[keep]
    return ArcChanges(tuple(sorted(obsolete)), written)


def _unchanged(
    stored: pd.DataFrame, fresh: pd.DataFrame, pairs: list[tuple[int, int]]
) -> set[tuple[int, int]]:
    """Return the pairs of one arc from the same data, at the same height or nearly so."""
    old_m, new_m = stored["apriori_height_m"].to_dict(), fresh["apriori_height_m"].to_dict()
    bare = stored.drop(columns="revision")
    whole_old, whole_new = _rows_by_number(bare), _rows_by_number(fresh)
    blank = dict.fromkeys((*_OF_HEIGHT, "apriori_height_m"), 0.0)
    data_old, data_new = (
        _rows_by_number(bare.assign(**blank)),
        _rows_by_number(fresh.assign(**blank)),
    )
    return {
        (old, new)
        for old, new in pairs
        if whole_old[old] == whole_new[new]
        or (
            old_m[old] != new_m[new]
            and abs(old_m[old] - new_m[new]) <= _HEIGHT_OFF_M
            and data_old[old] == data_new[new]
        )
    }


def _rows_by_number(arcs: pd.DataFrame) -> dict[int, tuple[Any, ...]]:
    """Return what is stored of each arc, by its number."""
    return dict(zip(arcs.index.tolist(), arc_rows(arcs), strict=True))


def _overlapping(stored: pd.DataFrame, fresh: pd.DataFrame) -> list[tuple[int, int]]:
    """Return (number of stored arc, row of computed arc) that are the same arc."""
    columns = [*_SAME_PLACE, "start", "end"]
    # Stored times have milliseconds; give both sides the same.
    old = stored[columns].assign(old=stored.index)
    new = fresh[columns].assign(new=fresh.index)
    for side in (old, new):
        for name in ("start", "end"):
            side[name] = side[name].dt.floor("ms")
    both = old.merge(new, on=_SAME_PLACE, suffixes=("_old", "_new"))
    overlap = (both["start_old"] <= both["end_new"]) & (both["start_new"] <= both["end_old"])
    return [
        (int(a), int(b))
        for a, b in zip(both.loc[overlap, "old"], both.loc[overlap, "new"], strict=True)
    ]
