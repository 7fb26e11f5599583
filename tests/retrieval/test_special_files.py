import os
import socket
from pathlib import Path

from retrieval.special_files import special_kind


def test_files_folders_and_what_is_not_there_are_nothing_special(tmp_path):
    (tmp_path / "file").write_text("x")
    for path in (tmp_path / "file", tmp_path, tmp_path / "no", tmp_path / "a\0b"):
        assert special_kind(path) == ""


def test_pipes_sockets_and_devices_are_named_also_through_links(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "pipe")
    (tmp_path / "null").symlink_to("/dev/null")
    monkeypatch.chdir(tmp_path)  # the path of a socket must be short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        assert special_kind(Path("socket")) == "a socket"
    assert special_kind(tmp_path / "pipe") == special_kind(tmp_path / "link") == "a pipe"
    assert special_kind(tmp_path / "null") == "a device"
