import numpy as np
import pandas as pd
import pytest

from retrieval.errors import InputError
from retrieval.simulation.ground.hourly import ground_series
from retrieval.simulation.ground.series import GroundSeries


def at(ground: GroundSeries, name: str, time: str) -> float:
    return float(getattr(ground, name)[ground.time == np.datetime64(time)][0])


def test_made_ground_covers_a_day_more_on_either_side(small):
    ground = ground_series(small(time={"days": 2}))
    assert ground.time[0] == np.datetime64("2024-05-13")
    assert ground.time[-1] == np.datetime64("2024-05-17")
    assert (np.diff(ground.time) == np.timedelta64(1, "h")).all()
    for name in ("moisture", "deep_moisture", "temperature_c", "rain_mm", "frozen"):
        assert np.isfinite(getattr(ground, name)).all()
    assert not ground.interpolated.any()
    assert ((ground.moisture > 0.07) & (ground.moisture < 0.43)).all()  # loam


def test_longer_scenarios_begin_as_shorter_ones(small):
    short, long = (ground_series(small(time={"days": days})) for days in (3, 40))
    for name in GroundSeries.__annotations__:
        mine, theirs = getattr(short, name), getattr(long, name)[: len(short)]
        if name == "time":
            assert (mine == theirs).all()
        else:
            np.testing.assert_allclose(mine, theirs, rtol=0, atol=1e-12)
    assert (ground_series(small(seed=9)).temperature_c != short.temperature_c[:73]).any()


def test_made_moisture_follows_the_rain_that_stands_beside_it(small):
    ground = ground_series(small(time={"days": 120}, weather={"storm_every_days": 4.0}))
    rain, moisture = ground.rain_mm, ground.moisture
    assert rain.sum() > 50
    rise = np.diff(moisture)
    assert (rise[rain[1:] > 0.5] > 0).mean() > 0.95
    assert (rise[rain[1:] == 0] <= 0).all()
    # 1 mm on 50 mm of soil raises it by .02, less what dries or drains within the hour.
    wet = np.flatnonzero((rain[1:] > 0.5) & (moisture[1:] < 0.25))
    np.testing.assert_allclose(rise[wet], rain[1:][wet] / 50.0, atol=0.002)


def test_cold_made_weather_brings_snow_and_frost_and_the_south_its_own(small):
    winter = {"start": pd.Timestamp("2024-01-01").date(), "days": 40}
    cold = {"mean_c": 0.0, "annual_range_c": 20.0, "storm_every_days": 3.0}
    north = ground_series(small(time=winter, weather=cold))
    south = ground_series(small(time=winter, weather=cold, station={"latitude_deg": -40.0}))
    assert north.snow_depth_m.max() > 0.02
    assert north.frozen.mean() > 0.9
    assert south.temperature_c.mean() > 5
    assert south.snow_depth_m.max() == 0
    assert south.frozen.max() == 0


def test_given_moisture_is_met_at_its_times_and_in_between(small, series_csv):
    path = series_csv("2024-05-12T12:00", "1D", vwc=[0.30, 0.20, 0.10, 0.40, 0.20])
    ground = ground_series(small(time={"days": 2}, moisture={"path": path}))
    assert at(ground, "moisture", "2024-05-13T12:00") == pytest.approx(0.20)
    assert at(ground, "moisture", "2024-05-14T00:00") == pytest.approx(0.15)
    assert at(ground, "moisture", "2024-05-15T18:00") == pytest.approx(0.35)
    assert not ground.interpolated[:-13].any()
    # Rain that did not cause this moisture is not made beside it.
    assert np.isnan(ground.rain_mm).all()
    assert np.isfinite(ground.temperature_c).all()


def test_gaps_of_a_given_series_are_bridged_and_told(small, series_csv):
    vwc = [0.2, 0.2, None, None, None, 0.4, 0.4, 0.4]
    path = series_csv("2024-05-13T12:00", "1D", vwc=vwc)
    ground = ground_series(small(time={"days": 6}, moisture={"path": path}))
    # Known at noon of the 14th and of the 18th; a daily value speaks for half a day around it.
    assert at(ground, "moisture", "2024-05-16T12:00") == pytest.approx(0.3)
    told = {
        str(time)[:13]: flag for time, flag in zip(ground.time, ground.interpolated, strict=True)
    }
    assert not told["2024-05-15T00"]
    assert told["2024-05-15T01"]
    assert told["2024-05-17T23"]
    assert not told["2024-05-18T00"]
    assert ground.interpolated.sum() == 3 * 24 - 1


def test_an_hourly_series_speaks_for_an_hour(small, series_csv):
    vwc = [0.2] * 40 + [None] * 10 + [0.2] * 40
    path = series_csv("2024-05-13", "1h", vwc=vwc)
    ground = ground_series(small(moisture={"path": path}))
    # Hours 39 and 50 are known; 41 to 48 are further than an hour from either.
    flagged = np.flatnonzero(ground.interpolated[:60])
    assert flagged.tolist() == list(range(41, 49))


@pytest.mark.parametrize(
    ("start", "column"),
    [
        ("2023-05-13T12:00", "vwc"),  # the year before
        ("2024-05-16T00:00", "vwc"),  # two days late
        ("2024-05-01T00:00", "vwc"),  # over too early
    ],
)
def test_a_series_that_leaves_the_scenario_out_is_refused(small, series_csv, start, column):
    path = series_csv(start, "1D", **{column: [0.2] * 10})
    with pytest.raises(
        InputError, match=r"moisture is known from .* scenario runs from 2024-05-14"
    ):
        ground_series(small(moisture={"path": path}))


def test_rain_and_snow_of_another_year_are_refused_too(small, series_csv):
    for column, value in (("rain_mm", 0.0), ("snow_depth_m", 0.3), ("temperature_c", 5.0)):
        path = series_csv("2023-05-13T12:00", "1D", **{column: [value] * 10})
        with pytest.raises(InputError, match=rf"{column} is known from 2023-05-13"):
            ground_series(small(weather={"path": path}))


def test_moisture_without_moisture_is_refused(small, series_csv):
    path = series_csv("2024-05-13T12:00", "1D", rain_mm=[0.0] * 10)
    with pytest.raises(InputError, match=r"holds no moisture; moisture\.path wants a column vwc"):
        ground_series(small(moisture={"path": path}))


def test_rain_of_a_day_falls_on_that_day(small, series_csv):
    # Daily sums stand at noon, as those of PBO H2O: 24 mm on the 14th are 1 mm in each hour of it.
    path = series_csv("2024-05-13T12:00", "1D", rain_mm=[0.0, 24.0, 0.0, 0.0])
    ground = ground_series(small(weather={"path": path}))
    of_day = (ground.time > np.datetime64("2024-05-14")) & (
        ground.time <= np.datetime64("2024-05-15")
    )
    np.testing.assert_allclose(ground.rain_mm[of_day], 1.0)
    assert np.nansum(ground.rain_mm) == pytest.approx(24.0)
    # And wets the soil that is made of it.
    assert at(ground, "moisture", "2024-05-15T00:00") > at(ground, "moisture", "2024-05-14T00:00")


def test_rain_of_an_hour_fell_before_it(small, series_csv):
    rain = [0.0] * 30 + [2.0] + [0.0] * 40
    path = series_csv("2024-05-13", "1h", rain_mm=rain)
    ground = ground_series(small(weather={"path": path}))
    assert at(ground, "rain_mm", "2024-05-14T06:00") == pytest.approx(2.0)
    assert np.nansum(ground.rain_mm) == pytest.approx(2.0)
    half = series_csv(
        "2024-05-13", "30min", "half.csv", rain_mm=[0.0] * 60 + [1.0, 3.0] + [0.0] * 80
    )
    ground = ground_series(small(weather={"path": half}))
    # 1 mm from 5:30 to 6:00, and 3 mm from 6:00 to 6:30.
    assert at(ground, "rain_mm", "2024-05-14T06:00") == pytest.approx(1.0)
    assert at(ground, "rain_mm", "2024-05-14T07:00") == pytest.approx(3.0)


def test_hours_of_which_no_row_speaks_have_no_rain(small, series_csv):
    # Hourly until the 14th, 6 o'clock, and from 9 o'clock on; the first of a gap speaks for its
    # own hour only.
    rain = [0.0] * 31 + [None, None] + [4.0] + [0.0] * 10
    path = series_csv("2024-05-13", "1h", rain_mm=rain)
    ground = ground_series(small(weather={"path": path}))
    assert at(ground, "rain_mm", "2024-05-14T06:00") == 0
    assert np.isnan(at(ground, "rain_mm", "2024-05-14T07:00"))
    assert np.isnan(at(ground, "rain_mm", "2024-05-14T08:00"))
    assert at(ground, "rain_mm", "2024-05-14T09:00") == pytest.approx(4.0)
    assert np.isnan(at(ground, "rain_mm", "2024-05-15T12:00"))  # after the last row
    assert np.isfinite(ground.moisture).all()


def test_days_without_a_snow_depth_have_no_snow(small, series_csv):
    path = series_csv(
        "2024-05-12T12:00",
        "1D",
        vwc=[0.2] * 6,
        snow_depth_m=[0.0, 0.2, 0.4, None, None, None],
        temperature_c=[5.0] * 6,
    )
    ground = ground_series(small(time={"days": 2}, moisture={"path": path}))
    assert at(ground, "snow_depth_m", "2024-05-14T00:00") == pytest.approx(0.3)
    assert at(ground, "snow_depth_m", "2024-05-14T12:00") == pytest.approx(0.4)
    assert at(ground, "snow_depth_m", "2024-05-15T12:00") == 0


def test_weather_of_its_own_file_comes_before_that_of_the_moisture(small, series_csv):
    path = series_csv(
        "2024-05-12T12:00",
        "1D",
        "m.csv",
        vwc=[0.2] * 6,
        temperature_c=[30.0] * 6,
        rain_mm=[0.0] * 6,
    )
    warm = ground_series(small(moisture={"path": path}))
    assert warm.temperature_c.max() == pytest.approx(30.0)
    assert np.nansum(warm.rain_mm) == 0
    own = series_csv("2024-05-12T12:00", "1D", "w.csv", temperature_c=[-10.0] * 6)
    cold = ground_series(small(moisture={"path": path}, weather={"path": own}))
    assert cold.temperature_c.max() == pytest.approx(-10.0)
    assert (cold.frozen == 1).all()
    assert np.isnan(cold.rain_mm).all()  # and none is made beside a given moisture


def test_hours_are_utc_across_a_leap_second(small, series_csv):
    # 2016 ended with one; GPS time was 17 s ahead before and 18 s after.
    path = series_csv("2016-12-30", "1h", vwc=np.linspace(0.1, 0.3, 120))
    start = pd.Timestamp("2016-12-31").date()
    ground = ground_series(small(time={"start": start, "days": 2}, moisture={"path": path}))
    assert (np.diff(ground.time) == np.timedelta64(1, "h")).all()
    assert at(ground, "moisture", "2017-01-01T00:00") == pytest.approx(0.1 + 0.2 * 48 / 119)


def test_plants_have_their_season(small):
    plants = {"water_content_kg_m2": 2.0, "height_m": 0.5, "winter_share": 0.1}
    summer = ground_series(
        small(time={"start": pd.Timestamp("2024-06-18").date()}, vegetation=plants)
    )
    winter = ground_series(
        small(time={"start": pd.Timestamp("2024-01-18").date()}, vegetation=plants)
    )
    assert summer.vegetation_water_kg_m2.max() == pytest.approx(2.0, abs=0.01)
    assert summer.vegetation_height_m.max() == pytest.approx(0.5, abs=0.01)
    np.testing.assert_allclose(winter.vegetation_water_kg_m2, 0.2)
    np.testing.assert_allclose(winter.vegetation_height_m, 0.05)
