"""Tracks learnt from training arcs, and arcs placed beside them."""

import numpy as np
import pandas as pd
import pytest

from retrieval.arc_table import empty_arc_table
from retrieval.errors import InputError
from retrieval.fusion.track_learning import learn_tracks
from retrieval.fusion.track_table import TrackTable

PSI = np.array([0, 0, 20, 12, 8, 4, 0, 0, 0, 15, 10, 0, 0.0])  # 0 on 7 of 13 days


@pytest.fixture
def galileo(made_arcs):
    """Thirteen days of three Galileo satellites in one sector; E11 came three times only."""
    raw = np.array([100.0, 40.0, -60.0]) - PSI[:, None]
    raw[3:, 2] = np.nan
    return made_arcs(
        raw, satellite=[["E05", "E07", "E11"]], azimuth_deg=[[21.0, 29.9, 25.0]], signal="S1C"
    )


def test_a_daily_track_has_the_median_of_its_phases(made_arcs):
    table = learn_tracks(made_arcs([[10.0], [30.0], [14.0]]), min_rows=3)
    assert table.identity.tolist() == ["G01-S2X-rising"]
    assert table.reference_deg == pytest.approx([14.0])
    assert table.n_rows.tolist() == [3]


def test_phases_about_half_a_turn_are_not_averaged_across_it(made_arcs):
    table = learn_tracks(made_arcs([[179.0], [-179.0], [-178.0]]), min_rows=3)
    assert table.reference_deg == pytest.approx([-179.0])
    placed = table.place(made_arcs([[175.0]]))
    assert placed.anomaly_deg == pytest.approx([-6.0])


def test_a_track_that_came_in_a_wet_time_does_not_take_it_for_usual(made_arcs):
    raw = np.array([50.0, -20.0, 170.0]) - PSI[:, None]
    raw[:2, 2], raw[6:9, 2], raw[11:, 2] = np.nan, np.nan, np.nan  # wet days are left
    table = learn_tracks(made_arcs(raw), min_rows=3)
    assert table.reference_deg == pytest.approx([50.0, -20.0, 170.0], abs=0.3)


def test_satellites_without_a_daily_repeat_share_a_sector_with_offsets_of_their_own(galileo):
    table = learn_tracks(galileo)
    assert table.identity.tolist() == ["E-S1C-rising"]
    assert (table.first_deg[0], table.width_deg[0]) == (20.0, 10.0)
    sub = table.subtracks
    assert sub.satellite.tolist() == ["E05", "E07"]
    assert sub.reference_deg == pytest.approx([100.0, 40.0], abs=0.3)
    assert sub.n_visits.tolist() == [13, 13]


def test_a_visitor_is_compared_with_its_own_offset_or_else_with_the_sectors_median(
    galileo, made_arcs
):
    # E11 has an offset in the next sector alone.
    other = made_arcs(7.0 - PSI[:, None], satellite="E11", azimuth_deg=35.0, signal="S1C")
    table = learn_tracks(pd.concat([galileo, other], ignore_index=True))
    names = [["E05", "E07", "E11", "E36"]]
    new = made_arcs(np.full((1, 4), 55.0), satellite=names, azimuth_deg=22.0, signal="S1C")
    placed = table.place(new)
    # Of the 29 arcs of the sector, 13 stand at 100, 13 at 40, 3 at -60: the middle one at 40.
    expected = [55.0 - 100.0, 55.0 - 40.0, 55.0 - 40.0, np.nan]
    assert placed.anomaly_deg == pytest.approx(expected, abs=0.5, nan_ok=True)
    assert placed.track.tolist() == [0, 0, 0, -1]


def test_the_last_sector_ends_at_north(made_arcs):
    raw = np.zeros((12, 2))
    arcs = made_arcs(raw, satellite=[["R01", "R02"]], azimuth_deg=[[359.9, 0.0]])
    assert learn_tracks(arcs).first_deg.tolist() == [0.0, 350.0]


def test_inclined_beidou_repeats_daily_and_medium_beidou_does_not(made_arcs):
    arcs = made_arcs(np.zeros((12, 2)), satellite=[["C08", "C11"]])
    assert learn_tracks(arcs).identity.tolist() == ["C-S2X-rising", "C08-S2X-rising"]


def test_arcs_of_no_known_place_belong_to_no_track(made_arcs):
    table = learn_tracks(made_arcs(np.zeros((12, 2))))
    names = [["G01", "G01", "G77", "E02"]]
    new = made_arcs(np.zeros((1, 4)), satellite=names, azimuth_deg=[[4.0, 90.0, 0.0, 0.0]])
    placed = table.place(new)
    assert placed.track.tolist() == [0, -1, -1, -1]
    for values in (placed.anomaly_deg, placed.amplitude, placed.rise_m):
        assert np.isnan(values).tolist() == [False, True, True, True]


def test_rare_places_are_no_tracks(made_arcs):
    raw = np.zeros((5, 2))
    raw[3:, 1] = np.nan
    assert learn_tracks(made_arcs(raw), min_rows=4).identity.tolist() == ["G01-S2X-rising"]
    with pytest.raises(InputError, match="6 days or more"):
        learn_tracks(made_arcs(raw), min_rows=6)
    with pytest.raises(InputError, match="longest on 0"):
        learn_tracks(empty_arc_table())


def test_phases_are_referred_to_the_latest_heights(made_arcs):
    # Ten days at 1.80 m after two at 1.82 m: 0.74 deg/mm over 20 mm is 14.8 degrees.
    height_m = np.where(np.arange(12) < 2, 1.82, 1.80)[:, None]
    table = learn_tracks(made_arcs(np.full((12, 1), 40.0), apriori_height_m=height_m))
    assert table.apriori_height_m.tolist() == [1.80]
    placed = table.place(made_arcs([[40.0], [40.0]], apriori_height_m=[[1.82], [1.84]]))
    assert placed.anomaly_deg == pytest.approx([14.8, np.nan], nan_ok=True)
    assert placed.track.tolist() == [0, -1]


def test_norm_is_the_highest_fifth_and_height_the_median(made_arcs):
    arcs = made_arcs(
        np.zeros((10, 1)),
        amplitude=np.arange(1.0, 11.0)[:, None],
        reflector_height_m=1.8 + np.arange(10)[:, None] / 100,
    )
    table = learn_tracks(arcs)
    assert table.amplitude.tolist() == [9.5]  # two of ten: 9 and 10
    assert table.height_m == pytest.approx([1.845])
    placed = table.place(made_arcs([[0.0]], amplitude=19.0, reflector_height_m=1.745))
    assert placed.amplitude == pytest.approx([2.0])
    assert placed.rise_m == pytest.approx([0.1])


def test_rejected_arcs_teach_nothing_and_rows_lead_back_to_the_arcs(made_arcs):
    accepted = np.ones((12, 2), dtype=bool)
    accepted[::2, 0] = False
    arcs = made_arcs(np.zeros((12, 2)), accepted=accepted)
    table = learn_tracks(arcs, min_rows=1)
    assert table.n_rows.tolist() == [6, 12]
    shuffled = arcs.sample(frac=1, random_state=3)
    placed = table.place(shuffled)
    names = shuffled["satellite"].to_numpy()[placed.row]
    assert (names == np.array(["G01", "G02"])[placed.track]).all()
    assert len(placed.row) == 18


def test_order_of_the_arcs_does_not_count(galileo):
    shuffled = galileo.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(
        learn_tracks(shuffled).to_frame(), learn_tracks(galileo).to_frame(), check_exact=True
    )


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_table_comes_back_from_a_file_as_it_was(galileo, made_arcs, kind, tmp_path):
    raw = np.random.default_rng(0).uniform(-180, 180, (12, 5))
    table = learn_tracks(pd.concat([galileo, made_arcs(raw)], ignore_index=True))
    assert len(table.subtracks) == 2
    path = tmp_path / f"tracks.{kind}"
    if kind == "csv":
        table.to_frame().to_csv(path, index=False)
        frame = pd.read_csv(path, dtype=str)
    else:
        table.to_frame().to_parquet(path)
        frame = pd.read_parquet(path)
    found = TrackTable.from_frame(frame)
    pd.testing.assert_frame_equal(found.to_frame(), table.to_frame(), check_exact=True)
    for name in ("track", "anomaly_deg"):
        np.testing.assert_array_equal(
            getattr(found.place(galileo), name), getattr(table.place(galileo), name)
        )


def test_a_table_without_tracks_comes_back_too(made_arcs):
    found = TrackTable.from_frame(TrackTable.empty().to_frame())
    assert len(found) == 0
    assert found.place(made_arcs([[1.0]])).track.tolist() == [-1]


def test_frames_that_are_no_track_table_are_refused(galileo):
    frame = learn_tracks(galileo).to_frame()
    with pytest.raises(InputError, match="height_m missing"):
        TrackTable.from_frame(frame.drop(columns="height_m"))
    with pytest.raises(InputError, match="numbered from 0"):
        TrackTable.from_frame(frame.iloc[1:])
