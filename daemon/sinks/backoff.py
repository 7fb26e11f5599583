"""How long to wait before the next attempt."""

from __future__ import annotations

__all__ = ["backoff_s"]

_FIRST_S = 1.0
_LONGEST_S = 60.0


def backoff_s(failures: int, draw: float) -> float:
    """Return the wait after so many failures in a row, seconds.

    It doubles from 1 s up to 60 s, less up to a half by chance, so that stations that lost the same
    server do not come back at the same moment.

    Parameters
    ----------
    failures : int
        1 or more.
    draw : float
        By chance, 0 up to but without 1.

    Examples
    --------
    >>> [backoff_s(failures, 0.0) for failures in (1, 2, 3, 10)]
    [1.0, 2.0, 4.0, 60.0]
    >>> backoff_s(2, 0.5)
    1.5
    """
    longest = min(_FIRST_S * 2.0 ** min(max(failures, 1) - 1, 10), _LONGEST_S)
    return longest * (1.0 - 0.5 * draw)
