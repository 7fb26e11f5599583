"""How an antenna receives both circular polarisations, from zenith to nadir.

The patterns are typical ones, round an axis of symmetry that points to the zenith. None is a
measurement of one antenna, and the gains are relative to nothing but each other: only the ratio of
the response to the reflected and to the direct ray enters an interferogram.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import PchipInterpolator

from retrieval.errors import InputError

__all__ = ["ANTENNA_PATTERNS", "AntennaPattern", "antenna_pattern"]

Complexes = NDArray[np.complex128]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class AntennaPattern:
    """Complex response of an antenna against elevation, the same in all azimuths.

    Attributes
    ----------
    name : str
    elevation_deg : tuple of float
        From +90 (zenith) down to -90 (nadir).
    rhcp_dbi, lhcp_dbi : tuple of float
        Power gain for right-hand and left-hand circular waves from there, dBi; `lhcp_dbi` is None
        where the antenna takes no left-hand wave.
    rhcp_phase_deg, lhcp_phase_deg : tuple of float
        Phase of the responses. What the angle between them means is said at
        `retrieval.simulation.reflection.coefficients.circular`.
    """

    name: str
    elevation_deg: tuple[float, ...]
    rhcp_dbi: tuple[float, ...]
    lhcp_dbi: tuple[float, ...] | None
    rhcp_phase_deg: tuple[float, ...]
    lhcp_phase_deg: tuple[float, ...]

    def __post_init__(self) -> None:
        nodes = self.elevation_deg
        if len(nodes) < 2 or (nodes[0], nodes[-1]) != (90, -90) or np.any(np.diff(nodes) >= 0):
            raise InputError(f"antenna {self.name!r}: elevations must fall from 90 to -90 degrees")
        columns = (self.rhcp_dbi, self.rhcp_phase_deg, self.lhcp_phase_deg, self.lhcp_dbi or nodes)
        for column in columns:
            if len(column) != len(nodes) or not np.all(np.isfinite(column)):
                raise InputError(
                    f"antenna {self.name!r}: expected {len(nodes)} finite gains and phases, one "
                    "for each elevation"
                )

    def rhcp(self, elevation_deg: ArrayLike) -> Complexes:
        """Return the response to a right-hand wave, a field ratio, same shape.

        Its squared modulus is the power gain. Gains in dB and phases are interpolated with
        monotone cubics (Fritsch and Carlson 1980).

        Raises
        ------
        InputError
            An elevation is outside -90 to 90 degrees.
        """
        return self._response(self.rhcp_dbi, self.rhcp_phase_deg, elevation_deg)

    def lhcp(self, elevation_deg: ArrayLike) -> Complexes:
        """Return the response to a left-hand wave, as `rhcp` does; 0 where there is none."""
        if self.lhcp_dbi is None:
            return 0 * self.rhcp(elevation_deg)
        return self._response(self.lhcp_dbi, self.lhcp_phase_deg, elevation_deg)

    def _response(
        self, gain_dbi: tuple[float, ...], phase_deg: tuple[float, ...], elevation_deg: ArrayLike
    ) -> Complexes:
        elevation_deg = np.asarray(elevation_deg, np.float64)
        if np.any(np.abs(elevation_deg) > 90):
            raise InputError(
                f"antenna {self.name!r}: elevations from {np.nanmin(elevation_deg):g} to "
                f"{np.nanmax(elevation_deg):g} degrees, expected -90 to 90"
            )
        table = np.array([self.elevation_deg, gain_dbi, phase_deg])[:, ::-1]
        gain, phase = PchipInterpolator(table[0], table[1:], axis=1)(elevation_deg)
        response: Complexes = 10 ** (gain / 20) * np.exp(1j * np.radians(phase))
        return response


_STEPS_DEG = (90.0, 75, 60, 45, 30, 20, 10, 0, -10, -20, -30, -45, -60, -75, -90)
_LEVEL = (0.0,) * len(_STEPS_DEG)

# Chamber cuts give no phase between the polarisations, and moisture's effect on the phase of an
# interferogram hangs on it: docs/forward-model.md shows how. Assumed is a quarter of a turn, which
# is that of an antenna as sensitive to vertical as to horizontal waves, as choke rings are built to
# be. That the left-hand response leads and does not lag is not derived from anything: it is the
# sign with which moisture lowers the phase, as it does in the field.
_LEAD = (90.0,) * len(_STEPS_DEG)

# Typical of geodetic choke rings on L2, to the nearest half decibel: between the chamber cuts of a
# TRM29659.00 and a LEIAR25 that come with the simulator of Nievinski and Larson (2014),
# doi:10.1007/s10291-014-0370-z, both sides averaged; the two antennas are within 2 dB of each other
# above -30 degrees. The zenith gain is assumed.
_CHOKE_RING = AntennaPattern(
    "choke-ring",
    _STEPS_DEG,
    (8, 7.5, 5.5, 3, 0, -3, -6, -8.5, -11.5, -14.5, -17.5, -21, -25, -28, -30),
    (-12, -13, -14.5, -16, -18, -18.5, -19.5, -20, -21, -21.5, -21.5, -22, -24.5, -27, -28),
    _LEVEL,
    _LEAD,
)

# What is usual of a patch on a ground plane little larger than itself, assumed and not measured:
# a broad lobe, an axial ratio that goes to pieces towards the horizon, and a lobe below that is
# left-handed.
_PATCH = AntennaPattern(
    "patch",
    _STEPS_DEG,
    (4.5, 4, 3, 1.5, -0.5, -2, -3.5, -5.5, -7.5, -9.5, -11.5, -14, -16, -17.5, -18),
    (-13, -13, -12.5, -12.5, -12, -12, -12, -12, -12.5, -12.5, -12, -11, -9.5, -8.5, -8),
    _LEVEL,
    _LEAD,
)

ANTENNA_PATTERNS: Mapping[str, AntennaPattern] = {
    pattern.name: pattern
    for pattern in (
        _CHOKE_RING,
        replace(_CHOKE_RING, name="choke-ring-copolar", lhcp_dbi=None),
        _PATCH,
        AntennaPattern("isotropic", (90, -90), (0, 0), None, (0, 0), (0, 0)),
    )
}


def antenna_pattern(name: str) -> AntennaPattern:
    """Return one of the typical patterns.

    Parameters
    ----------
    name : str
        ``"choke-ring"`` (geodetic), ``"choke-ring-copolar"`` (the same without a response to
        left-hand waves, to show what that does), ``"patch"`` (low-cost) or ``"isotropic"``
        (0 dBi, right-hand only, for analytic checks).

    Raises
    ------
    InputError
        There is no such pattern.

    Examples
    --------
    >>> float(abs(antenna_pattern("isotropic").rhcp(-10.0)))
    1.0
    """
    if name not in ANTENNA_PATTERNS:
        raise InputError(f"antenna {name!r} is not known; use one of {', '.join(ANTENNA_PATTERNS)}")
    return ANTENNA_PATTERNS[name]
