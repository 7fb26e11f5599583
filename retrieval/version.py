"""The version of soilglint, stated in one place and written into every record."""

VERSION = "0.1.0"
