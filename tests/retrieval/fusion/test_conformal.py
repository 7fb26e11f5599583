import numpy as np
import pytest

from retrieval.errors import InputError
from retrieval.fusion.conformal import ConformalInterval, out_of_fold, to_gap

DAYS = np.datetime64("2024-01-01", "ns") + np.arange(40) * np.timedelta64(1, "D")


def test_the_margin_is_the_score_that_n_rows_support():
    # Scores 1..19: the ceil(20 * .9) = 18th smallest.
    lower = upper = np.zeros(19)
    fitted = ConformalInterval().fit(lower, upper, np.arange(1.0, 20.0))
    assert fitted.below_ == fitted.above_ == 18.0


def test_intervals_that_were_too_wide_become_narrower():
    # The reference always lies .3 inside the nearer bound.
    vwc = np.linspace(0.1, 0.3, 30)
    fitted = ConformalInterval().fit(vwc - 0.3, vwc + 0.5, vwc)
    lower, upper = fitted.apply(np.array([0.0]), np.array([0.8]))
    assert (lower[0], upper[0]) == pytest.approx((0.3, 0.5))


def test_bounds_that_would_cross_meet_halfway():
    vwc = np.zeros(30)
    fitted = ConformalInterval().fit(vwc - 0.3, vwc + 0.3, vwc)
    lower, upper = fitted.apply(np.array([0.0]), np.array([0.1]))
    assert lower[0] == upper[0] == pytest.approx(0.05)


def test_two_margins_follow_a_bias():
    # Estimates too high by .10 to .29: each side has 5 % of the misses, the 19th of 19 scores.
    vwc, off = np.zeros(19), np.linspace(0.11, 0.29, 19)
    fitted = ConformalInterval(symmetric=False).fit(off, off, vwc)
    assert (fitted.below_, fitted.above_) == pytest.approx((0.29, -0.11))


@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("half_width", [0.0, 0.3, 5.0])
def test_nine_tenths_of_exchangeable_rows_are_covered_whatever_the_interval(symmetric, half_width):
    draws = np.random.default_rng(7)
    known, later = draws.standard_t(3, 4000), draws.standard_t(3, 20000)
    fitted = ConformalInterval(symmetric=symmetric).fit(
        np.full(4000, -half_width), np.full(4000, half_width), known
    )
    lower, upper = fitted.apply(np.full(20000, -half_width), np.full(20000, half_width))
    assert 0.88 <= np.mean((later >= lower) & (later <= upper)) <= 0.92


def test_few_rows_keep_the_promise_on_average():
    # With 20 rows the 19th smallest of 21 exchangeable scores: 19/21 in the mean over repeats.
    draws = np.random.default_rng(3)
    inside = []
    for _ in range(400):
        known, later = draws.normal(size=20), draws.normal(size=200)
        lower, upper = (
            ConformalInterval()
            .fit(np.zeros(20), np.zeros(20), known)
            .apply(np.zeros(200), np.zeros(200))
        )
        inside.append(np.mean((later >= lower) & (later <= upper)))
    assert np.mean(inside) == pytest.approx(19 / 21, abs=0.012)


def test_too_few_rows_are_refused_with_the_number_needed():
    with pytest.raises(InputError, match="9 or more"):
        ConformalInterval().fit(np.zeros(8), np.zeros(8), np.arange(8.0))
    with pytest.raises(InputError, match="19 or more"):
        ConformalInterval(symmetric=False).fit(np.zeros(18), np.zeros(18), np.arange(18.0))
    with pytest.raises(InputError, match="between 0 and 1"):
        ConformalInterval(coverage=1.0).fit(np.zeros(9), np.zeros(9), np.arange(9.0))


def test_rows_without_an_interval_do_not_count():
    lower = np.array([np.nan] * 5 + [0.0] * 9)
    assert ConformalInterval().fit(lower, lower, np.arange(14.0)).n_ == 9


def test_no_row_is_predicted_from_itself_or_from_rows_within_the_gap():
    def nearest_training_day(train, test):
        apart = np.abs(DAYS[test][:, None] - DAYS[train]) / np.timedelta64(1, "D")
        return apart.min(axis=1)[:, None]

    found = out_of_fold(nearest_training_day, DAYS, 4, to_gap(3.0))
    assert found.shape == (40, 1)
    assert found.min() == 4.0


def test_no_row_of_a_long_record_is_predicted_from_its_own_year():
    days = np.datetime64("2020-01-01", "ns") + np.arange(4 * 365) * np.timedelta64(1, "D")
    year = days.astype("datetime64[Y]").astype(int)

    def days_of_that_year(train, test):
        return np.sum(year[test][:, None] == year[train], axis=1, dtype=np.float64)[:, None]

    assert not out_of_fold(days_of_that_year, days, 5, to_gap(0.0)).any()


def test_a_gap_that_leaves_nothing_to_train_on_is_refused():
    with pytest.raises(InputError, match="shorter gap"):
        out_of_fold(lambda train, test: np.zeros((len(test), 1)), DAYS, 2, to_gap(60.0))
    with pytest.raises(InputError, match="gap_days"):
        to_gap(-1.0)
