import tracemalloc

import numpy as np
import pytest

from retrieval.simulation.ground.series import hours_between
from retrieval.simulation.ground.weather import made_rain_mm, made_temperature_c
from retrieval.simulation.scenario_sections import WeatherSection

CALM = WeatherSection(mean_c=8.0, annual_range_c=24.0, daily_range_c=0.0, unrest_c=0.0)


def hours(start: str, days: int) -> np.ndarray:
    first = np.datetime64(start, "ns")
    return hours_between(first, first + np.timedelta64(days, "D"))


def storms_of(rain_mm: np.ndarray) -> list[float]:
    """Sums of spells of rain with dry hours between them."""
    wet = np.r_[False, rain_mm > 0, False]
    begin = np.flatnonzero(wet[1:] & ~wet[:-1])
    end = np.flatnonzero(wet[:-1] & ~wet[1:])
    return [float(rain_mm[a:b].sum()) for a, b in zip(begin, end, strict=True)]


def test_storms_come_as_often_and_bring_as_much_as_stated():
    # Storms so far apart and short that few overlap: 4000 days with one in 20 are 200 +- 14, and
    # the mean of 200 exponential depths is known to 7 %. Over 6 seeds to 3 %.
    weather = WeatherSection(storm_every_days=20.0, storm_mm=8.0, storm_hours=1.0)
    time = hours("2010-01-01", 4000)
    counts, depths = [], []
    for seed in range(6):
        spells = storms_of(made_rain_mm(time, weather, seed))
        counts.append(len(spells))
        depths += spells
    assert sum(counts) == pytest.approx(6 * 200, abs=4 * np.sqrt(6 * 200))
    assert np.mean(depths) == pytest.approx(8.0, rel=4 / np.sqrt(1200))
    # Exponential: the standard deviation is the mean.
    assert np.std(depths) == pytest.approx(8.0, rel=0.15)
    assert np.std(counts, ddof=1) < 3 * np.sqrt(200)


def test_storms_last_as_long_as_stated():
    weather = WeatherSection(storm_every_days=60.0, storm_mm=8.0, storm_hours=24.0)
    wet = np.array([made_rain_mm(hours("2010-01-01", 4000), weather, s) > 0 for s in range(4)])
    # A storm of length L touches L + 1 hours on average; 267 of them tell that to 6 %.
    expected = 4 * 4000 / 60 * 25.0
    assert wet.sum() == pytest.approx(expected, rel=0.25)


def test_rain_is_no_less_than_nothing_and_the_same_from_the_same_seed():
    time = hours("2024-01-01", 300)
    rain = made_rain_mm(time, WeatherSection(), 1)
    assert rain.shape == time.shape
    assert rain.min() >= 0
    np.testing.assert_array_equal(rain, made_rain_mm(time, WeatherSection(), 1))
    assert (rain != made_rain_mm(time, WeatherSection(), 2)).any()
    # A longer series begins as the shorter one.
    longer = made_rain_mm(hours("2024-01-01", 900), WeatherSection(), 1)
    np.testing.assert_allclose(longer[: len(time)], rain, atol=1e-9)


def test_eleven_years_of_rain_fit_into_memory():
    time = hours("2010-01-01", 4000)
    tracemalloc.start()
    made_rain_mm(time, WeatherSection(storm_every_days=1.0), 1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50e6


def test_the_year_is_warmest_in_july_or_january():
    time = hours("2023-01-01", 364)
    north = made_temperature_c(time, CALM, 40.0, 0.0, 1)
    south = made_temperature_c(time, CALM, -30.0, 0.0, 1)
    assert north.max() == pytest.approx(20.0, abs=0.01)
    assert north.min() == pytest.approx(-4.0, abs=0.01)
    day = 1 + np.arange(len(time)) / 24
    assert day[north.argmax()] == pytest.approx(200, abs=1)
    assert day[south.argmax()] == pytest.approx(20, abs=1)
    stated = WeatherSection(**{**CALM.model_dump(), "warmest_doy": 100})
    assert day[made_temperature_c(time, stated, 40.0, 0.0, 1).argmax()] == pytest.approx(100, abs=1)


@pytest.mark.parametrize(
    ("longitude_deg", "warmest_utc"), [(0.0, 15), (-105.0, 22), (255.0, 22), (135.0, 6)]
)
def test_the_day_is_warmest_in_the_afternoon_of_the_place(longitude_deg, warmest_utc):
    weather = WeatherSection(annual_range_c=0.0, daily_range_c=12.0, unrest_c=0.0, mean_c=10.0)
    celsius = made_temperature_c(hours("2024-05-14", 1), weather, 40.0, longitude_deg, 1)
    assert celsius[:24].argmax() == warmest_utc
    assert celsius.max() == pytest.approx(16.0)
    assert celsius.min() == pytest.approx(4.0)


def test_unrest_has_its_spread_from_the_first_day_on_and_lasts_for_days():
    weather = WeatherSection(annual_range_c=0.0, daily_range_c=0.0, unrest_c=3.0, mean_c=10.0)
    time = hours("2024-01-01", 2)
    starts = [made_temperature_c(time, weather, 40.0, 0.0, seed)[0] for seed in range(400)]
    assert np.std(starts) == pytest.approx(3.0, rel=4 / np.sqrt(800))
    assert np.mean(starts) == pytest.approx(10.0, abs=4 * 3 / np.sqrt(400))
    daily = made_temperature_c(hours("2010-01-01", 4000), weather, 40.0, 0.0, 1)[::24]
    assert daily.std() == pytest.approx(3.0, rel=0.08)
    # 0.6 of it is left on the next day.
    assert np.corrcoef(daily[1:], daily[:-1])[0, 1] == pytest.approx(0.6, abs=0.05)
