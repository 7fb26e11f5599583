import html
import importlib.util
import json
import re

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from typer.testing import CliRunner

from daemon import cli
from daemon.config import load_config
from daemon.estimates import ESTIMATE_FIELDS
from daemon.store import Store
from daemon.training_record import record_of
from retrieval.arc_files import read_arc_table
from retrieval.fusion.model_folder import load_model
from retrieval.simulation import simulate_arcs
from retrieval.simulation.ground.hourly import ground_series
from retrieval.version import VERSION

PBO_HEAD = """\
# author = PBO H2O Data Portal
# Date, NLDAS_temp_avg (unit="deg C" ), NLDAS_precip(unit="mm"), snow_depth(unit="m"), \
volumetric_soil_moisture (unit="cm3 cm-3")
"""


def call(*arguments):
    return CliRunner().invoke(cli.app, [str(argument) for argument in arguments])


def told(*arguments):
    """Call with --json, expect success, and return what is told."""
    result = call(*arguments, "--json")
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    return json.loads(result.stdout, parse_constant=lambda name: pytest.fail(f"{name} in JSON"))


def refusal(code, *arguments):
    result = call(*arguments)
    assert result.exit_code == code, result.output
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    return " ".join(result.stderr.split())


@pytest.fixture(scope="module")
def truth(field_scenario):
    """Hourly moisture, rain and temperature of the scenario, by UTC time."""
    ground = ground_series(field_scenario(70))
    return pd.DataFrame(
        {
            "vwc": ground.moisture.round(4),
            "rain_mm": ground.rain_mm.round(2),
            "temperature_c": ground.temperature_c.round(2),
        },
        index=pd.DatetimeIndex(ground.time),
    )


def write_csv(path, table):
    stamped = table.set_axis(table.index.strftime("%Y-%m-%dT%H:%M:%SZ"))
    stamped.to_csv(path, index_label="time")
    return path


@pytest.fixture(scope="module")
def field(field_scenario, truth, tmp_path_factory):
    """A folder with arcs.parquet, probes.csv and weather.csv: seventy days of six satellites."""
    folder = tmp_path_factory.mktemp("field")
    simulate_arcs(field_scenario(70)).arcs.to_parquet(folder / "arcs.parquet")
    write_csv(folder / "probes.csv", truth[["vwc"]])
    write_csv(folder / "weather.csv", truth[["rain_mm", "temperature_c"]])
    return folder


@pytest.fixture(scope="module")
def daily(field, truth):
    """Mean moisture of the UTC days in whose course an arc passed its middle."""
    arcs = pd.read_parquet(field / "arcs.parquet")
    middle = arcs["start"] + (arcs["end"] - arcs["start"]) / 2
    means = truth["vwc"].resample("1D").mean()
    return means[means.index.isin(middle.dt.tz_localize(None).dt.floor("1D"))]


@pytest.fixture(scope="module")
def given(field):
    """The options that name arcs and reference."""
    return ("--arcs", field / "arcs.parquet", "--reference", field / "probes.csv")


@pytest.fixture(scope="module")
def model(field, given):
    """The folder of a trained line."""
    folder = field / "line"
    assert call("train", *given, "--model", "linear", "--out", folder).exit_code == 0
    return folder


@pytest.fixture(scope="module")
def weathered(field, given):
    """The folder of a line that was trained with weather."""
    folder = field / "weathered"
    options = ("--model", "linear", "--weather", field / "weather.csv")
    assert call("train", *given, *options, "--out", folder).exit_code == 0
    return folder


class TestTrain:
    def test_a_table_and_a_reference_suffice(self, field, given, daily, tmp_path):
        out = tmp_path / "model"
        result = call("train", *given, "--preset", "lm", "--out", out)
        assert result.exit_code == 0, result.output
        assert result.stderr == ""
        words = " ".join(result.stdout.split())
        assert f"trained on {len(daily)} days, {daily.index[0].date()} to " in words
        assert "ubRMSE" in words
        assert "12 tracks" in words  # six satellites, rising and setting
        assert f"estimate --arcs {field / 'arcs.parquet'} --model {out} --out" in words
        assert load_model(out).station == "fild"
        assert "weighs fusion" in words
        found = {path.name for path in out.iterdir()}
        assert {"manifest.json", "tracks.csv", "arrays.npz"} <= found
        assert found <= {"manifest.json", "tracks.csv", "arrays.npz", "forest.skops", "rest.skops"}

    def test_the_summary_as_json(self, given, daily, tmp_path):
        out = tmp_path / "model"
        summary = told("train", *given, "--preset", "lm", "--out", out)
        assert summary["days"] == len(daily)
        assert summary["first_day"] == str(daily.index[0].date())
        assert summary["last_day"] == str(daily.index[-1].date())
        assert summary["reference"] == "CSV, means of UTC days"
        assert summary["reference_range"] == pytest.approx([daily.min(), daily.max()], abs=1e-4)
        found = summary["cross_validation"]
        assert found["r"] > 0.8
        assert found["rmse"] ** 2 == pytest.approx(found["bias"] ** 2 + found["ubrmse"] ** 2)
        # In blocks that it had not seen: what is left over of the reference's variance.
        assert found["skill"] == (
            pytest.approx(1 - found["rmse"] ** 2 / daily.var(ddof=0), abs=1e-4)
        )
        weights = [one["weight"] for one in summary["heaviest_tracks"]]
        assert weights == sorted(weights, reverse=True)
        assert weights[0] == 1

    def test_tracks_that_all_weigh_alike_are_not_listed(self, given, tmp_path):
        result = call("train", *given, "--model", "mean-phase", "--out", tmp_path / "m")
        assert result.exit_code == 0, result.output
        assert "heaviest" not in result.stdout
        assert "mean-phase-" in result.stdout

    @pytest.mark.parametrize("name", ["svm", "rbf"])
    def test_a_rival_is_trained_and_estimates(self, field, given, daily, tmp_path, name):
        out, table = tmp_path / "m", tmp_path / "moisture.csv"
        summary = told("train", *given, "--model", name, "--out", out)
        assert summary["model_id"].startswith(f"{name}-")
        assert summary["cross_validation"]["skill"] > 0.1
        options = ("--arcs", field / "arcs.parquet", "--model", out, "--out", table)
        assert call("estimate", *options).exit_code == 0
        assert pd.read_csv(table)["model_id"].unique().tolist() == [summary["model_id"]]

    def test_a_model_from_before_is_replaced_by_an_equal_one(self, given, model, tmp_path):
        out = tmp_path / "model"
        options = ("--model", "linear", "--out", out)
        first = told("train", *given, *options)["model_id"]
        before = {path.name: path.read_bytes() for path in out.iterdir()}
        assert told("train", *given, *options)["model_id"] == first
        assert {path.name: path.read_bytes() for path in out.iterdir()} == before
        assert {path.name: path.read_bytes() for path in model.iterdir()} == before

    def test_the_daily_text_of_pbo_is_a_reference(self, field, daily, tmp_path):
        path = tmp_path / "p.csv"
        noon = daily.round(3).set_axis(daily.index + pd.Timedelta("12h"))
        lines = [
            f"{time:%Y-%m-%dT%H:%M:%SZ}, 9.0,  0.0,  0.00, {vwc}" for time, vwc in noon.items()
        ]
        path.write_text(PBO_HEAD + "\n".join(lines) + "\n")
        given = ("--arcs", field / "arcs.parquet", "--reference", path, "--model", "linear")
        summary = told("train", *given, "--out", tmp_path / "m")
        assert summary["reference"] == "PBO H2O, one value a day"
        assert summary["days"] == len(daily)
        assert summary["reference_range"] == [noon.min(), noon.max()]

    def test_a_file_of_ismn_is_a_reference_without_its_dubious_rows(
        self, field, truth, daily, tmp_path
    ):
        path = tmp_path / "N_N_Fild_sm_0.050000_0.050000_Probe_20240430_20240710.stm"
        bad = truth.index.normalize() == pd.Timestamp("2024-05-20")
        lines = ["NET NET Fild 48.25 16.75 200.0 0.05 0.05 Probe"]
        lines += [
            f"{time:%Y/%m/%d %H:%M} {'0.5900 D03' if wrong else f'{vwc:.4f} G'} M"
            for (time, vwc), wrong in zip(truth["vwc"].items(), bad, strict=True)
        ]
        path.write_text("\n".join(lines) + "\n")
        given = ("--arcs", field / "arcs.parquet", "--reference", path, "--model", "linear")
        summary = told("train", *given, "--out", tmp_path / "m")
        assert summary["reference"] == "ISMN, means of UTC days"
        assert summary["days"] == len(daily) - 1
        assert summary["reference_range"][1] < 0.5

    def test_since_and_until_name_the_first_and_the_last_day(self, given, tmp_path):
        span = ("--since", "2024-05-10", "--until", "2024-06-30")
        summary = told("train", *given, *span, "--model", "linear", "--out", tmp_path / "m")
        assert (summary["first_day"], summary["last_day"]) == ("2024-05-10", "2024-06-30")
        assert summary["days"] == 22 + 30

    def test_days_of_frost_do_not_train(self, given, truth, daily, tmp_path):
        cold = truth[["temperature_c"]].clip(lower=5)
        cold.loc["2024-06-01":"2024-06-03"] = -5.0
        path = write_csv(tmp_path / "cold.csv", cold)
        summary = told(
            *("train", *given, "--weather", path, "--model", "linear", "--out", tmp_path / "m")
        )
        assert summary["days"] == len(daily) - 3

    def test_of_several_stations_one_is_named(self, field, tmp_path):
        arcs = pd.read_parquet(field / "arcs.parquet")
        both = tmp_path / "both.parquet"
        pd.concat([arcs, arcs.assign(station="othr")]).to_parquet(both)
        given = ("--arcs", both, "--reference", field / "probes.csv", "--model", "linear")
        message = refusal(2, "train", *given, "--out", tmp_path / "m")
        assert "holds arcs of 2 stations (fild, othr)" in message
        assert "--station" in message
        alone = told("train", *given, "--station", "othr", "--out", tmp_path / "m")
        assert alone["tracks"] == 12
        assert "no arcs of station 'nope'" in refusal(
            2, "train", *given, "--station", "nope", "--out", tmp_path / "n"
        )
        assert not (tmp_path / "n").exists()

    def test_the_arcs_of_a_store_teach_the_same_as_their_table(
        self, field, model, config_file, config_text, tmp_path
    ):
        config = config_file(config_text.replace('"test"', '"fild"'))
        arcs = pd.read_parquet(field / "arcs.parquet")
        path = load_config(config).store.path
        with Store.writing(path, make_folder=True) as store, store.transaction():
            store.insert_arcs("fild", arcs.assign(revision=1))
        result = call(
            *("train", "--config", config, "--reference", field / "probes.csv"),
            *("--model", "linear", "--out", tmp_path / "m"),
        )
        assert result.exit_code == 0, result.output
        assert f"estimate --config {config} --model" in result.stdout
        for name in ("arrays.npz", "tracks.csv"):
            assert (tmp_path / "m" / name).read_bytes() == (model / name).read_bytes()

    def test_a_store_of_two_days_is_too_short(self, sample, tmp_path):
        config = sample / "soilglint.toml"
        CliRunner().invoke(cli.app, ["run", "--config", str(config), "--once"])
        path = tmp_path / "probes.csv"
        hours = pd.date_range("2024-05-12", "2024-05-17", freq="h")
        write_csv(path, pd.DataFrame({"vwc": np.linspace(0.2, 0.3, len(hours))}, index=hours))
        for command in ("train", "evaluate"):
            message = refusal(
                3, command, "--config", config, "--reference", path, "--out", tmp_path / "o"
            )
            assert "days with arcs, a reference and thawed ground" in message
            assert "expected 30 or more; give a longer record" in message
        assert not (tmp_path / "o").exists()


class TestEstimate:
    def estimate(self, field, folder, out, *others):
        arcs = ("--arcs", field / "arcs.parquet")
        return call("estimate", *arcs, "--model", folder, "--out", out, *others)

    def test_estimates_are_those_of_the_contract(self, field, model, truth, tmp_path):
        out = tmp_path / "m.csv"
        result = self.estimate(field, model, out)
        assert result.exit_code == 0, result.output
        moisture = pd.read_csv(out)
        assert list(moisture.columns) == list(ESTIMATE_FIELDS)
        assert set(moisture["product"]) == {"daily"}
        assert set(moisture["flag"]) <= {"good", "degraded", "extrapolated"}
        assert moisture["model_id"].nunique() == 1
        assert moisture["model_id"].str.startswith("linear-").all()
        assert moisture["time"].str.fullmatch(r"2024-0[5-7]-\d\dT00:00:00Z").all()
        good = moisture[moisture["flag"] == "good"]
        assert len(good) >= 60
        assert (good["vwc_lower"] <= good["vwc"]).all()
        assert (good["vwc"] <= good["vwc_upper"]).all()
        assert (good["n_tracks_expected"] == 12).all()
        past = truth["vwc"].rolling("24h", closed="left").mean()
        then = past[pd.DatetimeIndex(good["time"]).tz_localize(None)]
        assert np.corrcoef(good["vwc"], then)[0, 1] > 0.9
        low = moisture["coverage"] < 0.5
        assert (moisture.loc[low, "flag"] != "good").all()
        assert low.any()  # the first night has few arcs

    def test_the_summary_as_json(self, field, model, tmp_path):
        summary = json.loads(self.estimate(field, model, tmp_path / "m.csv", "--json").stdout)
        table = pd.read_csv(tmp_path / "m.csv")
        assert summary["flags"] == table["flag"].value_counts().to_dict()
        assert summary["model_id"] == table["model_id"][0]
        assert summary["mode"] == "causal"

    def test_a_grid_of_ones_own(self, field, model, tmp_path):
        out = tmp_path / "m.parquet"
        assert self.estimate(field, model, out, "--every", 360).exit_code == 0
        table = pd.read_parquet(out)
        assert set(table["product"]) == {"live"}
        assert set(table["time"].dt.hour) == {0, 6, 12, 18}

    def test_weather_stands_on_both_ends_or_on_none(self, field, model, weathered, tmp_path):
        out, weather = tmp_path / "m.csv", field / "weather.csv"
        arguments = ("estimate", "--arcs", field / "arcs.parquet", "--out", out, "--model")
        assert "give --weather FILE" in refusal(2, *arguments, weathered)
        assert "leave it out" in refusal(2, *arguments, model, "--weather", weather)
        assert not out.exists()
        assert call(*arguments, weathered, "--weather", weather).exit_code == 0
        assert (pd.read_csv(out)["flag"] == "good").sum() >= 60
        missing = refusal(3, *arguments, weathered, "--weather", tmp_path / "none.csv")
        assert "none.csv: there is no such file" in missing

    @pytest.mark.parametrize("ending", ["csv", "parquet"])
    def test_arcs_with_their_tracks_and_weights(self, field, given, tmp_path, ending):
        model, path = tmp_path / "model", tmp_path / f"weights.{ending}"
        told("train", *given, "--preset", "lm", "--out", model)
        result = self.estimate(field, model, tmp_path / "m.csv", "--weights", path)
        assert result.exit_code == 0, result.output
        assert str(path) in result.stdout
        table = pd.read_csv(path) if ending == "csv" else pd.read_parquet(path)
        arcs = read_arc_table(path)  # it still is an arc table
        pd.testing.assert_frame_equal(arcs, read_arc_table(field / "arcs.parquet"))
        assert list(table.columns) == [*arcs.columns, "track", "track_weight"]
        known = table["track_weight"].notna()
        assert known.sum() > 0.9 * table["accepted"].sum()
        assert not known[~table["accepted"]].any()
        assert table.loc[known, "track_weight"].between(0, 1).all()
        name = table["satellite"] + "-" + table["signal"] + "-" + table["direction"]
        # Behind the direction stand the token of the equipment and where the azimuths begin.
        assert (table["track"].str.rsplit("-", n=2).str[0] == name)[known].all()
        if ending == "csv":
            assert table["start"].str.endswith("Z").all()

    def test_arcs_of_a_store_with_their_weights(
        self, field, model, config_file, config_text, tmp_path
    ):
        config = config_file(config_text.replace('"test"', '"fild"'))
        arcs = pd.read_parquet(field / "arcs.parquet")
        where = load_config(config).store.path
        with Store.writing(where, make_folder=True) as store, store.transaction():
            store.insert_arcs("fild", arcs.assign(revision=1))
        path = tmp_path / "weights.parquet"
        options = ("--model", model, "--out", tmp_path / "m.csv", "--weights", path)
        summary = told("estimate", "--config", config, *options)
        assert summary["weights"] == str(path)
        table = pd.read_parquet(path)
        assert len(table) == arcs["accepted"].sum()
        assert (table["track_weight"].dropna() == 1).all()

    def test_weights_are_refused_where_there_are_none_or_no_place(self, field, model, tmp_path):
        out, arcs = tmp_path / "m.csv", field / "arcs.parquet"
        given = ("estimate", "--arcs", arcs, "--out", out)
        for options, words in (
            (("--texture", "loam", "--weights", tmp_path / "w.csv"), "weighs no arcs"),
            (("--model", model, "--weights", out), "is where --out goes"),
            (("--model", model, "--weights", arcs), f"--weights {arcs}: is a file that is read"),
            (("--model", model, "--weights", tmp_path / "w.txt"), "--weights"),
        ):
            assert words in refusal(2, *given, *options)
        assert not out.exists()

    def test_what_is_next_after_training_can_be_typed(self, field, given, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        options = ("--model", "linear", "--weather", field / "weather.csv", "--out", "linear")
        lines = call("train", *given, *options).stdout.splitlines()
        assert lines[-1].split()[0] == "soilglint"
        result = call(*lines[-1].split()[1:])
        assert result.exit_code == 0, result.output
        written = pd.read_csv(tmp_path / "moisture.csv")["model_id"]
        assert written.unique() == [lines[0].split()[1]]

    def test_frost_in_the_weather_is_flagged(self, field, weathered, truth, tmp_path):
        cold = truth[["rain_mm", "temperature_c"]].copy()
        cold.loc["2024-06-01 00:00":"2024-06-02 00:00", "temperature_c"] = -5.0
        weather = write_csv(tmp_path / "cold.csv", cold)
        out = tmp_path / "m.csv"
        assert self.estimate(field, weathered, out, "--weather", weather).exit_code == 0
        table = pd.read_csv(out, index_col="time")
        frozen = table[table["flag"] == "frozen"]
        assert "2024-06-02T00:00:00Z" in frozen.index
        assert len(frozen) <= 2
        assert frozen["vwc"].isna().all()

    @pytest.mark.parametrize("name", ["manifest.json", "tracks.csv", "arrays.npz"])
    @pytest.mark.parametrize("damage", ["lost", "cut"])
    def test_a_damaged_folder_is_refused(self, field, model, name, damage, tmp_path):
        folder = tmp_path / "model"
        folder.mkdir()
        for path in model.iterdir():
            (folder / path.name).write_bytes(path.read_bytes())
        if damage == "lost":
            (folder / name).unlink()
        else:
            (folder / name).write_bytes((model / name).read_bytes()[:-40])
        out = tmp_path / "m.csv"
        arcs = ("--arcs", field / "arcs.parquet")
        message = refusal(3, "estimate", *arcs, "--model", folder, "--out", out)
        assert name in message
        assert not out.exists()

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            (["--texture", "loam"], "a trained model has no use for them"),
            (["--latitude", "48"], "a trained model has no use for them"),
            (["--mode", "retrospective"], "knows the past only"),
            (["--every", "7"], "divides a day"),
        ],
    )
    def test_options_that_a_trained_model_cannot_take(self, field, model, options, words, tmp_path):
        arguments = ("--arcs", field / "arcs.parquet", "--model", model, *options)
        assert words in refusal(2, "estimate", *arguments, "--out", tmp_path / "m.csv")

    def test_weather_is_nothing_for_the_untrained_line(self, field, tmp_path):
        options = ("--arcs", field / "arcs.parquet", "--texture", "loam", "--weather", "w.csv")
        message = refusal(2, "estimate", *options, "--out", tmp_path / "m.csv")
        assert "the linear model has no use for it" in message


class TestEvaluate:
    def test_persistence_is_scored_as_by_hand_and_starred(self, given, daily, tmp_path):
        out = tmp_path / "deep" / "scores"
        models = "linear,mean-phase,climatology,persistence,time-interpolation"
        result = call("evaluate", *given, "--models", models, "--out", out)
        assert result.exit_code == 0, result.output
        assert result.stderr == ""
        rows = {line.split()[0]: line.split() for line in result.stdout.splitlines()}
        assert "persistence*" in rows
        assert "time-interpolation*" in rows
        assert "linear" in rows
        assert "* is fed by the reference" in result.stdout
        assert "ubRMSE" in result.stdout
        # The last 30 % of the days test; the day before is known for each.
        first = round(0.7 * len(daily))
        off = daily.diff().to_numpy()[first:]
        metrics = json.loads(
            (out / "metrics.json").read_text(),
            parse_constant=lambda name: pytest.fail(f"{name} in JSON"),
        )
        assert (metrics["days"], metrics["split"]) == (len(daily), "time")
        assert set(metrics["sources"]) == {"reference", "arcs"}
        scores = {row["model"]: row for row in metrics["scores"]}
        assert list(scores) == models.split(",")
        persistence = scores["persistence"]
        assert persistence["n"] == len(off)
        assert persistence["rmse"] == pytest.approx(np.sqrt(np.mean(off**2)), abs=1e-6)
        assert persistence["bias"] == pytest.approx(-off.mean(), abs=1e-6)
        assert persistence["ubrmse"] == pytest.approx(off.std(), abs=1e-6)
        # What a constant misses is the spread about it; it has no correlation.
        climatology = scores["climatology"]
        assert climatology["r"] is None
        assert climatology["ubrmse"] == pytest.approx(daily[first:].std(ddof=0), abs=1e-6)
        assert {name: row["ranked"] for name, row in scores.items()} == {
            "linear": True,
            "mean-phase": True,
            "climatology": True,
            "persistence": False,
            "time-interpolation": False,
        }
        assert scores["linear"]["rmse"] < climatology["rmse"]
        table = pd.read_csv(out / "metrics.csv")
        assert {"bias", "ubrmse"} < set(table.columns)
        assert table["model"].tolist() == list(scores)
        np.testing.assert_allclose(
            table["rmse"], [row["rmse"] for row in scores.values()], atol=1e-9
        )

    def test_the_table_as_json_holds_each_seed_s_part(self, given, tmp_path):
        out = tmp_path / "scores"
        options = ("--models", "rf-mdi,linear", "--preset", "lm", "--seeds", 2)
        models = told("evaluate", *given, *options, "--out", out)["models"]
        assert list(models) == ["rf-mdi", "linear"]
        assert (models["rf-mdi"]["seeds"], models["linear"]["seeds"]) == (2, 1)
        rows = pd.read_csv(out / "metrics.csv")
        forests = rows[rows["model"] == "rf-mdi"]
        assert forests["seed"].tolist() == [0, 1]
        assert models["rf-mdi"]["rmse"] == pytest.approx(forests["rmse"].mean())
        assert models["rf-mdi"]["rmse_spread"] == pytest.approx(np.ptp(forests["rmse"]))
        assert models["rf-mdi"]["rmse_spread"] > 0

    def test_the_rivals_of_the_paper_stand_beside_its_forest(self, given, daily, tmp_path):
        names = "rf-mdi,svm,rbf,cnn,rf-mda,linear"
        options = ("--models", names, "--preset", "lm", "--seeds", 1)
        models = told("evaluate", *given, *options, "--out", tmp_path / "s")["models"]
        assert list(models) == names.split(",")
        tested = daily[round(0.7 * len(daily)) :]
        of_mean = np.sqrt(np.mean((daily[: -len(tested)].mean() - tested) ** 2))
        for scores in models.values():
            assert scores["n"] == len(tested)
            assert scores["rmse"] < of_mean

    def test_blocks_test_every_day(self, given, daily, tmp_path):
        options = ("--models", "linear", "--split", "blocks")
        told("evaluate", *given, *options, "--out", tmp_path / "s")
        rows = pd.read_csv(tmp_path / "s" / "metrics.csv").set_index("fold")
        assert rows.loc["all", "n"] == len(daily)
        assert rows.drop("all")["n"].sum() == len(daily)
        assert len(rows) == 6

    def test_weather_does_not_reach_the_mean_phase(self, field, given, tmp_path):
        options = ("evaluate", *given, "--models", "mean-phase,linear", "--out", tmp_path / "s")
        dry = told(*options)["models"]
        wet = told(*options, "--weather", field / "weather.csv")["models"]
        assert wet["mean-phase"] == dry["mean-phase"]
        assert wet["linear"] != dry["linear"]

    def test_days_of_frost_are_not_judged(self, given, truth, daily, tmp_path):
        cold = truth[["temperature_c"]].clip(lower=5)
        cold.loc["2024-07-01":"2024-07-03"] = -5.0
        path = write_csv(tmp_path / "cold.csv", cold)
        options = ("--models", "linear", "--weather", path, "--out", tmp_path / "s")
        assert told("evaluate", *given, *options)["days"] == len(daily) - 3

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            (["--models", "magic"], "--models magic: expected some of auto, fusion, rf-mdi"),
            (["--models", "linear,linear"], "each once"),
            (["--models", ","], "expected names with commas"),
            (
                ["--models", "linear", "--preset", "lm"],
                "is of auto, rf-mdi and rf-mda, none is among --models",
            ),
            (["--split", "random"], "--split"),
            (["--seeds", "0"], "--seeds"),
        ],
    )
    def test_usage_errors_exit_2(self, given, options, words, tmp_path):
        assert words in refusal(2, "evaluate", *given, *options, "--out", tmp_path / "s")
        assert not (tmp_path / "s").exists()

    def test_one_year_cannot_be_left_out(self, given, tmp_path):
        options = ("--models", "linear", "--split", "years", "--out", tmp_path / "s")
        assert "all rows are of one year" in refusal(3, "evaluate", *given, *options)
        assert not (tmp_path / "s").exists()


class TestRefusals:
    """What both commands refuse alike; nothing is written then."""

    @pytest.fixture(params=["train", "evaluate"])
    def command(self, request):
        return request.param

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            (["--since", "10.5.2024"], "--since 10.5.2024: expected a day such as 2012-02-26"),
            (["--until", "2024-02-30"], "--until 2024-02-30: expected a day"),
            (["--since", "2024-06-02", "--until", "2024-06-01"], "later than --until"),
        ],
    )
    def test_bad_days_exit_2(self, command, given, options, words, tmp_path):
        assert words in refusal(2, command, *given, *options, "--out", tmp_path / "o")

    def test_what_is_not_given_exits_2(self, command, field, tmp_path):
        reference = ("--reference", field / "probes.csv")
        message = refusal(2, command, *reference, "--out", tmp_path / "o")
        assert "--arcs FILE, or --config FILE" in message
        arcs = ("--arcs", field / "arcs.parquet")
        assert "--reference" in refusal(2, command, *arcs, "--out", tmp_path / "o")
        assert "--out" in refusal(2, command, *arcs, *reference)

    def test_files_that_are_not_there(self, command, field, given, tmp_path):
        arcs, reference = given[:2], given[2:]
        none, out = tmp_path / "none", ("--out", tmp_path / "o")
        for options in (
            ("--arcs", f"{none}.csv", *reference),
            (*arcs, "--reference", f"{none}.csv"),
            (*given, "--weather", f"{none}.csv"),
        ):
            assert "none.csv: there is no such file" in refusal(3, command, *options, *out)
        config = ("--config", f"{none}.toml")
        assert "no such file" in refusal(3, command, *config, *reference, *out)
        assert not (tmp_path / "o").exists()

    def test_files_that_hold_the_wrong_things(self, command, field, truth, tmp_path):
        arcs = ("--arcs", field / "arcs.parquet")
        out = ("--out", tmp_path / "o")
        percent = write_csv(tmp_path / "percent.csv", truth[["vwc"]] * 100)
        message = refusal(3, command, *arcs, "--reference", percent, *out)
        assert "percent.csv, line 2: vwc" in message
        assert "percent must be divided by 100" in message
        message = refusal(3, command, *arcs, "--reference", field / "weather.csv", *out)
        assert "weather.csv: holds no moisture" in message
        probes = ("--reference", field / "probes.csv")
        message = refusal(3, command, *arcs, *probes, "--weather", field / "probes.csv", *out)
        assert "holds neither rain nor temperature" in message
        message = refusal(3, command, "--arcs", field / "probes.csv", *probes, *out)
        assert "probes.csv" in message

    def test_a_reference_of_another_time(self, command, field, given, truth, tmp_path):
        early = truth[["vwc"]].set_axis(truth.index - pd.Timedelta("1461D"))
        path = write_csv(tmp_path / "early.csv", early)
        arcs, out = ("--arcs", field / "arcs.parquet"), ("--out", tmp_path / "o")
        message = refusal(3, command, *arcs, "--reference", path, *out)
        assert "early.csv: its days, 2020-04-30 to" in message
        assert "have no arcs" in message
        assert "--since" not in message
        message = refusal(3, command, *given, "--since", "2025-01-01", *out)
        assert "have no arcs from 2025-01-01" in message
        assert "--since" in message

    def test_too_few_days(self, command, given, tmp_path):
        span = ("--since", "2024-05-02", "--until", "2024-05-30")
        message = refusal(3, command, *given, *span, "--out", tmp_path / "o")
        assert "29 days with arcs, a reference and thawed ground from 2024-05-02" in message
        assert "expected 30 or more" in message

    def test_out_is_a_file_or_below_one(self, command, given, tmp_path):
        (tmp_path / "o").write_text("mine")
        for out in (tmp_path / "o", tmp_path / "o" / "deeper"):
            message = refusal(3, command, *given, "--out", out)
            assert f"--out {out}: {tmp_path / 'o'} is a file; name a folder" in message
        assert (tmp_path / "o").read_text() == "mine"

    def test_a_model_replaces_nothing_but_a_model(self, given, tmp_path):
        note = tmp_path / "o" / "note.txt"
        note.parent.mkdir()
        note.write_text("mine")
        # Told before anything is read.
        message = refusal(
            3, "train", "--arcs", "none.csv", "--reference", "none.csv", "--out", note.parent
        )
        assert "holds other things; name a new folder" in message
        (note.parent / "manifest.json").write_text("{}")
        options = ("--model", "linear", "--out", note.parent)
        assert "holds other things" in refusal(3, "train", *given, *options)
        assert note.read_text() == "mine"

    def test_models_that_cannot_be_kept_and_presets_of_none(self, given, tmp_path):
        out = ("--out", tmp_path / "o")
        assert "--model" in refusal(2, "train", *given, "--model", "persistence", *out)
        message = refusal(2, "train", *given, "--model", "linear", "--preset", "lm", *out)
        assert "--preset lm: is of auto, rf-mdi and rf-mda; leave it out with linear" in message
        assert "--preset" in refusal(2, "train", *given, "--preset", "p000", *out)


class TestOtherEquipment:
    """A new firmware in the arc table, from one day on."""

    @pytest.fixture
    def renewed(self, field, tmp_path):
        """Write the arcs as if they were of a newer firmware from a day on."""

        def write(day):
            arcs = pd.read_parquet(field / "arcs.parquet")
            newer = arcs["equipment"].str.replace("| 1 |", "| 2 |", regex=False)
            late = arcs["start"] >= pd.Timestamp(day, tz="UTC")
            path = tmp_path / "renewed.parquet"
            arcs.assign(equipment=arcs["equipment"].where(~late, newer)).to_parquet(path)
            return path, int((late & arcs["accepted"]).sum())

        return write

    def test_a_model_says_which_arcs_told_it_nothing(self, field, model, renewed, tmp_path):
        arcs, strange = renewed("2024-07-01")
        summary = told("estimate", "--arcs", arcs, "--model", model, "--out", tmp_path / "out.csv")
        (note,) = summary["notes"]
        assert note.startswith(f"{strange} arcs from 2024-07-01T")
        assert "trained with 0 | SIMULATED | 1 | 0 | CHOKE-RING NONE" in note
        assert note.endswith("heard with 0 | SIMULATED | 2 | 0 | CHOKE-RING NONE")
        assert summary["flags"]["degraded"] > 5
        known = ("estimate", "--arcs", field / "arcs.parquet", "--model", model)
        assert told(*known, "--out", tmp_path / "known.csv")["notes"] == []

    def test_training_takes_the_last_one_and_counts_the_days_of_others(
        self, field, daily, renewed, tmp_path
    ):
        arcs, _ = renewed("2024-06-01")
        earlier = int((daily.index < "2024-06-01").sum())
        options = ("train", "--arcs", arcs, "--reference", field / "probes.csv")
        line = (*options, "--model", "linear", "--out", tmp_path / "model")
        summary = told(*line)
        assert summary["equipment"] == "0 | SIMULATED | 2 | 0 | CHOKE-RING NONE"
        assert (summary["first_day"], summary["days"]) == ("2024-06-01", len(daily) - earlier)
        assert summary["days_of_other_equipment"] == earlier
        assert f"{earlier} days of another receiver or antenna did not train" in call(*line).stdout
        forest = (*options, "--preset", "lm", "--out", tmp_path / "forest")
        before = told(*forest, "--until", "2024-05-31")
        assert before["equipment"] == "0 | SIMULATED | 1 | 0 | CHOKE-RING NONE"
        assert before["days"] == earlier

    def test_too_few_days_of_the_last_one_say_what_can_be_done(
        self, field, daily, renewed, tmp_path
    ):
        arcs, _ = renewed("2024-06-20")
        earlier = int((daily.index < "2024-06-20").sum())
        given = ("--arcs", arcs, "--reference", field / "probes.csv", "--out", tmp_path / "model")
        message = refusal(3, "train", *given)
        assert f"{earlier} days of another receiver or antenna do not count; --until" in message


@pytest.fixture(scope="module")
def written(given, tmp_path_factory):
    """The summary of an evaluation, the folder of its scores, and that of its report."""
    folder = tmp_path_factory.mktemp("report")
    out, report = folder / "scores", folder / "report"
    models = ("--models", "mean-phase,rf-mdi,persistence", "--preset", "lm", "--seeds", 2)
    label = ("--label", "SIMULATED <SNR>", "--no-simulated-from-reference")
    options = (*models, *label, "--out", out, "--report", report)
    return told("evaluate", *given, *options), out, report


class TestReport:
    def test_a_page_its_figures_and_tables_are_written_whole(self, written):
        summary, out, report = written
        assert summary["report"] == str(report / "report.html")
        names = {path.name for path in report.iterdir()}
        assert names > {"report.html", "series.png", "sectors.png", "table-2-accuracy.csv"}
        assert {name.rsplit(".", 1)[1] for name in names} == {"html", "png", "csv"}
        assert not any(name.startswith(".") for name in names)
        assert {path.name for path in out.iterdir()} == {"metrics.json", "metrics.csv"}
        for path in report.glob("*.png"):
            with Image.open(path) as image:
                image.load()

    def test_its_numbers_are_those_of_the_scores(self, written):
        _, out, report = written
        page = (report / "report.html").read_text("utf-8")
        scores = pd.DataFrame(json.loads((out / "metrics.json").read_text())["scores"])
        means = scores.groupby("model")[["rmse", "mae", "bias", "ubrmse"]].mean()
        assert len(means) == 3
        accuracy = page[page.index("Table 2.") : page.index("</table>", page.index("Table 2."))]
        for name, row in means.iterrows():
            (line,) = re.findall(rf'<th scope="row">{name}\*?</th>(<td.*?)</tr>', accuracy)
            cells = re.findall(r">([^<]*)</td>", line)
            assert cells[1] == f"{row['rmse']:.5f}"
            assert cells[4] == f"{row['mae']:.4f}"
            assert cells[5] == f"{row['bias']:+.4f}"
            assert cells[6] == f"{row['ubrmse']:.4f}"
        table = pd.read_csv(report / "table-2-accuracy.csv").set_index("model")
        assert table["rmse"].to_dict() == pytest.approx(means["rmse"].to_dict(), abs=1e-9)
        # One forest of the first seed: the same that was judged.
        own = pd.read_csv(report / "table-3-forests.csv").set_index("model")
        first = scores[(scores["model"] == "rf-mdi") & (scores["seed"] == 0)].iloc[0]
        assert own.loc["rf-mdi", "rmse"] == pytest.approx(first["rmse"], abs=1e-9)

    def test_the_page_says_what_when_and_by_which_command(self, written, daily):
        summary, _, report = written
        page = html.unescape((report / "report.html").read_text("utf-8"))
        assert "SIMULATED <SNR>" in page
        assert "<SNR>" not in (report / "report.html").read_text("utf-8")
        # Where files lie on the machine that made it is not handed on.
        command = page[page.index("<pre>") : page.index("</pre>")]
        assert command.startswith(
            "<pre>soilglint evaluate --reference probes.csv --out scores --arcs"
        )
        assert "/" not in command.replace("<pre>", "")
        assert command.endswith(" --no-simulated-from-reference --json")
        assert page.count("by declaration not from this reference") == 2
        assert "Frostnot checked, as no temperatures were given" in re.sub("<[^>]+>", "", page)
        assert "--models mean-phase,rf-mdi,persistence --preset lm --seeds 2" in page
        assert f"trained on the first {round(0.7 * len(daily))} of {len(daily)} days" in page
        assert "persistence, marked *" in page
        assert all(digest in page for digest in summary["sources"].values())
        assert VERSION in page

    def test_scores_lie_beside_the_page_where_no_other_folder_is_named(self, given, tmp_path):
        report = tmp_path / "deep" / "report"
        options = ("--models", "linear", "--preset", "lm", "--split", "blocks")
        options = ("--models", "linear,rf-mdi", *options[2:], "--seeds", 1, "--report", report)
        result = call("evaluate", *given, *options)
        assert result.exit_code == 0, result.output
        assert f"written   {report / 'report.html'}" in result.stdout
        assert {"metrics.json", "report.html", "sky.png"} < {p.name for p in report.iterdir()}
        # The arcs say themselves that they are simulated.
        assert 'class="label">SIMULATED<' in (report / "report.html").read_text()

    def test_arcs_of_a_store_make_a_report_with_the_station_s_position(
        self, field, config_file, config_text, tmp_path
    ):
        config = config_file(config_text.replace('"test"', '"fild"'))
        arcs = pd.read_parquet(field / "arcs.parquet")
        where = load_config(config).store.path
        with Store.writing(where, make_folder=True) as store, store.transaction():
            store.insert_arcs("fild", arcs.assign(revision=1))
        report = tmp_path / "r"
        given = ("--config", config, "--reference", field / "probes.csv", "--report", report)
        told("evaluate", *given, "--models", "linear", "--preset", "lm", "--seeds", 1)
        page = (report / "report.html").read_text()
        north = load_config(config).station.latitude_deg
        assert f"{north:.5f}° N" in page
        assert f"{int(arcs['accepted'].sum()):,} accepted" in page

    def test_days_that_do_not_count_are_counted(self, field, daily, given, tmp_path):
        arcs = pd.read_parquet(field / "arcs.parquet")
        probes = pd.read_csv(field / "probes.csv", parse_dates=["time"])
        day = probes["time"].dt.tz_localize(None).dt.floor("D")
        gap = daily.index[5:9]
        fewer = tmp_path / "fewer.csv"
        probes[~day.isin(gap)].to_csv(fewer, index=False)
        whole = record_of("fild", arcs, field / "probes.csv")
        without = record_of("fild", arcs, fewer)
        assert without.days_without_reference == whole.days_without_reference + 4
        frost = pd.Series(10.0, pd.date_range("2024-01-01", "2025-01-01", freq="h", tz="UTC"))
        last = pd.Timestamp(whole.reference.day[-1], tz="UTC")
        frost[frost.index > last] = -10.0
        cold = record_of("fild", arcs, field / "probes.csv", temperature_c=frost)
        assert cold.days_frozen == len(whole.reference) - len(cold.reference) == 1
        assert whole.days_frozen == 0

    def test_rain_is_shown_where_weather_tells_it(self, field, daily, given):
        record = record_of(
            "fild",
            pd.read_parquet(field / "arcs.parquet"),
            field / "probes.csv",
            field / "weather.csv",
        )
        weather = pd.read_csv(field / "weather.csv", index_col="time", parse_dates=True)
        # Rows are of the hour before: the day's are those after midnight up to the next.
        sums = weather["rain_mm"].tz_localize(None).resample("1D", closed="right").sum()
        inner = daily.index[1:-1]
        day, rain_mm = record.rain
        shown = pd.Series(rain_mm, pd.DatetimeIndex(day))
        np.testing.assert_allclose(shown[inner], sums[inner], atol=1e-9)
        dry = record_of("fild", pd.read_parquet(field / "arcs.parquet"), field / "probes.csv")
        assert dry.rain is None

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            (["--label", "x"], "--label: is of a report; add --report DIR"),
            (["--dem", "dem.tif"], "--dem: is of a report; add --report DIR"),
            (["--report", "r", "--dem", "dem.tif"], "--dem: needs the station's position"),
            (
                ["--simulated-from-reference"],
                "--simulated-from-reference: is of a report; add --report DIR",
            ),
            (
                ["--report", "r", "--label", "a field", "--no-simulated-from-reference"],
                "--label 'a field' does not say SIMULATED",
            ),
        ],
    )
    def test_options_of_a_report_need_one(self, given, options, words, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        assert words in refusal(2, "evaluate", *given, "--out", "s", *options)
        assert not list(tmp_path.iterdir())

    @pytest.mark.parametrize(
        ("missing", "options", "extra"),
        [
            ("matplotlib", (), "plots"),
            ("jinja2", (), "plots"),
            ("rasterio", ("--config", "soilglint.toml", "--dem", "dem.tif"), "terrain"),
        ],
    )
    def test_what_is_not_installed_is_told_before_the_work(
        self, given, missing, options, extra, tmp_path, monkeypatch
    ):
        found = importlib.util.find_spec
        monkeypatch.setattr(
            importlib.util, "find_spec", lambda name: None if name == missing else found("numpy")
        )
        out = ("--report", tmp_path / "r")
        message = refusal(3, "evaluate", *given, *out, *options)
        assert f"{missing} not installed" in message
        assert f"pip install 'soilglint[{extra}]'" in message
        assert not (tmp_path / "r").exists()

    def test_a_report_is_not_written_over_a_file(self, given, tmp_path):
        (tmp_path / "r").write_text("mine")
        message = refusal(
            3, "evaluate", *given, "--out", tmp_path / "s", "--report", tmp_path / "r"
        )
        assert "--report" in message
        assert "is a file; name a folder" in message
        assert not (tmp_path / "s").exists()
