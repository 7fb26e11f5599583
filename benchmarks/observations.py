"""Time our observation reader beside georinex, on the same file in the same run.

    python benchmarks/observations.py DAY.crx.gz [DAY.rnx ...]

Compact or packed files are timed as they are and as plain text. georinex reads one signal of one
constellation (it takes minutes to hours for all); ours reads all signals of all constellations,
and the ratio compares these two. Best of five for ours, one run of georinex.
"""

import argparse
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import georinex
import numpy as np

from retrieval.gnss import signal_code
from retrieval.rinex import read_observations, read_text


def best_s(call: Callable[[], object], repeat: int = 5) -> float:
    times = []
    for _ in range(repeat):
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)
    return min(times)


def main() -> None:
    parser = argparse.ArgumentParser(description="Time observation readers.")
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--system", default="G", help="constellation that georinex reads")
    parser.add_argument("--code", default="S1C", help="observation code that georinex reads")
    parser.add_argument("--no-georinex", action="store_true")
    options = parser.parse_args()
    for path in options.files:
        as_is = best_s(lambda path=path: read_observations(path))
        with tempfile.TemporaryDirectory() as folder:
            plain = Path(folder) / "plain.rnx"
            plain.write_bytes(read_text(path).content)
            size = plain.stat().st_size
            file = read_observations(plain)
            ours = best_s(lambda plain=plain: read_observations(plain))
            print(f"{path.name}: {size / 1e6:.1f} MB of text, {len(file.snr)} values")
            print(f"  ours, as it is    {as_is:8.3f} s   all signals")
            print(f"  ours, plain text  {ours:8.3f} s   all signals")
            if options.no_georinex:
                continue
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                begin = time.perf_counter()
                dataset = georinex.load(plain, use=options.system, meas=[options.code])
                theirs = time.perf_counter() - begin
        values = dataset[options.code].values
        wanted = file.snr.signal == signal_code(options.system + options.code)
        n_theirs = int((np.nan_to_num(values) != 0).sum())
        same = n_theirs == int(wanted.sum()) and np.array_equal(
            np.sort(values[np.nan_to_num(values) != 0]), np.sort(file.snr.snr_dbhz[wanted])
        )
        print(f"  georinex          {theirs:8.3f} s   {options.system} {options.code} only")
        print(f"  ratio             {theirs / ours:8.0f}     plain text")
        print(f"  {options.system} {options.code}: {n_theirs} values, equal: {same}")


if __name__ == "__main__":
    main()
