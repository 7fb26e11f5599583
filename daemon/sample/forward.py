"""The sample's forward model: soil moisture to the SNR of a receiver above a bare field.

Deliberately simple and stated in full: one flat reflector, no vegetation, no terrain. It is made
to show the chain at work, not to test the science; the forward model proper has its own package.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from daemon.sample.noise import normal
from retrieval.gnss import wavelength_m

__all__ = ["ANTENNA_HEIGHT_M", "SIGNALS", "Signal", "simulated_snr_dbhz", "soil_moisture"]

ANTENNA_HEIGHT_M = 1.8

_PHASE_SLOPE_DEG = -1 / 0.0148  # degrees per m3 m-3; Chew et al. 2014 give 1.48 % VWC per degree
_QUANTUM_DB = 0.25
_NOISE_VOLTS = 1.5

_DRY = 0.06  # m3 m-3, what the dry-down tends to
_START = 0.14
_AFTER_RAIN = 0.32
_RAIN_START_H, _RAIN_END_H = 20.0, 22.0
_DRYING_H = 60.0


@dataclass(frozen=True)
class Signal:
    """A signal of the sample.

    Attributes
    ----------
    zenith_dbhz : float
        Direct signal at the zenith, dB-Hz.
    dry_phase_deg : float
        Phase of the reflection over soil without water, degrees.
    slots : int
        Satellites with a slot number (0 to 4 in their plane) below this transmit it.
    """

    zenith_dbhz: float
    dry_phase_deg: float
    slots: int


SIGNALS: Mapping[str, Signal] = {
    "GS1C": Signal(zenith_dbhz=49.0, dry_phase_deg=40.0, slots=5),
    "GS2L": Signal(zenith_dbhz=47.0, dry_phase_deg=25.0, slots=4),
    "GS5Q": Signal(zenith_dbhz=51.0, dry_phase_deg=20.0, slots=3),
}


def soil_moisture(hours: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the made soil moisture, m3 m-3, at hours after the start, same shape.

    A dry-down, two hours of rain, and a dry-down from wetter soil.
    """
    before = _drying(_START, hours)
    before_rain = float(_drying(_START, _RAIN_START_H))
    raining = np.interp(hours, [_RAIN_START_H, _RAIN_END_H], [before_rain, _AFTER_RAIN])
    after = _drying(_AFTER_RAIN, hours - _RAIN_END_H)
    vwc: NDArray[np.float64] = np.where(
        hours < _RAIN_START_H, before, np.where(hours < _RAIN_END_H, raining, after)
    )
    return vwc


def _drying(wet: float, hours: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """Return moisture that decays from `wet` towards the dry value."""
    return _DRY + (wet - _DRY) * np.exp(-np.asarray(hours) / _DRYING_H)


def simulated_snr_dbhz(
    signal: str,
    satellite: str,
    apparent_elevation_deg: NDArray[np.float64],
    vwc: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the SNR that the receiver reports, (n,) dB-Hz in steps of 0.25.

    In volts (the square root of C/N0), with ``t = sin(e)``::

        direct     D(e) = zenith * 10^((-14 exp(-t / 0.18)) / 20)
        reflected  R(e) = 0.30 D(e) exp(-t / 0.20)
        phase      p(e) = 4 pi h t / wavelength + phi,  phi = dry phase - moisture / 0.0148
        SNR        sqrt(D^2 + R^2 + 2 D R sin p) + noise of 1.5 volts

    which is eq. (1) of Jiang et al. 2024 with the sine of this project's phase convention.

    Parameters
    ----------
    signal, satellite : str
        Such as ``GS2L`` and ``G07``; together they name the stream of the noise.
    apparent_elevation_deg : (n,) array
        Elevation after refraction.
    vwc : (n,) array
        Soil moisture at the same times, m3 m-3.
    """
    parameters = SIGNALS[signal]
    sine = np.sin(np.radians(apparent_elevation_deg))
    direct = 10 ** ((parameters.zenith_dbhz - 14 * np.exp(-sine / 0.18)) / 20)
    reflected = 0.30 * direct * np.exp(-sine / 0.20)
    phase = 4 * np.pi * ANTENNA_HEIGHT_M * sine / wavelength_m(signal) + np.radians(
        parameters.dry_phase_deg + _PHASE_SLOPE_DEG * vwc
    )
    volts = np.sqrt(direct**2 + reflected**2 + 2 * direct * reflected * np.sin(phase))
    volts = np.maximum(volts + _NOISE_VOLTS * normal((signal, satellite), len(volts)), 1.0)
    snr: NDArray[np.float64] = np.round(20 * np.log10(volts) / _QUANTUM_DB) * _QUANTUM_DB
    return snr
