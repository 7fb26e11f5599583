"""Reading precise orbits: SP3 versions a, c and d (and b, which has a's columns).

Format: Hilla, "The Extended Standard Product 3 Orbit Format", SP3-c (2010) and SP3-d (2016).
Velocities, correlations and accuracy codes are not used.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from retrieval import gnss
from retrieval.errors import UnreadableFileError
from retrieval.rinex.fields import Lines, read_integers
from retrieval.rinex.reals import read_reals
from retrieval.rinex.records import Damage
from retrieval.rinex.report import bounded
from retrieval.rinex.text import Text, read_text

__all__ = ["PreciseEphemeris", "merge_precise", "parse_sp3", "read_sp3"]

_WIDTH = 60  # columns that are read; flags and accuracies follow
_FIELD = 14
_NS_PER_S = 1_000_000_000
_BLANK, _ZERO = 32, 48
_FIRST_LINE = re.compile(rb"#([a-d])[PV]\d{4} ")
# SP3-c and -d, first %c line, columns 10 to 12; a station needs no other.
_GPS_TIME = frozenset({"GPS", "GAL", "QZS", "IRN", "ccc"})
_UTC_TIME = frozenset({"UTC", "GLO"})
_GPS_MINUS_S = {"BDT": 14, "TAI": -19}
_MAX_RADIUS_M = 1e8
_MIN_RADIUS_M = 6e6
_NO_CLOCK_US = 999_999.0


@dataclass(frozen=True)
class PreciseEphemeris:
    """Positions of satellites at regular epochs, in long form, sorted by satellite and time.

    Attributes
    ----------
    satellite : (n,) int32
        Satellite codes of `retrieval.gnss.satellite_code`.
    time : (n,) datetime64[ns]
        GPS time.
    position_m : (n, 3) float64
        Earth-fixed, centre of mass. Positions that the file gives as missing have no row.
    clock_s : (n,) float64
        Satellite clock; NaN where missing.
    damage : tuple of Damage
        Lines and epochs that were dropped.
    """

    satellite: NDArray[np.int32]
    time: NDArray[np.datetime64]
    position_m: NDArray[np.float64]
    clock_s: NDArray[np.float64]
    damage: tuple[Damage, ...] = ()

    def __len__(self) -> int:
        return len(self.satellite)


def read_sp3(path: str | Path | Text) -> PreciseEphemeris:
    """Read an SP3 file, plain or packed, or its text.

    Raises
    ------
    UnreadableFileError
        The file cannot be opened or unpacked, is no SP3 file, or its time system is not known.
    """
    text = path if isinstance(path, Text) else read_text(path)
    ephemeris = parse_sp3(text.path, text.content)
    if text.cut is None:
        return ephemeris
    damage = (*ephemeris.damage, Damage(text.content.count(b"\n") + 1, text.cut))
    return PreciseEphemeris(
        ephemeris.satellite, ephemeris.time, ephemeris.position_m, ephemeris.clock_s, damage
    )


def parse_sp3(path: str, content: bytes) -> PreciseEphemeris:
    """Read the text of an SP3 file; `path` is for messages, errors are those of `read_sp3`."""
    if not _FIRST_LINE.match(content):
        raise UnreadableFileError(
            path,
            "expected an SP3 file of version a to d, whose first line begins like '#cP2020'; found "
            f"{content[:12].decode('ascii', 'replace')!r}; give a precise orbit file (.sp3)",
            1,
        )
    lines = Lines.split(path, content, 0, 1).with_single_gaps()
    padded = np.concatenate([lines.octets, np.full(_WIDTH, _BLANK, np.uint8)])
    columns = np.lib.stride_tricks.sliding_window_view(padded, _WIDTH)[lines.start]
    beyond = np.arange(_WIDTH) >= lines.length[:, None]
    columns[beyond] = _BLANK
    time_system = _time_system(path, lines, columns)

    epoch_rows = np.flatnonzero((columns[:, 0] == ord("*")) & (columns[:, 1] == _BLANK))
    epochs, epoch_valid = _read_epochs(columns[epoch_rows])
    rows = np.flatnonzero(columns[:, 0] == ord("P"))
    owner = np.searchsorted(epoch_rows, rows) - 1
    satellite, named = _read_satellites(columns[rows])
    fields = columns[rows, 4:].reshape(len(rows), 4, _FIELD)
    value, valid = read_reals(fields)
    with np.errstate(over="ignore"):  # of damaged numbers; infinity is refused below
        position = value[:, :3] * 1e3
        radius = np.linalg.norm(position, axis=1)
    whole = valid.all(axis=1) & named & (owner >= 0)
    whole &= np.where(owner >= 0, epoch_valid[owner] if len(epoch_rows) else False, False)
    missing = whole & (radius == 0)
    plausible = (radius > _MIN_RADIUS_M) & (radius < _MAX_RADIUS_M)
    damage = [
        Damage(int(lines.number[epoch_rows[index]]), "the epoch is no date and time")
        for index in np.flatnonzero(~epoch_valid)
    ]
    damage += [
        Damage(int(lines.number[rows[index]]), "a position that cannot be read, or is no orbit")
        for index in np.flatnonzero(~(whole & plausible) & ~missing)
    ]
    if lines.tail < len(content.rstrip()) and content[lines.tail :].strip() != b"EOF":
        damage.append(Damage(content.count(b"\n") + 1, "the last line is unfinished (no line end)"))
    contradicted = _contradicted(owner, satellite, position)
    damage += [
        Damage(
            int(lines.number[epoch_rows[index]]),
            "a satellite stands twice in this epoch, at two places; the epoch is left out",
        )
        for index in contradicted
        if index >= 0
    ]
    keep = np.flatnonzero(whole & plausible & ~np.isin(owner, contradicted))
    clock = np.where(np.abs(value[keep, 3]) < _NO_CLOCK_US, value[keep, 3] * 1e-6, np.nan)
    ephemeris = PreciseEphemeris(
        satellite[keep],
        _to_gps(epochs[owner[keep]], time_system) if len(keep) else np.empty(0, "datetime64[ns]"),
        position[keep],
        clock,
        bounded(damage),
    )
    return merge_precise([ephemeris])


def merge_precise(files: Sequence[PreciseEphemeris]) -> PreciseEphemeris:
    """Join SP3 files, in any order, so that orbits run on over the files' borders.

    Where two files give the same satellite at the same time, the smaller coordinates win: any rule
    will do for two products of one quality, as long as it does not depend on the files' order.

    Raises
    ------
    ValueError
        No file is given.
    """
    if not files:
        raise ValueError("merge_precise: expected at least one SP3 file, found none")
    satellite = np.concatenate([file.satellite for file in files])
    time = np.concatenate([file.time for file in files])
    position = np.concatenate([file.position_m for file in files])
    clock = np.concatenate([file.clock_s for file in files])
    order = np.lexsort((clock, *position.T, time, satellite))
    satellite, time = satellite[order], time[order]
    first = np.ones(len(order), np.bool_)
    first[1:] = (satellite[1:] != satellite[:-1]) | (time[1:] != time[:-1])
    return PreciseEphemeris(
        satellite[first],
        time[first],
        position[order][first],
        clock[order][first],
        tuple(entry for file in files for entry in file.damage),
    )


def _contradicted(
    owner: NDArray[np.intp], satellite: NDArray[np.int32], position: NDArray[np.float64]
) -> NDArray[np.intp]:
    """Return the epochs that give a satellite two positions, as after a lost epoch line."""
    order = np.lexsort((satellite, owner))
    same = (np.diff(owner[order]) == 0) & (np.diff(satellite[order]) == 0)
    moved = (np.diff(position[order], axis=0) != 0).any(axis=1)
    epochs: NDArray[np.intp] = np.unique(owner[order][1:][same & moved])
    return epochs


def _time_system(path: str, lines: Lines, columns: NDArray[np.uint8]) -> str:
    """Return the time system of the first ``%c`` line; GPS where there is none (SP3-a)."""
    rows = np.flatnonzero((columns[:, 0] == ord("%")) & (columns[:, 1] == ord("c")))
    if not len(rows):
        return "GPS"
    name = columns[rows[0], 9:12].tobytes().decode("ascii", "replace")
    if name not in _GPS_TIME | _UTC_TIME | set(_GPS_MINUS_S):
        raise UnreadableFileError(
            path,
            f"time system {name!r} in columns 10 to 12: expected GPS, GLO, GAL, BDT, QZS, IRN, "
            "TAI or UTC; fetch the file again",
            int(lines.number[rows[0]]),
        )
    return name


def _to_gps(time: NDArray[np.datetime64], system: str) -> NDArray[np.datetime64]:
    if system in _UTC_TIME:
        return gnss.utc_to_gps(time)
    shifted: NDArray[np.datetime64] = time + np.timedelta64(
        _GPS_MINUS_S.get(system, 0) * _NS_PER_S, "ns"
    )
    return shifted


def _read_satellites(
    columns: NDArray[np.uint8],
) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """Read satellites from columns 2 to 4; without a letter (SP3-a) they are GPS."""
    letter = np.where(columns[:, 1] == _BLANK, ord("G"), columns[:, 1]).astype(np.int32)
    known = np.isin(letter, [ord(name) for name in gnss.CONSTELLATIONS])
    base = np.arange(len(columns), dtype=np.int64) * _WIDTH
    number, valid = read_integers(columns.ravel(), base + 2, 2)
    return ((letter << 8) + number).astype(np.int32), valid & known & (number > 0)


def _read_epochs(
    columns: NDArray[np.uint8],
) -> tuple[NDArray[np.datetime64], NDArray[np.bool_]]:
    """Read epoch lines ``*  2020  6 25  0 15  0.00000000``."""
    octets = columns.ravel()
    base = np.arange(len(columns), dtype=np.int64) * _WIDTH
    year, valid = read_integers(octets, base + 3, 4)
    parts = []
    for at in (8, 11, 14, 17):
        value, whole = read_integers(octets, base + at, 2)
        valid &= whole & (columns[:, at - 1] == _BLANK)
        parts.append(value)
    month, day, hour, minute = parts
    second, whole = read_reals(columns[:, 20:31])
    valid &= whole & np.isfinite(second)
    second = np.where(np.isfinite(second), second, 0.0)
    valid &= (year >= 1980) & (year < 2100) & (month >= 1) & (month <= 12) & (day >= 1)
    # Some writers end an hour with minute 60 or a day with hour 24.
    valid &= (hour <= 24) & (minute <= 60) & (second >= 0) & (second <= 60)
    year, month = np.where(valid, year, 1980), np.where(valid, month, 1)
    months = (year - 1970).astype("datetime64[Y]").astype("datetime64[M]") + (month - 1)
    days = months.astype("datetime64[D]") + (day - 1)
    valid &= days.astype("datetime64[M]") == months
    days = np.where(valid, days, np.datetime64("1980-01-06"))
    ns = (hour * 3600 + minute * 60) * _NS_PER_S + np.round(second * 1e8).astype(np.int64) * 10
    return days.astype("datetime64[ns]") + ns.astype("timedelta64[ns]"), valid
