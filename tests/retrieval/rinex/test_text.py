"""Archives, Compact RINEX and file kinds, on small files made here."""

import bz2
import gzip
import io
import zipfile
from pathlib import Path

import hatanaka
import ncompress
import pytest

from retrieval.errors import UnreadableFileError
from retrieval.rinex import archives
from retrieval.rinex.text import FileKind, file_kind, read_text


def labelled(value: str, label: str) -> str:
    return f"{value:60}{label:20}".rstrip() + "\n"


def observations(n_epochs: int) -> bytes:
    """A RINEX 3 text of two GPS satellites with three observables, 30 s apart."""
    header = (
        labelled(f"{'3.04':>9}{'':11}{'OBSERVATION DATA':20}G", "RINEX VERSION / TYPE")
        + labelled("somebody", "PGM / RUN BY / DATE")
        + labelled("G    3 C1C L1C S1C", "SYS / # / OBS TYPES")
        + labelled(f"{2021:6}{1:6}{2:6}{0:6}{0:6}{0:13.7f}     GPS", "TIME OF FIRST OBS")
        + labelled("", "END OF HEADER")
    )
    body = "".join(
        f"> 2021 01 02 00 {k // 2:02} {30 * (k % 2):02}.0000000  0  2\n"
        + "".join(
            f"{satellite}{2e7 + 100 * k + k * k:14.3f}  {1e8 + 500 * k:14.3f}  {40 + k / 4:14.3f}\n"
            for satellite in ("G07", "G21")
        )
        for k in range(n_epochs)
    )
    return (header + body).encode()


def packed_zip(**members: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return target.getvalue()


CONTENT = observations(20)
PACKED = {
    "gzip": gzip.compress(CONTENT),
    "two gzip members": gzip.compress(CONTENT[:500]) + gzip.compress(CONTENT[500:]),
    "bzip2": bz2.compress(CONTENT),
    "compress": ncompress.compress(CONTENT),
    "zip": packed_zip(x=CONTENT),
    "zip with a note": packed_zip(**{"readme.txt": b"hello", "abcd0020.21o": CONTENT}),
    "gzip in zip": packed_zip(**{"x.gz": gzip.compress(CONTENT)}),
    "plain": CONTENT,
}


@pytest.mark.parametrize("packing", sorted(PACKED))
def test_archive_is_known_by_its_content(tmp_path: Path, packing: str) -> None:
    path = tmp_path / "named_wrongly.txt"
    path.write_bytes(PACKED[packing])
    text = read_text(path)
    assert text.content == CONTENT
    assert text.cut is None
    assert text.path == str(path)


@pytest.mark.parametrize("packing", ["gzip", "bzip2"])
def test_truncated_archive_yields_what_it_holds(tmp_path: Path, packing: str) -> None:
    path = tmp_path / "x"
    path.write_bytes(PACKED[packing][:-40])
    if packing == "bzip2":  # one block of bzip2 holds up to 900 kB: all of this text or nothing
        with pytest.raises(UnreadableFileError, match="before its first byte"):
            read_text(path)
        return
    text = read_text(path)
    assert CONTENT.startswith(text.content)
    assert len(text.content) > 100
    assert text.cut == "the gzip archive is truncated"


def test_truncated_bzip2_of_several_blocks_yields_the_first(tmp_path: Path) -> None:
    content = bytes(range(32, 127)) * 4000
    path = tmp_path / "x"
    packed = bz2.compress(content, compresslevel=1)
    path.write_bytes(packed[: len(packed) * 9 // 10])
    text = read_text(path)
    assert content.startswith(text.content)
    assert len(text.content) > 100_000 / 2
    assert text.cut == "the bzip2 archive is truncated"


def test_truncated_compress_archive_ends_inside_a_line(tmp_path: Path) -> None:
    path = tmp_path / "x.Z"
    path.write_bytes(PACKED["compress"][:-60])
    text = read_text(path)
    assert CONTENT.startswith(text.content)
    assert text.cut is not None


def test_corrupt_archives_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x"
    for packing in ("gzip", "bzip2", "zip"):
        content = bytearray(PACKED[packing])
        content[len(content) // 2] ^= 0xFF
        path.write_bytes(bytes(content))
        with pytest.raises(UnreadableFileError, match=f"corrupt {packing}.*fetch the file again"):
            read_text(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\xfd7zXZ\x00\x00", "an xz archive"),
        (b"<!DOCTYPE html><html>log in</html>", "web page"),
        (gzip.compress(b"", mtime=0), "holds an empty file"),
        (packed_zip(a=b"1", b=b"2"), "expected a zip archive with one file, found 2: a, b"),
        (packed_zip(), "found 0"),
        (gzip.compress(CONTENT, mtime=0)[:12], "ends before its first byte"),
    ],
)
def test_what_cannot_be_read_says_why(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "x"
    path.write_bytes(content)
    with pytest.raises(UnreadableFileError, match=message):
        read_text(path)


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="no such file"):
        read_text(tmp_path / "absent")
    with pytest.raises(UnreadableFileError, match="is a folder"):
        read_text(tmp_path)


@pytest.mark.parametrize("packing", ["gzip", "bzip2", "compress", "zip", "plain"])
def test_bombs_are_refused(tmp_path: Path, packing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "TEXT_LIMIT_BYTES", 1000)
    monkeypatch.setattr("retrieval.rinex.text.TEXT_LIMIT_BYTES", 1000)
    path = tmp_path / "x"
    path.write_bytes(PACKED[packing])
    with pytest.raises(UnreadableFileError, match="holds more than"):
        read_text(path)


def test_compact_rinex_is_restored(tmp_path: Path) -> None:
    path = tmp_path / "x.crx.gz"
    path.write_bytes(gzip.compress(hatanaka.rnx2crx(CONTENT)))
    assert read_text(path).content == CONTENT


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
def test_truncated_compact_rinex_yields_its_whole_epochs(tmp_path: Path, line_end: bytes) -> None:
    compact = hatanaka.rnx2crx(CONTENT).replace(b"\n", line_end)
    header = compact.index(b"END OF HEADER")
    path = tmp_path / "x.crx"
    seen = set()
    for length in range(header + 60, len(compact), 7):
        path.write_bytes(compact[:length])
        text = read_text(path)
        assert CONTENT.startswith(text.content)
        assert text.content.endswith(b"\n")
        # Each epoch takes four lines of Compact RINEX: epoch, clock, two satellites.
        n_whole, n_left = divmod(compact[header:length].count(line_end) - 1, 4)
        assert text.content.count(b"\n>") == n_whole
        at_a_border = n_left == 0 and compact[:length].endswith(line_end)
        assert (text.cut is None) == at_a_border
        seen.add(n_whole)
    assert len(seen) >= 19


@pytest.mark.parametrize("damage", ["dropped", "doubled", "epoch line dropped"])
def test_damaged_compact_rinex_goes_on_at_the_next_initialised_epoch(
    tmp_path: Path, damage: str
) -> None:
    compact = hatanaka.rnx2crx(CONTENT, reinit_every_nth=5).splitlines(keepends=True)
    start = next(index for index, line in enumerate(compact) if line.startswith(b">"))
    satellite = start + 4 * 2 + 2  # in the third epoch; 0, 5, 10 and 15 are initialised
    if damage == "dropped":
        del compact[satellite]
    elif damage == "doubled":
        compact.insert(satellite, compact[satellite])
    else:
        del compact[start + 4 * 2]
    path = tmp_path / "x.crx"
    path.write_bytes(b"".join(compact))
    text = read_text(path)
    original = CONTENT.split(b"\n>")[1:]
    found = (text.content.rstrip(b"\n")).split(b"\n>")[1:]
    original[-1] = original[-1].rstrip(b"\n")
    assert set(found) <= set(original), "an epoch that was never there"
    assert found[0] == original[0]
    assert found[-15:] == original[-15:]
    assert any("cannot be restored" in note for note in text.notes)


def with_event(*records: str) -> bytes:
    """The same text with an event record after its tenth epoch."""
    flag = 4 if records else 5
    first = f"> 2021 01 02 00 04 45.0000000  {flag}{len(records):3}\n"
    epochs = CONTENT.split(b"\n>")
    return b"\n>".join([*epochs[:11], (first + "".join(records)).encode()[1:-1], *epochs[11:]])


def test_line_lost_before_an_event_is_noticed_in_compact_rinex(tmp_path: Path) -> None:
    # The event line takes the place of the line lost; nothing is amiss but that the event is gone.
    content = with_event()
    compact = hatanaka.rnx2crx(content).splitlines(keepends=True)
    path = tmp_path / "x.crx"
    path.write_bytes(b"".join(compact))
    assert read_text(path).content == content
    event = next(index for index, line in enumerate(compact) if b"45.0000000  5  0" in line)
    del compact[event - 1]
    path.write_bytes(b"".join(compact))
    text = read_text(path)
    original, found = content.split(b"\n>"), text.content.split(b"\n>")
    assert found == [*original[:10], *original[11:]]
    assert any("cannot be restored" in note for note in text.notes)


def test_nothing_is_restored_after_header_records_that_compact_rinex_has_lost(
    tmp_path: Path,
) -> None:
    content = with_event(labelled("G    3 C1C S1C L1C", "SYS / # / OBS TYPES"))
    compact = hatanaka.rnx2crx(content).splitlines(keepends=True)
    body = next(index for index, line in enumerate(compact) if b"END OF HEADER" in line)
    event = next(index for index, line in enumerate(compact) if b"4  1" in line and index > body)
    path = tmp_path / "x.crx"
    for lost in (event, event + 1):
        path.write_bytes(b"".join(compact[:lost] + compact[lost + 1 :]))
        text = read_text(path)
        assert content.startswith(text.content.rstrip(b"\n"))
        assert 9 <= text.content.count(b"\n>") <= 10
        assert text.cut is not None


def test_compact_rinex_cut_in_its_header_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.crx"
    path.write_bytes(hatanaka.rnx2crx(CONTENT)[:300])
    with pytest.raises(UnreadableFileError, match="Compact RINEX that cannot be restored"):
        read_text(path)


def test_compact_rinex_of_a_later_version_says_what_restores_it(tmp_path: Path) -> None:
    path = tmp_path / "x.crx"
    path.write_bytes(hatanaka.rnx2crx(CONTENT).replace(b"3.0", b"3.1", 1))
    with pytest.raises(UnreadableFileError, match=r"Compact RINEX 3\.1.*RNXCMP 4\.2\.0"):
        read_text(path)


def header_line(kind: str) -> bytes:
    """The first line of a RINEX file."""
    return labelled(f"{'3.05':>9}{'':11}{kind}", "RINEX VERSION / TYPE").encode()


@pytest.mark.parametrize(
    ("content", "name", "kind"),
    [
        (header_line("OBSERVATION DATA"), "", FileKind.OBSERVATION),
        (header_line("NAVIGATION DATA"), "", FileKind.NAVIGATION),
        (header_line("GLONASS NAV DATA"), "", FileKind.NAVIGATION),
        (header_line("H: GEO NAV MSG DATA"), "", FileKind.NAVIGATION),
        (header_line("METEOROLOGICAL DATA"), "", FileKind.UNKNOWN),
        (hatanaka.rnx2crx(CONTENT), "", FileKind.OBSERVATION),
        (b"#dP2020  6 25  0  0  0.00000000      96\n", "", FileKind.SP3),
        (b"$GPGGA,000005.00,4843.26,N\n", "", FileKind.NMEA),
        (b"206 18.9 11.7 0.0 0.005 44.6 39.3 0.0 43.3 44.0 47.1\n", "", FileKind.SNR66),
        (b"206 18.9 xx.7 0.0\n", "mchl0100.25.snr66", FileKind.SNR66),
        (b"206 18.9 11.7 0.0\n", "", FileKind.UNKNOWN),
        (b"time,vwc\n", "a.csv", FileKind.UNKNOWN),
        (b"", "", FileKind.UNKNOWN),
        (bytes(range(256)), "", FileKind.UNKNOWN),
    ],
)
def test_file_kind(content: bytes, name: str, kind: FileKind) -> None:
    assert file_kind(content, name) is kind
