from datetime import datetime

import numpy as np
import pytest

from retrieval.gnss import GLONASS_CHANNELS, satellite_code, satellite_names
from retrieval.orbits import look_angles
from retrieval.simulation import simulate_arcs
from retrieval.simulation.ground.hourly import ground_series
from retrieval.simulation.sky.nominal_sky import nominal_sky
from retrieval.simulation.spots import spots
from retrieval.simulation.view import (
    Reflected,
    View,
    carrier_wavelengths_m,
    points_in_view,
    reflector,
    sends,
    sky_between,
)

DAY = np.timedelta64(1, "D")
QUIET = {"noise_factor": 0.0, "predetection_s": 1e-5, "step_db": 0.0}
NO_SCATTER = {"phase_deg": 0.0, "amplitude": 0.0}


def sky_of(scenario):
    return sky_between(scenario, nominal_sky(), scenario.start, scenario.end)


def points_of(scenario, step_s: int = 300):
    time = np.arange(scenario.start, scenario.end, np.timedelta64(step_s, "s"))
    return points_in_view(scenario, sky_of(scenario), time.astype("datetime64[ns]"))


def test_points_are_what_stands_above_the_refracted_horizon(small):
    scenario = small(sky={"constellations": "GREC"}, signal=())
    sky, points = sky_of(scenario), points_of(scenario)
    time = np.arange(scenario.start, scenario.end, np.timedelta64(300, "s"))
    every = np.repeat(sky.satellites, len(time))
    angles = look_angles(
        [sky.orbits], scenario.receiver_station().ecef_m, every, np.tile(time, len(sky.satellites))
    )
    # Meeus, Astronomical Algorithms, chapter 16, with the air at 1600 m (ICAO Doc 7488): 835.2 hPa
    # and 4.6 degrees Celsius.
    bend = 835.2 / 1010 * 283 / (273 + 4.6) / 60
    e = np.maximum(angles.elevation_deg, -1)
    apparent = angles.elevation_deg + bend / np.tan(np.radians(e + 7.31 / (e + 4.4)))
    assert len(points.row) == np.sum(apparent > 0)
    assert points.elevation_deg.min() > 0
    table = apparent.reshape(len(sky.satellites), len(time))
    np.testing.assert_allclose(
        points.elevation_deg, table[points.row, points.epoch], rtol=0, atol=1e-4
    )
    assert (sky.satellites[points.row] == points.satellite).all()
    # About a third of 24 to 30 satellites of each constellation at any time.
    for letter in "GREC":
        mine = points.satellite >> 8 == ord(letter)
        assert 6 < mine.sum() / len(time) < 15


def test_obstacles_hide_what_stands_behind_them(small):
    hidden = {"azimuths": ((90.0, 180.0),), "mask_deg": 20.0}
    scenario = small(terrain=(hidden,), receiver={"horizon_deg": 3.0})
    points, free = points_of(scenario), points_of(small())
    behind = (points.azimuth_deg >= 90) & (points.azimuth_deg <= 180)
    assert points.elevation_deg[behind].min() > 20
    assert 3 < points.elevation_deg[~behind].min() < 4
    of_free = (free.azimuth_deg >= 90) & (free.azimuth_deg <= 180)
    expected = (of_free & (free.elevation_deg > 20)) | (~of_free & (free.elevation_deg > 3))
    assert len(points.row) == expected.sum()


def test_rising_ground_hides_what_stands_below_its_slope(small):
    scenario = small(terrain=({"azimuths": ((0.0, 180.0),), "tilt_deg": 8.0},))
    points = points_of(scenario)
    east = points.azimuth_deg <= 180
    assert points.elevation_deg[east].min() > 8
    assert points.elevation_deg[~east].min() < 1


def test_a_silent_satellite_is_not_in_view_and_an_unhealthy_one_is(small):
    def event(kind, name):
        span = {"start": datetime(2024, 5, 14, 6), "end": datetime(2024, 5, 14, 18)}
        return {"kind": kind, "satellite": name, **span}

    scenario = small(sky={"event": (event("outage", "G05"), event("unhealthy", "G07"))})
    points, free = points_of(scenario), points_of(small())
    # Events are in UTC, 18 s behind GPS time.
    first, last = (
        np.datetime64(f"2024-05-14T{hour}:00:18", "s").astype(float) for hour in ("06", "18")
    )
    for name, silent in (("G05", True), ("G07", False), ("G09", False)):
        of_both = [one.time_s[one.satellite == satellite_code(name)] for one in (free, points)]
        gone = (of_both[0] >= first) & (of_both[0] < last)
        assert gone.any()
        np.testing.assert_array_equal(of_both[1], of_both[0][~gone] if silent else of_both[0])


def test_a_newcomer_is_silent_until_it_takes_the_slot(small):
    event = {
        "kind": "replaced",
        "satellite": "G05",
        "by": "G31",
        "start": datetime(2024, 5, 14, 12),
    }
    points = points_of(small(sky={"event": (event,)}))
    noon = np.datetime64("2024-05-14T12:00:18", "s").astype(float)
    old = points.time_s[points.satellite == satellite_code("G05")]
    new = points.time_s[points.satellite == satellite_code("G31")]
    assert len(old) > 10
    assert len(new) > 10
    assert old.max() < noon <= new.min()


def test_the_sky_of_a_day_is_the_same_in_a_longer_one(small):
    one = small(time={"days": 1}, sky={"constellations": "GREC"}, signal=())
    three = small(time={"days": 3}, sky={"constellations": "GREC"}, signal=())
    first, long = points_of(one), points_of(three)
    inside = long.time_s < first.time_s.max() + 1
    for name in ("satellite", "time_s", "elevation_deg", "azimuth_deg", "sector"):
        alone, among = getattr(first, name), getattr(long, name)[inside]
        key = np.lexsort((first.time_s, first.satellite))
        other = np.lexsort((long.time_s[inside], long.satellite[inside]))
        np.testing.assert_array_equal(alone[key], among[other])


@pytest.mark.parametrize(("latitude_deg", "highest_deg"), [(90.0, 45.3), (-78.0, 60.1)])
def test_poles_see_the_satellites_of_high_latitudes(small, latitude_deg, highest_deg):
    # GPS turns back at 55 degrees of latitude, 4.17 Earth radii out. From 90 or 78 that is c = 35
    # or 23 degrees off, and stands atan((cos c - 1 / 4.17) / sin c) high.
    points = points_of(small(station={"latitude_deg": latitude_deg}))
    assert points.elevation_deg.max() == pytest.approx(highest_deg, abs=2.0)
    assert len(points.row) > 288 * 6


def test_longitudes_of_either_count_are_one_place(small):
    west, east = (points_of(small(station={"longitude_deg": x})) for x in (-105.0, 255.0))
    np.testing.assert_array_equal(west.satellite, east.satellite)
    np.testing.assert_allclose(west.elevation_deg, east.elevation_deg, atol=1e-9)


def test_carriers_of_glonass_follow_the_channels(small):
    scenario = small(sky={"constellations": "RG"}, signal=())
    sky = sky_of(scenario)
    ours = sky.satellites[sky.satellites >> 8 == ord("R")]
    light = 299_792_458.0
    for signal, centre, step in (("RS1C", 1602e6, 562.5e3), ("RS2C", 1246e6, 437.5e3)):
        found = carrier_wavelengths_m(signal, sky.orbits, ours)
        channels = {**GLONASS_CHANNELS, **sky.orbits.glonass_channels}
        expected = [light / (centre + step * channels[int(code) & 255]) for code in ours]
        np.testing.assert_allclose(found, expected, rtol=1e-12)
        assert len(set(found.tolist())) > 8
    assert set(carrier_wavelengths_m("RS3Q", sky.orbits, ours)) == {light / 1202.025e6}
    assert set(carrier_wavelengths_m("GS5Q", sky.orbits, ours)) == {light / 1176.45e6}


def test_signals_come_from_those_that_send_them(small):
    scenario = small(
        signal=({"code": "GS2L", "satellites": ("G01", "G12")}, {"code": "RS1C"}),
        sky={"constellations": "GR"},
    )
    codes = np.array([satellite_code(name) for name in ("G01", "G02", "G12", "R01")], np.int32)
    some, every = scenario.signals()
    assert sends(some, codes).tolist() == [True, False, True, False]
    assert sends(every, codes).tolist() == [False, False, False, True]


def image_path_m(height_m, tilt_deg, elevation_deg) -> float:
    """Return the longer path over ground that rises by a tilt, by the image of the antenna."""
    slope, elevation = np.radians(tilt_deg), np.radians(elevation_deg)
    antenna = np.array([0.0, height_m])
    upward = np.array([-np.sin(slope), np.cos(slope)])  # normal of the ground under the antenna
    image = antenna - 2 * (antenna @ upward) * upward
    return float((antenna - image) @ [np.cos(elevation), np.sin(elevation)])


@pytest.mark.parametrize("tilt_deg", [-5.0, 0.0, 5.0, 12.0])
def test_longer_path_over_tilted_ground_is_that_to_the_image(small, tilt_deg):
    scenario = small(terrain=({"azimuths": ((0.0, 360.0),), "tilt_deg": tilt_deg},))
    height_m, tilt = reflector(scenario, np.array([1]), np.zeros(1))
    for elevation_deg in (13.0, 25.0, 60.0):
        wave = Reflected(
            np.ones(1, complex), height_m, np.array([elevation_deg]) - tilt, np.array([0.2442])
        )
        expected = 2 * np.pi / 0.2442 * image_path_m(1.8, tilt_deg, elevation_deg)
        assert wave.path_phase[0] == pytest.approx(expected, rel=1e-12)


def test_steps_and_snow_move_the_ground(small):
    scenario = small(
        terrain=(
            {"azimuths": ((0.0, 90.0),), "height_step_m": 2.5},
            {"azimuths": ((90.0, 180.0),), "height_step_m": -0.6},
        )
    )
    height_m, tilt_deg = reflector(scenario, np.array([0, 1, 2, 0, 2]), np.array([0, 0, 0, 0.4, 3]))
    # Snow that buries the antenna leaves it 5 cm, so that something can be simulated.
    np.testing.assert_allclose(height_m, [1.8, 4.3, 1.2, 1.4, 0.05])
    assert (tilt_deg == 0).all()


def test_heights_found_are_those_of_the_ground(small):
    def heights(**terrain):
        sectors = ({"azimuths": ((0.0, 360.0),), **terrain},)
        arcs = simulate_arcs(small(terrain=sectors, receiver=QUIET, scatter=NO_SCATTER))
        return arcs.truth.effective_height_m.to_numpy(), arcs.arcs

    level, arcs = heights()
    lower, _ = heights(height_step_m=0.7)
    # The height is the slope of phase against the sine, whatever the ground below.
    np.testing.assert_allclose(lower - level, 0.7, atol=0.002)
    assert np.abs(level - 1.8).max() < 0.06  # antenna and ground add some centimetres
    # A tilt b changes d(path) / d(2 sin e) to h cos(b) cos(e - b) / cos(e), 15 degrees up 1.8 m
    # times 1.0088 for 2 degrees; and it changes what antenna and ground add, by some millimetres.
    rising, tilted = heights(tilt_deg=2.0)
    same = arcs.merge(tilted, on=["satellite", "start"]).shape[0]
    assert same > 0.9 * len(arcs)
    bend = np.cos(np.radians(2)) * np.cos(np.radians(13)) / np.cos(np.radians(15)) - 1
    assert np.median(rising) - np.median(level) == pytest.approx(1.8 * bend, abs=0.008)


def test_snow_lifts_the_reflector_by_its_depth(small, series_csv):
    depth = [0.0] * 3 + [0.25] * 4
    path = series_csv("2024-05-13T12:00", "1D", snow_depth_m=depth)
    scenario = small(
        time={"days": 5},
        weather={"path": path},
        moisture={"start": 0.2},
        response={"slope_deg": (0.0, 0.0)},
        receiver=QUIET,
        scatter=NO_SCATTER,
    )
    simulated = simulate_arcs(scenario)
    height = simulated.truth.effective_height_m
    day = simulated.arcs.start.dt.day
    # Snow comes between the noons of the 15th and the 16th.
    change = height[day >= 17].median() - height[day <= 14].median()
    assert change == pytest.approx(-0.25, abs=0.003)


def test_direct_signal_is_as_strong_as_power_gain_and_noise_say(small):
    scenario = small(
        station={"antenna": "isotropic"}, signal=({"code": "GS2L", "received_dbw": -158.0},)
    )
    view = View(scenario, ground_series(scenario), sky_of(scenario))
    cn0_hz = view.direct_cn0(scenario.signals()[0], np.array([5.0, 90.0]))
    np.testing.assert_allclose(10 * np.log10(cn0_hz), -158.0 + 201.5)  # dBW and dBW/Hz
    choke = small(signal=({"code": "GS2L", "received_dbw": -158.0},))
    view = View(choke, ground_series(choke), sky_of(choke))
    low, high = 10 * np.log10(view.direct_cn0(choke.signals()[0], np.array([0.0, 90.0])))
    # docs/forward-model.md: a choke ring has 8 dBi at zenith and -8.5 at the horizon.
    assert (low, high) == pytest.approx((43.5 - 8.5, 43.5 + 8.0))


def test_reflection_of_two_signals_differs_by_wavelength_alone(small):
    scenario = small(
        signal=({"code": "GS1C"}, {"code": "GS2L"}),
        scatter=NO_SCATTER,
        soil={"roughness_m": 0.0},
        response={"slope_deg": (0.0, 0.0)},
    )
    sky = sky_of(scenario)
    time = np.arange(scenario.start, scenario.end, np.timedelta64(900, "s")).astype(
        "datetime64[ns]"
    )
    points = points_in_view(scenario, sky, time)
    view = View(scenario, ground_series(scenario), sky)
    one, two = (
        view.reflected(code, points, spots(scenario, code, sky.passes)) for code in ("GS1C", "GS2L")
    )
    np.testing.assert_array_equal(one.height_m, two.height_m)
    np.testing.assert_allclose(one.path_phase / two.path_phase, 154 / 120)
    assert set(satellite_names(points.satellite)) >= {"G01", "G30"}
    # Dielectric constants differ little between the two bands.
    assert np.abs(one.ratio - two.ratio).max() < 0.02
