"""What the service tells over HTTP, asked over HTTP."""

import json
import urllib.error
import urllib.request

import pandas as pd
import pytest
from prometheus_client.parser import text_string_to_metric_families

from daemon.config import load_config
from daemon.health import HealthServer, Readings
from daemon.jobs import run_once
from daemon.publishing import SinkHealth
from daemon.store import Store
from daemon.telemetry import Telemetry

NAME = "smpl"
AWAY = SinkHealth("mqtt", True, "nobody answers at localhost:1883", False, 3, True)
WELL = SinkHealth("export", False, "", False, 0, True)


class Told:
    """A service that has taken in the sample, and its answers."""

    def __init__(self, store):
        self.store, self.telemetry = store, Telemetry()
        self.telemetry.add("ingest", deadline_s=900.0)
        self.sinks = [AWAY, WELL]
        self.now = store.last_epoch(NAME, NAME) + pd.Timedelta("90s")

    def readings(self):
        return Readings(NAME, self.store, self.telemetry, lambda: self.sinks, lambda: self.now)

    def get(self, path):
        url = f"http://127.0.0.1:{self.port}{path}"
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return answer.status, answer.headers, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read().decode()

    def metrics(self):
        status, _, text = self.get("/metrics")
        assert status == 200
        return {
            (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }


@pytest.fixture
def service(sample):
    config = load_config(sample / "soilglint.toml")
    run_once(config)
    with Store.writing(config.store.path) as store:
        told = Told(store)
        server = HealthServer(("127.0.0.1", 0), told.readings())
        told.port = server.port
        yield told
        server.stop()


def test_a_service_that_works_is_healthy_though_a_sink_is_away(service):
    with service.telemetry.run("ingest"):
        pass
    service.telemetry.problems["ingest"] = {"a.rnx": "line 3: no epoch"}
    status, headers, text = service.get("/healthz")
    told = json.loads(text)
    assert (status, headers["Content-Type"]) == (200, "application/json")
    assert (told["status"], told["station"], told["faults"]) == ("ok", NAME, [])
    assert told["warnings"] == [
        "sink mqtt: nobody answers at localhost:1883",
        "a.rnx: line 3: no epoch",
    ]
    assert told["jobs"]["ingest"]["runs"] == 1


def test_a_job_that_failed_and_a_sink_that_ended_are_faults(service):
    with pytest.raises(ValueError, match="bad"), service.telemetry.run("ingest"):
        raise ValueError("bad")
    service.sinks = [SinkHealth("export", False, "", False, 0, alive=False)]
    status, _, text = service.get("/healthz")
    assert status == 503
    assert json.loads(text)["faults"] == [
        "job ingest failed: ValueError: bad",
        "sink export has ended",
    ]


def test_a_job_that_hangs_is_a_fault(service):
    service.telemetry.add("estimate", deadline_s=-1.0)
    with service.telemetry.run("estimate"):
        assert service.get("/healthz")[0] == 503
    assert service.get("/healthz")[0] == 200


def test_metrics_tell_what_the_store_holds(service):
    metrics = service.metrics()
    store = service.store
    arcs = store.arcs(NAME)
    assert metrics["soilglint_arcs", "none"] == arcs["accepted"].sum()
    rejected = {k[1]: v for k, v in metrics.items() if k[0] == "soilglint_arcs" and k[1] != "none"}
    assert rejected == arcs.loc[~arcs["accepted"], "reject_reason"].value_counts().to_dict()
    assert metrics["soilglint_files", "ingested"] == len(store.files(NAME))
    live = pd.DataFrame(store.estimates(NAME, "live"))
    for flag, number in live["flag"].value_counts().items():
        assert metrics["soilglint_estimates", flag, "live"] == number
    assert metrics["soilglint_observation_age_seconds",] == pytest.approx(90.0)
    assert metrics["soilglint_store_bytes",] == store.size().total


def test_metrics_tell_how_each_sink_is_doing(service):
    store = service.store
    with store.transaction():
        store.add_sinks(["mqtt", "export"])
        rows = store.waiting("export", 2, arcs=False)
        store.take_as_done("export", rows[-1].number, rows, [], service.now)
    metrics = service.metrics()
    waiting = store.outbox_size(NAME)
    assert waiting > 2
    assert metrics["soilglint_outbox", "mqtt"] == waiting
    assert metrics["soilglint_outbox", "export"] == waiting - 2
    assert metrics["soilglint_delivered_total", "export"] == 2
    assert (metrics["soilglint_sink_up", "mqtt"], metrics["soilglint_sink_up", "export"]) == (0, 1)


def test_other_paths_name_those_that_are_there(service):
    status, _, text = service.get("/x")
    assert (status, text) == (404, "there are /healthz, /metrics\n")
