"""NMEA logs of real receivers, against a slow reader that takes one line after another.

The two of MYC2 have lost characters in about every sixtieth line.
"""

import datetime
import gzip
import re
from dataclasses import dataclass, field
from functools import reduce
from operator import xor
from pathlib import Path

import numpy as np
import pytest

from retrieval.chain import arcs_from_files
from retrieval.errors import NoNavigationError
from retrieval.gnss import gps_to_utc, satellite_name, signal_code, signal_name
from retrieval.rinex import read_nmea, read_observations, report
from retrieval.rinex.records import ObservationFile
from retrieval.station import Station

MYC2_0, MYC2_1 = "MYC2_20250208_00", "MYC2_20250208_01"
FARM = "farm_25052202"
LEAP_S = 18  # GPS - UTC in 2025

Key = tuple[datetime.datetime, str, str]


@dataclass
class Slow:
    """What a reader without arrays finds."""

    n_good: int = 0
    refused: list[int] = field(default_factory=list)  # lines
    values: dict[Key, int] = field(default_factory=dict)
    repeated: list[int] = field(default_factory=list)  # lines, one for each value
    times: set[datetime.datetime] = field(default_factory=set)


def is_number(text: str, most: int) -> bool:
    return text == "" or (text.isdecimal() and len(text) <= most)


def is_gsv(cells: list[str]) -> bool:
    """Cells after the address: count, number, in view, satellites of four, and a signal id."""
    body = cells[3 : len(cells) - (len(cells) % 4 == 0)]
    if len(cells) % 4 not in (0, 3) or len(cells) > 20:
        return False
    if not all(cell.isdecimal() for cell in cells[:3]) or not 1 <= int(cells[1]) <= int(cells[0]):
        return False
    return all(is_number(cell, (3, 2, 3, 2)[place % 4]) for place, cell in enumerate(body)) and all(
        int(elevation or 0) <= 90 for elevation in body[1::4]
    )


SIGNALS = {"GP": "GS1C", "GL": "RS1C", "GA": "ES1X", "GB": "CS2I", "SBAS": "SS1C"}


def satellite(talker: str, number: int) -> str:
    if talker == "GP":
        return f"G{number:02}" if number <= 32 else f"S{number - 13:02}"
    return f"{SIGNALS[talker][0]}{number - 64 * (talker == 'GL'):02}"


def slow(path: Path) -> Slow:
    """Read a log whose sentences have signal ids of L1 only, and a date in every hour.

    An epoch's date is that of the RMC in it. Where that is lost, it is the one before, which is
    right as long as midnight is not passed in between.
    """
    found = Slow()
    groups: list[tuple[str, str, list[tuple[int, str, list[str]]]]] = []
    for number, raw in enumerate(gzip.decompress(path.read_bytes()).split(b"\n")[:-1], start=1):
        line = raw.strip()
        if not line:
            continue
        body, star, given = line[1:].partition(b"*")
        good = line[:1] == b"$" and star and re.fullmatch(rb"[0-9A-Fa-f]{2}", given)
        if not good or reduce(xor, body, 0) != int(given, 16):
            found.refused.append(number)
            continue
        address, *cells = body.decode().split(",")
        talker, kind = address[:2], address[2:]
        if kind == "GSV":
            if not is_gsv(cells):
                found.refused.append(number)
                continue
            if groups:
                groups[-1][2].append((number, talker, cells))
        elif kind in ("RMC", "GGA", "GLL"):
            time = cells[4] if kind == "GLL" else cells[0]
            date = cells[8] if kind == "RMC" else ""
            if not groups or groups[-1][0] != time:
                groups.append((time, date, []))
            elif date:
                groups[-1] = (time, date, groups[-1][2])
        found.n_good += 1
    date = ""
    for time, own, members in groups:
        date = own or date
        utc = datetime.datetime.strptime(date + time, "%d%m%y%H%M%S.%f")
        gps = utc + datetime.timedelta(seconds=LEAP_S)
        if members:
            found.times.add(gps)
        for number, talker, cells in members:
            last = 3 + (len(cells) - 3) // 4 * 4
            for at in range(3, last, 4):
                name, snr = cells[at], cells[at + 3]
                if snr and int(snr) > 0:
                    sat = satellite(talker, int(name))
                    signal = SIGNALS["SBAS" if sat[0] == "S" else talker]
                    if (gps, sat, signal) in found.values:
                        found.repeated.append(number)
                    else:
                        found.values[gps, sat, signal] = int(snr)
    return found


def values(file: ObservationFile) -> dict[Key, int]:
    table = file.snr
    return {
        (time, satellite_name(int(sat)), signal_name(int(sig))): int(snr)
        for time, sat, sig, snr in zip(
            table.time.astype("datetime64[us]").tolist(),
            table.satellite,
            table.signal,
            table.snr_dbhz,
            strict=True,
        )
    }


@pytest.fixture(scope="module")
def logs(shared_data: Path) -> dict[str, Path]:
    return {name: shared_data / f"ground/nmea/{name}.nmea.gz" for name in (MYC2_0, MYC2_1, FARM)}


@pytest.fixture
def all_damage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "DAMAGE_LIMIT", 100_000)


# Good sentences, refused lines, values, repeated values; epochs that the text leaves undated or
# whose time runs back are counted on their own.
COUNTS = {
    MYC2_0: (50973, 917, 110451, 214, 3, 0),
    MYC2_1: (51752, 916, 111362, 337, 0, 2),
    FARM: (65510, 0, 93924, 0, 0, 0),
}


@pytest.mark.usefixtures("all_damage")
@pytest.mark.parametrize("name", COUNTS)
def test_every_value_is_that_of_the_slow_reader(logs: dict[str, Path], name: str) -> None:
    file, expected = read_nmea(logs[name]), slow(logs[name])
    n_good, n_refused, n_values, n_repeated, n_undated, n_disordered = COUNTS[name]
    reasons = [damage.reason for damage in file.report.damage]
    refused = [d.line for d in file.report.damage if "epoch" not in d.reason]
    repeated = [d.line for d in file.report.damage if "this epoch already" in d.reason]
    assert refused == expected.refused
    assert repeated == expected.repeated
    assert (expected.n_good, len(refused)) == (n_good, n_refused)
    assert (len(file.snr), len(repeated)) == (n_values, n_repeated)
    assert sum("contradict" in reason for reason in reasons) == n_undated
    assert sum("order of the file" in reason for reason in reasons) == n_disordered

    ours, times = values(file), set(file.epochs.astype("datetime64[us]").tolist())
    assert len(ours) == len(file.snr)
    assert times <= expected.times
    assert len(expected.times - times) == n_undated + n_disordered
    assert ours == {key: snr for key, snr in expected.values.items() if key[0] in times}


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        # The first RMC of each; the last sentence with a time. UTC; GPS time is 18 s ahead.
        (MYC2_0, "2025-02-08T00:00:05", "2025-02-09T00:00:33"),
        (MYC2_1, "2025-02-08T01:00:01", "2025-02-08T01:59:59"),
        (FARM, "2025-05-22T02:09:30", "2025-05-22T02:59:59"),
    ],
)
def test_epochs_and_header(logs: dict[str, Path], name: str, first: str, last: str) -> None:
    file = read_nmea(logs[name])
    assert file.epochs[0] == np.datetime64(first) + np.timedelta64(LEAP_S, "s")
    assert file.epochs[-1] == np.datetime64(last) + np.timedelta64(LEAP_S, "s")
    assert file.header.interval_s == 1.0
    assert file.header.marker == name.split("_")[0]
    assert file.report.cut is None
    assert not file.snr.has_angles


@pytest.mark.parametrize(
    ("name", "latitude_deg", "longitude_deg", "height_m"),
    [
        # The first GGA of each: degrees, minutes; altitude plus geoid separation.
        (MYC2_0, 48 + 43.26022 / 60, 9 + 20.55376 / 60, 248.4 + 47.6),
        (MYC2_1, 48 + 43.26052 / 60, 9 + 20.55591 / 60, 249.8 + 47.6),
        (FARM, -(44 + 42.99498 / 60), 169 + 10.70723 / 60, 342.3 + 4.6),
    ],
)
def test_position(
    logs: dict[str, Path], name: str, latitude_deg: float, longitude_deg: float, height_m: float
) -> None:
    position_m = read_nmea(logs[name]).header.position_m
    assert position_m is not None
    station = Station.from_ecef(name, position_m)
    # Single fixes wander by metres within the hour.
    assert station.latitude_deg == pytest.approx(latitude_deg, abs=3e-5)
    assert station.longitude_deg == pytest.approx(longitude_deg, abs=3e-5)
    assert station.height_m == pytest.approx(height_m, abs=5)


def as_nmea(file: ObservationFile, signal: str) -> str:
    """Write the SNR of one GPS signal as NMEA, in whole dB-Hz and without angles."""

    def sentence(body: str) -> str:
        return f"${body}*{reduce(xor, body.encode()):02X}\r\n"

    table = file.snr.where(file.snr.signal == signal_code(signal))
    table = table.where(np.argsort(table.time, kind="stable"))
    bounds = (
        np.searchsorted(table.time, file.epochs),
        np.searchsorted(table.time, file.epochs, side="right"),
    )
    lines = []
    for utc, first, last in zip(gps_to_utc(file.epochs).astype(str), *bounds, strict=True):
        date, time = f"{utc[8:10]}{utc[5:7]}{utc[2:4]}", utc[11:22].replace(":", "")
        lines.append(sentence(f"GNRMC,{time},A,,,,,,,{date},,,A,V"))
        cells = [
            f",{int(code) & 255:02},,,{snr:02.0f}"
            for code, snr in zip(
                table.satellite[first:last], table.snr_dbhz[first:last], strict=True
            )
        ]
        n = -(-len(cells) // 4)
        lines += [
            sentence(f"GPGSV,{n},{k + 1},{len(cells):02}{''.join(cells[4 * k : 4 * k + 4])},1")
            for k in range(n)
        ]
    return "".join(lines)


def test_arcs_are_those_of_rinex_but_for_whole_dbhz(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "ground/rinex3"
    rinex = folder / "ESBC00DNK_R_20201770000_01D_30S_MO.crx.gz"
    nav = [folder / "ESBC00DNK_R_20201770000_01D_MN.rnx.gz"]
    path = tmp_path / "ESBC.nmea"
    path.write_text(as_nmea(read_observations(rinex), "GS1C"))
    expected = arcs_from_files([rinex], nav=nav, signals=["GS1C"])
    arcs = arcs_from_files([path], nav=nav, station=expected.station, signals=["GS1C"]).arcs
    both = expected.arcs.merge(
        arcs, on=["satellite", "signal", "direction", "start", "end", "azimuth_deg", "n_obs"]
    )
    assert len(both) == len(arcs) == len(expected.arcs) == 130
    both = both[both["accepted_x"] & both["accepted_y"]]
    assert len(both) == 69
    apart_m = (both["reflector_height_m_x"] - both["reflector_height_m_y"]).abs()
    apart_deg = ((both["phase_deg_x"] - both["phase_deg_y"] + 180) % 360 - 180).abs()
    # Rounding is noise of .29 dB; at 30 s there are few points to take the mean of.
    assert apart_m.median() < 0.02
    assert apart_deg.median() < 15


def test_without_navigation_the_error_speaks_of_the_angles(logs: dict[str, Path]) -> None:
    with pytest.raises(NoNavigationError, match="whole degrees"):
        arcs_from_files([logs[FARM]])
