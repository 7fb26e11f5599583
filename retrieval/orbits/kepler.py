"""Positions from broadcast Kepler elements: GPS, Galileo, BeiDou, QZSS, NavIC.

The user algorithm of IS-GPS-200 (revision N, table 20-IV), with each constellation's own constants;
BeiDou's geostationary satellites by BDS-SIS-ICD B1I 3.0, section 5.2.4.12.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from retrieval import gnss
from retrieval.rinex.navigation_records import KeplerRecords

__all__ = ["EARTH_RATE_RAD_S", "GRAVITATION_M3_S2", "KeplerOrbits"]

# IS-GPS-200N and IS-QZSS-PNT: WGS-84; Galileo OS SIS ICD 2.1; BDS-SIS-ICD B1I 3.0 (CGCS2000);
# NavIC SPS ICD 1.1.
GRAVITATION_M3_S2: Mapping[str, float] = {
    "G": 3.986005e14,
    "J": 3.986005e14,
    "I": 3.986005e14,
    "E": 3.986004418e14,
    "C": 3.986004418e14,
}
EARTH_RATE_RAD_S: Mapping[str, float] = {
    "G": 7.2921151467e-5,
    "J": 7.2921151467e-5,
    "I": 7.2921151467e-5,
    "E": 7.2921151467e-5,
    "C": 7.292115e-5,
}
# BeiDou GEO elements refer to a frame tilted by this, so that inclinations are not near zero.
_GEO_TILT_RAD = np.radians(-5.0)
_BEIDOU_GEO = np.array(
    [gnss.satellite_code(name) for name in gnss.GEOSTATIONARY if name.startswith("C")], np.int32
)
# Rows at a time: the two dozen temporaries of this size stay in the processor's cache.
_CHUNK = 8192
_KEPLER_STEPS = 30
_KEPLER_TOLERANCE_RAD = 1e-14


class KeplerOrbits:
    """Positions from a table of records.

    Parameters
    ----------
    records : KeplerRecords
        Ephemerides, any order.
    """

    def __init__(self, records: KeplerRecords) -> None:
        letters = [chr(letter) for letter in gnss.constellation_letters(records.satellite)]
        gravitation = np.array([GRAVITATION_M3_S2[letter] for letter in letters])
        earth_rate = np.array([EARTH_RATE_RAD_S[letter] for letter in letters])
        self._toe = records.toe
        self._geo = np.isin(records.satellite, _BEIDOU_GEO)
        self._earth_rate = earth_rate
        semi_major_m = records.sqrt_a**2
        mean_motion = np.sqrt(gravitation / semi_major_m**3) + records.delta_n
        # A geostationary satellite's node is kept in the inertial frame here.
        node_rate = records.omega_dot - np.where(self._geo, 0.0, earth_rate)
        # One row per quantity, so that picking records for many times is one pass per quantity.
        self._elements = np.stack(
            [
                semi_major_m,
                records.eccentricity,
                np.sqrt(1.0 - records.eccentricity**2),
                records.m0,
                mean_motion,
                records.omega,
                records.cuc,
                records.cus,
                records.crc,
                records.crs,
                records.cic,
                records.cis,
                records.i0,
                records.idot,
                records.omega0 - earth_rate * records.toe_s,
                node_rate,
            ]
        )

    def positions(self, row: NDArray[np.intp], time: NDArray[np.datetime64]) -> NDArray[np.float64]:
        """Return Earth-fixed positions, (n, 3) metres.

        Parameters
        ----------
        row : (n,) intp
            The record to use for each time.
        time : (n,) datetime64[ns]
            GPS time.
        """
        result = np.empty((len(row), 3))
        for begin in range(0, len(row), _CHUNK):
            part = slice(begin, begin + _CHUNK)
            result[part] = self._positions(row[part], time[part])
        return result

    def _positions(
        self, row: NDArray[np.intp], time: NDArray[np.datetime64]
    ) -> NDArray[np.float64]:
        # Names follow IS-GPS-200: t since toe, E eccentric anomaly, u argument of latitude,
        # r radius, i inclination, node its longitude.
        t = (time - self._toe[row]).astype(np.int64) * 1e-9
        (a, e, e_root, m0, n, omega, cuc, cus, crc, crs, cic, cis, i0, idot, node0, node_rate) = (
            self._elements.take(row, axis=1)
        )
        E = _eccentric_anomaly(m0 + n * t, e)
        cos_E, sin_E = np.cos(E), np.sin(E)
        phi = np.arctan2(e_root * sin_E, cos_E - e) + omega
        sin_phi, cos_phi = np.sin(phi), np.cos(phi)
        sin_2phi, cos_2phi = 2 * sin_phi * cos_phi, cos_phi**2 - sin_phi**2
        u = phi + cus * sin_2phi + cuc * cos_2phi
        r = a * (1 - e * cos_E) + crs * sin_2phi + crc * cos_2phi
        i = i0 + idot * t + cis * sin_2phi + cic * cos_2phi
        node = node0 + node_rate * t
        x_plane, y_plane = r * np.cos(u), r * np.sin(u)
        sin_node, cos_node, cos_i = np.sin(node), np.cos(node), np.cos(i)
        position = np.empty((len(row), 3))
        position[:, 0] = x_plane * cos_node - y_plane * cos_i * sin_node
        position[:, 1] = x_plane * sin_node + y_plane * cos_i * cos_node
        position[:, 2] = y_plane * np.sin(i)
        geo = np.flatnonzero(self._geo[row])
        if len(geo):
            position[geo] = _turn_geostationary(position[geo], self._earth_rate[row[geo]] * t[geo])
        return position


def _eccentric_anomaly(
    mean_anomaly: NDArray[np.float64], eccentricity: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Solve Kepler's equation M = E - e sin E by Newton's method, radians."""
    E = mean_anomaly + eccentricity * np.sin(mean_anomaly)
    for _ in range(_KEPLER_STEPS):
        step = (E - eccentricity * np.sin(E) - mean_anomaly) / (1 - eccentricity * np.cos(E))
        E = E - step
        # Newton's error is about the square of its last step.
        if not len(step) or np.abs(step).max() ** 2 < _KEPLER_TOLERANCE_RAD:
            break
    return E


def _turn_geostationary(
    position_m: NDArray[np.float64], angle_rad: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Turn from BeiDou's tilted inertial frame to the Earth: R_z(angle) R_x(-5 degrees)."""
    x, y, z = position_m.T
    cos_tilt, sin_tilt = np.cos(_GEO_TILT_RAD), np.sin(_GEO_TILT_RAD)
    y, z = y * cos_tilt + z * sin_tilt, -y * sin_tilt + z * cos_tilt
    cos_angle, sin_angle = np.cos(angle_rad), np.sin(angle_rad)
    return np.stack([x * cos_angle + y * sin_angle, -x * sin_angle + y * cos_angle, z], axis=1)
