"""SNR66 text, the SNR tables of gnssrefl: one line per satellite and epoch, angles included.

Eleven columns: satellite (1-99 GPS, 101+ GLONASS, 201+ Galileo, 301+ BeiDou), elevation and
azimuth (deg), seconds of the day (GPS time), elevation rate (deg/s), and SNR on the bands 6, 1, 2,
5, 7 and 8 (dB-Hz, 0 where there is none). The number in the name (50, 66, 88, 98, 99) tells which
elevations were kept, not the columns. The date stands in the file name only.
"""

from __future__ import annotations

import datetime
import io
import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import UnknownSignalError, UnreadableFileError
from retrieval.gnss import signal_code
from retrieval.rinex.records import (
    Damage,
    ObservationFile,
    ObservationHeader,
    ReadReport,
    SnrTable,
)
from retrieval.rinex.report import bounded
from retrieval.rinex.text import FileKind, Text, file_kind, read_text

__all__ = ["parse_snr66", "read_snr66"]

_N_COLUMNS = 11
_BANDS = {5: "S6", 6: "S1", 7: "S2", 8: "S5", 9: "S7", 10: "S8"}
_CONSTELLATIONS = "GREC"
_SECONDS_PER_DAY = 86400
_NUMBER = re.compile(rb"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
# mchl0100.25.snr66: station, day of year, session, two-digit year.
_SHORT_NAME = re.compile(r"^(\w{4})(\d{3})[0-9a-x]\.(\d\d)[._]snr\d\d", re.IGNORECASE)
# MCHL00AUS_R_20250100000_01D_30S_MO.snr66 and mchl_2025_010.snr66.
_LONG_NAME = re.compile(r"^([a-z0-9]{4})[a-z0-9]*_.*?(\d{4})[-_]?(\d{3})(?:\d{4})?(?!\d)", re.I)


def read_snr66(path: str | Path, date: datetime.date | None = None) -> ObservationFile:
    """Read an SNR66 table.

    Parameters
    ----------
    path : str or Path
        Plain or packed.
    date : datetime.date, optional
        The day of the table; without it, the file name must tell.

    Returns
    -------
    ObservationFile
        With elevation and azimuth in the table. Signals have RINEX 2 names (``GS1``, ``GS2``,
        ``ES7``); BeiDou's bands are those of RINEX 3 (``CS2`` is B1I, ``CS1`` B1C). Lines that
        are not eleven numbers in their ranges are dropped and reported.

    Raises
    ------
    UnreadableFileError
        The file is no SNR66 table, or its date is not known.
    """
    return parse_snr66(read_text(path), date)


def parse_snr66(text: Text, date: datetime.date | None = None) -> ObservationFile:
    """Read the text of an SNR66 table; see `read_snr66`."""
    name = Path(text.path).name
    if file_kind(text.content, name) is not FileKind.SNR66:
        raise UnreadableFileError(
            text.path, f"expected SNR66 text: {_N_COLUMNS} columns of numbers in each line"
        )
    marker, day = _station_and_day(text.path, name, date)
    whole = text.content.rfind(b"\n") + 1
    values, line, damage = _rows(text.content[:whole])
    fine = _in_range(values)
    damage += [Damage(int(n), "row with a value out of its range dropped") for n in line[~fine]]
    values, line = values[fine], line[fine]

    order = np.argsort(values[:, 3], kind="stable")
    values, line = values[order], line[order]
    first = np.unique(values[:, [0, 3]], axis=0, return_index=True)[1]
    repeated = np.ones(len(values), np.bool_)
    repeated[first] = False
    damage += [Damage(int(n), "satellite and time stand in the file twice") for n in line[repeated]]
    values = values[~repeated]

    table, observables, notes = _table(values, day)
    cut = (
        Damage(
            text.content.count(b"\n") + 1,
            text.cut
            or f"the text ends inside a line ({len(text.content) - whole} bytes held back)",
        )
        if whole < len(text.content) or text.cut
        else None
    )
    epochs = np.unique(_times(values[:, 3], day))
    header = ObservationHeader(
        version=0.0,
        marker=marker,
        position_m=None,
        antenna_height_m=None,
        interval_s=None,
        receiver="",
        antenna="",
        time_system="GPS",
        observables=observables,
    )
    report = ReadReport(
        n_epochs=len(epochs),
        damage=bounded(damage),
        cut=cut,
        complete_bytes=whole,
        notes=(*text.notes, *notes),
    )
    return ObservationFile(text.path, header, table, epochs, report)


def _station_and_day(path: str, name: str, date: datetime.date | None) -> tuple[str, datetime.date]:
    short, long = _SHORT_NAME.match(name), _LONG_NAME.match(name)
    found = short or long
    marker = found.group(1) if found else name.split(".")[0]
    if date is not None:
        return marker, date
    if short:
        year = int(short.group(3))
        return marker, _day(path, year + (2000 if year < 80 else 1900), int(short.group(2)))
    if long:
        return marker, _day(path, int(long.group(2)), int(long.group(3)))
    raise UnreadableFileError(
        path,
        "SNR66 text does not hold its date, and the file name does not tell it (expected a name "
        "such as mchl0100.25.snr66 for day 010 of 2025); give the date with --date 2025-01-10",
    )


def _day(path: str, year: int, day_of_year: int) -> datetime.date:
    try:
        day = datetime.date(year, 1, 1) + datetime.timedelta(days=day_of_year - 1)
    except (ValueError, OverflowError):
        day = datetime.date.min
    if day.year != year or not 1980 <= year < 2100:
        raise UnreadableFileError(
            path,
            f"the file name says day {day_of_year} of year {year}, which does not exist; rename "
            "the file or give the date with --date 2025-01-10",
        )
    return day


def _rows(content: bytes) -> tuple[NDArray[np.float64], NDArray[np.int64], list[Damage]]:
    """Return the numbers of each whole row, (n, 11), their line numbers, and damaged lines."""
    n_lines = content.count(b"\n")
    fast = _fast_rows(content) if content else None
    if fast is not None and len(fast) == n_lines:
        return fast, np.arange(1, n_lines + 1), []
    rows, numbers, damage = [], [], []
    for number, text in enumerate(content.split(b"\n")[:-1], start=1):
        cells = text.split()
        if len(cells) == _N_COLUMNS and all(_NUMBER.fullmatch(cell) for cell in cells):
            rows.append([float(cell) for cell in cells])
            numbers.append(number)
        elif cells:
            damage.append(Damage(number, f"row is not {_N_COLUMNS} numbers: dropped"))
    values = np.array(rows, np.float64).reshape(-1, _N_COLUMNS)
    return values, np.array(numbers, np.int64), damage


def _fast_rows(content: bytes) -> NDArray[np.float64] | None:
    """Return all rows, or None when any of them is not plainly eleven numbers."""
    try:
        values = np.loadtxt(io.BytesIO(content), comments=None, encoding="latin1", ndmin=2)
    except ValueError:
        return None
    if values.shape[1] != _N_COLUMNS:
        return None
    return values if np.isfinite(values).all() else None


def _in_range(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    satellite, elevation, azimuth, second = values[:, :4].T
    in_constellation = satellite % 100
    fine: NDArray[np.bool_] = (
        (satellite == np.floor(satellite))
        & (satellite > 0)
        & (satellite < 100 * len(_CONSTELLATIONS))
        & (in_constellation > 0)
        & (np.abs(elevation) <= 90)
        & (np.abs(azimuth) <= 360)
        & (second >= 0)
        & (second < _SECONDS_PER_DAY)
        & (values[:, 5:] >= 0).all(axis=1)
        & (values[:, 5:] < 100).all(axis=1)
    )
    return fine


def _times(seconds: NDArray[np.float64], day: datetime.date) -> NDArray[np.datetime64]:
    nanoseconds = np.round(seconds * 1e9).astype(np.int64)
    result: NDArray[np.datetime64] = np.datetime64(day, "ns") + nanoseconds.astype(
        "timedelta64[ns]"
    )
    return result


def _table(
    values: NDArray[np.float64], day: datetime.date
) -> tuple[SnrTable, dict[str, tuple[str, ...]], list[str]]:
    """Return the rows of all signals, the signals of each constellation, and notes."""
    letters = np.array([ord(letter) for letter in _CONSTELLATIONS], np.int32)
    number = values[:, 0].astype(np.int32)
    satellite = letters[number // 100] * 256 + number % 100
    time = _times(values[:, 3], day)
    parts: list[SnrTable] = []
    observables: dict[str, tuple[str, ...]] = {}
    notes: list[str] = []
    for place, letter in enumerate(_CONSTELLATIONS):
        of_constellation = number // 100 == place
        for column, band in sorted(_BANDS.items(), key=lambda item: item[1]):
            rows = np.flatnonzero(of_constellation & (values[:, column] > 0))
            if not len(rows):
                continue
            try:
                signal = signal_code(letter + band)
            except UnknownSignalError:
                notes.append(
                    f"{len(rows)} values of {letter} in column {band} left out: no such signal"
                )
                continue
            observables[letter] = (*observables.get(letter, ()), band)
            parts.append(
                SnrTable(
                    time[rows],
                    satellite[rows],
                    np.full(len(rows), signal, np.int64),
                    values[rows, column],
                    values[rows, 1],
                    values[rows, 2] % 360.0,
                )
            )
    if "S2" in observables.get("G", ()):
        notes.append("S2 of GPS is SNR on L2 and does not tell P(Y) from L2C; the signal is GS2")
    return SnrTable.concatenate(parts), observables, notes
