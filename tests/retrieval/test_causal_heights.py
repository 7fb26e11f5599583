"""Heights that a station learns from the arcs before, worked out by hand."""

import numpy as np
import pandas as pd

from retrieval.causal_heights import FrozenHeight, freeze_heights, heights_at_close

START = pd.Timestamp("2025-01-10T00:00Z")


def arcs(n, *, selection="GS2X", azimuth=100.0, first=0, heights=None, epoch=""):
    """One arc an hour."""
    return pd.DataFrame(
        {
            "selection": selection,
            "azimuth_deg": azimuth,
            "reflector_height_m": np.linspace(1.0, 1.9, 10)[:n] if heights is None else heights,
            "closed": START + pd.to_timedelta(first + np.arange(n), unit="h"),
            "epoch": epoch,
        }
    )


def test_the_first_ten_arcs_that_closed_decide():
    # 1.0 to 1.9 in steps of .1 have the median 1.45; a later arc changes nothing.
    later = arcs(5, first=10, heights=[9.0] * 5)
    frozen = freeze_heights(pd.concat([later, arcs(10)]))
    expected = FrozenHeight(1.45, 10, START + pd.Timedelta(hours=9))
    assert frozen == dict.fromkeys(("GS2X@090", "@090", "GS2X"), expected)
    assert freeze_heights(arcs(9)) == {}
    assert freeze_heights(arcs(10).iloc[:0]) == {}


def test_all_signals_of_a_sector_and_all_sectors_of_a_signal_count_together():
    both = pd.concat([arcs(5), arcs(5, selection="ES5Q", first=5), arcs(5, azimuth=200.0, first=2)])
    frozen = freeze_heights(both)
    assert set(frozen) == {"@090", "GS2X"}
    assert frozen["@090"].since == START + pd.Timedelta(hours=9)
    # The five of each azimuth close in turn, the last of them in the seventh hour.
    assert frozen["GS2X"].since == START + pd.Timedelta(hours=6)


def test_the_order_of_rows_does_not_count():
    rows = pd.concat([arcs(10), arcs(10, heights=np.linspace(2.0, 2.9, 10))])
    shuffled = rows.sample(frac=1.0, random_state=3)
    assert freeze_heights(shuffled) == freeze_heights(rows)


def test_an_arc_refers_to_what_was_known_when_it_closed():
    frozen = {
        "GS2X": FrozenHeight(1.5, 10, START + pd.Timedelta(hours=1)),
        "@090": FrozenHeight(1.6, 10, START + pd.Timedelta(hours=2)),
        "GS2X@090": FrozenHeight(1.7, 10, START + pd.Timedelta(hours=3)),
    }
    closed = START + pd.to_timedelta([0, 1, 2, 3, 4, 4], unit="h")
    azimuth = np.array([100.0] * 5 + [10.0])
    epoch = np.full(6, "", dtype=object)
    name, otherwise_m = np.array(["GS2X"] * 6), np.full(6, 9.0)
    found = heights_at_close(frozen, name, azimuth, closed, otherwise_m, epoch)
    assert found.tolist() == [9.0, 1.5, 1.6, 1.7, 1.7, 1.5]
    epoch[3] = "1a2b3c"
    found = heights_at_close(frozen, name, azimuth, closed, otherwise_m, epoch)
    assert found.tolist() == [9.0, 1.5, 1.6, 9.0, 1.7, 1.5]


def test_another_equipment_learns_heights_of_its_own():
    after = arcs(10, first=20, heights=np.linspace(2.0, 2.9, 10), epoch="1a2b3c")
    frozen = freeze_heights(pd.concat([after, arcs(10), arcs(5, first=40)]))
    before = FrozenHeight(1.45, 10, START + pd.Timedelta(hours=9))
    assert frozen == {
        **dict.fromkeys(("GS2X@090", "@090", "GS2X"), before),
        **dict.fromkeys(
            ("GS2X@090#1a2b3c", "@090#1a2b3c", "GS2X#1a2b3c"),
            FrozenHeight(2.45, 10, START + pd.Timedelta(hours=29)),
        ),
    }
