"""How far plants turn the phases, told by moisture and amplitude together."""

import numpy as np
import pytest

from retrieval.fusion.vegetation import FIELD_SLOPE_DEG, vegetation_slope_deg

N = 200


@pytest.fixture
def season():
    """Moisture, amplitude index and phases of 30 tracks; wet soil weakens the reflection, too."""
    rng = np.random.default_rng(7)
    vwc = 0.2 + 0.08 * np.sin(np.arange(N) / 9.0)
    plants = -0.12 * np.sin(np.pi * np.arange(N) / N) ** 2
    amplitude = plants - 0.43 * (vwc - 0.2) + rng.normal(0, 0.003, N)
    noise_deg = np.where(np.arange(30) < 20, 3.0, 40.0)

    def phases(slope_deg):
        # What moves the amplitude by moisture turns no phase.
        shared = -67.0 * vwc + slope_deg * (plants + rng.normal(0, 0.003, N))
        return shared[:, None] + rng.normal(0, 1, (N, 30)) * noise_deg

    return phases, noise_deg, amplitude, vwc


@pytest.mark.parametrize("slope_deg", [0.0, -34.0, -120.0])
def test_slope_is_found_beside_moisture(season, slope_deg):
    phases, noise_deg, amplitude, vwc = season
    found = vegetation_slope_deg(phases(slope_deg), noise_deg, amplitude, vwc)
    # .67 deg of noise on the mean over an index that varies by .045: 1 deg; amplitude noise: 1 %.
    assert found == pytest.approx(slope_deg, abs=6.0)


def test_days_of_frost_do_not_lead(season):
    phases, noise_deg, amplitude, vwc = season
    phase_deg = phases(-50.0)
    expected = vegetation_slope_deg(phase_deg, noise_deg, amplitude, vwc)
    phase_deg[:12] += 25.0
    frosty = amplitude.copy()
    frosty[:12] += 0.2
    found = vegetation_slope_deg(phase_deg, noise_deg, frosty, vwc)
    assert found == pytest.approx(expected, abs=12.0)
    # Least squares would say something else altogether.
    columns = np.column_stack([np.ones(N), vwc, frosty])
    plain = np.linalg.lstsq(columns, phase_deg[:, :20].mean(axis=1), rcond=None)[0][2]
    assert plain > -10


def test_what_does_not_vary_leaves_the_slope_of_the_field(season):
    phases, noise_deg, amplitude, vwc = season
    flat = np.zeros_like(amplitude)
    found = vegetation_slope_deg(phases(-80.0), noise_deg, flat, vwc)
    assert found == pytest.approx(FIELD_SLOPE_DEG)
    few = np.where(np.arange(N) < 9, amplitude, np.nan)
    assert vegetation_slope_deg(phases(-80.0), noise_deg, few, vwc) == FIELD_SLOPE_DEG


def test_field_slope_is_that_of_chew_2016_in_our_sign():
    # 50.25 % of moisture for all of the amplitude, 1.48 % per degree; our phases fall as soil wets.
    assert pytest.approx(-33.95, abs=0.01) == FIELD_SLOPE_DEG
