import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.linear_model import Ridge

from retrieval.fusion.rbf import RbfNetwork
from retrieval.validation import time_blocks

TRAIN, TEST = np.arange(84), np.arange(84, 120)


def fit(season, **settings):
    model = RbfNetwork(blocks=4, gap_days=3.0, **settings)
    return model.fit(season.features[TRAIN], season.vwc[TRAIN], season.times[TRAIN])


def by_hand(units, ridge, features, vwc, rows):
    """Return what a network says, unit by unit, with scikit-learn's ridge for its output."""
    mean, spread = features.mean(axis=0), features.std(axis=0)
    x, asked = (features - mean) / spread, (rows - mean) / spread
    centres = KMeans(units, n_init=4, random_state=0).fit(x).cluster_centers_
    nearest = [
        min(np.linalg.norm(one - other) for j, other in enumerate(centres) if j != i)
        for i, one in enumerate(centres)
    ]
    width = sum(nearest) / units

    def answers(of):
        return np.array(
            [[np.exp(-((np.linalg.norm(r - c) / width) ** 2)) for c in centres] for r in of]
        )

    output = Ridge(alpha=ridge * len(vwc)).fit(answers(x), vwc)
    return output.predict(answers(asked))


def test_it_is_the_network_of_its_sources(season):
    model = fit(season, grid_units=(7,), grid_ridge=(1e-3,))
    rows = season.features[TEST]
    expected = by_hand(7, 1e-3, season.features[TRAIN], season.vwc[TRAIN], rows)
    np.testing.assert_allclose(model.predict(rows).vwc, expected, atol=1e-9)


def test_the_grid_takes_the_least_error_of_blocked_cross_validation(season):
    model = fit(season, grid_units=(3, 30), grid_ridge=(1.0, 1e-3))
    assert set(model.grid_rmse_) == {(3, 1.0), (3, 1e-3), (30, 1.0), (30, 1e-3)}
    assert model.grid_rmse_[model.choice_] == min(model.grid_rmse_.values())
    x, y = season.features[TRAIN], season.vwc[TRAIN]
    off = [
        by_hand(3, 1e-3, x[train], y[train], x[test]) - y[test]
        for train, test in time_blocks(season.times[TRAIN], 4, np.timedelta64(3, "D"))
    ]
    expected = np.sqrt(np.mean(np.concatenate(off) ** 2))
    assert model.grid_rmse_[(3, 1e-3)] == pytest.approx(expected)


def test_a_unit_on_every_row_passes_through_the_rows(season):
    # Broomhead & Lowe: strict interpolation.
    model = fit(season, grid_units=(500,), grid_ridge=(1e-12,))
    assert len(model.units_.heights) == 84
    said = model.predict(season.features[TRAIN]).vwc
    np.testing.assert_allclose(said, season.vwc[TRAIN], atol=1e-6)


def test_far_from_all_units_the_level_is_said(season):
    model = fit(season, grid_units=(10,), grid_ridge=(1e-2,))
    far = season.features[:1] + 1e6
    assert model.predict(far).vwc[0] == float(model.units_.level)


def test_threads_change_no_bit(season):
    from threadpoolctl import threadpool_limits

    said = []
    for threads in (1, 2):
        with threadpool_limits(limits=threads):
            model = fit(season, grid_units=(20,), grid_ridge=(1e-3,))
        said.append(model.predict(season.features[TEST]).vwc)
    np.testing.assert_array_equal(*said)


def test_one_unit_and_rows_that_are_all_alike_are_no_fault(season):
    same = np.tile(season.features[:1], (120, 1))
    model = RbfNetwork(blocks=4, gap_days=3.0).fit(same, season.vwc, season.times)
    np.testing.assert_allclose(model.predict(same).vwc, season.vwc.mean())
