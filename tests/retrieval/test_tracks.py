import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from retrieval.tracks import CLUSTER_RADIUS_DEG, assign_tracks, azimuth_clusters


def table(azimuths, days=None, **columns):
    days = range(len(azimuths)) if days is None else days
    start = pd.to_datetime([f"2025-01-{day + 1:02d}" for day in days], utc=True)
    base = {"satellite": "G27", "signal": "S2X", "direction": "rising"}
    return pd.DataFrame({**base, **columns, "start": start, "azimuth_deg": azimuths})


def test_passes_on_both_sides_of_north_are_one_track():
    assert assign_tracks(table([359.0, 1.0, 358.5])).nunique() == 1


def test_satellite_signal_direction_and_azimuth_each_make_a_track():
    arcs = table(
        [100.0, 100.0, 100.0, 100.0, 150.0],
        days=[0, 0, 0, 0, 1],
        satellite=["G27", "G05", "G27", "G27", "G27"],
        signal=["S2X", "S2X", "S1C", "S2X", "S2X"],
        direction=["rising", "rising", "rising", "setting", "rising"],
    )
    assert assign_tracks(arcs).tolist() == [
        "G27-S2X-rising-100",
        "G05-S2X-rising-100",
        "G27-S1C-rising-100",
        "G27-S2X-setting-100",
        "G27-S2X-rising-150",
    ]


def test_an_arc_between_two_clusters_joins_the_nearer():
    assert azimuth_clusters([100.0, 115.0, 108.0]).tolist() == [100.0, 115.0, 115.0]


@given(st.lists(st.floats(0, 359.99), min_size=2, max_size=20), st.randoms(use_true_random=False))
def test_tracks_depend_neither_on_row_order_nor_on_what_comes_later(azimuths, random):
    arcs = table(azimuths)
    names = assign_tracks(arcs)
    rows = list(range(len(arcs)))
    random.shuffle(rows)
    pd.testing.assert_series_equal(assign_tracks(arcs.iloc[rows]).sort_index(), names)
    half = len(arcs) // 2
    pd.testing.assert_series_equal(assign_tracks(arcs.iloc[:half]), names.iloc[:half])


@given(st.lists(st.floats(0, 359.99), min_size=1, max_size=30))
def test_no_arc_is_further_from_its_cluster_than_the_radius(azimuths):
    apart = np.abs((azimuth_clusters(azimuths) - azimuths + 180.0) % 360.0 - 180.0)
    assert apart.max() <= CLUSTER_RADIUS_DEG


def test_no_arcs_have_no_tracks():
    assert assign_tracks(table([50.0]).iloc[:0]).empty
