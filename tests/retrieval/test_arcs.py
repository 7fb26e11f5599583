"""Cutting arcs out of observations, on passes drawn by hand."""

import numpy as np
import pytest

from retrieval import gnss
from retrieval.arcs import RISING, SETTING, ArcSettings, SkyPoints, cut_arcs
from retrieval.errors import InputError

START = np.datetime64("2025-01-10T00:00:00", "ns")


def _pass(satellite, minutes, elevation_deg, signal="GS2X", snr=40.0, azimuth=90.0, equipment=0):
    n = len(minutes)
    return SkyPoints(
        START + (np.asarray(minutes) * 60e9).astype("m8[ns]"),
        np.full(n, gnss.satellite_code(satellite), np.int32),
        np.full(n, gnss.signal_code(signal), np.int64),
        np.full(n, snr, float),
        np.asarray(elevation_deg, float),
        np.full(n, azimuth),
        np.zeros(n),
        np.zeros(n, np.int8),
        np.full(n, equipment, np.int64),
    )


def _join(*parts):
    return SkyPoints(
        *(np.concatenate(c) for c in zip(*(vars(p).values() for p in parts), strict=True))
    )


def _rise(satellite="G05", begin=0.0, **kwargs):
    """A rise from 2 to 40 degrees in 95 minutes, a point every half minute."""
    minutes = np.arange(0, 95, 0.5)
    return _pass(satellite, begin + minutes, 2 + 0.4 * minutes, **kwargs)


def _ends(arcs):
    return [
        (arcs.points.elevation_deg[a], arcs.points.elevation_deg[b - 1])
        for a, b in zip(arcs.start[:-1], arcs.start[1:], strict=True)
    ]


def test_a_rise_is_one_arc_over_the_detrending_range():
    arcs = cut_arcs(_rise(), ArcSettings())
    assert len(arcs) == 1
    assert arcs.direction[0] == RISING
    ((low, high),) = _ends(arcs)
    assert 5 <= low < 5.3
    assert 29.7 < high <= 30
    assert arcs.windowed().points.elevation_deg.max() <= 25


def test_rise_and_set_of_a_pass_within_the_window_are_two_arcs():
    minutes = np.arange(0, 120, 0.5)
    elevation = 24 - 20 * ((minutes - 60) / 60) ** 2
    arcs = cut_arcs(_pass("G05", minutes, elevation), ArcSettings())
    assert arcs.direction.tolist() == [RISING, SETTING]
    assert np.diff(arcs.start).sum() == ((elevation >= 5) & (elevation <= 30)).sum()


def test_rounded_angles_at_the_top_do_not_make_extra_arcs():
    minutes = np.arange(0, 120, 0.5)
    elevation = np.round(24 - 20 * ((minutes - 60) / 60) ** 2, 2)
    arcs = cut_arcs(_pass("G05", minutes, elevation), ArcSettings())
    assert arcs.direction.tolist() == [RISING, SETTING]


def test_a_gap_longer_than_allowed_cuts_the_arc():
    points = _rise()
    minutes = (points.time - START).astype(np.int64) / 60e9
    without = points.where((minutes < 30) | (minutes >= 36))
    assert len(cut_arcs(without, ArcSettings())) == 2
    assert len(cut_arcs(without, ArcSettings(max_gap_s=600))) == 1
    assert len(cut_arcs(points.where((minutes < 30) | (minutes >= 34)), ArcSettings())) == 1


def test_default_gap_grows_with_a_slow_receiver():
    slow = _pass("G05", np.arange(0, 95, 4.0), 2 + 0.4 * np.arange(0, 95, 4.0))
    minutes = (slow.time - START).astype(np.int64) / 60e9
    without = slow.where(minutes != 40)
    assert len(cut_arcs(without, ArcSettings())) == 1


def test_a_signal_that_comes_and_goes_has_the_receivers_interval():
    # Three pairs of points, 40 minutes apart: by their own median of 20 minutes all would be one.
    whole = _rise()
    pairs = _pass("G10", [0, 20, 40, 60, 80, 100], [10, 11, 12, 13, 14, 15])
    for points in (_join(whole, pairs), _join(whole, pairs.where(np.arange(6) < 2))):
        arcs = cut_arcs(points, ArcSettings())
        assert gnss.satellite_names(arcs.points.satellite[arcs.first]).tolist() == ["G05"]
    close = _pass("G10", [0, 0.5, 40, 40.5], [10, 10.2, 12, 12.2])
    one, *others = (
        cut_arcs(_join(whole, close.where(np.arange(4) < n)), ArcSettings()) for n in (2, 4)
    )
    assert [len(arcs) for arcs in (one, *others)] == [2, 3]
    assert one.closed[1] == others[0].closed[1] == START + np.timedelta64(330, "s")


def test_a_point_alone_is_no_arc():
    lonely = _pass("G05", [0, 20, 40], [10, 18, 26])
    assert len(cut_arcs(lonely, ArcSettings(max_gap_s=300))) == 0
    assert len(cut_arcs(lonely, ArcSettings(max_gap_s=1500))) == 1


def test_arc_is_closed_a_gap_after_its_last_point_of_the_wider_range():
    # 2 + 0.4 m degrees at minute m: 25 degrees at 57.5, 30 degrees at 70.
    arcs = cut_arcs(_rise(), ArcSettings())
    assert arcs.windowed().points.time[-1] == START + np.timedelta64(3450, "s")
    assert arcs.closed[0] == START + np.timedelta64(70 * 60 + 300, "s")
    longer = cut_arcs(_rise(), ArcSettings(max_gap_s=600))
    assert longer.closed[0] == START + np.timedelta64(70 * 60 + 600, "s")


@pytest.mark.parametrize("known_min", [60, 70, 76, 95])
def test_what_comes_after_an_arc_is_closed_does_not_change_it(known_min):
    points = _rise()
    minutes = (points.time - START).astype(np.int64) / 60e9
    whole = cut_arcs(points, ArcSettings())
    part = cut_arcs(points.where(minutes <= known_min), ArcSettings())
    is_closed = part.closed[0] <= START + np.timedelta64(known_min, "m")
    assert is_closed == (known_min > 75)
    if is_closed:
        assert len(part.points) == len(whole.points)


def test_satellites_and_signals_do_not_mix():
    arcs = cut_arcs(_join(_rise("G05"), _rise("G07"), _rise("G05", signal="GS5Q")), ArcSettings())
    names = [
        (gnss.satellite_name(int(s)), gnss.signal_name(int(g)))
        for s, g in zip(
            arcs.points.satellite[arcs.first], arcs.points.signal[arcs.first], strict=True
        )
    ]
    assert sorted(names) == [("G05", "GS2X"), ("G05", "GS5Q"), ("G07", "GS2X")]


def test_arc_crossing_midnight_is_whole():
    arcs = cut_arcs(_rise(begin=24 * 60 - 40), ArcSettings())
    assert len(arcs) == 1


@pytest.mark.parametrize("seed", range(3))
def test_order_and_repetition_of_rows_change_nothing(seed):
    points = _join(_rise("G05"), _rise("G07", begin=300))
    rng = np.random.default_rng(seed)
    shuffled = points.where(rng.permutation(np.concatenate([np.arange(len(points))] * 2)))
    first, second = cut_arcs(points, ArcSettings()), cut_arcs(shuffled, ArcSettings())
    assert first.start.tolist() == second.start.tolist()
    assert (first.points.time == second.points.time).all()
    assert (first.points.elevation_deg == second.points.elevation_deg).all()


def test_two_directions_for_one_epoch_resolve_alike():
    one, other = _rise(), _rise(azimuth=95.0)
    other = SkyPoints(**{**vars(other), "elevation_deg": other.elevation_deg + 0.001})
    first, second = (cut_arcs(_join(*p), ArcSettings()) for p in ((one, other), (other, one)))
    assert (first.points.azimuth_deg == second.points.azimuth_deg).all()


def test_two_values_for_one_epoch_resolve_alike_in_either_order():
    weak, strong = _rise(snr=30.0), _rise(snr=45.0)
    for points in (_join(weak, strong), _join(strong, weak)):
        assert (cut_arcs(points, ArcSettings()).points.snr_dbhz == 30).all()


def test_nothing_in_the_window_gives_no_arcs():
    assert len(cut_arcs(_pass("G05", [0, 1, 2], [70, 71, 72]), ArcSettings())) == 0
    assert len(cut_arcs(_pass("G05", [0, 1, 2], [26, 27, 28]), ArcSettings())) == 0
    empty = cut_arcs(_pass("G05", [], []), ArcSettings())
    assert len(empty) == 0
    assert len(empty.windowed()) == 0


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"elevation_deg": (25.0, 5.0)}, "elevation"),
        ({"start_below_deg": 3.0}, "start_below"),
        ({"height_m": (8.0, 0.4)}, "height range"),
        ({"height_step_m": 0.02}, "height step"),
        ({"height_mode": "both"}, "height mode"),
        ({"polynomial_order": 0}, "polynomial order"),
    ],
)
def test_impossible_settings_are_refused_by_name(settings, named):
    with pytest.raises(InputError, match=named):
        ArcSettings(**settings)


def test_an_arc_ends_where_the_equipment_changes():
    rise = _rise()
    changed = SkyPoints(**{**vars(rise), "equipment": np.where(np.arange(len(rise)) < 80, 7, 9)})
    arcs = cut_arcs(changed, ArcSettings())
    assert _ends(arcs) == [(5.0, 17.8), (18.0, 30.0)]  # 2 + .2 k degrees at point k
    assert arcs.points.equipment[arcs.first].tolist() == [7, 9]
    # It says so to the very point, and the pause that an arc may make joins nothing across it.
    assert (arcs.closed - arcs.points.time[arcs.start[1:] - 1] == np.timedelta64(300, "s")).all()


@pytest.mark.parametrize("turn", [1, -1])
def test_of_arcs_that_two_equipments_heard_at_once_the_one_with_more_points_stays(turn):
    rise, other = _rise(equipment=7), _rise(equipment=9)
    fewer = rise.where(np.arange(len(rise)) % 3 > 0)
    apart = _rise(begin=300, equipment=7)
    arcs = cut_arcs(_join(*[fewer, other, apart, _rise("G07", equipment=7)][::turn]), ArcSettings())
    assert arcs.points.equipment[arcs.first].tolist() == [7, 9, 7]
    assert np.diff(arcs.start).tolist() == [126] * 3  # 5 to 30 degrees by .2
    # Of equals one stays, always the same.
    twins = cut_arcs(_join(*[rise, other][::turn]), ArcSettings())
    assert twins.points.equipment.tolist() == [7] * 126


def test_points_of_one_equipment_alone_are_cut_as_those_of_none():
    given = _join(_rise(), _rise("G07", begin=30), _rise(begin=20, snr=41.0))
    named = SkyPoints(**{**vars(given), "equipment": np.full(len(given), 12)})
    one, other = cut_arcs(given, ArcSettings()), cut_arcs(named, ArcSettings())
    for name in ("time", "satellite", "snr_dbhz", "elevation_deg"):
        np.testing.assert_array_equal(getattr(one.points, name), getattr(other.points, name))
    np.testing.assert_array_equal(one.start, other.start)
