"""The retraining job of a service, with a child that answers as it is told."""

import pandas as pd
import pytest

from daemon import retrain_job
from daemon.errors import BusyError
from daemon.last_try import LastTry, Outcome

NOW = pd.Timestamp("2025-01-10T13:00Z")
DONE = LastTry(outcome=Outcome.IN_USE, begun="2025-01-10T12:00:00.000Z", reason="it does better")


class Child:
    def __init__(self, *answers):
        self.answers, self.stopped = list(answers), False

    def poll(self):
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def stop(self):
        self.stopped = True


@pytest.fixture
def due(monkeypatch):
    """The children that begin when one is due, and how often that was asked."""
    children, asked = [], []
    monkeypatch.setattr(retrain_job, "retrain_due", lambda *_: asked.append(1) or bool(children))
    monkeypatch.setattr(retrain_job, "start_retraining", lambda _: children.pop(0))
    return children, asked


def test_it_is_begun_when_due_asked_after_and_told_once(due):
    children, _ = due
    children.append(Child(None, DONE))
    job = retrain_job.RetrainJob()
    assert [job.step(None, None, NOW) for _ in range(3)] == [None, None, DONE]
    assert job.step(None, None, NOW) is None


def test_whether_one_is_due_is_not_asked_at_every_step(due):
    _, asked = due
    job = retrain_job.RetrainJob()
    for _ in range(5):
        job.step(None, None, NOW)
    assert len(asked) == 1


def test_another_one_at_work_is_told_and_waited_for(due, caplog):
    children, _ = due
    children.append(Child(BusyError("another retraining is at work there")))
    job = retrain_job.RetrainJob()
    job.step(None, None, NOW)
    assert job.step(None, None, NOW) is None
    assert "another retraining" in caplog.text


def test_one_that_runs_is_ended_with_the_service(due):
    children, _ = due
    child = Child(None)
    children.append(child)
    job = retrain_job.RetrainJob()
    job.step(None, None, NOW)
    job.stop()
    assert child.stopped
