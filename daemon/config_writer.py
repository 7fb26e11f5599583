"""A station's configuration as commented TOML: facts and answers in, text out.

Every key of every section is there. What is known stands as a key; what has a default stands as
``#key = value``, without a blank, so that taking the mark away is all it needs.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from daemon.config import load_config
from daemon.config_keys import Key, SectionKeys, configuration_keys
from daemon.errors import ConfigError, UsageError
from daemon.files import written_whole
from daemon.plural import plural
from daemon.sections import QcSection, StationSection
from daemon.station_facts import StationFacts
from retrieval.arcs import DEFAULT_GAP_S, gap_of_interval_s
from retrieval.errors import UnknownSignalError
from retrieval.fusion import dry_season_doy
from retrieval.soil import TEXTURES
from retrieval.version import VERSION

__all__ = [
    "Answers",
    "chosen_signals",
    "configuration_text",
    "height_limits_m",
    "is_station_name",
    "write_configuration",
]

_WIDTH = 98


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What the person who sets up a station says, and what was taken from the facts.

    Paths and patterns are as they shall stand in the file: relative to its folder, or absolute.

    Attributes
    ----------
    name : str
        Of the station.
    position : (latitude, longitude, height)
        Degrees north and east, ellipsoidal metres.
    texture : str
        A USDA class.
    antenna_height_m : float or None
        Above the ground.
    heights_m : (low, high) or None
        Reflector heights searched; None keeps the default.
    inbox, store : str
        Folder and database file.
    nav : tuple of str
        Paths or patterns of navigation and SP3 files.
    signals : tuple of str
        Selected signals; empty takes those that nothing speaks against.
    weather : str or None
        CSV file of temperature and rain.
    """

    name: str
    position: tuple[float, float, float]
    texture: str
    antenna_height_m: float | None = None
    heights_m: tuple[float, float] | None = None
    inbox: str = "inbox"
    store: str = "soilglint.sqlite"
    nav: tuple[str, ...] = ()
    signals: tuple[str, ...] = ()
    weather: str | None = None


def is_station_name(name: str) -> bool:
    """Whether a text can be `station.name`.

    Examples
    --------
    >>> is_station_name("esbc"), is_station_name("a/b")
    (True, False)
    """
    try:
        StationSection(name=name, latitude_deg=0.0, longitude_deg=0.0, height_m=0.0)
    except ValidationError:
        return False
    return True


def height_limits_m() -> tuple[float, float]:
    """Return the reflector heights that are searched unless the file says otherwise."""
    return QcSection().height_m


def chosen_signals(facts: StationFacts, selected: Iterable[str]) -> tuple[str, ...]:
    """Return the signals to use: those selected, else those that nothing speaks against.

    Raises
    ------
    UnknownSignalError
        None of the selected signals is in the files.
    """
    present = [signal.name for signal in facts.signals]
    selected = tuple(dict.fromkeys(selected))
    if not selected:
        good = tuple(signal.name for signal in facts.signals if not signal.against)
        return good or tuple(present)
    if not set(selected) & set(present):
        raise UnknownSignalError(
            f"--signals {','.join(selected)}: none of them is in {', '.join(facts.files)}; there "
            f"are {', '.join(present)}"
        )
    return selected


def configuration_text(facts: StationFacts, answers: Answers) -> str:
    """Write the configuration of a station.

    Raises
    ------
    UnknownSignalError
        None of the selected signals is in the files.
    """
    latitude_deg, longitude_deg, height_m = answers.position
    active: dict[str, Any] = {
        "station.name": answers.name,
        "station.latitude_deg": latitude_deg,
        "station.longitude_deg": longitude_deg,
        "station.height_m": height_m,
        "inbox.path": answers.inbox,
        "soil.texture": answers.texture,
        "store.path": answers.store,
    }
    if answers.antenna_height_m is not None:
        active["station.antenna_height_m"] = answers.antenna_height_m
    if answers.heights_m is not None:
        active["qc.height_m"] = list(answers.heights_m)
    if answers.weather:
        active["weather.path"] = answers.weather
    if answers.nav:
        active["orbits.nav"] = list(answers.nav)
    gap_s = gap_of_interval_s(facts.interval_s or 0.0)
    if gap_s > DEFAULT_GAP_S:
        active["qc.max_gap_s"] = gap_s
    written = {key: f"{key.partition('.')[2]} = {_toml(value)}" for key, value in active.items()}
    written["signals.use"] = _signals(facts, chosen_signals(facts, answers.signals))
    # Limits in the comments are those of the texture, which hold unless stated.
    limits = TEXTURES.get(answers.texture)
    shown: dict[str, Any] = {"soil.dry_season": dry_season_doy(latitude_deg)}
    if limits:
        shown |= {"soil.residual": limits.residual, "soil.saturation": limits.saturation}
    notes = _notes(facts, answers)
    parts = [_opening(facts)]
    parts += [_section(section, written, shown, notes) for section in configuration_keys()]
    return "\n".join(parts)


def write_configuration(path: Path, text: str) -> None:
    """Write a configuration, whole and only if it loads.

    Raises
    ------
    UsageError
        An answer is not what the configuration takes; nothing has been written.
    OSError
        The computer refuses to write there.
    """
    with written_whole(path) as partial:
        try:
            partial.write_text(text, encoding="utf-8")
            load_config(partial)
        except UnicodeEncodeError as error:
            raise UsageError(
                f"{path}: not written, for {error.object[error.start]!r} in an answer is no UTF-8 "
                "text, which TOML is; use other names"
            ) from error
        except ConfigError as error:
            faults = str(error).replace(f"{partial}: ", "")
            raise UsageError(
                f"{path}: not written, for what was given makes no configuration: {faults}"
            ) from error


def _opening(facts: StationFacts) -> str:
    """Write where the file comes from, and how to read it."""
    interval = "" if facts.interval_s is None else f", every {facts.interval_s:g} s"
    lines = [
        f"A soilglint station, written by `soilglint config init` of version {VERSION} from",
        *(f"  {name}" for name in facts.files),
        f"  marker {facts.marker or 'none'}, {facts.first} to {facts.last}{interval}",
    ]
    if facts.receiver or facts.antenna:
        lines.append(f"  receiver {facts.receiver or '-'}, antenna {facts.antenna or '-'}")
    lines += [
        "",
        "Paths are relative to the folder of this file. A line such as `#key = value` shows a",
        "default, or the form of a key that is absent; take the # away to change it. See",
        "docs/configuration.md for the whole story, and give `soilglint check` after a change.",
    ]
    return "".join(f"# {_printable(line)}".rstrip() + "\n" for line in lines)


def _notes(facts: StationFacts, answers: Answers) -> dict[str, str]:
    """Return what is said of a key of this station beside its explanation."""
    notes = {}
    if answers.position == facts.position:
        source = (
            "the median of the fixes in the NMEA text; a survey knows it better"
            if facts.position_of_fixes
            else "the file's header (APPROX POSITION XYZ)"
        )
        notes["station.latitude_deg"] = f"Position: {source}."
    if facts.marker_to_antenna_m:
        notes["station.antenna_height_m"] = (
            f"(The header's {facts.marker_to_antenna_m:g} m are above the marker, not the ground.)"
        )
    if facts.needs_orbits and not answers.nav:
        notes["orbits.nav"] = (
            "The observations need it: let the day's file arrive in the inbox too, or name the "
            "place where it comes to lie."
        )
    if any(note.startswith(("RINEX 2", "S2 of GPS")) for note in facts.notes):
        notes["signals.use"] = "GS2 is L2C or P(Y), which the file does not tell."
    return notes


def _section(
    section: SectionKeys,
    written: Mapping[str, str],
    shown: Mapping[str, Any],
    notes: Mapping[str, str],
) -> str:
    """Write one section."""
    ours = any(f"{section.name}.{key.name}" in written for key in section.keys)
    mark = "#" if section.optional and not ours else ""
    text = _comment(section.explanation) + f"{mark}[{section.name}]\n"
    for key in section.keys:
        name = f"{section.name}.{key.name}"
        explanation = key.explanation.replace("{textures}", ", ".join(TEXTURES))
        text += _comment(" ".join(part for part in (explanation, notes.get(name, "")) if part))
        text += f"{written.get(name) or _default(key, shown.get(name))}\n"
    return text


def _default(key: Key, shown: Any) -> str:
    """Write a key that keeps its default."""
    value = key.shown if shown is None else shown
    return f"#{key.name} = {'' if value is None else _toml(value)}".rstrip()


def _signals(facts: StationFacts, use: Iterable[str]) -> str:
    """Write the list of signals, one per line, with those left out as comments."""
    use = tuple(use)
    known = {signal.name: signal for signal in facts.signals}
    lines = ["use = ["]
    for name in dict.fromkeys((*known, *use)):
        signal = known.get(name)
        words = (
            "not in the file"
            if signal is None
            else f"{plural(signal.n_values, 'value')} of {plural(signal.n_satellites, 'satellite')}"
        )
        against = "" if signal is None else signal.against
        if name not in use:
            against = against or "not selected"
        words = ": ".join(part for part in (words, against) if part)
        lines.append(f"    {'' if name in use else '# '}{_toml(name)},  # {words}")
    return "\n".join([*lines, "]"])


def _comment(words: str) -> str:
    """Write words as comment lines."""
    return "".join(f"# {line}\n" for line in textwrap.wrap(_printable(words), _WIDTH))


def _printable(words: str) -> str:
    """Replace what may not stand in a TOML comment."""
    return "".join(letter if letter.isprintable() else "?" for letter in words)


def _toml(value: Any) -> str:
    """Write a value as TOML, which takes the forms of JSON for these kinds of values."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(_toml(one) for one in value)}]"
    if isinstance(value, float):
        # Whole numbers are easier to read without their fraction; a number is a number here.
        return format(value, ".0f") if value.is_integer() else repr(value)
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
