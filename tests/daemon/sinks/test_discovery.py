"""The templates are run by the template engine that Home Assistant uses."""

import json
from types import SimpleNamespace

import pytest
from jinja2.sandbox import ImmutableSandboxedEnvironment

from daemon.sinks.discovery import FLAGS, discovery_message, discovery_topic
from daemon.sinks.topics import Topics
from tests.daemon.sinks.schemas import schema, validator

TOPICS = Topics("soilglint", "mchl", "box1")
SHOWN = {"time": "2026-11-24T00:30:00Z", "vwc": 0.3, "flag": "good", "coverage": 0.9}
OLDER = {"time": "2026-11-24T00:15:00Z", "vwc": 0.1, "flag": "degraded", "coverage": 0.2}
NEWER = {"time": "2026-11-24T00:45:00Z", "vwc": 0.123, "flag": "extrapolated", "coverage": 0.5}
SNOW = {**NEWER, "vwc": None, "flag": "snow"}


def rendered(name, key, record, *, state="30.0", attributes=SHOWN):
    component = discovery_message(TOPICS)["components"][name]
    this = SimpleNamespace(state=state, attributes={"friendly_name": "x", **attributes})
    template = ImmutableSandboxedEnvironment().from_string(component[key])
    return template.render(value_json=record, this=this)


def test_the_message_is_what_its_schema_says():
    validator("discovery").validate(discovery_message(TOPICS))


def test_the_flags_are_those_of_an_estimate():
    assert list(FLAGS) == schema("estimate")["properties"]["flag"]["enum"]


def test_the_topic_of_a_station():
    assert discovery_topic("ha", "a-b_1") == "ha/device/soilglint_a-b_1/config"


@pytest.mark.parametrize(
    ("record", "shown"),
    [
        (NEWER, "12.3"),
        ({**SHOWN, "vwc": 0.31}, "31.0"),  # another revision of the same time
        (OLDER, ""),  # Home Assistant passes over a number that is empty text
        ({**OLDER, "vwc": None}, ""),
        (SNOW, "None"),  # ... and takes None for unknown
        ({**NEWER, "vwc": -0.02}, "-2.0"),
    ],
)
def test_late_estimates_leave_the_moisture_alone_and_a_newer_null_is_unknown(record, shown):
    assert rendered("moisture", "value_template", record) == shown


def test_the_first_estimate_is_taken():
    assert rendered("moisture", "value_template", OLDER, state="unknown", attributes={}) == "10.0"
    first = rendered("moisture", "json_attributes_template", OLDER, state="", attributes={})
    assert json.loads(first) == OLDER


def test_late_estimates_leave_the_flag_alone():
    assert rendered("flag", "value_template", OLDER, state="good") == "good"
    assert rendered("flag", "value_template", SNOW, state="good") == "snow"


@pytest.mark.parametrize(("record", "kept"), [(NEWER, NEWER), (SNOW, SNOW), (OLDER, SHOWN)])
def test_attributes_are_those_of_the_newest_estimate(record, kept):
    assert json.loads(rendered("moisture", "json_attributes_template", record)) == kept
    for name in ("moisture_lower", "flag", "coverage"):
        attributes = json.loads(rendered(name, "json_attributes_template", record))
        assert attributes == {"time": kept["time"]}


def test_coverage_and_bounds_are_percent():
    record = {**NEWER, "vwc_lower": 0.08, "vwc_upper": None}
    assert rendered("coverage", "value_template", record) == "50.0"
    assert rendered("moisture_lower", "value_template", record) == "8.0"
    assert rendered("moisture_upper", "value_template", record) == "None"


def test_the_device_is_there_while_host_and_station_both_are():
    message = discovery_message(TOPICS)
    assert message["availability_mode"] == "all"
    assert [one["topic"] for one in message["availability"]] == [
        "soilglint/status/box1",
        "soilglint/mchl/availability",
    ]
