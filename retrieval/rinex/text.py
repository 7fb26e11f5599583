"""From a file on disk to the bytes of its text: archives, Compact RINEX, and what kind it is.

What a file is, is decided by its content: stations rename, and browsers drop endings.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from functools import reduce
from operator import xor
from pathlib import Path

from retrieval.errors import UnreadableFileError
from retrieval.rinex.archives import TEXT_LIMIT_BYTES, too_large, unpack
from retrieval.rinex.crinex import expand_crinex, is_crinex
from retrieval.special_files import special_kind

__all__ = ["TEXT_LIMIT_BYTES", "FileKind", "Text", "file_kind", "read_text"]

_MAX_NESTING = 3  # a gzip file inside a zip archive is seen; more layers than that are not
_FOREIGN_ARCHIVES = {
    b"\xfd7zXZ": "an xz archive",
    b"7z\xbc\xaf\x27\x1c": "a 7-Zip archive",
    b"\x28\xb5\x2f\xfd": "a Zstandard archive",
    b"\x89HDF": "an HDF5 or NetCDF-4 file",
    b"PAR1": "a Parquet file",
    b"%PDF": "a PDF document",
}
_MARKUP = re.compile(rb"\s*<(?:!doctype|html|\?xml)", re.IGNORECASE)
_SP3 = re.compile(rb"#[a-d][PV]\d{4} ")
_NMEA = re.compile(rb"[$!][A-Z]{2}[A-Z0-9]{3},")
_SENTENCE = re.compile(rb"[$!]([^$!*]+)\*([0-9A-Fa-f]{2})")
_NMEA_LINES = 20
_NUMBER = re.compile(rb"[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?")
_SNR_COLUMNS = 11
_SNR_NAME = re.compile(r"\.snr\d\d\b", re.IGNORECASE)


class FileKind(StrEnum):
    """What a file holds, told from its content."""

    OBSERVATION = "observation"
    NAVIGATION = "navigation"
    SP3 = "sp3"
    SNR66 = "snr66"
    NMEA = "nmea"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Text:
    """The text of a file.

    Attributes
    ----------
    path : str
        As given.
    content : bytes
        Decompressed text, not decoded.
    cut : str or None
        Why the text ends early, when its archive or its Compact RINEX is truncated or damaged.
    notes : tuple of str
        Stretches that Compact RINEX could not restore.
    """

    path: str
    content: bytes = field(repr=False)
    cut: str | None = None
    notes: tuple[str, ...] = ()


def read_text(path: str | Path) -> Text:
    """Read a file, through gzip, bzip2, zip, ``compress`` (.Z) and Compact RINEX.

    A truncated archive gives the text that it still holds, and `Text.cut` says so. (A ``.Z``
    archive keeps no length: its truncation shows only as a text that ends inside a line.)

    Raises
    ------
    UnreadableFileError
        The file is missing, a folder, a pipe or a device, not permitted, empty, of an unknown
        binary format, corrupt, or unpacks to more than `TEXT_LIMIT_BYTES`.
    """
    name = str(path)
    content = _read_bytes(name)
    cut: str | None = None
    for _ in range(_MAX_NESTING):
        unpacked = unpack(name, content)
        if unpacked is None:
            break
        content, here = unpacked
        cut = cut or here
    if not content:
        raise UnreadableFileError(
            name,
            "the archive ends before its first byte of text; fetch the file again"
            if cut
            else "the archive holds an empty file; fetch the file again",
        )
    _refuse_foreign(name, content)
    if not is_crinex(content):
        return Text(name, content, cut)
    expanded = expand_crinex(name, content)
    if len(expanded.content) > TEXT_LIMIT_BYTES:
        raise too_large(name)
    return Text(name, expanded.content, cut or expanded.cut, expanded.notes)


def _read_bytes(name: str) -> bytes:
    path = Path(name)
    special = special_kind(path)
    if special:
        raise UnreadableFileError(name, f"is {special}; save what it gives as a file and give that")
    try:
        size = path.stat().st_size
        if size > TEXT_LIMIT_BYTES:
            raise too_large(name)
        content = path.read_bytes()
    except FileNotFoundError:
        raise UnreadableFileError(name, "no such file; check the path") from None
    except IsADirectoryError:
        raise UnreadableFileError(name, "is a folder; give the files in it") from None
    except PermissionError:
        raise UnreadableFileError(
            name, "may not be read by this user; give the user read permission on it"
        ) from None
    except (OSError, ValueError) as error:
        raise UnreadableFileError(name, f"cannot be read ({error}); check the disk") from None
    if not content:
        raise UnreadableFileError(name, "is empty (0 bytes); fetch the file again")
    return content


def _refuse_foreign(name: str, content: bytes) -> None:
    for magic, what in _FOREIGN_ARCHIVES.items():
        if content.startswith(magic):
            raise UnreadableFileError(
                name,
                f"is {what}; expected text, plain or packed by gzip, bzip2, zip or compress; "
                "unpack it first",
            )
    if _MARKUP.match(content):
        raise UnreadableFileError(
            name, "is a web page (perhaps a login or error page of a server); fetch the file again"
        )


def file_kind(content: bytes, name: str = "") -> FileKind:
    """Tell what a text is from its first lines.

    Parameters
    ----------
    content : bytes
        Decompressed text.
    name : str, optional
        File name; it helps only with an SNR table whose first line is damaged.

    Examples
    --------
    >>> line = "     3.05           OBSERVATION DATA    M".ljust(60) + "RINEX VERSION / TYPE"
    >>> str(file_kind(line.encode()))
    'observation'
    """
    first = content[:4096].split(b"\n", 1)[0].rstrip(b"\r")
    if is_crinex(content):
        return FileKind.OBSERVATION
    if first[60:80].rstrip().upper() == b"RINEX VERSION / TYPE":
        letter = first[20:21].upper()
        # RINEX 2 has navigation files of their own letter for GLONASS (G) and SBAS (H).
        return {
            b"O": FileKind.OBSERVATION,
            b"N": FileKind.NAVIGATION,
            b"G": FileKind.NAVIGATION,
            b"H": FileKind.NAVIGATION,
        }.get(letter, FileKind.UNKNOWN)
    if _SP3.match(first):
        return FileKind.SP3
    if _NMEA.match(first):
        return FileKind.NMEA
    numbers = first.split()
    if len(numbers) == _SNR_COLUMNS and all(_NUMBER.fullmatch(number) for number in numbers):
        return FileKind.SNR66
    if _SNR_NAME.search(name) and _NUMBER.match(first.lstrip()):
        return FileKind.SNR66
    return FileKind.NMEA if _has_sentence(content) else FileKind.UNKNOWN


def _has_sentence(content: bytes) -> bool:
    """Return whether an NMEA sentence with a right checksum stands in the first lines.

    Logs begin anywhere: in a line, with blank lines, with what the receiver says of itself.
    """
    lines = [line.strip() for line in content[:16384].split(b"\n")]
    for line in [line for line in lines if line][:_NMEA_LINES]:
        sentence = _SENTENCE.fullmatch(line)
        if sentence and reduce(xor, sentence[1]) == int(sentence[2], 16):
            return True
    return False
