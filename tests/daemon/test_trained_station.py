"""A trained model at work: the sample's files through the real store.

The models learn from simulated arcs of the sample's station in the six weeks before its two days.
"""

import dataclasses
import shutil
import sqlite3
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from daemon.check import Level, check_station
from daemon.config import load_config
from daemon.errors import ModelError
from daemon.jobs import run_once
from daemon.load_model import StationModels
from daemon.sample import write_sample
from daemon.status import station_status, status_lines
from daemon.store import Store
from retrieval.fusion import weigh_arcs
from retrieval.fusion.model_folder import load_model, save_model

NAME = "smpl"
NOW = pd.Timestamp("2024-05-20T00:00:00Z")
# What says when something was made, or how often, and not what it says.
WHEN = ("latency_s", "revision")


def deliver(config, count=None):
    """Let waiting files arrive."""
    for file in sorted((config.path.parent / "later").iterdir())[:count]:
        file.rename(config.inbox.path / file.name)


def change_model(config, folder):
    shutil.rmtree(config.model.path)
    shutil.copytree(folder, config.model.path)


def estimates(config):
    with Store.reading(config.store.path) as store:
        return {e["time"]: e for e in store.estimates(NAME, "live")}


def said(estimate):
    return {name: value for name, value in estimate.items() if name not in WHEN}


def all_said(config):
    return {time: said(estimate) for time, estimate in estimates(config).items()}


def weights(config):
    """Model, track and weight of each arc that has a track, by what makes it the same arc."""
    with Store.reading(config.store.path) as store:
        arcs, found = store.arcs(NAME), store.arc_weights(NAME)
    key = arcs.loc[found.index, ["satellite", "signal", "direction", "start"]]
    return set(zip(*(key[name] for name in key), *(found[name] for name in found), strict=True))


def dump(config):
    connection = sqlite3.connect(config.store.path)
    lines = list(connection.iterdump())
    connection.close()
    folder = str(config.path.parent)
    return [line.replace(folder, "") for line in lines]


@pytest.fixture
def whole(trained_sample):
    """All files taken in at once."""
    config = trained_sample("whole")
    run_once(config, NOW)
    return config


def test_estimates_are_what_the_model_says_of_the_arcs_that_had_closed(whole, sample_models):
    model = load_model(sample_models["rf-mdi", NAME])
    with Store.reading(whole.store.path) as store:
        arcs = store.arcs(NAME)
    found = estimates(whole)
    expected = model.estimate(arcs, pd.DatetimeIndex(list(found)))
    for name in ("vwc", "vwc_lower", "vwc_upper", "phase_anomaly_deg", "coverage", "flag"):
        stored = [estimate[name] for estimate in found.values()]
        given = [None if value != value else value for value in expected[name]]
        assert stored == given, name
    last = found["2024-05-15T23:45:00Z"]
    assert last["model_id"] == model.model_id
    assert last["n_tracks_expected"] == model.record.ordinary_tracks
    assert last["flag"] == "good"
    # It rained on the second day.
    assert last["vwc"] > 0.22
    # In the first hours few tracks were heard yet.
    assert found["2024-05-14T03:00:00Z"]["flag"] == "degraded"
    assert len(found) == 192


def test_files_one_by_one_say_the_same_as_all_at_once(trained_sample, whole):
    config = trained_sample(later=8)
    for _ in range(8):
        deliver(config, 1)
        run_once(config, NOW)
    assert all_said(config) == all_said(whole)
    assert {estimate["revision"] for estimate in estimates(config).values()} == {1}
    assert weights(config) == weights(whole)
    assert not run_once(config, NOW).changed


def test_a_late_file_revises_what_it_touches_and_nothing_else(trained_sample, whole):
    config = trained_sample()
    late = sorted(config.inbox.path.iterdir())[1]
    held = late.rename(config.path.parent / late.name)
    run_once(config, NOW)
    held.rename(late)
    before = estimates(config)
    assert run_once(config, NOW).estimates.revised > 0
    assert all_said(config) == all_said(whole)
    assert weights(config) == weights(whole)
    for time, estimate in estimates(config).items():
        changed = said(estimate) != said(before[time])
        assert estimate["revision"] == (2 if changed else 1)
        # The file begins at six o'clock; an arc that it mends may have closed with what was there.
        assert not changed or time > "2024-05-14T04"


def test_killed_in_the_transaction_and_run_again_ends_as_if_undisturbed(trained_sample, whole):
    killer = (
        "import os, signal, sys\n"
        "import pandas as pd\n"
        "from daemon.config import load_config\n"
        "from daemon.jobs import run_once\n"
        "from daemon.store import Store\n"
        "from pathlib import Path\n"
        "method = getattr(Store, sys.argv[2])\n"
        "def fall(*args, **options):\n"
        "    method(*args, **options)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "setattr(Store, sys.argv[2], fall)\n"
        "run_once(load_config(Path(sys.argv[1])), pd.Timestamp(sys.argv[3]))\n"
    )
    for method in ("put_model", "put_estimates", "put_arc_tracks", "clear_estimates_due"):
        config = trained_sample(method)
        done = subprocess.run(
            [sys.executable, "-c", killer, str(config.path), method, str(NOW)], check=False
        )
        assert done.returncode == -9
        with Store.writing(config.store.path) as store:
            # Half of it would be worse than nothing.
            assert store.estimates(NAME, "live") == []
            assert store.arc_weights(NAME).empty
        run_once(config, NOW)
        assert dump(config) == dump(whole)


def test_another_model_speaks_from_then_on(trained_sample, sample_models):
    config = trained_sample(later=4)
    run_once(config, NOW)
    before, weighed_before = estimates(config), weights(config)
    first, second = (
        load_model(sample_models[kind, NAME]).model_id for kind in ("rf-mdi", "mean-phase")
    )

    change_model(config, sample_models["mean-phase", NAME])
    assert not run_once(config, NOW).changed  # it has nothing to say yet
    deliver(config)
    assert run_once(config, NOW).estimates.revised == 0
    after = estimates(config)
    assert {time: after[time] for time in before} == before
    assert {estimate["model_id"] for estimate in before.values()} == {first}
    new = [estimate for time, estimate in after.items() if time not in before]
    assert {estimate["model_id"] for estimate in new} == {second}
    # An arc keeps the track it had when it was first looked at, unless more of it came.
    kept = weights(config) & weighed_before
    assert len(kept) > 0.9 * len(weighed_before)
    assert {row[-3] for row in weights(config)} == {first, second}
    with Store.reading(config.store.path) as store:
        since = [store.model_since(NAME, model_id) for model_id in (first, second)]
    assert since == [pd.Timestamp(min(before)), pd.Timestamp(min(e["time"] for e in new))]


def test_a_late_file_does_not_revise_what_another_model_said(trained_sample, sample_models):
    config = trained_sample()
    late = sorted(config.inbox.path.iterdir())[1]
    held = late.rename(config.path.parent / late.name)
    run_once(config, NOW)
    before = estimates(config)
    change_model(config, sample_models["mean-phase", NAME])
    held.rename(late)
    report = run_once(config, NOW)
    assert report.ingest.arcs_new > 0
    assert not report.estimates.revised
    assert estimates(config) == before


def test_the_linear_model_gives_way_to_a_trained_one(trained_sample):
    config = trained_sample(later=4)
    text = config.path.read_text()
    config.path.write_text(text.replace('path = "model"', 'kind = "linear"'))
    run_once(load_config(config.path), NOW)
    before = estimates(config)
    assert {estimate["flag"] for estimate in before.values()} == {"calibrating"}
    assert weights(config) == set()
    config.path.write_text(text)
    deliver(config)
    run_once(config, NOW)
    after = estimates(config)
    assert {time: after[time] for time in before} == before
    assert after["2024-05-15T23:45:00Z"]["flag"] == "good"
    # Arcs of windows of the trained model have tracks; it speaks from the 15th on.
    starts = [row[3] for row in weights(config)]
    assert min(starts) >= pd.Timestamp("2024-05-13T22:00Z")
    with Store.reading(config.store.path) as store:
        linear = store.model(NAME, before["2024-05-14T12:00:00Z"]["model_id"])
    assert (linear.name, linear.n_days, linear.tracks) == ("linear", None, ())


def test_a_folder_damaged_after_the_start_does_not_reach_a_loaded_model(trained_sample, whole):
    config = trained_sample(later=4)
    models = StationModels(config)
    run_once(config, NOW, models=models)
    (config.model.path / "arrays.npz").write_bytes(b"nothing")
    deliver(config)
    run_once(config, NOW, models=models)
    assert all_said(config) == all_said(whole)


def test_a_folder_that_cannot_be_used_keeps_estimates_alone_waiting(trained_sample, whole):
    config = trained_sample()
    good = (config.model.path / "arrays.npz").read_bytes()
    (config.model.path / "arrays.npz").write_bytes(good[:-9])
    for new in (488, 0):
        report = run_once(config, NOW)
        assert report.ingest.arcs_new == new
        assert report.estimates.new == 0
        problem = report.problems["model.path"]
        assert "arrays.npz: was changed since it was written" in problem
        assert problem.endswith("estimates wait until it can be used")
    assert estimates(config) == {}
    with Store.reading(config.store.path) as store:
        status = station_status(config, store)
    assert "was changed" in status["notes"]["model.path"]
    (config.model.path / "arrays.npz").write_bytes(good)
    assert run_once(config, NOW).problems == {}
    assert all_said(config) == all_said(whole)
    assert weights(config) == weights(whole)


def test_a_folder_is_read_once_for_all_estimates(trained_sample, monkeypatch):
    from daemon import load_model as loading

    read = []
    monkeypatch.setattr(
        loading, "load_model", lambda folder: read.append(folder) or load_model(folder)
    )
    config = trained_sample(later=8)
    models = StationModels(config)
    for _ in range(8):
        deliver(config, 1)
        run_once(config, NOW, models=models)
    assert read == [config.model.path]
    # One that is given none reads it when there is something to say.
    run_once(config, NOW)
    assert len(read) == 1


def test_a_model_of_another_station_is_refused(trained_sample):
    config = trained_sample(station="othr")
    with pytest.raises(ModelError, match=r"trained on station othr, this one is smpl; name the"):
        StationModels(config).in_use()
    assert "station othr" in run_once(config, NOW).problems["model.path"]
    faults = [f for f in check_station(config, NOW) if f.level == Level.FAULT]
    assert [fault.key for fault in faults] == ["model"]
    assert "station othr" in faults[0].text


def test_a_marker_of_nine_letters_is_the_station_of_four(trained_sample, sample_models):
    config = trained_sample()
    trained = load_model(config.model.path)
    for name in ("SMPL", "SMPL00AUT", ""):
        save_model(dataclasses.replace(trained, station=name), config.model.path)
        assert StationModels(config).in_use().model_id == trained.model_id


@pytest.mark.parametrize("kind", ["auto", "rf-mdi"])
def test_a_kind_that_fits_is_taken(trained_sample, kind):
    config = trained_sample()
    text = config.path.read_text()
    config.path.write_text(text.replace("[model]", f'[model]\nkind = "{kind}"'))
    assert StationModels(load_config(config.path)).in_use().model_id.startswith("rf-mdi-")


def test_a_kind_that_does_not_fit_is_refused_with_key_value_and_remedy(trained_sample):
    config = trained_sample()
    text = config.path.read_text()
    config.path.write_text(text.replace("[model]", '[model]\nkind = "linear"'))
    with pytest.raises(ModelError) as caught:
        StationModels(load_config(config.path)).in_use()
    for words in ('model.kind = "linear"', "holds rf-mdi", 'set kind = "rf-mdi"'):
        assert words in str(caught.value)


def test_a_folder_that_is_not_there_is_told(trained_sample):
    config = trained_sample()
    shutil.rmtree(config.model.path)
    with pytest.raises(ModelError, match=r"model\.path = .*manifest\.json: there is no such file"):
        StationModels(config).in_use()


def test_arcs_have_the_tracks_and_weights_that_the_model_gives_them(whole, sample_models):
    model = load_model(sample_models["rf-mdi", NAME])
    with Store.reading(whole.store.path) as store:
        arcs, found = store.arcs(NAME), store.arc_weights(NAME)
        told = store.model(NAME, model.model_id)
        evening = store.arc_weights(NAME, since=pd.Timestamp("2024-05-15T18:00Z"))
    expected = weigh_arcs(model, arcs)
    expected = expected[expected["track"] != ""]
    assert len(expected) > 250
    assert found["track"].to_dict() == expected["track"].to_dict()
    assert found["track_weight"].to_dict() == expected["track_weight"].to_dict()
    assert set(found["model_id"]) == {model.model_id}
    late = expected["closed"] >= pd.Timestamp("2024-05-15T18:00Z")
    assert set(evening.index) == set(expected.index[late])
    tracks = {one.track: one for one in told.tracks}
    assert len(tracks) == len(model.features.table)
    for number, row in expected.iterrows():
        track = tracks[found.loc[number, "track"]]
        assert (track.satellite, track.signal, track.direction) == tuple(
            row[["satellite", "signal", "direction"]]
        )
        # A repeating track drifts by a few degrees.
        beyond = (row["azimuth_deg"] - track.azimuth_first_deg + 180) % 360 - 180
        assert -5.01 <= beyond <= track.azimuth_width_deg + 5.01


def test_status_names_the_model_in_use(whole, sample_models):
    record = load_model(sample_models["rf-mdi", NAME]).record
    with Store.reading(whole.store.path) as store:
        status = station_status(whole, store)
    told = status["model"]
    assert told["model_id"] == status["estimate"]["model_id"]
    assert told["since"] == "2024-05-14T00:00:00Z"
    assert (told["training"]["first_day"], told["training"]["last_day"]) == (
        "2024-04-02",
        "2024-05-13",
    )
    assert told["training"]["skill"] == record.skill
    words = "\n".join(status_lines(status))
    assert f"model     {told['model_id']}, since 2024-05-14T00:00:00Z" in words
    assert "42 days, 2024-04-02 to 2024-05-13" in words
    assert status["notes"] == {}


def test_check_says_what_the_model_is(trained_sample, sample_models):
    model = load_model(sample_models["rf-mdi", NAME])
    found = [f for f in check_station(trained_sample(), NOW) if f.key == "model"]
    assert [finding.level for finding in found] == [Level.OK]
    for words in (
        f"rf-mdi, id {model.model_id}",
        "42 days of smpl, 2024-04-02 to 2024-05-13",
        f"{len(model.features.table)} tracks; skill {model.record.skill:.2f}",
    ):
        assert words in found[0].text


def test_check_tells_signals_that_the_model_does_not_know(trained_sample):
    config = trained_sample()
    text = config.path.read_text()
    for signals, level in (('["ES1C"]', Level.FAULT), ('["GS5Q"]', Level.NOTE)):
        config.path.write_text(text.replace('["GS1C", "GS2L", "GS5Q"]', signals))
        found = check_station(load_config(config.path), NOW)
        (told,) = (f for f in found if f.key == "model" and f.level != Level.OK)
        assert told.level == level
        assert "GS1C, GS2L, GS5Q" in told.text


def test_check_tells_a_model_that_knows_nothing(trained_sample):
    config = trained_sample()
    trained = load_model(config.model.path)
    record = dataclasses.replace(trained.record, skill=0.05)
    save_model(dataclasses.replace(trained, record=record), config.model.path)
    found = [f for f in check_station(config, NOW) if f.key == "model"]
    assert [finding.level for finding in found] == [Level.NOTE]
    assert "every estimate is degraded" in found[0].text
    run_once(config, NOW)
    assert {e["flag"] for e in estimates(config).values()} == {"degraded"}


def test_the_store_of_a_station_without_model_weighs_nothing(tmp_path):
    config = load_config(write_sample(tmp_path / "plain"))
    run_once(config, NOW)
    connection = sqlite3.connect(config.store.path)
    assert connection.execute("SELECT COUNT(*) FROM model_tracks").fetchone() == (0,)
    assert connection.execute(
        "SELECT COUNT(*) FROM arcs WHERE model_track IS NOT NULL"
    ).fetchone() == (0,)
    connection.close()
    with Store.reading(config.store.path) as store:
        assert np.all(store.model_since(NAME, store.estimates(NAME, "live")[0]["model_id"]))
