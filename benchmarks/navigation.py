"""Reading a navigation file of a day, all constellations, ours beside georinex in the same run.

georinex needs seconds to a minute for a mixed file, so it runs once; ours runs several times
and the median counts. Both start from the packed file. Then the time of satellite directions, for
all satellites of the file every 30 s of a day.

    python benchmarks/navigation.py FILE...
"""

import statistics
import sys
import time
import warnings
from pathlib import Path

import numpy as np

from retrieval import gnss
from retrieval.orbits import BroadcastOrbits, look_angles
from retrieval.rinex.navigation import Navigation, read_navigation

REPEATS = 7
STATION_M = (3582105.2910, 532589.7313, 5232754.8054)


def seconds_ours(path: Path) -> float:
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        read_navigation(path)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def seconds_georinex(path: Path) -> float:
    import georinex

    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        georinex.load(path)
    return time.perf_counter() - start


def directions(navigation: Navigation) -> tuple[int, float]:
    """Rows and median seconds of a day's directions."""
    orbits = BroadcastOrbits(navigation)
    first = orbits.kepler.toe.min().astype("datetime64[D]") + 1
    epochs = first.astype("datetime64[ns]") + np.arange(2880) * np.timedelta64(30 * 10**9, "ns")
    codes = np.array([gnss.satellite_code(name) for name in orbits.satellites], np.int32)
    satellite, times = np.tile(codes, len(epochs)), np.repeat(epochs, len(codes))
    seconds = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        look_angles([orbits], STATION_M, satellite, times)
        seconds.append(time.perf_counter() - start)
    return len(satellite), statistics.median(seconds)


def main() -> None:
    if len(sys.argv) < 2:
        sys.exit("usage: python benchmarks/navigation.py FILE...")
    for name in sys.argv[1:]:
        path = Path(name)
        navigation = read_navigation(path)
        ours = seconds_ours(path)
        rows, look = directions(navigation)
        print(f"{path.name}: {len(navigation)} records, {len(navigation.satellites)} satellites")
        print(f"  directions  {look:8.3f} s for {rows} rows")
        print(f"  soilglint   {ours:8.3f} s")
        theirs = seconds_georinex(path)
        print(f"  georinex    {theirs:8.3f} s, {theirs / ours:.0f} times as long")


if __name__ == "__main__":
    main()
