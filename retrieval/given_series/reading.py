"""The text of a file, and which form it has."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

from retrieval.errors import UnreadableFileError
from retrieval.given_series.probes import is_ismn, is_probes, read_ismn, read_probes
from retrieval.given_series.series import GivenSeries
from retrieval.given_series.tables import PBO_MARK, read_csv, read_pbo
from retrieval.special_files import special_kind

__all__ = ["read_series"]


def read_series(path: Path) -> GivenSeries:
    """Read a file of moisture or weather, packed with gzip or not.

    Parameters
    ----------
    path : Path
        One of

        - CSV with a header that holds ``time`` (ISO 8601, UTC) and some of ``vwc`` (m3 m-3),
          ``temperature_c``, ``rain_mm``, ``snow_depth_m``; rows with a ``flag`` other than empty,
          ``good`` or ``G`` are left out, other columns passed over;
        - the daily CSV of PBO H2O: moisture product, NLDAS weather, snow depth;
        - soil moisture of the International Soil Moisture Network (``.stm``), of which flags G
          and U are kept;
        - text of probes with columns ``%YR DOY HR MIN`` and ``<cm>_VWC``: the shallowest.

    Raises
    ------
    UnreadableFileError
        The file is missing or none of these, or a row cannot be read; the message names the line.
    """
    lines = _text(path).splitlines()
    if lines and PBO_MARK in lines[0]:
        return read_pbo(path, lines)
    if is_probes(lines):
        return read_probes(path, lines)
    if is_ismn(lines):
        return read_ismn(path, lines)
    return read_csv(path, lines)


def _text(path: Path) -> str:
    """Return the text of a file."""
    special = special_kind(path)
    if special:
        raise UnreadableFileError(str(path), f"is {special}; give a CSV file")
    try:
        content = path.read_bytes()
        if content[:2] == b"\x1f\x8b":
            content = gzip.decompress(content)
        return content.decode("utf-8-sig")
    except FileNotFoundError as error:
        raise UnreadableFileError(str(path), "there is no such file; correct the path") from error
    except UnicodeDecodeError as error:
        raise UnreadableFileError(
            str(path), "expected UTF-8 text, found other bytes; give a CSV file"
        ) from error
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableFileError(str(path), f"cannot be read ({error})") from error
