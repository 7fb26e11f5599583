"""NMEA 0183 text of a receiver, as a source of SNR.

Low-cost receivers write it, and with it the carrier-to-noise density (C/N0) of each satellite in
whole dB-Hz (GSV), the time (RMC, ZDA, GGA, GNS, GLL) and the position (GGA). A GSV belongs to the
epoch that the latest sentence with a time opens.

GSV holds angles too, in whole degrees, and they are **not** used: the phase of an interferogram at
elevation e over a reflector h below the antenna is 4 pi h sin(e) / lambda, and half a degree
wrong at e = 15 deg, h = 2 m on L1 is 64 degrees of phase. The table comes without angles, and
directions are computed from navigation files as for RINEX.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import UnreadableFileError
from retrieval.gnss import signal_name, utc_to_gps
from retrieval.rinex.fields import Lines
from retrieval.rinex.nmea_observed import Observed, observed_in
from retrieval.rinex.nmea_signals import SIGNALS
from retrieval.rinex.nmea_time import Epochs, epochs_of
from retrieval.rinex.order import increasing
from retrieval.rinex.records import (
    Damage,
    ObservationFile,
    ObservationHeader,
    ReadReport,
    Resume,
    SnrTable,
)
from retrieval.rinex.report import bounded
from retrieval.rinex.text import FileKind, Text, file_kind, read_text
from retrieval.station import geodetic_to_ecef

__all__ = ["COARSE_NOTE", "parse_nmea", "read_nmea"]

COARSE_NOTE = (
    "NMEA holds whole dB-Hz and whole degrees; half a degree of elevation moves a phase by tens of "
    "degrees, so its angles are not used and directions are computed from navigation files"
)
_NAMED = 10  # satellites and signals that a note names
_NS_PER_S = 1e9


def read_nmea(path: str | Path) -> ObservationFile:
    """Read the SNR of an NMEA 0183 text.

    Parameters
    ----------
    path : str or Path
        Plain or packed.

    Returns
    -------
    ObservationFile
        Times are GPS time; SNR is in dB-Hz, and there are no angles (see the module). Rows are
        grouped by signal and in order of time in each. The header's position is the median of the
        good fixes of GGA, altitude plus geoid separation being the height. Sentences whose check
        sum is wrong or missing, or whose fields are not those of their kind, are dropped and
        reported, and so is a satellite that stands in an epoch twice. GSV without a signal id
        (before NMEA 4.10) is the civil signal on L1.

    Raises
    ------
    UnreadableFileError
        The file is no NMEA text, holds no GSV, or tells no date.
    """
    return parse_nmea(read_text(path))


def parse_nmea(text: Text) -> ObservationFile:
    """Read the SNR of the text of an NMEA file; see `read_nmea`."""
    name = Path(text.path).name
    if file_kind(text.content, name) is not FileKind.NMEA:
        raise UnreadableFileError(
            text.path, "expected NMEA 0183 text: sentences such as $GNRMC,...*hh in its first lines"
        )
    lines = Lines.split(text.path, text.content, 0, 1)
    observed = observed_in(lines)
    epochs = epochs_of(observed.marks)
    _require_content(text.path, observed, epochs)
    damage = [Damage(line, why) for refused, why in observed.refused for line in refused.tolist()]
    damage += [
        Damage(line, "epoch dropped: the dates before and after it contradict each other")
        for line in epochs.line[epochs.undated].tolist()
    ]

    # A GSV belongs to the epoch of the latest sentence with a time; those before the first have
    # none.
    epoch_of_gsv = np.searchsorted(epochs.line, observed.gsv_line, side="right") - 1
    early = epoch_of_gsv < 0
    heard = np.zeros(len(epochs.line), np.bool_)
    heard[epoch_of_gsv[~early]] = True
    timeless = np.isnat(epochs.utc) & ~epochs.undated
    chosen = np.flatnonzero(heard & ~np.isnat(epochs.utc))
    in_order, reasons = increasing(epochs.utc[chosen])
    damage += [Damage(int(epochs.line[chosen[at]]), why) for at, why in reasons.items()]
    chosen = chosen[in_order]
    time = utc_to_gps(epochs.utc[chosen])

    place = np.full(len(epochs.line) + 1, -1, np.int64)  # the last for GSV without an epoch
    place[chosen] = np.arange(len(chosen))
    table, repeated = _table(observed, time, place[epoch_of_gsv])
    damage += [
        Damage(line, "satellite and signal stand in this epoch already: the first is kept")
        for line in observed.gsv_line[observed.gsv[repeated]].tolist()
    ]
    header = ObservationHeader(
        version=0.0,
        marker=re.split(r"[._]", name, maxsplit=1)[0],
        position_m=_position_m(observed.position),
        antenna_height_m=None,
        interval_s=_interval_s(time),
        receiver="",
        antenna="",
        time_system="GPS",
        observables=_observables(table),
    )
    report = ReadReport(
        n_epochs=len(time),
        damage=bounded(damage),
        cut=_cut(text, lines),
        complete_bytes=lines.tail,
        notes=(*text.notes, *_notes(observed, int(early.sum()), int((heard & timeless).sum()))),
        resume=_resume(lines, epochs, chosen) if in_order.all() else None,
    )
    return ObservationFile(text.path, header, table, time, report)


def _require_content(path: str, observed: Observed, epochs: Epochs) -> None:
    if not len(observed.gsv_line):
        raise UnreadableFileError(
            path,
            "NMEA text without a whole GSV sentence, which holds the SNR; switch on GSV in the "
            "receiver's NMEA output",
        )
    if np.isnat(epochs.utc).all():
        raise UnreadableFileError(
            path,
            "NMEA text without a date: no RMC of status A and no ZDA with a right checksum; "
            "switch on RMC or ZDA in the receiver's NMEA output",
        )


def _table(
    observed: Observed, time: NDArray[np.datetime64], epoch_of_gsv: NDArray[np.int64]
) -> tuple[SnrTable, NDArray[np.int64]]:
    """Return the table, and which rows of `observed` repeat a satellite and signal of an epoch."""
    epoch = epoch_of_gsv[observed.gsv]
    rows = np.flatnonzero(epoch >= 0)
    # What is sorted by, signal, epoch and satellite, in one number.
    key = observed.signal[rows].astype(np.int64) << 48
    key |= epoch[rows] << 16
    key |= observed.satellite[rows]
    del epoch
    order = np.argsort(key, kind="stable")  # of equal keys, the first in the file comes first
    key, rows = key[order], rows[order]
    again = np.zeros(len(key), np.bool_)
    again[1:] = key[1:] == key[:-1]
    repeated = rows[again]
    if len(repeated):
        key, rows = key[~again], rows[~again]
    table = SnrTable(
        time[(key >> 16) & 0xFFFFFFFF],
        (key & 0xFFFF).astype(np.int32),
        SIGNALS[key >> 48],
        observed.snr_dbhz[rows].astype(np.float64),
    )
    return table, repeated


def _position_m(position: NDArray[np.float64]) -> tuple[float, float, float] | None:
    if not len(position):
        return None
    x, y, z = np.median(geodetic_to_ecef(*position.T), axis=0).tolist()
    return x, y, z


def _interval_s(time: NDArray[np.datetime64]) -> float | None:
    if len(time) < 2:
        return None
    return float(np.median(np.diff(time).astype(np.int64))) / _NS_PER_S


def _observables(table: SnrTable) -> dict[str, tuple[str, ...]]:
    """Return the signals of each constellation, of which NMEA has no list."""
    observables: dict[str, tuple[str, ...]] = {}
    for name in map(signal_name, np.unique(table.signal).tolist()):
        observables[name[0]] = (*observables.get(name[0], ()), name[1:])
    return observables


def _resume(lines: Lines, epochs: Epochs, chosen: NDArray[np.intp]) -> Resume | None:
    """Return where to read on: the last epoch that tells its date itself.

    `chosen` are the epochs that are returned. An epoch may go on as long as the text does.
    """
    places = np.flatnonzero(epochs.own_date[chosen])
    if not len(places):
        return None
    line = int(epochs.line[chosen[places[-1]]])
    return Resume(
        header_bytes=0,
        header_lines=0,
        offset=int(lines.start[line - 1]),
        line=line,
        epoch=int(places[-1]),
    )


def _cut(text: Text, lines: Lines) -> Damage | None:
    held_back = len(text.content) - lines.tail
    if not held_back and text.cut is None:
        return None
    reason = text.cut or f"the text ends inside a line ({held_back} bytes held back)"
    return Damage(text.content.count(b"\n") + 1, reason)


def _notes(observed: Observed, n_early: int, n_timeless: int) -> list[str]:
    notes = [COARSE_NOTE]
    if observed.n_without_id:
        notes.append(
            f"{observed.n_without_id} values come from GSV without a signal id (before NMEA 4.10): "
            "they are taken for the civil signal on L1 (NavIC: L5)"
        )
    for unknown, what in (
        (observed.unknown_satellites, "satellite numbers"),
        (observed.unknown_signals, "signal ids"),
    ):
        if unknown:
            named = ", ".join(f"{name} ({n})" for name, n in unknown.most_common(_NAMED))
            more = " ..." if len(unknown) > _NAMED else ""
            notes.append(f"values of {what} that are not known left out: {named}{more}")
    if n_early:
        notes.append(f"{n_early} GSV before the first sentence with a time left out")
    if n_timeless:
        notes.append(f"{n_timeless} epochs without a valid time (RMC of status V) left out")
    return notes
