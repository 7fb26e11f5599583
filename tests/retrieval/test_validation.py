import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from retrieval.errors import InputError
from retrieval.validation import (
    block_bootstrap,
    inner_folds,
    scores,
    split_by_time,
    time_blocks,
    years_left_out,
)

NAN = float("nan")
DAYS = np.arange("2012-01-01", "2012-04-10", dtype="datetime64[D]").astype("datetime64[ns]")
values = hnp.arrays(
    np.float64, st.integers(3, 40), elements=st.floats(0, 0.5).map(lambda x: round(x, 4))
)


def test_scores_are_those_worked_out_by_hand():
    # Differences +.1, -.1, +.3: mean .1, mean square .11/3, absolute .5/3.
    found = scores([0.1, 0.2, 0.3], [0.2, 0.1, 0.6])
    assert found.n == 3
    assert found.bias == pytest.approx(0.1)
    assert found.rmse == pytest.approx(np.sqrt(0.11 / 3))
    assert found.mae == pytest.approx(0.5 / 3)
    assert found.ubrmse == pytest.approx(np.sqrt(0.11 / 3 - 0.01))
    # Deviations (-.1, 0, .1) and (-.1, -.2, .3): .04 / sqrt(.02 * .14).
    assert found.r == pytest.approx(0.04 / np.sqrt(0.02 * 0.14))
    assert np.isnan(found.coverage)
    assert found.as_dict()["coverage"] is None


def test_pairs_with_an_unknown_are_left_out_and_counted():
    found = scores([0.1, NAN, 0.3, 0.4], [0.1, 0.2, NAN, 0.4])
    assert (found.n, found.rmse) == (2, 0.0)
    assert scores([NAN], [0.1]).n == 0


def test_coverage_counts_the_bounds_themselves_as_inside():
    found = scores([0.1, 0.2, 0.3], [0.2] * 3, lower=[0.1, 0.0, 0.0], upper=[0.3, 0.2, 0.2])
    assert found.coverage == pytest.approx(2 / 3)
    assert found.width == pytest.approx(0.2)


def test_an_estimate_that_never_changes_has_no_correlation():
    assert np.isnan(scores([0.1, 0.2, 0.3], [0.2, 0.2, 0.2]).r)


@given(values, st.floats(-0.1, 0.1), st.floats(-0.2, 0.2))
def test_bias_and_the_rest_make_up_the_error(reference, shift, noise):
    estimate = reference + shift + noise * np.sin(np.arange(len(reference)))
    found = scores(reference, estimate)
    assert found.rmse**2 == pytest.approx(found.bias**2 + found.ubrmse**2, abs=1e-12)
    assert found.mae <= found.rmse + 1e-12


def test_bounds_come_in_pairs_and_lengths_agree():
    with pytest.raises(InputError, match="both bounds"):
        scores([0.1], [0.1], lower=[0.0])
    with pytest.raises(InputError, match="one length"):
        scores([0.1, 0.2], [0.1])


def test_the_first_part_trains_and_all_of_it_lies_before_the_rest():
    shuffled = np.random.default_rng(0).permutation(DAYS)
    train, test = split_by_time(shuffled, 0.7)
    assert (len(train), len(test)) == (70, 30)
    assert shuffled[train].max() < shuffled[test].min()


def test_rows_of_one_time_stay_on_one_side():
    times = np.repeat(DAYS[:5], 4)
    train, test = split_by_time(times, 0.7)  # 14 of 20 would cut the fourth day
    assert len(train) == 16
    assert not set(times[train]) & set(times[test])


@pytest.mark.parametrize("share", [0.0, 1.0, -1.0])
def test_a_split_needs_both_parts(share):
    with pytest.raises(InputError, match="between 0 and 1"):
        split_by_time(DAYS, share)


def test_a_split_of_one_row_is_refused():
    with pytest.raises(InputError, match="more rows"):
        split_by_time(DAYS[:1])


def test_blocks_test_each_row_once_and_are_contiguous():
    times = np.random.default_rng(1).permutation(DAYS)
    tested = []
    for train, test in time_blocks(times, 5):
        assert not set(train) & set(test)
        assert len(train) + len(test) == len(times)
        assert np.ptp(times[test]) == np.timedelta64(len(test) - 1, "D")
        tested += test.tolist()
    assert sorted(tested) == list(range(len(times)))


def test_a_gap_keeps_neighbours_of_the_test_out_of_training():
    for train, test in time_blocks(DAYS, 4, gap=np.timedelta64(3, "D")):
        apart = np.abs(DAYS[train][:, None] - DAYS[test]).min()
        assert apart > np.timedelta64(3, "D")
        assert len(train) in (100 - 25 - 3, 100 - 25 - 6)


def test_each_year_is_left_out_once():
    times = np.arange("2011-07-01", "2013-03-01", dtype="datetime64[D]").astype("datetime64[ns]")
    left = {year: (len(train), len(test)) for year, train, test in years_left_out(times)}
    assert left == {2011: (609 - 184, 184), 2012: (609 - 366, 366), 2013: (609 - 59, 59)}
    with pytest.raises(InputError, match="one year"):
        next(years_left_out(DAYS))


def years_of(days):
    return set(days.astype("datetime64[Y]").astype(int) + 1970)


def test_a_model_of_three_years_tunes_itself_on_years_left_out():
    days = np.arange("2010-01-01", "2013-01-01", dtype="datetime64[D]").astype("datetime64[ns]")
    times = np.random.default_rng(5).permutation(days)
    left = [
        (years_of(times[train]), years_of(times[test])) for train, test in inner_folds(times, 5)
    ]
    assert left == [({2011, 2012}, {2010}), ({2010, 2012}, {2011}), ({2010, 2011}, {2012})]
    tested = np.concatenate([test for _, test in inner_folds(times, 5)])
    assert sorted(tested) == list(range(len(times)))


def test_a_model_of_two_years_tunes_itself_on_blocks():
    # 60 of 790 days are a third year, of less than a tenth.
    times = np.arange("2010-11-02", "2012-12-31", dtype="datetime64[D]").astype("datetime64[ns]")
    gap = np.timedelta64(3, "D")
    for found, block in zip(inner_folds(times, 4, gap), time_blocks(times, 4, gap), strict=True):
        assert all(np.array_equal(one, other) for one, other in zip(found, block, strict=True))


def test_a_scrap_of_a_year_goes_with_the_nearest_year():
    # 2009 and 2015 have 30 days of 1155 each; 2011 to 2013 are whole but for a day.
    parts = ("2009-06-01", 30), ("2011-01-01", 365), ("2012-01-01", 365), ("2013-01-01", 365)
    times = np.concatenate(
        [np.datetime64(first) + np.arange(count) for first, count in (*parts, ("2015-03-01", 30))]
    ).astype("datetime64[ns]")
    found = [years_of(times[test]) for _, test in inner_folds(times, 5)]
    assert found == [{2009, 2011}, {2012}, {2013, 2015}]


def test_days_about_the_turn_of_a_year_left_out_do_not_train():
    times = np.arange("2010-01-01", "2013-01-01", dtype="datetime64[D]").astype("datetime64[ns]")
    sizes = []
    for train, test in inner_folds(times, 5, gap=np.timedelta64(5, "D")):
        apart = np.abs(times[train][:, None] - times[test]).min()
        assert apart > np.timedelta64(5, "D")
        sizes.append(len(train))
    assert sizes == [1096 - 365 - 5, 1096 - 365 - 10, 1096 - 366 - 5]


@pytest.mark.parametrize("years", [1, 3])
def test_blocks_of_the_tuning_are_two_or_more_whatever_the_years(years):
    with pytest.raises(InputError, match="expected 2"):
        next(inner_folds(np.datetime64("2010-01-01") + np.arange(365 * years), 1))


def test_bootstrap_of_independent_rows_gives_the_interval_of_the_mean():
    sample = np.random.default_rng(2).normal(size=400)
    found = block_bootstrap(lambda rows: float(sample[rows].mean()), 400, 1, resamples=2000)
    assert found.value == pytest.approx(sample.mean())
    # 1.645 standard errors of .05 on either side.
    half = 1.645 * sample.std() / 20
    assert found.upper - found.value == pytest.approx(half, rel=0.1)
    assert found.value - found.lower == pytest.approx(half, rel=0.1)


def test_bootstrap_by_blocks_keeps_what_neighbours_share():
    # Each value stands 20 times in a row: there are 20 independent ones, not 400.
    sample = np.repeat(np.random.default_rng(3).normal(size=20), 20)
    mean = lambda rows: float(sample[rows].mean())  # noqa: E731
    alone = block_bootstrap(mean, 400, 1)
    together = block_bootstrap(mean, 400, 40)
    assert together.upper - together.lower > 3 * (alone.upper - alone.lower)


def test_bootstrap_is_repeatable_and_refuses_blocks_that_do_not_fit():
    mean = lambda rows: float(rows.mean())  # noqa: E731
    assert block_bootstrap(mean, 50, 5, seed=4) == block_bootstrap(mean, 50, 5, seed=4)
    with pytest.raises(InputError, match="1 to 50"):
        block_bootstrap(mean, 50, 51)
