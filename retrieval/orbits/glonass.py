"""GLONASS positions: the broadcast state vector carried forward and back by Runge-Kutta steps.

Equations of motion in the turning frame PZ-90.11 (GLONASS ICD, edition 5.1, appendix A.3.1.2, and
the ICD of 2016, appendix J): the Earth's attraction with its flattening (J2), the frame's rotation,
and the pull of Sun and Moon. PZ-90.11 and WGS-84 differ by centimetres.

The ICD holds the record's pull of Sun and Moon constant for a quarter of an hour. For older
ephemerides that is worse than no pull at all, because satellite and frame turn on; here it fades
out over three hours.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from retrieval.rinex.navigation_records import GlonassRecords

__all__ = ["acceleration_m_s2", "glonass_positions"]

_GRAVITATION_M3_S2 = 3.986004418e14
_EARTH_RADIUS_M = 6_378_136.0
_J2 = 1.08262575e-3
_EARTH_RATE_RAD_S = 7.292115e-5
# Against precise orbits (ESBC, 2020-06-25), largest error of an ephemeris 12 h old: 9.6 km with the
# pull held, 2.0 km without, 2.6 km fading over 3 h, which up to 4 h is the best of the three.
_PULL_FADES_S = 3 * 3600.0
# With 60 s the error is a millimetre after 15 minutes; the quintic between steps adds less.
_STEP_S = 60.0


def acceleration_m_s2(
    position_m: NDArray[np.float64],
    velocity_m_s: NDArray[np.float64],
    lunisolar_m_s2: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the acceleration in the Earth-fixed frame, (..., 3).

    Parameters
    ----------
    position_m, velocity_m_s : (..., 3) float64
        State in the Earth-fixed frame.
    lunisolar_m_s2 : (..., 3) float64
        Acceleration by Sun and Moon.
    """
    x, y, z = position_m[..., 0], position_m[..., 1], position_m[..., 2]
    r2 = x * x + y * y + z * z
    central = -_GRAVITATION_M3_S2 / (r2 * np.sqrt(r2))
    flattening = 1.5 * _J2 * _GRAVITATION_M3_S2 * _EARTH_RADIUS_M**2 / (r2 * r2 * np.sqrt(r2))
    polar = 5 * z * z / r2
    across = central - flattening * (1 - polar) + _EARTH_RATE_RAD_S**2
    along = central - flattening * (3 - polar)
    result = np.empty_like(position_m)
    result[..., 0] = across * x + 2 * _EARTH_RATE_RAD_S * velocity_m_s[..., 1]
    result[..., 1] = across * y - 2 * _EARTH_RATE_RAD_S * velocity_m_s[..., 0]
    result[..., 2] = along * z
    return result + lunisolar_m_s2


def glonass_positions(
    records: GlonassRecords, row: NDArray[np.intp], time: NDArray[np.datetime64]
) -> NDArray[np.float64]:
    """Return Earth-fixed positions, (n, 3) metres.

    Each record needed is integrated once, in both directions as far as its times ask, all records
    together; positions between the steps come from the quintic polynomial through position,
    velocity and acceleration at both ends.

    Parameters
    ----------
    records : GlonassRecords
        Ephemerides.
    row : (n,) intp
        The record to use for each time.
    time : (n,) datetime64[ns]
        GPS time.
    """
    if not len(row):
        return np.empty((0, 3))
    t = (time - records.reference[row]).astype(np.int64) * 1e-9
    backward = t < 0
    # One trajectory per record and direction in use.
    used, trajectory = np.unique(row * 2 + backward, return_inverse=True)
    distance = np.abs(t) / _STEP_S
    step = np.floor(distance).astype(np.int64)
    n_steps = np.zeros(len(used), np.int64)
    np.maximum.at(n_steps, trajectory, step + 1)
    # Longest first, so that those still running are always the first rows.
    order = np.argsort(-n_steps, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    start, nodes = _integrate(records, used[order], n_steps[order])
    begin = nodes[start[step] + place[trajectory]]
    end = nodes[start[step + 1] + place[trajectory]]
    signed_step_s = np.where(backward, -_STEP_S, _STEP_S)
    return _quintic(begin, end, distance - step, signed_step_s)


def _integrate(
    records: GlonassRecords, used: NDArray[np.int64], n_steps: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Integrate trajectories, longest first.

    Returns
    -------
    start : (max_steps + 1,) int64
        Row of `nodes` at which each step's states begin, in the order of the trajectories.
    nodes : (m, 3, 3) float64
        Position, velocity, acceleration at the steps.
    """
    record, backward = used // 2, used % 2 == 1
    full_pull = records.acceleration_m_s2[record]
    h = np.where(backward, -_STEP_S, _STEP_S)[:, None]
    r, v = records.position_m[record], records.velocity_m_s[record]
    pull = full_pull
    running = [len(used)]
    a = acceleration_m_s2(r, v, pull)
    states = [np.stack([r, v, a], axis=1)]
    for done in range(int(n_steps[0])):
        n = int(np.searchsorted(-n_steps, -done, side="left"))
        r, v, a, h = r[:n], v[:n], a[:n], h[:n]
        pull = full_pull[:n] * max(0.0, 1 - (done + 0.5) * _STEP_S / _PULL_FADES_S)
        v2 = v + h / 2 * a
        a2 = acceleration_m_s2(r + h / 2 * v, v2, pull)
        v3 = v + h / 2 * a2
        a3 = acceleration_m_s2(r + h / 2 * v2, v3, pull)
        v4 = v + h * a3
        a4 = acceleration_m_s2(r + h * v3, v4, pull)
        r = r + h / 6 * (v + 2 * v2 + 2 * v3 + v4)
        v = v + h / 6 * (a + 2 * a2 + 2 * a3 + a4)
        a = acceleration_m_s2(r, v, pull)
        states.append(np.stack([r, v, a], axis=1))
        running.append(n)
    start = np.concatenate([[0], np.cumsum(running)[:-1]])
    return start, np.concatenate(states)


def _quintic(
    begin: NDArray[np.float64],
    end: NDArray[np.float64],
    x: NDArray[np.float64],
    step_s: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Interpolate position by the quintic Hermite polynomial; x from 0 (begin) to 1 (end)."""
    x, h = x[:, None], step_s[:, None]
    x3 = x**3
    x4, x5 = x3 * x, x3 * x**2
    rise = 10 * x3 - 15 * x4 + 6 * x5
    position = (1 - rise) * begin[:, 0] + rise * end[:, 0]
    position += h * (
        (x - 6 * x3 + 8 * x4 - 3 * x5) * begin[:, 1] + (-4 * x3 + 7 * x4 - 3 * x5) * end[:, 1]
    )
    position += (h * h / 2) * (
        (x**2 - 3 * x3 + 3 * x4 - x5) * begin[:, 2] + (x3 - 2 * x4 + x5) * end[:, 2]
    )
    return position
