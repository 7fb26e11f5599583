"""A number and what is counted, as it is said."""

from __future__ import annotations

__all__ = ["plural"]


def plural(number: int, word: str, many: str | None = None) -> str:
    """Write a number of things.

    Parameters
    ----------
    number : int
        How many.
    word : str
        One of them.
    many : str, optional
        Several of them; with an s by default.

    Examples
    --------
    >>> plural(1, "file"), plural(0, "day"), plural(2, "other name")
    ('1 file', '0 days', '2 other names')
    """
    return f"{number} {word if number == 1 else many or word + 's'}"
