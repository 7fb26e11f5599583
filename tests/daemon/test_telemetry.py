import time

import pytest

from daemon.telemetry import JobState, Telemetry


@pytest.fixture
def telemetry():
    made = Telemetry()
    made.add("ingest", deadline_s=900.0)
    return made


def of_ingest(telemetry):
    (job,) = telemetry.jobs()
    return job


def test_a_run_is_counted_and_timed(telemetry):
    with telemetry.run("ingest"):
        assert of_ingest(telemetry).step_since is not None
    job = of_ingest(telemetry)
    assert (job.runs, job.failures, job.last_error, job.step_since) == (1, 0, "", None)
    assert job.last_s >= 0


def test_a_run_that_fails_says_why_until_one_goes_well(telemetry):
    with pytest.raises(OSError, match="no room"), telemetry.run("ingest"):
        raise OSError("no room")
    assert of_ingest(telemetry).last_error == "OSError: no room"
    with telemetry.run("ingest"):
        pass
    job = of_ingest(telemetry)
    assert (job.runs, job.failures, job.last_error) == (2, 1, "")


def test_a_job_is_overdue_by_its_step_and_not_by_its_run(telemetry):
    job = JobState("ingest", deadline_s=900.0, step_since=1000.0)
    assert not job.overdue(1900.0)
    assert job.overdue(1900.1)
    assert not JobState("ingest", deadline_s=900.0).overdue(1e9)
    with telemetry.run("ingest"):
        first = of_ingest(telemetry).step_since
        time.sleep(0.01)
        telemetry.step("ingest")
        assert of_ingest(telemetry).step_since > first
    assert telemetry.overdue() == []
