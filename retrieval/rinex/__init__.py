"""Readers of the files of receivers and orbit services, into NumPy arrays.

Observation files (RINEX 2.1x, 3.0x and 4.0x, Compact RINEX, SNR66 and NMEA text), navigation files
and precise orbits (SP3), plain or packed. Every reader returns what is whole, and an account of
what is not; `retrieval.rinex.records` holds what they return.
"""

from retrieval.rinex.fallback import read_with_georinex
from retrieval.rinex.nmea import parse_nmea, read_nmea
from retrieval.rinex.observations import parse_observations, read_observations
from retrieval.rinex.reader import read_file
from retrieval.rinex.snr66 import parse_snr66, read_snr66
from retrieval.rinex.text import FileKind, Text, file_kind, read_text

__all__ = [
    "FileKind",
    "Text",
    "file_kind",
    "parse_nmea",
    "parse_observations",
    "parse_snr66",
    "read_file",
    "read_nmea",
    "read_observations",
    "read_snr66",
    "read_text",
    "read_with_georinex",
]
