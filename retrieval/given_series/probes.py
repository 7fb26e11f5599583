"""Probes in the ground: files of the International Soil Moisture Network, and text by day of year.

The network hands out two forms of one variable and sensor per ``.stm`` file, times in UTC:

- header and values: a first line of network, network, station, latitude, longitude, elevation,
  depths and sensor, then lines of date, time, value, flag and the provider's own flag;
- CEOP, which repeats all that in each line: nominal and actual date and time, network, network,
  station, latitude, longitude, elevation, depths, value, flag and the provider's own flag.

Its flags (Dorigo et al. 2013, doi:10.2136/vzj2012.0097): G good, C.. outside what is possible, D..
dubious, also several joined by commas, M missing, U unknown. The provider's flag may be any text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from retrieval.errors import UnreadableFileError
from retrieval.given_series.series import GivenSeries, Lines, read_number, read_time, series_of

__all__ = ["is_ismn", "is_probes", "read_ismn", "read_probes"]

_DATE_TIME = r"\d{4}/\d{2}/\d{2}\s+\d{2}:\d{2}\s"
_VALUE_LINE = re.compile(_DATE_TIME)
_CEOP_LINE = re.compile(_DATE_TIME + r"\s*" + _DATE_TIME)
_CEOP_VALUE_AT, _VALUE_AT = 12, 2
_HEAD_FIELDS = 8  # before the sensor, whose name may hold blanks
# As in network_network_station_sm_0.000000_0.050000_sensor_first_last.stm.
_VARIABLE = re.compile(r"_([a-z]+)_-?\d+\.\d+_-?\d+\.\d+_")
_KEPT_FLAGS = ("G", "U")
_FILL = -9999.0
_DAY_OF_YEAR_HEAD = ("%YR", "DOY", "HR", "MIN")
_DEPTH_CM = re.compile(r"(\d+(?:\.\d+)?)_VWC")


def is_ismn(lines: Sequence[str]) -> bool:
    """Tell whether lines are those of the International Soil Moisture Network."""
    first = [line.strip() for line in lines[:20] if line.strip()][:2]
    if not first:
        return False
    return bool(_CEOP_LINE.match(first[0]) or _VALUE_LINE.match(first[-1]))


def read_ismn(path: Path, lines: Sequence[str]) -> GivenSeries:
    """Read moisture of the International Soil Moisture Network; rows of flags G and U count."""
    variable = _VARIABLE.search(path.name)
    if variable and variable[1] != "sm":
        raise UnreadableFileError(
            str(path),
            f"expected soil moisture (sm), found variable {variable[1]!r} in the file's name; "
            "give the station's _sm_ file",
        )
    rows = _rows(lines)
    value_at = _CEOP_VALUE_AT
    if not _CEOP_LINE.match(rows[0][1].strip()):
        value_at = _VALUE_AT
        if len(rows[0][1].split()) < _HEAD_FIELDS:
            raise UnreadableFileError(
                str(path),
                "expected network, station, position and depths as the header of ISMN has them, "
                f"found {rows[0][1].strip()[:60]!r}; download the file again",
                rows[0][0],
            )
        rows = rows[1:]

    def read_row(line: str) -> tuple[np.datetime64, Mapping[str, float]] | None:
        fields = line.split(maxsplit=value_at + 2)
        if len(fields) < value_at + 2 or not _VALUE_LINE.match(line.lstrip()):
            raise ValueError(
                f"expected date, time, value and flag as ISMN has them, found {line.strip()[:60]!r}"
            )
        text, flag = fields[value_at], fields[value_at + 1]
        if flag not in _KEPT_FLAGS:
            return None
        time = read_time(f"{fields[0].replace('/', '-')}T{fields[1]}")
        return time, {"moisture": _moisture(text)}

    return series_of(path, "ISMN", rows, read_row)


def is_probes(lines: Sequence[str]) -> bool:
    """Tell whether lines are text with columns %YR, DOY, HR, MIN and <depth in cm>_VWC."""
    return bool(lines) and tuple(lines[0].split()[:4]) == _DAY_OF_YEAR_HEAD


def read_probes(path: Path, lines: Sequence[str]) -> GivenSeries:
    """Read the shallowest probes of text by day of year, as beside P041.

    Its header names no time scale; it is taken as UTC. At P041 that is right: in summer the soil
    begins to dry at 13 h, an hour after the sun has risen there in UTC, and thunderstorms fall
    from 20 h to 1 h. Rain is passed over, as its unit is not stated.
    """
    names = lines[0].split()
    depths_cm = {
        float(found[1]): at
        for at, name in enumerate(names)
        if (found := _DEPTH_CM.fullmatch(name)) is not None
    }
    if not depths_cm:
        raise UnreadableFileError(
            str(path),
            f"expected a column such as 2.5_VWC (depth in cm), found {lines[0].strip()[:60]!r}; "
            "name the moisture so",
            1,
        )
    value_at = depths_cm[min(depths_cm)]

    def read_row(line: str) -> tuple[np.datetime64, Mapping[str, float]]:
        fields = line.split()
        if len(fields) != len(names):
            raise ValueError(
                f"expected {len(names)} values as in the header, found {len(fields)}; write a "
                "missing value as NaN"
            )
        return _day_of_year(*fields[:4]), {"moisture": _moisture(fields[value_at])}

    return series_of(path, "probes", _rows(lines)[1:], read_row)


def _rows(lines: Sequence[str]) -> Lines:
    """Return the lines that hold something, with their numbers from 1."""
    return [(number, line) for number, line in enumerate(lines, 1) if line.strip()]


def _moisture(text: str) -> float:
    """Read moisture; -9999 is missing."""
    try:
        missing = float(text) == _FILL
    except ValueError:
        missing = False
    return math.nan if missing else read_number("moisture", text)


def _day_of_year(year: str, doy: str, hour: str, minute: str) -> np.datetime64:
    """Read a time that is given by day of year."""
    text = " ".join((year, doy, hour, minute))
    if not all(part.isascii() and part.isdigit() for part in (year, doy, hour, minute)):
        raise ValueError(f"time {text!r}: expected whole numbers of year, day, hour and minute")
    if not (1 <= int(doy) <= 366 and int(hour) <= 24 and int(minute) <= 59 and len(year) == 4):
        raise ValueError(f"time {text!r}: expected a day to 366, an hour to 24, a minute to 59")
    days = np.timedelta64(int(doy) - 1, "D")
    minutes = np.timedelta64(60 * int(hour) + int(minute), "m")
    return read_time(f"{year}-01-01") + days + minutes
