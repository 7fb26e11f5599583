import numpy as np
import pandas as pd
import pytest

from daemon.superseding import arc_changes

MINUTE = np.timedelta64(1, "m")
NOON = np.datetime64("2025-01-10T12:00", "ns")


def stored(table, first_number=1, revision=1):
    table = table.assign(revision=revision)
    return table.set_index(pd.RangeIndex(first_number, first_number + len(table)))


def test_an_arc_of_more_data_takes_the_place_of_a_part(made_arcs):
    part = made_arcs(end=NOON + 10 * MINUTE, n_obs=20)
    whole = made_arcs(start=NOON - 30 * MINUTE, end=NOON + 10 * MINUTE, n_obs=80)
    changes = arc_changes(stored(part, 7, revision=3), whole, set())
    assert changes.obsolete == (7,)
    assert changes.new["revision"].tolist() == [4]
    # And never the other way round.
    backwards = arc_changes(stored(whole), part, set())
    assert backwards.obsolete == ()
    assert backwards.new.empty


def test_one_arc_may_stand_for_two_parts(made_arcs):
    parts = made_arcs(
        2, start=[NOON, NOON + 20 * MINUTE], end=[NOON + 10 * MINUTE, NOON + 40 * MINUTE], n_obs=20
    )
    whole = made_arcs(n_obs=80)
    assert arc_changes(stored(parts), whole, set()).obsolete == (1, 2)


def test_an_arc_that_comes_out_as_it_was_is_left_alone(made_arcs):
    arc = made_arcs()
    changes = arc_changes(stored(arc), arc, set())
    assert changes.obsolete == ()
    assert changes.new.empty
    same_in_changed_file = arc_changes(stored(arc), arc, {1})
    assert same_in_changed_file.obsolete == ()


def test_the_same_data_seen_anew_win(made_arcs):
    changes = arc_changes(stored(made_arcs()), made_arcs(phase_deg=2.5), set())
    assert changes.obsolete == (1,)
    assert changes.new["revision"].tolist() == [2]


@pytest.mark.parametrize(("height_m", "replaced"), [(1.52, False), (1.54, True)])
def test_a_height_frozen_meanwhile_replaces_an_arc_only_where_it_was_far_off(
    made_arcs, height_m, replaced
):
    anew = made_arcs(apriori_height_m=height_m, phase_deg=2.5, amplitude=1.6)  # from 1.5 m
    assert arc_changes(stored(made_arcs()), anew, {1}).obsolete == ((1,) if replaced else ())
    better = made_arcs(apriori_height_m=height_m, phase_deg=2.5, reflector_height_m=1.51)
    assert arc_changes(stored(made_arcs()), better, set()).obsolete == (1,)


def test_other_satellites_signals_directions_and_times_do_not_meddle(made_arcs):
    old = made_arcs(
        4,
        start=NOON,
        satellite=["G01", "G02", "G01", "G01"],
        signal=["S2X", "S2X", "S1C", "S2X"],
        direction=["rising", "rising", "rising", "setting"],
    )
    later = made_arcs(start=NOON + 41 * MINUTE, n_obs=500)
    changes = arc_changes(stored(old), later, set())
    assert changes.obsolete == ()
    assert len(changes.new) == 1


def test_arcs_of_a_changed_file_give_way_even_to_less(made_arcs):
    part = made_arcs(end=NOON + 10 * MINUTE, n_obs=20)
    assert arc_changes(stored(made_arcs()), part, {1}).obsolete == (1,)
    nothing = arc_changes(stored(made_arcs()), part.iloc[:0], {1})
    assert nothing.obsolete == (1,)
    assert nothing.new.empty


def test_an_empty_store_takes_everything(made_arcs):
    arcs = made_arcs(3)
    changes = arc_changes(stored(arcs).iloc[:0], arcs, set())
    assert len(changes.new) == 3
    assert changes.new["revision"].tolist() == [1, 1, 1]
