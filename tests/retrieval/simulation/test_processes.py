"""Processes that share work: what they return, and that none is left behind."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from multiprocessing import active_children
from pathlib import Path

import pytest

from retrieval.errors import WorkerLostError
from retrieval.simulation.processes import in_processes

SCRIPT = """\
import os, signal, sys, time
from pathlib import Path
from retrieval.simulation.processes import in_processes

def work(name):
    part = Path(name + ".part")
    part.write_text(str(os.getpid()))
    part.rename(name)
    time.sleep(60)
    Path(name + ".done").touch()

if __name__ == "__main__":
    # What a shell runs in the background has it ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    in_processes(work, [(name,) for name in sys.argv[1:]], 2, lambda index, result: None)
"""


def until(condition):
    """Wait for what must come."""
    for _ in range(600):
        if condition():
            return
        time.sleep(0.05)
    pytest.fail("waited for 30 s in vain")


def alive(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"  # ended, and nobody has asked how


@pytest.fixture
def busy(tmp_path):
    """A program of two workers in the middle of their first work, in a group of its own."""
    script = tmp_path / "program.py"
    script.write_text(textwrap.dedent(SCRIPT))
    names = [tmp_path / str(number) for number in range(4)]
    program = subprocess.Popen(
        [sys.executable, script, *names],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )
    until(lambda: names[0].exists() and names[1].exists())
    workers = [int(name.read_text()) for name in names[:2]]
    yield program, workers
    for pid in (program.pid, *workers):
        if alive(pid):
            os.kill(pid, signal.SIGKILL)
    program.wait()
    program.stderr.close()


def test_results_come_with_the_index_of_their_arguments():
    results = {}
    in_processes(divmod, [(7, 3), (9, 2), (5, 5)], 2, results.__setitem__)
    assert results == {0: (2, 1), 1: (4, 1), 2: (1, 0)}


def test_a_worker_that_is_killed_is_told_with_the_remedy():
    work = [(signal.SIGKILL,)]
    with pytest.raises(WorkerLostError, match=r"ended from outside.*fewer workers"):
        in_processes(signal.raise_signal, work, 2, lambda index, result: None)
    assert active_children() == []


def test_an_error_of_one_is_raised_and_stops_the_others():
    with pytest.raises(ZeroDivisionError):
        in_processes(divmod, [(1, 0), (1, 1)], 2, lambda index, result: None)
    assert active_children() == []


def test_control_c_on_a_terminal_ends_all_at_once_and_none_complains(busy):
    program, workers = busy
    os.killpg(program.pid, signal.SIGINT)
    told = program.stderr.read()
    program.wait()
    assert program.returncode == -signal.SIGINT
    assert told.count("Traceback") == 1  # of the program, which does not catch it
    assert not any(alive(pid) for pid in workers)
    assert not list(Path(program.args[1]).parent.glob("*.done"))


def test_workers_do_not_outlive_a_killed_parent(busy):
    program, workers = busy
    program.kill()
    program.wait()
    until(lambda: not any(alive(pid) for pid in workers))
