import numpy as np
import pytest
from sklearn.linear_model import Ridge

from retrieval.errors import InputError
from retrieval.fusion.models import MODEL_NAMES, make_model
from retrieval.fusion.phase_lines import MeanPhase, RidgeLine
from retrieval.validation import time_blocks

TRAIN, TEST = np.arange(84), np.arange(84, 120)


def fit(season, model, features=None):
    features = season.features if features is None else features
    return model.fit(features[TRAIN], season.vwc[TRAIN], season.times[TRAIN])


def test_mean_phase_is_the_least_squares_line_on_the_mean(season):
    model = fit(season, MeanPhase())
    slope, level = np.polyfit(season.features[TRAIN].mean(axis=1), season.vwc[TRAIN], 1)
    assert (model.slope_, model.level_) == pytest.approx((slope, level))
    assert model.slope_ < 0  # moisture rises as phase falls


def test_mean_phase_leaves_other_columns_out(season):
    wide = np.column_stack([season.features, np.arange(120.0)])
    one, two = fit(season, MeanPhase()), fit(season, MeanPhase(n_tracks=24), wide)
    np.testing.assert_array_equal(
        one.predict(season.features[TEST]).vwc, two.predict(wide[TEST]).vwc
    )


def test_ridge_solves_the_normal_equations_of_its_penalty(season):
    model = fit(season, RidgeLine())
    x = season.features[TRAIN]
    scaled = (x - x.mean(axis=0)) / x.std(axis=0)
    largest = np.linalg.norm(scaled, 2)
    own = Ridge(alpha=model.penalty_ * largest**2).fit(scaled, season.vwc[TRAIN])
    test = (season.features[TEST] - x.mean(axis=0)) / x.std(axis=0)
    np.testing.assert_allclose(model.predict(season.features[TEST]).vwc, own.predict(test))


def test_the_penalty_is_the_least_on_blocks_of_days(season):
    x, y, times = season.features[TRAIN], season.vwc[TRAIN], season.times[TRAIN]

    def error(penalty):
        off = []
        for train, test in time_blocks(times, 5, np.timedelta64(5, "D")):
            mean, spread = x[train].mean(axis=0), x[train].std(axis=0)
            scaled = (x[train] - mean) / spread
            alpha = penalty * np.linalg.norm(scaled, 2) ** 2
            own = Ridge(alpha=alpha).fit(scaled, y[train])
            off.append(own.predict((x[test] - mean) / spread) - y[test])
        return np.mean(np.concatenate(off) ** 2)

    best = fit(season, RidgeLine()).penalty_
    assert 1e-4 < best < 1e4
    assert error(best) == min(error(best * factor) for factor in (0.1, 10**-0.1, 1, 10**0.1, 10))


def test_columns_that_say_nothing_leave_the_mean(season):
    noise = np.random.default_rng(3).normal(size=(120, 60))
    said = fit(season, RidgeLine(), noise).predict(noise[TEST]).vwc
    assert np.abs(said - season.vwc[TRAIN].mean()).max() < 0.3 * season.vwc[TRAIN].std()


def test_an_exact_line_is_found_with_more_columns_than_rows():
    draws = np.random.default_rng(0)
    x = draws.normal(size=(60, 90))
    times = np.datetime64("2024-01-01", "ns") + np.arange(60) * np.timedelta64(1, "D")
    model = RidgeLine().fit(x, 0.2 - 0.01 * x[:, :5].sum(axis=1), times)
    said = model.predict(x).vwc
    assert np.corrcoef(said, x[:, :5].sum(axis=1))[0, 1] < -0.9


def test_columns_that_never_vary_are_harmless(season):
    wide = np.column_stack([season.features, np.full(120, 3.0)])
    one, two = fit(season, RidgeLine()), fit(season, RidgeLine(), wide)
    np.testing.assert_allclose(two.predict(wide[TEST]).vwc, one.predict(season.features[TEST]).vwc)
    flat = np.ones((120, 2))
    for model in (RidgeLine(), MeanPhase()):
        said = fit(season, model, flat).predict(flat[TEST]).vwc
        np.testing.assert_allclose(said, season.vwc[TRAIN].mean())


@pytest.mark.parametrize("name", ["linear", "mean-phase"])
def test_margins_are_quantiles_of_what_blocks_leave(season, name):
    model = fit(season, make_model(name))
    said = model.predict(season.features[TEST])
    assert said.upper - said.vwc == pytest.approx(np.full(36, model.interval_.above_))
    inside = (season.vwc[TEST] >= said.lower) & (season.vwc[TEST] <= said.upper)
    assert inside.mean() > 0.7


def test_models_are_made_by_name_and_unknown_ones_refused():
    assert set(MODEL_NAMES) >= {"rf-mdi", "linear", "mean-phase", "persistence", "climatology"}
    with pytest.raises(InputError, match="expected one of auto"):
        make_model("forest")
    with pytest.raises(InputError, match="seed"):
        make_model("linear", seed=3)
    with pytest.raises(InputError, match="reference_times, reference_vwc"):
        make_model("persistence")


@pytest.mark.parametrize("name", ["rf-mdi", "linear", "mean-phase", "climatology"])
def test_rows_with_gaps_or_of_other_lengths_are_refused(season, name):
    gap = season.features.copy()
    gap[3, 4] = np.nan
    with pytest.raises(InputError, match="missing values"):
        fit(season, make_model(name), gap)
    with pytest.raises(InputError, match="shape"):
        make_model(name).fit(season.features, season.vwc[:-1], season.times)
    with pytest.raises(InputError, match="copy of each row"):
        make_model(name).fit(season.features, season.vwc, season.times, season.dropped[:-1])
