"""Retraining at the station: eighty simulated days in a store, and a child process."""

import dataclasses
import errno
import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from daemon import cli, retraining_child
from daemon.check import Level, check_station
from daemon.config import load_config
from daemon.errors import BusyError, ConfigError
from daemon.files import locked
from daemon.last_try import LastTry, Outcome, read_last_try, write_last_try
from daemon.load_model import StationModels
from daemon.retraining import retrain, retrain_due, start_retraining
from daemon.retraining_child import train_anew
from daemon.shelf import Placed, Source
from daemon.shelf_file import change_shelf, read_shelf
from daemon.status import station_status
from daemon.store import FileRecord, FileState, Store
from daemon.utc import utc_text
from retrieval.fusion.model_folder import load_model, save_model
from retrieval.fusion.trained import train
from retrieval.simulation import simulate_arcs
from retrieval.simulation.ground.hourly import ground_series

NOW = pd.Timestamp("2024-08-01", tz="UTC")
DAYS = 80
# The model of the configuration has seen as many of them.
SEEN = 40
CONFIG = """\
[station]
name = "fild"
latitude_deg = 48.25
longitude_deg = 16.75
height_m = 200.0

[inbox]
path = "inbox"

[soil]
texture = "loam"

[store]
path = "fild.sqlite"

[model]
kind = "{kind}"
reference = "probes.csv"
"""


@pytest.fixture(scope="module")
def season(field_scenario):
    """Arcs, and hourly moisture by UTC time."""
    scenario = field_scenario(DAYS)
    ground = ground_series(scenario)
    vwc = pd.Series(ground.moisture.round(4), pd.DatetimeIndex(ground.time), name="vwc")
    return simulate_arcs(scenario).arcs, vwc


@pytest.fixture(scope="module")
def daily(season):
    """Mean moisture of the UTC days with arcs."""
    arcs, vwc = season
    middle = (arcs["start"] + (arcs["end"] - arcs["start"]) / 2).dt.tz_localize(None)
    means = vwc.resample("1D").mean()[vwc.resample("1D").count() >= 12]
    return means[means.index.isin(middle.dt.floor("1D"))]


@pytest.fixture(scope="module")
def configured(season, daily, tmp_path_factory):
    """Folder of a line that was trained on the first days, beside probes that read too high."""
    too_high = daily[:SEEN] + 0.03
    return trained_on(season[0], too_high, tmp_path_factory.mktemp("model") / "line")


def trained_on(arcs, daily, folder, kind="linear"):
    days = daily.index.to_numpy().astype("datetime64[D]")
    save_model(train(arcs, days, daily.to_numpy(), kind), folder)
    return folder


def placed(folder, config):
    """Put a model's folder on the shelf, and return its place."""
    trained = load_model(folder)
    save_model(dataclasses.replace(trained, station="fild"), config.shelf / trained.model_id)
    return Placed(model_id=trained.model_id, since="2024-07-01T00:00:00Z", why="by hand")


@pytest.fixture
def station(season, tmp_path):
    """Factory of stations with these arcs in the store and the probes as reference."""

    def make(kind="linear", path=None, shadow_days=0, vwc=None, arcs=None, **schedule):
        arcs = season[0] if arcs is None else arcs
        vwc = season[1] if vwc is None else vwc
        text = CONFIG.format(kind=kind) + f"shadow_days = {shadow_days}\n"
        text += "" if path is None else f'path = "{path}"\n'
        if schedule:
            text += f'[schedule]\nretrain = "{schedule["retrain"]}"\n'
        (tmp_path / "inbox").mkdir(exist_ok=True)
        (tmp_path / "fild.toml").write_text(text)
        stamped = vwc.set_axis(vwc.index.strftime("%Y-%m-%dT%H:%M:%SZ"))
        stamped.to_csv(tmp_path / "probes.csv", index_label="time")
        config = load_config(tmp_path / "fild.toml")
        config.store.path.unlink(missing_ok=True)
        with Store.writing(config.store.path) as store, store.transaction():
            store.put_file("fild", file_until(arcs["end"].max()))
            store.insert_arcs("fild", arcs.assign(revision=1))
        return config

    return make


def file_until(last):
    return FileRecord(
        path="f.rnx",
        sha256="0",
        size=1,
        kind="observation",
        state=FileState.INGESTED,
        reason="",
        n_epochs=1,
        n_snr=1,
        n_damage=0,
        first_time=utc_text(last - pd.Timedelta(days=1)),
        last_time=utc_text(last),
        cut=False,
        position_m=None,
        satellites="",
        orbits="",
        ingested_at=utc_text(last),
        site="fild",
    )


def shuffled(vwc, seed=1):
    """The same moisture on other days."""
    days = vwc.index.floor("1D")
    order = np.random.default_rng(seed).permutation(days.unique())
    new = dict(zip(days.unique(), order, strict=True))
    index = days.map(new) + (vwc.index - days)
    return pd.Series(vwc.to_numpy(), index, name="vwc").sort_index()


def contents(config):
    """All that lies on the shelf, but for the account of tries and what was logged."""
    return {
        path.relative_to(config.shelf): path.read_bytes()
        for path in sorted(config.shelf.rglob("*"))
        if path.is_file() and path.name not in ("last_try.json", "training.log", "training.lock")
    }


def call(*arguments):
    return CliRunner().invoke(cli.app, ["model", *(str(argument) for argument in arguments)])


def in_use(config):
    return StationModels(config).in_use().model_id


class TestWhatComesOfIt:
    def test_one_that_is_not_worse_replaces_that_of_the_configuration(
        self, station, configured, season, daily
    ):
        config = station(kind="linear", path=configured)
        before = load_model(configured)
        tried = retrain(config)
        assert tried.outcome is Outcome.IN_USE, tried.reason
        assert in_use(config) == tried.model_id != before.model_id
        shelf = read_shelf(config.shelf, "fild")
        assert [(one.model_id, one.source) for one in shelf.before] == [
            (before.model_id, Source.CONFIGURATION)
        ]
        assert shelf.in_use.training["days"] == len(daily)
        # Both were judged on days from the sixth after the last one that the old one had seen on.
        held = daily[daily.index > daily.index[SEEN - 1] + pd.Timedelta(days=5)]
        days = held.index.to_numpy().astype("datetime64[D]")
        said = before.estimate_days(season[0], days)["vwc"]
        rmse = float(np.sqrt(np.mean((said.to_numpy() - held.to_numpy()) ** 2)))
        assert tried.comparison["in_use"]["rmse"] == pytest.approx(rmse, abs=1e-5)
        assert tried.comparison["days"] == len(held)
        assert tried.comparison["new"]["rmse"] <= 1.02 * rmse
        low, high = (tried.comparison["rmse_difference"][name] for name in ("lower", "upper"))
        assert low <= tried.comparison["rmse_difference"]["value"] <= high
        # And once more there is nothing new.
        held = contents(config)
        assert retrain(config).outcome is Outcome.UNCHANGED
        assert contents(config) == held

    def test_it_is_the_model_that_train_makes_of_the_same_days(self, station, tmp_path):
        config = station(kind="mean-phase")
        tried = retrain(config)
        options = ("--reference", config.model.reference, "--model", "mean-phase")
        arguments = ("train", "--config", config.path, *options, "--out", tmp_path / "m")
        CliRunner().invoke(cli.app, [str(argument) for argument in arguments])
        for name in ("arrays.npz", "tracks.csv", "manifest.json"):
            made = (config.shelf / tried.model_id / name).read_bytes()
            assert made == (tmp_path / "m" / name).read_bytes()

    def test_the_linear_model_without_reference_is_asked_as_it_stands(self, station):
        config = station()
        before = in_use(config)
        tried = retrain(config)
        assert tried.outcome is Outcome.IN_USE
        assert f"{before} " in tried.reason
        assert tried.comparison["how"].endswith("days in blocks that were left out")
        # It levels moisture after thirty days with arcs, and says nothing of it before.
        assert 40 <= tried.comparison["days"] <= DAYS - 29

    def test_one_that_does_worse_is_refused_and_kept_with_its_figures(
        self, station, season, daily, tmp_path
    ):
        config = station(kind="mean-phase")
        good = placed(trained_on(season[0], daily, tmp_path / "good"), config)
        change_shelf(config.shelf, "fild", lambda shelf: shelf.put_in_use(good, good))
        # All days have trained it, so that both are trained anew under the same folds.
        tried = retrain(config)
        told = tried.comparison
        assert tried.outcome is Outcome.REFUSED, tried.reason
        assert told["new"]["rmse"] > 1.02 * told["in_use"]["rmse"]
        assert told["days"] == len(daily)
        shelf = read_shelf(config.shelf, "fild")
        assert shelf.in_use == good
        assert [one.model_id for one in shelf.refused] == [tried.model_id]
        assert shelf.refused[0].comparison == told
        assert (config.shelf / tried.model_id / "manifest.json").exists()
        listed = call("list", "--config", config.path).stdout
        assert f"refused   {tried.model_id}" in listed
        assert f"RMSE {told['new']['rmse']:.4f}" in listed

    def test_a_shuffled_reference_teaches_nothing(self, station, season, configured):
        config = station(path=configured, vwc=shuffled(season[1]))
        before = in_use(config)
        tried = retrain(config)
        assert tried.outcome is Outcome.REFUSED
        assert "explains next to nothing of the reference" in tried.reason
        assert in_use(config) == before

    def test_a_new_firmware_makes_the_old_model_mute(self, station, season, daily, configured):
        arcs = season[0]
        late = arcs["start"] >= daily.index[SEEN].tz_localize("UTC")
        newer = arcs["equipment"].str.replace("| 1 |", "| 2 |", regex=False)
        arcs = arcs.assign(equipment=arcs["equipment"].where(~late, newer))
        tried = retrain(station(path=configured, arcs=arcs))
        assert tried.outcome is Outcome.IN_USE
        assert "says something of 0 days only" in tried.reason

    def test_with_days_of_shadow_the_model_in_use_stays(self, station, configured):
        config = station(path=configured, shadow_days=7)
        before = in_use(config)
        tried = retrain(config)
        assert tried.outcome is Outcome.SHADOW
        assert in_use(config) == before
        assert StationModels(config).shadow().model_id == tried.model_id
        with Store.reading(config.store.path) as store:
            status = station_status(config, store)
        assert status["shelf"]["last_try"]["outcome"] == "shadow"
        assert [row["state"] for row in status["shelf"]["models"]] == ["shadow"]
        # The trial is not begun anew by another training on the same days.
        shelf = read_shelf(config.shelf, "fild")
        assert retrain(config).outcome is Outcome.UNCHANGED
        assert read_shelf(config.shelf, "fild") == shelf

    def test_too_few_days_are_told(self, station, season):
        vwc = season[1]
        config = station(vwc=vwc[vwc.index < vwc.index[0] + pd.Timedelta(days=20)])
        result = call("retrain", "--config", config.path)
        assert result.exit_code == 3
        assert "expected 30 or more; give a longer record" in result.stderr
        assert read_last_try(config.shelf).outcome is Outcome.FAILED
        assert contents(config).keys() == {
            config.shelf.joinpath("shelf.lock").relative_to(config.shelf)
        }

    def test_a_model_in_use_that_cannot_be_loaded_does_not_stand_in_the_way(
        self, station, configured, tmp_path
    ):
        config = station(path=tmp_path / "nowhere", shadow_days=7)
        tried = retrain(config)
        assert tried.outcome is Outcome.IN_USE
        assert "cannot be asked" in tried.reason
        assert in_use(config) == tried.model_id


KILLER = """\
import os, signal, sys
from pathlib import Path
from daemon import retraining_child as child
from daemon import shelf_file
from daemon.config import load_config

def fall(*args, **options):
    if sys.argv[2] == "written_whole":
        (args[0].parent / ".soilglint-cut.json").write_text("{")
    if sys.argv[2] == "save_model":
        args[1].mkdir(parents=True)
        (args[1] / "tracks.csv").write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)

module = shelf_file if sys.argv[2] == "written_whole" else child
setattr(module, sys.argv[2], fall)
child.train_anew(load_config(Path(sys.argv[1])))
"""


class TestHarm:
    @pytest.mark.parametrize("where", ["train", "save_model", "change_shelf", "written_whole"])
    def test_killed_at_any_point_the_shelf_is_as_it_was(self, station, configured, where):
        config = station(path=configured)
        config.shelf.mkdir()
        done = subprocess.run([sys.executable, "-c", KILLER, str(config.path), where], check=False)
        assert done.returncode == -9
        assert not (config.shelf / "shelf.json").exists()
        assert in_use(config) == load_model(configured).model_id
        assert read_last_try(config.shelf).outcome is Outcome.BEGUN
        left = {path.name for path in config.shelf.iterdir() if path.is_dir()}
        assert (where == "train") == (not left)
        # What it has left behind is gone after the next one, whatever that one makes.
        config.path.write_text(config.path.read_text().replace('"linear"', '"mean-phase"'))
        text = config.path.read_text().replace(f'path = "{configured}"\n', "")
        config.path.write_text(text)
        tried = retrain(load_config(config.path))
        assert tried.outcome is Outcome.IN_USE, tried.reason
        assert {path.name for path in config.shelf.iterdir()} == {
            "last_try.json",
            "shelf.json",
            "shelf.lock",
            "training.lock",
            "training.log",
            tried.model_id,
        }

    def test_a_full_disk_leaves_the_shelf_as_it_was(self, station, configured, monkeypatch):
        config = station(path=configured)
        config.shelf.mkdir()

        def full(trained, folder, sources):
            folder.mkdir(parents=True)
            (folder / "tracks.csv").write_text("half")
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(retraining_child, "save_model", full)
        tried = train_anew(config)
        assert tried.outcome is Outcome.FAILED
        assert "No space left on device" in tried.reason
        assert {path.name for path in config.shelf.iterdir()} == {"last_try.json", "shelf.lock"}

    def test_a_rollback_meanwhile_wins(self, station, configured, monkeypatch):
        config = station(path=configured)
        first = retrain(config).model_id
        # So that it is another one than before.
        probes = config.model.reference
        probes.write_text("\n".join(probes.read_text().splitlines()[:-48]) + "\n")
        compared = retraining_child.compare

        def comparing(*args):
            found = dataclasses.replace(compared(*args), good_enough=True)
            assert call("rollback", "--config", config.path).exit_code == 0
            return found

        monkeypatch.setattr(retraining_child, "compare", comparing)
        tried = train_anew(config)
        assert tried.outcome is Outcome.FAILED
        assert "was changed while this one was trained" in tried.reason
        shelf = read_shelf(config.shelf, "fild")
        assert (shelf.in_use.source, shelf.shadow) == (Source.CONFIGURATION, None)
        assert [one.model_id for one in shelf.refused] == [first]

    def test_one_at_a_time(self, station):
        config = station()
        config.shelf.mkdir()
        with locked(config.shelf / "training.lock"), pytest.raises(BusyError, match="at work"):
            retrain(config)
        with locked(config.shelf / "training.lock"):
            assert call("retrain", "--config", config.path).exit_code == 4

    def test_what_takes_too_long_is_ended(self, station):
        config = station(kind="auto")
        tried = retrain(config, limit_s=1)
        assert tried.outcome is Outcome.FAILED
        assert "took longer than" in tried.reason
        assert not (config.shelf / "shelf.json").exists()

    def test_stopping_ends_the_child_and_changes_nothing(self, station):
        config = station(kind="auto")
        running = start_retraining(config)
        assert running.poll() is None
        running.stop()
        assert running.process.returncode is not None
        assert not (config.shelf / "shelf.json").exists()
        assert running.poll().outcome is Outcome.FAILED

    def test_a_child_that_falls_says_where(self, station):
        config = station()
        config.path.write_text("nothing")
        tried = retrain(config)
        assert tried.outcome is Outcome.FAILED
        assert "exit status 1" in tried.reason
        assert "training.log" in tried.reason
        assert "ConfigError" in (config.shelf / "training.log").read_text()

    def test_without_a_reference_the_key_is_named(self, station):
        config = station()
        config.path.write_text(config.path.read_text().replace('reference = "probes.csv"\n', ""))
        with pytest.raises(ConfigError, match=r"model\.reference is missing"):
            start_retraining(load_config(config.path))

    def test_the_service_loads_nothing_that_trains(self):
        code = (
            "import sys\n"
            "import daemon.retraining, daemon.shadowing\n"
            "print([n for n in ('sklearn', 'skops', 'torch') if n in sys.modules])\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == "[]"


class TestByHand:
    def test_promote_and_rollback(self, station, configured):
        config = station(path=configured, shadow_days=7)
        first = in_use(config)
        new = retrain(config).model_id
        models = StationModels(config)
        assert models.in_use().model_id == first
        result = call("promote", "--config", config.path)
        assert result.exit_code == 0, result.output
        assert new in result.stdout
        # A process that has them loaded notices.
        assert models.in_use().model_id == new
        assert models.shelf.shadow is None
        told = json.loads(call("rollback", "--config", config.path, "--json").stdout)
        assert told["in_use"] == first
        assert models.in_use().model_id == first
        assert call("rollback", "--config", config.path).exit_code == 2
        # What was taken back can be put in use again.
        assert call("promote", new, "--config", config.path).exit_code == 0
        assert models.in_use().model_id == new
        rows = json.loads(call("list", "--config", config.path, "--json").stdout)
        assert [(row["state"], row["model_id"]) for row in rows] == [
            ("in_use", new),
            ("before", first),
        ]

    def test_what_cannot_be_promoted(self, station, configured):
        config = station(path=configured)
        result = call("promote", "--config", config.path)
        assert (result.exit_code, "no model is in shadow" in result.stderr) == (2, True)
        new = retrain(config).model_id
        assert call("promote", new, "--config", config.path).exit_code == 2
        assert call("promote", "linear-00000000", "--config", config.path).exit_code == 2
        call("rollback", "--config", config.path)
        (config.shelf / new / "arrays.npz").write_bytes(b"nothing")
        before = contents(config)
        result = call("promote", new, "--config", config.path)
        assert result.exit_code == 3
        assert "was changed since it was written" in result.stderr
        assert contents(config) == before

    def test_status_and_check_say_that_the_shelf_comes_first(self, station, configured):
        config = station(path=configured)
        assert not [f for f in check_station(config, NOW) if f.key == "model.path"]
        new = retrain(config).model_id
        with Store.reading(config.store.path) as store:
            note = station_status(config, store)["notes"]["model.path"]
        assert f"not in use, for {new} of the shelf" in note
        found = {f.key: f for f in check_station(config, NOW)}
        assert found["model.path"].level is Level.NOTE
        assert new in found["model"].text
        assert "linear is trained on it by hand" in found["model.reference"].text
        config.model.reference.unlink()
        found = {f.key: f for f in check_station(config, NOW)}
        assert found["model.reference"].level is Level.MISSING

    def test_an_empty_shelf_is_told(self, station):
        config = station()
        result = call("list", "--config", config.path)
        assert "no model was trained here yet" in result.stdout
        assert call("compare", "--config", config.path).exit_code == 2


class TestDue:
    NOW = pd.Timestamp("2025-06-01", tz="UTC")

    @pytest.fixture
    def due(self, config_file, config_text, made_arcs, tmp_path):
        """Ask with n days of arcs and reference, from 2025-01-10 on, and data up to the last."""

        def ask(n, retrain="weekly", n_reference=None, now=self.NOW, tried=None):
            text = config_text + '[model]\nreference = "p.csv"\n'
            config = load_config(config_file(text + f'[schedule]\nretrain = "{retrain}"\n'))
            days = pd.date_range("2025-01-10", periods=n_reference or n, freq="D")
            rows = [f"{day:%Y-%m-%d}T12:00:00Z,0.2" for day in days]
            (tmp_path / "p.csv").write_text("\n".join(["time,vwc", *rows]) + "\n")
            config.store.path.unlink(missing_ok=True)
            config.shelf.mkdir(parents=True, exist_ok=True)
            if tried is not None:
                write_last_try(config.shelf, tried)
            arcs = made_arcs(n)
            record = dataclasses.replace(file_until(arcs["end"].max()), site="test")
            with Store.writing(config.store.path, make_folder=True) as store:
                with store.transaction():
                    store.put_file("test", record)
                    store.insert_arcs("test", arcs.assign(revision=1))
                return retrain_due(config, store, now)

        return ask

    def test_the_first_one_when_there_are_days_enough(self, due):
        assert not due(29)
        assert due(30)
        assert not due(30, retrain="manual")
        assert not due(60, n_reference=29)
        # Days after now do not count, nor does their time.
        assert not due(60, now=pd.Timestamp("2025-01-20", tz="UTC"))

    @pytest.mark.parametrize(("retrain", "wait"), [("weekly", 7), ("monthly", 30)])
    def test_then_after_a_week_or_a_month_of_data(self, due, retrain, wait):
        # n days of data end on day n, 2025-01-10 being the first, at 12:40; day 32 is 02-10.
        tried = LastTry(
            outcome=Outcome.REFUSED, begun="2025-02-10T12:00:00Z", last_day="2025-01-15"
        )
        assert not due(31 + wait, retrain=retrain, tried=tried)
        assert due(32 + wait, retrain=retrain, tried=tried)

    def test_and_with_twenty_new_days_of_the_reference(self, due):
        # 2025-02-01, the last that trained, is day 23.
        tried = LastTry(
            outcome=Outcome.REFUSED, begun="2025-02-10T12:00:00Z", last_day="2025-02-01"
        )
        assert not due(64, n_reference=42, tried=tried)
        assert due(64, n_reference=43, tried=tried)
        assert not due(42, tried=tried)
        assert due(43, tried=tried)

    def test_one_that_was_cut_off_is_tried_again_a_day_later(self, due):
        tried = LastTry(outcome=Outcome.BEGUN, begun="2025-02-10T12:00:00Z")
        assert not due(32, tried=tried)
        assert due(33, tried=tried)
