from pathlib import Path

import numpy as np
import pytest

from retrieval.errors import InputError
from retrieval.fusion.given_weather import daily_weather
from retrieval.fusion.weather_features import WEATHER_COLUMNS, weather_features
from retrieval.given_series import GivenSeries


def made(times, rain_mm, temperature_c) -> GivenSeries:
    time = np.array(times, "datetime64[ns]")
    none = np.full(len(time), np.nan)
    return GivenSeries(
        Path("made.csv"),
        time,
        none,
        np.array(temperature_c, np.float64),
        np.array(rain_mm, np.float64),
        none,
    )


def ends(weather) -> list[str]:
    return weather.time.astype("datetime64[m]").astype(str).tolist()


@pytest.mark.parametrize("hour", ["T00", "T12", "T23:59"])
def test_daily_values_move_to_the_end_of_their_day(hour):
    weather = daily_weather(
        made([f"2012-03-0{day}{hour}" for day in (1, 2, 4)], [1.0, np.nan, 3.0], [5.0, 6.0, np.nan])
    )
    assert ends(weather) == ["2012-03-02T00:00", "2012-03-03T00:00", "2012-03-05T00:00"]
    np.testing.assert_array_equal(weather.rain_mm, [1.0, np.nan, 3.0])
    np.testing.assert_array_equal(weather.temperature_c, [5.0, 6.0, np.nan])
    assert weather.step == np.timedelta64(1, "D")


def test_no_row_knows_the_afternoon_of_its_own_day():
    days = np.arange("2012-02-01", "2012-03-02", dtype="M8[D]").astype("M8[ns]")
    rain_mm = np.zeros(len(days))
    rain_mm[-1] = 40.0  # on 1 March
    series = made(days + np.timedelta64(12, "h"), rain_mm, np.full(len(days), 5.0))
    asked = np.array(["2012-03-01T12:00", "2012-03-01T23:59", "2012-03-02T00:00"], "M8[ns]")
    columns = weather_features(daily_weather(series), asked)
    assert columns[:, WEATHER_COLUMNS.index("rain_1d_mm")].tolist() == [0.0, 0.0, 40.0]


def test_hourly_rain_is_that_since_the_row_before():
    # 1 mm an hour from 0 to 24 h of 2 March, whose first row is dated 1 h and last at midnight.
    time = np.datetime64("2012-03-01T13", "ns") + np.arange(36) * np.timedelta64(1, "h")
    rain_mm = np.where(time > np.datetime64("2012-03-02"), 1.0, 0.0)
    temperature_c = np.where(time > np.datetime64("2012-03-02"), np.arange(36), -5.0)
    weather = daily_weather(made(time, rain_mm, temperature_c))
    # 13 to 24 h of 1 March are twelve rows: half of the day.
    assert ends(weather) == ["2012-03-02T00:00", "2012-03-03T00:00"]
    np.testing.assert_allclose(weather.rain_mm, [0.0, 24.0])
    np.testing.assert_allclose(weather.temperature_c, [-5.0, 23.5])  # 12 to 35


def test_rain_of_a_day_with_gaps_is_scaled_up_and_left_out_below_half():
    time = np.datetime64("2012-03-01T01", "ns") + np.arange(48) * np.timedelta64(1, "h")
    rain_mm = np.full(48, np.nan)
    rain_mm[:18] = 1.0
    rain_mm[24:35] = 1.0  # 11 of 24
    weather = daily_weather(made(time, rain_mm, np.full(48, np.nan)))
    assert ends(weather) == ["2012-03-02T00:00"]
    np.testing.assert_allclose(weather.rain_mm, [24.0])  # 18 mm in three quarters of the day
    assert np.isnan(weather.temperature_c).all()


def test_a_series_without_weather_is_refused():
    with pytest.raises(InputError, match=r"made\.csv: holds neither rain nor temperature; give"):
        daily_weather(made(["2012-03-01"], [np.nan], [np.nan]))
