"""Whatever is read, a pipe in its place is refused: nobody may ever write to it."""

import os
import subprocess
import sys

import pytest

READERS = {
    "observations": ("retrieval.rinex.text", "read_text", "pipe"),
    "arcs": ("retrieval.arc_files", "read_arc_table", "pipe.csv"),
    "parquet": ("retrieval.arc_files", "read_arc_table", "pipe.parquet"),
    "weather": ("daemon.weather", "read_weather", "pipe.csv"),
    "configuration": ("daemon.config", "load_config", "pipe.toml"),
}


@pytest.mark.parametrize("what", READERS)
def test_a_pipe_is_refused_without_waiting(tmp_path, what):
    module, reader, name = READERS[what]
    os.mkfifo(tmp_path / name)
    script = f"import sys, pathlib, {module} as m; m.{reader}(pathlib.Path(sys.argv[1]))"
    done = subprocess.run(  # a process of its own, which can be ended if it waits
        [sys.executable, "-c", script, str(tmp_path / name)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert f"{name}: is a pipe" in done.stderr.splitlines()[-1]
