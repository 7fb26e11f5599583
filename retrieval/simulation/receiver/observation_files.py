"""Names, packing and cutting of observation files.

Names: RINEX 3.04, table A1 (long names), and RINEX 2.11, section 4 (short names, with the minutes
of the high-rate files of the IGS).
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass

import hatanaka
import numpy as np
from numpy.typing import NDArray

from retrieval.errors import InputError
from retrieval.simulation.receiver.observation_header import VERSIONS

__all__ = ["SPANS", "FilePacking", "cut", "observation_file_name"]

SPANS = {"01D": 86_400, "06H": 21_600, "01H": 3_600, "15M": 900}

# Session letters tell the hours of a day and say nothing of more than one.
_SHORT_NAME_SPANS = ("01D", "01H", "15M")
_NS_PER_S = 1_000_000_000
_CRINEX_DATE = slice(40, 60)
_GZIP_LEVEL = 6


@dataclass(frozen=True)
class FilePacking:
    """How a file is packed: as Compact RINEX (Hatanaka), and with gzip."""

    crinex: bool = False
    gzip: bool = False

    def packed(self, content: bytes) -> bytes:
        """Return the bytes of the file; the same text gives the same bytes.

        The date at which Compact RINEX was made is left blank, and gzip stores neither name nor
        time.
        """
        if self.crinex:
            first, second, rest = hatanaka.rnx2crx(content).split(b"\n", 2)
            date = bytearray(second)
            date[_CRINEX_DATE] = b" " * 20
            content = b"\n".join((first, bytes(date), rest))
        if self.gzip:
            content = gzip.compress(content, compresslevel=_GZIP_LEVEL, mtime=0)
        return content


def cut(time: NDArray[np.datetime64], span: str) -> list[tuple[np.datetime64, slice]]:
    """Cut epochs into files.

    Parameters
    ----------
    time : (epochs,) datetime64[ns]
        GPS time, increasing.
    span : {"01D", "06H", "01H", "15M"}
        Length of a file.

    Returns
    -------
    list of (datetime64[ns], slice)
        Where each file begins by its name, and its epochs. A file without an epoch is left out.

    Raises
    ------
    InputError
        The span is another one.

    Examples
    --------
    >>> time = np.array(["2012-02-26T23:59:30", "2012-02-27T00:00"], "datetime64[ns]")
    >>> [(str(start)[:13], part.start, part.stop) for start, part in cut(time, "01H")]
    [('2012-02-26T23', 0, 1), ('2012-02-27T00', 1, 2)]
    """
    span_ns = _span_s(span) * _NS_PER_S
    begin = time.astype("datetime64[ns]").astype(np.int64) // span_ns * span_ns
    starts, first, count = np.unique(begin, return_index=True, return_counts=True)
    return [
        (start, slice(int(at), int(at + n)))
        for start, at, n in zip(starts.astype("datetime64[ns]"), first, count, strict=True)
    ]


def observation_file_name(
    marker: str,
    start: np.datetime64,
    span: str,
    *,
    version: str,
    interval_s: float,
    gps_only: bool,
    packing: FilePacking | None = None,
    country: str = "XXX",
) -> str:
    """Return the name of an observation file.

    Parameters
    ----------
    marker : str
        Four letters or digits; or, for RINEX 3, all nine (``P04100USA``).
    start : datetime64
        Where the file begins by its span, GPS time.
    span : {"01D", "06H", "01H", "15M"}
        Length of the file; RINEX 2 has no name for one of six hours.
    version : {"3.04", "2.11"}
        RINEX version.
    interval_s : float
        Seconds between epochs; not in the names of RINEX 2.
    gps_only : bool
        Whether the file is GO or MO; not in the names of RINEX 2.
    packing : FilePacking, optional
        How the file is packed; plain by default.
    country : str
        ISO 3166 code of three letters.

    Raises
    ------
    InputError
        A name cannot be made of the marker, the span, the version or the interval.

    Examples
    --------
    >>> observation_file_name(
    ...     "P041", np.datetime64("2012-02-26"), "01D", version="3.04", interval_s=15,
    ...     gps_only=True, packing=FilePacking(crinex=True, gzip=True), country="USA",
    ... )
    'P04100USA_R_20120570000_01D_15S_GO.crx.gz'
    >>> observation_file_name(
    ...     "P041", np.datetime64("2012-02-26T01:15"), "15M", version="2.11", interval_s=1,
    ...     gps_only=True,
    ... )
    'p041057b15.12o'
    """
    packing = packing or FilePacking()
    span_s = _span_s(span)
    if version not in VERSIONS:
        raise InputError(f"RINEX version {version!r}: expected one of {', '.join(VERSIONS)}")
    if not (marker.isascii() and marker.isalnum() and len(marker) in (4, 9)):
        raise InputError(
            f"marker {marker!r}: expected four letters or digits, or the nine of a RINEX 3 name"
        )
    minute = start.astype("datetime64[m]")
    day = minute.astype("datetime64[D]")
    year = day.astype("datetime64[Y]")
    day_of_year = int((day - year.astype("datetime64[D]")).astype(np.int64)) + 1
    hour, minutes = divmod(int((minute - day).astype(np.int64)), 60)
    ending = ".gz" if packing.gzip else ""
    if version == "2.11":
        if span not in _SHORT_NAME_SPANS:
            raise InputError(
                f"file span {span!r}: expected one of {', '.join(_SHORT_NAME_SPANS)} for version "
                "2.11, whose names have no other"
            )
        session = "0" if span == "01D" else chr(ord("a") + hour)
        if span_s < 3600:
            session += f"{minutes:02d}"
        letter = "d" if packing.crinex else "o"
        return f"{marker[:4].lower()}{day_of_year:03d}{session}.{str(year)[2:]}{letter}{ending}"
    site = marker if len(marker) == 9 else f"{marker}00{country}"
    if len(site) != 9 or not site[6:].isalpha():
        raise InputError(f"country {country!r}: expected three letters (ISO 3166), such as USA")
    begin = f"{year}{day_of_year:03d}{hour:02d}{minutes:02d}"
    content = "GO" if gps_only else "MO"
    form = "crx" if packing.crinex else "rnx"
    return f"{site.upper()}_R_{begin}_{span}_{_rate(interval_s)}_{content}.{form}{ending}"


def _span_s(span: str) -> int:
    if span not in SPANS:
        raise InputError(f"file span {span!r}: expected one of {', '.join(SPANS)}")
    return SPANS[span]


def _rate(interval_s: float) -> str:
    """Return the field of a long name that tells the interval: ``05Z`` (Hz), ``30S``, ``05M``."""
    per_second = 1 / interval_s if interval_s > 0 else 0.0
    for unit, number in (("S", interval_s), ("Z", per_second), ("M", interval_s / 60)):
        if 1 <= number < (60 if unit == "S" else 100) and abs(number - round(number)) < 1e-9:
            return f"{round(number):02d}{unit}"
    raise InputError(
        f"interval {interval_s} s: expected whole seconds below 60, whole minutes below 100, or a "
        "whole number of epochs per second below 100"
    )
