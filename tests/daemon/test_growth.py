"""A text that is read on as it grows gives what reading it whole gives."""

import hashlib
from functools import reduce
from operator import xor
from pathlib import Path

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from daemon.growth import Growth, grown, growth_of, read_more, read_on
from retrieval.errors import UnreadableFileError
from retrieval.rinex import Text, read_file

EPOCHS = 12


def header(version, *records):
    lines = [
        f"{version:9.2f}           OBSERVATION DATA    M".ljust(60) + "RINEX VERSION / TYPE",
        "mark".ljust(60) + "MARKER NAME",
        *records,
        "  2025     1    10     0     0    0.0000000     GPS".ljust(60) + "TIME OF FIRST OBS",
        "".ljust(60) + "END OF HEADER",
    ]
    return "".join(f"{line}\n" for line in lines)


def rinex3():
    text = header(
        3.05,
        "G    2 S1C S2X".ljust(60) + "SYS / # / OBS TYPES",
        "R    1 S1C".ljust(60) + "SYS / # / OBS TYPES",
    )
    for k in range(EPOCHS):
        text += f"> 2025 01 10 00 {k // 2:02d} {30 * (k % 2):02d}.0000000  0  3\n"
        text += f"G01{40 + k:14.3f}  {30 + k:14.3f}  \nG07{41.5:14.3f}\nR02{44.25 + k:14.3f}  \n"
    return text.encode()


def rinex2():
    text = header(2.11, "     2    S1    S2".ljust(60) + "# / TYPES OF OBSERV")
    for k in range(EPOCHS):
        text += f" 25  1 10  0 {k // 2:2d} {30 * (k % 2):2d}.0000000  0  2G01G07\n"
        text += f"{40 + k:14.3f}  {30 + k:14.3f}  \n{41.5:14.3f}\n"
    return text.encode()


def sentence(body):
    return f"${body}*{reduce(xor, body.encode()):02X}\r\n"


def nmea():
    """Epochs over midnight; only some have a date, and the position comes before it."""
    text = ""
    for k in range(EPOCHS):
        second = 86_394 + k
        clock = f"{second // 3600 % 24:02d}{second // 60 % 60:02d}{second % 60:02d}.00"
        date = "100125" if second < 86_400 else "110125"
        text += sentence(f"GNGGA,{clock},4815.00000,N,01645.00000,E,1,08,1.0,200.0,M,0.0,M,,")
        text += sentence(f"GPGSV,1,1,02,01,40,100,{40 + k % 5},07,30,200,35")
        if k % 3 == 0:
            text += sentence(f"GNRMC,{clock},A,4815.00000,N,01645.00000,E,0.0,,{date},,,A")
    return text.encode()


TEXTS = {"a.rnx": rinex3(), "b.25o": rinex2(), "c.nmea": nmea()}


def whole(name, content):
    try:
        return read_file(Text(name, content))
    except UnreadableFileError:
        return None


def rows(table):
    order = np.lexsort((table.time, table.satellite, table.signal))
    return [
        array[order].tolist()
        for array in (table.time, table.satellite, table.signal, table.snr_dbhz)
    ]


def follow(tmp_path, name, content, cuts):
    """Read a file at each of some lengths; return how many of them were read on."""
    path = tmp_path / name
    growth: Growth | None = None
    times = 0
    for length in [*sorted(cuts), len(content)]:
        path.write_bytes(content[:length])
        expected = whole(name, content[:length])
        sha256 = hashlib.sha256(content[:length]).hexdigest()
        file = more = None
        if growth is not None:
            digest, size, more = read_more(path, growth)
            assert (digest, size) == (sha256, length)
            assert more is not None
            file = read_on(path, more)
        if file is None or more is None:
            growth = expected and growth_of(Text(name, content[:length]), expected, sha256)
            continue
        times += 1
        assert growth is not None
        assert expected is not None
        assert file.report.n_epochs == expected.report.n_epochs
        assert file.report.damage == expected.report.damage
        assert file.report.cut == expected.report.cut
        assert sorted(file.report.notes) == sorted(expected.report.notes)
        assert (file.epochs == expected.epochs[growth.n_epochs :]).all()
        later = expected.snr.where(expected.snr.time >= growth.time)
        assert rows(file.snr) == rows(later)
        assert growth.n_snr == len(expected.snr) - len(later)
        assert file.equipment == expected.equipment
        growth = grown(path, more, file, sha256)
    return times


@given(
    name=st.sampled_from(sorted(TEXTS)),
    cuts=st.lists(st.floats(0, 1), max_size=6),
)
@example(name="a.rnx", cuts=[0.5, 0.7])
def test_cut_at_any_byte(tmp_path_factory, name, cuts):
    content = TEXTS[name]
    lengths = [int(share * len(content)) for share in cuts]
    follow(tmp_path_factory.mktemp("cut"), name, content, lengths)


@given(
    name=st.sampled_from(sorted(TEXTS)),
    cuts=st.lists(st.floats(0.3, 1), min_size=1, max_size=4),
    place=st.floats(0, 1),
    octets=st.binary(min_size=0, max_size=5) | st.sampled_from([b"\n", b"\n\n", b">", b" "]),
    kind=st.sampled_from(["in", "instead"]),
)
def test_cut_at_any_byte_of_a_damaged_text(tmp_path_factory, name, cuts, place, octets, kind):
    content = TEXTS[name]
    at = int(place * len(content))
    rest = at if kind == "in" else at + len(octets) + 1
    content = content[:at] + octets + content[rest:]
    lengths = [int(share * len(content)) for share in cuts]
    follow(tmp_path_factory.mktemp("damaged"), name, content, lengths)


@given(
    name=st.sampled_from(sorted(TEXTS)),
    order=st.permutations(range(4)),
    cuts=st.lists(st.floats(0.3, 1), min_size=1, max_size=4),
)
def test_cut_at_any_byte_of_a_text_out_of_order(tmp_path_factory, name, order, cuts):
    """Parts of a text in another order, and a part twice."""
    content = TEXTS[name]
    edges = [len(content) * k // 4 for k in range(5)]
    parts = [content[edges[k] : edges[k + 1]] for k in [*order, order[0]]]
    jumbled = content[: edges[1]] + b"".join(parts)
    lengths = [int(share * len(jumbled)) for share in cuts]
    follow(tmp_path_factory.mktemp("jumbled"), name, jumbled, lengths)


def test_every_growth_of_a_whole_text_is_read_on(tmp_path):
    for name, content in TEXTS.items():
        # The first length holds a dated epoch, so that each later one goes on.
        lengths = [len(content) * k // 10 for k in range(5, 10)]
        assert follow(tmp_path, name, content, lengths) == 5, name


def test_a_header_in_the_body_is_read_with_the_whole(tmp_path):
    content = TEXTS["a.rnx"]
    epoch = content.rindex(b">")
    change = f"> {'':27}  4  1\n{'G    2 S2X S1C':60}SYS / # / OBS TYPES\n".encode()
    changed = content[:epoch] + change + content[epoch:]
    assert follow(tmp_path, "a.rnx", changed, [epoch - 10, epoch]) == 1


def test_a_header_that_has_begun_in_the_body_leaves_no_note(tmp_path):
    """Until its last lines are there, it lacks a record."""
    content = TEXTS["b.25o"]
    body = content[content.index(b"END OF HEADER") + 14 :]
    half = len(body) // 2
    spliced = content[: -len(body)] + body[:half] + content[: -len(body)] + body[half:]
    begun = len(content) - len(body) + half
    follow(tmp_path, "b.25o", spliced, [begun + k for k in range(0, 330, 23)])


def test_a_beginning_that_has_changed_is_not_read_on(tmp_path):
    content = TEXTS["a.rnx"]
    path = tmp_path / "a.rnx"
    file = whole("a.rnx", content)
    growth = growth_of(Text("a.rnx", content), file, "")
    path.write_bytes(content.replace(b"40.000", b"45.000", 1) + b"more")
    assert read_more(path, growth)[2] is None
    path.write_bytes(content[: growth.offset - 1])
    assert read_more(path, growth)[2] is None
    path.write_bytes(content + b"more")
    more = read_more(path, growth)[2]
    assert more.content == content[growth.offset :] + b"more"


def test_packed_text_is_not_read_on(tmp_path):
    """Its bytes are not those of the text, so that no beginning of it is found again."""
    text = Text(str(Path("a.rnx.gz")), TEXTS["a.rnx"])
    growth = growth_of(text, whole("a.rnx", text.content), "")
    (tmp_path / "a.rnx.gz").write_bytes(b"\x1f\x8b" + bytes(4000))
    assert read_more(tmp_path / "a.rnx.gz", growth)[2] is None
