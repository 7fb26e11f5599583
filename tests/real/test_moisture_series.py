"""The daily record of P041 that a scenario may take as its truth, and the probes beside it."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from retrieval.fusion.given_weather import daily_weather
from retrieval.fusion.reference import daily_reference, reference_at
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


def test_p041_in_2012_is_the_reference_of_the_paper(p041):
    reference = daily_reference(read_series(p041))
    inside = (reference.day >= np.datetime64("2012-02-26")) & (
        reference.day <= np.datetime64("2012-12-24")
    )  # day 57 to 359 of the leap year
    assert inside.sum() == 280
    assert reference.vwc[inside].mean() == pytest.approx(0.165, abs=0.0005)
    assert (reference.n_values == 1).all()


def test_weather_of_p041_is_dated_at_the_ends_of_its_days(p041):
    series = read_series(p041)
    weather = daily_weather(series)
    time, rain_mm = series.known("rain_mm")
    known = np.isfinite(weather.rain_mm)
    assert (weather.time[known] - time == np.timedelta64(12, "h")).all()
    np.testing.assert_array_equal(weather.rain_mm[known], rain_mm)


def test_probes_beside_p041_are_averaged_by_day(shared_data):
    series = read_series(shared_data / "ground" / "reference" / "p041_smc.txt.gz")
    _, moisture = series.known("moisture")
    reference = daily_reference(series)
    # Counted in the text with awk: 156,573 values at 2.5 cm, from .0258 to .4924.
    assert len(moisture) == 156_573
    assert (moisture.min(), moisture.max()) == (0.0258, 0.4924)
    # Day 200 of 2010, likewise: 48 values, mean .0859583.
    day = np.datetime64("2010-07-19")
    at = np.searchsorted(reference.day, day)
    assert reference.day[at] == day
    assert reference.n_values[at] == 48
    assert reference.vwc[at] == pytest.approx(0.0859583, abs=1e-7)
    trailing = reference_at(series, np.array(["2010-07-19T23:59"], "datetime64[ns]"), 24)
    assert trailing == pytest.approx(reference.vwc[at], abs=1e-9)
