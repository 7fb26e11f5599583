"""The periodogram against astropy's exact one and against sums written out."""

import tracemalloc

import numpy as np
import pytest
from astropy.timeseries import LombScargle

from retrieval.periodogram import amplitude_spectra, height_grid, spectral_peaks

L2_M = 0.2442102134
L1_M = 0.1902936728


def _arc(seed, n=110, height_m=1.85, wavelength_m=L2_M, noise=3.0, offset=0.0):
    rng = np.random.default_rng(seed)
    t = np.sin(np.radians(np.sort(rng.uniform(5, 25, n))))
    y = 10 * np.sin(4 * np.pi * height_m / wavelength_m * t + 0.7) + rng.normal(0, noise, n)
    return t, y + offset


def _astropy_amplitude(t, y, heights_m, wavelength_m, *, fit_mean):
    """2 sqrt(P / N), with P the unnormalised periodogram, half the drop of the sum of squares."""
    power = LombScargle(t, y, fit_mean=fit_mean, center_data=False, normalization="psd").power(
        2 * heights_m / wavelength_m, method="slow", assume_regular_frequency=True
    )
    return 2 * np.sqrt(power / len(t))


@pytest.mark.parametrize("floating_mean", [False, True])
def test_spectrum_equals_astropys_exact_lomb_scargle(floating_mean):
    heights = height_grid((0.4, 8.0), 0.005)
    t, y = _arc(1, offset=2.0)
    ours = amplitude_spectra(
        t[None],
        y[None],
        np.ones((1, len(t)), bool),
        np.array([L2_M]),
        heights,
        floating_mean=floating_mean,
    )[0]
    theirs = _astropy_amplitude(t, y, heights, L2_M, fit_mean=floating_mean)
    np.testing.assert_allclose(ours, theirs, rtol=1e-7, atol=1e-9)


def test_arcs_of_different_length_and_wavelength_do_not_disturb_each_other():
    heights = height_grid((0.5, 6.0), 0.005)
    parts = [_arc(2, 40, 1.2), _arc(3, 300, 3.3, L1_M), _arc(4, 21, 5.1, L1_M), _arc(5, 150, 2.0)]
    wavelengths = np.array([L2_M, L1_M, L1_M, L2_M])
    start = np.concatenate([[0], np.cumsum([len(t) for t, _ in parts])])
    peaks = spectral_peaks(
        np.concatenate([t for t, _ in parts]),
        np.concatenate([y for _, y in parts]),
        start,
        wavelengths,
        heights,
    )
    for k, (t, y) in enumerate(parts):
        fine = np.linspace(peaks.height_m[k] - 0.004, peaks.height_m[k] + 0.004, 801)
        exact = _astropy_amplitude(t, y, fine, wavelengths[k], fit_mean=False)
        assert abs(fine[exact.argmax()] - peaks.height_m[k]) < 5e-5
        assert peaks.amplitude[k] == pytest.approx(exact.max(), rel=1e-5)
        whole = _astropy_amplitude(t, y, heights, wavelengths[k], fit_mean=False)
        assert peaks.peak_to_noise[k] == pytest.approx(exact.max() / whole.mean(), rel=1e-5)


@pytest.mark.parametrize("height_m", [0.6, 1.0, 1.7352, 4.0, 7.5])
def test_noise_free_sinusoid_over_many_cycles_gives_its_height(height_m):
    # Leakage from the negative frequency biases a peak by less as the cycles become more.
    t = np.linspace(0.05, 0.95, 2000)
    y = 5 * np.sin(4 * np.pi * height_m / L1_M * t + 0.3)
    peaks = spectral_peaks(
        t, y, np.array([0, len(t)]), np.array([L1_M]), height_grid((0.4, 8.0), 0.005)
    )
    assert peaks.height_m[0] == pytest.approx(height_m, abs=2e-3)
    assert peaks.amplitude[0] == pytest.approx(5.0, rel=2e-2)
    assert not peaks.at_edge[0]


def test_second_reflector_shows_as_the_second_peak_ratio():
    t = np.sin(np.radians(np.linspace(5, 30, 400)))
    y = 10 * np.sin(4 * np.pi * 1.5 / L2_M * t) + 6 * np.sin(4 * np.pi * 4.5 / L2_M * t)
    peaks = spectral_peaks(
        t, y, np.array([0, len(t)]), np.array([L2_M]), height_grid((0.4, 8.0), 0.005)
    )
    assert peaks.height_m[0] == pytest.approx(1.5, abs=0.03)
    assert peaks.second_peak_ratio[0] == pytest.approx(0.6, abs=0.06)


def test_height_below_the_range_is_reported_as_an_edge():
    t = np.sin(np.radians(np.linspace(5, 25, 200)))
    y = np.sin(4 * np.pi * 0.9 / L2_M * t)
    peaks = spectral_peaks(
        t, y, np.array([0, len(t)]), np.array([L2_M]), height_grid((1.0, 1.2), 0.005)
    )
    assert peaks.at_edge[0]


def test_empty_arc_is_nan_and_its_neighbours_are_not():
    t, y = _arc(6)
    peaks = spectral_peaks(
        t, y, np.array([0, 0, len(t), len(t)]), np.full(3, L2_M), height_grid((0.4, 8.0), 0.005)
    )
    assert np.isnan(peaks.height_m).tolist() == [True, False, True]


def test_all_zero_interferogram_has_no_peak_to_noise():
    t, _ = _arc(7)
    peaks = spectral_peaks(
        t, np.zeros_like(t), np.array([0, len(t)]), np.array([L2_M]), height_grid((0.4, 8), 0.005)
    )
    assert np.isnan(peaks.peak_to_noise[0])
    assert peaks.amplitude[0] == 0


def test_height_grid_holds_both_ends_and_no_step_exceeds_the_asked_one():
    grid = height_grid((0.4, 8.0), 0.007)
    assert grid[0] == 0.4
    assert grid[-1] == 8.0
    assert np.diff(grid).max() <= 0.007


def test_memory_does_not_grow_with_the_number_of_arcs():
    heights = height_grid((0.4, 60.0), 0.005)
    t, y = _arc(8)

    def peak_mb(arcs):
        tracemalloc.start()
        spectral_peaks(
            np.tile(t, arcs),
            np.tile(y, arcs),
            np.arange(0, (arcs + 1) * len(t), len(t)),
            np.full(arcs, L2_M),
            heights,
        )
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak / 1e6

    assert peak_mb(400) < 250
