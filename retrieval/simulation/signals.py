"""Signals as the forward model knows them: how strong they arrive, and which are codeless.

Received powers are those that an isotropic antenna meets at mid elevation: the minima that the
interface documents guarantee (IS-GPS-200N, IS-GPS-705J, Galileo OS SIS ICD 2.1, GLONASS ICD 5.1 and
CDMA ICD 2016, BDS-SIS-ICD B1I 3.0, B3I 1.0, B2a 1.0, IS-QZSS-PNT) and 2 dB, by which satellites
usually exceed them (Steigenberger, Thoelert & Montenbruck 2018, GPS Solutions 22:23, measured more
than that on GPS). They are typical, not measured: `received_dbw` of a scenario overrules them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from retrieval.errors import InputError
from retrieval.simulation.receiver.tracking import CODELESS
from retrieval.simulation.scenario_sections import SignalSection

__all__ = ["DEFAULT_SIGNALS", "other_carrier", "received_dbw"]

_USUAL_EXCESS_DB = 2.0

# Constellation and band -> guaranteed power, dBW.
_GUARANTEED_DBW: Mapping[str, float] = {
    "G1": -158.5,
    "G2": -160.0,
    "G5": -157.9,
    "R1": -161.0,
    "R2": -161.0,
    "R3": -158.0,
    "R4": -158.5,
    "R6": -158.0,
    "E1": -157.25,
    "E5": -155.25,
    "E6": -155.25,
    "E7": -155.25,
    "E8": -152.25,
    "C1": -159.0,
    "C2": -163.0,
    "C5": -156.0,
    "C6": -163.0,
    "C7": -160.0,
    "C8": -154.0,
    "J1": -158.5,
    "J2": -160.0,
    "J5": -157.9,
    "J6": -155.7,
}
# The encrypted codes of GPS, tracked without the key.
_CODELESS_DBW: Mapping[str, float] = {"G1": -161.5, "G2": -164.5}

# What a scenario tracks that names no signals.
DEFAULT_SIGNALS: Mapping[str, tuple[str, ...]] = {
    "G": ("GS1C", "GS2L", "GS5Q"),
    "R": ("RS1C", "RS2C", "RS3Q"),
    "E": ("ES1C", "ES5Q", "ES7Q"),
    "C": ("CS2I", "CS5P", "CS6I"),
    "J": ("JS1C", "JS2L", "JS5Q"),
}


def received_dbw(signal: str) -> float:
    """Return the power that an isotropic antenna receives, dBW.

    Raises
    ------
    InputError
        No power is known for the signal.
    """
    band = signal[0] + signal[2]
    table = _CODELESS_DBW if signal in CODELESS else _GUARANTEED_DBW
    if band not in table:
        raise InputError(
            f"signal {signal!r}: no received power is known for it; give received_dbw with it"
        )
    return table[band] + _USUAL_EXCESS_DB


def other_carrier(signal: SignalSection, tracked: Sequence[SignalSection] = ()) -> SignalSection:
    """Return P(Y) on the carrier by whose help a receiver tracks P(Y) on the other.

    Parameters
    ----------
    signal : SignalSection
        P(Y) on one carrier.
    tracked : sequence of SignalSection
        The scenario's signals. P(Y) of the other carrier among them, of the same satellites or of
        all, tells how strong it arrives.

    Examples
    --------
    >>> other_carrier(SignalSection(code="GS2W")).code
    'GS1W'
    """
    band = "1" if signal.code[2] == "2" else "2"
    aiding = [one for one in tracked if one.code in CODELESS and one.code[2] == band]
    for one in aiding:
        if not one.satellites or set(signal.satellites) == set(one.satellites):
            return one
    return SignalSection(code=f"G{signal.code[1]}{band}W", satellites=signal.satellites)
