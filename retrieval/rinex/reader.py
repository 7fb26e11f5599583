"""The one door to every reader of SNR."""

from __future__ import annotations

import datetime
from pathlib import Path

from retrieval.rinex.fallback import read_with_georinex
from retrieval.rinex.nmea import parse_nmea
from retrieval.rinex.observations import parse_observations
from retrieval.rinex.records import ObservationFile
from retrieval.rinex.snr66 import parse_snr66
from retrieval.rinex.text import FileKind, Text, file_kind, read_text

__all__ = ["read_file"]


def read_file(
    path: str | Path | Text,
    date: datetime.date | None = None,
    reader: str = "soilglint",
) -> ObservationFile:
    """Read the SNR of an observation file of any format that is read here.

    Parameters
    ----------
    path : str, Path or Text
        RINEX or Compact RINEX observations, SNR66 text or NMEA text; plain or packed.
    date : datetime.date, optional
        Day of an SNR66 table whose name does not tell it.
    reader : {"soilglint", "georinex"}
        ``georinex`` for RINEX files that our own reader refuses (slow, does not report damage).

    Raises
    ------
    UnreadableFileError
        The file cannot be read, or holds no observations.
    ValueError
        There is no such reader.
    """
    if reader not in ("soilglint", "georinex"):
        raise ValueError(f"reader {reader!r}: expected 'soilglint' or 'georinex'")
    text = path if isinstance(path, Text) else read_text(path)
    kind = file_kind(text.content, Path(text.path).name)
    if kind is FileKind.SNR66:
        return parse_snr66(text, date)
    if kind is FileKind.NMEA:
        return parse_nmea(text)
    if reader == "georinex":
        return read_with_georinex(path.path if isinstance(path, Text) else path)
    return parse_observations(text)
