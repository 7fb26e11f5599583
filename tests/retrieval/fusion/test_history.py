import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from retrieval.fusion.history import (
    circular_median_deg,
    closed_arcs,
    column_mean,
    column_median,
    track_history,
    utc_ms,
)

MATRICES = hnp.arrays(
    float,
    hnp.array_shapes(min_dims=2, max_dims=2, max_side=7),
    elements=st.one_of(st.just(np.nan), st.floats(-1e3, 1e3)),
)


@given(MATRICES)
def test_column_statistics_equal_numpys_on_what_is_there(values):
    for k in range(values.shape[1]):
        known = values[~np.isnan(values[:, k]), k]
        median, mean = column_median(values)[k], column_mean(values)[k]
        if len(known) == 0:
            assert np.isnan(median)
            assert np.isnan(mean)
        else:
            assert median == pytest.approx(np.median(known))
            assert mean == pytest.approx(np.mean(known), abs=1e-9)


@given(st.floats(-180, 180), st.lists(st.integers(-60, 60), min_size=1, max_size=15))
def test_circular_median_turns_with_its_sample(centre, spread):
    # A sample within +-60 degrees of a centre has the plain median, wherever the centre lies.
    sample = (centre + np.array(spread, float) + 180.0) % 360.0 - 180.0
    expected = centre + np.median(spread)
    difference = (circular_median_deg(sample[:, None])[0] - expected + 180.0) % 360.0 - 180.0
    assert difference == pytest.approx(0.0, abs=1e-9)


def test_phases_are_referred_to_the_height_of_the_tracks_first_arc(made_arcs):
    # phase(h1) = phase(h0) - slope (h1 - h0): 0.74 deg/mm over 20 mm is 14.8 degrees.
    arcs = made_arcs([[40.0], [40.0 - 14.8]], apriori_height_m=[[1.80], [1.82]])
    assert closed_arcs(arcs).phase_deg == pytest.approx([40.0, 40.0])


def test_rejected_arcs_and_arcs_without_phase_are_left_out(made_arcs):
    arcs = made_arcs([[1.0, 2.0, np.nan]], accepted=[[True, False, True]])
    assert closed_arcs(arcs).phase_deg.tolist() == [1.0]


def test_signals_of_one_pass_share_it(made_arcs):
    arcs = made_arcs(
        [[1.0, 2.0, 3.0]],
        satellite=[["G05", "G05", "G07"]],
        signal=[["S1C", "S2X", "S1C"]],
        azimuth_deg=[[100.0, 100.2, 100.0]],
    )
    closed = closed_arcs(arcs)
    assert closed.n_tracks == 3
    assert len(set(closed.pass_of_track.tolist())) == 2


def test_latest_arc_of_each_track_within_the_window(made_arcs, hour_of):
    # Track 0 ends 01:40 and closes 01:45 every day; track 1 an hour later.
    closed = closed_arcs(made_arcs([[10.0, 20.0], [11.0, np.nan]]))
    day_ms = 86_400_000

    def phases(day, hour):
        row = closed.latest(utc_ms(hour_of(day, hour)), day_ms)[0]
        return [closed.phase_deg[k] if k >= 0 else None for k in row]

    assert phases(0, 1.74) == [None, None]
    assert phases(0, 1.75) == [10.0, None]
    assert phases(0, 23) == [10.0, 20.0]
    assert phases(1, 2) == [11.0, 20.0]
    # A window of 24 h does not hold its own left end.
    assert phases(1, 2.75) == [11.0, None]


def test_history_holds_the_last_arc_of_a_day_and_only_days_before(made_arcs):
    arcs = made_arcs([[10.0, 20.0], [np.nan, 21.0], [12.0, 22.0]])
    history = track_history(closed_arcs(arcs))
    assert history.phase_deg.shape == (3, 2)
    assert np.isnan(history.phase_deg[1, 0])
    past = history.before(history.first_day + 2, 1)
    assert past.phase_deg.tolist()[0][1] == 21.0
    assert len(history.before(history.first_day, 365).phase_deg) == 0
    assert len(history.before(history.first_day + 400, 365).phase_deg) == 0
