"""Signals in words, for readers who do not know the codes of RINEX."""

from __future__ import annotations

from retrieval.errors import UnknownSignalError
from retrieval.gnss import CONSTELLATIONS, carrier_frequency_hz

__all__ = ["signal_words"]

# RINEX 4.01, tables 12 to 18; names without a last letter are of RINEX 2.
_CODES = {
    "GS1": "L1",
    "GS1C": "L1 C/A",
    "GS1W": "L1 P(Y)",
    "GS1P": "L1 P",
    "GS1L": "L1C",
    "GS1X": "L1C",
    "GS1S": "L1C",
    "GS2": "L2",
    "GS2W": "L2 P(Y)",
    "GS2P": "L2 P",
    "GS2S": "L2C",
    "GS2L": "L2C",
    "GS2X": "L2C",
    "GS5": "L5",
    "GS5I": "L5",
    "GS5Q": "L5",
    "GS5X": "L5",
    "RS1": "G1",
    "RS1C": "G1 C/A",
    "RS1P": "G1 P",
    "RS2": "G2",
    "RS2C": "G2 C/A",
    "RS2P": "G2 P",
    "RS3X": "G3",
    "ES1": "E1",
    "ES1C": "E1",
    "ES1X": "E1",
    "ES5Q": "E5a",
    "ES5X": "E5a",
    "ES6C": "E6",
    "ES6X": "E6",
    "ES7Q": "E5b",
    "ES7X": "E5b",
    "ES8Q": "E5",
    "ES8X": "E5",
    "CS1P": "B1C",
    "CS1X": "B1C",
    "CS2I": "B1I",
    "CS5P": "B2a",
    "CS5X": "B2a",
    "CS6I": "B3I",
    "CS7I": "B2I",
    "CS7D": "B2b",
    "JS1C": "L1 C/A",
    "JS2L": "L2C",
    "JS2X": "L2C",
    "JS5Q": "L5",
    "JS5X": "L5",
}


def signal_words(name: str) -> str:
    """Return a signal in words; one that has none here, by its band or its name.

    Parameters
    ----------
    name : str
        Constellation letter and RINEX observation code.

    Examples
    --------
    >>> signal_words("GS2X"), signal_words("IS5A"), signal_words("<b>")
    ('GPS L2C', 'NavIC 1176.45 MHz', '<b>')
    """
    if name in _CODES:
        return f"{CONSTELLATIONS[name[0]]} {_CODES[name]}"
    try:
        frequency_hz = carrier_frequency_hz(name)
    except (UnknownSignalError, ValueError):
        return name
    return f"{CONSTELLATIONS[name[0]]} {1e-6 * frequency_hz:.2f} MHz"
