"""Looks at the inbox that remember those before: settling, growing files, what is read again."""

import gzip
import itertools
import os
import random
import sqlite3
import time

import pandas as pd
import pytest

import daemon.ingest.memory
import daemon.ingest.reader
from daemon.config import load_config
from daemon.estimating import make_estimates
from daemon.ingest import InboxMemory, ingest
from daemon.jobs import run_once
from daemon.sample import write_sample
from daemon.store import Store

OF_MAKING = {"id", "revision", "latency_s", "ingested_at"}
RINEX = "smpl1350.24o"


class Clock:
    """Clocks of a memory, which go on by what a test waits; what it writes has the time of then."""

    def __init__(self):
        self.waited_s = 0.0
        self._written_s = 0.0

    def memory(self):
        return InboxMemory(
            wall=lambda: time.time() + self.waited_s - self._written_s,
            steady=lambda: time.monotonic() + self.waited_s,
        )

    def append(self, path, *parts, begin=b""):
        """Append to a file, after its beginning if it is new."""
        self._written_s = self.waited_s
        with path.open("ab") as file:
            file.write(b"".join([begin if file.tell() == 0 else b"", *parts]))

    def write(self, path, *parts):
        """Write a file anew."""
        path.unlink(missing_ok=True)
        self.append(path, *parts)


@pytest.fixture
def clock():
    return Clock()


def station(folder, settle_s=10, changes=()):
    """A sample station whose inbox is empty, and header and epochs of its first day."""
    path = write_sample(folder)
    inbox = path.parent / "inbox"
    epochs = []
    for file in sorted(inbox.iterdir())[:4]:
        header, *parts = gzip.decompress(file.read_bytes()).split(b"\n> ")
        epochs += [b"> " + part.rstrip(b"\n") + b"\n" for part in parts]
    for file in inbox.iterdir():
        file.unlink()
    text = path.read_text()
    usual = [("settle_s = 0", f"settle_s = {settle_s}"), ('["*.rnx.gz"]\nsettle', '["*"]\nsettle')]
    for old, new in (*usual[::-1], *changes):
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)
    return load_config(path), header + b"\n", epochs


def look(config, memory):
    """One look and the estimates that it allows."""
    now = pd.Timestamp.now(tz="UTC")
    with Store.writing(config.store.path, make_folder=True) as store:
        report = ingest(config, store, now, lambda _: None, memory=memory)
        make_estimates(config, store, now)
    return report


def contents(config):
    """Arcs, heights, estimates and files, but for when and how often they were made."""
    connection = sqlite3.connect(config.store.path)
    connection.row_factory = sqlite3.Row
    found = {
        table: {
            tuple((k, row[k]) for k in row.keys() if k not in OF_MAKING)  # noqa: SIM118
            for row in connection.execute(f"SELECT * FROM {table}")
            if table != "files" or "/" not in row["path"]
        }
        for table in ("arcs", "apriori_heights", "estimates", "files")
    }
    connection.close()
    return found


def points(config):
    with Store.reading(config.store.path) as store:
        kept = store.points("smpl").points
    columns = (kept.time, kept.satellite, kept.signal, kept.snr_dbhz, kept.elevation_deg)
    return sorted(zip(*(column.tolist() for column in columns), strict=True))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """What the first day gives as one plain file, taken in at once; and the observations kept."""
    config, header, epochs = station(tmp_path_factory.mktemp("whole") / "sample")
    (config.inbox.path / RINEX).write_bytes(header + b"".join(epochs))
    run_once(config)
    found = contents(config)
    assert len(found["arcs"]) > 200
    return found, points(config)


@pytest.fixture
def reads(monkeypatch):
    """Names of files in the order in which they are read: whole, or (with a +) on from before."""
    names = []
    for function, mark in (("take_in", ""), ("take_on", "+")):
        original = getattr(daemon.ingest.reader, function)

        def noted(found, *arguments, _original=original, _mark=mark, **named):
            intake = _original(found, *arguments, **named)
            if intake is not None:
                names.append(_mark + found.name)
            return intake

        monkeypatch.setattr(daemon.ingest.reader, function, noted)
    return names


class TestKnownFiles:
    @pytest.fixture
    def hashed(self, monkeypatch):
        names = []
        for function in ("fingerprint", "read_more"):
            original = getattr(daemon.ingest.memory, function)

            def noted(path, other, _original=original):
                names.append(path.name)
                return _original(path, other)

            monkeypatch.setattr(daemon.ingest.memory, function, noted)
        return names

    def test_what_is_as_it_was_is_not_hashed_again(self, tmp_path, clock, hashed):
        config, header, epochs = station(tmp_path / "sample")
        clock.write(config.inbox.path / "a.rnx", header + b"".join(epochs[:60]))
        memory = clock.memory()
        clock.waited_s += 100
        assert look(config, memory).files["ingested"] == 3  # with navigation of two days
        hashed.clear()
        report = look(config, memory)
        assert hashed == []
        assert (report.known, not report.files) == (1, True)
        # Without a memory everything is hashed.
        assert not run_once(config).changed
        assert len(hashed) == 3

    def test_what_was_written_to_a_moment_ago_is_hashed_again(self, tmp_path, clock, hashed):
        """A file system may give two changes one time."""
        config, header, epochs = station(tmp_path / "sample", settle_s=0)
        path = config.inbox.path / "a.rnx"
        clock.write(path, header + b"".join(epochs[:60]))
        memory = clock.memory()
        look(config, memory)
        look(config, memory)
        assert hashed.count("a.rnx") == 2

    def test_a_change_that_leaves_size_and_mtime_is_seen(self, tmp_path, clock, hashed):
        config, header, epochs = station(tmp_path / "sample")
        path = config.inbox.path / "a.rnx"
        clock.write(path, header + b"".join(epochs[:60]))
        os.utime(path, (1e9, 1e9))
        memory = clock.memory()
        clock.waited_s += 100
        look(config, memory)
        clock.write(path, header + b"".join(epochs[60:61] + epochs[1:60]))
        os.utime(path, (1e9, 1e9))
        hashed.clear()
        clock.waited_s += 100
        look(config, memory)
        assert hashed == ["a.rnx"]

    def test_a_file_that_is_put_back_is_looked_at_anew(self, tmp_path, clock, hashed):
        config, header, epochs = station(tmp_path / "sample")
        path = config.inbox.path / "a.rnx"
        clock.write(path, header + b"".join(epochs[:60]))
        memory = clock.memory()
        clock.waited_s += 100
        look(config, memory)
        path.rename(tmp_path / "away")
        look(config, memory)
        (tmp_path / "away").rename(path)
        hashed.clear()
        clock.waited_s += 100
        assert look(config, memory).known == 1
        assert hashed == ["a.rnx"]


class TestSettling:
    def test_a_file_is_read_once_nobody_has_written_to_it(self, tmp_path, clock, reads):
        config, header, epochs = station(tmp_path / "sample")
        clock.write(config.inbox.path / "a.rnx", header + b"".join(epochs[:60]))
        memory = clock.memory()
        report = look(config, memory)
        assert "a.rnx" not in reads
        assert 5 < report.next_settled_s <= 10
        clock.waited_s += report.next_settled_s
        report = look(config, memory)
        assert reads.count("a.rnx") == 1
        assert report.next_settled_s is None

    def test_a_file_that_is_still_being_uploaded_is_left(self, tmp_path, clock, reads):
        config, header, epochs = station(tmp_path / "sample")
        memory = clock.memory()
        packed = gzip.compress(header + b"".join(epochs[:60]))
        for share in (0.3, 0.6, 1):
            clock.write(config.inbox.path / "a.rnx.gz", packed[: int(share * len(packed))])
            look(config, memory)
            clock.waited_s += 9
        assert "a.rnx.gz" not in reads
        clock.waited_s += 2
        look(config, memory)
        assert reads.count("a.rnx.gz") == 1

    def test_a_packed_file_that_never_settles_is_not_read(self, tmp_path, clock, reads):
        config, header, epochs = station(tmp_path / "sample")
        memory = clock.memory()
        packed = gzip.compress(header + b"".join(epochs[:60]))
        for k in range(30):
            clock.write(config.inbox.path / "a.rnx.gz", packed[: 1000 + k])
            look(config, memory)
            clock.waited_s += 5
        assert "a.rnx.gz" not in reads

    def test_a_time_of_the_future_does_not_hold_a_file_up(self, tmp_path, clock, reads):
        """The clock of a file server may be ahead of ours."""
        config, header, epochs = station(tmp_path / "sample")
        clock.write(config.inbox.path / "a.rnx", header + b"".join(epochs[:60]))
        steady = iter(range(0, 10_000, 6))
        memory = InboxMemory(wall=lambda: time.time() - 1e6, steady=lambda: next(steady))
        for _ in range(3):
            look(config, memory)
        assert reads.count("a.rnx") >= 1

    def test_a_file_that_is_known_stays_known_while_it_is_written_to(self, tmp_path, clock):
        """What was made of it stays, and so does the account of it."""
        config, header, _ = station(tmp_path / "sample")
        path = config.inbox.path / "a.rnx"
        clock.write(path, b"no observations")
        memory = clock.memory()
        clock.waited_s += 100
        look(config, memory)
        clock.write(path, header)
        assert look(config, memory).forgotten == 0
        with Store.reading(config.store.path) as store:
            assert store.files("smpl")["a.rnx"].state == "unreadable"


class TestGrowing:
    @pytest.mark.parametrize("seed", range(6))
    def test_pieces_give_what_the_whole_gives_at_once(self, tmp_path, clock, whole, reads, seed):
        """Cut at any byte: in the header, in a line, in an epoch."""
        config, header, epochs = station(tmp_path / "sample")
        content = header + b"".join(epochs)
        rng = random.Random(seed)
        cuts = [rng.randrange(1, len(header)) for _ in range(seed % 2)]
        cuts += [rng.randrange(len(header), len(content)) for _ in range(rng.randint(2, 12))]
        memory, path = clock.memory(), config.inbox.path / RINEX
        before = 0
        for cut in [*sorted(cuts), len(content)]:
            clock.append(path, content[before:cut])
            before = cut
            clock.waited_s += 100
            look(config, memory)
        assert [name for name in reads if "rnx" not in name][-1] == f"+{RINEX}"
        assert reads.count(RINEX) <= 3  # the first whole epoch, and before that the header
        rows, kept = whole
        for table, expected in rows.items():
            found = contents(config)[table]
            assert found == expected, f"{table}: {len(found ^ expected)} rows differ"
        assert points(config) == kept
        clock.waited_s += 100
        assert not look(config, memory).files

    def test_after_a_restart_it_is_read_whole_once(self, tmp_path, clock, whole, reads):
        config, header, epochs = station(tmp_path / "sample")
        path = config.inbox.path / RINEX
        edges = [0, 900, 1200, 2000, 2880]
        clock.write(path, header)
        for begin, end in itertools.pairwise(edges):
            clock.append(path, b"".join(epochs[begin:end]))
            clock.waited_s += 100
            if begin in (0, 1200):
                memory = clock.memory()
            look(config, memory)
        assert [name for name in reads if RINEX in name] == [RINEX, f"+{RINEX}"] * 2
        assert contents(config)["arcs"] == whole[0]["arcs"]
        assert contents(config)["estimates"] == whole[0]["estimates"]

    def test_what_has_changed_at_the_beginning_is_read_whole(self, tmp_path, clock, reads):
        config, header, epochs = station(tmp_path / "sample")
        path, memory = config.inbox.path / RINEX, clock.memory()
        for first in (0, 1):
            clock.write(path, header + b"".join(epochs[first : 600 + 300 * first]))
            clock.waited_s += 100
            look(config, memory)
        assert reads.count(RINEX) == 2
        assert f"+{RINEX}" not in reads

    def test_two_files_grow_at_midnight(self, tmp_path, clock, whole, reads):
        """The old day's last epochs come when the new day's file has begun."""
        config, header, epochs = station(tmp_path / "sample")
        old, new = config.inbox.path / "old.24o", config.inbox.path / "new.24o"
        memory = clock.memory()
        for path, begin, end in (
            (old, 0, 1000),
            (old, 1000, 1390),
            (new, 1440, 1450),
            (old, 1390, 1430),
            (new, 1450, 1700),
            (old, 1430, 1440),
            (new, 1700, 2880),
        ):
            clock.append(path, *epochs[begin:end], begin=header)
            clock.waited_s += 100
            look(config, memory)
        assert sorted(name for name in reads if "24o" in name) == [
            *["+new.24o"] * 2,
            *["+old.24o"] * 3,
            "new.24o",
            "old.24o",
        ]
        for table in ("arcs", "apriori_heights", "estimates"):
            assert contents(config)[table] == whole[0][table]
        assert points(config) == whole[1]

    def test_one_that_never_settles_is_read_every_so_often(self, tmp_path, clock, whole, reads):
        """Written to every 5 s, looked at whenever that is asked for."""
        config, header, epochs = station(tmp_path / "sample")
        path, memory = config.inbox.path / RINEX, clock.memory()
        clock.write(path, header)
        for k in range(60):
            clock.append(path, b"".join(epochs[48 * k : 48 * k + 48]))
            report = look(config, memory)
            clock.waited_s += 5
            assert report.next_settled_s is None or report.next_settled_s <= 60
        n_reads = sum(RINEX in name for name in reads)
        assert 2 <= n_reads <= 60 * 5 / 60
        clock.waited_s += 10
        look(config, memory)
        for table in ("arcs", "apriori_heights", "estimates"):
            assert contents(config)[table] == whole[0][table]

    def test_navigation_that_comes_late_makes_it_whole(self, tmp_path, clock, whole, reads):
        config, header, epochs = station(tmp_path / "sample")
        nav = config.path.parent / "nav"
        held = nav.rename(nav.with_name("held"))
        nav.mkdir()
        path, memory = config.inbox.path / RINEX, clock.memory()
        clock.write(path, header + b"".join(epochs[:1000]))
        clock.waited_s += 100
        assert look(config, memory).files["waiting_orbits"] == 1
        for later in held.iterdir():
            later.rename(nav / later.name)
        clock.append(path, b"".join(epochs[1000:]))
        clock.waited_s += 100
        look(config, memory)
        assert contents(config)["arcs"] == whole[0]["arcs"]

    @pytest.mark.parametrize("keep", ["move", "delete"])
    def test_it_is_neither_moved_nor_deleted(self, tmp_path, clock, keep):
        config, header, epochs = station(
            tmp_path / "sample", changes=[('keep = "leave"', f'keep = "{keep}"')]
        )
        path, memory = config.inbox.path / "a.24o", clock.memory()
        clock.write(path, header)
        for k in range(4):
            clock.append(path, b"".join(epochs[60 * k : 60 * k + 60]))
            # Nothing has been written to it for longer than settle_s.
            clock.waited_s += 900
            look(config, memory)
            assert path.exists()
        # The next file has begun, and for three pauses nothing has come.
        clock.write(config.inbox.path / "b.24o", header + b"".join(epochs[240:300]))
        clock.waited_s += 900
        look(config, memory)
        assert path.exists()
        clock.waited_s += 3 * 900
        look(config, memory)
        assert not path.exists()
        assert (config.inbox.path / "b.24o").exists()

    def test_a_read_that_fails_in_the_store_is_made_up_for(
        self, tmp_path, clock, whole, monkeypatch
    ):
        config, header, epochs = station(tmp_path / "sample")
        path, memory = config.inbox.path / RINEX, clock.memory()
        clock.write(path, header)
        insert = Store.insert_arcs

        def fail(store, station, arcs):
            insert(store, station, arcs)
            raise OSError("disk full")

        for begin, end in ((0, 1000), (1000, 1500), (1500, 2000), (2000, 2880)):
            clock.append(path, b"".join(epochs[begin:end]))
            clock.waited_s += 100
            if begin == 1000:
                monkeypatch.setattr(Store, "insert_arcs", fail)
                with pytest.raises(OSError, match="disk full"):
                    look(config, memory)
                monkeypatch.setattr(Store, "insert_arcs", insert)
            else:
                look(config, memory)
        for table in ("arcs", "apriori_heights", "estimates"):
            assert contents(config)[table] == whole[0][table]
