"""Rows by day and by time, and that no row knows what comes after it."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.errors import InputError
from retrieval.fusion.rows import daily_rows, trailing_rows
from retrieval.fusion.track_learning import learn_tracks

START = pd.Timestamp("2024-03-01", tz="UTC")
DAY = np.array(["2024-03-01", "2024-03-02", "2024-03-03"], dtype="datetime64[D]")


def moments(*hours):
    """UTC times of hours after the first day's beginning."""
    return pd.DatetimeIndex([START + pd.Timedelta(seconds=round(3600 * hour)) for hour in hours])


def arcs_at(made_arcs, phases, starts_h, **others):
    """Arcs of G01, 40 minutes long, from given hours on; they close 5 minutes after their end."""
    minutes = np.rint(np.array(starts_h) * 60).astype("timedelta64[m]")[:, None]
    start = np.datetime64("2024-03-01", "ns") + minutes
    return made_arcs(
        np.array(phases, dtype=float)[:, None],
        start=start,
        end=start + np.timedelta64(40, "m"),
        closed=start + np.timedelta64(45, "m"),
        **others,
    )


@pytest.fixture(scope="module")
def table(made_arcs):
    """Two tracks, G01 and G02, with reference 0, height 1.8 m and norm 10."""
    return learn_tracks(made_arcs(np.zeros((3, 2))), min_rows=3)


def test_an_arc_belongs_to_the_day_of_its_middle(table, made_arcs):
    # 23:35 to 00:15 has its middle at 23:55; 23:50 to 00:30 at 00:10 of the next day.
    arcs = arcs_at(made_arcs, [5.0, 7.0], [23 + 35 / 60, 47 + 50 / 60])
    rows = daily_rows(table, arcs, DAY)
    assert rows.anomaly_deg[:, 0] == pytest.approx([5.0, np.nan, 7.0], nan_ok=True)
    assert rows.age_h[:, 0] == pytest.approx([0.0, np.nan, 0.0], nan_ok=True)
    assert np.isnan(rows.anomaly_deg[:, 1]).all()
    assert rows.n_arcs.tolist() == rows.n_passes.tolist() == [1, 0, 1]
    assert rows.time.tolist() == (DAY + 1).astype("datetime64[ns]").tolist()
    middles = np.array(["2024-03-01T23:55", "2024-03-03T00:10"], "datetime64[ns]")
    assert (rows.effective_time[[0, 2]] == middles).all()
    assert np.isnat(rows.effective_time[1])


def test_days_come_in_the_order_asked(table, made_arcs):
    arcs = arcs_at(made_arcs, [5.0, 7.0], [5, 50])
    assert daily_rows(table, arcs, DAY[::-1]).anomaly_deg[:, 0] == pytest.approx(
        [7.0, np.nan, 5.0], nan_ok=True
    )


def test_two_arcs_of_a_day_have_their_mean_direction(table, made_arcs):
    arcs = arcs_at(made_arcs, [170.0, -170.0], [1, 20], amplitude=[[8.0], [10.0]])
    rows = daily_rows(table, arcs, DAY[:1])
    assert rows.anomaly_deg[0, 0] == pytest.approx(180.0)
    assert rows.amplitude[0, 0] == pytest.approx(0.9)
    assert rows.n_arcs.tolist() == [2]


def test_a_window_holds_what_closed_in_it_up_to_its_end(table, made_arcs):
    arcs = arcs_at(made_arcs, [5.0], [10])  # closes at 10:45
    at = moments(10.74, 10.75, 34.74, 34.75)
    heard = ~np.isnan(trailing_rows(table, arcs, at).anomaly_deg[:, 0])
    assert heard.tolist() == [False, True, True, False]
    assert trailing_rows(table, arcs, at, window_h=1.0).n_arcs.tolist() == [0, 1, 0, 0]


def test_fresh_arcs_of_a_track_count_more(table, made_arcs):
    # Middles at 1:20 and 13:20; at 14:20 their ages are 13 h and 1 h.
    arcs = arcs_at(made_arcs, [30.0, 0.0], [1, 13], reflector_height_m=[[1.7], [1.8]])
    rows = trailing_rows(table, arcs, moments(14 + 1 / 3), tau_h=6.0)
    old = np.exp(-12 / 6)  # beside 1 for the fresh one
    east, north = old * np.sin(np.pi / 6), 1 + old * np.cos(np.pi / 6)
    assert rows.anomaly_deg[0, 0] == pytest.approx(np.degrees(np.arctan2(east, north)))
    mean_h = (1 + 13 * old) / (1 + old)
    assert rows.age_h[0, 0] == pytest.approx(mean_h)
    assert rows.rise_m[0, 0] == pytest.approx(0.1 * old / (1 + old))
    ahead = np.datetime64("2024-03-01T14:20", "ns") - rows.effective_time[0]
    assert ahead / np.timedelta64(1, "h") == pytest.approx(mean_h, abs=1e-6)


def test_effective_time_is_the_mean_over_tracks(table, made_arcs):
    # G01 has its middle at 1:20, G02 at 2:20; at 3:20 they are 2 h and 1 h old.
    rows = trailing_rows(table, made_arcs([[0.0, 0.0]]), moments(3 + 1 / 3))
    assert rows.age_h[0].tolist() == pytest.approx([2.0, 1.0])
    assert rows.effective_time[0] == np.datetime64("2024-03-01T01:50", "ns")


def test_signals_of_one_pass_are_one_pass(made_arcs):
    both = pd.concat(
        [made_arcs(np.zeros((3, 2)), signal=one) for one in ("S1C", "S2X")], ignore_index=True
    )
    rows = trailing_rows(learn_tracks(both, min_rows=3), both, moments(24))
    assert rows.anomaly_deg.shape == (1, 4)
    assert (rows.n_arcs.tolist(), rows.n_passes.tolist()) == ([4], [2])


def test_no_arcs_and_no_times_give_empty_rows(table, made_arcs):
    arcs = made_arcs(np.zeros((2, 2)))
    rows = trailing_rows(table, arcs.iloc[:0], moments(5, 6))
    assert np.isnan(rows.anomaly_deg).all()
    assert rows.anomaly_deg.shape == (2, 2)
    assert rows.n_passes.tolist() == [0, 0]
    assert trailing_rows(table, arcs, moments(1)[:0]).anomaly_deg.shape == (0, 2)


def test_windows_that_are_none_are_refused(table, made_arcs):
    arcs = made_arcs([[0.0]])
    with pytest.raises(InputError, match="above 0"):
        trailing_rows(table, arcs, moments(1), window_h=0)
    with pytest.raises(InputError, match="tz_localize"):
        trailing_rows(table, arcs, moments(1).tz_localize(None))


GRID = pd.date_range(START, START + pd.Timedelta(days=6), freq="5h")
COMPARED = ("anomaly_deg", "age_h", "amplitude", "rise_m", "n_arcs", "n_passes", "effective_time")


@given(minutes=st.integers(0, 6 * 24 * 60), seed=st.integers(0, 2**32 - 1), on_grid=st.booleans())
@settings(max_examples=30, deadline=None)
def test_arcs_that_close_after_a_time_change_nothing_up_to_it(made_arcs, minutes, seed, on_grid):
    made = np.random.default_rng(5)
    shape = (6, 4)
    kinds = {
        "satellite": [["G01", "G01", "E05", "E07"]],
        "azimuth_deg": [[10.0, 12.0, 44.0, 46.0]],
    }
    arcs = made_arcs(made.normal(0, 30, shape), amplitude=made.uniform(5, 12, shape), **kinds)
    table = learn_tracks(arcs, min_rows=3)
    time = START + pd.Timedelta(minutes=minutes)
    if on_grid:
        time = GRID[time >= GRID][-1]
    known = GRID[time >= GRID]

    rng = np.random.default_rng(seed)
    later = np.flatnonzero(arcs["closed"] > time)
    changed = arcs.copy()
    for name, most in {"phase_deg": 90.0, "amplitude": 4.0, "azimuth_deg": 40.0}.items():
        values = changed[name].to_numpy(copy=True)
        values[later] += rng.uniform(-most, most, len(later))
        changed[name] = values
    added = changed.iloc[later].assign(satellite=rng.choice(["E05", "G01", "A00"], len(later)))
    # What began early may close late.
    added["start"] -= pd.to_timedelta(rng.integers(0, 600, len(later)), unit="m")
    whole = pd.concat([changed.drop(index=later[rng.random(len(later)) < 0.3]), added])
    whole = whole.sample(frac=1, random_state=int(rng.integers(2**31)))

    expected, found = trailing_rows(table, arcs, known), trailing_rows(table, whole, GRID)
    for name in COMPARED:
        np.testing.assert_array_equal(getattr(found, name)[: len(known)], getattr(expected, name))
