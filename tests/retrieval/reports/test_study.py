import dataclasses

import numpy as np
import pytest

from retrieval.errors import InputError
from retrieval.fusion.prediction import Prediction
from retrieval.reports.comparison import Difference
from retrieval.reports.study import make_study, mean_prediction
from retrieval.reports.tables import (
    OCTANTS,
    accuracy_table,
    azimuth_table,
    forests_table,
    sector_table,
    signal_table,
)
from retrieval.validation import Interval


def test_nothing_of_the_test_days_reference_reaches_what_is_learnt(field, study):
    test = study.folds[0].test
    other = field.vwc.copy()
    other[test] = other[test][::-1] * 0.5 + 0.2
    changed = field.study(vwc=other).forests
    forests = study.forests
    for name in ("abs_r", "azimuth_deg", "elevation_deg"):
        np.testing.assert_array_equal(getattr(changed, name), getattr(forests, name))
    np.testing.assert_array_equal(changed.mdi.weights_, forests.mdi.weights_)
    np.testing.assert_array_equal(changed.mda.mda_, forests.mda.mda_)
    for leaf, rmse in forests.oob_rmse.items():
        np.testing.assert_array_equal(changed.oob_rmse[leaf], rmse)
    assert changed.sectors.verdict == forests.sectors.verdict
    # What is judged on test days does change.
    assert (changed.sectors.rise != forests.sectors.rise).any()


def test_nor_do_the_arcs_of_the_test_days(field, study):
    late = np.datetime64(study.days[study.folds[0].test].min(), "ns")
    after = (field.arcs["start"].dt.tz_localize(None) >= late).to_numpy()
    arcs = field.arcs.copy()
    arcs.loc[after, "phase_deg"] = 0.0
    arcs.loc[after, "elevation_max_deg"] = 90.0
    changed = field.study(arcs=arcs).forests
    np.testing.assert_array_equal(changed.mdi.weights_, study.forests.mdi.weights_)
    np.testing.assert_array_equal(changed.abs_r, study.forests.abs_r)
    np.testing.assert_array_equal(changed.elevation_deg, study.forests.elevation_deg)


def test_the_forest_of_the_report_is_the_one_that_was_judged(study):
    scores = study.scores.set_index(["model", "seed"])
    own = forests_table(study).loc["rf-mdi"]
    for name in ("n", "r", "rmse", "mae", "bias", "ubrmse"):
        assert own[name] == pytest.approx(scores.loc[("rf-mdi", 0), name], rel=1e-12)
    assert study.forests.mda.size_ == study.forests.mdi.size_


def test_where_rf_mdi_was_not_judged_it_is_trained_for_the_report(field, study):
    own = field.study(models=("mean-phase",)).forests
    np.testing.assert_array_equal(own.mdi.weights_, study.forests.mdi.weights_)
    np.testing.assert_array_equal(own.said["rf-mdi"], study.forests.said["rf-mdi"])


def test_what_models_said_is_the_mean_over_seeds_and_of_test_days_alone(study):
    assert list(study.said) == accuracy_table(study.scores).index.tolist()
    assert list(study.ranked) == ["rf-mdi", "mean-phase", "time-interpolation"]
    assert study.leading == "rf-mdi"
    tested = study.tested
    assert tested.sum() == len(study.folds[0].test)
    for said in study.said.values():
        np.testing.assert_array_equal(np.isfinite(said.vwc), tested)
    one = Prediction(np.array([0.1, np.nan]), np.array([0.0, 0.0]), np.array([0.3, 0.2]))
    two = Prediction(np.array([0.2, 0.1]), np.array([0.1, 0.0]), np.array([0.4, 0.2]))
    mean = mean_prediction([one, two])
    np.testing.assert_allclose(mean.vwc, [0.15, np.nan])
    np.testing.assert_allclose(mean.lower[0], 0.05)
    np.testing.assert_allclose(mean.upper[0], 0.35)


def test_the_range_of_an_rmse_is_about_the_rmse_of_the_table(study):
    table = accuracy_table(study.scores)
    for name, found in study.rmse_range.items():
        assert found.value == pytest.approx(table.loc[name, "rmse"], rel=1e-12)
        assert found.lower <= found.value <= found.upper


def test_the_best_model_is_a_ranked_one_and_the_others_lie_behind_it(study):
    table = accuracy_table(study.scores)
    ranked = table[table["ranked"]]
    assert study.best == ranked["rmse"].idxmin() == table.index[0]
    assert set(study.behind) == set(study.said) - {study.best}
    assert study.best in study.equals
    for name, found in study.behind.items():
        assert found.n == len(study.folds[0].test)
        expected = table.loc[name, "rmse"] - table.loc[study.best, "rmse"]
        assert found.rmse.value == pytest.approx(expected, rel=1e-9)


def test_a_value_carried_on_uses_nothing_of_the_test_period_and_is_ranked(field, study):
    # Split by time the last training day goes on; between blocks the days behind are used.
    assert study.ranked["time-interpolation"]
    train, test = study.folds[0].train, study.folds[0].test
    assert (study.said["time-interpolation"].vwc[test] == study.reference[train[-1]]).all()
    assert study.scores.set_index("model").loc["time-interpolation", "ranked"].all()
    between = field.study("blocks")
    assert not between.ranked["time-interpolation"]
    assert not between.scores.set_index("model").loc["time-interpolation", "ranked"].any()
    assert list(between.said)[-1] == "time-interpolation"


def test_differences_below_a_twentieth_of_the_best_rmse_are_slight(study):
    def behind(value, lower):
        return Difference(17, Interval(value, lower, 2 * value))

    found = dataclasses.replace(
        study,
        best="a",
        ranked=dict.fromkeys("abcde", True) | {"e": False},
        rmse_range={"a": Interval(0.01, 0.008, 0.012)},
        behind={
            "b": behind(0.0004, 0.0001),
            "c": behind(0.0006, -0.0001),
            "d": behind(0.0006, 0.0001),
            "e": behind(0.0001, 0.0001),
        },
    )
    assert found.slight == ["b"]
    assert found.equals == ["a", "c"]
    assert found.alike == ["a", "b", "c"]


def test_phases_that_were_not_heard_are_counted(study):
    forests = study.forests
    assert 0.0 <= min(forests.filled) <= max(forests.filled) < 0.5


def test_signals_are_told_in_words_with_their_tracks(study):
    table = signal_table(study)
    forests = study.forests
    assert table.index.tolist() == ["GS2L"]
    row = table.loc["GS2L"]
    assert row["words"] == "GPS L2C"
    assert row["n_arcs"] == study.heard.n_accepted
    assert row["n_tracks"] == len(forests.abs_r)
    assert row["abs_r"] == pytest.approx(np.nanmean(forests.abs_r))
    assert row["n_bad"] == np.sum(forests.abs_r < 0.3)


def test_a_shuffled_sector_costs_what_the_squared_error_rises_by(study):
    table, sectors = sector_table(study), study.forests.sectors
    whole = forests_table(study).loc["rf-mdi", "rmse"]
    assert table["rmse"].to_numpy() ** 2 - whole**2 == pytest.approx(sectors.rise, abs=1e-15)


def test_blocks_test_every_day(field):
    blocks = field.study("blocks")
    assert blocks.tested.all()
    assert len(blocks.folds) == 5


def test_tracks_know_where_they_begin_and_end_in_time(study):
    forests = study.forests
    names = forests.features.names[: len(forests.elevation_deg)]
    rising = np.array(["-rising" in name for name in names])
    first, last = forests.elevation_deg.T
    assert rising.any()
    assert (~rising).any()
    assert (first < last)[rising].all()
    assert (first > last)[~rising].all()
    assert np.all((forests.elevation_deg > 4) & (forests.elevation_deg < 26))


def test_correlation_of_a_track_is_that_of_its_arcs_phases(field, study):
    forests = study.forests
    name = forests.features.names[int(np.nanargmax(forests.abs_r))]
    satellite, signal, direction, *_, first_deg = name.split("-")
    arcs = field.arcs
    own = arcs[
        (arcs["satellite"] == satellite)
        & (arcs["signal"] == signal)
        & (arcs["direction"] == direction)
        & arcs["accepted"]
        & (arcs["azimuth_deg"].between(float(first_deg) - 1, float(first_deg) + 60))
    ]
    middle = own["start"] + (own["end"] - own["start"]) / 2
    day = middle.dt.tz_localize(None).to_numpy().astype("datetime64[D]")
    train = study.folds[0].train
    there, of_day, of_arc = np.intersect1d(study.days[train], day, return_indices=True)
    phase_deg = np.unwrap(own["phase_deg"].to_numpy()[of_arc], period=360.0)
    assert len(there) > 30
    expected = abs(np.corrcoef(phase_deg, study.reference[train][of_day])[0, 1])
    assert forests.abs_r[forests.features.names.index(name)] == pytest.approx(expected, abs=0.01)


def test_heard_counts_arcs_signals_and_satellites(field, study):
    heard, good = study.heard, field.arcs["accepted"]
    assert (heard.n_arcs, heard.n_accepted) == (len(field.arcs), good.sum())
    assert heard.signals == {"GS2L": int(good.sum())}
    assert heard.satellites == {"G": 6}
    assert 1.6 < heard.height_m < 1.9
    assert heard.equipment == ("0 | SIMULATED | 1 | 0 | CHOKE-RING NONE",)


def test_accuracy_is_the_mean_over_seeds(study):
    table = accuracy_table(study.scores)
    forest = study.scores[study.scores["model"] == "rf-mdi"]
    assert table.loc["rf-mdi", "seeds"] == 2
    assert table.loc["rf-mdi", "rmse"] == pytest.approx(forest["rmse"].mean())
    assert table.loc["rf-mdi", "rmse_spread"] == pytest.approx(np.ptp(forest["rmse"]))
    assert table["ranked"].all()
    assert table["rmse"].is_monotonic_increasing


def test_azimuth_table_puts_tracks_into_the_points_of_the_compass(study):
    forests = study.forests
    table = azimuth_table(study)
    assert tuple(table.columns) == OCTANTS
    assert table.index.tolist() == ["G01", "G05", "G09", "G14", "G20", "G27", "all"]
    # North reaches from 337.5 to 22.5 degrees, east from 67.5 to 112.5.
    north = (forests.azimuth_deg >= 337.5) | (forests.azimuth_deg < 22.5)
    east = (forests.azimuth_deg >= 67.5) & (forests.azimuth_deg < 112.5)
    for name, inside in (("N", north), ("E", east)):
        known = inside & np.isfinite(forests.abs_r)
        expected = forests.abs_r[known].mean() if known.any() else np.nan
        assert table.loc["all", name] == pytest.approx(expected, nan_ok=True)
    # A satellite's cells average its tracks; each track is in one of them.
    names = forests.features.names[: len(forests.abs_r)]
    own = np.array([name.startswith("G05-") for name in names])
    cells = table.loc["G05"].dropna()
    assert 1 <= len(cells) <= own.sum()
    assert forests.abs_r[own].min() <= cells.min()
    assert cells.max() <= forests.abs_r[own].max()


def test_sector_table_holds_the_highest_horizon_of_each_sector(field):
    horizon = np.zeros(360)
    horizon[::7] = np.arange(len(horizon[::7])) * 0.1
    study = field.study(horizon_deg=horizon)
    table = sector_table(study)
    for first in table.index:
        degrees = [one for one in range(int(first), int(first) + 15) if one % 7 == 0]
        assert table.loc[first, "horizon_deg"] == pytest.approx(max(degrees) / 7 * 0.1)
    assert table["n_tracks"].sum() == len(study.forests.azimuth_deg)


def test_without_runs_there_is_no_report(field, study):
    with pytest.raises(InputError, match="0 runs of models and 1 folds"):
        make_study(
            field.arcs,
            field.days,
            field.vwc,
            study.folds,
            [],
            study.scores,
            station="fild",
            reference_kind="CSV",
            split="time",
        )
