"""The packaged sample: whole, reproducible, labelled, and readable by the chain."""

import csv
import gzip
import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from daemon.config import load_config
from daemon.sample import FILES, write_sample
from daemon.sample.build import build
from daemon.sample.forward import ANTENNA_HEIGHT_M, simulated_snr_dbhz, soil_moisture
from retrieval.chain import ChainResult, arcs_from_files
from retrieval.errors import InputError


def relative_files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def text_of(path: Path) -> str:
    return gzip.decompress(path.read_bytes()).decode("ascii")


# --- copying


def test_sample_is_written_whole_and_its_settings_point_inside(tmp_path):
    config = write_sample(tmp_path / "new" / "station")
    folder = config.parent
    assert folder == tmp_path / "new" / "station"
    assert relative_files(folder) == relative_files(FILES)
    settings = load_config(config)
    assert len(list(settings.inbox.path.glob(settings.inbox.patterns[0]))) == 8
    assert [Path(pattern).parent for pattern in settings.orbits.nav] == [folder / "nav"]
    assert len(list((folder / "nav").glob(Path(settings.orbits.nav[0]).name))) == 1
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


def test_sample_is_small_and_says_that_it_is_simulated():
    paths = [path for path in FILES.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in paths) < 1_000_000
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
    # Two days at 30 s; at every epoch some satellite is between the horizon and 35 degrees.
    assert len(epochs) == 2 * 2880
    assert epochs == sorted(set(epochs))


def kepler_position(record: list[float], seconds_of_week: float) -> np.ndarray:
    """ECEF position by IS-GPS-200N, table 20-IV, of the numbers of one navigation record."""
    crs, delta_n, m0, cuc, e, cus, root_a, toe = record[4:12]
    cic, node, cis, i0, crc, perigee, node_rate, i_rate = record[12:20]
    a, t = root_a**2, seconds_of_week - toe
    mean = m0 + (np.sqrt(3.986005e14 / a**3) + delta_n) * t
    anomaly = mean
    for _ in range(30):
        anomaly = mean + e * np.sin(anomaly)
    true = np.arctan2(np.sqrt(1 - e**2) * np.sin(anomaly), np.cos(anomaly) - e)
    latitude = true + perigee
    sine, cosine = np.sin(2 * latitude), np.cos(2 * latitude)
    u = latitude + cus * sine + cuc * cosine
    r = a * (1 - e * np.cos(anomaly)) + crs * sine + crc * cosine
    i = i0 + i_rate * t + cis * sine + cic * cosine
    earth = 7.2921151467e-5
    longitude = node + (node_rate - earth) * t - earth * toe
    x, y = r * np.cos(u), r * np.sin(u)
    return np.array(
        [
            x * np.cos(longitude) - y * np.cos(i) * np.sin(longitude),
            x * np.sin(longitude) + y * np.cos(i) * np.cos(longitude),
            y * np.sin(i),
        ]
    )


def test_neighbouring_navigation_records_describe_one_orbit():
    lines = text_of(next((FILES / "nav").glob("*.gz"))).split("END OF HEADER\n")[1].splitlines()
    records: dict[str, list[list[float]]] = {}
    for first in range(0, len(lines), 8):
        fields = [lines[first][column : column + 19] for column in (23, 42, 61)]
        fields += [
            line[column : column + 19]
            for line in lines[first + 1 : first + 8]
            for column in (4, 23, 42, 61)
        ]
        numbers = [float(field) for field in fields if field.strip()]
        records.setdefault(lines[first][:3], []).append(numbers)
    assert len(records) == 30
    for of_satellite in records.values():
        assert len(of_satellite) == 25
        for before, after in itertools.pairwise(of_satellite):
            between = before[11] + 3600
            distance = kepler_position(before, between) - kepler_position(after, between)
            assert np.linalg.norm(distance) < 0.01


# --- the forward model


def test_phase_falls_by_one_degree_per_148_ten_thousandths_of_moisture():
    # Chew et al. 2014: 1.48 % VWC per degree, so .148 m3 m-3 are 10 degrees, downwards.
    elevation = np.linspace(5, 25, 20_000)
    sine = np.sin(np.radians(elevation))
    path = 4 * np.pi * ANTENNA_HEIGHT_M * sine / (299_792_458 / 1_227_600_000)
    phases = []
    for moisture in (0.10, 0.248):
        snr = simulated_snr_dbhz("GS2L", "G01", elevation, np.full(elevation.shape, moisture))
        volts = 10 ** (snr / 20)
        trend = np.vander(sine - sine.mean(), 6)
        # The reflection fades towards high elevations, so the sinusoid is weighted likewise.
        fading = np.exp(-sine / 0.20) * 10 ** (-14 * np.exp(-sine / 0.18) / 20)
        design = np.column_stack([trend, fading * np.sin(path), fading * np.cos(path)])
        solution = np.linalg.lstsq(design, volts, rcond=None)[0]
        phases.append(np.degrees(np.arctan2(solution[-1], solution[-2])))
    assert phases[1] - phases[0] == pytest.approx(-10.0, abs=0.5)


def test_moisture_rises_with_the_rain_and_falls_otherwise():
    hours = np.arange(0, 48, 0.25)
    change = np.diff(soil_moisture(hours))
    raining = (hours[:-1] >= 20) & (hours[:-1] < 22)
    assert (change[raining] > 0).all()
    assert (change[~raining] < 0).all()


# --- through the chain


@pytest.fixture(scope="module")
def result() -> ChainResult:
    return arcs_from_files(
        sorted((FILES / "inbox").glob("*.gz")), nav=sorted((FILES / "nav").glob("*.gz"))
    )


def test_chain_finds_the_height_of_the_antenna(result):
    accepted = result.arcs[result.arcs["accepted"]]
    # What is cut off by the two days' ends or culminates low is no arc; the rest is a clean signal.
    assert set(result.arcs["reject_reason"]) <= {"", "ends too low", "too few points"}
    for signal, height in accepted.groupby("signal")["reflector_height_m"]:
        assert len(height) >= 40, signal
        assert height.median() == pytest.approx(ANTENNA_HEIGHT_M, abs=0.005), signal


def test_chain_sees_the_rain_as_a_fall_of_phase(result):
    with (FILES / "truth.csv").open() as file:
        truth = list(csv.DictReader(file))
    truth_time = pd.to_datetime([row["time"] for row in truth]).as_unit("ns").asi8
    truth_vwc = [float(row["vwc"]) for row in truth]
    arcs = result.arcs[result.arcs["accepted"]].copy()
    middle = (arcs["start"] + (arcs["end"] - arcs["start"]) / 2).dt.as_unit("ns")
    arcs["vwc"] = np.interp(middle.astype("int64"), truth_time, truth_vwc)
    arcs["quadrant"] = arcs["azimuth_deg"] // 90
    pairs = [
        (pair["phase_deg"].diff().iloc[1] + 180) % 360 - 180 + pair["vwc"].diff().iloc[1] / 0.0148
        for _, pair in arcs.groupby(["satellite", "signal", "direction", "quadrant"])
        if len(pair) == 2 and pair["vwc"].diff().iloc[1] > 0.1
    ]
    assert len(pairs) > 50
    # Detrending bends single arcs by a degree or two over such a swing (docs/deviations.md).
    assert np.median(pairs) == pytest.approx(0.0, abs=2.0)
