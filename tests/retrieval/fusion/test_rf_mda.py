import numpy as np
import pytest
from sklearn.ensemble import RandomForestRegressor

from retrieval.fusion.rf_mda import RfMda

SMALL = {"trees": 40, "min_leaf": 3, "blocks": 4, "gap_days": 3.0}
TRAIN, TEST = np.arange(84), np.arange(84, 120)


def fit(season, dropped=True, **settings):
    copies = season.dropped[TRAIN] if dropped else None
    model = RfMda(**(SMALL | settings))
    return model.fit(season.features[TRAIN], season.vwc[TRAIN], season.times[TRAIN], copies)


def test_splits_lessen_the_absolute_error(season):
    model = fit(season, dropped=False, seed=3)
    own = RandomForestRegressor(
        40, criterion="absolute_error", min_samples_leaf=3, max_features=8, random_state=3
    )
    own.fit(season.features[TRAIN], season.vwc[TRAIN])
    rows = season.features[TEST]
    np.testing.assert_array_equal(model.predict(rows).vwc, own.predict(rows))


@pytest.mark.parametrize("dropped", [True, False])
def test_weights_run_from_0_to_1_and_tell_good_tracks_from_bad(season, dropped):
    model = fit(season, dropped)
    assert (model.weights_.min(), model.weights_.max()) == (0.0, 1.0)
    assert np.median(model.weights_[season.good]) > 3 * model.weights_[~season.good].max()


def test_weights_are_the_decrease_of_accuracy_stretched(season):
    model = fit(season)
    positive = np.maximum(model.mda_, 0.0)
    expected = (positive - positive.min()) / (positive.max() - positive.min())
    np.testing.assert_allclose(model.weights_, expected)


def test_a_shuffled_column_costs_what_two_days_differ_by():
    # Moisture spread evenly over 0 to .3, told by one column alone and exactly: shuffled, it says
    # the moisture of another day, and two days differ by a third of the range. A tree errs by some
    # .001 as it is. The other column tells nothing and is never needed.
    draws = np.random.default_rng(2)
    vwc = draws.uniform(0.0, 0.3, 400)
    features = np.column_stack([-60.0 * vwc, np.zeros(400)])
    times = np.datetime64("2024-01-01", "ns") + np.arange(400) * np.timedelta64(1, "D")
    model = RfMda(trees=40, min_leaf=1, gap_days=0.0).fit(features, vwc, times)
    assert model.mda_[0] == pytest.approx(0.1, rel=0.05)
    assert model.mda_[1] == 0.0
    assert model.weights_.tolist() == [1.0, 0.0]


def test_days_of_the_bag_are_not_asked(season):
    # Moisture that no column knows: in the bag a tree has learnt it by heart, out of the bag a
    # shuffled column costs nothing on average.
    draws = np.random.default_rng(6)
    noise = draws.uniform(0.0, 0.3, 120)
    model = RfMda(**(SMALL | {"min_leaf": 1}))
    model.fit(season.features, noise, season.times, season.dropped)
    heart = np.abs(model.forest_.predict(season.features) - noise).mean()
    blind = np.abs(model.out_of_fold_.vwc - noise).mean()
    assert heart < 0.5 * blind
    assert np.abs(model.mda_).max() < 0.03 * blind


def test_columns_after_the_tracks_get_no_weight(season):
    features = np.column_stack([season.features, season.vwc])
    model = RfMda(**SMALL, n_tracks=24).fit(features, season.vwc, season.times)
    assert model.mda_.argmax() == 24
    assert model.weights_.shape == (24,)
    assert model.weights_.max() == 1.0


@pytest.mark.parametrize("jobs", [1, 2])
def test_equal_seeds_give_equal_weights_whatever_the_threads(season, jobs):
    np.testing.assert_array_equal(fit(season, n_jobs=jobs).mda_, fit(season).mda_)
