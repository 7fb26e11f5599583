"""Which stored arcs give way to arcs that are computed again."""

import numpy as np
import pandas as pd
import pytest

from daemon.superseding import arc_changes, succession

MINUTE = np.timedelta64(1, "m")
NOON = np.datetime64("2025-01-10T12:00", "ns")


def stored(table, first_number=1, revision=1):
    table = table.assign(revision=revision)
    return table.set_index(pd.RangeIndex(first_number, first_number + len(table)))


def changes(before, computed, void=()):
    """Numbers to take out, and revisions of what is to be written by start."""
    obsolete, new = arc_changes(before, computed, succession(before, computed, void))
    return obsolete, new


def test_an_arc_of_more_data_takes_the_place_of_a_part(made_arcs):
    part = made_arcs(end=NOON + 10 * MINUTE, n_obs=20)
    whole = made_arcs(start=NOON - 30 * MINUTE, end=NOON + 10 * MINUTE, n_obs=80)
    obsolete, new = changes(stored(part, 7, revision=3), whole)
    assert obsolete == [7]
    assert new["revision"].tolist() == [4]
    # And never the other way round.
    obsolete, new = changes(stored(whole), part)
    assert obsolete == []
    assert new.empty


def test_one_arc_may_stand_for_two_parts(made_arcs):
    parts = made_arcs(
        2, start=[NOON, NOON + 20 * MINUTE], end=[NOON + 10 * MINUTE, NOON + 40 * MINUTE], n_obs=20
    )
    assert changes(stored(parts), made_arcs(n_obs=80))[0] == [1, 2]


def test_two_parts_stand_for_one_arc_when_they_have_all_of_it(made_arcs):
    parts = made_arcs(
        2,
        start=[NOON, NOON + 20 * MINUTE],
        end=[NOON + 10 * MINUTE, NOON + 40 * MINUTE],
        n_obs=[50, 30],
    )
    obsolete, new = changes(stored(made_arcs(n_obs=80)), parts)
    assert obsolete == [1]
    assert new["revision"].tolist() == [2, 2]
    obsolete, new = changes(stored(made_arcs(n_obs=81)), parts)
    assert obsolete == []
    assert new.empty


def test_an_arc_that_comes_out_as_it_was_is_left_alone(made_arcs):
    arc = made_arcs()
    for void in ((), {1}):
        obsolete, new = changes(stored(arc), arc, void)
        assert obsolete == []
        assert new.empty


def test_the_same_data_seen_anew_win(made_arcs):
    obsolete, new = changes(stored(made_arcs()), made_arcs(phase_deg=2.5))
    assert obsolete == [1]
    assert new["revision"].tolist() == [2]


def test_the_same_points_are_the_same_arc_whichever_way_they_seemed_to_go(made_arcs):
    part = made_arcs(end=NOON + MINUTE, n_obs=2, direction="setting")
    assert changes(stored(part), made_arcs(n_obs=80))[0] == [1]


def test_other_satellites_signals_and_times_do_not_meddle(made_arcs):
    old = made_arcs(3, start=NOON, satellite=["G01", "G02", "G01"], signal=["S2X", "S2X", "S1C"])
    later = made_arcs(start=NOON + 41 * MINUTE, n_obs=500)
    obsolete, new = changes(stored(old), later)
    assert obsolete == []
    assert len(new) == 1


def test_arcs_of_a_changed_file_give_way_even_to_less(made_arcs):
    part = made_arcs(end=NOON + 10 * MINUTE, n_obs=20)
    assert changes(stored(made_arcs()), part, {1})[0] == [1]
    obsolete, new = changes(stored(made_arcs()), part.iloc[:0], {1})
    assert obsolete == [1]
    assert new.empty


def test_arcs_whose_observations_are_at_hand_give_way_even_to_less(made_arcs):
    whole, part = stored(made_arcs()), made_arcs(end=NOON + 10 * MINUTE, n_obs=20)
    assert succession(whole, part, (), at_hand={1}).giving_way == {1}
    # Not to nothing: what was not looked at stays.
    assert succession(whole, part.iloc[:0], (), at_hand={1}).giving_way == set()


@pytest.mark.parametrize("at_hand", [(), {2}])
def test_an_arc_does_not_give_way_to_one_that_is_dropped(made_arcs, at_hand):
    """The first lacks observations by now, so what would join both is dropped: both must stay."""
    parts = made_arcs(
        2,
        start=[NOON, NOON + 20 * MINUTE],
        end=[NOON + 10 * MINUTE, NOON + 40 * MINUTE],
        n_obs=[100, 30],
    )
    joined = made_arcs(start=NOON + 8 * MINUTE, end=NOON + 40 * MINUTE, n_obs=90)
    decided = succession(stored(parts), joined, (), at_hand)
    assert decided.giving_way == set()
    assert decided.dropped.tolist() == [True]


def test_an_empty_store_takes_everything(made_arcs):
    arcs = made_arcs(3)
    obsolete, new = changes(stored(arcs).iloc[:0], arcs)
    assert obsolete == []
    assert new["revision"].tolist() == [1, 1, 1]
