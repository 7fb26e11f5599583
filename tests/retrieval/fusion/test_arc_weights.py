"""The track of each arc under a trained model, and its weight."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from retrieval.fusion import MODEL_COLUMNS, weigh_arcs
from retrieval.fusion.trained import train


@pytest.fixture(scope="module")
def trained(station):
    days = slice(45)
    return train(
        *(station.arcs, station.days[days], station.vwc[days], "rf-mdi"), trees=20, min_leaf=2
    )


def test_each_arc_has_its_satellite_signal_direction_and_the_weight_of_the_track(station, trained):
    found = weigh_arcs(trained, station.arcs)
    pd.testing.assert_frame_equal(found[station.arcs.columns], station.arcs)
    inside = found[found["track"] != ""]
    assert len(inside) > 0.9 * station.arcs["accepted"].sum()
    place = inside["satellite"] + "-" + inside["signal"] + "-" + inside["direction"] + "-"
    assert all(track.startswith(start) for track, start in zip(inside["track"], place, strict=True))
    names = trained.features.names[: len(trained.weights)]
    weights = dict(zip(names, trained.weights, strict=True))
    assert inside["track_weight"].tolist() == inside["track"].map(weights).tolist()
    assert inside["track_weight"].max() == 1.0
    assert inside["track_weight"].min() == 0.0


def test_arcs_that_the_model_does_not_know_have_no_track_and_no_weight(station, trained):
    arcs = station.arcs[station.arcs["accepted"]].iloc[:5].copy()
    arcs["satellite"] = ["G32", *arcs["satellite"][1:]]  # never heard
    arcs["accepted"] = [True, False, True, True, True]
    arcs["apriori_height_m"] += [0, 0, 0.2, 0, 0]  # another surface
    arcs["phase_deg"] = arcs["phase_deg"].mask(np.arange(5) == 3)
    found = weigh_arcs(trained, arcs)
    assert found["track"].tolist()[:4] == [""] * 4
    assert found["track_weight"].isna().tolist() == [True] * 4 + [False]
    assert found["track"].iloc[4] != ""


def test_rows_keep_their_order_and_index_and_few_columns_suffice(station, trained):
    arcs = station.arcs.sample(frac=1, random_state=1)
    found, whole = weigh_arcs(trained, arcs), weigh_arcs(trained, station.arcs)
    assert (found.index == arcs.index).all()
    new = ["track", "track_weight"]
    pd.testing.assert_frame_equal(found[new].sort_index(), whole[new])
    few = weigh_arcs(trained, arcs[list(MODEL_COLUMNS)])
    pd.testing.assert_frame_equal(few[new], found[new])


def test_no_arcs_and_a_model_of_weather(station, trained):
    none = weigh_arcs(trained, station.arcs.iloc[:0])
    assert none["track"].tolist() == none["track_weight"].tolist() == []
    assert none["track_weight"].dtype == np.float64
    # The columns of weather behind those of the tracks are no tracks.
    features = dataclasses.replace(trained.features, fill=object())
    with_weather = dataclasses.replace(trained, features=features)
    found = weigh_arcs(with_weather, station.arcs)
    pd.testing.assert_frame_equal(found, weigh_arcs(trained, station.arcs))
