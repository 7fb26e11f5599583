import json
from importlib.resources import files

import jsonschema
import pytest

from daemon.estimates import ESTIMATE_FIELDS
from retrieval.arc_table import ARC_COLUMNS
from tests.daemon.sinks.conftest import RECORD
from tests.daemon.sinks.schemas import schema, validator

ARC = {
    **dict.fromkeys(ARC_COLUMNS, 1.0),
    "station": "mchl",
    "satellite": "G27",
    "signal": "S2X",
    "direction": "rising",
    **dict.fromkeys(("start", "end", "closed"), "2026-11-24T00:15:00.000Z"),
    "n_obs": 80,
    "height_mode": "fixed",
    "orbit_source": "broadcast",
    "accepted": True,
    "reject_reason": "",
    "equipment": "",
    "height_sigma_m": None,
    "phase_deg": -179.5,
}


def test_the_estimates_schema_is_the_one_that_ships():
    shipped = files("daemon.schemas").joinpath("estimate.schema.json").read_text("utf-8")
    assert schema("estimate") == json.loads(shipped)


def test_an_estimate_holds_what_the_schema_says():
    assert tuple(schema("estimate")["properties"]) == ESTIMATE_FIELDS
    validator("estimate").validate(RECORD)


def test_an_arc_is_a_row_of_the_arc_table():
    assert set(schema("arc")["properties"]) == {*ARC_COLUMNS, "revision"}
    validator("arc").validate(ARC)


@pytest.mark.parametrize(
    "wrong",
    [
        {"satellite": "27"},
        {"direction": "up"},
        {"end": "2026-11-24 00:15"},
        {"phase_deg": 181},
        {"accepted": None},
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
