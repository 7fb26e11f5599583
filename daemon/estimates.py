"""Estimates as they leave the program: one record per station, product and time.

The record is the same in the store, in messages and in exports; ``schemas/estimate.schema.json``
describes it, ``docs/estimates.md`` explains it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from daemon.utc import utc_texts
from retrieval.fusion import ESTIMATE_COLUMNS
from retrieval.version import VERSION

__all__ = ["ESTIMATE_FIELDS", "Estimate", "estimate_records"]

ESTIMATE_FIELDS = (
    "station",
    "product",
    *ESTIMATE_COLUMNS,
    "software_version",
    "revision",
    "latency_s",
)

Estimate = dict[str, Any]

_WHOLE = ("window_s", "n_arcs", "n_tracks_expected", "revision")


def estimate_records(
    estimates: pd.DataFrame, station: str, product: str, made_at: pd.Timestamp
) -> list[Estimate]:
    """Turn a model's table into records.

    Parameters
    ----------
    estimates : DataFrame
        n rows with the columns `retrieval.fusion.ESTIMATE_COLUMNS`.
    station, product : str
        Product is ``live`` or ``daily``.
    made_at : Timestamp
        UTC; ``latency_s`` is its distance from the estimate's time, in whole seconds.

    Returns
    -------
    list of dict
        Keys in the order of `ESTIMATE_FIELDS`; None where there is no value. `revision` is 1.
    """
    if estimates.empty:
        return []
    times = pd.DatetimeIndex(estimates["time"])
    latency_s = np.round((made_at - times).total_seconds()).astype(int)
    rows = estimates.assign(
        station=station,
        product=product,
        software_version=VERSION,
        revision=1,
        latency_s=latency_s,
        time=utc_texts(times, "s"),
    )
    effective = pd.DatetimeIndex(estimates["effective_time"])
    known = effective.notna()
    texts = np.full(len(rows), None, dtype=object)
    texts[known] = utc_texts(effective[known], "s")
    rows["effective_time"] = texts
    columns = {name: [_plain(name, value) for value in rows[name]] for name in ESTIMATE_FIELDS}
    return [
        dict(zip(ESTIMATE_FIELDS, values, strict=True))
        for values in zip(*columns.values(), strict=True)
    ]


def _plain(name: str, value: Any) -> Any:
    """Return a value as text, int, float or None."""
    if value is None or isinstance(value, str):
        return value
    if np.isnan(value):
        return None
    return int(value) if name in (*_WHOLE, "latency_s") else float(value)
