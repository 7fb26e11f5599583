"""The chain: receiver and navigation files in, arc table out."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date as Date  # noqa: N812 - `date` is the argument's name
from pathlib import Path

import numpy as np
import pandas as pd

from retrieval import gnss
from retrieval.analysis import ArcAnalysis, analyse
from retrieval.arcs import ArcSettings
from retrieval.errors import (
    InputError,
    NoNavigationError,
    NoSnrError,
    PositionMissingError,
    UnknownSignalError,
    UnreadableFileError,
)
from retrieval.orbits import BroadcastOrbits, OrbitSource, PreciseOrbits
from retrieval.rinex import read_file
from retrieval.rinex.navigation import Navigation, merge_navigation, read_navigation
from retrieval.rinex.nmea import COARSE_NOTE
from retrieval.rinex.records import ObservationFile, SnrTable
from retrieval.rinex.sp3 import PreciseEphemeris, merge_precise, read_sp3
from retrieval.rinex.text import FileKind, Text, file_kind, read_text
from retrieval.station import Station, distance_m

__all__ = ["SAME_STATION_M", "ChainResult", "arcs_from_files", "load_orbits"]

# A header's position further away than this belongs to another station.
SAME_STATION_M = 100.0


@dataclass(frozen=True)
class ChainResult:
    """What `arcs_from_files` gives back.

    Attributes
    ----------
    arcs : DataFrame
        The arc table.
    station : Station
        As given, or from the first header.
    files : tuple of ObservationFile
        What was read, with each reader's report.
    apriori_height_m : dict
        Fixed heights by signal and sector.
    notes : tuple of str
        What a user of the numbers must know.
    analysis : ArcAnalysis
        Interferograms behind the table.
    """

    arcs: pd.DataFrame
    station: Station
    files: tuple[ObservationFile, ...]
    apriori_height_m: dict[str, float]
    notes: tuple[str, ...]
    analysis: ArcAnalysis


def load_orbits(paths: Sequence[str | Path | Text]) -> list[OrbitSource]:
    """Read navigation and SP3 files into orbit sources, precise before broadcast.

    Raises
    ------
    UnreadableFileError
        A file is neither, or cannot be read.
    """
    navigation: list[Navigation] = []
    precise: list[PreciseEphemeris] = []
    for given in paths:
        text = given if isinstance(given, Text) else read_text(given)
        kind = file_kind(text.content, text.path)
        if kind == FileKind.NAVIGATION:
            navigation.append(read_navigation(text))
        elif kind == FileKind.SP3:
            precise.append(read_sp3(text))
        else:
            raise UnreadableFileError(
                text.path,
                f"expected a RINEX navigation or SP3 file, found {kind.value} text; "
                "give observation files as FILE, not as navigation",
            )
    sources: list[OrbitSource] = []
    if precise:
        sources.append(PreciseOrbits(merge_precise(precise)))
    if navigation:
        sources.append(BroadcastOrbits(merge_navigation(navigation)))
    return sources


def _check_position(file: ObservationFile, station: Station) -> None:
    """Refuse a file of another station."""
    if file.header.position_m is None:
        return
    apart_m = distance_m(np.array(file.header.position_m), station.ecef_m)
    if apart_m > SAME_STATION_M:
        raise InputError(
            f"{file.path}: its header places the antenna {apart_m / 1000:.1f} km from station "
            f"{station.name}; files of one station belong in one run: leave it out, or give the "
            "right position"
        )


def _name_of(file: ObservationFile) -> str:
    """Return what a file calls its station: its marker, else its own name."""
    name = file.header.marker or Path(file.path).stem
    # A name on disk is bytes; what is no UTF-8 in it cannot stand in a table.
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _station_of(
    files: Sequence[ObservationFile], position: tuple[float, float, float] | None
) -> Station:
    """Take the station from the position given, else from the first header that has one."""
    if position is not None:
        return Station(_name_of(files[0]), *position)
    for file in files:
        if file.header.position_m is not None:
            return Station.from_ecef(_name_of(file), file.header.position_m)
    raise PositionMissingError(
        f"{files[0].path}: the header has no APPROX POSITION XYZ; give --position LATITUDE "
        "LONGITUDE HEIGHT (degrees, ellipsoidal metres) or a configuration with [station]"
    )


def _check_signals(
    snr: SnrTable, files: Sequence[ObservationFile], signals: Sequence[str] | None
) -> tuple[str, ...]:
    """Refuse files without epochs or SNR, and selections that are not in them.

    Returns
    -------
    tuple of str
        Notes on those of the selected signals that are not in the files, one for each band.
    """
    if not any(len(file.epochs) for file in files):
        raise InputError(
            f"{', '.join(file.path for file in files)}: no whole epoch in it (a header alone, or "
            "cut before the first epoch's end); fetch the file again"
        )
    if len(snr) == 0:
        raise NoSnrError(
            f"{', '.join(file.path for file in files)}: no SNR observable (S1C, S2X, S1 ...) has a "
            "value; switch on signal strength (C/N0) in the receiver's or converter's RINEX options"
        )
    if signals is None:
        return ()
    present = sorted(gnss.signal_names(np.unique(snr.signal)).tolist())
    for name in signals:
        gnss.signal_code(name)
    if not set(signals) & set(present):
        raise UnknownSignalError(
            f"none of the signals {', '.join(signals)} is in the files; they hold "
            f"{', '.join(present)}"
        )
    absent: dict[str, list[str]] = {}
    for name in dict.fromkeys(signals):
        if name not in present:
            absent.setdefault(name[:3], []).append(name)
    return tuple(_absent_note(band, names, present) for band, names in absent.items())


def _absent_note(band: str, absent: Sequence[str], present: Sequence[str]) -> str:
    """Say which signals of a band, such as ``GS2``, are not in the files, and which ones are."""
    held = [name for name in present if name.startswith(band)]
    verb = "is" if len(absent) == 1 else "are"
    return (
        f"{', '.join(absent)} {verb} not in the files, which hold "
        f"{', '.join(held) or 'nothing'} of {gnss.CONSTELLATIONS[band[0]]} band {band[2]}"
    )


def _first_epoch(file: ObservationFile) -> tuple[int, str]:
    """Return the key that files are sorted by: first epoch, then name."""
    return (int(file.epochs[0].astype(np.int64)) if len(file.epochs) else 0, Path(file.path).name)


def _notes(
    files: Sequence[ObservationFile],
    absent_signals: Sequence[str],
    missing: dict[str, int],
    date: Date | None,
) -> tuple[str, ...]:
    """Collect what a user of the numbers must know, each once, in order."""
    notes = dict.fromkeys([*absent_signals, *(n for file in files for n in file.report.notes)])
    heard_with = dict.fromkeys(text for file in files for text in file.equipment if text)
    if len(heard_with) > 1:
        notes[
            "the headers name more than one receiver or antenna, and arcs of each are of tracks of "
            f"their own: {'; '.join(heard_with)}"
        ] = None
    dated = [Path(file.path).name for file in files if not file.snr.has_angles]
    if date is not None and dated:
        notes[
            f"the date {date} is for SNR66 text; {', '.join(dated)} hold their own dates, which "
            "were used"
        ] = None
    if missing:
        names = ", ".join(f"{name} ({rows})" for name, rows in missing.items())
        notes[f"no ephemeris, SNR rows left out: {names}"] = None
    return tuple(notes)


def arcs_from_files(
    paths: Sequence[str | Path],
    *,
    nav: Sequence[str | Path] = (),
    station: Station | None = None,
    position: tuple[float, float, float] | None = None,
    signals: Sequence[str] | None = None,
    settings: ArcSettings | None = None,
    date: Date | None = None,
    reader: str = "soilglint",
    progress: Callable[[str], None] | None = None,
) -> ChainResult:
    """Read files of one station and return their arcs.

    Parameters
    ----------
    paths : sequence of path
        Observation files (RINEX 2, 3, 4, CRINEX, SNR66 or NMEA text; compressed or not) in any
        order; navigation and SP3 files among them are recognised by their content.
    nav : sequence of path
        RINEX navigation and SP3 files.
    station : Station, optional
        Default: from the first header with a position.
    position : (latitude, longitude, height), optional
        Degrees north and east, ellipsoidal metres, instead of a station: its name is then the
        marker of the first file.
    signals : sequence of str, optional
        Selections such as ``GS2X``; None takes all.
    settings : ArcSettings, optional
        How arcs are cut, analysed and judged.
    date : date, optional
        Day of SNR66 text whose name does not tell it.
    reader : "soilglint" or "georinex"
        Reader of RINEX observation files.
    progress : callable, optional
        Called with a short message before each step.

    Raises
    ------
    UnreadableFileError
        A file cannot be read.
    NoSnrError
        No file holds an SNR value.
    UnknownSignalError
        A selection is not a signal, or none of them is in the files.
    PositionMissingError
        No station is given and no header has a position.
    InputError
        A file belongs to another station.
    NoNavigationError
        No ephemeris covers the observations.
    """
    tell = progress or (lambda _: None)
    for name in signals or ():
        gnss.signal_code(name)
    files: list[ObservationFile] = []
    orbit_texts: list[str | Path | Text] = list(nav)
    for path in paths:
        tell(f"reading {Path(path).name}")
        text = read_text(path)
        if file_kind(text.content, text.path) in (FileKind.NAVIGATION, FileKind.SP3):
            orbit_texts.append(text)
        else:
            files.append(read_file(text, date=date, reader=reader))
    if not files:
        raise InputError(
            "no observation file among "
            f"{', '.join(str(path) for path in paths)}; give RINEX observation or SNR66 files"
        )
    # What files disagree on (marker, position, channels) must not hang on the order of arguments.
    files.sort(key=_first_epoch)
    snr = SnrTable.concatenate([file.snr for file in files])
    absent_signals = _check_signals(snr, files, signals)
    station = station or _station_of(files, position)
    for file in files:
        _check_position(file, station)
    tell("reading orbits")
    orbits = load_orbits(orbit_texts)
    tell("analysing arcs")
    channels = {slot: ch for file in files for slot, ch in file.header.glonass_channels.items()}
    try:
        analysis = analyse(
            snr,
            station,
            orbits,
            settings=settings,
            glonass_channels=channels,
            signals=signals,
            equipment=[text for file in files for text in file.equipment],
        )
    except NoNavigationError as error:
        if not any(COARSE_NOTE in file.report.notes for file in files):
            raise
        raise NoNavigationError(f"{error}. {COARSE_NOTE}") from error
    return ChainResult(
        analysis.table,
        station,
        tuple(files),
        analysis.apriori_height_m,
        _notes(files, absent_signals, analysis.missing, date),
        analysis,
    )
