"""The packaged sample: whole, reproducible, labelled, and readable by the chain."""

import gzip
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from daemon.config import load_config
from daemon.sample import FILES, write_sample
from daemon.sample.build import SCENARIO, build
from retrieval.chain import ChainResult, arcs_from_files
from retrieval.errors import InputError
from retrieval.simulation import ArcSimulation, load_scenario, simulate_arcs


def relative_files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def text_of(path: Path) -> str:
    return gzip.decompress(path.read_bytes()).decode("ascii")


def read_truth() -> pd.DataFrame:
    return pd.read_csv(FILES / "truth.csv", parse_dates=["time"])


# --- copying


def test_sample_is_written_whole_and_its_settings_point_inside(tmp_path):
    config = write_sample(tmp_path / "new" / "station")
    folder = config.parent
    assert folder == tmp_path / "new" / "station"
    assert relative_files(folder) == relative_files(FILES)
    settings = load_config(config)
    assert len(list(settings.inbox.path.glob(settings.inbox.patterns[0]))) == 8
    assert [Path(pattern).parent for pattern in settings.orbits.nav] == [folder / "nav"]
    assert len(list((folder / "nav").glob(Path(settings.orbits.nav[0]).name))) == 2
    assert settings.store.path.parent == folder


def test_sample_written_again_leaves_what_is_there(tmp_path):
    config = write_sample(tmp_path)
    (tmp_path / "soilglint.sqlite").write_text("made by the service")
    times = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    assert write_sample(tmp_path) == config
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == times


def test_sample_puts_back_what_is_gone(tmp_path):
    write_sample(tmp_path)
    (tmp_path / "truth.csv").unlink()
    write_sample(tmp_path)
    assert relative_files(tmp_path) == relative_files(FILES)


def test_sample_refuses_a_folder_that_holds_other_things(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(InputError, match="holds other things"):
        write_sample(tmp_path)
    assert relative_files(tmp_path) == {"thesis.txt"}


def test_sample_refuses_to_overwrite_changed_settings(tmp_path):
    config = write_sample(tmp_path)
    (tmp_path / "truth.csv").unlink()
    config.write_text("mine")
    with pytest.raises(InputError, match=r"soilglint\.toml differs"):
        write_sample(tmp_path)
    assert config.read_text() == "mine"
    assert not (tmp_path / "truth.csv").exists()


def test_sample_refuses_a_file_as_folder(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="is a file"):
        write_sample(tmp_path / "file")


def test_writing_the_sample_needs_no_forward_model():
    script = (
        "import sys, daemon.sample; sys.exit(any('simulation' in name for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


# --- the files


def test_rebuild_gives_the_packaged_files(tmp_path):
    build(tmp_path)
    assert relative_files(tmp_path) == relative_files(FILES) - {"README.md", "soilglint.toml"}
    for name in relative_files(tmp_path):
        made, packaged = tmp_path / name, FILES / name
        if name.endswith(".gz"):
            # Compressed bytes depend on the machine's zlib; everything else about them is fixed:
            # RFC 1952 puts flags in byte 3 (0: no name) and the time stamp in bytes 4 to 7.
            assert text_of(made) == text_of(packaged), name
            assert made.read_bytes()[3:8] == packaged.read_bytes()[3:8] == bytes(5)
        else:
            assert made.read_bytes() == packaged.read_bytes(), name


def test_settings_are_those_of_the_scenario():
    settings, scenario = load_config(FILES / "soilglint.toml"), load_scenario(SCENARIO)
    for name in ("name", "latitude_deg", "longitude_deg", "height_m", "antenna_height_m"):
        assert getattr(settings.station, name) == getattr(scenario.station, name), name
    assert settings.signals.use == tuple(signal.code for signal in scenario.signal)
    assert settings.soil.texture == scenario.soil.texture


def test_sample_is_small_and_says_that_it_is_simulated():
    paths = [path for path in FILES.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in paths) < 500_000
    for path in paths:
        if path.suffix == ".gz":
            header = text_of(path).split("END OF HEADER")[0]
            assert "SIMULATED" in header
        elif path.suffix in {".toml", ".md"}:
            assert "simulated" in path.read_text().splitlines()[0].lower()


def test_observation_files_are_whole_and_follow_each_other():
    epochs = []
    for path in sorted((FILES / "inbox").glob("*.gz")):
        header, body = text_of(path).split("END OF HEADER\n")
        assert all(line[60:].strip() for line in header.splitlines()[:-1])
        lines = body.splitlines()
        position = 0
        while position < len(lines):
            assert lines[position][0] == ">"
            epochs.append(lines[position][2:29])
            n_satellites = int(lines[position][32:35])
            satellites = lines[position + 1 : position + 1 + n_satellites]
            assert n_satellites > 0
            assert all(line[0] == "G" for line in satellites)
            position += 1 + n_satellites
    # Two days at 30 s; at every epoch some satellite is above the horizon.
    assert len(epochs) == 2 * 2880
    assert epochs == sorted(set(epochs))


def test_truth_is_that_of_the_scenario():
    truth = read_truth()
    # Every full hour of two days that begin at 00:00:00 GPS time, which is 23:59:42 UTC.
    expected = pd.date_range("2024-05-14T00:00Z", "2024-05-15T23:00Z", freq="h")
    assert list(truth["time"]) == list(expected)
    assert set(truth["reflector_height_m"]) == {1.8}
    vwc = truth.set_index("time")["vwc"]
    # 0.06 m3 m-3 and what is left above it, of 0.14 before the rain and of 0.32 after it.
    for time, left in (
        ("2024-05-14T00:00Z", 0.08),
        ("2024-05-14T12:00Z", 0.08 * np.exp(-12 / 60)),
        ("2024-05-14T22:00Z", 0.26),
        ("2024-05-15T22:00Z", 0.26 * np.exp(-24 / 60)),
    ):
        assert vwc[time] == pytest.approx(0.06 + left, abs=6e-5)
    change = vwc.diff()
    raining = (vwc.index > "2024-05-14T20:00Z") & (vwc.index <= "2024-05-14T22:00Z")
    assert (change[raining] > 0).all()
    assert (change[~raining].iloc[1:] < 0).all()


# --- through the chain


@pytest.fixture(scope="module")
def result() -> ChainResult:
    return arcs_from_files(
        sorted((FILES / "inbox").glob("*.gz")), nav=sorted((FILES / "nav").glob("*.gz"))
    )


@pytest.fixture(scope="module")
def made() -> ArcSimulation:
    """The arcs of the scenario with the truth of each, made without files and without the chain."""
    return simulate_arcs(load_scenario(SCENARIO))


def test_chain_finds_the_arcs_of_the_scenario(result, made):
    accepted = result.arcs[result.arcs["accepted"]]
    # What is cut off by the two days' ends or culminates low is no arc; the rest is a clean signal.
    assert set(result.arcs["reject_reason"]) <= {
        *("", "ends too low", "starts too high", "too few points")
    }
    assert len(accepted) == pytest.approx(len(made.arcs), rel=0.02)


def test_chain_finds_the_heights_of_the_scenario(result, made):
    """The antenna stands at 1.8 m; the height of an arc is less, and the truth says by how much."""
    of_signal = made.truth["effective_height_m"].groupby(made.arcs["signal"]).median()
    accepted = result.arcs[result.arcs["accepted"]]
    for signal, height in accepted.groupby("signal")["reflector_height_m"]:
        assert of_signal[signal] < 1.8
        # Removing the trend may cost 25 mm at such a height (docs/deviations.md).
        assert height.median() == pytest.approx(of_signal[signal], abs=0.025), signal


def test_chain_sees_the_rain_as_a_fall_of_phase(result):
    truth = read_truth()
    arcs = result.arcs[result.arcs["accepted"]].copy()
    middle = (arcs["start"] + (arcs["end"] - arcs["start"]) / 2).dt.as_unit("ns")
    arcs["vwc"] = np.interp(
        middle.astype("int64"), truth["time"].dt.as_unit("ns").astype("int64"), truth["vwc"]
    )
    arcs["quadrant"] = arcs["azimuth_deg"] // 90
    pairs = [
        (pair["phase_deg"].diff().iloc[1] + 180) % 360 - 180 + 67.6 * pair["vwc"].diff().iloc[1]
        for _, pair in arcs.groupby(["satellite", "signal", "direction", "quadrant"])
        if len(pair) == 2 and pair["vwc"].diff().iloc[1] > 0.1
    ]
    assert len(pairs) > 50
    # The scenario scatters an arc by 2.5 degrees and noise by as much: 5 for a pair, 0.9 for the
    # median of fifty. Removing the trend may bend a change of 12 degrees by 5 % + 0.5.
    assert np.median(pairs) == pytest.approx(0.0, abs=2.0)
