"""What a report says in sentences, each made from the numbers of the study."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from retrieval.fusion.columns import Floats
from retrieval.fusion.forest import FOREST_PRESETS
from retrieval.gnss import CONSTELLATIONS

if TYPE_CHECKING:
    from retrieval.reports.study import Study
    from retrieval.station import Station

__all__ = [
    "constellation_names",
    "joined",
    "kept_apart",
    "measured",
    "moisture",
    "outside_text",
    "preset_text",
    "ranges_text",
    "reference_note",
    "span_text",
    "split_text",
]


def kept_apart(preset: str | None) -> list[str]:
    """Return what is never learnt from days that test.

    Parameters
    ----------
    preset : str or None
        Size of the forests that was fixed beforehand.
    """
    return [
        "which tracks there are, their reference phases, heights and amplitudes",
        "what tracks share, by which missing phases are filled in",
        "the vegetation correction of the phases, estimated from the amplitudes, where it is made",
        f"the models, their settings (size of the forests {preset_text(preset)}; others chosen by "
        "blocks inside the training days) and the calibration of their intervals",
        "the correlations and weights of tracks and azimuths",
    ]


def preset_text(preset: str | None) -> str:
    """Say how the size of the forests was found."""
    if preset is None:
        return "chosen by blocks inside the training days"
    size = FOREST_PRESETS[preset]
    return (
        f"fixed beforehand by --preset {preset} ({size.trees} trees, leaves of {size.min_leaf}: "
        "the paper's for that station)"
    )


def reference_note(kind: str) -> str:
    """Say what a kind of reference is, where that matters; empty where nothing is known.

    Parameters
    ----------
    kind : str
        As of `retrieval.fusion.reference.DailyReference`.
    """
    if not kind.startswith("PBO H2O"):
        return ""
    return (
        "PBO H2O is itself derived from GPS reflections at the station, without a soil probe: "
        "agreement with it is no independent validation."
    )


def constellation_names(study: Study) -> str:
    """Return the constellations of the arcs, in words."""
    return joined(sorted({CONSTELLATIONS.get(one, one) for one in study.heard.satellites}))


def outside_text(study: Study) -> str:
    """Count the test days whose reference lies outside that of the training days of one fold."""
    first = study.folds[0]
    train, test = study.reference[first.train], study.reference[first.test]
    beyond = int(np.sum((test < train.min()) | (test > train.max())))
    return (
        f"{beyond} of {len(test)} test days lie outside the training range "
        f"({span_text(train)} m³ m⁻³)"
    )


def moisture(value: float, sign: str = "") -> str:
    """Return moisture or its error with three decimals, "-" where not known."""
    return format(value, f"{sign}.3f") if np.isfinite(value) else "-"


def span_text(values: Floats) -> str:
    """Write the least and the largest of moistures, m3 m-3."""
    return f"{moisture(values.min())} to {moisture(values.max())}"


def joined(parts: list[str]) -> str:
    """Join parts with commas and an "and".

    Examples
    --------
    >>> joined(["a", "b", "c"]), joined(["a"]), joined([])
    ('a, b and c', 'a', '')
    """
    return " and ".join([", ".join(parts[:-1])] * (len(parts) > 1) + parts[-1:])


def ranges_text(ranges: list[tuple[float, float]]) -> str:
    """Write ranges of azimuth, such as "105 to 150°"; empty for none."""
    return joined([f"{first:.0f} to {stop:.0f}°" for first, stop in ranges])


def measured(study: Study) -> list[tuple[str, str]]:
    """Return what was measured as names and words."""
    heard, forests = study.heard, study.forests
    satellites = [
        f"{count} {CONSTELLATIONS.get(letter, letter)}"
        for letter, count in heard.satellites.items()
    ]
    rows = [
        ("Station", study.station),
        (
            "Position",
            "not recorded" if study.place is None else _position(study.place),
        ),
        (
            "Receiver and antenna",
            "; ".join(heard.equipment) + " (number | type | firmware | antenna number | type)"
            if heard.equipment
            else "not recorded in the arc table",
        ),
        ("Satellites", joined(satellites)),
        ("Days", f"{heard.first_day} to {heard.last_day} (UTC)"),
        (
            "Arcs",
            f"{heard.n_accepted:,} accepted"
            + (f" of {heard.n_arcs:,}" if heard.n_arcs > heard.n_accepted else ""),
        ),
        ("Tracks", f"{len(forests.azimuth_deg)}, defined on the training days{_of_first(study)}"),
        ("Missing phases filled in", _filled(study)),
        ("Reflector height", f"{heard.height_m:.2f} m (median of the arcs)"),
    ]
    if heard.elevation_deg is not None:
        low, high = heard.elevation_deg
        rows.append(("Elevations", f"{low:.0f} to {high:.0f}° (medians of lowest and highest)"))
    return rows


def _of_first(study: Study) -> str:
    """Say which training days, where there are several parts."""
    return " of the first part" if len(study.folds) > 1 else ""


def _filled(study: Study) -> str:
    """Say how many phases were not observed."""
    train, test = study.forests.filled
    return (
        f"{100 * train:.0f} % on training days, {100 * test:.0f} % on test days{_of_first(study)} "
        "(track and day without an arc)"
    )


def _position(place: Station) -> str:
    """Write where a station stands."""
    north, east = place.latitude_deg, (place.longitude_deg + 180.0) % 360.0 - 180.0
    return (
        f"{abs(north):.5f}° {'N' if north >= 0 else 'S'}, {abs(east):.5f}° "
        f"{'E' if east >= 0 else 'W'}, {place.height_m:.0f} m (WGS-84)"
    )


def split_text(study: Study) -> str:
    """Say how days were parted into those that train and those that test."""
    n, folds = len(study.days), study.folds
    if study.split == "time":
        train, test = study.days[folds[0].train], study.days[folds[0].test]
        return (
            f"By time: models were trained on the first {len(train)} of {n} days ({train.min()} to "
            f"{train.max()}) and judged on the {len(test)} days that came after ({test.min()} to "
            f"{test.max()})."
        )
    kind = "whole calendar years" if study.split == "years" else f"{len(folds)} blocks of days"
    near = (
        " Days nearer than five days to the block left out do not train."
        if study.split == "blocks"
        else ""
    )
    return (
        f"By {study.split}: {kind} were left out in turn; models were trained on the others and "
        f"judged on what was left out, so that each of the {int(study.tested.sum())} days was "
        f"judged once, by models that had not seen it.{near}"
    )
