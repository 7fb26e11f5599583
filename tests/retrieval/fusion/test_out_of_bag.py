import numpy as np
import pytest
from sklearn.ensemble import RandomForestRegressor

from retrieval.errors import InputError
from retrieval.fusion.forest import ForestSize, RfMdi
from retrieval.fusion.out_of_bag import out_of_bag_rmse, out_of_bag_rows


@pytest.fixture(scope="module")
def days():
    draws = np.random.default_rng(4)
    features = draws.normal(size=(60, 6)).astype(np.float32).astype(np.float64)
    return features, 0.2 + 0.05 * features[:, 0] + draws.normal(0, 0.01, 60)


def test_the_error_is_that_of_scikit_learn_s_own_out_of_bag_estimates(days):
    features, vwc = days
    for trees in (40, 90):
        own = RandomForestRegressor(
            trees, min_samples_leaf=3, max_features=2, oob_score=True, random_state=7
        ).fit(features, vwc)
        expected = np.sqrt(np.mean((own.oob_prediction_ - vwc) ** 2))
        # Grown once with the larger number.
        forest = RfMdi(seed=7).grow(ForestSize(90, 3), features, vwc)
        found = out_of_bag_rmse(forest, features, vwc, (5, trees))
        assert found[1] == pytest.approx(expected, rel=1e-12)


def test_a_day_is_out_of_the_bag_where_none_of_its_copies_was_drawn(days):
    features, vwc = days
    n = len(vwc)
    forest = RfMdi(seed=1).grow(ForestSize(8, 2), features, vwc, features + 5.0)
    for (tree, out), drawn in zip(
        out_of_bag_rows(forest, n), forest.estimators_samples_, strict=True
    ):
        # Each day stands twice as measured and once as a copy.
        inside = {int(row) for row in drawn} | {int(row) - n for row in drawn}
        inside |= {int(row) - 2 * n for row in drawn}
        assert set(out.tolist()) == set(range(n)) - inside
        assert tree.tree_.node_count > 1


def test_one_tree_leaves_days_untold_and_they_do_not_count(days):
    features, vwc = days
    forest = RfMdi(seed=2).grow(ForestSize(1, 1), features, vwc)
    ((tree, out),) = out_of_bag_rows(forest, len(vwc))
    assert 0 < len(out) < len(vwc)
    off = tree.predict(features[out]) - vwc[out]
    found = out_of_bag_rmse(forest, features, vwc, [1])
    assert found == pytest.approx([np.sqrt(np.mean(off**2))])


@pytest.mark.parametrize("counts", [[], [0, 3], [4]])
def test_numbers_that_the_forest_has_not_are_refused(days, counts):
    forest = RfMdi().grow(ForestSize(3, 2), *days)
    with pytest.raises(InputError, match="expected 1 to 3 trees"):
        out_of_bag_rmse(forest, *days, counts)
