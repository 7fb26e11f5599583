"""The causal linear model against gnssrefl's published year of MCHL (2017)."""

import numpy as np
import pandas as pd

from retrieval.arc_table import ARC_COLUMNS, arc_table
from retrieval.fusion import LinearModel, LinearSettings
from retrieval.soil import SoilLimits


def test_published_year_of_moisture_follows_from_its_phases(shared_data):
    """Agree with a recipe that looks at the whole year at once, looking at the past only.

    gnssrefl publishes negated phases (they rise with moisture), levels the lowest 15 % of the dry
    season at 5 % and smooths vegetation over 30 days around each day. Trailing windows and levels
    cost some agreement: what is asked here is correlation .98, bias and scatter .01.
    """
    reference = shared_data / "ground" / "reference"
    phase = np.loadtxt(reference / "mchl_phase.txt", comments="%")
    published = np.loadtxt(reference / "mchl_vwc.txt", comments="%")
    day = np.datetime64("2017-01-01") + (phase[:, 1] - 1).astype("timedelta64[D]")
    start = (day + np.timedelta64(11, "h")).astype("datetime64[ns]")
    values: dict[str, object] = {
        **dict.fromkeys(ARC_COLUMNS, 1.7),
        "station": "mchl",
        "satellite": "G01",  # the daily mean stands for one track
        "signal": "S2X",
        "direction": "rising",
        "start": start,
        "end": start + np.timedelta64(40, "m"),
        "closed": start + np.timedelta64(45, "m"),
        "n_obs": 80,
        "phase_deg": -phase[:, 2],
        "amplitude": phase[:, 4],
        "height_mode": "fixed",
        "orbit_source": "file",
        "accepted": True,
        "reject_reason": "",
    }
    arcs = arc_table({name: np.broadcast_to(values[name], len(day)) for name in ARC_COLUMNS})
    evenings = pd.DatetimeIndex(day + np.timedelta64(23, "h")).tz_localize("UTC")
    settings = LinearSettings(soil=SoilLimits(0.05, 0.5, 0.01), min_tracks=1)
    table = LinearModel(settings).estimate(arcs, evenings)

    table["day"] = phase[:, 1].astype(int)
    theirs = pd.DataFrame({"day": published[:, 2].astype(int), "theirs": published[:, 3]})
    both = table[table["flag"] != "calibrating"].merge(theirs, on="day")
    difference = both["vwc"] - both["theirs"]
    inside = (both["theirs"] > both["vwc_lower"]) & (both["theirs"] < both["vwc_upper"])
    correlation = np.corrcoef(both["vwc"], both["theirs"])[0, 1]
    print(
        f"\nMCHL 2017 against gnssrefl: R {correlation:.4f}, mean difference "
        f"{difference.mean():+.4f}, standard deviation {difference.std():.4f} m3 m-3, "
        f"{len(both)} days, {inside.mean():.1%} inside the interval"
    )
    assert len(both) > 280
    assert correlation > 0.98
    assert abs(difference.mean()) < 0.01
    assert difference.std() < 0.01
    assert inside.mean() > 0.9
