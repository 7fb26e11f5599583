"""Whole arcs out of real files: midnight, file borders, and the command's output."""

import numpy as np
import pandas as pd
import pytest

from retrieval.arcs import ArcSettings
from retrieval.chain import arcs_from_files

# A fixed height, since a learnt one depends on which arcs are at hand.
SETTINGS = ArcSettings(apriori_height_m=1.8, height_m=(0.4, 8.0))
MIDNIGHT = pd.Timestamp("2021-01-02T23:59:42Z")  # 24:00 GPS time


@pytest.fixture(scope="module")
def zimm(shared_data):
    folder = shared_data / "ground" / "rinex2"
    days = [folder / "zimm0020.21o.gz", folder / "zimm0030.21o.gz"]
    nav = [folder / "brdc0020.21n.gz", folder / "brdc0030.21n.gz"]
    together = arcs_from_files(days, nav=nav, settings=SETTINGS).arcs
    apart = [arcs_from_files([day], nav=nav, settings=SETTINGS).arcs for day in days]
    return together, pd.concat(apart, ignore_index=True)


def _crossing(table):
    return table[(table["start"] < MIDNIGHT) & (table["end"] >= MIDNIGHT)]


def _touching(table):
    """Arcs that end or begin within the longest gap (5 minutes) of midnight."""
    gap = pd.Timedelta(minutes=5)
    return table[
        (table["end"].between(MIDNIGHT - gap, MIDNIGHT, inclusive="left"))
        | (table["start"].between(MIDNIGHT, MIDNIGHT + gap))
    ]


def test_given_together_no_arc_is_cut_at_midnight(zimm):
    together, apart = zimm
    assert len(_crossing(together)) >= 4
    assert len(_crossing(apart)) == 0
    # Whole: each crossing arc covers what its two halves covered, to the point.
    for arc in _crossing(together).itertuples():
        halves = _touching(apart)
        halves = halves[
            (halves["satellite"] == arc.satellite)
            & (halves["signal"] == arc.signal)
            & (halves["start"] >= arc.start)
            & (halves["end"] <= arc.end)
        ]
        assert len(halves) == 2, arc
        assert arc.n_obs == halves["n_obs"].sum()
        assert arc.start == halves["start"].min()
        assert arc.end == halves["end"].max()


def test_given_apart_the_same_arcs_but_those(zimm):
    together, apart = zimm
    key = ["satellite", "signal", "direction", "start", "end"]
    others = together.drop(_crossing(together).index)
    # Arcs whose detrending range (5 to 30 degrees) crosses midnight outside the window (5 to 25)
    # see other points; they are the same arcs with slightly other numbers.
    both = others.merge(apart, on=key, suffixes=("", "_apart"), how="outer", indicator=True)
    unmatched = both[both["_merge"] != "both"]
    halves = _touching(apart)
    assert set(map(tuple, unmatched[key].to_numpy())) <= set(map(tuple, halves[key].to_numpy()))
    same = both[both["_merge"] == "both"]
    assert len(same) > 250
    assert (same["n_obs"] == same["n_obs_apart"]).all()
    difference = (same["reflector_height_m"] - same["reflector_height_m_apart"]).abs()
    assert (difference > 1e-3).sum() <= 4
    phase = (same["phase_deg"] - same["phase_deg_apart"]).abs()
    assert (np.minimum(phase, 360 - phase) > 0.01).sum() <= 4


def test_order_of_files_changes_nothing(shared_data, zimm):
    folder = shared_data / "ground" / "rinex2"
    swapped = arcs_from_files(
        [folder / "zimm0030.21o.gz", folder / "brdc0030.21n.gz", folder / "zimm0020.21o.gz"],
        nav=[folder / "brdc0020.21n.gz"],
        settings=SETTINGS,
    ).arcs
    pd.testing.assert_frame_equal(swapped, zimm[0])


def test_broadcast_and_precise_orbits_give_the_same_arcs(shared_data):
    folder = shared_data / "ground" / "rinex2"
    tables = [
        arcs_from_files([folder / "cn000010.21o.gz"], nav=[folder / nav], settings=SETTINGS).arcs
        for nav in ("brdc0010.21n.gz", "igs21385.sp3.gz")
    ]
    assert set(tables[0]["orbit_source"]) == {"broadcast"}
    assert set(tables[1]["orbit_source"]) == {"sp3"}
    assert tables[0]["ephemeris_age_h"].max() <= 2.5
    key = ["satellite", "signal", "direction", "start"]
    # The precise file ends at 23:45.
    last = pd.Timestamp("2021-01-01T23:40:00Z")
    broadcast, precise = (table[table["end"] < last] for table in tables)
    both = broadcast.merge(precise, on=key, suffixes=("", "_precise"), how="outer", indicator=True)
    assert (both["_merge"] == "both").mean() > 0.98
    both = both[(both["_merge"] == "both") & both["accepted"]]
    assert len(both) > 20
    assert (both["azimuth_deg"] - both["azimuth_deg_precise"]).abs().max() < 0.01
    assert (both["reflector_height_m"] - both["reflector_height_m_precise"]).abs().median() < 2e-4


def test_s2_of_rinex_2_is_said_to_be_ambiguous(shared_data):
    folder = shared_data / "ground" / "rinex2"
    result = arcs_from_files([folder / "cn000010.21o.gz"], nav=[folder / "brdc0010.21n.gz"])
    assert set(result.arcs["signal"]) == {"S1", "S2"}
    assert any("S2" in note and "L2C" in note for note in result.notes)
