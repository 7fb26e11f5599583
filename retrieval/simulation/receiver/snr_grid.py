"""What a receiver reports over a stretch of time: SNR by signal, satellite and epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import InputError
from retrieval.gnss import constellation_letters, signal_code

__all__ = ["SnrGrid"]


@dataclass(frozen=True)
class SnrGrid:
    """SNR of satellites and signals on common epochs.

    Attributes
    ----------
    time : (epochs,) datetime64[ns]
        GPS time, increasing, in whole 100 ns.
    satellite : (m,) int32
        Satellite codes, in the order in which they are to be listed.
    signals : tuple of str
        Such as ``GS1C``; those of one constellation in the order of their fields.
    snr_dbhz : (slots, m, epochs) float64
        What the receiver reports, 0 to 99.999 dB-Hz, NaN where it reports nothing; in slot k the
        k-th signal of the satellite's constellation. An exact 0.000 is how RINEX writes a missing
        value, and is read back as such.

    Raises
    ------
    InputError
        Shapes, times or signals do not fit, or a satellite or a signal stands twice.
    """

    time: NDArray[np.datetime64]
    satellite: NDArray[np.int32]
    signals: tuple[str, ...]
    snr_dbhz: NDArray[np.float64]

    def __post_init__(self) -> None:
        for signal in self.signals:
            signal_code(signal)
        expected = (self.n_slots, len(self.satellite), len(self.time))
        if self.snr_dbhz.shape != expected:
            raise InputError(
                f"SNR of shape {self.snr_dbhz.shape}: expected {expected}, the most signals of a "
                "constellation by satellites by epochs"
            )
        for what, items in (("satellite", self.satellite.tolist()), ("signal", self.signals)):
            if len(set(items)) != len(items):
                raise InputError(f"a {what} stands twice in the grid; give each once")
        without = {chr(x) for x in constellation_letters(self.satellite)} - set(self.letters)
        if without:
            raise InputError(
                f"satellites of constellation {', '.join(sorted(without))} without a signal of it; "
                "add the signal or leave them out"
            )
        for letter in self.letters:
            of_letter = constellation_letters(self.satellite) == ord(letter)
            beyond = self.snr_dbhz[len(self.signals_of(letter)) :, of_letter]
            if not np.isnan(beyond).all():
                raise InputError(
                    f"constellation {letter} has values beyond its {len(self.signals_of(letter))} "
                    "signals; name their signals or make them NaN"
                )
        if len(self.time) > 1 and not (np.diff(self.time) > np.timedelta64(0)).all():
            raise InputError("the epochs of a grid must increase; sort them")

    @classmethod
    def of(
        cls,
        time: NDArray[np.datetime64],
        satellite: NDArray[np.int32],
        snr_dbhz: Mapping[str, NDArray[np.float64]],
    ) -> SnrGrid:
        """Make a grid of one array per signal.

        Parameters
        ----------
        time : (epochs,) datetime64[ns]
            GPS time.
        satellite : (m,) int32
            Satellite codes of all constellations.
        snr_dbhz : mapping
            Signal -> (satellites of its constellation, epochs), dB-Hz, in the order in which they
            stand in `satellite`.
        """
        letters = constellation_letters(satellite)
        signals = tuple(snr_dbhz)
        values = np.full((_n_slots(signals), len(satellite), len(time)), np.nan)
        used: dict[str, int] = {}
        for signal, of_signal in snr_dbhz.items():
            slot = used.get(signal[0], 0)
            used[signal[0]] = slot + 1
            rows = np.flatnonzero(letters == ord(signal[0]))
            if of_signal.shape != (len(rows), len(time)):
                raise InputError(
                    f"{signal} of shape {of_signal.shape}: expected {(len(rows), len(time))}, the "
                    "satellites of its constellation by epochs"
                )
            values[slot, rows] = of_signal
        return cls(time, satellite, signals, values)

    @property
    def n_slots(self) -> int:
        """The most signals of one constellation."""
        return _n_slots(self.signals)

    @property
    def letters(self) -> tuple[str, ...]:
        """Constellations in the order of their first signals."""
        return tuple(dict.fromkeys(signal[0] for signal in self.signals))

    def signals_of(self, letter: str) -> tuple[str, ...]:
        """Return the signals of a constellation."""
        return tuple(signal for signal in self.signals if signal[0] == letter)

    def part(self, epochs: slice) -> SnrGrid:
        """Return the grid of some of its epochs."""
        return replace(self, time=self.time[epochs], snr_dbhz=self.snr_dbhz[:, :, epochs])


def _n_slots(signals: Sequence[str]) -> int:
    letters = [signal[0] for signal in signals]
    return max((letters.count(letter) for letter in letters), default=0)
