"""The options of ``soilglint arcs``, read and checked before any file is.

What is wrong with a value is a matter of usage; whether files and folders are there is not.
"""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Iterable
from datetime import date as Date  # noqa: N812 - `date` is an option's name
from pathlib import Path
from typing import TYPE_CHECKING

from daemon.cli.shared import check_table
from daemon.errors import OutputError, UsageError
from daemon.files import check_folder
from retrieval.errors import InputError

if TYPE_CHECKING:
    from daemon.config import Config
    from retrieval.arcs import ArcSettings

__all__ = ["arc_settings", "check_outputs", "check_position", "day", "signal_names"]

_TALLEST_M = 200.0  # the most that a reflector height may be, see retrieval.arcs


def day(text: str | None) -> Date | None:
    """Read the value of --date."""
    if text is None:
        return None
    try:
        return Date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"--date {text}: expected YYYY-MM-DD, such as 2025-01-10") from error


def signal_names(text: str | None) -> list[str] | None:
    """Read the value of --signals; None where it is not given."""
    if text is None:
        return None
    from retrieval.gnss import signal_code

    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise UsageError(f"--signals {text!r}: expected names such as GS2X,GS5Q")
    for name in names:
        try:
            signal_code(name)
        except InputError as error:
            raise UsageError(f"--signals {text}: {error}") from error
    return names


def check_position(position: tuple[float, float, float] | None) -> None:
    """Refuse a --position that lies nowhere on Earth."""
    if position is None:
        return
    from retrieval.station import Station

    try:
        Station("given", *position)
    except InputError as error:
        raise UsageError(f"--position: {error}") from error


def check_outputs(out: Path, plots: Path | None, read: Iterable[Path]) -> None:
    """Refuse --out and --plots that could not be written in the end, or would be what is read."""
    check_table(out, read)
    if plots is None:
        return
    check_folder("--plots", plots)
    if importlib.util.find_spec("matplotlib") is None:
        raise OutputError(
            "--plots: matplotlib is not installed; install it with pip install 'soilglint[plots]'"
        )


def arc_settings(
    config: Config | None,
    elevation: tuple[float, float] | None,
    height_mode: str,
    apriori_height_m: float | None,
) -> ArcSettings:
    """Return the configuration's settings with the options' changes."""
    from dataclasses import replace

    from daemon.config import window_margins
    from retrieval.arcs import ArcSettings

    given_m = apriori_height_m
    if given_m is not None and not (math.isfinite(given_m) and 0 < given_m <= _TALLEST_M):
        raise UsageError(
            f"--apriori-height {given_m:g}: expected metres above 0, at most {_TALLEST_M:g}"
        )
    settings = config.arc_settings() if config is not None else ArcSettings()
    settings = replace(settings, height_mode=height_mode, apriori_height_m=given_m)
    if elevation is None:
        return settings
    start_below_deg, end_above_deg = window_margins(*elevation)
    try:
        return replace(
            settings,
            elevation_deg=elevation,
            start_below_deg=start_below_deg,
            end_above_deg=end_above_deg,
        )
    except InputError as error:
        low, high = elevation
        raise UsageError(
            f"--elevation {low:g} {high:g}: expected 0 <= LOW, HIGH <= 90, and HIGH at least 2.5 "
            "above LOW"
        ) from error
