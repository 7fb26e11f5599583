"""Interpolation of precise orbits against an orbit known in closed form."""

import numpy as np
import pytest

from retrieval import gnss
from retrieval.orbits import PreciseOrbits
from retrieval.rinex.sp3 import PreciseEphemeris, merge_precise

DAY = np.datetime64("2020-06-25", "ns")
RATE = 7.2921151467e-5
SECOND = np.timedelta64(1_000_000_000, "ns")


def true_position_m(time: np.ndarray, phase: float = 0.0) -> np.ndarray:
    """GPS-like circular orbit, inclined by 55 degrees, seen from the turning Earth."""
    t = (time - DAY).astype(np.int64) * 1e-9
    u = 2 * np.pi / 43_082.0 * t + phase
    tilt = np.radians(55.0)
    x, y, z = np.cos(u), np.sin(u) * np.cos(tilt), np.sin(u) * np.sin(tilt)
    turn = RATE * t + 0.4
    cos, sin = np.cos(turn), np.sin(turn)
    return 26_560e3 * np.stack([x * cos + y * sin, -x * sin + y * cos, z], axis=1)


def ephemeris(
    start: np.datetime64 = DAY, n: int = 96, step_s: int = 900, names: tuple[str, ...] = ("G01",)
) -> PreciseEphemeris:
    time = start + np.arange(n) * step_s * SECOND
    codes = [gnss.satellite_code(name) for name in names]
    return merge_precise(
        [
            PreciseEphemeris(
                np.full(n, code, np.int32), time, true_position_m(time, code), np.zeros(n)
            )
            for code in codes
        ]
    )


def errors_m(orbits: PreciseOrbits, time: np.ndarray, name: str = "G01") -> np.ndarray:
    code = gnss.satellite_code(name)
    found = orbits.locate(np.full(len(time), code, np.int32), time).position_m
    return np.linalg.norm(found - true_position_m(time, code), axis=1)


@pytest.mark.parametrize(("step_s", "n"), [(900, 96), (300, 288)])
def test_millimetres_inside_and_centimetres_at_the_ends(step_s: int, n: int) -> None:
    orbits = PreciseOrbits(ephemeris(step_s=step_s, n=n))
    last_s = (n - 1) * step_s
    error = errors_m(orbits, DAY + np.arange(0, last_s, 37) * SECOND)
    inside = slice(5 * step_s // 37 + 1, -(5 * step_s // 37) - 1)
    assert error[inside].max() < 1e-3
    assert error.max() < 0.05


def test_nodes_are_met_exactly() -> None:
    orbits = PreciseOrbits(ephemeris())
    assert errors_m(orbits, DAY + np.arange(96) * 900 * SECOND).max() < 1e-6


def test_nothing_is_given_outside_but_a_second() -> None:
    orbits = PreciseOrbits(ephemeris())
    last = DAY + 95 * 900 * SECOND
    time = np.array([DAY - SECOND, DAY - 2 * SECOND, last + SECOND, last + 2 * SECOND])
    assert np.isnan(errors_m(orbits, time)).tolist() == [False, True, False, True]
    assert np.nanmax(errors_m(orbits, time)) < 0.01


def test_gap_gives_nothing_and_does_not_spoil_its_neighbours() -> None:
    whole = ephemeris(names=("G01", "G02"))
    hole = (whole.satellite == gnss.satellite_code("G01")) & (
        (whole.time > DAY + 36_000 * SECOND) & (whole.time < DAY + 43_200 * SECOND)
    )
    keep = np.flatnonzero(~hole)
    orbits = PreciseOrbits(
        PreciseEphemeris(
            whole.satellite[keep], whole.time[keep], whole.position_m[keep], whole.clock_s[keep]
        )
    )
    time = DAY + np.arange(0, 85_500, 300) * SECOND
    error = errors_m(orbits, time)
    inside = (time > DAY + 36_001 * SECOND) & (time < DAY + 43_199 * SECOND)
    assert np.isnan(error[inside]).all()
    assert np.max(error[~inside]) < 0.05
    assert errors_m(orbits, time, "G02").max() < 0.05


def test_day_border_is_crossed_when_both_days_are_given() -> None:
    second_day = ephemeris(start=DAY + 86_400 * SECOND)
    orbits = PreciseOrbits(merge_precise([second_day, ephemeris()]))
    time = DAY + np.arange(85_000, 88_000, 7) * SECOND
    assert errors_m(orbits, time).max() < 1e-3


def test_files_of_two_intervals_are_kept_apart() -> None:
    fine = ephemeris(start=DAY + 86_400 * SECOND, step_s=300, n=60)
    orbits = PreciseOrbits(merge_precise([ephemeris(), fine]))
    time = np.concatenate([DAY + np.arange(0, 85_500, 500) * SECOND, fine.time[5:-5] + 7 * SECOND])
    assert errors_m(orbits, time).max() < 0.05


def test_too_few_epochs_and_unknown_satellites_give_nothing() -> None:
    time = DAY + np.arange(0, 9000, 900) * SECOND
    assert np.isnan(errors_m(PreciseOrbits(ephemeris(n=10)), time)).all()
    assert np.isnan(errors_m(PreciseOrbits(ephemeris()), time, "G05")).all()
    empty = PreciseOrbits(ephemeris(n=0))
    assert np.isnan(errors_m(empty, time)).all()
    assert empty.span is None
    assert empty.satellites == ()


def test_source_describes_itself() -> None:
    orbits = PreciseOrbits(ephemeris(names=("G01", "E05")))
    assert (orbits.name, orbits.satellites) == ("sp3", ("E05", "G01"))
    assert orbits.span == (DAY, DAY + 95 * 900 * SECOND)
