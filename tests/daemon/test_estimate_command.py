import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from daemon import cli
from daemon.estimates import ESTIMATE_FIELDS


def call(*arguments):
    return CliRunner().invoke(cli.app, ["estimate", *map(str, arguments)])


def refusal(code, *arguments):
    result = call(*arguments)
    assert result.exit_code == code, result.output
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    return " ".join(result.stderr.split())


@pytest.fixture
def table(made_arcs, tmp_path):
    """A hundred days of arcs of six satellites, as a file; five days dry, five wet in turn."""
    day, track = (index.ravel() for index in np.indices((100, 6)))
    start = (
        np.datetime64("2025-01-10T12:00", "ns")
        + day * np.timedelta64(1, "D")
        + track * np.timedelta64(1, "h")
    )
    path = tmp_path / "arcs.parquet"
    made_arcs(
        600,
        start=start.astype("datetime64[ns]"),
        satellite=np.array([f"G{number + 1:02d}" for number in track]),
        phase_deg=np.where(day % 10 < 5, 0.0, -20.0),
        phase_height_correlation=np.nan,
    ).to_parquet(path)
    return path


@pytest.mark.parametrize("ending", ["csv", "parquet"])
@pytest.mark.parametrize("mode", ["causal", "retrospective"])
def test_a_table_and_a_texture_suffice(table, tmp_path, ending, mode):
    out = tmp_path / f"moisture.{ending}"
    result = call("--arcs", table, "--texture", "loam", "--mode", mode, "--out", out)
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    moisture = pd.read_csv(out) if ending == "csv" else pd.read_parquet(out)
    assert list(moisture.columns) == list(ESTIMATE_FIELDS)
    assert len(moisture) == 100
    assert set(moisture["product"]) == {"daily"}
    assert moisture["model_id"].str.startswith("linear-").all()
    if ending == "csv":
        assert moisture["time"].str.fullmatch(r"2025-0[1-4]-\d\dT00:00:00Z").all()
    assert "100 days" in result.stdout
    assert str(out) in result.stdout


def test_csv_and_parquet_hold_the_same(table, tmp_path):
    for ending in ("csv", "parquet"):
        call("--arcs", table, "--texture", "loam", "--out", tmp_path / f"m.{ending}")
    left, right = pd.read_csv(tmp_path / "m.csv"), pd.read_parquet(tmp_path / "m.parquet")
    left["time"] = pd.to_datetime(left["time"])
    left["effective_time"] = pd.to_datetime(left["effective_time"])
    pd.testing.assert_frame_equal(
        left.drop(columns="latency_s"), right.drop(columns="latency_s"), check_dtype=False
    )


def test_the_summary_as_json(table, tmp_path):
    out = tmp_path / "m.csv"
    common = ("--arcs", table, "--texture", "loam", "--mode", "retrospective", "--json")
    summary = json.loads(call(*common, "--out", out).stdout)
    assert (summary["station"], summary["mode"], summary["days"]) == ("test", "retrospective", 100)
    assert sum(summary["flags"].values()) == 100
    assert summary["out"] == str(out)
    assert "--latitude" in summary["notes"][-1]
    south = json.loads(call(*common, "--latitude", -20, "--out", out).stdout)
    assert south["notes"] == []  # 10 January to 13 February are of the dry season of 2025
    assert south["flags"] == {"good": 100}
    # .078 when dry, .0148 * 20 more when wet.
    assert (south["vwc"]["lowest"], south["vwc"]["highest"]) == (0.078, 0.374)


def test_a_grid_of_ones_own(table, tmp_path):
    out = tmp_path / "m.csv"
    result = call("--arcs", table, "--texture", "loam", "--every", 360, "--out", out)
    assert result.exit_code == 0, result.output
    moisture = pd.read_csv(out)
    assert set(moisture["product"]) == {"live"}
    assert set(pd.DatetimeIndex(moisture["time"]).hour) == {0, 6, 12, 18}


def test_arcs_of_the_store_give_what_the_run_gave(sample, tmp_path):
    config = sample / "soilglint.toml"
    CliRunner().invoke(cli.app, ["run", "--config", str(config), "--once"])
    out = tmp_path / "m.parquet"
    result = call("--config", config, "--out", out)
    assert result.exit_code == 0, result.output
    again = pd.read_parquet(out)
    assert (again["time"].diff().dropna() == pd.Timedelta(minutes=15)).all()
    status = CliRunner().invoke(cli.app, ["status", "--config", str(config), "--json"]).stdout
    last = json.loads(status)["estimate"]
    row = again[again["time"] == pd.Timestamp(last["time"])].iloc[0]
    for name in ("product", "vwc", "vwc_lower", "phase_anomaly_deg", "n_arcs", "flag", "model_id"):
        assert row[name] == last[name], name


def test_weather_of_the_configuration_is_used(table, config_file, config_text, tmp_path):
    text = config_text + '[weather]\npath = "weather.csv"\n[qc]\nmin_tracks = 1\n'
    config = config_file(text)
    arguments = ("--arcs", table, "--config", config, "--every", 1440, "--out", tmp_path / "m.csv")
    assert "weather.csv: there is no such file" in refusal(3, *arguments)
    rows = ["time,temperature_c", "2025-02-10T00:00:00Z,-3", "2025-02-11T00:00:00Z,8"]
    (tmp_path / "weather.csv").write_text("\n".join(rows) + "\n")
    assert call(*arguments).exit_code == 0
    moisture = pd.read_csv(tmp_path / "m.csv", index_col="time")
    assert moisture.index[moisture["flag"] == "frozen"].tolist() == ["2025-02-10T00:00:00Z"]
    assert np.isnan(moisture.loc["2025-02-10T00:00:00Z", "vwc"])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--out", "m.txt"], ".parquet or .csv"),
        (["--out", "m.csv"], "--arcs FILE with --texture"),
        (["--out", "m.csv", "--texture", "loam"], "--arcs"),
        (["--out", "m.csv", "--arcs", "a.csv"], "--texture"),
        (["--out", "m.csv", "--config", "c", "--texture", "loam"], "give one of them"),
        (["--out", "m.csv", "--config", "c", "--latitude", "3"], "give one of them"),
        (["--out", "m.csv", "--arcs", "a", "--texture", "lome"], "sandy loam"),
        (["--out", "m.csv", "--arcs", "a", "--texture", "loam", "--latitude", "95"], "-90 to 90"),
        (["--out", "m.csv", "--arcs", "a", "--texture", "loam", "--every", "7"], "divides a day"),
        (["--out", "m.csv", "--arcs", "a", "--texture", "loam", "--every", "0"], "divides a day"),
        (
            ["--out", "m.csv", "--config", "c", "--every", "60", "--mode", "retrospective"],
            "daily",
        ),
        (["--out", "m.csv", "--config", "c", "--mode", "future"], "--mode"),
        (["--out", "m.csv", "--config", "c", "--model", "rf-mdi"], "is trained on a reference"),
        (["--out", "m.csv", "--config", "c", "--model", "magic"], "is neither linear nor a folder"),
    ],
)
def test_usage_errors_exit_2(options, words):
    assert words in refusal(2, *options)


def test_the_arcs_and_the_configuration_are_never_replaced(table, config_file, tmp_path):
    before = table.read_bytes()
    message = refusal(2, "--arcs", table, "--texture", "loam", "--out", table)
    assert f"--out {table}: is a file that is read; name another" in message
    assert table.read_bytes() == before
    config = config_file().rename(tmp_path / "station.csv")
    assert "is a file that is read" in refusal(2, "--config", config, "--out", config)
    assert "[station]" in config.read_text()


def test_a_table_of_another_name_is_taken_with_a_note(table, config_file, config_text, tmp_path):
    config = config_file(config_text.replace('"test"', '"farm"'))
    out = tmp_path / "m.csv"
    result = call("--arcs", table, "--config", config, "--every", 1440, "--out", out)
    assert result.exit_code == 0, result.output
    assert "note      the table calls the station test, the configuration farm" in result.stdout
    assert set(pd.read_csv(out)["station"]) == {"farm"}
    told = call(
        *("--arcs", table, "--config", config, "--every", 1440, "--out", out, "--station", "test")
    )
    assert "note" not in told.stdout


def test_bad_input_exits_3_with_a_remedy(table, made_arcs, config_file, tmp_path):
    out = tmp_path / "m.csv"
    missing = refusal(3, "--arcs", tmp_path / "no.csv", "--texture", "loam", "--out", out)
    assert "no.csv: there is no such file" in missing
    nothing = refusal(3, "--config", config_file(), "--out", out)
    assert "there is no store yet" in nothing
    assert "make it first" in refusal(
        3, "--arcs", table, "--texture", "loam", "--out", tmp_path / "no" / "m.csv"
    )
    (tmp_path / "none.csv").write_text(",".join(made_arcs().columns) + "\n")
    none = refusal(3, "--arcs", tmp_path / "none.csv", "--texture", "loam", "--out", out)
    assert "none.csv: holds no arcs" in none
    made_arcs(2, accepted=False, phase_height_correlation=np.nan).to_parquet(table)
    assert "reject_reason" in refusal(3, "--arcs", table, "--texture", "loam", "--out", out)
    assert not out.exists()
