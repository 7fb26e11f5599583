"""The arc table: one row per arc, accepted or not; the contract between retrieval and the rest.

The columns, in this order, are the same in memory (pandas), in Parquet, in CSV and in the store.
Times are UTC. Values are rounded when the table is made, so that two runs can be compared exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = [
    "ARC_COLUMNS",
    "ARC_KEY",
    "DECIMALS",
    "arc_order",
    "arc_table",
    "empty_arc_table",
]

_UTC = "datetime64[ns, UTC]"

# Column -> pandas dtype.
ARC_COLUMNS: Mapping[str, str] = {
    "station": "str",
    "satellite": "str",  # G27
    "signal": "str",  # S2X; a selection is written GS2X
    "direction": "str",  # rising | setting
    "start": _UTC,
    "end": _UTC,
    "closed": _UTC,  # from here on no later observation can change the arc
    "azimuth_deg": "float64",  # at the lowest elevation inside the window
    "elevation_min_deg": "float64",  # after refraction, over the windowed points
    "elevation_max_deg": "float64",
    "n_obs": "int64",
    "interval_s": "float64",
    "reflector_height_m": "float64",  # Lomb-Scargle peak; least squares in height mode "free"
    "peak_amplitude": "float64",  # volts/volts, of the Lomb-Scargle peak
    "peak_to_noise": "float64",
    "second_peak_ratio": "float64",  # next highest maximum outside the main lobe over the peak
    "amplitude": "float64",  # volts/volts, fitted together with the phase
    "phase_deg": "float64",  # (-180, 180], of A sin(4 pi h0 sin(e) / wavelength + phase)
    "phase_sigma_deg": "float64",
    "apriori_height_m": "float64",  # h0 the phase refers to
    "dphase_dheight_deg_per_mm": "float64",
    "height_mode": "str",  # fixed | free
    "height_sigma_m": "float64",  # height mode "free" only, else NaN
    "phase_height_correlation": "float64",  # height mode "free" only, else NaN
    "orbit_source": "str",  # broadcast | sp3 | file (angles came with the file)
    "ephemeris_age_h": "float64",  # largest over the arc; NaN for sp3 and file
    "accepted": "bool",
    "reject_reason": "str",  # empty when accepted
    "equipment": "str",  # of receiver and antenna, see `retrieval.equipment`; empty when not known
}

# What makes an arc the same arc when it is computed again.
ARC_KEY = ("station", "satellite", "signal", "direction", "start")

DECIMALS: Mapping[str, int] = {
    "azimuth_deg": 3,
    "elevation_min_deg": 3,
    "elevation_max_deg": 3,
    "interval_s": 3,
    "reflector_height_m": 4,
    "peak_amplitude": 4,
    "peak_to_noise": 3,
    "second_peak_ratio": 3,
    "amplitude": 4,
    "phase_deg": 3,
    "phase_sigma_deg": 3,
    "apriori_height_m": 4,
    "dphase_dheight_deg_per_mm": 4,
    "height_sigma_m": 4,
    "phase_height_correlation": 4,
    "ephemeris_age_h": 3,
}


_SORTED_BY = ["start", "satellite", "signal", "direction"]


def arc_order(columns: Mapping[str, Any]) -> NDArray[np.intp]:
    """Return, for each row of ``arc_table(columns)``, which input row it was, (n,)."""
    keys = pd.DataFrame({name: np.asarray(columns[name]) for name in _SORTED_BY})
    return keys.sort_values(_SORTED_BY, kind="stable").index.to_numpy(dtype=np.intp)


def arc_table(columns: Mapping[str, Any]) -> pd.DataFrame:
    """Build the arc table: contract columns and types, rounded, sorted by start.

    Parameters
    ----------
    columns : mapping
        One array of length n for every name in `ARC_COLUMNS`; times are UTC (``datetime64[ns]``).

    Raises
    ------
    KeyError
        A column is missing.
    """
    table = pd.DataFrame(
        {
            name: pd.Series(columns[name]).astype("datetime64[ns]").dt.tz_localize("UTC")
            if dtype == _UTC
            else pd.Series(columns[name]).astype(dtype)  # type: ignore[call-overload]
            for name, dtype in ARC_COLUMNS.items()
        }
    ).round(dict(DECIMALS))
    # -180 and 180 are one phase; rounding must not move a value out of (-180, 180].
    table["phase_deg"] = np.where(table["phase_deg"] <= -180, 180.0, table["phase_deg"])
    return table.sort_values(_SORTED_BY, kind="stable", ignore_index=True)


def empty_arc_table() -> pd.DataFrame:
    """Return an arc table without rows."""
    return arc_table({name: [] for name in ARC_COLUMNS})
