"""A hundred kills at random moments, and what is in the store afterwards."""

import json
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from daemon.config import load_config
from daemon.ingest import look
from daemon.jobs import run_once
from daemon.sample import write_sample

NOW = "2024-05-20T00:00:00Z"
KILLS = 100
FILES = 4

# Forks a run, kills it at a random moment, and goes on until a run has come to its end by itself;
# then with a fresh copy of the inbox, until there were kills enough. The modules are loaded before,
# so that the moments fall into the run and not into the start of Python.
KILLER = """
import json, os, random, shutil, signal, sqlite3, sys, time
from contextlib import closing
from pathlib import Path
import pandas as pd
from daemon.config import load_config
from daemon.ingest import look
from daemon.jobs import run_once

template, folder, kills, rows, now, longest_s = sys.argv[1:]
look._BATCH_ROWS = int(rows)
random.seed(20240514)

def begin(config_path):
    pid = os.fork()
    if pid == 0:
        try:
            run_once(load_config(config_path), now=pd.Timestamp(now))
        finally:
            os._exit(0)
    return pid

def ends_before(pid, moment):
    while time.monotonic() < moment:
        if os.waitpid(pid, os.WNOHANG) != (0, 0):
            return True
        time.sleep(0.0005)
    os.kill(pid, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0

def ingested(here):
    if not (here / "soilglint.sqlite").exists():
        return 0
    with closing(sqlite3.connect(here / "soilglint.sqlite")) as store:
        try:
            return store.execute("SELECT COUNT(*) FROM files WHERE n_snr > 0").fetchone()[0]
        except sqlite3.OperationalError:  # no table yet
            return 0

seen, rounds = [], []
while len(seen) < int(kills):
    here = Path(folder) / str(len(rounds))
    shutil.copytree(template, here)
    while not ends_before(
        begin(here / "soilglint.toml"), time.monotonic() + random.uniform(0, float(longest_s))
    ):
        seen.append(ingested(here))
    rounds.append(str(here))
print(json.dumps({"ingested_at_kill": seen, "rounds": rounds}))
"""


def dump(config):
    """Everything in the store, as text; paths of the folder itself left out."""
    connection = sqlite3.connect(config.store.path)
    lines = list(connection.iterdump())
    connection.close()
    folder = str(config.path.parent)
    return [line.replace(folder, "") for line in lines]


@pytest.mark.parametrize("keep", ["leave", "move"])
def test_killed_at_random_and_run_again_ends_as_if_undisturbed(tmp_path, monkeypatch, keep):
    template = write_sample(tmp_path / "template").parent
    text = (template / "soilglint.toml").read_text()
    (template / "soilglint.toml").write_text(text.replace('keep = "leave"', f'keep = "{keep}"'))
    for path in sorted((template / "inbox").iterdir())[FILES:]:
        path.unlink()
    rows = 8_000  # so that a run has several transactions
    monkeypatch.setattr(look, "_BATCH_ROWS", rows)
    undisturbed = shutil.copytree(template, tmp_path / "undisturbed")
    begin = pd.Timestamp.now()
    expected = load_config(undisturbed / "soilglint.toml")
    run_once(expected, now=pd.Timestamp(NOW))
    took_s = (pd.Timestamp.now() - begin).total_seconds()

    killed = subprocess.run(
        [
            *(sys.executable, "-c", KILLER, str(template), str(tmp_path / "killed")),
            *(str(KILLS // 2), str(rows), NOW, f"{0.8 * took_s:.3f}"),
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    outcome = json.loads(killed.stdout)
    inside = [number for number in outcome["ingested_at_kill"] if 0 < number < FILES]
    print(
        f"\n{len(outcome['ingested_at_kill'])} kills, {len(inside)} between transactions or in one"
    )
    assert len(outcome["ingested_at_kill"]) >= KILLS // 2
    assert len(inside) >= KILLS // 8
    for folder in outcome["rounds"]:
        config = load_config(Path(folder) / "soilglint.toml")
        assert dump(config) == dump(expected)
        names = {path.name for path in config.inbox.path.rglob("*")}
        assert names == {path.name for path in expected.inbox.path.rglob("*")}
        assert not run_once(config, now=pd.Timestamp(NOW)).changed
