"""Which way the phase goes: a real year's daily changes beside a simulated year's.

Soil wets within hours and dries over days, so that of daily changes of moisture the large ones are
rises and rare. The skewness of the daily changes of phase therefore tells the sign with which phase
answers to moisture, without any measurement of moisture.

    python benchmarks/forward_model_sign.py mchl_phase.txt docs/figures/forward-model-sign.png
"""

import sys
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import skew

from retrieval.simulation import Scenario, simulate_arcs


def published_changes(path: Path) -> np.ndarray:
    """Daily changes of MCHL's published phase, turned back to our sign, degrees."""
    table = np.loadtxt(path, comments="%")
    change = np.diff(table[:, 2])[np.diff(table[:, 1]) == 1]
    return -change


def simulated_changes() -> np.ndarray:
    """Daily changes of the mean phase of a simulated year of weather at the place of MCHL."""
    scenario = Scenario.model_validate(
        {
            "title": "a year of MCHL's kind, SIMULATED",
            "station": {
                "name": "mchl",
                "latitude_deg": -26.3589,
                "longitude_deg": 148.1449,
                "height_m": 534.6,
                "antenna_height_m": 1.7,
            },
            "time": {"start": "2017-01-01", "days": 365},
            "sky": {"constellations": "G"},
            "signal": [{"code": "GS2L"}],
            "weather": {"mean_c": 20, "storm_every_days": 7},
        },
        strict=False,
    )
    arcs = simulate_arcs(scenario).arcs
    sector = (arcs.azimuth_deg // 20).astype(int).astype(str)
    arcs = arcs.assign(track=arcs.satellite + arcs.direction + sector, day=arcs.start.dt.floor("D"))
    days = arcs.pivot_table(index="day", columns="track", values="phase_deg")
    return (days - days.median()).mean(axis=1).diff().dropna().to_numpy()


def main() -> None:
    parts = {"MCHL 2017, real": published_changes(Path(sys.argv[1]))}
    parts["SIMULATED year, empirical response"] = simulated_changes()
    figure, axes = plt.subplots(1, 2, figsize=(8, 2.8), sharex=True, layout="constrained")
    for panel, (name, change) in zip(axes, parts.items(), strict=True):
        print(
            f"{name}: skewness {skew(change):+.2f}, largest fall {-change.min():.1f} deg, "
            f"largest rise {change.max():.1f} deg, {len(change)} days"
        )
        panel.hist(change, bins=np.arange(-15, 8, 0.5), color="tab:blue")
        panel.set_yscale("log")
        panel.set_title(name, fontsize=9)
        panel.set_xlabel("change of raw phase from day to day (degrees)")
        panel.set_ylabel("days")
    figure.savefig(sys.argv[2], dpi=110)


if __name__ == "__main__":
    main()
