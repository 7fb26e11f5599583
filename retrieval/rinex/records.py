"""What the readers return: headers, SNR columns, and an account of what was not whole.

`SnrTable` is the one currency between files and arcs: whatever the format (RINEX 2, 3, 4, SNR66
or NMEA text), a reader ends in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Damage",
    "Event",
    "ObservationFile",
    "ObservationHeader",
    "ReadReport",
    "Resume",
    "SnrTable",
]


@dataclass(frozen=True)
class SnrTable:
    """SNR observations in long form, one row per satellite, signal and epoch.

    Attributes
    ----------
    time : (n,) datetime64[ns]
        GPS time.
    satellite : (n,) int32
        Satellite codes of `retrieval.gnss.satellite_code`.
    signal : (n,) int64
        Signal codes of `retrieval.gnss.signal_code`.
    snr_dbhz : (n,) float64
        What the receiver reports, in dB-Hz, > 0: RINEX writes a missing value as 0 or blank, and
        such rows are absent here.
    elevation_deg, azimuth_deg : (n,) float64, optional
        Geometric angles, where the format itself carries them (SNR66); else None, or NaN in the
        rows of a joined table that came without.
    equipment : (n,) int64, optional
        What each row was heard with, codes of `retrieval.equipment`; None where nothing is known.
    """

    time: NDArray[np.datetime64]
    satellite: NDArray[np.int32]
    signal: NDArray[np.int64]
    snr_dbhz: NDArray[np.float64]
    elevation_deg: NDArray[np.float64] | None = None
    azimuth_deg: NDArray[np.float64] | None = None
    equipment: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.time)

    @property
    def has_angles(self) -> bool:
        """Whether rows carry an elevation and an azimuth."""
        return self.elevation_deg is not None and self.azimuth_deg is not None

    def where(self, keep: NDArray[np.bool_] | NDArray[np.intp]) -> SnrTable:
        """Return the rows selected by a mask or an index array."""
        return SnrTable(
            self.time[keep],
            self.satellite[keep],
            self.signal[keep],
            self.snr_dbhz[keep],
            None if self.elevation_deg is None else self.elevation_deg[keep],
            None if self.azimuth_deg is None else self.azimuth_deg[keep],
            None if self.equipment is None else self.equipment[keep],
        )

    @classmethod
    def empty(cls) -> SnrTable:
        """Return a table without rows."""
        return cls(
            np.empty(0, "datetime64[ns]"),
            np.empty(0, np.int32),
            np.empty(0, np.int64),
            np.empty(0, np.float64),
        )

    @classmethod
    def concatenate(cls, tables: Sequence[SnrTable]) -> SnrTable:
        """Join tables; rows of a table without angles get NaN where others have them.

        Those of a table without equipment get that of the unknown.
        """
        tables = [table for table in tables if len(table)]
        if not tables:
            return cls.empty()
        angles = any(table.has_angles for table in tables)
        unknown = [np.full(len(table), np.nan) for table in tables]
        equipment = [
            np.zeros(len(table), np.int64) if table.equipment is None else table.equipment
            for table in tables
        ]

        def joined(columns: Iterable[NDArray[np.float64] | None]) -> NDArray[np.float64]:
            pairs = zip(columns, unknown, strict=True)
            return np.concatenate([nan if column is None else column for column, nan in pairs])

        return cls(
            np.concatenate([table.time for table in tables]),
            np.concatenate([table.satellite for table in tables]),
            np.concatenate([table.signal for table in tables]),
            np.concatenate([table.snr_dbhz for table in tables]),
            joined(table.elevation_deg for table in tables) if angles else None,
            joined(table.azimuth_deg for table in tables) if angles else None,
            np.concatenate(equipment) if any(t.equipment is not None for t in tables) else None,
        )


@dataclass(frozen=True)
class ObservationHeader:
    """Header of an observation file, the parts that matter for reflectometry.

    Attributes
    ----------
    version : float
        RINEX version, such as 2.11 or 3.05.
    marker : str
        MARKER NAME, or the station part of the name of SNR66 and NMEA text.
    position_m : (x, y, z) or None
        APPROX POSITION XYZ, or the median of the fixes of NMEA text; ECEF, metres; None when absent
        or all zero.
    antenna_height_m : float or None
        ANTENNA: DELTA H/E/N, height of the reference point above the *marker* (not the ground).
    interval_s : float or None
        INTERVAL, or the median step of NMEA text.
    receiver, antenna : str
        Number, type and firmware, and number, type and dome, as they stand but for blanks.
    time_system : str
        ``GPS``, ``GLO``, ``GAL``, ``BDT``, ``QZS`` or ``IRN``; the readers return GPS time always.
    observables : mapping
        Constellation letter -> observation codes in file order.
    glonass_channels : mapping
        Slot -> FDMA channel, where the header has it.
    """

    version: float
    marker: str
    position_m: tuple[float, float, float] | None
    antenna_height_m: float | None
    interval_s: float | None
    receiver: str
    antenna: str
    time_system: str
    observables: Mapping[str, tuple[str, ...]]
    glonass_channels: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Damage:
    """One place where a file is not whole: what was dropped, and why.

    ``line`` counts from 1 in the decompressed text.
    """

    line: int
    reason: str


@dataclass(frozen=True)
class Event:
    """An epoch record with an event flag.

    Flags: 1 power failure before this epoch, 2 antenna starts moving, 3 new site, 4 header
    information, 5 external event, 6 cycle slip records.
    """

    line: int
    flag: int
    time: np.datetime64 | None


@dataclass(frozen=True)
class Resume:
    """Where a text that has grown can be read on.

    Its header and what stands from `offset` on, read as one text, give the epochs from number
    `epoch` on as the whole text gives them.

    Attributes
    ----------
    header_bytes, header_lines : int
        Length of the header; 0 where the format has none.
    offset : int
        First byte of the last whole epoch.
    line : int
        Number of its line.
    epoch : int
        Its index among the whole epochs.
    """

    header_bytes: int
    header_lines: int
    offset: int
    line: int
    epoch: int


@dataclass(frozen=True)
class ReadReport:
    """What a reader found besides observations.

    Attributes
    ----------
    n_epochs : int
        Whole observation epochs returned (event flag 0 or 1).
    events : tuple of Event
        Event records in file order.
    damage : tuple of Damage
        Epochs and lines that were dropped.
    cut : Damage or None
        The unfinished last epoch of a truncated or growing file.
    complete_bytes : int
        Length of the decompressed text up to the end of the last whole record.
    notes : tuple of str
        Statements a user of the numbers must know (such as the ambiguity of ``S2`` in RINEX 2).
    resume : Resume or None
        Where a growing text can be read on; None where how it is read hangs on more than its
        header: on events, on headers in the body, on the order of all epochs.
    """

    n_epochs: int
    events: tuple[Event, ...] = ()
    damage: tuple[Damage, ...] = ()
    cut: Damage | None = None
    complete_bytes: int = 0
    notes: tuple[str, ...] = ()
    resume: Resume | None = None


@dataclass(frozen=True)
class ObservationFile:
    """One observation file: header, SNR columns, epochs and the account of what was not whole.

    Attributes
    ----------
    path : str
        As given.
    header : ObservationHeader
        The first header of the file.
    snr : SnrTable
        All SNR observables.
    epochs : (n_epochs,) datetime64[ns]
        GPS time of every whole observation epoch, also those without SNR.
    report : ReadReport
        Damage, events, notes.
    equipment : tuple of str
        Texts of `retrieval.equipment` for the codes in `snr`: what the headers of the file say of
        receiver and antenna, in file order. Empty where the format has no such header.
    """

    path: str
    header: ObservationHeader
    snr: SnrTable
    epochs: NDArray[np.datetime64]
    report: ReadReport
    equipment: tuple[str, ...] = ()
