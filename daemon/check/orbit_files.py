"""Which of many orbit files to read: those whose names speak of a day."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from daemon.check.finding import Finding, Level
from daemon.inbox import stored_name
from retrieval.chain import load_orbits
from retrieval.errors import UnreadableFileError
from retrieval.orbits import OrbitSource

__all__ = ["day_in_name", "nearest_files", "read_sources"]

# BRDC00IGS_R_20201770000_01D_MN.rnx, brdc1770.20n, igs21385.sp3 (GPS week and day of it).
_LONG = re.compile(r"_(?P<year>\d{4})(?P<day>\d{3})\d{4}_")
_SHORT = re.compile(r"^\w{4}(?P<day>\d{3})[0-9a-x]\d{0,2}\.(?P<year>\d\d)[a-z]", re.IGNORECASE)
_WEEK = re.compile(r"^[a-z0-9]{3}(?P<week>\d{4})(?P<day>[0-6])\.(?:sp3|eph)", re.IGNORECASE)
_GPS_EPOCH = pd.Timestamp("1980-01-06", tz="UTC")
_DAY = pd.Timedelta(days=1)


def day_in_name(name: str) -> pd.Timestamp | None:
    """Return the first day that the name of an orbit file speaks of, UTC.

    Examples
    --------
    >>> [str(day_in_name(name)) for name in ("brdc1770.20n.gz", "igs21385.sp3", "latest.nav")]
    ['2020-06-25 00:00:00+00:00', '2021-01-01 00:00:00+00:00', 'None']
    """
    week = _WEEK.match(name)
    if week:
        return _GPS_EPOCH + (7 * int(week["week"]) + int(week["day"])) * _DAY
    found = _LONG.search(name) or _SHORT.match(name)
    if not found:
        return None
    year = int(found["year"])
    if year < 100:
        year += 2000 if year < 80 else 1900
    if not 1980 <= year < 2100:
        return None
    return pd.Timestamp(year=year, month=1, day=1, tz="UTC") + (int(found["day"]) - 1) * _DAY


def nearest_files(paths: Sequence[Path], time: pd.Timestamp, number: int) -> list[Path]:
    """Return the files whose names lie nearest to a time, and the newest among equals.

    A name that tells no day counts as a day away: it may be a file that is written anew each day.
    """

    def key(path: Path) -> tuple[float, float]:
        day = day_in_name(path.name)
        away = 1.0 if day is None else abs((time.floor("D") - day) / _DAY)
        try:
            return away, -path.stat().st_mtime
        except OSError:
            return away, 0.0

    return sorted(paths, key=key)[:number]


def read_sources(paths: Sequence[Path]) -> tuple[list[OrbitSource], list[Finding]]:
    """Read orbit files; those that cannot be read are findings."""
    good = list(paths)
    findings: list[Finding] = []
    while good:
        try:
            return load_orbits(good), findings
        except UnreadableFileError as error:
            good = [path for path in good if str(path) != error.path]
            text = f"{stored_name(str(error.path))}: {error.problem}"
            findings.append(Finding(Level.NOTE, "orbits", text))
    return [], findings
