"""Which stored arcs give way when arcs are computed again from more or other observations."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from daemon.store import arc_rows

__all__ = ["Succession", "arc_changes", "succession"]

_SAME_PLACE = ["satellite", "signal"]


@dataclass(frozen=True)
class Succession:
    """Who stands for whom.

    Attributes
    ----------
    pairs : tuple of (int, int)
        Number of a stored arc and row of a computed one that are the same arc.
    giving_way : frozenset of int
        Numbers of stored arcs that do not count any more.
    dropped : (m,) bool
        Computed arcs that do not count, for a stored arc knows more.
    """

    pairs: tuple[tuple[int, int], ...]
    giving_way: frozenset[int]
    dropped: NDArray[np.bool_]


def succession(stored: pd.DataFrame, computed: pd.DataFrame, void: Collection[int]) -> Succession:
    """Decide which of stored and computed arcs count.

    Two arcs of one satellite and signal that overlap in time are the same arc seen through
    different observations. A stored one gives way when the computed ones have at least as many
    observations as it was made of. Otherwise some of these are no longer at hand, and the computed
    ones that overlap with it are dropped.

    Parameters
    ----------
    stored : DataFrame
        Arcs of the store, by number: ``satellite``, ``signal``, ``start``, ``end``, ``n_obs``.
    computed : DataFrame
        The same columns of m arcs, by row 0 to m - 1.
    void : collection of int
        Numbers of stored arcs whose file has changed: they give way whatever comes instead.
    """
    pairs = _overlapping(stored, computed)
    n_new = computed["n_obs"].to_numpy()
    instead: dict[int, int] = {}
    for old, new in pairs:
        instead[old] = instead.get(old, 0) + int(n_new[new])
    n_old = stored["n_obs"].to_dict()
    giving_way = {old for old, number in instead.items() if number >= n_old[old]}
    giving_way |= set(void) & set(stored.index)
    dropped = np.zeros(len(computed), dtype=bool)
    dropped[[new for old, new in pairs if old not in giving_way]] = True
    return Succession(tuple(pairs), frozenset(giving_way), dropped)


def arc_changes(
    stored: pd.DataFrame, computed: pd.DataFrame, decided: Succession
) -> tuple[list[int], pd.DataFrame]:
    """Return the numbers of the arcs to take out and the arcs to write, with their `revision`.

    An arc that comes out as it was is left alone.

    Parameters
    ----------
    stored : DataFrame
        Arcs of the store by number, with `revision`.
    computed : DataFrame
        Arc table, by row as in `decided`.
    decided : Succession
        Who stands for whom.
    """
    before = dict(
        zip(stored.index.tolist(), arc_rows(stored.drop(columns="revision")), strict=True)
    )
    after = dict(zip(computed.index.tolist(), arc_rows(computed), strict=True))
    same = [
        (old, new)
        for old, new in decided.pairs
        if old in decided.giving_way and before[old] == after[new]
    ]
    kept = {old for old, _ in same}
    obsolete = sorted(decided.giving_way - kept)
    revision_before = stored["revision"].to_dict()
    revision = pd.Series(1, index=computed.index)
    for old, new in decided.pairs:
        if old in decided.giving_way:
            revision[new] = max(revision[new], revision_before[old] + 1)
    left_alone = computed.index.isin([new for _, new in same])
    written = ~left_alone & ~decided.dropped[computed.index.to_numpy()]
    return obsolete, computed.assign(revision=revision)[written].reset_index(drop=True)


def _overlapping(stored: pd.DataFrame, computed: pd.DataFrame) -> list[tuple[int, int]]:
    """Return (number of stored arc, row of computed arc) that are the same arc."""
    columns = [*_SAME_PLACE, "start", "end"]
    # Stored times have milliseconds; give both sides the same.
    old = stored[columns].assign(old=stored.index)
    new = computed[columns].assign(new=computed.index)
    for side in (old, new):
        for name in ("start", "end"):
            side[name] = side[name].dt.floor("ms")
    both = old.merge(new, on=_SAME_PLACE, suffixes=("_old", "_new"))
    overlap = (both["start_old"] <= both["end_new"]) & (both["start_new"] <= both["end_old"])
    found = both.loc[overlap, ["old", "new"]].sort_values(["old", "new"])
    return [(int(a), int(b)) for a, b in zip(found["old"], found["new"], strict=True)]
