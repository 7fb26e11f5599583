"""Models beside one another: paired by day, resampled together."""

import numpy as np
import pytest

from retrieval.fusion.evaluation import Run
from retrieval.fusion.prediction import Prediction
from retrieval.reports.comparison import block_of, differences, rmse_range, simplest

N = 80
VWC = np.linspace(0.1, 0.3, N)
DAYS = np.arange(N)
DRAW = np.random.default_rng(1)


def run(error, model="x"):
    vwc = VWC + error
    return Run(model, -1, True, Prediction(vwc, vwc, vwc), None)


def test_a_model_that_is_worse_on_every_day_is_told_apart():
    error = 0.01 * DRAW.standard_normal(N)
    runs = {"a": [run(error)], "b": [run(1.1 * error)]}
    found = differences(runs, "a", VWC, DAYS)
    assert list(found) == ["b"]
    assert found["b"].n == N
    # RMSE is in proportion: a tenth of that of the first.
    assert found["b"].rmse.value == pytest.approx(0.1 * np.sqrt(np.mean(error**2)))
    assert found["b"].rmse.lower > 0
    assert found["b"].told_apart


def test_models_of_one_kind_of_error_are_not_told_apart():
    one, other = 0.01 * DRAW.standard_normal((2, N))
    found = differences({"a": [run(one)], "b": [run(other)]}, "a", VWC, DAYS)["b"]
    assert found.rmse.lower < 0 < found.rmse.upper
    assert not found.told_apart


def test_days_that_one_of_them_lacks_do_not_count():
    error = np.full(N, 0.01)
    gaps = np.where(np.arange(N) < 20, np.nan, 0.03)
    error[:20] = 0.5
    found = differences({"a": [run(error)], "b": [run(gaps)]}, "a", VWC, DAYS)["b"]
    assert found.n == 60
    assert found.rmse.value == pytest.approx(0.02)


def test_seeds_are_averaged():
    runs = [run(np.full(N, 0.01)), run(np.full(N, 0.03))]
    found = rmse_range(runs, VWC, DAYS)
    assert (found.value, found.lower, found.upper) == pytest.approx((0.02, 0.02, 0.02))


def test_without_common_days_nothing_is_known():
    nothing = np.full(N, np.nan)
    found = differences({"a": [run(nothing)], "b": [run(np.ones(N))]}, "a", VWC, DAYS)["b"]
    assert found.n == 0
    assert np.isnan(found.rmse.value)
    assert not found.told_apart


def test_the_simplest_has_the_least_to_learn():
    assert simplest(["auto", "rf-mdi", "mean-phase", "svm"]) == "mean-phase"
    assert simplest(["mine", "auto"]) == "auto"


def test_blocks_are_a_quarter_of_short_records():
    assert [block_of(n) for n in (2, 20, 40, 400)] == [1, 5, 10, 10]
