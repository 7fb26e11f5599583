"""MCHL's two real days: tracks of one day and of two, arcs placed, and how phases repeat.

    python benchmarks/science/mchl_days.py --out benchmarks/science/RESULTS.md

Two days are too few for a model; they tell whether tracks hold. "placed" is the share of the second
day's accepted arcs that fall on a track learnt from the first alone. "repeats" is the scatter of
one day's phase: the median absolute change from day to day, less the median change of the signal,
over .954 (which is .6745 times the root of two).
"""

import numpy as np
import pandas as pd
from common import Section, options

from retrieval.chain import arcs_from_files
from retrieval.errors import InputError
from retrieval.fusion.rows import daily_rows
from retrieval.fusion.track_learning import learn_tracks

POSITION = (-26.3589, 148.1449, 534.6)
DAYS = np.array(["2025-01-10", "2025-01-11"], "datetime64[D]")


def main() -> None:
    asked = options(__doc__)
    section = Section("MCHL, two days", "REAL data: SNR of MCHL, 10 and 11 January 2025")
    files = [asked.data / "snr66" / f"mchl{day}0.25.snr66.gz" for day in ("010", "011")]
    arcs = arcs_from_files(files, position=POSITION).arcs
    arcs = arcs[arcs.accepted]
    middle = (arcs.start + (arcs.end - arcs.start) / 2).dt.tz_convert("UTC").dt.tz_localize(None)
    day = middle.to_numpy().astype("datetime64[D]")
    first, second = arcs[day == DAYS[0]], arcs[day == DAYS[1]]

    rows = []
    for what, given, min_rows in (
        ("first day", first, 1),
        ("both days", arcs, 1),
        ("both days", arcs, 2),
    ):
        try:
            table = learn_tracks(given, min_rows)
        except InputError as error:
            section.say(f"{what}, min_rows {min_rows}: {error}")
            continue
        share = float((table.place(second).track >= 0).mean())
        rows.append((what, len(given), min_rows, len(table), f"{share:.1%} of {len(second)}"))
    names = ["learnt from", "arcs", "min_rows", "tracks", "second day placed"]
    section.table("Tracks", pd.DataFrame(rows, columns=names))

    table = learn_tracks(first, 1)
    placed = table.place(second)
    code = second.satellite.iloc[placed.row].str[0].to_numpy()
    parts = [
        f"{letter} {np.mean(placed.track[code == letter] >= 0):.1%} of {np.sum(code == letter)}"
        for letter in np.unique(code)
    ]
    section.say(
        f"Placed, by constellation: {', '.join(parts)}. GPS repeats daily. Galileo and GLONASS do "
        "not: they are placed where their satellite has come by four times, which takes weeks; two "
        "days cannot show it."
    )

    found = daily_rows(table, arcs, DAYS).anomaly_deg
    change = found[1] - found[0]
    name = np.array([one.split("-")[0][0] + one.split("-")[1] for one in table.identity])
    rows = []
    for signal in np.unique(name):
        moved = change[(name == signal) & np.isfinite(change)]
        moved = (moved + 180.0) % 360.0 - 180.0
        if len(moved) < 5:
            continue
        off = np.abs(moved - np.median(moved))
        rows.append((signal, len(moved), np.median(moved), np.median(off) / 0.954))
    names = ["signal", "tracks on both days", "median change, deg", "repeats, deg"]
    section.table("Repeatability", pd.DataFrame(rows, columns=names))
    section.write(asked.out)


if __name__ == "__main__":
    main()
