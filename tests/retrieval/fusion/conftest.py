"""Made arcs of a station whose tracks repeat every day."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from retrieval.arc_table import ARC_COLUMNS, arc_table
from retrieval.simulation import simulate_arcs
from retrieval.simulation.ground.hourly import ground_series
from retrieval.simulation.scenario import Scenario

FIRST_DAY = np.datetime64("2024-03-01", "ns")


@pytest.fixture(scope="session")
def made_arcs() -> Callable[..., pd.DataFrame]:
    """Factory of arc tables: `phase_deg` is (days, tracks); other columns broadcast to it.

    Track k is satellite G(k + 1), rising at azimuth 20 k, from hour k + 1 for 40 minutes, and
    closes 5 minutes later.
    """

    def make(phase_deg: np.ndarray, **others: object) -> pd.DataFrame:
        phase_deg = np.asarray(phase_deg, dtype=float)
        days, tracks = (index.ravel() for index in np.indices(phase_deg.shape))
        start = (
            FIRST_DAY + days * np.timedelta64(24, "h") + (tracks + 1) * np.timedelta64(1, "h")
        ).astype("datetime64[ns]")
        values: dict[str, object] = dict.fromkeys(ARC_COLUMNS, 30.0)
        values |= {
            "station": "made",
            "satellite": np.array([f"G{k + 1:02d}" for k in tracks]),
            "signal": "S2X",
            "direction": "rising",
            "start": start,
            "end": start + np.timedelta64(40, "m"),
            "closed": start + np.timedelta64(45, "m"),
            "azimuth_deg": tracks * 20.0,
            "n_obs": 80,
            "phase_deg": (phase_deg.ravel() + 180.0) % 360.0 - 180.0,
            "amplitude": 10.0,
            "reflector_height_m": 1.8,
            "apriori_height_m": 1.8,
            "dphase_dheight_deg_per_mm": 0.74,
            "height_mode": "fixed",
            "orbit_source": "file",
            "accepted": True,
            "reject_reason": "",
            "equipment": "",
        }
        for name, value in others.items():
            values[name] = np.broadcast_to(np.asarray(value), phase_deg.shape).ravel()
        columns = {
            name: np.broadcast_to(np.asarray(value), phase_deg.size)
            for name, value in values.items()
        }
        return arc_table(columns)

    return make


@pytest.fixture(scope="session")
def hour_of() -> Callable[[int, float], pd.DatetimeIndex]:
    """Return the time of an hour of a day of the made arcs, as an index of one."""

    def at(day: int, hour: float) -> pd.DatetimeIndex:
        start = pd.Timestamp(FIRST_DAY).tz_localize("UTC")
        return pd.DatetimeIndex([start + pd.Timedelta(days=day) + pd.Timedelta(hours=hour)])

    return at


@dataclass(frozen=True)
class Season:
    """A made season: rows of filled phase anomalies and the moisture behind them."""

    features: np.ndarray
    dropped: np.ndarray
    vwc: np.ndarray
    times: np.ndarray
    good: np.ndarray


@pytest.fixture(scope="session")
def season() -> Season:
    """120 days of 24 tracks; the first 16 follow moisture, -60 deg per m3 m-3, 3 deg noise."""
    draws = np.random.default_rng(5)
    days = np.arange(120)
    vwc = 0.2 + 0.1 * np.sin(days / 9.0) + 0.05 * np.sin(days / 2.7)
    good = np.arange(24) < 16
    noise = draws.normal(0.0, np.where(good, 3.0, 40.0), (120, 24))
    features = np.where(good, -60.0 * (vwc - 0.2)[:, None], 0.0) + noise
    lost = draws.random(features.shape) < 0.3
    dropped = np.where(lost, np.median(features, axis=1, keepdims=True), features)
    times = FIRST_DAY + days * np.timedelta64(1, "D") + np.timedelta64(12, "h")
    return Season(features, dropped, vwc, times, good)


@dataclass(frozen=True)
class Record:
    """A simulated station: arcs, the daily mean of the moisture, and the moisture by hour."""

    arcs: pd.DataFrame
    days: np.ndarray
    vwc: np.ndarray
    hourly: pd.Series


@pytest.fixture(scope="session")
def simulated() -> Callable[..., Record]:
    """Factory of records of eight GPS satellites on one signal; sections as in `Scenario`."""

    def simulate(days: int = 70, satellites: int = 8, **sections: object) -> Record:
        names = ["G01", "G05", "G07", "G08", "G09", "G10", "G12", "G15"][:satellites]
        content = {
            "title": "test",
            "seed": 3,
            "station": {
                "name": "test",
                "latitude_deg": 40,
                "longitude_deg": -105,
                "height_m": 1500,
                "antenna_height_m": 1.8,
            },
            "time": {"start": "2024-04-01", "days": days},
            "sky": {"constellations": "G"},
            "signal": [{"code": "GS2L", "satellites": names}],
        }
        scenario = Scenario.model_validate({**content, **sections}, strict=False)
        ground = ground_series(scenario)
        hourly = pd.Series(ground.moisture, pd.DatetimeIndex(ground.time, tz="UTC"))
        first = pd.Timestamp("2024-04-01", tz="UTC")
        daily = hourly.resample("1D").mean()
        daily = daily[(daily.index >= first) & (daily.index < first + pd.Timedelta(days=days))]
        stamps = daily.index.tz_localize(None).to_numpy().astype("datetime64[D]")
        return Record(simulate_arcs(scenario).arcs, stamps, daily.to_numpy(), hourly)

    return simulate


@pytest.fixture(scope="session")
def station(simulated: Callable[..., Record]) -> Record:
    """An ordinary record of 70 days."""
    return simulated()
