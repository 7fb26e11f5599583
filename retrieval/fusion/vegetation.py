"""How much plants turn the phases of all tracks, by what they take of the amplitudes.

Water in plants delays the reflection and weakens it. The field corrects phases by a fixed slope of
50.25 / 1.48 = 34 degrees for all of the amplitude (Chew et al. 2016, GPS Solutions 20, 525-537).
Sites differ, and a station with a reference can tell its own slope: moisture and amplitude together
are fitted to the tracks' weighted mean phase,

    phase = level + b moisture + c (amplitude index),

with the field's slope as what is known of c beforehand. It matters that moisture stands in the fit:
wet soil weakens the reflection too, and would pass for plants.
"""

from __future__ import annotations

import numpy as np

from retrieval.fusion.columns import Floats

__all__ = ["FIELD_SLOPE_DEG", "vegetation_slope_deg"]

# Our phases rise as the field's fall.
FIELD_SLOPE_DEG = -50.25 / 1.48
# Sites may well differ by as much as the slope itself.
_PRIOR_SPREAD_DEG = 50.25 / 1.48
# 95 % efficiency where errors are normal.
_HUBER, _TUKEY = 1.345, 4.685
_ROUNDS = 20
_LEAST_ROWS = 10


def vegetation_slope_deg(
    phase_deg: Floats, noise_deg: Floats, amplitude: Floats, vwc: Floats
) -> float:
    """Return the change of the tracks' phase with the amplitude index, degrees per unit.

    Parameters
    ----------
    phase_deg : (n, k) float64
        Anomalies of the training rows without gaps.
    noise_deg : (k,) float64
        Noise of each track.
    amplitude : (n,) float64
        Amplitude index (`retrieval.fusion.plants`), NaN where not known.
    vwc : (n,) float64
        Reference moisture, m3 m-3.

    Returns
    -------
    float
        The field's slope where fewer than ten rows tell.

    Notes
    -----
    Huber's M-estimate by reweighted least squares, then Tukey's biweight from there, so that days
    of frost or snow that no one told of do not lead (Maronna, Martin & Yohai 2006, Robust
    Statistics, section 5.4); then the mean of slope and prior by their variances, the prior being
    34 degrees wide.

    Examples
    --------
    >>> amplitude = np.tile([-0.1, 0.0, 0.1], 10)
    >>> vwc = np.repeat(np.linspace(0.1, 0.3, 10), 3)
    >>> phase = (-60 * vwc - 50 * amplitude)[:, None]
    >>> round(vegetation_slope_deg(phase, np.ones(1), amplitude, vwc), 6)
    -50.0
    """
    certain = noise_deg**-2.0
    mean_deg = np.sum(phase_deg * certain, axis=1) / certain.sum()
    known = np.isfinite(amplitude) & np.isfinite(vwc)
    n = int(known.sum())
    if n < _LEAST_ROWS:
        return FIELD_SLOPE_DEG
    target = mean_deg[known]
    columns = np.column_stack([np.ones(n), vwc[known], amplitude[known]])
    # Moisture or amplitude that hardly vary take the least norm instead of failing.
    weight = np.ones(n)
    for round_ in range(2 * _ROUNDS):
        root = np.sqrt(weight)
        fitted = np.linalg.lstsq(columns * root[:, None], target * root, rcond=None)[0]
        off = np.abs(target - columns @ fitted)
        scaled = off / max(1.4826 * float(np.median(off)), 1e-9)
        if round_ < _ROUNDS:
            weight = _HUBER / np.maximum(scaled, _HUBER)
        else:
            weight = np.maximum(1.0 - (scaled / _TUKEY) ** 2, 0.0) ** 2
    spread = np.sum(weight * off**2) / max(weight.sum() - 3.0, 1.0)
    inverse = np.linalg.pinv(columns.T @ (columns * weight[:, None]))
    variance = float(spread * inverse[2, 2])
    told = np.ptp(amplitude[known]) > 1e-9
    trust = _PRIOR_SPREAD_DEG**2 / (_PRIOR_SPREAD_DEG**2 + variance) if told else 0.0
    return float(FIELD_SLOPE_DEG + trust * (fitted[2] - FIELD_SLOPE_DEG))
