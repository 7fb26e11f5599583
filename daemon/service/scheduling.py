"""Jobs by the clock and on request, each behind a border at which its errors end.

Jobs that write to the store share one thread, so that no two of them ever meet; those that wait for
others run aside. A run that is asked for while one is at work comes after it, for that one may have
begun too early to see what the other is for.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from daemon.errors import DaemonError
from daemon.telemetry import Telemetry
from retrieval.errors import RetrievalError

__all__ = ["Job", "Jobs", "Stopped"]

_LOG = logging.getLogger(__name__)
# A run that is asked for while one is at work and one waits is skipped, and no fault.
logging.getLogger("apscheduler").setLevel(logging.ERROR)

_TICK_S = 0.5
# A clock that was put right by more than this makes the scheduler count anew.
_CLOCK_STEP_S = 30.0


class Stopped(BaseException):  # none of those who catch errors may take it for one
    """A job was ended between two of its steps because the service ends."""


@dataclass(frozen=True)
class Job:
    """One job.

    Attributes
    ----------
    name : str
        Of the job.
    function : callable
        What it does.
    every_s, first_s : float
        How often, and how soon the first time.
    deadline_s : float
        A step that takes longer hangs.
    aside : bool
        It waits for others, and does not write arcs or estimates.
    """

    name: str
    function: Callable[[], None]
    every_s: float
    deadline_s: float
    first_s: float = 0.0
    aside: bool = False


class Jobs:
    """The jobs of a service.

    Parameters
    ----------
    telemetry : Telemetry
        Gets to know what runs.
    """

    def __init__(self, telemetry: Telemetry) -> None:
        self.stopping = threading.Event()
        self._telemetry = telemetry
        self._again: set[str] = set()
        self._told: dict[str, str] = {}
        self._scheduler = BackgroundScheduler(
            executors={"default": ThreadPoolExecutor(1), "aside": ThreadPoolExecutor(2)},
            job_defaults={"coalesce": True, "misfire_grace_time": None},
            timezone="UTC",
        )

    def start(self, jobs: Iterable[Job]) -> None:
        """Begin."""
        for job in jobs:
            self._telemetry.add(job.name, job.deadline_s)
            self._scheduler.add_job(
                self._run,
                "interval",
                args=(job.name, job.function),
                seconds=job.every_s,
                id=job.name,
                executor="aside" if job.aside else "default",
                max_instances=1 if job.aside else 2,
                next_run_time=_in(job.first_s),
            )
        self._scheduler.start()

    def request(self, name: str, in_s: float = 0.0) -> None:
        """Let a job run now or soon; where it is at it, once more."""
        if not in_s:
            self._again.add(name)
        if not self.stopping.is_set():
            self._scheduler.modify_job(name, next_run_time=_in(in_s))

    def at_work(self) -> str:
        """Return the name of a job that runs, empty if none does."""
        return next((job.name for job in self._telemetry.jobs() if job.step_since is not None), "")

    def idle(self) -> bool:
        """Whether all jobs rest and nothing was asked for."""
        return not self._again and not self.at_work()

    def watch_over(self, stop: threading.Event, for_s: float = float("inf")) -> None:
        """Wait for an event, or for so long; notice a clock put right, and what hangs."""
        offset, hanging = time.time() - time.monotonic(), list[str]()
        until = time.monotonic() + for_s
        while time.monotonic() < until and not stop.wait(min(_TICK_S, for_s)):
            moved = time.time() - time.monotonic() - offset
            if abs(moved) > _CLOCK_STEP_S:
                offset += moved
                _LOG.warning("the clock was put right by %.0f s", moved)
                for job in self._scheduler.get_jobs():
                    job.modify(next_run_time=_in(0.0))
            if (late := self._telemetry.overdue()) != hanging:
                hanging = late
                for name in late:
                    _LOG.error("job %s hangs: it has been at one step for longer than it may", name)

    def stop(self, within_s: float, patient: Callable[[], bool]) -> str:
        """Begin no more runs and wait for that in hand; return the name of one that goes on.

        It is waited for so long, and longer while `patient` says so.
        """
        until = time.monotonic() + within_s
        self.stopping.set()
        for job in self._scheduler.get_jobs():
            job.remove()
        while self.at_work() and (patient() or time.monotonic() < until):
            time.sleep(0.05)
        cut_off = self.at_work()
        self._scheduler.shutdown(wait=not cut_off)
        return cut_off

    def _run(self, name: str, function: Callable[[], None]) -> None:
        """Run a job: the border at which its errors end."""
        if self.stopping.is_set():
            return
        self._again.discard(name)
        try:
            with self._telemetry.run(name):
                function()
        except Stopped:
            return
        except (DaemonError, RetrievalError, OSError) as error:
            self._say_once(name, f"job {name} failed: {error}")
        except Exception:  # noqa: BLE001 - the border of a job: the others go on
            _LOG.exception("job %s failed in a way that nobody foresaw", name)
        else:
            self._told.pop(name, None)
        if name in self._again:
            self.request(name)

    def _say_once(self, name: str, text: str) -> None:
        """Log a fault that may repeat itself, once until it has gone."""
        if self._told.get(name) != text:
            self._told[name] = text
            _LOG.error("%s", text)


def _in(seconds: float) -> datetime:
    """Return a time from now by the computer's own clock, which the scheduler goes by."""
    return datetime.now(UTC) + timedelta(seconds=seconds)
