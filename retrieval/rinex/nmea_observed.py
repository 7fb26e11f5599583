"""What the sentences of an NMEA text add up to, slice by slice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from retrieval.gnss import CONSTELLATIONS
from retrieval.rinex.fields import Lines
from retrieval.rinex.nmea_fields import GGA, GSV, NO_NUMBER, read_in_view, read_positions
from retrieval.rinex.nmea_signals import NO_SIGNAL_ID, satellites_of, signals_of
from retrieval.rinex.nmea_time import TIMED, Marks, read_marks
from retrieval.rinex.sentences import Refused, Sentences, sentences_of

__all__ = ["Observed", "observed_in"]

_NUMBERS, _SIGNAL_IDS = 1000, 16


@dataclass(frozen=True)
class Observed:
    """What an NMEA text says.

    Attributes
    ----------
    refused : list of Refused
        Lines that are not used.
    marks : Marks
        Sentences with a time.
    position : (n_fixes, 3) float64
        Latitude and longitude (deg) and height above the ellipsoid (m) of good fixes.
    gsv_line : (n_gsv,) int64
        Line of each GSV.
    gsv : (n,) int32
        Index of the GSV of each satellite with an SNR, in file order.
    satellite : (n,) uint16
        Satellite codes.
    signal : (n,) uint8
        Places in `nmea_signals.SIGNALS`.
    snr_dbhz : (n,) uint8
        SNR.
    unknown_satellites, unknown_signals : Counter
        What has no RINEX name, in words -> values left out.
    n_without_id : int
        Values of sentences without a signal id.
    """

    refused: list[Refused]
    marks: Marks
    position: NDArray[np.float64]
    gsv_line: NDArray[np.int64]
    gsv: NDArray[np.int32]
    satellite: NDArray[np.uint16]
    signal: NDArray[np.uint8]
    snr_dbhz: NDArray[np.uint8]
    unknown_satellites: Counter[str]
    unknown_signals: Counter[str]
    n_without_id: int


def observed_in(lines: Lines) -> Observed:
    """Read the sentences of a text."""
    found = _Slices()
    for sentences, refused in sentences_of(lines):
        found.refused += refused
        found.add_timed(sentences.where(np.isin(sentences.kind, TIMED)))
        found.add_in_view(sentences.where(sentences.kind == GSV))
    return Observed(
        found.refused,
        Marks.joined(found.marks),
        np.concatenate([np.empty((0, 3)), *found.positions]),
        np.concatenate([np.empty(0, np.int64), *found.gsv_line]),
        np.concatenate([np.empty(0, np.int32), *found.gsv]),
        np.concatenate([np.empty(0, np.uint16), *found.satellite]),
        np.concatenate([np.empty(0, np.uint8), *found.signal]),
        np.concatenate([np.empty(0, np.uint8), *found.snr_dbhz]),
        found.unknown_satellites,
        found.unknown_signals,
        found.n_without_id,
    )


@dataclass
class _Slices:
    """Arrays of the slices read so far; of each satellite 8 bytes, whatever its text took."""

    refused: list[Refused] = field(default_factory=list)
    marks: list[Marks] = field(default_factory=list)
    positions: list[NDArray[np.float64]] = field(default_factory=list)
    gsv_line: list[NDArray[np.int64]] = field(default_factory=list)
    n_gsv: int = 0
    gsv: list[NDArray[np.int32]] = field(default_factory=list)
    satellite: list[NDArray[np.uint16]] = field(default_factory=list)
    signal: list[NDArray[np.uint8]] = field(default_factory=list)
    snr_dbhz: list[NDArray[np.uint8]] = field(default_factory=list)
    unknown_satellites: Counter[str] = field(default_factory=Counter)
    unknown_signals: Counter[str] = field(default_factory=Counter)
    n_without_id: int = 0

    def add_timed(self, timed: Sentences) -> None:
        """Take the sentences of a slice that carry a time."""
        marks, shaped = read_marks(timed)
        fixes = np.flatnonzero(shaped & (timed.kind == GGA))
        is_fix = np.zeros(len(timed), np.bool_)
        is_fix[fixes] = True
        positions, well = read_positions(timed.where(is_fix))
        shaped[fixes] = well
        kept = np.isin(marks.line, timed.line[shaped])
        self.marks.append(
            Marks(marks.line[kept], marks.time_of_day_ns[kept], marks.day[kept], marks.void[kept])
        )
        self.positions.append(positions)
        self.refused.append(
            (timed.line[~shaped], "checksum is right, but time or position is not: dropped")
        )

    def add_in_view(self, gsv: Sentences) -> None:
        """Take the GSV of a slice."""
        in_view, shaped = read_in_view(gsv)
        self.refused.append(
            (gsv.line[~shaped], "checksum is right, but it is no whole GSV: sentence dropped")
        )
        talker = gsv.talker[in_view.sentence]
        satellite = satellites_of(talker, in_view.number)
        signal = signals_of(satellite, in_view.signal_id)
        nameless = satellite == 0
        self.unknown_satellites.update(
            _tally(talker[nameless] * _NUMBERS + in_view.number[nameless], _satellite_words)
        )
        mute = ~nameless & (signal < 0)
        self.unknown_signals.update(
            _tally(
                (satellite[mute] >> 8) * np.int64(_SIGNAL_IDS) + in_view.signal_id[mute],
                _signal_words,
            )
        )
        known = ~nameless & (signal >= 0)
        self.n_without_id += int((in_view.signal_id[known] == NO_SIGNAL_ID).sum())
        place = np.cumsum(shaped) - 1 + self.n_gsv
        self.gsv_line.append(gsv.line[shaped])
        self.n_gsv += int(shaped.sum())
        self.gsv.append(place[in_view.sentence[known]].astype(np.int32))
        self.satellite.append(satellite[known])
        self.signal.append(signal[known].astype(np.uint8))
        self.snr_dbhz.append(in_view.snr_dbhz[known])


def _tally(keys: NDArray[np.int64], words: Callable[[int], str]) -> dict[str, int]:
    """Count what has no name, which is rare, by its name in the text."""
    return {
        words(key): count
        for key, count in zip(
            *(a.tolist() for a in np.unique(keys, return_counts=True)), strict=True
        )
    }


def _satellite_words(key: int) -> str:
    talker, number = divmod(key, _NUMBERS)
    name = talker.to_bytes(2, "big").decode("ascii", "backslashreplace")
    return f"{name} {number}" if number != NO_NUMBER else f"{name} without number"


def _signal_words(key: int) -> str:
    letter, signal_id = divmod(key, _SIGNAL_IDS)
    return f"{CONSTELLATIONS[chr(letter)]} {signal_id:X}"
