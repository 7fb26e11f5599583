"""What plants and snow do to all tracks alike, and how it is taken off their phases."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from retrieval.fusion.columns import Floats
from retrieval.fusion.factors import FactorImputer
from retrieval.fusion.rows import TrackRows
from retrieval.fusion.shared_index import SharedIndex
from retrieval.fusion.vegetation import vegetation_slope_deg

__all__ = [
    "EVIDENCE_COLUMNS",
    "Plants",
    "learn_plants",
    "new_amplitude_index",
    "new_rise_index",
]

EVIDENCE_COLUMNS = ("amplitude_index", "rise_m")
# Of a track from day to day, as a guess that the tracks correct.
_AMPLITUDE_NOISE, _RISE_NOISE_M = 0.1, 0.02


@dataclass(frozen=True, eq=False)
class Plants:
    """Indices of what tracks share beside their phases.

    Attributes
    ----------
    amplitude : SharedIndex
        Of amplitudes, relative: falls as plants grow, and as soil wets.
    rise : SharedIndex
        Of how much higher the surface stands than usual, m: snow, plants, wet soil.
    slope_deg : float
        Degrees that all phases change for each unit of the amplitude index.
    """

    amplitude: SharedIndex
    rise: SharedIndex
    slope_deg: float

    def evidence(self, rows: TrackRows) -> Floats:
        """Return the columns `EVIDENCE_COLUMNS`, (n, 2); 0, as usual, where few tracks tell."""
        found = [self.amplitude.transform(rows.amplitude), self.rise.transform(rows.rise_m)]
        return np.nan_to_num(np.column_stack(found), nan=0.0)

    def turned_deg(self, rows: TrackRows) -> Floats:
        """Return what plants turn the phases of rows by, (n,) degrees."""
        return self.slope_deg * self.evidence(rows)[:, 0]


def new_amplitude_index() -> SharedIndex:
    """Return an index of amplitudes that has learnt nothing."""
    return SharedIndex(relative=True, prior_noise=_AMPLITUDE_NOISE)


def new_rise_index() -> SharedIndex:
    """Return an index of the surface's height that has learnt nothing."""
    return SharedIndex(relative=False, prior_noise=_RISE_NOISE_M)


def learn_plants(rows: TrackRows, imputer: FactorImputer, vwc: Floats) -> Plants:
    """Learn indices and slope from training rows.

    Parameters
    ----------
    rows : TrackRows
        n training rows.
    imputer : FactorImputer
        Fitted to them.
    vwc : (n,) float64
        Reference moisture, m3 m-3.
    """
    amplitude = new_amplitude_index().fit(rows.amplitude)
    rise = new_rise_index().fit(rows.rise_m)
    slope_deg = vegetation_slope_deg(
        imputer.transform(rows.anomaly_deg),
        imputer.noise_deg_,
        amplitude.transform(rows.amplitude),
        vwc,
    )
    return Plants(amplitude, rise, slope_deg)
