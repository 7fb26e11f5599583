"""What lies in an inbox besides files that are whole, readable and stay: nothing stops a look."""

import gzip
import os
import shutil
import time

import pandas as pd
import pytest

import daemon.ingest.look
import daemon.ingest.memory
import daemon.ingest.reader
from daemon.config import load_config
from daemon.ingest import InboxMemory, ingest
from daemon.store import Store


@pytest.fixture
def config(sample):
    """The sample with the first of its files only, and all names looked at."""
    path = sample / "soilglint.toml"
    path.write_text(path.read_text().replace('patterns = ["*.rnx.gz"]', ""))
    for file in sorted((sample / "inbox").iterdir())[1:]:
        file.unlink()
    return load_config(path)


@pytest.fixture(params=["once", "service"])
def look(request):
    """A look without and one with a memory, for which all files have settled."""
    memory = InboxMemory(wall=lambda: time.time() + 100) if request.param == "service" else None

    def one(config):
        with Store.writing(config.store.path, make_folder=True) as store:
            now = pd.Timestamp.now(tz="UTC")
            return ingest(config, store, now, lambda _: None, memory=memory)

    return one


def only(config):
    (path,) = config.inbox.path.iterdir()
    return path


def states(config):
    with Store.reading(config.store.path) as store:
        records = store.files("smpl").items()
        return {name: record.state.value for name, record in records if "/" not in name}


def test_what_is_no_file_is_passed_over(config, look):
    path, inbox = only(config), config.inbox.path
    (inbox / "folder").mkdir()
    shutil.copy(path, inbox / "folder" / "inside.rnx.gz")
    os.mkfifo(inbox / "pipe")
    (inbox / "to nothing").symlink_to(inbox / "nowhere")
    (inbox / "to itself").symlink_to(inbox / "to itself")
    (inbox / "to a folder").symlink_to(inbox / "folder")
    assert look(config).problems == {}
    assert states(config) == {path.name: "ingested"}


def test_a_link_to_a_file_is_read_and_followed_when_it_leads_elsewhere(config, look, sample):
    path = only(config)
    target = path.rename(sample / path.name)
    link = config.inbox.path / "latest.rnx.gz"
    link.symlink_to(target)
    assert look(config).arcs_new > 0
    assert states(config) == {"latest.rnx.gz": "ingested"}
    # Other content, with the size and time of the first.
    text = gzip.decompress(target.read_bytes())
    other = sample / "other.rnx.gz"
    other.write_bytes(gzip.compress(text[: len(text) // 2]))
    link.unlink()
    link.symlink_to(other)
    look(config)
    with Store.reading(config.store.path) as store:
        assert store.files("smpl")["latest.rnx.gz"].cut


def test_names_with_odd_characters_are_read(config, look):
    path = only(config)
    odd = path.rename(config.inbox.path / os.fsdecode(b"a \xff\n'\"[x]*$.rnx.gz"))
    assert look(config).arcs_new > 0
    assert states(config) == {r"a \xff\x0a'" + '"[x]*$.rnx.gz': "ingested"}
    assert not look(config).files
    odd.unlink()
    assert look(config).problems == {}


def test_a_file_that_goes_between_listing_and_reading_is_no_problem(config, look, monkeypatch):
    path = only(config)
    (config.inbox.path / "going.rnx").write_bytes(b"content")
    find = daemon.ingest.look.find_files

    def take_away(*arguments):
        found = find(*arguments)
        (config.inbox.path / "going.rnx").unlink(missing_ok=True)
        return found

    monkeypatch.setattr(daemon.ingest.look, "find_files", take_away)
    assert look(config).problems == {}
    assert states(config) == {path.name: "ingested"}


def test_a_file_that_goes_between_hashing_and_reading_stops_nothing(config, look, monkeypatch):
    path = only(config)
    (config.inbox.path / "a going.rnx").write_bytes(b"content")
    take_in = daemon.ingest.reader.take_in

    def take_away(found, *arguments, **named):
        if "going" in found.name:
            found.path.unlink()
        return take_in(found, *arguments, **named)

    monkeypatch.setattr(daemon.ingest.reader, "take_in", take_away)
    assert look(config).arcs_new > 0
    monkeypatch.undo()
    look(config)
    assert states(config) == {path.name: "ingested"}


def test_a_file_that_is_replaced_while_it_is_read_is_read_again(config, look, monkeypatch):
    """What is read is not what was hashed: the next look must see that."""
    path = only(config)
    whole = path.read_bytes()
    text = gzip.decompress(whole)
    path.write_bytes(gzip.compress(text[: len(text) // 3]))
    take_in = daemon.ingest.reader.take_in

    def replaced(found, *arguments, **named):
        intake = take_in(found, *arguments, **named)
        if found.path == path:
            (path.parent / ".new").write_bytes(whole)
            (path.parent / ".new").rename(path)
        return intake

    monkeypatch.setattr(daemon.ingest.reader, "take_in", replaced)
    look(config)
    monkeypatch.undo()
    look(config)
    with Store.reading(config.store.path) as store:
        assert store.files("smpl")[path.name].n_epochs == 720


def test_a_file_that_is_replaced_while_it_is_hashed_is_hashed_again(config, monkeypatch):
    path = only(config)
    whole = path.read_bytes()
    path.write_bytes(b"something else")
    memory = InboxMemory(wall=lambda: time.time() + 100)
    fingerprint = daemon.ingest.memory.fingerprint

    def replaced(file, name):
        found = fingerprint(file, name)
        if file == path:
            (path.parent / ".new").write_bytes(whole)
            (path.parent / ".new").rename(path)
        return found

    monkeypatch.setattr(daemon.ingest.memory, "fingerprint", replaced)
    with Store.writing(config.store.path) as store:
        for _ in range(2):
            ingest(config, store, pd.Timestamp.now(tz="UTC"), lambda _: None, memory=memory)
            monkeypatch.undo()
    assert states(config) == {path.name: "ingested"}


def test_thousands_of_small_files_are_told_of_one_by_one(config, look):
    path = only(config)
    for k in range(2000):
        (config.inbox.path / f"{k:04d}.txt").write_bytes(b"note %d" % k)
    report = look(config)
    assert report.files["unreadable"] == 2000
    assert states(config)[path.name] == "ingested"
    assert look(config).known == 2001
