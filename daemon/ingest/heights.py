"""A-priori heights: learnt from the first arcs of a signal or sector, then frozen."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pandas as pd

from daemon.store import Store
from retrieval.apriori import LearntHeight, learn_apriori_heights

__all__ = ["learnt_heights"]

# Accepted arcs before a height is frozen.
_ARCS_FOR_A_HEIGHT = 10
# Heights further than this from the configured antenna height belong to other reflectors.
_NEAR_ANTENNA_M = 0.5


def learnt_heights(
    store: Store,
    station: str,
    new: pd.DataFrame,
    obsolete: Collection[int],
    known: Mapping[str, float],
    antenna_height_m: float | None,
) -> dict[str, LearntHeight]:
    """Return the heights that have arcs enough once a batch is written, and are not known yet.

    Parameters
    ----------
    store : Store
        As it was before the batch.
    station : str
        Its name.
    new : DataFrame
        Arcs that are to be written.
    obsolete : collection of int
        Numbers of the stored arcs that are to go.
    known : mapping
        Frozen heights by key.
    antenna_height_m : float or None
        Of the configuration.
    """
    good = new[new["accepted"]]
    stored = store.reflector_heights(station)
    arcs = pd.concat(
        [
            stored[~stored.index.isin(list(obsolete))],
            good[["azimuth_deg", "reflector_height_m"]].assign(
                selection=good["satellite"].str[0] + good["signal"]
            ),
        ],
        ignore_index=True,
    )
    if antenna_height_m is not None:
        near = (arcs["reflector_height_m"] - antenna_height_m).abs() <= _NEAR_ANTENNA_M
        arcs = arcs[near]
    learnt = learn_apriori_heights(arcs, _ARCS_FOR_A_HEIGHT)
    # The median over everything would keep signals from heights of their own.
    return {key: height for key, height in learnt.items() if key and key not in known}
