import json
from importlib import resources

import jsonschema
import pandas as pd
import pytest

from daemon.estimates import ESTIMATE_FIELDS, estimate_records
from retrieval.fusion import LinearModel, LinearSettings
from retrieval.soil import soil_limits

SCHEMA = json.loads(
    resources.files("daemon.schemas").joinpath("estimate.schema.json").read_text("utf-8")
)


@pytest.fixture(scope="module")
def records(made_arcs):
    grid = pd.date_range("2025-01-10T12:00", periods=60, freq="h", tz="UTC")
    table = LinearModel(LinearSettings(soil=soil_limits("loam"))).estimate(made_arcs(2), grid)
    return estimate_records(table, "test", "live", pd.Timestamp("2025-01-13T00:00:30Z"))


def test_records_fit_the_schema(records):
    validator = jsonschema.Draft202012Validator(SCHEMA)
    for record in records:
        validator.validate(json.loads(json.dumps(record)))


def test_schema_lists_exactly_the_fields_of_the_contract(records):
    assert list(SCHEMA["properties"]) == list(ESTIMATE_FIELDS) == SCHEMA["required"]
    assert list(records[0]) == list(ESTIMATE_FIELDS)


def test_times_are_utc_and_latency_is_counted_from_the_grid_time(records):
    assert records[0]["time"] == "2025-01-10T12:00:00Z"
    # 2 days, 12 hours and 30 seconds.
    assert records[0]["latency_s"] == 2 * 86400 + 12 * 3600 + 30


def test_what_is_not_known_is_null(records):
    assert records[0]["effective_time"] is None
    assert records[0]["phase_anomaly_deg"] is None
    assert records[0]["n_tracks_expected"] is None


@pytest.mark.parametrize(
    "change",
    [
        {"flag": "fine"},
        {"time": "2025-01-10 12:00:00"},
        {"vwc": "0.2"},
        {"n_arcs": -1},
        {"coverage": 1.2},
        {"more": 1},
    ],
)
def test_schema_refuses_what_is_no_estimate(records, change):
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**records[0], **change}, SCHEMA)
