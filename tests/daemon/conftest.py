"""A configuration file, made arcs, and the sample with trained models for tests of the service."""

import dataclasses
import shutil
import tomllib
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from daemon.config import Config, load_config
from daemon.sample import write_sample
from daemon.sample.build import SCENARIO
from retrieval.arc_table import ARC_COLUMNS, arc_table
from retrieval.fusion.model_folder import save_model
from retrieval.fusion.trained import train
from retrieval.simulation import Scenario, simulate_arcs
from retrieval.simulation.ground.hourly import ground_series

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


@pytest.fixture(scope="session")
def sample_models(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Path]:
    """Folders of models by kind and station: a small forest and the mean phase, of two stations.

    They learnt from simulated arcs of the sample's station in the six weeks before its two days.
    """
    content = tomllib.loads(SCENARIO.read_text())
    del content["output"], content["moisture"]
    content["time"] |= {"start": date(2024, 4, 2), "days": 42}
    scenario = Scenario.model_validate(content, strict=False)
    ground = ground_series(scenario)
    daily = pd.Series(ground.moisture, pd.DatetimeIndex(ground.time)).resample("1D").mean()
    daily = daily["2024-04-02":"2024-05-13"]
    days = daily.index.to_numpy().astype("datetime64[D]")
    arcs = simulate_arcs(scenario).arcs
    made = {}
    kinds: tuple[tuple[str, dict[str, int]], ...] = (
        ("rf-mdi", {"trees": 20, "min_leaf": 2}),
        ("mean-phase", {}),
    )
    for name, settings in kinds:
        trained = train(arcs, days, daily.to_numpy(), name, **settings)
        for station in ("smpl", "othr"):
            made[name, station] = tmp_path_factory.mktemp("models") / f"{name}-{station}"
            save_model(dataclasses.replace(trained, station=station), made[name, station])
    return made


@pytest.fixture
def trained_sample(
    tmp_path: Path, sample_models: dict[tuple[str, str], Path]
) -> Callable[..., Config]:
    """Factory of samples with a model of their own; `later` are the files that wait to arrive."""

    def put(
        name: str = "station", kind: str = "rf-mdi", station: str = "smpl", later: int = 0
    ) -> Config:
        path = write_sample(tmp_path / name)
        shutil.copytree(sample_models[kind, station], path.parent / "model")
        path.write_text(path.read_text().replace('kind = "linear"', 'path = "model"'))
        (path.parent / "later").mkdir()
        files = sorted((path.parent / "inbox").iterdir())
        for file in files[len(files) - later :]:
            file.rename(path.parent / "later" / file.name)
        return load_config(path)

    return put
