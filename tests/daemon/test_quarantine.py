"""Files that cannot be used are moved to a folder of their own, with the reason beside them."""

import gzip
import hashlib
import os
import time

import pandas as pd
import pytest

from daemon.config import load_config
from daemon.errors import ConfigError
from daemon.ingest import InboxMemory, ingest
from daemon.jobs import run_once
from daemon.status import station_status
from daemon.store import Store


class Clock:
    """The clock of a memory, ahead of the computer's by what has been waited."""

    waited_s = 0.0

    def __call__(self):
        return time.time() + self.waited_s


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def config(sample):
    """The sample without its files, all names looked at, with a quarantine."""
    for file in (sample / "inbox").iterdir():
        file.rename(sample / file.name)
    path = sample / "soilglint.toml"
    text = path.read_text().replace('patterns = ["*.rnx.gz"]', 'quarantine = "away"')
    path.write_text(text)
    return load_config(path)


def look(config, memory):
    with Store.writing(config.store.path, make_folder=True) as store:
        now = pd.Timestamp("2025-03-01T12:00Z")
        return ingest(config, store, now, lambda _: None, memory=memory)


def records(config):
    with Store.reading(config.store.path) as store:
        return store.files("smpl")


def names(folder):
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_an_unreadable_file_is_moved_with_its_reason_after_ten_minutes(config, clock):
    path, away = config.inbox.path / "bad.rnx", config.inbox.quarantine
    path.write_bytes(b"nothing that is known\n")
    memory = InboxMemory(wall=clock)
    clock.waited_s = 590
    look(config, memory)
    assert names(away) == []
    clock.waited_s = 610
    report = look(config, memory)
    assert names(config.inbox.path) == []
    assert names(away) == ["bad.rnx", "bad.rnx.reason.txt"]
    assert (away / "bad.rnx").read_bytes() == b"nothing that is known\n"
    reason = (away / "bad.rnx.reason.txt").read_text()
    assert "what: unreadable" in reason
    assert hashlib.sha256(b"nothing that is known\n").hexdigest() in reason
    assert "2025-03-01T12:00:00Z" in reason
    assert "back into the inbox" in reason
    assert report.files["quarantined"] == 1
    record = records(config)["bad.rnx"]
    assert record.state == "quarantined"
    assert str(away / "bad.rnx") in record.reason
    # It is told of as long as nobody puts it back.
    assert not look(config, memory).files
    with Store.reading(config.store.path) as store:
        assert "bad.rnx" in station_status(config, store)["files"]["problems"]


def test_a_file_put_back_is_tried_again(config, clock, sample):
    """Of another station by a wrong position, which is then corrected."""
    text = config.path.read_text()
    config.path.write_text(text.replace("latitude_deg = 48.25", "latitude_deg = 49.25"))
    wrong = load_config(config.path)
    name = next(path.name for path in sample.iterdir() if path.name.endswith("rnx.gz"))
    (sample / name).rename(config.inbox.path / name)
    memory = InboxMemory(wall=clock)
    clock.waited_s = 700
    look(wrong, memory)
    away = config.inbox.quarantine
    assert "what: other station" in (away / f"{name}.reason.txt").read_text()

    (away / name).rename(config.inbox.path / name)
    clock.waited_s = 0
    config.path.write_text(text)
    report = run_once(config)
    assert report.ingest.files["ingested"] >= 1
    assert records(config)[name].state == "ingested"


def test_one_put_back_as_it_was_is_tried_and_moved_again(config, clock):
    path, away = config.inbox.path / "bad.rnx", config.inbox.quarantine
    path.write_bytes(b"bad")
    memory = InboxMemory(wall=clock)
    clock.waited_s = 700
    look(config, memory)
    (away / "bad.rnx").rename(path)
    clock.waited_s = 0
    look(config, InboxMemory(wall=lambda: time.time() + 60))
    assert records(config)["bad.rnx"].state == "unreadable"
    clock.waited_s = 700
    look(config, InboxMemory(wall=clock))
    # The first reason is still there.
    digits = hashlib.sha256(b"bad").hexdigest()[:8]
    assert names(away) == [
        f"bad.rnx.{digits}",
        f"bad.rnx.{digits}.reason.txt",
        "bad.rnx.reason.txt",
    ]


def test_nothing_is_ever_overwritten(config, clock):
    """One name again and again, with other content and with the same."""
    away, digits = config.inbox.quarantine, hashlib.sha256(b"two").hexdigest()[:8]
    for content in (b"one", b"two", b"two"):
        (config.inbox.path / "bad.rnx").write_bytes(content)
        clock.waited_s = 700
        look(config, InboxMemory(wall=clock))
    contents = {name: (away / name).read_bytes() for name in names(away) if "reason" not in name}
    assert contents == {
        "bad.rnx": b"one",
        f"bad.rnx.{digits}": b"two",
        f"bad.rnx.{digits}.2": b"two",
    }
    assert len(names(away)) == 6


def test_files_from_the_future_stay(config, clock, sample):
    name = next(path.name for path in sample.iterdir() if path.name.endswith("rnx.gz"))
    (sample / name).rename(config.inbox.path / name)
    clock.waited_s = 700
    with Store.writing(config.store.path) as store:
        now = pd.Timestamp("2024-01-01T00:00Z")
        ingest(config, store, now, lambda _: None, memory=InboxMemory(wall=clock))
    assert records(config)[name].state == "from_future"
    assert names(config.inbox.path) == [name]


def test_what_grows_into_sense_is_not_taken(config, clock, sample):
    """An upload that pauses for five minutes, and goes on."""
    source = next(path for path in sample.iterdir() if path.name.endswith("rnx.gz"))
    text = gzip.decompress(source.read_bytes())
    path, memory = config.inbox.path / "a.rnx", InboxMemory(wall=clock)
    path.write_bytes(text[:300])
    clock.waited_s = 300
    look(config, memory)
    assert records(config)["a.rnx"].state == "unreadable"
    path.write_bytes(text)
    look(config, memory)
    assert records(config)["a.rnx"].state == "ingested"


def test_names_with_odd_characters_and_links(config, clock, tmp_path):
    odd = config.inbox.path / os.fsdecode(b"a\xff \n'\".rnx")
    odd.write_bytes(b"bad")
    target = tmp_path / "elsewhere"
    target.write_bytes(b"also bad")
    (config.inbox.path / "link.rnx").symlink_to(target)
    clock.waited_s = 700
    look(config, InboxMemory(wall=clock))
    away = config.inbox.quarantine
    assert names(config.inbox.path) == []
    assert (away / odd.name).read_bytes() == b"bad"
    assert (away / "link.rnx").read_bytes() == b"also bad"
    assert target.read_bytes() == b"also bad"


def test_a_quarantine_that_cannot_be_made_is_told_and_stops_nothing(config, clock):
    config.inbox.quarantine.write_text("a file where the folder should be")
    (config.inbox.path / "bad.rnx").write_bytes(b"bad")
    clock.waited_s = 700
    report = look(config, InboxMemory(wall=clock))
    assert "they stay in the inbox" in report.problems["inbox.quarantine"]
    assert names(config.inbox.path) == ["bad.rnx"]
    assert records(config)["bad.rnx"].state == "unreadable"


def test_without_a_quarantine_files_stay(config, clock):
    config.path.write_text(config.path.read_text().replace('quarantine = "away"', ""))
    config = load_config(config.path)
    (config.inbox.path / "bad.rnx").write_bytes(b"bad")
    clock.waited_s = 700
    look(config, InboxMemory(wall=clock))
    assert names(config.inbox.path) == ["bad.rnx"]


@pytest.mark.parametrize("folder", ["inbox", "./inbox/"])
def test_the_inbox_is_no_quarantine(config, folder):
    config.path.write_text(config.path.read_text().replace('"away"', f'"{folder}"'))
    with pytest.raises(ConfigError, match=r"inbox\.quarantine.*the inbox itself"):
        load_config(config.path)
