from datetime import date, datetime

import numpy as np
import pandas as pd
import pytest

from retrieval.gnss import satellite_code, satellite_names
from retrieval.simulation.day import simulate_day
from retrieval.simulation.ground.hourly import ground_series
from retrieval.simulation.receiver.observation_header import ObservationHeader
from retrieval.simulation.receiver.observation_writer import observation_text
from retrieval.simulation.sky.navigation_writer import navigation_text
from retrieval.simulation.sky.nominal_sky import nominal_sky

DAY = np.timedelta64(1, "D")
BUSY = {
    "gaps_per_day": 20.0,
    "restarts_per_day": 5.0,
    "absent_share": 0.1,
    "outage": ({"start": datetime(2024, 5, 14, 22), "end": datetime(2024, 5, 15, 1)},),
}


def days_of(scenario, *numbers: int):
    ground, source = ground_series(scenario), nominal_sky()
    return [simulate_day(scenario, ground, source, scenario.start + n * DAY) for n in numbers]


def texts(scenario, day) -> tuple[bytes, bytes]:
    x, y, z = scenario.receiver_station().ecef_m
    header = ObservationHeader(
        version="3.04",
        marker="DEMO",
        ecef_m=(float(x), float(y), float(z)),
        interval_s=scenario.time.interval_s,
        created=day.grid.time[0],
        receiver="SIMULATED",
        antenna="X",
        comments=(),
    )
    return observation_text(header, day.grid), navigation_text(day.navigation, ()).encode()


@pytest.mark.parametrize("mode", ["empirical", "physical"])
def test_a_day_is_the_same_whatever_days_stand_around_it(small, mode):
    # GPS with codeless signals, and all others; interrupted, with weak signals that lose lock.
    settings = {
        "sky": {"constellations": "GREC"},
        "signal": ({"code": "GS2L"}, {"code": "GS2W"}, {"code": "RS2C"}, {"code": "CS2I"}),
        "receiver": {**BUSY, "lock_dbhz": 35.0},
        "response": {"mode": mode, "slope_deg": (50.0, 90.0)},
    }
    if mode == "physical":
        settings |= {"signal": ({"code": "GS2L"},), "sky": {"constellations": "G"}}
    long, short = small(time={"days": 4}, **settings), small(time={"days": 2}, **settings)
    among, alone = days_of(long, 1)[0], days_of(short, 1)[0]
    assert texts(long, among) == texts(short, alone)
    pd.testing.assert_frame_equal(among.arcs, alone.arcs)
    # And twice the same.
    assert texts(long, days_of(long, 1)[0]) == texts(long, among)


def test_another_seed_makes_another_day_of_the_same_sky(small):
    one, other = small(seed=1), small(seed=2)
    first, second = days_of(one, 0)[0], days_of(other, 0)[0]
    assert texts(one, first)[1] == texts(other, second)[1]
    both = np.isfinite(first.grid.snr_dbhz) & np.isfinite(second.grid.snr_dbhz)
    assert both.mean() > 0.2
    assert (first.grid.snr_dbhz[both] != second.grid.snr_dbhz[both]).mean() > 0.5


def test_a_lock_lost_before_midnight_is_still_lost_after_it(small, monkeypatch):
    # Every signal comes and goes, and comes back 2 dB stronger only, after 10 s.
    scenario = small(
        time={"days": 2, "interval_s": 5.0},
        receiver={"lock_dbhz": 44.0, "noise_factor": 3.0, "step_db": 0.0},
    )
    tracked = {}
    for hours in (0, 1, 2):
        monkeypatch.setattr("retrieval.simulation.day.LOCK_MEMORY_S", hours * 3600.0)
        tracked[hours] = np.isfinite(days_of(scenario, 1)[0].grid.snr_dbhz[0])
    # An hour of the day before is needed, and enough.
    np.testing.assert_array_equal(tracked[1], tracked[2])
    assert (tracked[0] & ~tracked[1]).any()
    assert not (tracked[1] & ~tracked[0]).any()


def test_arcs_name_their_ground(small):
    scenario = small(
        terrain=({"azimuths": ((0.0, 180.0),), "response": 0.0, "scatter_deg": 40.0},),
        response={"slope_deg": (50.0, 90.0)},
        time={"days": 2},
    )
    one, two = days_of(scenario, 0, 1)
    arcs = one.arcs
    east = (arcs.azimuth_deg > 0.01) & (arcs.azimuth_deg < 179.99)
    assert (arcs.sector == east.astype(int)).all()
    assert (arcs.slope_deg[east] == 0).all()
    assert arcs.slope_deg[~east].between(50, 90).all()
    assert arcs.scatter_deg[east].std() > 5 * arcs.scatter_deg[~east].std()
    assert set(arcs.direction) == {"rising", "setting"}
    assert (arcs.end > arcs.start).all()
    assert str(arcs.start.dtype) == "datetime64[ns, UTC]"
    # One that passes midnight is told by both days alike.
    key = ["satellite", "signal", "direction", "highest"]
    both = arcs.merge(two.arcs, on=key, suffixes=("", "_two"))
    assert len(both) > 5
    np.testing.assert_allclose(both.scatter_deg, both.scatter_deg_two)
    np.testing.assert_allclose(both.slope_deg, both.slope_deg_two)
    assert (both.start == both.start_two).all()
    # Every satellite that was recorded has its arc.
    seen = np.isfinite(one.grid.snr_dbhz).any(axis=(0, 2))
    assert set(satellite_names(one.grid.satellite[seen])) <= set(arcs.satellite)


def test_one_signal_may_differ_from_satellite_to_satellite(small):
    # As in 2012: L2C where it was sent, P(Y) elsewhere, stronger from the newer satellites.
    scenario = small(
        signal=(
            {"code": "GS2L", "satellites": ("G05", "G07")},
            {"code": "GS2W", "satellites": ("G03",), "received_dbw": -155.0},
            {"code": "GS2W", "satellites": ("G10", "G19"), "received_dbw": -158.0},
        ),
        receiver={"codeless_lock_dbhz": 5.0},
    )
    grid = days_of(scenario, 0)[0].grid
    assert grid.signals == ("GS2L", "GS2W")
    for slot, names in ((0, {"G05", "G07"}), (1, {"G03", "G10", "G19"})):
        seen = np.isfinite(grid.snr_dbhz[slot]).any(axis=1)
        assert set(satellite_names(grid.satellite[seen])) == names
    top = {
        name: np.nanmax(grid.snr_dbhz[1, list(grid.satellite).index(satellite_code(name))])
        for name in ("G03", "G10")
    }
    assert 1.5 < top["G03"] - top["G10"] < 5.0


def test_snr_rises_with_the_gain_to_what_power_and_noise_make_of_it(small):
    scenario = small(
        receiver={"noise_factor": 0.0, "predetection_s": 1e-5, "step_db": 0.0},
        soil={"roughness_m": 0.1},  # hardly a reflection from high satellites
    )
    snr_dbhz = days_of(scenario, 0)[0].grid.snr_dbhz[0]
    # -158 dBW on an isotropic antenna, noise of -201.5 dBW/Hz, 8 dBi at the zenith.
    assert np.nanmax(snr_dbhz) == pytest.approx(-158.0 + 201.5 + 8.0, abs=0.6)


@pytest.mark.parametrize("interval_s", [1.0, 900.0])
def test_any_interval_makes_a_day(small, interval_s):
    scenario = small(
        time={"interval_s": interval_s}, signal=({"code": "GS2L", "satellites": ("G05",)},)
    )
    grid = days_of(scenario, 0)[0].grid
    assert len(grid.time) == 86_400 / interval_s
    assert grid.time[0] == np.datetime64("2024-05-14")
    assert 0.2 < np.isfinite(grid.snr_dbhz[0, 4]).mean() < 0.6
    assert np.isnan(np.delete(grid.snr_dbhz[0], 4, axis=0)).all()


@pytest.mark.parametrize(
    "start",
    [
        date(2012, 6, 30),  # ends with a leap second
        date(2016, 12, 31),  # the same, with the year and, on 2017-01-01, the GPS week
        date(2019, 4, 6),  # week 2048 begins on the 7th: the second roll-over of ten bits
        date(2024, 2, 29),
    ],
)
def test_signals_run_through_midnights_of_every_kind(small, start):
    scenario = small(
        time={"start": start, "days": 2},
        sky={"constellations": "GREC"},
        signal=({"code": "GS2L"}, {"code": "RS1C"}, {"code": "ES1C"}, {"code": "CS2I"}),
        receiver={"noise_factor": 0.0, "predetection_s": 1e-5, "step_db": 0.0},
    )
    one, two = (day.grid for day in days_of(scenario, 0, 1))
    assert two.time[0] - one.time[-1] == np.timedelta64(30, "s")
    before, after = one.snr_dbhz[0, :, -3:], two.snr_dbhz[0, :, :3]
    kept = np.isfinite(before).all(axis=1) & np.isfinite(after).all(axis=1)
    letters = {name[0] for name in satellite_names(one.satellite[kept])}
    assert letters == {"G", "R", "E", "C"}
    # Steps of 30 s: over midnight no larger than those beside it, as a jump of orbit or clock
    # would make them.
    series = np.concatenate([before, after], axis=1)[kept]
    bends = np.abs(np.diff(series, n=2, axis=1))
    assert np.median(bends[:, 1:3]) < 3 * np.median(bends[:, [0, 3]]) + 0.02


def test_a_receiver_that_sees_nothing_makes_an_empty_day(small):
    scenario = small(terrain=({"azimuths": ((0.0, 360.0),), "mask_deg": 90.0},))
    day = days_of(scenario, 0)[0]
    assert np.isnan(day.grid.snr_dbhz).all()
    assert len(day.arcs) == 0
    assert len(day.navigation.kepler) > 300


@pytest.mark.parametrize("latitude_deg", [90.0, -90.0, -78.0, -35.0])
def test_every_latitude_has_its_day(small, latitude_deg):
    day = days_of(small(station={"latitude_deg": latitude_deg}), 0)[0]
    assert np.isfinite(day.grid.snr_dbhz).mean() > 0.2
    assert len(day.arcs) > 60
