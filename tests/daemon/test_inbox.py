import hashlib
import os

import pytest

from daemon.errors import ConfigError
from daemon.inbox import (
    fault_of_patterns,
    find_files,
    find_orbit_files,
    fingerprint,
    path_of_name,
    stored_name,
    tidy,
)


def test_files_are_found_by_pattern_and_not_in_folders(tmp_path):
    for name in ("b.rnx", "a.rnx.gz", "notes.txt", ".hidden.rnx", "c.rnx.part"):
        (tmp_path / name).write_text(name)
    (tmp_path / "folder.rnx").mkdir()
    names = [path.name for path in find_files(tmp_path, ["*.rnx*", "a*"])]
    assert names == ["a.rnx.gz", "b.rnx"]


def test_missing_inbox_says_what_to_do(tmp_path):
    with pytest.raises(ConfigError, match=r"inbox\.path.*no such folder"):
        find_files(tmp_path / "nowhere", ["*"])


def test_an_inbox_that_is_a_file_says_so(tmp_path):
    (tmp_path / "inbox").write_text("")
    with pytest.raises(ConfigError, match="is no folder"):
        find_files(tmp_path / "inbox", ["*"])


def test_names_with_characters_that_steer_a_terminal_are_found_again(tmp_path):
    (tmp_path / "a\x1b[2J\n.rnx").write_text("content")
    (path,) = find_files(tmp_path, ["*"])
    name = stored_name(path.name)
    assert name == r"a\x1b[2J\x0a.rnx"
    assert path_of_name(tmp_path, name).read_text() == "content"


def test_a_pattern_that_names_a_pipe_is_no_folder(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert "no regular file" in fault_of_patterns([str(tmp_path / "pipe")])
    assert "is a folder" in fault_of_patterns([str(tmp_path)])


def test_fingerprint_is_sha256_of_the_bytes(tmp_path):
    content = b"x" * 3_000_000
    (tmp_path / "f").write_bytes(content)
    found = fingerprint(tmp_path / "f", "f")
    assert (found.sha256, found.size) == (hashlib.sha256(content).hexdigest(), len(content))


def test_orbit_patterns_name_each_file_once(tmp_path):
    for name in ("a.n", "b.n"):
        (tmp_path / name).write_text(name)
    found = find_orbit_files([f"{tmp_path}/*.n", f"{tmp_path}/a.n", f"{tmp_path}/none.n"])
    assert [path.name for path in found] == ["a.n", "b.n"]


@pytest.mark.parametrize("keep", ["leave", "move", "delete"])
def test_finished_files_are_left_moved_or_deleted(tmp_path, keep):
    (tmp_path / "f").write_text("content")
    tidy(fingerprint(tmp_path / "f", "f"), tmp_path, keep)
    assert (tmp_path / "f").exists() == (keep == "leave")
    assert (tmp_path / "done" / "f").exists() == (keep == "move")


def test_a_moved_file_overwrites_no_other(tmp_path):
    for content in ("one", "two", "one"):
        (tmp_path / "f").write_text(content)
        tidy(fingerprint(tmp_path / "f", "f"), tmp_path, "move")
    two = hashlib.sha256(b"two").hexdigest()[:8]
    contents = {path.name: path.read_text() for path in (tmp_path / "done").iterdir()}
    assert contents == {"f": "one", f"f.{two}": "two"}
