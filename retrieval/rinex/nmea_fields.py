"""What GSV and GGA sentences say: satellites in view with their SNR, and the position."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.rinex.nmea_signals import NO_SIGNAL_ID
from retrieval.rinex.sentences import Sentences, letters, read_decimals, read_digits

__all__ = ["GGA", "GSV", "NO_NUMBER", "InView", "read_in_view", "read_positions"]

GGA, GSV = letters("GGA"), letters("GSV")
NO_NUMBER = 0
"""In place of a satellite number that is blank: u-blox so sends GLONASS without a known slot."""

_HEAD, _PER_SATELLITE, _MOST_SATELLITES = 3, 4, 4
_HEX = np.full(256, -1, np.int64)
for _value, _digit in enumerate("0123456789ABCDEF"):
    _HEX[ord(_digit)] = _HEX[ord(_digit.lower())] = _value
_MINUTES_PER_DEGREE = 60
# GGA quality: a fix of its own, differential, PPS, RTK fixed and float. The others are none,
# dead reckoning, typed in, and simulated.
_GOOD_FIXES = np.frombuffer(b"12345", np.uint8)
_WIDTH = 16  # characters of a coordinate: 1e-12 minutes


@dataclass(frozen=True)
class InView:
    """Satellites with an SNR, in file order.

    Attributes
    ----------
    sentence : (n,) int64
        Index of the sentence of each.
    number : (n,) int64
        As sent; `NO_NUMBER` where it is blank.
    signal_id : (n,) int64
        0 to 15, `NO_SIGNAL_ID` where the sentence has none.
    snr_dbhz : (n,) uint8
        1 to 99.
    """

    sentence: NDArray[np.int64]
    number: NDArray[np.int64]
    signal_id: NDArray[np.int64]
    snr_dbhz: NDArray[np.uint8]


def read_in_view(sentences: Sentences) -> tuple[InView, NDArray[np.bool_]]:
    """Read GSV sentences.

    Parameters
    ----------
    sentences : Sentences
        GSV only.

    Returns
    -------
    in_view : InView
        Satellites that are tracked: SNR neither blank nor 0.
    shaped : (n,) bool
        Which sentences have the shape of a GSV: count, number and satellites in view; up to four
        satellites of number, elevation, azimuth and SNR; and, since NMEA 4.10, a signal id.
    """
    shaped = np.zeros(len(sentences), np.bool_)
    parts: list[InView] = []
    # Sentences of the same number of fields are a table.
    for n_fields in np.unique(sentences.n_fields).tolist():
        n_satellites, with_id = divmod(n_fields - _HEAD, _PER_SATELLITE)
        if not 0 <= n_satellites <= _MOST_SATELLITES or with_id > 1:
            continue
        rows = np.flatnonzero(sentences.n_fields == n_fields)
        bounds = np.empty((len(rows), n_fields + 1), np.int64)
        bounds[:, :-1] = sentences.commas[sentences.first[rows, None] + np.arange(n_fields)]
        bounds[:, -1] = sentences.star[rows]
        begin, end = bounds[:, :-1] + 1, bounds[:, 1:]
        fine = _heads(sentences.octets, begin, end)
        signal_id = np.full(len(rows), NO_SIGNAL_ID, np.int64)
        if with_id:
            given = end[:, -1] > begin[:, -1]
            value = _HEX[sentences.octets[begin[:, -1]]]
            signal_id = np.where(given, value, NO_SIGNAL_ID)
            fine &= ~given | ((value >= 0) & (end[:, -1] - begin[:, -1] == 1))
        last = _HEAD + _PER_SATELLITE * n_satellites
        number, snr, well = _satellites(sentences.octets, begin[:, _HEAD:last], end[:, _HEAD:last])
        fine &= well.all(axis=1)
        shaped[rows] = fine
        sentence, place = np.nonzero((snr > 0) & fine[:, None])
        parts.append(
            InView(
                rows[sentence],
                number[sentence, place],
                signal_id[sentence],
                snr[sentence, place].astype(np.uint8),
            )
        )
    sentence = np.concatenate([np.empty(0, np.int64), *(part.sentence for part in parts)])
    order = np.argsort(sentence, kind="stable")
    return (
        InView(
            sentence[order],
            np.concatenate([sentence[:0], *(part.number for part in parts)])[order],
            np.concatenate([sentence[:0], *(part.signal_id for part in parts)])[order],
            np.concatenate([np.empty(0, np.uint8), *(part.snr_dbhz for part in parts)])[order],
        ),
        shaped,
    )


def _heads(
    octets: NDArray[np.uint8], begin: NDArray[np.int64], end: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Return which sentences begin with a count, a number up to it, and satellites in view."""
    count, counted = read_digits(octets, begin[:, 0], end[:, 0], 2)
    number, numbered = read_digits(octets, begin[:, 1], end[:, 1], 2)
    _, seen = read_digits(octets, begin[:, 2], end[:, 2], 3)
    return counted & numbered & seen & (number >= 1) & (number <= count)


def _satellites(
    octets: NDArray[np.uint8], begin: NDArray[np.int64], end: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Return number, SNR and shape of the satellites of sentences, (n, n_satellites) each."""
    blank = begin == end
    values: list[NDArray[np.int64]] = []
    shaped = np.ones((len(begin), begin.shape[1] // _PER_SATELLITE), np.bool_)
    # Angles are looked at only to know a damaged sentence whose checksum happens to be right.
    for field, width, largest in ((0, 3, 999), (1, 2, 90), (2, 3, 360), (3, 2, 99)):
        first, past = begin[:, field::_PER_SATELLITE], end[:, field::_PER_SATELLITE]
        if field == 1:  # satellites below the horizon have a sign
            first = first + (octets[first] == ord("-"))
        value, valid = read_digits(octets, first, past, width)
        shaped &= (valid & (value <= largest)) | blank[:, field::_PER_SATELLITE]
        values.append(value)
    return values[0], values[3], shaped


def read_positions(
    sentences: Sentences,
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Read the positions of GGA sentences.

    Parameters
    ----------
    sentences : Sentences
        GGA only, of 12 fields or more.

    Returns
    -------
    position : (m, 3) float64
        Latitude and longitude (deg, north and east) and height above the ellipsoid (m), altitude
        plus geoid separation, of good fixes that have all of them.
    shaped : (n,) bool
        Which sentences have the shape of a GGA.
    """
    quality = sentences.character(6)
    latitude, has_latitude, fine = _angle(sentences, 2, b"NS", 90)
    longitude, has_longitude, well = _angle(sentences, 4, b"EW", 180)
    altitude, has_altitude, high = _metres(sentences, 9)
    separation, has_separation, apart = _metres(sentences, 11)
    shaped = fine & well & high & apart & ((quality == 0) | (quality - np.uint8(ord("0")) < 10))
    good = shaped & np.isin(quality, _GOOD_FIXES)
    good &= has_latitude & has_longitude & has_altitude & has_separation
    return np.stack([latitude, longitude, altitude + separation], axis=1)[good], shaped


def _angle(
    sentences: Sentences, field: int, sides: bytes, largest_deg: int
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]:
    """Read ``dddmm.mmm`` and its side: degrees, which there are, and validity."""
    begin, end = sentences.field(field)
    digits, n_decimals, valid = read_decimals(sentences.octets, begin, end, _WIDTH)
    per_degree = 100 * 10**n_decimals
    minutes = digits % per_degree / 10.0**n_decimals
    degrees = digits // per_degree + minutes / _MINUTES_PER_DEGREE
    side = sentences.character(field + 1)
    valid &= (minutes < _MINUTES_PER_DEGREE) & (degrees <= largest_deg)
    valid &= np.isin(side, np.frombuffer(sides, np.uint8))
    return np.where(side == sides[1], -degrees, degrees), valid, valid | (begin == end)


def _metres(
    sentences: Sentences, field: int
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]:
    """Read a signed length and its unit M: metres, which there are, and validity."""
    begin, end = sentences.field(field)
    negative = sentences.octets[begin] == ord("-")
    digits, n_decimals, valid = read_decimals(sentences.octets, begin + negative, end, _WIDTH)
    valid &= sentences.character(field + 1) == ord("M")
    value = digits / 10.0**n_decimals
    return np.where(negative, -value, value), valid, valid | (begin == end)
