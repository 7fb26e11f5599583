import numpy as np
import pytest

from retrieval.errors import InputError
from retrieval.fusion.forest_quantiles import leaf_weights, weighted_quantiles


def weights_by_the_book(training_leaves, leaves):
    """Meinshausen 2006, eq. 5 and 6, row by row and tree by tree."""
    weights = np.zeros((len(leaves), len(training_leaves)))
    for row, of_row in enumerate(leaves):
        for tree, leaf in enumerate(of_row):
            same = training_leaves[:, tree] == leaf
            weights[row, same] += 1.0 / same.sum() / leaves.shape[1]
    return weights


def test_weights_are_those_of_the_definition():
    draws = np.random.default_rng(0)
    training = np.concatenate([draws.integers(0, 6, (40, 25)), np.tile(np.arange(6)[:, None], 25)])
    leaves = draws.integers(0, 6, (15, 25))
    found = leaf_weights(training, leaves)
    np.testing.assert_allclose(found, weights_by_the_book(training, leaves), atol=1e-15)
    np.testing.assert_allclose(found.sum(axis=1), 1.0)


def test_a_tree_without_a_training_row_in_the_leaf_has_no_say():
    training = np.array([[1, 7], [2, 8]])
    np.testing.assert_allclose(leaf_weights(training, np.array([[1, 9]])), [[1.0, 0.0]])
    with pytest.raises(InputError, match="no tree"):
        leaf_weights(training, np.array([[3, 9]]))


def test_leaves_of_another_forest_are_refused():
    with pytest.raises(InputError, match="expected 2"):
        leaf_weights(np.array([[1, 7], [2, 8]]), np.array([[1, 7, 3]]))


def test_quantiles_with_equal_weights_are_those_of_the_inverted_distribution():
    values = np.random.default_rng(1).normal(size=37)
    q = np.array([0.05, 0.3, 0.5, 0.95])
    found = weighted_quantiles(values, np.full((1, 37), 1 / 37), q)[0]
    assert found == pytest.approx(np.quantile(values, q, method="inverted_cdf"))


def test_quantiles_ascend_and_are_training_values():
    draws = np.random.default_rng(2)
    values, weights = draws.normal(size=30), draws.dirichlet(np.ones(30), 8)
    found = weighted_quantiles(values, weights, np.array([0.0, 0.1, 0.5, 0.9, 1.0]))
    assert np.all(np.diff(found, axis=1) >= 0)
    assert np.isin(found, values).all()
