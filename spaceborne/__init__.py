"""The companion module: spaceborne GNSS-R granules in, salinity, wind and reflectivity out.

Empty until its own issues are built. It may import ``retrieval`` (soil, gnss, validation) and is
imported by ``daemon`` only.
"""
