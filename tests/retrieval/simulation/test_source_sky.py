import numpy as np
import pytest

from retrieval.errors import InputError
from retrieval.simulation.sky.navigation_writer import navigation_text
from retrieval.simulation.sky.nominal_sky import nominal_sky
from retrieval.simulation.sky.propagation import season_navigation
from retrieval.simulation.station_files import source_navigation


def test_a_sky_without_a_constellation_that_is_wanted_is_refused(small, tmp_path):
    day = np.datetime64("2024-05-14", "ns")
    gps = season_navigation(nominal_sky(), day, day, constellations="G")
    path = tmp_path / "gps.rnx"
    path.write_text(navigation_text(gps))
    signals = ({"code": "GS2L"}, {"code": "RS1C"})
    scenario = small(sky={"constellations": "GR", "navigation": (path,)}, signal=signals)
    with pytest.raises(InputError, match=r"gps\.rnx: no ephemeris of R; .*sky\.constellations"):
        source_navigation(scenario)
    assert source_navigation(small(sky={"navigation": (path,)})).satellites == gps.satellites


def test_an_event_of_a_satellite_that_is_not_there_is_refused(small):
    event = {
        "kind": "outage",
        "satellite": "G77",
        "start": "2024-05-14T06:00:00",
        "end": "2024-05-14T09:00:00",
    }
    scenario = type(small()).model_validate(
        {**small().model_dump(mode="json"), "sky": {"constellations": "G", "event": [event]}},
        strict=False,
    )
    with pytest.raises(InputError, match=r"table 1\): G77 is not in the sky .* G01, G02"):
        source_navigation(scenario)
