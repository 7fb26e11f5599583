"""Navigation and SP3 files: whether they are there, and whether they cover the newest file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from daemon.check.finding import Finding, Level
from daemon.check.inbox import ORBITS, kind_by_name
from daemon.check.newest import NewestFile, duration
from daemon.check.orbit_files import nearest_files, read_sources
from daemon.config import Config
from daemon.inbox import fault_of_patterns, find_orbit_files
from daemon.plural import plural
from daemon.utc import utc_text
from retrieval import gnss
from retrieval.orbits import OrbitSource, look_angles, orbit_coverage
from retrieval.rinex.records import SnrTable

__all__ = ["age_findings", "orbit_findings"]

# A check is no back-fill: so many orbit files are read, and directions computed for so many rows.
_READ = 6
_SAMPLE_ROWS = 4000
_NAMED = 12
_WORDS = {"sp3": "SP3", "broadcast": "broadcast ephemerides"}
_ONE = {"sp3": "SP3 position", "broadcast": "broadcast ephemeris"}
# A shorter file may hold no satellite near the horizon for no reason but chance.
_TELLS_MASK = pd.Timedelta(hours=3)
_COME = (
    "put the RINEX navigation file (or SP3) of its day into the inbox, or name it under [orbits]: "
    "observations wait until then"
)


def orbit_findings(
    config: Config, files: Sequence[Path], newest: NewestFile | None, now: pd.Timestamp
) -> list[Finding]:
    """Say which orbit files there are, and what they are worth to the newest observations.

    Parameters
    ----------
    config : Config
        The station's configuration.
    files : sequence of Path
        Those of the inbox.
    newest : NewestFile or None
        The newest observation file.
    now : Timestamp
        UTC.
    """
    section = config.orbits
    order = ", then ".join(_WORDS[name] for name in section.prefer)
    findings = [
        *_named("orbits.nav", section.nav, "broadcast" in section.prefer),
        *_named("orbits.sp3", section.sp3, "sp3" in section.prefer),
        Finding(Level.OK, "orbits.prefer", order),
    ]
    file = None if newest is None else newest.file
    if newest is None or file is None:
        return findings
    snr = _sample(file.snr, config)
    if len(snr) == 0:
        return findings
    if file.snr.elevation_deg is not None:
        text = "none needed: the newest file brings elevations and azimuths"
        elevation_deg = file.snr.elevation_deg
        findings.append(Finding(Level.OK, "orbits", text))
    else:
        first, last = newest.span
        inbox = [path for path in files if kind_by_name(path.name) == ORBITS]
        paths = sorted({*inbox, *find_orbit_files(config.orbit_patterns())})
        chosen = nearest_files(paths, first + (last - first) / 2, _READ)
        sources, faults = read_sources(chosen)
        sources = [source for source in sources if source.name in section.prefer]
        sources.sort(key=lambda source: section.prefer.index(source.name))
        angles = look_angles(sources, config.receiver().ecef_m, snr.satellite, snr.time)
        elevation_deg = angles.elevation_deg
        missing = orbit_coverage(sources, angles, snr.satellite, snr.time).missing
        seen = f"{len(chosen)} of {len(paths)} orbit files" if paths else "no orbit file"
        findings += faults
        findings.append(_coverage(snr, missing, angles.age_h, sources, seen))
        findings += age_findings(sources, last, now)
    return [*findings, *_lowest(elevation_deg, newest, config)]


def _named(key: str, patterns: Sequence[str], used: bool) -> list[Finding]:
    """Say what patterns of paths name."""
    findings = []
    for pattern in patterns:
        fault = fault_of_patterns([pattern])
        number = len(find_orbit_files([pattern]))
        if fault:
            findings.append(Finding(Level.MISSING, key, fault))
        elif not used:
            text = f'"{pattern}": not used, for orbits.prefer does not name this kind'
            findings.append(Finding(Level.NOTE, key, text))
        else:
            text = f'"{pattern}": {plural(number, "file")}'
            findings.append(Finding(Level.OK, key, text))
    return findings


def _sample(snr: SnrTable, config: Config) -> SnrTable:
    """Return rows spread over the time of a file, of signals that can make arcs."""
    use = config.selected_signals()
    letters = gnss.constellation_letters(snr.satellite)
    wanted = letters != ord("S")  # geostationary
    if use is not None:
        wanted &= np.isin(snr.signal, [gnss.signal_code(name) for name in use])
    rows = np.flatnonzero(wanted)
    if not len(rows):
        return SnrTable.empty()
    spread = rows[np.linspace(0, len(rows) - 1, min(_SAMPLE_ROWS, len(rows))).astype(np.intp)]
    firsts = rows[np.unique(snr.satellite[rows], return_index=True)[1]]
    return snr.where(np.union1d(spread, firsts))


def _coverage(
    snr: SnrTable,
    missing: Mapping[str, int],
    age_h: NDArray[np.float64],
    sources: Sequence[OrbitSource],
    seen: str,
) -> Finding:
    """Say which satellites of the newest file have an orbit."""
    observed = len(np.unique(snr.satellite))
    share = sum(missing.values()) / len(snr)
    if share == 1:
        text = f"no ephemeris covers the newest file ({seen} looked at); {_COME}"
        return Finding(Level.MISSING, "orbits", text)
    names = " and ".join(_WORDS[source.name] for source in sources)
    oldest_h = np.nanmax(age_h) if np.isfinite(age_h).any() else None
    age = "" if oldest_h is None else f", at most {oldest_h:.1f} h from their reference time"
    if not missing:
        all_of_them = "the only satellite" if observed == 1 else f"all {observed} satellites"
        text = f"{names} cover {all_of_them} of the newest file{age} ({seen} read)"
        return Finding(Level.OK, "orbits", text)
    listed = list(missing)
    shown = ", ".join(listed[:_NAMED]) + (" ..." if len(listed) > _NAMED else "")
    text = (
        f"no ephemeris for {shown} in the newest file ({seen} read): {share:.0%} of its values "
        f"wait for them; {names} cover the others{age}"
    )
    return Finding(Level.NOTE, "orbits", text)


def age_findings(
    sources: Sequence[OrbitSource], last: pd.Timestamp, now: pd.Timestamp
) -> list[Finding]:
    """Say how new the newest ephemeris is, beside the observations and today."""
    findings = []
    for source in sources:
        if source.span is None:
            continue
        utc = gnss.gps_to_utc(np.array([source.span[1]]))[0]
        newest = pd.Timestamp(utc).tz_localize("UTC")
        ago = f"{duration(now - newest)} ago" if newest <= now else f"in {duration(newest - now)}"
        text = (
            f"the newest {_ONE[source.name]} is of {utc_text(newest, 's')} ({ago}), "
            f"{_beside(newest, last)} the newest observation"
        )
        findings.append(Finding(Level.OK, "orbits", text))
    return findings


def _beside(newest: pd.Timestamp, last: pd.Timestamp) -> str:
    """Say how new an ephemeris is beside an observation."""
    apart = abs(newest - last)
    if apart < pd.Timedelta(minutes=1):
        return "as new as"
    return f"{duration(apart)} {'older' if newest < last else 'newer'} than"


def _lowest(
    elevation_deg: NDArray[np.float64], newest: NewestFile, config: Config
) -> list[Finding]:
    """Say when the receiver records nothing near the horizon, where arcs begin."""
    first, last = newest.span
    if last - first < _TELLS_MASK or not np.isfinite(elevation_deg).any():
        return []
    lowest_deg = float(np.nanmin(elevation_deg))
    needed_deg = config.arc_settings().start_below_deg
    text = f"the newest file reaches down to {lowest_deg:.1f} deg"
    if lowest_deg <= needed_deg:
        return [Finding(Level.OK, "elevations", text)]
    text += (
        f", and an arc must reach below {needed_deg:g}: lower the receiver's elevation mask (to 0 "
        "deg, best), or raise station.elevation"
    )
    return [Finding(Level.FAULT, "elevations", text)]
