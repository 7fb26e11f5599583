"""Build the sample station's files: ``python -m daemon.sample.build [FOLDER]``.

They are those of the scenario `SCENARIO`, and its truth by the hour. Without a folder the packaged
files are written anew. Seeded, without clock times, and compressed without a time stamp, so that a
rebuild gives the same bytes.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from daemon.sample import FILES
from retrieval.simulation import load_scenario, simulate_station

__all__ = ["SCENARIO", "build"]

SCENARIO = Path(__file__).parent / "sample.toml"


def build(folder: Path) -> None:
    """Write the sample's navigation, observation and truth files into a folder.

    Parameters
    ----------
    folder : Path
        New, or of any content; files of the same names are replaced.
    """
    with TemporaryDirectory() as name:
        made = Path(name) / "station"
        simulate_station(load_scenario(SCENARIO), made)
        for path in sorted([*(made / "inbox").iterdir(), *(made / "nav").iterdir()]):
            _replace(folder / path.relative_to(made), path.read_bytes())
        truth = _truth_csv(pd.read_parquet(made / "truth" / "ground.parquet"))
    _replace(folder / "truth.csv", truth.encode("ascii"))


def _truth_csv(ground: pd.DataFrame) -> str:
    """Return what the receiver does not know: moisture and height at every full hour, UTC."""
    rows = ground[["time", "vwc", "reflector_height_m"]]
    return rows.to_csv(
        index=False, float_format="%.4f", date_format="%Y-%m-%dT%H:%M:%SZ", lineterminator="\n"
    )


def _replace(path: Path, content: bytes) -> None:
    """Write a file under a temporary name, then rename it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".part")
    partial.write_bytes(content)
    partial.replace(path)


if __name__ == "__main__":
    build(Path(sys.argv[1]) if len(sys.argv) > 1 else FILES)
