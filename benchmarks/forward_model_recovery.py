"""What our chain finds again of a simulated station whose moisture stands still: day by moisture.

For each antenna height, days of constant moisture are simulated to RINEX without noise and sent
through the whole chain; the phase of every track is compared with the forward model's own, taken
where the interferogram is made (`simulate_arcs`), and its slope against moisture is fitted.

    python benchmarks/forward_model_recovery.py [empirical|physical] [SIGNAL]
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from retrieval.chain import arcs_from_files
from retrieval.interferogram import wrap_deg
from retrieval.simulation import Scenario, simulate_arcs, simulate_station

HEIGHTS_M = (1.5, 1.8, 2.0)
MOISTURES = (0.05, 0.10, 0.15, 0.20, 0.25, 0.30, 0.35, 0.40)
# An arc that takes longer culminates in or near the window: trend and waves are hard to tell apart.
BRISK_MIN = 75.0
MIDDLE = 0.20
KEY = ["satellite", "signal", "direction", "sky"]
SILENT = {"noise_factor": 0, "predetection_s": 0, "step_db": 0}


def scenario(height_m: float, mode: str, signal: str, **sections: object) -> Scenario:
    """Bare soil, one signal, no noise of any kind."""
    return Scenario.model_validate(
        {
            "title": "still moisture, SIMULATED",
            "station": {
                "name": "sttl",
                "latitude_deg": 40.0,
                "longitude_deg": -105.0,
                "height_m": 1600.0,
                "antenna_height_m": height_m,
            },
            "time": {"start": "2024-05-14", "days": 1, "interval_s": 15},
            "sky": {"constellations": signal[0]},
            "signal": [{"code": signal}],
            "receiver": SILENT,
            "soil": {"profile": "uniform"},
            "scatter": {"phase_deg": 0, "amplitude": 0},
            "response": {"mode": mode, "hysteresis": 0},
            **sections,
        },
        strict=False,
    )


def still(given: Scenario, moisture: float, folder: Path) -> Scenario:
    """The scenario with one moisture all the time."""
    path = folder / f"{moisture:.2f}.csv"
    days = pd.date_range("2024-05-01", "2024-06-01", freq="D")
    path.write_text("time,vwc\n" + "".join(f"{day:%Y-%m-%d},{moisture}\n" for day in days))
    return given.changed(moisture={"path": path})


def both_routes(given: Scenario, folder: Path, height_m: float | None = None) -> pd.DataFrame:
    """Arcs found by the chain in simulated files beside the forward model's own.

    All phases refer to one height, that which the chain learnt unless another is given.
    """
    simulate_station(given, folder)
    found = arcs_from_files(
        sorted((folder / "inbox").iterdir()), nav=sorted((folder / "nav").iterdir())
    ).arcs
    found = found[found.accepted].copy()
    height_m = height_m or float(found.apriori_height_m.median())
    simulated = simulate_arcs(given, height_m=height_m)
    made = pd.concat([simulated.arcs, simulated.truth], axis=1)
    for table in (found, made):
        middle = table.start + (table.end - table.start) / 2
        table["sky"] = middle.dt.floor("1h")  # an arc of a satellite and direction lasts longer
    both = found.merge(made, on=KEY, suffixes=("", "_made"))
    moved_mm = 1000 * (height_m - both.apriori_height_m)
    both["phase_at_truth"] = both.phase_deg - both.dphase_dheight_deg_per_mm * moved_mm
    both["off_deg"] = wrap_deg(both.phase_at_truth - both.true_phase_deg)
    both["height_off_mm"] = 1000 * (both.reflector_height_m - both.effective_height_m)
    return both


def study(mode: str, signal: str, height_m: float) -> dict[str, float]:
    """Figures of one height."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        given = scenario(height_m, mode, signal)
        middle = both_routes(still(given, MIDDLE, folder), folder / "middle")
        learnt_m = float(middle.apriori_height_m.median())
        parts = [
            both_routes(
                still(given, moisture, folder), folder / f"{moisture:.2f}", learnt_m
            ).assign(moisture=moisture)
            for moisture in MOISTURES
        ]
    table = pd.concat(parts)
    table["minutes"] = (table.end - table.start).dt.total_seconds() / 60
    whole = table[table.minutes <= BRISK_MIN]
    longest = table.groupby(KEY).minutes.max()
    found = table.pivot_table(index=KEY, columns="moisture", values="phase_at_truth").dropna()
    made = table.pivot_table(index=KEY, columns="moisture", values="true_phase_deg").dropna()
    made = made.loc[found.index]
    spans = (longest.loc[found.index] <= BRISK_MIN).to_numpy()
    change = np.unwrap(found.to_numpy(), period=360)
    middle = MOISTURES.index(MIDDLE)
    others = np.arange(len(MOISTURES)) != middle  # a change against itself is nothing
    change -= change[:, [middle]]
    true_change = np.unwrap(made.to_numpy(), period=360)
    true_change -= true_change[:, [middle]]
    slopes = np.array([np.polyfit(MOISTURES, row, 1)[0] for row in change])
    true_slopes = np.array([np.polyfit(MOISTURES, row, 1)[0] for row in true_change])
    fits = [np.corrcoef(MOISTURES, row)[0, 1] ** 2 for row in change]
    excess = (np.abs(change - true_change) - (0.05 * np.abs(true_change) + 0.5))[:, others]
    return {
        "tracks": len(found),
        "  of brisk arcs    ": int(spans.sum()),
        "slope median": np.median(slopes),
        "slope 5 %": np.percentile(slopes, 5),
        "slope 95 %": np.percentile(slopes, 95),
        "model's slope": np.median(true_slopes),
        "R2 lowest": min(fits),
        "change within 5 % + .5 deg (share)": np.mean(excess <= 0),
        "  of brisk arcs": np.mean(excess[spans] <= 0),
        "largest change error deg": np.abs(change - true_change).max(),
        "  of brisk arcs ": np.abs(change - true_change)[spans].max(),
        "phase error median deg": np.median(np.abs(table.off_deg)),
        "phase error largest deg": np.abs(table.off_deg).max(),
        "  of brisk arcs  ": np.abs(whole.off_deg).max(),
        "height error median mm": np.median(np.abs(table.height_off_mm)),
        "height error largest mm": np.abs(table.height_off_mm).max(),
        "  of brisk arcs   ": np.abs(whole.height_off_mm).max(),
    }


def main() -> None:
    mode = sys.argv[1] if len(sys.argv) > 1 else "empirical"
    signal = sys.argv[2] if len(sys.argv) > 2 else "GS2L"
    print(f"SIMULATED, {mode} response, {signal}, without noise")
    table = pd.DataFrame({height: study(mode, signal, height) for height in HEIGHTS_M})
    print(table.round(3).to_string())


if __name__ == "__main__":
    main()
