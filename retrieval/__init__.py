"""Ground science of soilglint: receiver files in, interferograms and soil moisture out.

Pure: arrays and files in, arrays out. Nothing in here knows a service, a broker or a database. The
flow is one way: ``gnss`` and ``soil`` (ground floor) -> ``rinex`` -> ``orbits`` and ``station`` ->
``arcs`` -> ``interferogram`` -> ``fusion`` -> ``reports``. Times are GPS time (``datetime64[ns]``)
inside; UTC appears in the tables that leave the package. Angles are in degrees at every interface.
"""

from retrieval.version import VERSION

__all__ = ["VERSION"]
