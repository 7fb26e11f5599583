import gzip
import json
import os
import re
import subprocess
import sys
import textwrap

import pandas as pd
import pytest
from typer.testing import CliRunner

from daemon import cli
from daemon.cli import program
from daemon.exit_codes import ExitCode
from daemon.store import Store
from retrieval.arc_table import ARC_COLUMNS
from retrieval.version import VERSION

COMMANDS = (
    "arcs",
    "run",
    "status",
    "sample",
    "estimate",
    "train",
    "evaluate",
    "check",
    "config init",
    "simulate station",
    "simulate arcs",
    "simulate scenarios",
    "replay",
    "demo",
    "model list",
    "model retrain",
    "model promote",
    "model rollback",
    "model compare",
)


def call(*arguments):
    return CliRunner().invoke(cli.app, [str(argument) for argument in arguments])


def refusal(code, *arguments):
    """Call, expect an exit code, and return the one message that must have gone to stderr."""
    result = call(*arguments)
    assert result.exit_code == code, result.output
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    return " ".join(result.stderr.split())


@pytest.fixture
def files(sample):
    """Two observation files (12 hours) of the sample and the navigation file of their day."""
    return [*sorted((sample / "inbox").iterdir())[:2], min((sample / "nav").iterdir())]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command):
    result = call(*command.split(), "--help")
    assert result.exit_code == 0
    assert f"Example: soilglint {command}" in " ".join(result.output.split())


def test_help_lists_commands_and_exit_codes():
    result = call("--help")
    assert all(command.split()[0] in result.output for command in COMMANDS)
    table = re.sub(r"\s+", " ", result.output)
    assert "0 ok, 2 usage, 3 bad input, 4 cannot reach a service, 5 internal" in table
    assert [int(code) for code in ExitCode] == [0, 2, 3, 4, 5]


def test_help_imports_nothing_heavy():
    script = (
        "import sys; from daemon.cli import app\n"
        "try: app(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'pandas', 'pydantic', 'scipy', 'sqlite3', 'rich'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_version():
    assert call("--version").output == f"soilglint {VERSION}\n"


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_arcs_writes_the_arc_table(files, tmp_path, ending):
    out = tmp_path / f"arcs.{ending}"
    result = call("arcs", *files[:2], "--nav", files[2], "--out", out)
    assert result.exit_code == 0, result.output
    table = pd.read_parquet(out) if ending == "parquet" else pd.read_csv(out)
    assert list(table.columns) == list(ARC_COLUMNS)
    assert table["accepted"].sum() > 50
    # 1.8 m, less the 3 cm by which the phase of the reflection turns along an arc.
    assert abs(table.loc[table["accepted"], "reflector_height_m"].median() - 1.77) < 0.02
    if ending == "csv":
        assert table["start"].str.fullmatch(r"2024-05-1[34]T[\d:.]{12}Z").all()
    assert "accepted" in result.stdout
    assert "GS1C" in result.stdout
    assert result.stderr == ""  # progress is for people who watch


def test_arcs_summary_as_json_counts_what_was_written(files, tmp_path):
    out = tmp_path / "arcs.parquet"
    result = call("arcs", *files, "--out", out, "--json")
    summary = json.loads(result.stdout)
    table = pd.read_parquet(out)
    rejected = table[~table["accepted"]]
    assert summary["arcs"]["accepted"] == int(table["accepted"].sum())
    assert summary["arcs"]["reject_reasons"] == rejected["reject_reason"].value_counts().to_dict()
    assert [file["epochs"] for file in summary["files"]] == [720, 720]  # 6 hours at 30 s
    assert set(summary["signals"]) == {"GS1C", "GS2L", "GS5Q"}
    assert summary["signals"]["GS1C"]["reflector_height_m"] == pytest.approx(1.775, abs=0.02)
    assert summary["files"][0]["cut"] is None
    assert summary["out"] == str(out)


def test_navigation_may_stand_anywhere(files, tmp_path):
    tables = []
    for arguments in (
        [*files],
        [files[0], "--nav", files[2], files[1]],
        ["--nav", files[2], "--nav", files[2], *files[:2]],
    ):
        out = tmp_path / "arcs.parquet"
        assert call("arcs", *arguments, "--out", out).exit_code == 0
        tables.append(pd.read_parquet(out))
    pd.testing.assert_frame_equal(tables[0], tables[1])
    pd.testing.assert_frame_equal(tables[0], tables[2])


def test_arcs_options_reach_the_chain(files, tmp_path):
    out = tmp_path / "arcs.parquet"
    options = ["--signals", "GS2L,GS5Q", "--elevation", 6, 20, "--apriori-height", 1.75]
    assert call("arcs", *files, *options, "--out", out).exit_code == 0
    table = pd.read_parquet(out)
    assert set(table["signal"]) == {"S2L", "S5Q"}
    assert table["elevation_max_deg"].max() <= 20
    assert table["elevation_min_deg"].min() >= 6
    assert set(table.loc[table["accepted"], "apriori_height_m"]) == {1.75}
    assert call("arcs", *files, "--height-mode", "free", "--out", out).exit_code == 0
    free = pd.read_parquet(out)
    assert set(free["height_mode"]) == {"free"}
    assert free.loc[free["accepted"], "height_sigma_m"].notna().all()


def test_arcs_takes_settings_from_a_configuration(sample, files, tmp_path):
    config = sample / "soilglint.toml"
    config.write_text(config.read_text().replace('["GS1C", "GS2L", "GS5Q"]', '["GS2L"]'))
    out = tmp_path / "arcs.csv"
    result = call("arcs", *files[:2], "--config", config, "--out", out)
    assert result.exit_code == 0, result.output
    table = pd.read_csv(out)
    assert set(table["station"]) == {"smpl"}
    assert set(table["signal"]) == {"S2L"}


def test_run_then_status_tell_the_whole_story(sample):
    config = sample / "soilglint.toml"
    (sample / "inbox" / "bad.rnx.gz").write_bytes(b"\x1f\x8b not gzip")
    first = json.loads(call("run", "--config", config, "--once", "--json").stdout)
    assert first["files"] == {"ingested": 10, "unreadable": 1}
    assert first["changed"]
    again = call("run", "--config", config, "--once")
    assert "nothing new" in again.stdout
    assert "0 new" in again.stdout

    status = json.loads(call("status", "--config", config, "--json").stdout)
    assert status["files"]["states"] == {"ingested": 10, "unreadable": 1}
    assert list(status["files"]["problems"]) == ["bad.rnx.gz"]
    assert status["arcs"]["accepted"] + status["arcs"]["rejected"] == first["arcs_new"]
    estimate = status["estimate"]
    assert estimate["flag"] == "calibrating"
    assert (estimate["vwc_lower"], estimate["vwc_upper"]) == (0.078, 0.43)

    text = call("status", "--config", config).stdout
    for words in (
        "10 ingested, 1 unreadable",
        "bad.rnx.gz",
        "calibrating (2 of 30 days",
        "0.078 to 0.430",
        estimate["time"],
    ):
        assert words in text
    assert re.search(r"\d{2}:\d{2}:\d{2}(?!\.|Z|\d)", text) is None  # every time is UTC with Z


def test_run_counts_one_row_of_weather_as_one(sample):
    config = sample / "soilglint.toml"
    config.write_text(config.read_text() + '[weather]\npath = "w.csv"\n')
    (sample / "w.csv").write_text("time,temperature_c\n2024-05-14T00:00:00Z,9\n")
    assert "weather   1 row\n" in call("run", "--config", config, "--once").stdout


def test_run_tells_of_files_that_are_not_whole(sample):
    first = sorted((sample / "inbox").iterdir())[0]
    text = gzip.decompress(first.read_bytes())
    first.write_bytes(gzip.compress(text[: len(text) // 2]))
    config = sample / "soilglint.toml"
    assert (
        f"note on {first.name}: it ends early" in call("run", "--config", config, "--once").stdout
    )
    notes = json.loads(call("status", "--config", config, "--json").stdout)["files"]["notes"]
    assert "it ends early" in notes[first.name]


def test_position_does_not_rename_the_station(files, tmp_path):
    out = tmp_path / "arcs.csv"
    position = ("--position", 48.25, 16.75, 200.0)
    assert call("arcs", *files, *position, "--out", out).exit_code == 0
    assert set(pd.read_csv(out)["station"]) == {"SMPL"}


@pytest.mark.parametrize("role", ["file", "nav", "config", "store", "orbits"])
def test_arcs_never_replaces_what_it_reads(sample, files, tmp_path, role):
    config = sample / "soilglint.toml"
    out = tmp_path / "me.csv"
    options = ["--nav", files[2]]
    if role in ("file", "nav"):
        source = files[0] if role == "file" else files[2]
        out.write_bytes(source.read_bytes())
        options = ["--nav", out] if role == "nav" else options
    elif role == "orbits":
        out.write_bytes(files[2].read_bytes())
        config.write_text(config.read_text().replace("nav/*.rnx.gz", str(out)))
        options = ["--config", config]
    elif role == "config":
        config = config.rename(sample / "soilglint.csv")
        out, options = config, ["--config", config]
    else:
        config.write_text(config.read_text().replace("soilglint.sqlite", "store.csv"))
        out, options = sample / "store.csv", ["--config", config]
        out.write_bytes(b"precious")
    before = out.read_bytes()
    given = out if role == "file" else files[0]
    message = refusal(2, "arcs", given, *options, "--out", out)
    assert f"--out {out}: is a file that is read; name another" in message
    assert out.read_bytes() == before


def test_a_date_for_rinex_is_noted(files, tmp_path):
    out = tmp_path / "arcs.csv"
    result = call("arcs", *files, "--date", "2020-01-01", "--out", out)
    assert "hold their own dates" in result.stdout


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_names_that_are_no_utf8_are_taken_and_shown(files, tmp_path, ending):
    odd = files[0].rename(files[0].with_name(os.fsdecode(b"b\xe9\xff.rnx.gz")))
    out = tmp_path / os.fsdecode(b"o\xff." + ending.encode())
    result = call("arcs", odd, files[2], "--out", out)
    assert result.exit_code == 0, result.output
    assert r"b\xe9\xff.rnx.gz" in result.stdout
    assert out.exists()
    missing = tmp_path / os.fsdecode(b"no\xff")
    assert r"no\xff" in refusal(3, "arcs", missing, "--out", tmp_path / "a.csv")


@pytest.mark.parametrize("command", ["arcs", "--help", "nothing"])
def test_a_reader_that_has_gone_ends_the_program_quietly(files, tmp_path, command):
    out = tmp_path / "a.csv"
    arguments = [command, *files, "--out", out] if command == "arcs" else [command]
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as closed:
        done = subprocess.run(
            [sys.executable, "-m", "daemon.cli", *map(str, arguments)],
            stdout=subprocess.PIPE if command == "nothing" else closed,
            stderr=closed if command == "nothing" else subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 141
    assert not done.stderr
    assert not done.stdout
    assert out.exists() == (command == "arcs")


@pytest.mark.parametrize(
    "arguments",
    [
        ["status", "--config", "here"],
        ["check", "--config", "here"],
        ["run", "--once", "--config", "here"],
        ["arcs", "here", "--out", "a.csv"],
        ["arcs", "x", "--out", "a.csv", "--nav", "here"],
        ["arcs", "x", "--out", "a.csv", "--config", "here"],
        ["arcs", "x", "--out", "here.csv"],
        ["arcs", "x", "--out", "a.csv", "--plots", "here"],
        ["estimate", "--arcs", "here", "--texture", "loam", "--out", "a.csv"],
        ["estimate", "--config", "here", "--out", "a.csv"],
        ["estimate", "--arcs", "x", "--texture", "loam", "--out", "here.csv"],
        ["train", "--arcs", "here", "--reference", "x", "--out", "new"],
        ["train", "--config", "here", "--reference", "x", "--out", "new"],
        ["train", "--arcs", "x", "--reference", "here", "--weather", "here", "--out", "here"],
        ["evaluate", "--arcs", "here", "--reference", "x", "--out", "new"],
        ["evaluate", "--arcs", "x", "--reference", "here", "--weather", "here", "--out", "here"],
        ["config", "init", "here"],
        ["config", "init", "x", "--out", "here"],
        ["sample", "here"],
    ],
)
def test_what_cannot_be_read_is_told_by_us(tmp_path, monkeypatch, arguments):
    # Otherwise typer's own check answers, with three lines and the code that is for usage.
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here").write_text("")
    (tmp_path / "here.csv").write_text("")
    monkeypatch.setattr("os.access", lambda *_: False)  # root may read anything
    message = refusal(3, *arguments)
    assert message.startswith("soilglint: ")


def test_sigterm_leaves_no_temporary_file(files, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    arguments = ["soilglint", "arcs", *map(str, files), "--out", str(out / "a.csv")]
    script = f"""
        import os, signal, sys
        import pandas as pd
        from daemon.cli import main

        def killed(self, file, **_):
            os.kill(os.getpid(), signal.SIGTERM)
            raise AssertionError("not reached")

        pd.DataFrame.to_csv = killed
        sys.argv = {arguments}
        main()
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=False)
    assert done.returncode == 143
    assert list(out.iterdir()) == []


def test_sample_is_ready_to_run(tmp_path):
    result = call("sample", tmp_path / "out")
    assert result.exit_code == 0
    assert (tmp_path / "out" / "soilglint.toml").exists()


@pytest.mark.parametrize(
    "arguments",
    [["--any-station"], ["--once", "--stdout"]],
)
def test_run_refuses_options_that_do_not_go_together(config_file, arguments):
    assert arguments[-1] in refusal(2, "run", "--config", config_file(), *arguments)


def test_replay_says_what_a_time_looks_like(config_file):
    message = refusal(2, "replay", "--config", config_file(), "--since", "yesterday-ish")
    assert "2026-11-01T12:00Z" in message


def test_replay_without_a_store_says_what_to_do_first(config_file):
    assert "no store yet" in refusal(
        3, "replay", "--config", config_file(), "--since", "2026-11-01"
    )


def test_a_demonstration_does_not_mix_with_other_things(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    assert "name a new or empty folder" in refusal(3, "demo", "--out", tmp_path)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["arcs", "x", "--out", "arcs.txt"], ".parquet or .csv"),
        (["arcs", "x", "--out", "a.csv", "--date", "10.1.2025"], "YYYY-MM-DD"),
        (
            ["arcs", "x", "--out", "a.csv", "--config", "c", "--position", "1", "2", "3"],
            "give one of them",
        ),
        (["arcs", "--out", "a.csv"], "FILE"),
        (["arcs", "x", "--out", "a.csv", "--signals", ""], "--signals"),
        (["arcs", "x", "--out", "a.csv", "--signals", "XS1"], "XS1"),
        (["arcs", "x", "--out", "a.csv", "--elevation", "25", "5"], "--elevation 25 5"),
        (["arcs", "x", "--out", "a.csv", "--elevation", "nan", "5"], "--elevation nan 5"),
        (["arcs", "x", "--out", "a.csv", "--apriori-height", "inf"], "at most 200"),
        (["arcs", "x", "--out", "a.csv", "--apriori-height", "1e9"], "at most 200"),
        (["arcs", "x", "--out", "a.csv", "--apriori-height", "0"], "above 0"),
        (["arcs", "x", "--out", "a.csv", "--position", "95", "2", "3"], "--position"),
        (["arcs", "x", "--out", "a.csv", "--height-mode", "both"], "--height-mode"),
        (["arcs", "x"], "--out"),
        (["nothing"], "nothing"),
    ],
)
def test_usage_errors_exit_2(arguments, words):
    assert words in refusal(2, *arguments)


class TestBadInput:
    """Every error of the list exits 3 with a remedy."""

    def test_no_navigation_given(self, files, tmp_path):
        message = refusal(3, "arcs", *files[:2], "--out", tmp_path / "a.csv")
        assert "--nav" in message
        assert not (tmp_path / "a.csv").exists()

    def test_no_navigation_for_the_day(self, files, tmp_path):
        text = (
            "     3.05           N: GNSS NAV DATA    G: GPS              RINEX VERSION / TYPE\n"
            "                                                            END OF HEADER\n"
            "G01 2020 06 25 00 00 00 0.000000000000e+00 0.000000000000e+00 0.000000000000e+00\n"
            "     1.000000000000e+00 0.000000000000e+00 4.500000000000e-09 0.000000000000e+00\n"
            "     0.000000000000e+00 1.000000000000e-03 0.000000000000e+00 5.153700000000e+03\n"
            "     3.456000000000e+05 0.000000000000e+00 0.000000000000e+00 0.000000000000e+00\n"
            "     9.600000000000e-01 0.000000000000e+00 0.000000000000e+00-8.000000000000e-09\n"
            "     0.000000000000e+00 1.000000000000e+00 2.111000000000e+03 0.000000000000e+00\n"
            "     2.000000000000e+00 0.000000000000e+00 0.000000000000e+00 1.000000000000e+00\n"
            "     3.456000000000e+05 4.000000000000e+00\n"
        )
        nav = tmp_path / "other_day.rnx"
        nav.write_text(text)
        message = refusal(3, "arcs", files[0], "--nav", nav, "--out", tmp_path / "a.csv")
        assert "2024-05-14" in message
        assert "--nav" in message

    def test_position_missing(self, tmp_path):
        path = tmp_path / "test0100.25.snr66"
        path.write_text(
            "  1   10.0000  120.0000      0.0  0.005  0.00 40.00 41.00  0.00  0.00  0.00\n"
            "  1   10.1000  120.1000     30.0  0.005  0.00 40.10 41.10  0.00  0.00  0.00\n"
        )
        message = refusal(3, "arcs", path, "--out", tmp_path / "a.csv")
        assert "--position" in message

    def test_position_missing_in_the_configuration(self, config_file, config_text):
        config = config_file(config_text.replace("height_m = 200.0\n", ""))
        message = refusal(3, "run", "--config", config, "--once")
        assert "station.height_m" in message

    def test_no_snr_in_file(self, tmp_path):
        lines = [
            f"{'     3.05           OBSERVATION DATA    G: GPS':<60}RINEX VERSION / TYPE",
            f"{'  4085885.0000  1230000.0000  4733270.0000':<60}APPROX POSITION XYZ",
            f"{'G    1 C1C':<60}SYS / # / OBS TYPES",
            f"{'  2024     5    14     0     0    0.0000000     GPS':<60}TIME OF FIRST OBS",
            f"{'':<60}END OF HEADER",
            "> 2024 05 14 00 00  0.0000000  0  1",
            "G01  20000000.000",
        ]
        path = tmp_path / "test1350.24o"
        path.write_text("\n".join(lines) + "\n")
        message = refusal(3, "arcs", path, "--out", tmp_path / "a.csv")
        assert "signal strength" in message

    def test_signals_that_are_not_in_the_files(self, files, tmp_path):
        message = refusal(3, "arcs", *files, "--signals", "ES1C", "--out", tmp_path / "a.csv")
        assert "GS1C" in message

    def test_unreadable_archive(self, tmp_path):
        path = tmp_path / "test1350.24o.gz"
        path.write_bytes(b"\x1f\x8b\x08 this is not gzip")
        message = refusal(3, "arcs", path, "--out", tmp_path / "a.csv")
        assert str(path) in message

    def test_file_that_is_not_there(self, tmp_path):
        message = refusal(3, "arcs", tmp_path / "nothing.24o", "--out", tmp_path / "a.csv")
        assert "nothing.24o" in message

    def test_folder_of_out_missing(self, tmp_path):
        message = refusal(3, "arcs", "x", "--out", tmp_path / "no" / "a.csv")
        assert "make it first" in message

    def test_out_is_a_folder(self, tmp_path):
        (tmp_path / "a.csv").mkdir()
        message = refusal(3, "arcs", "x", "--out", tmp_path / "a.csv")
        assert f"--out {tmp_path / 'a.csv'}" in message

    def test_plots_is_a_file(self, tmp_path):
        message = refusal(3, "arcs", "x", "--out", tmp_path / "a.csv", "--plots", __file__)
        assert "--plots" in message

    def test_header_alone(self, files, tmp_path):
        text = gzip.decompress(files[0].read_bytes())
        path = tmp_path / "head.rnx"
        path.write_bytes(text[: text.index(b"\n", text.index(b"END OF HEADER")) + 1])
        message = refusal(3, "arcs", path, "--out", tmp_path / "a.csv")
        assert "no whole epoch" in message
        assert "signal strength" not in message

    def test_configured_orbits_that_are_not_there(self, sample, files, tmp_path):
        config = sample / "soilglint.toml"
        config.write_text(config.read_text().replace("nav/*.rnx.gz", "none/*.rnx.gz"))
        arguments = ("--config", config, "--out", tmp_path / "a.csv")
        assert "orbits.nav" in refusal(3, "arcs", files[0], *arguments)

    def test_changed_settings(self, sample):
        config = sample / "soilglint.toml"
        call("run", "--config", config, "--once")
        config.write_text(config.read_text().replace('["GS1C", "GS2L", "GS5Q"]', '["GS2L"]'))
        message = refusal(3, "run", "--config", config, "--once")
        assert "signals.use" in message
        assert "[store] path" in message

    def test_configuration_missing(self, tmp_path):
        message = refusal(3, "status", "--config", tmp_path / "no.toml")
        assert "no such file" in message

    def test_status_before_the_first_run(self, config_file):
        message = refusal(3, "status", "--config", config_file())
        assert "run" in message


def test_a_busy_store_exits_4(sample, tmp_path):
    with Store.writing(sample / "soilglint.sqlite"):
        message = refusal(4, "run", "--config", sample / "soilglint.toml", "--once")
    assert "another soilglint" in message


def test_an_internal_error_is_one_line_and_its_traceback_is_kept(monkeypatch, capsys, tmp_path):
    def broken():
        raise KeyError("column")

    monkeypatch.setattr(program, "app", broken)
    monkeypatch.setattr(program.tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["soilglint"])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    assert caught.value.code == 5
    (log,) = tmp_path.iterdir()
    error = capsys.readouterr().err
    assert len(error.splitlines()) == 1
    assert str(log) in error
    assert "Traceback" in log.read_text()


def test_debug_shows_the_traceback(tmp_path):
    result = call("--debug", "status", "--config", tmp_path / "no.toml")
    assert result.exit_code == 3
    assert "Traceback" in result.stderr
