"""Scatter of phases from one day to the next: a real station beside a simulated one.

Arcs of two days are paired by satellite, signal, direction and azimuth (within 3 degrees); the
scatter of a track is the median absolute difference of its phases, less the median difference of
its signal, over 0.954, the value for Gaussian differences of two days.

    python benchmarks/day_to_day_scatter.py mchl0100.25.snr66.gz mchl0110.25.snr66.gz
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from forward_model_recovery import still

from retrieval.chain import arcs_from_files
from retrieval.interferogram import wrap_deg
from retrieval.simulation import Scenario, simulate_station

MCHL = {"latitude_deg": -26.3589, "longitude_deg": 148.1449, "height_m": 534.6}
DAY = pd.Timedelta("1D")
SIGNALS = ("GS1C", "GS2L", "GS5Q", "ES1C", "ES5Q")


def scatter(arcs: pd.DataFrame) -> pd.DataFrame:
    """Median scatter (deg) of each signal between the two days of an arc table."""
    arcs = arcs[arcs.accepted].copy()
    midnight = (arcs.start.min() + pd.Timedelta("1h")).floor("1D")  # the first day's, UTC or GPS
    first, second = arcs[arcs.end < midnight + DAY], arcs[arcs.start >= midnight + DAY]
    keys = ["satellite", "signal", "direction"]
    pairs = first.merge(second, on=keys, suffixes=("", "_next"))
    pairs = pairs[np.abs(wrap_deg(pairs.azimuth_deg - pairs.azimuth_deg_next)) < 3]
    moved_mm = 1000 * (pairs.apriori_height_m_next - pairs.apriori_height_m)
    pairs["change"] = wrap_deg(
        pairs.phase_deg_next - pairs.dphase_dheight_deg_per_mm * -moved_mm - pairs.phase_deg
    )
    name = pairs.satellite.str[0] + pairs.signal
    centred = np.abs(pairs.change - pairs.groupby(name).change.transform("median"))
    groups = centred.groupby(name)
    return pd.DataFrame({"tracks": groups.size(), "scatter_deg": groups.median() / 0.954})


def simulated(height_m: float) -> pd.DataFrame:
    """Two days of constant moisture at the place of MCHL with the default noise and scatter."""
    scenario = Scenario.model_validate(
        {
            "title": "two still days, SIMULATED",
            "station": {"name": "mchl", "antenna_height_m": height_m, **MCHL},
            "time": {"start": "2024-05-14", "days": 2, "interval_s": 30},
            "sky": {"constellations": "GE"},
            "signal": [{"code": code} for code in SIGNALS],
        },
        strict=False,
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        simulate_station(still(scenario, 0.2, folder), folder / "out")
        files = sorted((folder / "out" / "inbox").iterdir())
        nav = sorted((folder / "out" / "nav").iterdir())
        return scatter(arcs_from_files(files, nav=nav).arcs)


def main() -> None:
    real = scatter(arcs_from_files(sys.argv[1:3], position=tuple(MCHL.values())).arcs)
    print("real, MCHL\n", real.round(2).to_string())
    print("SIMULATED, the scenario's defaults\n", simulated(1.7).round(2).to_string())


if __name__ == "__main__":
    main()
