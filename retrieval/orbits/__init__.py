"""Satellite positions and their directions in a station's sky.

`BroadcastOrbits` computes positions from navigation files, `PreciseOrbits` interpolates SP3 files;
both are an `OrbitSource`. `look_angles` turns them into elevation and azimuth at a station, and
`orbit_coverage` tells which satellites no source knows.
"""

from retrieval.orbits.broadcast import BroadcastOrbits
from retrieval.orbits.coverage import OrbitCoverage, orbit_coverage
from retrieval.orbits.look import LookAngles, look_angles
from retrieval.orbits.precise import PreciseOrbits
from retrieval.orbits.source import OrbitFix, OrbitSource

__all__ = [
    "BroadcastOrbits",
    "LookAngles",
    "OrbitCoverage",
    "OrbitFix",
    "OrbitSource",
    "PreciseOrbits",
    "look_angles",
    "orbit_coverage",
]
