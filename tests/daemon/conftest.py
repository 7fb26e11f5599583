"""A configuration file and made arcs for the tests of the service."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from retrieval.arc_table import ARC_COLUMNS, arc_table

CONFIG = """\
[station]
name = "test"
latitude_deg = 48.25
longitude_deg = 16.75
height_m = 200.0

[inbox]
path = "inbox"

[soil]
texture = "loam"

[store]
path = "store/test.sqlite"
"""


@pytest.fixture
def config_text() -> str:
    """The shortest configuration that is whole."""
    return CONFIG


@pytest.fixture
def config_file(tmp_path: Path) -> Callable[..., Path]:
    """Factory of configuration files, each given as text."""

    def write(text: str = CONFIG) -> Path:
        path = tmp_path / "station.toml"
        path.write_text(text, encoding="utf-8")
        (tmp_path / "inbox").mkdir(exist_ok=True)
        return path

    return write


@pytest.fixture(scope="session")
def made_arcs() -> Callable[..., pd.DataFrame]:
    """Factory of arc tables of n arcs of G01 on S2X, one a day from 2025-01-10 12:00."""

    def make(n: int = 1, **others: object) -> pd.DataFrame:
        start = np.datetime64("2025-01-10T12:00", "ns") + np.arange(n) * np.timedelta64(24, "h")
        values: dict[str, object] = {
            **dict.fromkeys(ARC_COLUMNS, 1.5),
            "station": "test",
            "satellite": "G01",
            "signal": "S2X",
            "direction": "rising",
            "start": start.astype("datetime64[ns]"),
            "n_obs": 80,
            "height_mode": "fixed",
            "orbit_source": "broadcast",
            "accepted": True,
            "reject_reason": "",
            "equipment": "",
            "height_sigma_m": np.nan,
            **others,
        }
        begin = np.asarray(values["start"], dtype="datetime64[ns]")
        if "end" not in others:
            values["end"] = begin + np.timedelta64(40, "m")
        if "closed" not in others:
            values["closed"] = np.asarray(values["end"], "datetime64[ns]") + np.timedelta64(5, "m")
        return arc_table(
            {name: np.broadcast_to(np.asarray(values[name]), n) for name in ARC_COLUMNS}
        )

    return make
