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


def succession(
    stored: pd.DataFrame,
    computed: pd.DataFrame,
    void: Collection[int],
    at_hand: Collection[int] = (),
) -> Succession:
    """Decide which of stored and computed arcs count.

    Two arcs of one satellite and signal that overlap in time are the same arc seen through
    different observations. A stored one gives way when its observations are still at hand, so that
    the computed ones know all that there is, or when these have at least as many observations as it
    was made of. Otherwise the computed ones that overlap with it are dropped, and an arc that would
    have given way to these alone stays as well.

    Parameters
    ----------
    stored : DataFrame
        Arcs of the store, by number: ``satellite``, ``signal``, ``start``, ``end``, ``n_obs``.
    computed : DataFrame
        The same columns of m arcs, by row 0 to m - 1.
    void : collection of int
        Numbers of stored arcs whose file has changed: they give way whatever comes instead.
    at_hand : collection of int
        Numbers of stored arcs none of whose observations have been given up since.
    """
    pairs = _overlapping(stored, computed)
    n_new, n_old = computed["n_obs"].to_numpy(), stored["n_obs"].to_dict()
    whole = set(at_hand)
    giving_way = {old for old, _ in pairs} | (set(void) & set(stored.index))
    dropped = np.zeros(len(computed), dtype=bool)
    while True:
        instead = dict.fromkeys(giving_way, 0)
        for old, new in pairs:
            if old in giving_way and not dropped[new]:
                instead[old] += int(n_new[new])
        staying = {
            old
            for old, number in instead.items()
            if old not in void and number < (1 if old in whole else n_old[old])
        }
        if not staying:
            break
        giving_way -= staying
        dropped[[new for old, new in pairs if old in staying]] = True
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
