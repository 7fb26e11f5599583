"""Soil moisture against depth, cut into layers for the reflection.

Layers grow with depth from about 1 mm, because the field decays downward and moisture changes
fastest at the surface; each holds the *mean* moisture of its depth, so that a front sharper than a
layer keeps its place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from retrieval.errors import InputError

__all__ = ["MoistureProfile", "ProfileKind", "layer_edges", "profile_layers"]

ProfileKind = Literal["uniform", "exponential", "front"]
Floats = NDArray[np.float64]

_LAYERS = 40
_FEWEST_LAYERS = 20
_BOTTOM_M = 0.30
# How much thicker the lowest layer is than the first, as a logarithm: 0.9 mm to 26 mm of 40.
_GROWTH = 3.4
_TRANSITION_M = 0.01


@dataclass(frozen=True)
class MoistureProfile:
    """A shape of moisture against depth, for any surface value.

    Attributes
    ----------
    kind : "uniform", "exponential" or "front"
        See `profile_layers`.
    deep : float
        Moisture at depth, m3 m-3; a uniform profile has none.
    scale_m : float
        E-folding depth, or depth of the front, metres.
    transition_m : float
        Width of the front, metres.
    """

    kind: ProfileKind = "exponential"
    deep: float = 0.25
    scale_m: float = 0.05
    transition_m: float = _TRANSITION_M

    def layers(self, surface: ArrayLike, count: int = _LAYERS) -> tuple[Floats, Floats]:
        """Return thickness and moisture of the layers under the given surface moisture."""
        return profile_layers(self.kind, surface, self.deep, self.scale_m, self.transition_m, count)


def layer_edges(count: int = _LAYERS) -> Floats:
    """Return the depths between `count` layers, metres, 0 first: (count,).

    The last edge, at 0.3 m, is the top of the half-space. Doubling ``count - 1`` halves the layers.

    Raises
    ------
    InputError
        Fewer than 20 layers, too coarse for a wavelength of 5 cm in wet soil.
    """
    if count < _FEWEST_LAYERS:
        raise InputError(f"profile: {count} layers, expected {_FEWEST_LAYERS} or more")
    edges: Floats = _BOTTOM_M * np.expm1(_GROWTH * np.linspace(0.0, 1.0, count)) / np.expm1(_GROWTH)
    return edges


def profile_layers(
    kind: ProfileKind,
    surface: ArrayLike,
    deep: ArrayLike,
    scale_m: ArrayLike,
    transition_m: float = _TRANSITION_M,
    count: int = _LAYERS,
) -> tuple[Floats, Floats]:
    """Return the layers of a moisture profile.

    Parameters
    ----------
    kind : "uniform", "exponential" or "front"
        The surface's moisture everywhere; from the surface's to the deep one with an e-folding
        depth; or the surface's down to a front and the deep one below it, linear in between.
    surface, deep : array_like
        Moisture at the surface and at depth, m3 m-3, 0 to 1. `deep` means nothing to "uniform".
    scale_m : array_like
        E-folding depth, or depth of the middle of the front, metres, above 0. A front nearer to the
        surface than half its width begins at the surface.
    transition_m : float
        Width of the front, metres, above 0.
    count : int
        Layers, 20 or more, the half-space among them.

    Returns
    -------
    thickness_m : (count - 1,) float64
        From the surface down.
    moisture : (..., count) float64
        Mean moisture of each layer; the half-space has that of 0.3 m. The leading dimensions are
        those to which `surface`, `deep` and `scale_m` broadcast.

    Raises
    ------
    InputError
        An unknown kind, or a value outside its range.

    Examples
    --------
    >>> thickness_m, moisture = profile_layers("front", [0.05, 0.15], 0.3, 0.03)
    >>> thickness_m.shape, moisture.shape, moisture[:, 0].tolist(), moisture[:, -1].tolist()
    ((39,), (2, 40), [0.05, 0.15], [0.3, 0.3])
    """
    surface, deep, scale_m = (np.asarray(v, np.float64) for v in (surface, deep, scale_m))
    if kind not in get_args(ProfileKind):
        raise InputError(
            f"profile {kind!r} is not known; use one of {', '.join(get_args(ProfileKind))}"
        )
    for name, value in (("surface", surface), ("deep", deep)):
        if not np.all((value >= 0) & (value <= 1)):
            raise InputError(
                f"profile: {name} moisture from {np.min(value):g} to {np.max(value):g}, expected 0 "
                "to 1 m3 m-3 (not percent)"
            )
    if not (np.all(scale_m > 0) and transition_m > 0):
        raise InputError(
            f"profile: scale {np.min(scale_m):g} m and transition {transition_m:g} m, expected "
            "metres above 0"
        )
    edges = layer_edges(count)
    thickness_m = np.diff(edges)
    start = np.broadcast_to(
        surface, np.broadcast_shapes(*(v.shape for v in (surface, deep, scale_m)))
    )
    if kind == "uniform":
        return thickness_m, np.repeat(start[..., None], count, axis=-1)
    # Share of the deep value, as an integral over depth for the layers and a value below them.
    scale = scale_m[..., None]
    if kind == "exponential":
        integral = edges + scale * np.exp(-edges / scale)
        last = -np.expm1(-_BOTTOM_M / scale)
    else:
        into = edges - np.maximum(scale - transition_m / 2, 0.0)
        ramp = np.clip(into, 0.0, transition_m)
        integral = ramp**2 / (2 * transition_m) + np.maximum(into - transition_m, 0.0)
        last = ramp[..., -1:] / transition_m
    share = np.concatenate([np.diff(integral, axis=-1) / thickness_m, last], axis=-1)
    moisture: Floats = start[..., None] + (deep - start)[..., None] * share
    return thickness_m, moisture
