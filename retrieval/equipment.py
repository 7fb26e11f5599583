"""What a station hears with: its receiver and antenna, as one text, one number and one token.

The text has five parts joined by `` | ``: receiver number, receiver type, firmware version, antenna
number, antenna type with its dome. A part that is not known is empty; where none is known the whole
text is. A change of any part opens a new epoch of every track: phase, amplitude and height of an
arc hang on the antenna's pattern and on what the receiver makes of the signal.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = [
    "EQUIPMENT_PATTERN",
    "UNKNOWN",
    "equipment_code",
    "equipment_codes",
    "equipment_text",
    "equipment_token",
    "equipment_tokens",
    "with_token",
]

# Equipment of which nothing is known, as of SNR66 and NMEA text.
UNKNOWN = ""
_JOINT = " | "
_PARTS = 5
_TOKEN_DIGITS = 6
# An equipment text, empty or with its five parts.
EQUIPMENT_PATTERN = re.compile(r"|(?:[^|]*\|){4}[^|]*")


def equipment_text(*parts: str) -> str:
    """Join receiver number, type, version and antenna number, type into one text.

    Blanks at the ends of parts go, those inside become one, and so does what cannot be printed; a
    ``|`` becomes ``/``.

    Examples
    --------
    >>> equipment_text("3047937", "SEPT POLARX5", "5.2.0", "", "ASH701945E_M    SCIS")
    '3047937 | SEPT POLARX5 | 5.2.0 |  | ASH701945E_M SCIS'
    >>> equipment_text("", " ", "", "", "")
    ''
    """
    if len(parts) != _PARTS:
        raise ValueError(f"equipment: {len(parts)} parts, expected {_PARTS}")
    cleaned = [_cleaned(part) for part in parts]
    return _JOINT.join(cleaned) if any(cleaned) else UNKNOWN


def _cleaned(part: str) -> str:
    printable = "".join(letter if letter.isprintable() else " " for letter in part)
    return " ".join(printable.replace("|", "/").split())


def equipment_code(text: str) -> int:
    """Return the number that stands for an equipment text beside observations; 0 for unknown.

    It follows from the text alone, so that observations of different files can be joined.
    """
    if text == UNKNOWN:
        return 0
    return int.from_bytes(_digest(text)[:7], "big") + 1


def equipment_codes(texts: Iterable[str]) -> dict[int, str]:
    """Return the text of each code; that of unknown equipment is always among them."""
    return {0: UNKNOWN} | {equipment_code(text): text for text in texts}


def equipment_token(text: str) -> str:
    """Return six hexadecimal digits that name an equipment in identities; empty for unknown.

    Examples
    --------
    >>> equipment_token(""), len(equipment_token("1 | A | 2 |  | B"))
    ('', 6)
    """
    return "" if text == UNKNOWN else _digest(text).hex()[:_TOKEN_DIGITS]


def equipment_tokens(arcs: pd.DataFrame) -> NDArray[np.object_]:
    """Return the token of each arc, (n,); tables from before the column know no equipment.

    Parameters
    ----------
    arcs : DataFrame
        n rows; `equipment` may be missing.
    """
    if "equipment" not in arcs:
        return np.full(len(arcs), "", dtype=object)
    texts: NDArray[Any] = arcs["equipment"].to_numpy(dtype=object)
    token = {text: equipment_token(str(text)) for text in pd.unique(texts)}
    return np.array([token[text] for text in texts], dtype=object)


def with_token(name: str, token: str, joint: str = "-") -> str:
    """Return a name of something with the token of its equipment behind it, if there is one.

    Examples
    --------
    >>> with_token("G05-S2X-rising", "1a2b3c"), with_token("GS2X", "", "#")
    ('G05-S2X-rising-1a2b3c', 'GS2X')
    """
    return f"{name}{joint}{token}" if token else name


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8")).digest()
