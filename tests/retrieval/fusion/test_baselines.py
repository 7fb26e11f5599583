import numpy as np
import pytest

from retrieval.errors import InputError
from retrieval.fusion.baselines import Climatology, Persistence, TimeInterpolation
from retrieval.fusion.models import make_model

DAY = np.timedelta64(1, "D")


def at_noon(first, days):
    return np.datetime64(first, "ns") + np.asarray(days) * DAY + np.timedelta64(12, "h")


def rows(count):
    return np.zeros((count, 1))


def test_climatology_of_a_season_is_its_mean_and_quantiles():
    times, vwc = at_noon("2024-05-01", np.arange(101)), np.linspace(0.1, 0.3, 101)
    said = Climatology().fit(rows(101), vwc, times).predict(rows(1), at_noon("2024-12-01", [0]))
    assert said.vwc[0] == pytest.approx(0.2)
    assert (said.lower[0], said.upper[0]) == pytest.approx((0.11, 0.29))


def test_climatology_of_years_knows_the_season_across_the_new_year():
    # Wet within 20 days of the new year, dry else, in three winters.
    times = at_noon("2020-07-01", np.arange(3 * 365))
    day = (times.astype("datetime64[D]") - times.astype("datetime64[Y]")).astype(int)
    vwc = np.where((day < 20) | (day > 345), 0.4, 0.1)
    model = Climatology(half_window_days=5.0).fit(rows(len(times)), vwc, times)
    said = model.predict(rows(3), at_noon("2025-01-01", [-2, 1, 180])).vwc
    assert said == pytest.approx([0.4, 0.4, 0.1])


def test_a_season_seen_in_one_year_only_is_not_taken_for_a_climate():
    times = at_noon("2024-01-01", np.arange(366))
    vwc = np.where(np.arange(366) < 100, 0.4, 0.1)
    said = Climatology().fit(rows(366), vwc, times).predict(rows(1), times[:1]).vwc[0]
    assert said == pytest.approx(vwc.mean())


def test_persistence_is_the_calendar_day_before_and_nothing_without_one():
    hours = np.array([0, 23, 36, 84, 96, 144])  # of 1, 1, 2, 4, 5 and 7 May
    march, may = at_noon("2024-03-01", np.arange(30)), np.datetime64("2024-05-01", "ns")
    when = np.concatenate([march, may + hours * np.timedelta64(1, "h")])
    reference = np.r_[np.full(30, 0.2), 0.10, 0.20, 0.30, 0.50, 0.40, np.nan]
    order = np.random.default_rng(0).permutation(36)
    model = make_model("persistence", reference_times=when[order], reference_vwc=reference[order])
    model.fit(rows(30), np.full(30, 0.2), march)
    said = model.predict(rows(8), at_noon("2024-05-01", [0, 1, 2, 3, 4, 5, 7, 30]))
    expected = [np.nan, 0.15, 0.30, np.nan, 0.5, 0.4, np.nan, np.nan]
    np.testing.assert_allclose(said.vwc, expected)
    np.testing.assert_array_equal(np.isnan(said.lower), np.isnan(expected))


def test_persistence_learns_its_interval_from_changes_between_training_days():
    times = at_noon("2024-05-01", np.arange(60))
    vwc = 0.2 + 0.01 * (np.arange(60) % 2)  # up or down by .01 every day
    model = Persistence(reference_times=times, reference_vwc=vwc).fit(
        rows(40), vwc[:40], times[:40]
    )
    said = model.predict(rows(20), times[40:])
    np.testing.assert_allclose(said.upper - said.vwc, 0.01)
    np.testing.assert_allclose(said.vwc - said.lower, 0.01)


def test_interpolation_is_straight_between_training_rows_and_level_beyond():
    days = np.r_[0:30, 50:80]
    times = at_noon("2024-05-01", days)
    vwc = np.where(days < 40, 0.1, 0.3)
    order = np.random.default_rng(0).permutation(60)
    model = TimeInterpolation().fit(rows(60), vwc[order], times[order])
    # From day 29 (.1) to day 50 (.3).
    said = model.predict(rows(4), at_noon("2024-05-01", [-9, 36, 43, 99]))
    assert said.vwc == pytest.approx([0.1, 0.1 + 0.2 / 3, 0.1 + 0.4 / 3, 0.3])
    assert np.all((said.lower <= said.vwc) & (said.vwc <= said.upper))


def test_what_lives_on_the_reference_says_so():
    times, vwc = at_noon("2024-05-01", np.arange(60)), np.linspace(0.1, 0.3, 60)
    assert Persistence(reference_times=times, reference_vwc=vwc).uses_reference_of_test_
    assert TimeInterpolation().uses_reference_of_test_
    for name in ("rf-mdi", "linear", "mean-phase", "climatology"):
        assert not make_model(name).uses_reference_of_test_


@pytest.mark.parametrize("name", ["climatology", "time-interpolation"])
def test_estimates_of_time_alone_need_times(name):
    model = make_model(name).fit(
        rows(60), np.linspace(0.1, 0.3, 60), at_noon("2024-05-01", np.arange(60))
    )
    with pytest.raises(InputError, match="give the times"):
        model.predict(rows(2))
