from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import kstest

from retrieval.errors import InputError
from retrieval.gnss import satellite_code
from retrieval.simulation.receiver.interruptions import Interruptions, interrupted

SATELLITES = np.array([satellite_code(name) for name in ("G01", "G02", "R03", "E04")], np.int32)


def span(first: str, last: str, step_s: int = 30) -> np.ndarray:
    step = np.timedelta64(step_s, "s")
    return np.arange(np.datetime64(first, "ns"), np.datetime64(last, "ns"), step)


def test_nothing_happens_by_default():
    time = span("2012-02-26", "2012-02-27")
    assert not interrupted(Interruptions(), 1, time, SATELLITES).any()


def test_outage_runs_across_midnight_for_all_satellites():
    start, end = np.datetime64("2012-02-26T23:50"), np.datetime64("2012-02-27T00:10")
    settings = Interruptions(outages=((start, end),), acquisition_s=0.0)
    time = span("2012-02-26", "2012-02-28")
    expected = (time >= start) & (time < end)
    assert expected.sum() == 40
    off = interrupted(settings, 1, time, SATELLITES)
    np.testing.assert_array_equal(off, np.broadcast_to(expected, off.shape))


def test_satellites_come_back_one_after_another_after_an_outage():
    start, end = np.datetime64("2012-02-26T23:50"), np.datetime64("2012-02-26T23:59")
    settings = Interruptions(outages=((start, end),), acquisition_s=600.0)
    time = span("2012-02-26T23", "2012-02-27T01", 1)
    off = interrupted(settings, 1, time, SATELLITES)
    # Switched off once, together; switched on once, each at its own time within ten minutes.
    changes = np.diff(off.astype(int), axis=1)
    assert (np.argmax(changes == 1, axis=1) == np.flatnonzero(time == start)[0] - 1).all()
    back = time[1:][np.argmax(changes == -1, axis=1)]
    assert (np.abs(changes).sum(axis=1) == 2).all()
    assert len(set(back)) == len(SATELLITES)
    assert (back > end).all()
    assert (back <= end + np.timedelta64(600, "s")).all()


ALL_KINDS = Interruptions(
    gaps_per_day=30,
    gap_mean_s=1200,
    restarts_per_day=12,
    restart_s=600,
    acquisition_s=7200,
    absent_probability=0.3,
    outages=((np.datetime64("2012-02-26T22"), np.datetime64("2012-02-27T02")),),
)


def test_a_day_alone_is_as_with_its_neighbours():
    whole = interrupted(ALL_KINDS, 5, span("2012-02-25", "2012-02-29"), SATELLITES)
    days = [f"2012-02-{day}" for day in range(25, 30)]
    parts = [
        interrupted(ALL_KINDS, 5, span(first, last), SATELLITES) for first, last in pairwise(days)
    ]
    np.testing.assert_array_equal(np.concatenate(parts, axis=1), whole)
    # And something does run across the midnights.
    assert (whole[:, 2879] & whole[:, 2880]).any()
    # Nor does a satellite depend on which others there are.
    alone = interrupted(ALL_KINDS, 5, span("2012-02-25", "2012-02-29"), SATELLITES[2:3])
    np.testing.assert_array_equal(alone, whole[2:3])


def test_gaps_take_all_satellites_at_the_stated_rate():
    settings = Interruptions(gaps_per_day=8, gap_mean_s=90)
    time = span("2012-01-01", "2012-02-10", 5)
    off = interrupted(settings, 3, time, SATELLITES)
    assert (off == off[0]).all()
    starts = np.flatnonzero(np.diff(off[0].astype(int)) == 1)
    # 40 days of 8 gaps: 320 +- 18, of which those shorter than the 5 s between epochs are partly
    # not seen, in all 2.7 % (5 / 180), and 0.8 % overlap. Four standard deviations.
    assert len(starts) == pytest.approx(320 * 0.965, abs=4 * 18)
    # Their share of time; 320 exponential lengths have a sum known to sqrt(2 / 320).
    assert off[0].mean() == pytest.approx(8 * 90 / 86_400, rel=4 * np.sqrt(2 / 320))
    # Starts are spread evenly over the days.
    assert (
        kstest(time[starts].astype("datetime64[s]").astype(int) % 86_400 / 86_400, "uniform")[1]
        > 1e-3
    )


def test_restart_stops_all_satellites_together():
    settings = Interruptions(restarts_per_day=1, restart_s=120, acquisition_s=300)
    time = span("2012-01-01", "2012-02-10", 10)
    off = interrupted(settings, 4, time, SATELLITES)
    starts = [np.flatnonzero(np.diff(row.astype(int)) == 1) for row in off]
    assert 40 - 4 * np.sqrt(40) < len(starts[0]) < 40 + 4 * np.sqrt(40)
    lengths = []
    for row, first in zip(off, starts, strict=True):
        ends = np.flatnonzero(np.diff(row.astype(int)) == -1)
        lengths.append(10 * (ends - first))
        np.testing.assert_array_equal(first, starts[0])
    lengths = np.array(lengths)
    assert (lengths >= 120).all()
    assert lengths.std(axis=0).min() > 0
    # 120 s and then uniformly up to 300 s more; longer where the next restart falls into it.
    assert np.median(lengths) == pytest.approx(270, abs=40)


def test_absent_satellites():
    time = span("2012-01-01", "2012-04-10", 3600)
    off = interrupted(Interruptions(absent_satellites=("G02", "C11")), 1, time, SATELLITES)
    np.testing.assert_array_equal(off.all(axis=1), [False, True, False, False])
    np.testing.assert_array_equal(off.any(axis=1), [False, True, False, False])
    off = interrupted(Interruptions(absent_probability=0.25), 1, time, SATELLITES)
    by_day = off.reshape(len(SATELLITES), 100, 24)
    assert (by_day.all(axis=2) == by_day.any(axis=2)).all()
    # 400 satellite days: 100 +- 9.
    assert by_day[:, :, 0].sum() == pytest.approx(100, abs=35)


@pytest.mark.parametrize(
    "change",
    [
        {"gaps_per_day": -1},
        {"restart_s": np.nan},
        {"restart_s": 80_000, "acquisition_s": 10_000},
        {"acquisition_s": -1},
        {"absent_probability": 1.5},
        {"outages": ((np.datetime64("2012-01-02"), np.datetime64("2012-01-01")),)},
    ],
)
def test_impossible_settings_are_refused(change):
    with pytest.raises(InputError):
        Interruptions(**change)
