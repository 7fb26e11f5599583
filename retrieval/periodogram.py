"""Lomb-Scargle periodograms of many interferograms at once, exact to rounding.

The interferogram is ``y`` against ``t = sin(elevation)``; it oscillates with
``f = 2 h / wavelength`` cycles per unit of ``t``, so the spectrum is wanted on a uniform grid of
reflector heights ``h``. The sums over points of ``y exp(2 pi i f t)`` are not approximated: a
uniform grid of A x B heights factorises, ``exp(i k (a B + b) t) = exp(i k a B t) exp(i k b t)``,
which turns A x B exponentials a point into A + B of them and one matrix product. It costs less than
the usual gridding and FFT at the lengths arcs have (hundreds of points), and has nothing to tune.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

__all__ = ["PeakTable", "amplitude_spectra", "height_grid", "spectral_peaks"]

# Arcs are padded to a common length in groups. A group's largest arrays hold about this many
# numbers, which bounds memory at some 200 MB whatever the number of arcs and heights.
_GROUP_NUMBERS = 2_000_000
_LEAST_SUM = 1e-9


@dataclass(frozen=True)
class PeakTable:
    """The highest peak of each spectrum.

    Attributes
    ----------
    height_m : (m,) float64
        Reflector height, refined between grid points by a parabola; NaN for an empty arc.
    amplitude : (m,) float64
        Peak amplitude, units of y.
    peak_to_noise : (m,) float64
        Peak over the mean of the amplitude spectrum on the height range.
    second_peak_ratio : (m,) float64
        Highest spectrum value outside the main lobe over the peak; the lobe reaches
        ``wavelength / (2 (t_max - t_min))`` to each side (the Rayleigh resolution).
    at_edge : (m,) bool
        The maximum is the first or last height: no peak was found inside the range.
    """

    height_m: NDArray[np.float64]
    amplitude: NDArray[np.float64]
    peak_to_noise: NDArray[np.float64]
    second_peak_ratio: NDArray[np.float64]
    at_edge: NDArray[np.bool_]


def height_grid(height_m: tuple[float, float], step_m: float) -> NDArray[np.float64]:
    """Return uniform heights from low to high inclusive, in steps of at most `step_m`.

    Examples
    --------
    >>> len(height_grid((0.5, 1.0), 0.005))
    101
    """
    low, high = height_m
    count = max(3, int(np.ceil((high - low) / step_m - 1e-9)) + 1)
    return np.linspace(low, high, count)


def _groups(counts: NDArray[np.intp], n_heights: int) -> Iterator[NDArray[np.intp]]:
    """Yield indices of arcs of similar length, in groups of bounded size, without empty arcs."""
    # Exponentials of a point, in A + B of A x B heights, and a spectrum.
    numbers_of_arc = 2 * int(np.ceil(np.sqrt(n_heights))) * counts + n_heights
    order = np.argsort(counts, kind="stable")
    order = order[counts[order] > 0]
    first = 0
    while first < len(order):
        last = first + 1
        while (
            last < len(order) and (last - first + 1) * numbers_of_arc[order[last]] <= _GROUP_NUMBERS
        ):
            last += 1
        yield order[first:last]
        first = last


def _powers(base: NDArray[np.complex128], count: int) -> NDArray[np.complex128]:
    """Return ``base ** 0 ... base ** (count - 1)`` along a new last axis."""
    stack = np.broadcast_to(base[..., None], (*base.shape, count)).copy()
    stack[..., 0] = 1.0
    return np.asarray(np.cumprod(stack, axis=-1), dtype=np.complex128)


def _sums(
    wavenumber: NDArray[np.float64],
    t: NDArray[np.float64],
    weights: list[NDArray[np.float64]],
    heights_m: NDArray[np.float64],
) -> list[NDArray[np.complex128]]:
    """Sum over points of ``w exp(i wavenumber h t)`` for each weight w, arcs (g, l) -> (g, h)."""
    count = len(heights_m)
    fine = int(np.ceil(np.sqrt(count)))
    coarse = -(-count // fine)
    step = (heights_m[-1] - heights_m[0]) / (count - 1)
    angle = wavenumber[:, None] * t
    head = np.exp(1j * angle * heights_m[0])
    block = head[..., None] * _powers(np.exp(1j * angle * (step * fine)), coarse)
    inner = _powers(np.exp(1j * angle * step), fine)
    results = []
    for weight in weights:
        product = np.matmul((weight[..., None] * block).swapaxes(1, 2), inner)
        results.append(product.reshape(len(t), coarse * fine)[:, :count])
    return results


def amplitude_spectra(
    t: NDArray[np.float64],
    y: NDArray[np.float64],
    inside: NDArray[np.bool_],
    wavelength_m: NDArray[np.float64],
    heights_m: NDArray[np.float64],
    *,
    floating_mean: bool = False,
) -> NDArray[np.float64]:
    """Return Lomb-Scargle amplitude spectra of arcs on a uniform grid of heights.

    Parameters
    ----------
    t : (m, n) float64
        sin(elevation), padded.
    y : (m, n) float64
        Detrended SNR, volts/volts, padded.
    inside : (m, n) bool
        False for padding.
    wavelength_m : (m,) float64
        Carrier wavelength.
    heights_m : (h,) float64
        Uniform, ascending.
    floating_mean : bool
        Fit a constant together with the sinusoid (generalised periodogram).

    Returns
    -------
    (m, h) float64
        ``2 sqrt(P / N)`` with P the periodogram of Lomb (1976) and Scargle (1982, eq. 10); for a
        well sampled sinusoid, its amplitude.
    """
    number = inside.sum(axis=1).astype(np.float64)
    weight = inside.astype(np.float64)
    y = np.where(inside, y, 0.0)
    wavenumber = 4.0 * np.pi / wavelength_m
    weights = [y, weight] if floating_mean else [y]
    sums = _sums(wavenumber, t, weights, heights_m)
    twice = _sums(2.0 * wavenumber, t, [weight], heights_m)[0]

    total = number[:, None]
    y_cos, y_sin = sums[0].real, sums[0].imag
    cos_cos = 0.5 * (total + twice.real)
    sin_sin = 0.5 * (total - twice.real)
    cos_sin = 0.5 * twice.imag
    if floating_mean:
        cos_mean, sin_mean = sums[1].real / total, sums[1].imag / total
        y_mean = y.sum(axis=1)[:, None] / total
        y_cos = y_cos - total * y_mean * cos_mean
        y_sin = y_sin - total * y_mean * sin_mean
        cos_cos = cos_cos - total * cos_mean**2
        sin_sin = sin_sin - total * sin_mean**2
        cos_sin = cos_sin - total * cos_mean * sin_mean
    # The periodogram is half the reduction of the sum of squares by the best sinusoid, which is
    # the same whatever the time origin tau: b' G^-1 b with G the Gram matrix of cos and sin.
    determinant = np.maximum(cos_cos * sin_sin - cos_sin**2, _LEAST_SUM * total**2)
    reduction = (
        sin_sin * y_cos**2 - 2.0 * cos_sin * y_cos * y_sin + cos_cos * y_sin**2
    ) / determinant
    return np.asarray(2.0 * np.sqrt(np.maximum(reduction, 0.0) / (2.0 * total)))


def _peaks(
    spectra: NDArray[np.float64],
    heights_m: NDArray[np.float64],
    lobe_m: NDArray[np.float64],
) -> PeakTable:
    """Return the peak of each row of spectra."""
    rows = np.arange(len(spectra))
    top = spectra.argmax(axis=1)
    last = spectra.shape[1] - 1
    at_edge = (top == 0) | (top == last)
    middle = np.clip(top, 1, last - 1)
    left, centre, right = (spectra[rows, middle + k] for k in (-1, 0, 1))
    curvature = left - 2.0 * centre + right
    offset = np.where(
        at_edge | (curvature >= 0), 0.0, 0.5 * (left - right) / np.where(curvature, curvature, 1.0)
    )
    step = (heights_m[-1] - heights_m[0]) / last
    height = np.where(at_edge, heights_m[top], heights_m[middle] + offset * step)
    amplitude = np.where(at_edge, spectra[rows, top], centre - 0.25 * (left - right) * offset)
    mean = spectra.mean(axis=1)
    outside = np.abs(heights_m[None, :] - height[:, None]) > lobe_m[:, None]
    second = np.where(outside, spectra, 0.0).max(axis=1)
    safe = np.where(amplitude > 0, amplitude, 1.0)
    return PeakTable(
        height,
        amplitude,
        np.where(mean > 0, amplitude / np.where(mean > 0, mean, 1.0), np.nan),
        np.where(amplitude > 0, second / safe, np.nan),
        at_edge,
    )


def spectral_peaks(
    t: NDArray[np.float64],
    y: NDArray[np.float64],
    start: NDArray[np.intp],
    wavelength_m: NDArray[np.float64],
    heights_m: NDArray[np.float64],
    *,
    floating_mean: bool = False,
) -> PeakTable:
    """Return the highest Lomb-Scargle peak of each of m arcs that stand one after another.

    Parameters
    ----------
    t, y : (n,) float64
        sin(elevation) and detrended SNR (volts/volts) of all arcs.
    start : (m + 1,) intp
        Arc k owns ``start[k]:start[k + 1]``; it may be empty.
    wavelength_m : (m,) float64
        Carrier wavelength of each arc.
    heights_m : (h,) float64
        Uniform grid, h >= 3.
    floating_mean : bool
        See `amplitude_spectra`.
    """
    counts = np.diff(start)
    arcs = len(counts)
    height, amplitude, noise, second = (np.full(arcs, np.nan) for _ in range(4))
    at_edge = np.zeros(arcs, dtype=bool)
    # The products are small: a BLAS that spreads each over all cores gains nothing when they are
    # free and loses a factor of ten when they are not.
    with threadpool_limits(limits=1, user_api="blas"):
        for group in _groups(counts, len(heights_m)):
            place = np.arange(counts[group].max())
            inside = place[None, :] < counts[group][:, None]
            index = np.where(inside, start[group][:, None] + place[None, :], start[group][:, None])
            spectra = amplitude_spectra(
                t[index],
                y[index],
                inside,
                wavelength_m[group],
                heights_m,
                floating_mean=floating_mean,
            )
            extent = t[index].max(axis=1) - t[index].min(axis=1)
            lobe_m = 0.5 * wavelength_m[group] / np.maximum(extent, 1e-6)
            peaks = _peaks(spectra, heights_m, lobe_m)
            height[group], amplitude[group] = peaks.height_m, peaks.amplitude
            noise[group], second[group] = peaks.peak_to_noise, peaks.second_peak_ratio
            at_edge[group] = peaks.at_edge
    return PeakTable(height, amplitude, noise, second, at_edge)
