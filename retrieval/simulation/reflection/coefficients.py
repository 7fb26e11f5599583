"""Coherent reflection of plane waves by flat, layered ground.

Permittivities are relative and complex, eps = eps' + i eps'' with eps'' >= 0. Elevations are angles
above the surface in degrees, 90 minus the angle of incidence. ``r_h`` is the ratio of the electric
fields for horizontal polarisation, ``r_v`` that of the magnetic fields for vertical polarisation
(Jackson, Classical Electrodynamics, section 7.3): both tend to -1 at grazing, and
``r_v = -r_h`` at normal incidence.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from retrieval.errors import InputError

__all__ = ["circular", "fresnel", "layered_reflection", "roughness_factor"]

Complexes = NDArray[np.complex128]
Floats = NDArray[np.float64]


def fresnel(epsilon: ArrayLike, elevation_deg: ArrayLike) -> tuple[Complexes, Complexes]:
    """Return the Fresnel coefficients of a half-space.

    Parameters
    ----------
    epsilon : array_like
        Relative permittivity; broadcasts against the elevation.
    elevation_deg : array_like
        Elevation above the surface, 0 to 90 degrees.

    Returns
    -------
    r_h, r_v : complex128
        With s = sqrt(eps - cos^2 e): ``(sin e - s) / (sin e + s)`` and
        ``(eps sin e - s) / (eps sin e + s)``. A half-space of air (eps = 1) gives 0, at elevation 0
        as elsewhere.

    Raises
    ------
    InputError
        An imaginary part is negative, or an elevation is outside 0 to 90.

    Examples
    --------
    Upright onto permittivity 9, a refractive index of 3: (3 - 1) / (3 + 1).

    >>> r_h, r_v = fresnel(9.0, 90.0)
    >>> print(r_h.real.round(12), r_v.real.round(12))
    -0.5 0.5
    """
    epsilon = _permittivity(epsilon)
    return layered_reflection(epsilon[..., None], np.zeros(0), elevation_deg, 1.0)


def layered_reflection(
    epsilon: ArrayLike, thickness_m: ArrayLike, elevation_deg: ArrayLike, wavelength_m: ArrayLike
) -> tuple[Complexes, Complexes]:
    """Return the coherent reflection coefficients of a stack of layers, at its top surface.

    Parameters
    ----------
    epsilon : (..., n) array_like
        Relative permittivity of n layers from the surface down; the last is the half-space below.
        A layer may be as thin in substance as snow (1.5) or air (1).
    thickness_m : (..., n - 1) array_like
        Thickness of all layers but the last, in metres; leading dimensions are optional.
    elevation_deg : array_like
        Elevation above the surface, 0 to 90 degrees.
    wavelength_m : array_like
        Wavelength in air.

    Returns
    -------
    r_h, r_v : complex128
        Of the shape to which ``epsilon.shape[:-1]``, the leading dimensions of the thickness,
        elevation and wavelength broadcast.

    Raises
    ------
    InputError
        A number of thicknesses that is not one less than that of layers, a negative thickness or
        imaginary part, or an elevation outside 0 to 90.

    Notes
    -----
    From the half-space upward, R_j = (r_j + R_{j+1} p) / (1 + r_j R_{j+1} p) with
    p = exp(2 i kz d) of the layer between (Born and Wolf, Principles of Optics, section 1.6.2; Chew
    1995, Waves and Fields in Inhomogeneous Media, eq. 2.1.24). A wave only ever decays in it, so
    that thick lossy stacks do not overflow as products of transfer matrices do.
    """
    epsilon = _permittivity(epsilon)
    thickness_m = np.asarray(thickness_m, np.float64)
    count = epsilon.shape[-1]
    if thickness_m.shape[-1:] != (count - 1,):
        raise InputError(
            f"layers: {count} permittivities and thicknesses of shape {thickness_m.shape}; "
            f"expected {count - 1} thicknesses, since the last layer is the half-space"
        )
    if np.any(thickness_m < 0):
        raise InputError(
            f"layers: thickness {np.min(thickness_m):g} m, expected 0 or more metres each"
        )
    sine = _sine(elevation_deg)
    wavenumber = 2 * np.pi / np.asarray(wavelength_m, np.float64)

    # In units of the wavenumber in air; eps - cos^2 e, written so that air keeps its digits.
    below = epsilon[..., -1]
    kz_below = np.sqrt(below - 1 + sine**2)
    total_h: Complexes = np.zeros((), np.complex128)
    total_v: Complexes = np.zeros((), np.complex128)
    decay: Complexes = np.zeros((), np.complex128)
    for layer in range(count - 2, -2, -1):
        if layer < 0:
            above, kz_above = np.ones((), np.complex128), sine.astype(np.complex128)
        else:
            above = epsilon[..., layer]
            kz_above = np.sqrt(above - 1 + sine**2)
        total_h = _combine(_ratio(kz_above, kz_below), total_h * decay)
        total_v = _combine(_ratio(below * kz_above, above * kz_below), total_v * decay)
        if layer >= 0:
            decay = np.exp(2j * wavenumber * kz_above * thickness_m[..., layer])
        below, kz_below = above, kz_above
    shape = np.broadcast_shapes(
        epsilon.shape[:-1], thickness_m.shape[:-1], sine.shape, wavenumber.shape
    )
    return np.broadcast_to(total_h, shape).copy(), np.broadcast_to(total_v, shape).copy()


def circular(r_h: ArrayLike, r_v: ArrayLike) -> tuple[Complexes, Complexes]:
    """Return the reflection coefficients of a right-hand circular wave.

    Parameters
    ----------
    r_h, r_v : array_like of complex
        Coefficients for linear polarisations.

    Returns
    -------
    co, cross : complex128
        ``(r_h + r_v) / 2`` into right-hand and ``(r_v - r_h) / 2`` into left-hand polarisation
        (Stutzman 1993, Polarization in Electromagnetic Systems; Zavorotny et al. 2010).

    Notes
    -----
    Upright onto a conductor all is cross-polar; at grazing all is co-polar, with the sign -1. The
    sign of `cross` is a convention (which way the left-hand unit vector points): only together with
    the phase of the antenna's left-hand response does it mean anything. With this one, a left-hand
    response *in phase* with the right-hand one is that of an antenna which receives vertical
    polarisation better than horizontal from there, one at 180 degrees the opposite, and one at a
    right angle receives both equally: with R = (f + g) / 2 and L = (f - g) / 2 of the responses f
    to vertical and g to horizontal waves, ``R co + L cross = (f r_v + g r_h) / 2``.
    """
    r_h, r_v = np.asarray(r_h, np.complex128), np.asarray(r_v, np.complex128)
    return (r_h + r_v) / 2, (r_v - r_h) / 2


def roughness_factor(
    rms_height_m: ArrayLike, elevation_deg: ArrayLike, wavelength_m: ArrayLike
) -> Floats:
    """Return by what a rough surface multiplies the coherently reflected *field*.

    Parameters
    ----------
    rms_height_m : array_like
        Standard deviation s of the surface heights, metres, 0 or more.
    elevation_deg : array_like
        Elevation above the surface, degrees.
    wavelength_m : array_like
        Wavelength in air.

    Returns
    -------
    float64
        ``exp(-2 (k s sin e)^2)``, of which the square is the power factor
        ``exp(-(2 k s sin e)^2)``. With the angle of incidence in place of the elevation the sine is
        a cosine.

    Raises
    ------
    InputError
        A negative height.

    Notes
    -----
    Gaussian heights and gentle slopes: Ament, W. S. (1953), Toward a theory of reflection by a
    rough surface, Proceedings of the IRE 41, 142-146; Beckmann and Spizzichino (1963), section 5.3;
    tested by De Roo and Ulaby (1994), IEEE Transactions on Antennas and Propagation 42, 220-231. At
    grazing every surface is smooth.

    Examples
    --------
    1 cm at 20 degrees on L2 (k = 25.7 per metre) takes 1.5 % of the field:

    >>> print(roughness_factor(0.01, 20.0, 0.2442).round(3))
    0.985
    """
    rms_height_m = np.asarray(rms_height_m, np.float64)
    if np.any(rms_height_m < 0):
        raise InputError(
            f"roughness: rms height {np.min(rms_height_m):g} m, expected 0 or more metres"
        )
    wavenumber = 2 * np.pi / np.asarray(wavelength_m, np.float64)
    sine = np.sin(np.radians(np.asarray(elevation_deg, np.float64)))
    factor: Floats = np.exp(-2 * (wavenumber * rms_height_m * sine) ** 2)
    return factor


def _permittivity(epsilon: ArrayLike) -> Complexes:
    epsilon = np.asarray(epsilon, np.complex128)
    if np.any(epsilon.imag < 0):
        raise InputError(
            f"permittivity: imaginary part {np.min(epsilon.imag):g}; losses are positive here "
            "(eps' + i eps''), conjugate permittivities of the other convention"
        )
    return epsilon


def _sine(elevation_deg: ArrayLike) -> Floats:
    elevation_deg = np.asarray(elevation_deg, np.float64)
    if np.any((elevation_deg < 0) | (elevation_deg > 90)):
        raise InputError(
            f"reflection: elevations from {np.nanmin(elevation_deg):g} to "
            f"{np.nanmax(elevation_deg):g} degrees, expected 0 to 90 above the surface"
        )
    sine: Floats = np.sin(np.radians(elevation_deg))
    return sine


def _ratio(first: Complexes, second: Complexes) -> Complexes:
    """Return ``(first - second) / (first + second)``, 0 where both vanish (air, at grazing)."""
    total = first + second
    nothing = total == 0
    ratio: Complexes = (first - second) / np.where(nothing, 1, total)
    return ratio


def _combine(interface: Complexes, below: Complexes) -> Complexes:
    """Add what comes from below an interface to what it reflects itself.

    At grazing an interface may reflect all and leave nothing that could come from below.
    """
    total = 1 + interface * below
    closed = total == 0
    combined: Complexes = np.where(
        closed, interface, (interface + below) / np.where(closed, 1, total)
    )
    return combined
