"""The same hours at the speed of time, sixty times as fast, and all at once: the same estimates."""

import pandas as pd
import pytest

from daemon.config import load_config
from daemon.demo.subscriber import Subscriber
from daemon.service import Service
from tests.integration.broker import eventually
from tests.integration.running import field_files, station_folder

DAYS = 3
START = pd.Timestamp("2024-05-01T00:00:00Z")
NOT_LATE = pd.Timedelta(0)


def served(folder, field, at_once, later=NOT_LATE):
    """Let a service take files, so many at once; return what store and subscriber have then."""
    files, nav = field
    station = station_folder(folder, None, nav=nav)
    subscriber = Subscriber()
    clock = {"now": START}
    service = Service(load_config(station.config), (subscriber,), now=lambda: clock["now"])
    with service.running():
        for first in range(0, len(files), at_once):
            some = files[first : first + at_once]
            n = first + len(some)
            # The receiver writes the file of an hour when that is over.
            clock["now"] = START + pd.Timedelta(hours=n) + later
            station.put(some)
            eventually(lambda n=n: station.ingested() == n, 60.0)
            eventually(service.idle, 60.0)
    assert subscriber.live
    return station.contents(), station.estimates()


@pytest.fixture(scope="module")
def field(tmp_path_factory, field_scenario):
    return field_files(tmp_path_factory.mktemp("field") / "made", field_scenario(DAYS))


@pytest.fixture(scope="module")
def at_its_own_speed(field, tmp_path_factory):
    return served(tmp_path_factory.mktemp("slow") / "station", field, 1)


@pytest.mark.parametrize(("at_once", "later"), [(6, NOT_LATE), (24 * DAYS, pd.Timedelta(days=200))])
def test_pace_of_files_and_clock_changes_nothing(field, at_its_own_speed, tmp_path, at_once, later):
    contents, estimates = served(tmp_path / "station", field, at_once, later)
    assert contents == at_its_own_speed[0]
    # Files in order revise nothing, and only the delay tells how they came.
    assert [one["revision"] for one in estimates] == [1] * len(estimates)
    if later:
        assert all(one["latency_s"] > later.total_seconds() for one in estimates)
    assert len(estimates) > 4 * (24 * DAYS - 1)
    assert {one["product"] for one in estimates} == {"live", "daily"}
