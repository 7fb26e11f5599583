import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.tracks import GAP_DEG, WIDEST_DEG, find_tracks

ARCS = st.lists(st.tuples(st.integers(0, 2), st.floats(0, 359.99)), min_size=1, max_size=40)


def tracks_of(azimuths, identity=0):
    """Tracks of arcs and the track of each of them."""
    azimuths = np.asarray(azimuths, dtype=float)
    identity = np.broadcast_to(identity, azimuths.shape).astype(np.intp)
    tracks = find_tracks(identity, azimuths)
    return tracks, tracks.place(identity, azimuths)


def test_passes_on_both_sides_of_north_are_one_track():
    tracks, track = tracks_of([359.0, 1.0, 358.5])
    assert track.tolist() == [0, 0, 0]
    assert tracks.first_deg.tolist() == [358.5]
    assert tracks.width_deg.tolist() == [2.5]


def test_identity_and_azimuth_each_make_a_track():
    _, track = tracks_of([100.0, 100.0, 150.0, 101.0], identity=[0, 1, 0, 0])
    assert track.tolist() == [0, 2, 1, 0]


@pytest.mark.parametrize("begin", [0.0, 95.0, 352.0])
def test_a_track_that_drifts_stays_whole(begin):
    # 15 degrees in a year, as no radius about its first arc would allow; and it crosses north.
    azimuths = np.mod(begin + np.linspace(0, 15, 365), 360.0)
    tracks, track = tracks_of(azimuths)
    assert len(tracks) == 1
    assert set(track.tolist()) == {0}


def test_a_wide_group_is_cut_into_equal_parts():
    # 100 to 150 degrees: three parts of 50 / 3 degrees.
    tracks, track = tracks_of(np.arange(100.0, 151.0))
    assert tracks.first_deg == pytest.approx([100.0, 116.0 + 2 / 3, 133.0 + 1 / 3])
    assert np.bincount(track).tolist() == [17, 17, 17]


def test_arcs_all_round_have_parts_from_north():
    tracks, track = tracks_of(np.arange(0.5, 360.0, 2.0)[::-1])
    assert tracks.first_deg == pytest.approx(np.arange(18) * 20.0)
    assert np.bincount(track).tolist() == [10] * 18


def test_later_arcs_join_the_nearest_track_or_none():
    tracks, _ = tracks_of([100.0, 104.0, 112.0])  # 100 to 104, and 112
    place = tracks.place(np.zeros(6, np.intp), np.array([95.1, 94.9, 107.9, 108.1, 116.9, 117.1]))
    assert place.tolist() == [0, -1, 0, 1, 1, -1]
    assert tracks.place(np.array([7]), np.array([100.0])).tolist() == [-1]


@given(ARCS, st.randoms(use_true_random=False))
def test_tracks_do_not_depend_on_the_order_of_arcs(arcs, random):
    identity, azimuths = (np.array(column) for column in zip(*arcs, strict=True))
    tracks, track = tracks_of(azimuths, identity)
    rows = list(range(len(arcs)))
    random.shuffle(rows)
    again, shuffled = tracks_of(azimuths[rows], identity[rows])
    assert again.first_deg.tolist() == tracks.first_deg.tolist()
    assert shuffled.tolist() == track[rows].tolist()


@given(ARCS)
def test_every_arc_lies_in_a_track_of_its_own_identity(arcs):
    identity, azimuths = (np.array(column) for column in zip(*arcs, strict=True))
    tracks, track = tracks_of(azimuths, identity)
    assert (track >= 0).all()
    assert (tracks.identity[track] == identity).all()
    assert set(track.tolist()) == set(range(len(tracks)))
    assert (tracks.width_deg <= WIDEST_DEG).all()
    # Clockwise from the beginning of the track, up to rounding at its ends.
    inside = (azimuths - tracks.first_deg[track] + 1e-9) % 360.0
    assert (inside <= tracks.width_deg[track] + 2e-9).all()


@given(ARCS, st.floats(0, 359.99))
def test_groups_turn_with_the_sky(arcs, turn):
    identity, azimuths = (np.array(column) for column in zip(*arcs, strict=True))
    ordered = np.sort(azimuths[identity == 0])
    pauses = np.diff(np.append(ordered, ordered[:1] + 360.0))
    if (np.abs(pauses - GAP_DEG) < 1e-6).any() or (pauses <= GAP_DEG).all():
        return  # rounding decides, or the parts are tied to north
    before = find_tracks(identity, azimuths)
    after = find_tracks(identity, np.mod(azimuths + turn, 360.0))
    widths = [np.sort(t.width_deg[t.identity == 0]) for t in (before, after)]
    if len(widths[0]) == len(widths[1]):  # else a width lies at the limit
        assert widths[0] == pytest.approx(widths[1], abs=1e-6)


def test_no_arcs_have_no_tracks():
    tracks, track = tracks_of([])
    assert len(tracks) == len(track) == 0
    assert tracks.place(np.zeros(1, np.intp), np.array([50.0])).tolist() == [-1]
