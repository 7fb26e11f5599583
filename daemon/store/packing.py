"""Points on the sky <-> the bytes that are stored of them.

A column's bytes are put together by their place in the number before they are compressed: the high
bytes of times and angles hardly change from point to point.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from retrieval.arcs import SkyPoints

__all__ = ["hour_of", "pack_points", "split_points", "unpack_points"]

_COLUMNS = (
    ("time", "<M8[ns]"),
    ("signal", "<i8"),
    ("snr_dbhz", "<f8"),
    ("elevation_deg", "<f8"),
    ("azimuth_deg", "<f8"),
    ("age_h", "<f8"),
    ("source", "|i1"),
)
_LEVEL = 5
_NS_PER_HOUR = 3_600_000_000_000


def hour_of(time: NDArray[np.datetime64]) -> NDArray[np.int64]:
    """Return the hour since 1970 that GPS times lie in."""
    hours: NDArray[np.int64] = np.asarray(time, "datetime64[ns]").astype(np.int64) // _NS_PER_HOUR
    return hours


def split_points(points: SkyPoints) -> Iterator[tuple[int, int, int, SkyPoints]]:
    """Part points by satellite, hour and equipment: the three, and the points in order of time."""
    if len(points) == 0:
        return
    hour = hour_of(points.time)
    order = np.lexsort((points.time, points.signal, points.equipment, hour, points.satellite))
    points, hour = points.where(order), hour[order]
    another = (np.diff(points.satellite) != 0) | (np.diff(hour) != 0)
    another |= np.diff(points.equipment) != 0
    begins = np.flatnonzero(np.concatenate([[True], another]))
    for begin, end in zip(begins, [*begins[1:], len(points)], strict=True):
        part = points.where(np.arange(begin, end))
        yield int(part.satellite[0]), int(hour[begin]), int(part.equipment[0]), part


def pack_points(points: SkyPoints) -> bytes:
    """Return the bytes of the points of one satellite and equipment."""
    planes = []
    for name, dtype in _COLUMNS:
        column = np.ascontiguousarray(getattr(points, name), dtype=dtype)
        planes.append(column.view(np.uint8).reshape(len(points), -1).T.tobytes())
    return zlib.compress(b"".join(planes), _LEVEL)


def unpack_points(satellite: int, equipment: int, n_points: int, packed: bytes) -> SkyPoints:
    """Return what `pack_points` packed."""
    content = zlib.decompress(packed)
    columns: dict[str, NDArray[np.generic]] = {}
    begin = 0
    for name, dtype in _COLUMNS:
        width = np.dtype(dtype).itemsize
        end = begin + width * n_points
        octets = np.frombuffer(content[begin:end], np.uint8).reshape(width, n_points)
        columns[name] = np.ascontiguousarray(octets.T).view(dtype).reshape(n_points)
        begin = end
    return SkyPoints(
        satellite=np.full(n_points, satellite, np.int32),
        equipment=np.full(n_points, equipment, np.int64),
        **columns,  # type: ignore[arg-type]
    )
