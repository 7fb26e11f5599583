"""Quick-look figures: they are real pictures, and nothing is left half-written."""

import numpy as np
import pytest
from PIL import Image

from retrieval import gnss
from retrieval.analysis import analyse
from retrieval.arcs import ArcSettings
from retrieval.reports.quicklook import write_quicklook
from retrieval.rinex.records import SnrTable
from retrieval.station import Station

STATION = Station("made", 45.0, 10.0, 200.0)


def _snr(satellites, height_m=1.8):
    tables = []
    for k, name in enumerate(satellites):
        n = 150
        elevation = np.linspace(4, 32, n)
        angle = 4 * np.pi * height_m / gnss.wavelength_m("GS1C") * np.sin(np.radians(elevation))
        tables.append(
            SnrTable(
                np.datetime64("2025-01-10", "ns")
                + ((k * 3600 + np.arange(n) * 30) * 1e9).astype("m8[ns]"),
                np.full(n, gnss.satellite_code(name), np.int32),
                np.full(n, gnss.signal_code("GS1C"), np.int64),
                20 * np.log10(150 + 10 * np.sin(angle)),
                elevation,
                np.full(n, 40.0 * k),
            )
        )
    return SnrTable.concatenate(tables)


def test_four_figures_are_written_and_hold_a_picture(tmp_path):
    analysis = analyse(_snr(["G01", "G02", "G03"]), STATION, [])
    paths = write_quicklook(analysis, tmp_path / "plots")
    assert [path.name for path in paths] == [
        "made_sky.png", "made_heights.png", "made_interferograms.png", "made_periodograms.png",
    ]  # fmt: skip
    for path in paths:
        pixels = np.asarray(Image.open(path).convert("L"))
        assert min(pixels.shape) > 300
        assert pixels.std() > 5
    assert sorted(path.name for path in (tmp_path / "plots").iterdir()) == sorted(
        path.name for path in paths
    )


def test_rejected_arcs_alone_still_show_sky_and_reasons(tmp_path):
    analysis = analyse(_snr(["G01"]), STATION, [], settings=ArcSettings(min_amplitude=1000))
    assert [path.name for path in write_quicklook(analysis, tmp_path)] == [
        "made_sky.png", "made_heights.png",
    ]  # fmt: skip


def test_name_of_a_station_stays_inside_the_folder(tmp_path):
    station = Station("../AB/CD 1", 45.0, 10.0, 200.0)
    analysis = analyse(_snr(["G01"]), station, [], settings=ArcSettings(min_amplitude=1000))
    names = [path.name for path in write_quicklook(analysis, tmp_path / "plots")]
    assert names == [".._AB_CD_1_sky.png", ".._AB_CD_1_heights.png"]
    assert [path.name for path in tmp_path.iterdir()] == ["plots"]


def test_no_arcs_no_figures(tmp_path):
    assert write_quicklook(analyse(SnrTable.empty(), STATION, []), tmp_path) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.filterwarnings("error")
def test_writing_again_replaces(tmp_path):
    analysis = analyse(_snr(["G01", "G02"]), STATION, [])
    assert write_quicklook(analysis, tmp_path) == write_quicklook(analysis, tmp_path)
