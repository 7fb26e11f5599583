from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from retrieval.simulation import simulate_arcs
from retrieval.simulation.reflection.antenna import antenna_pattern
from retrieval.simulation.response import (
    REFERENCE_MOISTURE,
    empirical_factor,
    felt_moisture,
    ground_reflection,
)
from retrieval.soil import soil_permittivity

L2_M = 299_792_458 / 1_227.60e6
L2_HZ = 1_227.60e6
UPRIGHT = {"antenna": "isotropic"}
SMOOTH = {"roughness_m": 0.0, "profile": "uniform"}
NOTHING_ELSE = {
    "scatter": {"phase_deg": 0.0, "amplitude": 0.0},
    "receiver": {"noise_factor": 0.0, "predetection_s": 1e-5, "step_db": 0.0},
}


def half_space(epsilon, elevation_deg) -> tuple[np.ndarray, np.ndarray]:
    """Fresnel coefficients by Snell's law in angles of incidence (Born & Wolf, section 1.5.2)."""
    incidence = np.radians(90 - np.asarray(elevation_deg, float))
    index = np.sqrt(np.asarray(epsilon, complex))
    refracted = np.arcsin(np.sin(incidence) / index)
    cos_i, cos_t = np.cos(incidence), np.cos(refracted)
    r_h = (cos_i - index * cos_t) / (cos_i + index * cos_t)
    r_v = (index * cos_i - cos_t) / (index * cos_i + cos_t)
    return r_h, r_v


def at(table, sector: int, hour: int, elevation_deg: float) -> complex:
    return complex(table.at(np.array([sector]), table.time_s[[hour]], np.array([elevation_deg]))[0])


def field_ratio(antenna, r_h, r_v, elevation_deg, seen_at_deg) -> complex:
    co, cross = (r_h + r_v) / 2, (r_v - r_h) / 2
    below = antenna.rhcp(seen_at_deg) * co + antenna.lhcp(seen_at_deg) * cross
    return complex(below / antenna.rhcp(elevation_deg))


@pytest.mark.parametrize("moisture", [0.05, 0.40])
def test_physical_response_of_a_uniform_profile_is_that_of_a_half_space(small, ground, moisture):
    scenario = small(station=UPRIGHT, soil=SMOOTH, response={"mode": "physical"})
    table = ground_reflection(scenario, ground(moisture=[moisture] * 2), L2_M)
    epsilon = soil_permittivity("mironov", moisture, L2_HZ, "loam", 15.0)
    for elevation_deg in (1.0, 5.0, 17.0, 25.0, 60.0, 90.0):
        r_h, r_v = half_space(epsilon, elevation_deg)
        assert at(table, 0, 0, elevation_deg) == pytest.approx((r_h + r_v) / 2, abs=1e-9)
    # Between the nodes of the table, where the vertical reflection changes fastest.
    for elevation_deg in (7.5, 12.5, 20.5, 41.0):
        r_h, r_v = half_space(epsilon, elevation_deg)
        assert at(table, 0, 0, elevation_deg) == pytest.approx((r_h + r_v) / 2, abs=3e-3)


def test_deep_water_reaches_the_reflection_through_the_profile(small, ground):
    hours = ground(moisture=[0.1, 0.1], deep_moisture=[0.1, 0.35])
    layered = small(soil={"profile": "exponential"}, response={"mode": "physical"})
    table = ground_reflection(layered, hours, L2_M)
    assert abs(at(table, 0, 0, 15.0) - at(table, 0, 1, 15.0)) > 0.005
    uniform = small(soil={"profile": "uniform"}, response={"mode": "physical"})
    table = ground_reflection(uniform, hours, L2_M)
    assert at(table, 0, 0, 15.0) == at(table, 0, 1, 15.0)


def test_frozen_soil_reflects_as_soil_with_ice_does(small, ground):
    scenario = small(station=UPRIGHT, soil=SMOOTH, response={"mode": "physical"})
    shares = [0.0, 0.5, 1.0]
    table = ground_reflection(scenario, ground(moisture=[0.35] * 3, frozen=shares), L2_M)
    seen = []
    for hour, share in enumerate(shares):
        epsilon = soil_permittivity("mironov", 0.35, L2_HZ, "loam", 15.0, frozen_fraction=share)
        seen.append(abs(epsilon))
        r_h, r_v = half_space(epsilon, 15.0)
        assert at(table, 0, hour, 15.0) == pytest.approx((r_h + r_v) / 2, abs=1e-9)
    assert seen[0] > 1.3 * seen[1] > 1.6 * seen[2]


def test_snow_is_a_layer_upon_the_soil(small, ground):
    scenario = small(station=UPRIGHT, soil=SMOOTH, response={"mode": "physical"})
    depth_m, elevation_deg = 0.3, 17.0
    hours = ground(moisture=[0.2] * 2, snow_depth_m=[depth_m] * 2)
    # Airy's sum over one layer (Born & Wolf, section 7.6), for both polarisations.
    snow = 1 + 1.9 * 0.25
    soil = soil_permittivity("mironov", 0.2, L2_HZ, "loam", 15.0)
    top = half_space(snow, elevation_deg)
    inside_deg = np.degrees(np.arccos(np.cos(np.radians(elevation_deg)) / np.sqrt(snow)))
    bottom = half_space(soil / snow, inside_deg)
    delay = np.exp(2j * 2 * np.pi / L2_M * depth_m * np.sqrt(snow) * np.sin(np.radians(inside_deg)))
    r_h, r_v = ((a + b * delay) / (1 + a * b * delay) for a, b in zip(top, bottom, strict=True))
    table = ground_reflection(scenario, hours, L2_M)
    assert at(table, 0, 0, elevation_deg) == pytest.approx((r_h + r_v) / 2, abs=1e-9)


def test_roughness_of_a_sector_weakens_by_rayleigh(small, ground):
    sectors = (
        {"azimuths": ((0.0, 90.0),), "roughness_m": 0.0},
        {"azimuths": ((90.0, 180.0),), "roughness_m": 0.03},
        {"azimuths": ((180.0, 270.0),)},
    )
    table = ground_reflection(
        small(soil={"roughness_m": 0.01}, terrain=sectors), ground(moisture=[0.2] * 2), L2_M
    )
    smooth = at(table, 1, 0, 20.0)
    for sector, rms_m in ((0, 0.01), (2, 0.03), (3, 0.01)):
        vertical = 2 * np.pi / L2_M * rms_m * np.sin(np.radians(20.0))
        assert at(table, sector, 0, 20.0) == pytest.approx(smooth * np.exp(-2 * vertical**2))


@pytest.mark.parametrize("mode", ["physical", "empirical"])
@pytest.mark.parametrize("tilt_deg", [-4.0, 6.0])
def test_tilted_ground_is_met_and_seen_at_its_own_angles(small, ground, mode, tilt_deg):
    scenario = small(
        soil=SMOOTH,
        terrain=({"azimuths": ((0.0, 90.0),), "tilt_deg": tilt_deg},),
        response={"mode": mode},
    )
    table = ground_reflection(scenario, ground(moisture=[0.2] * 2), L2_M)
    antenna = antenna_pattern("choke-ring")
    epsilon = soil_permittivity("mironov", 0.2, L2_HZ, "loam", 15.0)
    for elevation_deg in (10.0, 25.0):
        # Ground that rises by b is met at e - b, and throws the ray up at -(e - 2 b).
        r_h, r_v = half_space(epsilon, elevation_deg - tilt_deg)
        expected = field_ratio(antenna, r_h, r_v, elevation_deg, 2 * tilt_deg - elevation_deg)
        assert at(table, 1, 0, elevation_deg) == pytest.approx(expected, abs=1e-9)
        r_h, r_v = half_space(epsilon, elevation_deg)
        level = field_ratio(antenna, r_h, r_v, elevation_deg, -elevation_deg)
        assert at(table, 0, 0, elevation_deg) == pytest.approx(level, abs=1e-9)


def test_vegetation_and_time_are_interpolated_between_hours(small, ground):
    hours = ground(moisture=[0.1, 0.3], deep_moisture=[0.1, 0.3])
    table = ground_reflection(small(response={"mode": "physical"}), hours, L2_M)
    middle = table.at(np.zeros(1, int), table.time_s[:1] + 1800.0, np.array([15.0]))[0]
    assert middle == pytest.approx((at(table, 0, 0, 15.0) + at(table, 0, 1, 15.0)) / 2)
    # GPS time is 18 s ahead of the ground's UTC in 2024.
    assert table.time_s[0] == np.datetime64("2024-05-14T00:00:18", "s").astype(float)
    leaves = ground(vegetation_water_kg_m2=[0.0, 1.0], vegetation_height_m=[0.0, 0.5])
    table = ground_reflection(small(), leaves, L2_M)
    assert abs(at(table, 0, 1, 15.0)) < 0.9 * abs(at(table, 0, 0, 15.0))
    assert np.angle(at(table, 0, 1, 15.0) / at(table, 0, 0, 15.0)) > 0  # a delay


def factor(scenario, felt, slope=67.6, curvature=0.0, off_pivot=0.0, share=1.0) -> complex:
    return complex(
        empirical_factor(
            scenario,
            np.array([felt]),
            np.array([slope]),
            np.array([curvature]),
            np.array([off_pivot]),
            L2_M,
            share,
        )[0]
    )


def test_empirical_phase_falls_by_its_slope(small):
    scenario = small()
    assert factor(scenario, REFERENCE_MOISTURE) == 1
    for felt in (0.05, 0.15, 0.4):
        turned = np.degrees(np.angle(factor(scenario, felt)))
        assert turned == pytest.approx(-67.6 * (felt - 0.2))
    # With a curvature of 1, .2 above the reference counts .2 - .04, and .15 below .15 + .0225.
    assert np.degrees(np.angle(factor(scenario, 0.4, curvature=1.0))) == pytest.approx(-67.6 * 0.16)
    assert np.degrees(np.angle(factor(scenario, 0.05, curvature=1.0))) == pytest.approx(
        67.6 * 0.1725
    )


def test_empirical_amplitude_and_height_answer_by_their_shares(small):
    scenario = small(response={"amplitude_per_m3m3": -0.5, "height_m_per_m3m3": -0.03})
    assert abs(factor(scenario, 0.4)) == pytest.approx(0.9)
    assert abs(factor(scenario, 0.4, slope=33.8, share=0.5)) == pytest.approx(0.95)
    # No amplitude is negative or nothing at all.
    assert abs(factor(small(response={"amplitude_per_m3m3": -2.0}), 0.6 + 0.2)) == pytest.approx(
        0.1
    )
    # 0.2 wetter, the wave is that of a reflector 6 mm higher, turned about the pivot.
    step = 0.1
    for share in (1.0, 0.5):
        lower, upper = (factor(scenario, 0.4, 67.6, 0.0, s, share) for s in (0.0, step))
        turned = np.angle(upper / lower)
        assert turned == pytest.approx(4 * np.pi * share * -0.006 * step / L2_M)


def test_ground_without_slope_answers_in_nothing(small):
    assert factor(small(), 0.5, slope=0.0) == 1


def test_drying_soil_feels_wetter_than_wetting_soil(small, ground):
    # The surface at 0.2 once before the rain has come down and once after.
    hours = ground(moisture=[0.2, 0.2], deep_moisture=[0.1, 0.3])
    wetting, drying = felt_moisture(small(response={"hysteresis": 0.25}), hours)
    assert wetting == pytest.approx(0.75 * 0.2 + 0.25 * 0.1)
    assert drying == pytest.approx(0.75 * 0.2 + 0.25 * 0.3)
    scenario = small()
    assert np.angle(factor(scenario, drying)) < np.angle(factor(scenario, wetting))


def test_ice_is_not_felt(small, ground):
    wet, half, frozen = felt_moisture(
        small(response={"hysteresis": 0.0}), ground(moisture=[0.3] * 3, frozen=[0.0, 0.5, 1.0])
    )
    assert wet == 0.3
    assert half == pytest.approx((wet + frozen) / 2)
    assert 0.01 < frozen < 0.15  # bound water stays liquid
    dry = felt_moisture(small(response={"hysteresis": 0.0}), ground(moisture=[0.02], frozen=[1.0]))
    assert dry == pytest.approx(0.02)  # nothing there that could freeze


def tracks(arcs, truth):
    """Group the truth by track; a satellite rises twice a day, in two places."""
    columns = {"satellite": arcs.satellite, "direction": arcs.direction}
    place = arcs.groupby(list(columns.values())).azimuth_deg.transform("min")
    columns["place"] = arcs.azimuth_deg - place > 5
    return truth.assign(**columns).groupby(list(columns))


def test_empirical_phase_at_a_fixed_height_follows_the_scenario_line(small, series_csv):
    # The bar: 67 +- 5 degrees per m3 m-3 and R2 above .95, from 0.05 to 0.40 at 1.8 m on L2C.
    path = series_csv("2024-05-13", "12h", vwc=np.linspace(0.05, 0.40, 25))
    scenario = small(
        time={"days": 10}, moisture={"path": path}, response={"hysteresis": 0.0}, **NOTHING_ELSE
    )
    simulated = simulate_arcs(scenario)
    slopes = []
    for _, track in tracks(simulated.arcs, simulated.truth):
        if len(track) >= 9:
            slopes.append(np.polyfit(track.vwc, track.true_phase_deg, 1)[0])
            assert np.corrcoef(track.vwc, track.true_phase_deg)[0, 1] ** 2 > 0.98
    assert len(slopes) > 60
    assert np.median(slopes) == pytest.approx(-67.6, abs=2.5)
    # Where a track's window begins and ends drifts, which at a height a few centimetres off is
    # worth a degree or two over ten days.
    assert np.quantile(np.abs(np.array(slopes) + 67.6), 0.8) < 5.0


def test_each_track_follows_its_own_slope(small, series_csv):
    path = series_csv("2024-05-13", "12h", vwc=np.linspace(0.10, 0.30, 25))
    scenario = small(
        time={"days": 10},
        moisture={"path": path},
        response={"slope_deg": (50.0, 90.0), "hysteresis": 0.0},
        terrain=({"azimuths": ((100.0, 170.0),), "response": 0.0},),
        **NOTHING_ELSE,
    )
    simulated = simulate_arcs(scenario)
    truth = simulated.truth
    slope = tracks(simulated.arcs, truth).slope_deg
    assert slope.agg(np.ptp).max() < 1.0  # a track keeps its ground
    assert ((truth.slope_deg == 0) | ((truth.slope_deg > 50) & (truth.slope_deg < 90))).all()
    assert (truth.slope_deg == 0).sum() > 50
    assert np.ptp(truth.slope_deg[truth.slope_deg > 0]) > 20
    # What is left of the phase once the stated slope is taken out does not follow moisture.
    rest = truth.assign(rest=truth.true_phase_deg + truth.slope_deg * truth.vwc)
    rest["rest"] -= tracks(simulated.arcs, rest).rest.transform("mean")
    assert rest.rest.std() < 0.5
    assert abs(np.polyfit(rest.vwc, rest.rest, 1)[0]) < 2.0


def test_a_wetting_and_a_drying_soil_make_a_loop(small, series_csv):
    # Up for two days and down for two: at one surface moisture the phase is lower on the way down.
    up_down = np.concatenate([np.linspace(0.1, 0.3, 48), np.linspace(0.3, 0.1, 48)])
    path = series_csv("2024-05-13T12:00", "1h", vwc=[0.1] * 12 + [*up_down] + [0.1] * 36)
    scenario = small(
        time={"days": 4},
        moisture={"path": path, "deep_days": 3.0},
        response={"hysteresis": 0.4},
        **NOTHING_ELSE,
    )
    simulated = simulate_arcs(scenario)
    arcs, truth = simulated.arcs, simulated.truth
    middle = arcs.start + (arcs.end - arcs.start) / 2
    wetting = middle < pd.Timestamp("2024-05-16", tz="UTC")
    moved = truth.true_phase_deg - tracks(arcs, truth).true_phase_deg.transform("mean")
    for low, high in pairwise((0.13, 0.17, 0.21, 0.25)):
        here = (truth.vwc > low) & (truth.vwc < high)
        assert moved[here & ~wetting].mean() < moved[here & wetting].mean() - 0.5


def test_physical_phase_falls_as_soil_wets(small, series_csv):
    path = series_csv("2024-05-13", "12h", vwc=np.linspace(0.05, 0.40, 13))
    scenario = small(
        time={"days": 4}, moisture={"path": path}, response={"mode": "physical"}, **NOTHING_ELSE
    )
    simulated = simulate_arcs(scenario)
    slopes = [
        np.polyfit(track.vwc, track.true_phase_deg, 1)[0]
        for _, track in tracks(simulated.arcs, simulated.truth)
        if len(track) > 3
    ]
    # docs/forward-model.md: -29 to -48 degrees per m3 m-3 over smooth profiles.
    assert -60 < np.median(slopes) < -20
    assert max(slopes) < 0
