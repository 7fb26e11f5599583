"""Each dielectric model against its paper, written a second time for one number at a time.

The second writing keeps the papers' forms (fractions or percent, GHz, separate real and imaginary
parts), where the package mixes complex arrays.
"""

import math

import numpy as np
import pytest

from retrieval.errors import InputError
from retrieval.soil import (
    Soil,
    dobson_permittivity,
    hallikainen_permittivity,
    mironov_permittivity,
    topp_moisture,
    topp_permittivity,
    wang_schmugge_permittivity,
    water_permittivity,
)

# eps0 in F/m times Hz per GHz.
VACUUM = 8.854e-3
LOAM = (43.0, 18.0, 1.5)
SOILS = [LOAM, (58.0, 10.0, 1.6), (17.0, 13.0, 1.3), (6.0, 47.0, 1.2), (92.0, 3.0, 1.5)]
GHZ = [0.3, 1.17645, 1.2276, 1.3, 1.4, 1.57542, 5.0]
MOISTURES = [0.02, 0.08, 0.2, 0.33, 0.42]


def debye(static: float, high: float, relaxation_ps: float, ghz: float) -> tuple[float, float]:
    turn = 2 * math.pi * ghz * relaxation_ps * 1e-3
    return high + (static - high) / (1 + turn**2), (static - high) * turn / (1 + turn**2)


def fresh_water(ghz: float, celsius: float) -> tuple[float, float]:
    static = 87.134 - 0.1949 * celsius - 0.01276 * celsius**2 + 0.0002491 * celsius**3
    relaxation_ps = 17.68 - 0.6086 * celsius + 0.01104 * celsius**2 - 8.111e-5 * celsius**3
    return debye(static, 4.9, relaxation_ps, ghz)


def mironov_paper(moisture: float, ghz: float, clay_percent: float) -> complex:
    c = clay_percent / 100

    def index(static: float, relaxation_ps: float, conductivity: float) -> tuple[float, float]:
        real, loss = debye(static, 4.9, relaxation_ps, ghz)
        loss += conductivity / (2 * math.pi * VACUUM * ghz)
        size = math.hypot(real, loss)
        return math.sqrt((size + real) / 2), math.sqrt((size - real) / 2)

    nb, kb = index(79.8 - 85.4 * c + 32.7 * c * c, 10.62 + 3.45 * c, 0.3112 + 0.467 * c)
    nu, ku = index(100.0, 8.5, 0.3631 + 1.217 * c)
    most_bound = 0.02863 + 0.30673 * c
    n, k = 1.634 - 0.539 * c + 0.2748 * c * c, 0.03952 - 0.04038 * c
    if moisture <= most_bound:
        n, k = n + (nb - 1) * moisture, k + kb * moisture
    else:
        n += (nb - 1) * most_bound + (nu - 1) * (moisture - most_bound)
        k += kb * most_bound + ku * (moisture - most_bound)
    return complex(n * n - k * k, 2 * n * k)


def dobson_paper(
    moisture: float, ghz: float, sand: float, clay: float, bulk: float, celsius: float
) -> complex:
    water_real, water_loss = fresh_water(ghz, celsius)
    s, c = sand / 100, clay / 100
    low = ghz <= 1.3
    sigma = (
        0.0467 + 0.2204 * bulk - 0.4111 * s + 0.6614 * c
        if low
        else -1.645 + 1.939 * bulk - 0.0225622 * sand + 0.01594 * clay
    )
    water_loss += max(sigma, 0) * (2.65 - bulk) / (2.65 * moisture) / (2 * math.pi * VACUUM * ghz)
    beta_real = (127.48 - 0.519 * sand - 0.152 * clay) / 100
    beta_loss = (133.797 - 0.603 * sand - 0.166 * clay) / 100
    grains = (1.01 + 0.44 * 2.65) ** 2 - 0.062
    inside = (
        1 + bulk / 2.65 * (grains**0.65 - 1) + moisture**beta_real * water_real**0.65 - moisture
    )
    real = inside ** (1 / 0.65)
    loss = (moisture**beta_loss * water_loss**0.65) ** (1 / 0.65)
    return complex(1.15 * real - 0.68 if low else real, loss)


def wang_schmugge_paper(
    moisture: float, ghz: float, sand: float, clay: float, bulk: float, celsius: float
) -> complex:
    porosity = 1 - bulk / 2.65
    wp = 0.06774 - 0.064 * sand / 100 + 0.478 * clay / 100
    wt, gamma = 0.49 * wp + 0.165, -0.57 * wp + 0.481
    parts = []
    for ice, rock, air, water in zip(
        (3.2, 0.1), (5.5, 0.2), (1.0, 0.0), fresh_water(ghz, celsius), strict=True
    ):
        if moisture <= wt:
            part = moisture * (ice + (water - ice) * moisture / wt * gamma)
        else:
            part = wt * (ice + (water - ice) * gamma) + (moisture - wt) * water
        parts.append(part + (porosity - moisture) * air + (1 - porosity) * rock)
    # 60 (wavelength) (conductivity), the conductivity being the one of alpha W^2 at 1.4 GHz.
    conductivity = min(100 * wp, 26.0) * moisture**2 * 2 * math.pi * VACUUM * 1.4
    parts[1] += conductivity / (2 * math.pi * VACUUM * ghz)
    return complex(*parts)


@pytest.mark.parametrize("ghz", GHZ)
@pytest.mark.parametrize(("sand", "clay", "bulk"), SOILS)
def test_mironov_is_its_paper(sand: float, clay: float, bulk: float, ghz: float) -> None:
    expected = [mironov_paper(moisture, ghz, clay) for moisture in MOISTURES]
    assert mironov_permittivity(MOISTURES, ghz * 1e9, clay) == pytest.approx(
        np.array(expected), rel=1e-4
    )


@pytest.mark.parametrize("celsius", [3.0, 20.0, 36.0])
@pytest.mark.parametrize("ghz", GHZ)
@pytest.mark.parametrize(("sand", "clay", "bulk"), SOILS)
def test_dobson_is_its_paper_below_1_3_and_above_1_4_ghz(
    sand: float, clay: float, bulk: float, ghz: float, celsius: float
) -> None:
    expected = [dobson_paper(m, ghz, sand, clay, bulk, celsius) for m in MOISTURES]
    found = dobson_permittivity(MOISTURES, ghz * 1e9, Soil(sand, clay, bulk), celsius)
    assert found == pytest.approx(np.array(expected), rel=1e-4)


@pytest.mark.parametrize("celsius", [3.0, 20.0, 36.0])
@pytest.mark.parametrize("ghz", GHZ)
@pytest.mark.parametrize(("sand", "clay", "bulk"), SOILS)
def test_wang_schmugge_is_its_paper(
    sand: float, clay: float, bulk: float, ghz: float, celsius: float
) -> None:
    expected = [wang_schmugge_paper(m, ghz, sand, clay, bulk, celsius) for m in MOISTURES]
    found = wang_schmugge_permittivity(MOISTURES, ghz * 1e9, Soil(sand, clay, bulk), celsius)
    assert found == pytest.approx(np.array(expected), rel=1e-4)


@pytest.mark.parametrize(
    ("moisture", "sand", "clay", "expected"),
    [
        # Loam, by hand: 2.364 + 17.531 m + 108.9 m2 and 0.083 + 7.363 m + 8.002 m2.
        (0.0, 43.0, 18.0, 2.364 + 0.083j),
        (0.2, 43.0, 18.0, 10.2262 + 1.87568j),
        (0.4, 43.0, 18.0, 26.8004 + 4.30852j),
        # The paper's sandy loam, 51.51 % sand and 13.43 % clay, at 0.3:
        # 2.25731 + 0.3 x 23.02099 + 0.09 x 101.75219; 0.09403 + 0.3 x 7.74658 + 0.09 x 4.39695.
        (0.3, 51.51, 13.43, 18.32130 + 2.81373j),
        # Its silty clay, 5.02 % and 47.38 %, dry: the loss would be 0.356 - 0.394.
        (0.0, 5.02, 47.38, 2.84914 + 0.0j),
    ],
)
def test_hallikainen_by_hand(moisture: float, sand: float, clay: float, expected: complex) -> None:
    assert complex(hallikainen_permittivity(moisture, sand, clay)) == pytest.approx(
        expected, abs=1e-4
    )


def test_topp_by_hand() -> None:
    # 3.03 + 9.3 m + 146 m2 - 76.7 m3.
    found = topp_permittivity([0.0, 0.1, 0.3, 0.5])
    assert found == pytest.approx(np.array([3.03, 5.3433, 16.8891, 34.5925]), abs=1e-9)


def test_topp_moisture_by_hand_and_back() -> None:
    # -0.053 + 0.0292 e - 5.5e-4 e2 + 4.3e-6 e3 at e = 10: -0.053 + 0.292 - 0.055 + 0.0043.
    assert float(topp_moisture(10.0)) == pytest.approx(0.1883, abs=1e-9)
    assert float(topp_moisture(10.0 + 1.0j)) == pytest.approx(0.1883, abs=1e-9)
    # The paper's standard error of moisture from eps is 0.013; the two fits part by little more.
    moisture = np.linspace(0.1, 0.45, 36)
    assert topp_moisture(topp_permittivity(moisture)) == pytest.approx(moisture, abs=0.015)
    with pytest.raises(InputError, match=r"permittivity 0\.5"):
        topp_moisture([4.0, 0.5])


def test_dobson_changes_from_low_to_high_range_without_a_jump() -> None:
    soil = Soil(*LOAM)
    low, middle, high = dobson_permittivity(0.25, [1.3e9, 1.35e9, 1.4e9], soil)
    assert abs(high - low) > 1
    # Water itself and the 1 / f of the conduction hardly change over 0.1 GHz.
    assert middle.real == pytest.approx((low.real + high.real) / 2, rel=1e-3)
    assert middle.imag == pytest.approx((low.imag + high.imag) / 2, rel=1e-2)
    fine = dobson_permittivity(0.25, np.linspace(1.29e9, 1.41e9, 121), soil)
    assert np.abs(np.diff(fine)).max() < 0.03


def test_pure_water_fills_a_soil_without_salt() -> None:
    # With a salinity of 0 only the relaxation of water is left:
    # [m^beta'' eps_w''^0.65]^(1 / 0.65).
    soil = Soil(43.0, 18.0, 1.5, water_salinity_g_kg=0.0)
    exponent = (133.797 - 0.603 * 43 - 0.166 * 18) / 100 / 0.65
    expected = 0.3**exponent * float(water_permittivity(1.2276e9).imag)
    assert float(dobson_permittivity(0.3, 1.2276e9, soil).imag) == pytest.approx(expected)


def test_conduction_of_the_pore_water_rules_the_loss_at_low_frequencies() -> None:
    soil = Soil(43.0, 18.0, 1.5, water_conductivity_s_m=0.4)
    exponent = (133.797 - 0.603 * 43 - 0.166 * 18) / 100 / 0.65
    loss = float(dobson_permittivity(0.3, 1e6, soil).imag)
    soil_conductivity = loss * 2 * math.pi * 1e6 * 8.8541878e-12
    assert soil_conductivity == pytest.approx(0.4 * 0.3**exponent, rel=1e-3)


def test_salt_raises_the_loss_and_hardly_the_rest() -> None:
    salinity = np.array([0.0, 1.0, 4.0, 10.0])
    found = dobson_permittivity(0.3, 1.2276e9, Soil(43.0, 18.0, 1.5, water_salinity_g_kg=salinity))
    assert (np.diff(found.imag) > 0.1).all()
    assert found.imag[-1] > 3 * found.imag[0]
    assert np.ptp(found.real) < 0.05 * found.real[0]


def test_moisture_must_fit_into_the_pores() -> None:
    dense = Soil(43.0, 18.0, bulk_density_g_cm3=1.855)  # 30 % pores
    for model in (dobson_permittivity, wang_schmugge_permittivity):
        model(0.34, 1.2276e9, dense)
        with pytest.raises(InputError, match=r"0\.36.*expected 0 to 0\.35"):
            model(0.36, 1.2276e9, dense)
        with pytest.raises(InputError, match="not percent"):
            model([0.1, -0.01], 1.2276e9, dense)
    with pytest.raises(InputError, match="not percent"):
        mironov_permittivity(25.0, 1.2276e9, 18.0)
