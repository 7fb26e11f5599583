"""Unpacking of gzip, bzip2, zip and ``compress`` (.Z) archives, told apart by their first bytes."""

from __future__ import annotations

import bz2
import io
import re
import zipfile
import zlib

import ncompress

from retrieval.errors import UnreadableFileError

__all__ = ["TEXT_LIMIT_BYTES", "too_large", "unpack"]

# A 1 Hz day of all constellations is about 1 GiB. More than twice that is a decompression bomb or
# a mistake, and would take the small computer of a station down with it.
TEXT_LIMIT_BYTES = 2 * 1024**3

_CHUNK = 1 << 24
_RINEX_MEMBER = re.compile(
    r"\.(?:\d\d[odngpl]|rnx|crx|obs|nav|sp3|snr\d\d)(?:\.(?:gz|z|bz2))?$", re.IGNORECASE
)


def too_large(name: str) -> UnreadableFileError:
    """Return the error for a file beyond `TEXT_LIMIT_BYTES`."""
    return UnreadableFileError(
        name,
        f"holds more than {TEXT_LIMIT_BYTES / 1024**3:g} GiB of text; split it into days or hours",
    )


def _corrupt(name: str, archive: str, detail: object) -> UnreadableFileError:
    return UnreadableFileError(name, f"corrupt {archive} archive ({detail}); fetch the file again")


def unpack(name: str, content: bytes) -> tuple[bytes, str | None] | None:
    """Unpack one layer of an archive.

    Parameters
    ----------
    name : str
        The file, for messages.
    content : bytes
        Its bytes.

    Returns
    -------
    (bytes, str or None) or None
        What the archive holds and why it is cut, if it is; None when the bytes are no archive.

    Raises
    ------
    UnreadableFileError
        The archive is corrupt, holds several files, or unpacks to more than `TEXT_LIMIT_BYTES`.
    """
    if content[:2] == b"\x1f\x8b":
        return _unpack_gzip(name, content)
    if content[:3] == b"BZh":
        return _unpack_bzip2(name, content)
    if content[:2] == b"\x1f\x9d":
        return _unpack_compress(name, content)
    if content[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return _unpack_zip(name, content), None
    return None


def _unpack_gzip(name: str, content: bytes) -> tuple[bytes, str | None]:
    parts: list[bytes] = []
    total = 0
    rest = content
    while rest[:2] == b"\x1f\x8b":
        stream = zlib.decompressobj(wbits=31)
        while not stream.eof:
            try:
                part = stream.decompress(rest, _CHUNK)
            except zlib.error as error:
                raise _corrupt(name, "gzip", error) from None
            rest = stream.unconsumed_tail
            total += len(part)
            if total > TEXT_LIMIT_BYTES:
                raise too_large(name)
            parts.append(part)
            if not part and not rest and not stream.eof:
                return b"".join(parts), "the gzip archive is truncated"
        rest = stream.unused_data
    if rest.strip(b"\0"):
        return b"".join(parts), f"{len(rest)} bytes after the gzip archive are no archive"
    return b"".join(parts), None


def _unpack_bzip2(name: str, content: bytes) -> tuple[bytes, str | None]:
    parts: list[bytes] = []
    total = 0
    rest = content
    while rest[:3] == b"BZh":
        stream = bz2.BZ2Decompressor()
        given = rest
        while not stream.eof:
            try:
                part = stream.decompress(given, _CHUNK)
            except OSError as error:
                raise _corrupt(name, "bzip2", error) from None
            given = b""
            total += len(part)
            if total > TEXT_LIMIT_BYTES:
                raise too_large(name)
            parts.append(part)
            if not part and stream.needs_input and not stream.eof:
                return b"".join(parts), "the bzip2 archive is truncated"
        rest = stream.unused_data
    if rest:
        return b"".join(parts), f"{len(rest)} bytes after the bzip2 archive are no archive"
    return b"".join(parts), None


class _LimitedSink(io.BytesIO):
    """A buffer that refuses to grow beyond the limit."""

    def write(self, part: object) -> int:
        written = super().write(part)  # type: ignore[arg-type]
        if self.tell() > TEXT_LIMIT_BYTES:
            raise OverflowError
        return written


def _unpack_compress(name: str, content: bytes) -> tuple[bytes, str | None]:
    sink = _LimitedSink()
    try:
        ncompress.decompress(content, sink)
    except ValueError as error:
        raise _corrupt(name, "compress (.Z)", error) from None
    except OverflowError:
        raise too_large(name) from None
    text = sink.getvalue()
    ends_inside_line = bool(text) and not text.endswith(b"\n")
    return text, "the .Z archive ends inside a line" if ends_inside_line else None


def _unpack_zip(name: str, content: bytes) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            member = _zip_member(name, archive)
            if member.file_size > TEXT_LIMIT_BYTES:
                raise too_large(name)
            with archive.open(member) as stream:
                text = stream.read(TEXT_LIMIT_BYTES + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError) as error:
        raise _corrupt(name, "zip", error) from None
    except NotImplementedError as error:
        raise UnreadableFileError(
            name, f"zip method not supported ({error}); pack the file again with gzip"
        ) from None
    except RuntimeError as error:  # zipfile's way of saying that a password is wanted
        raise UnreadableFileError(name, f"{error}; unpack the file first") from None
    if len(text) > TEXT_LIMIT_BYTES:
        raise too_large(name)
    return text


def _zip_member(name: str, archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    members = [member for member in archive.infolist() if not member.is_dir()]
    if len(members) == 1:
        return members[0]
    rinex = [member for member in members if _RINEX_MEMBER.search(member.filename)]
    if len(rinex) == 1:
        return rinex[0]
    listing = ", ".join(member.filename for member in members[:10]) or "none"
    more = f" and {len(members) - 10} more" if len(members) > 10 else ""
    raise UnreadableFileError(
        name,
        f"expected a zip archive with one file, found {len(members)}: {listing}{more}; unpack it "
        "and give the files",
    )
