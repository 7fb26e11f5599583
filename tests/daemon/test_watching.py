"""Real folders that are watched: what is told, and what becomes of them."""

import logging
import shutil
import threading
import time

import pytest

import daemon.watching
from daemon.watching import Watch, watch

PATIENCE_S = 20.0


class Calls:
    """Calls, counted, and waited for."""

    def __init__(self):
        self.number = 0
        self._more = threading.Condition()

    def __call__(self):
        with self._more:
            self.number += 1
            self._more.notify_all()

    def reach(self, number):
        """Wait until there have been so many; a busy machine may take a while."""
        with self._more:
            return self._more.wait_for(lambda: self.number >= number, PATIENCE_S)


@pytest.fixture
def calls():
    return Calls()


@pytest.fixture
def watched(calls, monkeypatch):
    """Factory of watches, which are stopped at the end."""
    monkeypatch.setattr(daemon.watching, "_QUIET_S", 0.05)
    watches = []

    def begin(path, on_change=calls, poll_s=0.1):
        watches.append(watch(path, on_change, poll_s))
        return watches[-1]

    yield begin
    for each in watches:
        each.stop()


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "inbox"
    path.mkdir()
    return path


@pytest.fixture
def no_inotify(monkeypatch):
    def refuse(path, note):
        raise OSError(28, "inotify watch limit reached")

    monkeypatch.setattr(daemon.watching, "_observe", refuse)


def test_a_file_that_is_written_is_told(folder, watched, calls):
    watching = watched(folder)
    assert watching.fault() == ""
    (folder / "a.rnx").write_text("content")
    assert calls.reach(1)


def test_a_file_that_is_moved_in_is_told(folder, watched, calls, tmp_path):
    (tmp_path / "a.rnx").write_text("content")
    watched(folder)
    (tmp_path / "a.rnx").rename(folder / "a.rnx")
    assert calls.reach(1)


def test_reading_a_file_is_not_told(folder, watched, calls):
    (folder / "a.rnx").write_text("content")
    watched(folder)
    for _ in range(5):
        (folder / "a.rnx").read_text()
        assert [path.name for path in folder.iterdir()] == ["a.rnx"]
    time.sleep(0.5)
    assert calls.number == 0


def test_many_files_at_once_are_few_calls(folder, watched, calls):
    watched(folder)
    for k in range(500):
        (folder / f"{k}.rnx").write_text("content")
    assert calls.reach(1)
    time.sleep(0.5)
    assert calls.number < 100


def test_a_folder_that_is_written_to_all_the_time_is_told_all_the_same(
    folder, watched, calls, monkeypatch
):
    monkeypatch.setattr(daemon.watching, "_QUIET_S", 5.0)
    monkeypatch.setattr(daemon.watching, "_LATEST_S", 0.3)
    watched(folder)
    until = time.monotonic() + PATIENCE_S
    while calls.number < 2 and time.monotonic() < until:
        with (folder / "log.nmea").open("a") as file:
            file.write("line\n")
        time.sleep(0.01)
    assert calls.number >= 2


def test_without_inotify_the_folder_is_looked_at(folder, watched, calls, no_inotify):
    watching = watched(folder)
    assert "watch limit reached" in watching.fault()
    assert "every 0.1 s" in watching.fault()
    (folder / "a.rnx").write_text("content")
    assert calls.reach(1)
    (folder / "a.rnx").write_text("longer content")
    assert calls.reach(2)


def test_a_network_file_system_is_looked_at(folder, watched, calls, monkeypatch):
    monkeypatch.setattr(daemon.watching, "_file_system", lambda _: "nfs4")
    watching = watched(folder)
    assert "nfs4" in watching.fault()
    (folder / "a.rnx").write_text("content")
    assert calls.reach(1)


def test_a_folder_that_goes_and_comes_back_is_watched_again(folder, watched, calls, tmp_path):
    watching = watched(folder)
    folder.rename(tmp_path / "unmounted")
    until = time.monotonic() + PATIENCE_S
    while not watching.fault() and time.monotonic() < until:
        time.sleep(0.02)
    assert "not mounted" in watching.fault()
    before = calls.number
    folder.mkdir()
    assert calls.reach(before + 1)
    assert watching.fault() == ""
    before = calls.number
    (folder / "a.rnx").write_text("content")
    assert calls.reach(before + 1)


def test_a_folder_that_another_is_mounted_over_is_watched(folder, watched, calls, tmp_path):
    watched(folder)
    (tmp_path / "other").mkdir()
    folder.rename(tmp_path / "below")
    (tmp_path / "other").rename(folder)
    assert calls.reach(1)
    time.sleep(0.3)
    before = calls.number
    (folder / "a.rnx").write_text("content")
    assert calls.reach(before + 1)


def test_a_folder_that_is_not_there_yet_is_told_and_waited_for(tmp_path, watched, calls, caplog):
    with caplog.at_level(logging.WARNING):
        watching = watched(tmp_path / "later")
    assert "not there" in watching.fault()
    (tmp_path / "later").mkdir()
    assert calls.reach(1)
    assert watching.fault() == ""
    # Told once, however often it was looked for.
    assert len([record for record in caplog.records if "not there" in record.message]) == 1


def test_a_call_that_fails_ends_nothing(folder, watched, caplog):
    calls = Calls()

    def fail():
        calls()
        raise RuntimeError("broken look")

    watched(folder, fail)
    (folder / "a.rnx").write_text("content")
    assert calls.reach(1)
    time.sleep(0.2)
    (folder / "b.rnx").write_text("content")
    assert calls.reach(2)
    assert "broken look" in caplog.text


def test_nothing_is_told_after_the_stop(folder, calls):
    watching = Watch(folder, calls, 0.05)
    watching.start()
    watching.stop()
    number = calls.number
    (folder / "a.rnx").write_text("content")
    time.sleep(0.3)
    assert calls.number == number
    assert not [thread for thread in threading.enumerate() if thread.name == "watch inbox"]
    shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/data/inbox", "ext4"), ("/data/far/inbox", "nfs4"), ("/data/far away", "cifs"), ("/x", "")],
)
def test_kinds_of_file_systems(tmp_path, path, kind):
    mounts = tmp_path / "mounts"
    mounts.write_text(
        "disk /data ext4 rw 0 0\nserver:/far /data/far nfs4 rw 0 0\n"
        "//server/away /data/far\\040away cifs rw 0 0\n"
    )
    from pathlib import Path

    assert daemon.watching._file_system(Path(path), mounts) == kind


def test_a_folder_that_does_not_answer_holds_no_end_up(tmp_path):
    asked, answer = threading.Event(), threading.Event()

    def hangs(*_):
        asked.set()
        answer.wait(30)

    watched = daemon.watching.Watch(tmp_path, lambda: None, poll_s=0.05)
    watched._thread = threading.Thread(target=hangs, daemon=True)
    watched._thread.start()
    assert asked.wait(10)
    began = time.monotonic()
    watched.stop()
    assert time.monotonic() - began < 10
    answer.set()
