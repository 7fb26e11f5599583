"""Messages for the tests of sinks."""

from collections.abc import Callable

import pytest

from daemon.sinks import Message

RECORD = {
    "station": "mchl",
    "product": "live",
    "time": "2026-11-24T00:15:00Z",
    "effective_time": "2026-11-23T12:10:05Z",
    "window_s": 86400,
    "vwc": 0.1 + 0.2,
    "vwc_lower": 0.25,
    "vwc_upper": 0.36,
    "phase_anomaly_deg": -3.5,
    "n_arcs": 41,
    "n_tracks_expected": 44,
    "coverage": 0.93,
    "flag": "good",
    "model_id": "linear-1",
    "software_version": "0.1.0",
    "revision": 1,
    "latency_s": 12,
}


@pytest.fixture(scope="session")
def make_message() -> Callable[..., Message]:
    """Factory of messages: number and time, then values of the record."""

    def make(number: int, time: str, *, newest: bool = True, **values: object) -> Message:
        record = {**RECORD, "time": time, **values}
        station, product = str(record["station"]), str(record["product"])
        return Message(number, station, product, time, record, newest)

    return make
