"""Records that go in and out of the store."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import pandas as pd

from daemon.utc import parse_utc

__all__ = ["FileRecord", "FileState"]


class FileState(StrEnum):
    """What became of a file."""

    INGESTED = "ingested"
    WAITING_ORBITS = "waiting_orbits"  # tried again when navigation has arrived
    OTHER_STATION = "other_station"  # its header lies too far from the station
    UNREADABLE = "unreadable"
    QUARANTINED = "quarantined"  # moved to a folder of its own; tried again when it is put back
    FROM_FUTURE = "from_future"  # tried again once the clock has passed its last epoch


@dataclass(frozen=True, kw_only=True)
class FileRecord:
    """One file that was looked at.

    Attributes
    ----------
    path : str
        Name in the inbox, or the whole path of a file outside it.
    sha256 : str
        Of the bytes as they lie on disk, hexadecimal.
    size : int
        Bytes on disk.
    kind : str
        ``observation``, ``snr66``, ``nmea``, ``navigation``, ``sp3`` or what else it is.
    state : FileState
        What became of it.
    reason : str
        Why, where the state needs a reason; what a user must know, where it does not.
    n_epochs, n_snr, n_damage : int
        Whole epochs, SNR rows, and places that were dropped.
    first_time, last_time : str or None
        Of its epochs or ephemerides, UTC text of `daemon.utc`.
    cut : bool
        Whether it ends early: truncated, or still being written.
    position_m : str or None
        ``x y z`` of its header, ECEF, metres.
    satellites : str
        Names with spaces between them: of an observation file those left out, wholly or in part,
        because no ephemeris covers them; of an orbit file those that it knows.
    orbits : str
        What it was tried with: the first digits of the SHA-256 of orbit files, with spaces.
    site : str
        Name of the station whose antenna the observations are of: that of the configuration, or
        that of another station's file which was let in. Empty for what holds no observations.
    ingested_at : str
        When this record was made, UTC text.
    """

    path: str
    sha256: str
    size: int
    kind: str
    state: FileState
    reason: str = ""
    n_epochs: int = 0
    n_snr: int = 0
    n_damage: int = 0
    first_time: str | None = None
    last_time: str | None = None
    cut: bool = False
    position_m: str | None = None
    satellites: str = ""
    orbits: str = ""
    site: str = ""
    ingested_at: str

    @property
    def span(self) -> tuple[pd.Timestamp, pd.Timestamp]:
        """First and last time, UTC, of a record that has them."""
        first, last = parse_utc([self.first_time or "", self.last_time or ""])
        return first, last
