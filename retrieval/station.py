"""The station: where the antenna stands, and its local frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import PositionMissingError

__all__ = ["Station", "distance_m", "east_north_up", "geodetic_to_ecef"]

_WGS84 = 1  # ERFA's number for the WGS-84 ellipsoid


def geodetic_to_ecef(
    latitude_deg: float | NDArray[np.float64],
    longitude_deg: float | NDArray[np.float64],
    height_m: float | NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return ECEF coordinates, (..., 3) metres, of geodetic positions on WGS-84.

    Parameters
    ----------
    latitude_deg, longitude_deg : float or array
        Degrees north (-90 to 90) and east.
    height_m : float or array
        Height above the ellipsoid.
    """
    import erfa

    xyz: NDArray[np.float64] = np.asarray(
        erfa.gd2gc(_WGS84, np.radians(longitude_deg), np.radians(latitude_deg), height_m)
    )
    return xyz


@dataclass(frozen=True)
class Station:
    """A GNSS station.

    Attributes
    ----------
    name : str
        Written into every record.
    latitude_deg, longitude_deg : float
        WGS-84, degrees north and east.
    height_m : float
        Ellipsoidal height of the antenna.
    """

    name: str
    latitude_deg: float
    longitude_deg: float
    height_m: float

    def __post_init__(self) -> None:
        if not -90 <= self.latitude_deg <= 90:
            raise PositionMissingError(
                f"station {self.name}: latitude {self.latitude_deg} is outside -90 to 90 degrees"
            )
        if not -360 <= self.longitude_deg <= 360:
            raise PositionMissingError(
                f"station {self.name}: longitude {self.longitude_deg} is outside +-360 degrees"
            )
        if not -1000 <= self.height_m <= 10000:
            raise PositionMissingError(
                f"station {self.name}: height {self.height_m} m is not near the Earth's surface; "
                "give latitude, longitude (degrees) and ellipsoidal height (m)"
            )

    @classmethod
    def from_ecef(cls, name: str, position_m: tuple[float, float, float]) -> Station:
        """Make a station from ECEF coordinates in metres (APPROX POSITION XYZ)."""
        import erfa

        longitude, latitude, height = erfa.gc2gd(_WGS84, np.asarray(position_m, dtype=np.float64))
        return cls(name, float(np.degrees(latitude)), float(np.degrees(longitude)), float(height))

    @property
    def ecef_m(self) -> NDArray[np.float64]:
        """ECEF coordinates, (3,) metres."""
        return geodetic_to_ecef(self.latitude_deg, self.longitude_deg, self.height_m)

    @property
    def east_north_up(self) -> NDArray[np.float64]:
        """Rows are the unit vectors east, north and up in ECEF, (3, 3)."""
        return east_north_up(self.latitude_deg, self.longitude_deg)


def east_north_up(latitude_deg: float, longitude_deg: float) -> NDArray[np.float64]:
    """Return the unit vectors east, north and up in ECEF as the rows of a (3, 3) array."""
    latitude, longitude = np.radians(latitude_deg), np.radians(longitude_deg)
    sin_lat, cos_lat = np.sin(latitude), np.cos(latitude)
    sin_lon, cos_lon = np.sin(longitude), np.cos(longitude)
    return np.array(
        [
            [-sin_lon, cos_lon, 0.0],
            [-sin_lat * cos_lon, -sin_lat * sin_lon, cos_lat],
            [cos_lat * cos_lon, cos_lat * sin_lon, sin_lat],
        ]
    )


def distance_m(
    first_m: tuple[float, float, float] | NDArray[np.float64],
    second_m: tuple[float, float, float] | NDArray[np.float64],
) -> float:
    """Return the straight distance between two ECEF positions in metres."""
    return float(np.linalg.norm(np.asarray(first_m) - np.asarray(second_m)))
