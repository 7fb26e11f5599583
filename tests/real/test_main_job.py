"""The main job on real files: MCHL as SNR66 text, ESBC as RINEX with navigation."""

import shutil
import sqlite3
import subprocess
import sys

import pandas as pd
import pytest

from daemon.config import load_config
from daemon.jobs import run_once
from daemon.status import station_status, status_lines
from daemon.store import Store

MCHL = """\
[station]
name = "mchl"
latitude_deg = -26.358904661
longitude_deg = 148.144960505
height_m = 534.591379
antenna_height_m = 1.7
[inbox]
path = "inbox"
[soil]
texture = "clay loam"
[store]
path = "s.sqlite"
"""


def station(folder, text, files):
    (folder / "inbox").mkdir(parents=True)
    for file in files:
        shutil.copy(file, folder / "inbox")
    config = folder / "s.toml"
    config.write_text(text)
    return load_config(config)


def dump(config):
    connection = sqlite3.connect(config.store.path)
    lines = list(connection.iterdump())
    connection.close()
    return lines


def check_story(config):
    """Arcs, and estimates with flag, bounds and times in the status; again changes nothing."""
    with Store.reading(config.store.path) as store:
        status = station_status(config, store)
        times = pd.DatetimeIndex(e["time"] for e in store.estimates(config.station.name, "live"))
    estimate = status["estimate"]
    assert estimate["flag"] == "calibrating"
    limits = config.soil.limits
    assert (estimate["vwc_lower"], estimate["vwc_upper"]) == (limits.residual, limits.saturation)
    assert (times[1:] - times[:-1] == pd.Timedelta(minutes=15)).all()
    assert pd.Timestamp(status["files"]["last_epoch"]) - times[-1] < pd.Timedelta(minutes=15)
    text = "\n".join(status_lines(status))
    assert "calibrating" in text
    assert estimate["time"] in text
    before = dump(config)
    assert not run_once(config).changed
    assert dump(config) == before
    return status


def test_mchl_both_days(shared_data, tmp_path):
    files = sorted((shared_data / "ground" / "snr66").iterdir())
    config = station(tmp_path, MCHL, files)
    run_once(config)
    status = check_story(config)
    assert status["files"]["states"] == {"ingested": 2}
    # gnssrefl's a-priori heights of this station lie at 1.65 to 1.71 m (mchl_phaseRH_L2.txt).
    heights = status["apriori_height_m"]
    assert all(1.62 < height < 1.75 for name, height in heights.items() if "@" not in name)
    # Its single tracks spread from 1.57 to 1.83 m, the ground being less than flat.
    assert all(1.55 < height < 1.85 for name, height in heights.items() if "@" in name)
    assert any("@" in name for name in heights)
    assert status["estimate"]["phase_anomaly_deg"] is not None


def test_mchl_day_by_day_gives_the_same_arcs(shared_data, tmp_path):
    first, second = sorted((shared_data / "ground" / "snr66").iterdir())
    together = station(tmp_path / "together", MCHL, [first, second])
    run_once(together)
    for name, order in (("forward", (first, second)), ("backward", (second, first))):
        config = station(tmp_path / name, MCHL, [])
        for file in order:
            shutil.copy(file, config.inbox.path)
            report = run_once(config)
        assert report.ingest.arcs_superseded > 0  # those that cross midnight
        columns = "satellite, signal, direction, start, end, n_obs, reflector_height_m"
        arcs = [
            set(sqlite3.connect(c.store.path).execute(f"SELECT {columns}, reject_reason FROM arcs"))
            for c in (together, config)
        ]
        assert arcs[0] == arcs[1]


def test_esbc_rinex_pair(shared_data, esbc_config, tmp_path):
    files = sorted((shared_data / "ground" / "rinex3").glob("ESBC*"))
    config = station(tmp_path, esbc_config, files)
    run_once(config)
    status = check_story(config)
    assert status["files"]["states"] == {"ingested": 2}
    assert status["arcs"]["accepted"] > 500


def test_esbc_waits_for_its_navigation(shared_data, esbc_config, tmp_path):
    observation, navigation = sorted((shared_data / "ground" / "rinex3").glob("ESBC*"))
    config = station(tmp_path, esbc_config, [observation])
    report = run_once(config)
    assert report.ingest.files == {"waiting_orbits": 1}
    shutil.copy(navigation, config.inbox.path)
    report = run_once(config)
    assert report.ingest.files == {"ingested": 2}
    assert report.estimates.new > 80


@pytest.mark.parametrize("name", ["cn000010.21o.gz"])
def test_another_station_is_told_apart(shared_data, esbc_config, tmp_path, name):
    config = station(tmp_path, esbc_config, [shared_data / "ground" / "rinex2" / name])
    assert run_once(config).ingest.files == {"other_station": 1}


# What lies in ``ugly/``, and the hour of NMEA: readable all of them, but of other stations.
STRANGERS = {
    "DOUR00BEL_R_20200130000_01D_30S_MO.crx": "DOUR",
    "P43300USA_R_20190012056_17M_15S_MO.crx": "p433",
    "ab430140.18o.zip": "AB43",
    "ac660270.18o.Z": "AC66",
    "ccj22100.21o.gz": "CCJ200JPN",
    "york0440.15d.gz": "YORK",
    "MYC2_20250208_00.nmea.gz": "MYC2",
}
ESBC_FILES = (
    "ESBC00DNK_R_20201770000_01D_30S_MO.crx.gz",
    "ESBC00DNK_R_20201770000_01D_MN.rnx.gz",
)


def program(config, *arguments):
    """Run the command line as its users do."""
    return subprocess.run(
        [sys.executable, "-m", "daemon.cli", *arguments, "--config", str(config.path)],
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_inbox_of_everything(shared_data, esbc_config, tmp_path):
    ground = shared_data / "ground"
    files = [
        *(ground / "snr66").iterdir(),
        *(ground / "rinex3" / name for name in ESBC_FILES),
        ground / "nmea" / "MYC2_20250208_00.nmea.gz",
        *(ground / "ugly").iterdir(),
    ]
    config = station(tmp_path, MCHL, files)
    (config.inbox.path / "notes.txt").write_text("no observation file\n")
    (config.inbox.path / "half.rnx.gz").write_bytes(b"\x1f\x8b\x08 cut")

    first = program(config, "run", "--once")
    assert (first.returncode, first.stderr) == (0, "")
    with Store.reading(config.store.path) as store:
        states = {name: record.state.value for name, record in store.files("mchl").items()}
        reasons = {name: record.reason for name, record in store.files("mchl").items()}
    assert states == {
        "mchl0100.25.snr66.gz": "ingested",
        "mchl0110.25.snr66.gz": "ingested",
        ESBC_FILES[0]: "other_station",
        ESBC_FILES[1]: "ingested",  # navigation is of no station
        **dict.fromkeys(STRANGERS, "other_station"),
        "notes.txt": "unreadable",
        "half.rnx.gz": "unreadable",
    }
    for name, marker in STRANGERS.items():
        assert f"marker {marker}" in reasons[name]
        assert name in first.stdout
    status = program(config, "status").stdout
    assert "917 accepted" in status
    assert "calibrating" in status
    before = dump(config)
    again = program(config, "run", "--once")
    assert again.returncode == 0
    assert "nothing new" in again.stdout
    assert dump(config) == before

    assert program(config, "run", "--once", "--any-station").returncode == 0
    with Store.reading(config.store.path) as store:
        records = store.files("mchl")
        ours, theirs = store.arcs("mchl"), store.arcs("ESBC00DNK")
    assert records[ESBC_FILES[0]].state == "ingested"
    assert records[ESBC_FILES[0]].site == "ESBC00DNK"
    for name, marker in STRANGERS.items():
        assert (records[name].state, records[name].site) == ("waiting_orbits", marker)
    assert "whole degrees" in records["MYC2_20250208_00.nmea.gz"].reason
    # The same arcs as in a store of their own, beside our own untouched ones.
    alone = station(
        tmp_path / "esbc", esbc_config, [ground / "rinex3" / name for name in ESBC_FILES]
    )
    run_once(alone)
    with Store.reading(alone.store.path) as store:
        expected = store.arcs("esbc")
    assert len(ours) == 1266
    assert len(theirs) == len(expected)
    assert theirs["n_obs"].sum() == expected["n_obs"].sum()
    before = dump(config)
    for options in ((), ("--any-station",)):
        assert program(config, "run", "--once", *options).returncode == 0
        assert dump(config) == before
    assert "of ESBC00DNK: " in program(config, "status").stdout
