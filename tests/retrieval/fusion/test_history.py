import numpy as np
import pytest

from retrieval.fusion.closed import MS_PER_DAY, closed_arcs, utc_ms
from retrieval.fusion.history import track_history


@pytest.fixture
def history_before(hour_of):
    """Record of the days before a day of the made arcs."""

    def before(arcs, day, days=365):
        return track_history(closed_arcs(arcs), int(utc_ms(hour_of(day, 0))[0] // MS_PER_DAY), days)

    return before


def test_history_holds_the_last_arc_of_a_day_and_only_days_before(made_arcs, history_before):
    # Both arcs of a day lie in one track, at 100 and 101 degrees.
    arcs = made_arcs(
        [[10.0, 20.0], [11.0, np.nan], [12.0, 22.0]], satellite="G05", azimuth_deg=[[100.0, 101.0]]
    )
    history = history_before(arcs, 2, days=3)
    assert history.phase_deg.shape == (3, 1)
    assert history.phase_deg[:, 0] == pytest.approx([np.nan, 20.0, 11.0], nan_ok=True)


def test_rows_reach_to_the_day_before_however_long_nothing_was_heard(made_arcs, history_before):
    arcs = made_arcs([[10.0], [11.0]])
    known = ~np.isnan(history_before(arcs, 5, days=4).phase_deg[:, 0])
    assert known.tolist() == [True, False, False, False]
    assert history_before(arcs, 500).phase_deg.shape == (365, 0)


def test_tracks_are_those_of_the_days_before(made_arcs, history_before):
    # One satellite, an arc a day: the arc of day 0 is not among the two days before day 3.
    arcs = made_arcs([[0.0], [1.0], [2.0]], azimuth_deg=[[104.0], [100.0], [108.0]])
    assert history_before(arcs, 3, days=3).tracks.first_deg.tolist() == [100.0]
    assert history_before(arcs, 3, days=2).tracks.first_deg.tolist() == [100.0, 108.0]


def test_phases_are_referred_to_the_latest_height_known_before_the_day(made_arcs, history_before):
    # phase(h1) = phase(h0) - slope (h1 - h0): 0.74 deg/mm over 20 mm is 14.8 degrees.
    raw = [[40.0], [40.0 - 14.8], [40.0]]
    arcs = made_arcs(raw, apriori_height_m=[[1.80], [1.82], [1.80]])
    assert history_before(arcs, 1).phase_deg[-1:, 0] == pytest.approx([40.0])
    assert history_before(arcs, 2).phase_deg[-2:, 0] == pytest.approx([25.2, 25.2])
    assert history_before(arcs, 3).phase_deg[-3:, 0] == pytest.approx([40.0, 40.0, 40.0])


def test_arcs_more_than_three_centimetres_from_that_height_are_left_out(made_arcs, history_before):
    # The first day's height was a guess. Slopes differ from day to day, as real ones do: referred
    # to a height 10 cm away, equal phases would differ by 0.04 * 100 = 4 degrees.
    arcs = made_arcs(
        np.full((4, 1), 30.0),
        apriori_height_m=[[1.80], [1.73], [1.70], [1.70]],
        dphase_dheight_deg_per_mm=[[0.74], [0.74], [0.78], [0.74]],
    )
    history = history_before(arcs, 4)
    # 30 degrees at 1.73 m are 30 + 0.74 * 30 = 52.2 degrees at 1.70 m; 3 cm are still allowed.
    assert history.phase_deg[-4:, 0].tolist() == pytest.approx(
        [np.nan, 52.2, 30.0, 30.0], nan_ok=True
    )


def test_arcs_of_the_day_are_referred_to_the_height_of_the_days_before(made_arcs, history_before):
    arcs = made_arcs([[40.0], [40.0], [40.0]], apriori_height_m=[[1.80], [1.82], [1.84]])
    closed = closed_arcs(arcs)
    track, phase_deg = history_before(arcs, 1).refer(closed)
    assert track.tolist() == [0, 0, -1]
    assert phase_deg.tolist() == pytest.approx([40.0, 40.0 + 14.8, np.nan], nan_ok=True)


def test_before_the_first_day_no_arc_has_a_track(made_arcs, history_before):
    arcs = made_arcs([[1.0, 2.0]])
    track, phase_deg = history_before(arcs, 0).refer(closed_arcs(arcs))
    assert track.tolist() == [-1, -1]
    assert np.isnan(phase_deg).all()
