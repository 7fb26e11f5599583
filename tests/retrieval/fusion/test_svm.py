import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR

from retrieval.fusion.svm import Svm
from retrieval.validation import time_blocks

TRAIN, TEST = np.arange(84), np.arange(84, 120)
GRID = {"grid_cost": (1.0, 10.0), "grid_reach": (0.03, 1.0), "grid_epsilon": (0.3, 0.1)}


@pytest.fixture(scope="module")
def fitted(season):
    model = Svm(**GRID, blocks=4, gap_days=3.0)
    return model.fit(season.features[TRAIN], season.vwc[TRAIN], season.times[TRAIN])


def own(choice, features, vwc, rows):
    """Return what scikit-learn's own machine says, on moisture scaled by hand."""
    machine = SVR(C=choice.cost, gamma=choice.reach / 24, epsilon=choice.epsilon)
    scaled = make_pipeline(StandardScaler(), machine)
    scaled.fit(features, (vwc - vwc.mean()) / vwc.std())
    return vwc.mean() + vwc.std() * scaled.predict(rows)


def test_it_is_scikit_learns_machine_on_scaled_rows(season, fitted):
    rows = season.features[TEST]
    expected = own(fitted.choice_, season.features[TRAIN], season.vwc[TRAIN], rows)
    np.testing.assert_allclose(fitted.predict(rows).vwc, expected, rtol=0, atol=1e-9)


def test_the_grid_takes_the_least_error_of_blocked_cross_validation(season, fitted):
    assert set(fitted.grid_rmse_) == {
        (cost, reach, epsilon) for cost in (1, 10) for reach in (0.03, 1) for epsilon in (0.3, 0.1)
    }
    assert fitted.grid_rmse_[fitted.choice_] == min(fitted.grid_rmse_.values())
    # The same by hand for one of them.
    x, y = season.features[TRAIN], season.vwc[TRAIN]
    one = next(choice for choice in fitted.grid_rmse_ if choice != fitted.choice_)
    off = [
        own(one, x[train], y[train], x[test]) - y[test]
        for train, test in time_blocks(season.times[TRAIN], 4, np.timedelta64(3, "D"))
    ]
    assert fitted.grid_rmse_[one] == pytest.approx(np.sqrt(np.mean(np.concatenate(off) ** 2)))


def test_units_of_columns_do_not_matter(season, fitted):
    # Powers of two, so that scaling rounds nothing.
    factors = 2.0 ** (np.arange(24) % 5)
    model = Svm(**GRID, blocks=4, gap_days=3.0)
    model.fit(season.features[TRAIN] * factors, season.vwc[TRAIN], season.times[TRAIN])
    np.testing.assert_allclose(
        model.predict(season.features[TEST] * factors).vwc,
        fitted.predict(season.features[TEST]).vwc,
        atol=1e-9,
    )


def test_a_curved_relation_is_followed():
    # Moisture over the square of a phase: no straight line explains anything of it.
    draws = np.random.default_rng(4)
    phase = draws.uniform(-1, 1, 300)
    vwc = 0.1 + 0.2 * phase**2
    times = np.datetime64("2024-01-01", "ns") + np.arange(300) * np.timedelta64(1, "D")
    features = phase[:, None] * 30.0
    model = Svm().fit(features[:200], vwc[:200], times[:200])
    off = model.predict(features[200:]).vwc - vwc[200:]
    assert np.sqrt(np.mean(off**2)) < 0.1 * vwc.std()
