"""The time systems of observation files, brought to GPS time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from retrieval.gnss import utc_to_gps

__all__ = ["to_gps"]

_BDT_TO_GPS = np.timedelta64(14, "s")  # BeiDou time began 14 leap seconds after GPS time


def to_gps(time: NDArray[np.datetime64], time_system: str) -> NDArray[np.datetime64]:
    """Convert epochs to GPS time.

    Parameters
    ----------
    time : (n,) datetime64[ns]
        Epochs as they stand in the file.
    time_system : str
        ``GLO`` is UTC and ``BDT`` 14 s behind GPS time; Galileo, QZSS and NavIC time are kept in
        step with GPS time (RINEX 3.05, section 4.1).

    Examples
    --------
    >>> to_gps(np.array(["2020-06-25"], "datetime64[ns]"), "GLO")[0]
    np.datetime64('2020-06-25T00:00:18.000000000')
    """
    if time_system == "GLO":
        return utc_to_gps(time)
    if time_system == "BDT":
        shifted: NDArray[np.datetime64] = time + _BDT_TO_GPS
        return shifted
    return time
