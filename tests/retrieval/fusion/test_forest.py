import dataclasses

import numpy as np
import pytest
from sklearn.ensemble import RandomForestRegressor

from retrieval.errors import InputError
from retrieval.fusion.forest import FOREST_PRESETS, RfMdi
from retrieval.fusion.forest_quantiles import leaf_weights
from retrieval.fusion.importance import azimuth_sectors, permutation_importance, top_tracks
from retrieval.fusion.models import make_model
from retrieval.validation import time_blocks

SMALL = {"trees": 40, "min_leaf": 3, "blocks": 4, "gap_days": 3.0}
TRAIN, TEST = np.arange(84), np.arange(84, 120)


@pytest.fixture(scope="module")
def fitted(season):
    return fit(season, RfMdi(**SMALL, seed=1))


def fit(season, model, rows=TRAIN, **others):
    dropped = others.get("dropped", season.dropped)
    return model.fit(
        others.get("features", season.features)[rows],
        season.vwc[rows],
        season.times[rows],
        None if dropped is None else dropped[rows],
    )


def test_presets_are_those_of_the_papers_first_table(season):
    assert FOREST_PRESETS == {"p041": (300, 3), "p037": (300, 2), "lm": (150, 2)}
    model = fit(season, RfMdi(preset="lm"))
    assert model.size_ == (150, 2)
    assert model.training_leaves_.shape == (84, 150)
    assert model.grid_rmse_ == {}


def test_the_forest_is_that_of_the_paper(fitted):
    settings = fitted.forest_.get_params()
    assert settings["criterion"] == "squared_error"
    assert settings["bootstrap"] is True
    assert settings["max_features"] == 24 // 3
    assert (settings["n_estimators"], settings["min_samples_leaf"]) == (40, 3)


def test_without_copies_it_is_scikit_learns_own_forest(season):
    found = fit(season, RfMdi(**SMALL, seed=3), dropped=None)
    own = RandomForestRegressor(40, min_samples_leaf=3, max_features=8, random_state=3)
    own.fit(season.features[TRAIN], season.vwc[TRAIN])
    rows = season.features[TEST]
    np.testing.assert_array_equal(found.predict(rows).vwc, own.predict(rows))


def test_it_follows_moisture_it_has_not_seen(season, fitted):
    said = fitted.predict(season.features[TEST])
    assert np.corrcoef(said.vwc, season.vwc[TEST])[0, 1] > 0.9
    assert np.all((said.lower <= said.vwc) & (said.vwc <= said.upper))


@pytest.mark.parametrize("jobs", [1, 2])
def test_equal_seeds_give_equal_bits_whatever_the_threads(season, fitted, jobs):
    again = fit(season, RfMdi(**SMALL, seed=1, n_jobs=jobs))
    one, two = (model.predict(season.features[TEST]) for model in (fitted, again))
    for name in ("vwc", "lower", "upper"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
    np.testing.assert_array_equal(fitted.mdi_, again.mdi_)


def test_other_seeds_give_other_forests(season, fitted):
    other = fit(season, RfMdi(**SMALL, seed=2))
    assert not np.array_equal(
        other.predict(season.features[TEST]).vwc, fitted.predict(season.features[TEST]).vwc
    )


def test_a_row_says_the_same_alone_and_among_others(season, fitted):
    together = fitted.predict(season.features[TEST])
    alone = fitted.predict(season.features[TEST[5:6]])
    for name in ("vwc", "lower", "upper"):
        assert getattr(alone, name)[0] == getattr(together, name)[5]


def test_rows_may_come_in_any_order_of_time(season):
    # Blocks go by time, so that the calibration of shuffled rows is not one of shuffled days.
    order = np.random.default_rng(0).permutation(TRAIN)
    calm, shuffled = fit(season, RfMdi(**SMALL)), fit(season, RfMdi(**SMALL), rows=order)
    assert shuffled.interval_.below_ == pytest.approx(calm.interval_.below_, abs=0.02)


def test_importance_is_the_decrease_of_squared_error_summed_over_splits(fitted):
    # The paper's equations for each split, weighed by the share of the tree's rows that reach it.
    found = np.zeros((40, 24))
    for one, tree in enumerate(tree.tree_ for tree in fitted.forest_.estimators_):
        rows, mse = tree.weighted_n_node_samples, tree.impurity
        for node in np.flatnonzero(tree.children_left >= 0):
            left, right = tree.children_left[node], tree.children_right[node]
            after = (rows[left] * mse[left] + rows[right] * mse[right]) / rows[node]
            found[one, tree.feature[node]] += rows[node] / rows[0] * (mse[node] - after)
    np.testing.assert_allclose(fitted.mdi_, found.mean(axis=0), atol=1e-12)


def test_weights_run_from_0_to_1_and_tell_good_tracks_from_bad(season, fitted):
    assert (fitted.weights_.min(), fitted.weights_.max()) == (0.0, 1.0)
    assert fitted.weights_[season.good].min() > fitted.weights_[~season.good].max()


def test_columns_after_the_tracks_get_no_weight(season):
    features = np.column_stack([season.features, season.vwc])  # a column that knows it all
    model = fit(season, RfMdi(**SMALL, n_tracks=24), features=features, dropped=None)
    assert model.mdi_.shape == (25,)
    assert model.mdi_.argmax() == 24
    assert model.weights_.shape == (24,)
    assert model.weights_.max() == 1.0


def test_training_with_dropped_tracks_takes_less_harm_from_tracks_that_never_come(season):
    # Without copies the forest leans on track 0, which knows the answer; it is gone in the test.
    features, dropped = season.features.copy(), season.dropped.copy()
    features[:, 0] = -60.0 * (season.vwc - 0.2)
    dropped[:, 0] = np.median(season.features[:, 1:], axis=1)
    gone = features[TEST].copy()
    gone[:, 0] = 25.0
    errors = []
    for copies in (None, dropped):
        model = fit(season, RfMdi(**SMALL), features=features, dropped=copies)
        errors.append(np.sqrt(np.mean((model.predict(gone).vwc - season.vwc[TEST]) ** 2)))
    assert errors[1] < errors[0]


def test_quantiles_weigh_measured_rows_and_never_their_copies(season, fitted):
    assert len(fitted.training_vwc_) == len(TRAIN)
    np.testing.assert_array_equal(
        fitted.training_leaves_, fitted.forest_.apply(season.features[TRAIN])
    )
    q = fitted.predict_quantiles(season.features[TEST], [0.05, 0.5, 0.95])
    assert q.shape == (36, 3)
    assert np.isin(q, season.vwc[TRAIN]).all()
    assert np.all(np.diff(q, axis=1) >= 0)


def test_the_mean_of_the_leaves_is_near_the_estimate(season, fitted):
    weights = leaf_weights(fitted.training_leaves_, fitted.forest_.apply(season.features[TEST]))
    mean = weights @ season.vwc[TRAIN]
    assert np.abs(mean - fitted.predict(season.features[TEST]).vwc).max() < 0.02


def test_intervals_cover_what_they_promise_where_days_are_exchangeable():
    # Moisture without memory; 200 rows to calibrate and 200 to test scatter by .03 about .9, and
    # models of the blocks, which see less than all rows, add a little.
    draws = np.random.default_rng(8)
    vwc = draws.uniform(0.05, 0.4, 400)
    features = -60.0 * vwc[:, None] + draws.normal(0.0, 6.0, (400, 12))
    times = np.datetime64("2024-01-01", "ns") + np.arange(400) * np.timedelta64(1, "D")
    model = RfMdi(**SMALL).fit(features[:200], vwc[:200], times[:200])
    said = model.predict(features[200:])
    inside = (vwc[200:] >= said.lower) & (vwc[200:] <= said.upper)
    assert 0.84 <= inside.mean() <= 0.97


def test_the_grid_takes_the_least_error_of_blocked_cross_validation(season):
    model = RfMdi(grid_trees=(5, 20), grid_min_leaf=(2, 25), blocks=4, gap_days=3.0)
    fit(season, model)
    assert set(model.grid_rmse_) == {(5, 2), (5, 25), (20, 2), (20, 25)}
    assert model.grid_rmse_[model.size_] == min(model.grid_rmse_.values())
    assert model.size_.min_leaf == 2
    # The same by hand for one size: forests of the fold's rows alone, trained anew.
    off = []
    times = season.times[TRAIN]
    for train, test in time_blocks(times, 4, np.timedelta64(3, "D")):
        forest = RandomForestRegressor(
            5, min_samples_leaf=2, max_features=8, random_state=0, max_samples=len(train)
        )
        x, d, y = season.features[TRAIN], season.dropped[TRAIN], season.vwc[TRAIN]
        forest.fit(np.concatenate([x[train], x[train], d[train]]), np.tile(y[train], 3))
        off.append(forest.predict(x[test]) - y[test])
    assert model.grid_rmse_[(5, 2)] == pytest.approx(np.sqrt(np.mean(np.concatenate(off) ** 2)))


def test_training_alters_no_setting_and_a_copy_has_learnt_nothing(season):
    model = RfMdi(**SMALL)
    before = {f.name: getattr(model, f.name) for f in dataclasses.fields(model) if f.init}
    assert fit(season, model) is model
    assert before == {f.name: getattr(model, f.name) for f in dataclasses.fields(model) if f.init}
    assert not hasattr(dataclasses.replace(model), "forest_")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"preset": "p042"}, "expected one of p041, p037, lm"),
        ({"trees": 10}, "both numbers"),
        ({"preset": "lm", "trees": 10, "min_leaf": 2}, "a preset alone"),
        ({"trees": 0, "min_leaf": 2}, "1 or more"),
        ({"grid_trees": ()}, "1 or more in each"),
        ({"preset": "lm", "n_tracks": 30}, "24 columns"),
    ],
)
def test_settings_that_say_nothing_are_refused(season, settings, message):
    with pytest.raises(InputError, match=message):
        fit(season, make_model("rf-mdi", **settings))


def test_shuffling_good_tracks_on_held_out_rows_costs_more_than_shuffling_bad_ones(season, fitted):
    rows = season.features[TEST], season.vwc[TEST], season.times[TEST]
    groups = [np.flatnonzero(season.good), np.flatnonzero(~season.good), np.array([], dtype=int)]
    found = permutation_importance(fitted, *rows, groups, repeats=5, seed=2)
    assert found.rise[0] > 10 * abs(found.rise[1])
    assert found.rise[2] == found.spread[2] == 0.0
    again = permutation_importance(fitted, *rows, groups[1:], repeats=5, seed=2)
    np.testing.assert_array_equal(again.rise, found.rise[1:])
    with pytest.raises(InputError, match="2 or more rows"):
        permutation_importance(fitted, *(part[:1] for part in rows), groups)


def test_groups_are_the_heaviest_tracks_or_sectors_of_azimuth():
    weights = np.array([0.2, 1.0, 0.0, 0.5])
    assert [group.tolist() for group in top_tracks(weights, 3)] == [[1], [3], [0]]
    assert len(top_tracks(weights)) == 4
    sectors = azimuth_sectors(np.array([44.0, 46.0, -1.0, 359.0]), 45.0)
    assert {first: rows.tolist() for first, rows in sectors.items()} == {
        0.0: [0],
        45.0: [1],
        315.0: [2, 3],
    }
    with pytest.raises(InputError, match="more than 0"):
        azimuth_sectors(np.zeros(1), 0.0)
