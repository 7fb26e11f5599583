"""What figures write: units, scores and counts in one form."""

from __future__ import annotations

import math

from retrieval.validation import Scores

__all__ = ["VWC", "VWC_UNIT", "number", "plural", "score_lines", "score_words"]

VWC_UNIT = "m³ m⁻³"
VWC = f"soil moisture ({VWC_UNIT})"


def number(value: float, form: str = ".3f") -> str:
    """Return a number as text, a dash where it is not known.

    Examples
    --------
    >>> number(0.02), number(-0.0001, "+.3f"), number(float("nan"))
    ('0.020', '+0.000', '-')
    """
    if not math.isfinite(value):
        return "-"
    text = format(value, form)
    # "-0.000" would claim a sign that the digits do not hold.
    return text if float(text) else format(0.0, form)


def plural(count: int, one: str, more: str = "") -> str:
    """Return a count with its word.

    Examples
    --------
    >>> plural(1, "day"), plural(3, "day"), plural(2, "mouse", "mice")
    ('1 day', '3 days', '2 mice')
    """
    return f"{count} {one if count == 1 else more or one + 's'}"


def score_words(found: Scores) -> str:
    """Return scores in one line, errors in m3 m-3."""
    return (
        f"R {number(found.r, '.2f')}, RMSE {number(found.rmse)}, "
        f"bias {number(found.bias, '+.3f')}, ubRMSE {number(found.ubrmse)}, n {found.n}"
    )


def score_lines(found: Scores) -> str:
    """Return scores in three short lines."""
    return "\n".join(
        (
            f"n {found.n}, R {number(found.r, '.2f')}",
            f"RMSE {number(found.rmse)}, bias {number(found.bias, '+.3f')},",
            f"ubRMSE {number(found.ubrmse)} {VWC_UNIT}",
        )
    )
