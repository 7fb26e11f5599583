"""Water against measurements and scales that share nothing with the source of its equations."""

import cmath
import math

import numpy as np
import pytest

from retrieval.errors import InputError
from retrieval.soil import conduction_loss, water_conductivity_s_m, water_permittivity


@pytest.mark.parametrize(
    ("temperature_c", "static"),
    # Malmberg and Maryott (1956), Journal of Research of the NBS 56, table 2.
    [(0.0, 87.74), (10.0, 83.83), (20.0, 80.10), (25.0, 78.30), (30.0, 76.55)],
)
def test_static_permittivity_of_fresh_water(temperature_c: float, static: float) -> None:
    assert water_permittivity(1e6, temperature_c).real == pytest.approx(static, rel=0.01)


def test_static_permittivity_of_hot_water_is_a_little_high() -> None:
    # 73.15 in the same table; Klein and Swift: 87.134 - 7.796 - 20.416 + 15.9424.
    assert water_permittivity(1e6, 40.0).real == pytest.approx(74.8644, abs=1e-3)


@pytest.mark.parametrize(
    ("temperature_c", "static", "high", "relaxation_s"),
    # Kaatze (1989), Journal of Chemical and Engineering Data 34, 371-374.
    [(20.0, 80.2, 5.6, 9.36e-12), (25.0, 78.36, 5.2, 8.27e-12)],
)
def test_fresh_water_at_l_band(
    temperature_c: float, static: float, high: float, relaxation_s: float
) -> None:
    for frequency_hz in (1.17645e9, 1.4e9, 1.57542e9):
        turn = 2j * math.pi * frequency_hz * relaxation_s
        expected = (high + (static - high) / (1 + turn)).conjugate()
        found = complex(water_permittivity(frequency_hz, temperature_c))
        assert found.real == pytest.approx(expected.real, rel=0.01)
        assert found.imag == pytest.approx(expected.imag, rel=0.02)


@pytest.mark.parametrize(
    ("temperature_c", "ratio_to_15_c"),
    # Practical salinity scale 1978 (Unesco 1983): C(35, t) / C(35, 15) = 0.6766097 + 2.00564e-2 t +
    # 1.104259e-4 t2 - 6.9698e-7 t3 + 1.0031e-9 t4, by hand. C(35, 15) = 4.2914 S/m.
    [(0.0, 0.6766097), (10.0, 0.8875300), (15.0, 1.0), (20.0, 1.1164926), (30.0, 1.3596709)],
)
def test_conductivity_of_standard_sea_water(temperature_c: float, ratio_to_15_c: float) -> None:
    found = float(water_conductivity_s_m(35.0, temperature_c))
    assert found == pytest.approx(4.2914 * ratio_to_15_c, rel=0.005)


def test_sea_water_at_l_band_as_klein_and_swift() -> None:
    # Their equations once more, for one temperature and salinity, with numbers multiplied out:
    # T = 20, S = 35, static 80.1247 a(S, T), relaxation 9.2753e-12 b(S, T).
    static = 80.1247 * (1 + 0.011291 - 0.12796 + 0.0393225 - 0.01814477)
    relaxation_s = 9.2753e-12 * (1 + 0.015974 - 0.026733 - 0.009506 + 0.00047377)
    turn = 2 * math.pi * 1.43e9 * relaxation_s
    expected = 4.9 + (static - 4.9) * cmath.exp(1j * math.atan(turn)) / math.hypot(1, turn)
    expected += 1j * 60 * (299792458 / 1.43e9) * 4.788
    found = complex(water_permittivity(1.43e9, 20.0, 35.0))
    assert found == pytest.approx(expected, rel=1e-3)
    assert 71 < found.real < 73
    assert 63 < found.imag < 68


def test_conductivity_rules_at_low_frequencies() -> None:
    frequency_hz = 1e5
    found = float(water_permittivity(frequency_hz, 20.0, conductivity_s_m=0.5).imag)
    assert found * 2 * math.pi * frequency_hz * 8.8541878e-12 == pytest.approx(0.5, rel=1e-4)


def test_a_given_conductivity_stands_in_place_of_the_salts() -> None:
    own = water_conductivity_s_m(10.0, 15.0)
    given = water_permittivity(1.2e9, 15.0, 10.0, own)
    assert complex(given) == complex(water_permittivity(1.2e9, 15.0, 10.0))
    fresh = water_permittivity(1.2e9, 15.0, 10.0, 0.0)
    assert float(given.imag - fresh.imag) == pytest.approx(float(conduction_loss(own, 1.2e9)))


def test_conductivity_grows_with_salt_over_all_that_is_taken() -> None:
    # Beyond about 100 g/kg the polynomial turns: that is why it ends at 80.
    conductivity = water_conductivity_s_m(np.linspace(0, 80, 161), 25.0)
    assert conductivity[0] == 0
    assert (np.diff(conductivity) > 0).all()


def test_temperatures_beyond_the_measurements_are_held() -> None:
    for inside, outside in ((0.0, -15.0), (40.0, 55.0)):
        assert complex(water_permittivity(1.4e9, inside)) == complex(
            water_permittivity(1.4e9, outside)
        )


def test_arguments_broadcast_and_nan_stays() -> None:
    found = water_permittivity(
        np.full((3, 1, 1), 1.2e9), np.array([10.0, np.nan])[:, None], np.arange(4.0)
    )
    assert found.shape == (3, 2, 4)
    assert found.dtype == np.complex128
    assert np.isnan(found[:, 1]).all()
    assert not np.isnan(found[:, 0]).any()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0.0,), "frequency 0 Hz"),
        ((1.4e9, 293.15), "temperature_c 293"),
        ((1.4e9, 20.0, -1.0), "salinity_g_kg -1"),
        ((1.4e9, 20.0, 300.0), "salinity_g_kg 300"),
        ((1.4e9, 20.0, 0.0, -0.1), "conductivity_s_m -0.1"),
    ],
)
def test_impossible_water_is_refused(arguments: tuple[float, ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        water_permittivity(*arguments)
