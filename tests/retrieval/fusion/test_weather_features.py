import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.errors import InputError
from retrieval.fusion.weather_features import (
    WEATHER_COLUMNS,
    MedianFill,
    Weather,
    weather_features,
)

DAY, HOUR = np.timedelta64(1, "D"), np.timedelta64(1, "h")
FIRST = np.datetime64("2024-03-01", "ns")
RAIN_1, RAIN_3, RAIN_7, RAIN_30, API, WARM_1, WARM_7 = range(7)


def daily(rain, temperature=None):
    rain = np.asarray(rain, float)
    warm = np.full(len(rain), 10.0) if temperature is None else np.asarray(temperature, float)
    return Weather(FIRST + np.arange(1, len(rain) + 1) * DAY, rain, warm, DAY)


def test_columns_have_names_and_no_day_of_year():
    assert len(WEATHER_COLUMNS) == 7
    assert WEATHER_COLUMNS[API] == "api_mm"
    assert not any("year" in name or "sin" in name for name in WEATHER_COLUMNS)


def test_sums_and_means_take_the_days_that_ended_by_the_time():
    weather = daily(np.arange(1.0, 41.0), np.arange(40.0))
    found = weather_features(weather, FIRST + np.array([40 * 24, 40 * 24 - 1]) * HOUR)
    # At the end of day 40: days 40, 38-40, 34-40, 11-40; an hour before it day 40 is not known,
    # and the window of one day holds day 39 alone.
    assert found[0, :4] == pytest.approx([40, 38 + 39 + 40, 7 * 37, 30 * 25.5])
    assert found[1, :4] == pytest.approx([39, 37 + 38 + 39, 7 * 36, 30 * 24.5])
    assert found[0, WARM_1:] == pytest.approx([39.0, 36.0])


def test_antecedent_index_is_the_recursion():
    rain = np.random.default_rng(0).gamma(0.3, 10.0, 60)
    expected = 0.0
    for mm in rain:
        expected = 0.8 * expected + mm
    found = weather_features(daily(rain), FIRST + np.array([60, 62]) * DAY, keep_per_day=0.8)
    assert found[0, API] == pytest.approx(expected)
    assert found[1, API] == pytest.approx(0.64 * expected)


def test_hours_sum_up_to_their_days():
    days = np.random.default_rng(1).gamma(0.3, 10.0, 40)
    hours = np.zeros(40 * 24)
    hours[23::24] = days  # all of a day's rain in its last hour
    hourly = Weather(FIRST + np.arange(1, 40 * 24 + 1) * HOUR, hours, np.full(960, 10.0), HOUR)
    times = FIRST + np.arange(31, 41) * DAY
    np.testing.assert_allclose(
        weather_features(hourly, times), weather_features(daily(days), times), atol=1e-9
    )


def test_missing_steps_count_as_the_known_ones_until_half_are_missing():
    rain = np.full(40, 2.0)
    rain[[37, 38]] = np.nan  # days 38 and 39
    found = weather_features(daily(rain), FIRST + np.array([39, 40]) * DAY)
    assert np.isnan(found[0, [RAIN_1, RAIN_3]]).all()  # none of one, one of three
    assert found[0, RAIN_7] == pytest.approx(14.0)  # five of seven
    assert found[1, RAIN_1] == 2.0
    assert np.isnan(found[1, RAIN_3])  # one of three


def test_steps_that_are_absent_are_missing_too():
    weather = daily(np.full(40, 2.0))
    there = np.delete(np.arange(40), [37, 38])
    absent = Weather(weather.time[there], weather.rain_mm[there], weather.temperature_c[there], DAY)
    rain = np.full(40, 2.0)
    rain[[37, 38]] = np.nan
    times = FIRST + np.arange(30, 41) * DAY
    np.testing.assert_allclose(
        weather_features(absent, times)[:, :5], weather_features(daily(rain), times)[:, :5]
    )


def test_before_and_long_after_the_weather_nothing_is_known():
    found = weather_features(daily(np.ones(40)), FIRST + np.array([-5, 0, 90]) * DAY)
    assert np.isnan(found).all()


@settings(max_examples=40, deadline=None)
@given(
    cut=st.integers(20, 70),
    hourly=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
    keep=st.floats(0.1, 0.99),
)
def test_what_comes_after_a_time_changes_nothing_at_or_before_it(cut, hourly, seed, keep):
    draws = np.random.default_rng(seed)
    step = HOUR if hourly else DAY
    n = 24 * 80 if hourly else 80
    time = FIRST + np.arange(1, n + 1) * step
    rain = np.where(draws.random(n) < 0.2, np.nan, draws.gamma(0.3, 5.0, n))
    warm = np.where(draws.random(n) < 0.2, np.nan, draws.normal(10.0, 5.0, n))
    now = FIRST + cut * DAY
    later = time > now
    other_rain, other_warm = np.where(later, 77.0, rain), np.where(later, np.nan, warm)
    times = FIRST + np.sort(draws.uniform(0, cut * 86400e9, 12)).astype("timedelta64[ns]")
    times = np.append(times, now)
    as_was = weather_features(Weather(time, rain, warm, step), times, keep)
    altered = weather_features(Weather(time, other_rain, other_warm, step), times, keep)
    without = weather_features(Weather(time[~later], rain[~later], warm[~later], step), times, keep)
    np.testing.assert_array_equal(as_was, altered)
    np.testing.assert_array_equal(as_was, without)


def test_the_order_of_the_rows_does_not_matter():
    weather = daily(np.random.default_rng(2).gamma(0.3, 10.0, 60))
    times = FIRST + np.arange(1, 61) * DAY
    order = np.random.default_rng(3).permutation(60)
    np.testing.assert_array_equal(
        weather_features(weather, times[order]), weather_features(weather, times)[order]
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"time": FIRST - np.arange(3) * DAY}, "increasing"),
        ({"step": 2 * DAY}, "up to a day"),
        ({"rain_mm": np.array([0.0, -1.0, 0.0])}, "below 0"),
        ({"rain_mm": np.zeros(2)}, "one length"),
    ],
)
def test_weather_that_is_no_regular_series_is_refused(change, message):
    good = {
        "time": FIRST + np.arange(3) * DAY,
        "rain_mm": np.zeros(3),
        "temperature_c": np.zeros(3),
        "step": DAY,
    }
    with pytest.raises(InputError, match=message):
        Weather(**(good | change))


def test_an_index_that_keeps_all_is_refused():
    with pytest.raises(InputError, match="between 0 and 1"):
        weather_features(daily(np.ones(40)), FIRST + np.array([40]) * DAY, keep_per_day=1.0)


def test_gaps_take_the_median_of_the_training_rows():
    fill = MedianFill().fit(np.array([[1.0, np.nan], [5.0, np.nan], [2.0, np.nan]]))
    found = fill.transform(np.array([[np.nan, 4.0], [7.0, np.nan]]))
    np.testing.assert_array_equal(found, [[2.0, 4.0], [7.0, 0.0]])
