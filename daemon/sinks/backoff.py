"""How long to wait before the next attempt."""

from __future__ import annotations

__all__ = ["LONGEST_S", "backoff_s"]

LONGEST_S = 60.0


def backoff_s(failures: int, draw: float) -> float:
    """Return the wait before the next attempt: doubling, bounded, and with jitter.

    The bound doubles from 1 s to `LONGEST_S`; the wait lies in its upper half, so that a thousand
    stations that lost one broker at one moment do not come back at one moment.

    Parameters
    ----------
    failures : int
        Attempts that failed one after the other; 0 is no wait.
    draw : float
        A random number, 0 to 1.

    Examples
    --------
    >>> [backoff_s(failures, 1.0) for failures in (0, 1, 2, 3, 7, 1000)]
    [0.0, 1.0, 2.0, 4.0, 60.0, 60.0]
    >>> backoff_s(3, 0.0)
    2.0
    """
    if failures <= 0:
        return 0.0
    # Beyond 2**63 a float would overflow, long after the bound is reached.
    bound_s = min(LONGEST_S, 2.0 ** min(failures - 1, 63))
    return bound_s * (0.5 + 0.5 * draw)
