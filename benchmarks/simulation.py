"""How long the forward model takes: days of files on one core, a season on two, arcs without files.

python benchmarks/simulation.py [--days N] [--runs N]

A and B are one day each, files packed and written, on one core (numerical libraries held to one
thread; the median of some runs after one to warm up). C writes N days of `p041-2012` with two
processes, their start included, and says what 303 days would take at that rate. D makes the arcs of
those 303 days and writes nothing.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from retrieval.simulation import Scenario, load_scenario, simulate_arcs, simulate_station

SEASON_DAYS = 303


def timed(work: Callable[[], object]) -> float:
    """Return how long a piece of work takes, seconds."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def files_of(scenario: Scenario, workers: int = 1) -> tuple[float, int, float]:
    """Write the files of a scenario; return seconds, SNR values and megabytes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "out"
        begin = time.perf_counter()
        simulation = simulate_station(scenario, folder, workers)
        took_s = time.perf_counter() - begin
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return took_s, simulation.snr_values, size / 1e6


def median_of(scenario: Scenario, runs: int) -> tuple[float, int, float]:
    """Write the files of a scenario some times; return the median of the seconds, and the rest."""
    files_of(scenario)
    seconds, rest = [], (0, 0.0)
    for _ in range(runs):
        took_s, *rest = files_of(scenario)
        seconds.append(took_s)
    return float(np.median(seconds)), *rest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--days", type=int, default=20)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    season = load_scenario("p041-2012")
    one = {"signal": (), "terrain": ()}
    day = season.changed(
        time={"days": 1, "interval_s": 15.0}, sky={"constellations": "GREC"}, **one
    )
    small = season.changed(
        time={"days": 1, "interval_s": 30.0}, signal=({"code": "GS2L"},), terrain=()
    )
    lines = []
    with threadpool_limits(1):
        for what, scenario, bar_s in (
            ("A  15 s day, G R E C, three signals each", day, 5.0),
            ("B  30 s day, GPS L2C", small, 0.5),
        ):
            took_s, values, size_mb = median_of(scenario, options.runs)
            lines.append((what, f"{took_s:.2f} s", f"{values} values, {size_mb:.1f} MB", bar_s))
        days = season.changed(time={"days": options.days})
        took_s, values, size_mb = files_of(days, workers=2)
        rate = options.days / took_s
        lines.append(
            (
                f"C  {options.days} days of p041-2012, two processes",
                f"{took_s:.1f} s",
                f"{rate:.1f} days/s: {SEASON_DAYS / rate:.0f} s for {SEASON_DAYS}",
                600.0,
            )
        )
        arcs = season.changed(
            signal=({"code": "GS1C"}, {"code": "GS2L"}, {"code": "GS5Q"}),
            time={"days": SEASON_DAYS},
        )
        count = 0

        def series() -> None:
            nonlocal count
            count = len(simulate_arcs(arcs).arcs)

        took_s = timed(series)
        lines.append(
            (
                f"D  arcs of {SEASON_DAYS} days, GPS, three signals",
                f"{took_s:.1f} s",
                f"{count}",
                12.0,
            )
        )
    print(f"{'what':44}{'time':>9}   bar, s   of it")
    for what, took, notes, bar_s in lines:
        print(f"{what:44}{took:>9}   {bar_s:6g}   {notes}")


if __name__ == "__main__":
    main()
