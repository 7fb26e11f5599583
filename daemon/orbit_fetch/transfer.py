"""One file from an address or a command, within limits of time and size."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from daemon.errors import OrbitFetchError
from retrieval.version import VERSION

__all__ = ["download", "run_command"]

_TIME_LIMIT_S = 120.0  # for one file
_SILENCE_LIMIT_S = 30.0
_SIZE_LIMIT_BYTES = 200 * 1024**2
_CHUNK = 1 << 16
_QUERY = re.compile(r"\?.*")  # may hold a key, which must not be said


def download(url: str, target: Path) -> None:
    """Write what an address gives to a file, within limits of time and size.

    Raises
    ------
    OrbitFetchError
        It cannot be had.
    OSError
        It cannot be written.
    """
    import ssl
    from http.client import HTTPException
    from urllib import error, request

    opener = request.OpenerDirector()  # without those that read local files and FTP
    for handler in (
        request.ProxyHandler(),
        request.HTTPHandler(),
        request.HTTPSHandler(),
        request.HTTPRedirectHandler(),
        request.HTTPDefaultErrorHandler(),
        request.HTTPErrorProcessor(),
        request.UnknownHandler(),
    ):
        opener.add_handler(handler)
    asked = request.Request(  # noqa: S310 - the configuration allows http and https only
        url, headers={"User-Agent": f"soilglint/{VERSION}", "Accept-Encoding": "identity"}
    )
    said = _QUERY.sub("?...", url)
    until_s = time.monotonic() + _TIME_LIMIT_S
    try:
        with (
            contextlib.closing(opener.open(asked, timeout=_SILENCE_LIMIT_S)) as answer,
            target.open("wb") as file,
        ):
            _copy(answer, file, until_s, said)
    except error.HTTPError as failure:
        failure.close()
        later = " (it may come later)" if failure.code == 404 else ""
        raise OrbitFetchError(f"{said}: the server answers {failure.code}{later}") from failure
    except error.URLError as failure:
        raise OrbitFetchError(f"{said}: cannot be reached ({failure.reason})") from failure
    except (HTTPException, TimeoutError, ConnectionError, ssl.SSLError, ValueError) as failure:
        why = str(failure) or type(failure).__name__
        raise OrbitFetchError(f"{said}: the transfer broke off ({why})") from failure


def _copy(answer: Any, file: IO[bytes], until_s: float, said: str) -> None:
    """Copy an answer; one that is too long, too slow or cut off raises `OrbitFetchError`."""
    size, announced = 0, answer.headers.get("Content-Length")
    while chunk := answer.read1(_CHUNK):
        size += len(chunk)
        if size > _SIZE_LIMIT_BYTES:
            raise OrbitFetchError(f"{said}: longer than {_SIZE_LIMIT_BYTES >> 20} MiB; given up")
        if time.monotonic() > until_s:
            raise OrbitFetchError(f"{said}: not there after {_TIME_LIMIT_S:g} s; given up")
        file.write(chunk)
    if announced is not None and announced.isdigit() and int(announced) != size:
        raise OrbitFetchError(f"{said}: {size} of {announced} bytes came")


def run_command(command: Sequence[str], target: Path) -> None:
    """Let a command write a file, within limits of time and size.

    Raises
    ------
    OrbitFetchError
        It cannot be run, fails, takes too long, or writes nothing or too much.
    """
    try:
        # Without a shell; in a session of its own, so that what it starts ends with it.
        process = subprocess.Popen(  # noqa: S603 - the command is the operator's
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise OrbitFetchError(
            f"orbits.fetch_command: {command[0]} cannot be run ({error.strerror})"
        ) from error
    try:
        _, said = process.communicate(timeout=_TIME_LIMIT_S)
    except subprocess.TimeoutExpired as error:
        raise OrbitFetchError(
            f"orbits.fetch_command: {command[0]} was not done after {_TIME_LIMIT_S:g} s; ended"
        ) from error
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    if process.returncode != 0:
        lines = said.decode("utf-8", "replace").strip().splitlines()
        last = f": {lines[-1][:200]}" if lines else ""
        raise OrbitFetchError(
            f"orbits.fetch_command: {command[0]} ended with code {process.returncode}{last}"
        )
    if not target.exists() or target.stat().st_size == 0:
        raise OrbitFetchError(f"orbits.fetch_command: {command[0]} wrote nothing to {{out}}")
    if target.stat().st_size > _SIZE_LIMIT_BYTES:
        raise OrbitFetchError(
            f"orbits.fetch_command: {command[0]} wrote more than {_SIZE_LIMIT_BYTES >> 20} MiB"
        )
