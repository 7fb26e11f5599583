import numpy as np
import pytest

from retrieval.fusion.dry_season import season_years, year_levels

SOUTH, NORTH = (330, 45), (170, 230)


def days(first, last):
    return np.arange(np.datetime64(first), np.datetime64(last), dtype="datetime64[D]")


@pytest.mark.parametrize(
    ("date", "season", "year"),
    [
        # Day 330 is 26 November, in a leap year the 25th; day 45 is 14 February.
        ("2017-11-25", SOUTH, 0),
        ("2017-11-26", SOUTH, 2018),
        ("2016-11-25", SOUTH, 2017),
        ("2018-01-01", SOUTH, 2018),
        ("2018-02-13", SOUTH, 2018),
        ("2018-02-14", SOUTH, 0),
        # Day 170 is 19 June, day 230 is 18 August.
        ("2017-06-18", NORTH, 0),
        ("2017-06-19", NORTH, 2017),
        ("2017-08-17", NORTH, 2017),
        ("2017-08-18", NORTH, 0),
        ("2016-12-31", (360, 366), 0),  # day 366 itself is out
        ("2016-12-30", (360, 366), 2016),
    ],
)
def test_season_of_a_day(date, season, year):
    assert season_years(np.array([date], dtype="datetime64[D]"), season).tolist() == [year]


def test_each_year_is_levelled_by_its_own_season():
    # Psi is 1 in the season of 2016 but for ten days at 0 of its 60: 9 of 60 days are the lowest
    # 15 %. In 2017 all is one degree higher.
    dates = days("2016-01-01", "2018-01-01")
    psi = np.where(dates < np.datetime64("2017-01-01"), 1.0, 2.0)
    season = season_years(dates, NORTH)
    psi[season == 0] -= 30.0  # wet or dry, other days tell nothing
    for year in (2016, 2017):
        psi[np.flatnonzero(season == year)[:10]] -= 1.0
    levels = year_levels(dates, psi, NORTH)
    assert [(level.year, level.psi_min_deg, level.n_days) for level in levels] == [
        (2016, 0.0, 60),
        (2017, 1.0, 60),
    ]
    assert not any(level.borrowed for level in levels)


def test_a_year_without_ten_dry_days_takes_the_nearest_years_level():
    dates = days("2014-01-01", "2018-01-01")
    season = season_years(dates, NORTH)
    psi = np.select([season == 2014, season == 2017], [4.0, 7.0], 20.0)
    psi[season == 2015] = np.nan
    psi[np.flatnonzero(season == 2016)[9:]] = np.nan  # nine days are too few
    levels = year_levels(dates, psi, NORTH)
    assert [level.taken_from for level in levels] == [2014, 2014, 2017, 2017]
    assert [level.psi_min_deg for level in levels] == [4.0, 4.0, 7.0, 7.0]
    assert [level.borrowed for level in levels] == [False, True, True, False]
    assert [level.n_days for level in levels] == [60, 0, 9, 60]


def test_of_two_years_as_near_the_earlier_lends_its_level():
    dates = days("2014-01-01", "2017-01-01")
    season = season_years(dates, NORTH)
    psi = np.select([season == 2014, season == 2016], [4.0, 7.0], np.nan)
    assert year_levels(dates, psi, NORTH)[1].taken_from == 2014


def test_a_season_that_runs_into_the_next_year_levels_the_year_before_it_if_need_be():
    # From July to December 2016 in the south: days 330 to 366 belong to the season of 2017.
    dates = days("2016-07-01", "2017-01-01")
    psi = np.where(season_years(dates, SOUTH) == 2017, 3.0, 0.0)
    (level,) = year_levels(dates, psi, SOUTH)
    assert (level.year, level.taken_from, level.psi_min_deg) == (2016, 2017, 3.0)
    assert level.borrowed


def test_without_any_dry_season_the_lowest_of_all_days_is_the_level():
    # 40 days: the lowest six are 0 to 5.
    dates = days("2016-03-01", "2016-04-10")
    (level,) = year_levels(dates, np.arange(40.0), NORTH)
    assert (level.psi_min_deg, level.taken_from, level.borrowed) == (2.5, None, True)


def test_days_without_a_value_give_no_level():
    (level,) = year_levels(days("2016-03-01", "2016-03-05"), np.full(4, np.nan), NORTH)
    assert np.isnan(level.psi_min_deg)
