"""From the fixed columns of navigation records to numbers with checked meaning.

Layouts: RINEX 2.11 tables A4 and A11, RINEX 3.05 tables A6 to A19, RINEX 4.01 tables A8 to A31.
A record with a field that is no number, a missing orbit parameter or an impossible value is
refused whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval import gnss
from retrieval.rinex.fields import read_integers
from retrieval.rinex.navigation_lines import LINE_WIDTH, NavigationText
from retrieval.rinex.navigation_records import MESSAGES, GlonassRecords, KeplerRecords
from retrieval.rinex.reals import read_reals
from retrieval.rinex.records import Damage

__all__ = ["KEPLER_LINES", "decode_glonass", "decode_kepler"]

KEPLER_LINES = 8

_FIELD_WIDTH = 19
_WEEK_S = 604_800
_DAY_S = 86_400
_NS_PER_S = 1_000_000_000
_GPS_EPOCH = np.datetime64("1980-01-06", "ns")
_BEIDOU_EPOCH = np.datetime64("2006-01-01", "ns")
_GPS_MINUS_BEIDOU = np.timedelta64(14 * _NS_PER_S, "ns")
_YEARS = (1980, 2100)
_BLANK = 32

# KeplerRecords column -> (line of the record, field in the line).
_KEPLER_FIELDS: Mapping[str, tuple[int, int]] = {
    "af0": (0, 1), "af1": (0, 2), "af2": (0, 3),
    "issue": (1, 0), "crs": (1, 1), "delta_n": (1, 2), "m0": (1, 3),
    "cuc": (2, 0), "eccentricity": (2, 1), "cus": (2, 2), "sqrt_a": (2, 3),
    "toe_s": (3, 0), "cic": (3, 1), "omega0": (3, 2), "cis": (3, 3),
    "i0": (4, 0), "crc": (4, 1), "omega": (4, 2), "omega_dot": (4, 3),
    "idot": (5, 0),
    "accuracy": (6, 0), "health": (6, 1), "tgd": (6, 2), "tgd2": (6, 3),
}  # fmt: skip
_DATA_SOURCES, _WEEK, _TRANSMITTED = (5, 1), (5, 2), (7, 0)
_OPTIONAL = frozenset({"issue", "accuracy", "health", "tgd", "tgd2"})
# TGD2 or the second BGD; elsewhere the field is an issue number.
_SECOND_DELAY = b"EC"

# Limits that no usable record exceeds; a flipped digit often does. Semi-major axes from 16,000 km
# to 64,000 km; angles are written within one turn, rates and corrections are small by nature.
_TURN = 2 * np.pi + 1e-9
_KEPLER_LIMITS: Mapping[str, tuple[float, float]] = {
    "sqrt_a": (4000.0, 8000.0),
    "eccentricity": (0.0, 0.5),
    "toe_s": (0.0, _WEEK_S),
    "m0": (-_TURN, _TURN), "omega0": (-_TURN, _TURN), "omega": (-_TURN, _TURN),
    "i0": (-np.pi, np.pi),
    "delta_n": (-1e-6, 1e-6), "omega_dot": (-1e-6, 1e-6), "idot": (-1e-6, 1e-6),
    "cuc": (-1e-2, 1e-2), "cus": (-1e-2, 1e-2), "cic": (-1e-2, 1e-2), "cis": (-1e-2, 1e-2),
    "crc": (-1e5, 1e5), "crs": (-1e5, 1e5),
    "af0": (-1.0, 1.0), "af1": (-1e-4, 1e-4), "af2": (-1e-8, 1e-8),
}  # fmt: skip
# GLONASS flies at 25,510 km; its speed over the turning Earth is 2.6 to 3.6 km/s, and Sun and Moon
# pull with less than 1e-5 m/s^2.
_GLONASS_RADIUS_M = (24.0e6, 27.0e6)
_GLONASS_SPEED_M_S = (1.5e3, 4.5e3)
_GLONASS_LUNISOLAR_M_S2 = 1e-4
# Cosine of the angle between position and velocity, which the eccentricity bounds; a record with
# its lines moved rarely passes.
_GLONASS_STEEPEST = 0.02
_GLONASS_CHANNELS = (-7, 13)


@dataclass
class _Verdicts:
    """First reason to refuse each record, and the line it stands in."""

    line: NDArray[np.int64]
    reason: list[str]

    @classmethod
    def none_yet(cls, line: NDArray[np.int64]) -> _Verdicts:
        return cls(line.copy(), [""] * len(line))

    def refuse(self, row: int, reason: str, line: int | None = None) -> None:
        if not self.reason[row]:
            self.reason[row] = reason
            self.line[row] = self.line[row] if line is None else line

    @property
    def kept(self) -> NDArray[np.intp]:
        return np.array([row for row, why in enumerate(self.reason) if not why], np.intp)

    @property
    def damage(self) -> list[Damage]:
        return [
            Damage(int(line), why) for line, why in zip(self.line, self.reason, strict=True) if why
        ]


def _read_epochs(
    text: NavigationText, first: NDArray[np.int64]
) -> tuple[NDArray[np.datetime64], NDArray[np.bool_]]:
    """Read the epoch of each record, in its own time scale."""
    rows = text.columns[first]
    octets = rows.ravel()
    base = np.arange(len(first), dtype=np.int64) * LINE_WIDTH
    # Columns of year, month, day, hour, minute: widths and the blanks before them.
    year_at, year_width, at = (3, 2, 6) if text.version < 3 else (4, 4, 9)
    year, valid = read_integers(octets, base + year_at, year_width)
    if text.version < 3:
        year = np.where(year >= 80, 1900 + year, 2000 + year)
    parts = []
    for column in range(at, at + 12, 3):
        value, whole = read_integers(octets, base + column, 2)
        valid &= whole & (rows[:, column - 1] == _BLANK)
        parts.append(value)
    month, day, hour, minute = parts
    seconds_at, seconds_width = (17, 5) if text.version < 3 else (21, 2)
    second, whole = read_reals(rows[:, seconds_at : seconds_at + seconds_width])
    valid &= whole & np.isfinite(second)
    valid &= (year >= _YEARS[0]) & (year < _YEARS[1]) & (month >= 1) & (month <= 12) & (day >= 1)
    second = np.where(np.isfinite(second), second, 0.0)
    valid &= (hour < 24) & (minute < 60) & (second >= 0) & (second < 60)
    year, month = np.where(valid, year, 1980), np.where(valid, month, 1)
    months = (year - 1970).astype("datetime64[Y]").astype("datetime64[M]") + (month - 1)
    days = months.astype("datetime64[D]") + (day - 1)
    valid &= days.astype("datetime64[M]") == months
    days = np.where(valid, days, np.datetime64("1980-01-06"))
    ns = (hour * 3600 + minute * 60) * _NS_PER_S + np.round(second * 10).astype(np.int64) * 10**8
    return days.astype("datetime64[ns]") + ns.astype("timedelta64[ns]"), valid


def _read_fields(
    text: NavigationText, first: NDArray[np.int64], n_lines: int
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Read all numbers of records: (k, n_lines, 4) values and whether each is valid.

    The first line has three numbers; its place 0, the satellite and epoch, is NaN.
    """
    index = first[:, None] + np.arange(n_lines)
    rows = text.columns[index]
    margin = text.margin
    width = 4 * _FIELD_WIDTH
    value = np.full((len(first), n_lines, 4), np.nan)
    valid = np.ones((len(first), n_lines, 4), np.bool_)
    clock_at = margin + _FIELD_WIDTH
    clock = rows[:, 0, clock_at : clock_at + 3 * _FIELD_WIDTH]
    value[:, 0, 1:], valid[:, 0, 1:] = read_reals(clock.reshape(-1, 3, _FIELD_WIDTH))
    orbit = rows[:, 1:, margin : margin + width]
    value[:, 1:], valid[:, 1:] = read_reals(orbit.reshape(-1, n_lines - 1, 4, _FIELD_WIDTH))
    return value, valid


def _refuse_broken(
    verdicts: _Verdicts,
    text: NavigationText,
    first: NDArray[np.int64],
    epoch_valid: NDArray[np.bool_],
    valid: NDArray[np.bool_],
) -> None:
    """Refuse records whose epoch or any field cannot be read."""
    for row in np.flatnonzero(~epoch_valid):
        verdicts.refuse(int(row), "the epoch is no date and time")
    for row, line, place in np.argwhere(~valid):
        index = int(first[row] + line)
        at = text.margin + int(place) * _FIELD_WIDTH
        found = text.columns[index, at : at + _FIELD_WIDTH].tobytes().decode("ascii", "replace")
        verdicts.refuse(
            int(row),
            f"columns {at + 1} to {at + _FIELD_WIDTH}: expected a number, found {found!r}",
            text.number(index),
        )


def _nearest(
    seconds: NDArray[np.float64], period_s: int, near: NDArray[np.datetime64], zero: np.datetime64
) -> NDArray[np.datetime64]:
    """Return the instant nearest to `near` that is `seconds` into a period; NaT where NaN.

    Weeks are counted by different rules in different writers' files (rolled over or not, from
    1980, 1999 or 2006); the epoch beside them leaves no doubt about which is meant.
    """
    known = np.isfinite(seconds) & (seconds >= 0) & (seconds <= _WEEK_S)
    offset_ns = np.round(np.where(known, seconds, 0.0) * 1e3).astype(np.int64) * 1_000_000
    period_ns = period_s * _NS_PER_S
    near_ns = (near - zero).astype(np.int64)
    shift = (offset_ns - near_ns + period_ns // 2) % period_ns - period_ns // 2
    result: NDArray[np.datetime64] = near + shift.astype("timedelta64[ns]")
    result[~known] = np.datetime64("NaT", "ns")
    return result


def decode_kepler(
    text: NavigationText,
    first: NDArray[np.int64],
    satellite: NDArray[np.int32],
    message: NDArray[np.int8],
) -> tuple[KeplerRecords, list[Damage]]:
    """Decode records of the classical Kepler layout.

    Parameters
    ----------
    text : NavigationText
        The lines.
    first : (k,) int64
        Index of each record's first line; `KEPLER_LINES` lines follow from there.
    satellite : (k,) int32
        Satellite codes.
    message : (k,) int8
        Index into `MESSAGES`; -1 where the record itself must tell (Galileo before RINEX 4).

    Returns
    -------
    records : KeplerRecords
        The records that are whole.
    damage : list of Damage
        The others.
    """
    value, valid = _read_fields(text, first, KEPLER_LINES)
    epoch, epoch_valid = _read_epochs(text, first)
    verdicts = _Verdicts.none_yet(text.lines.number[first])
    _refuse_broken(verdicts, text, first, epoch_valid, valid)
    columns = {name: value[:, line, place] for name, (line, place) in _KEPLER_FIELDS.items()}
    for name, (line, _) in _KEPLER_FIELDS.items():
        if name in _OPTIONAL:
            continue
        low, high = _KEPLER_LIMITS[name]
        for row in np.flatnonzero(~((columns[name] >= low) & (columns[name] <= high))):
            found = columns[name][row]
            verdicts.refuse(
                int(row),
                f"{name} is blank"
                if np.isnan(found)
                else f"{name} is {found:g}, expected {low:g} to {high:g}",
                int(text.number(int(first[row] + line))),
            )
    letters = gnss.constellation_letters(satellite)
    toe = _nearest(columns["toe_s"], _WEEK_S, epoch, _GPS_EPOCH)
    beidou = letters == ord("C")
    _refuse_other_week(verdicts, value[:, *_WEEK], epoch, toe, beidou)
    sent = value[:, *_TRANSMITTED]
    transmitted = _nearest(sent, _WEEK_S, epoch, _GPS_EPOCH)
    shift = np.where(beidou, _GPS_MINUS_BEIDOU, np.timedelta64(0, "ns"))
    columns["tgd2"] = np.where(np.isin(letters, list(_SECOND_DELAY)), columns["tgd2"], np.nan)
    records = KeplerRecords(
        satellite=satellite,
        message=np.where(message >= 0, message, _galileo_message(value[:, *_DATA_SOURCES])).astype(
            np.int8
        ),
        toc=epoch + shift,
        toe=toe + shift,
        transmitted=transmitted + shift,
        line=text.lines.number[first],
        **columns,
    )
    return records.take(verdicts.kept), verdicts.damage


def _refuse_other_week(
    verdicts: _Verdicts,
    week: NDArray[np.float64],
    epoch: NDArray[np.datetime64],
    toe: NDArray[np.datetime64],
    beidou: NDArray[np.bool_],
) -> None:
    """Refuse records whose week, toe and clock epoch cannot belong together.

    The week may be counted from 1980, from 1999 or 2019 (rolled over after 1024 weeks) or, for
    BeiDou, from 2006, and may be that of the transmission: all that is asked is that some reading
    of it lies beside the epoch.
    """
    apart_h = np.abs((toe - epoch).astype(np.int64)) / (3600 * _NS_PER_S)
    for row in np.flatnonzero(np.isfinite(week) & (apart_h > 24)):
        verdicts.refuse(
            int(row), f"toe and the clock's epoch are {apart_h[row]:.0f} h apart, expected <= 24 h"
        )
    own_zero = np.where(beidou, _BEIDOU_EPOCH, _GPS_EPOCH)
    agrees = np.isnan(week)
    for zero in (own_zero, np.full(len(week), _GPS_EPOCH)):
        expected = (epoch - zero).astype(np.int64) // (_WEEK_S * _NS_PER_S)
        whole = np.where(np.isnan(week), 0, week)
        agrees |= np.abs((whole - expected + 512) % 1024 - 512) <= 1
    for row in np.flatnonzero(~agrees):
        verdicts.refuse(int(row), f"week {week[row]:g} is not the week of the clock's epoch")


def _galileo_message(data_sources: NDArray[np.float64]) -> NDArray[np.int8]:
    """Tell I/NAV from F/NAV by the data source bits (RINEX 3.05, table A8: bits 0, 2 and 1)."""
    known = np.isfinite(data_sources) & (np.abs(data_sources) < 2**31)
    bits = np.where(known, data_sources, 0).astype(np.int64)
    only_f = (bits & 0b010 != 0) & (bits & 0b101 == 0)
    return np.where(only_f, MESSAGES.index("FNAV"), MESSAGES.index("INAV")).astype(np.int8)


def decode_glonass(
    text: NavigationText, first: NDArray[np.int64], satellite: NDArray[np.int32], n_lines: int
) -> tuple[GlonassRecords, list[Damage]]:
    """Decode GLONASS FDMA records.

    Parameters
    ----------
    text, first, satellite
        As for `decode_kepler`.
    n_lines : int
        Lines per record, 4 (before RINEX 3.05) or 5.
    """
    value, valid = _read_fields(text, first, n_lines)
    epoch, epoch_valid = _read_epochs(text, first)
    verdicts = _Verdicts.none_yet(text.lines.number[first])
    _refuse_broken(verdicts, text, first, epoch_valid, valid)
    # x, y, z each have a line: position (km), velocity (km/s), acceleration (km/s^2).
    with np.errstate(over="ignore"):  # of damaged exponents; infinity is refused below
        position, velocity, acceleration = (value[:, 1:4, place] * 1e3 for place in range(3))
        radius, speed = np.linalg.norm(position, axis=1), np.linalg.norm(velocity, axis=1)
    clock = value[:, 0, 1:3]
    blank = np.isnan(value[:, 1:4, :3]).any(axis=(1, 2)) | np.isnan(clock).any(axis=1)
    for row in np.flatnonzero(blank):
        verdicts.refuse(int(row), "position, velocity, acceleration or clock is blank")
    for what, size, (low, high) in (
        ("km from the Earth's centre", radius, _GLONASS_RADIUS_M),
        ("km/s fast", speed, _GLONASS_SPEED_M_S),
    ):
        for row in np.flatnonzero(~((size >= low) & (size <= high))):
            verdicts.refuse(
                int(row),
                f"the satellite is {size[row] / 1e3:g} {what}, expected "
                f"{low / 1e3:g} to {high / 1e3:g}",
            )
    with np.errstate(over="ignore", invalid="ignore"):
        steepness = np.abs((position * velocity).sum(axis=1)) / (radius * speed)
    for row in np.flatnonzero(~(steepness <= _GLONASS_STEEPEST)):
        verdicts.refuse(int(row), "position and velocity do not make a nearly circular orbit")
    for row in np.flatnonzero(~(np.abs(acceleration).max(axis=1) <= _GLONASS_LUNISOLAR_M_S2)):
        verdicts.refuse(int(row), "the acceleration by Sun and Moon is impossibly large")
    channel = value[:, 2, 3]
    low, high = _GLONASS_CHANNELS
    # Writers before 2010 stored negative channels in other ways; such a number says nothing.
    channel = np.where((channel >= low) & (channel <= high), channel, np.nan)
    # RINEX 2 counts the frame time from the day's start, RINEX 3 from the week's: the day is
    # common to both.
    transmitted = _nearest(value[:, 0, 3], _DAY_S, epoch, _GPS_EPOCH)
    sent = ~np.isnat(transmitted)
    transmitted[sent] = gnss.utc_to_gps(transmitted[sent])
    records = GlonassRecords(
        satellite=satellite,
        reference=gnss.utc_to_gps(epoch),
        transmitted=transmitted,
        position_m=position,
        velocity_m_s=velocity,
        acceleration_m_s2=acceleration,
        clock_bias_s=clock[:, 0],
        frequency_bias=clock[:, 1],
        health=value[:, 1, 3],
        channel=channel,
        line=text.lines.number[first],
    )
    return records.take(verdicts.kept), verdicts.damage
