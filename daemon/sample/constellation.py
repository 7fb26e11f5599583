"""A made constellation of GPS satellites and its broadcast navigation file.

Thirty satellites in six planes at nominal elements; nothing in here is a real satellite. The
elements are carried from one reference epoch to the next as IS-GPS-200 propagates them, so that
neighbouring records describe one orbit, and the mean motion makes the ground tracks repeat after
one sidereal day, as those of GPS do.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from daemon.sample.noise import uniform

__all__ = ["PLANES", "SATELLITES", "SATELLITES_PER_PLANE", "navigation_text"]

PLANES = 6
SATELLITES_PER_PLANE = 5
SATELLITES = tuple(f"G{number:02d}" for number in range(1, PLANES * SATELLITES_PER_PLANE + 1))

# IS-GPS-200N, table 20-IV.
_GM = 3.986005e14
_EARTH_RATE = 7.2921151467e-5

_NODE_RATE = -8.0e-9  # rad/s, J2 at 55 degrees and 20,200 km
_MEAN_MOTION = 2 * (_EARTH_RATE - _NODE_RATE)  # two orbits while the node turns under the Earth
_MEAN_MOTION_CORRECTION = 4.5e-9  # rad/s, broadcast as Delta n
_SQRT_A = (_GM / (_MEAN_MOTION - _MEAN_MOTION_CORRECTION) ** 2) ** (1 / 6)
_INCLINATION = np.radians(55.0)
_TOE_STEP_S = 7200
_GPS_EPOCH = np.datetime64("1980-01-06", "s")
_WEEK_S = 604_800


def navigation_text(start: np.datetime64, hours: int, comments: tuple[str, ...]) -> str:
    """Return a RINEX 3.05 navigation file with one record per satellite and two hours.

    Parameters
    ----------
    start : datetime64
        First reference epoch, GPS time; an even hour. The span stays inside one GPS week.
    hours : int
        The last reference epoch is this much later.
    comments : tuple of str
        COMMENT lines, at most 60 characters each.
    """
    seconds = int((start - _GPS_EPOCH) / np.timedelta64(1, "s"))
    week, first_toe = divmod(seconds, _WEEK_S)
    lines = [
        f"{'     3.05           N: GNSS NAV DATA    G: GPS':<60}RINEX VERSION / TYPE",
        *(f"{comment:<60}COMMENT" for comment in comments),
        f"{'    18    18  1929     7':<60}LEAP SECONDS",
        f"{'':<60}END OF HEADER",
    ]
    for toe in range(first_toe, first_toe + hours * 3600 + 1, _TOE_STEP_S):
        for index in range(len(SATELLITES)):
            lines += _record(index, week, toe)
    return "\n".join(lines) + "\n"


def _record(index: int, week: int, toe: int) -> Iterator[str]:
    """Yield the eight lines of one satellite's record."""
    plane, slot = divmod(index, SATELLITES_PER_PLANE)
    # Scatter about the nominal slot; the same numbers at every epoch, so that the orbit is one.
    draw = uniform(("constellation", SATELLITES[index]), 12)
    spread = 2 * draw - 1
    eccentricity = 0.002 + 0.012 * draw[0]
    perigee = np.pi * spread[1]
    # Argument of latitude of the slot at the start of the week: unevenly spaced as in the real
    # planes, which keeps satellites of different planes from rising together.
    latitude = 2 * np.pi * (slot / SATELLITES_PER_PLANE + plane / 13) + 0.25 * spread[2]
    anomaly = _wrap(latitude - perigee + _MEAN_MOTION * toe)
    node = _wrap(2 * np.pi * plane / PLANES + 0.05 * spread[3] + _NODE_RATE * toe)
    inclination_rate = 1e-10 * spread[9]
    inclination = _INCLINATION + 0.01 * spread[4] + inclination_rate * toe
    issue = 10 + toe // _TOE_STEP_S
    af0, af1 = 3e-4 * spread[5], 8e-12 * spread[6]
    time = (_GPS_EPOCH + np.timedelta64(week * _WEEK_S + toe, "s")).item()
    yield (
        f"{SATELLITES[index]} {time:%Y %m %d %H %M %S}"
        + _numbers(af0 + af1 * toe, af1, 0.0).removeprefix("    ")
    )
    yield _numbers(issue, 90 * spread[7], _MEAN_MOTION_CORRECTION, anomaly)
    yield _numbers(4e-6 * spread[8], eccentricity, 7e-6 + 2e-6 * spread[9], _SQRT_A)
    yield _numbers(toe, 1e-7 * spread[10], node, 1e-7 * spread[11])
    yield _numbers(inclination, 250 + 60 * spread[8], perigee, _NODE_RATE)
    yield _numbers(inclination_rate, 1, week, 0)
    yield _numbers(2, 0, -1e-8 * draw[10], issue)
    yield _numbers(toe - _TOE_STEP_S, 4)


def _wrap(angle: float) -> float:
    """Return an angle in [-pi, pi)."""
    return float((angle + np.pi) % (2 * np.pi) - np.pi)


def _numbers(*values: float) -> str:
    """Return values in the D19.12 fields of a navigation record, after its four blanks."""
    return "    " + "".join(f"{float(value):19.12e}" for value in values)
