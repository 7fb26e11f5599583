import json
from dataclasses import replace
from importlib import resources

import jsonschema
import numpy as np
import pandas as pd
import pytest

from daemon.arcs_to_estimates import (
    arcs_of_station,
    estimate_station,
    estimates_frame,
    estimation_summary,
    grid_times,
    naming_note,
    summary_lines,
    temperatures_of,
    texture_settings,
)
from daemon.config import load_config
from daemon.errors import UsageError, WeatherError
from daemon.estimates import ESTIMATE_FIELDS
from daemon.store import Store
from retrieval.arc_table import empty_arc_table
from retrieval.errors import InputError
from retrieval.fusion import LinearSettings
from retrieval.fusion.dry_season import YearLevel
from retrieval.soil import soil_limits

ESTIMATE_SCHEMA = json.loads(
    resources.files("daemon.schemas").joinpath("estimate.schema.json").read_text("utf-8")
)
DAYS = 60
NOW = pd.Timestamp("2025-04-01T00:00:30Z")
# Arcs begin on 10 January 2025; days 30 to 50 are dry.
SETTINGS = LinearSettings(soil=soil_limits("loam"), min_tracks=1, dry_season_doy=(30, 50))


@pytest.fixture(scope="module")
def arcs(made_arcs):
    """One arc a day at 12:00; the phase falls by 20 degrees but for the dry days."""
    doy = np.arange(10, 10 + DAYS)
    wet = (doy < 30) | (doy >= 50)
    return made_arcs(
        DAYS, phase_deg=np.where(wet, -20.0, 0.0), phase_height_correlation=np.nan, station="test"
    )


def validate(records):
    for record in records:
        jsonschema.validate(record, ESTIMATE_SCHEMA)


def test_retrospective_estimates_are_a_daily_product(arcs):
    done = estimate_station(arcs, "test", SETTINGS, every_minutes=15, retrospective=True, now=NOW)
    validate(done.records)
    assert {record["product"] for record in done.records} == {"daily"}
    assert len(done.records) == DAYS
    first = done.records[0]
    assert (first["time"], first["vwc"]) == ("2025-01-11T00:00:00Z", 0.374)  # .078 + .0148 * 20
    assert first["latency_s"] == 80 * 86400 + 30
    assert done.levels[0].taken_from == 2025


@pytest.mark.parametrize(("every", "product"), [(1440, "daily"), (720, "live")])
def test_causal_estimates_stand_on_the_grid(arcs, every, product):
    done = estimate_station(arcs, "test", SETTINGS, every_minutes=every, now=NOW)
    validate(done.records)
    assert {record["product"] for record in done.records} == {product}
    times = pd.DatetimeIndex([record["time"] for record in done.records])
    assert (times.hour * 60 % every == 0).all()
    # The first arc closes on 10 January at 12:45, the last 59 days later.
    assert times[0] == pd.Timestamp("2025-01-11T00:00Z")
    assert times[-1] == pd.Timestamp("2025-03-11T00:00Z")
    assert done.levels == ()


def test_the_grid_ends_a_week_after_an_arc(made_arcs):
    start = np.array(["2025-01-10T12:00", "2025-02-10T12:00"], dtype="datetime64[ns]")
    grid = grid_times(made_arcs(2, start=start), 1440)
    assert grid[0] == pd.Timestamp("2025-01-11T00:00Z")
    # The arc of January closes at 12:45 on the 10th: the 17th is the last midnight within a week.
    assert grid[grid < pd.Timestamp("2025-02-01T00:00Z")][-1] == pd.Timestamp("2025-01-17T00:00Z")
    assert grid[-1] == pd.Timestamp("2025-02-11T00:00Z")


def test_rejected_arcs_carry_the_time_on_but_are_nothing_to_begin_with(made_arcs):
    grid = grid_times(made_arcs(3, accepted=[False, True, False]), 60)
    assert grid[0] == pd.Timestamp("2025-01-11T13:00Z")
    assert grid[-1] == pd.Timestamp("2025-01-12T13:00Z")
    with pytest.raises(InputError, match=r"none of 2 arcs is accepted.*reject_reason"):
        estimate_station(made_arcs(2, accepted=False), "test", SETTINGS, every_minutes=60)


def test_a_name_that_no_record_may_have_is_refused(arcs):
    with pytest.raises(InputError, match=r"'a b'.*--config"):
        estimate_station(arcs, "a b", SETTINGS, every_minutes=60)


def test_tables_have_the_fields_of_the_contract(made_arcs):
    done = estimate_station(made_arcs(2), "test", SETTINGS, every_minutes=720, now=NOW)
    text = estimates_frame(done.records, as_text=True)
    table = estimates_frame(done.records, as_text=False)
    assert list(text.columns) == list(table.columns) == list(ESTIMATE_FIELDS)
    assert text["time"].str.fullmatch(r"2025-01-1\dT\d\d:00:00Z").all()
    assert str(table["time"].dtype) == str(table["effective_time"].dtype) == "datetime64[ns, UTC]"
    assert table["time"].iloc[0] == pd.Timestamp("2025-01-11T00:00Z")
    # No track is known on the first day, nor how many to expect.
    assert table["n_tracks_expected"].isna().iloc[0] or table["n_tracks_expected"].iloc[0] >= 0
    assert str(table["n_arcs"].dtype) == "Int64"


def test_frozen_days_are_told(arcs):
    noons = pd.date_range("2025-01-10T12:00Z", periods=DAYS, freq="D")
    cold = pd.Series(np.where(noons < pd.Timestamp("2025-01-15", tz="UTC"), -4.0, 9.0), noons)
    done = estimate_station(
        arcs, "test", SETTINGS, every_minutes=15, retrospective=True, temperature_c=cold
    )
    validate(done.records)
    summary = estimation_summary(done)
    assert summary["flags"] == {"good": 55, "frozen": 5}
    assert summary["vwc"] == {"measured": 55, "lowest": 0.078, "median": 0.374, "highest": 0.374}
    assert summary["days"] == summary["estimates"] == DAYS
    assert "frozen" in "\n".join(summary_lines(summary))


def test_borrowed_levels_are_noted(arcs):
    settings = texture_settings("loam", -20.0)
    assert settings.dry_season_doy == (330, 45)
    assert texture_settings("loam", None).dry_season_doy == (170, 230)
    settings = replace(SETTINGS, dry_season_doy=(170, 230))
    done = estimate_station(arcs, "test", settings, every_minutes=15, retrospective=True)
    (note,) = estimation_summary(done)["notes"]
    assert "2025 is levelled on all days, for its own dry season has 0 days with" in note
    one = replace(done, levels=(YearLevel(2025, 0.0, 1, None),))
    assert "its own dry season has 1 day with" in estimation_summary(one)["notes"][0]


def test_calibrating_is_no_measurement_and_needs_no_level(made_arcs):
    arcs = made_arcs(5, phase_height_correlation=np.nan)
    settings = texture_settings("loam", None)
    done = estimate_station(arcs, "test", settings, every_minutes=15, retrospective=True)
    assert done.levels[0].borrowed
    summary = estimation_summary(done)
    assert set(summary["flags"]) == {"calibrating"}
    assert summary["notes"] == []
    assert summary_lines(summary)[-1] == (
        "moisture  calibrating: not measured yet, vwc is the middle of what the soil can hold"
    )
    day = summary_lines({**summary, "estimates": 1, "days": 1})[1]
    assert day.startswith("estimates 1 on 1 day, ")


class TestArcsOfStation:
    """Whose arcs are taken, and what the records call the station."""

    @pytest.fixture
    def table(self, made_arcs, tmp_path):
        def write(*stations):
            path = tmp_path / "arcs.parquet"
            arcs = [
                made_arcs(2, station=name, phase_height_correlation=np.nan) for name in stations
            ]
            pd.concat(arcs or [empty_arc_table()]).to_parquet(path)
            return path

        return write

    def test_the_only_one(self, table):
        arcs, name = arcs_of_station(None, table("aaaa"), None)
        assert (len(arcs), name) == (2, "aaaa")

    def test_several_are_refused_unless_one_is_named(self, table):
        path = table("aaaa", "bbbb")
        with pytest.raises(UsageError, match=r"arcs.parquet.*2 stations \(aaaa, bbbb\).*--station"):
            arcs_of_station(None, path, None)
        arcs, name = arcs_of_station(None, path, "bbbb")
        assert (set(arcs["station"]), name) == ({"bbbb"}, "bbbb")
        with pytest.raises(UsageError, match=r"'cccc'.*aaaa, bbbb"):
            arcs_of_station(None, path, "cccc")

    def test_the_configurations(self, table, config_file):
        config = load_config(config_file())
        path = table("aaaa", "test")
        arcs, name = arcs_of_station(config, path, None)
        assert (set(arcs["station"]), name) == ({"test"}, "test")
        # A table that calls the station otherwise: the configuration's name goes out.
        arcs, name = arcs_of_station(config, path, "aaaa")
        assert (set(arcs["station"]), name) == ({"aaaa"}, "test")
        with pytest.raises(UsageError, match=r"'test'.*aaaa, bbbb.*--station"):
            arcs_of_station(config, table("aaaa", "bbbb"), None)

    def test_the_only_one_is_the_configurations_whatever_it_is_called(self, table, config_file):
        arcs, name = arcs_of_station(load_config(config_file()), table("aaaa"), None)
        assert (set(arcs["station"]), name) == ({"aaaa"}, "test")
        assert "calls the station aaaa, the configuration test" in naming_note(arcs, name)
        assert naming_note(arcs, "aaaa") == ""

    def test_none_at_all_are_bad_input(self, table, config_file):
        config = load_config(config_file())
        for wanted in (None, "aaaa"):
            for given in (None, config):
                with pytest.raises(InputError, match=r"arcs.parquet: holds no arcs; make"):
                    arcs_of_station(given, table(), wanted)
        with Store.writing(config.store.path, make_folder=True):
            pass
        with pytest.raises(
            InputError, match=r"test.sqlite: holds no arcs of this station that were accepted; take"
        ):
            arcs_of_station(config, None, None)

    def test_those_of_the_store(self, made_arcs, config_file):
        config = load_config(config_file())
        with (
            Store.writing(config.store.path, make_folder=True) as store,
            store.transaction(),
        ):
            store.insert_arcs("test", made_arcs(3).assign(revision=1))
        arcs, name = arcs_of_station(config, None, None)
        assert (len(arcs), name) == (3, "test")


def test_temperatures_come_from_the_weather_file(config_file, config_text, tmp_path):
    assert temperatures_of(None) is None
    assert temperatures_of(load_config(config_file())) is None
    config = load_config(config_file(config_text + '[weather]\npath = "w.csv"\n'))
    with pytest.raises(WeatherError, match="no such file"):
        temperatures_of(config)
    (tmp_path / "w.csv").write_text("time,temperature_c\n2025-01-10T06:00Z,-1\n")
    assert temperatures_of(config).tolist() == [-1.0]
