import numpy as np
import pytest
from scipy.special import erf, ive

from retrieval.simulation.receiver.cn0_estimator import codeless_loss_db, measured_cn0, quantised
from retrieval.simulation.streams import normal

COUNT = 200_000
DRAWS = normal(11, ("test",), 3 * COUNT).reshape(3, COUNT)


@pytest.mark.parametrize("cn0_dbhz", [-3.0, 5.0, 20.0, 45.0])
@pytest.mark.parametrize(("averaging_s", "noise_factor"), [(1.0, 1.0), (1.0, 2.0), (0.02, 1.5)])
def test_amplitude_is_rician(cn0_dbhz, averaging_s, noise_factor):
    # Rice (1945), Bell Syst. Tech. J. 24, 46-156: with x = a^2 / (2 sigma^2) the mean is
    # sigma sqrt(pi / 2) exp(-x / 2) [(1 + x) I0(x / 2) + x I1(x / 2)], the mean square
    # a^2 + 2 sigma^2. The noise density is known here: its samples are ten million and more.
    amplitude, sigma = 10 ** (cn0_dbhz / 20), noise_factor / np.sqrt(2 * averaging_s)
    measured = np.sqrt(
        measured_cn0(np.full(COUNT, amplitude**2), DRAWS, averaging_s, noise_factor, 1e-9)
    )
    x = amplitude**2 / (2 * sigma**2)
    mean = sigma * np.sqrt(np.pi / 2) * ((1 + x) * ive(0, x / 2) + x * ive(1, x / 2))
    variance = amplitude**2 + 2 * sigma**2 - mean**2
    # Five standard errors of a mean, and of the variance of a nearly normal variable.
    assert measured.mean() == pytest.approx(mean, abs=5 * np.sqrt(variance / COUNT))
    assert measured.var() == pytest.approx(variance, rel=5 * np.sqrt(2 / COUNT))


@pytest.mark.parametrize("n_samples", [20, 1000])
def test_estimate_of_the_noise_scatters_as_chi_square(n_samples):
    # Without thermal noise C/N0 / measured is q, chi-square of 2 K degrees of freedom over 2 K:
    # mean 1, variance 1 / K.
    q = 1e4 / measured_cn0(np.full(COUNT, 1e4), DRAWS, n_samples * 1e-3, 0.0, 1e-3)
    assert q.mean() == pytest.approx(1, abs=5 / np.sqrt(n_samples * COUNT) + 1e-4)
    assert q.var() == pytest.approx(1 / n_samples, rel=0.02)
    assert q.min() > 0


def test_strong_signal_scatters_by_both_parts():
    # f = 2, tau = 1 s, T = 1 ms, a = 300: 4 / 2 + 300^2 / 4000 = 24.5.
    amplitude = np.sqrt(measured_cn0(np.full(COUNT, 300.0**2), DRAWS))
    assert amplitude.var() == pytest.approx(24.5, rel=0.02)
    # Averaged over 100 s it is a hundredth.
    amplitude = np.sqrt(measured_cn0(np.full(COUNT, 300.0**2), DRAWS, averaging_s=100.0))
    assert amplitude.var() == pytest.approx(0.245, rel=0.02)


def test_satellite_out_of_view_stays_so():
    assert np.isnan(measured_cn0(np.array([np.nan]), np.zeros((3, 1)))).all()


def test_codeless_loss_lies_between_decided_bits_and_none():
    weak = np.array([25.0, 30.0, 35.0, 40.0])
    loss = codeless_loss_db(weak)
    # The other extreme of treating W bits is to decide each: the share kept is then (1 - 2 p)^2
    # with p the share of wrong bits, 1 - 2 p = erf(sqrt(C/N0 T)). It costs pi / 2 more.
    decided = -20 * np.log10(erf(np.sqrt(10 ** (weak / 10) / 500e3)))
    np.testing.assert_allclose(decided - loss, 10 * np.log10(np.pi / 2), atol=0.15)
    # Twice 10^4 Hz over 500 kHz is 1/25: 10 log10(26).
    assert codeless_loss_db(40.0) == pytest.approx(14.15, abs=0.005)
    assert codeless_loss_db(90.0) < 0.01
    assert codeless_loss_db(-np.inf) == np.inf


def test_weak_codeless_signal_falls_twice_as_fast():
    reported = [cn0 - codeless_loss_db(cn0) for cn0 in (25.0, 26.0)]
    assert reported[1] - reported[0] == pytest.approx(2, abs=0.01)


def test_steps_round_half_to_even():
    values = np.array([0.5, 1.5, 2.5, 44.49, np.nan])
    np.testing.assert_array_equal(quantised(values, 1.0), [0, 2, 2, 44, np.nan])
    np.testing.assert_array_equal(quantised(values, 0.0), values)
    # 40.125 = 160.5 quarters, 40.375 = 161.5 quarters.
    assert quantised(np.array([40.125, 40.375, 40.2]), 0.25).tolist() == [40.0, 40.5, 40.25]
    np.testing.assert_allclose(quantised(np.array([40.1234]), 0.001), 40.123, rtol=0, atol=1e-9)
