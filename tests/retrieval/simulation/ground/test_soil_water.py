import numpy as np
import pytest

from retrieval.simulation.ground.soil_water import frozen_share, made_moisture, snow_and_melt
from retrieval.simulation.scenario_sections import MoistureSection
from retrieval.soil import SoilLimits

LOAM = SoilLimits(0.08, 0.43, 0.013)
MILD_C = 15.0  # at which drying is as stated


def moisture_of(
    water_mm, temperature_c=MILD_C, frozen=0.0, limits: SoilLimits = LOAM, **soil
) -> np.ndarray:
    water_mm = np.asarray(water_mm, float)
    full = np.full(len(water_mm), 1.0)
    section = MoistureSection(**soil)
    return made_moisture(water_mm, full * temperature_c, full * frozen, section, limits)


def test_bucket_keeps_what_it_is_given():
    # Hardly draining or drying: what falls on 50 mm of soil is found in it, up to saturation.
    rain = np.zeros(200)
    rain[[10, 50, 90]] = 2.5, 5.0, 1.0
    held = moisture_of(rain, start=0.1, storage_mm=50.0, drain_days=1e9, dry_days=1e9)
    assert held[9] == pytest.approx(0.1)
    assert held[[10, 50, 90]] == pytest.approx([0.15, 0.25, 0.27])
    flood = moisture_of(np.full(30, 5.0), start=0.1, drain_days=1e9, dry_days=1e9)
    assert flood.max() == pytest.approx(LOAM.saturation)


def test_water_that_leaves_is_what_came_less_what_is_left():
    # Mass balance by the equation of the bucket, solved with steps of a hundredth of an hour.
    rng = np.random.default_rng(5)
    rain = np.where(rng.random(24 * 60) < 0.05, rng.exponential(4.0, 24 * 60), 0.0)
    soil = {"start": 0.2, "storage_mm": 60.0, "drain_days": 1.0, "dry_days": 8.0}
    held = moisture_of(rain, field_capacity=0.28, **soil)
    state, fine = 0.2, []
    for falls in rain:
        state = min(state + falls / 60.0, LOAM.saturation)
        for _ in range(100):
            drain = max(state - 0.28, 0.0) / (24 * 1.0)
            dry = (state - LOAM.residual) / (24 * 8.0)
            state -= 0.01 * (drain + dry)
        fine.append(state)
    np.testing.assert_allclose(held, fine, atol=0.001)


def test_soil_drains_fast_and_dries_slowly():
    soil = {"start": 0.43, "field_capacity": 0.25, "drain_days": 1.5, "dry_days": 12.0}
    held = moisture_of(np.zeros(24 * 40), **soil)
    wet = held[:24]  # well above capacity: both at work
    # d/dt = -(m - .25) / 1.5 - (m - .08) / 12 per day: one exponential towards
    # (.25 / 1.5 + .08 / 12) / (1 / 1.5 + 1 / 12) = .2311 with the rate 1 / 1.5 + 1 / 12 = .75.
    rate = -np.polyfit(np.arange(24) / 24, np.log(wet - 0.2311), 1)[0]
    assert rate == pytest.approx(0.75, rel=0.02)
    dry = held[held < 0.24]
    rate = -np.polyfit(np.arange(len(dry)) / 24, np.log(dry - LOAM.residual), 1)[0]
    assert rate == pytest.approx(1 / 12, rel=1e-6)
    assert held.min() > LOAM.residual


def test_capacity_is_half_way_where_it_is_not_stated():
    held = moisture_of(np.zeros(24 * 20), start=0.43, drain_days=0.5, dry_days=1e9)
    assert held[-1] == pytest.approx((LOAM.residual + LOAM.saturation) / 2, abs=1e-4)


def test_stated_limits_overrule_those_of_the_texture():
    held = moisture_of(
        np.r_[np.full(50, 10.0), np.zeros(24 * 200)],
        start=0.2,
        residual=0.02,
        saturation=0.36,
        field_capacity=0.3,
    )
    assert held.max() < 0.36
    assert held.max() > 0.34
    assert held[-1] == pytest.approx(0.02, abs=1e-4)


def test_warm_soil_dries_faster_and_frozen_soil_not_at_all():
    def lost(**kw):
        return 0.2 - moisture_of(np.zeros(24), start=0.2, **kw)[-1]

    assert lost(temperature_c=35.0) == pytest.approx(2 * lost(), rel=0.05)  # twice at most
    assert lost(temperature_c=60.0) == lost(temperature_c=35.0)
    # At 5 degrees half as fast: half way from -5, where it all but stops, to 15.
    assert lost(temperature_c=5.0) == pytest.approx(0.5 * lost(), rel=0.03)
    assert 0 < lost(temperature_c=-20.0) < 0.1 * lost()
    assert lost(frozen=1.0) == 0
    assert moisture_of(np.zeros(24), start=0.4, frozen=1.0)[-1] == 0.4  # nor drains


def test_snow_falls_below_zero_and_melts_above():
    # Five cold hours with 2 mm each, then 8 degrees: 8 x 3 / 24 = 1 mm melts an hour.
    precipitation = np.r_[np.full(5, 2.0), np.zeros(15)]
    temperature = np.r_[np.full(5, -1.0), np.full(15, 8.0)]
    found = snow_and_melt(precipitation, temperature)
    # 10 mm of water at a density of 0.25 are 40 mm of snow.
    np.testing.assert_allclose(found.snow_depth_m[:5], [0.008, 0.016, 0.024, 0.032, 0.04])
    np.testing.assert_allclose(found.snow_depth_m[5:8], [0.036, 0.032, 0.028])
    assert found.snow_depth_m[15:].max() == pytest.approx(0.0, abs=1e-12)
    np.testing.assert_allclose(found.water_mm[:5], 0)
    np.testing.assert_allclose(found.water_mm[5:15], 1.0)
    np.testing.assert_allclose(found.water_mm[15:], 0, atol=1e-12)


def test_no_water_is_lost_between_sky_snow_and_soil():
    rng = np.random.default_rng(1)
    precipitation = rng.exponential(0.3, 5000)
    temperature = 6 * np.sin(np.arange(5000) / 200) + rng.normal(0, 3, 5000)
    found = snow_and_melt(precipitation, temperature)
    stored = found.snow_depth_m * 250.0  # kg m-3, that is mm of water per metre
    assert found.water_mm.sum() + stored[-1] == pytest.approx(precipitation.sum())
    assert (found.water_mm >= 0).all()
    assert (stored >= 0).all()
    # Rain at and above zero passes through.
    assert snow_and_melt(np.array([3.0]), np.array([0.0])).water_mm[0] == 3.0


def test_soil_freezes_between_nought_and_one_below():
    steady = np.linspace(-2, 1, 7)
    shares = [float(frozen_share(np.full(48, celsius))[-1]) for celsius in steady]
    np.testing.assert_allclose(shares, [1, 1, 1, 0.5, 0, 0, 0])


def test_frost_comes_and_goes_a_day_late():
    air = np.r_[np.full(48, 5.0), np.full(96, -5.0), np.full(96, 5.0)]
    frozen = frozen_share(air)
    # The soil follows from 5 to -5 by exp(-t / 24 h): it is at 0 after ln 2 days, 16.6 hours, and
    # at -1 after ln(10 / 4) days, 22 hours.
    first, all_of_it = np.argmax(frozen > 0), np.argmax(frozen == 1)
    assert first - 47 == pytest.approx(24 * np.log(2), abs=1)
    assert all_of_it - 47 == pytest.approx(24 * np.log(2.5), abs=1)
    assert frozen[-1] == 0
    assert frozen[48 + 96 + 3] == 1  # the thaw waits too
