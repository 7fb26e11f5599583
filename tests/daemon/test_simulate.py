"""The commands that simulate: what they write, what they say, and what they refuse."""

import json
import shutil

import pandas as pd
import pytest
from typer.testing import CliRunner

from daemon import cli
from daemon.config import load_config
from retrieval.arc_table import ARC_COLUMNS
from retrieval.simulation import LABEL, load_scenario, scenario_names

# One signal, and as few epochs as arcs allow.
SCENARIO = """\
title = "simulated: a test"
seed = 5

[station]
name = "TEST"
latitude_deg = 48.25
longitude_deg = 16.75
height_m = 200
antenna_height_m = 1.8

[time]
start = 2024-05-14
days = 1
interval_s = 30

[sky]
constellations = "G"

[[signal]]
code = "GS2L"
"""


def call(*arguments):
    return CliRunner().invoke(cli.app, [str(argument) for argument in arguments])


def refusal(code, *arguments):
    """Call, expect an exit code, and return the message that must have gone to stderr."""
    result = call(*arguments)
    assert result.exit_code == code, result.output
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    return " ".join(result.stderr.split())


def content(folder):
    """Return the bytes of every file below a folder, by name."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def scenario(tmp_path):
    path = tmp_path / "scenario.toml"
    path.write_text(SCENARIO)
    return path


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    """What `simulate station` wrote of the scenario, and what it said; not to be changed."""
    folder = tmp_path_factory.mktemp("simulated")
    (folder / "scenario.toml").write_text(SCENARIO)
    out = folder / "out"
    result = call(
        "simulate", "station", "--scenario", folder / "scenario.toml", "--out", out, "--workers", 1
    )
    assert result.exit_code == 0, result.output
    return out, result


@pytest.fixture
def own(simulated, tmp_path):
    """A copy that a test may change."""
    return shutil.copytree(simulated[0], tmp_path / "own")


class TestStation:
    def test_writes_a_station_and_says_what_comes_next(self, simulated):
        folder, result = simulated
        assert list(content(folder)) == [
            "inbox/TEST00XXX_R_20241350000_01D_30S_GO.rnx.gz",
            "nav/TEST00XXX_R_20241350000_01D_GN.rnx.gz",
            "reference.csv",
            "soilglint.toml",
            "truth/arcs.parquet",
            "truth/ground.parquet",
            "truth/scenario.json",
            "truth/simulation.json",
            "weather.csv",
        ]
        assert result.stderr == ""  # progress is for people who watch
        assert result.stdout.startswith("SIMULATED: ")
        assert "simulated: a test" in result.stdout
        assert f"soilglint run --config {folder / 'soilglint.toml'} --once" in result.stdout

    def test_everything_beside_the_files_says_that_it_is_simulated(self, simulated):
        folder, _ = simulated
        for name in ("weather.csv", "reference.csv"):
            assert (folder / name).read_text().startswith(f"# {LABEL}\n")
        notes = json.loads((folder / "truth" / "simulation.json").read_text())
        assert (notes["label"], notes["mode"], notes["seed"]) == (LABEL, "empirical", 5)

    def test_one_run_of_the_service_takes_it_to_estimates(self, own):
        config = own / "soilglint.toml"
        result = call("run", "--config", config, "--once")
        assert result.exit_code == 0, result.output
        status = json.loads(call("status", "--config", config, "--json").stdout)
        assert status["files"]["states"] == {"ingested": 2}
        assert status["files"]["problems"] == {}
        assert status["arcs"]["accepted"] > 50  # 31 satellites rise and set, most of them twice
        assert status["estimate"]["flag"] == "calibrating"
        assert status["estimate"]["station"] == "test"

    def test_arcs_find_the_antenna_where_it_was_put(self, simulated, tmp_path):
        folder, _ = simulated
        out = tmp_path / "arcs.csv"
        files = [*(folder / "inbox").iterdir(), "--nav", *(folder / "nav").iterdir()]
        assert call("arcs", *files, "--out", out).exit_code == 0
        table = pd.read_csv(out).query("accepted")
        # docs/deviations.md: the removal of the trend costs up to 25 mm, and the effective height
        # is not the true one.
        assert table["reflector_height_m"].median() == pytest.approx(1.8, abs=0.05)

    @pytest.mark.parametrize(("span", "files"), [("six-hours", 4), ("hour", 24), ("quarter", 96)])
    def test_short_files_get_settings_of_their_first_day(self, scenario, tmp_path, span, files):
        scenario.write_text(SCENARIO + f'\n[output]\nspan = "{span}"\n')
        options = ("--scenario", scenario, "--out", tmp_path / "out", "--days", 2, "--workers", 1)
        result = call("simulate", "station", *options)
        assert result.exit_code == 0, result.output
        named = (tmp_path / "out" / "soilglint.toml").read_text().count("_2024135")
        assert named == files  # all of 14 May, the 135th day of 2024, and no other

    @pytest.mark.parametrize(("height_m", "searched"), [(1.8, (0.4, 8.0)), (12, (0.4, 18.0))])
    def test_settings_search_where_the_antenna_is(self, scenario, tmp_path, height_m, searched):
        old = "antenna_height_m = 1.8"
        scenario.write_text(SCENARIO.replace(old, f"antenna_height_m = {height_m}"))
        options = ("--scenario", scenario, "--out", tmp_path / "out", "--workers", 1)
        result = call("simulate", "station", *options)
        assert result.exit_code == 0, result.output
        # docs/configuration.md: 0.4 to 8 m unless stated; half as high again holds the antenna.
        assert load_config(tmp_path / "out" / "soilglint.toml").qc.height_m == searched

    def test_a_station_that_sees_nothing_is_told_where_to_look(self, scenario, tmp_path):
        wall = "\n[[terrain]]\nazimuths = [[0, 360]]\nmask_deg = 90\n"
        scenario.write_text(SCENARIO + wall)
        options = ("--scenario", scenario, "--out", tmp_path / "out", "--workers", 1)
        message = refusal(3, "simulate", "station", *options)
        assert "nothing is observed on any day" in message
        assert "terrain.mask_deg" in message

    def test_report_as_json_counts_what_was_written(self, scenario, tmp_path):
        out = tmp_path / "out"
        options = ("--days", 2, "--seed", 9, "--workers", 1, "--json")
        result = call("simulate", "station", "--scenario", scenario, "--out", out, *options)
        report = json.loads(result.stdout)
        assert report["label"].startswith("SIMULATED")
        assert (report["days"], report["seed"], report["mode"]) == (2, 9, "empirical")
        assert report["observation_files"] == len(list((out / "inbox").iterdir())) == 2
        assert report["navigation_files"] == len(list((out / "nav").iterdir())) == 2
        assert report["snr_values"] > 20_000  # eight satellites at 2,880 epochs on two days
        assert (report["folder"], report["config"]) == (str(out), str(out / "soilglint.toml"))

    def test_first_day_is_the_same_whatever_follows(self, simulated, scenario, tmp_path):
        out = tmp_path / "out"
        options = ("--days", 2, "--workers", 2)
        assert (
            call("simulate", "station", "--scenario", scenario, "--out", out, *options).exit_code
            == 0
        )
        first, longer = content(simulated[0]), content(out)
        for name, written in first.items():
            if name.startswith(("inbox/", "nav/")):
                assert longer[name] == written

    def test_may_be_written_again(self, own, scenario):
        before = content(own)
        (own / "truth" / "simulation.json").unlink()  # it was interrupted
        next((own / "inbox").iterdir()).write_bytes(b"half of it")
        options = ("--out", own, "--workers", 1)
        result = call("simulate", "station", "--scenario", scenario, *options)
        assert result.exit_code == 0, result.output
        assert content(own) == before

    def test_a_folder_of_other_things_is_refused(self, scenario, tmp_path):
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "letter.txt").write_text("precious")
        message = refusal(
            3, "simulate", "station", "--scenario", scenario, "--out", tmp_path / "out"
        )
        assert "holds other things" in message
        assert "name an empty folder" in message
        assert list(content(tmp_path / "out")) == ["letter.txt"]

    def test_a_folder_of_another_simulation_is_refused(self, own, scenario):
        before = content(own)
        options = ("--out", own, "--seed", 6)
        message = refusal(3, "simulate", "station", "--scenario", scenario, *options)
        assert "another simulation" in message
        assert content(own) == before

    def test_a_file_in_the_place_of_the_folder_is_refused(self, scenario, tmp_path):
        (tmp_path / "out").write_text("")
        options = ("--out", tmp_path / "out")
        assert "is a file" in refusal(3, "simulate", "station", "--scenario", scenario, *options)

    def test_a_scenario_that_ships_is_called_by_its_name(self, tmp_path):
        out = tmp_path / "out"
        options = ("--days", 1, "--out", out, "--workers", 1)
        result = call("simulate", "station", "--scenario", "low-cost-patch", *options)
        assert result.exit_code == 0, result.output
        assert len(list((out / "inbox").iterdir())) == 24  # it sends hourly files


class TestSeries:
    def test_a_given_series_is_the_truth(self, scenario, tmp_path):
        series = tmp_path / "dry.csv"
        series.write_text("time,vwc\n2024-05-13T00:00:00Z,0.1\n2024-05-16T00:00:00Z,0.1\n")
        out = tmp_path / "out"
        options = ("--series", series, "--out", out, "--workers", 1)
        assert call("simulate", "station", "--scenario", scenario, *options).exit_code == 0
        reference = pd.read_csv(out / "reference.csv", comment="#")
        assert set(reference["vwc"]) == {0.1}
        # Rain that was made would not have caused it, and none is known.
        assert pd.read_csv(out / "weather.csv", comment="#")["rain_mm"].isna().all()

    @pytest.mark.parametrize("command", ["station", "arcs"])
    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("time,vwc\n2024-05-13T00:00:00Z,0.1\n2024-05-16,17\n", ["line 3", "17", "by 100"]),
            ("time,vwc\nyesterday,0.1\n", ["line 2", "ISO 8601"]),
            ("date,moisture\n2024-05-13,0.1\n", ["line 1", "time,vwc"]),
            ("time,vwc\n2014-05-13,0.1\n2014-05-16,0.1\n", ["2014-05-16", "change time.start"]),
            ("time,rain_mm\n2024-05-13,0.1\n2024-05-16,0.1\n", ["holds no moisture", "vwc"]),
        ],
    )
    def test_a_bad_series_is_refused_with_file_and_line(
        self, scenario, tmp_path, command, text, words
    ):
        series = tmp_path / "bad.csv"
        series.write_text(text)
        out = tmp_path / ("out" if command == "station" else "out.csv")
        options = ("--scenario", scenario, "--series", series, "--out", out)
        message = refusal(3, "simulate", command, *options)
        for word in (str(series), *words):
            assert word in message
        assert not out.exists()

    def test_a_series_that_is_not_there(self, scenario, tmp_path):
        options = ("--series", tmp_path / "no.csv", "--out", tmp_path / "out")
        message = refusal(3, "simulate", "station", "--scenario", scenario, *options)
        assert "no.csv" in message
        assert "no such file" in message


class TestArcs:
    def test_writes_an_arc_table_and_the_truth_row_by_row(self, scenario, tmp_path):
        out, truth = tmp_path / "arcs.csv", tmp_path / "truth.parquet"
        options = ("--out", out, "--truth", truth)
        result = call("simulate", "arcs", "--scenario", scenario, *options)
        assert result.exit_code == 0, result.output
        assert result.stdout.startswith("SIMULATED: ")
        arcs, true = pd.read_csv(out), pd.read_parquet(truth)
        assert list(arcs.columns) == list(ARC_COLUMNS)
        assert len(arcs) == len(true) > 50
        assert f"arcs      {len(arcs)} in 1 day" in result.stdout
        # A row's phase is that of its truth with the noise that is stated: 5 sigma, for all rows.
        off = (arcs["phase_deg"] - true["true_phase_deg"] + 180) % 360 - 180
        assert (off.abs() < 5 * arcs["phase_sigma_deg"] + 0.01).all()

    def test_estimate_takes_them(self, scenario, tmp_path):
        arcs, moisture = tmp_path / "arcs.parquet", tmp_path / "moisture.csv"
        assert call("simulate", "arcs", "--scenario", scenario, "--out", arcs).exit_code == 0
        options = ("--texture", "loam", "--out", moisture)
        result = call("estimate", "--arcs", arcs, *options)
        assert result.exit_code == 0, result.output
        assert set(pd.read_csv(moisture)["flag"]) == {"calibrating"}

    def test_the_truth_does_not_replace_the_arcs(self, scenario, tmp_path):
        out = tmp_path / "arcs.csv"
        options = ("--scenario", scenario, "--out", out, "--truth", out)
        assert "--truth" in refusal(2, "simulate", "arcs", *options)

    def test_only_tables_are_written(self, scenario, tmp_path):
        options = ("--scenario", scenario, "--out", tmp_path / "arcs.txt")
        assert ".parquet or .csv" in refusal(2, "simulate", "arcs", *options)


class TestScenarios:
    def test_lists_every_name_with_its_title(self):
        result = call("simulate", "scenarios")
        assert result.exit_code == 0
        for name in scenario_names():
            assert f"{load_scenario(name).title}\n" in result.stdout
            assert f"{name} " in result.stdout

    def test_as_json(self):
        listed = json.loads(call("simulate", "scenarios", "--json").stdout)
        assert [one["name"] for one in listed] == list(scenario_names())
        assert all(load_scenario(one["path"]).title == one["title"] for one in listed)


@pytest.mark.parametrize("command", ["station", "arcs"])
class TestRefusals:
    def test_an_unknown_name_lists_the_known_ones(self, command, tmp_path):
        options = ("--scenario", "p042", "--out", tmp_path / "out.csv")
        message = refusal(3, "simulate", command, *options)
        assert "p042" in message
        assert all(name in message for name in scenario_names())

    def test_a_bad_scenario_names_file_key_and_remedy(self, command, scenario, tmp_path):
        scenario.write_text(SCENARIO.replace("antenna_height_m", "antena_height_m"))
        options = ("--scenario", scenario, "--out", tmp_path / "out.csv")
        message = refusal(3, "simulate", command, *options)
        assert f"{scenario}: station.antenna_height_m is missing" in message
        assert "did you mean antenna_height_m?" in message

    @pytest.mark.parametrize(
        ("option", "value", "words"),
        [("--days", 0, "time.days = 0: should be"), ("--seed", -1, "seed = -1: should be")],
    )
    def test_what_the_command_line_says_is_checked_too(
        self, command, scenario, tmp_path, option, value, words
    ):
        options = ("--scenario", scenario, "--out", tmp_path / "out.csv", option, value)
        assert words in refusal(3, "simulate", command, *options)

    @pytest.mark.parametrize("missing", ["--scenario", "--out"])
    def test_what_is_needed_is_asked_for(self, command, scenario, tmp_path, missing):
        given = {"--scenario": scenario, "--out": tmp_path / "out.csv"}
        del given[missing]
        options = [part for pair in given.items() for part in pair]
        assert missing in refusal(2, "simulate", command, *options)
