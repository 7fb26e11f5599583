"""Navigation records as RINEX 3.04 text.

Layouts: RINEX 3.04 (2018), tables A5 to A12. Numbers carry twelve digits after the point, as the
format has them; what reads the text back gets those.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from retrieval import gnss
from retrieval.errors import InputError
from retrieval.rinex.navigation_records import MESSAGES, GlonassRecords, KeplerRecords, Navigation

__all__ = ["navigation_text"]

_GPS_EPOCH = np.datetime64("1980-01-06", "ns")
_NS_PER_S = 1_000_000_000
_WEEK_S = 604_800
# Constellation -> name in the header, its time less GPS time (s), its week 0 less that of GPS.
_SYSTEMS: Mapping[str, tuple[str, int, int]] = {
    "G": ("GPS", 0, 0),
    "E": ("Galileo", 0, 0),
    "C": ("BDS", -14, 1356),
    "J": ("QZSS", 0, 0),
}
_FIELD = "%19.12e"
_HEAD = "%s %s" + 3 * _FIELD + "\n"
_FULL = "    " + 4 * _FIELD + "\n"
_KEPLER = _HEAD + 6 * _FULL + "    " + 2 * _FIELD + "\n"
_GLONASS = _HEAD + 3 * _FULL
_NOTHING, _BLANK = f"{'nan':>19}", " " * 19
_TRAILING = re.compile(r" +\n")
_COMMENT_WIDTH = 60
# What stands for an unknown time of transmission (RINEX 3.04, table A6).
_NEVER_SENT_S = 0.9999e9
# Data sources (RINEX 3.04, table A8): I/NAV from E1 and E5b, clock of E5b and E1; F/NAV from E5a.
_SOURCES = {MESSAGES.index("INAV"): 517.0, MESSAGES.index("FNAV"): 258.0}
_L2_CODES, _FIT_H = 1.0, {"G": 4.0, "J": 0.0}


def navigation_text(navigation: Navigation, comments: Sequence[str] = ()) -> str:
    """Return a RINEX 3.04 navigation file, by time and then by satellite.

    The file's date is its last reference time, so that the same records give the same text.

    Parameters
    ----------
    navigation : Navigation
        Records of GPS, GLONASS, Galileo, BeiDou and QZSS. The second of the clock's reference time
        is written whole, and a missing number as a blank.
    comments : sequence of str
        COMMENT lines, at most 60 ASCII characters each.

    Raises
    ------
    InputError
        A comment is too long or not ASCII, or a constellation is none of those.
    """
    kepler, glonass = navigation.kepler, navigation.glonass
    letters = gnss.constellation_letters(np.concatenate([kepler.satellite, glonass.satellite]))
    found = sorted({chr(letter) for letter in letters})
    strange = sorted(set(found) - {"R", *_SYSTEMS})
    if strange:
        raise InputError(
            f"navigation of {', '.join(strange)}: expected G, R, E, C or J; leave those records out"
        )
    time = np.concatenate([kepler.toe, glonass.reference])
    satellite = np.concatenate([kepler.satellite, glonass.satellite])
    records = [*_kepler_texts(kepler), *_glonass_texts(glonass)]
    order = np.lexsort((satellite, time)).tolist()
    body = "".join([records[index] for index in order])
    return _header(found, time, comments) + _blanked(body)


def _blanked(body: str) -> str:
    """Return records with blanks for numbers that are missing, and none at the ends of lines."""
    if "nan" not in body:
        return body
    return _TRAILING.sub("\n", body.replace(_NOTHING, _BLANK))


def _header(letters: list[str], time: NDArray[np.datetime64], comments: Sequence[str]) -> str:
    """Return the header's lines."""
    for comment in comments:
        if len(comment) > _COMMENT_WIDTH or not (comment.isascii() and comment.isprintable()):
            raise InputError(
                f"comment {comment!r}: expected at most {_COMMENT_WIDTH} printable ASCII characters"
            )
    only = letters[0] if len(letters) == 1 else "M"
    system = {"R": "GLONASS", "M": "MIXED"}.get(only) or _SYSTEMS[only][0]
    content = [
        (f"{'     3.04':<20}{'N: GNSS NAV DATA':<20}{only}: {system}", "RINEX VERSION / TYPE"),
        (f"{'soilglint':<20}{'':<20}{_file_date(time)}", "PGM / RUN BY / DATE"),
        *((comment, "COMMENT") for comment in comments),
        *((f"{leap:6d}", "LEAP SECONDS") for leap in _leap_seconds(time)),
        ("", "END OF HEADER"),
    ]
    return "".join(f"{value:<60}{label}\n" for value, label in content)


def _file_date(time: NDArray[np.datetime64]) -> str:
    if not len(time):
        return ""
    return f"{gnss.gps_to_utc(time.max()).astype('datetime64[s]').item():%Y%m%d %H%M%S} UTC"


def _leap_seconds(time: NDArray[np.datetime64]) -> list[int]:
    """Return GPS time less UTC at the first reference time, if there is one."""
    return [int(gnss.gps_minus_utc_s(gnss.gps_to_utc(time.min())))] if len(time) else []


def _kepler_texts(records: KeplerRecords) -> Iterator[str]:
    """Yield the text of each record, in the order of the records."""
    letters = [chr(letter) for letter in gnss.constellation_letters(records.satellite)]
    shift_s = np.array([_SYSTEMS[letter][1] for letter in letters], np.int64)
    week_shift = np.array([_SYSTEMS[letter][2] for letter in letters])
    shift = (shift_s * _NS_PER_S).astype("timedelta64[ns]")
    week = (records.toe + shift - _GPS_EPOCH).astype(np.int64) // (_WEEK_S * _NS_PER_S) - week_shift
    gps_like = np.isin(letters, list(_FIT_H))
    galileo = np.array([letter == "E" for letter in letters], np.bool_)
    sources = np.array([_SOURCES.get(int(message), np.nan) for message in records.message])
    absent = np.full(len(records), np.nan)
    columns = [
        records.af0, records.af1, records.af2,
        records.issue, records.crs, records.delta_n, records.m0,
        records.cuc, records.eccentricity, records.cus, records.sqrt_a,
        records.toe_s, records.cic, records.omega0, records.cis,
        records.i0, records.crc, records.omega, records.omega_dot,
        records.idot, np.where(gps_like, _L2_CODES, np.where(galileo, sources, absent)), week,
        np.where(gps_like, 0.0, absent),
        records.accuracy, records.health, records.tgd,
        np.where(gps_like, records.issue, records.tgd2),
        _seconds_of_week(records.transmitted + shift),
        np.array([_FIT_H.get(letter, np.nan) for letter in letters]),
    ]  # fmt: skip
    names = gnss.satellite_names(records.satellite)
    yield from _formatted(_KEPLER, names, records.toc + shift, columns)


def _glonass_texts(records: GlonassRecords) -> Iterator[str]:
    """Yield the text of each record, in the order of the records."""
    epoch = gnss.gps_to_utc(records.reference)
    sent = gnss.gps_to_utc(np.where(np.isnat(records.transmitted), _GPS_EPOCH, records.transmitted))
    sent[np.isnat(records.transmitted)] = np.datetime64("NaT")
    (x, y, z), (vx, vy, vz), (ax, ay, az) = (
        column.T / 1e3
        for column in (records.position_m, records.velocity_m_s, records.acceleration_m_s2)
    )
    age_days = np.zeros(len(records))
    columns = [
        records.clock_bias_s, records.frequency_bias, _seconds_of_week(sent),
        x, vx, ax, records.health,
        y, vy, ay, records.channel,
        z, vz, az, age_days,
    ]  # fmt: skip
    yield from _formatted(_GLONASS, gnss.satellite_names(records.satellite), epoch, columns)


def _formatted(
    template: str,
    names: NDArray[np.object_],
    epoch: NDArray[np.datetime64],
    columns: Sequence[NDArray[np.float64]],
) -> Iterator[str]:
    rows = np.stack(columns, axis=1).tolist()
    times = epoch.astype("datetime64[s]").tolist()
    for name, time, row in zip(names.tolist(), times, rows, strict=True):
        yield template % (name, f"{time:%Y %m %d %H %M %S}", *row)


def _seconds_of_week(time: NDArray[np.datetime64]) -> NDArray[np.float64]:
    """Return seconds since the start of the week.

    The format would have a message of the week before counted below zero; like most writers we
    count it in its own week, which readers take without a special case.
    """
    known = ~np.isnat(time)
    since = np.where(known, time, _GPS_EPOCH) - _GPS_EPOCH
    seconds = (since.astype(np.int64) % (_WEEK_S * _NS_PER_S)) / _NS_PER_S
    return np.where(known, seconds, _NEVER_SENT_S)
