import pytest

from daemon.files import written_whole


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
