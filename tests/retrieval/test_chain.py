import datetime
import functools
import gzip
import operator
import os

import pytest

from retrieval.chain import arcs_from_files
from retrieval.errors import InputError, NoNavigationError, NoSnrError, PositionMissingError


@pytest.fixture
def files(sample):
    """One observation file (6 hours) of the sample and the navigation file of its day."""
    return [min((sample / "inbox").iterdir()), min((sample / "nav").iterdir())]


def test_a_position_keeps_the_name_of_the_files(files):
    result = arcs_from_files(files, position=(48.25, 16.75, 200.0))
    assert result.station.name == "SMPL"
    assert result.station.latitude_deg == 48.25


def test_a_position_of_elsewhere_is_refused(files):
    with pytest.raises(InputError, match="km from station SMPL"):
        arcs_from_files(files, position=(49.25, 16.75, 200.0))
    with pytest.raises(PositionMissingError, match="latitude"):
        arcs_from_files(files, position=(95.0, 16.75, 200.0))


def test_a_name_without_marker_is_that_of_the_file_as_text(tmp_path):
    path = tmp_path / os.fsdecode(b"b\xff.snr66")
    row = "  1 {:9.4f}  120.0000 {:8.1f}  0.005  0.00 40.00 41.00  0.00  0.00  0.00\n"
    path.write_text("".join(row.format(5 + 0.1 * k, 30.0 * k) for k in range(250)))
    day = datetime.date(2025, 1, 10)
    result = arcs_from_files([path], position=(48.25, 16.75, 200.0), date=day)
    result.station.name.encode()  # a lone surrogate would raise


def test_a_date_for_files_that_hold_their_own_is_noted(files):
    result = arcs_from_files(files, date=datetime.date(2020, 1, 1))
    assert any("hold their own dates" in note for note in result.notes)
    assert result.arcs["start"].dt.year.min() == 2024


def test_selected_signals_that_are_not_there_are_noted_with_what_is(files):
    # The sample holds GS1C, GS2L and GS5Q.
    result = arcs_from_files(files, signals=["GS1C", "GS2X", "GS2W", "ES5Q", "GS2X"])
    assert result.notes == (
        "GS2X, GS2W are not in the files, which hold GS2L of GPS band 2",
        "ES5Q is not in the files, which hold nothing of Galileo band 5",
    )
    assert arcs_from_files(files, signals=["GS1C", "GS2L"]).notes == ()


def test_a_header_alone_is_told_apart_from_missing_snr(files, tmp_path):
    text = gzip.decompress(files[0].read_bytes())
    path = tmp_path / "head.rnx"
    path.write_bytes(text[: text.index(b"\n", text.index(b"END OF HEADER")) + 1])
    with pytest.raises(InputError, match="no whole epoch") as caught:
        arcs_from_files([path])
    assert not isinstance(caught.value, NoSnrError)


def test_nmea_without_navigation_says_why_its_angles_are_of_no_use(tmp_path):
    def sentence(body):
        return f"${body}*{functools.reduce(operator.xor, body.encode()):02X}\r\n"

    path = tmp_path / "abcd.nmea"
    path.write_text(
        sentence("GNRMC,000005.00,A,4843.26022,N,00920.55376,E,0.017,,080225,,,A,V")
        + sentence("GNGGA,000005.00,4843.26022,N,00920.55376,E,1,12,0.48,248.4,M,47.6,M,,")
        + sentence("GPGSV,1,1,01,05,12,083,46,1")
    )
    with pytest.raises(NoNavigationError, match=r"no navigation file was given.*whole degrees"):
        arcs_from_files([path])
