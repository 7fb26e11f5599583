"""Setting up a station from real files: `config init`, then `check`, then the configuration."""

import json
import shutil

import pytest
from typer.testing import CliRunner

from daemon import cli
from daemon.config import load_config
from daemon.jobs import run_once


def call(*arguments):
    return CliRunner().invoke(cli.app, [str(argument) for argument in arguments])


@pytest.fixture
def set_up(shared_data, tmp_path):
    """Put files into an inbox, write a configuration from the first, and check it."""

    def do(names, *options):
        inbox = tmp_path / "inbox"
        inbox.mkdir()
        for name in names:
            shutil.copy(shared_data / "ground" / name, inbox)
        out = tmp_path / "station.toml"
        first = inbox / names[0].rpartition("/")[2]
        written = call("config", "init", first, "--texture", "loam", "--out", out, *options)
        assert written.exit_code == 0, written.output
        checked = call("check", "--config", out, "--json")
        assert checked.exit_code == 0, checked.output
        findings = json.loads(checked.stdout)["findings"]
        return load_config(out), {f["key"]: f["text"] for f in findings if f["level"] != "ok"}

    return do


def test_esbc_in_rinex_3(set_up):
    config, remarks = set_up(
        [
            "rinex3/ESBC00DNK_R_20201770000_01D_30S_MO.crx.gz",
            "rinex3/ESBC00DNK_R_20201770000_01D_MN.rnx.gz",
        ]
    )
    assert remarks == {}
    station = config.station
    assert station.name == "esbc"
    # The position that the tests of the main job state by hand, to 0.0001 degrees.
    assert (station.latitude_deg, station.longitude_deg) == pytest.approx(
        (55.4936, 8.4568), abs=1e-4
    )
    assert station.height_m == pytest.approx(59.0, abs=1.0)
    use = set(config.signals.use)
    assert {"GS1C", "GS2L", "GS5Q", "ES1C", "RS1C", "CS2I"} <= use
    assert not {"GS1W", "GS2W", "SS1C", "JS5Q"} & use


def test_cn00_in_rinex_2(set_up):
    config, remarks = set_up(
        ["rinex2/cn000010.21o.gz", "rinex2/brdc0010.21n.gz", "rinex2/igs21385.sp3.gz"]
    )
    assert remarks == {}
    assert config.station.name == "cn00"
    assert config.signals.use == ("GS1", "GS2")
    assert run_once(config).ingest.files == {"ingested": 3}


def test_mchl_in_snr66_takes_its_position_from_the_option(set_up):
    names = ["snr66/mchl0110.25.snr66.gz", "snr66/mchl0100.25.snr66.gz"]
    config, remarks = set_up(names, "--position", -26.358904661, 148.144960505, 534.591379)
    assert remarks == {}
    assert config.station.name == "mchl"
    assert "ES8" in config.signals.use


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("ab430140.18o.zip", "ab43"),
        ("ac660270.18o.Z", "ac66"),
        ("ccj22100.21o.gz", "ccj2"),
        ("york0440.15d.gz", "york"),
        ("P43300USA_R_20190012056_17M_15S_MO.crx", "p433"),
        ("DOUR00BEL_R_20200130000_01D_30S_MO.crx", "dour"),
    ],
)
def test_ugly_files(set_up, file, name):
    config, remarks = set_up([f"ugly/{file}"])
    assert config.station.name == name
    assert config.signals.use
    # Nothing but navigation is missing; DOUR's file was cut short.
    assert set(remarks) - {"newest file"} == {"orbits"}
    assert "no ephemeris covers" in remarks["orbits"]
