"""Whose the numbers of NMEA sentences are: satellites and signals by their RINEX names.

Numbers are those of NMEA 0183 4.11 (System ID and Signal ID), as printed by gpsd ("NMEA Revealed",
https://gpsd.gitlab.io/gpsd/NMEA.html) and pynmeagps; the standard itself is not public. Older
sentences count all systems in one row of numbers, which differs between makers above 100: gpsd's
"Satellite IDs" lists it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from retrieval.gnss import signal_code
from retrieval.rinex.sentences import letters

__all__ = ["NO_SIGNAL_ID", "SIGNALS", "satellites_of", "signals_of"]

NO_SIGNAL_ID = 16
"""In place of a signal id (0 to 15) where a sentence has none, as before NMEA 4.10."""

_N_NUMBERS = 1000  # satellite numbers have up to three digits

# Talker -> (first number, last number, letter, first number in RINEX).
_GPS = ((1, 32, "G", 1), (33, 64, "S", 20), (193, 202, "J", 1))
_GLONASS = ((1, 32, "R", 1), (65, 96, "R", 1))
_GALILEO = ((1, 36, "E", 1), (301, 336, "E", 1))
_BEIDOU = ((1, 63, "C", 1), (201, 237, "C", 1), (401, 463, "C", 1))
_QZSS = ((1, 10, "J", 1), (193, 202, "J", 1))
_NUMBERS: Mapping[str, tuple[tuple[int, int, str, int], ...]] = {
    "GP": _GPS,
    "GL": _GLONASS,
    "GA": _GALILEO,
    "GB": _BEIDOU,
    "BD": _BEIDOU,
    "GQ": _QZSS,
    "QZ": _QZSS,
    "GI": ((1, 14, "I", 1),),
    # 201 and 202 are BeiDou here: QZSS has not come so far.
    "GN": (
        (1, 32, "G", 1),
        (33, 64, "S", 20),
        (65, 96, "R", 1),
        (193, 200, "J", 1),
        (201, 237, "C", 1),
        (301, 336, "E", 1),
        (401, 463, "C", 1),
    ),
}

# Signal id -> observation code, from id 1 on. Where NMEA names a signal without its channel ("E5a",
# "L1-BC"), the code is that of both together; the carrier, which is what counts, is the same.
_CODES: Mapping[str, Mapping[int, str]] = {
    letter: dict(enumerate(codes.split(), start=1))
    for letter, codes in {
        "G": "1C 1W 1M 2W 2S 2L 5I 5Q",
        "R": "1C 1P 2C 2P",
        "E": "5X 7X 8X 6A 6X 1A 1X",
        "C": "2I 2Q 1X 1Z 5X 7Z 8X 6I 6Q 6Z 7I 7Q",
        "J": "1C 1S 1L 1Z 2S 2L 5I 5Q 6S 6E",
        "I": "5A 9A 5B 9B 1X",
    }.items()
} | {"S": {1: "1C", 7: "5I", 8: "5Q"}}
# The civil signal that receivers of one frequency track: on L1, for NavIC on L5.
_CIVIL_ID: Mapping[str, int] = {"G": 1, "R": 1, "E": 7, "C": 1, "J": 1, "I": 1, "S": 1}

SIGNALS: NDArray[np.int64] = np.array(
    sorted(
        signal_code(f"{letter}S{code}")
        for letter, codes in _CODES.items()
        for code in codes.values()
    ),
    np.int64,
)
"""Signal codes in ascending order."""


def _satellite_table() -> tuple[NDArray[np.int64], NDArray[np.uint16]]:
    """Return talkers in ascending order and, for each, the satellite code of every number."""
    talkers = sorted(_NUMBERS, key=letters)
    table = np.zeros((len(talkers) + 1, _N_NUMBERS), np.uint16)
    for row, talker in enumerate(talkers):
        for first, last, letter, first_in_rinex in _NUMBERS[talker]:
            numbers = np.arange(first, last + 1)
            table[row, numbers] = ord(letter) * 256 + numbers - first + first_in_rinex
    return np.array([letters(talker) for talker in talkers], np.int64), table


def _signal_table() -> NDArray[np.int16]:
    """Return the place in `SIGNALS`, -1 for none, by constellation letter and signal id."""
    table = np.full((128, NO_SIGNAL_ID + 1), -1, np.int16)
    for letter, codes in _CODES.items():
        for number, code in {**codes, NO_SIGNAL_ID: codes[_CIVIL_ID[letter]]}.items():
            table[ord(letter), number] = np.searchsorted(SIGNALS, signal_code(f"{letter}S{code}"))
    return table


_TALKERS, _SATELLITES = _satellite_table()
_SIGNAL_PLACES = _signal_table()


def satellites_of(talker: NDArray[np.int64], number: NDArray[np.int64]) -> NDArray[np.uint16]:
    """Return satellite codes, 0 where a talker has no satellite of a number.

    Parameters
    ----------
    talker : (n,) int64
        Two letters, coded by `letters`.
    number : (n,) int64
        0 to 999.

    Examples
    --------
    >>> from retrieval.gnss import satellite_names
    >>> codes = satellites_of(np.array([letters("GN")] * 2), np.array([44, 70]))
    >>> satellite_names(codes).tolist()
    ['S31', 'R06']
    """
    row = np.searchsorted(_TALKERS, talker)
    row[_TALKERS[np.minimum(row, len(_TALKERS) - 1)] != talker] = len(_TALKERS)
    codes: NDArray[np.uint16] = _SATELLITES[row, number]
    return codes


def signals_of(satellite: NDArray[np.uint16], signal_id: NDArray[np.int64]) -> NDArray[np.int16]:
    """Return places in `SIGNALS`, -1 where a constellation has no signal of an id.

    Parameters
    ----------
    satellite : (n,) uint16
        Satellite codes.
    signal_id : (n,) int64
        0 to 15, or `NO_SIGNAL_ID`.

    Examples
    --------
    >>> from retrieval.gnss import satellite_code, signal_names
    >>> place = signals_of(np.array([satellite_code("C21")], np.uint16), np.array([11]))
    >>> signal_names(SIGNALS[place]).tolist()
    ['CS7I']
    """
    places: NDArray[np.int16] = _SIGNAL_PLACES[satellite >> 8, signal_id]
    return places
