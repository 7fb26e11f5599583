import pytest

from daemon.errors import OutputError, UsageError
from daemon.files import check_folder, check_target, written_whole


def test_file_appears_whole_and_alone(tmp_path):
    target = tmp_path / "arcs.csv"
    with written_whole(target) as partial:
        assert partial.parent == tmp_path
        assert partial.suffix == ".csv"
        partial.write_text("a\n")
        assert not target.exists()
    assert [p.name for p in tmp_path.iterdir()] == ["arcs.csv"]


def test_failure_leaves_the_old_file_and_no_rubbish(tmp_path):
    target = tmp_path / "arcs.csv"
    target.write_text("old\n")

    def fail():
        with written_whole(target) as partial:
            partial.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert target.read_text() == "old\n"
    assert [p.name for p in tmp_path.iterdir()] == ["arcs.csv"]


def test_a_full_disk_names_the_file_that_was_asked_for(tmp_path):
    def full():
        with written_whole(tmp_path / "arcs.csv"):
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left") as caught:
        full()
    assert caught.value.filename == str(tmp_path / "arcs.csv")


def test_targets_that_cannot_be_written_are_told(tmp_path, monkeypatch):
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "file").write_text("")
    check_target("--out", tmp_path / "arcs.csv")
    check_folder("--plots", tmp_path / "new" / "deep")
    for check, path, words in (
        (check_target, tmp_path / "folder.csv", "is a folder"),
        (check_target, tmp_path / "no" / "arcs.csv", "make it first"),
        (check_folder, tmp_path / "file", "is a file"),
        (check_folder, tmp_path / "file" / "below", "is a file"),
    ):
        with pytest.raises(OutputError, match=words) as caught:
            check("--option", path)
        assert str(caught.value).startswith(f"--option {path}")
    monkeypatch.setattr("os.access", lambda *_: False)  # root may write anywhere
    for check in (check_target, check_folder):
        with pytest.raises(OutputError, match="may not write"):
            check("--option", tmp_path / "arcs.csv")


def test_a_file_that_is_read_is_not_written_by_whatever_name(tmp_path):
    read = tmp_path / "me.csv"
    read.write_text("x")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link.csv").symlink_to(read)
    for path in (read, tmp_path / "folder" / ".." / "me.csv", tmp_path / "link.csv"):
        with pytest.raises(UsageError, match=r"--out .*: is a file that is read; name another"):
            check_target("--out", path, [tmp_path / "no.csv", read])
    check_target("--out", tmp_path / "other.csv", [tmp_path / "other.csv", read])
