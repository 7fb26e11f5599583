"""Files of six hours: their names, what is in them, and where there are none."""

import re
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from retrieval.errors import InputError
from retrieval.rinex.observations import read_observations
from retrieval.simulation import Scenario, simulate_station

DAY = Scenario.model_validate(
    {
        "title": "the GPS satellites of a day",
        "station": {
            "name": "test",
            "latitude_deg": 48.25,
            "longitude_deg": 16.75,
            "height_m": 200.0,
            "antenna_height_m": 1.8,
        },
        "time": {"start": date(2024, 5, 14), "days": 1, "interval_s": 300.0},
        "output": {"gzip": False},
        "sky": {"constellations": "G"},
        "signal": ({"code": "GS1C"},),
    }
)


def observations(scenario: Scenario, folder: Path) -> list[Path]:
    simulate_station(scenario, folder)
    return sorted((folder / "inbox").iterdir())


def test_four_files_hold_the_day_that_one_would(tmp_path):
    (whole,) = observations(DAY, tmp_path / "day")
    parts = observations(DAY.changed(output={"span": "six-hours"}), tmp_path / "parts")
    # 2024-05-14 is the 135th day of a leap year: 31 + 29 + 31 + 30 + 14.
    assert [path.name for path in parts] == [
        f"TEST00XXX_R_2024135{hour}00_06H_05M_GO.rnx" for hour in ("00", "06", "12", "18")
    ]
    expected, found = read_observations(whole).snr, [read_observations(path).snr for path in parts]
    assert len(expected.time) > 1000
    for number, part in enumerate(found):
        hours = (part.time - DAY.start) / np.timedelta64(1, "h")
        assert 6 * number <= hours.min()
        assert hours.max() < 6 * (number + 1)
    for column in ("time", "satellite", "snr_dbhz"):
        together = np.concatenate([getattr(part, column) for part in found])
        np.testing.assert_array_equal(together, getattr(expected, column))


def test_names_of_rinex_2_have_no_six_hours_and_the_scenario_says_so():
    output = {"format": "2.11", "span": "six-hours"}
    with pytest.raises(InputError, match=re.escape('output.span = "six-hours"')) as caught:
        DAY.changed(output=output)
    assert 'format = "3.04"' in str(caught.value)
    DAY.changed(output={**output, "span": "hour"})
