"""What the paper's rivals have in common, and have in common with the forest."""

import subprocess
import sys

import numpy as np
import pytest
from scipy.stats import spearmanr

from retrieval.errors import InputError
from retrieval.fusion.models import make_model, setting_names
from retrieval.fusion.trained import train

BLOCKS = {"blocks": 4, "gap_days": 3.0}
SMALL = {
    "rf-mda": {"trees": 30, "min_leaf": 3, **BLOCKS},
    "svm": {"grid_cost": (1.0, 10.0), "grid_reach": (0.03, 0.3), "grid_epsilon": (0.1,), **BLOCKS},
    "rbf": {"grid_units": (10, 80), "grid_ridge": (1e-2, 1e-4), **BLOCKS},
    "cnn": {"networks": 2, "max_epochs": 40, **BLOCKS},
}
TRAIN, TEST = np.arange(84), np.arange(84, 120)
PARTS = ("vwc", "lower", "upper")


def fit(season, name, rows=TRAIN, features=None, **others):
    features = season.features if features is None else features
    model = make_model(name, **(SMALL[name] | others))
    return model.fit(features[rows], season.vwc[rows], season.times[rows], season.dropped[rows])


@pytest.fixture(scope="module", params=sorted(SMALL))
def name(request):
    return request.param


@pytest.fixture(scope="module")
def fitted(season, name):
    return fit(season, name)


def test_it_follows_moisture_it_has_not_seen(season, fitted):
    said, truth = fitted.predict(season.features[TEST]), season.vwc[TEST]
    of_mean = np.sqrt(np.mean((season.vwc[TRAIN].mean() - truth) ** 2))
    assert np.sqrt(np.mean((said.vwc - truth) ** 2)) < 0.7 * of_mean
    assert np.corrcoef(said.vwc, truth)[0, 1] > 0.85
    assert np.all((said.lower <= said.vwc) & (said.vwc <= said.upper))


def test_it_learns_that_moisture_rises_as_phases_fall(season, fitted):
    # All tracks alike, from wet to dry: noise aside the rows of the season.
    vwc = np.linspace(0.1, 0.3, 21)
    rows = np.where(season.good, -60.0 * (vwc - 0.2)[:, None], 0.0)
    assert spearmanr(fitted.predict(rows).vwc, vwc).statistic > 0.97


def test_equal_seeds_give_equal_bits(season, fitted, name):
    again = fit(season, name)
    one, two = fitted.predict(season.features[TEST]), again.predict(season.features[TEST])
    for part in PARTS:
        np.testing.assert_array_equal(getattr(one, part), getattr(two, part))
        np.testing.assert_array_equal(
            getattr(fitted.out_of_fold_, part), getattr(again.out_of_fold_, part)
        )


def test_other_seeds_give_other_models_where_there_are_draws(season, fitted, name):
    if name == "svm":
        assert "seed" not in setting_names(name)
        return
    other = fit(season, name, seed=7)
    rows = season.features[TEST]
    assert not np.array_equal(fitted.predict(rows).vwc, other.predict(rows).vwc)


def test_a_row_says_the_same_alone_and_among_others(season, fitted):
    together = fitted.predict(season.features[TEST])
    for row in (0, 5, 35):
        alone = fitted.predict(season.features[TEST[row : row + 1]])
        for part in PARTS:
            assert getattr(alone, part)[0] == getattr(together, part)[row]


def test_training_rows_may_come_in_any_order(season, fitted, name):
    order = np.random.default_rng(0).permutation(TRAIN)
    shuffled = fit(season, name, rows=order)
    one, two = fitted.predict(season.features[TEST]), shuffled.predict(season.features[TEST])
    # Blocks go by time; draws meet other rows.
    assert shuffled.interval_.below_ == pytest.approx(fitted.interval_.below_, abs=0.02)
    assert np.abs(one.vwc - two.vwc).mean() < 0.015


def test_what_was_said_out_of_fold_has_the_stated_interval(season, fitted):
    said, truth = fitted.out_of_fold_, season.vwc[TRAIN]
    inside = (truth >= said.lower) & (truth <= said.upper)
    # Calibrated on these very rows: 90 % and no less.
    assert 0.9 <= inside.mean() <= 0.97


def test_intervals_cover_what_they_promise_where_days_are_exchangeable(name):
    # As for the forest: 200 rows to calibrate and 200 to test scatter by .03 about .9.
    draws = np.random.default_rng(8)
    vwc = draws.uniform(0.05, 0.4, 400)
    features = -60.0 * vwc[:, None] + draws.normal(0.0, 6.0, (400, 12))
    times = np.datetime64("2024-01-01", "ns") + np.arange(400) * np.timedelta64(1, "D")
    model = make_model(name, **SMALL[name]).fit(features[:200], vwc[:200], times[:200])
    said = model.predict(features[200:])
    inside = (vwc[200:] >= said.lower) & (vwc[200:] <= said.upper)
    assert 0.82 <= inside.mean() <= 0.98


def test_columns_that_never_vary_do_no_harm(season, name):
    flat = np.column_stack([season.features, np.full(120, 3.0)])
    model = make_model(name, **SMALL[name])
    model.fit(flat[TRAIN], season.vwc[TRAIN], season.times[TRAIN])
    said = model.predict(flat[TEST]).vwc
    assert np.corrcoef(said, season.vwc[TEST])[0, 1] > 0.85


def test_a_reference_that_never_varies_is_what_is_said(season, name):
    model = make_model(name, **SMALL[name])
    model.fit(season.features[TRAIN], np.full(84, 0.25), season.times[TRAIN])
    assert np.abs(model.predict(season.features[TEST]).vwc - 0.25).max() < 0.02


def test_the_reference_of_the_test_is_not_used(fitted):
    assert fitted.uses_reference_of_test_ is False


@pytest.mark.parametrize(
    ("model", "settings", "message"),
    [
        ("rf-mda", {"preset": "p042"}, "rf-mda: preset 'p042', expected one of p041"),
        ("rf-mda", {"trees": 5}, "rf-mda: .*both numbers"),
        ("svm", {"grid_cost": ()}, r"svm: grid_cost \(\), expected numbers of"),
        ("svm", {"grid_reach": (0.0,)}, "svm: grid_reach"),
        ("svm", {"grid_epsilon": (float("nan"),)}, "svm: grid_epsilon"),
        ("rbf", {"grid_units": (5, 0)}, r"rbf: grid_units \(5, 0\), expected numbers of 1 or more"),
        ("rbf", {"grid_ridge": (-1.0,)}, "rbf: grid_ridge"),
        ("cnn", {"networks": 0}, "cnn: networks 0, expected 1 or more"),
        ("cnn", {"kernel": 4}, "cnn: kernel 4, expected an odd number"),
        ("cnn", {"rate": 0.0}, "expected a rate above 0"),
        ("cnn", {"order": (0, 0, 1)}, "expected some of the columns 0 to 23, each once"),
        ("cnn", {"order": (0, 24)}, "expected some of the columns 0 to 23, each once"),
        ("cnn", {"order": ()}, "expected some of the columns 0 to 23, each once"),
        ("cnn", {"gap_days": 100.0}, "no row earlier than 100 days before the last of 4 blocks"),
        ("svm", {"blocks": 1}, "expected 2 up to"),
        ("svm", {"magic": 1}, "any of blocks, gap_days, grid_cost"),
    ],
)
def test_settings_that_say_nothing_are_refused(season, model, settings, message):
    with pytest.raises(InputError, match=message):
        make_model(model, **(BLOCKS | settings)).fit(season.features, season.vwc, season.times)


def test_too_few_rows_for_an_interval_are_refused(season, name):
    with pytest.raises(InputError, match="conformal interval"):
        fit(season, name, rows=np.arange(8), gap_days=0.0)


def test_simulated_arcs_train_it_and_are_estimated(station, name):
    sizes = {key: value for key, value in SMALL[name].items() if key not in BLOCKS}
    days, vwc = station.days[:49], station.vwc[:49]
    model = train(station.arcs, days, vwc, name, seed=3, **sizes)
    said = model.estimate_days(station.arcs, station.days[49:])
    assert said["model_id"].str.startswith(f"{name}-").all()
    of_mean = np.sqrt(np.mean((vwc.mean() - station.vwc[49:]) ** 2))
    assert np.sqrt(np.mean((said["vwc"] - station.vwc[49:]) ** 2)) < 0.8 * of_mean
    assert model.record.skill > 0.1
    if name == "cnn":
        assert model.model.order == model.features.order
    if "seed" in setting_names(name):
        assert model.model.seed == 3


def test_torch_is_imported_by_no_model_but_its_own():
    code = (
        "import sys, numpy as np\n"
        "from retrieval.fusion.models import MODEL_NAMES, make_model\n"
        "x = np.arange(60.0)[:, None]\n"
        "t = np.datetime64('2024-01-01', 'ns') + np.arange(60) * np.timedelta64(1, 'D')\n"
        "make_model('svm').fit(x, x[:, 0] / 100, t).predict(x)\n"
        "make_model('cnn')\n"
        "print('cnn' in MODEL_NAMES, 'torch' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False"]
