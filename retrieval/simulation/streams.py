"""Random numbers that stay the same on every machine and with every version of numpy.

numpy promises a fixed stream for its bit generators, not for `numpy.random.Generator`; a file that
must come out byte for byte the same therefore shapes the raw bits itself. Each stream has a name,
so that a day, a satellite or a signal can be simulated without those before it.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

__all__ = ["normal", "uniform"]


def uniform(seed: int, stream: tuple[str, ...], count: int) -> NDArray[np.float64]:
    """Return `count` numbers in (0, 1), (count,), that depend on seed and stream name only.

    Examples
    --------
    >>> bool((uniform(1, ("noise", "G01"), 3) == uniform(1, ("noise", "G01"), 3)).all())
    True
    """
    name = "/".join((str(seed), *stream)).encode()
    state = int.from_bytes(hashlib.sha256(name).digest()[:16], "big")
    raw = np.random.PCG64(state).random_raw(count)
    return ((raw >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52


def normal(seed: int, stream: tuple[str, ...], count: int) -> NDArray[np.float64]:
    """Return `count` standard normal numbers, (count,), by seed and stream name only."""
    values: NDArray[np.float64] = ndtri(uniform(seed, stream, count))
    return values
