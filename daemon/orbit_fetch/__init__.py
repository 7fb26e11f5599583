"""Fetching the orbit files of days whose observations wait for them, where that is asked for.

A receiver that writes no navigation file, or only that of some constellations, can do with the
daily files of an archive. What is fetched lies in a folder of its own, from which it is taken in
like any file named under ``[orbits]``. Ingestion never waits for it. `fetching` decides what is
fetched and when; `transfer` gets one file.
"""

from daemon.orbit_fetch.fetching import FetchReport, fetch_orbits

__all__ = ["FetchReport", "fetch_orbits"]
