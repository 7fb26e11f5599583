"""Arcs -> interferograms -> height, amplitude and phase, all arcs at once.

The interferogram is the detrended SNR in volts against ``t = sin(elevation)``; its model is
``y = A sin(4 pi h t / wavelength + phi)``, A > 0. Jiang et al. (2024), eq. 3, write a cosine, which
differs by a constant 90 degrees. **Moisture rises as phi falls** in this convention.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.polynomial import legendre
from numpy.typing import NDArray

from retrieval.arcs import ArcSet

__all__ = [
    "Interferograms",
    "SinusoidFit",
    "detrend",
    "fit_fixed_height",
    "fit_free_height",
    "snr_volts",
]

# Points beyond the number of coefficients that a trend needs before its residual means anything.
_SPARE_POINTS = 5
_LEAST_SPAN_DEG = 0.5
_SLOPE_STEP_M = 0.005
_ITERATIONS = 20
_CONVERGED_M = 1e-6
_LARGEST_STEP_M = 0.05
_LARGEST_CONDITION = 1e14

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Interferograms:
    """Detrended SNR of m arcs, one after another.

    Attributes
    ----------
    t : (n,) float64
        sin(apparent elevation).
    dsnr : (n,) float64
        Detrended SNR, volts/volts.
    elevation_deg : (n,) float64
        Apparent elevation.
    start : (m + 1,) intp
        Arc k owns ``start[k]:start[k + 1]``; an arc too short to detrend owns nothing.
    wavelength_m : (m,) float64
        Carrier wavelength.
    """

    t: Floats
    dsnr: Floats
    elevation_deg: Floats
    start: NDArray[np.intp]
    wavelength_m: Floats

    def __len__(self) -> int:
        return len(self.wavelength_m)

    @property
    def arc_of_point(self) -> NDArray[np.intp]:
        """Arc index of each point, (n,)."""
        return np.repeat(np.arange(len(self)), np.diff(self.start))


@dataclass(frozen=True)
class SinusoidFit:
    """Least-squares sinusoids of m arcs; NaN where an arc has too few points.

    Attributes
    ----------
    height_m : (m,) float64
        The height the phase refers to: given ("fixed") or fitted ("free").
    amplitude : (m,) float64
        A, volts/volts, >= 0.
    phase_deg, phase_sigma_deg : (m,) float64
        phi in (-180, 180] and its standard error from the residuals.
    dphase_dheight_deg_per_mm : (m,) float64
        By how much phi grows when the reflector sinks by 1 mm, about ``720 mean(t) / wavelength``
        (mm). To refer a phase to another height h1: ``phi - slope (h1 - height_m) * 1000``.
    height_sigma_m, phase_height_correlation : (m,) float64
        Standard error of a free height and its correlation with phi; NaN for a fixed height.
    """

    height_m: Floats
    amplitude: Floats
    phase_deg: Floats
    phase_sigma_deg: Floats
    dphase_dheight_deg_per_mm: Floats
    height_sigma_m: Floats
    phase_height_correlation: Floats


def snr_volts(snr_dbhz: Floats) -> Floats:
    """Convert C/N0 (dB-Hz) to linear voltage units, ``10 ** (C/N0 / 20)`` (volts/volts).

    Examples
    --------
    >>> float(snr_volts(np.array([40.0]))[0])
    100.0
    """
    return np.asarray(np.power(10.0, np.asarray(snr_dbhz) / 20.0))


def wrap_deg(angle_deg: Floats) -> Floats:
    """Wrap angles into (-180, 180].

    Examples
    --------
    >>> wrap_deg(np.array([190.0, -180.0])).tolist()
    [-170.0, 180.0]
    """
    return np.asarray(180.0 - np.mod(180.0 - np.asarray(angle_deg), 360.0))


def _sum(values: Floats, arc: NDArray[np.intp], count: int) -> Floats:
    """Sum per arc; an arc without points gets 0."""
    return np.bincount(arc, weights=values, minlength=count).astype(np.float64, copy=False)


def detrend(arcs: ArcSet, wavelength_m: Floats, order: int = 4) -> Interferograms:
    """Remove the direct signal's trend and keep the analysis window.

    Parameters
    ----------
    arcs : ArcSet
        m arcs over the whole detrending range.
    wavelength_m : (m,) float64
        Carrier wavelength of each arc.
    order : int
        Order of the polynomial in elevation (degrees) fitted to the SNR in volts over the arc's
        full range (Larson et al. 2008).

    Notes
    -----
    The trend also takes away some of the interference: from 1.5 m upward a fixed-height phase is
    off by up to 3 degrees and a height by up to 12 mm, at 1 m by 7 degrees and 4 cm
    (docs/deviations.md). Changes survive, absolutes do not.
    """
    count = len(arcs)
    points = arcs.points
    arc = arcs.arc_of_point
    if count == 0:
        empty = np.zeros(0)
        return Interferograms(empty, empty, empty, np.zeros(1, np.intp), empty)
    low = np.minimum.reduceat(points.elevation_deg, arcs.first)
    span = np.maximum.reduceat(points.elevation_deg, arcs.first) - low
    # Rounded angles may repeat, and only different ones hold a polynomial.
    moved = np.diff(points.elevation_deg, prepend=np.nan) != 0
    distinct = np.add.reduceat(moved, arcs.first, dtype=np.intp)
    inside = np.add.reduceat(arcs.window, arcs.first, dtype=np.intp)
    usable = np.minimum(distinct, inside) >= order + 1 + _SPARE_POINTS
    usable &= span >= _LEAST_SPAN_DEG

    kept = usable[arc]
    arc = arc[kept]
    elevation = points.elevation_deg[kept]
    volts = snr_volts(points.snr_dbhz[kept])
    x = 2.0 * (elevation - low[arc]) / span[arc] - 1.0
    basis = legendre.legvander(x, order)
    terms = order + 1
    normal = np.zeros((count, terms, terms))
    right = np.zeros((count, terms))
    for i in range(terms):
        right[:, i] = _sum(basis[:, i] * volts, arc, count)
        for j in range(i, terms):
            normal[:, i, j] = normal[:, j, i] = _sum(basis[:, i] * basis[:, j], arc, count)
    normal[~usable] = np.eye(terms)
    coefficients = np.linalg.solve(normal, right[..., None])[..., 0]
    dsnr = volts - np.einsum("ij,ij->i", basis, coefficients[arc])

    windowed = arcs.window[kept]
    counts = np.bincount(arc[windowed], minlength=count)
    return Interferograms(
        np.sin(np.radians(elevation[windowed])),
        dsnr[windowed],
        elevation[windowed],
        np.concatenate([[0], np.cumsum(counts)]).astype(np.intp),
        np.asarray(wavelength_m, dtype=np.float64),
    )


def _linear_fit(
    waves: Interferograms, height_m: Floats
) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Fit ``a sin + b cos`` at given heights: a, b, their variances and covariance."""
    arc, count = waves.arc_of_point, len(waves)
    angle = (4.0 * np.pi * height_m / waves.wavelength_m)[arc] * waves.t
    sine, cosine = np.sin(angle), np.cos(angle)
    ss, cc, sc = (
        _sum(u * v, arc, count) for u, v in ((sine, sine), (cosine, cosine), (sine, cosine))
    )
    ys, yc, yy = (_sum(waves.dsnr * v, arc, count) for v in (sine, cosine, waves.dsnr))
    with np.errstate(divide="ignore", invalid="ignore"):
        determinant = ss * cc - sc**2
        a = (cc * ys - sc * yc) / determinant
        b = (ss * yc - sc * ys) / determinant
        residual = np.maximum(yy - a * ys - b * yc, 0.0)
        number = np.diff(waves.start)
        variance = residual / np.where(number > 2, number - 2, np.nan)
        return (
            a,
            b,
            variance * cc / determinant,
            variance * ss / determinant,
            -variance * sc / determinant,
        )


def _polar(
    a: Floats, b: Floats, var_a: Floats, var_b: Floats, cov_ab: Floats
) -> tuple[Floats, Floats, Floats]:
    """Amplitude, phase (deg) and phase sigma (deg) of ``a sin + b cos``."""
    with np.errstate(divide="ignore", invalid="ignore"):
        power = a**2 + b**2
        variance = (b**2 * var_a + a**2 * var_b - 2.0 * a * b * cov_ab) / power**2
        return (
            np.sqrt(power),
            wrap_deg(np.degrees(np.arctan2(b, a))),
            np.degrees(np.sqrt(np.maximum(variance, 0.0))),
        )


def _slope(waves: Interferograms, height_m: Floats) -> Floats:
    """Growth of the fitted phase per mm that the true reflector sinks, degrees."""
    lower, upper = (
        _linear_fit(waves, height_m + step)[:2] for step in (-_SLOPE_STEP_M, _SLOPE_STEP_M)
    )
    with np.errstate(invalid="ignore"):
        change = wrap_deg(
            np.degrees(np.arctan2(upper[1], upper[0]) - np.arctan2(lower[1], lower[0]))
        )
    return -change / (2000.0 * _SLOPE_STEP_M)


def fit_fixed_height(waves: Interferograms, height_m: Floats) -> SinusoidFit:
    """Fit amplitude and phase at given heights, in closed form.

    Parameters
    ----------
    waves : Interferograms
        m arcs.
    height_m : (m,) float64
        A-priori height of each arc; NaN gives NaN.

    Returns
    -------
    SinusoidFit
        Phase and amplitude of the least-squares sinusoid (linear in ``A cos phi, A sin phi``), and
        the slope by which the phase is re-referenced to another height: exact to .2 degrees over
        2 cm and .5 degrees over 3 cm at the heights and wavelengths of soil moisture stations.
    """
    height_m = np.asarray(height_m, dtype=np.float64)
    a, b, var_a, var_b, cov_ab = _linear_fit(waves, height_m)
    amplitude, phase, sigma = _polar(a, b, var_a, var_b, cov_ab)
    unknown = np.full(len(waves), np.nan)
    return SinusoidFit(height_m, amplitude, phase, sigma, _slope(waves, height_m), unknown, unknown)


def fit_free_height(waves: Interferograms, start_height_m: Floats) -> SinusoidFit:
    """Fit height, amplitude and phase together (Jiang et al. 2024, eq. 3).

    Parameters
    ----------
    waves : Interferograms
        m arcs.
    start_height_m : (m,) float64
        Where the iteration begins: the periodogram's peak.

    Returns
    -------
    SinusoidFit
        Gauss-Newton solution with the standard errors of height and phase and their correlation,
        which is strong (about -.95): that is why moisture is read from a fixed height. An arc that
        does not converge is NaN.
    """
    arc, count = waves.arc_of_point, len(waves)
    k = 4.0 * np.pi / waves.wavelength_m
    height = np.asarray(start_height_m, dtype=np.float64).copy()
    a, b = _linear_fit(waves, height)[:2]
    normal = np.zeros((count, 3, 3))
    residual = np.zeros(count)
    step = np.full(count, np.nan)
    for _ in range(_ITERATIONS):
        angle = (k * height)[arc] * waves.t
        sine, cosine = np.sin(angle), np.cos(angle)
        jacobian = (
            k[arc] * waves.t * (a[arc] * cosine - b[arc] * sine),
            sine,
            cosine,
        )
        misfit = waves.dsnr - a[arc] * sine - b[arc] * cosine
        right = np.stack([_sum(column * misfit, arc, count) for column in jacobian], axis=1)
        for i in range(3):
            for j in range(i, 3):
                normal[:, i, j] = normal[:, j, i] = _sum(jacobian[i] * jacobian[j], arc, count)
        residual = _sum(misfit**2, arc, count)
        finite = np.flatnonzero(
            np.isfinite(normal).all(axis=(1, 2)) & np.isfinite(right).all(axis=1)
        )
        solvable = finite[np.linalg.cond(normal[finite]) < _LARGEST_CONDITION]
        change = np.full((count, 3), np.nan)
        change[solvable] = np.linalg.solve(normal[solvable], right[solvable][..., None])[..., 0]
        step = change[:, 0]
        limit = np.minimum(1.0, _LARGEST_STEP_M / np.maximum(np.abs(step), 1e-12))
        height = height + limit * step
        a, b = _linear_fit(waves, height)[:2]
        if np.nanmax(np.abs(step), initial=0.0) < _CONVERGED_M:
            break
    converged = np.abs(step) < 10 * _CONVERGED_M
    covariance = np.full((count, 3, 3), np.nan)
    spare = np.diff(waves.start) - 3
    good = converged & (spare > 0)
    covariance[good] = np.linalg.inv(normal[good]) * (residual[good] / spare[good])[:, None, None]
    amplitude, phase, sigma = _polar(
        a, b, covariance[:, 1, 1], covariance[:, 2, 2], covariance[:, 1, 2]
    )
    height_sigma = np.sqrt(covariance[:, 0, 0])
    with np.errstate(divide="ignore", invalid="ignore"):
        phase_height = (a * covariance[:, 0, 2] - b * covariance[:, 0, 1]) / (a**2 + b**2)
        correlation = phase_height / (height_sigma * np.radians(sigma))
    fit = SinusoidFit(
        height, amplitude, phase, sigma, _slope(waves, height), height_sigma, correlation
    )
    return replace(
        fit,
        **{
            name: np.where(good, getattr(fit, name), np.nan) for name in SinusoidFit.__annotations__
        },
    )
