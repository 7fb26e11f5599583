"""Weather in the main job: frozen ground, late rows, files that cannot be read."""

import pandas as pd
import pytest

from daemon.config import load_config
from daemon.jobs import run_once
from daemon.store import Store

NAME = "smpl"


@pytest.fixture
def weather(sample):
    """The sample with a weather file that does not exist yet; returns (configuration, file)."""
    path = sample / "soilglint.toml"
    path.write_text(path.read_text() + '\n[weather]\npath = "weather.csv"\n')
    return load_config(path), sample / "weather.csv"


def write(path, temperature_c, until="2024-05-16T00:00"):
    """Hourly temperatures: a function of the hours since the sample's begin."""
    times = pd.date_range("2024-05-13T00:00", until, freq="1h")
    hours = (times - pd.Timestamp("2024-05-14")) / pd.Timedelta(hours=1)
    rows = [f"{t:%Y-%m-%dT%H:%M}Z,{temperature_c(h)}" for t, h in zip(times, hours, strict=True)]
    path.write_text("\n".join(["time,temperature_c", *rows]) + "\n")


def flags(config):
    with Store.reading(config.store.path) as store:
        return {e["time"]: (e["flag"], e["revision"]) for e in store.estimates(NAME, "live")}


def test_frozen_ground_has_no_moisture(weather):
    config, path = weather
    write(path, lambda hour: -5.0 if hour < 24 else 30.0)
    report = run_once(config)
    assert report.ingest.weather_new == 73
    found = flags(config)
    assert found["2024-05-14T12:00:00Z"] == ("frozen", 1)
    # The file goes back 58 hours at 9 o'clock: 48 * -5 and 10 * 30, whose mean is above 0.
    assert found["2024-05-15T09:00:00Z"][0] == "calibrating"
    with Store.reading(config.store.path) as store:
        frozen = [e for e in store.estimates(NAME, "live") if e["flag"] == "frozen"]
    assert {e["vwc"] for e in frozen} == {None}
    assert not run_once(config).changed


def test_late_temperatures_count_where_estimates_are_still_open(weather):
    config, path = weather
    write(path, lambda _: 8.0, until="2024-05-15T06:00")
    run_once(config)
    before = flags(config)
    write(path, lambda hour: 8.0 if hour <= 30 else -40.0)
    report = run_once(config)
    assert report.ingest.weather_new == 18
    assert report.estimates.revised > 0
    after = flags(config)
    changed = {time for time in after if after[time] != before[time]}
    assert {after[time] for time in changed} == {("frozen", 2)}
    # The first new row is that of 7 o'clock.
    assert min(changed) > "2024-05-15T07:00"
    assert not run_once(config).changed


def test_rows_that_the_file_no_longer_has_stay(weather):
    config, path = weather
    write(path, lambda _: -5.0)
    run_once(config)
    path.write_text("time,temperature_c\n2024-05-16T01:00Z,3\n")
    assert run_once(config).ingest.weather_new == 1
    assert flags(config)["2024-05-14T12:00:00Z"] == ("frozen", 1)


@pytest.mark.parametrize("content", [None, "time,temperature_c\n2024-05-14T00:00Z,warm\n"])
def test_a_file_that_cannot_be_read_stops_nothing(weather, content):
    config, path = weather
    if content is not None:
        path.write_text(content)
    report = run_once(config)
    assert "weather.csv" in report.ingest.problems["weather.path"]
    assert report.estimates.new == 192
    assert {flag for flag, _ in flags(config).values()} == {"calibrating"}
