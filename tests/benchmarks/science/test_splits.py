"""Splits that the benchmark makes for itself, and what it works out of printed figures."""

import importlib
from pathlib import Path

import numpy as np
import pytest

from retrieval.fusion.evaluation import Fold
from retrieval.validation import scores

SCIENCE = Path(__file__).parents[3] / "benchmarks" / "science"
TIMES = np.arange("2012-01-01", "2012-04-10", dtype="datetime64[D]").astype("datetime64[ns]")


@pytest.fixture
def experiment(monkeypatch):
    """Import a module of the experiments, which lie in no package."""
    monkeypatch.syspath_prepend(SCIENCE)
    return importlib.import_module


def beside_training(fold):
    """Share of the test rows with a training row a day before or after."""
    return np.mean(np.isin(fold.test - 1, fold.train) | np.isin(fold.test + 1, fold.train))


def test_a_shuffled_split_keeps_the_sizes_and_tears_neighbours_apart(experiment):
    (fold,) = experiment("splits").shuffled_folds(TIMES, "time", 0)
    np.testing.assert_array_equal(np.union1d(fold.train, fold.test), np.arange(100))
    assert (len(fold.train), len(fold.test)) == (70, 30)
    # Both neighbours of a day are drawn for the test with it in about .3^2 of the cases.
    assert beside_training(fold) > 0.7


def test_shuffled_folds_test_each_day_once_in_as_many_days_as_the_years_have(experiment):
    times = np.where(np.arange(100) < 60, TIMES, TIMES + np.timedelta64(366, "D"))
    folds = experiment("splits").shuffled_folds(times, "years", 0)
    assert [len(fold.test) for fold in folds] == [60, 40]
    np.testing.assert_array_equal(
        np.sort(np.concatenate([fold.test for fold in folds])), np.arange(100)
    )
    for fold in folds:
        assert np.intersect1d(fold.train, fold.test).size == 0
        assert len(fold.train) + len(fold.test) == 100


def test_shuffled_blocks_lose_no_day_to_a_gap(experiment):
    folds = experiment("splits").shuffled_folds(TIMES, "blocks", 0)
    assert [(len(fold.train), len(fold.test)) for fold in folds] == [(80, 20)] * 5


def test_a_seed_gives_one_shuffle_and_another_seed_another(experiment):
    shuffled = experiment("splits").shuffled_folds
    first, again, other = (shuffled(TIMES, "time", seed)[0].test for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_shortened_split_by_time_trains_on_the_last_days_before_the_test(experiment):
    whole = Fold("test", np.arange(70), np.arange(70, 100))
    fold = experiment("forest_or_line").shortened(whole, TIMES, 20)
    np.testing.assert_array_equal(fold.train, np.arange(50, 70))
    np.testing.assert_array_equal(fold.test, whole.test)


def test_a_shortened_block_trains_on_both_sides_in_order_of_time(experiment):
    # Five days lie between block and training on either side, as in the library's blocks.
    train = np.r_[0:35, 65:100]
    fold = experiment("forest_or_line").shortened(Fold("3", train, np.arange(40, 60)), TIMES, 20)
    np.testing.assert_array_equal(fold.train, np.r_[25:35, 65:75])


def test_a_record_that_is_short_already_stays_whole(experiment):
    whole = Fold("test", np.arange(70), np.arange(70, 100))
    fold = experiment("forest_or_line").shortened(whole, TIMES, 196)
    np.testing.assert_array_equal(fold.train, whole.train)


def estimates(spread, bias):
    """Return a reference of standard deviation .05 and estimates that correlate with it by .9."""
    random = np.random.default_rng(0)
    columns = random.standard_normal((400, 2))
    axes, _ = np.linalg.qr(columns - columns.mean(axis=0))
    first, second = (axes * np.sqrt(400)).T
    moved = 0.9 * first + np.sqrt(1 - 0.81) * second
    return 0.1 + 0.05 * first, 0.1 + bias + spread * moved


def test_bias_follows_from_correlation_and_error_where_spreads_are_equal(experiment):
    said = scores(*estimates(0.05, -0.03))
    assert said.r == pytest.approx(0.9)
    ubrmse, bias, _ = experiment("splits").left_to_bias(said.r, said.rmse, 0.05)
    assert (ubrmse, bias) == pytest.approx((said.ubrmse, 0.03))


def test_estimates_that_vary_more_can_have_the_same_scores_without_bias(experiment):
    said = scores(*estimates(0.08, 0.0))
    _, _, unbiased = experiment("splits").left_to_bias(said.r, said.rmse, 0.05)
    assert unbiased == pytest.approx(0.08 / 0.05)
