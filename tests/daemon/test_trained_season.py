"""A trained model over some weeks: daily estimates, weather, frost. Simulated arcs in the store."""

import dataclasses
from datetime import date

import numpy as np
import pandas as pd
import pytest

from daemon.check import Level, check_station
from daemon.config import load_config
from daemon.ingest import ingest
from daemon.jobs import run_once
from daemon.load_model import StationModels
from daemon.station_model import _AT_ONCE
from daemon.status import station_status
from daemon.store import FileRecord, FileState, Store
from daemon.utc import utc_text
from retrieval.fusion.given_weather import daily_weather
from retrieval.fusion.model_folder import load_model, save_model
from retrieval.fusion.trained import train
from retrieval.given_series import read_series
from retrieval.simulation import Scenario, simulate_arcs
from retrieval.simulation.ground.hourly import ground_series

NAME = "fild"
SATELLITES = ("G01", "G05", "G09", "G14", "G20", "G27")
SCENARIO = {
    "title": "a field",
    "seed": 3,
    "station": {
        "name": NAME,
        "latitude_deg": 48.25,
        "longitude_deg": 16.75,
        "height_m": 200.0,
        "antenna_height_m": 1.8,
    },
    "time": {"start": date(2024, 5, 1), "days": 70, "interval_s": 30.0},
    "sky": {"constellations": "G"},
    "signal": ({"code": "GS2L", "satellites": SATELLITES},),
}
N_TRAIN = 45
BEGIN, END = pd.Timestamp("2024-06-20", tz="UTC"), pd.Timestamp("2024-07-01", tz="UTC")
NOW = pd.Timestamp("2024-08-01", tz="UTC")
STATED = ("vwc", "vwc_lower", "vwc_upper", "flag", "coverage", "n_arcs", "phase_anomaly_deg")


@pytest.fixture(scope="module")
def ground():
    """Hourly moisture, rain and temperature of the scenario, by UTC time."""
    found = ground_series(Scenario.model_validate(SCENARIO))
    return pd.DataFrame(
        {
            "vwc": found.moisture.round(4),
            "rain_mm": found.rain_mm.round(2),
            "temperature_c": found.temperature_c.round(2),
        },
        index=pd.DatetimeIndex(found.time, tz="UTC"),
    )


@pytest.fixture(scope="module")
def arcs():
    return simulate_arcs(Scenario.model_validate(SCENARIO)).arcs


def write_weather(path, table):
    table.set_axis(table.index.strftime("%Y-%m-%dT%H:%M:%SZ")).to_csv(path, index_label="time")
    return path


@pytest.fixture(scope="module")
def models(ground, arcs, tmp_path_factory):
    """Folders of a line that was trained without weather, and of one that was trained with it."""
    folder = tmp_path_factory.mktemp("models")
    daily = ground["vwc"].resample("1D").mean()["2024-05-01":].iloc[:N_TRAIN]
    days = daily.index.tz_localize(None).to_numpy().astype("datetime64[D]")
    series = write_weather(folder / "weather.csv", ground[["rain_mm", "temperature_c"]])
    beside = daily_weather(read_series(series))
    for name, weather in (("dry", None), ("wet", beside)):
        trained = train(arcs, days, daily.to_numpy(), "linear", weather=weather)
        save_model(dataclasses.replace(trained, station=NAME), folder / name)
    return folder


@pytest.fixture
def configured(config_file, config_text, models):
    """Factory of configurations with a model, and a weather file if it shall be there."""

    def make(model, weather=True):
        text = config_text.replace('"test"', f'"{NAME}"', 1)
        text += f'[model]\npath = "{models / model}"\n[schedule]\ngrid_minutes = 180\n'
        return load_config(config_file(text + ('[weather]\npath = "w.csv"\n' if weather else "")))

    return make


def arrive(config, arcs, first, last):
    """Let a file of a span come in, with the arcs that closed in it."""
    inside = arcs[(arcs["closed"] > first) & (arcs["closed"] <= last)]
    record = FileRecord(
        path=utc_text(last),
        sha256=utc_text(last),
        size=1,
        kind="observation",
        state=FileState.INGESTED,
        n_snr=1,
        first_time=utc_text(first),
        last_time=utc_text(last),
        site=NAME,
        ingested_at=utc_text(NOW),
    )
    folder = config.store.path.parent
    folder.mkdir(exist_ok=True)
    with Store.writing(config.store.path) as store, store.transaction():
        store.put_file(NAME, record)
        store.insert_arcs(NAME, inside.assign(revision=1))
        store.put_estimates_due(NAME, inside["closed"].min())


def arrive_all(config, arcs):
    arrive(config, arcs, BEGIN, END)


def stored(config, product):
    with Store.reading(config.store.path) as store:
        return {e["time"]: e for e in store.estimates(NAME, product)}


def assert_said(estimates, table):
    """Stored estimates say what a model's table says."""
    for name in STATED:
        found = [estimate[name] for estimate in estimates.values()]
        assert found == [None if value != value else value for value in table[name]], name


def near(arcs):
    return arcs[(arcs["closed"] > BEGIN) & (arcs["closed"] <= END)]


def test_daily_estimates_are_of_all_arcs_of_their_day_and_come_after_two_days(
    configured, models, arcs, ground
):
    config = configured("dry", weather=False)
    arrive_all(config, arcs)
    assert run_once(config, NOW).problems == {}
    found = stored(config, "daily")
    # The end of the 29th lies two days before the last observation, that of the 30th does not.
    assert list(found) == [f"2024-06-{day}T00:00:00Z" for day in range(20, 30)]
    days = pd.DatetimeIndex(list(found)).tz_localize(None).to_numpy().astype("datetime64[D]") - 1
    assert_said(found, load_model(models / "dry").estimate_days(near(arcs), days))
    means = ground["vwc"].resample("1D").mean()
    truth = [means[pd.Timestamp(time) - pd.Timedelta("1D")] for time in found]
    off = [e["vwc"] - vwc for e, vwc in zip(found.values(), truth, strict=True) if e["n_arcs"] > 4]
    assert len(off) == 9
    assert np.abs(off).max() < 0.05
    again = run_once(config, NOW)
    assert not again.changed


def test_day_by_day_says_the_same_as_all_at_once(configured, arcs, tmp_path):
    config = configured("dry", weather=False)
    for day in pd.date_range(BEGIN, END - pd.Timedelta("1D")):
        arrive(config, arcs, day, day + pd.Timedelta("1D"))
        run_once(config, NOW)
    found = stored(config, "live"), stored(config, "daily")
    for path in config.store.path.parent.iterdir():
        path.unlink()
    arrive_all(config, arcs)
    run_once(config, NOW)
    assert found == (stored(config, "live"), stored(config, "daily"))
    assert {estimate["revision"] for estimate in found[0].values()} == {1}


def test_long_spans_are_cut_into_parts_that_change_nothing(configured, models, arcs):
    times = pd.date_range(BEGIN, END, freq="10min")
    assert len(times) > 1.5 * _AT_ONCE
    none = pd.DataFrame({"time": times[:0], "temperature_c": 0.0, "rain_mm": 0.0})
    made = (
        StationModels(configured("dry", weather=False))
        .in_use()
        .estimate(near(arcs), times, times[:0], none)
    )
    expected = load_model(models / "dry").estimate(near(arcs), times)
    pd.testing.assert_frame_equal(made.live, expected)
    assert made.daily.empty


def test_weather_of_the_store_counts_as_that_of_the_training(configured, models, arcs, ground):
    config = configured("wet")
    path = write_weather(config.weather.path, ground[["rain_mm", "temperature_c"]])
    arrive_all(config, arcs)
    assert run_once(config, NOW).problems == {}
    model, beside = load_model(models / "wet"), daily_weather(read_series(path))
    found = stored(config, "live")
    expected = model.estimate(
        near(arcs), pd.DatetimeIndex(list(found)), ground["temperature_c"], beside
    )
    assert_said(found, expected)
    assert (expected["flag"] == "good").sum() > 20
    assert {e["model_id"] for e in found.values()} == {model.model_id}


def test_weather_that_ends_degrades_what_comes_after_it_and_is_followed_when_it_comes(
    configured, arcs, ground
):
    config = configured("wet")
    given = ground[["rain_mm", "temperature_c"]]
    write_weather(config.weather.path, given)
    arrive_all(config, arcs)
    run_once(config, NOW)
    whole = {time: e["flag"] for time, e in stored(config, "live").items()}
    for file in config.store.path.parent.iterdir():
        file.unlink()

    stop = "2024-06-29T12:00"
    write_weather(config.weather.path, given[:"2024-06-29 12:00"])
    arrive_all(config, arcs)
    problems = run_once(config, NOW).problems
    found = stored(config, "live")
    # The 29th is known by half, so that days of it count up to the end of the 30th.
    late = {time: e["flag"] for time, e in found.items() if time >= "2024-07-01T00:00:00Z"}
    assert set(late.values()) == {"degraded"}
    assert {t: e["flag"] for t, e in found.items() if t < "2024-07-01T00:00:00Z"} == {
        t: flag for t, flag in whole.items() if t < "2024-07-01T00:00:00Z"
    }
    assert all(found[time]["vwc"] is not None for time in late)
    assert problems["weather.path"].startswith(f"for {len(late)} estimate")
    assert "rain and temperature" in problems["weather.path"]
    with Store.reading(config.store.path) as store:
        assert "degraded until it is" in station_status(config, store)["notes"]["weather.path"]

    write_weather(config.weather.path, given)
    report = run_once(config, NOW)
    assert report.problems == {}
    assert report.estimates.revised > 0
    after = stored(config, "live")
    assert {time: e["flag"] for time, e in after.items()} == whole
    assert {time for time, e in after.items() if e["revision"] > 1 and time < stop} == set()
    with Store.reading(config.store.path) as store:
        assert "weather.path" not in station_status(config, store)["notes"]


@pytest.mark.parametrize("weather", ["no section", "no file", "no row", "no rain"])
def test_a_station_without_weather_has_degraded_estimates_and_is_told(
    configured, arcs, ground, weather
):
    config = configured("wet", weather=weather != "no section")
    if weather == "no row":
        config.weather.path.write_text("time,temperature_c,rain_mm\n")
    if weather == "no rain":
        write_weather(config.weather.path, ground[["temperature_c"]])
    arrive_all(config, arcs)
    report = run_once(config, NOW)
    assert report.estimates.new > 80
    flags = {e["flag"] for p in ("live", "daily") for e in stored(config, p).values()}
    assert flags == {"degraded"}
    words = "no such file" if weather == "no file" else "estimates are degraded until it is"
    assert words in report.problems["weather.path"]
    told = {f.key: f for f in check_station(config, NOW) if f.level == Level.MISSING}
    if weather != "no file":
        assert "every estimate would be degraded" in told["model"].text
    else:
        assert "no such file" in told["weather.path"].text


def test_frost_is_told_by_the_temperatures_of_the_store_and_the_rules_of_the_model(
    configured, arcs, ground
):
    config = configured("dry")
    cold = ground[["temperature_c"]].clip(lower=5)
    cold["2024-06-25 00:00":"2024-06-26 12:00"] = -5.0
    write_weather(config.weather.path, cold)
    arrive_all(config, arcs)
    assert run_once(config, NOW).problems == {}
    found = stored(config, "live")
    assert found["2024-06-26T12:00:00Z"]["flag"] == "frozen"
    assert found["2024-06-26T12:00:00Z"]["vwc"] is None
    assert found["2024-06-28T12:00:00Z"]["flag"] != "frozen"
    assert stored(config, "daily")["2024-06-26T00:00:00Z"]["flag"] == "frozen"


def test_what_is_late_by_more_than_two_days_has_a_track_too(configured, arcs):
    config = configured("dry", weather=False)
    late = arcs["closed"].between(
        pd.Timestamp("2024-06-22", tz="UTC"), pd.Timestamp("2024-06-23", tz="UTC")
    )
    arrive_all(config, arcs[~late])
    run_once(config, NOW)
    before = stored(config, "live")
    with Store.writing(config.store.path) as store, store.transaction():
        store.insert_arcs(NAME, arcs[late].assign(revision=1))
        store.put_estimates_due(NAME, END - pd.Timedelta("2D"))
    assert run_once(config, NOW).estimates.revised == 0
    assert stored(config, "live") == before
    with Store.reading(config.store.path) as store:
        found = store.arc_weights(
            NAME, pd.Timestamp("2024-06-22", tz="UTC"), pd.Timestamp("2024-06-23", tz="UTC")
        )
    assert len(found) == (late & arcs["accepted"]).sum()


def test_weather_alone_makes_no_estimates(configured, ground):
    config = configured("wet")
    write_weather(config.weather.path, ground[["rain_mm", "temperature_c"]])
    config.store.path.parent.mkdir(exist_ok=True)
    with Store.writing(config.store.path) as store:
        report = ingest(config, store, NOW, lambda _: None)
    assert report.weather_new > 1000
    assert run_once(config, NOW).estimates.new == 0
