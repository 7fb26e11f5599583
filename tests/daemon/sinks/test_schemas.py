import json
from importlib.resources import files

import jsonschema
import pytest

from daemon.estimates import ESTIMATE_FIELDS
from retrieval.arc_table import ARC_COLUMNS
from tests.daemon.sinks.conftest import RECORD
from tests.daemon.sinks.schemas import schema, validator

ARC = {
    **{name: 1.0 for name in ARC_COLUMNS if name not in ("accepted", "reject_reason")},
    "station": "mchl",
    "satellite": "G27",
    "signal": "S2X",
    "direction": "rising",
    **dict.fromkeys(("start", "end", "closed"), "2026-11-24T00:15:00.000Z"),
    "n_obs": 80,
    "height_mode": "fixed",
    "orbit_source": "broadcast",
    "equipment": "",
    "height_sigma_m": None,
    "phase_deg": -179.5,
    "revision": 1,
    "track": "G27-S2X-rising-120",
    "track_weight": 0.02,
}


def test_the_estimates_schema_is_the_one_that_ships():
    shipped = files("daemon.schemas").joinpath("estimate.schema.json").read_text("utf-8")
    assert schema("estimate") == json.loads(shipped)


def test_an_estimate_holds_what_the_schema_says():
    assert tuple(schema("estimate")["properties"]) == ESTIMATE_FIELDS
    validator("estimate").validate(RECORD)


def test_an_arc_is_a_row_of_the_arc_table_that_was_accepted():
    left_out, added = {"accepted", "reject_reason"}, {"revision", "track", "track_weight"}
    assert set(schema("arc")["properties"]) == (set(ARC_COLUMNS) - left_out) | added
    validator("arc").validate(ARC)


@pytest.mark.parametrize(
    "wrong",
    [
        {"satellite": "27"},
        {"direction": "up"},
        {"end": "2026-11-24 00:15"},
        {"phase_deg": 181},
        {"track_weight": 1.5},
        {"accepted": True},
        {"more": 1},
    ],
)
def test_what_is_no_arc_is_refused(wrong):
    with pytest.raises(jsonschema.ValidationError):
        validator("arc").validate({**ARC, **wrong})


def test_availability_is_one_of_two_words():
    validator("availability").validate("online")
    with pytest.raises(jsonschema.ValidationError):
        validator("availability").validate("Online")
