"""Whatever happens to a byte or a line, nothing is invented and neighbours stay untouched.

The texts are small and written by hand here; a second reader in this file, slow and generous,
lists every value that could be read from a damaged text at all.
"""

import re
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.errors import UnreadableFileError
from retrieval.gnss import satellite_name, signal_name
from retrieval.rinex import Text, parse_observations

Row = tuple[str, str, str, float]

EPOCHS = [f"2021 01 02 00 0{k // 2} {30 * (k % 2):02d}.0000000" for k in range(6)]
SATELLITES = ["G07", "R12", "G21", "E05"]
CODES = {"G": ("C1C", "S1C", "L2X", "S2X"), "R": ("S1P", "C2P"), "E": ("L1C", "S1C", "S5Q")}
CODES_2 = ("C1", "L1", "S1", "C2", "L2", "S2", "P2")


def labelled(value: str, label: str) -> str:
    return f"{value:60}{label:20}".rstrip()


def number(value: float) -> str:
    return f"{value:14.3f} 7"


def snr(epoch: int, place: int, code: int) -> float:
    return 30 + epoch + place * 2.25 + code * 0.125


def rinex3() -> list[list[str]]:
    """Header lines, then the lines of each epoch."""
    header = [
        labelled(f"{'3.04':>9}{'':11}{'OBSERVATION DATA':20}M", "RINEX VERSION / TYPE"),
        *(
            labelled(
                f"{letter}  {len(codes):3}" + "".join(f" {code}" for code in codes),
                "SYS / # / OBS TYPES",
            )
            for letter, codes in CODES.items()
        ),
        labelled(f"{2021:6}{1:6}{2:6}{0:6}{0:6}{0:13.7f}     GPS", "TIME OF FIRST OBS"),
        labelled("", "END OF HEADER"),
    ]
    blocks = [header]
    for k, time in enumerate(EPOCHS):
        satellites = SATELLITES[k % 2 :]
        lines = [f"> {time}  0{len(satellites):3}"]
        for place, satellite in enumerate(satellites):
            fields = [
                number(snr(k, place, c) if code[0] == "S" else 2e7 + snr(k, place, c))
                for c, code in enumerate(CODES[satellite[0]])
            ]
            if satellite == "G21":
                fields[1] = " " * 16  # a missing value
            lines.append(satellite + "".join(fields))
        blocks.append(lines)
    return blocks


def rinex2() -> list[list[str]]:
    header = [
        labelled(f"{'2.11':>9}{'':11}{'OBSERVATION DATA':20}M (MIXED)", "RINEX VERSION / TYPE"),
        labelled(
            f"{len(CODES_2):6}" + "".join(f"    {code}" for code in CODES_2), "# / TYPES OF OBSERV"
        ),
        labelled(f"{2021:6}{1:6}{2:6}{0:6}{0:6}{0:13.7f}     GPS", "TIME OF FIRST OBS"),
        labelled("", "END OF HEADER"),
    ]
    blocks = [header]
    for k in range(len(EPOCHS)):
        satellites = SATELLITES[k % 2 :]
        lines = [
            f" 21  1  2  0 {k // 2:2}{30.0 * (k % 2):11.7f}  0{len(satellites):3}"
            + "".join(satellites)
        ]
        for place in range(len(satellites)):
            fields = [
                number(snr(k, place, c) if code[0] == "S" else 2e7 + snr(k, place, c))
                for c, code in enumerate(CODES_2)
            ]
            if satellites[place][0] == "E":
                fields[5] = fields[6] = ""  # Galileo has no band 2
            lines += ["".join(fields[:5]), "".join(fields[5:])]
        blocks.append(lines)
    return blocks


VERSIONS = {"rinex3": rinex3(), "rinex2": rinex2()}


def text_of(blocks: list[list[str]]) -> bytes:
    return "".join(f"{line}\n" for block in blocks for line in block).encode()


def rows_of(content: bytes) -> set[Row]:
    file = parse_observations(Text("x", content))
    table = file.snr
    assert file.report.n_epochs == len(file.epochs)
    return {
        (str(time)[:27], satellite_name(int(satellite)), signal_name(int(signal)), float(value))
        for time, satellite, signal, value in zip(
            table.time, table.satellite, table.signal, table.snr_dbhz, strict=True
        )
    }


def by_epoch(rows: set[Row]) -> dict[str, set[Row]]:
    return {time: {row for row in rows if row[0] == time} for time in {row[0] for row in rows}}


EPOCH_3 = re.compile(rb"> (\d{4}) ([ \d]\d) ([ \d]\d) ([ \d]\d) ([ \d]\d)([ \d]{2}\d\.\d{7})")
EPOCH_2 = re.compile(
    rb" ([ \d]\d) ([ \d]\d) ([ \d]\d) ([ \d]\d) ([ \d]\d)([ \d]{2}\d\.\d{7})  \d[ \d]{2}\d"
    rb"((?:[A-Za-z ][ \d]\d)*)"
)


def stamp(match: re.Match[bytes]) -> str:
    year, month, day, hour, minute = (int(match.group(k)) for k in range(1, 6))
    second = f"{float(match.group(6).replace(b' ', b'0')):010.7f}"
    year += 0 if year > 99 else 2000 if year < 80 else 1900
    return f"{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second}"


def field(line: bytes, at: int) -> float | None:
    text = line[at : at + 14]
    try:
        return float(text) if len(text) == 14 else None
    except ValueError:
        return None


def readable_rows(content: bytes, version: str) -> set[Row]:
    """Every value that stands in its own columns, under any epoch line that precedes it."""
    return set(readable_3(content) if version == "rinex3" else readable_2(content))


def readable_3(content: bytes) -> Iterator[Row]:
    time = ""
    for line in re.split(rb"\n|(?=" + re.sub(rb"[()]", b"", EPOCH_3.pattern) + rb")", content):
        match = EPOCH_3.match(line)
        time = stamp(match) if match else time
        letter, digits = line[:1].decode("latin-1").upper(), line[1:3].strip()
        if letter in CODES and digits.isdigit():
            for k, code in enumerate(CODES[letter]):
                value = field(line, 3 + 16 * k)
                if code[0] == "S" and value:
                    yield time, f"{letter}{int(digits):02}", letter + code, value


def readable_2(content: bytes) -> Iterator[Row]:
    lines = content.split(b"\n")
    for index, line in enumerate(lines):
        for match in EPOCH_2.finditer(line):
            ids = match.group(7).decode().upper()
            for place in range(len(ids) // 3):
                satellite = ids[3 * place : 3 * place + 3].replace(" ", "0")
                satellite = "G" + satellite[1:] if ids[3 * place] == " " else satellite
                for k, code in enumerate(CODES_2):
                    at = index + 1 + 2 * place + k // 5
                    value = field(lines[at], 16 * (k % 5)) if at < len(lines) else None
                    if code[0] == "S" and value:
                        yield stamp(match), satellite, satellite[0] + code, value


def check_damaged(version: str, content: bytes, touched: set[int]) -> None:
    """Epochs other than the touched ones are there as they were; nothing is invented."""
    blocks = VERSIONS[version]
    whole = by_epoch(rows_of(text_of(blocks)))
    times = sorted(whole)
    try:
        file = parse_observations(Text("x", content))
    except UnreadableFileError:
        assert -1 in touched
        return
    assert (np.diff(file.epochs) > np.timedelta64(0)).all()
    rows = rows_of(content)
    if -1 in touched:  # a damaged header may change what every column means
        return
    assert rows <= readable_rows(content, version)
    found = by_epoch(rows)
    for k, time in enumerate(times):
        if k not in touched:
            assert found.get(time) == whole[time], f"epoch {k} is no neighbour of the damage"
    if file.report.n_epochs < len(times):
        report = file.report
        assert report.damage or report.cut or report.events, "a dropped epoch is not reported"


def epoch_at(version: str, position: int) -> int:
    """Epoch whose lines hold a byte; -1 for the header."""
    end = 0
    for index, block in enumerate(VERSIONS[version]):
        end += len(text_of([block]))
        if position < end:
            return index - 1
    return len(VERSIONS[version]) - 2


versions = pytest.mark.parametrize("version", sorted(VERSIONS))
lots = settings(max_examples=150, deadline=None)


@versions
def test_text_without_damage_is_read_whole(version: str) -> None:
    content = text_of(VERSIONS[version])
    rows = rows_of(content)
    assert rows == readable_rows(content, version)
    assert len(by_epoch(rows)) == len(EPOCHS)


@versions
@lots
@given(data=st.data())
def test_any_byte_flipped(version: str, data: st.DataObject) -> None:
    content = bytearray(text_of(VERSIONS[version]))
    position = data.draw(st.integers(0, len(content) - 1))
    content[position] = data.draw(st.integers(0, 255))
    check_damaged(version, bytes(content), {epoch_at(version, position)})


@versions
@lots
@given(data=st.data())
def test_digits_and_line_ends_in_epoch_lines_flipped(version: str, data: st.DataObject) -> None:
    content = bytearray(text_of(VERSIONS[version]))
    epoch = data.draw(st.integers(0, len(EPOCHS) - 1))
    start = len(text_of(VERSIONS[version][: epoch + 1]))
    position = start + data.draw(st.integers(-1, 45))
    content[position] = data.draw(st.sampled_from(list(b"0123456789 >\n\rGRE.")))
    check_damaged(version, bytes(content), {epoch_at(version, position)})


@versions
@lots
@given(data=st.data())
def test_bytes_inserted(version: str, data: st.DataObject) -> None:
    content = text_of(VERSIONS[version])
    position = data.draw(st.integers(0, len(content)))
    inserted = data.draw(st.binary(min_size=1, max_size=4))
    # Between two epochs it cannot be said whose damage it is.
    touched = {epoch_at(version, max(position - 1, 0)), epoch_at(version, position)}
    check_damaged(version, content[:position] + inserted + content[position:], touched)


@versions
@lots
@given(data=st.data())
def test_bytes_deleted(version: str, data: st.DataObject) -> None:
    content = text_of(VERSIONS[version])
    position = data.draw(st.integers(0, len(content) - 1))
    length = data.draw(st.integers(1, 4))
    touched = {epoch_at(version, min(position + k, len(content) - 1)) for k in range(length)}
    check_damaged(version, content[:position] + content[position + length :], touched)


@versions
def test_any_line_dropped_or_doubled(version: str) -> None:
    lines = text_of(VERSIONS[version]).splitlines(keepends=True)
    position = 0
    for index, line in enumerate(lines):
        touched = {epoch_at(version, position)}
        position += len(line)
        check_damaged(version, b"".join(lines[:index] + lines[index + 1 :]), touched)
        check_damaged(version, b"".join([*lines[:index], line, *lines[index:]]), touched)


@versions
def test_any_prefix_yields_its_whole_epochs_and_says_what_is_cut(version: str) -> None:
    blocks = VERSIONS[version]
    content = text_of(blocks)
    whole = by_epoch(rows_of(content))
    ends = np.cumsum([len(text_of([block])) for block in blocks])
    for length in range(len(content) + 1):
        if length < ends[0]:
            if length:
                with pytest.raises(UnreadableFileError):
                    parse_observations(Text("x", content[:length]))
            continue
        file = parse_observations(Text("x", content[:length]))
        n_whole = int((ends[1:] <= length).sum())
        assert file.report.n_epochs == n_whole
        expected = [rows for _, rows in sorted(whole.items())[:n_whole]]
        assert rows_of(content[:length]) == set().union(*expected)
        assert (file.report.cut is None) == (length in ends)
        assert file.report.complete_bytes == ends[n_whole]
        assert not file.report.damage


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400), st.sampled_from(sorted(VERSIONS)))
def test_garbage_after_a_header(garbage: bytes, version: str) -> None:
    content = text_of(VERSIONS[version][:1]) + garbage
    assert rows_of(content) <= readable_rows(content, version)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400))
def test_garbage_is_refused(garbage: bytes) -> None:
    with pytest.raises(UnreadableFileError):
        parse_observations(Text("x", garbage))
