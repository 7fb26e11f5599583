"""Heights out of a GeoTIFF; needs rasterio, but for what is said where it is missing."""

import re
import sys

import numpy as np
import pytest

from retrieval.errors import InputError, RetrievalError, UnreadableFileError
from retrieval.reports.dem import read_rays
from retrieval.reports.terrain import horizon_deg
from retrieval.station import Station

STATION = Station("here", 48.0, 16.0, 250.0)
PIXEL_DEG = 0.001  # 111 m north, 74 m east


@pytest.fixture
def dem(tmp_path):
    """Write heights of 200 m on 0.4 by 0.4 degrees, with a ridge of 400 m at 16.1 degrees east."""
    rasterio = pytest.importorskip("rasterio")
    from rasterio.transform import from_origin

    heights = np.full((400, 400), 200.0, np.float32)
    heights[:, 300:302] = 400.0
    path = tmp_path / "dem.tif"
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=400,
        width=400,
        count=1,
        dtype="float32",
        crs="EPSG:4326",
        transform=from_origin(15.8, 48.2, PIXEL_DEG, PIXEL_DEG),
    ) as target:
        target.write(heights, 1)
    return path


def test_a_ridge_in_the_east_is_the_horizon_there(dem):
    rays = read_rays(dem, STATION)
    assert rays.centre_m == 200.0
    found = horizon_deg(rays, 2.0)
    # It stands 0.1 to 0.102 degrees of longitude away, lower by what the Earth bends until there.
    away_m = np.radians([0.1, 0.102]) * 6_371_000.0 * np.cos(np.radians(48.0))
    highest, lowest = np.degrees(np.arctan2(198.0 - away_m**2 / (2 * 6_371_000.0), away_m))
    assert lowest - 0.01 < found[90] < highest + 0.01
    assert -0.2 < found[270] < 0.0
    assert found[45] < found[90]


def test_a_station_outside_is_refused(dem):
    with pytest.raises(InputError, match="has no height at the station"):
        read_rays(dem, Station("there", 10.0, 10.0, 0.0))


def test_a_file_that_is_no_geotiff_is_refused(tmp_path):
    pytest.importorskip("rasterio")
    path = tmp_path / "dem.tif"
    with pytest.raises(UnreadableFileError, match="there is no such file"):
        read_rays(path, STATION)
    path.write_text("heights")
    with pytest.raises(UnreadableFileError, match="expected a GeoTIFF of heights in metres"):
        read_rays(path, STATION)


def test_without_rasterio_the_remedy_is_told(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "rasterio", None)
    with pytest.raises(RetrievalError, match=re.escape("pip install 'soilglint[terrain]'")):
        read_rays(tmp_path / "dem.tif", STATION)
