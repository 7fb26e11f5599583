"""Whether the ground was frozen, by the temperature of the days before.

Ground follows the air with a delay: after a frost of days the first mild day does not thaw it. So
it counts as frozen where the mean of the last 24 hours or that of the last 72 hours is low. The
second mean seldom adds days by itself; it keeps the first ones of a thaw out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retrieval.errors import InputError
from retrieval.fusion.closed import MS_PER_DAY, Times, utc_ms
from retrieval.fusion.columns import Floats

__all__ = ["Temperatures"]

_WINDOWS_MS = (MS_PER_DAY, 3 * MS_PER_DAY)


@dataclass(frozen=True)
class Temperatures:
    """Temperatures in order of time.

    Attributes
    ----------
    time_ms : (n,) int64
        UTC, ms since 1970.
    temperature_c : (n,) float64
        Degrees C.
    """

    time_ms: Times
    temperature_c: Floats

    @classmethod
    def of(cls, temperature_c: pd.Series[float] | None) -> Temperatures:
        """Take temperatures of a series indexed by UTC time; None holds none.

        Parameters
        ----------
        temperature_c : Series or None
            Air or soil temperature, degrees C, at any interval and in any order. NaN are left out.

        Raises
        ------
        InputError
            The index is no time with a time zone.
        """
        if temperature_c is None:
            return cls(np.empty(0, dtype=np.int64), np.empty(0))
        index = temperature_c.index
        if not isinstance(index, pd.DatetimeIndex) or index.tz is None:
            raise InputError(
                f"temperature_c: expected a series indexed by UTC time, found {index.dtype}; give "
                'its index a time zone (`series.tz_localize("UTC")`)'
            )
        values = np.asarray(temperature_c, dtype=np.float64)
        known = ~np.isnan(values)
        time_ms, values = utc_ms(index[known]), values[known]
        # By time, then value: sums must not depend on the order of the rows.
        order = np.lexsort((values, time_ms))
        return cls(time_ms[order], values[order])

    def frozen(
        self, ends_ms: Times, below_c: float, windows_ms: tuple[int, ...] = _WINDOWS_MS
    ) -> NDArray[np.bool_]:
        """Return whether the mean of a window before each time lies below a temperature, (m,).

        Parameters
        ----------
        ends_ms : (m,) int64
            Ends of the windows, UTC, ms since 1970. A window holds its end, not its beginning.
        below_c : float
            Degrees C.
        windows_ms : tuple of int
            Lengths of the windows; one that is frozen is enough.

        Returns
        -------
        (m,) bool
            False where no window has a value.

        Examples
        --------
        >>> temperatures = Temperatures(np.array([0, 10]), np.array([-3.0, 1.0]))
        >>> temperatures.frozen(np.array([9, 10, 19, 20]), 0.0, windows_ms=(10,)).tolist()
        [True, False, False, False]
        >>> temperatures.frozen(np.array([9, 10, 19, 20]), 0.0, windows_ms=(10, 20)).tolist()
        [True, True, True, False]
        """
        frozen = np.zeros(len(ends_ms), dtype=np.bool_)
        stop = np.searchsorted(self.time_ms, ends_ms, side="right")
        for window_ms in windows_ms:
            start = np.searchsorted(self.time_ms, ends_ms - window_ms, side="right")
            # Window by window: differences of one running sum would carry the rounding of older
            # values.
            for k in np.flatnonzero((stop > start) & ~frozen):
                frozen[k] = self.temperature_c[start[k] : stop[k]].mean() < below_c
        return frozen
