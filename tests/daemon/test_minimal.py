"""The main job, end to end, as the README's first command runs it."""

import json
import subprocess
import sys


def soilglint(*arguments):
    script = "from daemon.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_minimal(tmp_path):
    soilglint("sample", tmp_path / "out")
    config = tmp_path / "out" / "soilglint.toml"
    soilglint("run", "--config", config, "--once")
    status = json.loads(soilglint("status", "--config", config, "--json"))
    assert status["files"]["states"] == {"ingested": 10}
    assert status["arcs"]["accepted"] > 300
    estimate = status["estimate"]
    assert estimate["time"] == "2024-05-15T23:45:00Z"
    assert estimate["flag"] == "calibrating"
    assert estimate["vwc_lower"] < estimate["vwc"] < estimate["vwc_upper"]
    assert estimate["phase_anomaly_deg"] < 0
