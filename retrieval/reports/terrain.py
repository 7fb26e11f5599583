"""The horizon that terrain makes around an antenna, out of heights on rays from it.

Heights come from anywhere (`retrieval.reports.dem` reads a GeoTIFF). The antenna stands on the
height of the terrain below it, so that it does not matter what the heights are counted from:
ellipsoid, geoid or another level.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from retrieval.errors import InputError
from retrieval.fusion.columns import Floats

__all__ = ["EARTH_RADIUS_M", "Rays", "horizon_deg", "ray_places"]

EARTH_RADIUS_M = 6_371_000.0  # mean radius (IUGG)


@dataclass(frozen=True, eq=False)
class Rays:
    """Heights of terrain along rays from a station.

    Attributes
    ----------
    distance_m : (d,) float64
        Along the ground, above 0, increasing.
    height_m : (m, d) float64
        Of the terrain, on m rays 360/m degrees apart, the first north; NaN where not known.
    centre_m : float
        Of the terrain below the antenna.
    """

    distance_m: Floats
    height_m: Floats
    centre_m: float


def horizon_deg(rays: Rays, antenna_m: float) -> Floats:
    """Return the elevation of the horizon on each ray, seen from the antenna.

    The largest elevation angle of what stands on the ray, above a round Earth and without the
    bending of light: a place at the height of the eye sinks by d^2 / 2R below the horizontal.

    Parameters
    ----------
    rays : Rays
        m of them.
    antenna_m : float
        Height of the antenna above the ground, above 0.

    Returns
    -------
    (m,) float64
        Degrees, less than 0 where the ground falls away; NaN for a ray without heights.

    Raises
    ------
    InputError
        Heights do not fit the distances, the ground below the antenna is not known, or the antenna
        is not above it.

    Examples
    --------
    A wall of 102 m, 1 km away in the east, over flat ground:

    >>> heights = np.zeros((4, 1))
    >>> heights[1] = 102.0
    >>> horizon_deg(Rays(np.array([1000.0]), heights, 0.0), 2.0).round(2).tolist()
    [-0.12, 5.71, -0.12, -0.12]
    """
    d, h = rays.distance_m, rays.height_m
    if h.ndim != 2 or h.shape[1:] != d.shape or not len(d):
        raise InputError(
            f"terrain: heights of shape {h.shape} for {d.shape} distances, expected (rays, "
            "distances)"
        )
    if not (d > 0).all() or not (np.diff(d) > 0).all():
        raise InputError("terrain: distances that do not increase from above 0 m")
    if not np.isfinite(rays.centre_m):
        raise InputError(
            "terrain: no height below the antenna; give a model of heights that holds the station"
        )
    if not antenna_m > 0:
        raise InputError(f"terrain: antenna {antenna_m:g} m above the ground, expected more than 0")
    angle = d / EARTH_RADIUS_M
    eye_m = EARTH_RADIUS_M + rays.centre_m + antenna_m
    top_m = EARTH_RADIUS_M + h
    elevation_deg = np.degrees(np.arctan2(top_m * np.cos(angle) - eye_m, top_m * np.sin(angle)))
    highest = np.where(np.isnan(elevation_deg), -np.inf, elevation_deg).max(axis=1)
    return np.where(np.isneginf(highest), np.nan, highest)


def ray_places(
    latitude_deg: float, longitude_deg: float, distance_m: Floats, rays: int = 360
) -> tuple[Floats, Floats]:
    """Return latitude and longitude of places on rays from a station, (rays, d) degrees each.

    On a sphere: against the ellipsoid, distances are off by up to .6 % and directions by up to .2
    degrees, as the radii of WGS-84 differ from the mean one by -.56 to +.46 %.

    Examples
    --------
    >>> latitude, longitude = ray_places(0.0, 10.0, np.array([111_194.9]), 4)
    >>> latitude.round(4).ravel().tolist(), longitude.round(4).ravel().tolist()
    ([1.0, 0.0, -1.0, -0.0], [10.0, 11.0, 10.0, 9.0])
    """
    azimuth = np.radians(np.arange(rays) * 360.0 / rays)[:, None]
    angle = np.asarray(distance_m)[None, :] / EARTH_RADIUS_M
    first = np.radians(latitude_deg)
    sine = np.sin(first) * np.cos(angle) + np.cos(first) * np.sin(angle) * np.cos(azimuth)
    turned = np.arctan2(
        np.sin(azimuth) * np.sin(angle) * np.cos(first), np.cos(angle) - np.sin(first) * sine
    )
    return np.degrees(np.arcsin(sine)), longitude_deg + np.degrees(turned)
