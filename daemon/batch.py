"""A batch of observation files -> the arcs that they change.

Files are taken through the chain together with their neighbours in time, so that arcs that cross
file borders come out whole whatever the order of arrival.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from daemon.config import Config
from daemon.inbox import DONE_FOLDER, fingerprint
from daemon.intake import ORBIT_KINDS, Intake
from daemon.store import FileRecord, FileState
from daemon.utc import parse_utc
from retrieval import gnss
from retrieval.analysis import analyse, sky_points
from retrieval.arc_table import ARC_KEY, empty_arc_table
from retrieval.chain import load_orbits
from retrieval.errors import NoNavigationError
from retrieval.orbits import OrbitSource
from retrieval.rinex import read_file
from retrieval.rinex.records import ObservationFile, SnrTable

__all__ = [
    "Zone",
    "arcs_of_batch",
    "covering_orbits",
    "judge_orbits",
    "read_orbits",
    "unused_signals_note",
    "zones",
]

Zone = tuple[pd.Timestamp, pd.Timestamp]

# New data can change arcs this far beyond their own edges: an arc's trend reaches over its window.
_REACH = pd.Timedelta(hours=1)
# ... and such an arc, of at most 2 hours, needs data this far out to come out whole.
_NEIGHBOURS = pd.Timedelta(hours=3)
# How old an ephemeris may be (retrieval.orbits); orbit files further away are not read.
_EPHEMERIS_REACH = pd.Timedelta(hours=24)
_SAMPLE_ROWS = 500

_WAITING = (
    "no ephemeris covers it; put the RINEX navigation file (or SP3) of its day into the inbox, or "
    "name it under [orbits]; it is tried again then"
)


def _span(record: FileRecord) -> Zone:
    """Return the first and last time of a record that has them."""
    first, last = parse_utc([record.first_time or "", record.last_time or ""])
    return first, last


def _meet(one: Zone, other: Zone, margin: pd.Timedelta) -> bool:
    """Whether two spans come closer than a margin."""
    return bool(one[0] - margin <= other[1] and other[0] <= one[1] + margin)


def covering_orbits(record: FileRecord, known: Mapping[str, FileRecord]) -> tuple[str, ...]:
    """Return the names of the orbit files that may serve an observation file."""
    span = _span(record)
    return tuple(
        name
        for name, other in sorted(known.items())
        if other.kind in ORBIT_KINDS
        and other.state == FileState.INGESTED
        and _meet(span, _span(other), _EPHEMERIS_REACH)
    )


def read_orbits(config: Config, names: Sequence[str]) -> list[OrbitSource]:
    """Read orbit files, by their names in the store, into the configured order of preference."""
    paths = [config.inbox.path / name for name in names]  # a whole path stays what it is
    sources = load_orbits([path for path in paths if path.exists()])
    prefer = config.orbits.prefer
    return sorted(
        (source for source in sources if source.name in prefer),
        key=lambda source: prefer.index(source.name),
    )


def judge_orbits(config: Config, intake: Intake, orbits: Sequence[OrbitSource]) -> Intake:
    """Let a file wait whose satellites no orbit covers."""
    if intake.file is None or intake.file.snr.has_angles:
        return intake
    snr = intake.file.snr
    sample = snr.where(np.unique(np.linspace(0, len(snr) - 1, _SAMPLE_ROWS).astype(np.intp)))
    try:
        sky_points(sample, config.receiver(), orbits, config.arc_settings())
    except NoNavigationError:
        waiting = replace(intake.record, state=FileState.WAITING_ORBITS, reason=_WAITING)
        return Intake(waiting)
    return intake


def _changed_spans(intakes: Sequence[Intake], known: Mapping[str, FileRecord]) -> list[Zone]:
    """Return the spans of a batch's files, of changed ones also what they spanned before."""
    records = [intake.record for intake in intakes]
    before = [known[record.path] for record in records if record.path in known]
    return [_span(record) for record in (*records, *before) if record.first_time]


def zones(intakes: Sequence[Intake], known: Mapping[str, FileRecord]) -> list[Zone]:
    """Return the spans of time in which a batch may change arcs."""
    return [(first - _REACH, last + _REACH) for first, last in _changed_spans(intakes, known)]


def arcs_of_batch(
    config: Config,
    intakes: Sequence[Intake],
    known: Mapping[str, FileRecord],
    orbits: Sequence[OrbitSource],
    apriori_height_m: Mapping[str, float],
) -> pd.DataFrame:
    """Compute the arcs that a batch of files can have changed.

    Parameters
    ----------
    config : Config
        The station's configuration.
    intakes : sequence of Intake
        Files of the batch, all with observations.
    known : mapping
        The store's files by name, as they were before the batch.
    orbits : sequence of OrbitSource
        For the batch and its neighbours.
    apriori_height_m : mapping
        Frozen heights; signals without one get a height learnt from this batch.

    Returns
    -------
    DataFrame
        Arc table, natural keys unique.
    """
    files = [intake.file for intake in intakes if intake.file is not None]
    files += _neighbours(config, intakes, known)
    settings = replace(config.arc_settings(), apriori_height_m=dict(apriori_height_m))
    tables = [
        analyse(
            SnrTable.concatenate([file.snr for file in group]),
            config.receiver(),
            orbits,
            settings=settings,
            glonass_channels=_channels(group),
            signals=config.selected_signals(),
        ).table
        # Text with angles and RINEX without them cannot stand in one table.
        for group in (
            [file for file in files if file.snr.has_angles],
            [file for file in files if not file.snr.has_angles],
        )
        if group
    ]
    tables = [table for table in tables if len(table)]
    table = pd.concat(tables) if tables else empty_arc_table()
    table = table.sort_values("n_obs", ascending=False, kind="stable").drop_duplicates(ARC_KEY)
    changed = np.zeros(len(table), dtype=bool)
    for first, last in zones(intakes, known):
        changed |= ((table["start"] <= last) & (table["end"] >= first)).to_numpy()
    order = ["start", "satellite", "signal", "direction"]
    return table[changed].sort_values(order, ignore_index=True)


def _neighbours(
    config: Config, intakes: Sequence[Intake], known: Mapping[str, FileRecord]
) -> list[ObservationFile]:
    """Read again the ingested files that adjoin a batch, where they still lie unchanged."""
    names = {intake.record.path for intake in intakes}
    spans = _changed_spans(intakes, known)
    near = [
        record
        for name, record in sorted(known.items())
        if name not in names
        and record.state == FileState.INGESTED
        and record.kind not in ORBIT_KINDS
        and any(_meet(_span(record), span, _NEIGHBOURS) for span in spans)
    ]
    return [
        read_file(path)
        for record in near
        if (path := _where(config.inbox.path, record)) is not None
    ]


def _where(inbox: Path, record: FileRecord) -> Path | None:
    """Return where an ingested file lies unchanged: in the inbox, or moved to ``done``."""
    name = record.path
    for path in (
        inbox / name,
        inbox / DONE_FOLDER / name,
        inbox / DONE_FOLDER / f"{name}.{record.sha256[:8]}",
    ):
        if path.is_file() and fingerprint(path, name).sha256 == record.sha256:
            return path
    return None


def _channels(files: Sequence[ObservationFile]) -> dict[int, int]:
    """Return the GLONASS channels that headers state."""
    return {slot: ch for file in files for slot, ch in file.header.glonass_channels.items()}


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
