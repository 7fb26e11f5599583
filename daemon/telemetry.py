"""What a running service knows of its own jobs: when they ran, how they ended, how long they took.

Times are of the monotonic clock, which nobody sets, so that a clock that is put right does not look
like a job that hangs.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

__all__ = ["JobState", "Telemetry"]


@dataclass(frozen=True)
class JobState:
    """One job.

    Attributes
    ----------
    name : str
        Of the job.
    deadline_s : float
        A run, or a step of one, that takes longer hangs.
    runs, failures : int
        Runs that have ended, and those of them that failed.
    step_since : float or None
        When its present step began, monotonic, seconds; None while it rests.
    last_s : float or None
        How long the last run took.
    last_error : str
        Of the last run; empty where it went well.
    """

    name: str
    deadline_s: float
    runs: int = 0
    failures: int = 0
    step_since: float | None = None
    last_s: float | None = None
    last_error: str = ""

    def overdue(self, now: float) -> bool:
        """Whether it has been at one step for longer than it may."""
        return self.step_since is not None and now - self.step_since > self.deadline_s


@dataclass
class Telemetry:
    """The states of all jobs; any thread may use it.

    Attributes
    ----------
    problems : dict
        What cannot be used or done at present, by job, then by file or key of the configuration.
    """

    problems: dict[str, dict[str, str]] = field(default_factory=dict)
    _jobs: dict[str, JobState] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, name: str, deadline_s: float) -> None:
        """Note a job."""
        with self._lock:
            self._jobs[name] = JobState(name, deadline_s)

    def jobs(self) -> list[JobState]:
        """Return the states of all jobs, by name."""
        with self._lock:
            return [self._jobs[name] for name in sorted(self._jobs)]

    def overdue(self) -> list[str]:
        """Return the names of the jobs that hang."""
        now = time.monotonic()
        return [job.name for job in self.jobs() if job.overdue(now)]

    def step(self, name: str) -> None:
        """Note that a job has come to its next step."""
        self._at_step(name, time.monotonic())

    @contextmanager
    def run(self, name: str) -> Iterator[None]:
        """Note a run from here to the end of the block; what fails in it goes on."""
        began = time.monotonic()
        self._at_step(name, began)
        error = ""
        try:
            yield
        except Exception as failed:
            error = f"{type(failed).__name__}: {failed}"
            raise
        finally:
            with self._lock:
                job = self._jobs[name]
                self._jobs[name] = replace(
                    job,
                    runs=job.runs + 1,
                    failures=job.failures + bool(error),
                    step_since=None,
                    last_s=time.monotonic() - began,
                    last_error=error,
                )

    def _at_step(self, name: str, since: float) -> None:
        with self._lock:
            self._jobs[name] = replace(self._jobs[name], step_since=since)
