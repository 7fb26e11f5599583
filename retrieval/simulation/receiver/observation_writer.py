"""SNR arrays to the text of RINEX 3.04 and 2.11 observation files.

A day at 15 seconds holds half a million values. Formatting them one by one would take longer than
simulating them, so every line of a file is a row of one matrix of bytes, and the text is what of
it lies within each line's length. A value of 0 to 99.999 dB-Hz has one of 100,000 spellings, which
are made once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import InputError
from retrieval.gnss import constellation_letters, satellite_name
from retrieval.simulation.receiver.observation_header import ObservationHeader, header_lines
from retrieval.simulation.receiver.snr_grid import SnrGrid

__all__ = ["RINEX2_BANDS", "observation_text"]

_BLANK, _FEED, _ZERO = ord(" "), ord("\n"), ord("0")
_FIELD_WIDTH, _ID_WIDTH = 16, 3
_N_SPELLINGS = 100_000  # 0.000 to 99.999
_TICK_NS = 100  # RINEX writes seconds with seven decimals
_TICKS_PER_S = 10_000_000
_EPOCH_WIDTH_3, _EPOCH_WIDTH_2 = 35, 32
_IDS_PER_LINE, _FIELDS_PER_LINE = 12, 5
# Constellation -> bands that version 2.11 has a name for.
RINEX2_BANDS: Mapping[str, str] = {"G": "125", "R": "12", "E": "15678", "S": "15"}


def observation_text(header: ObservationHeader, grid: SnrGrid) -> bytes:
    """Return an observation file.

    Parameters
    ----------
    header : ObservationHeader
        Version and station.
    grid : SnrGrid
        The SNR. A satellite is listed at an epoch when any of its signals is observed; an epoch
        without satellites is not written.

    Returns
    -------
    bytes
        ASCII text. Lines of observations have all their fields, blank where nothing is observed.

    Raises
    ------
    InputError
        Nothing is observed, a value or a time cannot be written, a text does not fit into the
        header, or RINEX 2.11 has no name for a signal or only one for two that are both observed.
    """
    # In the order of the file: by epoch, then as the satellites are listed.
    seen = ~np.isnan(grid.snr_dbhz)
    epoch, row = np.nonzero(seen.any(axis=0).T)
    if not len(epoch):
        raise InputError("no satellite is observed at any epoch: there is no file to write")
    letters = [
        letter
        for letter in grid.letters
        if (constellation_letters(grid.satellite[np.unique(row)]) == ord(letter)).any()
    ]
    if header.version == "3.04":
        observables = {letter: _codes_3(grid.signals_of(letter)) for letter in letters}
        thousandths = _thousandths(grid.snr_dbhz, seen, grid)
        body = _body_3(header, grid, observables, thousandths, epoch, row)
    else:
        codes = _codes_2([signal for letter in letters for signal in grid.signals_of(letter)])
        observables = dict.fromkeys(letters, codes)
        thousandths = _thousandths(*_by_band(grid, seen, codes, letters), grid)
        body = _body_2(header, grid, codes, thousandths, epoch, row)
    slots = sorted({int(code) & 255 for code in grid.satellite[row] if code >> 8 == ord("R")})
    head = header_lines(header, observables, slots, grid.time[epoch[0]], grid.time[epoch[-1]])
    return ("\n".join(head) + "\n").encode("ascii") + body


def _codes_3(signals: Sequence[str]) -> tuple[str, ...]:
    for signal in signals:
        if len(signal) != 4:
            raise InputError(
                f"signal {signal}: RINEX 3 names the tracking mode too; write {signal}C or what "
                "the receiver tracks"
            )
    return tuple(signal[1:] for signal in signals)


def _codes_2(signals: Sequence[str]) -> tuple[str, ...]:
    for signal in signals:
        if signal[2] not in RINEX2_BANDS.get(signal[0], ""):
            known = ", ".join(
                f"{letter} {' '.join(RINEX2_BANDS[letter])}" for letter in RINEX2_BANDS
            )
            raise InputError(
                f"signal {signal}: RINEX 2.11 has no name for it (it knows the bands {known}); "
                "write RINEX 3.04 or leave the signal out"
            )
    return tuple(sorted({f"S{signal[2]}" for signal in signals}))


def _by_band(
    grid: SnrGrid, seen: NDArray[np.bool_], codes: Sequence[str], letters: Sequence[str]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return SNR with one slot per code of RINEX 2, (codes, m, epochs), and where there is any."""
    merged = np.full((len(codes), *grid.snr_dbhz.shape[1:]), np.nan)
    of_satellite = constellation_letters(grid.satellite)
    for letter in letters:
        rows = np.flatnonzero(of_satellite == ord(letter))
        filled: dict[str, str] = {}
        for slot, signal in enumerate(grid.signals_of(letter)):
            code = signal[1:3]
            target = merged[codes.index(code)]
            here = seen[slot, rows]
            both = here & ~np.isnan(target[rows])
            if both.any():
                at, when = np.argwhere(both)[0]
                name = satellite_name(int(grid.satellite[rows[at]]))
                raise InputError(
                    f"{filled[code]} and {signal} of {name} are both observed at "
                    f"{grid.time[when]}: RINEX 2.11 has the one name {code} for them; leave one "
                    "out or write RINEX 3.04"
                )
            target[rows] = np.where(here, grid.snr_dbhz[slot, rows], target[rows])
            filled[code] = signal
    return merged, ~np.isnan(merged)


def _thousandths(
    snr_dbhz: NDArray[np.float64], seen: NDArray[np.bool_], grid: SnrGrid
) -> NDArray[np.int32]:
    """Return SNR in thousandths of a dB-Hz, same shape; `_N_SPELLINGS` where there is none."""
    rounded = np.rint(snr_dbhz * 1000)
    wrong = seen & ~((rounded >= 0) & (rounded < _N_SPELLINGS))
    if wrong.any():
        slot, row, epoch = np.argwhere(wrong)[0]
        raise InputError(
            f"SNR of {satellite_name(int(grid.satellite[row]))} at {grid.time[epoch]} is "
            f"{snr_dbhz[slot, row, epoch]} dB-Hz, expected 0 to 99.999, or NaN for none"
        )
    rounded[~seen] = _N_SPELLINGS
    return rounded.astype(np.int32)


@lru_cache(maxsize=2)
def _spellings(strength_digit: bool) -> NDArray[np.void]:
    """Return the F14.3,I1,I1 field of every value, and a blank one at the end."""
    fields = np.full((_N_SPELLINGS + 1, _FIELD_WIDTH), _BLANK, np.uint8)
    value = np.arange(_N_SPELLINGS)
    fields[:-1, 8:10] = _digits(value // 1000, 2, blank_leading=True)
    fields[:-1, 10] = ord(".")
    fields[:-1, 11:14] = _digits(value % 1000, 3)
    if strength_digit:
        fields[:-1, 15] = _ZERO + np.clip(value // 6000, 1, 9)
    return fields.view(f"V{_FIELD_WIDTH}").ravel()


def _fields(header: ObservationHeader, thousandths: NDArray[np.int32]) -> NDArray[np.uint8]:
    """Return the fields of values (n, k), (n, 16 k)."""
    fields = _spellings(header.strength_digit)[thousandths]
    return fields.view(np.uint8).reshape(len(thousandths), -1)


def _digits(value: NDArray[np.int64], width: int, blank_leading: bool = False) -> NDArray[np.uint8]:
    """Return right-aligned decimal digits, (n, width), with leading zeros or blanks."""
    digits = np.empty((len(value), width), np.uint8)
    rest = value
    for column in range(width - 1, -1, -1):
        digits[:, column] = _ZERO + rest % 10
        if blank_leading and column < width - 1:
            digits[rest == 0, column] = _BLANK
        rest = rest // 10
    return digits


def _ids(satellite: NDArray[np.int32]) -> NDArray[np.uint8]:
    """Return satellite names, (n, 3)."""
    letter = (satellite >> 8).astype(np.uint8)[:, np.newaxis]
    return np.concatenate([letter, _digits((satellite & 255).astype(np.int64), 2)], axis=1)


def _clock(time: NDArray[np.datetime64], year_digits: int) -> NDArray[np.uint8]:
    """Return `` yyyy mm dd hh mm ss.sssssss``, (n, 1 + year_digits + 23)."""
    ns = time.astype("datetime64[ns]").astype(np.int64)
    if (ns % _TICK_NS).any():
        worst = time[np.flatnonzero(ns % _TICK_NS)[0]]
        raise InputError(f"epoch {worst}: RINEX writes whole 100 ns; round the times")
    day = time.astype("datetime64[D]")
    month = day.astype("datetime64[M]")
    year = month.astype("datetime64[Y]").astype(np.int64) + 1970
    if year_digits == 2 and not ((year >= 1980) & (year < 2080)).all():
        raise InputError(f"year {year[0]}: RINEX 2.11 writes 1980 to 2079; write RINEX 3.04")
    ticks = (time - day).astype("timedelta64[ns]").astype(np.int64) // _TICK_NS
    seconds, decimals = ticks // _TICKS_PER_S, ticks % _TICKS_PER_S
    columns = [_digits(year % 10**year_digits, year_digits)]
    for number in (
        month.astype(np.int64) % 12 + 1,
        (day - month).astype(np.int64) + 1,
        seconds // 3600,
        seconds // 60 % 60,
        seconds % 60,
    ):
        columns += [_digits(number, 2)]
    blank = np.full((len(time), 1), _BLANK, np.uint8)
    parts = [part for column in columns for part in (blank, column)]
    point = np.full((len(time), 1), ord("."), np.uint8)
    return np.concatenate([*parts, point, _digits(decimals, 7)], axis=1)


def _text(lines: NDArray[np.uint8], length: NDArray[np.int64]) -> bytes:
    """Return the text of lines, of which the first `length` bytes stand in each row."""
    lines[np.arange(len(lines)), length] = _FEED
    return lines[np.arange(lines.shape[1]) <= length[:, np.newaxis]].tobytes()


def _body_3(
    header: ObservationHeader,
    grid: SnrGrid,
    observables: Mapping[str, Sequence[str]],
    thousandths: NDArray[np.int32],
    epoch: NDArray[np.intp],
    row: NDArray[np.intp],
) -> bytes:
    """Return epoch lines (A1,1X,I4,4(1X,I2.2),F11.7,2X,I1,I3) and a line for each satellite."""
    written, first, count = np.unique(epoch, return_index=True, return_counts=True)
    n_fields = max(len(codes) for codes in observables.values())
    width = max(_EPOCH_WIDTH_3, _ID_WIDTH + _FIELD_WIDTH * n_fields)
    lines = np.full((len(written) + len(epoch), width + 1), _BLANK, np.uint8)
    length = np.empty(len(lines), np.int64)

    at = first + np.arange(len(written))
    lines[at, 0] = ord(">")
    lines[at, 1:29] = _clock(grid.time[written], 4)
    lines[at, 31] = _ZERO
    lines[at, 32:_EPOCH_WIDTH_3] = _digits(count, 3, blank_leading=True)
    length[at] = _EPOCH_WIDTH_3

    at = np.arange(len(epoch)) + np.repeat(np.arange(len(written)), count) + 1
    lines[at, :_ID_WIDTH] = _ids(grid.satellite)[row]
    letter = constellation_letters(grid.satellite)[row]
    for system, codes in observables.items():
        here = np.flatnonzero(letter == ord(system))
        values = thousandths[: len(codes), row[here], epoch[here]].T
        end = _ID_WIDTH + _FIELD_WIDTH * len(codes)
        lines[at[here], _ID_WIDTH:end] = _fields(header, values)
        length[at[here]] = end
    return _text(lines, length)


def _body_2(
    header: ObservationHeader,
    grid: SnrGrid,
    codes: Sequence[str],
    thousandths: NDArray[np.int32],
    epoch: NDArray[np.intp],
    row: NDArray[np.intp],
) -> bytes:
    """Return epoch lines (1X,I2.2,4(1X,I2),F11.7,2X,I1,I3,12(A1,I2)) and those of satellites.

    Satellites beyond the twelfth are listed on continuation lines (32X,12(A1,I2)); five
    observations stand on a line.
    """
    written, first, count = np.unique(epoch, return_index=True, return_counts=True)
    per_satellite = -(-len(codes) // _FIELDS_PER_LINE)
    n_lists = -(-count // _IDS_PER_LINE)
    block = n_lists + count * per_satellite
    start = np.cumsum(block) - block
    width = max(
        _EPOCH_WIDTH_2 + _ID_WIDTH * min(int(count.max()), _IDS_PER_LINE),
        _FIELD_WIDTH * min(len(codes), _FIELDS_PER_LINE),
    )
    lines = np.full((int(block.sum()), width + 1), _BLANK, np.uint8)
    length = np.empty(len(lines), np.int64)

    lines[start, :26] = _clock(grid.time[written], 2)
    lines[start, 28] = _ZERO
    lines[start, 29:_EPOCH_WIDTH_2] = _digits(count, 3, blank_leading=True)
    rank = np.arange(len(epoch)) - np.repeat(first, count)
    at = np.repeat(start, count) + rank // _IDS_PER_LINE
    column = _EPOCH_WIDTH_2 + _ID_WIDTH * (rank % _IDS_PER_LINE)
    lines[at[:, np.newaxis], column[:, np.newaxis] + np.arange(_ID_WIDTH)] = _ids(grid.satellite)[
        row
    ]
    # Satellites come in rising order, so that the last one on a line sets its length.
    length[at] = column + _ID_WIDTH

    values = thousandths[:, row, epoch].T
    at = np.repeat(start + n_lists, count) + rank * per_satellite
    for line in range(per_satellite):
        part = values[:, line * _FIELDS_PER_LINE : (line + 1) * _FIELDS_PER_LINE]
        end = _FIELD_WIDTH * part.shape[1]
        lines[at + line, :end] = _fields(header, np.ascontiguousarray(part))
        length[at + line] = end
    return _text(lines, length)
