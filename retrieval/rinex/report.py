"""Bounds on what a reader reports."""

from __future__ import annotations

from collections.abc import Sequence

from retrieval.rinex.records import Damage

__all__ = ["DAMAGE_LIMIT", "bounded"]

DAMAGE_LIMIT = 1000  # entries of a report; more of them are counted in a last entry


def bounded(damage: Sequence[Damage]) -> tuple[Damage, ...]:
    """Return damage in file order: at most `DAMAGE_LIMIT` entries, and a count of the others.

    Examples
    --------
    >>> len(bounded([Damage(1, "epoch dropped")] * 5000))
    1001
    """
    in_order = sorted(damage, key=lambda entry: entry.line)
    if len(in_order) <= DAMAGE_LIMIT:
        return tuple(in_order)
    rest = in_order[DAMAGE_LIMIT:]
    summary = Damage(rest[0].line, f"and {len(rest)} more places from this line on")
    return (*in_order[:DAMAGE_LIMIT], summary)
