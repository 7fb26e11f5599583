import hashlib
import json

import pytest

from retrieval.errors import InputError
from retrieval.simulation import simulate_station


def test_another_series_is_another_simulation(small, tmp_path):
    series, out = tmp_path / "probes.csv", tmp_path / "out"
    series.write_text("time,vwc\n2024-05-13,0.2\n2024-05-16,0.2\n")
    scenario = small(moisture={"path": series})
    simulate_station(scenario, out)
    told = json.loads((out / "truth" / "simulation.json").read_text())
    digest = hashlib.sha256(series.read_bytes()).hexdigest()
    assert told["given"] == {"moisture": {"probes.csv": digest}}
    series.write_text("time,vwc\n2024-05-13,0.3\n2024-05-16,0.3\n")
    with pytest.raises(InputError, match="holds another simulation"):
        simulate_station(scenario, out)
