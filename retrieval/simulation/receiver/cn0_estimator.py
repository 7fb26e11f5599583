"""What a receiver makes of a carrier-to-noise ratio: noise, squaring loss, steps.

In units of the noise density, a signal of carrier-to-noise ratio C/N0 (Hz) has the amplitude
a = sqrt(C/N0): the field's "volts per volt", 10^(dB-Hz / 20). A mean over tau seconds leaves
thermal noise of variance 1 / (2 tau) in each of the two quadratures, since complex white noise of
density N0 has the power N0 / tau in a bandwidth of 1 / tau (Misra and Enge 2011, Global Positioning
System, 2nd ed., on signal power and noise). The receiver forms

    measured C/N0 = |a + n|^2 / q,    n complex, variance f^2 / (2 tau) per quadrature,

where q is its estimate of the noise density relative to the true one. |a + n| is Rician. For q it
has K = tau / T samples of the correlator's output of length T, so that 2 K q is chi-square with 2 K
degrees of freedom. (For estimators and their spread see Van Dierendonck in Parkinson and Spilker
1996, Global Positioning System, volume I, chapter 8, and Falletti, Pini and Lo Presti 2011, IEEE
Trans. Aerosp. Electron. Syst. 47(1), 420-437.) For a strong signal the reported amplitude a'
scatters by

    variance(a') = f^2 / (2 tau) + a^2 T / (4 tau),

a constant part and one proportional to the amplitude. Both are seen in real files. The table is of
third differences between epochs (their standard deviation over sqrt(20), which takes out what
changes smoothly, interferograms included), less the variance of the rounding, step^2 / 12:

==================================  ===========  =====================  ======================
receiver, interval, signal          amplitude    noise                  as f and T at 1 s
==================================  ===========  =====================  ======================
Trimble NetR9, 1 s, GPS L1 C/A      87 to 367    2.3 to 7.0 (0.16 dB)   f 2.3, T 1.15 ms
same, GPS L2C                       93 to 447    2.1 to 6.1 (0.12 dB)   f 2.3, T 0.7 ms
same, GPS L5                        41 to 186    1.2 to 2.9 (0.14 dB)   f 1.4, T 0.8 ms
same, Galileo E1                    39 to 452    1.8 to 7.4 (0.14 dB)   f 2.4, T 1.0 ms
same, Galileo E5a, E5b, E5          37 to 495    1.2 to 7.8 (0.14 dB)   f 1.4 to 1.7, T 0.8 ms
same, GLONASS L1 and L2 C/A         40 to 182    1.5 to 3.0 (0.14 dB)   f 1.3 to 1.6, T 1.2 ms
Septentrio PolaRx5, 30 s, L1 C/A    335          5.8 (0.15 dB)          above 60 degrees
same, L2C                           299          4.0 (0.12 dB)          above 60 degrees
same, L5                            188          2.4 (0.11 dB)          above 60 degrees
same, L2C                           91           4.2                    15 to 30 degrees
MCHL (pasture), 30 s, L2C           88           4.3                    12 to 25 degrees
==================================  ===========  =====================  ======================

The steps of the files are 0.1 dB (NetR9, MCHL) and 0.25 dB (PolaRx5, whose rounding alone is
0.07 dB, or 2.5 at amplitude 300). At 1 s the differences are hardly correlated (lag one -0.66 to
-0.74; white noise has -0.75). So the defaults are f = 2, T = 1 ms and one second of averaging, also
for files of 30 s, whose values are no quieter. What low satellites show in excess at 30 s (4 where
the defaults give 2) is scattering from rough ground and plants rather than the receiver; f = 5.7
has it as noise.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["codeless_loss_db", "measured_cn0", "quantised"]

_W_RATE_HZ = 500e3


def measured_cn0(
    cn0_hz: NDArray[np.float64],
    draws: NDArray[np.float64],
    averaging_s: float = 1.0,
    noise_factor: float = 2.0,
    predetection_s: float = 1e-3,
) -> NDArray[np.float64]:
    """Return the carrier-to-noise ratio that a receiver estimates.

    Parameters
    ----------
    cn0_hz : (...) float64
        True ratio, Hz (not dB-Hz), 0 or more; NaN stays NaN.
    draws : (3, ...) float64
        Standard normal numbers: two for the quadratures, one for the estimate of the noise.
    averaging_s : float
        Averaging time tau, at least `predetection_s`.
    noise_factor : float
        Factor f on the thermal noise of an ideal estimator, 0 or more.
    predetection_s : float
        Length T of the correlator's outputs from which the noise is estimated; 0 if it is known.

    Returns
    -------
    (...) float64
        Measured ratio, Hz, 0 or more. Rician noise makes its mean exceed the truth by f^2 / tau.

    Notes
    -----
    See the module for the equations. The chi-square variable is made of a normal one by the cube of
    Wilson and Hilferty (1931), PNAS 17, 684-688.
    """
    sigma = noise_factor / np.sqrt(2 * averaging_s)
    power = (np.sqrt(cn0_hz) + sigma * draws[0]) ** 2 + (sigma * draws[1]) ** 2
    spread = predetection_s / (9 * averaging_s)
    noise = (1 - spread + np.sqrt(spread) * draws[2]) ** 3
    measured: NDArray[np.float64] = power / noise
    return measured


def codeless_loss_db(aiding_cn0_dbhz: ArrayLike) -> NDArray[np.float64]:
    """Return what semi-codeless tracking of P(Y) loses against a receiver that knows the code, dB.

    Parameters
    ----------
    aiding_cn0_dbhz : array_like
        Ratio at which a receiver that knows the code would see the P(Y) signal of the *other*
        carrier, from which the encrypting W bits are estimated, dB-Hz.

    Returns
    -------
    array, same shape
        Loss, positive, dB.

    Notes
    -----
    W bits come at about 500 kHz (Ashjaee and Lorenz 1992, ION GPS-92, 657-659). Over one bit the
    aiding signal has the amplitude s, s^2 = 2 C/N0 / 500 kHz, in noise of variance one. The best
    weight for the other signal is the expected bit (Woo 2000, Navigation 47(2), 82-99), which keeps
    the share s^2 / (1 + s^2) of its power (exact for weak and for strong signals). Deciding each
    bit instead costs pi / 2, 2 dB, more. So a reported L2 P(Y) falls by 2 dB when both carriers
    fall by 1 dB, and holds the fringes of both. With P(Y) 1.5 dB below C/A on both carriers it
    agrees with files of three receivers (Septentrio PolaRx5, two Trimble NetR9; satellites of
    block IIR, in dB-Hz):

    =================  ====  ====  ====  ====
    reported L1 C/A    39.6  42.3  45.5  48.6
    reported L2 P(Y)   22.2  27.5  33.9  40.1
    this model         22.0  27.4  33.6  39.5
    =================  ====  ====  ====  ====

    Satellites of blocks IIR-M and IIF report up to 10 dB more, since power is shifted to their P(Y)
    (Steigenberger, Thoelert and Montenbruck 2019, GPS Solutions 23, 8).

    Examples
    --------
    >>> print(round(float(codeless_loss_db(40.0)), 1))
    14.1
    """
    bit_snr = 2 * 10 ** (np.asarray(aiding_cn0_dbhz, np.float64) / 10) / _W_RATE_HZ
    with np.errstate(divide="ignore"):  # without a signal everything is lost
        loss: NDArray[np.float64] = 10 * np.log10(1 + 1 / bit_snr)
    return loss


def quantised(snr_dbhz: NDArray[np.float64], step_db: float) -> NDArray[np.float64]:
    """Return values rounded to multiples of a step, halves to the even multiple.

    Parameters
    ----------
    snr_dbhz : array
        dB-Hz; NaN stays NaN.
    step_db : float
        Such as 0.25 or 1; 0 leaves the values as they are. RINEX keeps three decimals anyhow.

    Examples
    --------
    >>> quantised(np.array([40.1, 40.125, 40.375]), 0.25).tolist()
    [40.0, 40.0, 40.5]
    """
    return np.rint(snr_dbhz / step_db) * step_db if step_db else snr_dbhz
