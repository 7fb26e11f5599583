"""An observation file -> its points on the sky, and what its record must say of ephemerides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from daemon.config import Config
from daemon.ingest.ephemerides import digits
from daemon.intake import Intake
from daemon.store import FileRecord
from retrieval import gnss
from retrieval.arcs import DEFAULT_GAP_S, SkyPoints, gap_of_interval_s
from retrieval.errors import NoNavigationError
from retrieval.orbits import OrbitSource
from retrieval.rinex.records import ObservationFile, SnrTable
from retrieval.sky import arc_making, sky_points

__all__ = ["PlacedFile", "place"]

_NAMED = 12
_ROWS_AT_ONCE = 250_000
# A satellite sends its next message long before one is so old. Nearer ones are worth waiting for.
_STALE_H = {"R": 1.0}
_STALE_OTHERS_H = 4.0


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
    """

    record: FileRecord
    points: SkyPoints
    glonass_channels: Mapping[int, int]
    equipment: tuple[str, ...]


def place(
    intake: Intake, config: Config, orbits: Sequence[OrbitSource], tried: Sequence[FileRecord]
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
    """
    file, settings = intake.observations, config.arc_settings()
    snr = arc_making(file.snr, config.selected_signals())
    low, high = settings.range_deg
    inside: list[SkyPoints] = []
    missing: Counter[str] = Counter()
    for part in _parts(snr):
        try:
            points, without = sky_points(part, intake.station, orbits, settings)
        except NoNavigationError:
            names, counts = np.unique(gnss.satellite_names(part.satellite), return_counts=True)
            missing.update(dict(zip(names.tolist(), counts.tolist(), strict=True)))
            continue
        missing.update(without)
        within = (points.elevation_deg >= low) & (points.elevation_deg <= high)
        inside.append(points.where(within))
    if len(snr) and missing.total() == len(snr):
        return None
    points = SkyPoints.concatenate(inside)
    stale = _stale(points)
    notes = (
        intake.record.reason,
        _unused_signals_note(file, config.selected_signals()),
        _slow_note(file, settings.max_gap_s or DEFAULT_GAP_S),
        _missing_note(dict(sorted(missing.items())), len(snr)),
        _stale_note(stale),
    )
    record = replace(
        intake.record,
        reason="; ".join(note for note in notes if note),
        satellites=" ".join(sorted({*missing, *stale})),
        orbits="" if file.snr.has_angles else digits(tried),
    )
    channels = {slot: ch for source in orbits for slot, ch in source.glonass_channels.items()}
    channels |= file.header.glonass_channels
    return PlacedFile(record, points, channels, file.equipment)


def _parts(snr: SnrTable) -> Iterator[SnrTable]:
    """Part observations by time, so that directions of a day at 1 Hz need no memory of their own.

    The signals of a satellite stay together, since they share their directions.
    """
    if len(snr) == 0:
        return
    number = -(-len(snr) // _ROWS_AT_ONCE)
    begin, end = snr.time.min().astype(np.int64), snr.time.max().astype(np.int64)
    place = (snr.time.astype(np.int64) - begin) * number // (end - begin + 1)
    for part in range(number):
        rows = np.flatnonzero(place == part)
        if len(rows):
            yield snr.where(rows)


def _stale(points: SkyPoints) -> dict[str, float]:
    """Return satellite -> age of its oldest ephemeris, hours, where that is more than usual."""
    aged = ~np.isnan(points.age_h)
    codes, place = np.unique(points.satellite[aged], return_inverse=True)
    oldest_h = np.zeros(len(codes))
    np.maximum.at(oldest_h, place, points.age_h[aged])
    names = [gnss.satellite_name(int(code)) for code in codes]
    return {
        name: float(age_h)
        for name, age_h in zip(names, oldest_h, strict=True)
        if age_h > _STALE_H.get(name[0], _STALE_OTHERS_H)
    }


def _some(names: Sequence[str]) -> str:
    """Name the first few satellites."""
    return ", ".join(names[:_NAMED]) + (" ..." if len(names) > _NAMED else "")


def _missing_note(missing: Mapping[str, int], n_rows: int) -> str:
    """Say which satellites have no ephemeris."""
    if not missing:
        return ""
    return (
        f"no ephemeris for {_some(list(missing))}: {sum(missing.values())} of {n_rows} SNR values "
        "left out; it is taken again when navigation that has them arrives"
    )


def _stale_note(stale: Mapping[str, float]) -> str:
    """Say which satellites have old ephemerides."""
    if not stale:
        return ""
    return (
        f"ephemerides up to {max(stale.values()):.1f} h old for {_some(sorted(stale))}; it is "
        "taken again when navigation that has them arrives"
    )


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
