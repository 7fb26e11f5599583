"""Where satellites stand in a station's sky."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from retrieval import gnss
from retrieval.orbits.source import OrbitSource
from retrieval.station import Station

__all__ = ["LookAngles", "look_angles"]

# Rows at a time, which bounds the memory (about 100 MB) of days of 1 Hz data.
_CHUNK = 262_144
_EARTH_RATE_RAD_S = 7.2921151467e-5
_NO_SOURCE = -1


@dataclass(frozen=True)
class LookAngles:
    """Geometric directions from a station to satellites, one row per satellite and time.

    Attributes
    ----------
    elevation_deg : (n,) float64
        Above the plane that touches the WGS-84 ellipsoid, -90 to 90, without refraction; NaN where
        no source has an orbit.
    azimuth_deg : (n,) float64
        From north over east, 0 <= azimuth < 360; NaN likewise.
    age_h : (n,) float64
        Age of the ephemeris; NaN for precise orbits and where there is none.
    source : (n,) int8
        Index of the source used, -1 where there is none.
    """

    elevation_deg: NDArray[np.float64]
    azimuth_deg: NDArray[np.float64]
    age_h: NDArray[np.float64]
    source: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.elevation_deg)


def look_angles(
    sources: Sequence[OrbitSource],
    station_ecef_m: ArrayLike,
    satellite: NDArray[np.int32],
    time: NDArray[np.datetime64],
) -> LookAngles:
    """Return the directions in which the signals received at given times arrived.

    The satellite is taken where it was when the signal left it, in the Earth's frame of the time
    of reception (IS-GPS-200, section 20.3.3.4.3.3.2).

    Parameters
    ----------
    sources : sequence of OrbitSource
        The first that has a position for a row is used for it.
    station_ecef_m : (3,) array_like
        Antenna position, Earth-fixed.
    satellite : (n,) int32
        Satellite codes of `retrieval.gnss.satellite_code`.
    time : (n,) datetime64[ns]
        GPS time of reception.
    """
    station = np.asarray(station_ecef_m, dtype=np.float64)
    axes = Station.from_ecef("", (station[0], station[1], station[2])).east_north_up
    time = np.asarray(time, "datetime64[ns]")
    n = len(satellite)
    elevation_deg, azimuth_deg, age_h = (np.full(n, np.nan) for _ in range(3))
    used = np.full(n, _NO_SOURCE, np.int8)
    for begin in range(0, n, _CHUNK):
        rows = np.arange(begin, min(begin + _CHUNK, n))
        for index, source in enumerate(sources):
            line_of_sight, age = _line_of_sight(source, station, satellite[rows], time[rows])
            east, north, up = axes @ line_of_sight.T
            elevation_deg[rows] = np.degrees(np.arctan2(up, np.hypot(east, north)))
            azimuth = np.degrees(np.arctan2(east, north)) % 360.0
            # A tiny negative angle wraps to 360 itself by rounding.
            azimuth_deg[rows] = np.where(azimuth >= 360.0, 0.0, azimuth)
            age_h[rows] = age
            found = np.isfinite(up)
            used[rows[found]] = index
            rows = rows[~found]
            if not len(rows):
                break
    return LookAngles(elevation_deg, azimuth_deg, age_h, used)


def _line_of_sight(
    source: OrbitSource,
    station_m: NDArray[np.float64],
    satellite: NDArray[np.int32],
    time: NDArray[np.datetime64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return vectors from the station to the satellites, (n, 3) metres, and ephemeris ages."""
    # From the position at reception the flight time is right to 0.3 microseconds, in which a
    # satellite moves a millimetre: one correction is enough.
    fix = source.locate(satellite, time)
    flight_s = np.linalg.norm(fix.position_m - station_m, axis=1) / gnss.SPEED_OF_LIGHT_M_S
    flight_ns = np.where(np.isfinite(flight_s), flight_s * 1e9, 0.0).astype(np.int64)
    sent = time - flight_ns.astype("timedelta64[ns]")
    fix = source.locate(satellite, sent)
    x, y, z = fix.position_m.T
    angle = _EARTH_RATE_RAD_S * flight_s
    cos_angle, sin_angle = np.cos(angle), np.sin(angle)
    turned = np.stack([x * cos_angle + y * sin_angle, -x * sin_angle + y * cos_angle, z], axis=1)
    return turned - station_m, fix.age_h
