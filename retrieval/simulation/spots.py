"""What differs from place to place around the antenna and from arc to arc.

The answer of the phase to moisture belongs to the spot of ground that an arc looks at. It is drawn
as a smooth random function of azimuth, so that neighbouring tracks see related ground, a track
keeps its ground while it drifts, and a new satellite finds the ground of the one it replaced.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from retrieval.gnss import satellite_name
from retrieval.simulation.scenario import Scenario
from retrieval.simulation.scenario_sections import TerrainSection
from retrieval.simulation.sky.passes import HalfPasses
from retrieval.simulation.streams import normal

__all__ = ["Spots", "sector_of", "spots"]

Floats = NDArray[np.float64]

# Ground that is 360 / (2 * 24) = 7.5 degrees away is another.
_HARMONICS = 24
# Share of the variance that all signals have in common, for they look at the same ground.
_SHARED = 0.7


@dataclass(frozen=True)
class Spots:
    """What the arcs of one signal meet, one row per rise or set.

    Attributes
    ----------
    sector : (n,) intp
        Index into the scenario's terrain, plus one; 0 where the ground is the ordinary one.
    slope_deg : (n,) float64
        By how much the phase falls per m3 m-3 (empirical mode), degrees; 0 in a sector without
        response.
    response : (n,) float64
        How much of the ordinary response to moisture the ground has, 0 to 1.
    curvature : (n,) float64
        How the answer flattens with moisture, m-3 m3.
    scatter_deg : (n,) float64
        Phase that this arc has for reasons of its own, degrees.
    amplitude : (n,) float64
        Factor on the reflection, likewise.
    """

    sector: NDArray[np.intp]
    slope_deg: Floats
    response: Floats
    curvature: Floats
    scatter_deg: Floats
    amplitude: Floats


def spots(scenario: Scenario, signal: str, passes: HalfPasses) -> Spots:
    """Return what the arcs of a signal meet.

    Parameters
    ----------
    scenario : Scenario
        Its seed, terrain, response and scatter.
    signal : str
        Such as ``GS2L``.
    passes : HalfPasses
        The rises and sets.
    """
    seed, response, scatter = scenario.seed, scenario.response, scenario.scatter
    sector = sector_of(scenario.terrain, passes.azimuth_deg)
    answering = np.array([1.0, *(part.response for part in scenario.terrain)])[sector]
    own_scatter = np.array([0.0, *(part.scatter_deg for part in scenario.terrain)])[sector]
    low, high = response.slope_deg
    slope = low + (high - low) * _smooth_uniform(seed, "slope", signal, passes.azimuth_deg)
    low, high = response.curvature
    curvature = low + (high - low) * _smooth_uniform(seed, "curve", signal, passes.azimuth_deg)
    draws = np.array(
        [
            normal(seed, ("arc", signal, satellite_name(int(code)), kind, str(top)), 2)
            for code, kind, top in zip(
                passes.satellite,
                np.where(passes.rising, "rising", "setting"),
                passes.highest.astype("datetime64[s]"),
                strict=True,
            )
        ]
    ).reshape(-1, 2)
    return Spots(
        sector,
        answering * slope,
        answering,
        curvature,
        np.hypot(scatter.phase_deg, own_scatter) * draws[:, 0],
        np.exp(scatter.amplitude * draws[:, 1]),
    )


def sector_of(terrain: Sequence[TerrainSection], azimuth_deg: Floats) -> NDArray[np.intp]:
    """Return the sector of each azimuth, counted from 1; 0 where none is stated.

    Of two sectors that overlap, the one that stands first in the scenario holds.
    """
    result = np.zeros(len(azimuth_deg), np.intp)
    for index, part in reversed(list(enumerate(terrain, start=1))):
        for begin, end in part.azimuths:
            width = end - begin if end > begin else end - begin + 360.0
            result[np.mod(azimuth_deg - begin, 360.0) <= width] = index
    return result


def _smooth_uniform(seed: int, what: str, signal: str, azimuth_deg: Floats) -> Floats:
    """Return numbers uniform in (0, 1), smooth in azimuth and alike for all signals."""
    shared = _smooth_normal(seed, (what,), azimuth_deg)
    own = _smooth_normal(seed, (what, signal), azimuth_deg)
    return np.asarray(ndtr(np.sqrt(_SHARED) * shared + np.sqrt(1.0 - _SHARED) * own))


def _smooth_normal(seed: int, stream: tuple[str, ...], azimuth_deg: Floats) -> Floats:
    """Return standard normal numbers that are a smooth function of azimuth.

    A Fourier series with random coefficients of equal variance; the sum of squares of its sines
    and cosines is constant, so that the variance is one at every azimuth.
    """
    coefficients = normal(seed, ("azimuth", *stream), 2 * _HARMONICS)
    angle = np.radians(azimuth_deg)[:, None] * np.arange(1, _HARMONICS + 1)
    waves = np.cos(angle) @ coefficients[:_HARMONICS] + np.sin(angle) @ coefficients[_HARMONICS:]
    return np.asarray(waves / np.sqrt(_HARMONICS))
