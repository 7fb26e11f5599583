"""How the ground tracks of each constellation repeat.

The operators keep their satellites on tracks that close after a number of orbits and days: the
argument of latitude gains as many turns as promised while the node, seen from the turning Earth,
makes its own. With u' the mean rate of the argument of latitude, W the Earth's rate and w the drift
of the node in space, N orbits in D turns of the node mean u' = (N / D) (W - w). The sky repeats
after 2 pi D / (W - w), which is D sidereal days less about 9 s each (GPS).

Sources: IS-GPS-200N and the GPS SPS Performance Standard (2 in 1); GLONASS ICD 5.1, section 3.3.2
(17 in 8); Galileo OS SIS ICD 2.1, section 2.1 (17 in 10); BDS-SIS-ICD B1I 3.0, section 3.1 (MEO 13
in 7; IGSO 1 in 1); IS-QZSS-PNT (1 in 1); NavIC SPS ICD 1.1 (1 in 1).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from retrieval import gnss
from retrieval.orbits.kepler import EARTH_RATE_RAD_S

__all__ = ["GLONASS_EARTH_RATE_RAD_S", "earth_rate_rad_s", "repeat_period_s", "repeating_rate"]

# PZ-90.11, as the GLONASS equations of motion use it.
GLONASS_EARTH_RATE_RAD_S = 7.292115e-5

# Orbits and turns of the node.
_RATIOS: Mapping[str, tuple[tuple[int, int], ...]] = {
    "G": ((2, 1),),
    "R": ((17, 8),),
    "E": ((17, 10),),
    "C": ((13, 7), (1, 1)),
    "J": ((1, 1),),
    "I": ((1, 1),),
}
# Kept satellites are within 3e-4 (QZSS, IGSO) of their ratio; G21 on its way to another slot in
# June 2020 was 8e-4 off, Galileo's E14 and E18 on their stray orbits are 9e-2 off.
_KEPT_WITHIN = 5e-4


def earth_rate_rad_s(satellite: NDArray[np.int32]) -> NDArray[np.float64]:
    """Return the Earth's rate that each satellite's orbit equations use, (n,)."""
    return np.array(
        [
            EARTH_RATE_RAD_S.get(chr(letter), GLONASS_EARTH_RATE_RAD_S)
            for letter in gnss.constellation_letters(satellite)
        ]
    )


def repeating_rate(
    satellite: NDArray[np.int32],
    latitude_rate_rad_s: NDArray[np.float64],
    node_rate_rad_s: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the mean rates that make tracks repeat as the constellation's do.

    Parameters
    ----------
    satellite : (n,) int32
        Satellite codes.
    latitude_rate_rad_s : (n,) float64
        Mean rate of the argument of latitude found.
    node_rate_rad_s : (n,) float64
        Drift of the node in space.

    Returns
    -------
    rate_rad_s : (n,) float64
        The rate of the constellation's ratio, or the one found where that is more than 5e-4 off:
        such a satellite is not kept on a repeating track.
    turns : (n,) int64
        D of the ratio; 0 where the track does not repeat.
    """
    rate = latitude_rate_rad_s.copy()
    turns = np.zeros(len(satellite), np.int64)
    seen_turning = earth_rate_rad_s(satellite) - node_rate_rad_s
    letters = gnss.constellation_letters(satellite)
    for letter, ratios in _RATIOS.items():
        for orbits, days in ratios:
            kept = orbits / days * seen_turning
            near = (letters == ord(letter)) & (
                np.abs(latitude_rate_rad_s / kept - 1) < _KEPT_WITHIN
            )
            rate[near] = kept[near]
            turns[near] = days
    return rate, turns


def repeat_period_s(
    satellite: NDArray[np.int32],
    latitude_rate_rad_s: NDArray[np.float64],
    node_rate_rad_s: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return after how long each satellite stands again where it stood, seconds; NaN where never.

    Parameters are those of `repeating_rate`.

    Examples
    --------
    >>> code = np.array([gnss.satellite_code("G01")], np.int32)
    >>> period = repeat_period_s(code, np.array([1.4584e-4]), np.array([-7.9e-9]))
    >>> print(round(86_400 - float(period[0])))
    245
    """
    _, turns = repeating_rate(satellite, latitude_rate_rad_s, node_rate_rad_s)
    period: NDArray[np.float64] = (
        2 * np.pi * turns / (earth_rate_rad_s(satellite) - node_rate_rad_s)
    )
    return np.where(turns > 0, period, np.nan)
