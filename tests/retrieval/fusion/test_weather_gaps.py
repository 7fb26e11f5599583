"""At which times a model must do without the weather that it was trained with."""

import numpy as np
import pytest

from retrieval.fusion.weather_features import MedianFill, Weather, weather_features
from retrieval.fusion.weather_gaps import lacks_weather, trained_kinds

DAY = np.timedelta64(1, "D")
FIRST = np.datetime64("2024-03-01", "ns")


def weather(days, rain=True, temperature=True, missing=()):
    """Days of weather from 1 March on; each is dated at its end."""
    values = np.full(days, 2.0)
    values[list(missing)] = np.nan
    none = np.full(days, np.nan)
    time = FIRST + np.arange(1, days + 1) * DAY
    return Weather(time, values if rain else none, 5 * values if temperature else none, DAY)


def fill_of(known):
    """What a model has learnt of weather: the columns of its training days, and the plants'."""
    times = known.time[40:]
    return MedianFill().fit(
        np.column_stack([weather_features(known, times), np.full(len(times), 0.9)])
    )


@pytest.mark.parametrize(
    ("kinds", "given"),
    [
        (("rain", "temperature"), {}),
        (("rain",), {"temperature": False}),
        (("temperature",), {"rain": False}),
    ],
)
def test_what_trained_is_asked_for_and_nothing_else(kinds, given):
    fill, whole = fill_of(weather(60, **given)), weather(60, **given)
    assert trained_kinds(fill) == kinds
    times = FIRST + np.array([45, 50, 60]) * DAY
    assert not lacks_weather(fill, whole, times).any()
    nothing = weather(60, rain=False, temperature=False)
    assert lacks_weather(fill, nothing, times).all()


def test_weather_lacks_from_a_day_after_its_last_row():
    fill, known = fill_of(weather(60)), weather(50)
    hours = np.array([0, 1, 23, 24, 25, 48]) * np.timedelta64(1, "h")
    # The last row is dated at the end of the 50th day; windows of a day hold it for a day.
    found = lacks_weather(fill, known, FIRST + 50 * DAY + hours)
    assert found.tolist() == [False, False, False, True, True, True]


def test_a_day_that_is_missing_lacks_for_that_day_and_longer_windows_bear_it():
    fill, known = fill_of(weather(60)), weather(60, missing=[49])
    at = FIRST + np.array([49, 50, 51, 52]) * DAY
    assert lacks_weather(fill, known, at).tolist() == [False, True, False, False]


def test_weather_that_has_only_begun_lacks():
    fill, known = fill_of(weather(60)), weather(20)
    # The 30 days of rain need to be known by half.
    at = FIRST + np.array([14, 15]) * DAY
    assert lacks_weather(fill, known, at).tolist() == [True, False]


def test_no_weather_at_all_lacks():
    none = Weather(np.empty(0, "datetime64[ns]"), np.empty(0), np.empty(0), DAY)
    assert lacks_weather(fill_of(weather(60)), none, np.array([FIRST])).tolist() == [True]
