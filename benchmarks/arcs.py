"""The whole command `soilglint arcs`, start-up included, as a process of its own.

python benchmarks/arcs.py OBSERVATIONS NAVIGATION [runs]
"""

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np


def main() -> None:
    observations, navigation = sys.argv[1:3]
    runs = int(sys.argv[3]) if len(sys.argv) > 3 else 7
    program = Path(sys.executable).with_name("soilglint")
    seconds = []
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "arcs.parquet"
        command = [program, "arcs", observations, "--nav", navigation, "--out", out]
        for _ in range(runs + 1):
            begin = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            seconds.append(time.perf_counter() - begin)
        begin = time.perf_counter()
        subprocess.run([program, "--help"], check=True, stdout=subprocess.DEVNULL)
        help_s = time.perf_counter() - begin
    memory_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    warm = np.array(seconds[1:])
    print(
        f"soilglint arcs, all signals: median {np.median(warm):.2f} s of {runs} runs "
        f"({warm.min():.2f} to {warm.max():.2f}), first run {seconds[0]:.2f} s, "
        f"peak memory {memory_mb:.0f} MB; --help {help_s:.2f} s"
    )


if __name__ == "__main__":
    main()
