"""`soilglint run --once` on files of one station, start-up included, as a process of its own.

python benchmarks/main_job.py OBSERVATIONS... NAVIGATION... [--runs N]

Each run begins with an empty store; after the last one it runs once more with nothing new.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from retrieval.rinex import file_kind, read_file, read_text
from retrieval.station import Station

CONFIG = """\
[station]
name = "bench"
latitude_deg = {station.latitude_deg}
longitude_deg = {station.longitude_deg}
height_m = {station.height_m}
[inbox]
path = "inbox"
[soil]
texture = "loam"
[store]
path = "bench.sqlite"
"""


def station_of(files: list[Path]) -> Station:
    """Return the position of the first observation file."""
    for path in files:
        text = read_text(path)
        if file_kind(text.content, text.path).value in ("observation", "nmea"):
            position_m = read_file(text).header.position_m
            if position_m is not None:
                return Station.from_ecef("bench", position_m)
    raise SystemExit("none of the files tells its position")


def timed(config: Path) -> tuple[float, float, str]:
    """Run once; return seconds, peak memory (MB) and what it printed."""
    program = Path(sys.executable).with_name("soilglint")
    begin = time.perf_counter()
    process = subprocess.Popen(
        [program, "run", "--config", config, "--once"], stdout=subprocess.PIPE, text=True
    )
    told = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, told
    return time.perf_counter() - begin, usage.ru_maxrss / 1024, told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--runs", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = folder / "bench.toml"
        config.write_text(CONFIG.format(station=station_of(options.files)))
        (folder / "inbox").mkdir()
        for path in options.files:
            shutil.copy(path, folder / "inbox")
        seconds, memory_mb, told = [], 0.0, ""
        for _ in range(options.runs + 1):
            for path in folder.glob("bench.sqlite*"):
                path.unlink()
            took_s, peak_mb, told = timed(config)
            seconds.append(took_s)
            memory_mb = max(memory_mb, peak_mb)
        again_s = timed(config)[0]
        size_mb = (folder / "bench.sqlite").stat().st_size / 1e6
    warm = np.array(seconds[1:])
    print(told.strip())
    print(
        f"soilglint run --once: median {np.median(warm):.2f} s of {options.runs} runs "
        f"({warm.min():.2f} to {warm.max():.2f}), first run {seconds[0]:.2f} s, peak memory "
        f"{memory_mb:.0f} MB; with nothing new {again_s:.2f} s; store {size_mb:.1f} MB"
    )


if __name__ == "__main__":
    main()
