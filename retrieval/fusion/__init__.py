"""Retrieval models: arcs of one station in, soil moisture with bounds and a flag out.

`linear` is the physical model that needs no reference data. It works on `history`, the daily record
of every track. A model depends on the arcs it is given and on nothing else: no clock, no file.
"""

from retrieval.fusion.linear import ESTIMATE_COLUMNS, LinearModel
from retrieval.fusion.settings import LinearSettings

__all__ = ["ESTIMATE_COLUMNS", "LinearModel", "LinearSettings"]
