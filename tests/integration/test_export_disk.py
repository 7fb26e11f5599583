"""Files on a disk that is really full."""

import contextlib
import os
import subprocess

import pytest

from daemon.sections import ExportSection
from daemon.sinks import Delivered, Message, RetryLater
from daemon.sinks.export import ExportSink
from tests.daemon.sinks.conftest import RECORD


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 256 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        # Only the system's own user may, and not in every container.
        pytest.skip("this user may not mount")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def fill(path):
    """Write until there is no room for another page."""
    with path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(os.urandom(4096))


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_full_disk_keeps_what_is_there_and_goes_on_when_there_is_room(small_disk, ending):
    sink = ExportSink(ExportSection(path=small_disk / "out", format=ending))
    first, *more = (
        Message(n, "mchl", "live", time, {**RECORD, "time": time}, True)
        for n, time in enumerate(f"2026-11-{day:02d}T00:15:00Z" for day in range(1, 4))
    )
    assert sink.deliver([first]) == [Delivered()]
    before = {path.name: path.read_bytes() for path in (small_disk / "out").iterdir()}
    ballast = small_disk / "ballast"
    fill(ballast)
    (outcome,) = sink.deliver(more)
    assert isinstance(outcome, RetryLater)
    assert "full" in outcome.reason
    assert {path.name: path.read_bytes() for path in (small_disk / "out").iterdir()} == before
    assert "full" in (sink.reach(5) or "")
    ballast.unlink()
    assert sink.deliver(more) == [Delivered(), Delivered()]
    assert sink.reach(5) is None
    assert len(list((small_disk / "out").iterdir())) == 3
