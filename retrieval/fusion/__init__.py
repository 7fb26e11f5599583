"""Retrieval models: arcs of one station in, soil moisture with bounds and a flag out.

`linear` is the physical model that needs no reference data, in causal mode; `retrospective` is the
same model over a whole record at once. Both work on `history`, the daily record of every track, and
on `level`, what it says; `windows` makes moisture, bounds and flags of it. A model depends on the
arcs and temperatures it is given and on nothing else: no clock, no file. `trained` holds models
that learnt from reference moisture; `weigh_arcs` tells what such a model makes of single arcs.
"""

from retrieval.fusion.arc_weights import weigh_arcs
from retrieval.fusion.closed import MODEL_COLUMNS
from retrieval.fusion.linear import LinearModel
from retrieval.fusion.retrospective import RetrospectiveModel, retrospective_moisture
from retrieval.fusion.settings import LinearSettings, dry_season_doy
from retrieval.fusion.windows import ESTIMATE_COLUMNS

__all__ = [
    "ESTIMATE_COLUMNS",
    "MODEL_COLUMNS",
    "LinearModel",
    "LinearSettings",
    "RetrospectiveModel",
    "dry_season_doy",
    "retrospective_moisture",
    "weigh_arcs",
]
