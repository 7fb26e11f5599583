"""Arcs beside the tracks that a trained model knows."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from retrieval.fusion.closed import ClosedArcs, Numbers
from retrieval.fusion.columns import Floats

__all__ = ["PlacedArcs"]


@dataclass(frozen=True)
class PlacedArcs:
    """Accepted arcs beside the tracks of a table, n rows in the order in which they closed.

    Attributes
    ----------
    arcs : ClosedArcs
        The arcs.
    row : (n,) intp
        Their rows in the arc table that was given.
    track : (n,) intp
        Column of the table, -1 for none.
    anomaly_deg : (n,) float64
        Phase at the track's height less its reference, in (-180, 180]; moisture rises as it falls.
        NaN for arcs of no track, as in what follows.
    amplitude : (n,) float64
        Over the track's norm.
    rise_m : (n,) float64
        The track's usual reflector height less the arc's: how much higher the surface stands.
    """

    arcs: ClosedArcs
    row: Numbers
    track: Numbers
    anomaly_deg: Floats
    amplitude: Floats
    rise_m: Floats

    def at_middle(self) -> PlacedArcs:
        """Return the arcs as if each closed in its middle, as `ClosedArcs.at_middle`."""
        arcs = self.arcs
        order = np.lexsort((arcs.identity, arcs.start, (arcs.start + arcs.end) // 2))
        parts = {one.name: getattr(self, one.name)[order] for one in fields(self)[1:]}
        return replace(self, arcs=arcs.at_middle(), **parts)
