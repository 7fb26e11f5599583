"""Trained models: what they say and when, what they flag, and that nothing later changes it."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from retrieval.errors import InputError
from retrieval.fusion.rows import daily_rows
from retrieval.fusion.trained import FlagRules, train
from retrieval.fusion.weather_features import Weather
from retrieval.fusion.windows import ESTIMATE_COLUMNS

SMALL = {"trees": 20, "min_leaf": 2}
STATED = ["vwc", "vwc_lower", "vwc_upper"]
N_TRAIN = 45


def settings_of(name):
    return SMALL if name == "rf-mdi" else {}


def trained_on(record, name="rf-mdi", rows=slice(N_TRAIN), **settings):
    return train(
        record.arcs, record.days[rows], record.vwc[rows], name, **settings_of(name), **settings
    )


def utc(days):
    return pd.DatetimeIndex(np.asarray(days).astype("datetime64[ns]")).tz_localize("UTC")


def days_of_arcs(arcs):
    middle = arcs["start"] + (arcs["end"] - arcs["start"]) / 2
    return middle.dt.tz_localize(None).to_numpy().astype("datetime64[D]")


def rmse(estimates, truth):
    return float(np.sqrt(np.mean((estimates["vwc"].to_numpy() - truth) ** 2)))


@pytest.fixture(scope="module")
def models(station):
    """The models that can be kept, trained on the first 45 days."""
    return {name: trained_on(station, name) for name in ("rf-mdi", "linear", "mean-phase")}


@pytest.fixture(scope="module")
def toy(models):
    """The line on the mean phase, whose record and rules tests replace."""
    return models["mean-phase"]


@pytest.fixture
def after(station):
    """Grid of six hours over the days after the training."""
    return pd.date_range(*utc(station.days[[N_TRAIN + 1, -1]]), freq="6h")


@pytest.mark.parametrize("name", ["rf-mdi", "linear", "mean-phase"])
def test_estimates_follow_moisture_with_bounds_around_them(station, models, after, name):
    model = models[name]
    by_time = model.estimate(station.arcs, after)
    by_day = model.estimate_days(station.arcs, station.days[N_TRAIN:])
    for found in (by_time, by_day):
        assert tuple(found.columns) == ESTIMATE_COLUMNS
        assert (found["vwc_lower"] <= found["vwc"]).all()
        assert (found["vwc"] <= found["vwc_upper"]).all()
        assert (found["model_id"] == model.model_id).all()
    assert (by_time["time"] == after).all()
    assert (by_time["effective_time"] < by_time["time"]).all()
    assert (by_time["time"] - by_time["effective_time"]).max() < pd.Timedelta("1D")
    truth = station.vwc[N_TRAIN:]
    assert rmse(by_day, truth) < 0.6 * np.std(truth)
    assert model.record.skill > 0.5


def test_the_record_says_what_trained(station, models):
    days = station.days[days_known := np.arange(N_TRAIN)]
    counts = pd.Series(days_of_arcs(station.arcs)).value_counts().reindex(days)
    for name, model in models.items():
        record = model.record
        assert (record.first_day, record.last_day, record.n_days) == (days[0], days[-1], N_TRAIN)
        assert (record.lowest, record.highest) == (
            station.vwc[days_known].min(),
            station.vwc[days_known].max(),
        )
        # Arcs of known tracks at most, and nearly all of them.
        assert 0.8 * counts.median() < record.ordinary_tracks <= counts.median(), name
        assert record.scores.n == N_TRAIN
        spread = np.var(station.vwc[days_known])
        assert record.skill == pytest.approx(1 - record.scores.rmse**2 / spread)


@pytest.mark.parametrize("name", ["rf-mdi", "linear", "mean-phase"])
@pytest.mark.parametrize("hour", [7, 190, 303])
def test_what_comes_after_a_time_changes_no_estimate_up_to_it(station, models, after, name, hour):
    time = after[0] + pd.Timedelta(hours=hour)
    known = after[after <= time]
    rng = np.random.default_rng(hour)
    arcs = station.arcs
    later = np.flatnonzero(arcs["closed"] > time)
    changed = arcs.copy()
    for column, most in {"phase_deg": 90.0, "amplitude": 4.0, "azimuth_deg": 40.0}.items():
        values = changed[column].to_numpy(copy=True)
        values[later] += rng.uniform(-most, most, len(later))
        changed[column] = values
    added = changed.iloc[later].copy()
    # What began early may close late.
    added["start"] -= pd.to_timedelta(rng.integers(0, 600, len(later)), unit="m")
    gone = later[rng.random(len(later)) < 0.3]
    whole = pd.concat([changed.drop(index=changed.index[gone]), added])
    whole = whole.sample(frac=1, random_state=hour)

    vwc = station.vwc.copy()
    vwc[station.days >= np.datetime64(time.tz_localize(None), "D")] += 0.1
    again = train(whole, station.days[:N_TRAIN], vwc[:N_TRAIN], name, seed=0, **settings_of(name))
    for model in (models[name], again):
        found = model.estimate(whole, after)
        assert len(known) < len(after)
        pd.testing.assert_frame_equal(
            found.iloc[: len(known)], models[name].estimate(arcs, known), check_exact=True
        )
    assert not models[name].estimate(arcs, after).equals(found)


@pytest.mark.parametrize("name", ["rf-mdi", "linear", "mean-phase"])
def test_a_row_does_not_depend_on_the_others_asked_for(station, models, name):
    model = models[name]
    rng = np.random.default_rng(1)
    columns = rng.normal(0.0, 10.0, (64, len(model.features.names)))
    together = model.model.predict(columns)
    for part in (slice(0, 1), slice(5, 8), slice(10, 43)):
        alone = model.model.predict(columns[part])
        for bound in ("vwc", "lower", "upper"):
            np.testing.assert_array_equal(getattr(alone, bound), getattr(together, bound)[part])


def test_arcs_of_other_days_do_not_train(station):
    rows = slice(5, N_TRAIN + 5)
    other = ~np.isin(days_of_arcs(station.arcs), station.days[rows])
    assert other.sum() > 100
    spoilt = station.arcs.copy()
    spoilt["phase_deg"] = np.where(other, 11.0, spoilt["phase_deg"])
    expected = trained_on(station, rows=rows)
    for arcs in (spoilt, station.arcs[~other]):
        found = trained_on(dataclasses.replace(station, arcs=arcs), rows=rows)
        assert found.model_id == expected.model_id
        np.testing.assert_array_equal(found.model.mdi_, expected.model.mdi_)


@pytest.mark.parametrize("name", ["rf-mdi", "linear", "mean-phase"])
def test_training_again_gives_the_same_model_whatever_the_order(station, models, after, name):
    order = np.random.default_rng(1).permutation(N_TRAIN)
    shuffled = dataclasses.replace(station, arcs=station.arcs.sample(frac=1, random_state=2))
    again = trained_on(shuffled, name, rows=order)
    assert again.model_id == models[name].model_id
    pd.testing.assert_frame_equal(
        again.estimate(station.arcs, after),
        models[name].estimate(station.arcs, after),
        check_exact=True,
    )


def test_threads_change_nothing_and_seeds_do(station, models, after):
    one, two = (trained_on(station, n_jobs=n_jobs) for n_jobs in (1, 2))
    assert one.model_id == two.model_id == models["rf-mdi"].model_id
    estimates = [model.estimate(station.arcs, after) for model in (one, two)]
    pd.testing.assert_frame_equal(*estimates, check_exact=True)
    other = trained_on(station, seed=1)
    assert other.model_id != one.model_id
    assert (other.estimate(station.arcs, after)["vwc"] != estimates[0]["vwc"]).any()


def test_coverage_is_the_share_of_the_weight_that_is_present(station, toy):
    k = len(toy.features.table)
    weights = np.zeros(k)
    weights[:3] = 0.2, 0.3, 0.5
    model = dataclasses.replace(toy, name="toy")
    day = station.days[N_TRAIN : N_TRAIN + 1]
    placed = toy.features.table.place(station.arcs)
    track = np.full(len(station.arcs), -1)
    track[placed.row] = placed.track
    for kept, share in (([0, 2], 0.7), ([1], 0.3), ([*range(k)], 1.0), ([5], 0.0)):
        arcs = station.arcs[np.isin(track, kept)]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(type(model), "weights", property(lambda _: weights))
            found = model.estimate_days(arcs, day)
        heard = model.features.table.place(arcs)
        here = heard.track[np.isin(days_of_arcs(arcs.iloc[heard.row]), day)]
        assert set(here) == set(kept)
        assert found["coverage"].tolist() == pytest.approx([share])
        assert found["n_arcs"].tolist() == [len(here)]


def weather_of(record, value_c):
    return pd.Series(value_c, pd.date_range(*utc(record.days[[0, -1]]), freq="1h"))


def lifted(arcs, metres):
    return arcs.assign(reflector_height_m=arcs["reflector_height_m"] - metres)


def flags(model, arcs, station, temperature_c=None):
    return model.estimate_days(arcs, station.days[N_TRAIN : N_TRAIN + 8], temperature_c)


def test_flags_in_their_order(station, toy):
    cold, mild = weather_of(station, -3.0), weather_of(station, 3.0)
    snowy = lifted(station.arcs, 0.2)
    days = station.days[N_TRAIN : N_TRAIN + 8]

    def changed(**record):
        return dataclasses.replace(toy, record=dataclasses.replace(toy.record, **record))

    # Each of the models would say what the next ones say, if it did not say its own.
    scarce = dataclasses.replace(toy, rules=FlagRules(min_coverage=1.1))
    beyond = changed(lowest=0.9, highest=0.95)
    beyond = dataclasses.replace(beyond, rules=FlagRules(min_coverage=1.1))
    unskilled = dataclasses.replace(beyond, record=dataclasses.replace(beyond.record, skill=0.1))
    unknown = dataclasses.replace(
        beyond, record=dataclasses.replace(beyond.record, skill=float("nan"))
    )
    wide = changed(lowest=0.0, highest=0.9)
    assert set(wide.estimate_days(station.arcs, days)["flag"]) == {"good"}
    assert set(wide.estimate_days(station.arcs, days, mild)["flag"]) == {"good"}
    assert set(scarce.estimate_days(station.arcs, days)["flag"]) <= {"degraded", "extrapolated"}
    assert set(beyond.estimate_days(station.arcs, days)["flag"]) == {"extrapolated"}
    for model in (unskilled, unknown):
        assert set(model.estimate_days(station.arcs, days)["flag"]) == {"degraded"}
        shown = model.estimate_days(station.arcs, days, cold)
        assert set(shown["flag"]) == {"frozen"}
        assert shown[STATED].isna().all(axis=None)
        hidden = model.estimate_days(snowy, days, cold)
        assert set(hidden["flag"]) == {"snow"}
        assert hidden[STATED].isna().all(axis=None)
    assert set(wide.estimate_days(lifted(station.arcs, 0.02), days)["flag"]) == {"good"}


def test_few_tracks_are_degraded_and_still_estimated(station, toy):
    wide = dataclasses.replace(
        toy,
        rules=FlagRules(min_coverage=0.0),
        record=dataclasses.replace(toy.record, lowest=0.0, highest=0.9),
    )
    day = station.days[N_TRAIN : N_TRAIN + 1]
    placed = wide.features.table.place(station.arcs)
    here = np.isin(days_of_arcs(station.arcs.iloc[placed.row]), day) & (placed.track >= 0)
    rows = placed.row[here]
    assert len(rows) >= 5
    for n, flag in ((4, "degraded"), (5, "good")):
        found = wide.estimate_days(station.arcs.iloc[rows[:n]], day)
        assert found["flag"].tolist() == [flag]
        assert found[STATED].notna().all(axis=None)
    # Few tracks are not believed when they tell of snow.
    found = wide.estimate_days(lifted(station.arcs.iloc[rows[:4]], 0.2), day)
    assert found["flag"].tolist() == ["degraded"]


def test_where_nothing_was_heard_nothing_is_said(station, models, after):
    for model in models.values():
        for arcs, times in (
            (station.arcs.iloc[:0], after),
            (station.arcs, after + pd.DateOffset(years=1)),
        ):
            found = model.estimate(arcs, times)
            assert set(found["flag"]) == {"degraded"}
            assert found[[*STATED, "effective_time", "phase_anomaly_deg"]].isna().all(axis=None)
            assert (found[["coverage", "n_arcs"]] == 0).all(axis=None)


def test_rounding_is_not_beyond_the_reference(station, models):
    # As the mean of trees whose leaves all hold the lowest moisture of the training may be.
    days = station.days[:N_TRAIN]
    model = models["rf-mdi"]
    rows = daily_rows(model.features.table, station.arcs, days)
    said = model.model.predict(model.features.columns(rows)).vwc
    for off, flags_beyond in ((1e-15, 0), (1e-4, 2)):
        record = dataclasses.replace(
            model.record, lowest=said.min() + off, highest=said.max() - off
        )
        found = dataclasses.replace(model, record=record).estimate_days(station.arcs, days)
        assert record.lowest > said.min()
        assert record.highest < said.max()
        assert (found["flag"] == "extrapolated").sum() == flags_beyond


def test_frozen_days_do_not_train(station):
    cold = np.zeros(len(station.days), bool)
    cold[10:18] = True
    time = utc(station.days) + pd.Timedelta("12h")
    temperature_c = pd.Series(np.where(cold, -5.0, 11.0), time)
    # Were they to train, their reference would be seen.
    wild = np.where(cold, 0.9, station.vwc)
    found = train(station.arcs, station.days, wild, temperature_c=temperature_c, **SMALL)
    left_out = train(station.arcs, station.days[~cold], station.vwc[~cold], **SMALL)
    assert found.record.n_days == (~cold).sum()
    assert found.model_id == left_out.model_id
    assert train(station.arcs, station.days, wild, **SMALL).record.highest == 0.9


def test_a_step_of_rain_shows_within_hours(simulated):
    record = simulated(
        days=90,
        satellites=8,
        receiver={"noise_factor": 0.0, "predetection_s": 1e-5, "step_db": 0.0},
        scatter={"phase_deg": 0.0, "amplitude": 0.0},
        response={"hysteresis": 0.0},
        weather={"storm_every_days": 6.0, "storm_mm": 12.0, "storm_hours": 2.0},
        moisture={"storage_mm": 40.0, "dry_days": 6.0},
    )
    n = 60
    model = train(record.arcs, record.days[:n], record.vwc[:n], trees=40, min_leaf=2)
    truth = record.hourly
    step = truth.diff(3)
    step = step[(step >= 0.1) & (step.index > utc(record.days[n + 2 : n + 3])[0])]
    # The first hour at which it had risen by .1 in three hours.
    begun = step[~(step.index.to_series().diff() < pd.Timedelta("1D"))]
    assert len(begun) >= 2
    covered = []
    for time in begun.index:
        at = pd.DatetimeIndex([time - pd.Timedelta("3h"), time + pd.Timedelta("6h")])
        found = model.estimate(record.arcs, at)["vwc"].to_numpy()
        known = truth[at].to_numpy()
        covered.append((found[1] - found[0]) / (known[1] - known[0]))
    assert min(covered) >= 0.4


def test_a_satellite_replaced_and_tracks_lost_do_little(simulated, station):
    n = N_TRAIN
    event = {
        "kind": "replaced",
        "satellite": "G07",
        "by": "G20",
        "start": str(pd.Timestamp(station.days[n + 5])),
    }
    replaced = simulated(sky={"constellations": "G", "event": [event]})
    model = trained_on(station)
    days, truth = station.days[n + 5 :], station.vwc[n + 5 :]
    whole = rmse(model.estimate_days(station.arcs, days), truth)
    swapped = model.estimate_days(replaced.arcs, days)
    table = model.features.table
    placed = table.place(station.arcs)
    lost = np.random.default_rng(4).choice(len(table), round(0.3 * len(table)), replace=False)
    fewer = station.arcs.iloc[placed.row[~np.isin(placed.track, lost)]]
    thinned = model.estimate_days(fewer, days)
    assert not swapped.equals(model.estimate_days(station.arcs, days))
    assert (thinned["n_arcs"] < model.estimate_days(station.arcs, days)["n_arcs"]).all()
    assert rmse(swapped, truth) < 1.2 * whole
    assert rmse(thinned, truth) < 1.3 * whole


def test_a_roof_knows_that_it_knows_nothing(simulated):
    record = simulated(terrain=[{"azimuths": [[0, 360]], "response": 0.0, "scatter_deg": 4.0}])
    low, high = np.quantile(record.vwc[:N_TRAIN], [0.05, 0.95])
    for name in ("rf-mdi", "linear", "mean-phase"):
        model = trained_on(record, name)
        assert model.record.skill <= 0.1
        found = model.estimate_days(record.arcs, record.days[N_TRAIN:])
        assert "good" not in set(found["flag"])
        width = (found["vwc_upper"] - found["vwc_lower"]).median()
        assert 0.7 * (high - low) < width < 1.6 * (high - low)


@pytest.mark.parametrize("name", ["rf-mdi", "linear", "mean-phase"])
def test_a_reference_that_never_varies_teaches_nothing(station, name):
    flat = dataclasses.replace(station, vwc=np.full(len(station.vwc), 0.2))
    model = trained_on(flat, name)
    assert np.isnan(model.record.skill)
    assert set(model.estimate_days(station.arcs, station.days)["flag"]) == {"degraded"}


def test_weather_takes_part_where_it_is_given(station):
    time = np.arange(station.days[0] - 40, station.days[-1] + 2).astype("datetime64[ns]")
    draws = np.random.default_rng(2)
    weather = Weather(
        time,
        draws.gamma(0.3, 8.0, len(time)),
        draws.normal(12.0, 4.0, len(time)),
        np.timedelta64(1, "D"),
    )
    model = trained_on(station, weather=weather)
    assert len(model.weights) == len(model.features.table)
    assert len(model.model.mdi_) == len(model.features.names)
    found = model.estimate_days(station.arcs, station.days[N_TRAIN:], weather=weather)
    assert found["vwc"].notna().all()
    with pytest.raises(InputError, match="weather"):
        model.estimate_days(station.arcs, station.days[N_TRAIN:])


def test_what_cannot_train_is_refused(station):
    arcs, days, vwc = station.arcs, station.days, station.vwc
    for bad_days, bad_vwc, message in (
        (days, vwc[:-1], "as many of each"),
        (days[[0, *range(40)]], vwc[[0, *range(40)]], "stands twice"),
        (days[:29], vwc[:29], "29 days .* expected 30"),
        (days, np.where(np.arange(len(vwc)) < 20, vwc, np.nan), "20 days"),
        (days[:0], vwc[:0], "0 days"),
    ):
        with pytest.raises(InputError, match=message):
            train(arcs, bad_days, bad_vwc, "mean-phase")
    with pytest.raises(InputError, match="fed by the reference"):
        train(arcs, days, vwc, "persistence", reference_times=days, reference_vwc=vwc)
    with pytest.raises(InputError, match="expected one of"):
        train(arcs, days, vwc, "neural")
    with pytest.raises(InputError, match="0 days"):
        train(arcs, days, vwc, "mean-phase", temperature_c=weather_of(station, -4.0))
