import numpy as np
import pytest

from retrieval.errors import InputError
from retrieval.fusion.baselines import Climatology, TimeInterpolation
from retrieval.fusion.evaluation import (
    evaluate,
    make_folds,
    permuted_r,
    predict_folds,
    run_models,
    score_runs,
)
from retrieval.fusion.models import make_model
from retrieval.fusion.phase_lines import MeanPhase
from retrieval.fusion.prediction import FilledRows
from retrieval.validation import scores

FOREST = {"trees": 15, "min_leaf": 3, "blocks": 4, "gap_days": 3.0}


def test_a_split_by_time_scores_the_last_rows_of_a_model_of_the_first(season):
    folds = make_folds(season.times, "time")
    assert [(len(fold.train), len(fold.test)) for fold in folds] == [(84, 36)]
    table = evaluate({"line": MeanPhase()}, season.features, season.vwc, season.times, folds)
    model = MeanPhase().fit(season.features[:84], season.vwc[:84], season.times[:84])
    said = model.predict(season.features[84:])
    expected = scores(season.vwc[84:], said.vwc, said.lower, said.upper)
    assert len(table) == 1
    for name in ("n", "r", "rmse", "mae", "bias", "ubrmse", "coverage", "width"):
        assert table.loc[0, name] == getattr(expected, name)


def test_blocks_test_each_row_once_and_score_them_together(season):
    folds = make_folds(season.times, "blocks", blocks=4, gap_days=2.0)
    np.testing.assert_array_equal(
        np.sort(np.concatenate([fold.test for fold in folds])), np.arange(120)
    )
    said = predict_folds(MeanPhase(), season.features, season.vwc, season.times, folds)
    assert np.isfinite(said.vwc).all()
    table = evaluate({"line": MeanPhase()}, season.features, season.vwc, season.times, folds)
    assert table["fold"].tolist() == ["all", "1", "2", "3", "4"]
    assert table.loc[0, "rmse"] == pytest.approx(np.sqrt(np.mean((said.vwc - season.vwc) ** 2)))
    assert table["n"].tolist() == [120, 30, 30, 30, 30]


def test_years_left_out_have_their_names(season):
    times = season.times + np.where(np.arange(120) < 60, 0, 365) * np.timedelta64(1, "D")
    folds = make_folds(times, "years")
    assert [fold.name for fold in folds] == ["2024", "2025"]
    with pytest.raises(InputError, match="expected one of time, blocks, years"):
        make_folds(times, "random")


def test_models_that_draw_are_trained_with_each_seed_and_others_once(season):
    folds = make_folds(season.times, "time")
    models = {
        "rf": make_model("rf-mdi", **FOREST),
        "line": MeanPhase(),
        "between": TimeInterpolation(),
    }
    table = evaluate(
        models, season.features, season.vwc, season.times, folds, (1, 2), season.dropped
    )
    assert table["model"].tolist() == ["rf", "rf", "line", "between"]
    assert table["seed"].tolist() == [1, 2, -1, -1]
    assert table["ranked"].tolist() == [True, True, True, False]
    assert table.loc[0, "rmse"] != table.loc[1, "rmse"]
    assert not hasattr(models["rf"], "forest_")


def test_what_fills_the_rows_is_learnt_for_each_fold_from_its_training_rows(season):
    folds = make_folds(season.times, "blocks", blocks=3)
    asked = []

    def fill(train, vwc):
        asked.append(train)
        np.testing.assert_array_equal(vwc, season.vwc[train])
        return FilledRows(season.features - season.features[train].mean(axis=0), season.dropped)

    found = evaluate({"line": MeanPhase()}, fill, season.vwc, season.times, folds)
    plain = evaluate({"line": MeanPhase()}, season.features, season.vwc, season.times, folds)
    for rows, fold in zip(asked, folds, strict=True):
        np.testing.assert_array_equal(rows, fold.train)
    # A shift of the columns shifts the line: what is said stays.
    assert found["rmse"].tolist() == pytest.approx(plain["rmse"].tolist())


def test_nothing_of_the_reference_of_the_test_reaches_the_estimates(season):
    folds = make_folds(season.times, "time")
    other = season.vwc.copy()
    other[84:] = 0.9
    for name, given in (
        ("rf-mdi", FOREST),
        ("linear", {}),
        ("mean-phase", {}),
        ("climatology", {}),
    ):
        one, two = (
            predict_folds(
                make_model(name, **given),
                season.features, vwc, season.times, folds, season.dropped,
            )
            for vwc in (season.vwc, other)
        )  # fmt: skip
        for bound in ("vwc", "lower", "upper"):
            np.testing.assert_array_equal(getattr(one, bound), getattr(two, bound))


def test_a_shuffled_reference_cannot_be_retrieved(season):
    fold = make_folds(season.times, "time")[0]
    rows = season.features, season.vwc, season.times
    honest = permuted_r(make_model("linear"), *rows, fold, 40, seed=1)
    assert len(honest) == 40
    # 36 test rows: one R scatters by 1/sqrt(35), the mean of 40 by .027.
    assert abs(honest.mean()) < 3 * 0.027


def test_a_leak_is_seen_in_a_shuffled_reference(season):
    fold = make_folds(season.times, "time")[0]
    # The worst of leaks: a column is made of whatever reference is shuffled for this seed.
    leaked = season.vwc[np.random.default_rng(4).permutation(120)][:, None]
    found = permuted_r(MeanPhase(), leaked, season.vwc, season.times, fold, 1, seed=4)
    assert found[0] > 0.99


def test_the_leakage_check_refuses_what_is_fed_by_the_reference(season):
    fold = make_folds(season.times, "time")[0]
    with pytest.raises(InputError, match="fed by the reference"):
        permuted_r(TimeInterpolation(), season.features, season.vwc, season.times, fold)


def test_an_estimate_that_never_varies_has_no_correlation(season):
    fold = make_folds(season.times, "time")[0]
    assert np.isnan(
        permuted_r(Climatology(), season.features, season.vwc, season.times, fold, 2)
    ).all()


def test_an_empty_evaluation_is_refused(season):
    with pytest.raises(InputError, match="0 models"):
        evaluate({}, season.features, season.vwc, season.times, make_folds(season.times, "time"))


def test_models_are_told_which_columns_of_a_fold_are_tracks(season):
    # A column behind the tracks that would be averaged in, and be of no use.
    wide = np.column_stack([season.features, 1e4 * np.arange(120.0)])
    folds = make_folds(season.times, "time")

    def fill(train, vwc):
        return FilledRows(wide, None, tuple(range(24)))

    said = predict_folds(MeanPhase(), fill, season.vwc, season.times, folds)
    plain = predict_folds(MeanPhase(), season.features, season.vwc, season.times, folds)
    np.testing.assert_array_equal(said.vwc, plain.vwc)
    # What was set by hand stays.
    fewer = predict_folds(MeanPhase(n_tracks=5), fill, season.vwc, season.times, folds)
    own = predict_folds(MeanPhase(), season.features[:, :5], season.vwc, season.times, folds)
    np.testing.assert_array_equal(fewer.vwc, own.vwc)


def test_runs_keep_what_each_seed_said(season):
    folds = make_folds(season.times, "time")
    models = {"forest": make_model("rf-mdi", trees=5, min_leaf=3), "line": MeanPhase()}
    runs = run_models(models, season.features, season.vwc, season.times, folds, seeds=(1, 2))
    assert [(run.model, run.seed, run.ranked) for run in runs] == [
        ("forest", 1, True),
        ("forest", 2, True),
        ("line", -1, True),
    ]
    test = folds[0].test
    assert all(np.isfinite(run.said.vwc[test]).all() for run in runs)
    assert not any(np.isfinite(run.said.vwc[folds[0].train]).any() for run in runs)
    assert (runs[0].said.vwc[test] != runs[1].said.vwc[test]).any()
    table = score_runs(runs, season.vwc, folds)
    off = runs[1].said.vwc[test] - season.vwc[test]
    assert table["rmse"][1] == pytest.approx(np.sqrt(np.mean(off**2)))
