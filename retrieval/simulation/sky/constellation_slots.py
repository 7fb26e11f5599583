"""Where the satellites of nominal constellations stand: patterns, sizes and tilts as published.

- GPS: the 24 slots of the SPS Performance Standard (2001), table 3-1, and seven more satellites in
  the widest gaps of the planes, as the real ones have grown.
- GLONASS: 24 in three planes (GLONASS ICD 5.1, section 3.3.2).
- Galileo: Walker 24/3/1 at 56 degrees (Galileo OS SIS ICD 2.1).
- BeiDou: MEO Walker 24/3/1 at 55 degrees, and five IGSO over 118 and 95 degrees east (BDS-SIS-ICD
  B1I 3.0, section 3.1).
- QZSS: three that draw one figure of eight over 135 degrees east (IS-QZSS-PNT).

The widths of the scatter are of the size seen among the real satellites.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

__all__ = ["KINDS", "Kind", "Slot", "slots"]

# Right ascension of the six planes less that of Greenwich at the table's epoch (18 h 36 min 14.4 s,
# 1993-07-01), which the repeating tracks keep, and the slots' arguments of latitude; degrees.
_GPS_GREENWICH_DEG = 279.06
_GPS_PLANES = (
    (272.847, (268.126, 161.786, 11.676, 41.806)),
    (332.847, (80.956, 173.336, 309.976, 204.376)),
    (32.847, (111.876, 11.796, 339.666, 241.556)),
    (92.847, (135.226, 265.446, 35.156, 167.356)),
    (152.847, (197.046, 302.596, 66.066, 333.686)),
    (212.847, (238.886, 345.226, 105.206, 135.346)),
)
_GPS_ADDED = (2, 1, 1, 1, 1, 1)
_BEIDOU_MEO = (*range(19, 31), *range(32, 38), *range(41, 47))
_BEIDOU_IGSO = {"C06": 118.0, "C07": 118.0, "C08": 118.0, "C09": 95.0, "C10": 95.0}
_QZSS = ("J01", "J02", "J03")
_QZSS_LONGITUDE_DEG = 135.0


@dataclass(frozen=True)
class Kind:
    """What the satellites of a system share.

    Attributes
    ----------
    orbits_per_day : float
        While the node turns once under the Earth.
    inclination_deg : float
        Tilt against the equator.
    least_eccentricity, most_eccentricity : float
        Bounds of the scatter.
    perigee_deg : tuple of float
        Bounds of the argument of perigee.
    inclination_spread_deg, node_spread_deg, latitude_spread_deg : float
        Half widths of the scatter about the nominal slot.
    message : str
        Of `retrieval.rinex.navigation_records.MESSAGES`.
    """

    orbits_per_day: float
    inclination_deg: float
    least_eccentricity: float
    most_eccentricity: float
    perigee_deg: tuple[float, float] = (0.0, 360.0)
    inclination_spread_deg: float = 0.3
    node_spread_deg: float = 0.3
    latitude_spread_deg: float = 0.3
    message: str = "LNAV"


KINDS: Mapping[str, Kind] = {
    "G": Kind(2.0, 55.0, 0.001, 0.015, (0.0, 360.0), 1.0, 1.5, 2.0),
    "R": Kind(17 / 8, 64.8, 0.0003, 0.002),
    "E": Kind(17 / 10, 56.0, 0.0001, 0.0005, message="INAV"),
    "C": Kind(13 / 7, 55.0, 0.0002, 0.001, message="D1"),
    "IGSO": Kind(1.0, 55.0, 0.004, 0.009, message="D1"),
    "J": Kind(1.0, 41.0, 0.0745, 0.0755, (269.0, 271.0)),
}


@dataclass(frozen=True)
class Slot:
    """A satellite's nominal place.

    Attributes
    ----------
    satellite : str
        Name.
    kind : str
        Key of `KINDS`.
    node_deg : float
        Longitude of the ascending node, Earth-fixed.
    latitude_deg : float
        Argument of latitude, of the mean motion.
    """

    satellite: str
    kind: str
    node_deg: float
    latitude_deg: float


def slots() -> Iterator[Slot]:
    """Yield every satellite of the sky."""
    number = 0
    for (ascension_deg, latitudes), added in zip(_GPS_PLANES, _GPS_ADDED, strict=True):
        for latitude in _with_gaps_filled(latitudes, added):
            number += 1
            yield Slot(f"G{number:02d}", "G", ascension_deg - _GPS_GREENWICH_DEG, latitude)
    yield from _walker([f"R{number:02d}" for number in range(1, 25)], "R", -30.0)
    yield from _walker([f"E{number:02d}" for number in range(1, 25)], "E", 10.0)
    yield from _walker([f"C{number:02d}" for number in _BEIDOU_MEO], "C", -15.0)
    over = {**_BEIDOU_IGSO, **dict.fromkeys(_QZSS, _QZSS_LONGITUDE_DEG)}
    for index, (name, longitude_deg) in enumerate(over.items()):
        # Node and argument of latitude add up to the longitude of the figure of eight.
        node_deg = 30.0 + 120.0 * index
        kind = "IGSO" if name[0] == "C" else "J"
        yield Slot(name, kind, node_deg, longitude_deg - node_deg)


def _with_gaps_filled(latitudes_deg: tuple[float, ...], added: int) -> list[float]:
    """Return arguments of latitude with more in the middle of the widest gaps."""
    latitudes = sorted(latitudes_deg)
    for _ in range(added):
        following = [*latitudes[1:], latitudes[0] + 360.0]
        gaps = [after - before for before, after in zip(latitudes, following, strict=True)]
        widest = int(np.argmax(gaps))
        latitudes = sorted([*latitudes, (latitudes[widest] + gaps[widest] / 2) % 360.0])
    return latitudes


def _walker(names: list[str], kind: str, first_node_deg: float) -> Iterator[Slot]:
    """Yield a Walker pattern T/3/1: each plane is 360/T degrees on from the last."""
    total, planes = len(names), 3
    for index, name in enumerate(names):
        plane, place = divmod(index, total // planes)
        latitude_deg = place * 360.0 * planes / total + plane * 360.0 / total
        yield Slot(name, kind, first_node_deg + plane * 360.0 / planes, latitude_deg)
