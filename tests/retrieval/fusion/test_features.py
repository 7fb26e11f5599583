"""What is learnt from arcs for a trained model, and that test rows take no part in it."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from retrieval.errors import InputError
from retrieval.fusion.evaluation import make_folds, permuted_r
from retrieval.fusion.features import DROPPED_SHARE, daily_fill, learn_features
from retrieval.fusion.forest import RfMdi
from retrieval.fusion.phase_lines import RidgeLine
from retrieval.fusion.plants import EVIDENCE_COLUMNS
from retrieval.fusion.rows import daily_rows
from retrieval.fusion.weather_features import WEATHER_COLUMNS, Weather


def days_of_arcs(arcs):
    middle = arcs["start"] + (arcs["end"] - arcs["start"]) / 2
    return middle.dt.tz_localize(None).to_numpy().astype("datetime64[D]")


def spoilt(arcs, rows):
    """Arcs in which given rows have other values, some are gone and some are new."""
    rng, chosen = np.random.default_rng(3), np.flatnonzero(rows)
    changed = arcs.copy()
    for name, most in {"phase_deg": 90.0, "amplitude": 4.0, "azimuth_deg": 40.0}.items():
        values = changed[name].to_numpy(copy=True)
        values[chosen] += rng.uniform(-most, most, len(chosen))
        changed[name] = values
    added = changed.iloc[chosen].assign(satellite="G30")
    changed = changed.drop(index=changed.index[chosen[::3]])
    return pd.concat([changed, added]).sample(frac=1, random_state=1)


@pytest.fixture(scope="module")
def weather(station):
    """Rain and temperature of every day, from 40 days before the first one."""
    first = station.days[0] - 40
    time = np.arange(first, station.days[-1] + 2).astype("datetime64[ns]")
    draws = np.random.default_rng(2)
    rain = np.where(draws.random(len(time)) < 0.2, draws.gamma(1.0, 8.0, len(time)), 0.0)
    return Weather(time, rain, draws.normal(12.0, 4.0, len(time)), np.timedelta64(1, "D"))


@pytest.mark.parametrize("with_weather", [False, True])
def test_columns_are_tracks_and_then_weather_without_gaps(station, weather, with_weather):
    given = weather if with_weather else None
    features = learn_features(station.arcs, station.days[:50], weather=given)
    rows = daily_rows(features.table, station.arcs, station.days)
    columns = features.columns(rows, given)
    k = len(features.table)
    beside = WEATHER_COLUMNS if with_weather else ()
    assert columns.shape == (len(station.days), k + len(beside))
    assert len(set(features.names)) == columns.shape[1]
    assert features.names[k:] == beside
    assert np.isfinite(columns).all()
    heard = ~np.isnan(rows.anomaly_deg)
    assert heard.any()
    assert (~heard).any()
    np.testing.assert_array_equal(columns[:, :k][heard], rows.anomaly_deg[heard])


def test_weather_is_asked_for_where_it_was_learnt_and_nowhere_else(station, weather):
    for learnt, given, remedy in ((weather, None, "give it"), (None, weather, "leave it out")):
        features = learn_features(station.arcs, station.days[:50], weather=learnt)
        rows = daily_rows(features.table, station.arcs, station.days[:3])
        with pytest.raises(InputError, match=remedy):
            features.columns(rows, given)


def test_without_weather_there_the_training_medians_stand_in(station, weather):
    features = learn_features(station.arcs, station.days[:50], weather=weather)
    known = features.columns(daily_rows(features.table, station.arcs, station.days[:50]), weather)
    k = len(features.table)
    silent = daily_rows(features.table, station.arcs, station.days[-1:] + 400)
    found = features.columns(silent, weather)[0]
    np.testing.assert_allclose(found[k:], np.median(known[:, k:], axis=0))
    np.testing.assert_array_equal(found[:k], features.imputer.mean_deg_)


def test_days_that_do_not_train_teach_nothing(station, weather):
    days = station.days[5:45:2]  # every other day: those between do not count either
    other = ~np.isin(days_of_arcs(station.arcs), days)
    vwc = station.vwc[5:45:2]
    expected = learn_features(station.arcs, days, vwc, weather)
    found = learn_features(spoilt(station.arcs, other), days, vwc, weather)
    assert found.plants.slope_deg == expected.plants.slope_deg != 0
    for index in ("amplitude", "rise"):
        for name in ("usual_", "weight_", "mean_"):
            np.testing.assert_array_equal(
                getattr(getattr(found.plants, index), name),
                getattr(getattr(expected.plants, index), name),
            )
    pd.testing.assert_frame_equal(
        found.table.to_frame(), expected.table.to_frame(), check_exact=True
    )
    for name in ("mean_deg_", "loading_deg_", "noise_deg_"):
        np.testing.assert_array_equal(getattr(found.imputer, name), getattr(expected.imputer, name))
    np.testing.assert_array_equal(found.fill.median_, expected.fill.median_)


def test_rows_of_a_test_do_not_change_the_rows_that_train(station):
    train, test = np.arange(45), np.arange(45, len(station.days))
    tested = np.isin(days_of_arcs(station.arcs), station.days[test])
    for arcs in (spoilt(station.arcs, tested), station.arcs[~tested]):
        known = train, station.vwc[train]
        expected, copies, order, _ = daily_fill(station.arcs, station.days)(*known)
        found, other_copies, other_order, _ = daily_fill(arcs, station.days)(*known)
        assert other_order == order
        np.testing.assert_array_equal(found[train], expected[train])
        np.testing.assert_array_equal(other_copies[train], copies[train])
        assert (found[test] != expected[test]).any()


def test_copies_lose_the_share_of_tracks_they_say(station, weather):
    features = learn_features(station.arcs, station.days, station.vwc, weather)
    rows = daily_rows(features.table, station.arcs, station.days)
    columns = features.columns(rows, weather)
    copies = features.dropped(rows, columns, seed=4)
    k = len(features.table)
    heard = ~np.isnan(rows.anomaly_deg)
    lost = np.mean((copies[:, :k] != columns[:, :k])[heard])
    # Binomial: about 1500 draws, standard deviation .012.
    assert lost == pytest.approx(DROPPED_SHARE, abs=0.05)
    np.testing.assert_array_equal(copies[:, k:], columns[:, k:])
    np.testing.assert_array_equal(features.dropped(rows, columns, seed=4), copies)
    assert (features.dropped(rows, columns, seed=5) != copies).any()
    np.testing.assert_array_equal(columns, features.columns(rows, weather))


def test_too_few_days_are_refused(station):
    with pytest.raises(InputError, match="10 days or more"):
        learn_features(station.arcs, station.days[:6])


@pytest.mark.parametrize(
    "model", [RidgeLine(), RfMdi(trees=20, min_leaf=3)], ids=["linear", "rf-mdi"]
)
def test_a_reference_shuffled_in_time_is_not_found_again(station, model):
    (fold,) = make_folds(station.days, "time")
    fill = daily_fill(station.arcs, station.days)
    r = permuted_r(model, fill, station.vwc, station.days, fold, 16, seed=2)
    # A shuffled R over 21 days has a standard deviation of about .22; of 16 of them, .06.
    assert abs(np.nanmean(r)) < 0.18
    # And the same rows do know the reference that is not shuffled.
    fitted = type(model)(**({"trees": 20, "min_leaf": 3} if isinstance(model, RfMdi) else {}))
    columns, copies, *_ = fill(fold.train, station.vwc[fold.train])
    fitted.fit(
        columns[fold.train], station.vwc[fold.train], station.days[fold.train], copies[fold.train]
    )
    said = fitted.predict(columns[fold.test]).vwc
    assert np.corrcoef(said, station.vwc[fold.test])[0, 1] > 0.7


def test_what_plants_turn_phases_by_is_taken_off_and_told_beside(station):
    bare = learn_features(station.arcs, station.days)
    found = learn_features(station.arcs, station.days, station.vwc)
    assert bare.plants is None
    rows = daily_rows(found.table, station.arcs, station.days)
    index = found.plants.amplitude.transform(rows.amplitude)
    columns, k = found.columns(rows), len(found.table)
    off = bare.columns(rows) - columns[:, :k]
    np.testing.assert_allclose(
        off, np.broadcast_to(found.plants.slope_deg * index[:, None], off.shape), atol=1e-9
    )
    assert found.names[k:] == EVIDENCE_COLUMNS
    np.testing.assert_array_equal(columns[:, k], index)
    np.testing.assert_array_equal(columns[:, k + 1], found.plants.rise.transform(rows.rise_m))
    silent = rows.amplitude.copy()
    silent[0] = np.nan
    unknown = found.columns(dataclasses.replace(rows, amplitude=silent))[0]
    np.testing.assert_array_equal(unknown[:k], bare.columns(rows)[0])
    assert unknown[k] == 0.0
