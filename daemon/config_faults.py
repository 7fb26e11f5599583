"""What is wrong with a value of the configuration, in the words of TOML instead of a parser's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["worded_fault"]

# The form of every key that is a list.
_LISTS: Mapping[str, str] = {
    "station.azimuths": "[[350, 20], [90, 180]]",
    "station.elevation": "[5, 25]",
    "inbox.patterns": '["*.rnx.gz"]',
    "orbits.nav": '["brdc.21n"]',
    "orbits.sp3": '["sp3/*.sp3.gz"]',
    "orbits.prefer": '["sp3", "broadcast"]',
    "signals.use": '["GS1C", "GS2L"]',
    "qc.detrend_elevation": "[5, 30]",
    "qc.height_m": "[0.4, 8]",
    "soil.dry_season": "[170, 230]",
}
# Types of pydantic's faults.
_NO_LIST = ("tuple_type", "too_long", "too_short", "missing")
_PLAIN: Mapping[str, str] = {
    "string_type": "expected text in quotes",
    "path_type": "expected text in quotes",
    "float_type": "expected a number",
    "float_parsing": "expected a number",
    "int_type": "expected a whole number",
    "int_parsing": "expected a whole number",
    "int_from_float": "expected a whole number",
    "finite_number": "expected a finite number",
}
_NAME_PATTERN = "expected 1 to 64 letters, digits, - and _"


def worded_fault(fault: Mapping[str, Any]) -> tuple[list[str], str]:
    """Return where a fault lies, and what was expected there.

    Parameters
    ----------
    fault : mapping
        One of pydantic's ``ValidationError.errors()``.

    Returns
    -------
    place : list of str
        Section, key and, where one value of a list is wrong and the others may be right, its index.
    message : str
        Without the place.
    """
    kind, context = fault["type"], fault.get("ctx", {})
    place = [str(part) for part in fault["loc"]]
    key = ".".join(place[:2])
    if kind == "value_error":
        return place, str(context["error"])
    if kind == "string_pattern_mismatch" and key == "station.name":
        return place, _NAME_PATTERN
    if kind == "model_type":
        return place, f"expected a section, [{place[0]}] on a line of its own and its keys below"
    if key in _LISTS and kind in _NO_LIST:
        return place[:2], f"expected a list such as {_LISTS[key]}"
    if kind == "literal_error":
        allowed = context["expected"].replace("'", '"')
        return place[:2], f"expected {'each to be ' if len(place) > 2 else ''}{allowed}"
    if kind in _PLAIN:
        quoted = _PLAIN[kind].endswith("number") and isinstance(fault["input"], str)
        return place, _PLAIN[kind] + (", without quotes" if quoted else "")
    message = fault["msg"].removeprefix("Input ")
    return place, f"{message[:1].lower()}{message[1:]}"
