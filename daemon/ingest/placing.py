"""An observation file -> its points on the sky, and what its record must say of ephemerides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from daemon.config import Config
from daemon.growth import Growth
from daemon.ingest.ephemerides import digits
from daemon.ingest.lacks import Lacks, missing_note, stale_note, stale_satellites
from daemon.intake import Intake
from daemon.store import FileRecord
from retrieval import gnss
from retrieval.arcs import DEFAULT_GAP_S, SkyPoints, gap_of_interval_s
from retrieval.errors import NoNavigationError
from retrieval.orbits import OrbitSource
from retrieval.rinex.records import ObservationFile, SnrTable
from retrieval.sky import arc_making, sky_points

__all__ = ["Followed", "PlacedFile", "place"]

_ROWS_AT_ONCE = 250_000
_NOTHING = Lacks()


@dataclass(frozen=True)
class Followed:
    """How far a growing file has been read, and what that part of it lacks."""

    growth: Growth
    lacks: Lacks


@dataclass(frozen=True)
class PlacedFile:
    """An observation file whose observations have directions.

    Attributes
    ----------
    record : FileRecord
        With the satellites that lack an ephemeris or have an old one, and the orbit files tried.
    points : SkyPoints
        Inside the range of elevations that arcs are held over.
    glonass_channels : mapping
        Slot -> FDMA channel, of the header or else of the orbits.
    equipment : tuple of str
        Texts of the equipment that its points were heard with.
    first, last : datetime64
        First and last epoch that was read, GPS time.
    goes_on : bool
        Whether only the end of the file was read: its points take the place of those that the file
        brought from `first` on, and those before stay.
    follow : Followed or None
        How far a file that may grow was read.
    """

    record: FileRecord
    points: SkyPoints
    glonass_channels: Mapping[int, int]
    equipment: tuple[str, ...]
    first: np.datetime64
    last: np.datetime64
    goes_on: bool = False
    follow: Followed | None = None


def place(
    intake: Intake,
    config: Config,
    orbits: Sequence[OrbitSource],
    tried: Sequence[FileRecord],
    before: Lacks = _NOTHING,
) -> PlacedFile | None:
    """Give a file's observations their directions; None where no ephemeris covers any.

    Parameters
    ----------
    intake : Intake
        A file with observations.
    config : Config
        The station's configuration.
    orbits : sequence of OrbitSource
        Tried in this order.
    tried : sequence of FileRecord
        The orbit files among them that may serve the file.
    before : Lacks
        Of a file whose end was read: what its beginning lacks.
    """
    file, settings = intake.observations, config.arc_settings()
    growth = intake.growth
    snr = arc_making(file.snr, config.selected_signals())
    low, high = settings.range_deg
    inside: list[SkyPoints] = []
    # The last epoch of a file that may grow is read again, and what it lacks is counted then.
    settled, last = before, Lacks()
    for part in _parts(snr, None if growth is None else growth.time):
        try:
            points, without = sky_points(part, intake.station, orbits, settings)
        except NoNavigationError:
            points, without = SkyPoints.empty(), _rows_of_satellites(part)
        within = (points.elevation_deg >= low) & (points.elevation_deg <= high)
        inside.append(points.where(within))
        lacks = Lacks(len(part), without, stale_satellites(inside[-1]))
        if growth is not None and part.time[0] >= growth.time:
            last += lacks
        else:
            settled += lacks
    whole = settled + last
    if whole.everything:
        return None
    points = SkyPoints.concatenate(inside)
    notes = (
        intake.record.reason,
        _unused_signals_note(file, config.selected_signals()),
        _slow_note(file, settings.max_gap_s or DEFAULT_GAP_S),
        missing_note(whole),
        stale_note(whole),
    )
    record = replace(
        intake.record,
        reason="; ".join(note for note in notes if note),
        satellites=" ".join(whole.satellites),
        orbits="" if file.snr.has_angles else digits(tried),
    )
    channels = {slot: ch for source in orbits for slot, ch in source.glonass_channels.items()}
    channels |= file.header.glonass_channels
    return PlacedFile(
        record=record,
        points=points,
        glonass_channels=channels,
        equipment=file.equipment,
        first=file.epochs.min(),
        last=file.epochs.max(),
        goes_on=intake.goes_on,
        follow=None if growth is None else Followed(growth, settled),
    )


def _rows_of_satellites(snr: SnrTable) -> dict[str, int]:
    """Count the rows of each satellite by its name."""
    names, counts = np.unique(gnss.satellite_names(snr.satellite), return_counts=True)
    return dict(zip(names.tolist(), counts.tolist(), strict=True))


def _parts(snr: SnrTable, last: np.datetime64 | None) -> Iterator[SnrTable]:
    """Part observations by time, so that directions of a day at 1 Hz need no memory of their own.

    The signals of a satellite stay together, since they share their directions. Those from `last`
    on are a part of their own.
    """
    if len(snr) == 0:
        return
    if last is not None:
        for is_last in (False, True):
            yield from _parts(snr.where((snr.time >= last) == is_last), None)
        return
    number = -(-len(snr) // _ROWS_AT_ONCE)
    begin, end = snr.time.min().astype(np.int64), snr.time.max().astype(np.int64)
    place = (snr.time.astype(np.int64) - begin) * number // (end - begin + 1)
    for part in range(number):
        rows = np.flatnonzero(place == part)
        if len(rows):
            yield snr.where(rows)


def _slow_note(file: ObservationFile, max_gap_s: float) -> str:
    """Say when a receiver is too slow for the pause that an arc may make."""
    if len(file.epochs) < 2:
        return ""
    interval_s = float(np.median(np.diff(file.epochs).astype(np.int64)) / 1e9)
    wanted_s = gap_of_interval_s(interval_s)
    if wanted_s <= max_gap_s or wanted_s == DEFAULT_GAP_S:
        return ""
    return (
        f"an observation every {interval_s:g} s, and arcs are cut by a pause of more than "
        f"{max_gap_s:g} s: set qc.max_gap_s = {wanted_s:g}"
    )


def _unused_signals_note(file: ObservationFile, selected: tuple[str, ...] | None) -> str:
    """Say when a file has none of the selected signals; empty otherwise."""
    if selected is None:
        return ""
    present = sorted(gnss.signal_names(np.unique(file.snr.signal)).tolist())
    if set(selected) & set(present):
        return ""
    return (
        f"none of the signals of [signals] use ({', '.join(selected)}) is in it; it holds "
        f"{', '.join(present)}"
    )
