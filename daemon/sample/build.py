"""Build the sample station's files: ``python -m daemon.sample.build [FOLDER]``.

Without a folder the packaged files are written anew. Seeded, without clock times, and compressed
without a time stamp, so that a rebuild gives the same bytes.
"""

from __future__ import annotations

import gzip
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from daemon.sample import FILES
from daemon.sample.constellation import SATELLITES, SATELLITES_PER_PLANE, navigation_text
from daemon.sample.forward import (
    ANTENNA_HEIGHT_M,
    SIGNALS,
    simulated_snr_dbhz,
    soil_moisture,
)
from retrieval.gnss import satellite_code, utc_to_gps
from retrieval.orbits import BroadcastOrbits, look_angles
from retrieval.refraction import apparent_elevation_deg, standard_atmosphere
from retrieval.rinex.navigation import read_navigation
from retrieval.station import Station

__all__ = ["build"]

_STATION = Station("smpl", 48.25, 16.75, 200.0)
_START = np.datetime64("2024-05-14T00:00:00", "ns")
_HOURS = 48
_INTERVAL_S = 30
_FILE_HOURS = 6
_HIGHEST_DEG = 35.0  # nothing above the detrending range is of use here
_NAVIGATION_NAME = "SMPL00AUT_U_20241350000_02D_GN.rnx.gz"
_COMMENTS = (
    "SIMULATED: NO RECEIVER AND NO SATELLITE MADE THESE NUMBERS",
    "made by python -m daemon.sample.build of soilglint",
)


def build(folder: Path) -> None:
    """Write the sample's navigation, observation and truth files into a folder."""
    for name in ("inbox", "nav"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    navigation = folder / "nav" / _NAVIGATION_NAME
    _write_compressed(navigation, navigation_text(_START.astype("datetime64[s]"), 48, _COMMENTS))
    seconds = np.arange(0, _HOURS * 3600, _INTERVAL_S)
    elevation_deg = _apparent_elevations(navigation, seconds)
    vwc = soil_moisture(seconds / 3600)
    snr = {
        signal: np.array(
            [
                simulated_snr_dbhz(signal, satellite, elevation_deg[row], vwc)
                if row % SATELLITES_PER_PLANE < parameters.slots
                else np.full(len(seconds), np.nan)
                for row, satellite in enumerate(SATELLITES)
            ]
        )
        for signal, parameters in SIGNALS.items()
    }
    seen = (elevation_deg > 0) & (elevation_deg < _HIGHEST_DEG)
    per_file = _FILE_HOURS * 3600 // _INTERVAL_S
    for first in range(0, len(seconds), per_file):
        part = slice(first, first + per_file)
        times = _START + seconds[part].astype("timedelta64[s]")
        text = _observation_text(times, seen[:, part], [values[:, part] for values in snr.values()])
        day = times[0].astype("datetime64[s]").item()
        name = f"SMPL00AUT_U_{day:%Y%j%H%M}_{_FILE_HOURS:02d}H_{_INTERVAL_S}S_GO.rnx.gz"
        _write_compressed(folder / "inbox" / name, text)
    _write_truth(folder / "truth.csv")


def _apparent_elevations(navigation: Path, seconds: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return elevations after refraction, (satellites, epochs) degrees."""
    orbits = BroadcastOrbits(read_navigation(navigation))
    codes = np.array([satellite_code(name) for name in SATELLITES], dtype=np.int32)
    times = _START + seconds.astype("timedelta64[s]")
    angles = look_angles(
        [orbits],
        _STATION.ecef_m,
        np.repeat(codes, len(times)),
        np.tile(times, len(codes)),
    )
    pressure_hpa, temperature_c = standard_atmosphere(_STATION.height_m)
    apparent = apparent_elevation_deg(angles.elevation_deg, pressure_hpa, temperature_c)
    return apparent.reshape(len(codes), len(times))


def _observation_text(
    times: NDArray[np.datetime64],
    seen: NDArray[np.bool_],
    snr: list[NDArray[np.float64]],
) -> str:
    """Return a RINEX 3.05 observation file.

    Parameters
    ----------
    times : (epochs,) datetime64[ns]
        GPS time.
    seen : (satellites, epochs) bool
        Whether the satellite is in the file at that epoch.
    snr : list of (satellites, epochs) arrays
        One per signal, dB-Hz; NaN where the satellite does not transmit it.
    """
    lines = list(_header(times))
    for column, time in enumerate(times.astype("datetime64[s]").tolist()):
        rows = np.flatnonzero(seen[:, column])
        lines.append(f"> {time:%Y %m %d %H %M}{time.second:11.7f}  0{len(rows):3d}")
        for row in rows:
            fields = (values[row, column] for values in snr)
            line = "".join(" " * 16 if np.isnan(x) else f"{x:14.3f}  " for x in fields)
            lines.append((SATELLITES[row] + line).rstrip())
    return "\n".join(lines) + "\n"


def _header(times: NDArray[np.datetime64]) -> Iterator[str]:
    """Yield the header lines."""
    x, y, z = _STATION.ecef_m
    first, last = times[[0, -1]].astype("datetime64[s]").tolist()
    codes = " ".join(signal[1:] for signal in SIGNALS)
    content = [
        ("     3.05           OBSERVATION DATA    G: GPS", "RINEX VERSION / TYPE"),
        (f"{'soilglint sample':<20}{'simulated':<20}20240514 000000 UTC", "PGM / RUN BY / DATE"),
        *((comment, "COMMENT") for comment in _COMMENTS),
        ("SMPL", "MARKER NAME"),
        ("GEODETIC", "MARKER TYPE"),
        (f"{'simulated':<20}soilglint", "OBSERVER / AGENCY"),
        (f"{'0':<20}{'SIMULATED':<20}1", "REC # / TYPE / VERS"),
        (f"{'0':<20}{'SIMULATED       NONE':<20}", "ANT # / TYPE"),
        (f"{x:14.4f}{y:14.4f}{z:14.4f}", "APPROX POSITION XYZ"),
        (f"{0:14.4f}{0:14.4f}{0:14.4f}", "ANTENNA: DELTA H/E/N"),
        (f"G  {len(SIGNALS):3d} {codes}", "SYS / # / OBS TYPES"),
        ("DBHZ", "SIGNAL STRENGTH UNIT"),
        (f"{_INTERVAL_S:10.3f}", "INTERVAL"),
        (_header_time(first), "TIME OF FIRST OBS"),
        (_header_time(last), "TIME OF LAST OBS"),
        ("", "END OF HEADER"),
    ]
    for value, label in content:
        yield f"{value:<60}{label}"


def _header_time(time: object) -> str:
    """Return a header time in GPS time."""
    year, month, day, hour, minute, second = f"{time:%Y %m %d %H %M %S}".split()
    return (
        "".join(f"{int(x):6d}" for x in (year, month, day, hour, minute))
        + f"{int(second):13.7f}     GPS"
    )


def _write_truth(path: Path) -> None:
    """Write what the receiver does not know: moisture and height at every full hour, UTC."""
    utc = _START.astype("datetime64[h]") + np.arange(_HOURS)
    hours = (utc_to_gps(utc) - _START) / np.timedelta64(1, "h")
    rows = [
        f"{time}:00:00Z,{vwc:.4f},{ANTENNA_HEIGHT_M:.4f}"
        for time, vwc in zip(utc, soil_moisture(hours), strict=True)
    ]
    text = "\n".join(["time,vwc,reflector_height_m", *rows]) + "\n"
    _replace(path, text.encode("ascii"))


def _write_compressed(path: Path, text: str) -> None:
    """Write gzip without name and time stamp."""
    _replace(path, gzip.compress(text.encode("ascii"), compresslevel=9, mtime=0))


def _replace(path: Path, content: bytes) -> None:
    """Write a file under a temporary name, then rename it."""
    partial = path.with_name(path.name + ".part")
    partial.write_bytes(content)
    partial.replace(path)


if __name__ == "__main__":
    build(Path(sys.argv[1]) if len(sys.argv) > 1 else FILES)
