"""A receiver: from the carrier-to-noise ratio at the antenna to the SNR that it reports."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import InputError
from retrieval.gnss import satellite_name, signal_code
from retrieval.simulation.receiver.cn0_estimator import codeless_loss_db, measured_cn0, quantised
from retrieval.simulation.receiver.interruptions import (
    Interruptions,
    day_name,
    days_of,
    interrupted,
)
from retrieval.simulation.streams import normal

__all__ = ["CODELESS", "LOCK_MEMORY_S", "Receiver", "held", "received"]

# P(Y) as a civil receiver gets it. Many converters write P where W is meant.
CODELESS = frozenset({"GS1W", "GS2W", "GS1P", "GS2P", "GS2D"})

LOCK_MEMORY_S = 3600.0

_NS_PER_S = 1_000_000_000
_DAY_NS = 86_400 * _NS_PER_S
_HIGHEST_DBHZ = 99.999  # what an observation file can hold


@dataclass(frozen=True)
class Receiver:
    """How a receiver measures, and when it does not.

    Attributes
    ----------
    interval_s : float
        Seconds between epochs; a day holds a whole number of them.
    averaging_s : float
        Averaging time of the reported ratio; the interval, if that is shorter.
    noise_factor, predetection_s : float
        Of the estimator, see `retrieval.simulation.receiver.cn0_estimator`.
    step_db : float
        Step of the reported values, dB; 0 for none.
    lock_dbhz : float
        Below this reported ratio a signal is lost. The lowest values in real files are 18 dB-Hz
        (Septentrio PolaRx5) and 24 to 25 (Trimble NetR9).
    codeless_lock_dbhz : float
        The same for P(Y), after its squaring loss; 1 dB-Hz (PolaRx5) and 11 to 16 (NetR9). With the
        default a P(Y) signal is lost at a ratio of 33 dB-Hz before the loss.
    lock_margin_db : float
        A lost signal comes back above the limit plus this margin...
    reacquire_s : float
        ...when it has been above it for this long.
    horizon_deg : float
        Elevation below which nothing is recorded.
    interruptions : Interruptions
        Outages, gaps, restarts, missing satellites.

    Raises
    ------
    InputError
        A number is outside its range.
    """

    interval_s: float = 30.0
    averaging_s: float = 1.0
    noise_factor: float = 2.0
    predetection_s: float = 1e-3
    step_db: float = 0.0
    lock_dbhz: float = 25.0
    codeless_lock_dbhz: float = 12.0
    lock_margin_db: float = 2.0
    reacquire_s: float = 10.0
    horizon_deg: float = 0.0
    interruptions: Interruptions = field(default_factory=Interruptions)

    def __post_init__(self) -> None:
        for name in ("noise_factor", "step_db", "lock_margin_db"):
            if not getattr(self, name) >= 0:
                raise InputError(f"receiver: {name} {getattr(self, name)}, expected 0 or more")
        for name in ("lock_dbhz", "codeless_lock_dbhz"):
            if not 0 < getattr(self, name) < _HIGHEST_DBHZ:
                raise InputError(
                    f"receiver: {name} {getattr(self, name)}, expected more than 0 and less than "
                    f"{_HIGHEST_DBHZ} dB-Hz"
                )
        if not 0 <= self.reacquire_s <= LOCK_MEMORY_S:
            raise InputError(
                f"receiver: reacquire_s {self.reacquire_s}, expected 0 to {LOCK_MEMORY_S:g}"
            )
        if not (self.interval_s > 0 and _DAY_NS % max(self.interval_ns, 1) == 0):
            raise InputError(
                f"receiver: interval_s {self.interval_s}, expected a whole number of intervals in "
                "a day, such as 30, 15, 1 or 0.2"
            )
        if not 0 <= self.predetection_s <= self.tau_s:
            raise InputError(
                f"receiver: predetection_s {self.predetection_s}, expected 0 or more and not more "
                f"than the averaging time of {self.tau_s} s"
            )

    @property
    def interval_ns(self) -> int:
        """Nanoseconds between epochs."""
        return round(self.interval_s * _NS_PER_S)

    @property
    def tau_s(self) -> float:
        """Averaging time in effect."""
        return min(self.averaging_s, self.interval_s)

    def limit_dbhz(self, signal: str) -> float:
        """Return the reported ratio below which a signal is lost."""
        return self.codeless_lock_dbhz if signal in CODELESS else self.lock_dbhz


def received(
    receiver: Receiver,
    seed: int,
    time: NDArray[np.datetime64],
    satellite: NDArray[np.int32],
    signal: str,
    cn0_hz: NDArray[np.float64],
    elevation_deg: NDArray[np.float64] | None = None,
    aiding_cn0_hz: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Return the SNR that a receiver reports of one signal.

    Parameters
    ----------
    receiver : Receiver
        Its settings.
    seed : int
        Of the random numbers, which depend besides on day, signal and satellite only.
    time : (epochs,) datetime64[ns]
        GPS time, increasing, on the receiver's interval counted from midnight. Any stretch.
    satellite : (m,) int32
        Satellite codes.
    signal : str
        Such as ``GS2X``.
    cn0_hz : (m, epochs) float64
        Ratio of the composite of direct and reflected signal, Hz (not dB-Hz), and for P(Y) as a
        receiver that knew the code would see it; NaN where the satellite is not in view.
    elevation_deg : (m, epochs) float64, optional
        For the receiver's horizon; without it nothing is cut.
    aiding_cn0_hz : (m, epochs) float64, optional
        For semi-codeless signals the ratio of P(Y) on the other carrier; the signal's own if not
        given.

    Returns
    -------
    (m, epochs) float64
        dB-Hz, at most 99.999; NaN where the signal is not tracked or nothing is recorded.

    Raises
    ------
    InputError
        Shapes do not fit, or an epoch is not on the receiver's interval.
    UnknownSignalError
        There is no such signal.

    Notes
    -----
    An epoch's value does not depend on the stretch in which it is simulated, but for loss of lock,
    which looks back `LOCK_MEMORY_S`: begin as much earlier, and leave that part out, for
    values that agree exactly with those of a longer stretch.
    """
    signal_code(signal)
    for array in (cn0_hz, elevation_deg, aiding_cn0_hz):
        if array is not None and array.shape != (len(satellite), len(time)):
            raise InputError(
                f"{signal}: an array of shape {array.shape}, expected satellites by epochs, "
                f"{(len(satellite), len(time))}"
            )
    draws = _draws(receiver, seed, time, satellite, signal)
    if signal in CODELESS:
        aiding = cn0_hz if aiding_cn0_hz is None else aiding_cn0_hz
        cn0_hz = cn0_hz * 10 ** (-codeless_loss_db(_dbhz(aiding)) / 10)
    measured_dbhz = _dbhz(
        measured_cn0(cn0_hz, draws, receiver.tau_s, receiver.noise_factor, receiver.predetection_s)
    )
    if elevation_deg is not None:
        measured_dbhz[~(elevation_deg >= receiver.horizon_deg)] = np.nan
    limit_dbhz = receiver.limit_dbhz(signal)
    tracked = held(measured_dbhz, time, limit_dbhz, receiver.lock_margin_db, receiver.reacquire_s)
    tracked &= ~interrupted(receiver.interruptions, seed, time, satellite)
    measured_dbhz[~tracked] = np.nan
    reported: NDArray[np.float64] = np.minimum(
        quantised(measured_dbhz, receiver.step_db), _HIGHEST_DBHZ
    )
    return reported


def held(
    measured_dbhz: NDArray[np.float64],
    time: NDArray[np.datetime64],
    limit_dbhz: float,
    margin_db: float,
    reacquire_s: float,
) -> NDArray[np.bool_]:
    """Return where a signal is tracked, (m, epochs).

    Parameters
    ----------
    measured_dbhz : (m, epochs) float64
        dB-Hz; NaN where the satellite is not in view, which counts as a loss.
    time : (epochs,) datetime64[ns]
        Increasing.
    limit_dbhz : float
        Below it a signal is lost.
    margin_db, reacquire_s : float
        It comes back when it has been at or above limit plus margin for that long.

    Notes
    -----
    A signal that has not been below the limit for `LOCK_MEMORY_S` is tracked, also one that has
    not since risen above the margin, and so is every one at or above the limit of which the past
    is not known.
    """
    at_s = (time - time[:1]).astype("timedelta64[ns]").astype(np.float64) / _NS_PER_S
    lost = ~(measured_dbhz >= limit_dbhz)
    weak = ~(measured_dbhz >= limit_dbhz + margin_db)
    last_lost_s = _latest(lost, at_s)
    is_ready = ~weak & (at_s - _latest(weak, at_s) >= reacquire_s)
    is_known = at_s - last_lost_s <= LOCK_MEMORY_S
    return ~lost & (~is_known | (_latest(is_ready, at_s) > last_lost_s))


def _latest(event: NDArray[np.bool_], at_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return when each row's latest event up to each epoch was; minus infinity before the first."""
    return np.maximum.accumulate(np.where(event, at_s, -np.inf), axis=1)


def _draws(
    receiver: Receiver,
    seed: int,
    time: NDArray[np.datetime64],
    satellite: NDArray[np.int32],
    signal: str,
) -> NDArray[np.float64]:
    """Return standard normal numbers, (3, m, epochs)."""
    day = time.astype("datetime64[D]")
    place, rest = np.divmod(
        (time - day).astype("timedelta64[ns]").astype(np.int64), receiver.interval_ns
    )
    if rest.any():
        raise InputError(
            f"epoch {time[np.flatnonzero(rest)[0]]} is not on the receiver's interval of "
            f"{receiver.interval_s} s, counted from midnight"
        )
    per_day = _DAY_NS // receiver.interval_ns
    draws = np.empty((3, len(satellite), len(time)))
    for each in days_of(time):
        here = np.flatnonzero(day == each)
        for row, code in enumerate(satellite):
            stream = ("noise", day_name(each), signal, satellite_name(int(code)))
            of_day = normal(seed, stream, 3 * per_day).reshape(3, per_day)
            draws[:, row, here] = of_day[:, place[here]]
    return draws


def _dbhz(cn0_hz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return dB-Hz; minus infinity for nothing."""
    with np.errstate(divide="ignore"):
        result: NDArray[np.float64] = 10 * np.log10(cn0_hz)
    return result
