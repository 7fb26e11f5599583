"""What a report says in sentences, each made from the numbers of the study."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from retrieval.reports.azimuths import BAD_R, SECTOR_DEG
from retrieval.reports.tables import accuracy_table

if TYPE_CHECKING:
    from retrieval.reports.study import Study
    from retrieval.station import Station

__all__ = [
    "KEPT_APART",
    "MODEL_WORDS",
    "in_short",
    "joined",
    "limits",
    "measured",
    "moisture",
    "ranges_text",
    "split_text",
]

_CONSTELLATIONS = {
    "G": "GPS",
    "R": "GLONASS",
    "E": "Galileo",
    "C": "BeiDou",
    "J": "QZSS",
    "I": "NavIC",
}

MODEL_WORDS = {
    "auto": "fusion, linear, svm and rf-mdi, weighted by what they said of training days left out",
    "fusion": "a robust index of all tracks' phases, calibrated; with a forest where that helps",
    "rf-mdi": "random forest; tracks weigh by their mean decrease of impurity (the paper's model)",
    "rf-mda": "random forest of absolute errors; tracks weigh by their mean decrease of accuracy",
    "svm": "support vector regression with a Gaussian kernel",
    "rbf": "network of radial basis functions",
    "cnn": "convolutional network over the tracks in order of azimuth",
    "linear": "one straight line in all tracks at once, ridge-penalised",
    "mean-phase": "one straight line on the mean of all tracks: the simplest to beat",
    "climatology": "mean of the training moisture: knows nothing of the signals",
    "persistence": "the reference of the day before: needs the reference every day",
    "time-interpolation": "between the training values around: knows nothing of the signals",
}

# What is never learnt from days that test.
KEPT_APART = (
    "which tracks there are, their reference phases, heights and amplitudes",
    "what tracks share, by which a missing one is filled",
    "what plants turn the phases by, where that is taken off",
    "the models, their settings (chosen by blocks inside the training days) and the calibration of "
    "their intervals",
    "the correlations and weights of tracks and azimuths",
)


def moisture(value: float, sign: str = "") -> str:
    """Return moisture or its error with three decimals, "-" where not known."""
    return format(value, f"{sign}.3f") if np.isfinite(value) else "-"


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
        f"{count} {_CONSTELLATIONS.get(letter, letter)}"
        for letter, count in heard.satellites.items()
    ]
    signals = [f"{name} ({count:,} arcs)" for name, count in heard.signals.items()]
    rows = [
        ("Station", study.station),
        *([("Position", _position(study.place))] if study.place is not None else []),
        (
            "Receiver and antenna",
            "; ".join(heard.equipment) + " (number | type | firmware | antenna number | type)"
            if heard.equipment
            else "not told in the arc table",
        ),
        ("Satellites", joined(satellites)),
        ("Signals", ", ".join(signals)),
        ("Days", f"{heard.first_day} to {heard.last_day} (UTC)"),
        (
            "Arcs",
            f"{heard.n_accepted:,} accepted"
            + (f" of {heard.n_arcs:,}" if heard.n_arcs > heard.n_accepted else ""),
        ),
        ("Tracks", f"{len(forests.azimuth_deg)} in the training days of the first fold"),
        ("Reflector height", f"{heard.height_m:.2f} m (median of the arcs)"),
    ]
    if heard.elevation_deg is not None:
        low, high = heard.elevation_deg
        rows.append(("Elevations", f"{low:.0f} to {high:.0f}° (medians of lowest and highest)"))
    return rows


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


def in_short(study: Study) -> list[tuple[str, str]]:
    """Answer the five questions of a reader who sees the report alone."""
    heard = study.heard
    table = accuracy_table(study.scores)
    names = sorted({_CONSTELLATIONS.get(letter, letter) for letter in heard.satellites})
    found = [
        (
            "What was measured?",
            f"Soil moisture around station {study.station}, from {joined(names)} signals that the "
            f"ground reflects: {heard.n_accepted:,} arcs, {heard.first_day} to {heard.last_day}. "
            "One estimate for each UTC day.",
        ),
        (
            "Against what?",
            f"{study.reference_kind}: {len(study.days)} days, {moisture(study.reference.min())} to "
            f"{moisture(study.reference.max())} m³ m⁻³.",
        ),
        ("How was it split?", split_text(study)),
        ("How sure are the estimates?", _sureness(study)),
        ("Which azimuths are bad?", _azimuths(study)),
    ]
    fed = [name for name, ranked in table["ranked"].items() if not ranked]
    if fed:
        found.append(
            (
                "Which models are fed by the reference?",
                f"{joined([str(name) for name in fed])}, marked *. They are told measured moisture "
                "around the very days they are judged on, which a station lacks: they show how "
                "easy the days are and are not ranked.",
            )
        )
    return found


def _sureness(study: Study) -> str:
    """Say how far off the leading model is."""
    table = accuracy_table(study.scores)
    name = study.leading
    row, span = table.to_dict("index")[name], study.rmse_range[name]
    text = (
        f"{name} is off by an RMSE of {moisture(row['rmse'])} m³ m⁻³ on {int(row['n'])} test days "
        f"(90 % range {moisture(span.lower)} to {moisture(span.upper)}): a bias of "
        f"{moisture(row['bias'], '+')} and a scatter about it of {moisture(row['ubrmse'])} "
        "(ubRMSE)."
    )
    if np.isfinite(row["coverage"]):
        text += (
            f" It gives each day a 90 % interval, {moisture(row['width'])} wide in the mean; "
            f"{100 * row['coverage']:.0f} % of the test days lay inside."
        )
    ranked = table[table["ranked"]]
    if len(ranked) > 1:
        best = str(ranked["rmse"].idxmin())
        text += (
            f" Of the {len(ranked)} ranked models it has the least RMSE."
            if best == name
            else f" The least RMSE of the ranked models is that of {best}: "
            f"{moisture(ranked['rmse'].min())}."
        )
    return text


def _azimuths(study: Study) -> str:
    """Say which sectors do not follow moisture."""
    sectors = study.forests.sectors
    bad, mixed = sectors.ranges("bad"), sectors.ranges("mixed")
    text = (
        f"{ranges_text(bad)}: the phases of most tracks there hardly follow moisture (|R| below "
        f"{BAD_R})."
        if bad
        else f"None: in no sector do most tracks have an |R| below {BAD_R}."
    )
    if mixed:
        text += f" Mixed: {ranges_text(mixed)}."
    held = [(float(first), float(first) + SECTOR_DEG) for first in sectors.first_deg]
    if sum(stop - first for first, stop in held) < 360.0:
        text += " Sectors without a track are neither."
    return text


def limits(study: Study, label: str) -> list[str]:
    """Say in plain words what the numbers do not tell."""
    tested = study.tested
    first = study.folds[0]
    train, test = study.reference[first.train], study.reference[first.test]
    found = []
    if label:
        found.append(f"Kind of record: {label}. The numbers hold for such a record.")
    found.append(
        "The reference is taken as the truth. It has errors, a depth and a place of its own; what "
        "it misses of the ground that reflects counts here as an error of the models."
    )
    found.append(
        f"One station and {int(tested.sum())} test days that resemble their neighbours: the range "
        f"behind an RMSE comes from resampling blocks of {study.block_days} days, and knows no "
        "season but these."
    )
    if len(study.folds) == 1:
        beyond = int(np.sum((test < train.min()) | (test > train.max())))
        found.append(
            f"The training days have a mean moisture of {moisture(train.mean())}, the test days of "
            f"{moisture(test.mean())} m³ m⁻³; {beyond} of {len(test)} test days lie outside the "
            "range that was trained. The larger the difference, the more of the RMSE is bias, and "
            "a forest cannot go beyond what it has seen."
        )
    else:
        found.append(
            "Blocks or years left out have training days before and after them. A station that "
            "runs on has days before alone; a split by time is nearer to that."
        )
    found.append(
        "Intervals were calibrated on blocks of the training days. In a season unlike those they "
        "may hold more or less than 90 %."
    )
    found.append(
        "Weights and |R| of tracks come from training days and say what served there. Tracks stand "
        "in for one another: one of little weight may be as good as its neighbour. What shuffling "
        "a sector costs is measured on test days."
    )
    found.append(
        "Days that were known to be frozen are left out. Tracks that were not heard on a day are "
        "filled from the others."
    )
    return found
