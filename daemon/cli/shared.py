"""What several commands have in common: the configuration, and tables that are written."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from daemon.errors import OutputError, UsageError
from daemon.files import check_target, written_whole

if TYPE_CHECKING:
    import pandas as pd

    from daemon.config import Config

__all__ = [
    "DEFAULT_CONFIG",
    "ConfigOption",
    "check_table",
    "is_csv",
    "load",
    "utc",
    "write_table",
]

DEFAULT_CONFIG = Path("soilglint.toml")
ConfigOption = Annotated[Path, typer.Option(readable=False, help="The station's configuration.")]


def load(path: Path) -> Config:
    """Read a configuration file."""
    from daemon.config import load_config

    return load_config(path)


def utc(option: str, text: str) -> pd.Timestamp:
    """Read a time of an option; without a zone it is UTC."""
    import pandas as pd

    wrong = f"{option} {text}: expected a time such as 2026-11-01 or 2026-11-01T12:00Z"
    try:
        time = pd.Timestamp(text)
    except ValueError as error:
        raise UsageError(wrong) from error
    if pd.isna(time):
        raise UsageError(wrong)
    return time.tz_localize("UTC") if time.tzinfo is None else time.tz_convert("UTC")


def is_csv(out: Path) -> bool:
    """Whether a table of this name is CSV, where times are text."""
    return out.suffix.lower() == ".csv"


def check_table(out: Path, read: Iterable[Path], option: str = "--out") -> None:
    """Refuse a table that could not be written in the end, or would be what is read."""
    if out.suffix.lower() not in (".parquet", ".csv"):
        raise UsageError(f"{option} {out}: expected a name that ends in .parquet or .csv")
    check_target(option, out, read)


def write_table(table: pd.DataFrame, out: Path, option: str = "--out") -> None:
    """Write a table to the file of an option, whole or not at all."""
    try:
        # Opened here, because not every writer takes every name that a file may have.
        with written_whole(out) as partial, partial.open("wb") as file:
            if is_csv(out):
                table.to_csv(file, index=False)
            else:
                table.to_parquet(file, index=False)
    except OSError as error:
        raise OutputError(f"{option} {out}: cannot be written ({error.strerror})") from error
