"""Reading RINEX 2, 3 and 4 navigation files into arrays.

All constellations are read in one pass. SBAS records and the newer message types of RINEX 4
(CNAV, CNV1, CNV2, CNV3, L1OC, L3OC, system time, Earth orientation, ionosphere), whose layouts
differ and which repeat orbits that the classical messages give too, are counted and left out.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from retrieval.rinex.navigation_decode import KEPLER_LINES, decode_glonass, decode_kepler
from retrieval.rinex.navigation_lines import (
    Blocks,
    NavigationText,
    find_blocks,
    orphan_lines,
    split_text,
)
from retrieval.rinex.navigation_records import (
    MESSAGES,
    GlonassRecords,
    KeplerRecords,
    Navigation,
    merge_navigation,
)
from retrieval.rinex.records import Damage
from retrieval.rinex.report import bounded
from retrieval.rinex.text import Text, read_text

__all__ = [
    "MESSAGES",
    "GlonassRecords",
    "KeplerRecords",
    "Navigation",
    "merge_navigation",
    "parse_navigation",
    "read_navigation",
]

_SBAS_LINES = _GLONASS_LINES = 4
# From this version on GLONASS records have a fifth line, which some writers leave out. So many
# records of a length are not the work of a lost line.
_GLONASS_EXTENDED, _ANOTHER_WRITER = 3.05, 3
# Constellation -> index into `MESSAGES` before RINEX 4. Galileo's stands in the record itself, and
# BeiDou's two differ in nothing that is read here.
_CLASSICAL = {
    "G": MESSAGES.index("LNAV"),
    "J": MESSAGES.index("LNAV"),
    "I": MESSAGES.index("LNAV"),
    "C": MESSAGES.index("D1"),
    "E": -1,
}
_RINEX4 = {
    "G": ("LNAV",),
    "J": ("LNAV",),
    "I": ("LNAV",),
    "E": ("INAV", "FNAV"),
    "C": ("D1", "D2"),
}
_OTHER_LAYOUTS = ("CNAV", "CNV1", "CNV2", "CNV3", "L1NV", "L1OC", "L3OC", "SBAS")
_NO_EPHEMERIS = ("STO", "EOP", "ION")
# From this excess on a record is followed by one that has lost its opening line; a smaller excess
# means a doubled or broken line inside, and nobody knows which.
_LOST_OPENING = 3
_UNKNOWN, _OTHER_MESSAGE, _SBAS, _GLONASS, _KEPLER = range(5)


def read_navigation(path: str | Path | Text) -> Navigation:
    """Read a RINEX 2, 3 or 4 navigation file.

    Parameters
    ----------
    path : str, Path or Text
        Plain or packed (gzip, bzip2, zip, ``compress``), or a text read already.

    Raises
    ------
    UnreadableFileError
        The file cannot be opened or unpacked, is no RINEX 2, 3 or 4 navigation file, or its header
        has no end. Damage after the header is reported in `Navigation.damage` and costs the
        records that it touches.
    """
    text = path if isinstance(path, Text) else read_text(path)
    navigation = parse_navigation(text.path, text.content)
    if text.cut is None:
        return navigation
    end = text.content.count(b"\n") + 1
    damage = (*navigation.damage.get(text.path, ()), Damage(end, text.cut))
    return Navigation(
        navigation.kepler, navigation.glonass, {text.path: damage}, navigation.skipped
    )


def parse_navigation(path: str, content: bytes) -> Navigation:
    """Read the text of a navigation file; `path` is for messages, errors are `read_navigation`'s.

    Examples
    --------
    >>> first = b"     3.05           N: GNSS NAV DATA    M: MIXED".ljust(60)
    >>> header = first + b"RINEX VERSION / TYPE" + bytes([10]) + b" " * 60 + b"END OF HEADER"
    >>> len(parse_navigation("empty.rnx", header + bytes([10])))
    0
    """
    text = split_text(path, content)
    blocks = find_blocks(text)
    kind, message, skipped = _classify(blocks)
    needed = _lines_needed(text.version, blocks, kind)
    enough = (needed == 0) | (blocks.count == needed) | (blocks.count >= needed + _LOST_OPENING)
    damage = [
        Damage(
            text.number(int(blocks.head[row])),
            "a record of unknown constellation, satellite or message"
            if kind[row] == _UNKNOWN
            else f"a record of {blocks.count[row]} lines, expected {needed[row]}",
        )
        for row in np.flatnonzero(~enough | (kind == _UNKNOWN))
    ]
    taken = np.where(enough & (needed > 0), needed, blocks.count)
    damage += orphan_lines(text, _lines_used(text, blocks, taken))
    satellite = (blocks.letter.astype(np.int32) << 8) + blocks.number.astype(np.int32)
    rows = np.flatnonzero(enough & (kind == _KEPLER))
    kepler, refused = decode_kepler(text, blocks.first[rows], satellite[rows], message[rows])
    damage += refused
    glonass = []
    for n_lines in (_GLONASS_LINES, _GLONASS_LINES + 1):
        rows = np.flatnonzero(enough & (kind == _GLONASS) & (needed == n_lines))
        decoded, refused = decode_glonass(text, blocks.first[rows], satellite[rows], n_lines)
        glonass.append(decoded)
        damage += refused
    counts = Counter(skipped[enough & np.isin(kind, (_OTHER_MESSAGE, _SBAS))].tolist())
    states = GlonassRecords.concatenate(glonass)
    states = states.take(np.argsort(states.line, kind="stable"))
    return Navigation(
        kepler, states, {path: bounded(damage)} if damage else {}, dict(sorted(counts.items()))
    )


def _classify(
    blocks: Blocks,
) -> tuple[NDArray[np.int8], NDArray[np.int8], NDArray[np.object_]]:
    """Return each block's kind, its index into `MESSAGES` (or -1), and its name if skipped."""
    kind = np.full(len(blocks.first), _UNKNOWN, np.int8)
    message = np.full(len(blocks.first), -1, np.int8)
    skipped = np.full(len(blocks.first), "", object)
    for letter in np.unique(blocks.letter):
        for name in np.unique(blocks.message[blocks.letter == letter]):
            rows = (blocks.letter == letter) & (blocks.message == name)
            kind[rows], message[rows], skipped[rows] = _meaning(
                chr(letter), name.decode("latin-1").split()
            )
    without_satellite = (blocks.number < 1) & (kind != _OTHER_MESSAGE)
    kind[without_satellite] = _UNKNOWN
    return kind, message, skipped


def _meaning(letter: str, record: list[str]) -> tuple[int, int, str]:
    """Return kind, message index and name of a constellation's record type."""
    if record[:1] and record[0] in _NO_EPHEMERIS:
        return _OTHER_MESSAGE, -1, record[0]
    if record[:1] not in ([], ["EPH"]):
        return _UNKNOWN, -1, ""
    if letter == "S":
        return _SBAS, -1, "SBAS"
    name = record[1] if len(record) > 1 else None
    if name in _OTHER_LAYOUTS:
        return _OTHER_MESSAGE, -1, f"{letter} {name}"
    if letter == "R" and name in (None, "FDMA"):
        return _GLONASS, -1, ""
    if letter in _CLASSICAL and not record:
        return _KEPLER, _CLASSICAL[letter], ""
    if name in _RINEX4.get(letter, ()):
        return _KEPLER, MESSAGES.index(str(name)), ""
    return _UNKNOWN, -1, ""


def _lines_needed(version: float, blocks: Blocks, kind: NDArray[np.int8]) -> NDArray[np.int64]:
    """Return how many lines each record must have; 0 where any number will do."""
    needed = np.zeros(len(kind), np.int64)
    needed[kind == _KEPLER] = KEPLER_LINES
    needed[kind == _SBAS] = _SBAS_LINES
    glonass = kind == _GLONASS
    needed[glonass] = _GLONASS_LINES
    if version >= _GLONASS_EXTENDED:
        # A record has what most have, unless its own length is that of another writer.
        short = glonass & (blocks.count == _GLONASS_LINES)
        extended = glonass & (blocks.count == _GLONASS_LINES + 1)
        if extended.sum() >= short.sum():
            needed[glonass] += 1
        if min(short.sum(), extended.sum()) >= _ANOTHER_WRITER:
            needed[short], needed[extended] = _GLONASS_LINES, _GLONASS_LINES + 1
    return needed


def _lines_used(
    text: NavigationText, blocks: Blocks, taken: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Return which lines stand in a record, given how many lines of each block are taken."""
    edges = np.zeros(len(text.lines) + 2, np.int64)
    np.add.at(edges, blocks.head, 1)
    np.add.at(edges, blocks.first + taken, -1)
    used: NDArray[np.bool_] = np.cumsum(edges)[: len(text.lines)] > 0
    return used
