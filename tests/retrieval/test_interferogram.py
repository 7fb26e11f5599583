"""Detrending and fits against numpy, scipy, analytic sinusoids and Monte Carlo."""

import numpy as np
import pytest
from scipy.optimize import curve_fit

from retrieval import gnss
from retrieval.arcs import ArcSettings, SkyPoints, cut_arcs
from retrieval.interferogram import (
    Interferograms,
    detrend,
    fit_fixed_height,
    fit_free_height,
    snr_volts,
    wrap_deg,
)

L2_M = 0.2442102134
L1_M = 0.1902936728


def _waves(arcs, wavelength_m):
    """Interferograms of (t, y) pairs."""
    t = np.concatenate([t for t, _ in arcs])
    return Interferograms(
        t,
        np.concatenate([y for _, y in arcs]),
        np.degrees(np.arcsin(t)),
        np.concatenate([[0], np.cumsum([len(t) for t, _ in arcs])]).astype(np.intp),
        np.asarray(wavelength_m, float),
    )


def _sinusoid(height_m, phase_deg, wavelength_m=L2_M, amplitude=8.0, n=120, noise=0.0, seed=0):
    t = np.sin(np.radians(np.linspace(5, 25, n)))
    y = amplitude * np.sin(4 * np.pi * height_m / wavelength_m * t + np.radians(phase_deg))
    return t, y + np.random.default_rng(seed).normal(0, noise, n)


def _points(elevation_deg, snr_dbhz, satellite="G05", signal="GS2X", step_s=30):
    n = len(elevation_deg)
    return SkyPoints(
        np.datetime64("2025-01-10", "ns") + (np.arange(n) * step_s * 10**9).astype("m8[ns]"),
        np.full(n, gnss.satellite_code(satellite), np.int32),
        np.full(n, gnss.signal_code(signal), np.int64),
        np.asarray(snr_dbhz, float),
        np.asarray(elevation_deg, float),
        np.full(n, 100.0),
        np.zeros(n),
        np.zeros(n, np.int8),
        np.zeros(n, np.int64),
    )


@pytest.mark.parametrize("phase_deg", [-179.0, -90.0, 0.0, 37.5, 180.0])
def test_fixed_fit_gives_back_phase_and_amplitude(phase_deg):
    fit = fit_fixed_height(_waves([_sinusoid(1.8, phase_deg)], [L2_M]), np.array([1.8]))
    assert wrap_deg(fit.phase_deg - phase_deg)[0] == pytest.approx(0, abs=1e-9)
    assert fit.amplitude[0] == pytest.approx(8.0)
    assert np.isnan(fit.height_sigma_m[0])


def test_fixed_fit_equals_ordinary_least_squares():
    t, y = _sinusoid(1.9, 40, noise=4.0, seed=3)
    angle = 4 * np.pi * 1.8 / L2_M * t
    (a, b), *_ = np.linalg.lstsq(np.stack([np.sin(angle), np.cos(angle)], axis=1), y)
    fit = fit_fixed_height(_waves([(t, y)], [L2_M]), np.array([1.8]))
    assert fit.phase_deg[0] == pytest.approx(np.degrees(np.arctan2(b, a)), abs=1e-9)
    assert fit.amplitude[0] == pytest.approx(np.hypot(a, b), rel=1e-12)


def test_phase_sigma_is_the_scatter_over_repeated_noise():
    arcs = [_sinusoid(1.8, 30, noise=4.0, seed=seed) for seed in range(800)]
    fit = fit_fixed_height(_waves(arcs, np.full(800, L2_M)), np.full(800, 1.8))
    assert np.median(fit.phase_sigma_deg) == pytest.approx(np.std(fit.phase_deg), rel=0.08)


@pytest.mark.parametrize("wavelength_m", [L1_M, L2_M])
@pytest.mark.parametrize(("moved_m", "bound_deg"), [(0.02, 0.2), (-0.02, 0.2), (0.03, 0.5)])
def test_phase_moves_to_another_height_by_the_slope(wavelength_m, moved_m, bound_deg):
    # The bound is science.md's: .2 degrees at 2 cm, .5 degrees at 3 cm.
    waves = _waves([_sinusoid(1.8, 30, wavelength_m)], [wavelength_m])
    here = fit_fixed_height(waves, np.array([1.8]))
    there = fit_fixed_height(waves, np.array([1.8 + moved_m]))
    moved = here.phase_deg - here.dphase_dheight_deg_per_mm * moved_m * 1000
    assert abs(wrap_deg(moved - there.phase_deg)[0]) <= bound_deg


def test_slope_is_two_path_lengths_over_the_wavelength():
    # d(phase)/d(height) of 4 pi h t / wavelength at the mean t of a 5 to 25 degree arc, per mm.
    waves = _waves([_sinusoid(1.8, 30)], [L2_M])
    fit = fit_fixed_height(waves, np.array([1.8]))
    assert fit.dphase_dheight_deg_per_mm[0] == pytest.approx(
        720 * waves.t.mean() / (L2_M * 1000), rel=0.03
    )


def test_reflector_sinking_raises_the_phase():
    waves = _waves([_sinusoid(1.80, 0), _sinusoid(1.81, 0)], [L2_M, L2_M])
    high, low = fit_fixed_height(waves, np.full(2, 1.80)).phase_deg
    assert low - high == pytest.approx(10 * 0.74, abs=0.4)


def test_free_fit_equals_scipys_curve_fit_with_its_covariance():
    t, y = _sinusoid(1.9, 40, noise=3.0, seed=5)
    fit = fit_free_height(_waves([(t, y)], [L2_M]), np.array([1.87]))

    def model(t, height, amplitude, phase):
        return amplitude * np.sin(4 * np.pi * height / L2_M * t + phase)

    best, covariance = curve_fit(model, t, y, p0=(1.9, 8.0, 0.7))
    sigma = np.sqrt(np.diag(covariance))
    assert fit.height_m[0] == pytest.approx(best[0], abs=1e-6)
    assert fit.amplitude[0] == pytest.approx(best[1], abs=1e-4)
    assert fit.phase_deg[0] == pytest.approx(np.degrees(best[2]), abs=1e-3)
    assert fit.height_sigma_m[0] == pytest.approx(sigma[0], rel=1e-3)
    assert fit.phase_sigma_deg[0] == pytest.approx(np.degrees(sigma[2]), rel=1e-3)
    assert fit.phase_height_correlation[0] == pytest.approx(
        covariance[0, 2] / (sigma[0] * sigma[2]), rel=1e-3
    )


def test_free_fit_that_cannot_converge_is_nan():
    t = np.sin(np.radians(np.linspace(5, 25, 60)))
    fit = fit_free_height(_waves([(t, np.zeros(60))], [L2_M]), np.array([1.8]))
    assert np.isnan(fit.height_m[0])
    assert np.isnan(fit.phase_deg[0])


def test_free_fit_of_one_bad_arc_leaves_the_good_one_alone():
    t, y = _sinusoid(1.9, 40, noise=1.0)
    both = fit_free_height(_waves([(t, np.zeros_like(t)), (t, y)], [L2_M, L2_M]), np.full(2, 1.88))
    alone = fit_free_height(_waves([(t, y)], [L2_M]), np.array([1.88]))
    assert both.height_m[1] == pytest.approx(alone.height_m[0], abs=1e-9)


def test_detrending_equals_numpys_polynomial_over_the_wider_range():
    rng = np.random.default_rng(1)
    elevation = np.linspace(5.05, 29.9, 140)
    snr = 38 + 0.4 * elevation + rng.normal(0, 1, 140)
    arcs = cut_arcs(_points(elevation, snr), ArcSettings())
    waves = detrend(arcs, np.array([L2_M]), 4)
    volts = 10 ** (snr / 20)
    expected = volts - np.polyval(np.polyfit(elevation, volts, 4), elevation)
    inside = (elevation >= 5) & (elevation <= 25)
    np.testing.assert_allclose(waves.dsnr, expected[inside], atol=1e-6)
    np.testing.assert_allclose(waves.t, np.sin(np.radians(elevation[inside])))


def test_arc_too_short_for_its_trend_owns_no_points():
    arcs = cut_arcs(_points(np.linspace(10, 11, 7), np.full(7, 40.0)), ArcSettings())
    waves = detrend(arcs, np.array([L2_M]), 4)
    assert waves.start.tolist() == [0, 0]
    assert np.isnan(fit_fixed_height(waves, np.array([1.8])).phase_deg[0])


def test_two_points_in_the_window_measure_nothing():
    # Enough points for the trend, but not for an interferogram in the window.
    arcs = cut_arcs(_points(np.linspace(24.9, 30, 60), np.full(60, 40.0)), ArcSettings())
    assert arcs.window.sum() == 2
    assert detrend(arcs, np.array([L2_M])).start.tolist() == [0, 0]


@pytest.mark.parametrize("steps", [2, 4, 9])
def test_angles_that_repeat_do_not_hold_a_trend_and_spare_their_neighbour(steps):
    flat = np.repeat(10.0 + np.arange(steps), 40)
    good = np.linspace(5, 30, 150)
    points = [_points(flat, np.full(len(flat), 40.0)), _points(good, np.full(150, 41.0), "G07")]
    joined = SkyPoints(
        *(np.concatenate(c) for c in zip(*(vars(p).values() for p in points), strict=True))
    )
    waves = detrend(cut_arcs(joined, ArcSettings()), np.full(2, L2_M), 4)
    assert np.diff(waves.start).tolist() == [0, ((good >= 5) & (good <= 25)).sum()]
    assert np.isfinite(waves.dsnr).all()


@pytest.mark.parametrize(("height_m", "change_deg"), [(1.5, 2.2), (1.6, 2), (1.8, 2), (2.0, 2)])
def test_detrending_biases_phase_by_a_few_degrees_and_its_change_by_less(height_m, change_deg):
    # The bias is up to 4 degrees and varies by about 2 over a swing of 40 (docs/deviations.md).
    elevation = np.linspace(5, 30, 150)
    t = np.sin(np.radians(elevation))
    direct = 100 + 4 * elevation - 0.03 * elevation**2
    bias = []
    for phase in (0.0, 40.0):
        volts = direct + 10 * np.sin(4 * np.pi * height_m / L2_M * t + np.radians(phase))
        arcs = cut_arcs(_points(elevation, 20 * np.log10(volts)), ArcSettings())
        fit = fit_fixed_height(detrend(arcs, np.array([L2_M])), np.array([height_m]))
        bias.append(wrap_deg(fit.phase_deg - phase)[0])
    assert max(map(abs, bias)) < 5
    assert abs(bias[1] - bias[0]) < change_deg


def test_volts_are_ten_to_the_twentieth_of_decibels():
    assert snr_volts(np.array([20.0, 40.0, 46.0206])) == pytest.approx([10, 100, 200], rel=1e-5)
