"""What a navigation file gives: ephemerides as columns, and an account of what was left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

from retrieval import gnss
from retrieval.rinex.records import Damage

__all__ = [
    "MESSAGES",
    "GlonassRecords",
    "KeplerRecords",
    "Navigation",
    "merge_navigation",
]

# Broadcast messages of the classical Kepler layout; `KeplerRecords.message` is an index into this.
MESSAGES = ("LNAV", "INAV", "FNAV", "D1", "D2")


class _Columns:
    """Rows held as one array per column, all with the same first dimension."""

    def take(self, index: NDArray[np.intp] | NDArray[np.bool_]) -> Self:
        """Return the rows selected by an index array or a mask."""
        return type(self)(*(getattr(self, column.name)[index] for column in fields(self)))  # type: ignore[arg-type]

    @classmethod
    def concatenate(cls, tables: Sequence[Self]) -> Self:
        """Join tables in the order given; there must be at least one."""
        return cls(
            *(
                np.concatenate([getattr(table, column.name) for table in tables])
                for column in fields(cls)  # type: ignore[arg-type]
            )
        )


@dataclass(frozen=True)
class KeplerRecords(_Columns):
    """Ephemerides of GPS, Galileo, BeiDou, QZSS and NavIC, one row per record.

    Names and units are those of IS-GPS-200, table 20-III: radians, seconds, metres.

    Attributes
    ----------
    satellite : (n,) int32
        Satellite codes of `retrieval.gnss.satellite_code`.
    message : (n,) int8
        Index into `MESSAGES`.
    toc, toe : (n,) datetime64[ns]
        Reference times of clock and orbit, in GPS time (BeiDou time + 14 s).
    transmitted : (n,) datetime64[ns]
        When the message was sent, GPS time; NaT where the file does not say.
    toe_s : (n,) float64
        `toe` as seconds of the week in the constellation's own time, as the orbit equations use it.
    sqrt_a : (n,) float64
        Square root of the semi-major axis, m^0.5.
    eccentricity, m0, delta_n, omega0, i0, omega, omega_dot, idot : (n,) float64
        Orbit at `toe`: radians and radians per second. `omega0` is the longitude of the node at
        the week's start, `omega` the argument of perigee.
    cuc, cus, crc, crs, cic, cis : (n,) float64
        Harmonic corrections: radians (latitude, inclination) and metres (radius).
    af0, af1, af2 : (n,) float64
        Satellite clock: s, s/s, s/s^2.
    tgd, tgd2 : (n,) float64
        Group delays in seconds: TGD (GPS, QZSS, NavIC), BGD E5a/E1 and E5b/E1 (Galileo), TGD1
        B1/B3 and TGD2 B2/B3 (BeiDou); NaN where absent.
    issue, accuracy, health : (n,) float64
        IODE / IODnav / AODE, the accuracy as written, the health word; NaN where blank.
    line : (n,) int64
        Line of the record in its text, counted from 1.
    """

    satellite: NDArray[np.int32]
    message: NDArray[np.int8]
    toc: NDArray[np.datetime64]
    toe: NDArray[np.datetime64]
    transmitted: NDArray[np.datetime64]
    toe_s: NDArray[np.float64]
    sqrt_a: NDArray[np.float64]
    eccentricity: NDArray[np.float64]
    m0: NDArray[np.float64]
    delta_n: NDArray[np.float64]
    omega0: NDArray[np.float64]
    i0: NDArray[np.float64]
    omega: NDArray[np.float64]
    omega_dot: NDArray[np.float64]
    idot: NDArray[np.float64]
    cuc: NDArray[np.float64]
    cus: NDArray[np.float64]
    crc: NDArray[np.float64]
    crs: NDArray[np.float64]
    cic: NDArray[np.float64]
    cis: NDArray[np.float64]
    af0: NDArray[np.float64]
    af1: NDArray[np.float64]
    af2: NDArray[np.float64]
    tgd: NDArray[np.float64]
    tgd2: NDArray[np.float64]
    issue: NDArray[np.float64]
    accuracy: NDArray[np.float64]
    health: NDArray[np.float64]
    line: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.satellite)


@dataclass(frozen=True)
class GlonassRecords(_Columns):
    """State vectors of GLONASS satellites in PZ-90, Earth-fixed, one row per record.

    Attributes
    ----------
    satellite : (n,) int32
        Satellite codes.
    reference : (n,) datetime64[ns]
        Time of the state (t_b), GPS time.
    transmitted : (n,) datetime64[ns]
        Message frame time, GPS time; NaT where the file does not say.
    position_m, velocity_m_s, acceleration_m_s2 : (n, 3) float64
        State, and the acceleration by Sun and Moon alone.
    clock_bias_s : (n,) float64
        -tau_n, to be subtracted from the satellite's clock reading like af0.
    frequency_bias : (n,) float64
        +gamma_n, s/s.
    health : (n,) float64
        B_n, 0 is healthy; NaN where blank.
    channel : (n,) float64
        FDMA channel, -7 to 13; NaN where blank.
    line : (n,) int64
        Line of the record in its text, counted from 1.
    """

    satellite: NDArray[np.int32]
    reference: NDArray[np.datetime64]
    transmitted: NDArray[np.datetime64]
    position_m: NDArray[np.float64]
    velocity_m_s: NDArray[np.float64]
    acceleration_m_s2: NDArray[np.float64]
    clock_bias_s: NDArray[np.float64]
    frequency_bias: NDArray[np.float64]
    health: NDArray[np.float64]
    channel: NDArray[np.float64]
    line: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.satellite)


@dataclass(frozen=True)
class Navigation:
    """One navigation file, or several merged.

    Attributes
    ----------
    kepler : KeplerRecords
        GPS, Galileo, BeiDou, QZSS, NavIC, in file order.
    glonass : GlonassRecords
        GLONASS, in file order.
    damage : mapping
        Path -> records and lines that were dropped, by line.
    skipped : mapping
        What was whole but is not used -> count: ``SBAS``, ``G CNAV``, ``ION``.
    """

    kepler: KeplerRecords
    glonass: GlonassRecords
    damage: Mapping[str, tuple[Damage, ...]] = field(default_factory=dict)
    skipped: Mapping[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.kepler) + len(self.glonass)

    @property
    def glonass_channels(self) -> dict[int, int]:
        """Slot -> FDMA channel, from each slot's newest record that states one."""
        known = self.glonass.take(np.isfinite(self.glonass.channel))
        order = np.lexsort((known.channel, known.reference, known.satellite))
        return {
            int(code) & 255: int(channel)
            for code, channel in zip(known.satellite[order], known.channel[order], strict=True)
        }

    @property
    def satellites(self) -> tuple[str, ...]:
        """Names of the satellites that have a record, sorted."""
        codes = np.union1d(self.kepler.satellite, self.glonass.satellite)
        return tuple(gnss.satellite_name(int(code)) for code in codes)


def merge_navigation(files: Sequence[Navigation]) -> Navigation:
    """Join navigation files; duplicates stay, `BroadcastOrbits` resolves them.

    Raises
    ------
    ValueError
        No file is given.
    """
    if not files:
        raise ValueError("merge_navigation: expected at least one navigation file, found none")
    damage: dict[str, tuple[Damage, ...]] = {}
    skipped: dict[str, int] = {}
    for file in files:
        for path, lines in file.damage.items():
            damage[path] = damage.get(path, ()) + lines
        for what, count in file.skipped.items():
            skipped[what] = skipped.get(what, 0) + count
    return Navigation(
        KeplerRecords.concatenate([file.kepler for file in files]),
        GlonassRecords.concatenate([file.glonass for file in files]),
        damage,
        skipped,
    )
