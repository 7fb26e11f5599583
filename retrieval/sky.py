"""SNR observations -> points on the sky: each row with the direction it came from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from retrieval import gnss
from retrieval.arcs import ArcSettings, SkyPoints
from retrieval.orbits import LookAngles, OrbitSource, look_angles, orbit_coverage
from retrieval.refraction import apparent_elevation_deg, standard_atmosphere
from retrieval.rinex.records import SnrTable
from retrieval.station import Station

__all__ = ["ORBIT_SOURCES", "arc_making", "sky_points"]

# Where a direction may come from, the most precise first; `SkyPoints.source` counts in this order.
ORBIT_SOURCES = ("sp3", "broadcast", "file")
_NO_SOURCE = -1


def arc_making(snr: SnrTable, signals: Sequence[str] | None) -> SnrTable:
    """Keep selected signals of satellites that move across the sky.

    Parameters
    ----------
    snr : SnrTable
        Any observations.
    signals : sequence of str or None
        Selections such as ``GS2X``; None takes all.

    Raises
    ------
    UnknownSignalError
        A selection is not a signal.
    """
    satellites = np.unique(snr.satellite)
    still = [
        code
        for code in satellites
        if code >> 8 == ord("S") or gnss.satellite_name(int(code)) in gnss.GEOSTATIONARY
    ]
    keep = ~np.isin(snr.satellite, still)
    if signals is not None:
        keep &= np.isin(snr.signal, [gnss.signal_code(name) for name in signals])
    return snr if keep.all() else snr.where(keep)


def _directions(snr: SnrTable, station: Station, orbits: Sequence[OrbitSource]) -> LookAngles:
    """Return the geometric direction of each row.

    A satellite is seen on several signals at once, so each (satellite, epoch) is solved once.
    """
    epochs, epoch = np.unique(snr.time, return_inverse=True)
    key = snr.satellite.astype(np.int64) * len(epochs) + epoch
    keys, first, place = np.unique(key, return_index=True, return_inverse=True)
    angles = look_angles(orbits, station.ecef_m, snr.satellite[first], epochs[keys % len(epochs)])
    return LookAngles(
        angles.elevation_deg[place],
        angles.azimuth_deg[place],
        angles.age_h[place],
        angles.source[place],
    )


def _all_directions(snr: SnrTable, station: Station, orbits: Sequence[OrbitSource]) -> LookAngles:
    """Return the direction of each row: its own where it came with one, else from the orbits."""
    if snr.elevation_deg is None or snr.azimuth_deg is None:
        return _directions(snr, station, orbits)
    n = len(snr)
    angles = LookAngles(
        snr.elevation_deg.copy(),
        snr.azimuth_deg.copy(),
        np.full(n, np.nan),
        np.full(n, len(orbits), dtype=np.int8),
    )
    rest = np.flatnonzero(np.isnan(snr.elevation_deg))
    if len(rest):
        found = _directions(snr.where(rest), station, orbits)
        angles.elevation_deg[rest] = found.elevation_deg
        angles.azimuth_deg[rest] = found.azimuth_deg
        angles.age_h[rest] = found.age_h
        angles.source[rest] = found.source
    return angles


def _named_sources(source: NDArray[np.int8], orbits: Sequence[OrbitSource]) -> NDArray[np.int8]:
    """Count sources in the order of `ORBIT_SOURCES` and not of the orbits at hand."""
    places = [ORBIT_SOURCES.index(orbit.name) for orbit in orbits]
    # The last entry also answers for -1, which is no source.
    table = np.array([*places, ORBIT_SOURCES.index("file"), _NO_SOURCE], dtype=np.int8)
    named: NDArray[np.int8] = table[source]
    return named


def sky_points(
    snr: SnrTable, station: Station, orbits: Sequence[OrbitSource], settings: ArcSettings
) -> tuple[SkyPoints, dict[str, int]]:
    """Give every SNR row its direction as the antenna sees it.

    Parameters
    ----------
    snr : SnrTable
        Rows that came with angles keep them; the others take theirs from the orbits.
    station : Station
        Position of the antenna.
    orbits : sequence of OrbitSource
        Tried in this order.
    settings : ArcSettings
        Uses the refraction settings.

    Returns
    -------
    points : SkyPoints
        Rows that have a direction.
    missing : dict
        Satellite name -> rows left out, because no ephemeris covers them.

    Raises
    ------
    NoNavigationError
        No row at all has a direction.
    """
    angles = _all_directions(snr, station, orbits)
    coverage = orbit_coverage(orbits, angles, snr.satellite, snr.time)
    coverage.require_any()
    elevation = angles.elevation_deg
    if settings.refraction:
        pressure_hpa, temperature_c = standard_atmosphere(station.height_m)
        elevation = apparent_elevation_deg(
            elevation,
            pressure_hpa if settings.pressure_hpa is None else settings.pressure_hpa,
            temperature_c if settings.temperature_c is None else settings.temperature_c,
        )
    points = SkyPoints(
        snr.time,
        snr.satellite,
        snr.signal,
        snr.snr_dbhz,
        elevation,
        angles.azimuth_deg,
        angles.age_h,
        _named_sources(angles.source, orbits),
        np.zeros(len(snr), np.int64) if snr.equipment is None else snr.equipment,
    )
    known = angles.source >= 0
    return points if known.all() else points.where(known), dict(coverage.missing)
