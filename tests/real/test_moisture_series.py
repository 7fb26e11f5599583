"""The daily record of P041 that a scenario may take as its truth."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from retrieval.given_series import read_series
from retrieval.simulation import Scenario
from retrieval.simulation.ground.hourly import ground_series


@pytest.fixture
def p041(shared_data: Path) -> Path:
    return shared_data / "ground" / "reference" / "p041_v1.csv.gz"


def test_p041_in_2012_is_the_series_of_the_paper(p041):
    time, moisture = read_series(p041).known("moisture")
    first = np.datetime64("2012-01-01") + np.timedelta64(56, "D")
    last = np.datetime64("2012-01-01") + np.timedelta64(358, "D")
    inside = (time >= first) & (time < last + np.timedelta64(1, "D"))
    # Counted in the file by hand: 280 of 303 days, mean .165, standard deviation .118.
    assert inside.sum() == 280
    assert moisture[inside].mean() == pytest.approx(0.165, abs=0.0005)
    assert moisture[inside].std() == pytest.approx(0.118, abs=0.0005)
    assert (time.astype("datetime64[h]").astype(int) % 24 == 12).all()


def test_p041_makes_the_ground_of_a_scenario(p041):
    scenario = Scenario.model_validate(
        {
            "title": "P041 in 2012",
            "station": {
                "name": "P041",
                "latitude_deg": 39.949492,
                "longitude_deg": 254.805734,
                "height_m": 1728.8,
                "antenna_height_m": 1.9,
            },
            "time": {"start": date(2012, 2, 26), "days": 303},
            "moisture": {"path": p041},
        }
    )
    ground = ground_series(scenario)
    series = read_series(p041)
    known = np.isfinite(series.moisture) & np.isin(series.time, ground.time)
    hours = np.searchsorted(ground.time, series.time[known])
    np.testing.assert_allclose(ground.moisture[hours], series.moisture[known], atol=1e-12)
    assert not ground.interpolated[hours].any()
    # 23 days of 303 have none.
    inside = (ground.time >= scenario.start) & (ground.time < scenario.end)
    assert 22 <= ground.interpolated[inside].sum() / 24 <= 24
    # NLDAS: 300 mm in the year, and a winter with frost.
    rain = series.rain_mm[(series.time >= scenario.start) & (series.time < scenario.end)]
    assert np.nansum(ground.rain_mm[inside]) == pytest.approx(np.nansum(rain), rel=0.01)
    assert ground.temperature_c.min() < -5
    assert ground.temperature_c.max() > 20
    assert ground.frozen[inside].max() == 1
