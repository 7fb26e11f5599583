"""Work spread over processes that end when they should: with it, before it, or with the caller."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import active_children, get_context, parent_process
from threading import Thread
from typing import Any, TypeVar

from retrieval.errors import WorkerLostError

__all__ = ["in_processes"]

Result = TypeVar("Result")


def in_processes(
    work: Callable[..., Result],
    arguments: Sequence[tuple[Any, ...]],
    workers: int,
    on_done: Callable[[int, Result], None],
) -> None:
    """Call a function with each set of arguments, in several processes.

    An interruption, or an error of one call, stops all of them at once. Processes whose parent was
    killed end by themselves.

    Parameters
    ----------
    work : callable
        Of a module, so that processes find it.
    arguments : sequence of tuple
        What it is called with.
    workers : int
        Number of processes.
    on_done : callable
        Called here with the index of the arguments and the result, in the order of completion.

    Raises
    ------
    WorkerLostError
        A process was ended from outside.
    """
    before = set(active_children())
    # Spawned, since a fork may copy a lock that a thread of a numerical library holds.
    context = get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_end_with_parent) as pool:
        try:
            # Ctrl-C reaches every process of a terminal, and only this one is to answer.
            mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
            try:
                tasks = {pool.submit(work, *these): index for index, these in enumerate(arguments)}
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            for task in as_completed(tasks):
                on_done(tasks[task], task.result())
        except BaseException as error:
            # The pool sees its processes gone and gives up the work that is left.
            for process in set(active_children()) - before:
                process.terminate()
            if isinstance(error, BrokenProcessPool):
                raise WorkerLostError(
                    f"one of {workers} processes was ended from outside, perhaps because the "
                    "memory did not suffice; start it again, with fewer workers"
                ) from error
            raise


def _end_with_parent() -> None:
    """End this process when its parent has ended, however that came about."""
    parent = parent_process()
    if parent is not None:
        Thread(target=_outlive, args=(parent.join,), daemon=True).start()


def _outlive(join: Callable[[], None]) -> None:
    join()
    os._exit(1)
