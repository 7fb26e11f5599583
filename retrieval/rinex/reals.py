"""Reading real numbers with exponents (Fortran D, E and F fields) from fixed columns."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["read_reals"]

_BLANK = 32
# What may stand in a number; both exponent letters of Fortran become the one of C.
_MEANING = np.zeros(256, np.uint8)
for _character in b" 0123456789+-.":
    _MEANING[_character] = _character
for _character in b"DdEe":
    _MEANING[_character] = ord("e")


def read_reals(fields: NDArray[np.uint8]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Read real numbers.

    Parameters
    ----------
    fields : (..., width) uint8
        One field per row.

    Returns
    -------
    value : (...) float64
        Exactly what ``float`` makes of the field's text; NaN where it is blank or not valid.
    valid : (...) bool
        Whether the field is blank or holds one finite number and nothing else.

    Examples
    --------
    >>> fields = np.frombuffer(b" 1.25D+01" b"         " b" 1.2 5E01", np.uint8).reshape(3, 9)
    >>> value, valid = read_reals(fields)
    >>> value.tolist(), valid.tolist()
    ([12.5, nan, nan], [True, True, False])
    """
    shape, width = fields.shape[:-1], fields.shape[-1]
    characters = np.ascontiguousarray(_MEANING[fields]).reshape(-1, width)
    valid = (characters != 0).all(axis=1)
    blank = (characters == _BLANK).all(axis=1)
    texts = characters.view(f"S{width}").ravel() if len(characters) else np.empty(0, "S1")
    value = np.full(len(texts), np.nan)
    wanted = np.flatnonzero(valid & ~blank)
    try:
        value[wanted] = texts[wanted].astype(np.float64)
    except ValueError:
        # Some field is no number. Files with one are rare, so only they pay for a loop.
        for row in wanted:
            try:
                value[row] = float(texts[row])
            except ValueError:
                valid[row] = False
    valid &= blank | np.isfinite(value)
    value[~valid] = np.nan
    return value.reshape(shape), valid.reshape(shape)
