"""Constellations, satellites, signals, carrier wavelengths and the GPS and UTC time scales.

Satellites and signals travel through the arrays of this package as small integers, because sorting
and comparing a million strings costs more than all of the physics. The integers are reversible
without any table: a satellite is ``ord(letter) * 256 + number``, a signal is its four ASCII
characters (``GS2X``; RINEX 2 names are padded with a blank) read as one big-endian number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from retrieval.errors import UnknownSignalError

__all__ = [
    "CONSTELLATIONS",
    "GEOSTATIONARY",
    "GLONASS_CHANNELS",
    "SPEED_OF_LIGHT_M_S",
    "carrier_frequency_hz",
    "constellation_letters",
    "gps_minus_utc_s",
    "gps_to_utc",
    "repeats_daily",
    "satellite_code",
    "satellite_name",
    "satellite_names",
    "signal_code",
    "signal_constellation",
    "signal_name",
    "signal_names",
    "utc_to_gps",
    "wavelength_m",
]

SPEED_OF_LIGHT_M_S = 299_792_458.0

CONSTELLATIONS: Mapping[str, str] = {
    "G": "GPS",
    "R": "GLONASS",
    "E": "Galileo",
    "C": "BeiDou",
    "J": "QZSS",
    "I": "NavIC",
    "S": "SBAS",
}

_MHZ = 1e6
# RINEX 4.01, tables 12 to 20: the carrier of each band. GLONASS bands 1 and 2 are FDMA.
_CARRIER_HZ: Mapping[str, Mapping[str, float]] = {
    "G": {"1": 1575.42 * _MHZ, "2": 1227.60 * _MHZ, "5": 1176.45 * _MHZ},
    "R": {"3": 1202.025 * _MHZ, "4": 1600.995 * _MHZ, "6": 1248.06 * _MHZ},
    "E": {
        "1": 1575.42 * _MHZ,
        "5": 1176.45 * _MHZ,
        "6": 1278.75 * _MHZ,
        "7": 1207.140 * _MHZ,
        "8": 1191.795 * _MHZ,
    },
    "C": {
        "1": 1575.42 * _MHZ,
        "2": 1561.098 * _MHZ,
        "5": 1176.45 * _MHZ,
        "6": 1268.52 * _MHZ,
        "7": 1207.140 * _MHZ,
        "8": 1191.795 * _MHZ,
    },
    "J": {"1": 1575.42 * _MHZ, "2": 1227.60 * _MHZ, "5": 1176.45 * _MHZ, "6": 1278.75 * _MHZ},
    "I": {"1": 1575.42 * _MHZ, "5": 1176.45 * _MHZ, "9": 2492.028 * _MHZ},
    "S": {"1": 1575.42 * _MHZ, "5": 1176.45 * _MHZ},
}
_GLONASS_FDMA_HZ: Mapping[str, tuple[float, float]] = {
    "1": (1602.0 * _MHZ, 0.5625 * _MHZ),
    "2": (1246.0 * _MHZ, 0.4375 * _MHZ),
}

# Slot -> frequency channel as flown in the 2010s and 2020s (GLONASS SLOT / FRQ # of IGS files).
# Used only where neither an observation header nor a navigation file states the channel: being
# wrong by one channel changes a wavelength by 0.04 %, a height of 2 m by less than 1 mm.
GLONASS_CHANNELS: Mapping[int, int] = dict(
    enumerate(
        (1, -4, 5, 6, 1, -4, 5, 6, -2, -7, 0, -1, -2, -7, 0, -1, 4, -3, 3, 2, 4, -3, 3, 2), start=1
    )
)

# Satellites that stand still over the equator and draw no arc, besides all of SBAS: BeiDou GEO
# (BDS-SIS-ICD B1I 3.0, 2019), QZS-3 (J07), NavIC IRNSS-1C, 1F, 1G and NVS-01.
GEOSTATIONARY: frozenset[str] = frozenset(
    [f"C{number:02d}" for number in (*range(1, 6), *range(59, 64))]
    + ["J07", "I03", "I06", "I07", "I10"]
)

# Inclined geosynchronous satellites of BeiDou, which draw the same figure of eight every day
# (csno-tarc.cn, constellation status, BDS-2 and BDS-3); its others but the geostationary are MEO.
_BEIDOU_IGSO = frozenset(f"C{number:02d}" for number in (*range(6, 11), 13, 16, 38, 39, 40))

_SATELLITE = re.compile(r"[A-Z]\d\d")
_SIGNAL = re.compile(r"[GRECJIS]S[1-9][A-Z]?")
_NS_PER_S = 1_000_000_000


def satellite_code(name: str) -> int:
    """Return the integer code of a satellite.

    Parameters
    ----------
    name : str
        RINEX 3 name, a constellation letter and two digits.

    Raises
    ------
    ValueError
        The name has another form.

    Examples
    --------
    >>> satellite_code("G27") == ord("G") * 256 + 27
    True
    """
    if not _SATELLITE.fullmatch(name):
        raise ValueError(f"satellite {name!r}: expected a letter and two digits such as 'G27'")
    return ord(name[0]) * 256 + int(name[1:])


@lru_cache(maxsize=1024)
def satellite_name(code: int) -> str:
    """Return the name of a satellite code.

    Examples
    --------
    >>> satellite_name(satellite_code("E05"))
    'E05'
    """
    return f"{chr(code >> 8)}{code & 255:02d}"


def satellite_names(codes: ArrayLike) -> NDArray[np.object_]:
    """Return the names of an array of satellite codes, same shape, as Python strings."""
    unique, inverse = np.unique(np.asarray(codes), return_inverse=True)
    names = np.array([satellite_name(int(code)) for code in unique], dtype=object)
    return names[inverse]


def constellation_letters(codes: ArrayLike) -> NDArray[np.uint8]:
    """Return the ASCII value of the constellation letter of each satellite code."""
    return (np.asarray(codes) >> 8).astype(np.uint8)


def repeats_daily(satellite: str) -> bool:
    """Return whether a satellite passes a station along the same tracks every sidereal day.

    GPS, QZSS, the IGSO of BeiDou and NavIC do. Galileo comes back after 10 days, GLONASS after 8,
    the MEO of BeiDou after 7.

    Parameters
    ----------
    satellite : str
        RINEX 3 name.

    Examples
    --------
    >>> [repeats_daily(name) for name in ("G05", "J02", "C08", "C11", "E05", "R24")]
    [True, True, True, False, False, False]
    """
    return satellite[0] in "GJI" or satellite in _BEIDOU_IGSO


def signal_code(name: str) -> int:
    """Return the integer code of a signal.

    Parameters
    ----------
    name : str
        Constellation letter and RINEX observation code: ``GS2X``, or ``GS2`` for RINEX 2.

    Raises
    ------
    UnknownSignalError
        The name has another form or its band does not exist in that constellation.

    Examples
    --------
    >>> signal_name(signal_code("GS2X")), signal_name(signal_code("GS2"))
    ('GS2X', 'GS2')
    """
    if not _SIGNAL.fullmatch(name):
        raise UnknownSignalError(
            f"signal {name!r}: expected a constellation letter and an SNR code, such as 'GS2X' "
            "(GPS, RINEX 3) or 'GS2' (GPS, RINEX 2)"
        )
    letter, band = name[0], name[2]
    bands = sorted({*_CARRIER_HZ[letter], *(_GLONASS_FDMA_HZ if letter == "R" else ())})
    if band not in bands:
        raise UnknownSignalError(
            f"signal {name!r}: {CONSTELLATIONS[letter]} has no band {band}; it has "
            + ", ".join(bands)
        )
    return int.from_bytes(name.ljust(4).encode("ascii"), "big")


@lru_cache(maxsize=1024)
def signal_name(code: int) -> str:
    """Return the name of a signal code."""
    return int(code).to_bytes(4, "big").decode("ascii").rstrip()


def signal_names(codes: ArrayLike) -> NDArray[np.object_]:
    """Return the names of an array of signal codes, same shape, as Python strings."""
    unique, inverse = np.unique(np.asarray(codes), return_inverse=True)
    names = np.array([signal_name(int(code)) for code in unique], dtype=object)
    return names[inverse]


def signal_constellation(code: int) -> str:
    """Return the constellation letter of a signal code."""
    return chr((int(code) >> 24) & 255)


def carrier_frequency_hz(signal: str, glonass_channel: int | None = None) -> float:
    """Return the carrier frequency of a signal in Hz.

    Parameters
    ----------
    signal : str
        Such as ``GS2X``.
    glonass_channel : int, optional
        FDMA frequency channel, -7 to 6; needed for GLONASS bands 1 and 2 and ignored elsewhere.

    Raises
    ------
    UnknownSignalError
        The signal does not exist.
    ValueError
        A GLONASS FDMA signal without a channel.
    """
    signal_code(signal)
    letter, band = signal[0], signal[2]
    if letter == "R" and band in _GLONASS_FDMA_HZ:
        if glonass_channel is None:
            raise ValueError(f"signal {signal!r}: a GLONASS FDMA carrier needs its channel")
        centre, step = _GLONASS_FDMA_HZ[band]
        return centre + glonass_channel * step
    return _CARRIER_HZ[letter][band]


def wavelength_m(signal: str, glonass_channel: int | None = None) -> float:
    """Return the carrier wavelength of a signal in metres.

    Parameters and errors are those of `carrier_frequency_hz`.

    Examples
    --------
    >>> round(wavelength_m("GS2X"), 4)
    0.2442
    """
    return SPEED_OF_LIGHT_M_S / carrier_frequency_hz(signal, glonass_channel)


@lru_cache(maxsize=1)
def _leap_second_table() -> tuple[NDArray[np.datetime64], NDArray[np.int64]]:
    """Return UTC instants and GPS - UTC (s) from then on, from 1980, out of ERFA's table."""
    import erfa  # local: 60 ms that commands without times need not pay

    table = erfa.leap_seconds.get()
    table = table[table["year"] >= 1980]
    since = np.array(
        [np.datetime64(f"{row['year']:04d}-{row['month']:02d}-01", "ns") for row in table]
    )
    return since, np.round(table["tai_utc"] - 19.0).astype(np.int64)


def gps_minus_utc_s(utc: NDArray[np.datetime64]) -> NDArray[np.int64]:
    """Return GPS time minus UTC in seconds at UTC instants.

    The leap seconds are ERFA's (IERS Bulletin C). Instants before 1980 get the first value.

    Examples
    --------
    >>> int(gps_minus_utc_s(np.array(["2020-06-25"], dtype="datetime64[ns]"))[0])
    18
    """
    since, offset = _leap_second_table()
    index = np.clip(np.searchsorted(since, utc, side="right") - 1, 0, len(since) - 1)
    result: NDArray[np.int64] = offset[index]
    return result


def utc_to_gps(utc: NDArray[np.datetime64]) -> NDArray[np.datetime64]:
    """Convert UTC instants to GPS time, both ``datetime64[ns]`` of any shape."""
    utc = np.asarray(utc, dtype="datetime64[ns]")
    result: NDArray[np.datetime64] = utc + (gps_minus_utc_s(utc) * _NS_PER_S).astype(
        "timedelta64[ns]"
    )
    return result


def gps_to_utc(gps: NDArray[np.datetime64]) -> NDArray[np.datetime64]:
    """Convert GPS time to UTC, both ``datetime64[ns]`` of any shape.

    An instant inside a leap second, which UTC cannot write as ``datetime64``, becomes the second
    after it.
    """
    gps = np.asarray(gps, dtype="datetime64[ns]")
    since, offset = _leap_second_table()
    starts = since + (offset * _NS_PER_S).astype("timedelta64[ns]")
    index = np.clip(np.searchsorted(starts, gps, side="right") - 1, 0, len(since) - 1)
    result: NDArray[np.datetime64] = gps - (offset[index] * _NS_PER_S).astype("timedelta64[ns]")
    return result
