"""Observation files of real stations, against georinex and against counts of their lines."""

import gzip
import re
import warnings
from pathlib import Path

import georinex
import hatanaka
import numpy as np
import pytest

from retrieval.gnss import satellite_name, signal_code, signal_name
from retrieval.rinex import (
    parse_observations,
    read_observations,
    read_snr66,
    read_text,
    read_with_georinex,
)
from retrieval.rinex.records import ObservationFile
from retrieval.rinex.text import Text

ESBC = "ground/rinex3/ESBC00DNK_R_20201770000_01D_30S_MO.crx.gz"
GRAS = "ground/rinex3/GRAS00FRA_R_20223151700_15M_01S_MO.crx.gz"

Key = tuple[int, int, int, float]


def rows(file: ObservationFile) -> list[Key]:
    table = file.snr
    return sorted(
        zip(
            table.time.astype(np.int64).tolist(),
            table.satellite.tolist(),
            table.signal.tolist(),
            table.snr_dbhz.tolist(),
            strict=True,
        )
    )


def first_epochs(content: bytes, n_epochs: int) -> bytes:
    starts = [match.start() + 1 for match in re.finditer(rb"\n>", content)]
    return content[: starts[n_epochs]]


@pytest.fixture(scope="module")
def esbc(shared_data: Path) -> Text:
    return read_text(shared_data / ESBC)


def test_esbc_all_signals_equal_georinex_on_a_cut(esbc: Text, tmp_path: Path) -> None:
    path = tmp_path / "cut.rnx"
    path.write_bytes(first_epochs(esbc.content, 200))
    ours, theirs = read_observations(path), read_with_georinex(path)
    assert len(ours.epochs) == 200
    assert rows(ours) == rows(theirs)


def test_esbc_gps_s1c_of_the_whole_day_equals_georinex(esbc: Text, tmp_path: Path) -> None:
    plain = tmp_path / "ESBC00DNK_R_20201770000_01D_30S_MO.rnx"
    plain.write_bytes(esbc.content)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = georinex.load(plain, use="G", meas=["S1C"])["S1C"]
    table = parse_observations(esbc).snr
    table = table.where(table.signal == signal_code("GS1C"))
    grid = np.full(theirs.shape, np.nan)
    names = list(theirs["sv"].values)
    times = theirs["time"].values.astype("datetime64[ns]")
    grid[
        np.searchsorted(times, table.time),
        [names.index(satellite_name(int(code))) for code in table.satellite],
    ] = table.snr_dbhz
    assert np.isfinite(grid).sum() == len(table) == 33_356
    np.testing.assert_array_equal(grid, theirs.values)


def test_esbc_gps_s1c_of_the_day_equals_its_own_columns(esbc: Text) -> None:
    # S1C is the 14th of the 18 GPS codes of the header: column 3 + 13 * 16.
    expected = []
    time = np.datetime64("NaT")
    for line in esbc.content.decode().splitlines():
        if line.startswith("> "):
            day = "-".join(line[2:12].split())
            time = np.datetime64(f"{day}T{line[13:15]}:{line[16:18]}:{line[19:29]}", "ns")
        elif line.startswith("G") and line[211:225].strip():
            expected.append((int(time.astype(np.int64)), line[:3], float(line[211:225])))
    table = parse_observations(esbc).snr
    is_s1c = np.array([signal_name(int(s)) for s in np.unique(table.signal)]) == "GS1C"
    table = table.where(table.signal == np.unique(table.signal)[is_s1c][0])
    found = [
        (int(t), satellite_name(int(sat)), float(value))
        for t, sat, value in zip(
            table.time.astype(np.int64), table.satellite, table.snr_dbhz, strict=True
        )
    ]
    assert sorted(found) == sorted(expected)
    assert len(found) > 25_000


def test_esbc_is_whole(esbc: Text) -> None:
    file = parse_observations(esbc)
    assert file.report.n_epochs == esbc.content.count(b"\n>") == 2880
    assert not file.report.damage
    assert file.report.cut is None
    assert file.report.complete_bytes == len(esbc.content)
    assert file.header.marker == "ESBC00DNK"
    assert file.header.interval_s == 30.0
    assert file.header.glonass_channels[10] == -7
    assert len(file.header.observables["E"]) == 20


@pytest.mark.parametrize(
    ("name", "n_epochs"),
    [
        ("ground/rinex2/zimm0020.21o.gz", 2880),
        ("ground/rinex2/zimm0030.21o.gz", 2880),
        ("ground/rinex2/cn000010.21o.gz", 2880),
        (GRAS, 900),
        ("ground/ugly/DOUR00BEL_R_20200130000_01D_30S_MO.crx", 43),
        ("ground/ugly/P43300USA_R_20190012056_17M_15S_MO.crx", 70),
        ("ground/ugly/ab430140.18o.zip", 9),
        ("ground/ugly/ac660270.18o.Z", 23),
        ("ground/ugly/ccj22100.21o.gz", 120),
    ],
)
def test_every_epoch_line_is_an_epoch(shared_data: Path, name: str, n_epochs: int) -> None:
    text = read_text(shared_data / name)
    epoch_line = re.compile(
        rb"^(?:> \d{4}| \d\d)(?: [ \d]\d){4}[ \d]{3}\.\d{7}  [01][ \d]{3}", re.MULTILINE
    )
    assert len(epoch_line.findall(text.content)) == n_epochs
    file = parse_observations(text)
    assert file.report.n_epochs == n_epochs
    assert not file.report.damage
    assert file.report.cut is None
    assert len(file.snr)


def test_york_has_a_header_record_in_its_body_each_hour(shared_data: Path) -> None:
    text = read_text(shared_data / "ground/ugly/york0440.15d.gz")
    file = parse_observations(text)
    flagged = re.findall(rb"^ 15  2 13 .{18}4  1", text.content, re.MULTILINE)
    assert file.report.n_epochs == 2880
    assert [event.flag for event in file.report.events] == [4] * len(flagged) == [4] * 23
    assert file.report.n_epochs + len(file.report.events) == 2903
    assert not file.report.damage


@pytest.mark.parametrize(
    "name",
    ["ground/ugly/ab430140.18o.zip", "ground/ugly/ccj22100.21o.gz", "ground/ugly/ac660270.18o.Z"],
)
def test_ugly_files_equal_georinex(shared_data: Path, name: str) -> None:
    ours = read_observations(shared_data / name)
    assert rows(ours) == rows(read_with_georinex(shared_data / name))


def test_zimm_equals_georinex_on_a_cut(shared_data: Path, tmp_path: Path) -> None:
    content = gzip.decompress((shared_data / "ground/rinex2/zimm0020.21o.gz").read_bytes())
    path = tmp_path / "cut.21o"
    path.write_bytes(content[: content.index(b" 21  1  2  1  0  0.0000000")])
    ours, theirs = read_observations(path), read_with_georinex(path)
    assert len(ours.epochs) == 120
    assert rows(ours) == rows(theirs)


def test_days_of_a_station_put_into_one_file_are_those_apart(shared_data: Path) -> None:
    texts = [
        read_text(shared_data / f"ground/rinex2/zimm00{day}0.21o.gz").content for day in (2, 3)
    ]
    apart = [parse_observations(Text("x", text)) for text in texts]
    joined = parse_observations(Text("x", b"".join(texts)))
    assert rows(joined) == sorted(rows(apart[0]) + rows(apart[1]))
    assert joined.report.n_epochs == 2 * 2880
    assert not joined.report.damage


def test_truncated_compact_rinex_of_a_station_yields_its_whole_epochs(
    shared_data: Path, tmp_path: Path
) -> None:
    whole = (shared_data / "ground/ugly/DOUR00BEL_R_20200130000_01D_30S_MO.crx").read_bytes()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        restored = hatanaka.crx2rnx(whole)
    path = tmp_path / "x.crx"
    for length in (20_000, 50_000, len(whole) - 3):
        path.write_bytes(whole[:length])
        file = read_observations(path)
        assert restored.startswith(read_text(path).content)
        assert 1 < file.report.n_epochs < 43
        assert file.report.cut is not None
        assert not file.report.damage


def test_mchl_snr66_against_its_columns(shared_data: Path) -> None:
    path = shared_data / "ground/snr66/mchl0100.25.snr66.gz"
    numbers = np.array(gzip.decompress(path.read_bytes()).split(), float).reshape(-1, 11)
    file = read_snr66(path)
    assert len(file.snr) == int((numbers[:, 5:] > 0).sum())
    assert file.report.n_epochs == len(np.unique(numbers[:, 3])) == 2880
    assert str(file.epochs[0]) == "2025-01-10T00:00:00.000000000"
    assert not file.report.damage
    assert file.snr.elevation_deg is not None
    first = numbers[0]  # 206: Galileo 6
    of_first = (file.snr.satellite == ord("E") * 256 + 6) & (file.snr.time == file.epochs[0])
    assert set(file.snr.snr_dbhz[of_first]) == {value for value in first[5:] if value > 0}
    assert set(file.snr.elevation_deg[of_first]) == {first[1]}


def labelled(value: str, label: str) -> bytes:
    return f"{value:60}{label:20}\n".encode()


def as_rinex_4(content: bytes, version: str) -> bytes:
    """Return RINEX 3 text as RINEX 4: new records, none of those that are no longer asked for."""
    offset = content.index(b"\n", content.index(b"END OF HEADER")) + 1
    lines = content[:offset].splitlines(keepends=True)
    lines[0] = f"{version:>9}".encode() + lines[0][9:]
    gone = (b"SYS / PHASE SHIFT", b"GLONASS COD/PHS/BIS")
    lines = [line for line in lines if not line[60:].startswith(gone)]
    lines[-1:-1] = [
        labelled("https://doi.org/10.0000/00000000", "DOI"),
        labelled("CC BY 4.0, https://creativecommons.org/licenses/by/4.0/", "LICENSE OF USE"),
        labelled("https://example.org/sitelogs/esbc00dnk", "STATION INFORMATION"),
    ]
    body = content[offset:]
    if version == "4.02":  # clock offset and picoseconds may follow the number of satellites
        body = re.sub(rb"(?m)^(> .{33}) *$", rb"\1       -.000123456789 01234", body)
        assert body.count(b" 01234\n") == content.count(b"\n> ")
    return b"".join(lines) + body


@pytest.mark.parametrize("version", ["4.00", "4.01", "4.02"])
def test_esbc_as_rinex_4_gives_the_same_rows(esbc: Text, version: str) -> None:
    content = as_rinex_4(esbc.content, version)
    before, after = parse_observations(esbc), parse_observations(Text("x", content))
    assert after.header.version == float(version)
    assert not after.report.damage
    np.testing.assert_array_equal(after.epochs, before.epochs)
    for column in ("time", "satellite", "signal", "snr_dbhz"):
        np.testing.assert_array_equal(getattr(after.snr, column), getattr(before.snr, column))


def test_rinex_4_survives_compact_rinex(esbc: Text, tmp_path: Path) -> None:
    content = as_rinex_4(first_epochs(esbc.content, 50), "4.00")
    path = tmp_path / "x.crx"
    path.write_bytes(hatanaka.rnx2crx(content))
    assert rows(read_observations(path)) == rows(parse_observations(Text("x", content)))
