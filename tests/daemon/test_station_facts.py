import functools
import gzip
import operator

import pytest

from daemon.station_facts import name_from_marker, position_for, station_facts
from retrieval.errors import (
    InputError,
    NoSnrError,
    PositionMissingError,
    UnreadableFileError,
)

SNR66 = (
    "{satellite:3d}   10.0000  120.0000  {second:7.1f}  0.005  0.00 40.00 41.00  0.00  0.00  0.00\n"
)


def rinex(observables, rows, position="  4085885.0000  1230000.0000  4733270.0000"):
    """A RINEX 3 file: constellation -> codes, and rows of (satellite, values) at one epoch each."""
    records = [
        ("     3.05           OBSERVATION DATA    M: MIXED", "RINEX VERSION / TYPE"),
        ("FARM NORD", "MARKER NAME"),
        *(
            (f"{letter}  {len(codes):3d} {' '.join(codes)}", "SYS / # / OBS TYPES")
            for letter, codes in observables.items()
        ),
        ("  2024     5    14     0     0    0.0000000     GPS", "TIME OF FIRST OBS"),
        ("", "END OF HEADER"),
    ]
    if position:
        records.insert(2, (position, "APPROX POSITION XYZ"))
    lines = [f"{text:<60}{label}" for text, label in records]
    for epoch, (satellite, values) in enumerate(rows):
        lines.append(f"> 2024 05 14 00 {epoch // 60:02d} {epoch % 60:10.7f}  0  1")
        lines.append(satellite + "".join(f"{value:14.3f}  " for value in values))
    return "\n".join(lines) + "\n"


@pytest.fixture
def observations(sample):
    return sorted((sample / "inbox").iterdir())


def test_header_and_epochs_become_facts(observations):
    facts = station_facts([observations[1], observations[0]])
    assert facts.files == (observations[0].name, observations[1].name)
    assert (facts.marker, facts.name) == ("SMPL", "smpl")
    # What the sample's own configuration says.
    assert facts.position == pytest.approx((48.25, 16.75, 200.0), abs=1e-3)
    assert facts.interval_s == 30
    assert facts.needs_orbits
    assert not facts.position_of_fixes
    # GPS time was 18 s ahead of UTC.
    assert (facts.first, facts.last) == ("2024-05-13T23:59:42Z", "2024-05-14T11:59:12Z")
    assert [signal.name for signal in facts.signals] == ["GS1C", "GS2L", "GS5Q"]
    assert not any(signal.against for signal in facts.signals)


def test_the_position_of_nmea_is_that_of_its_fixes(tmp_path):
    def sentence(body):
        return f"${body}*{functools.reduce(operator.xor, body.encode()):02X}\r\n"

    path = tmp_path / "abcd.nmea"
    path.write_text(
        sentence("GNRMC,000005.00,A,4843.26022,N,00920.55376,E,0.017,,080225,,,A,V")
        + sentence("GNGGA,000005.00,4843.26022,N,00920.55376,E,1,12,0.48,248.4,M,47.6,M,,")
        + sentence("GPGSV,1,1,01,05,12,083,46,1")
    )
    facts = station_facts([path])
    assert facts.position_of_fixes
    # 48 degrees and 43.26022 minutes; 248.4 m above a geoid that lies 47.6 m above the ellipsoid.
    assert facts.position == pytest.approx((48.72100367, 9.34256267, 296.0), abs=1e-6)


def test_navigation_among_the_files_is_recognised(sample, observations):
    navigation = min((sample / "nav").iterdir())
    facts = station_facts([navigation, observations[0]])
    assert facts.orbit_files == (navigation.name,)
    with pytest.raises(InputError, match="no observation file"):
        station_facts([navigation])


def test_signals_that_are_not_worth_using_are_told_with_the_reason(tmp_path):
    observables = {"G": ("S1C", "S2W", "S5Q"), "S": ("S1C",)}
    rows = [("G01", (45, 40, 44 if epoch < 2 else 0)) for epoch in range(50)]
    rows += [("S20", (38,)) for _ in range(10)]
    path = tmp_path / "farm.rnx"
    path.write_text(rinex(observables, rows))
    facts = station_facts([path])
    assert {s.name: s.n_values for s in facts.signals} == {
        "GS1C": 50,
        "GS2W": 50,
        "GS5Q": 2,
        "SS1C": 10,
    }
    against = {signal.name: signal.against for signal in facts.signals}
    assert against["GS1C"] == ""
    assert "without the code" in against["GS2W"]
    assert "few" in against["GS5Q"]  # 4 % of the richest
    assert "geostationary" in against["SS1C"]


@pytest.mark.parametrize(
    ("marker", "name"),
    [
        ("ESBC00DNK", "esbc"),
        ("ESBC", "esbc"),
        ("p433", "p433"),
        ("Farm Nord (2)", "farm-nord-2"),
        ("Überlingen", "berlingen"),
        ("x" * 80, "x" * 64),
        ("", ""),
        ("???", ""),
    ],
)
def test_markers_are_made_fit_to_be_names(marker, name):
    assert name_from_marker(marker) == name


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("farm1350.24o", "farm"),
        ("farm135a15.24o", "farm"),
        ("FARM00AUT_R_20241350000_01D_30S_MO.rnx", "farm"),
        ("logger.obs", "logger"),
    ],
)
def test_without_a_marker_the_files_name_tells(tmp_path, file, name):
    path = tmp_path / file
    path.write_text(rinex({"G": ("S1C",)}, [("G01", (45,))]).replace("FARM NORD", "         "))
    assert station_facts([path]).name == name


def test_snr66_needs_no_orbits_and_has_no_position(tmp_path):
    path = tmp_path / "test0100.25.snr66"
    path.write_text("".join(SNR66.format(satellite=1, second=30 * k) for k in range(5)))
    facts = station_facts([path])
    assert not facts.needs_orbits
    assert facts.position is None
    with pytest.raises(PositionMissingError, match="--position"):
        position_for(facts, None)
    assert position_for(facts, (1.0, 2.0, 3.0)) == (1.0, 2.0, 3.0)


def test_snr66_without_a_day_says_how_to_rename_it(tmp_path):
    path = tmp_path / "table.snr66"
    path.write_text(SNR66.format(satellite=1, second=0))
    with pytest.raises(UnreadableFileError, match="rename it") as caught:
        station_facts([path])
    assert "--date" not in str(caught.value)


def test_a_position_far_from_the_headers_is_refused(observations):
    facts = station_facts(observations[:1])
    near = (48.2501, 16.75, 200.0)  # 11 m to the north
    assert position_for(facts, near) == near
    with pytest.raises(InputError, match=r"1112\d m"):  # 0.1 degrees of a meridian
        position_for(facts, (48.35, 16.75, 200.0))


def test_files_of_two_stations_are_refused(tmp_path, observations):
    path = tmp_path / "farm.rnx"
    path.write_text(rinex({"G": ("S1C",)}, [("G01", (45,))]))
    with pytest.raises(InputError, match="give files of one"):
        station_facts([path, observations[0]])


def test_files_without_snr_are_refused(tmp_path, observations):
    path = tmp_path / "farm.rnx"
    path.write_text(rinex({"G": ("C1C",)}, [("G01", (2e7,))]))
    with pytest.raises(NoSnrError, match="signal strength"):
        station_facts([path])
    text = gzip.decompress(observations[0].read_bytes()).split(b"END OF HEADER\n")[0]
    path.write_bytes(text + b"END OF HEADER\n")
    with pytest.raises(NoSnrError, match="signal strength"):
        station_facts([path])
