"""`config init` and `check`, called as a user calls them."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from daemon import cli
from daemon.cli import setup_commands
from daemon.config import load_config

ROOT = Path(__file__).parents[2]


def call(*arguments, answers=None):
    return CliRunner().invoke(cli.app, [str(argument) for argument in arguments], input=answers)


def refusal(code, *arguments):
    result = call(*arguments)
    assert result.exit_code == code, result.output
    assert result.stdout == ""
    return " ".join(result.stderr.split())


@pytest.fixture
def observation(sample):
    return min((sample / "inbox").iterdir())


@pytest.fixture
def terminal(monkeypatch):
    """Let the program think that a person sits before it."""
    monkeypatch.setattr(setup_commands, "at_terminal", lambda: True)


class TestInit:
    def test_writes_a_file_that_loads_and_says_what_comes_next(self, observation, tmp_path):
        out = tmp_path / "farm.toml"
        result = call("config", "init", observation, "--texture", "Clay_Loam", "--out", out)
        assert result.exit_code == 0, result.output
        assert result.stderr == ""
        config = load_config(out)
        assert config.station.name == "smpl"
        assert config.soil.texture == "clay loam"
        assert config.store.path == tmp_path / "smpl.sqlite"
        assert config.signals.use == ("GS1C", "GS2L", "GS5Q")
        for words in (
            f"make the folder {tmp_path / 'inbox'}",
            "navigation",
            f"soilglint check --config {out}",
            f"soilglint run --config {out} --once",
        ):
            assert words in result.stdout

    def test_options_reach_the_file(self, observation, tmp_path):
        out = tmp_path / "farm.toml"
        options = [
            *("--name", "farm-2", "--texture", "sand", "--antenna-height", 1.8, "--inbox", "in"),
            *("--store", "s/x.sqlite", "--nav", "nav/*.n", "--nav", "more/*", "--signals", "GS2L"),
            *("--position", 48.2501, 16.75, 201, "--yes"),
        ]
        assert call("config", "init", observation, "--out", out, *options).exit_code == 0
        config = load_config(out)
        assert (config.station.name, config.station.antenna_height_m) == ("farm-2", 1.8)
        assert (config.station.latitude_deg, config.station.height_m) == (48.2501, 201)
        assert config.inbox.path == tmp_path / "in"
        assert config.store.path == tmp_path / "s" / "x.sqlite"
        assert config.orbits.nav == (f"{tmp_path}/nav/*.n", f"{tmp_path}/more/*")
        assert config.signals.use == ("GS2L",)

    def test_the_sample_set_up_anew_checks_and_runs(self, sample, observation):
        config = sample / "soilglint.toml"
        options = ["--texture", "loam", "--nav", "nav/*.rnx.gz", "--out", config, "--force"]
        assert call("config", "init", observation, *options).exit_code == 0
        result = call("check", "--config", config)
        assert result.exit_code == 0, result.output
        assert result.stdout.endswith("all ok; ready to run\n")
        assert "10 ingested" in call("run", "--config", config, "--once").stdout

    def test_questions_are_asked_until_they_are_answered(self, observation, tmp_path, terminal):
        out = tmp_path / "farm.toml"
        answers = "\n".join(["a/b", "farm", "lome", "silty clay", "12", "high", "2.1", "drop", ""])
        result = call("config", "init", observation, "--out", out, answers=answers)
        assert result.exit_code == 0, result.output
        config = load_config(out)
        assert (config.station.name, config.soil.texture) == ("farm", "silty clay")
        assert config.station.antenna_height_m == 2.1
        assert config.inbox.path == tmp_path / "drop"
        assert "sandy clay loam" in result.stderr
        assert "letters, digits" in result.stderr
        assert "0.4 to 8 metres" in result.stderr
        assert "expected metres" in result.stderr
        assert "Texture" not in result.stdout

    def test_empty_answers_take_the_defaults(self, observation, tmp_path, terminal):
        out = tmp_path / "farm.toml"
        result = call("config", "init", observation, "--out", out, answers="\nloam\n\n\n")
        assert result.exit_code == 0, result.output
        config = load_config(out)
        assert (config.station.name, config.station.antenna_height_m) == ("smpl", None)
        assert config.inbox.path == tmp_path / "inbox"

    def test_what_is_given_is_not_asked(self, observation, tmp_path, terminal):
        out = tmp_path / "farm.toml"
        given = ["--name", "x", "--texture", "sand", "--antenna-height", 2, "--inbox", "in"]
        assert call("config", "init", observation, "--out", out, *given).exit_code == 0

    def test_yes_asks_nothing(self, observation, tmp_path, terminal):
        out = tmp_path / "farm.toml"
        message = refusal(2, "config", "init", observation, "--out", out, "--yes")
        assert "--texture" in message
        assert "sandy clay loam" in message

    def test_leaving_the_questions_writes_nothing(self, observation, tmp_path, terminal):
        out = tmp_path / "farm.toml"
        assert call("config", "init", observation, "--out", out, answers="farm\n").exit_code == 130
        assert not out.exists()

    def test_on_a_real_terminal(self, observation, tmp_path):
        master, slave = pty.openpty()
        soilglint = [sys.executable, "-c", "from daemon.cli import main; main()"]
        arguments = ["config", "init", str(observation), "--out", str(tmp_path / "farm.toml")]
        with subprocess.Popen(
            [*soilglint, *arguments],
            stdin=slave,
            stdout=subprocess.PIPE,
            stderr=slave,
            cwd=ROOT,
        ) as process:
            os.write(master, b"farm\nloam\n1.9\n\n")
            assert process.stdout is not None
            assert b"written" in process.stdout.read()
        os.close(slave)
        os.close(master)
        assert process.returncode == 0
        assert load_config(tmp_path / "farm.toml").station.antenna_height_m == 1.9

    def test_never_overwrites_unless_told(self, observation, tmp_path):
        out = tmp_path / "farm.toml"
        out.write_text("mine")
        arguments = ["config", "init", observation, "--texture", "loam", "--out", out]
        assert "--force" in refusal(3, *arguments)
        assert out.read_text() == "mine"
        assert "is a file that is read" in refusal(2, *arguments[:-1], observation, "--force")
        assert call(*arguments, "--force").exit_code == 0
        load_config(out)
        assert {path.name for path in tmp_path.iterdir()} == {"farm.toml", "sample"}

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            (["--texture", "lome"], "--texture lome"),
            (["--texture", "loam", "--name", "a/b"], "--name a/b"),
            (["--texture", "loam", "--antenna-height", "12"], "--antenna-height 12"),
            (["--texture", "loam", "--antenna-height", "nan"], "--antenna-height nan"),
            (["--texture", "loam", "--inbox", " "], "--inbox"),
            (["--texture", "loam", "--signals", "GS9X"], "--signals GS9X"),
            (["--texture", "loam", "--position", "95", "0", "0"], "--position"),
        ],
    )
    def test_options_that_cannot_be_exit_2(self, observation, tmp_path, options, words):
        out = tmp_path / "farm.toml"
        assert words in refusal(2, "config", "init", observation, "--out", out, *options)
        assert not out.exists()

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            (["--position", "48.35", "16.75", "200"], "--position lies 11120 m"),
            (["--signals", "ES1C"], "none of them is in"),
            (["--out", "no/such/folder.toml"], "make it first"),
        ],
    )
    def test_what_does_not_fit_the_files_exits_3(self, observation, tmp_path, options, words):
        options = ["--texture", "loam", "--out", tmp_path / "farm.toml", *options]
        assert words in refusal(3, "config", "init", observation, *options)
        assert not (tmp_path / "farm.toml").exists()

    def test_a_pattern_that_the_shell_spread_out_is_noted(self, sample, observation, tmp_path):
        navigation = min((sample / "nav").iterdir())
        options = ["--texture", "loam", "--nav", "nav/a.n", "--out", tmp_path / "farm.toml"]
        result = call("config", "init", observation, navigation, *options)
        assert f"{navigation.name}: no observations" in result.stdout
        assert "in quotes" in result.stdout

    def test_files_without_position_need_one(self, tmp_path):
        path = tmp_path / "test0100.25.snr66"
        path.write_text("  1   10.0  120.0      0.0  0.005  0.00 40.00 41.00  0.00  0.00  0.00\n")
        arguments = ["config", "init", path, "--texture", "loam", "--out", tmp_path / "t.toml"]
        assert "--position" in refusal(3, *arguments)
        assert call(*arguments, "--position", -26.4, 148.1, 534).exit_code == 0


class TestCheck:
    def test_the_sample_is_all_ok(self, sample):
        result = call("check", "--config", sample / "soilglint.toml")
        assert result.exit_code == 0, result.output
        lines = result.stdout.splitlines()
        assert lines[-1] == "all ok; ready to run"
        assert all(line.startswith("ok ") for line in lines[:-2])
        assert any("sinks" in line for line in lines)

    def test_json_says_the_same(self, sample):
        report = json.loads(call("check", "--config", sample / "soilglint.toml", "--json").stdout)
        assert report["could_run"] is True
        assert report["config"] == str(sample / "soilglint.toml")
        assert {finding["level"] for finding in report["findings"]} == {"ok"}
        assert all(set(f) == {"level", "key", "text"} for f in report["findings"])

    def test_a_fault_exits_3_and_all_findings_are_shown(self, config_file, tmp_path):
        config = config_file()
        (tmp_path / "inbox").rmdir()
        result = call("check", "--config", config)
        assert result.exit_code == 3
        assert result.stderr == ""
        assert "there is no such folder" in result.stdout
        assert "sinks" in result.stdout
        report = call("check", "--config", config, "--json")
        assert report.exit_code == 3
        assert json.loads(report.stdout)["could_run"] is False

    def test_a_broken_configuration_is_the_error_of_every_command(self, config_file):
        message = refusal(3, "check", "--config", config_file("[station]\nname = \n"))
        assert "not valid TOML" in message
