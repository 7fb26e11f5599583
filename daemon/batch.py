"""A batch of observation files -> the arcs that they change.

Files are taken through the chain together with their neighbours in time, so that arcs that cross
file borders come out whole whatever the order of arrival.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from daemon.config import Config
from daemon.inbox import DONE_FOLDER, fingerprint, path_of_name
from daemon.intake import ORBIT_KINDS, Intake
from daemon.store import FileRecord, FileState
from daemon.utc import parse_utc
from retrieval import gnss
from retrieval.analysis import ArcAnalysis, analyse
from retrieval.orbits import OrbitSource
from retrieval.rinex import read_file
from retrieval.rinex.records import ObservationFile, SnrTable

__all__ = [
    "Batch",
    "Zone",
    "batch_of",
    "put_aside_name",
    "replaces",
    "span_of",
    "spans_meet",
    "unused_signals_note",
]

Zone = tuple[pd.Timestamp, pd.Timestamp]

# New data can change arcs this far beyond their own edges: an arc's trend reaches over its window.
_REACH = pd.Timedelta(hours=1)
# ... and such an arc, of at most 2 hours, needs data this far out to come out whole.
_NEIGHBOURS = pd.Timedelta(hours=3)


def span_of(record: FileRecord) -> Zone:
    """Return the first and last time of a record that has them."""
    first, last = parse_utc([record.first_time or "", record.last_time or ""])
    return first, last


def spans_meet(one: Zone, other: Zone, margin: pd.Timedelta) -> bool:
    """Whether two spans come closer than a margin."""
    return bool(one[0] - margin <= other[1] and other[0] <= one[1] + margin)


def replaces(record: FileRecord, before: FileRecord) -> bool:
    """Whether new content of a path stands for the old: it has grown, or was corrected.

    Otherwise the name is used again (``latest.rnx``) and the old content stays what it was.
    """
    if record.first_time is None or record.last_time is None:
        return False
    if before.first_time is None or before.last_time is None:
        return True
    return record.first_time <= before.first_time and before.last_time <= record.last_time


def put_aside_name(record: FileRecord) -> str:
    """Return what the record of a file is called once its path holds another file."""
    return f"{record.path}.{record.sha256[:8]}"


@dataclass(frozen=True)
class Batch:
    """Observations of some files and their neighbours.

    Attributes
    ----------
    snr : SnrTable
        All of their rows.
    glonass_channels : mapping
        Slot -> FDMA channel, from the headers.
    zones : tuple of (first, last)
        Spans of time in which the files may change arcs.
    replaced : mapping
        Paths whose old content gives way -> the span that the new content covers.
    """

    snr: SnrTable
    glonass_channels: Mapping[int, int]
    zones: tuple[Zone, ...]
    replaced: Mapping[str, Zone]

    @property
    def span(self) -> Zone:
        """From the first to the last time at which arcs may change."""
        return min(zone[0] for zone in self.zones), max(zone[1] for zone in self.zones)

    def analyse(
        self,
        config: Config,
        orbits: Sequence[OrbitSource],
        apriori_height_m: Mapping[str, float],
    ) -> ArcAnalysis:
        """Analyse all arcs at given heights; signals without one get a height learnt from them.

        Raises
        ------
        NoNavigationError
            No ephemeris covers any of the observations.
        """
        settings = replace(config.arc_settings(), apriori_height_m=dict(apriori_height_m))
        return analyse(
            self.snr,
            config.receiver(),
            orbits,
            settings=settings,
            glonass_channels=self.glonass_channels,
            signals=config.selected_signals(),
        )

    def changed(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return the arcs of a table that the files can have changed."""
        changed = np.zeros(len(table), dtype=bool)
        for first, last in self.zones:
            changed |= ((table["start"] <= last) & (table["end"] >= first)).to_numpy()
        return table[changed].reset_index(drop=True)

    def void(self, stored: pd.DataFrame, numbers: Mapping[str, set[int]]) -> set[int]:
        """Return the stored arcs whose data are no longer there.

        Parameters
        ----------
        stored : DataFrame
            Arcs of the store, by number.
        numbers : mapping
            Path -> numbers of the arcs that may have points of it.
        """
        found: set[int] = set()
        for path, (first, last) in self.replaced.items():
            # An arc that begins before the file or ends after it has points of others too.
            inside = stored[(stored["start"] >= first) & (stored["end"] <= last)].index
            found |= numbers[path] & set(inside)
        return found


def batch_of(config: Config, intakes: Sequence[Intake], known: Mapping[str, FileRecord]) -> Batch:
    """Join files with the ingested ones that adjoin them.

    Parameters
    ----------
    config : Config
        The station's configuration.
    intakes : sequence of Intake
        Files of the batch, all with observations.
    known : mapping
        The store's files by name, as they were before the batch.
    """
    records = [intake.record for intake in intakes]
    replaced = {
        record.path: span_of(record)
        for record in records
        if (before := known.get(record.path)) is not None
        and before.sha256 != record.sha256
        and before.state == FileState.INGESTED
        and replaces(record, before)
    }
    # New content covers what it replaces, so the spans of the new files are all.
    spans = [span_of(record) for record in records]
    files = [intake.file for intake in intakes if intake.file is not None]
    files += _neighbours(config, {record.path for record in records}, spans, known)
    return Batch(
        SnrTable.concatenate([file.snr for file in files]),
        _channels(files),
        tuple((first - _REACH, last + _REACH) for first, last in spans),
        replaced,
    )


def _neighbours(
    config: Config, names: set[str], spans: Sequence[Zone], known: Mapping[str, FileRecord]
) -> list[ObservationFile]:
    """Read again the ingested files that adjoin a batch, where they still lie unchanged."""
    near = [
        record
        for name, record in sorted(known.items())
        if name not in names
        and record.state == FileState.INGESTED
        and record.kind not in ORBIT_KINDS
        and any(spans_meet(span_of(record), span, _NEIGHBOURS) for span in spans)
    ]
    return [
        read_file(path)
        for record in near
        if (path := _where(config.inbox.path, record)) is not None
    ]


def _where(inbox: Path, record: FileRecord) -> Path | None:
    """Return where an ingested file lies unchanged: in the inbox, or moved to ``done``."""
    digits = f".{record.sha256[:8]}"
    first_name = record.path.removesuffix(digits)  # of a file put aside
    for name in dict.fromkeys((record.path, first_name, f"{first_name}{digits}")):
        for folder in (inbox, inbox / DONE_FOLDER):
            path = path_of_name(folder, name)
            if _holds(path, record):
                return path
    return None


def _holds(path: Path, record: FileRecord) -> bool:
    """Whether a path holds the content of a record; one that cannot be read does not."""
    try:
        return path.is_file() and fingerprint(path, record.path).sha256 == record.sha256
    except OSError:
        return False


def _channels(files: Sequence[ObservationFile]) -> dict[int, int]:
    """Return the GLONASS channels that headers state, the latest file's where they differ."""
    ordered = sorted(files, key=lambda file: (file.epochs[:1].tolist(), Path(file.path).name))
    return {slot: ch for file in ordered for slot, ch in file.header.glonass_channels.items()}


def unused_signals_note(file: ObservationFile, selected: tuple[str, ...] | None) -> str:
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
