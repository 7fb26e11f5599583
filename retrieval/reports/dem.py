"""Heights of terrain out of a GeoTIFF (needs the extra ``terrain``: rasterio)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from retrieval.errors import InputError, RetrievalError, UnreadableFileError
from retrieval.fusion.columns import Floats
from retrieval.reports.terrain import EARTH_RADIUS_M, Rays, ray_places
from retrieval.station import Station

__all__ = ["read_rays"]

_FARTHEST_M = 20_000.0
# Nearer than two pixels, the error of one pixel's height would be the horizon.
_NEAREST_PIXELS, _STEP = 2.0, 1.02
_N_RAYS = 360
_M_PER_DEG = np.radians(1.0) * EARTH_RADIUS_M


def read_rays(path: Path, station: Station) -> Rays:
    """Read heights on rays from a station.

    Parameters
    ----------
    path : Path
        GeoTIFF whose first band holds heights in metres, in any projection that it names.
    station : Station
        Must lie inside.

    Returns
    -------
    Rays
        One for each degree of azimuth, out to 20 km or the edge of the file; NaN beyond. Heights
        are those of the pixel that a place lies in.

    Raises
    ------
    RetrievalError
        rasterio is not installed.
    UnreadableFileError
        The file cannot be read or names no projection.
    InputError
        The station lies outside.
    """
    try:
        import rasterio
        from rasterio.errors import RasterioError
        from rasterio.warp import transform
    except ImportError as error:
        raise RetrievalError(
            "terrain needs rasterio, which is not installed; run: pip install 'soilglint[terrain]'"
        ) from error
    if not path.is_file():
        raise UnreadableFileError(str(path), "there is no such file")
    try:
        with rasterio.open(path) as source:
            if source.crs is None:
                raise UnreadableFileError(
                    str(path), "names no projection; expected a GeoTIFF with one"
                )
            scale = _M_PER_DEG if source.crs.is_geographic else 1.0
            distance_m = _distances(abs(source.transform.e) * scale)
            latitude, longitude = ray_places(
                station.latitude_deg, station.longitude_deg, distance_m, _N_RAYS
            )
            x, y = transform(
                "EPSG:4326",
                source.crs,
                [*longitude.ravel(), station.longitude_deg],
                [*latitude.ravel(), station.latitude_deg],
            )
            back, x, y = ~source.transform, np.array(x), np.array(y)
            column = back.a * x + back.b * y + back.c
            row = back.d * x + back.e * y + back.f
            values = source.read(1, masked=True).astype(np.float64).filled(np.nan)
    except RasterioError as error:
        raise UnreadableFileError(
            str(path), f"expected a GeoTIFF of heights in metres ({error})"
        ) from error
    found = _picked(values, np.floor(row), np.floor(column))
    if not np.isfinite(found[-1]):
        raise InputError(
            f"{path}: has no height at the station ({station.latitude_deg:.5f}, "
            f"{station.longitude_deg:.5f}); give one that holds it"
        )
    return Rays(distance_m, found[:-1].reshape(latitude.shape), float(found[-1]))


def _distances(pixel_m: float) -> Floats:
    """Return distances from two pixels on, each 2 % farther than the one before."""
    nearest_m = _NEAREST_PIXELS * pixel_m
    steps = max(int(np.log(_FARTHEST_M / nearest_m) / np.log(_STEP)), 0) + 1
    return np.asarray(nearest_m * _STEP ** np.arange(steps))


def _picked(values: Floats, row: Floats, column: Floats) -> Floats:
    """Return the values of pixels, NaN outside."""
    rows, columns = values.shape
    inside = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
    found = np.full(len(row), np.nan)
    found[inside] = values[row[inside].astype(int), column[inside].astype(int)]
    return found
