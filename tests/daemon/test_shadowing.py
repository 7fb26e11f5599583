"""A model on trial at the sample's station: beside the one in use, and never published."""

import dataclasses
import json
import shutil
import sqlite3

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from daemon import cli
from daemon.config import load_config
from daemon.jobs import run_once
from daemon.load_model import StationModels
from daemon.shadowing import Trial
from daemon.shelf import Placed
from daemon.shelf_file import change_shelf, read_shelf
from daemon.station_model import ReferenceFree
from daemon.store import Store
from retrieval.fusion.model_folder import load_model, save_model

NAME = "smpl"
NOW = pd.Timestamp("2024-05-20T00:00:00Z")
BEGUN = "2024-05-14T05:59:30Z"  # the end of the sample's first file
WHEN = ("latency_s", "revision")


@pytest.fixture
def on_trial(trained_sample, sample_models):
    """Factory of stations with a forest in use, and the mean phase in shadow from `BEGUN` on.

    In these two days the mean phase leaves its range more often: it is `swapped` with the forest
    where the one in shadow is to take over.
    """

    def put(name="station", days=1, change=lambda trained: trained, later=0, swapped=False):
        kinds = ("mean-phase", "rf-mdi") if swapped else ("rf-mdi", "mean-phase")
        config = trained_sample(name, kinds[0], later=later)
        text = config.path.read_text()
        config.path.write_text(text.replace("[model]", f"[model]\nshadow_days = {days}"))
        config = load_config(config.path)
        trained = change(load_model(sample_models[kinds[1], NAME]))
        save_model(trained, config.shelf / trained.model_id)
        placed = Placed(model_id=trained.model_id, since=BEGUN, why="RMSE 0.010 against 0.012")
        change_shelf(config.shelf, NAME, lambda shelf: shelf.put_in_shadow(placed))
        return config, trained

    return put


def deliver(config):
    """Let the next file arrive."""
    file = min((config.path.parent / "later").iterdir())
    file.rename(config.inbox.path / file.name)


def live(config):
    with Store.reading(config.store.path) as store:
        return {e["time"]: e for e in store.estimates(NAME, "live")}


def said(estimates):
    return {
        time: {name: value for name, value in one.items() if name not in WHEN}
        for time, one in estimates.items()
    }


def rows(config, sql):
    connection = sqlite3.connect(config.store.path)
    found = connection.execute(sql).fetchall()
    connection.close()
    return found


def test_what_it_says_stands_beside_and_nothing_of_it_is_published(on_trial, trained_sample):
    config, trained = on_trial(days=7)
    report = run_once(config, NOW)
    assert (report.shadow.trial, report.shadow.model_id) == (Trial.GOES_ON, trained.model_id)
    plain = trained_sample("plain")
    run_once(plain, NOW)
    # All that leaves the station is as without it.
    assert said(live(config)) == said(live(plain))
    for table in ("estimates", "outbox", "models", "model_tracks"):
        sql = f"SELECT COUNT(*) FROM {table}"
        assert rows(config, sql) == rows(plain, sql)
    assert rows(plain, "SELECT COUNT(*) FROM shadow_estimates") == [(0,)]
    # It says what it would say in use, of the times after it was put there.
    with Store.reading(config.store.path) as store:
        beside = store.shadows(NAME, trained.model_id)
        arcs = store.arcs(NAME)
    assert [one.time for one in beside] == [time for time in live(config) if time > BEGUN]
    assert report.shadow.new == len(beside)
    expected = trained.estimate(arcs, pd.DatetimeIndex([one.time for one in beside]))
    for one, vwc, flag in zip(beside, expected["vwc"], expected["flag"], strict=True):
        assert one.vwc == (None if np.isnan(vwc) else vwc)
        assert one.flag == flag
        assert (one.live_vwc, one.live_flag) == tuple(
            live(config)[one.time][name] for name in ("vwc", "flag")
        )
    assert not run_once(config, NOW).changed


def test_after_its_days_it_takes_over_and_what_was_said_stays(on_trial, sample_models):
    config, trained = on_trial(days=1, later=8, swapped=True)
    models, trials, before = StationModels(config), [], {}
    for _ in range(8):
        deliver(config)
        report = run_once(config, NOW, models=models)
        trials.append(report.shadow.trial.value)
        assert before.items() <= live(config).items()
        before = live(config)
    # Files of six hours: the fifth ends a day after the first.
    assert trials == ["goes_on"] * 4 + ["taken_over"] + ["none"] * 3
    first = load_model(sample_models["mean-phase", NAME]).model_id
    by_model = {}
    for time, estimate in live(config).items():
        by_model.setdefault(estimate["model_id"], []).append(time)
    assert list(by_model) == [first, trained.model_id]
    assert max(by_model[first]) == "2024-05-15T05:45:00Z"
    shelf = read_shelf(config.shelf, NAME)
    assert (shelf.in_use.model_id, shelf.in_use.since) == (trained.model_id, max(by_model[first]))
    assert shelf.in_use.why.startswith("RMSE 0.010 against 0.012; ")
    assert [(one.model_id, one.since) for one in shelf.before] == [(first, min(by_model[first]))]


def test_zero_days_let_it_take_over_at_once(on_trial):
    config, trained = on_trial(days=0, later=1, swapped=True)
    assert run_once(config, NOW).shadow.trial is Trial.TAKEN_OVER
    deliver(config)
    run_once(config, NOW)
    assert live(config)["2024-05-15T23:45:00Z"]["model_id"] == trained.model_id


def test_one_that_flags_much_more_is_refused(on_trial):
    def without_skill(trained):
        return dataclasses.replace(trained, record=dataclasses.replace(trained.record, skill=0.05))

    config, trained = on_trial(change=without_skill)
    report = run_once(config, NOW)
    assert report.shadow.trial is Trial.REFUSED
    flags = [one["flag"] for time, one in live(config).items() if time > BEGUN]
    share = flags.count("good") / len(flags)
    assert share > 0.5
    assert f"0% of {len(flags)} estimates in shadow good, {share:.0%} of" in report.shadow.why
    shelf = read_shelf(config.shelf, NAME)
    assert (shelf.in_use, shelf.shadow) == (None, None)
    assert [one.model_id for one in shelf.refused] == [trained.model_id]
    assert not run_once(config, NOW).changed


def test_one_that_cannot_be_loaded_is_refused_and_disturbs_nothing(on_trial):
    config, trained = on_trial()
    (config.shelf / trained.model_id / "arrays.npz").write_bytes(b"nothing")
    report = run_once(config, NOW)
    assert report.estimates.new == 192
    assert report.problems == {}
    assert report.shadow.trial is Trial.REFUSED
    assert "was changed since it was written" in report.shadow.why
    assert read_shelf(config.shelf, NAME).refused[0].why.startswith("cannot be used")


def test_one_that_falls_while_it_estimates_is_refused(on_trial, monkeypatch):
    config, _ = on_trial()
    models = StationModels(config)
    shadow = models.shadow()

    def fall(*args):
        raise ZeroDivisionError("nobody foresaw it")

    monkeypatch.setattr(type(shadow.trained), "estimate", fall)
    monkeypatch.setattr(models, "in_use", lambda: ReferenceFree(config.model_settings()))
    report = run_once(config, NOW, models=models)
    assert report.estimates.new > 0
    assert report.shadow.trial is Trial.REFUSED
    assert "ZeroDivisionError: nobody foresaw it" in report.shadow.why


def test_a_late_file_changes_both_sides(on_trial):
    config, _ = on_trial("late", days=7)
    whole, _ = on_trial("whole", days=7)
    run_once(whole, NOW)
    late = sorted(config.inbox.path.iterdir())[1]
    held = late.rename(config.path.parent / late.name)
    run_once(config, NOW)
    held.rename(late)
    assert run_once(config, NOW).shadow.new > 0
    sql = "SELECT time, vwc, flag FROM shadow_estimates ORDER BY time"
    assert rows(config, sql) == rows(whole, sql)


def test_a_damaged_account_is_told_and_stops_no_files(on_trial):
    config, _ = on_trial()
    (config.shelf / "shelf.json").write_text("{")
    report = run_once(config, NOW)
    assert report.ingest.arcs_new == 488
    assert "is no account of a shelf" in report.problems["model.shelf"]
    assert report.estimates.new == 0
    shutil.rmtree(config.shelf)
    assert run_once(config, NOW).estimates.new == 192


def test_the_service_notices_an_exchange_at_its_next_estimate(on_trial, sample_models):
    config, trained = on_trial(days=7, later=6)
    models = StationModels(config)
    run_once(config, NOW, models=models)
    forest = models.in_use().model_id
    for command, expected in (("promote", trained.model_id), ("rollback", forest)):
        before = live(config)
        done = CliRunner().invoke(cli.app, ["model", command, "--config", str(config.path)])
        assert done.exit_code == 0, done.output
        deliver(config)
        run_once(config, NOW, models=models)
        new = {e["model_id"] for time, e in live(config).items() if time not in before}
        assert new == {expected}
        assert before.items() <= live(config).items()


def test_the_comparison_is_what_can_be_worked_out_of_the_table(on_trial):
    config, trained = on_trial(days=7)
    truth = pd.read_csv(config.path.parent / "truth.csv")
    truth[["time", "vwc"]].to_csv(config.path.parent / "probes.csv", index=False)
    text = config.path.read_text()
    config.path.write_text(text.replace("[model]", '[model]\nreference = "probes.csv"'))
    run_once(config, NOW)
    command = ["model", "compare", "--config", str(config.path)]
    done = CliRunner().invoke(cli.app, [*command, "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    table = rows(
        config,
        "SELECT s.time, s.vwc, e.vwc, s.flag, e.flag FROM shadow_estimates s JOIN estimates e "
        "ON e.time = s.time AND e.product = 'live'",
    )
    off = np.array([one - other for _, one, other, *_ in table if None not in (one, other)])
    assert found["model_id"] == trained.model_id
    assert found["estimates"] == len(table)
    assert found["both_measured"] == len(off)
    assert found["mean_difference"] == pytest.approx(off.mean(), abs=1e-5)
    assert found["rms_difference"] == pytest.approx(np.sqrt(np.mean(off**2)), abs=1e-5)
    good = np.mean([flag == "good" for *_, flag, _ in table])
    assert found["good_share"] == pytest.approx(good, abs=1e-3)
    # The mean moisture of the 24 hours before, of those of which half are known.
    hourly = pd.Series(truth["vwc"].to_numpy(), pd.DatetimeIndex(truth["time"]))
    errors = []
    for time, vwc, other, *_ in table:
        end = pd.Timestamp(time)
        window = hourly[(hourly.index > end - pd.Timedelta(days=1)) & (hourly.index <= end)]
        if len(window) >= 12 and None not in (vwc, other):
            errors.append(vwc - window.mean())
    assert found["reference"]["estimates"] == len(errors)
    rmse = np.sqrt(np.mean(np.square(errors)))
    assert found["reference"]["rmse"] == pytest.approx(rmse, abs=1e-5)
    words = CliRunner().invoke(cli.app, command).stdout
    assert f"estimates {len(table)}, 2024-05-14T06:00:00Z to 2024-05-15T23:45:00Z" in words
    told = found["reference"]["rmse"]
    assert f"RMSE {told:.4f} in shadow" in words
