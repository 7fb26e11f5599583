"""The questions of ``soilglint config init``: what no file tells about a station.

An answer comes from an option, else from the person at the terminal (who is asked again when it is
wrong), else from a default. What has no sane default is an error that names the option.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import typer

from daemon.cli.program import show
from daemon.errors import UsageError
from daemon.exit_codes import INTERRUPTED

if TYPE_CHECKING:
    from daemon.station_facts import StationFacts

__all__ = ["Questions"]

_T = TypeVar("_T")


class Questions:
    """The few things that no file tells.

    Parameters
    ----------
    asked : bool
        Whether a person may be asked.
    """

    def __init__(self, *, asked: bool) -> None:
        self.asked = asked

    def tell(self, text: str) -> None:
        """Say something to a person who is being asked."""
        if self.asked:
            show(text, err=True)

    def name(self, given: str | None, facts: StationFacts) -> str:
        """Return the station's name."""
        if given is None and not self.asked and not facts.name:
            raise UsageError("--name: the files hold no marker to name the station by; give one")
        return self._answer("--name", given, "Name of the station", facts.name or None, _name)

    def texture(self, given: str | None) -> str:
        """Return the soil's texture."""
        from retrieval.soil import TEXTURES

        if given is None and not self.asked:
            raise UsageError(
                "--texture: give the soil's, which no file tells; one of "
                f"{', '.join(TEXTURES)} (a map or a look at the soil is enough to begin with)"
            )
        if given is None:
            self.tell(f"USDA classes of soil: {', '.join(TEXTURES)}")
        return self._answer("--texture", given, "Texture of the soil", None, _texture)

    def antenna_height_m(self, given: float | None) -> float | None:
        """Return the antenna's height above the ground; None where nobody says."""
        text = None if given is None else str(given)
        question = "Antenna above the ground in metres (empty: not known)"
        return self._answer("--antenna-height", text, question, "", _antenna_height_m)

    def inbox(self, given: str | None) -> str:
        """Return the folder where files arrive."""
        question = "Folder where the receiver's files arrive"
        return self._answer("--inbox", given, question, "inbox", _folder)

    def _answer(
        self,
        option: str,
        given: str | None,
        question: str,
        default: str | None,
        read: Callable[[str], _T],
    ) -> _T:
        """Read a value given, else ask until there is one, else take the default."""
        if given is None and self.asked:
            try:
                answer: _T = typer.prompt(
                    question,
                    default=default,
                    show_default=bool(default),
                    value_proc=lambda text: _read_again(read, text),
                    err=True,
                )
            except typer.Abort:  # Ctrl-C and Ctrl-D
                show("", err=True)
                raise typer.Exit(INTERRUPTED) from None
            return answer
        try:
            return read(given if given is not None else default or "")
        except ValueError as error:
            raise UsageError(f"{option} {given}: {error}") from error


def _read_again(read: Callable[[str], _T], text: str) -> _T:
    """Read an answer; a wrong one is asked for again."""
    try:
        return read(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _name(text: str) -> str:
    from daemon.config_writer import is_station_name

    if not is_station_name(text.strip()):
        raise ValueError("expected 1 to 64 letters, digits, - and _")
    return text.strip()


def _texture(text: str) -> str:
    from retrieval.errors import InputError
    from retrieval.soil import TEXTURES, soil_limits

    try:
        found = soil_limits(text)
    except InputError as error:
        raise ValueError(str(error)) from error
    return next(name for name, limits in TEXTURES.items() if limits is found)


def _antenna_height_m(text: str) -> float | None:
    if not text.strip():
        return None
    from daemon.config_writer import height_limits_m

    low_m, high_m = height_limits_m()
    try:
        height_m = float(text)
    except ValueError:
        raise ValueError("expected metres, such as 1.8") from None
    if not low_m <= height_m <= high_m:
        raise ValueError(
            f"expected {low_m:g} to {high_m:g} metres, the heights searched; for another, leave it "
            "out and set station.antenna_height_m and qc.height_m together in the file"
        )
    return height_m


def _folder(text: str) -> str:
    if not text.strip():
        raise ValueError("expected a folder, such as inbox")
    return text.strip()
